//! The registry as Git has it: what a range changed, and entries and policy as they were at a commit.
//!
//! Everything is read from the object database, never from the work tree: CI checks out a merge that nobody wrote, and
//! a laptop has edits that nobody committed. So `--diff` gives the same answer wherever it runs.

use crate::changes::{self, ChangeKind, Changes, EntryName, FileChange, Range, RawPath};
use crate::document::limits::MAX_BYTES;
use crate::entry::load::{content_of, is_misplaced, is_stray, text_of};
use crate::entry::{A_FILE, Content, Entry, EntryFile, MANIFEST, README, SERVERS, TOOLS, Unreadable};
use crate::error::CommandError;
pub use crate::git::Age;
use crate::git::{Blob, GitError, Item, Kind, Repository, Status};
use crate::ids::CommitSha;
use crate::policy::POLICY;
use rayon::prelude::*;
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::sync::Arc;

/// The history of a registry.
#[derive(Debug)]
pub struct History {
    repository: Repository,
}

/// A range, looked up and compared.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Comparison {
    /// The commit that the range calls base. Its policy counts.
    pub base: CommitSha,
    /// The commit that the range calls head. Its entries are judged.
    pub head: CommitSha,
    /// Where head left base; several after criss-cross merges.
    pub merge_bases: Vec<CommitSha>,
    pub changes: Changes,
}

impl History {
    /// The history that a registry's root is part of. The root may be a folder of a larger repository.
    ///
    /// # Errors
    /// When it is in no repository, or that cannot be read.
    pub fn open(root: &Path) -> Result<Self, CommandError> {
        Ok(Self { repository: Repository::discover(root).map_err(failure)? })
    }

    /// The commit that is checked out; none where there is none yet.
    pub(crate) fn checked_out(&self) -> Option<CommitSha> {
        self.repository.resolve("HEAD").ok()
    }

    /// Looks up a range and says what it changed.
    ///
    /// # Errors
    /// When a revision names no commit here, the two have no commit in common, or history cannot be read.
    pub fn compare(&self, range: &Range) -> Result<Comparison, CommandError> {
        let git = &self.repository;
        let base = git.resolve(range.base.as_str()).map_err(failure)?;
        let head = git.resolve(range.head.as_str()).map_err(failure)?;
        let merge_bases = git.merge_bases(&base, &head).map_err(failure)?;
        let files = git.changed_files(&merge_bases, &head, SERVERS.as_bytes()).map_err(failure)?;
        let files = files.into_iter().map(|delta| FileChange {
            path: RawPath::new(delta.path),
            kind: match delta.status {
                Status::Added => ChangeKind::Added,
                Status::Modified => ChangeKind::Modified,
                Status::Deleted => ChangeKind::Deleted,
            },
        });
        let mut before = BTreeSet::new();
        for merge_base in &merge_bases {
            before.extend(self.names_at(merge_base)?);
        }
        let after = self.names_at(&head)?;
        let changes = changes::entries(&before, &after, files.collect());
        Ok(Comparison { base, head, merge_bases, changes })
    }

    /// Checks that there is a registry at a commit. Where `servers` is something else than a folder there are no entries,
    /// and so nothing to find wrong.
    ///
    /// # Errors
    /// When there is none, or the commit cannot be read.
    pub(crate) fn check_registry(&self, commit: &CommitSha) -> Result<(), CommandError> {
        let what = match self.repository.kind_at(commit, SERVERS).map_err(failure)? {
            Some(Kind::Folder) => return Ok(()),
            None => "is missing",
            Some(Kind::Symlink) => "is a symbolic link",
            Some(Kind::Submodule) => "is a Git submodule",
            Some(Kind::File) => "is a file",
        };
        let error = CommandError::usage(format!("at {} `{SERVERS}` {what}: there is no registry", commit.short()));
        Err(error.hint(format!(
            "entries are the folders in the folder `{SERVERS}`: put it back, or name the registry's root with `--root`"
        )))
    }

    /// The names of the entries at a commit.
    ///
    /// # Errors
    /// When it cannot be read.
    pub(crate) fn names_at(&self, commit: &CommitSha) -> Result<BTreeSet<EntryName>, CommandError> {
        Ok(self.folders_at(commit)?.into_iter().map(|item| RawPath::new(item.name)).collect())
    }

    /// All entries as they were at a commit, sorted by folder name.
    ///
    /// # Errors
    /// When it cannot be read.
    pub fn load_all_at(&self, commit: &CommitSha) -> Result<Vec<Entry>, CommandError> {
        let folders = self.folders_at(commit)?;
        let location = self.repository.location();
        folders
            .par_iter()
            // A handle serves one thread at a time, and opening one costs as much as reading a few entries.
            .with_min_len(32)
            .map_init(|| location.open(), |handle, folder| read_entry(handle.as_ref().map_err(Clone::clone)?, folder))
            .collect::<Result<_, _>>()
            .map_err(failure)
    }

    /// The registry at a commit, for those who want some of its entries.
    ///
    /// # Errors
    /// When it cannot be read.
    pub fn at(&self, commit: &CommitSha) -> Result<At<'_>, CommandError> {
        let folders = self.folders_at(commit)?.into_iter().map(|item| (RawPath::new(item.name.clone()), item));
        Ok(At { repository: &self.repository, folders: folders.collect() })
    }

    /// Since when each entry is there, and when it changed last, by folder name. Where history is cut off, what lies before
    /// that is not known.
    ///
    /// # Errors
    /// When history cannot be read.
    pub(crate) fn ages(&self, commit: &CommitSha) -> Result<BTreeMap<String, Age>, CommandError> {
        let ages = self.repository.ages(commit, SERVERS).map_err(failure)?;
        Ok(ages.into_iter().filter_map(|(name, age)| Some((String::from_utf8(name).ok()?, age))).collect())
    }

    /// Whether history is cut off: a clone with `--depth`.
    pub(crate) fn is_shallow(&self) -> bool {
        self.repository.is_shallow()
    }

    /// The text of `mcp-registry.toml` at a commit; none when there was none.
    ///
    /// # Errors
    /// When it cannot be read, or is not a text of at most [`MAX_BYTES`] bytes.
    pub fn policy_at(&self, commit: &CommitSha) -> Result<Option<Arc<str>>, CommandError> {
        match file_of(self.repository.read_blob(commit, POLICY, MAX_BYTES).map_err(failure)?) {
            Ok(text) => Ok(text),
            Err(problem) => Err(CommandError::usage(format!("`{POLICY}` at {} {problem}", commit.short()))),
        }
    }

    /// What counts as an entry on disk counts here: folders, and what is there to be refused. A submodule is a folder on
    /// disk.
    fn folders_at(&self, commit: &CommitSha) -> Result<Vec<Item>, CommandError> {
        let mut items = self.repository.folder(commit, SERVERS).map_err(failure)?.unwrap_or_default();
        items.retain(|item| item.kind != Kind::File || is_misplaced(&item.name));
        Ok(items)
    }
}

/// A registry at a commit: its entries are listed once, and each is read when it is asked for.
#[derive(Debug)]
pub struct At<'h> {
    repository: &'h Repository,
    folders: BTreeMap<EntryName, Item>,
}

impl At<'_> {
    /// One entry; none when there was none of that name.
    ///
    /// # Errors
    /// When it cannot be read.
    pub fn load(&self, name: &EntryName) -> Result<Option<Entry>, CommandError> {
        let folder = self.folders.get(name);
        folder.map(|folder| read_entry(self.repository, folder)).transpose().map_err(failure)
    }
}

/// Reads an entry as [`crate::entry::load::load`] does from disk, with the same words for the same problems.
fn read_entry(git: &Repository, folder: &Item) -> Result<Entry, GitError> {
    let shown = RawPath::new(folder.name.clone()).shown();
    let folder_problem = if std::str::from_utf8(&folder.name).is_err() {
        Some("its name is not UTF-8".to_owned())
    } else {
        match folder.kind {
            Kind::Symlink => Some("it is a symbolic link".to_owned()),
            Kind::Submodule => Some("it is a Git submodule".to_owned()),
            Kind::File => Some(A_FILE.to_owned()),
            Kind::Folder => None,
        }
    };
    let items = if folder_problem.is_some() { Vec::new() } else { git.children(folder)? };
    let file = |name: &str| -> Result<EntryFile, GitError> {
        let path = format!("{SERVERS}/{shown}/{name}").into();
        let blob = match items.iter().find(|item| item.name == name.as_bytes()) {
            Some(item) => git.read(item, MAX_BYTES)?,
            None => Blob::Absent,
        };
        let content = match file_of(blob) {
            Ok(Some(text)) => content_of(name, text),
            Ok(None) => Content::Absent,
            Err(problem) => Content::Unreadable(problem),
        };
        Ok(EntryFile { path, content })
    };
    let readme = items
        .iter()
        .filter_map(|item| std::str::from_utf8(&item.name).ok())
        .filter(|name| name.eq_ignore_ascii_case(README))
        .max()
        .unwrap_or(README);
    let (manifest, tools, readme) = (file(MANIFEST)?, file(TOOLS)?, file(readme)?);
    let name_of = |item: &Item| std::str::from_utf8(&item.name).ok().map(ToOwned::to_owned);
    let mut strays: Vec<String> = items.iter().filter_map(name_of).filter(|name| is_stray(name)).collect();
    if !manifest.exists() {
        for below in items.iter().filter(|item| item.kind == Kind::Folder) {
            let has =
                git.children(below)?.iter().any(|item| item.name == MANIFEST.as_bytes() && item.kind == Kind::File);
            strays.extend(name_of(below).filter(|_| has).map(|name| format!("{name}/{MANIFEST}")));
        }
    }
    strays.sort();
    let mut entry = Entry::from_files(shown.clone(), folder_problem, manifest, tools, readme);
    entry.strays = strays;
    Ok(entry)
}

fn file_of(blob: Blob) -> Result<Option<Arc<str>>, Unreadable> {
    match blob {
        Blob::Absent => Ok(None),
        Blob::Symlink => Err(Unreadable::Symlink),
        Blob::NotAFile => Err(Unreadable::NotAFile),
        Blob::TooLarge => Err(Unreadable::TooLarge),
        Blob::Bytes(bytes) => text_of(bytes).map(Some),
    }
}

/// A wrong name or place is the caller's mistake; everything else is work that could not be done.
fn failure(error: GitError) -> CommandError {
    let message = error.to_string();
    let failure = match &error {
        GitError::NotARepository(_)
        | GitError::UnknownRevision { .. }
        | GitError::Ambiguous(_)
        | GitError::NotACommit(_) => CommandError::usage(message),
        _ => CommandError::unfinished(message),
    };
    match error.hint() {
        Some(hint) => failure.hint(hint),
        None => failure,
    }
}
