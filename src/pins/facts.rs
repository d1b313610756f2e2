//! What is known of an upstream before anything is decided: plain data. [`super::resolve`] gathers it, [`super::decide`]
//! judges it. Every text in here is upstream's choice: bounded here, escaped where it is shown.

use crate::ids::CommitSha;
use crate::text::ending;
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Commits of a change that are named; the others are counted.
pub(crate) const MAX_COMMITS: usize = 50;
/// Paths of one list that are named; the others are counted.
pub(crate) const MAX_PATHS: usize = 100;
/// Bytes of a path: what the systems that build images can open. Of longer ones, the end is named.
pub const MAX_PATH: usize = 4096;
/// Characters of a commit's subject or an author's name.
pub(crate) const MAX_TEXT: usize = 200;

/// A path as far as it is named: at most [`MAX_PATH`] bytes of its end, which says what kind of file it is.
#[must_use]
pub(crate) fn named(path: &str) -> String {
    ending(path, MAX_PATH).into_owned()
}

/// What an upstream answers to the question where its branches and tags are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Listing {
    Listed(Refs),
    /// That it is elsewhere: this address, without its query.
    Moved(String),
    /// That there is no public repository.
    Gone,
    /// That too many questions were asked.
    RateLimited(String),
    /// Nothing, or nothing that can be understood. For people.
    Unreachable(String),
}

/// Branches, tags and pull requests of a repository, and what its `HEAD` is.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Refs {
    /// The full name that `HEAD` stands for, `refs/heads/main`; none when the server does not say.
    pub head: Option<String>,
    /// Commits by full name: `refs/heads/…`, `refs/tags/…` (annotated ones followed to their commit), and whatever else the
    /// server lists (`refs/pull/1/head`).
    pub commits: BTreeMap<String, CommitSha>,
}

/// One question about one entry: what is between its pin and a commit.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Move {
    pub old: CommitSha,
    /// The commit that it may move to.
    pub new: CommitSha,
    /// The build context, from the top of the repository without slashes at its ends; empty for the top.
    pub directory: String,
    /// The Dockerfile relative to the directory, if the registry builds the image: then it must be there. Without `..`.
    pub dockerfile: Option<String>,
    /// Whether `new` is no tip of a branch or tag of the listing, so that it has to be looked for in their histories.
    pub look_for: bool,
}

/// Why a question about a move has no answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Trouble {
    /// Too many questions were asked. For people.
    RateLimited(String),
    Unreachable(String),
}

/// What is between a pin and a commit.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Change {
    /// Whether the pin is an ancestor of the commit. False, too, if history is so long that the pin was not reached:
    /// `commits_cut` is true then.
    pub ancestor: bool,
    /// Whether upstream still has the pinned commit.
    pub pin_known: bool,
    /// Whether the commit is on a branch or tag; none when that was not looked for, or not found out.
    pub contained: Option<bool>,
    /// Whether the directory is there at the commit.
    pub directory: bool,
    /// Whether the Dockerfile is there at the commit; none when the registry does not build the image.
    pub dockerfile: Option<bool>,
    /// The id of the directory's tree at the pin: 40 digits; none when it is not there.
    pub old_tree: Option<String>,
    /// The same at the commit. Equal ids are equal build contexts.
    pub new_tree: Option<String>,
    /// Whether the repository is declared read-only; none when its host does not say.
    pub archived: Option<bool>,
    /// What became of the licence. It and the files are not looked at, and commits not named, where the trees are equal.
    pub license: License,
    /// The commits that are new, the latest first, at most [`MAX_COMMITS`].
    pub commits: Vec<CommitLine>,
    /// How many there are. A lower bound if `commits_cut`.
    pub commits_total: u64,
    /// Whether there are more than were counted.
    pub commits_cut: bool,
    /// The files of the directory that are not the same.
    pub files: Files,
}

/// What became of the licence files at the top of the repository and of the directory, compared word by word without
/// years and holders.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", tag = "change", content = "path")]
pub enum License {
    /// They say the same, or there are none.
    #[default]
    Same,
    /// There is one where there was none.
    Added(String),
    /// This one says something else.
    Changed(String),
    Removed(String),
    /// It could not be read. The pin is treated as if it had changed.
    Unknown(String),
}

/// A commit, in one line.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CommitLine {
    pub id: CommitSha,
    /// The author's name, as the commit claims.
    pub author: String,
    /// The author's date, as the commit claims.
    pub date: Option<DateTime<Utc>>,
    /// The first line of its message.
    pub subject: String,
    /// Whether it carries a signature. The signature is not checked.
    pub signed: bool,
}

/// Changed files, counted and named.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Files {
    /// How many were added, changed or removed. A lower bound if `cut`.
    pub total: u64,
    /// Whether there are more than were counted.
    pub cut: bool,
    /// Their paths in the repository, sorted, at most [`MAX_PATHS`]; bytes that are not UTF-8 replaced.
    pub paths: Vec<String>,
    /// Those that are Dockerfiles, or named by the entry as one.
    pub dockerfiles: Vec<String>,
    /// Those that lock dependencies: `package-lock.json`, `uv.lock`, `go.sum` …
    pub locks: Vec<String>,
    /// Those that run when dependencies are installed, or declare what does: `package.json`, `setup.py`, `build.rs` …
    pub install: Vec<String>,
    /// Those that configure continuous integration: in the directory, and at the top of the repository, where hosts look for
    /// it. The others of those are not counted in `total`.
    pub ci: Vec<String>,
}
