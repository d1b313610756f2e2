//! Exports a commit: its objects become plain data, and nothing of it is checked out or run.
//!
//! Whoever wrote the commit chose every byte of it. So nothing is believed: not that names are names, that folders end,
//! that there are few of them, or that a file is as small as it looks. What does not fit is left out and listed; that is
//! for a reader to judge. `.gitattributes`, filters, line ends and `export-ignore` have no say, since no program of Git's
//! that knows them is involved.

mod names;
mod walk;

use crate::git::upstream::{Found, LARGEST_FILE, Mode, ObjectId, Store, StoreReader, UpstreamError};
use crate::ids::CommitSha;
use crate::snapshot::Snapshot;
use crate::text::cut;

/// What is exported of a commit at most.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ExportLimits {
    /// Bytes of all files together.
    pub bytes: u64,
    pub files: usize,
    /// Bytes of a file. Code of more bytes makes a review incomplete.
    pub file: u64,
    /// Bytes of a picture, of sound, of video or of a font.
    pub media: u64,
    /// Folders within folders, from the top of the repository.
    pub depth: usize,
    /// Bytes of a path.
    pub path: usize,
    /// Entries of folders that are looked at, exported or not: what is repeated costs the same again.
    pub entries: usize,
    /// Bytes of a folder.
    pub folder: u64,
    /// Items that are listed for each reason why something is not exported; of more, their number is.
    pub listed: usize,
}

impl Default for ExportLimits {
    fn default() -> Self {
        Self {
            bytes: 200_000_000,
            files: 20_000,
            // A generated or padded source file is read whole: what is concluded of all of it must not depend on its length.
            file: LARGEST_FILE,
            media: 5_000_000,
            depth: 40,
            path: 4096,
            entries: 300_000,
            folder: 16_000_000,
            listed: 200,
        }
    }
}

/// Why nothing could be exported.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ExportError {
    /// The objects cannot be read.
    #[error(transparent)]
    Upstream(#[from] UpstreamError),
    /// The store lacks the commit.
    #[error("there is no commit {0} here")]
    NoCommit(CommitSha),
    /// A directory that cannot be one.
    #[error("`{0}` is not a directory of a repository: it is relative and has no `..`")]
    Directory(String),
    /// The commit has nothing of that name.
    #[error("the commit {commit} has no directory `{directory}`")]
    NoDirectory { commit: CommitSha, directory: String },
    /// It is a file, a link or a submodule.
    #[error("`{directory}` is not a directory at the commit {commit}")]
    NotADirectory {
        commit: CommitSha,
        /// What is not a directory.
        directory: String,
    },
    /// A folder on the way cannot be read.
    #[error("a folder of the commit {0} cannot be read")]
    Damaged(CommitSha),
}

/// The ids of trees that say what an export would hold: equal ids have equal content.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Trees {
    /// The whole repository's: 40 hexadecimal digits.
    pub top: String,
    pub directory: String,
}

/// The trees of a commit.
///
/// # Errors
/// When the commit or the directory is not there.
pub fn trees(store: &Store, commit: &CommitSha, directory: &str) -> Result<Trees, ExportError> {
    let reader = store.reader()?;
    let (top, found) = find(&reader, commit, &parts(directory)?)?;
    Ok(Trees { top: top.to_string(), directory: found.to_string() })
}

/// Exports the directory at a commit; an empty directory, or `.`, is the whole repository.
///
/// # Errors
/// When the commit or the directory is not there.
pub fn snapshot(
    store: &Store,
    commit: &CommitSha,
    directory: &str,
    limits: &ExportLimits,
) -> Result<Snapshot, ExportError> {
    let reader = store.reader()?;
    let parts = parts(directory)?;
    let (_, tree) = find(&reader, commit, &parts)?;
    let mut walk = walk::Walk::new(&reader, limits, store.left_out(commit));
    walk.run(&parts, tree);
    Ok(walk.done(tree.to_string()))
}

/// The names on the way to a directory. A trailing `/`, a leading `./` and doubled `/` are how people write.
pub(crate) fn parts(directory: &str) -> Result<Vec<&str>, ExportError> {
    let parts: Vec<&str> = directory.split('/').filter(|part| !matches!(*part, "" | ".")).collect();
    let wrong = directory.starts_with('/') || directory.contains('\0') || parts.contains(&"..");
    if wrong { Err(ExportError::Directory(cut(directory, 200).into_owned())) } else { Ok(parts) }
}

/// The trees of the commit and of the directory.
pub(crate) fn find(
    reader: &StoreReader<'_>,
    commit: &CommitSha,
    parts: &[&str],
) -> Result<(ObjectId, ObjectId), ExportError> {
    let top = reader.commit(commit)?.ok_or_else(|| ExportError::NoCommit(commit.clone()))?.tree;
    let mut tree = top;
    for (depth, part) in parts.iter().enumerate() {
        let shown = || parts[..=depth].join("/");
        let limits = ExportLimits::default();
        let Found::Here(listing) = reader.folder(tree, limits.entries, limits.folder) else {
            return Err(ExportError::Damaged(commit.clone()));
        };
        // Of several of one name, which no program of Git's makes, the first.
        let entry = listing.entries.iter().find(|entry| entry.name == part.as_bytes());
        let entry = entry.ok_or_else(|| ExportError::NoDirectory { commit: commit.clone(), directory: shown() })?;
        if entry.mode != Mode::Folder {
            return Err(ExportError::NotADirectory { commit: commit.clone(), directory: shown() });
        }
        tree = entry.id;
    }
    match reader.folder(tree, 0, u64::MAX) {
        Found::Here(_) => Ok((top, tree)),
        _ => Err(ExportError::Damaged(commit.clone())),
    }
}
