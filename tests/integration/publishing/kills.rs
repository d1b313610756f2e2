//! A run can be killed at any write and run again: it ends where an undisturbed run would have ended.

use super::{Night, REPO, assert_same, moves, on_all, plan, said, stays};
use crate::hub::limits::Limits;
use crate::slow::is_skipped;
use mcp_registry::pins::plan::Plan;
use mcp_registry::pins::reason::Reason;

/// Kills a run of this plan at each of its writes, before and after the write has its effect, and runs it again.
fn killed_at_every_write(start: impl Fn() -> Night + Sync, plan: &Plan, more: &[&str]) {
    let undisturbed = start();
    undisturbed.hub.calls();
    let output = undisturbed.run_with(plan, more);
    assert_eq!(output.status, 0, "{}", said(&output));
    let writes = undisturbed.hub.writes();
    let expected = undisturbed.hub.picture(REPO);
    let kills = (1..=writes.len()).flat_map(|write| [(write, false), (write, true)]).collect();
    on_all(kills, |(write, after)| {
        let night = start();
        // Two runs write more than one minute allows.
        night.hub.limit(Limits::unlimited());
        let what = format!(
            "{} of {write}: {}",
            if after { "after the effect" } else { "before the effect" },
            writes[write - 1]
        );
        night.hub.kill_at(write, after);
        let run = night.command(plan, more).start();
        night.hub.victim(run.child());
        assert!(run.wait_or_killed().is_none(), "{what}: not killed");
        let again = night.run_with(plan, more);
        assert_eq!(again.status, 0, "{what}: {}", said(&again));
        assert_same(&night.hub.picture(REPO), &expected, &what);
        if write % 7 == 1 {
            night.hub.calls();
            assert_eq!(night.run_with(plan, more).status, 0, "{what}");
            assert_eq!(night.hub.writes(), Vec::<String>::new(), "{what}: the third run finds nothing to do");
        }
    });
}

#[test]
fn a_night_of_twenty_pull_requests_survives_sigkill_at_every_write() {
    if is_skipped("kills at every write") {
        return;
    }
    let names: Vec<String> = (0..20).map(|number| format!("entry-{number:02}")).collect();
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    let plan = plan(names.iter().map(|name| moves(name, 1, 2)).collect());
    killed_at_every_write(|| Night::of(&names), &plan, &[]);
}

#[test]
fn a_night_that_updates_closes_and_opens_survives_sigkill_at_every_write() {
    if is_skipped("kills at every write") {
        return;
    }
    let before = Night::of(&["a", "b", "c"]);
    before.publishes(&plan(vec![moves("a", 1, 2), moves("b", 1, 2), stays("c", 1, Reason::Current)]));
    let world = before.hub.world();
    let plan = plan(vec![moves("a", 1, 3), stays("b", 1, Reason::OutsideDirectory), moves("c", 1, 2)]);
    killed_at_every_write(|| Night::on(crate::hub::Hub::with(world.clone())), &plan, &["--dashboard"]);
}
