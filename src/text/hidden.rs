//! Characters that nobody sees, or that change how others are seen, where they have no business.
//!
//! Scripts and emoji need some of them: a joiner in Persian, in Hindi or in a family of emoji, a selector after a symbol,
//! the tags of three flags. Those are not reported.

mod character;
mod lookalike;

pub(crate) use character::is_hidden;
pub(crate) use character::{Kind, name};
pub(crate) use lookalike::lookalike;

use super::Span;
use character::{is_emoji, is_joining, kind};
use std::collections::BTreeMap;

/// Hidden characters close to one another.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Hidden {
    /// From the first to the last of them.
    pub(crate) span: Span,
    /// They alone, in their order.
    pub(crate) characters: Vec<char>,
    /// The gravest kind among them.
    pub(crate) kind: Kind,
}

/// Whether a character is of a hidden kind, wherever it stands. Line ends and tabs are not.
pub(crate) fn is_invisible(character: char) -> bool {
    kind(character).is_some()
}

/// Bytes between two hidden characters that are still reported as one place.
const NEAR: usize = 40;

/// The hidden characters of a text. A byte order mark at its begin is none.
pub(crate) fn find(text: &str) -> Vec<Hidden> {
    let mut found: Vec<Hidden> = Vec::new();
    each(text, |at, character, kind| add(text, &mut found, at, character, kind));
    found
}

/// The same, with the characters of each kind on their own: then no kind says for another what it is there for.
pub(crate) fn find_by_kind(text: &str) -> Vec<Hidden> {
    let mut kinds: BTreeMap<Kind, Vec<Hidden>> = BTreeMap::new();
    each(text, |at, character, kind| add(text, kinds.entry(kind).or_default(), at, character, kind));
    let mut found: Vec<Hidden> = kinds.into_values().flatten().collect();
    found.sort_by_key(|hidden| hidden.span.start);
    found
}

/// Adds a character to the last place, if that is near.
fn add(text: &str, found: &mut Vec<Hidden>, at: usize, character: char, kind: Kind) {
    let end = at + character.len_utf8();
    match found.last_mut() {
        Some(last) if at - last.span.end <= NEAR && !crosses_line(text, last.span.end, at) => {
            last.span.end = end;
            last.characters.push(character);
            last.kind = last.kind.max(kind);
        }
        _ => found.push(Hidden { span: Span::new(at, end), characters: vec![character], kind }),
    }
}

/// Says each hidden character that is not in its place.
fn each(text: &str, mut say: impl FnMut(usize, char, Kind)) {
    // Nearly every text is plain, and this runs at the speed of memory.
    if !text.bytes().any(|byte| byte >= 0x7f || (byte < 0x20 && !matches!(byte, b'\n' | b'\r' | b'\t'))) {
        return;
    }
    let mut flag = 0;
    // Where the line of the last direction mark ends, and whether such marks belong on it: looked up once a line, so that
    // a line of nothing else takes no longer than any.
    let mut line = (0, false);
    for (at, character) in text.char_indices() {
        if character == '\u{1f3f4}' {
            flag = at + character.len_utf8() + flag_tags(text.get(at + character.len_utf8()..).unwrap_or_default());
        }
        let Some(kind) = kind(character) else { continue };
        if kind == Kind::Direction && at >= line.0 {
            line = right_to_left(text, at);
        }
        if at < flag || (kind == Kind::Direction && line.1) || is_in_place(text, at, character, kind) {
            continue;
        }
        say(at, character, kind);
    }
}

fn crosses_line(text: &str, from: usize, to: usize) -> bool {
    text.as_bytes().get(from..to).is_some_and(|between| between.contains(&b'\n'))
}

/// The bytes of tag characters that make a black flag one of the three flags that Unicode recommends for interchange:
/// England, Scotland and Wales.
fn flag_tags(after: &str) -> usize {
    let decoded = ["gbeng", "gbsct", "gbwls"];
    let tags: String = after.chars().take(5).map_while(character::tag).collect();
    if decoded.contains(&tags.as_str()) && after.chars().nth(5) == Some('\u{e007f}') { 6 * 4 } else { 0 }
}

/// Whether a character of a hidden kind does what it is for where it stands.
fn is_in_place(text: &str, at: usize, character: char, kind: Kind) -> bool {
    let before = text.get(..at).unwrap_or_default();
    let previous = before.chars().next_back();
    let next = text.get(at + character.len_utf8()..).and_then(|after| after.chars().next());
    match kind {
        // Joins emoji, or shapes letters of scripts that join them.
        Kind::ZeroWidth if matches!(character, '\u{200c}' | '\u{200d}') => {
            let base = before.chars().rev().find(|c| !matches!(c, '\u{fe0f}' | '\u{1f3fb}'..='\u{1f3ff}'));
            let joins_emoji = character == '\u{200d}' && base.is_some_and(is_emoji) && next.is_some_and(is_emoji);
            joins_emoji
                || (previous.is_some_and(is_joining) && next.is_none_or(|c| is_joining(c) || !c.is_alphanumeric()))
        }
        Kind::ZeroWidth if character == '\u{feff}' => at == 0,
        Kind::Selector => match character {
            '\u{fe0e}' | '\u{fe0f}' => {
                previous.is_some_and(|c| is_emoji(c) || (is_keycap(c) && next == Some('\u{20e3}')))
            }
            // Standardised variants of ideographs, symbols and a few letters of Myanmar and Phags-pa.
            _ => previous.is_some_and(|c| !c.is_ascii() && character::kind(c).is_none() && has_variants(c)),
        },
        Kind::Filler => previous.is_some_and(|c| matches!(c, '\u{1100}'..='\u{11ff}' | '\u{1780}'..='\u{18af}')),
        _ => false,
    }
}

fn is_keycap(character: char) -> bool {
    matches!(character, '0'..='9' | '#' | '*')
}

fn has_variants(character: char) -> bool {
    matches!(character, '\u{1000}'..='\u{109f}' | '\u{2200}'..='\u{22ff}' | '\u{2e80}'..='\u{9fff}' | '\u{a840}'..='\u{a87f}'
        | '\u{f900}'..='\u{faff}' | '\u{20000}'..='\u{3ffff}')
}

/// Where the line that holds `at` ends, and whether it has a letter that runs from right to left: direction marks tidy up
/// lines that mix directions.
fn right_to_left(text: &str, at: usize) -> (usize, bool) {
    let start = text.get(..at).and_then(|before| before.rfind('\n')).map_or(0, |line_end| line_end + 1);
    let end = text.get(at..).and_then(|after| after.find('\n')).map_or(text.len(), |length| at + length);
    let runs_so = |c: char| matches!(c, '\u{590}'..='\u{8ff}' | '\u{fb1d}'..='\u{fdff}' | '\u{fe70}'..='\u{fefc}');
    (end, text.get(start..end).is_some_and(|line| line.chars().any(|c| runs_so(c) && c.is_alphabetic())))
}

/// What the hidden characters say: tag characters are ASCII moved up; variation selectors can carry a byte each.
pub(crate) fn decoded(characters: &[char]) -> Option<String> {
    let (tags, bytes) = smuggled(characters);
    if !tags.is_empty() {
        return Some(tags);
    }
    let text = String::from_utf8(bytes).ok()?;
    (text.len() > 1 && text.chars().all(|c| !c.is_control() || c == '\n')).then_some(text)
}

/// What the tag characters among these stand for, and the bytes of the variation selectors.
fn smuggled(characters: &[char]) -> (String, Vec<u8>) {
    let tags = characters.iter().filter_map(|c| character::tag(*c)).collect();
    (tags, characters.iter().filter_map(|c| character::selector_byte(*c)).collect())
}

/// The same of characters that need not be one text: what is no text among it became `\u{fffd}` or a blank.
pub(crate) fn carried(characters: &[char]) -> String {
    let (tags, bytes) = smuggled(characters);
    let text = if tags.is_empty() { String::from_utf8_lossy(&bytes).into_owned() } else { tags };
    text.replace(|c: char| c.is_control() && c != '\n', " ")
}

#[cfg(test)]
mod tests;
