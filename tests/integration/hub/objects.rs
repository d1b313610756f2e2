//! Git's objects, with the ids that Git gives them. They are in one store, as those of a repository and its forks are.

use git2::{ObjectType, Oid};
use std::collections::{BTreeMap, BTreeSet};

/// The mode of a file.
pub(crate) const FILE: &str = "100644";
/// The mode of a folder, as GitHub writes it; Git itself leaves out the zero.
pub(crate) const FOLDER: &str = "040000";

/// An entry of a folder.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Item {
    pub(crate) mode: String,
    pub(crate) id: String,
}

impl Item {
    pub(crate) fn kind(&self) -> &'static str {
        match self.mode.as_str() {
            FOLDER => "tree",
            "160000" => "commit",
            _ => "blob",
        }
    }
}

/// A folder: what is under each name.
pub(crate) type Tree = BTreeMap<String, Item>;

/// Who made a commit, and when.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Signature {
    pub(crate) name: String,
    pub(crate) email: String,
    /// Seconds since 1970.
    pub(crate) time: i64,
}

/// A commit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Commit {
    pub(crate) tree: String,
    pub(crate) parents: Vec<String>,
    pub(crate) author: Signature,
    pub(crate) committer: Signature,
    pub(crate) message: String,
    /// Whether GitHub signed it: not part of its id here.
    pub(crate) verified: bool,
}

/// Every object.
#[derive(Debug, Clone, Default)]
pub(crate) struct Objects {
    pub(crate) blobs: BTreeMap<String, Vec<u8>>,
    pub(crate) trees: BTreeMap<String, Tree>,
    pub(crate) commits: BTreeMap<String, Commit>,
}

fn id(kind: ObjectType, data: &[u8]) -> String {
    Oid::hash_object(kind, data).unwrap().to_string()
}

fn tree_bytes(tree: &Tree) -> Vec<u8> {
    // Git sorts folders as if their names ended with a slash.
    let mut items: Vec<(String, &String, &Item)> = tree
        .iter()
        .map(|(name, item)| (format!("{name}{}", if item.mode == FOLDER { "/" } else { "" }), name, item))
        .collect();
    items.sort_by(|one, other| one.0.cmp(&other.0));
    let mut data = Vec::new();
    for (_, name, item) in items {
        data.extend_from_slice(format!("{} {name}\0", item.mode.trim_start_matches('0')).as_bytes());
        data.extend_from_slice(Oid::from_str(&item.id).unwrap().as_bytes());
    }
    data
}

fn commit_text(commit: &Commit) -> String {
    let mut text = format!("tree {}\n", commit.tree);
    for parent in &commit.parents {
        text.push_str(&format!("parent {parent}\n"));
    }
    for (role, who) in [("author", &commit.author), ("committer", &commit.committer)] {
        text.push_str(&format!("{role} {} <{}> {} +0000\n", who.name, who.email, who.time));
    }
    text.push_str(&format!("\n{}", commit.message));
    text
}

impl Objects {
    pub(crate) fn blob(&mut self, content: impl Into<Vec<u8>>) -> String {
        let content = content.into();
        let id = id(ObjectType::Blob, &content);
        self.blobs.insert(id.clone(), content);
        id
    }

    pub(crate) fn tree(&mut self, tree: Tree) -> String {
        let id = id(ObjectType::Tree, &tree_bytes(&tree));
        self.trees.insert(id.clone(), tree);
        id
    }

    pub(crate) fn commit(&mut self, commit: Commit) -> String {
        let id = id(ObjectType::Commit, commit_text(&commit).as_bytes());
        self.commits.insert(id.clone(), commit);
        id
    }

    /// Puts everything into a repository on disk, as a fetch of all branches does.
    pub(crate) fn store(&self, repository: &git2::Repository) {
        let odb = repository.odb().unwrap();
        let write = |id: &String, kind, bytes: &dyn Fn() -> Vec<u8>| {
            if !odb.exists(Oid::from_str(id).unwrap()) {
                odb.write(kind, &bytes()).unwrap();
            }
        };
        self.blobs.iter().for_each(|(id, blob)| write(id, ObjectType::Blob, &|| blob.clone()));
        self.trees.iter().for_each(|(id, tree)| write(id, ObjectType::Tree, &|| tree_bytes(tree)));
        let commit = |(id, commit)| write(id, ObjectType::Commit, &|| commit_text(commit).into_bytes());
        self.commits.iter().for_each(commit);
    }

    /// Whether there is an object of any kind.
    pub(crate) fn has(&self, id: &str) -> bool {
        self.blobs.contains_key(id) || self.trees.contains_key(id) || self.commits.contains_key(id)
    }

    /// The folder with something else at a path: nothing removes what is there. The folders above it are made, and those
    /// that become empty are not kept.
    pub(crate) fn with(&mut self, tree: &Tree, path: &str, item: Option<Item>) -> Tree {
        let mut tree = tree.clone();
        match path.split_once('/') {
            None => match item {
                Some(item) => drop(tree.insert(path.to_owned(), item)),
                None => drop(tree.remove(path)),
            },
            Some((folder, rest)) => {
                let below = tree.get(folder).filter(|item| item.mode == FOLDER);
                let below = below.and_then(|item| self.trees.get(&item.id)).cloned().unwrap_or_default();
                let below = self.with(&below, rest, item);
                if below.is_empty() {
                    tree.remove(folder);
                } else {
                    let id = self.tree(below);
                    tree.insert(folder.to_owned(), Item { mode: FOLDER.to_owned(), id });
                }
            }
        }
        tree
    }

    /// The id of the folder with these files written into it; no content removes one.
    pub(crate) fn write(&mut self, tree: &str, files: &[(&str, Option<&str>)]) -> String {
        let mut tree = self.trees.get(tree).cloned().unwrap_or_default();
        for (path, content) in files {
            let item = content.map(|content| Item { mode: FILE.to_owned(), id: self.blob(content) });
            tree = self.with(&tree, path, item);
        }
        self.tree(tree)
    }

    /// What is at a path; the empty path is the folder itself.
    pub(crate) fn at(&self, tree: &str, path: &str) -> Option<Item> {
        let mut item = Item { mode: FOLDER.to_owned(), id: tree.to_owned() };
        for name in path.split('/').filter(|name| !name.is_empty()) {
            item = self.trees.get(&item.id)?.get(name)?.clone();
        }
        Some(item)
    }

    /// Every path below a folder, folders too.
    pub(crate) fn walk(&self, tree: &str) -> BTreeMap<String, Item> {
        let mut found = BTreeMap::new();
        for (name, item) in self.trees.get(tree).into_iter().flatten() {
            if item.mode == FOLDER {
                let below = self.walk(&item.id);
                found.extend(below.into_iter().map(|(path, item)| (format!("{name}/{path}"), item)));
            }
            found.insert(name.clone(), item.clone());
        }
        found
    }

    /// The files that are not the same in two folders, with what they are in each.
    pub(crate) fn differences(&self, old: &str, new: &str) -> Vec<(String, Option<Item>, Option<Item>)> {
        let (old, new) = (self.walk(old), self.walk(new));
        let paths: BTreeSet<&String> = old.keys().chain(new.keys()).collect();
        let different = |path: &&String| old.get(*path) != new.get(*path);
        let side = |side: &BTreeMap<String, Item>, path: &String| side.get(path).filter(|i| i.mode != FOLDER).cloned();
        let items = paths.into_iter().filter(different).map(|path| (path.clone(), side(&old, path), side(&new, path)));
        items.filter(|(_, old, new)| old.is_some() || new.is_some()).collect()
    }

    /// A commit and everything before it.
    pub(crate) fn history(&self, commit: &str) -> BTreeSet<String> {
        let mut found = BTreeSet::new();
        let mut open = vec![commit.to_owned()];
        while let Some(commit) = open.pop() {
            if let Some(parents) = self.commits.get(&commit).map(|commit| commit.parents.clone())
                && found.insert(commit)
            {
                open.extend(parents);
            }
        }
        found
    }

    /// The commits that `head` has and `base` has not, oldest first.
    pub(crate) fn between(&self, base: &str, head: &str) -> Vec<String> {
        let mut ahead = self.history(head);
        for known in self.history(base) {
            ahead.remove(&known);
        }
        let mut found = Vec::new();
        while let Some(next) = ahead
            .iter()
            .find(|commit| self.commits[*commit].parents.iter().all(|parent| !ahead.contains(parent)))
            .cloned()
        {
            ahead.remove(&next);
            found.push(next);
        }
        found
    }

    /// The last commit that two have in common, along first parents.
    pub(crate) fn merge_base(&self, base: &str, head: &str) -> Option<String> {
        let known = self.history(base);
        let mut next = Some(head.to_owned());
        while let Some(commit) = next {
            if known.contains(&commit) {
                return Some(commit);
            }
            next = self.commits.get(&commit).and_then(|commit| commit.parents.first().cloned());
        }
        None
    }
}

#[test]
fn ids_are_those_of_git() {
    let registry = crate::runner::Runner::new();
    registry.git(["init", "--quiet"]);
    registry.write("servers/a/server.yaml", "name: a\n").write("servers/a-b", "1").write("servers/a.b", "2");
    let real = registry.commit("one");
    let mut objects = Objects::default();
    let empty = objects.tree(Tree::new());
    let files = [("servers/a/server.yaml", Some("name: a\n")), ("servers/a-b", Some("1")), ("servers/a.b", Some("2"))];
    let tree = objects.write(&empty, &files);
    assert_eq!(tree, registry.git(["rev-parse", "HEAD^{tree}"]));
    let time = registry.git(["show", "--no-patch", "--format=%ct"]).parse().unwrap();
    let who = Signature { name: "A Maintainer".into(), email: "maintainer@example.com".into(), time };
    let (parents, message) = (Vec::new(), "one\n".to_owned());
    let commit = Commit { tree, parents, author: who.clone(), committer: who, message, verified: false };
    assert_eq!(objects.commit(commit), real);
}
