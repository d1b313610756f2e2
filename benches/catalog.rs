//! What writing catalogs takes: 328 entries, as many as the largest registry has, and ten thousand. The goal is a file of 328
//! entries in less than 100 ms, entries read from disk included.

#![allow(missing_docs, clippy::unwrap_used, clippy::expect_used, clippy::disallowed_methods)]

use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use mcp_registry::catalog::Published;
use mcp_registry::catalog::artifact::Artifact;
use mcp_registry::catalog::file::{self, Heading};
use mcp_registry::catalog::pin::pin;
use mcp_registry::entry::{Entry, load};
use mcp_registry::git::Age;
use mcp_registry::policy::Policy;
use std::collections::BTreeMap;
use std::hint::black_box;
use std::path::{Path, PathBuf};

/// The corpus of real entries where it is there, else this repository's own.
fn root() -> PathBuf {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    let corpus = std::env::var_os("MCP_REGISTRY_CORPUS").map_or_else(|| here.join("../shared"), PathBuf::from);
    let registry = corpus.join("corpus/registry");
    if registry.is_dir() { registry } else { here.to_path_buf() }
}

/// So many entries, made of the real ones.
fn entries(number: usize) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    let names = load::list(&root()).unwrap();
    for (index, name) in names.iter().cycle().take(number).enumerate() {
        let (from, to) = (root().join("servers").join(name), folder.path().join(format!("servers/entry-{index:05}")));
        std::fs::create_dir_all(&to).unwrap();
        for file in std::fs::read_dir(from).unwrap() {
            let file = file.unwrap();
            std::fs::copy(file.path(), to.join(file.file_name())).unwrap();
        }
    }
    folder
}

fn published(entries: &[Entry], policy: &Policy) -> Vec<Published> {
    let of = |entry: &Entry| {
        let pinned = pin(entry, &policy.settings, &BTreeMap::new());
        Published::of(
            entry,
            &policy.settings,
            &pinned,
            Age { added: Some(1_767_312_000), changed: Some(1_767_312_000) },
        )
    };
    entries.iter().map(of).collect()
}

fn benches(criterion: &mut Criterion) {
    let heading = Heading { name: "bench".to_owned(), title: "Bench".to_owned(), assets: None };
    let policy = Policy::default();
    let mut group = criterion.benchmark_group("catalog");
    group.sample_size(10);
    for number in [328, 10_000] {
        let folder = entries(number);
        let names = load::list(folder.path()).unwrap();
        group.throughput(Throughput::Elements(number as u64));
        group.bench_with_input(BenchmarkId::new("whole", number), &names, |bencher, names| {
            bencher.iter(|| file::render(&published(&load::load_all(folder.path(), names), &policy), &heading));
        });
        let ready = published(&load::load_all(folder.path(), &names), &policy);
        group.bench_with_input(BenchmarkId::new("file", number), &ready, |bencher, ready| {
            bencher.iter(|| file::render(black_box(ready), &heading));
        });
        group.bench_with_input(BenchmarkId::new("artifact", number), &ready, |bencher, ready| {
            bencher.iter(|| Artifact::of(black_box(ready), "Bench", None));
        });
    }
    group.finish();
}

criterion_group!(catalog_benches, benches);
criterion_main!(catalog_benches);
