//! Since when the folders of a folder are there, and when each of them changed last.

use super::{GitError, Repository, oid};
use crate::ids::CommitSha;
use git2::{Oid, Tree};
use std::collections::BTreeMap;

/// Commits that are looked at, from the newest on. The largest real registry has 6,000.
const MOST: usize = 100_000;

/// When something came and when it changed last, in seconds since 1970: what the committers of those commits say.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Age {
    /// None where history is cut off before that.
    pub added: Option<i64>,
    /// None where history is cut off before that.
    pub changed: Option<i64>,
}

/// A folder that is still looked for.
struct Wanted {
    name: Vec<u8>,
    id: Oid,
    age: Age,
}

impl Repository {
    /// The ages of the folders in `path`, as the commit has them, by name. Only the first parents are followed: what a merge
    /// brought came with the merge, when it reached everybody.
    ///
    /// # Errors
    /// When the commit or one before it cannot be read.
    pub(crate) fn ages(&self, commit: &CommitSha, path: &str) -> Result<BTreeMap<Vec<u8>, Age>, GitError> {
        let mut id = oid(commit)?;
        let mut ages = BTreeMap::new();
        let Some(mut tree) = self.tree_at(id, path)? else { return Ok(ages) };
        let folders = tree.iter().map(|entry| Wanted {
            name: entry.name_bytes().to_owned(),
            id: entry.id(),
            age: Age::default(),
        });
        let mut wanted: Vec<Wanted> = folders.collect();
        for _ in 0..MOST {
            if wanted.is_empty() {
                break;
            }
            let commit = self.inner.find_commit(id)?;
            let time = commit.time().seconds();
            let parent = match commit.parent_id(0) {
                Ok(parent) if self.inner.find_commit(parent).is_err() && self.is_shallow() => break,
                Ok(parent) => Some(parent),
                // A commit whose parents were not cloned says that it has none.
                Err(_) if self.is_shallow() => break,
                Err(_) => None,
            };
            let before = parent.map(|parent| self.tree_at(parent, path)).transpose()?.flatten();
            let is_same = before.as_ref().is_some_and(|before| before.id() == tree.id());
            if !is_same {
                wanted.retain_mut(|folder| {
                    let was = before.as_ref().and_then(|before| Some(before.get_name_bytes(&folder.name)?.id()));
                    if was != Some(folder.id) && folder.age.changed.is_none() {
                        folder.age.changed = Some(time);
                    }
                    if was.is_none() {
                        folder.age.added = Some(time);
                        ages.insert(std::mem::take(&mut folder.name), folder.age);
                    }
                    was.is_some()
                });
            }
            let (Some(parent), Some(before)) = (parent, before) else { break };
            (id, tree) = (parent, before);
        }
        ages.extend(wanted.into_iter().map(|folder| (folder.name, folder.age)));
        Ok(ages)
    }

    fn tree_at(&self, commit: Oid, path: &str) -> Result<Option<Tree<'_>>, GitError> {
        let Some(root) = self.registry_tree(commit)? else { return Ok(None) };
        match self.entry_at(&root, path.as_bytes())? {
            Some(entry) if entry.kind() == Some(git2::ObjectType::Tree) => Ok(Some(self.inner.find_tree(entry.id())?)),
            _ => Ok(None),
        }
    }
}
