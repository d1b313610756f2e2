//! The workflows that `init` writes, run for real: by `act`, against a GitHub that can be written to, on a real registry.
//!
//! What each job called, and with whose token, is noted; and what became of it on GitHub.
#![cfg(unix)]

mod machine;
mod origin;

use crate::hub::checked::Required;
use crate::hub::limits::Limits;
use crate::hub::people::MARIA;
use crate::hub::{Hub, TOKEN};
use crate::night_world::{NightWorld, Size};
use crate::runner::Runner;
use machine::{Machine, PINNED, REPO};
use serde_json::{Value, json};
use std::path::Path;
use std::time::Duration;

/// The registry's own App.
const APP: u64 = 4_242;

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
        let made = registry.run([
            "init",
            "--tool",
            &tool,
            "--host",
            &host,
            "--owners",
            "@acme/maintainers",
            "--app-id",
            "4242",
        ]);
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
        hub.change(|world| {
            world.create(REPO, &files);
            world.repo_mut(REPO).required = vec![Required { context: "mcp-registry/gate".to_owned(), app: Some(APP) }];
        });
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

    /// The checks of a head, and the labels of its pull request.
    fn state(&self, of: &Proposed) -> String {
        self.machine.hub.look(|world| {
            let checks = world.checks_of(REPO, &of.head).into_iter();
            let said = |text: &Option<String>| text.clone().unwrap_or_default();
            let mut lines: Vec<String> = checks
                .map(|check| {
                    format!(
                        "{}: {} ({})",
                        check.name,
                        check.conclusion.as_ref().unwrap_or(&check.status),
                        said(&check.title)
                    )
                })
                .collect();
            lines.sort();
            lines.push(format!("labels: {}", world.repo(REPO).threads[&of.number].labels.join(", ")));
            lines.join("\n")
        })
    }

    /// The image can be built: what the workflow `Build` would say, which needs a container engine.
    fn builds(&self, of: &Proposed, entry: &str, pin: &str) {
        let image = json!({ "repository": format!("mcp/{entry}"), "tags": ["x"], "id": "sha256:1", "digest": null, "commit": pin,
            "context_digest": format!("sha256:{}", "1".repeat(64)), "context_files": 1, "platform": "linux/amd64", "labels": {} });
        let built =
            json!({ "version": 1, "builds": [{ "entry": entry, "status": "built", "reason": null, "image": image }] });
        let machine = Runner::new();
        self.machine.hub.fetch(REPO, &machine.root());
        machine.write("../home/build.json", built.to_string());
        let (file, pull) = (machine.home().join("build.json"), of.number.to_string());
        let arguments = ["checks", "publish", "--only", "build", "--repository", REPO, "--pr", &pull, "--diff"];
        let range = format!("main..{}", of.head);
        let run = machine.command(arguments.into_iter().chain([&*range, file.to_str().unwrap()]));
        let output = run.env("GITHUB_API_URL", &self.machine.hub.url).env("GITHUB_TOKEN", TOKEN).run();
        assert_eq!(output.status, 0, "{}", output.stderr);
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
    // Two of its jobs do not wait for each other.
    let mut calls: Vec<String> = stage.calls(&of).lines().map(str::to_owned).collect();
    calls.sort();
    insta::assert_snapshot!(calls.join("\n"), @r"
    app: checks gate --pr=1 --diff=BASE..HEAD -> 1
    app: checks publish --pr=1 --diff=BASE..HEAD --only=validate mcp-registry-taken -> 0
    app: checks start --pr=1 --diff=BASE..HEAD --only=validate -> 0
    workflow: validate --diff=BASE..HEAD --online --format=json --output=validate.json -> 0
    ");
    let ran = stage.machine.run("security-review.yml", "pull_request_target", &event);
    assert!(ran.good, "{}", ran.log);
    insta::assert_snapshot!(stage.calls(&of), @r"
    app: checks start --pr=1 --diff=BASE..HEAD --only=review -> 0
    nobody: review --diff=BASE..HEAD --agent=static --report-dir=reviews -> 0
    app: checks publish --pr=1 --diff=BASE..HEAD --only=review mcp-registry-taken -> 0
    app: checks gate --pr=1 --diff=BASE..HEAD -> 1
    ");
    insta::assert_snapshot!(stage.state(&of), @r"
    mcp-registry/gate: in_progress (build/still-0: there is no such check yet)
    security-review/still-0: success (risk: info; no findings)
    validate/still-0: success (1 note)
    labels: security-risk:info
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
    let hub = &stage.machine.hub;
    let comments = |who: &str| {
        let body = format!("/review {}", &of.head[..12]);
        let id = hub.human_comments(REPO, of.number, who, &body);
        let event = json!({
            "action": "created", "sender": { "login": who },
            "issue": { "number": of.number, "pull_request": { "url": "x" } },
            "comment": { "id": id, "body": body },
        });
        let ran = stage.machine.run("security-review.yml", "issue_comment", &event);
        assert!(ran.good, "{}", ran.log);
        stage.calls(&of)
    };
    assert_eq!(comments("eve"), "app: checks approval --output=approval.json -> 1\n");
    insta::assert_snapshot!(comments(MARIA), @r"
    app: checks approval --output=approval.json -> 0
    app: checks start --pr=1 --diff=BASE..HEAD --only=review -> 0
    nobody: review --diff=BASE..HEAD --agent=static --report-dir=reviews -> 0
    app: checks publish --pr=1 --diff=BASE..HEAD --only=review mcp-registry-taken -> 0
    app: checks gate --pr=1 --diff=BASE..HEAD -> 1
    ");
    insta::assert_snapshot!(stage.state(&of), @r"
    mcp-registry/gate: in_progress (build/still-0: there is no such check yet)
    security-review/still-0: success (risk: info; no findings)
    validate/still-0: success (1 note)
    labels: security-risk:info
    ");
    // A review decides the gate again, in a workflow of the default branch.
    hub.human_reviews(REPO, of.number, MARIA, "APPROVED");
    let reviewed = stage.machine.run("reviewed.yml", "pull_request_review", &json!({ "review": { "id": 3 } }));
    assert!(reviewed.good, "{}", reviewed.log);
    let run = json!({ "action": "completed", "workflow_run": {
        "event": "pull_request_review", "conclusion": "success", "head_sha": of.head, "head_branch": "newer",
    } });
    assert!(stage.machine.run("gate.yml", "workflow_run", &run).good);
    assert_eq!(stage.calls(&of), "app: checks gate --diff=BASE..HEAD -> 1\n");
    // Labels of another name start nothing, and none is for a head that came later.
    let mut labeled = stage.event("labeled", fork, &of);
    labeled["label"] = json!({ "name": "security-risk:low" });
    assert!(stage.machine.run("security-review.yml", "pull_request_target", &labeled).good);
    assert_eq!(stage.calls(&of), "");
    hub.human_labels(REPO, of.number, "safe-to-review", MARIA);
    hub.human_pushes(fork, "newer", &[("servers/still-0/readme.md", "# Evil\n")]);
    labeled["label"] = json!({ "name": "safe-to-review" });
    labeled["sender"] = json!({ "login": MARIA });
    let ran = stage.machine.run("security-review.yml", "pull_request_target", &labeled);
    assert!(ran.good, "{}", ran.log);
    assert_eq!(stage.calls(&of), "app: checks approval --output=approval.json -> 1\n");
}

#[test]
fn a_night_ends_with_a_merged_pin_and_only_a_green_gate_starts_the_merge() {
    let Some(stage) = Stage::new() else { return };
    stage.world.some_move(1);
    let ran = stage.machine.run("update-pins.yml", "schedule", &json!({ "schedule": "15 2 * * *" }));
    assert!(ran.good, "{}", ran.log);
    let hub = &stage.machine.hub;
    let of = hub.look(|world| {
        let repo = world.repo(REPO);
        let (number, thread) = repo.threads.iter().find(|(_, thread)| thread.pull.is_some()).unwrap();
        let head = thread.pull.as_ref().unwrap().head_sha.clone();
        Proposed { number: *number, base: repo.refs["refs/heads/main"].clone(), head }
    });
    stage.machine.calls(&[]);
    let pin = git_tip(stage.world.folder(), &stage.world.entries[0].path);
    let event = stage.event("opened", REPO, &of);
    for workflow in ["validate.yml", "security-review.yml"] {
        let ran = stage.machine.run(workflow, "pull_request_target", &event);
        assert!(ran.good, "{}", ran.log);
    }
    stage.calls(&of);
    let merge = |name: &str, conclusion: &str, branch: &str| {
        let event = json!({ "action": "completed", "check_run": {
            "id": 1, "name": name, "conclusion": conclusion, "head_sha": of.head,
            "check_suite": { "head_branch": branch }, "pull_requests": [{ "number": of.number }],
        } });
        let ran = stage.machine.run("auto-merge.yml", "check_run", &event);
        assert!(ran.good, "{}", ran.log);
        stage.calls(&of)
    };
    let (gate, branch) = ("mcp-registry/gate", "automation/update-pin-still-0");
    for (name, conclusion, branch) in [
        (gate, "failure", branch),
        (gate, "neutral", branch),
        ("mcp-registry/gate-2", "success", branch),
        (gate, "success", "newer"),
    ] {
        assert_eq!(merge(name, conclusion, branch), "", "{name} {conclusion} {branch}");
    }
    // Whatever an event says: the gate is not green, so nothing is merged.
    assert!(merge(gate, "success", branch).ends_with(" -> 1\n"));
    stage.builds(&of, "still-0", &pin);
    hub.human_labels(REPO, of.number, "security-ack", MARIA);
    let mut labeled = stage.event("labeled", REPO, &of);
    labeled["label"] = json!({ "name": "security-ack" });
    let ran = stage.machine.run("gate.yml", "pull_request_target", &labeled);
    assert!(ran.good, "{}", ran.log);
    insta::assert_snapshot!(stage.calls(&of), @"app: checks gate --pr=1 --diff=BASE..HEAD -> 0");
    insta::assert_snapshot!(stage.state(&of), @r"
    build/still-0: success (built from 6ad1fdac8dd4)
    mcp-registry/gate: success (everything that is asked for has passed)
    security-review/still-0: success (risk: info; no findings)
    validate/still-0: success (1 note)
    labels: security-risk:info, security-ack
    ");
    insta::assert_snapshot!(merge(gate, "success", branch), @"app: merge --pr=1 -> 0");
    hub.look(|world| {
        let pull = world.repo(REPO).threads[&of.number].pull.clone().unwrap();
        assert!(pull.merged.is_some());
        let main = &world.objects.commits[&world.repo(REPO).refs["refs/heads/main"]];
        let file = world.objects.at(&main.tree, "servers/still-0/server.yaml").unwrap();
        assert!(String::from_utf8_lossy(&world.objects.blobs[&file.id]).contains(&pin));
    });
}

#[test]
fn a_merge_group_gets_a_gate_of_its_own() {
    let Some(stage) = Stage::new() else { return };
    let of = stage.proposes(REPO);
    let hub = &stage.machine.hub;
    let queue = format!("gh-readonly-queue/main/pr-{}-{}", of.number, of.base);
    hub.human_branches(REPO, "newer", &queue);
    let queued = json!({ "action": "checks_requested", "merge_group": { "base_sha": of.base, "head_sha": of.head } });
    assert!(stage.machine.run("validate.yml", "merge_group", &queued).good);
    insta::assert_snapshot!(stage.calls(&of), @"workflow: validate --diff=BASE..HEAD --online --format=json --output=validate.json -> 0");
    let mut group = json!({ "action": "completed", "workflow_run": {
        "event": "merge_group", "conclusion": "failure", "head_sha": of.head, "head_branch": queue,
    } });
    assert!(stage.machine.run("gate.yml", "workflow_run", &group).good);
    insta::assert_snapshot!(stage.calls(&of), @"app: checks gate --merge-group=pr-1-BASE --diff=BASE..HEAD --failed=validate -> 1");
    insta::assert_snapshot!(stage.state(&of), @r"
    mcp-registry/gate: failure (validate: failed before the gate was asked; and 3 more)
    labels:
    ");
    group["workflow_run"]["conclusion"] = json!("success");
    let ran = stage.machine.run("gate.yml", "workflow_run", &group);
    assert!(ran.good, "{}", ran.log);
    insta::assert_snapshot!(stage.calls(&of), @"app: checks gate --merge-group=pr-1-BASE --diff=BASE..HEAD -> 1");
    insta::assert_snapshot!(stage.state(&of), @r"
    mcp-registry/gate: failure (validate: failed before the gate was asked; and 3 more)
    mcp-registry/gate: in_progress (validate/still-0: there is no such check yet; and 2 more)
    labels:
    ");
}
