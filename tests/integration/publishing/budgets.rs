//! GitHub allows 80 writes a minute and 500 an hour.

use super::{Night, moves, plan, said};
use crate::hub::limits::Limits;
use mcp_registry::pins::plan::Plan;
use std::time::Duration;

/// A night on which this many entries move.
fn night(entries: usize) -> (Night, Plan) {
    let names: Vec<String> = (0..entries).map(|number| format!("entry-{number:03}")).collect();
    let night = Night::of(&names.iter().map(String::as_str).collect::<Vec<_>>());
    let plan = plan(names.iter().map(|name| moves(name, 1, 2)).collect());
    (night, plan)
}

/// The state of the hub after it.
fn done(entries: usize) -> String {
    let names: Vec<String> = (0..entries).map(|number| format!("entry-{number:03}")).collect();
    let pulls = (1..).zip(&names).map(|(number, name)| format!("#{number} {name}: open, day 2, 1 commits\n"));
    format!("{}branches: {}", pulls.collect::<String>(), names.join(", "))
}

/// 114 pull requests were opened on the worst day of the reference registry.
#[test]
fn the_worst_day_keeps_to_the_budgets_and_is_finished_by_the_next_runs() {
    let (night, plan) = night(114);
    for run in 1.. {
        let output = night.run_with(&plan, &["--max-wait", "1s"]);
        let calls = night.hub.calls();
        let refused: Vec<_> = calls.iter().filter(|call| call.status == Some(403)).collect();
        assert!(refused.is_empty(), "it paces itself, without GitHub having to say so: {refused:?}");
        if output.status == 0 {
            assert_eq!(run, 6, "456 writes are 80 a minute for 5 minutes, and 56");
            break;
        }
        assert_eq!((output.status, calls.iter().filter(|call| call.is_write()).count()), (3, 80), "{}", said(&output));
        assert!(output.stdout.contains(&format!("{} rate-limited", 114 - 20 * run)), "{}", said(&output));
        night.hub.an_hour_passes();
    }
    assert_eq!(night.state(), done(114));
}

#[test]
fn a_limit_that_ends_soon_is_waited_for() {
    let (night, plan) = night(12);
    // The account writes elsewhere, too: it meets the limit before its own budget is used up.
    night.hub.limit(Limits { minute: Duration::from_secs(3), per_minute: 20, ..Limits::default() });
    let output = night.run_with(&plan, &["--max-wait", "5s"]);
    assert_eq!(output.status, 0, "{}", said(&output));
    assert!(night.hub.calls().iter().any(|call| call.status == Some(403)));
    assert_eq!(night.state(), done(12));
}

#[test]
fn what_an_hour_does_not_hold_is_said_and_left_to_the_next_run() {
    let (night, plan) = night(5);
    night.hub.limit(Limits { per_hour: 10, ..Limits::default() });
    let output = night.run_with(&plan, &["--max-wait", "5s"]);
    // When the hour ends is another time each time.
    let words = said(&output);
    let until = words.split(" until ").nth(1).map(|rest| &rest[..5]).unwrap_or("-");
    insta::assert_snapshot!(words.replace(until, "[TIME]"), @r"
    status 3
    --- stdout
    entry-000  65d7b2de1321 -> 8b7ea6607235  opened        1 commit, 1 file changed; opened https://github.com/acme/registry/pull/1
    entry-001  f9c05314d82f -> af6ea4d19e0a  opened        1 commit, 1 file changed; opened https://github.com/acme/registry/pull/2
    entry-002  4d384f752937 -> 3a64faee9768  rate-limited  GitHub's rate limit is reached until [TIME] UTC
    entry-003  eba2f66a8063 -> 8dfd5d214ece  rate-limited  GitHub's rate limit is reached until [TIME] UTC
    entry-004  01e3e34a4fa6 -> 9421cf094d4b  rate-limited  GitHub's rate limit is reached until [TIME] UTC
    left: entry-002: GitHub's rate limit is reached until [TIME] UTC
    left: entry-003: GitHub's rate limit is reached until [TIME] UTC
    left: entry-004: GitHub's rate limit is reached until [TIME] UTC

    5 entries: 2 opened, 3 rate-limited
    --- stderr
    ");
    assert!(night.hub.calls().iter().filter(|call| call.status == Some(403)).count() == 1, "it does not ask on");
    night.hub.an_hour_passes();
    night.hub.limit(Limits::default());
    night.publishes(&plan);
    assert_eq!(night.state(), done(5));
}

/// A workflow's own token has 1,000 an hour: the last that is allowed is the last that is sent.
#[test]
fn the_requests_of_an_hour_are_kept_to_and_the_next_hour_goes_on() {
    let (night, plan) = night(12);
    night.hub.limit(Limits { calls: 60, ..Limits::default() });
    let output = night.run_with(&plan, &["--max-wait", "1s"]);
    let calls = night.hub.calls();
    assert!(calls.len() == 60 && calls.iter().all(|call| call.status != Some(403)), "{}", said(&output));
    assert!(output.status == 3 && output.stdout.contains("rate-limited"), "{}", said(&output));
    night.hub.limit(Limits::default());
    night.publishes(&plan);
    assert_eq!(night.state(), done(12));
}
