//! A night of `update-pins --dry-run`, as a whole program, over a registry whose upstreams are real repositories behind real
//! HTTPS: 250 entries of 180 repositories, and ten times as many. Every answer takes 50 ms longer than Git, and a new
//! connection 100 ms. Almost nothing is new, as most nights.
//!
//! `cargo bench --bench pins`; a number after `--` is the latency in milliseconds. The server runs on the same machine, and
//! starts three processes for each listing: on few cores, that is most of what is measured. What they alone take is said.

#![allow(clippy::unwrap_used, clippy::panic, clippy::print_stdout, clippy::disallowed_methods, dead_code)]

#[path = "../tests/integration/git_server.rs"]
mod git_server;
#[path = "../tests/integration/night_world.rs"]
mod night_world;
#[path = "../tests/integration/tls_server.rs"]
mod tls_server;

use night_world::{NightWorld, Size};
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};
use tempfile::TempDir;

/// Upstreams that moved since the last night.
const MOVED: usize = 5;

/// One run: the time it took, and the most memory that it had, in kilobytes.
fn run(world: &NightWorld, root: &Path, home: &Path, more: &[&str]) -> (Duration, u64) {
    let start = Instant::now();
    let mut child = Command::new(env!("CARGO_BIN_EXE_mcp-registry"))
        .args(["update-pins", "--dry-run", "--allow-network", "127.0.0.0/8", "--quiet"])
        .args(more)
        .current_dir(root)
        .env_clear()
        .env("HOME", home)
        .envs(world.environment(home))
        .stdout(Stdio::null())
        .spawn()
        .unwrap();
    let (status, mut most) = (format!("/proc/{}/status", child.id()), 0);
    loop {
        // The last one before the end counts: it is the most so far.
        let text = std::fs::read_to_string(&status).unwrap_or_default();
        let line = text.lines().find_map(|line| line.strip_prefix("VmHWM:"));
        most = line.and_then(|line| line.split_whitespace().next()?.parse().ok()).unwrap_or(most);
        if let Some(ended) = child.try_wait().unwrap() {
            assert_eq!(ended.code(), Some(0), "every upstream answers");
            return (start.elapsed(), most);
        }
        std::thread::sleep(Duration::from_millis(5));
    }
}

/// What the server's programs alone take for so many listings, as many at a time as are asked for.
fn git_alone(world: &NightWorld, folder: &Path) -> Duration {
    let mut paths: Vec<&str> = world.entries.iter().map(|entry| entry.path.as_str()).collect();
    paths.dedup();
    let paths = std::sync::Mutex::new(paths.into_iter());
    let start = Instant::now();
    std::thread::scope(|scope| {
        for _ in 0..8 {
            scope.spawn(|| {
                loop {
                    let Some(path) = paths.lock().unwrap().next() else { break };
                    let path = format!("{path}/info/refs?service=git-upload-pack");
                    let seen = tls_server::Seen { method: "GET".to_owned(), path, ..tls_server::Seen::default() };
                    assert_eq!(git_server::http_backend(folder, &seen, b"").0, 200);
                }
            });
        }
    });
    start.elapsed()
}

fn night(times: usize, latency: Duration) {
    let start = Instant::now();
    let world = NightWorld::new(&Size::of_quiet_nights(times), latency);
    let (root, home) = (TempDir::new().unwrap(), TempDir::new().unwrap());
    world.write_registry(root.path());
    let made = start.elapsed();
    let entries = world.entries.len();
    let state = home.path().join("state.json");
    let state = ["--state", state.to_str().unwrap()];
    for what in ["nothing new", "a handful moved", "the same again"] {
        if what == "a handful moved" {
            world.some_move(MOVED);
        }
        world.server.asked();
        let (time, most) = run(&world, root.path(), home.path(), &state);
        let asked = world.server.asked();
        let listings = asked.iter().filter(|line| line.starts_with("GET ") && line.ends_with("/info/refs")).count();
        println!(
            "{entries} entries, {what}: {:.2} s, {listings} listings, {} other requests, {} MB at the most",
            time.as_secs_f64(),
            asked.len() - listings,
            most / 1024
        );
    }
    let alone = git_alone(&world, world.folder());
    println!(
        "{entries} entries: Git alone, without network, {:.2} s; connections {}; made in {:.1} s",
        alone.as_secs_f64(),
        world.server.connections(),
        made.as_secs_f64()
    );
}

fn main() {
    let latency = std::env::args().filter_map(|word| word.parse().ok()).next().unwrap_or(50);
    for times in [1, 10] {
        night(times, Duration::from_millis(latency));
    }
}
