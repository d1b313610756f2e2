//! Finds text that addresses a model, in spite of letter case, markup, invisible characters, look-alike letters and line
//! breaks between its words.

mod kinds;

pub(crate) use kinds::{Strength, Topic};

use super::hidden;
use aho_corasick::AhoCorasick;
use kinds::{KINDS, addresses_a_model};
use regex::Regex;
use std::ops::Range;
use std::sync::{LazyLock, OnceLock};
use unicode_security::confusable_detection::skeleton;

/// A place that addresses a model.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Instruction {
    /// Bytes of the text that was searched.
    pub(crate) range: Range<usize>,
    /// What it does, to follow "this text".
    pub(crate) does: &'static str,
    pub(crate) topic: Topic,
    pub(crate) strength: Strength,
}

/// The pattern of each kind, made when a text has one of its words: few runs need any.
static PATTERNS: [OnceLock<Option<Regex>>; KINDS.len()] = [const { OnceLock::new() }; KINDS.len()];

fn pattern(at: usize) -> Option<&'static Regex> {
    let kind = KINDS.get(at)?;
    // A test compiles every one.
    PATTERNS.get(at)?.get_or_init(|| Regex::new(kind.pattern).ok()).as_ref()
}

/// The words of every kind, to be looked for at once, and the kind that each belongs to.
static WORDS: LazyLock<Option<(AhoCorasick, Vec<usize>)>> = LazyLock::new(|| {
    let all = KINDS.iter().enumerate().flat_map(|(at, kind)| kind.words.iter().map(move |word| (*word, at)));
    let (words, kinds): (Vec<&str>, Vec<usize>) = all.unzip();
    // A table of constants cannot be too large; if it ever were, the tests of every kind would fail.
    Some((AhoCorasick::new(words).ok()?, kinds))
});

/// Which kinds a normalized text has the words of.
fn kinds_in(plain: &str) -> [bool; KINDS.len()] {
    let mut found = [false; KINDS.len()];
    let Some((words, kinds)) = WORDS.as_ref() else { return found };
    for hit in words.find_overlapping_iter(plain) {
        let kind = kinds.get(hit.pattern().as_usize()).and_then(|kind| found.get_mut(*kind));
        if let Some(kind) = kind {
            *kind = true;
        }
    }
    for (found, kind) in found.iter_mut().zip(KINDS).filter(|(found, _)| **found) {
        *found = kind.also.iter().all(|group| group.iter().any(|word| plain.contains(word)));
    }
    found
}

/// Every place in `text` that addresses a model, in the order of the text; of one kind only the first.
pub(crate) fn find(text: &str) -> Vec<Instruction> {
    // No phrase is shorter.
    if text.len() < 6 {
        return Vec::new();
    }
    let plain = Normalized::text(text);
    let mut found = Vec::new();
    let mut normalized = None;
    let possible = KINDS.iter().enumerate().zip(kinds_in(&plain)).filter(|(_, has_word)| *has_word);
    for ((at, kind), _) in possible {
        let Some(pattern) = pattern(at) else { continue };
        let mut place = pattern.find(&plain);
        for _ in 0..if kind.file.is_empty() { 0 } else { NEAR_MISSES } {
            let from = normalized.get_or_insert_with(|| Normalized::new(text));
            let Some(near) = place.filter(|place| !names(kind.file, text, &plain, from, place.range())) else { break };
            // What only looks like the file must not hide what begins inside of it.
            place = pattern.find_at(&plain, near.start() + 1);
        }
        let Some(place) = place else { continue };
        let from = normalized.get_or_insert_with(|| Normalized::new(text));
        let range = from.original(place.start())..from.original_end(place.end());
        found.push(Instruction { range, does: kind.does, topic: kind.topic, strength: kind.strength });
    }
    found.extend(hidden_comment(text));
    found.sort_by_key(|instruction| instruction.range.start);
    found
}

/// How often text that only looks like a file's name is passed over. More of it is an instruction after all.
const NEAR_MISSES: usize = 64;

/// Whether two words are a file's name somewhere in a place: joined by a dot, where prose has a blank.
fn names(file: &str, text: &str, plain: &str, from: &Normalized, place: Range<usize>) -> bool {
    let found = plain.get(place.clone()).unwrap_or_default();
    let stem = file.find(' ').unwrap_or_default();
    found.match_indices(file).any(|(at, _)| {
        let blank = place.start + at + stem;
        let between = text.get(from.original(blank - 1)..from.original(blank + 1)).unwrap_or_default();
        let mut shown = between.chars().skip(1).filter(|c| {
            !(hidden::is_invisible(*c) || is_mark(*c) || matches!(c, '"' | '\'' | '`' | '\\' | '*' | '[' | ']'))
        });
        matches!((shown.next(), shown.next()), (Some('.' | '\u{2024}' | '\u{3002}' | '\u{ff0e}' | '\u{ff61}'), None))
    })
}

/// The first HTML comment that is written to a model: nobody who reads the rendered text sees it.
fn hidden_comment(text: &str) -> Option<Instruction> {
    // Nearly no text has any, and one character is found far sooner than four.
    if !text.contains('<') {
        return None;
    }
    let mut at = 0;
    while let Some(start) = text.get(at..).and_then(|rest| rest.find("<!--")).map(|start| at + start) {
        let end = text.get(start..)?.find("-->").map_or(text.len(), |end| start + end + 3);
        if addresses_a_model(&Normalized::text(text.get(start..end)?)) {
            let does = "addresses a model in a comment that people do not see";
            let topic = Topic::HiddenComment;
            return Some(Instruction { range: start..end, does, topic, strength: Strength::Likely });
        }
        at = end;
    }
    None
}

/// A text in lower case, without what hides words from a search: one space for each run of blanks, line breaks and
/// punctuation.
struct Normalized {
    /// For each byte of the normalized text, the byte of the original that it came from.
    from: Vec<usize>,
    len: usize,
}

impl Normalized {
    fn text(original: &str) -> String {
        let mut text = String::with_capacity(original.len());
        normalize(original, &mut text, |_, _| {});
        text
    }

    /// Where everything in the normalized text came from.
    fn new(original: &str) -> Self {
        let mut from = Vec::with_capacity(original.len());
        normalize(original, &mut String::with_capacity(original.len()), |length, at| from.resize(length, at));
        Self { from, len: original.len() }
    }

    fn original(&self, at: usize) -> usize {
        self.from.get(at).copied().unwrap_or(self.len)
    }

    /// Where the original goes on after the last byte before `end`.
    fn original_end(&self, end: usize) -> usize {
        let last = end.checked_sub(1).map_or(0, |last| self.original(last));
        self.from.get(end..).and_then(|rest| rest.iter().find(|at| **at > last)).copied().unwrap_or(self.len)
    }
}

/// Writes the normalized `original` to `text`; `wrote` hears how long that is now, and where the last of it came from.
fn normalize(original: &str, text: &mut String, mut wrote: impl FnMut(usize, usize)) {
    for (at, character) in original.char_indices() {
        match character {
            'a'..='z' | '0'..='9' | '<' | '>' | '|' | '[' | ']' | '/' | '_' => text.push(character),
            'A'..='Z' => text.push(character.to_ascii_lowercase()),
            _ if hidden::is_invisible(character) || is_mark(character) => continue,
            // A letter of another script that looks like a Latin one reads as it.
            _ if character.is_alphanumeric() => {
                text.extend(skeleton(character.encode_utf8(&mut [0; 4])).map(|like| like.to_ascii_lowercase()));
            }
            _ if text.ends_with(' ') => continue,
            _ => text.push(' '),
        }
        wrote(text.len(), at);
    }
}

/// Marks that are drawn over a letter and leave it readable.
fn is_mark(character: char) -> bool {
    matches!(character, '\u{300}'..='\u{36f}' | '\u{1ab0}'..='\u{1aff}' | '\u{1dc0}'..='\u{1dff}' | '\u{20d0}'..='\u{20ff}'
        | '\u{fe20}'..='\u{fe2f}')
}

#[cfg(test)]
mod tests;
