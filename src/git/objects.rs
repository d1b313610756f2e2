//! Folders and files of a commit, read from the object database.

use super::{GitError, Repository, oid};
use crate::ids::CommitSha;
use git2::{ObjectType, Oid, Tree, TreeEntry};

/// What an item of a folder is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    /// A file, executable or not.
    File,
    Symlink,
    /// A commit of another repository.
    Submodule,
    Folder,
}

/// One item of a folder. Its object has not been read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Item {
    /// Its name: bytes without `/`, not empty, neither `.` nor `..`.
    pub(crate) name: Vec<u8>,
    pub(crate) kind: Kind,
    id: Oid,
}

/// What was found where a file should be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Blob {
    Absent,
    /// A symbolic link; it is not followed.
    Symlink,
    /// A folder or a submodule.
    NotAFile,
    /// A file with more bytes than asked for. It was not read.
    TooLarge,
    Bytes(Vec<u8>),
}

impl Repository {
    /// The items of a folder at a commit, sorted by name; none when there is no folder of that path. The path is relative
    /// to the registry's root.
    ///
    /// # Errors
    /// When the commit cannot be read.
    pub(crate) fn folder(&self, commit: &CommitSha, path: &str) -> Result<Option<Vec<Item>>, GitError> {
        let Some(root) = self.registry_tree(oid(commit)?)? else { return Ok(None) };
        match self.entry_at(&root, path.as_bytes())? {
            Some(entry) if entry.kind() == Some(ObjectType::Tree) => {
                items(&self.inner.find_tree(entry.id())?).map(Some)
            }
            _ => Ok(None),
        }
    }

    /// What stands at a path at a commit; none when nothing does. The path is relative to the registry's root.
    ///
    /// # Errors
    /// When the commit cannot be read.
    pub(crate) fn kind_at(&self, commit: &CommitSha, path: &str) -> Result<Option<Kind>, GitError> {
        let Some(root) = self.registry_tree(oid(commit)?)? else { return Ok(None) };
        let found = self.entry_at(&root, path.as_bytes())?;
        found.map(|entry| item(&entry).map(|item| item.kind)).transpose()
    }

    /// The items of a folder that was listed; empty when it is no folder.
    ///
    /// # Errors
    /// When it cannot be read.
    pub(crate) fn children(&self, folder: &Item) -> Result<Vec<Item>, GitError> {
        if folder.kind != Kind::Folder {
            return Ok(Vec::new());
        }
        let tree = self.inner.find_tree(folder.id).map_err(|error| match GitError::from(error) {
            GitError::Damaged(why) => GitError::Damaged(format!("{:?}: {why}", String::from_utf8_lossy(&folder.name))),
            other => other,
        })?;
        items(&tree)
    }

    /// What an item that was listed holds, if that is at most `limit` bytes.
    ///
    /// # Errors
    /// When it cannot be read.
    pub(crate) fn read(&self, item: &Item, limit: usize) -> Result<Blob, GitError> {
        match item.kind {
            Kind::Symlink => return Ok(Blob::Symlink),
            Kind::Submodule | Kind::Folder => return Ok(Blob::NotAFile),
            Kind::File => {}
        }
        let objects = self.inner.odb()?;
        // The header says the length, so that an object that unpacks to a gigabyte is never unpacked.
        let (length, _) = objects.read_header(item.id)?;
        if length > limit {
            return Ok(Blob::TooLarge);
        }
        Ok(Blob::Bytes(objects.read(item.id)?.data().to_owned()))
    }

    /// What stands at a path at a commit, if that is at most `limit` bytes. The path is relative to the registry's root.
    ///
    /// # Errors
    /// When the commit or the file cannot be read.
    pub(crate) fn read_blob(&self, commit: &CommitSha, path: &str, limit: usize) -> Result<Blob, GitError> {
        let Some(root) = self.registry_tree(oid(commit)?)? else { return Ok(Blob::Absent) };
        match self.entry_at(&root, path.as_bytes())? {
            Some(entry) => self.read(&item(&entry)?, limit),
            None => Ok(Blob::Absent),
        }
    }

    /// The folder at a commit that is the registry's root; none when the commit has no such folder.
    pub(super) fn registry_tree(&self, commit: Oid) -> Result<Option<Tree<'_>>, GitError> {
        let top = self.inner.find_commit(commit)?.tree()?;
        if self.location.prefix.is_empty() {
            return Ok(Some(top));
        }
        match self.entry_at(&top, &self.location.prefix)? {
            Some(entry) if entry.kind() == Some(ObjectType::Tree) => Ok(Some(self.inner.find_tree(entry.id())?)),
            _ => Ok(None),
        }
    }

    /// The entry of a tree at a path of any bytes.
    pub(super) fn entry_at(&self, tree: &Tree<'_>, path: &[u8]) -> Result<Option<TreeEntry<'static>>, GitError> {
        let mut names = path.split(|byte| *byte == b'/');
        let Some(first) = names.next() else { return Ok(None) };
        let mut found = tree.get_name_bytes(first).map(|entry| entry.to_owned());
        for name in names {
            let Some(entry) = found else { return Ok(None) };
            if entry.kind() != Some(ObjectType::Tree) {
                return Ok(None);
            }
            found = self.inner.find_tree(entry.id())?.get_name_bytes(name).map(|entry| entry.to_owned());
        }
        Ok(found)
    }
}

fn items(tree: &Tree<'_>) -> Result<Vec<Item>, GitError> {
    let mut items = tree.iter().map(|entry| item(&entry)).collect::<Result<Vec<_>, _>>()?;
    items.sort_by(|a, b| a.name.cmp(&b.name));
    Ok(items)
}

fn item(entry: &TreeEntry<'_>) -> Result<Item, GitError> {
    let name = entry.name_bytes();
    // Git itself refuses to make or take such trees, and would not write them to disk; libgit2 reads them.
    if matches!(name, b"" | b"." | b"..") || name.contains(&b'/') {
        let shown = String::from_utf8_lossy(name);
        return Err(GitError::Damaged(format!("a folder in this history has an item named {shown:?}")));
    }
    let kind = match (entry.kind(), entry.filemode_raw()) {
        (Some(ObjectType::Tree), _) => Kind::Folder,
        (Some(ObjectType::Commit), _) => Kind::Submodule,
        (_, LINK) => Kind::Symlink,
        _ => Kind::File,
    };
    Ok(Item { name: name.to_owned(), kind, id: entry.id() })
}

/// The mode of a symbolic link in a tree, as libgit2 and Git define it.
const LINK: i32 = 0o120_000;
