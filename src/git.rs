//! Git, read only: revisions, merge bases, differences and files of commits, from the object database alone; and
//! repositories elsewhere, asked without a copy of them ([`remote`]) or with one ([`upstream`]).
//!
//! Nothing of a repository is executed: no hook, no filter, no external program, and no file of the work tree is read or
//! written. The repository's configuration is read as data only. libgit2's types stop here.
//!
//! A repository that belongs to somebody else is refused unless `safe.directory` allows it, exactly as Git does: its
//! `.git` decides what the history is, and whoever owns it could make a change look like none. Actions that check out
//! code set `safe.directory` for the user they run as; the error says how to do it elsewhere.

mod ages;
mod diff;
mod guard;
pub(crate) mod ids;
mod objects;
mod packet;
pub(crate) mod remote;
pub(crate) mod upstream;
mod walk;

pub use ages::Age;
pub(crate) use objects::{Blob, Item, Kind};
pub use upstream::{Contained, Store, contained};
pub use upstream::{Limits, Upstream, UpstreamError, fetch};
pub(crate) use walk::Status;

use crate::ids::CommitSha;
use git2::{ErrorClass, ErrorCode, Oid, RepositoryOpenFlags};
use std::ffi::OsStr;
use std::fmt;
use std::path::{Path, PathBuf};

/// A repository, and the folder of it that is the registry's root. One handle serves one thread; [`Self::location`] opens more.
pub(crate) struct Repository {
    inner: git2::Repository,
    location: Location,
}

/// Where a repository is, to open it again on another thread.
#[derive(Debug, Clone)]
pub(crate) struct Location {
    dot_git: PathBuf,
    /// The registry's root below the top of the work tree, with `/`; empty when they are the same.
    prefix: Vec<u8>,
}

impl fmt::Debug for Repository {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Repository").field(&self.location).finish()
    }
}

/// Why Git could not answer.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum GitError {
    /// Neither the root nor any folder above it has a `.git`.
    #[error("`{}` is not in a Git repository", .0.display())]
    NotARepository(PathBuf),
    /// The repository belongs to another user.
    #[error("the Git repository in `{}` belongs to somebody else", .0.display())]
    Owner(PathBuf),
    /// No commit has that name here.
    #[error("there is no commit `{revision}` in this repository")]
    UnknownRevision {
        /// As it was asked for.
        revision: String,
        /// Whether history is cut off somewhere, which may be why.
        shallow: bool,
    },
    /// A short id that begins several.
    #[error("`{0}` may be several commits")]
    Ambiguous(String),
    /// A tag of a file, or a tree.
    #[error("`{0}` is not a commit")]
    NotACommit(String),
    /// The commits have no ancestor in common, as far as this clone can tell.
    #[error("`{}` and `{}` have no commit in common{}", .base.short(), .head.short(), if *.shallow { " in this shallow clone" } else { "" })]
    NoMergeBase {
        base: CommitSha,
        head: CommitSha,
        /// Whether history is cut off somewhere: then nobody can tell.
        shallow: bool,
    },
    /// Where Git data is, there is something that is not a file.
    #[error("`{}` is {what}: Git data must be in regular files", .path.display())]
    Special { path: PathBuf, what: &'static str },
    /// A commit names a folder or file that the clone does not have, or that no repository can have.
    #[error("{0}")]
    Damaged(String),
    /// Anything else that libgit2 says.
    #[error("Git: {0}")]
    Other(String),
}

impl GitError {
    #[must_use]
    pub(crate) fn hint(&self) -> Option<String> {
        Some(match self {
            Self::NotARepository(_) => {
                "`--diff` reads history: run it in a clone of the registry, and not in a bare one".to_owned()
            }
            Self::Owner(path) => {
                format!("if you trust it: git config --global --add safe.directory {:?}", path.display().to_string())
            }
            Self::UnknownRevision { revision, shallow } => {
                // The hint is there to be copied into a shell: only what means nothing to one is repeated.
                let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '-' | '/');
                let fetch = match revision.strip_prefix("origin/") {
                    Some(branch) if branch.chars().all(plain) => format!("fetch it first: git fetch origin {branch}"),
                    _ => "fetch it first: git fetch origin main, then name it origin/main".to_owned(),
                };
                if *shallow {
                    format!("{fetch}; this clone is shallow (in GitHub Actions: `fetch-depth: 0` for actions/checkout)")
                } else {
                    fetch
                }
            }
            Self::Ambiguous(_) => "give more digits of it".to_owned(),
            Self::NotACommit(_) => "name a branch, a tag of a commit, or a commit's id".to_owned(),
            Self::NoMergeBase { shallow: true, .. } => {
                "fetch all of history: git fetch --unshallow (in GitHub Actions: `fetch-depth: 0` for actions/checkout)"
                    .to_owned()
            }
            Self::NoMergeBase { .. } => "their histories are unrelated: is it the right repository?".to_owned(),
            Self::Damaged(_) => {
                "run `git fsck`; a partial clone (`--filter`) lacks objects: clone without it".to_owned()
            }
            Self::Other(message) if message.contains("partialclone") => {
                "a partial clone (`--filter`) lacks objects: clone without it".to_owned()
            }
            Self::Special { .. } => {
                "Git never makes one: find out who put it there, and clone the repository anew".to_owned()
            }
            Self::Other(_) => return None,
        })
    }
}

impl From<git2::Error> for GitError {
    fn from(error: git2::Error) -> Self {
        match (error.class(), error.code()) {
            (ErrorClass::Odb | ErrorClass::Object | ErrorClass::Zlib, _) | (_, ErrorCode::NotFound) => {
                Self::Damaged(format!("this repository lacks something that its history names: {}", error.message()))
            }
            (ErrorClass::Tree, _) => {
                Self::Damaged(format!("a folder in this history cannot be read: {}", error.message()))
            }
            _ => Self::Other(error.message().to_owned()),
        }
    }
}

impl Repository {
    /// Opens the repository that `root`, a folder in its work tree, is part of: the nearest `.git` in it or above it.
    ///
    /// A bare repository is not looked for: one that lies in the work tree was put there by a commit, and would let its
    /// author choose the history. `GIT_DIR` and its like are not read.
    ///
    /// # Errors
    /// When there is none, it belongs to somebody else, or libgit2 cannot read it.
    pub(crate) fn discover(root: &Path) -> Result<Self, GitError> {
        let root = root.canonicalize().map_err(|error| GitError::Other(format!("`{}`: {error}", root.display())))?;
        let top = root.ancestors().find(|folder| folder.join(".git").symlink_metadata().is_ok());
        let top = top.ok_or_else(|| GitError::NotARepository(root.clone()))?;
        guard::check(top)?;
        let below = root.strip_prefix(top).unwrap_or(Path::new(""));
        let names: Vec<&[u8]> = below.components().map(|name| name.as_os_str().as_encoded_bytes()).collect();
        Location { dot_git: top.join(".git"), prefix: names.join(&b'/') }.open()
    }

    /// Another handle on the same repository is opened from this, on any thread.
    #[must_use]
    pub(crate) fn location(&self) -> &Location {
        &self.location
    }

    /// Whether some commits lack their parents: a clone with `--depth`.
    #[must_use]
    pub(crate) fn is_shallow(&self) -> bool {
        self.inner.is_shallow()
    }

    /// The commit that a revision names. The text is whatever the caller let through: see `changes::Revision`.
    ///
    /// # Errors
    /// When it names none, several, or something else.
    pub(crate) fn resolve(&self, revision: &str) -> Result<CommitSha, GitError> {
        let object = self.inner.revparse_single(revision).map_err(|error| match error.code() {
            ErrorCode::Ambiguous => GitError::Ambiguous(revision.to_owned()),
            ErrorCode::NotFound | ErrorCode::InvalidSpec | ErrorCode::UnbornBranch => self.unknown(revision),
            _ if error.class() == ErrorClass::Reference => self.unknown(revision),
            _ => error.into(),
        })?;
        let commit = object.peel_to_commit().map_err(|_| GitError::NotACommit(revision.to_owned()))?;
        sha(commit.id())
    }

    fn unknown(&self, revision: &str) -> GitError {
        GitError::UnknownRevision { revision: revision.to_owned(), shallow: self.is_shallow() }
    }
}

impl Location {
    /// Opens a handle.
    ///
    /// # Errors
    /// When libgit2 cannot read the repository.
    pub(crate) fn open(&self) -> Result<Repository, GitError> {
        // The path is `.git` itself: do not append it, and do not look further.
        let flags = RepositoryOpenFlags::NO_SEARCH | RepositoryOpenFlags::NO_DOTGIT;
        let inner =
            git2::Repository::open_ext(&self.dot_git, flags, std::iter::empty::<&OsStr>()).map_err(|error| {
                let top = || self.dot_git.parent().unwrap_or(&self.dot_git).to_owned();
                match error.code() {
                    ErrorCode::Owner => GitError::Owner(top()),
                    ErrorCode::NotFound => GitError::NotARepository(top()),
                    _ => GitError::Other(error.message().to_owned()),
                }
            })?;
        Ok(Repository { inner, location: self.clone() })
    }
}

fn sha(id: Oid) -> Result<CommitSha, GitError> {
    CommitSha::parse(&id.to_string()).map_err(|error| GitError::Other(error.to_string()))
}

fn oid(commit: &CommitSha) -> Result<Oid, GitError> {
    Ok(Oid::from_str(commit.as_str())?)
}
