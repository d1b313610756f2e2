//! Everything that is known after the review of one target: what `report.json` holds, and what the other files are rendered
//! from. `schemas/review-report.json` describes it. It holds no time and no path of the machine: the same input gives the
//! same bytes.

use super::document::Status;
use super::{ReviewFinding, Verdict};
use crate::ids::CommitSha;
use crate::snapshot::Snapshot;
use serde::{Deserialize, Serialize};

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Scope {
    /// The whole tree at `head`.
    Full,
    /// What changed from `base` to `head`, with the rest to look things up in.
    Differential,
}

/// Whether a commit is in a repository's own history. Hosts hand out commits of forks under the parent's name, so that a pin can
/// name code that none of the repository's people has ever seen.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case", tag = "status", content = "detail")]
pub enum Found {
    /// On this branch or tag, by its full name.
    On(String),
    /// On no branch or tag: it is a fork's or a pull request's, or was removed from history.
    Nowhere,
    /// Nobody knows, for this reason.
    NotChecked(String),
}

/// What lies between `base` and `head` in the repository's history.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case", tag = "status", content = "detail")]
pub enum History {
    /// The commits that are new.
    Known(NewCommits),
    /// The repository does not have `base` any more.
    Gone,
    /// Nobody knows, for this reason.
    NotChecked(String),
}

/// The commits that `head` leads to and `base` does not.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NewCommits {
    /// Whether `head` descends from `base`. If not, history was rewritten or the pin moved to another branch.
    pub(crate) ancestor: bool,
    pub(crate) total: u64,
    /// Whether there are more than `total`: not all of history was looked at.
    pub(crate) more: bool,
    /// The latest ones, at most [`Self::MOST`].
    pub(crate) commits: Vec<NewCommit>,
}

impl NewCommits {
    /// The most commits that a report names.
    pub(crate) const MOST: usize = 200;

    /// Whether `head` is older: `base` descends from it.
    pub(crate) fn is_rollback(&self) -> bool {
        !self.ancestor && self.total == 0 && !self.more
    }
}

/// A commit as its author wrote it. All of this is claimed and nothing was checked: not the author, nor the date, nor whether the
/// signature is good.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct NewCommit {
    pub(crate) commit: CommitSha,
    pub(crate) author: String,
    /// The author's date, RFC 3339; none when the commit has no date that can be written so.
    pub(crate) date: Option<String>,
    /// The first line of the message.
    pub(crate) subject: String,
    /// Whether there is a signature, good or bad.
    pub(crate) signed: bool,
}

/// A file that differs between `base` and `head`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ChangedFile {
    /// Its path, from the top of the repository.
    pub(crate) path: String,
    pub(crate) change: FileChange,
    /// Whether it can reach the image.
    pub(crate) reach: Reach,
    /// The line of the Dockerfile that takes it there, from 1.
    pub(crate) dockerfile_line: Option<u32>,
}

/// What became of a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum FileChange {
    /// Only head has it.
    Added,
    Modified,
    /// Only base has it.
    Deleted,
}

impl FileChange {
    #[must_use]
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Added => "added",
            Self::Modified => "modified",
            Self::Deleted => "deleted",
        }
    }
}

/// Whether a file can reach the image, in the order in which a reader wants to see them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Reach {
    /// It is the Dockerfile, or the list of what is left out of the build context.
    Build,
    /// The Dockerfile copies it, or mounts it while the image is built.
    Copied,
    /// Nobody can tell: there is no Dockerfile, or it is not read in the usual way.
    Unknown,
    /// It is in the build context, and nothing copies it.
    NotCopied,
    /// `.dockerignore` leaves it out of the build context.
    Ignored,
    /// It is not in the build context.
    Outside,
}

impl Reach {
    /// All of them, in their order.
    pub(crate) const ALL: [Self; 6] =
        [Self::Build, Self::Copied, Self::Unknown, Self::NotCopied, Self::Ignored, Self::Outside];
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Reviewed {
    /// The registry's entry; none for `--repo`.
    pub entry: Option<String>,
    /// The repository: an https address, or a path as it was given.
    pub repository: String,
    /// The commit that was reviewed before.
    pub base: Option<CommitSha>,
    /// The commit under review. None when the entry does not say one that can be read.
    pub head: Option<CommitSha>,
    /// The id of the tree at `base`, of the directory under review.
    pub base_tree: Option<String>,
    /// The id of the tree at `head`, of the directory under review.
    pub head_tree: Option<String>,
    /// Whether `head` is in the repository's own history.
    pub found: Found,
    /// What lies between `base` and `head`; none when no base was asked for.
    pub history: Option<History>,
    /// The directory in the repository; empty for its top.
    pub directory: String,
    pub scope: Scope,
    /// Files that the agents were given.
    pub files: usize,
    /// Files that differ between base and head; all of them when the scope is full.
    pub changed_files: usize,
    /// The files that differ, sorted by path; empty when the scope is full.
    pub changes: Vec<ChangedFile>,
}

/// Whether a finding's quote is in the file that it names, at the commit under review.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Quote {
    /// It is, on the lines that the finding names.
    Verified,
    /// It is in the file, on other lines; the lines of the finding were corrected.
    Moved,
    /// It is, and is too short to prove anything: nearly every file has it.
    Short,
    /// It is not: the finding may be invented, or be about something that was removed.
    Unverified,
    None,
}

/// A finding with what was checked about it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct JudgedFinding {
    #[serde(flatten)]
    pub finding: ReviewFinding,
    pub quote_is: Quote,
    /// Who said it, sorted.
    pub(crate) agents: Vec<String>,
}

/// What a model's provider counted for one agent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Usage {
    /// Calls that reached the provider.
    pub(crate) requests: u64,
    /// Tokens read, cached ones included.
    pub(crate) input_tokens: u64,
    pub(crate) output_tokens: u64,
    /// Millionths of a US dollar, as far as prices are known.
    pub(crate) cost_micros: u64,
}

/// How many of the files under review an agent opened, as far as that can be seen: of a change those that changed, else all.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Coverage {
    pub(crate) read: usize,
    pub(crate) of: usize,
}

impl Coverage {
    /// Whether files were left unread.
    #[must_use]
    pub(crate) fn is_partial(self) -> bool {
        self.read < self.of
    }
}

/// One agent's part in a review.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct AgentReport {
    /// `static`, `builtin`, `claude`, `codex`, or the reference of an image.
    pub(crate) name: String,
    /// The model it used, if any.
    pub(crate) model: Option<String>,
    pub(crate) status: Status,
    /// Why not.
    pub(crate) reason: Option<String>,
    /// What it says it did. Written by the agent.
    pub(crate) summary: String,
    /// How many findings it made.
    pub(crate) findings: usize,
    /// What it opened, of the agents of this program; none of others.
    #[serde(default)]
    pub(crate) coverage: Option<Coverage>,
    /// What its model's provider counted.
    pub(crate) usage: Option<Usage>,
    /// The proxy's audit lines, one JSON object each: every call, without bodies.
    pub(crate) audit: Vec<serde_json::Value>,
}

/// Something that no agent could look at, or not as it is.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Unreviewed {
    /// Where, from the top of the repository; bytes that are not UTF-8 are shown escaped.
    pub path: String,
    /// A word for why: see `snapshot::Reason`.
    pub reason: String,
    /// More about it: a submodule's address, a size.
    pub detail: String,
}

impl Unreviewed {
    /// What could not be exported of a commit. Where base has it and head has not, it is no matter for a review.
    #[must_use]
    pub(crate) fn of(head: &Snapshot) -> Vec<Self> {
        let items = head.unreviewed.iter().map(|item| Self {
            path: item.path.clone(),
            reason: item.reason.as_str().to_owned(),
            detail: item.detail.clone(),
        });
        items.collect()
    }
}

/// A file that steers agents; agents see it under another name.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Renamed {
    /// Its path in the repository.
    pub path: String,
    /// Its path in the sandbox.
    pub exported_as: String,
}

impl Renamed {
    /// The files of a commit that agents see under another name.
    #[must_use]
    pub(crate) fn of(head: &Snapshot) -> Vec<Self> {
        let items = head.files.iter().filter_map(|(path, file)| {
            Some(Self { path: path.to_string(), exported_as: file.exported_as.as_deref()?.to_owned() })
        });
        items.collect()
    }
}

/// Everything that is known after a review.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ReviewReport {
    /// The version of the format: 1.
    pub(crate) version: u32,
    pub(crate) reviewed: Reviewed,
    pub verdict: Verdict,
    /// The labels that follow from the verdict.
    pub(crate) labels: Vec<String>,
    /// Who looked, in the order they were asked for. Says plainly when no model did.
    pub(crate) agents: Vec<AgentReport>,
    /// The findings: greatest risk first, then by path, line and title.
    pub findings: Vec<JudgedFinding>,
    /// What nobody could look at.
    pub(crate) unreviewed: Vec<Unreviewed>,
    pub(crate) renamed: Vec<Renamed>,
}

/// Whether a model answered: a call reached its provider and, where there are audit lines, one of them says that it was answered.
pub(super) fn answered(usage: Option<Usage>, audit: &[serde_json::Value]) -> bool {
    let says_so = |line: &serde_json::Value| line.get("outcome").is_some_and(|outcome| outcome == "answered");
    usage.is_some_and(|usage| usage.requests > 0) && (audit.is_empty() || audit.iter().any(says_so))
}

impl AgentReport {
    /// Whether its model answered a call of its.
    #[must_use]
    pub(crate) fn model_answered(&self) -> bool {
        answered(self.usage, &self.audit)
    }
}

impl ReviewReport {
    /// Whether any agent's model answered. An agent that could ask one and did not, or got no answer, is none.
    #[must_use]
    pub(crate) fn model_looked(&self) -> bool {
        self.agents.iter().any(AgentReport::model_answered)
    }
}
