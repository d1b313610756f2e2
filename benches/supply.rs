//! How long signing and verifying take, beside cosign; how long a whole registry takes to verify when it is far away; and what
//! `build` costs beside what the engine itself needs. Needs `docker-registry`, MCP_REGISTRY_READERS (see CONTRIBUTING.md) and a
//! container engine; what is not there is left out.

#![allow(
    missing_docs,
    dead_code,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::disallowed_methods,
    clippy::print_stdout
)]

#[path = "../tests/integration/container.rs"]
mod container;
#[path = "../tests/integration/image_registry.rs"]
mod image_registry;
#[path = "../tests/integration/runner.rs"]
mod runner;
#[path = "../tests/integration/supply"]
mod supply {
    pub(crate) mod entries;
    pub(crate) mod oci_server;
    pub(crate) mod tools;
    pub(crate) mod world;
}
#[path = "../tests/integration/build"]
mod build {
    pub(crate) mod lab;
}

use build::lab::Lab;
use std::time::{Duration, Instant};
use supply::entries;
use supply::oci_server::{Manners, OciServer};
use supply::tools::Readers;
use supply::world::{World, fixture};

const IMAGES: usize = 100;

fn timed(what: &str, act: impl FnOnce()) -> Duration {
    let start = Instant::now();
    act();
    let took = start.elapsed();
    println!("{what}: {took:.2?}");
    took
}

/// Signs and verifies 100 digests, each program in one run with the same encrypted key. Ours writes both layouts, cosign one.
fn beside_cosign() {
    let Some(readers) = Readers::find() else { return };
    let (private, public) = (fixture("cosign-2.key"), fixture("cosign-2.pub"));
    let images =
        |world: &World| -> Vec<String> { (0..IMAGES).map(|number| world.image(&number.to_string())).collect() };
    let Some(world) = World::real() else { return };
    let all = images(&world);
    let all: Vec<&str> = all.iter().map(String::as_str).collect();
    let ours = timed("mcp-registry sign, both layouts", || {
        let run = world.runner.command([&["sign", "--key", &private], &all[..]].concat()).env("COSIGN_PASSWORD", "pw");
        assert_eq!(run.run().status, 0);
    }) + timed("mcp-registry verify, both layouts", || {
        assert_eq!(world.runner.run([&["verify", "--key", &public, "--layout", "both"], &all[..]].concat()).status, 0);
    });
    for version in [2, 3] {
        let Some(world) = World::real() else { return };
        let all = images(&world);
        let all: Vec<&str> = all.iter().map(String::as_str).collect();
        let (home, name) = (world.runner.home(), format!("cosign-{version}"));
        let mut sign = vec!["sign", "--key", &private, "--tlog-upload=false", "-y"];
        if version == 3 {
            sign.push("--use-signing-config=false");
        }
        let theirs = timed(&format!("{name} sign, one layout"), || {
            assert!(readers.run(&name, &home, &[&sign[..], &all].concat()).status.success());
        }) + timed(&format!("{name} verify"), || {
            let verify = ["verify", "--key", &public, "--insecure-ignore-tlog"];
            assert!(readers.run(&name, &home, &[&verify[..], &all].concat()).status.success());
        });
        println!("{name}: {:.1} times as long as mcp-registry", theirs.as_secs_f64() / ours.as_secs_f64());
    }
}

/// The images of 250 entries, each answer of their registry 50 ms away.
fn a_large_registry() {
    let server = OciServer::start(Manners { referrers: true, ..Manners::default() });
    let world = World::at(&server.host);
    entries::registry(&world, 250, |_| true);
    server.set(|manners| manners.latency = Duration::from_millis(50));
    timed("verify --all of 250 entries at 50 ms", || {
        assert_eq!(entries::all(&world, &["--layout", "both"]).status, 0);
    });
}

/// What `build` takes beside the time that the engine needs, which it says itself. The engine has all steps in its cache.
fn beside_the_engine() {
    let Some(lab) = Lab::new() else { return };
    lab.busybox().write("Dockerfile", "FROM scratch\nCOPY . /\n");
    lab.entry("weather", "");
    let engine = regex::Regex::new(r"was built from [0-9a-f]+ in ([0-9.]+) s").unwrap();
    for number in 0..5 {
        let start = Instant::now();
        let output = lab.run(&["build", "weather"]);
        let took = start.elapsed().as_secs_f64();
        assert_eq!(output.status, 0, "{}", output.stderr);
        let theirs: f64 = engine.captures(&output.stderr).unwrap()[1].parse().unwrap();
        println!("build {number}: {took:.2} s, of which the engine {theirs:.1} s");
    }
}

fn main() {
    beside_cosign();
    a_large_registry();
    beside_the_engine();
}
