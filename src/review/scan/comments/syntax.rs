//! What comments and strings look like in the languages that descend from C.

use super::{find, is_name, run_of};
use crate::snapshot::language::Language;

/// What a language's comments and strings look like.
#[derive(Debug, Clone, Copy)]
pub(super) struct Syntax {
    pub(super) dialect: Dialect,
    /// Whether a comment can be in another one.
    pub(super) nested: bool,
    /// Whether `#` begins a comment.
    pub(super) hash: bool,
}

/// Languages that differ in more than that.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Dialect {
    /// JavaScript and TypeScript; whether tags can stand in it.
    JavaScript {
        tags: bool,
    },
    Go,
    Rust,
    Java,
    Kotlin,
    Scala,
    CSharp,
    C,
    Php,
}

/// The syntax of a text; none where it is not known well enough, or the text says it differently.
pub(super) fn of(text: &str, language: Language, extension: &str) -> Option<Syntax> {
    let plain = |dialect| Some(Syntax { dialect, nested: false, hash: false });
    match (language, extension) {
        // Text for browsers, with code in it.
        (Language::JavaScript, "vue" | "svelte" | "astro") => None,
        (Language::JavaScript, "ts" | "mts" | "cts" | "mjs" | "cjs") => plain(Dialect::JavaScript { tags: false }),
        (Language::JavaScript, _) => plain(Dialect::JavaScript { tags: true }),
        // What stands before `import "C"` is C, in a comment.
        (Language::Go, _) => plain(Dialect::Go).filter(|_| !text.contains("\"C\"")),
        (Language::Rust, _) => Some(Syntax { nested: true, ..plain(Dialect::Rust)? }),
        (Language::Jvm, "java") => plain(Dialect::Java).filter(|_| !has_escaped_signs(text)),
        (Language::Jvm, "kt" | "kts") => Some(Syntax { nested: true, ..plain(Dialect::Kotlin)? }),
        (Language::Jvm, "scala") => {
            Some(Syntax { nested: true, ..plain(Dialect::Scala)? }).filter(|_| !has_escaped_signs(text))
        }
        (Language::CSharp, "cs" | "csx") => plain(Dialect::CSharp),
        (Language::Other, "c" | "h" | "cc" | "cpp" | "cxx" | "hpp" | "m" | "mm") => {
            // A line that a backslash continues can begin a comment in its middle, and trigraphs are backslashes.
            plain(Dialect::C).filter(|_| !text.contains("/\\") && !text.contains("??/"))
        }
        (Language::Php, _) => Some(Syntax { hash: true, ..plain(Dialect::Php)? }),
        _ => None,
    }
}

/// Whether line ends, quotes or slashes are written as `\u000a`, which Java reads before everything else.
fn has_escaped_signs(text: &str) -> bool {
    text.match_indices("\\u").any(|(at, _)| {
        let digits = text.get(at + 1..).unwrap_or_default().trim_start_matches('u');
        digits.get(..4).is_some_and(|digits| {
            ["000a", "000d", "0022", "0027", "002a", "002f", "005c"].contains(&digits.to_ascii_lowercase().as_str())
        })
    })
}

/// How values stand in a string.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Holes {
    None,
    /// `${value}`
    Dollar,
    /// `{value}`, with so many braces.
    Braces(usize),
    /// `{$value}` and `${value}`
    Php,
}

#[derive(Debug, Clone, Copy)]
pub(super) struct Text {
    pub(super) quote: u8,
    /// How many quotes are on each side.
    pub(super) count: usize,
    /// How many `#` follow the quotes at the end.
    pub(super) hashes: usize,
    pub(super) escapes: bool,
    /// Whether two quotes stand for one.
    pub(super) doubled: bool,
    pub(super) multiline: bool,
    pub(super) holes: Holes,
}

/// What a string that begins at a quote is like. None if the quote begins none.
pub(super) fn text(dialect: Dialect, bytes: &[u8], at: usize) -> Option<Text> {
    let quote = *bytes.get(at)?;
    let usual =
        Text { quote, count: 1, hashes: 0, escapes: true, doubled: false, multiline: false, holes: Holes::None };
    let triple = matches!(bytes.get(at..at + 3), Some([a, b, c]) if a == b && b == c);
    let before = at.checked_sub(1).and_then(|before| bytes.get(before)).copied().unwrap_or_default();
    match (dialect, quote) {
        (Dialect::JavaScript { .. }, b'`') => Some(Text { multiline: true, holes: Holes::Dollar, ..usual }),
        (Dialect::Go, b'`') => Some(Text { multiline: true, escapes: false, ..usual }),
        (Dialect::Php, b'`') => Some(Text { multiline: true, ..usual }),
        (_, b'`') | (Dialect::Rust | Dialect::Scala, b'\'') => None,
        (Dialect::Rust, _) => {
            let hashes = bytes.get(..at)?.iter().rev().take(256).take_while(|byte| **byte == b'#').count();
            let raw = is_prefix(bytes, at - hashes, &[b"r", b"br", b"cr"]);
            Some(Text { multiline: true, escapes: !raw, hashes: if raw { hashes } else { 0 }, ..usual })
        }
        (Dialect::Java, b'"') if triple => Some(Text { count: 3, multiline: true, ..usual }),
        (Dialect::Kotlin, b'"') if triple => {
            Some(Text { count: 3, multiline: true, escapes: false, holes: Holes::Dollar, ..usual })
        }
        (Dialect::Kotlin, b'"') => Some(Text { holes: Holes::Dollar, ..usual }),
        (Dialect::Scala, b'"') => {
            let holes = if is_name(before) { Holes::Dollar } else { Holes::None };
            let count = if triple { 3 } else { 1 };
            Some(Text { count, multiline: triple, escapes: !triple, holes, ..usual })
        }
        (Dialect::CSharp, b'"') => {
            let prefix = bytes.get(..at)?.iter().rev().take(16).take_while(|byte| matches!(byte, b'$' | b'@'));
            let verbatim = prefix.clone().any(|byte| *byte == b'@');
            let dollars = prefix.filter(|byte| **byte == b'$').count();
            let holes = if dollars > 0 { Holes::Braces(dollars) } else { Holes::None };
            let quotes = run_of(bytes.get(..bytes.len().min(at + 64))?, at, b'"');
            Some(match (verbatim, quotes) {
                (true, _) => Text { multiline: true, escapes: false, doubled: true, holes, ..usual },
                (false, 3..) => Text { count: quotes, multiline: true, escapes: false, holes, ..usual },
                _ => Text { holes, ..usual },
            })
        }
        // `1'000` is a number.
        (Dialect::C, b'\'') if before.is_ascii_digit() => None,
        (Dialect::Php, b'"') => Some(Text { multiline: true, holes: Holes::Php, ..usual }),
        (Dialect::Php, _) => Some(Text { multiline: true, ..usual }),
        _ => Some(usual),
    }
}

/// Whether one of some words stands right before a place, and no other name.
pub(super) fn is_prefix(bytes: &[u8], at: usize, words: &[&[u8]]) -> bool {
    let before = bytes.get(..at).unwrap_or_default();
    words
        .iter()
        .any(|word| before.strip_suffix(*word).is_some_and(|rest| !rest.last().is_some_and(|byte| is_name(*byte))))
}

/// The end of the `R"x(…)x"` whose quote stands at a place.
pub(super) fn raw_end_in_c(bytes: &[u8], at: usize) -> Option<usize> {
    let rest = bytes.get(at + 1..)?;
    let length = rest.iter().take(17).position(|byte| *byte == b'(')?;
    let close = [b")", rest.get(..length)?, b"\""].concat();
    find(bytes, at + 2 + length, &close).map(|end| end + close.len())
}
