//! One thing that is wrong with an image.

use super::rules::Id;
use crate::finding::Severity;

/// One thing that is wrong with an image.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// Which rule says so.
    pub rule: &'static Id,
    /// How much it matters.
    pub severity: Severity,
    /// What is wrong.
    pub message: String,
}

impl Problem {
    pub(super) fn new(rule: &'static Id, message: impl Into<String>) -> Self {
        Self { rule, severity: rule.severity, message: message.into() }
    }
}
