//! One thing that is wrong with an image.

use super::rules::Id;
use crate::finding::Severity;

/// One thing that is wrong with an image.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Problem {
    pub(crate) rule: &'static Id,
    pub(crate) severity: Severity,
    pub(crate) message: String,
    /// What to do, where that is more than the rule says.
    pub(crate) help: Option<String>,
    /// What repairs it.
    pub(super) repair: Option<Repair>,
    /// Whether nothing has to be taken out for that, and only something is missing.
    pub(super) is_gap: bool,
}

/// What is to be written anew.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Repair {
    Signature,
    /// Claims of this type; of one that nobody can tell.
    Claim(Option<String>),
}

impl Problem {
    pub(super) fn new(rule: &'static Id, message: impl Into<String>) -> Self {
        Self { rule, severity: rule.severity, message: message.into(), help: None, repair: None, is_gap: false }
    }

    pub(super) fn by(self, repair: Repair) -> Self {
        Self { repair: Some(repair), ..self }
    }

    /// What is written in addition to what is there.
    pub(super) fn completed_by(self, repair: Repair) -> Self {
        Self { repair: Some(repair), is_gap: true, ..self }
    }

    pub(super) fn help(self, help: impl Into<String>) -> Self {
        Self { help: Some(help.into()), ..self }
    }
}
