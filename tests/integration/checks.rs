//! `checks` and `merge` against a GitHub that can be written to: pull requests of a registry, the reports of its jobs, and what
//! the registry's own App says of them.

mod approvals;
mod end_to_end;
mod faults;
mod forgeries;
mod gates;
mod merging;
mod publishing;

use crate::hub::checked::Required;
use crate::hub::world::World;
use crate::hub::{Hub, TOKEN};
use crate::publishing::{REPO, branch, commit, manifest, moves, path, plan};
use crate::runner::{Output, Run, Runner};
use serde_json::{Value, json};
use std::collections::BTreeSet;

/// The registry's own App.
const APP: u64 = 4_242;
/// A maintainer who made no commit.
const NORA: &str = "nora";
const POLICY: &str = "[github]\napp-id = 4242\n";

/// A registry on a hub, and the machine that its jobs run on.
struct Stage {
    hub: Hub,
    machine: Runner,
}

impl Stage {
    /// A registry of these entries, all with their pins of day 1, and nothing open.
    fn of(names: &[&str]) -> Self {
        let hub = Hub::start();
        let mut files: Vec<(String, String)> = names.iter().map(|name| (path(name), manifest(name, 1))).collect();
        files.push(("mcp-registry.toml".to_owned(), POLICY.to_owned()));
        let files: Vec<(&str, &str)> = files.iter().map(|(path, text)| (path.as_str(), text.as_str())).collect();
        hub.change(|world| {
            world.create(REPO, &files);
            world.repo_mut(REPO).people.insert(NORA.to_owned(), "maintain");
            world.repo_mut(REPO).required = vec![Required { context: "mcp-registry/gate".to_owned(), app: Some(APP) }];
        });
        hub.limit(crate::hub::limits::Limits::unlimited());
        Self { hub, machine: Runner::new() }
    }

    /// A GitHub in this state, and the reports of the jobs of pull request 1.
    fn at(world: World, risk: &str) -> Self {
        let stage = Self { hub: Hub::with(world), machine: Runner::new() };
        stage.hub.limit(crate::hub::limits::Limits::unlimited());
        stage.reports(risk);
        stage
    }

    /// The registry with the entry `a`, whose pin a night wants to move: pull request 1.
    fn bumped() -> Self {
        let stage = Self::of(&["a"]);
        stage.night(2);
        stage
    }

    /// A night moves the pin of `a` to the commit of a day.
    fn night(&self, day: u32) {
        let machine = Runner::new();
        machine.write("plan.json", serde_json::to_string(&plan(vec![moves("a", 1, day)])).unwrap());
        let arguments =
            ["update-pins", "--apply", "plan.json", "--open-prs", "--repository", REPO, "--write-interval", "0"];
        let output = self.wired(machine.command(arguments)).run();
        assert_eq!(output.status, 0, "{}", output.stderr);
    }

    fn wired<'a>(&self, run: Run<'a>) -> Run<'a> {
        run.env("GITHUB_API_URL", &self.hub.url).env("GITHUB_TOKEN", TOKEN)
    }

    /// A command of a job, in a checkout of the registry as it is now.
    fn command(&self, arguments: &[&str]) -> Run<'_> {
        self.hub.fetch(REPO, &self.machine.root());
        let fixed = ["--repository", REPO, "--write-interval", "0"];
        self.wired(self.machine.command(arguments.iter().chain(&fixed)))
    }

    fn run(&self, arguments: &[&str]) -> Output {
        self.command(arguments).run()
    }

    /// Publishes the reports, which has to go well. What was written.
    fn publishes(&self) -> Vec<String> {
        self.hub.calls();
        let output = self.run(&PUBLISH);
        assert_eq!(output.status, 0, "{}{}", output.stdout, output.stderr);
        self.writes()
    }

    /// What was written since the last look, without what is the same everywhere.
    fn writes(&self) -> Vec<String> {
        self.hub.writes().iter().map(|call| call.replace(&format!("/repos/{REPO}/"), "")).collect()
    }

    fn gate(&self) -> Output {
        self.run(&["checks", "gate", "--pr", "1", "--diff", "main..pull/1"])
    }

    fn merge(&self) -> Output {
        self.run(&["merge", "--pr", "1", "--patience", "1s"])
    }

    /// The head of pull request 1.
    fn head(&self) -> String {
        self.hub.look(head_in)
    }

    /// All reports of the jobs of pull request 1, as they end when nothing is wrong but what a review found.
    fn reports(&self, risk: &str) {
        self.report_of("validate.json", &validated(&[]));
        self.report_of("build.json", &built("a", 2, "built"));
        self.report_of("reviews/a/report.json", &reviewed("a", 2, risk));
    }

    fn report_of(&self, file: &str, report: &Value) {
        self.machine.write(file, serde_json::to_string(report).unwrap());
    }

    /// Every check run of the head, the labels, and who said what.
    fn state(&self) -> String {
        self.state_of(false)
    }

    /// The same, of check runs of one name the newest alone, as GitHub shows them.
    fn latest(&self) -> String {
        self.state_of(true)
    }

    fn state_of(&self, latest: bool) -> String {
        self.hub.look(|world| {
            let thread = &world.repo(REPO).threads[&1];
            let mut checks = world.checks_of(REPO, &head_in(world));
            if latest {
                let mut seen = BTreeSet::new();
                checks.retain(|check| seen.insert((check.app, check.name.clone())));
            }
            let mut lines: Vec<String> = checks
                .into_iter()
                .map(|check| {
                    let conclusion = check.conclusion.as_deref().unwrap_or(&check.status);
                    let title = check.title.as_deref().unwrap_or_default();
                    let marks = match check.annotations.len() {
                        0 => String::new(),
                        number => format!(" ({number} annotations)"),
                    };
                    format!("{}: {conclusion}: {title}{marks}", check.name)
                })
                .collect();
            lines.sort();
            lines.push(format!("labels: {}", thread.labels.join(", ")));
            lines.extend(thread.comments.iter().map(|comment| format!("{} says:\n{}", comment.user, comment.body)));
            lines.join("\n")
        })
    }
}

const PUBLISH: [&str; 8] =
    ["checks", "publish", "--pr=1", "--diff", "main..pull/1", "validate.json", "build.json", "reviews"];

/// What `validate --format json` writes.
fn validated(findings: &[Value]) -> Value {
    let errors = findings.iter().filter(|finding| finding["severity"] == "error").count();
    json!({ "version": 1, "tool": { "name": "mcp-registry", "version": "0.1.0" }, "command": "validate", "entries": 1,
        "findings": findings, "summary": { "error": errors, "warning": findings.len() - errors, "note": 0, "waived": 0 } })
}

fn finding(entry: &str, severity: &str, line: u64, message: &str) -> Value {
    json!({ "rule": "unpinned-source", "severity": severity, "entry": entry, "path": path(entry), "line": line,
        "column": 1, "end_line": line, "end_column": 5, "message": message, "label": "", "help": "mend it",
        "labels": [], "fixable": false, "waived": null })
}

/// What `build --format json` writes.
fn built(entry: &str, day: u32, status: &str) -> Value {
    let image = json!({ "repository": format!("mcp/{entry}"), "tags": ["x"], "id": "sha256:1", "digest": null,
        "commit": commit(entry, day), "context_digest": format!("sha256:{}", "1".repeat(64)), "context_files": 1,
        "platform": "linux/amd64", "labels": {} });
    let (reason, image) = match status {
        "failed" => (json!("`RUN make` ended with status 2"), Value::Null),
        _ => (Value::Null, image),
    };
    json!({ "version": 1, "builds": [{ "entry": entry, "status": status, "reason": reason, "image": image }] })
}

/// The `report.json` of a review that found something of this risk; `incomplete` of one that did not end.
fn reviewed(entry: &str, day: u32, risk: &str) -> Value {
    let (risk, incomplete) =
        if risk == "incomplete" { ("info", json!(["the time was up"])) } else { (risk, json!([])) };
    let label = if incomplete == json!([]) { risk } else { "incomplete" };
    let mut labels = vec![format!("security-risk:{label}")];
    if risk == "critical" {
        labels.insert(0, "security-blocked".to_owned());
    }
    let finding = json!({ "title": "Sends the environment away", "risk": risk, "category": "data-exfiltration",
        "path": "src/index.ts", "start_line": 3, "end_line": 3, "quote": "fetch(url, process.env)", "impact": "Secrets leak",
        "recommendation": "Do not merge", "confidence": "high", "quote_is": "verified", "agents": ["static"] });
    let findings = if risk == "info" { json!([]) } else { json!([finding]) };
    json!({ "version": 1,
        "reviewed": { "entry": entry, "repository": format!("https://github.com/upstream/{entry}"),
            "base": commit(entry, 1), "head": commit(entry, day), "base_tree": "1".repeat(40), "head_tree": "2".repeat(40),
            "found": { "status": "on", "detail": "refs/heads/main" }, "history": null, "directory": "",
            "scope": "differential", "files": 3, "changed_files": 1, "changes": [] },
        "verdict": { "risk": risk, "incomplete": incomplete }, "labels": labels,
        "agents": [{ "name": "static", "model": null, "status": "complete", "reason": null, "summary": "Looked at it.",
            "findings": 1, "coverage": null, "usage": null, "audit": [] }],
        "findings": findings, "unreviewed": [], "renamed": [] })
}

#[test]
fn the_reports_of_these_tests_are_of_the_published_form() {
    for (schema, report) in [
        (include_str!("../../schemas/report.json"), validated(&[finding("a", "error", 1, "x")])),
        (include_str!("../../schemas/build.json"), built("a", 2, "built")),
        (include_str!("../../schemas/build.json"), built("a", 2, "failed")),
        (include_str!("../../schemas/review-report.json"), reviewed("a", 2, "high")),
        (include_str!("../../schemas/review-report.json"), reviewed("a", 2, "incomplete")),
        (include_str!("../../schemas/review-report.json"), reviewed("a", 2, "critical")),
    ] {
        let schema: Value = serde_json::from_str(schema).unwrap();
        jsonschema::validate(&schema, &report).unwrap_or_else(|error| panic!("{error}: {report:#}"));
    }
}

/// The head of pull request 1.
fn head_in(world: &World) -> String {
    world.repo(REPO).threads[&1].pull.as_ref().unwrap().head_sha.clone()
}

/// The branch of a pin.
fn pin_branch() -> String {
    branch("a")
}
