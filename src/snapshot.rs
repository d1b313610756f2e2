//! The files of a commit as a reviewer gets them: plain data, exported from Git's objects and never checked out.
//!
//! Paths are from the top of the repository, with `/`. A snapshot holds the directory under review and nothing else.

pub mod diff;
pub(crate) mod language;
pub(crate) mod steering;

use std::collections::BTreeMap;
use std::sync::Arc;

/// What was exported of one commit.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Snapshot {
    /// The files by their path in the repository. A path is relative, has no empty, `.` or `..` part, no control character and
    /// is UTF-8; names that were not are shown escaped, and listed in `unreviewed`.
    pub files: BTreeMap<Arc<str>, File>,
    /// What is not here, or not as it is in the repository. Sorted.
    pub unreviewed: Vec<Unreviewed>,
    /// The id of the exported tree: 40 hexadecimal digits.
    pub tree: String,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct File {
    /// The id of its blob: 40 hexadecimal digits. Equal ids have equal content.
    pub blob: Arc<str>,
    /// What it holds. For a symbolic link, a text that says where it points.
    pub content: Arc<[u8]>,
    /// Whether it may be executed.
    pub executable: bool,
    /// Whether it is a symbolic link in the repository.
    pub link: bool,
    /// The path that agents see, where that is another one: the file steers agents, or its name cannot be a file's.
    pub exported_as: Option<Arc<str>>,
}

/// Why something was not exported, or not as it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Reason {
    /// A commit of another repository.
    Submodule,
    /// A text that stands for a file kept elsewhere (Git LFS).
    LfsPointer,
    /// A symbolic link; exported as a text that says where it points.
    Symlink,
    /// A file of more bytes than are exported.
    FileTooLarge,
    /// All files together have more bytes than are exported.
    TooManyBytes,
    /// There are more files than are exported.
    TooManyFiles,
    /// Folders are nested deeper than they are exported.
    TooDeep,
    /// The path has more bytes than are exported.
    PathTooLong,
    /// The name cannot be a file's, or not on every system: exported under another one, or not at all.
    UnusableName,
    /// Two names are one where letter case or composition does not count.
    NameCollision,
    /// The object cannot be read.
    Damaged,
}

impl Reason {
    /// The word that reports use.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Submodule => "submodule",
            Self::LfsPointer => "lfs-pointer",
            Self::Symlink => "symlink",
            Self::FileTooLarge => "file-too-large",
            Self::TooManyBytes => "too-many-bytes",
            Self::TooManyFiles => "too-many-files",
            Self::TooDeep => "too-deep",
            Self::PathTooLong => "path-too-long",
            Self::UnusableName => "unusable-name",
            Self::NameCollision => "name-collision",
            Self::Damaged => "damaged",
        }
    }

    /// Whether the content is there to be reviewed all the same, in another form.
    #[must_use]
    pub(crate) fn is_exported(self) -> bool {
        matches!(self, Self::Symlink | Self::UnusableName | Self::NameCollision)
    }
}

/// Something that was not exported, or not as it is.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Unreviewed {
    /// Where; bytes that are not UTF-8, and control characters, are escaped.
    pub path: String,
    pub reason: Reason,
    /// More about it, for people.
    pub detail: String,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Change {
    Added,
    Deleted,
    /// Its content, or what it is, is another one.
    Modified,
}

/// What changed in one file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FileDiff {
    /// Its path in the repository.
    pub(crate) path: Arc<str>,
    pub(crate) change: Change,
    /// Whether one side is not text: then there are no pieces.
    pub(crate) binary: bool,
    /// The unified diff, as one text or, where that is longer than a piece may be, as several with whole hunks or whole lines
    /// each. Nothing is left out.
    pub pieces: Vec<String>,
}

/// What a review is about: all that a deterministic reviewer needs.
#[derive(Debug, Clone, Copy)]
pub struct Material<'a> {
    pub head: &'a Snapshot,
    /// The code that was reviewed before; none for a full review.
    pub base: Option<&'a Snapshot>,
    /// What changed, sorted by path; empty for a full review.
    pub changes: &'a [FileDiff],
    /// The directory under review, from the top of the repository; empty for the top.
    pub directory: &'a str,
    /// The path of the Dockerfile, from the top of the repository, if the entry names one or there is one.
    pub dockerfile: Option<&'a str>,
}
