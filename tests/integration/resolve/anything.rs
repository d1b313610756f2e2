//! Repositories of any shape, against the plainest way to say what is between two commits.

use super::{World, step};
use mcp_registry::ids::CommitSha;
use proptest::prelude::*;
use proptest::test_runner::{Config, RngSeed, TestRunner};
use std::collections::{BTreeMap, BTreeSet};

fn runner(cases: u32) -> TestRunner {
    TestRunner::new(Config { cases, failure_persistence: None, rng_seed: RngSeed::Fixed(4), ..Config::default() })
}

/// Runs what waits for the network in a property.
fn block_on<T>(work: impl Future<Output = T>) -> T {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    runtime.block_on(work)
}

#[test]
fn what_is_new_is_what_the_one_leads_to_and_the_other_does_not() {
    // Of each commit, its parents among those before it, and a time that need not be after theirs.
    let commit = (prop::collection::vec(any::<prop::sample::Index>(), 0..3), 0..20_u32);
    let shape = prop::collection::vec(commit, 2..14);
    let pairs = prop::collection::vec((any::<prop::sample::Index>(), any::<prop::sample::Index>()), 1..25);
    let property = |(shape, pairs): (Vec<(Vec<prop::sample::Index>, u32)>, Vec<_>)| {
        block_on(async {
            let world = World::new().await;
            let (mut ids, mut leads_to): (Vec<CommitSha>, Vec<BTreeSet<usize>>) = (Vec::new(), Vec::new());
            for (number, (parents, time)) in shape.iter().enumerate() {
                let parents: BTreeSet<usize> =
                    parents.iter().filter(|_| number > 0).map(|parent| parent.index(number.max(1))).collect();
                let lines: String = parents.iter().map(|parent| format!("parent {}\n", ids[*parent])).collect();
                let tree = world.tree(&[("Dockerfile", &number.to_string())]);
                let who = format!("A <a> {} +0000", 1_767_312_000 + time);
                ids.push(world.repo.commit_text(format!("tree {tree}\n{lines}author {who}\ncommitter {who}\n\nx\n")));
                world.repo.branch(&format!("b{number}"), &ids[number]);
                let mut all = BTreeSet::from([number]);
                all.extend(parents.iter().flat_map(|parent| &leads_to[*parent]));
                leads_to.push(all);
            }
            let pairs: Vec<(usize, usize)> = pairs
                .iter()
                .map(|(old, new): &(prop::sample::Index, prop::sample::Index)| {
                    (old.index(ids.len()), new.index(ids.len()))
                })
                .filter(|(old, new)| old != new)
                .collect();
            let moves: Vec<_> = pairs.iter().map(|(old, new)| step(&ids[*old], &ids[*new], "")).collect();
            for ((old, new), answer) in pairs.iter().zip(world.inspect(&moves).await) {
                let change = answer.unwrap();
                let wanted: BTreeSet<_> = leads_to[*new].difference(&leads_to[*old]).map(|at| &ids[*at]).collect();
                let found: BTreeSet<_> = change.commits.iter().map(|commit| &commit.id).collect();
                assert_eq!(
                    (found, change.ancestor),
                    (wanted, leads_to[*new].contains(old)),
                    "{old} to {new} of {shape:?}"
                );
                assert_eq!((change.commits_total, change.commits_cut), (change.commits.len() as u64, false));
            }
        });
        Ok(())
    };
    runner(12).run(&(shape, pairs), property).unwrap();
}

#[test]
fn files_that_differ_are_the_ones_that_are_told() {
    let path = prop::sample::select(vec![
        "d/Dockerfile",
        "d/a",
        "d/a/b",
        "d/a/c",
        "d/b/uv.lock",
        "d/b/c/package.json",
        "e/x",
        "x",
        ".gitlab-ci.yml",
        ".github/workflows/a.yml",
        ".github/b",
    ]);
    let files = prop::collection::btree_map(path, prop::sample::select(vec!["1", "2"]), 0..9);
    let property = |sides: Vec<(BTreeMap<&'static str, &'static str>, BTreeMap<_, _>)>| {
        block_on(async {
            let world = World::new().await;
            // A name is a file or a folder.
            let clean = |files: &BTreeMap<&'static str, &'static str>| -> BTreeMap<&'static str, &'static str> {
                let is_folder = |path: &str| files.keys().any(|other| other.starts_with(&format!("{path}/")));
                files.iter().filter(|(path, _)| !is_folder(path)).map(|(path, text)| (*path, *text)).collect()
            };
            let mut pairs = Vec::new();
            for (old, new) in &sides {
                let (old, new) = (clean(old), clean(new));
                let commit = |files: &BTreeMap<&str, &str>, parents: &[&CommitSha]| {
                    let files: Vec<_> = files.iter().map(|(path, text)| (*path, *text)).collect();
                    world.commit(&files, parents)
                };
                let first = commit(&old, &[]);
                let second = commit(&new, &[&first]);
                pairs.push((old, new, step(&first, &second, "d")));
            }
            world.repo.branch("main", &pairs[0].2.new);
            let moves: Vec<_> = pairs.iter().map(|(.., step)| step.clone()).collect();
            for ((old, new, _), answer) in pairs.iter().zip(world.inspect(&moves).await) {
                let change = answer.unwrap();
                let differ = |path: &&&str| old.get(**path) != new.get(**path);
                let all: BTreeSet<&str> = old.keys().chain(new.keys()).filter(differ).copied().collect();
                let in_directory: Vec<&str> = all.iter().filter(|path| path.starts_with("d/")).copied().collect();
                let there = |files: &BTreeMap<&str, &str>| files.keys().any(|path| path.starts_with("d/"));
                assert_eq!((change.directory, change.old_tree.is_some()), (there(new), there(old)));
                assert_eq!(change.dockerfile, Some(new.contains_key("d/Dockerfile")));
                if there(new) && change.old_tree != change.new_tree {
                    assert_eq!(change.files.paths, in_directory, "{old:?} {new:?}");
                    let ci = all.iter().filter(|path| path.contains("gitlab") || path.contains("workflows"));
                    assert_eq!(change.files.ci, ci.copied().collect::<Vec<_>>());
                    let ends = |end: &str| in_directory.iter().filter(|path| path.ends_with(end)).count();
                    let found =
                        [change.files.dockerfiles, change.files.locks, change.files.install].map(|list| list.len());
                    assert_eq!(found, ["Dockerfile", "uv.lock", "package.json"].map(ends));
                }
            }
        });
        Ok(())
    };
    runner(6).run(&prop::collection::vec((files.clone(), files), 1..20), property).unwrap();
}
