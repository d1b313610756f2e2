//! The repositories of a hub as real ones, for Git: the same objects, by the same ids.

use crate::hub::world::World;
use git2::{Oid, Repository};
use std::path::Path;

/// Writes every object of a world, and the references of one of its repositories, into a bare repository. References to the heads of
/// its pull requests are there, too, as GitHub has them.
pub(super) fn write(world: &World, full_name: &str, path: &Path) {
    let repository = Repository::open_bare(path).or_else(|_| Repository::init_bare(path)).unwrap();
    world.objects.store(&repository);
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
