//! The token is in one header of each request, and nowhere else. The hub looks at the requests.

use super::{Night, moves, on_threads, plan, said, stays};
use crate::hub::TOKEN;
use crate::hub::faults::{At, Fault, Kind};
use crate::runner::Output;
use mcp_registry::pins::reason::Reason;

fn check(output: &Output) {
    assert!(output.stderr.len() > 100, "-vvv says more than that: {}", output.stderr);
    assert!(!said(output).contains(TOKEN), "{}", said(output));
}

#[test]
fn the_token_is_in_no_output_and_in_no_log() {
    let plan = plan(vec![moves("a", 1, 2), stays("b", 1, Reason::Current)]);
    for format in ["text", "json"] {
        check(&Night::of(&["a", "b"]).run_with(&plan, &["-vvv", "--log-format", format, "--dashboard"]));
    }
    let faults =
        Kind::QUICK.iter().flat_map(|kind| [Fault::once(*kind, At::Call(1)), Fault::from(*kind, At::Write(1))]);
    on_threads(8, faults.collect(), |fault| {
        let night = Night::of(&["a", "b"]);
        night.hub.inject(fault);
        check(&night.run_with(&plan, &["-vvv", "--max-wait", "2s"]));
    });
}

#[test]
fn a_token_with_a_line_end_is_refused_before_anything_is_asked() {
    let night = Night::of(&["a"]);
    let plan = plan(vec![moves("a", 1, 2)]);
    let output = night.command(&plan, &[]).env("GITHUB_TOKEN", format!("{TOKEN}\nx-evil: 1")).run();
    assert!(output.status >= 2 && !said(&output).contains(TOKEN), "{}", said(&output));
    assert_eq!(night.hub.calls(), []);
}

#[test]
fn a_token_that_github_repeats_is_in_no_output_in_no_log_and_in_no_issue() {
    let plan = plan(vec![moves("a", 1, 2), moves("b", 1, 2), stays("c", 1, Reason::Current)]);
    for at in [At::Call(1), At::Call(4), At::Write(1), At::Write(5)] {
        for format in ["human", "json"] {
            let night = Night::of(&["a", "b", "c"]);
            night.hub.inject(Fault::once(Kind::Repeated, at));
            let output = night.run_with(&plan, &["-vvv", "--dashboard", "--format", format]);
            check(&output);
            assert!(said(&output).contains("Authorization: Bearer ***"), "{at:?}: {}", said(&output));
            assert!(!night.hub.picture(super::REPO).contains(TOKEN), "{at:?}");
        }
    }
}
