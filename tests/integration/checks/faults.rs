//! What goes wrong at each call, and SIGKILL at each write: after the next run everything is as after one undisturbed run.

use super::{PUBLISH, Stage};
use crate::hub::faults::{At, Fault, Kind};
use crate::publishing::{assert_same, on_all};
use crate::slow::{is_skipped, some};

/// What is done about pull request 1, in the order of its jobs.
const STEPS: [&[&str]; 4] = [
    &["checks", "start", "--pr", "1", "--diff", "main..pull/1"],
    &PUBLISH,
    &["checks", "gate", "--pr", "1", "--diff", "main..pull/1"],
    &["merge", "--pr", "1", "--patience", "5s"],
];

/// The state after everything went well, without what differs from run to run.
fn state(stage: &Stage) -> String {
    let merged =
        stage.hub.look(|world| world.repo(crate::publishing::REPO).threads[&1].pull.clone().unwrap().merged.is_some());
    format!("{}\nmerged: {merged}", stage.latest())
}

fn prepared(done: usize, risk: &str) -> Stage {
    let stage = Stage::bumped();
    stage.reports(risk);
    for step in &STEPS[..done] {
        stage.run(step);
    }
    stage
}

/// How many calls and writes a step makes.
fn calls(step: usize, risk: &str) -> (usize, usize) {
    let stage = prepared(step, risk);
    stage.hub.calls();
    stage.run(STEPS[step]);
    let calls = stage.hub.calls();
    (calls.len(), calls.iter().filter(|call| call.is_write()).count())
}

#[test]
fn a_run_that_is_killed_at_any_write_is_made_good_by_the_next() {
    if is_skipped("kills of checks at every write") {
        return;
    }
    for risk in ["low", "high"] {
        let steps = if risk == "low" { 4 } else { 3 };
        for (step, arguments) in STEPS.iter().enumerate().take(steps) {
            let expected = state(&prepared(step + 1, risk));
            let (_, writes) = calls(step, risk);
            let before = prepared(step, risk).hub.world();
            let cases: Vec<(usize, bool)> = (1..=writes).flat_map(|write| [(write, false), (write, true)]).collect();
            on_all(cases, |(write, after)| {
                let stage = Stage::at(before.clone(), risk);
                stage.hub.kill_at(write, after);
                let run = stage.command(arguments).start();
                stage.hub.victim(run.child());
                assert!(run.wait_or_killed().is_none(), "step {step}, write {write}: not killed");
                stage.run(arguments);
                assert_same(&state(&stage), &expected, &format!("step {step}, write {write}, after: {after}"));
            });
        }
    }
}

#[test]
fn a_fault_at_any_call_is_made_good_by_the_next_run() {
    if is_skipped("faults of checks at every call") {
        return;
    }
    for (step, arguments) in STEPS.iter().enumerate() {
        let expected = state(&prepared(step + 1, "low"));
        let (all, _) = calls(step, "low");
        let before = prepared(step, "low").hub.world();
        let cases = (1..=all).flat_map(|call| Kind::QUICK.iter().map(move |kind| (call, *kind)));
        on_all(some(cases, step), |(call, kind)| {
            let stage = Stage::at(before.clone(), "low");
            stage.hub.fetch(crate::publishing::REPO, &stage.machine.root());
            stage.hub.inject(Fault::once(kind, At::Call(call)));
            stage.run(arguments);
            stage.hub.heal();
            stage.run(arguments);
            assert_same(&state(&stage), &expected, &format!("step {step}, call {call}, {kind:?}"));
        });
    }
}

#[test]
fn two_runs_at_the_same_time_end_in_one_verdict_one_comment_and_the_same_labels() {
    let undisturbed = prepared(3, "high");
    for write in 1..=5 {
        let stage = prepared(0, "high");
        stage.hub.fetch(crate::publishing::REPO, &stage.machine.root());
        stage.hub.inject(Fault::once(Kind::Race, At::Write(write)));
        stage.run(&PUBLISH);
        stage.hub.heal();
        stage.run(&PUBLISH);
        stage.run(STEPS[2]);
        let comments = stage.hub.look(|world| world.repo(crate::publishing::REPO).threads[&1].comments.len());
        assert!(comments <= 2, "{}", stage.state());
        if comments == 1 {
            assert_same(&stage.latest(), &undisturbed.latest(), &format!("write {write}"));
        }
        stage.hub.calls();
        assert_eq!(stage.publishes(), Vec::<String>::new());
    }
}

#[test]
fn limits_in_the_middle_are_waited_for_or_said() {
    for kind in [Kind::Secondary(403, 1), Kind::Secondary(429, 1), Kind::Primary(1)] {
        let stage = prepared(0, "low");
        stage.hub.fetch(crate::publishing::REPO, &stage.machine.root());
        stage.hub.inject(Fault::once(kind, At::Write(2)));
        let output = stage.run(&PUBLISH);
        assert_eq!(output.status, 0, "{kind:?}: {}", output.stderr);
    }
    let stage = prepared(0, "low");
    stage.hub.fetch(crate::publishing::REPO, &stage.machine.root());
    stage.hub.inject(Fault::from(Kind::Primary(7_200), At::Write(2)));
    let output = stage.run(&PUBLISH);
    assert_eq!(output.status, 3);
    assert!(output.stderr.contains("run it again"), "{}", output.stderr);
    stage.hub.heal();
    stage.publishes();
    assert_same(&stage.state(), &prepared(2, "low").state(), "");
}
