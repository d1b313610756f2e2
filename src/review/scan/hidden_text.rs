//! Characters that nobody sees, or that show code in another order than it has, in files and in their names; and names that
//! are not what they look like.
//!
//! Why: a reviewer sees other code than what runs (CVE-2021-42574, "trojan source"), whole programs have been hidden in
//! variation selectors, and models read tag characters that people do not see. Source: Unicode's report 36 and standard 39, as
//! far as `validate` knows them. Marks that a script needs are not reported, nor are icons of private-use fonts.

mod names;

use super::place::Place;
use super::reviewer_text;
use super::sink::{Kept, PER_CHECK, Said, Sink};
use super::subject::Subject;
use crate::snapshot::Material;
use crate::text::cut;
use crate::text::hidden::{self, Hidden, Kind};
use crate::verdict::{Category, Confidence, ReviewFinding, Risk};
use std::collections::BTreeSet;

/// So many variation selectors after one another carry a message: emoji need one each.
const MANY_SELECTORS: usize = 8;
/// So many tag characters are a sentence, and no flag.
const MANY_TAGS: usize = 8;
/// So many zero-width characters are two letters or more, where each is a bit.
const MANY_ZERO_WIDTH: usize = 16;
/// So many characters that carry data are enough when they are spread over a file, if there are so many different ones.
const SPREAD: usize = 24;
const DIFFERENT: usize = 4;

/// Says each place with hidden characters, and the first names that look like others.
pub(super) fn check(subject: &Subject<'_>, sink: &mut Sink<'_, '_>) {
    if subject.text.is_ascii() && !subject.text.bytes().any(|byte| byte == 0x1b || byte == 0) {
        return;
    }
    // Each kind by itself: what is harmless must not stand for what stands beside it.
    let all = hidden::find_by_kind(&subject.text);
    let carriers = [Kind::Tag, Kind::Selector].map(|kind| (kind, carriers(&all, kind)));
    let mut controls = BTreeSet::new();
    for found in &all {
        let Some((risk, what)) = judge(subject, found) else { continue };
        // Binary data after a script is one thing to say, however many of its bytes are control characters.
        if found.kind == Kind::Control && (sink.is_old(&found.span.range()) || !controls.insert(what)) {
            continue;
        }
        let said = said(risk, format!("{what}: {}", listed(&found.characters)), decoded(found));
        // Models read documents as they read code.
        if found.kind == Kind::Tag && found.characters.len() >= MANY_TAGS && subject.place == Place::Docs {
            sink.anywhere(found.span.range(), said);
        } else {
            sink.at(found.span.range(), said);
        }
    }
    for (kind, characters) in &carriers {
        together(subject, &all, *kind, characters, sink);
    }
    if subject.language.is_code() {
        names::blanks(subject, sink);
        names::lookalikes(subject, sink);
    }
}

/// All characters of a kind, in their order.
fn carriers(all: &[Hidden], kind: Kind) -> Vec<char> {
    all.iter().filter(|found| found.kind == kind).flat_map(|found| found.characters.iter().copied()).collect()
}

fn is_spread(characters: &[char]) -> bool {
    characters.len() >= SPREAD && characters.iter().collect::<BTreeSet<_>>().len() >= DIFFERENT
}

/// Says what all hidden text of a file, put together, tells a reviewer or a model; else, that it is spread over the file in
/// pieces of which none says anything.
fn together(subject: &Subject<'_>, all: &[Hidden], kind: Kind, characters: &[char], sink: &mut Sink<'_, '_>) {
    if characters.len() < MANY_TAGS {
        return;
    }
    let text = hidden::carried(characters);
    let mut pieces = all.iter().filter(|found| found.kind == kind);
    let grave = pieces.clone().any(|found| judge(subject, found).is_some_and(|(risk, _)| risk >= Risk::High));
    let does = reviewer_text::tells(&text);
    let said = match does {
        Some(does) => Said {
            category: Category::PromptInjection,
            recommendation: "Reject it: text that people cannot see and that speaks to a model has no honest use."
                .to_owned(),
            ..said(Risk::High, format!("text that nobody sees {does}"), Some(text))
        },
        None if is_spread(characters) && !grave => {
            let title = "data is spread over this file in characters that nobody sees";
            said(Risk::High, format!("{title}: {}", listed(characters)), decoded_as(kind, characters))
        }
        None => return,
    };
    let place = |found: &Hidden| found.span.range();
    let Some(place) = pieces.by_ref().map(place).take(1_000).find(|place| !sink.is_old(place)) else { return };
    // Tables of characters are texts, too; words to a reviewer are no less in one.
    if subject.place == Place::Docs && does.is_some() { sink.anywhere(place, said) } else { sink.at(place, said) }
}

/// How dangerous hidden characters of one kind are where they stand, and what they do; none where they are usual.
fn judge(subject: &Subject<'_>, found: &Hidden) -> Option<(Risk, &'static str)> {
    let in_code = subject.language.is_code();
    match found.kind {
        Kind::Tag if in_code && found.characters.len() == 2 => {
            Some((Risk::Medium, "tag characters, which nobody sees"))
        }
        // One or two say nothing: data for tests of Unicode has them.
        Kind::Tag if found.characters.len() < 3 => Some((Risk::Low, "tag characters, which nobody sees")),
        Kind::Tag => Some((Risk::High, "text is hidden in tag characters")),
        Kind::Selector if found.characters.len() >= MANY_SELECTORS => {
            Some((Risk::High, "data is hidden in variation selectors"))
        }
        Kind::Selector if found.characters.len() > 1 => Some((Risk::Low, "variation selectors have nothing to select")),
        Kind::Reordering if !is_balanced(subject, found) => {
            Some((if in_code { Risk::High } else { Risk::Medium }, "this line is shown in another order than it has"))
        }
        Kind::Reordering => Some((Risk::Low, "part of this line is shown in another order than it has")),
        Kind::ZeroWidth if found.characters.len() >= MANY_ZERO_WIDTH && !repeats(&found.characters) => {
            Some((Risk::High, "data is hidden in zero-width characters"))
        }
        Kind::ZeroWidth if splits_word(subject, found) => {
            Some((if in_code { Risk::Medium } else { Risk::Low }, "invisible characters split a word"))
        }
        Kind::Filler if in_code => names::filler(subject, found),
        Kind::Control if found.characters.contains(&'\0') && in_code => {
            Some((Risk::Medium, "a NUL in code: tools that look for text skip the file"))
        }
        Kind::Control if found.characters.iter().any(|c| matches!(c, '\u{8}' | '\u{1b}')) => {
            Some((Risk::Low, "control characters change how a terminal shows this"))
        }
        Kind::ZeroWidth | Kind::LineBreak => Some((Risk::Info, "invisible characters")),
        Kind::Control | Kind::Selector | Kind::Filler | Kind::Direction | Kind::PrivateUse => None,
    }
}

/// Whether characters are the same few over and over: that keeps lines of e-mail long, or tells a script where words end, and
/// says nothing.
fn repeats(characters: &[char]) -> bool {
    (1..=8).any(|period| characters.iter().zip(characters.iter().skip(period)).all(|(one, later)| one == later))
}

/// Whether invisible characters, and nothing else, stand between two letters somewhere in a place.
fn splits_word(subject: &Subject<'_>, found: &Hidden) -> bool {
    let is_letter = |c: char| c.is_ascii_alphabetic();
    let before = subject.text.get(..found.span.start).and_then(|before| before.chars().next_back());
    let after = subject.text.get(found.span.end..).and_then(|after| after.chars().next());
    let (mut letter, mut hidden) = (before.is_some_and(is_letter), false);
    for c in subject.text.get(found.span.range()).unwrap_or_default().chars().chain(after) {
        if hidden::is_invisible(c) {
            hidden = true;
            continue;
        }
        if letter && hidden && is_letter(c) {
            return true;
        }
        (letter, hidden) = (is_letter(c), false);
    }
    false
}

/// Whether what reorders text is closed on its line, and nothing is overridden: then only what is between is reordered.
fn is_balanced(subject: &Subject<'_>, found: &Hidden) -> bool {
    let line = subject.text.get(subject.line_at(found.span.start)).unwrap_or_default();
    // Nobody reads such a line, and looking at it again for every mark on it would take long.
    if line.len() > 4_000 {
        return false;
    }
    let (mut embeddings, mut isolates) = (0_usize, 0_usize);
    for character in line.chars() {
        match character {
            '\u{202a}' | '\u{202b}' => embeddings += 1,
            '\u{2066}'..='\u{2068}' => isolates += 1,
            '\u{202d}' | '\u{202e}' => return false,
            '\u{202c}' => embeddings = embeddings.saturating_sub(1),
            '\u{2069}' => isolates = isolates.saturating_sub(1),
            _ => {}
        }
    }
    embeddings == 0 && isolates == 0
}

fn decoded(found: &Hidden) -> Option<String> {
    decoded_as(found.kind, &found.characters)
}

fn decoded_as(kind: Kind, characters: &[char]) -> Option<String> {
    hidden::decoded(characters).filter(|_| matches!(kind, Kind::Tag | Kind::Selector))
}

/// The names of the first different characters.
fn listed(characters: &[char]) -> String {
    let mut different: Vec<char> = Vec::new();
    for character in characters {
        if different.len() < 4 && !different.contains(character) {
            different.push(*character);
        }
    }
    let shown: Vec<_> = different.iter().take(3).map(|character| hidden::name(*character)).collect();
    format!("{}{}", shown.join(", "), if different.len() > 3 { " and others" } else { "" })
}

fn said(risk: Risk, title: String, decoded: Option<String>) -> Said {
    let says = decoded.map(|text| format!(" It says: `{}`.", cut(&text, 1_000))).unwrap_or_default();
    Said {
        title,
        risk,
        category: Category::Obfuscation,
        confidence: Confidence::High,
        impact: format!("A person who reads this sees something else than what a program or a model reads.{says}"),
        recommendation:
            "Remove what cannot be seen, and look at what remains with an editor that shows all characters.".to_owned(),
    }
}

/// Says names of files that have hidden characters or look like others.
pub(super) fn check_paths(material: &Material<'_>, kept: &mut Kept) {
    for path in material.head.files.keys().filter(|path| !path.is_ascii()) {
        if material.base.is_some_and(|base| base.files.contains_key(path)) {
            continue;
        }
        let hidden = hidden::find(path);
        let found = hidden.iter().max_by_key(|found| found.kind);
        let said = match (found, hidden::lookalike(path.rsplit('/').next().unwrap_or(path))) {
            (Some(found), _) => {
                let risk = if found.kind >= Kind::Reordering { Risk::High } else { Risk::Medium };
                said(
                    risk,
                    format!("a file's name has hidden characters: {}", listed(&found.characters)),
                    decoded(found),
                )
            }
            (None, Some(found)) if found.looks_like.is_some() => said(
                Risk::Medium,
                format!(
                    "a file's name is not what it looks like: {} is a {} letter",
                    hidden::name(found.letter.0),
                    found.letter.1
                ),
                None,
            ),
            _ if path.contains(names::BRAILLE_BLANK) => {
                said(Risk::Medium, "a file's name has a letter that cannot be seen: U+2800".to_owned(), None)
            }
            _ => continue,
        };
        kept.push(about_path(path, said), PER_CHECK);
    }
}

/// A finding about a path, not about a place in a file.
pub(super) fn about_path(path: &str, said: Said) -> ReviewFinding {
    ReviewFinding {
        title: said.title,
        risk: said.risk,
        category: said.category,
        path: Some(path.to_owned()),
        start_line: None,
        end_line: None,
        quote: None,
        impact: said.impact,
        recommendation: said.recommendation,
        confidence: said.confidence,
    }
}

#[cfg(test)]
mod tests;
