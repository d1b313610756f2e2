//! `[scan]`: when known vulnerabilities fail a run.

use crate::finding::Severity;
use serde::Deserialize;

/// When known vulnerabilities fail a run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, Default)]
#[serde(deny_unknown_fields, rename_all = "kebab-case", default)]
pub(crate) struct Scan {
    /// The least severity of a finding that fails `scan`, unless `--fail-on` says otherwise.
    pub(crate) fail_on: FailOn,
    /// Whether a vulnerability without a fixed version is a warning at most.
    pub(crate) only_fixable: bool,
}

/// A severity, or none at all.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, Default)]
#[serde(rename_all = "lowercase")]
pub(crate) enum FailOn {
    /// Any finding.
    Note,
    /// Warnings and errors.
    Warning,
    /// Errors only.
    #[default]
    Error,
    /// Nothing.
    Never,
}

impl FailOn {
    /// None for [`Self::Never`].
    pub(crate) fn severity(self) -> Option<Severity> {
        match self {
            Self::Note => Some(Severity::Note),
            Self::Warning => Some(Severity::Warning),
            Self::Error => Some(Severity::Error),
            Self::Never => None,
        }
    }
}
