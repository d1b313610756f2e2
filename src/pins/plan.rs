//! The plan of a night: what is to become of each pin, and why. It is shown, kept as an artifact, and published: by the
//! same run, or by another one that holds a token and never speaks to an upstream.

mod fit;
mod read;

pub(crate) use read::MAX_BYTES;

use super::facts::Change;
use super::reason::Reason;
use crate::ids::CommitSha;
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

/// The version of the format.
pub const VERSION: u32 = 1;

/// What is to become of each pin. Sorted by entry; entries without a source are not in it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Plan {
    /// [`VERSION`]
    pub version: u32,
    /// When the run that made it began.
    pub time: DateTime<Utc>,
    /// Whether every entry of the registry was looked at: not under `NAME…` or `--shard`. Only then is a pull request of an
    /// entry that is not in the plan one of an entry that is gone.
    pub complete: bool,
    pub decisions: Vec<Decision>,
}

/// What is to become of one pin.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Decision {
    pub entry: String,
    /// Its `server.yaml`, from the registry's root, with `/`.
    pub path: String,
    pub reason: Reason,
    /// Why, in one line for people.
    pub detail: String,
    /// The repository as the entry names it, without credentials.
    pub project: Option<String>,
    /// The full name of the ref that is followed: `refs/heads/main`.
    pub branch: Option<String>,
    /// The build context; empty for the top of the repository.
    pub directory: String,
    pub old: Option<CommitSha>,
    /// The commit that was looked at.
    pub new: Option<CommitSha>,
    /// What the ref points to, where that is not `new`: a branch is followed at a distance.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tip: Option<CommitSha>,
    /// When this tool first saw `new`, if that is kept.
    pub first_seen: Option<DateTime<Utc>>,
    /// Whether it goes ahead of every limit: a security update.
    #[serde(default)]
    pub urgent: bool,
    /// What is between the two.
    pub change: Option<Change>,
    /// What the move leaves behind that may be wrong then, for people: the comment of a version beside the pin.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub check: Option<String>,
    /// The pull request, once there is one.
    #[serde(default)]
    pub pull: Option<Pull>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Pull {
    pub number: u64,
    pub(crate) url: String,
    /// What was done to it.
    pub action: Action,
}

/// What is done to a pull request.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Action {
    Open,
    /// It gets another commit, or another text.
    Update,
    /// It stays as it is.
    Leave,
    /// It is closed and its branch removed.
    Close,
}

#[cfg(test)]
mod tests;
