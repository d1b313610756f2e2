//! What the agent may read: the files that its task lists, below one folder, and nothing else.
//!
//! The folder is made by `review` and holds plain files only. This reads as if it were not so: every part of a path is opened
//! on its own, without following links, and what is opened at the end must be a regular file.

use super::show::as_in_file;
use crate::verdict::report::Scope;
use crate::verdict::task::{FileStatus, Task, TaskFile};
use rustix::fs::{CWD, FileType, Mode, OFlags, fstat, openat};
use std::collections::{BTreeMap, BTreeSet};
use std::fs::File;
use std::io::Read;
use std::os::fd::OwnedFd;
use std::path::Path;

/// The most bytes of `review.json`: 20,000 files with paths of 4 KiB, written twice, are within it.
const MAX_TASK_BYTES: u64 = 256 * 1024 * 1024;
/// The most bytes that are read of one file. Exports are limited to 5 MB a file unless the maintainer says otherwise.
pub(super) const MAX_FILE_BYTES: u64 = 64 * 1024 * 1024;

/// Which of the two commits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum Side {
    Head,
    /// The commit that was reviewed before.
    Base,
}

impl Side {
    fn folder(self) -> &'static str {
        match self {
            Self::Head => "head",
            Self::Base => "base",
        }
    }
}

/// Why something could not be read.
#[derive(Debug, thiserror::Error)]
pub(super) enum InputError {
    /// The task is missing, or no task.
    #[error("the task cannot be used: {0}")]
    Task(String),
    /// A file that the task lists cannot be read.
    #[error("a file that the task lists cannot be read: {0}")]
    File(String),
}

/// The task and its files.
#[derive(Debug)]
pub(super) struct Input {
    root: OwnedFd,
    pub(super) task: Task,
    by_path: BTreeMap<String, usize>,
    by_export: BTreeMap<String, usize>,
    pieces: BTreeSet<String>,
}

impl Input {
    /// Opens the folder and reads the task in it.
    ///
    /// # Errors
    /// When there is no task, or one that names files outside the folder.
    pub(super) fn open(folder: &Path) -> Result<Self, InputError> {
        let root = openat(CWD, folder, OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC, Mode::empty())
            .map_err(|error| InputError::Task(format!("the input folder cannot be opened: {error}")))?;
        let text = read_below(&root, "review.json", MAX_TASK_BYTES).map_err(InputError::Task)?;
        let task: Task = serde_json::from_slice(&text).map_err(|error| InputError::Task(error.to_string()))?;
        if task.version != 1 {
            return Err(InputError::Task(format!("its version is {}, and this agent knows version 1", task.version)));
        }
        let mut input =
            Self { root, task, by_path: BTreeMap::new(), by_export: BTreeMap::new(), pieces: BTreeSet::new() };
        for (index, file) in input.task.files.iter().enumerate() {
            if !is_plain(&file.exported_as) || !file.diff.iter().all(|piece| is_plain(piece) && !piece.contains('/')) {
                return Err(InputError::Task(format!("file {} has a path that leaves the input folder", index + 1)));
            }
            input.by_path.insert(file.path.clone(), index);
            input.by_export.insert(file.exported_as.clone(), index);
            input.pieces.extend(file.diff.iter().cloned());
        }
        Ok(input)
    }

    /// The file that goes by this name in the repository, or in the input folder; as it is, or as it was shown.
    pub(super) fn find(&self, path: &str) -> Option<&TaskFile> {
        let known = |path: &str| self.by_path.get(path).or_else(|| self.by_export.get(path)).copied();
        let index = known(path).or_else(|| known(&as_in_file(path)))?;
        self.task.files.get(index)
    }

    /// Whether a file is one of those that are to be judged: of a change those that changed, else all.
    pub(super) fn is_under_review(&self, file: &TaskFile) -> bool {
        self.task.scope == Scope::Full || file.status != FileStatus::Unchanged
    }

    /// How many files are to be judged.
    pub(super) fn under_review(&self) -> usize {
        self.task.files.iter().filter(|file| self.is_under_review(file)).count()
    }

    /// Whether the task names this piece of a diff.
    pub(super) fn has_piece(&self, piece: &str) -> bool {
        self.pieces.contains(piece)
    }

    /// The side on which a file is read when nobody says which.
    pub(super) fn usual_side(file: &TaskFile) -> Side {
        if file.status == FileStatus::Deleted { Side::Base } else { Side::Head }
    }

    /// Whether a file is there on this side.
    pub(super) fn exists(file: &TaskFile, side: Side) -> bool {
        match side {
            Side::Head => file.status != FileStatus::Deleted,
            Side::Base => matches!(file.status, FileStatus::Modified | FileStatus::Deleted),
        }
    }

    /// The bytes of a file that the task lists.
    ///
    /// # Errors
    /// When they cannot be read.
    pub(super) fn read(&self, file: &TaskFile, side: Side) -> Result<Vec<u8>, InputError> {
        let path = format!("{}/{}", side.folder(), file.exported_as);
        read_below(&self.root, &path, MAX_FILE_BYTES).map_err(InputError::File)
    }

    /// The bytes of a piece of a diff that the task lists.
    ///
    /// # Errors
    /// When they cannot be read.
    pub(super) fn read_piece(&self, piece: &str) -> Result<Vec<u8>, InputError> {
        read_below(&self.root, &format!("diff/{piece}"), MAX_FILE_BYTES).map_err(InputError::File)
    }
}

/// Whether a path has only parts that go down.
fn is_plain(path: &str) -> bool {
    !path.contains('\0') && path.split('/').all(|part| !matches!(part, "" | "." | ".."))
}

/// Reads a regular file below `root` without following a link anywhere on the way. The error names no path.
fn read_below(root: &OwnedFd, path: &str, limit: u64) -> Result<Vec<u8>, String> {
    if !is_plain(path) {
        return Err("its path leaves the input folder".to_owned());
    }
    let (folders, name) = path.rsplit_once('/').unwrap_or(("", path));
    let safe = OFlags::RDONLY | OFlags::NOFOLLOW | OFlags::CLOEXEC;
    let mut folder = None;
    for part in folders.split('/').filter(|part| !part.is_empty()) {
        let above = folder.as_ref().unwrap_or(root);
        folder = Some(openat(above, part, safe | OFlags::DIRECTORY, Mode::empty()).map_err(|error| error.to_string())?);
    }
    let above = folder.as_ref().unwrap_or(root);
    // Without NONBLOCK, opening a named pipe waits for somebody to write to it.
    let file = openat(above, name, safe | OFlags::NONBLOCK | OFlags::NOCTTY, Mode::empty())
        .map_err(|error| error.to_string())?;
    let kind = FileType::from_raw_mode(fstat(&file).map_err(|error| error.to_string())?.st_mode);
    if kind != FileType::RegularFile {
        return Err("it is not a regular file".to_owned());
    }
    let mut bytes = Vec::new();
    File::from(file).take(limit + 1).read_to_end(&mut bytes).map_err(|error| error.to_string())?;
    if bytes.len() as u64 > limit {
        return Err(format!("it has more than {limit} bytes"));
    }
    Ok(bytes)
}
