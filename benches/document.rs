//! Reading and formatting every `server.yaml` of a registry: the corpus of real entries where it is there
//! (`MCP_REGISTRY_CORPUS`), else this repository's own `servers/`.

#![allow(missing_docs, clippy::unwrap_used, clippy::expect_used, clippy::disallowed_methods)]

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use mcp_registry::document::edit::{apply, replace_scalar};
use mcp_registry::document::format::format;
use mcp_registry::document::{Document, compose, scalar};
use mcp_registry::route;
use std::hint::black_box;
use std::path::{Path, PathBuf};

/// The texts, in the order of their names.
fn texts() -> Vec<String> {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    let corpus = std::env::var_os("MCP_REGISTRY_CORPUS").map_or_else(|| here.join("../shared"), PathBuf::from);
    let registry = corpus.join("corpus/registry/servers");
    let servers = if registry.is_dir() { registry } else { here.join("servers") };
    let mut folders: Vec<PathBuf> =
        std::fs::read_dir(servers).expect("servers").map(|entry| entry.expect("a folder").path()).collect();
    folders.sort();
    folders.iter().filter_map(|folder| std::fs::read_to_string(folder.join("server.yaml")).ok()).collect()
}

fn benches(criterion: &mut Criterion) {
    let texts = texts();
    let documents: Vec<Document> =
        texts.iter().map(|text| Document::from_yaml(text.as_str()).expect("an entry")).collect();
    let mut group = criterion.benchmark_group("document");
    group.throughput(Throughput::Elements(texts.len() as u64));
    group.bench_function("compose", |bencher| {
        bencher.iter(|| texts.iter().filter(|text| compose(black_box(text)).is_ok()).count());
    });
    group.bench_function("format", |bencher| {
        bencher
            .iter(|| documents.iter().map(|document| format(document.text(), black_box(document))).collect::<Vec<_>>());
    });
    group.bench_function("to json", |bencher| {
        bencher.iter(|| documents.iter().map(|document| scalar::to_json(document.root())).collect::<Vec<_>>());
    });
    group.bench_function("move pin", |bencher| {
        let pin = route!["source", "commit"];
        bencher.iter(|| {
            let edits =
                documents.iter().filter_map(|document| Some((document, replace_scalar(document, &pin, "0").ok()?)));
            edits.filter(|(document, edit)| apply(document.text(), [edit.clone()]).is_ok()).count()
        });
    });
    group.finish();
}

criterion_group!(document_benches, benches);
criterion_main!(document_benches);
