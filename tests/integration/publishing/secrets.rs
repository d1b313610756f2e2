//! The token is in one header of each request, and nowhere else. The hub looks at the requests.

use super::{Night, moves, plan, said, stays};
use crate::hub::TOKEN;
use crate::hub::faults::{At, Fault, Kind};
use mcp_registry::pins::reason::Reason;

#[test]
fn the_token_is_in_no_output_and_in_no_log() {
    for format in ["text", "json"] {
        let night = Night::of(&["a", "b"]);
        let plan = plan(vec![moves("a", 1, 2), stays("b", 1, Reason::Current)]);
        let loud = ["-vvv", "--log-format", format, "--dashboard", "--max-wait", "2s"];
        let mut outputs = vec![night.run_with(&plan, &loud)];
        for kind in Kind::QUICK {
            for at in [At::Call(1), At::Write(1)] {
                let night = Night::of(&["a", "b"]);
                night.hub.inject(Fault::once(*kind, at));
                outputs.push(night.run_with(&plan, &loud));
            }
        }
        for output in outputs {
            assert!(output.stderr.len() > 100, "-vvv says more than that: {}", output.stderr);
            assert!(!said(&output).contains(TOKEN), "{}", said(&output));
        }
    }
}

#[test]
fn a_token_with_a_line_end_is_refused_before_anything_is_asked() {
    let night = Night::of(&["a"]);
    let plan = plan(vec![moves("a", 1, 2)]);
    let output = night.command(&plan, &[]).env("GITHUB_TOKEN", format!("{TOKEN}\nx-evil: 1")).run();
    assert!(output.status >= 2 && !said(&output).contains(TOKEN), "{}", said(&output));
    assert_eq!(night.hub.calls(), []);
}
