//! One thing that is wrong with an image.

use super::rules::Id;
use crate::finding::Severity;

/// One thing that is wrong with an image.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Problem {
    pub(crate) rule: &'static Id,
    pub(crate) severity: Severity,
    pub(crate) message: String,
}

impl Problem {
    pub(super) fn new(rule: &'static Id, message: impl Into<String>) -> Self {
        Self { rule, severity: rule.severity, message: message.into() }
    }
}
