//! The static agent over generated code: how many bytes a second, for a full review and for a change of every file.

#![allow(missing_docs, clippy::unwrap_used, clippy::expect_used)]

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use mcp_registry::review::scan::scan;
use mcp_registry::snapshot::{File, Material, Snapshot};
use std::hint::black_box;
use std::sync::Arc;

/// Files of some languages, with a little of everything that is looked for.
fn snapshot(files: usize, version: usize) -> Snapshot {
    let lines = [
        "import subprocess  # a comment about what this does\n",
        "result = subprocess.run(['git', 'status'], check=True)\n",
        "url = f'https://api{n}.acme.example/v1/items'\n",
        "token = os.environ.get('ACME_TOKEN')\n",
        "def handle(request, context):\n    return {'status': 'ok', 'items': [item.name for item in request.items]}\n",
    ];
    let endings = ["py", "ts", "go", "rs", "md"];
    let mut snapshot = Snapshot::default();
    for number in 0..files {
        let text: String = (0..400)
            .map(|line| format!("{}{}", lines[(line + number) % lines.len()], if line == 7 { version } else { line }))
            .collect();
        let path = format!("src/module{number}.{}", endings[number % endings.len()]);
        let file = File {
            blob: Arc::from(format!("{number}-{version}")),
            content: Arc::from(text.into_bytes()),
            executable: false,
            link: false,
            exported_as: None,
        };
        snapshot.files.insert(Arc::from(path), file);
    }
    snapshot
}

fn benches(criterion: &mut Criterion) {
    let (base, head) = (snapshot(200, 1), snapshot(200, 2));
    let bytes: usize = head.files.values().map(|file| file.content.len()).sum();
    let full = Material { head: &head, base: None, changes: &[], directory: "", dockerfile: None };
    let changed = Material { base: Some(&base), ..full };
    let mut group = criterion.benchmark_group("scan");
    group.throughput(Throughput::Bytes(bytes as u64));
    group.bench_function("full", |bencher| bencher.iter(|| scan(black_box(&full))));
    group.bench_function("differential", |bencher| bencher.iter(|| scan(black_box(&changed))));
    group.finish();
}

criterion_group!(scan_benches, benches);
criterion_main!(scan_benches);
