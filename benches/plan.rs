//! `plan`, as a whole program: a change at the end of a history of 4,000 commits, and an audit of 10,000 entries.
//!
//! `cargo bench --bench plan`.

#![allow(clippy::unwrap_used, clippy::disallowed_methods)]

use criterion::{Criterion, criterion_group, criterion_main};
use git2::{IndexEntry, IndexTime, Oid, Repository, Signature, Time};
use std::path::Path;
use std::process::{Command, Stdio};
use tempfile::TempDir;

fn manifest(name: usize, commit: usize) -> String {
    format!(
        "name: entry-{name:05}\nimage: mcp/entry-{name:05}\ntype: server\nmeta:\n  category: devops\nabout:\n  title: Entry\n  \
         description: One of many.\nsource:\n  project: https://github.com/acme/{}\n  commit: {commit:040x}\n",
        name % 700
    )
}

fn write(root: &Path, entries: usize) {
    for name in 0..entries {
        let folder = root.join(format!("servers/entry-{name:05}"));
        std::fs::create_dir_all(&folder).unwrap();
        std::fs::write(folder.join("server.yaml"), manifest(name, 1)).unwrap();
    }
}

/// Commits that move one pin each.
fn history(root: &Path, entries: usize, commits: usize) {
    let git = Repository::init(root).unwrap();
    let mut index = git.index().unwrap();
    index.add_all(["servers"], git2::IndexAddOption::DEFAULT, None).unwrap();
    let signature = Signature::new("A", "a@example.com", &Time::new(1_700_000_000, 0)).unwrap();
    let mut parent: Option<Oid> = None;
    for number in 0..commits {
        let name = number % entries;
        let id = git.blob(manifest(name, number + 2).as_bytes()).unwrap();
        let path = format!("servers/entry-{name:05}/server.yaml").into_bytes();
        let zero = IndexTime::new(0, 0);
        let entry = IndexEntry {
            ctime: zero,
            mtime: zero,
            dev: 0,
            ino: 0,
            mode: 0o100_644,
            uid: 0,
            gid: 0,
            file_size: 0,
            id,
            flags: 0,
            flags_extended: 0,
            path,
        };
        index.add(&entry).unwrap();
        let tree = git.find_tree(index.write_tree().unwrap()).unwrap();
        let parents: Vec<_> = parent.iter().map(|id| git.find_commit(*id).unwrap()).collect();
        parent = Some(
            git.commit(Some("HEAD"), &signature, &signature, "move", &tree, &parents.iter().collect::<Vec<_>>())
                .unwrap(),
        );
    }
}

fn run(root: &Path, arguments: &[&str]) {
    let mut command = Command::new(env!("CARGO_BIN_EXE_mcp-registry"));
    command.arg("plan").args(arguments).current_dir(root).env_clear().stdout(Stdio::null());
    assert!(command.status().unwrap().success());
}

fn benches(criterion: &mut Criterion) {
    let (changed, all) = (TempDir::new().unwrap(), TempDir::new().unwrap());
    write(changed.path(), 400);
    history(changed.path(), 400, 4_000);
    // A clone has its objects in a pack; loose ones are looked at one by one before the repository is opened.
    let packed = Command::new("git").args(["repack", "-a", "-d", "-q"]).current_dir(changed.path()).status();
    assert!(packed.unwrap().success());
    write(all.path(), 10_000);
    let mut group = criterion.benchmark_group("plan");
    group.sample_size(20);
    group.bench_function("one commit", |bencher| bencher.iter(|| run(changed.path(), &["--diff", "HEAD~1..HEAD"])));
    group.bench_function("fifty commits", |bencher| bencher.iter(|| run(changed.path(), &["--diff", "HEAD~50..HEAD"])));
    group.bench_function("audit", |bencher| {
        bencher.iter(|| run(all.path(), &["--audit", "--jobs", "256", "--format", "json"]))
    });
    group.finish();
}

criterion_group!(plan_benches, benches);
criterion_main!(plan_benches);
