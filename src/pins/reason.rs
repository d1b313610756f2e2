//! Why a pin moves or stays: one code for each entry of a night, always.

use serde::{Deserialize, Serialize};
use std::fmt;

/// What was decided for an entry, as one word that plans, tables, pull requests and the dashboard share.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Reason {
    /// The pin is what upstream's branch points to.
    Current,
    /// Upstream moved, and what is built did not: the tree of `source.directory` is the same at both commits.
    OutsideDirectory,
    /// The commit was first seen too short a time ago.
    CoolingDown,
    /// The pin is no ancestor of the commit: history was rewritten. The pin moves, and never by itself.
    NotAncestor,
    /// The commit is on no branch and no tag of the repository: somebody's fork, served under the repository's name.
    Impostor,
    /// `source.directory` is not there any more.
    DirectoryMissing,
    /// The Dockerfile is not there any more.
    DockerfileMissing,
    /// `source.branch` is not there any more.
    BranchMissing,
    /// `source.branch` names a tag, or a commit: neither moves.
    BranchIsTag,
    /// The repository is declared read-only.
    Archived,
    /// The repository has another address now.
    Moved,
    /// There is no public repository at the address.
    Gone,
    /// The licence says something else than at the pin. The pin moves, and never by itself.
    LicenseChanged,
    /// Somebody pushed to the pull request's branch: it is theirs now.
    HumanEdits,
    /// Somebody closed the pull request for this very commit.
    ClosedByHuman,
    /// A host, or GitHub, asked to be left alone for longer than this run waits.
    RateLimited,
    /// A pull request was opened, or would be.
    Opened,
    /// A pull request, or the file of the entry, has the new pin now, or would have.
    Updated,
    /// The pull request is as it should be.
    Unchanged,
    /// The policy switches updates of this entry off.
    Off,
    /// The policy's interval for this entry is not over.
    TooSoon,
    /// `--max-new-prs` is used up.
    OverLimit,
    /// Upstream or GitHub did not answer, refused, or said what cannot be understood.
    Unreachable,
    /// The entry cannot be read, or has no pin.
    InvalidEntry,
    /// The registry's pin is another one than when the plan was made.
    OutdatedPlan,
}

impl Reason {
    /// Every code, in the order of the documentation.
    pub const ALL: [Self; 25] = [
        Self::Current,
        Self::OutsideDirectory,
        Self::CoolingDown,
        Self::NotAncestor,
        Self::Impostor,
        Self::DirectoryMissing,
        Self::DockerfileMissing,
        Self::BranchMissing,
        Self::BranchIsTag,
        Self::Archived,
        Self::Moved,
        Self::Gone,
        Self::LicenseChanged,
        Self::HumanEdits,
        Self::ClosedByHuman,
        Self::RateLimited,
        Self::Opened,
        Self::Updated,
        Self::Unchanged,
        Self::Off,
        Self::TooSoon,
        Self::OverLimit,
        Self::Unreachable,
        Self::InvalidEntry,
        Self::OutdatedPlan,
    ];

    #[must_use]
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Current => "current",
            Self::OutsideDirectory => "outside-directory",
            Self::CoolingDown => "cooling-down",
            Self::NotAncestor => "not-ancestor",
            Self::Impostor => "impostor",
            Self::DirectoryMissing => "directory-missing",
            Self::DockerfileMissing => "dockerfile-missing",
            Self::BranchMissing => "branch-missing",
            Self::BranchIsTag => "branch-is-tag",
            Self::Archived => "archived",
            Self::Moved => "moved",
            Self::Gone => "gone",
            Self::LicenseChanged => "license-changed",
            Self::HumanEdits => "human-edits",
            Self::ClosedByHuman => "closed-by-human",
            Self::RateLimited => "rate-limited",
            Self::Opened => "opened",
            Self::Updated => "updated",
            Self::Unchanged => "unchanged",
            Self::Off => "off",
            Self::TooSoon => "too-soon",
            Self::OverLimit => "over-limit",
            Self::Unreachable => "unreachable",
            Self::InvalidEntry => "invalid-entry",
            Self::OutdatedPlan => "outdated-plan",
        }
    }

    /// What it means, in one line without a full stop.
    #[must_use]
    pub(crate) fn summary(self) -> &'static str {
        match self {
            Self::Current => "the pin is what upstream's branch points to",
            Self::OutsideDirectory => {
                "upstream moved, and the tree of `source.directory` did not: nothing to build anew"
            }
            Self::CoolingDown => "the commit was first seen too short a time ago",
            Self::NotAncestor => {
                "history was rewritten: the pin is no ancestor of the commit; moves, and never by itself"
            }
            Self::Impostor => "the commit is on no branch and no tag of the repository",
            Self::DirectoryMissing => "`source.directory` is not there any more",
            Self::DockerfileMissing => "the Dockerfile is not there any more",
            Self::BranchMissing => "`source.branch` is not there any more",
            Self::BranchIsTag => "`source.branch` is a tag or a commit, which do not move",
            Self::Archived => "the repository is declared read-only",
            Self::Moved => "the repository has another address now",
            Self::Gone => "there is no public repository at the address",
            Self::LicenseChanged => "the licence says something else than at the pin; moves, and never by itself",
            Self::HumanEdits => "somebody pushed to the pull request's branch, which is theirs now",
            Self::ClosedByHuman => "somebody closed the pull request for this very commit",
            Self::RateLimited => "a host, or GitHub, asked to be left alone for longer than the run waits",
            Self::Opened => "a pull request was opened",
            Self::Updated => "the pin moves: a pull request, or the entry's file, has the new one",
            Self::Unchanged => "the pull request is as it should be",
            Self::Off => "the policy switches updates of this entry off",
            Self::TooSoon => "the policy's interval for this entry is not over",
            Self::OverLimit => "`--max-new-prs` is used up",
            Self::Unreachable => "upstream or GitHub did not answer, refused, or said what cannot be understood",
            Self::InvalidEntry => "the entry cannot be read, or its pin cannot be set",
            Self::OutdatedPlan => "the registry's pin is another one than when the plan was made",
        }
    }

    /// Whether the pin moves: before anything is published, these are the entries that get a pull request.
    #[must_use]
    pub fn moves(self) -> bool {
        matches!(self, Self::Updated | Self::Opened | Self::Unchanged | Self::NotAncestor | Self::LicenseChanged)
    }

    /// Whether an open pull request of ours is not wanted any more. Where nobody knows, it is left as it is. That a
    /// repository is gone is what a host also says while it is in trouble, or to people whom it does not let in.
    #[must_use]
    pub(crate) fn closes(self) -> bool {
        matches!(
            self,
            Self::Current | Self::OutsideDirectory | Self::Impostor | Self::Archived | Self::Moved | Self::Off
        )
    }

    /// Whether the run did not do its work for this entry, and another run may: the exit status is 3 then.
    #[must_use]
    pub fn unfinished(self) -> bool {
        matches!(self, Self::Unreachable | Self::RateLimited | Self::InvalidEntry | Self::OutdatedPlan)
    }

    /// Whether nobody has to do anything about it: the pin is right as it is, or waits for something that is on its way.
    #[must_use]
    pub(crate) fn is_quiet(self) -> bool {
        matches!(
            self,
            Self::Current
                | Self::OutsideDirectory
                | Self::CoolingDown
                | Self::HumanEdits
                | Self::ClosedByHuman
                | Self::Unchanged
                | Self::Off
                | Self::TooSoon
                | Self::OverLimit
        )
    }

    /// Every code as a table of Markdown: what the README shows.
    #[must_use]
    pub fn table() -> String {
        let mut table = "| reason | means | pin | pull request | exit |\n|---|---|---|---|---|\n".to_owned();
        for reason in Self::ALL {
            let pin = if reason.moves() { "moves" } else { "stays" };
            let pull = match reason {
                Self::Opened => "opened",
                Self::Unchanged | Self::HumanEdits | Self::ClosedByHuman => "left as it is",
                _ if reason.moves() => "opened or updated",
                _ if reason.closes() => "closed",
                _ => "left as it is",
            };
            let exit = if reason.unfinished() { "3" } else { "0" };
            table.push_str(&format!("| `{reason}` | {} | {pin} | {pull} | {exit} |\n", reason.summary()));
        }
        table
    }
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::Reason;
    use std::collections::BTreeSet;

    #[test]
    fn every_reason_is_listed_once_and_written_as_it_is_read() {
        let codes: BTreeSet<_> = Reason::ALL.iter().map(|reason| reason.as_str()).collect();
        assert_eq!(codes.len(), Reason::ALL.len());
        for reason in Reason::ALL {
            assert_eq!(serde_json::to_value(reason).ok(), Some(reason.as_str().into()));
        }
    }

    #[test]
    fn every_reason_is_explained_in_one_line() {
        let all: BTreeSet<_> = Reason::ALL.iter().map(|reason| reason.summary()).collect();
        assert_eq!(all.len(), Reason::ALL.len());
        assert!(all.iter().all(|summary| !summary.ends_with('.') && summary.len() <= 90), "{all:?}");
        // A pin that moves is worth a line, and so is what has to be run again.
        assert!(Reason::ALL.iter().all(|reason| !reason.is_quiet() || !reason.unfinished()));
    }
}
