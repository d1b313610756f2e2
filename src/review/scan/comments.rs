//! Finds comments and strings, so that behaviour is looked for in what runs. Not a parser: what begins a comment or string is
//! told exactly for the languages that servers are written in, and where that cannot be told the text stays code from there on.
//! So a mistake here shows a comment to the checks, and never hides code from them.

mod lexer;
mod plain;
mod python;
mod syntax;

use crate::snapshot::language::Language;
use std::ops::Range;

/// A text without its comments, and without its strings too: both byte for byte as long, line ends kept.
#[derive(Debug, Default)]
pub(super) struct Masked {
    pub(super) code: String,
    /// Comments and the insides of strings are blank.
    pub(super) names: String,
    /// How many bytes were told for certain. Of what follows, comments are not blank and strings are guessed at.
    pub(super) decided: usize,
}

/// Masks the text of the file at `path`. One pass, in time proportional to its length.
pub(super) fn mask(text: &str, language: Language, path: &str) -> Masked {
    let name = path.rsplit('/').next().unwrap_or(path).to_ascii_lowercase();
    let extension = name.rsplit_once('.').map_or("", |(_, extension)| extension);
    let mut marks = marks(text, language, &name, extension);
    marks.strings.extend(plain::strings(text, marks.decided));
    let masked = |ranges: &[&[Range<usize>]]| {
        let mut bytes = text.as_bytes().to_vec();
        for range in ranges.iter().flat_map(|ranges| ranges.iter()) {
            for byte in bytes.get_mut(range.clone()).unwrap_or_default() {
                if *byte != b'\n' {
                    *byte = b' ';
                }
            }
        }
        String::from_utf8(bytes).unwrap_or_else(|_| text.to_owned())
    };
    Masked {
        code: masked(&[&marks.comments]),
        names: masked(&[&marks.comments, &marks.strings]),
        decided: marks.decided,
    }
}

/// Where comments and the insides of strings are, in the order of the text.
#[derive(Debug, Default)]
struct Marks {
    comments: Vec<Range<usize>>,
    strings: Vec<Range<usize>>,
    /// Up to where they are certain.
    decided: usize,
}

impl Marks {
    /// Marks of a text that was read to its end, or as far as could be told.
    fn until(mut self, end: Option<usize>) -> Self {
        let last = |ranges: &[Range<usize>]| ranges.last().map_or(0, |range| range.end);
        self.decided = end.unwrap_or_else(|| last(&self.comments).max(last(&self.strings)));
        self
    }
}

fn marks(text: &str, language: Language, name: &str, extension: &str) -> Marks {
    if let Some(syntax) = syntax::of(text, language, extension) {
        return lexer::run(text, syntax);
    }
    match language {
        Language::Python => python::run(text),
        Language::Shell if is_posix_named(text, name, extension) => shell(text),
        _ => plain::run(text, language, extension),
    }
}

/// Whether the file at `path` is read by a shell whose rules are known here.
pub(super) fn is_posix(text: &str, path: &str) -> bool {
    let name = path.rsplit('/').next().unwrap_or(path).to_ascii_lowercase();
    let extension = name.rsplit_once('.').map_or("", |(_, extension)| extension);
    is_posix_named(text, &name, extension)
}

fn is_posix_named(text: &str, name: &str, extension: &str) -> bool {
    let first = text.lines().next().unwrap_or_default();
    let other = first.starts_with("#!") && (!first.contains("sh") || first.contains("fish"));
    !other
        && (matches!(extension, "sh" | "bash" | "zsh" | "ksh" | "command")
            || matches!(name, ".bashrc" | ".profile" | ".envrc" | "configure" | "gradlew")
            || (extension.is_empty() && first.starts_with("#!")))
}

fn shell(text: &str) -> Marks {
    let crate::shell::Marks { comments, strings, decided } = crate::shell::Reader::new(text).marks();
    Marks { comments, strings, decided }
}

/// The first place of `word` from a byte on.
fn find(bytes: &[u8], from: usize, word: &[u8]) -> Option<usize> {
    let rest = bytes.get(from..)?;
    rest.windows(word.len()).position(|window| window == word).map(|at| from + at)
}

/// Whether a byte can be part of a name.
fn is_name(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'$') || !byte.is_ascii()
}

/// How many times `byte` stands from a place on.
fn run_of(bytes: &[u8], from: usize, byte: u8) -> usize {
    bytes.get(from..).unwrap_or_default().iter().take_while(|found| **found == byte).count()
}

#[cfg(test)]
mod tests;
