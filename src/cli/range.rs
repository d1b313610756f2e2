//! `--diff BASE..HEAD`, and the policy of a commit.

use super::{policy, refuse};
use crate::changes::Range;
use crate::error::CommandError;
use crate::history::History;
use crate::ids::CommitSha;
use crate::policy::{POLICY, Policy};

/// The range that `--diff` names.
///
/// # Errors
/// When it is none.
pub(super) fn parse(text: &str) -> Result<Range, CommandError> {
    Range::parse(text).map_err(|error| {
        refuse(format!("`--diff {text}`: {error}")).hint("write it as `base..head`: `--diff origin/main..HEAD`")
    })
}

/// The policy of the registry at a commit. One without has the defaults.
///
/// # Errors
/// When it cannot be read, or is not a policy.
pub(super) fn policy_at(history: &History, commit: &CommitSha) -> Result<Policy, CommandError> {
    match history.policy_at(commit)? {
        Some(text) => policy::parse(&text, &format!("{POLICY} at {}", commit.short())),
        None => Ok(Policy::default()),
    }
}
