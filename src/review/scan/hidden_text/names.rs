//! Names in code that cannot be seen, or that look like other names.

use super::super::sink::Sink;
use super::super::subject::Subject;
use super::said;
use crate::snapshot::language::Language;
use crate::text::hidden::{self, Hidden};
use crate::verdict::Risk;
use std::collections::BTreeSet;

/// Letters that show nothing, in code: graver where they are a name.
pub(super) fn filler(subject: &Subject<'_>, found: &Hidden) -> Option<(Risk, &'static str)> {
    let text = subject.text.get(found.span.range())?;
    let fillers: BTreeSet<char> = found.characters.iter().copied().collect();
    let mut places = text.char_indices().filter(|(_, c)| fillers.contains(c)).map(|(at, _)| found.span.start + at);
    if places.clone().any(|at| is_name(subject, at)) {
        Some((Risk::High, INVISIBLE_NAME))
    } else if places.any(|at| !is_quoted(subject, at)) {
        Some((Risk::Medium, "an invisible letter stands in code"))
    } else {
        None
    }
}

const INVISIBLE_NAME: &str = "a name in this code cannot be seen";

/// Whether the character at `at` stands where code has a name: outside of strings, after what a name follows, before what
/// follows a name.
fn is_name(subject: &Subject<'_>, at: usize) -> bool {
    let names = subject.names();
    let is_code = |at: usize| names.get(at..).and_then(|rest| rest.chars().next()).is_some_and(|c| !c.is_whitespace());
    // No further than a few characters: one may stand beside many others.
    let before = names.get(..at).map(|before| before.chars().rev().take(NEIGHBOURS).find(|c| !is_blank(*c)));
    let after = names.get(at..).map(|after| after.chars().take(NEIGHBOURS).find(|c| !is_blank(*c)));
    let follows = |c: char| matches!(c, '=' | ',' | ';' | ')' | '(' | '}' | ']' | '.' | ':' | '[');
    let leads = |c: char| matches!(c, '=' | ',' | ';' | '(' | '{' | '[' | '.' | '$' | '@') || c.is_ascii_alphabetic();
    is_code(at) && before.flatten().is_none_or(leads) && after.flatten().is_some_and(follows)
}

const NEIGHBOURS: usize = 20;

fn is_blank(c: char) -> bool {
    c == ' ' || c == '\t' || c == BRAILLE_BLANK || hidden::is_invisible(c)
}

/// The Braille pattern without dots: not hidden by Unicode's word, and not to be seen. In some languages a name may be made
/// of it.
pub(super) const BRAILLE_BLANK: char = '\u{2800}';

/// Says names of Braille blanks. In strings they are art, and in other languages no names.
pub(super) fn blanks(subject: &Subject<'_>, sink: &mut Sink<'_, '_>) {
    let takes_any = matches!(
        subject.language,
        Language::Php | Language::Ruby | Language::Shell | Language::PowerShell | Language::Other
    );
    if !takes_any {
        return;
    }
    let places = subject.names().match_indices(BRAILLE_BLANK).map(|(at, found)| at..at + found.len());
    if let Some(place) = places.take(1_000).find(|place| is_name(subject, place.start) && !subject.is_old(place)) {
        sink.at(place, said(Risk::High, format!("{INVISIBLE_NAME}: U+2800 BRAILLE PATTERN BLANK"), None));
    }
}

/// Whether a character stands at the begin of a quoted text: tables of characters have them so.
fn is_quoted(subject: &Subject<'_>, at: usize) -> bool {
    subject.text.get(..at).is_some_and(|before| before.ends_with(['"', '\'']))
}

/// Identifiers with letters of another script that look like Latin ones.
pub(super) fn lookalikes(subject: &Subject<'_>, sink: &mut Sink<'_, '_>) {
    let names = subject.names();
    if names.is_ascii() {
        return;
    }
    let mut at = 0;
    for word in names.split_inclusive(|c: char| !(c.is_alphanumeric() || c == '_')) {
        let start = at;
        at += word.len();
        let word = word.trim_end_matches(|c: char| !(c.is_alphanumeric() || c == '_'));
        // A letter or two are formulas.
        if word.is_ascii() || word.len() > 200 || word.chars().filter(|c| c.is_alphabetic()).count() < 4 {
            continue;
        }
        let Some(found) = hidden::lookalike(word) else { continue };
        let Some(looks_like) = found.looks_like.filter(|_| found.letter.1 != "Common") else { continue };
        let title = format!(
            "a name looks like `{looks_like}` and is another: {} is a {} letter",
            hidden::name(found.letter.0),
            found.letter.1
        );
        sink.at(start..start + word.len(), said(Risk::Medium, title, None));
    }
}
