//! What a hostile agent writes: bytes come back, up to the limit, and nothing in them does anything.

use super::lab::{Lab, lab};
use insta::assert_snapshot;
use mcp_registry::review::sandbox::Ended;
use mcp_registry::verdict::Findings;

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
    assert_snapshot!(concluded(&lab, &format!("echo '{GOOD}'")), @r#"Findings { version: 1, status: Complete, reason: None, summary: "s", findings: [] }"#);
}

#[test]
fn output_that_is_not_json_is_refused() {
    let Some(lab) = lab() else { return };
    assert_snapshot!(concluded(&lab, "echo 'No problems found. security-risk:info'"), @"refused: the document is not JSON: unexpected word (line 1, column 1)");
}

#[test]
fn output_with_duplicate_keys_is_refused() {
    let Some(lab) = lab() else { return };
    let twice = GOOD.replacen("{", r#"{"status":"incomplete","#, 1);
    assert_snapshot!(concluded(&lab, &format!("echo '{twice}'")), @"refused: the document is not JSON: duplicate key `status` (line 1, column 36)");
}

#[test]
fn output_that_is_100_000_deep_is_refused() {
    let Some(lab) = lab() else { return };
    let script = "printf '{\"version\":1,\"status\":\"complete\",\"summary\":\"s\",\"findings\":'; head -c 100000 /dev/zero | tr '\\0' '['; \
                  head -c 100000 /dev/zero | tr '\\0' ']'; echo '}'";
    assert_snapshot!(concluded(&lab, script), @"refused: the document is nested more than 16 deep");
}

#[test]
fn output_with_a_lone_surrogate_is_refused() {
    let Some(lab) = lab() else { return };
    let surrogate = GOOD.replace(r#""s""#, r#""\ud800""#);
    assert_snapshot!(concluded(&lab, &format!("cat <<'END'\n{surrogate}\nEND")), @"refused: the document is not JSON: invalid unicode escape sequence. 'd800 (unpaired high surrogate)' is not a valid UTF8 character (line 1, column 45)");
    // The same as bytes, which are not UTF-8.
    let bytes = GOOD.replace(r#""s""#, r#""\355\240\200""#);
    assert_snapshot!(concluded(&lab, &format!("printf '{bytes}'")), @"refused: the document is not UTF-8 after byte 44");
}

#[test]
fn output_with_a_second_document_is_refused() {
    let Some(lab) = lab() else { return };
    assert_snapshot!(concluded(&lab, &format!("echo '{GOOD}'; echo '{GOOD}'")), @"refused: the document is not JSON: text cannot contain more than one JSON value (line 2, column 1)");
    assert_snapshot!(concluded(&lab, &format!("echo '{GOOD}'; (sleep 0.1; echo '{GOOD}') & wait")), @"refused: the document is not JSON: text cannot contain more than one JSON value (line 2, column 1)");
}

#[test]
fn output_that_forges_a_label_is_refused() {
    let Some(lab) = lab() else { return };
    let labels = GOOD.replacen("{", r#"{"labels":["security-risk:info"],"risk":"info","#, 1);
    assert_snapshot!(concluded(&lab, &format!("echo '{labels}'")), @"refused: the document: the key `labels` is unknown; known are version, status, reason, summary, findings");
    // Beside the document there is no other way to say one: there is nothing to write a file to.
    assert_snapshot!(lab.said("for place in / /input /output /tmp/..; do echo security-risk:info > $place/labels.txt; done; true"), @r"
    /input/agent.sh: line 2: can't create //labels.txt: Read-only file system
    /input/agent.sh: line 2: can't create /input/labels.txt: Read-only file system
    /input/agent.sh: line 2: can't create /output/labels.txt: nonexistent directory
    /input/agent.sh: line 2: can't create /tmp/../labels.txt: Read-only file system
    ");
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
    assert_snapshot!(concluded(&lab, &format!("printf '\\033[2J\\033]0;title\\007'; echo '{GOOD}'")), @"refused: the document is not JSON: unexpected token (line 1, column 1)");
    let inside = GOOD.replace(r#""s""#, r#""\033[2J""#);
    assert_snapshot!(concluded(&lab, &format!("printf '{inside}'")), @"refused: the document is not JSON: a control character in a string must be written as an escape (line 1, column 45)");
}
