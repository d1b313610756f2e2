//! How long it takes, beside cosign. `cargo test --release --test integration supply::speed -- --ignored --nocapture`

use super::every_entry;
use super::oci_server::{Manners, OciServer};
use super::tools::Readers;
use super::world::{World, fixture};
use std::time::{Duration, Instant};

const IMAGES: usize = 100;

fn timed(what: &str, act: impl FnOnce()) -> Duration {
    let start = Instant::now();
    act();
    let took = start.elapsed();
    println!("{what}: {took:.2?}");
    took
}

/// Signs and verifies 100 digests, each program in one run with the same encrypted key. Ours writes both layouts, cosign one.
#[test]
#[ignore = "a measurement"]
fn a_hundred_digests_are_signed_and_verified_five_times_as_fast_as_by_cosign() {
    let Some(readers) = Readers::find() else { return };
    let (private, public) = (fixture("cosign-2.key"), fixture("cosign-2.pub"));
    let images =
        |world: &World| -> Vec<String> { (0..IMAGES).map(|number| world.image(&number.to_string())).collect() };
    let Some(world) = World::real() else { return };
    let all = images(&world);
    let all: Vec<&str> = all.iter().map(String::as_str).collect();
    let ours = timed("mcp-registry sign, both layouts", || {
        let run = world.runner.command([&["sign", "--key", &private], &all[..]].concat()).env("COSIGN_PASSWORD", "pw");
        let output = run.run();
        assert_eq!(output.status, 0, "{}", output.stderr);
    }) + timed("mcp-registry verify", || {
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
        let times = theirs.as_secs_f64() / ours.as_secs_f64();
        println!("{name}: {times:.1} times as long as mcp-registry");
        assert!(cfg!(debug_assertions) || times >= 5.0, "{times}");
    }
}

#[test]
#[ignore = "a measurement"]
fn every_image_of_a_large_registry_is_verified_in_five_seconds() {
    let server = OciServer::start(Manners { referrers: true, ..Manners::default() });
    let world = World::at(&server.host);
    every_entry::registry(&world, 250, |_| true);
    server.set(|manners| manners.latency = Duration::from_millis(50));
    let took = timed("verify --all of 250 entries at 50 ms", || {
        let output = every_entry::all(&world, &["--layout", "both"]);
        assert_eq!(output.status, 0, "{}", output.stdout);
    });
    assert!(cfg!(debug_assertions) || took < Duration::from_secs(5), "{took:?}");
}
