//! The repositories of a hub as real ones, for Git: the same objects, by the same ids.

use crate::hub::objects::FOLDER;
use crate::hub::world::World;
use git2::{ObjectType, Oid, Repository};
use std::path::Path;

/// Writes every object of a world, and the references of one of its repositories, into a bare repository. References to the heads of
/// its pull requests are there, too, as GitHub has them.
pub(super) fn write(world: &World, full_name: &str, path: &Path) {
    let repository = Repository::open_bare(path).or_else(|_| Repository::init_bare(path)).unwrap();
    let store = repository.odb().unwrap();
    let put = |id: &str, kind: ObjectType, data: &[u8]| {
        assert_eq!(store.write(kind, data).unwrap().to_string(), id, "{kind}");
    };
    let objects = &world.objects;
    for (id, content) in &objects.blobs {
        put(id, ObjectType::Blob, content);
    }
    for (id, tree) in &objects.trees {
        let mut items: Vec<_> = tree.iter().collect();
        items.sort_by_key(|(name, item)| format!("{name}{}", if item.mode == FOLDER { "/" } else { "" }));
        let mut data = Vec::new();
        for (name, item) in items {
            data.extend_from_slice(format!("{} {name}\0", item.mode.trim_start_matches('0')).as_bytes());
            data.extend_from_slice(Oid::from_str(&item.id).unwrap().as_bytes());
        }
        put(id, ObjectType::Tree, &data);
    }
    for (id, commit) in &objects.commits {
        let mut text = format!("tree {}\n", commit.tree);
        text.extend(commit.parents.iter().map(|parent| format!("parent {parent}\n")));
        for (role, who) in [("author", &commit.author), ("committer", &commit.committer)] {
            text.push_str(&format!("{role} {} <{}> {} +0000\n", who.name, who.email, who.time));
        }
        text.push_str(&format!("\n{}", commit.message));
        put(id, ObjectType::Commit, text.as_bytes());
    }
    let repo = world.repo(full_name);
    let stale: Vec<String> = repository.references().unwrap().names().map(|name| name.unwrap().to_owned()).collect();
    for name in stale {
        repository.find_reference(&name).unwrap().delete().unwrap();
    }
    let heads = repo.threads.values().filter_map(|thread| {
        Some((format!("refs/pull/{}/head", thread.number), thread.pull.as_ref()?.head_sha.clone()))
    });
    for (name, commit) in repo.refs.clone().into_iter().chain(heads) {
        repository.reference(&name, Oid::from_str(&commit).unwrap(), true, "").unwrap();
    }
    repository.set_head(&format!("refs/heads/{}", repo.default_branch)).unwrap();
}
