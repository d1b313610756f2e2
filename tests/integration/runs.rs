//! The workflows that `init` writes, run for real: by `act`, against a GitHub that can be written to, on a real registry.
#![cfg(unix)]

mod machine;
mod origin;

use crate::hub::Hub;
use crate::hub::limits::Limits;
use crate::night_world::{NightWorld, Size};
use crate::runner::Runner;
use machine::{Machine, PINNED, REPO};
use serde_json::json;
use std::path::Path;
use std::time::Duration;

/// Upstreams, and a registry of them on a hub, as `init` makes it.
struct Stage {
    world: NightWorld,
    machine: Machine,
    /// Where `init` ran.
    _registry: Runner,
}

impl Stage {
    fn new() -> Option<Self> {
        let (world, registry) =
            (NightWorld::new(&Size { singles: 2, cases: false, monorepos: Vec::new() }, Duration::ZERO), Runner::new());
        let host = format!("127.0.0.1:{}", world.server.port);
        let tool = format!("acme/mcp-registry@{PINNED}");
        let made = registry.run(["init", "--tool", &tool, "--host", &host, "--owners", "@acme/maintainers"]);
        assert_eq!(made.status, 0, "{}", made.stderr);
        // The upstreams of this test are on this machine, and seen a moment ago.
        let policy = registry.read("mcp-registry.toml").replace("cooldown = \"24h\"\n", "");
        registry.write("mcp-registry.toml", format!("{policy}\n[network]\nallow = [\"127.0.0.0/8\"]\n"));
        for entry in &world.entries {
            registry.write(format!("servers/{}/server.yaml", entry.name), manifest(&world, &entry.name));
            registry.write(format!("servers/{}/readme.md", entry.name), format!("# {}\n", entry.name));
        }
        let mut files = Vec::new();
        collect(&registry.root(), &registry.root(), &mut files);
        let files: Vec<(&str, &str)> = files.iter().map(|(path, text)| (path.as_str(), text.as_str())).collect();
        let hub = Hub::start();
        hub.change(|world| world.create(REPO, &files));
        hub.limit(Limits { per_minute: usize::MAX, per_hour: usize::MAX, ..Limits::default() });
        let [certificate, _] = world.environment(&registry.home());
        let machine = Machine::new(hub, &[certificate])?.variable("REVIEW_AGENT", "static");
        Some(Self { world, machine, _registry: registry })
    }
}

fn manifest(world: &NightWorld, name: &str) -> String {
    let entry = world.entries.iter().find(|entry| entry.name == name).unwrap();
    let title = name.replace('-', " ");
    format!(
        "name: {name}
image: mcp/{name}
type: server
meta:
  category: development
  tags:
    - test
about:
  title: {}
  description: Does what this test needs done, and nothing else at all.
  icon: https://example.com/icon.png
source:
  project: {}
  commit: {}
",
        title.replacen('s', "S", 1),
        world.server.url(&entry.path),
        entry.pin
    )
}

fn collect(root: &Path, folder: &Path, files: &mut Vec<(String, String)>) {
    for item in std::fs::read_dir(folder).unwrap() {
        let path = item.unwrap().path();
        if path.is_dir() {
            collect(root, &path, files);
        } else {
            let name = path.strip_prefix(root).unwrap().to_str().unwrap().to_owned();
            files.push((name, std::fs::read_to_string(&path).unwrap()));
        }
    }
}

#[test]
fn a_night_opens_a_pull_request_and_a_second_one_is_silent() {
    let Some(stage) = Stage::new() else { return };
    let night = json!({ "schedule": "15 2 * * *" });
    let quiet = stage.machine.run("update-pins.yml", "schedule", &night);
    assert!(quiet.good, "{}", quiet.log);
    assert_eq!(quiet.jobs(), ["Plan: succeeded", "Publish: succeeded"], "{}", quiet.log);
    stage.world.some_move(1);
    let moved = stage.machine.run("update-pins.yml", "schedule", &night);
    assert!(moved.good, "{}", moved.log);
    let picture = stage.machine.hub.picture(REPO);
    assert!(picture.contains("automation/update-pin-still-0: 1 ahead, 0 behind"), "{picture}");
    stage.machine.hub.calls();
    let again = stage.machine.run("update-pins.yml", "schedule", &night);
    assert!(again.good, "{}", again.log);
    assert_eq!(stage.machine.hub.writes(), [""; 0]);
    assert_eq!(stage.machine.hub.picture(REPO), picture);
}
