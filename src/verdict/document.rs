//! The findings document: the one thing that comes out of a sandbox, read as what it is: bytes from an attacker.
//!
//! [`Findings::parse`] is the only way in. It takes exactly what `schemas/review-findings.json` takes, and less where a schema
//! cannot say it: one document, no key twice, no text that is not Unicode, lines in order.

mod read;
#[cfg(test)]
mod tests;

use super::ReviewFinding;
use serde::{Deserialize, Serialize};

/// The most bytes of a document.
pub const MAX_BYTES: usize = 256 * 1024;
/// The most collections inside each other; a document has three.
pub const MAX_DEPTH: usize = 16;
/// The most findings of one agent.
pub const MAX_FINDINGS: usize = 200;
/// The most characters of a title.
pub const MAX_TITLE: usize = 200;
/// The most characters of a quote, an impact or a recommendation.
pub const MAX_TEXT: usize = 4_000;
/// The most characters of a summary.
pub const MAX_SUMMARY: usize = 8_000;
/// The most characters of the reason why an agent did not finish.
pub const MAX_REASON: usize = 1_000;
/// The most bytes of a path.
pub const MAX_PATH: usize = 4_096;
/// The greatest number of a line.
pub(crate) const MAX_LINE: u32 = 10_000_000;

/// Whether an agent looked at all that it was given.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Status {
    Complete,
    /// It did not; `reason` says why.
    Incomplete,
}

/// What an agent prints: one JSON document that `schemas/review-findings.json` accepts, and nothing else.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Findings {
    /// The version of the format: 1.
    pub(crate) version: u32,
    pub status: Status,
    /// Why not, in a sentence.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) reason: Option<String>,
    /// What was looked at and what was found, for people.
    pub(crate) summary: String,
    pub findings: Vec<ReviewFinding>,
}

impl Findings {
    /// Reads what an agent printed. White space around the document is part of JSON and allowed; a second document is not.
    ///
    /// # Errors
    /// When the bytes are anything but one findings document within the limits of this module. The error says what is wrong
    /// and where, and repeats at most a few escaped characters of the document.
    pub fn parse(bytes: &[u8]) -> Result<Self, FindingsError> {
        read::findings(bytes).map_err(FindingsError)
    }
}

/// Why bytes are not a findings document.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct FindingsError(pub(crate) String);
