//! Finds credentials in texts: by the prefix that their issuer gives them, and then by checksum, structure or randomness.
//!
//! One pass looks for all prefixes at once; only what follows one of them is looked at closely. A text that only
//! talks about a credential (`ghp_your_token`, `sk-…`, `AKIAIOSFODNN7EXAMPLE`) is none.

mod check;
mod issuers;
mod shape;

use super::Span;
use aho_corasick::{AhoCorasick, MatchKind};
use issuers::SHAPES;
use shape::{Shape, Start};
use std::sync::LazyLock;

/// A credential in a text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Secret {
    /// What must not be shown.
    pub(crate) span: Span,
    /// What it is, with its article: `a GitHub token`.
    pub(crate) kind: &'static str,
    /// Why it is taken for a real one: `its checksum is right`.
    pub(crate) evidence: &'static str,
    /// As much of it as may be shown to find it by; may be empty.
    pub(crate) beginning: String,
}

/// How many characters after a prefix are shown.
const SHOWN: usize = 4;

static PREFIXES: LazyLock<Option<AhoCorasick>> = LazyLock::new(|| {
    // A table of constants cannot be too large; if it ever were, the tests of every shape would fail.
    AhoCorasick::builder().match_kind(MatchKind::LeftmostLongest).build(SHAPES.iter().map(|shape| shape.prefix)).ok()
});

/// The credentials in a text, in its order, none inside another.
pub(crate) fn find(text: &str) -> Vec<Secret> {
    let mut found: Vec<Secret> = Vec::new();
    let Some(prefixes) = PREFIXES.as_ref() else { return found };
    for hit in prefixes.find_iter(text) {
        if found.last().is_some_and(|last| hit.start() < last.span.end) {
            continue;
        }
        let Some(shape) = SHAPES.get(hit.pattern().as_usize()) else { continue };
        found.extend(judge(text, shape, hit.start(), hit.end()));
    }
    found
}

/// Whether a variable's name says that it holds a secret, and its value is no word but random.
pub(crate) fn is_secret_value(name: &str, value: &str) -> bool {
    const NAMES: [&str; 9] =
        ["KEY", "TOKEN", "SECRET", "PASSWORD", "PASSWD", "PASSPHRASE", "PWD", "CREDENTIAL", "CREDENTIALS"];
    let name = name.to_ascii_uppercase();
    let says_so = name.rsplit(['_', '-', '.']).next().is_some_and(|last| NAMES.contains(&last) || last == "APIKEY")
        && !name.contains("PUBLIC")
        && !name.starts_with("MAX_");
    let is_text =
        |byte: &u8| byte.is_ascii_graphic() && !matches!(byte, b'{' | b'}' | b'$' | b'<' | b'>' | b'/' | b'\\');
    if !says_so || !(12..=200).contains(&value.len()) || !value.as_bytes().iter().all(is_text) {
        return false;
    }
    let has = |is: fn(&u8) -> bool| value.as_bytes().iter().any(is);
    let kinds = [
        has(u8::is_ascii_digit),
        has(u8::is_ascii_lowercase),
        has(u8::is_ascii_uppercase),
        has(u8::is_ascii_punctuation),
    ];
    let is_hex = value.bytes().all(|byte| byte.is_ascii_digit() || matches!(byte, b'a'..=b'f'));
    // Words and paths have one or two kinds of characters, and hyphens between them.
    if is_hex {
        return value.len() >= 32 && check::is_random(value, shape::Alphabet::Hex);
    }
    kinds.into_iter().filter(|has| *has).count() >= 3
        && !value.contains("://")
        && check::is_random(value, shape::Alphabet::Base62)
}

/// What stands at a prefix, if it is a credential.
fn judge(text: &str, shape: &Shape, start: usize, end: usize) -> Option<Secret> {
    let (before, after) = (text.get(..start)?, text.get(end..)?);
    let found = (shape.find)(shape, before, after)?;
    let first = match found.start {
        Start::Before(bytes) => start.checked_sub(bytes)?,
        Start::After(bytes) => end + bytes,
    };
    let span = Span::new(first, end + found.end);
    let beginning = if found.shown { text.get(start..end + SHOWN.min(found.end)).unwrap_or_default() } else { "" };
    Some(Secret { span, kind: shape.kind, evidence: found.evidence, beginning: beginning.to_owned() })
}

#[cfg(test)]
mod tests;
