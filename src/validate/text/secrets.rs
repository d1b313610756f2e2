//! Finds credentials in texts: by the prefix that their issuer gives them, and then by checksum, structure or randomness.
//!
//! One pass looks for all prefixes at once; only what follows one of them is looked at closely. A text that only
//! talks about a credential (`ghp_your_token`, `sk-…`, `AKIAIOSFODNN7EXAMPLE`) is none.

mod check;
mod shape;

use crate::document::Span;
use aho_corasick::{AhoCorasick, MatchKind};
use shape::{SHAPES, Shape, Start};
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
