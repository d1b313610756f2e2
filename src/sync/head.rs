//! Whether a commit on a branch is a program's own.
//!
//! Names, messages and texts can be written by everybody who may push. So a commit is ours only if its content is what we
//! would make: its single parent is on the base, and its tree is that of the parent with our one change, to the last id. Then
//! nothing is lost and nothing is published that is not ours, whoever pushed it.

use crate::git::ids::{self, Item};
use crate::github::GithubError;
use crate::github::registry::{FileContent, Registry, TreeItem};
use crate::ids::CommitSha;
use std::collections::HashMap;
use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};
use tokio::sync::OnceCell;

/// How often the base may have been merged into a branch of ours ("Update branch") and it still is followed.
const MAX_MERGES: usize = 8;

/// The branch that pull requests go to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Base {
    pub(crate) name: String,
    /// Its commit when the run began.
    pub(crate) commit: CommitSha,
    /// The tree of that commit.
    pub(crate) tree: String,
}

/// A commit that is ours.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Head<S> {
    pub(crate) step: S,
    /// Whether somebody merged the base into it since. Then it is ours, and not one commit on the base any more.
    pub(crate) merged: bool,
}

/// How a program's commits look.
pub(crate) trait Shape {
    /// What one of them does.
    type Step;

    /// The one file that is changed, from the repository's root.
    fn path(&self) -> String;

    /// What a commit claims to do, by its message.
    fn step(&self, message: &str) -> Option<Self::Step>;

    /// The text of the file after a step; none when the step cannot be done there.
    fn rewrite(&self, step: &Self::Step, text: &str) -> Option<String>;
}

/// Looks at heads. What commits share is asked once.
pub(crate) struct Heads<'a> {
    registry: &'a Registry,
    base: &'a Base,
    /// The trees of commits that are on the base; none for others.
    trunk: Memo<Option<String>>,
    trees: Memo<Arc<Vec<Item>>>,
    files: Memo<Option<Arc<str>>>,
}

/// What was asked, by id.
struct Memo<V>(Mutex<HashMap<String, Arc<OnceCell<V>>>>);

impl<V: Clone> Memo<V> {
    fn new() -> Self {
        Self(Mutex::default())
    }

    async fn get(&self, id: &str, ask: impl Future<Output = Result<V, GithubError>>) -> Result<V, GithubError> {
        let cell = self.0.lock().unwrap_or_else(PoisonError::into_inner).entry(id.to_owned()).or_default().clone();
        cell.get_or_try_init(|| ask).await.cloned()
    }
}

impl fmt::Debug for Heads<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Heads").field("base", self.base).finish_non_exhaustive()
    }
}

impl<'a> Heads<'a> {
    /// Those of branches for this base.
    #[must_use]
    pub(crate) fn new(registry: &'a Registry, base: &'a Base) -> Self {
        Self { registry, base, trunk: Memo::new(), trees: Memo::new(), files: Memo::new() }
    }

    /// What a commit does, if it is one of this shape; none for everybody else's.
    ///
    /// # Errors
    /// When GitHub does not say.
    pub(crate) async fn look<S: Shape>(
        &self,
        commit: &CommitSha,
        shape: &S,
    ) -> Result<Option<Head<S::Step>>, GithubError> {
        let (mut id, mut merges) = (commit.clone(), Vec::new());
        for _ in 0..=MAX_MERGES {
            let Some(object) = self.registry.commit(&id).await? else { return Ok(None) };
            match object.parents.as_slice() {
                [parent] => {
                    let Some(step) = shape.step(&object.message) else { return Ok(None) };
                    merges.push((parent.clone(), object.tree));
                    for (parent, tree) in &merges {
                        if self.tree(parent, shape, &step).await?.as_ref() != Some(tree) {
                            return Ok(None);
                        }
                    }
                    return Ok(Some(Head { step, merged: merges.len() > 1 }));
                }
                [ours, theirs] => {
                    merges.push((theirs.clone(), object.tree));
                    id = ours.clone();
                }
                _ => return Ok(None),
            }
        }
        Ok(None)
    }

    /// The tree that a step makes on this commit, if that is on the base and the step can be done there.
    async fn tree<S: Shape>(&self, on: &CommitSha, shape: &S, step: &S::Step) -> Result<Option<String>, GithubError> {
        let Some(root) = self.trunk.get(on.as_str(), self.tree_of(on)).await? else { return Ok(None) };
        let path = shape.path();
        let names: Vec<&str> = path.split('/').collect();
        let mut folders: Vec<(Vec<Item>, usize)> = Vec::new();
        let mut id = root;
        for (depth, name) in names.iter().enumerate() {
            let items = self.trees.get(&id, self.items(&id)).await?;
            let is_file = depth + 1 == names.len();
            let fits = |item: &Item| item.name == *name && (item.mode.trim_start_matches('0') == "40000") != is_file;
            let Some(at) = items.iter().position(fits) else { return Ok(None) };
            id = items.get(at).map(|item| item.id.clone()).unwrap_or_default();
            folders.push((items.to_vec(), at));
        }
        let text = self.files.get(&id, self.text(&path, on)).await?;
        let after = text.and_then(|text| shape.rewrite(step, &text));
        let Some(mut made) = after.and_then(|after| ids::of_file(after.as_bytes())) else { return Ok(None) };
        let mut mode = Some("100644");
        for (mut items, at) in folders.into_iter().rev() {
            let Some(item) = items.get_mut(at) else { return Ok(None) };
            item.id = made;
            if let Some(mode) = mode.take() {
                mode.clone_into(&mut item.mode);
            }
            match ids::of_tree(&items) {
                Some(id) => made = id,
                None => return Ok(None),
            }
        }
        Ok(Some(made))
    }

    async fn tree_of(&self, commit: &CommitSha) -> Result<Option<String>, GithubError> {
        if *commit == self.base.commit {
            return Ok(Some(self.base.tree.clone()));
        }
        if !self.registry.contains(&self.base.commit, commit).await? {
            return Ok(None);
        }
        Ok(self.registry.commit(commit).await?.map(|object| object.tree))
    }

    async fn items(&self, tree: &str) -> Result<Arc<Vec<Item>>, GithubError> {
        let items = self.registry.tree(tree).await?.into_iter();
        Ok(Arc::new(items.map(|TreeItem { path: name, mode, sha }| Item { name, mode, id: sha.to_string() }).collect()))
    }

    async fn text(&self, path: &str, at: &CommitSha) -> Result<Option<Arc<str>>, GithubError> {
        Ok(match self.registry.file(path, at, crate::document::limits::MAX_BYTES).await? {
            FileContent::Bytes(bytes) => String::from_utf8(bytes).ok().map(Arc::from),
            FileContent::Missing | FileContent::NoFile | FileContent::TooLarge => None,
        })
    }
}
