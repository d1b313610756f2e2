//! The findings document: the one thing that comes out of a sandbox, read as what it is: bytes from an attacker.

use super::ReviewFinding;
use serde::{Deserialize, Serialize};

/// The most bytes of a document.
pub const MAX_BYTES: usize = 256 * 1024;
/// The most findings of one agent.
pub const MAX_FINDINGS: usize = 200;
/// The most characters of a title.
pub const MAX_TITLE: usize = 200;
/// The most characters of a quote, an impact or a recommendation.
pub const MAX_TEXT: usize = 4_000;
/// The most characters of a summary.
pub const MAX_SUMMARY: usize = 8_000;
/// The most bytes of a path.
pub const MAX_PATH: usize = 4_096;

/// Whether an agent looked at all that it was given.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Status {
    /// It did.
    Complete,
    /// It did not; `reason` says why.
    Incomplete,
}

/// What an agent prints: one JSON document that `schemas/review-findings.json` accepts, and nothing else.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Findings {
    /// The version of the format: 1.
    pub version: u32,
    /// Whether it finished.
    pub status: Status,
    /// Why not, in a sentence.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// What was looked at and what was found, for people.
    pub summary: String,
    /// The findings.
    pub findings: Vec<ReviewFinding>,
}

/// Why bytes are not a findings document.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct FindingsError(pub String);
