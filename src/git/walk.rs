//! Compares two trees, within limits that a hostile one cannot push.
//!
//! A handful of tree objects that name each other ten times over unfold to more paths than any machine holds, and anybody can
//! put them into a pull request. libgit2's own comparison unfolds them all. This one counts what it looks at, and where that is
//! too much it says of the folder that it changed, and not what in it did.

use super::{GitError, Repository};
use git2::{ObjectType, Oid, Tree};
use std::collections::BTreeMap;

/// Items that are looked at below one folder of the registry, an entry or another one at its root. Real entries have a
/// handful.
const PER_FOLDER: usize = 10_000;
/// Bytes that all that is looked at may take, about: paths, and [`ITEM`] for each item.
const IN_ALL: usize = 64_000_000;
/// Bytes that an item takes beside its path, about.
const ITEM: usize = 64;
/// The longest path that is gone into, in bytes: Linux takes no longer one.
const LONGEST: usize = 4096;

/// What became of a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Status {
    /// Only the later commit has it.
    Added,
    /// Both have it, with another content, mode or kind.
    Modified,
    /// Only the earlier commit has it.
    Deleted,
}

/// What became of a path, and whether it is a folder whose changes were too many to look at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Found {
    pub(super) status: Status,
    pub(super) cut: bool,
}

/// The files, links and submodules that differ, by path.
pub(super) type Differences = BTreeMap<Vec<u8>, Found>;

/// What a tree has under a name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Object {
    id: Oid,
    mode: i32,
    is_folder: bool,
}

/// Two versions of one path.
struct Pair {
    path: Vec<u8>,
    before: Option<Object>,
    after: Option<Object>,
}

/// Compares two trees. Each folder below `shared`, a folder at the root whose items belong to different people, has limits of
/// its own, so that what is in one takes nothing from the others.
pub(super) fn compare(
    git: &Repository,
    before: Option<&Tree<'_>>,
    after: Option<&Tree<'_>>,
    shared: &[u8],
) -> Result<Differences, GitError> {
    let mut walk = Walk { git, left: IN_ALL, found: Differences::new() };
    let mut folders = Vec::new();
    for pair in pairs(b"", objects(before), objects(after)) {
        let is_shared =
            pair.path == shared && [pair.before, pair.after].iter().flatten().all(|object| object.is_folder);
        if is_shared { folders.extend(walk.inside(&pair)?) } else { folders.push(pair) }
    }
    for folder in folders {
        walk.below(folder)?;
    }
    Ok(walk.found)
}

struct Walk<'r> {
    git: &'r Repository,
    /// Bytes that may still be looked at.
    left: usize,
    found: Differences,
}

impl Walk<'_> {
    /// Everything that differs at a path and below it.
    fn below(&mut self, top: Pair) -> Result<(), GitError> {
        let mut limit = PER_FOLDER;
        let mut stack = vec![top];
        while let Some(mut pair) = stack.pop() {
            self.note_leaves(&mut pair);
            if pair.before.is_none() && pair.after.is_none() {
                continue;
            }
            if self.left == 0 || limit == 0 || pair.path.len() > LONGEST {
                self.note(pair.path, Found { status: Status::Modified, cut: true });
                continue;
            }
            let inside = self.inside(&pair)?;
            limit = limit.saturating_sub(inside.len() + 1);
            stack.extend(inside);
        }
        Ok(())
    }

    /// The items of a folder that are not the same in both its versions.
    fn inside(&mut self, folder: &Pair) -> Result<Vec<Pair>, GitError> {
        let tree = |object: Option<Object>| -> Result<Option<Tree<'_>>, GitError> {
            let folder = object.filter(|object| object.is_folder);
            folder.map(|folder| self.git.inner.find_tree(folder.id).map_err(GitError::from)).transpose()
        };
        let (before, after) = (tree(folder.before)?, tree(folder.after)?);
        let items = 1 + [&before, &after].into_iter().flatten().map(Tree::len).sum::<usize>();
        let pairs = pairs(&folder.path, objects(before.as_ref()), objects(after.as_ref()));
        let paths = pairs.iter().map(|pair| ITEM + pair.path.len()).sum::<usize>();
        self.left = self.left.saturating_sub(items * ITEM + paths);
        Ok(pairs)
    }

    /// Notes what is no folder in one version or both, and leaves the folders.
    fn note_leaves(&mut self, pair: &mut Pair) {
        let leaf = |object: &mut Option<Object>| object.take_if(|object| !object.is_folder).is_some();
        let status = match (leaf(&mut pair.before), leaf(&mut pair.after)) {
            (false, false) => return,
            (false, true) => Status::Added,
            (true, true) => Status::Modified,
            (true, false) => Status::Deleted,
        };
        self.note(pair.path.clone(), Found { status, cut: false });
    }

    fn note(&mut self, path: Vec<u8>, found: Found) {
        self.found.insert(path, found);
    }
}

fn objects(tree: Option<&Tree<'_>>) -> BTreeMap<Vec<u8>, Object> {
    let items = tree.into_iter().flat_map(Tree::iter);
    let object = |entry: git2::TreeEntry<'_>| {
        let is_folder = entry.kind() == Some(ObjectType::Tree);
        (entry.name_bytes().to_owned(), Object { id: entry.id(), mode: entry.filemode_raw(), is_folder })
    };
    items.map(object).collect()
}

/// What is not the same on both sides, by path.
fn pairs(folder: &[u8], before: BTreeMap<Vec<u8>, Object>, mut after: BTreeMap<Vec<u8>, Object>) -> Vec<Pair> {
    let path = |name: &[u8]| if folder.is_empty() { name.to_owned() } else { [folder, b"/", name].concat() };
    let same = |one: Object, other: Object| one.id == other.id && (one.mode == other.mode || one.is_folder);
    let mut pairs = Vec::new();
    for (name, old) in before {
        let new = after.remove(&name);
        if !new.is_some_and(|new| same(old, new)) {
            pairs.push(Pair { path: path(&name), before: Some(old), after: new });
        }
    }
    pairs.extend(after.into_iter().map(|(name, new)| Pair { path: path(&name), before: None, after: Some(new) }));
    pairs
}
