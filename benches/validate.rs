//! What people wait for: a whole registry judged. Uses the corpus of real entries where it is there
//! (`MCP_REGISTRY_CORPUS`), else this repository's own `servers/`.

#![allow(missing_docs, clippy::unwrap_used, clippy::expect_used, clippy::disallowed_methods)]

use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use mcp_registry::entry::{Entry, load};
use mcp_registry::output::{self, Format, RenderOptions};
use mcp_registry::policy::Policy;
use mcp_registry::validate::{self, Request, rules};
use std::hint::black_box;
use std::path::{Path, PathBuf};

fn root() -> PathBuf {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    let corpus = std::env::var_os("MCP_REGISTRY_CORPUS").map_or_else(|| here.join("../shared"), PathBuf::from);
    let registry = corpus.join("corpus/registry");
    if registry.is_dir() { registry } else { here.to_path_buf() }
}

fn request<'a>(entries: &'a [Entry], policy: &'a Policy) -> Request<'a> {
    let today = chrono::NaiveDate::from_ymd_opt(2026, 1, 2).expect("a day");
    Request { entries, facts: &[], only: None, policy, today, strict: false }
}

fn benches(criterion: &mut Criterion) {
    let root = root();
    let names = load::list(&root).expect("a registry");
    let policy = Policy::default();
    let mut group = criterion.benchmark_group("validate");
    group.throughput(Throughput::Elements(names.len() as u64));
    group.bench_function("load", |bencher| bencher.iter(|| load::load_all(black_box(&root), &names)));
    let entries = load::load_all(&root, &names);
    group.bench_function("judge", |bencher| bencher.iter(|| validate::judge(&request(black_box(&entries), &policy))));
    let schema: serde_json::Value = serde_json::from_str(validate::schema::SERVER).expect("JSON");
    group.bench_function("schema/compile", |bencher| bencher.iter(|| jsonschema::draft202012::new(black_box(&schema))));
    let documents: Vec<_> = entries.iter().filter_map(Entry::document).collect();
    group.bench_function("schema/violations", |bencher| {
        bencher.iter(|| documents.iter().map(|document| validate::schema::violations(document).len()).sum::<usize>());
    });
    for rule in rules::RULES {
        let levels: String = rules::RULES
            .iter()
            .filter(|other| other.id != rule.id)
            .map(|other| format!("{} = \"off\"\n", other.id))
            .collect();
        let only = Policy::parse(&format!("[rules]\n{levels}")).expect("a policy");
        group.bench_with_input(BenchmarkId::new("rule", rule.id), &only, |bencher, policy| {
            bencher.iter(|| validate::judge(&request(black_box(&entries), policy)));
        });
    }
    let report = validate::judge(&request(&entries, &policy));
    let descriptors = rules::descriptors();
    let options = RenderOptions { color: false, width: 100, show_waived: false, quiet: false, rules: &descriptors };
    for (name, format) in [("human", Format::Human), ("json", Format::Json), ("sarif", Format::Sarif)] {
        group.bench_with_input(BenchmarkId::new("render", name), &format, |bencher, format| {
            bencher.iter(|| output::render(black_box(&report), *format, &options));
        });
    }
    group.finish();
}

criterion_group!(validate_benches, benches);
criterion_main!(validate_benches);
