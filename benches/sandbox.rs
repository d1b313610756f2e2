//! How long a reviewer waits until its agent runs: from the call to the first byte that the agent writes, with the walls
//! looked at in between; then until all is removed. And what the image costs the first time. Needs a container engine.

#![allow(missing_docs, clippy::unwrap_used, clippy::expect_used, clippy::disallowed_methods, clippy::print_stdout)]

use criterion::{Criterion, criterion_group, criterion_main};
use mcp_registry::engine::Engine;
use mcp_registry::review::sandbox::{
    Agent, Cancel, Extras, InputFile, Limits, Outcome, Prepared, Proxy, Request, SOCKET, run,
};
use std::path::Path;
use std::time::{Duration, Instant};
use tokio::runtime::Runtime;

const PROGRAM: &str = env!("CARGO_BIN_EXE_mcp-registry");

/// A run with a proxy, as a review with a model has it: the agent says its version, as soon as it can say anything.
async fn one(prepared: &Prepared, number: u32) -> Outcome {
    let input = (0..500).map(|number| InputFile {
        path: format!("src/{number}.rs").into(),
        content: vec![b'x'; 4096].into(),
        executable: false,
    });
    let request = Request {
        run_id: format!("bench{:07}x{number:06}", std::process::id()),
        input: input.collect(),
        agent: Agent::BuiltIn { args: vec!["--version".to_owned()] },
        proxy: Some(Proxy {
            args: ["proxy", "--socket", SOCKET, "--model", "some-model"].map(str::to_owned).into(),
            stdin: r#"{"anthropic_key":"no-key-of-anybody","client_token":"bench-token-0123456789"}"#.into(),
            client_token: "bench-token-0123456789".into(),
            network: None,
        }),
        limits: Limits::default(),
        runtime: None,
        extras: Extras::default(),
    };
    run(prepared, request, &Cancel::new()).await.expect("a run")
}

fn benches(criterion: &mut Criterion) {
    let runtime = Runtime::new().expect("a runtime");
    let Ok(engine) = runtime.block_on(Engine::connect(std::env::var("DOCKER_HOST").ok().as_deref())) else {
        println!("skipped: no container engine answers");
        return;
    };
    let program = Path::new(PROGRAM);
    let prepare = || runtime.block_on(Prepared::new(&engine, program, 0)).expect("an image");
    println!("the image: {:.1} MB", std::fs::metadata(program).expect("the program").len() as f64 / 1e6);
    let mut number = 0;
    let mut timed = |prepared: &Prepared, part: fn(&Outcome, Duration) -> Duration| {
        number += 1;
        let start = Instant::now();
        let outcome = runtime.block_on(one(prepared, number));
        part(&outcome, start.elapsed())
    };
    let first = |outcome: &Outcome, _| outcome.first_output.expect("its version");
    let mut group = criterion.benchmark_group("sandbox");
    group.sample_size(10);
    let prepared = prepare();
    group.bench_function("agent-runs/image-built", |bencher| {
        bencher.iter_custom(|times| (0..times).map(|_| timed(&prepared, first)).sum());
    });
    group.bench_function("whole-run/image-built", |bencher| {
        bencher.iter_custom(|times| (0..times).map(|_| timed(&prepared, |_, all| all)).sum());
    });
    let mut image = prepared.image().to_owned();
    group.bench_function("agent-runs/image-not-built", |bencher| {
        bencher.iter_custom(|times| {
            let once = || {
                let _ = runtime.block_on(engine.remove_unused_image(&image));
                let start = Instant::now();
                let prepared = prepare();
                image = prepared.image().to_owned();
                start.elapsed() + timed(&prepared, first)
            };
            std::iter::repeat_with(once).take(times as usize).sum()
        });
    });
    group.finish();
    let _ = runtime.block_on(engine.remove_unused_image(&image));
}

criterion_group!(all, benches);
criterion_main!(all);
