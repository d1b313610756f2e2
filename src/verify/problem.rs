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
        Self { rule, severity: rule.severity, message: message.into(), help: None, repair: None }
    }

    pub(super) fn by(self, repair: Repair) -> Self {
        Self { repair: Some(repair), ..self }
    }

    pub(super) fn help(self, help: impl Into<String>) -> Self {
        Self { help: Some(help.into()), ..self }
    }
}
