//! What an agent is told: `/input/review.json` in its sandbox. Part of the contract with agent images (`reviewer/README.md`).
//!
//! Beside it stand the files: `/input/head/<exported path>`, `/input/base/<exported path>` for those that changed or were
//! deleted, and the unified diffs `/input/diff/0001.diff` and so on.

use super::report::{Renamed, Scope, Unreviewed};
use crate::ids::CommitSha;
use serde::{Deserialize, Serialize};

/// Where an agent finds its task.
pub(crate) const TASK_PATH: &str = "/input/review.json";

/// How a file stands to the one at base.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum FileStatus {
    /// The same, or there is no base.
    Unchanged,
    Added,
    Modified,
    /// Only at base.
    Deleted,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TaskFile {
    /// Its path in the repository: what a finding names.
    pub path: String,
    /// Its path below `/input/head` (or `/input/base`, when deleted). The same but for files that steer agents.
    pub exported_as: String,
    /// Its size in bytes.
    pub bytes: u64,
    pub status: FileStatus,
    /// Its unified diff, by file name in `/input/diff`, in order; empty when unchanged or binary.
    pub diff: Vec<String>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Task {
    /// The version of the format: 1.
    pub version: u32,
    pub repository: String,
    /// The commit that was reviewed before.
    pub base: Option<CommitSha>,
    pub head: CommitSha,
    /// The directory under review, from the top of the repository; empty for its top.
    pub directory: String,
    /// The Dockerfile, from the top of the repository.
    pub dockerfile: Option<String>,
    /// How much is to be reviewed.
    pub scope: Scope,
    /// The files, sorted by path.
    pub files: Vec<TaskFile>,
    /// What could not be exported.
    pub unreviewed: Vec<Unreviewed>,
    /// Files that steer agents, and what they are called here.
    pub renamed: Vec<Renamed>,
}
