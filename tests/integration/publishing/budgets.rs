//! GitHub allows 80 writes a minute and 500 an hour.

use super::{Night, REPO, moves, plan, said};
use crate::hub::limits::Limits;
use mcp_registry::pins::plan::Plan;
use std::time::Duration;

/// The worst day of the reference registry.
const WORST: usize = 114;

fn worst_day() -> (Night, Plan) {
    let names: Vec<String> = (0..WORST).map(|number| format!("entry-{number:03}")).collect();
    let night = Night::of(&names.iter().map(String::as_str).collect::<Vec<_>>());
    let plan = plan(names.iter().map(|name| moves(name, 1, 2)).collect());
    (night, plan)
}

fn undisturbed() -> String {
    let (night, plan) = worst_day();
    night.hub.limit(Limits { per_minute: usize::MAX, per_hour: usize::MAX, ..Limits::default() });
    night.publishes(&plan);
    night.hub.picture(REPO)
}

#[test]
fn the_worst_day_is_published_at_the_pace_that_github_allows() {
    let (night, plan) = worst_day();
    night.hub.limit(Limits { minute: Duration::from_millis(800), ..Limits::default() });
    let output = night.run_with(&plan, &["--max-wait", "50s"]);
    assert_eq!(output.status, 0, "{}", said(&output));
    assert_eq!(night.hub.picture(REPO), undisturbed());
}

#[test]
fn what_an_hour_does_not_hold_is_said_and_left_to_the_next_run() {
    let (night, plan) = worst_day();
    night.hub.limit(Limits { per_minute: usize::MAX, per_hour: 300, ..Limits::default() });
    let output = night.run_with(&plan, &["--max-wait", "1s"]);
    assert_eq!(output.status, 3);
    insta::assert_snapshot!(output.stderr, @"");
    let open = night.state().lines().filter(|line| line.contains(": open")).count();
    assert!((1..WORST).contains(&open), "{open}");
    // An hour later.
    night.hub.limit(Limits { per_minute: usize::MAX, per_hour: usize::MAX, ..Limits::default() });
    night.publishes(&plan);
    assert_eq!(night.hub.picture(REPO), undisturbed());
}
