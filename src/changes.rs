//! What a range of commits changed, as entries: each once, however many of its files changed.
//!
//! Plain data: the commits are looked up and compared by the `git` adapter, and [`crate::history`] joins the two.

use crate::entry::SERVERS;
use crate::policy::POLICY;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::sync::Arc;

/// The longest revision that is looked up, in bytes. Git's own limit for the name of a reference is the file system's for
/// a path; GitHub's is 255.
pub(crate) const MAX_REVISION: usize = 1024;

/// The name of a commit as a person writes it: a branch, a tag, a full or short id, `HEAD~2`. Not yet looked up.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Revision(String);

/// Two revisions: what `head` changed since it left `base`.
///
/// Both `base..head` and `base...head` mean this, which Git calls three-dot: commits that only `base` has are nobody's
/// change here. `base`, `base..` and `base...` stop at `HEAD`: the last commit, without what the work tree adds to it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Range {
    /// Where the change is to go: `origin/main`.
    pub(crate) base: Revision,
    pub(crate) head: Revision,
}

/// Why a text is not a range of commits.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum RangeError {
    /// Nothing stands before the dots.
    #[error("the range names no base")]
    NoBase,
    /// A revision is longer than [`MAX_REVISION`].
    #[error("a revision is longer than {MAX_REVISION} bytes")]
    TooLong,
    /// It looks like an option.
    #[error("a revision does not start with `-`")]
    Dash,
    /// It holds a character that no name has: a control character, a blank, or one of `:?*[\`.
    #[error("a revision has no {0:?} in it")]
    Character(char),
    /// It searches history by a pattern, or has more than two ends.
    #[error("a revision is the name of one commit, not `{0}`")]
    Search(&'static str),
}

impl Revision {
    /// Accepts what can name one commit without searching for it.
    ///
    /// # Errors
    /// See [`RangeError`].
    pub(crate) fn parse(text: &str) -> Result<Self, RangeError> {
        if text.len() > MAX_REVISION {
            return Err(RangeError::TooLong);
        }
        if text.starts_with('-') {
            return Err(RangeError::Dash);
        }
        // `git check-ref-format` forbids these in names; `:` leads from a commit to a file or a search.
        let wrong = |c: char| c.is_control() || c.is_whitespace() || matches!(c, ':' | '?' | '*' | '[' | '\\');
        if let Some(c) = text.chars().find(|c| wrong(*c)) {
            return Err(RangeError::Character(c));
        }
        match ["^{/", ".."].into_iter().find(|search| text.contains(search)) {
            Some(search) => Err(RangeError::Search(search)),
            None => Ok(Self(text.to_owned())),
        }
    }

    /// The revision as it was written.
    #[must_use]
    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Revision {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl Range {
    /// Parses `base..head`, `base...head`, or a base alone.
    ///
    /// # Errors
    /// See [`RangeError`].
    pub fn parse(text: &str) -> Result<Self, RangeError> {
        let (base, head) = text.split_once("..").unwrap_or((text, ""));
        let head = head.strip_prefix('.').unwrap_or(head);
        if base.is_empty() {
            return Err(RangeError::NoBase);
        }
        let head = if head.is_empty() { "HEAD" } else { head };
        Ok(Self { base: Revision::parse(base)?, head: Revision::parse(head)? })
    }
}

/// What became of a file or an entry. A rename is a deletion and an addition; a changed mode or kind is a modification.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ChangeKind {
    /// It is at head and was not at the merge base.
    Added,
    /// It is in both, and not the same.
    Modified,
    /// It was at the merge base and is not at head.
    Deleted,
}

/// A path, or a part of one, as Git has it: bytes, of which everything but NUL may be any. Shown with U+FFFD in the place
/// of what is not UTF-8; two paths that look the same are still two.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RawPath(Vec<u8>);

impl RawPath {
    /// The path of these bytes.
    pub fn new(bytes: impl Into<Vec<u8>>) -> Self {
        Self(bytes.into())
    }

    /// The bytes.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }

    /// The path as it is shown, and as entries that are read from disk are named.
    #[must_use]
    pub(crate) fn shown(&self) -> Arc<str> {
        String::from_utf8_lossy(&self.0).into()
    }
}

impl fmt::Display for RawPath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&String::from_utf8_lossy(&self.0))
    }
}

/// The name of a folder under `servers/`.
pub(crate) type EntryName = RawPath;

/// One file that changed, with its path relative to the registry's root.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct FileChange {
    /// Where it is or was.
    pub path: RawPath,
    pub kind: ChangeKind,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EntryChange {
    /// What became of it. A deleted entry is listed, and there is nothing left to judge.
    pub kind: ChangeKind,
    /// Its files that changed, sorted by path.
    pub files: Vec<FileChange>,
}

/// Everything that a range changed.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Changes {
    /// The entries, each once.
    pub entries: BTreeMap<EntryName, EntryChange>,
    /// Whether `mcp-registry.toml` is among the files: the change wants other rules.
    pub policy: bool,
    /// Files that belong to no entry, the policy among them, sorted by path.
    pub others: Vec<FileChange>,
}

impl Changes {
    /// The entries that are there to be judged.
    pub fn to_judge(&self) -> impl Iterator<Item = &EntryName> {
        self.entries.iter().filter(|(_, change)| change.kind != ChangeKind::Deleted).map(|(name, _)| name)
    }
}

/// Sorts changed files into entries. `before` and `after` name the entries at the merge base and at head: the folder
/// under `servers/` decides whether a file is part of an entry, not its path alone.
#[must_use]
pub(crate) fn entries(before: &BTreeSet<EntryName>, after: &BTreeSet<EntryName>, files: Vec<FileChange>) -> Changes {
    let mut changes = Changes::default();
    for file in files {
        let name = entry_of(file.path.as_bytes());
        let kind = name.as_ref().and_then(|name| match (before.contains(name), after.contains(name)) {
            (false, true) => Some(ChangeKind::Added),
            (true, true) => Some(ChangeKind::Modified),
            (true, false) => Some(ChangeKind::Deleted),
            (false, false) => None,
        });
        match (name, kind) {
            (Some(name), Some(kind)) => {
                let entry = changes.entries.entry(name).or_insert_with(|| EntryChange { kind, files: Vec::new() });
                entry.files.push(file);
            }
            _ => {
                changes.policy |= file.path.as_bytes() == POLICY.as_bytes();
                changes.others.push(file);
            }
        }
    }
    changes.others.sort();
    changes.entries.values_mut().for_each(|entry| entry.files.sort());
    changes
}

/// `curl` of `servers/curl` and of everything below it.
fn entry_of(path: &[u8]) -> Option<EntryName> {
    let below = path.strip_prefix(SERVERS.as_bytes())?.strip_prefix(b"/")?;
    let name = below.split(|byte| *byte == b'/').next()?;
    (!name.is_empty()).then(|| RawPath::new(name))
}

#[cfg(test)]
mod tests;
