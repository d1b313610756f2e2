//! The workflows that `init` writes, run for real: by `act`, against a GitHub that can be written to, on a real registry.
//!
//! What each job called, and with whose token, is noted. `checks`, `merge` and `report` are stood in for; see `runs/machine.rs`.
#![cfg(unix)]

mod machine;
mod origin;

use crate::hub::Hub;
use crate::hub::limits::Limits;
use crate::night_world::{NightWorld, Size};
use crate::runner::Runner;
use machine::{Machine, PINNED, REPO};
use serde_json::{Value, json};
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

/// A pull request that changes an entry, from this repository or a fork, and the event of its being opened.
struct Proposed {
    number: u64,
    base: String,
    head: String,
}

impl Stage {
    /// Somebody proposes to move an entry's pin.
    fn proposes(&self, from: &str) -> Proposed {
        self.world.some_move(1);
        let entry = &self.world.entries[0];
        let tip = git_tip(self.world.folder(), &entry.path);
        let text = manifest(&self.world, &entry.name).replace(entry.pin.as_str(), &tip);
        let hub = &self.machine.hub;
        if from != REPO {
            hub.change(|world| world.fork(REPO, from));
        }
        hub.human_branches(from, "main", "newer");
        let head = hub.human_pushes(from, "newer", &[(&format!("servers/{}/server.yaml", entry.name), &text)]);
        let number = hub.human_opens(REPO, from, "newer", "Newer", "");
        let base = hub.look(|world| world.repo(REPO).refs["refs/heads/main"].clone());
        Proposed { number, base, head }
    }

    fn event(&self, action: &str, from: &str, of: &Proposed) -> Value {
        json!({
            "action": action, "number": of.number,
            "pull_request": {
                "number": of.number,
                "head": { "sha": of.head, "ref": "newer", "repo": { "full_name": from } },
                "base": { "sha": of.base, "ref": "main" },
            },
        })
    }

    fn calls(&self, of: &Proposed) -> String {
        self.machine.calls(&[("BASE", &of.base), ("HEAD", &of.head)])
    }
}

/// What `main` of an upstream points to.
fn git_tip(folder: &Path, path: &str) -> String {
    let repository = git2::Repository::open(folder.join(path.trim_start_matches('/')))
        .or_else(|_| git2::Repository::open(folder.join(format!("{}.git", path.trim_start_matches('/')))));
    repository.unwrap().refname_to_id("refs/heads/main").unwrap().to_string()
}

#[test]
fn a_pull_request_is_judged_without_a_token_and_published_by_the_app() {
    let Some(stage) = Stage::new() else { return };
    let of = stage.proposes(REPO);
    let event = stage.event("opened", REPO, &of);
    let ran = stage.machine.run("validate.yml", "pull_request_target", &event);
    assert!(ran.good, "{}", ran.log);
    insta::assert_snapshot!(stage.calls(&of), @r"
    app: checks start --pr=1 --diff=BASE..HEAD --only=validate -> 0
    workflow: validate --diff=BASE..HEAD --online --format=json --output=validate.json -> 0
    app: checks publish --pr=1 --diff=BASE..HEAD --only=validate validate.json -> 0
    app: checks gate --pr=1 --diff=BASE..HEAD -> 0
    ");
    let ran = stage.machine.run("security-review.yml", "pull_request_target", &event);
    assert!(ran.good, "{}", ran.log);
    insta::assert_snapshot!(stage.calls(&of), @r"
    app: checks start --pr=1 --diff=BASE..HEAD --only=review -> 0
    nobody: review --diff=BASE..HEAD --report-dir=reviews --agent=static -> 0
    nobody: report merge report.json --output=review.json -> 0
    app: checks publish --pr=1 --diff=BASE..HEAD --only=review review.json -> 0
    app: checks gate --pr=1 --diff=BASE..HEAD -> 0
    ");
    assert_eq!(
        ran.jobs(),
        [
            "Start the checks: succeeded",
            "Review the code: succeeded",
            "Publish the checks: succeeded",
            "Decide the gate: succeeded"
        ]
    );
    // An edited title is no reason to do all of it again; another base is.
    let mut edited = stage.event("edited", REPO, &of);
    edited["changes"] = json!({ "title": { "from": "Old" } });
    assert!(stage.machine.run("validate.yml", "pull_request_target", &edited).good);
    assert_eq!(stage.calls(&of), "");
    edited["changes"] = json!({ "base": { "ref": { "from": "other" } } });
    assert!(stage.machine.run("validate.yml", "pull_request_target", &edited).good);
    assert_eq!(stage.calls(&of).lines().count(), 4);
}

#[test]
fn the_code_of_a_fork_is_reviewed_on_a_maintainers_word_at_that_commit_only() {
    let Some(stage) = Stage::new() else { return };
    let fork = "eve/registry";
    let of = stage.proposes(fork);
    let event = stage.event("opened", fork, &of);
    // It is validated, as everything is.
    let ran = stage.machine.run("validate.yml", "pull_request_target", &event);
    assert!(ran.good, "{}", ran.log);
    assert_eq!(stage.calls(&of).lines().count(), 4);
    for workflow in ["security-review.yml", "build.yml"] {
        assert!(stage.machine.run(workflow, "pull_request_target", &event).good);
        assert_eq!(stage.calls(&of), "", "{workflow}");
    }
    // What somebody wrote is no word of a maintainer's.
    let comment = json!({
        "action": "created",
        "issue": { "number": of.number, "pull_request": { "url": "x" } },
        "comment": { "id": 5, "body": format!("/review {}", &of.head[..12]) },
    });
    stage.machine.approves(None);
    assert!(stage.machine.run("security-review.yml", "issue_comment", &comment).good);
    insta::assert_snapshot!(stage.calls(&of), @"app: checks approval --output=approval.json -> 1");
    // The commit that was approved is reviewed, although the head is another one by now.
    stage.machine.approves(Some((of.number, &of.head)));
    let ran = stage.machine.run("security-review.yml", "issue_comment", &comment);
    assert!(ran.good, "{}", ran.log);
    insta::assert_snapshot!(stage.calls(&of), @r"
    app: checks approval --output=approval.json -> 0
    app: checks start --pr=1 --diff=BASE..HEAD --only=review -> 0
    nobody: review --diff=BASE..HEAD --report-dir=reviews --agent=static -> 0
    nobody: report merge report.json --output=review.json -> 0
    app: checks publish --pr=1 --diff=BASE..HEAD --only=review review.json -> 0
    app: checks gate --pr=1 --diff=BASE..HEAD -> 0
    ");
    let mut labeled = stage.event("labeled", fork, &of);
    labeled["pull_request"]["head"]["sha"] = json!("f".repeat(40));
    labeled["label"] = json!({ "name": "safe-to-review" });
    assert!(stage.machine.run("security-review.yml", "pull_request_target", &labeled).good);
    let calls = stage.calls(&of);
    assert!(calls.contains("BASE..HEAD") && !calls.contains("ffff"), "{calls}");
    // Labels of another name start nothing.
    labeled["label"] = json!({ "name": "security-risk:low" });
    assert!(stage.machine.run("security-review.yml", "pull_request_target", &labeled).good);
    assert_eq!(stage.calls(&of), "");
}

#[test]
fn only_a_green_gate_of_a_pins_branch_starts_the_merge() {
    let Some(stage) = Stage::new() else { return };
    let of = stage.proposes(REPO);
    let event = |name: &str, conclusion: &str, branch: &str| {
        json!({ "action": "completed", "check_run": {
            "id": 1, "name": name, "conclusion": conclusion, "head_sha": of.head,
            "check_suite": { "head_branch": branch }, "pull_requests": [{ "number": of.number }],
        } })
    };
    let (gate, pin) = ("mcp-registry/gate", "automation/update-pin-still-0");
    let run = |name: &str, conclusion: &str, branch: &str| {
        let ran = stage.machine.run("auto-merge.yml", "check_run", &event(name, conclusion, branch));
        assert!(ran.good, "{}", ran.log);
        stage.calls(&of)
    };
    assert_eq!(run(gate, "success", pin), "app: merge --pr=1 -> 0\n");
    for (name, conclusion, branch) in [
        (gate, "failure", pin),
        (gate, "neutral", pin),
        ("mcp-registry/gate-2", "success", pin),
        (gate, "success", "newer"),
    ] {
        assert_eq!(run(name, conclusion, branch), "", "{name} {conclusion} {branch}");
    }
}

#[test]
fn the_gate_is_decided_again_after_a_maintainers_word_and_for_merge_groups() {
    let Some(stage) = Stage::new() else { return };
    let of = stage.proposes(REPO);
    let group = json!({ "action": "completed", "workflow_run": {
        "event": "merge_group", "conclusion": "success", "head_sha": of.head, "head_branch": "gh-readonly-queue/main/pr-1-x",
    } });
    let ran = stage.machine.run("gate.yml", "workflow_run", &group);
    assert!(ran.good, "{}", ran.log);
    insta::assert_snapshot!(stage.calls(&of), @"app: checks gate --merge-group=pr-1-x --diff=BASE..HEAD -> 0");
    let mut red = group;
    red["workflow_run"]["conclusion"] = json!("failure");
    assert!(stage.machine.run("gate.yml", "workflow_run", &red).good);
    assert_eq!(stage.calls(&of), "");
    let queued = json!({ "action": "checks_requested", "merge_group": { "base_sha": of.base, "head_sha": of.head } });
    assert!(stage.machine.run("validate.yml", "merge_group", &queued).good);
    insta::assert_snapshot!(stage.calls(&of), @"workflow: validate --diff=BASE..HEAD --online --format=json --output=validate.json -> 0");
}
