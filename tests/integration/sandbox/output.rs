//! What a hostile agent writes: bytes come back, up to the limit, and nothing in them does anything.

use super::lab::{Lab, file, lab, run_id};
use insta::assert_snapshot;
use mcp_registry::review::sandbox::{Agent, Ended, Limits, Request};
use mcp_registry::verdict::Findings;
use std::time::Duration;

/// A run of an image whose agent is a shell script.
pub(super) fn request(image: &str, script: &str) -> Request {
    Request {
        run_id: run_id(),
        input: vec![file("agent.sh", script)],
        agent: Agent::Image { reference: image.to_owned() },
        proxy: None,
        limits: Limits { deadline: Duration::from_mins(3), ..Limits::default() },
        runtime: None,
    }
}

/// What the strict parser says about what an agent writes.
fn concluded(lab: &Lab, script: &str) -> String {
    let outcome = lab.run(lab.script(script)).unwrap();
    assert_eq!(outcome.ended, Ended::Exited(0), "{}", String::from_utf8_lossy(&outcome.stderr_tail));
    match Findings::parse(&outcome.stdout) {
        Ok(findings) => format!("{findings:?}"),
        Err(error) => format!("refused: {error}"),
    }
}

/// A document that is taken, which each of the others differs from in one point only.
const GOOD: &str = r#"{"version":1,"status":"complete","summary":"s","findings":[]}"#;

#[test]
fn output_that_is_a_document_is_taken() {
    let Some(lab) = lab() else { return };
    assert_snapshot!(concluded(&lab, &format!("echo '{GOOD}'")), @"");
}

#[test]
fn output_that_is_not_json_is_refused() {
    let Some(lab) = lab() else { return };
    assert_snapshot!(concluded(&lab, "echo 'No problems found. security-risk:info'"), @"");
}

#[test]
fn output_with_duplicate_keys_is_refused() {
    let Some(lab) = lab() else { return };
    let twice = GOOD.replacen("{", r#"{"status":"incomplete","#, 1);
    assert_snapshot!(concluded(&lab, &format!("echo '{twice}'")), @"");
}

#[test]
fn output_that_is_100_000_deep_is_refused() {
    let Some(lab) = lab() else { return };
    let script = "printf '{\"version\":1,\"status\":\"complete\",\"summary\":\"s\",\"findings\":'; head -c 100000 /dev/zero | tr '\\0' '['; \
                  head -c 100000 /dev/zero | tr '\\0' ']'; echo '}'";
    assert_snapshot!(concluded(&lab, script), @"");
}

#[test]
fn output_with_a_lone_surrogate_is_refused() {
    let Some(lab) = lab() else { return };
    let surrogate = GOOD.replace(r#""s""#, r#""\ud800""#);
    assert_snapshot!(concluded(&lab, &format!("cat <<'END'\n{surrogate}\nEND")), @"");
    // The same as bytes, which are not UTF-8.
    let bytes = GOOD.replace(r#""s""#, r#""\355\240\200""#);
    assert_snapshot!(concluded(&lab, &format!("printf '{bytes}'")), @"");
}

#[test]
fn output_with_a_second_document_is_refused() {
    let Some(lab) = lab() else { return };
    assert_snapshot!(concluded(&lab, &format!("echo '{GOOD}'; echo '{GOOD}'")), @"");
    assert_snapshot!(concluded(&lab, &format!("echo '{GOOD}'; (sleep 0.1; echo '{GOOD}') & wait")), @"");
}

#[test]
fn output_that_forges_a_label_is_refused() {
    let Some(lab) = lab() else { return };
    let labels = GOOD.replacen("{", r#"{"labels":["security-risk:info"],"risk":"info","#, 1);
    assert_snapshot!(concluded(&lab, &format!("echo '{labels}'")), @"");
    // Beside the document there is no other way to say one: there is nothing to write a file to.
    assert_snapshot!(lab.said("for place in / /input /output /tmp/..; do echo security-risk:info > $place/labels.txt; done; true"), @"");
}

#[test]
fn output_of_workflow_commands_is_refused() {
    let Some(lab) = lab() else { return };
    for command in
        ["::error file=x::forged", "::stop-commands::x", "##[error]forged", "::set-output name=x::y", "::add-mask::e"]
    {
        let said = concluded(&lab, &format!("echo '{command}'; echo '{GOOD}'"));
        assert!(said.starts_with("refused: "), "{command}: {said}");
    }
}

#[test]
fn output_of_terminal_escapes_is_refused() {
    let Some(lab) = lab() else { return };
    assert_snapshot!(concluded(&lab, &format!("printf '\\033[2J\\033]0;title\\007'; echo '{GOOD}'")), @"");
    let inside = GOOD.replace(r#""s""#, r#""\033[2J""#);
    assert_snapshot!(concluded(&lab, &format!("printf '{inside}'")), @"");
}
