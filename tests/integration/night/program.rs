//! Whole nights of the program, from upstreams to pull requests.

use super::listings;
use crate::hub::limits::Limits;
use crate::hub::people::MARIA;
use crate::hub::{Hub, TOKEN};
use crate::night_world::cases::LATE;
use crate::night_world::{NightWorld, Size, WorldEntry};
use crate::runner::{Output, Runner, SOURCE_DATE_EPOCH};
use mcp_registry::pins::plan::{Action, Decision, Plan};
use mcp_registry::pins::reason::Reason;
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::time::Duration;

const REPO: &str = "acme/registry";

/// A registry, its upstreams, and the machine of its nights.
struct Nights {
    world: NightWorld,
    registry: Runner,
}

impl Nights {
    fn new(size: &Size) -> Self {
        let (world, registry) = (NightWorld::new(size, Duration::ZERO), Runner::new());
        world.write_registry(&registry.root());
        Self { world, registry }
    }

    fn file(&self, name: &str) -> String {
        self.registry.home().join(name).to_str().unwrap().to_owned()
    }

    /// Plans a night, so many hours after the first.
    fn plan(&self, hour: u64, more: &[&str]) -> (Plan, Output) {
        let file = self.file("plan.json");
        let fixed = ["update-pins", "--dry-run", "--allow-network", "127.0.0.0/8", "--plan", &file];
        let mut command = self.registry.command(fixed.iter().chain(more));
        for (name, value) in self.world.environment(&self.registry.home()) {
            command = command.env(name, value);
        }
        let output = command.env("SOURCE_DATE_EPOCH", (SOURCE_DATE_EPOCH + 3600 * hour).to_string()).run();
        (read(&file), output)
    }

    /// Publishes the plan that was made last.
    fn publish(&self, hub: &Hub, most: usize) -> Plan {
        let (plan, result, most) = (self.file("plan.json"), self.file("result.json"), most.to_string());
        let fixed = ["update-pins", "--apply", &plan, "--open-prs", "--repository", REPO, "--write-interval", "0"];
        // Who applies a plan holds it to the policy.
        let policy = self.file("publish.toml");
        std::fs::write(&policy, format!("[registry]\nhosts = [\"127.0.0.1:{}\"]\n", self.world.server.port)).unwrap();
        let more = ["--max-new-prs", &most, "--plan", &result, "--policy", &policy];
        let command = self.registry.command(fixed.iter().chain(&more));
        let output = command.env("GITHUB_API_URL", &hub.url).env("GITHUB_TOKEN", TOKEN).run();
        assert_eq!(output.status, 3, "some upstreams did not answer: {}{}", output.stdout, output.stderr);
        read(&result)
    }

    /// The registry on GitHub.
    fn hub(&self) -> Hub {
        let hub = Hub::start();
        let manifests = self.world.entries.iter().map(|entry| (path(&entry.name), self.world.manifest(entry)));
        let files: Vec<(String, String)> = manifests.collect();
        let files: Vec<(&str, &str)> = files.iter().map(|(path, text)| (path.as_str(), text.as_str())).collect();
        hub.change(|world| world.create(REPO, &files));
        // Whether budgets are kept is another test's matter; here nobody waits for a minute to end.
        hub.limit(Limits { per_minute: usize::MAX, per_hour: usize::MAX, ..Limits::default() });
        hub
    }
}

fn read(file: &str) -> Plan {
    serde_json::from_str(&std::fs::read_to_string(Path::new(file)).unwrap()).unwrap()
}

fn path(name: &str) -> String {
    format!("servers/{name}/server.yaml")
}

fn branch(name: &str) -> String {
    format!("automation/update-pin-{name}")
}

fn by_name(plan: &Plan) -> BTreeMap<&str, &Decision> {
    plan.decisions.iter().map(|decision| (decision.entry.as_str(), decision)).collect()
}

/// Entries whose reason is another one than this says.
fn wrong(plan: &Plan, entries: &[WorldEntry], wanted: impl Fn(&WorldEntry) -> Reason) -> Vec<String> {
    let decisions = by_name(plan);
    let other = entries.iter().filter_map(|entry| {
        let (decision, wanted) = (decisions[entry.name.as_str()], wanted(entry));
        (decision.reason != wanted)
            .then(|| format!("{}: {} for {wanted}: {}", entry.name, decision.reason, decision.detail))
    });
    other.collect()
}

#[test]
fn every_reason_code_occurs_and_is_right() {
    let nights = Nights::new(&Size::of_acceptance());
    let entries = &nights.world.entries;
    let state = nights.file("state.json");
    let options = ["--state", &state, "--cooldown", "24h"];
    let mut all = BTreeSet::new();
    let asked_once = |night: u32| {
        let asked = nights.world.server.asked();
        let twice: Vec<_> = listings(&asked).into_iter().filter(|(_, times)| *times > 1).collect();
        assert_eq!(twice, [], "night {night}: one listing for each upstream");
        for name in ["switched-off", "no-pin", "no-yaml"] {
            let of_it: Vec<_> = asked.iter().filter(|line| line.contains(&format!("/{name}/"))).collect();
            assert!(of_it.is_empty(), "night {night}: nothing is asked about {name}");
        }
    };

    // What moves is seen for the first time in the second night, and is old enough in the third.
    nights.plan(0, &options);
    asked_once(1);
    nights.world.happens();
    let (plan, _) = nights.plan(24, &options);
    asked_once(2);
    assert_eq!(by_name(&plan)["forward"].reason, Reason::CoolingDown);
    nights.world.last_happens();
    let (plan, output) = nights.plan(49, &options);
    asked_once(3);
    assert_eq!(output.status, 3);
    assert!(plan.complete);
    assert_eq!(plan.decisions.len(), 250);
    let wanted = |entry: &WorldEntry| if entry.name == LATE { Reason::CoolingDown } else { entry.reason };
    assert_eq!(wrong(&plan, entries, wanted), [""; 0]);
    all.extend(plan.decisions.iter().map(|decision| decision.reason));

    // A dry run wrote nothing.
    for entry in entries {
        assert_eq!(nights.registry.read(path(&entry.name)), nights.world.manifest(entry));
    }

    let hub = nights.hub();
    let moving: Vec<&str> =
        plan.decisions.iter().filter(|decision| decision.reason.moves()).map(|decision| &*decision.entry).collect();
    let (first, rest) = moving.split_at(20);
    let result = nights.publish(&hub, first.len());
    // What never moves by itself is still called that.
    let opened = |entry: &WorldEntry| match entry.reason {
        Reason::Updated => Reason::Opened,
        suspect => suspect,
    };
    let wanted = |entry: &WorldEntry| match () {
        () if first.contains(&&*entry.name) => opened(entry),
        () if rest.contains(&&*entry.name) => Reason::OverLimit,
        () => wanted(entry),
    };
    assert_eq!(wrong(&result, entries, wanted), [""; 0]);
    let did = |plan: &Plan, name: &str| by_name(plan)[name].pull.as_ref().map(|pull| pull.action);
    assert!(first.iter().all(|name| did(&result, name) == Some(Action::Open)));
    all.extend(result.decisions.iter().map(|decision| decision.reason));

    // People do what they do, and the same plan is published again.
    let decisions = by_name(&result);
    let closed = first[0];
    hub.human_closes(REPO, decisions[closed].pull.as_ref().unwrap().number);
    let (edited, outdated) = (first[1], rest[0]);
    hub.human_pushes(REPO, &branch(edited), &[("servers/x/readme.md", "# X\n")]);
    let entry = entries.iter().find(|entry| entry.name == outdated).unwrap();
    let by_hand = nights.world.manifest(entry).replace(entry.pin.as_str(), &"1".repeat(40));
    hub.change(|world| {
        world.push(REPO, "main", MARIA, "By hand", &[(&path(outdated), Some(&by_hand))]);
    });
    let result = nights.publish(&hub, 5);
    let decisions = by_name(&result);
    for (name, reason) in
        [(closed, Reason::ClosedByHuman), (edited, Reason::HumanEdits), (outdated, Reason::OutdatedPlan)]
    {
        assert_eq!(decisions[name].reason, reason, "{name}: {}", decisions[name].detail);
    }
    assert!(first[2..].iter().all(|name| did(&result, name) == Some(Action::Leave)));
    assert!(rest[1..6].iter().all(|name| did(&result, name) == Some(Action::Open)));
    assert_eq!(decisions["forward"].reason, Reason::Unchanged);
    all.extend(result.decisions.iter().map(|decision| decision.reason));

    let missing: Vec<_> = Reason::ALL.into_iter().filter(|reason| !all.contains(reason)).collect();
    assert_eq!(missing, []);
}

#[test]
fn without_a_cooldown_the_first_night_decides() {
    let nights = Nights::new(&Size { singles: 60, cases: true, monorepos: vec![35, 20] });
    nights.world.happens();
    nights.world.last_happens();
    let (plan, output) = nights.plan(0, &[]);
    // An interval needs a memory.
    let wanted = |entry: &WorldEntry| if entry.reason == Reason::TooSoon { Reason::Updated } else { entry.reason };
    assert_eq!(wrong(&plan, &nights.world.entries, wanted), [""; 0]);
    assert_eq!(output.status, 3);
    // Every sentence that people read, without what is of this run.
    let hex = regex::Regex::new("[0-9a-f]{12,40}").unwrap();
    let said: Vec<String> = plan
        .decisions
        .iter()
        .filter(|decision| !decision.entry.starts_with("still-") && !decision.entry.starts_with("mono-"))
        .map(|decision| format!("{}: {}: {}", decision.entry, decision.reason, decision.detail))
        .map(|line| hex.replace_all(&line, "…").replace(&nights.world.server.port.to_string(), "PORT"))
        .collect();
    insta::assert_snapshot!(said.join("\n"), @r"
    a-page: unreachable: 127.0.0.1:PORT did not answer as a Git server does: it does not list its branches
    archived: archived: https://127.0.0.1:PORT/acme/archived is declared read-only: nothing more comes from it
    archived-and-still: current: `refs/heads/main` is at the pin
    branch: updated: 2 commits by 1 author changed 1 file
    branch-deleted: branch-missing: there is no branch `release` upstream
    branch-in-full: updated: 2 commits by 1 author changed 1 file
    broken: unreachable: 127.0.0.1:PORT answered 500
    commit-as-branch: branch-is-tag: `source.branch` is a commit, which never moves
    directory: updated: 2 commits by 1 author changed 1 file in `server`; of note: CI
    directory-linked: directory-missing: there is no directory `server` at …
    directory-moved: directory-missing: there is no directory `server` at …
    dockerfile-deleted: dockerfile-missing: there is no file `Dockerfile` at …
    emptied: branch-missing: upstream does not say which branch is its default: name one in `source.branch`
    forward: updated: 2 commits by 1 author changed 1 file
    forward-of-note: updated: 2 commits by 1 author changed 5 files; of note: Dockerfile, lock files, install scripts, CI
    forward-signed: updated: 2 commits by 1 author changed 1 file
    gone: gone: there is no public repository at this address
    impostor: impostor: … is on no branch and no tag of https://127.0.0.1:PORT/acme/impostor
    late: updated: 2 commits by 1 author changed 1 file
    license-added: license-changed: there is a licence, `COPYING`, where there was none; 2 commits by 1 author changed 2 files
    license-changed: license-changed: the licence `LICENSE` says something else; 2 commits by 1 author changed 2 files
    license-deleted: license-changed: the licence `LICENSE` is gone; 2 commits by 1 author changed 2 files
    license-of-another-year: updated: 2 commits by 1 author changed 2 files
    license-renamed: updated: 2 commits by 1 author changed 3 files
    limited: rate-limited: 127.0.0.1:PORT asks to be left alone for 3600 seconds
    limited-by-refusal: rate-limited: 127.0.0.1:PORT asks to be left alone for 3600 seconds
    made-private: gone: there is no public repository at this address
    master: updated: 2 commits by 1 author changed 1 file
    master-stays: current: `refs/heads/master` is at the pin
    no-deep-filter: updated: 2 commits by 1 author changed 1 file in `server`
    no-filter: updated: 2 commits by 1 author changed 1 file
    no-pin: invalid-entry: `source.commit` is missing: the code is not pinned
    no-yaml: invalid-entry: server.yaml does not parse
    not-built-here: updated: 2 commits by 1 author changed 2 files; of note: Dockerfile
    other-dockerfile: updated: 2 commits by 1 author changed 2 files; of note: Dockerfile
    outside: outside-directory: `server` is the same at both commits: tree …
    outside-of-nothing: outside-directory: the repository's content is the same at both commits: tree …
    pull-request-on-main: updated: 2 commits by 1 author changed 1 file
    renamed: moved: the repository is at https://127.0.0.1:PORT/others/renamed now
    rewritten: not-ancestor: history was rewritten: the pin is no ancestor of …; 1 commit by 1 author changed 1 file
    rewritten-and-forgotten: not-ancestor: history was rewritten: upstream does not have the pin any more, and … is new
    spelled: updated: 2 commits by 1 author changed 1 file
    switched-off: off: the policy switches updates off: it is replaced by another entry
    tag: branch-is-tag: `v1` is a tag, at …
    taken-back: not-ancestor: history was rewritten: the pin is no ancestor of …; 0 commits changed 1 file
    too-soon: updated: 2 commits by 1 author changed 1 file
    ");
}
