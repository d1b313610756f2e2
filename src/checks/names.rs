//! Names, labels, conclusions and limits: whoever writes or reads one of them takes it from here, and `docs/github.md` is held
//! to it by a test.

use crate::jobs::Need;
use crate::verdict::{BLOCKED_LABEL, RISK_LABEL};

/// The check that branch protection names.
pub(crate) const GATE: &str = "mcp-registry/gate";

/// A maintainer accepts the risk that a review found.
pub(crate) const ACKNOWLEDGED: &str = "security-ack";
/// A maintainer keeps `merge` off.
pub(crate) const SKIP_MERGE: &str = "skip-auto-merge";
/// A maintainer lets a stranger's commit be reviewed.
pub(crate) const SAFE_TO_REVIEW: &str = "safe-to-review";

/// The most characters that GitHub takes as the summary or the text of a check run.
pub(crate) const MAX_TEXT: usize = 65_535;
/// The most characters of a comment.
pub(crate) const MAX_COMMENT: usize = 65_536;
/// Annotations of one check run: each fifty are a write, and nobody reads more.
pub(crate) const MOST_ANNOTATIONS: usize = 200;

/// What is looked at of an entry, each in a check run of its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Analysis {
    Validate,
    Build,
    Review,
}

impl Analysis {
    pub(crate) const ALL: [Self; 3] = [Self::Validate, Self::Build, Self::Review];

    /// What the names of its check runs begin with.
    pub(crate) fn word(self) -> &'static str {
        match self {
            Self::Validate => "validate",
            Self::Build => "build",
            Self::Review => "security-review",
        }
    }

    /// The name of the check run for an entry.
    pub(crate) fn check(self, entry: &str) -> String {
        format!("{}/{entry}", self.word())
    }

    /// What a plan calls it.
    pub(crate) fn need(self) -> Need {
        match self {
            Self::Validate => Need::Validate,
            Self::Build => Need::Build,
            Self::Review => Need::Review,
        }
    }
}

/// Labels are compared without case: GitHub has one of all that differ only in it.
pub(crate) fn is_label(one: &str, other: &str) -> bool {
    one.eq_ignore_ascii_case(other)
}

/// Whether a label is one that this program sets and takes away.
pub(crate) fn is_ours(label: &str) -> bool {
    let begins = label.get(..RISK_LABEL.len()).is_some_and(|begin| begin.eq_ignore_ascii_case(RISK_LABEL));
    begins || is_label(label, BLOCKED_LABEL)
}

#[cfg(test)]
mod tests;
