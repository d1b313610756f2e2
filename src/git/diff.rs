//! What lies between two commits.

use super::walk::{self, Found, Status};
use super::{GitError, Repository, oid, sha};
use crate::ids::CommitSha;
use git2::{ErrorCode, Oid, Tree};
use std::collections::BTreeMap;

/// A path relative to the registry's root, with `/`.
type PathBytes = Vec<u8>;

/// A file, link or submodule that differs.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct FileDelta {
    /// Relative to the registry's root, with `/`.
    pub(crate) path: PathBytes,
    pub(crate) status: Status,
}

/// What stands at a path: the object and its mode; none for nothing.
type Version = Option<(Oid, i32)>;

impl Repository {
    /// The best common ancestors of two commits: one, or several where branches were merged into each other crosswise.
    /// Sorted.
    ///
    /// # Errors
    /// When there is none, or history cannot be read.
    pub(crate) fn merge_bases(&self, base: &CommitSha, head: &CommitSha) -> Result<Vec<CommitSha>, GitError> {
        let none = || GitError::NoMergeBase { base: base.clone(), head: head.clone(), shallow: self.is_shallow() };
        let found = self.inner.merge_bases(oid(base)?, oid(head)?).map_err(|error| match error.code() {
            ErrorCode::NotFound => none(),
            _ => error.into(),
        })?;
        let mut bases = found.iter().map(|id| sha(*id)).collect::<Result<Vec<_>, _>>()?;
        bases.sort();
        if bases.is_empty() { Err(none()) } else { Ok(bases) }
    }

    /// The files that `head` changed since `bases`, the merge bases of it and another commit, sorted by path. Renames are not
    /// looked for: they are a deletion and an addition. Of a folder that has more changes than anybody makes (10,000, or
    /// paths of more than 4096 bytes) only the folder itself is named, as modified; those below `shared` each have their
    /// own limit.
    ///
    /// With several merge bases a file counts as changed when it is not what merging those bases gives. Where they
    /// conflict over a file, it counts as changed: rather judge once too often than not at all.
    ///
    /// # Errors
    /// When history cannot be read.
    pub(crate) fn changed_files(
        &self,
        bases: &[CommitSha],
        head: &CommitSha,
        shared: &[u8],
    ) -> Result<Vec<FileDelta>, GitError> {
        let head = self.registry_tree(oid(head)?)?;
        let ids = bases.iter().map(oid).collect::<Result<Vec<_>, _>>()?;
        let trees = ids.iter().map(|id| self.registry_tree(*id)).collect::<Result<Vec<_>, _>>()?;
        let mut found: BTreeMap<PathBytes, (Found, usize)> = BTreeMap::new();
        for tree in &trees {
            for (path, difference) in walk::compare(self, tree.as_ref(), head.as_ref(), shared)? {
                let (known, times) = found.entry(path).or_insert((difference, 0));
                known.cut |= difference.cut;
                *times += 1;
            }
        }
        let origin = match ids.as_slice() {
            [] | [_] => None,
            many => self.inner.merge_base_octopus(many).ok(),
        };
        let origin = origin.map(|id| self.registry_tree(id)).transpose()?;
        let mut deltas = Vec::with_capacity(found.len());
        for (path, (Found { status, cut }, times)) in found {
            let everywhere = times == trees.len();
            if everywhere || cut || self.differs_from_merged(&path, head.as_ref(), &trees, origin.as_ref())? {
                deltas.push(FileDelta { path, status });
            }
        }
        Ok(deltas)
    }

    /// Whether `head` has something else at `path` than a merge of `bases`, whose own common ancestor is `origin`.
    fn differs_from_merged(
        &self,
        path: &[u8],
        head: Option<&Tree<'_>>,
        bases: &[Option<Tree<'_>>],
        origin: Option<&Option<Tree<'_>>>,
    ) -> Result<bool, GitError> {
        let Some(origin) = origin else { return Ok(true) };
        let origin = self.version(origin.as_ref(), path)?;
        let mut merged = origin;
        for base in bases {
            let version = self.version(base.as_ref(), path)?;
            if version != origin {
                if merged != origin && merged != version {
                    return Ok(true);
                }
                merged = version;
            }
        }
        Ok(self.version(head, path)? != merged)
    }

    fn version(&self, tree: Option<&Tree<'_>>, path: &[u8]) -> Result<Version, GitError> {
        let Some(tree) = tree else { return Ok(None) };
        // A folder where the other commit has a file: for the file's path that is as good as nothing.
        let entry = self.entry_at(tree, path)?;
        Ok(entry.filter(|entry| entry.kind() != Some(git2::ObjectType::Tree)).map(|e| (e.id(), e.filemode_raw())))
    }
}
