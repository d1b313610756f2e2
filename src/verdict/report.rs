//! Everything that is known after the review of one target: what `report.json` holds, and what the other files are rendered
//! from. `schemas/review-report.json` describes it. It holds no time and no path of the machine: the same input gives the
//! same bytes.

use super::document::Status;
use super::{ReviewFinding, Verdict};
use crate::ids::CommitSha;
use crate::snapshot::Snapshot;
use serde::{Deserialize, Serialize};

/// How much was reviewed.
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

/// What was reviewed.
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
    /// The directory in the repository; empty for its top.
    pub directory: String,
    /// How much was reviewed.
    pub scope: Scope,
    /// Files that the agents were given.
    pub files: usize,
    /// Files that differ between base and head; all of them when the scope is full.
    pub changed_files: usize,
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
    /// The finding quotes nothing.
    None,
}

/// A finding with what was checked about it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct JudgedFinding {
    /// What was said.
    #[serde(flatten)]
    pub finding: ReviewFinding,
    /// Whether its quote holds.
    pub quote_is: Quote,
    /// Who said it, sorted.
    pub agents: Vec<String>,
}

/// What a model's provider counted for one agent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Usage {
    /// Calls that reached the provider.
    pub requests: u64,
    /// Tokens read, cached ones included.
    pub input_tokens: u64,
    /// Tokens written.
    pub output_tokens: u64,
    /// Millionths of a US dollar, as far as prices are known.
    pub cost_micros: u64,
}

/// One agent's part in a review.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AgentReport {
    /// `static`, `builtin`, or the reference of an image.
    pub name: String,
    /// The model it used, if any.
    pub model: Option<String>,
    /// Whether it finished.
    pub status: Status,
    /// Why not.
    pub reason: Option<String>,
    /// What it says it did. Written by the agent.
    pub summary: String,
    /// How many findings it made.
    pub findings: usize,
    /// What its model's provider counted.
    pub usage: Option<Usage>,
    /// The proxy's audit lines, one JSON object each: every call, without bodies.
    pub audit: Vec<serde_json::Value>,
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
    pub fn of(head: &Snapshot) -> Vec<Self> {
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
    pub fn of(head: &Snapshot) -> Vec<Self> {
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
    pub version: u32,
    /// What was reviewed.
    pub reviewed: Reviewed,
    /// What is concluded.
    pub verdict: Verdict,
    /// The labels that follow from the verdict.
    pub labels: Vec<String>,
    /// Who looked, in the order they were asked for. Says plainly when no model did.
    pub agents: Vec<AgentReport>,
    /// The findings: greatest risk first, then by path, line and title.
    pub findings: Vec<JudgedFinding>,
    /// What nobody could look at.
    pub unreviewed: Vec<Unreviewed>,
    /// Files that steer agents.
    pub renamed: Vec<Renamed>,
}

/// Whether a model answered: a call reached its provider and, where there are audit lines, one of them says that it was answered.
pub(super) fn answered(usage: Option<Usage>, audit: &[serde_json::Value]) -> bool {
    let says_so = |line: &serde_json::Value| line.get("outcome").is_some_and(|outcome| outcome == "answered");
    usage.is_some_and(|usage| usage.requests > 0) && (audit.is_empty() || audit.iter().any(says_so))
}

impl AgentReport {
    /// Whether its model answered a call of its.
    #[must_use]
    pub fn model_answered(&self) -> bool {
        answered(self.usage, &self.audit)
    }
}

impl ReviewReport {
    /// Whether any agent's model answered. An agent that could ask one and did not, or got no answer, is none.
    #[must_use]
    pub fn model_looked(&self) -> bool {
        self.agents.iter().any(AgentReport::model_answered)
    }
}
