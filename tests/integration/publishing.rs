//! `update-pins --apply PLAN --open-prs`: nights of a registry against a GitHub that can be written to.
//!
//! A plan is what a night of questions to upstreams comes to; here it is written down, so that no upstream is needed. What
//! is looked at afterwards is the state of the hub, and what the program said.

mod anything;
mod attacks;
mod budgets;
mod faults;
mod kills;
mod nights;
mod options;
mod people;
mod said;
mod secrets;

use crate::hub::{BOT, Hub, TOKEN};
use crate::runner::{Output, Run, Runner, SOURCE_DATE_EPOCH};
use chrono::{DateTime, Utc};
use git2::{ObjectType, Oid};
use mcp_registry::ids::CommitSha;
use mcp_registry::pins::facts::{Change, CommitLine, Files};
use mcp_registry::pins::plan::{Decision, Plan, VERSION};
use mcp_registry::pins::reason::Reason;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

pub(crate) const REPO: &str = "acme/registry";

/// The commit of an entry's upstream on some day.
pub(crate) fn commit(name: &str, day: u32) -> CommitSha {
    let id = Oid::hash_object(ObjectType::Blob, format!("{name} on day {day}").as_bytes()).unwrap();
    CommitSha::parse(&id.to_string()).unwrap()
}

pub(crate) fn path(name: &str) -> String {
    format!("servers/{name}/server.yaml")
}

pub(crate) fn branch(name: &str) -> String {
    format!("automation/update-pin-{name}")
}

/// An entry as it is in the registry when its pin is of that day.
pub(crate) fn manifest(name: &str, day: u32) -> String {
    let pin = commit(name, day);
    format!(
        "# {name}, by hand\nname: {name}\nimage: mcp/{name}\ntype: server\nsource:\n  project: https://github.com/upstream/{name}\n  commit: {pin} # audited\n"
    )
}

fn noon() -> DateTime<Utc> {
    DateTime::from_timestamp(i64::try_from(SOURCE_DATE_EPOCH).unwrap() - 43_200, 0).unwrap()
}

/// Nothing is to be done, for this reason.
pub(crate) fn stays(name: &str, day: u32, reason: Reason) -> Decision {
    Decision {
        entry: name.to_owned(),
        path: path(name),
        reason,
        detail: "as it was decided".to_owned(),
        project: Some(format!("https://github.com/upstream/{name}")),
        branch: Some("refs/heads/main".to_owned()),
        directory: String::new(),
        old: Some(commit(name, day)),
        new: Some(commit(name, day)),
        tip: None,
        first_seen: None,
        urgent: false,
        change: None,
        check: None,
        pull: None,
    }
}

/// The pin is to move from one day's commit to another's.
pub(crate) fn moves(name: &str, from: u32, to: u32) -> Decision {
    let line = CommitLine {
        id: commit(name, to),
        author: "Ada".to_owned(),
        date: Some(noon()),
        subject: format!("Work of day {to}"),
        signed: true,
    };
    let change = Change {
        ancestor: true,
        pin_known: true,
        contained: Some(true),
        directory: true,
        dockerfile: Some(true),
        old_tree: Some(commit(name, from).to_string().chars().rev().collect()),
        new_tree: Some(commit(name, to).to_string().chars().rev().collect()),
        archived: Some(false),
        commits: vec![line],
        commits_total: 1,
        files: Files { total: 1, paths: vec!["src/index.ts".to_owned()], ..Files::default() },
        ..Change::default()
    };
    let detail = "1 commit, 1 file changed".to_owned();
    Decision { new: Some(commit(name, to)), change: Some(change), detail, ..stays(name, from, Reason::Updated) }
}

/// A plan of every entry of the registry.
pub(crate) fn plan(mut decisions: Vec<Decision>) -> Plan {
    decisions.sort_by(|one, other| one.entry.cmp(&other.entry));
    Plan { version: VERSION, time: noon(), complete: true, decisions }
}

/// A registry on a hub, and the machine that a night runs on.
pub(crate) struct Night {
    pub(crate) machine: Runner,
    pub(crate) hub: Hub,
}

impl Night {
    /// A registry of these entries, all with their pins of day 1.
    pub(crate) fn of(names: &[&str]) -> Self {
        let hub = Hub::start();
        let files: Vec<(String, String)> = names.iter().map(|name| (path(name), manifest(name, 1))).collect();
        let files: Vec<(&str, &str)> = files.iter().map(|(path, text)| (path.as_str(), text.as_str())).collect();
        hub.change(|world| world.create(REPO, &files));
        Self::on(hub)
    }

    /// The registry of a hub, with a machine of its own.
    pub(crate) fn on(hub: Hub) -> Self {
        Self { machine: Runner::new(), hub }
    }

    /// The program, about to publish this plan.
    pub(crate) fn command(&self, plan: &Plan, more: &[&str]) -> Run<'_> {
        self.machine.write("plan.json", serde_json::to_string_pretty(plan).unwrap());
        let fixed =
            ["update-pins", "--apply", "plan.json", "--open-prs", "--repository", REPO, "--write-interval", "0"];
        self.machine.command(fixed.iter().chain(more)).env("GITHUB_API_URL", &self.hub.url).env("GITHUB_TOKEN", TOKEN)
    }

    /// Publishes this plan.
    pub(crate) fn run(&self, plan: &Plan) -> Output {
        self.run_with(plan, &[])
    }

    pub(crate) fn run_with(&self, plan: &Plan, more: &[&str]) -> Output {
        self.command(plan, more).run()
    }

    /// Publishes this plan, which has to go well. What was written.
    pub(crate) fn publishes(&self, plan: &Plan) -> Vec<String> {
        self.hub.calls();
        let output = self.run(plan);
        assert_eq!(output.status, 0, "{}{}", output.stdout, output.stderr);
        self.hub.writes()
    }

    /// Every pull request in one line each, in the order of their numbers, and then the branches.
    pub(crate) fn state(&self) -> String {
        self.hub.look(|world| {
            let repo = world.repo(REPO);
            let mut lines = Vec::new();
            for thread in repo.threads.values() {
                let Some(pull) = &thread.pull else { continue };
                let state = match (&thread.closed, &pull.merged) {
                    (None, _) => "open".to_owned(),
                    (Some(_), Some(_)) => "merged".to_owned(),
                    (Some((_, who)), None) => format!("closed by {who}"),
                };
                let main = &repo.refs["refs/heads/main"];
                let commits = world.objects.between(main, &pull.head_sha).len();
                let of = if thread.user == BOT { String::new() } else { format!(" of {}", thread.user) };
                let pin = pin_at(world, &pull.head_sha, &pull.head_branch);
                lines.push(format!("#{} {}: {state}{of}, {pin}, {commits} commits", thread.number, pull.head_branch));
            }
            let branches = repo.refs.keys().filter_map(|name| name.strip_prefix("refs/heads/automation/update-pin-"));
            lines.push(format!("branches: {}", branches.collect::<Vec<_>>().join(", ")));
            lines.join("\n").replace("automation/update-pin-", "")
        })
    }
}

/// The day of the pin that a commit has for the entry that a branch is named for.
fn pin_at(world: &crate::hub::world::World, commit_id: &str, branch: &str) -> String {
    let Some(name) = branch.strip_prefix("automation/update-pin-") else { return "no pin".to_owned() };
    let item = world.objects.at(&world.objects.commits[commit_id].tree, &path(name));
    let text = item.map(|item| String::from_utf8(world.objects.blobs[&item.id].clone()).unwrap());
    let Some(text) = text else { return "no entry".to_owned() };
    let day = (1..10).find(|day| text == manifest(name, *day));
    day.map_or("another text".to_owned(), |day| format!("day {day}"))
}

/// What a run said, with its status.
pub(crate) fn said(output: &Output) -> String {
    format!("status {}\n--- stdout\n{}--- stderr\n{}", output.status, output.stdout, output.stderr)
}

/// Fails with the lines that differ when a repository is not in the state that it should be in.
#[track_caller]
pub(crate) fn assert_same(found: &str, expected: &str, what: &str) {
    let diff = similar::TextDiff::from_lines(expected, found);
    assert!(found == expected, "{what}\n{}", diff.unified_diff().header("expected", "found"));
}

/// Does something with each of these, on so many threads; what fails is said of all of them together.
pub(crate) fn on_threads<T: Send>(threads: usize, items: Vec<T>, work: impl Fn(T) + Sync) {
    let items = Mutex::new(items.into_iter());
    let failed = AtomicUsize::new(0);
    std::thread::scope(|scope| {
        for _ in 0..threads {
            scope.spawn(|| {
                loop {
                    let next = items.lock().unwrap().next();
                    let Some(next) = next else { break };
                    if catch_unwind(AssertUnwindSafe(|| work(next))).is_err() {
                        failed.fetch_add(1, Ordering::SeqCst);
                    }
                }
            });
        }
    });
    assert_eq!(failed.into_inner(), 0, "failed; what is said of each is above");
}

/// The same, on four threads for each processor: runs under faults wait, for retries and for limits, nine parts of ten.
pub(crate) fn on_all<T: Send>(items: Vec<T>, work: impl Fn(T) + Sync) {
    on_threads(std::thread::available_parallelism().map_or(2, usize::from) * 4, items, work);
}
