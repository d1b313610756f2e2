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
    insta::assert_snapshot!(said(&output), @r"
    status 2
    --- stdout
    --- stderr
    error: GITHUB_TOKEN has a line end, a space or another character that no token has
      hint: set it to the token alone; `$(cat FILE)` leaves out the line end of a file
    ");
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

#[test]
fn a_token_in_what_github_says_of_itself_is_in_no_output_in_no_log_and_in_no_text() {
    let plan = plan(vec![moves("a", 1, 2), moves("b", 1, 2), stays("c", 1, Reason::Current)]);
    on_threads(8, (1..=20).collect(), |call| {
        let night = Night::of(&["a", "b", "c"]);
        night.hub.inject(Fault::once(Kind::Echoed, At::Call(call)));
        let output = night.run_with(&plan, &["-vvv", "--dashboard", "--format", "json"]);
        check(&output);
        let again = night.run_with(&plan, &["--dashboard"]);
        assert!(!said(&again).contains(TOKEN), "{call}: {}", said(&again));
        assert!(!night.hub.picture(super::REPO).contains(TOKEN), "{call}");
        assert_eq!(night.hub.verdict(), Vec::<String>::new(), "{call}");
    });
}

#[test]
fn a_token_with_a_line_end_is_refused_by_every_command_that_asks_github() {
    let night = Night::of(&["a"]);
    night.machine.write(super::path("a"), super::manifest("a", 1));
    for arguments in [vec!["validate", "--online"], vec!["update-pins", "--dry-run"]] {
        let run = night.machine.command(arguments).env("GITHUB_API_URL", &night.hub.url);
        let output = run.env("GITHUB_TOKEN", format!("{TOKEN}\n")).run();
        insta::allow_duplicates! { insta::assert_snapshot!(said(&output), @r"
        status 2
        --- stdout
        --- stderr
        error: GITHUB_TOKEN has a line end, a space or another character that no token has
          hint: set it to the token alone; `$(cat FILE)` leaves out the line end of a file
        "); }
    }
    assert_eq!(night.hub.calls(), []);
}

#[test]
fn an_answer_of_millions_of_empty_lists_costs_little_more_than_its_bytes() {
    let night = Night::of(&["a"]);
    night.hub.inject(Fault::from(Kind::Nested, At::Call(1)));
    let run = night.command(&plan(vec![moves("a", 1, 2)]), &[]).start();
    let status = format!("/proc/{}/status", run.child().id());
    let peak = || {
        let text = std::fs::read_to_string(&status).ok()?;
        text.lines().find_map(|line| line.strip_prefix("VmHWM:")?.trim().strip_suffix(" kB")?.parse::<u64>().ok())
    };
    let mut most = 0;
    while let Some(now) = peak() {
        most = most.max(now);
        std::thread::sleep(std::time::Duration::from_millis(5));
    }
    let output = run.wait();
    assert_eq!(output.status, 3, "{}", said(&output));
    assert!((10_000..200_000).contains(&most), "{most} kB\n{}", said(&output));
}
