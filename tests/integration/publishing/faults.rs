//! Whatever goes wrong at whichever call: the run tells the truth about what it did, and one more run ends where an
//! undisturbed one ends.

use super::{Night, REPO, assert_same, branch, moves, on_threads, plan, said, stays};
use crate::hub::Hub;
use crate::hub::faults::{At, Fault, Kind};
use crate::hub::service::Call;
use crate::hub::world::World;
use crate::runner::Output;
use crate::slow::{is_skipped, some};
use mcp_registry::pins::plan::Plan;
use mcp_registry::pins::reason::Reason;
use serde_json::Value;
use std::collections::BTreeMap;

/// A night that opens, updates, closes, leaves alone, and writes the dashboard.
fn night() -> (World, Plan) {
    let before = Night::of(&["a", "b", "c", "d"]);
    let others = [stays("c", 1, Reason::Current)];
    before.publishes(&plan([moves("a", 1, 2), moves("b", 1, 2), moves("d", 1, 2)].into_iter().chain(others).collect()));
    let decisions = vec![moves("a", 1, 3), stays("b", 1, Reason::OutsideDirectory), moves("c", 1, 2), moves("d", 1, 2)];
    (before.hub.world(), plan(decisions))
}

/// What is given to every run here: a wait for a limit is short, as is one for an answer.
const MORE: &[&str] = &["--dashboard", "--max-wait", "5s", "--format", "json"];

/// What an undisturbed run comes to.
struct Undisturbed {
    world: World,
    plan: Plan,
    /// The calls that it makes.
    calls: Vec<Call>,
    picture: String,
    /// By entry.
    done: BTreeMap<&'static str, String>,
}

/// The entries that something is to be done for.
const ENTRIES: &[&str] = &["a", "b", "c"];

fn undisturbed() -> Undisturbed {
    let (world, plan) = night();
    let night = Night::on(Hub::with(world.clone()));
    let output = night.run_with(&plan, MORE);
    assert_eq!(output.status, 0, "{}", said(&output));
    let done = ENTRIES.iter().map(|entry| (*entry, state_of(&night, entry))).collect();
    Undisturbed { world, plan, calls: night.hub.calls(), picture: night.hub.picture(REPO), done }
}

/// The pull requests of an entry, and whether it has a branch.
fn state_of(night: &Night, entry: &str) -> String {
    let state = night.state();
    let pulls = state
        .lines()
        .filter_map(|line| line.split_once(' '))
        .filter(|(_, pull)| pull.split_once(':').is_some_and(|(name, _)| name == entry));
    let pulls: Vec<&str> = pulls.map(|(_, pull)| pull).collect();
    let has_branch = night.hub.look(|world| world.tip(REPO, &branch(entry)).is_some());
    format!("{}, branch: {has_branch}", pulls.join(", "))
}

/// What a run says, as far as it is about what it did.
struct Told {
    /// By entry: what it says that it did with which pull request.
    claims: BTreeMap<String, (u64, String)>,
    text: String,
}

impl Told {
    fn of(output: &Output) -> Self {
        let mut claims = BTreeMap::new();
        let json: Value = serde_json::from_str(&output.stdout).unwrap_or_default();
        assert!(json.is_object() || (output.status == 3 && output.stdout.is_empty()), "{}", said(output));
        for decision in json["decisions"].as_array().into_iter().flatten() {
            if let (Some(number), Some(action)) =
                (decision["pull"]["number"].as_u64(), decision["pull"]["action"].as_str())
            {
                claims.insert(decision["entry"].as_str().unwrap().to_owned(), (number, action.to_owned()));
            }
        }
        let text = format!("status {}, claims {claims:?}\n{}", output.status, output.stderr);
        Self { claims, text }
    }
}

impl Undisturbed {
    /// Whether what a run says is so: what it says that it did was done, and what was not done it says.
    fn is_true(&self, night: &Night, told: &Told, complete: bool) {
        for (entry, done) in &self.done {
            let is_done = state_of(night, entry) == *done;
            let claimed = told.claims.get(*entry).is_some_and(|(_, action)| action != "leave");
            let mentioned = ["error: ", "every pull request: ", &format!("{entry}: ")]
                .iter()
                .any(|words| told.text.contains(words));
            assert!(
                !claimed || is_done || !complete,
                "{entry} is not as it says: {}\n{}",
                state_of(night, entry),
                told.text
            );
            assert!(is_done || mentioned || !complete, "nothing is said of {entry}\n{}", told.text);
        }
    }

    /// Runs with this fault, and once more without it.
    fn disturb(&self, fault: Fault) {
        let night = Night::on(Hub::with(self.world.clone()));
        night.hub.inject(fault);
        let output = night.run_with(&self.plan, MORE);
        let told = Told::of(&output);
        let what = format!("{fault:?}: {}", told.text);
        // Who is told that something is not there, and it is, is told no lie that could be seen.
        let complete = fault.kind != Kind::NotFound;
        self.is_true(&night, &told, complete);
        match output.status {
            0 if complete => assert_same(&night.hub.picture(REPO), &self.picture, &what),
            0 => {}
            3 => assert!(!output.stderr.is_empty(), "it does not say what is left\n{what}"),
            _ => panic!("{what}"),
        }
        night.hub.heal();
        let again = night.run_with(&self.plan, MORE);
        let what = format!("{what}\nand then {}", Told::of(&again).text);
        assert_eq!(again.status, 0, "{what}");
        assert_same(&night.hub.picture(REPO), &self.picture, &what);
    }

    /// The number of each call that this may befall.
    fn at(&self, kind: Kind) -> impl Iterator<Item = At> {
        // Two issues of the same name can be: GitHub has no way to say that there is one already.
        let can_be = move |call: &Call| kind != Kind::Race || !(call.is_write() && call.path.ends_with("/issues"));
        self.calls.iter().enumerate().filter(move |(_, call)| can_be(call)).map(|(index, _)| At::Call(index + 1))
    }
}

/// Waits are most of it.
const THREADS: usize = 12;

#[test]
fn every_fault_at_every_call_is_survived() {
    if is_skipped("faults at every call") {
        return;
    }
    let undisturbed = undisturbed();
    let mut faults = Vec::new();
    for kind in Kind::QUICK {
        // Megabytes take a while, and what is made of them does not depend on the call.
        let step = if *kind == Kind::Huge { 6 } else { 1 };
        faults.extend(undisturbed.at(*kind).step_by(step).map(|at| Fault::once(*kind, at)));
    }
    on_threads(THREADS, some(faults, 0), |fault| undisturbed.disturb(fault));
}

#[test]
fn every_fault_that_stays_is_said_and_survived() {
    if is_skipped("faults at every call") {
        return;
    }
    let undisturbed = undisturbed();
    let mut faults = Vec::new();
    for kind in Kind::QUICK.iter().filter(|kind| !matches!(kind, Kind::Huge | Kind::Race)) {
        faults.extend(undisturbed.at(*kind).step_by(5).map(|at| Fault::from(*kind, at)));
    }
    on_threads(THREADS, faults, |fault| undisturbed.disturb(fault));
}

#[test]
fn an_answer_that_never_comes_is_not_waited_for_for_ever() {
    let undisturbed = undisturbed();
    let faults = Kind::SLOW.iter().flat_map(|kind| undisturbed.at(*kind).map(|at| Fault::once(*kind, at)));
    let faults: Vec<Fault> = faults.collect();
    // They all wait for the same time, and do little else.
    on_threads(faults.len(), faults, |fault| undisturbed.disturb(fault));
}

/// Tokens of apps end after an hour.
#[test]
fn a_token_that_ends_in_the_middle_takes_nothing_of_what_was_done_with_it() {
    let night = Night::of(&["a", "b", "c"]);
    let of_tonight = plan(vec![moves("a", 1, 2), moves("b", 1, 2), moves("c", 1, 2)]);
    // A pull request is four writes.
    night.hub.inject(Fault::from(Kind::Unauthorized, At::Write(5)));
    let output = night.run_with(&of_tonight, &["--format", "json"]);
    assert_eq!(output.status, 3, "{}", said(&output));
    let told = Told::of(&output);
    assert_eq!(told.claims.keys().collect::<Vec<_>>(), ["a"], "{}", told.text);
    let json: Value = serde_json::from_str(&output.stdout).unwrap();
    let reasons: Vec<_> = json["decisions"].as_array().unwrap().iter().map(|decision| &decision["reason"]).collect();
    assert_eq!(reasons, ["opened", "unreachable", "unreachable"]);
    for entry in ["b: ", "c: "] {
        assert!(told.text.lines().any(|line| line.contains(entry) && line.contains("401")), "{}", told.text);
    }
    night.hub.heal();
    night.publishes(&of_tonight);
    insta::assert_snapshot!(night.state(), @r"
    #1 a: open, day 2, 1 commits
    #2 b: open, day 2, 1 commits
    #3 c: open, day 2, 1 commits
    branches: a, b, c
    ");
}

#[test]
fn what_github_refused_is_not_said_to_be_done() {
    let night = Night::of(&["a", "b"]);
    night.hub.inject(Fault::once(Kind::Invalid, At::Write(1)));
    let output = night.run(&plan(vec![moves("a", 1, 2), moves("b", 1, 2)]));
    insta::assert_snapshot!(said(&output), @r"
    status 3
    --- stdout
    b  782b45271c9d -> 1d21401de493  opened       1 commit, 1 file changed; opened https://github.com/acme/registry/pull/1
    a  d1a472dc3572 -> 19709c25938b  unreachable  GitHub answered 422: Tree is invalid
    left: a: GitHub answered 422: Tree is invalid

    2 entries: 1 opened, 1 unreachable
    --- stderr
    ");
    insta::assert_snapshot!(night.state(), @r"
    #1 b: open, day 2, 1 commits
    branches: b
    ");
}
