//! Histories with trees that unfold to more paths than any machine holds.

use super::{changed, compare, entry, registry};
use crate::runner::Runner;
use git2::{ObjectType, Oid, Repository};

/// A folder of ten folders that are all the same one, and so on, this many levels deep: 10 to that power files in the end.
fn bomb(git: &Repository, levels: usize) -> Oid {
    let blob = git.blob(b"x").unwrap();
    let mut below = folder(git, &[("file", blob, 0o100_644)]);
    for _ in 0..levels {
        let names: Vec<String> = (0..10).map(|number| number.to_string()).collect();
        let items: Vec<_> = names.iter().map(|name| (name.as_str(), below, 0o040_000)).collect();
        below = folder(git, &items);
    }
    below
}

/// One folder in another, this often.
fn shaft(git: &Repository, depth: usize) -> Oid {
    let blob = git.blob(b"x").unwrap();
    (0..depth).fold(blob, |below, level| {
        let mode = if level == 0 { 0o100_644 } else { 0o040_000 };
        folder(git, &[("deep", below, mode)])
    })
}

fn folder(git: &Repository, items: &[(&str, Oid, i32)]) -> Oid {
    let mut builder = git.treebuilder(None).unwrap();
    for (name, id, mode) in items {
        builder.insert(name, *id, *mode).unwrap();
    }
    builder.write().unwrap()
}

/// Puts a folder at a path of the commit that is checked out, in a commit of its own.
fn commit_with(registry: &Runner, path: &str, make: impl Fn(&Repository) -> Oid) {
    let git = Repository::open(registry.root()).unwrap();
    let made = make(&git);
    let parent = git.head().unwrap().peel_to_commit().unwrap();
    let mut tree = parent.tree().unwrap();
    let parts: Vec<&str> = path.split('/').collect();
    let mut below = (made, 0o040_000);
    for depth in (0..parts.len()).rev() {
        let above = parts[..depth].join("/");
        let old = match above.as_str() {
            "" => Some(tree.clone()),
            above => tree.get_path(above.as_ref()).ok().map(|entry| git.find_tree(entry.id()).unwrap()),
        };
        let mut builder = git.treebuilder(old.as_ref()).unwrap();
        builder.insert(parts[depth], below.0, below.1).unwrap();
        below = (builder.write().unwrap(), 0o040_000);
    }
    assert_eq!(git.find_object(below.0, None).unwrap().kind(), Some(ObjectType::Tree));
    tree = git.find_tree(below.0).unwrap();
    let author = parent.author();
    git.commit(Some("HEAD"), &author, &author, "bomb", &tree, &[&parent]).unwrap();
}

#[test]
fn trees_that_unfold_without_end_are_compared_within_limits() {
    for path in ["docs", "servers/b/docs", "servers/z"] {
        let registry = registry();
        commit_with(&registry, path, |git| bomb(git, 30));
        let found = changed(&registry);
        let others = compare(&registry.root(), "main..topic").changes.others.len();
        match path {
            "docs" => assert!(found.is_empty() && (1..20_000).contains(&others), "{found:?} {others}"),
            _ => assert!(found.len() == 1 && others == 0, "{found:?} {others}"),
        }
    }
}

/// Whatever is beside it: an entry that changed is judged.
#[test]
fn a_bomb_does_not_hide_the_entries_beside_it() {
    let registry = registry();
    // Git itself would unfold what comes after.
    entry(&registry, "z");
    registry.commit("z");
    commit_with(&registry, "a-docs", |git| bomb(git, 30));
    commit_with(&registry, "servers/a-first", |git| bomb(git, 30));
    let changes = compare(&registry.root(), "main..topic").changes;
    let names: Vec<String> = changes.entries.keys().map(ToString::to_string).collect();
    assert_eq!(names, ["a-first", "z"]);
    let files: Vec<String> =
        changes.entries.values().last().unwrap().files.iter().map(|f| f.path.to_string()).collect();
    assert_eq!(files, ["servers/z/readme.md", "servers/z/server.yaml"]);
}

#[test]
fn a_folder_in_a_folder_in_a_folder_ends_somewhere() {
    let registry = registry();
    commit_with(&registry, "servers/b/docs", |git| shaft(git, 20_000));
    let changes = compare(&registry.root(), "main..topic").changes;
    let longest = changes.entries.values().flat_map(|change| &change.files).map(|file| file.path.as_bytes().len());
    assert!((4_000..5_000).contains(&longest.max().unwrap()));
}
