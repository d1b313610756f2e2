//! What a file says is not hidden by its length.

use crate::runner::{Output, Runner};
use serde_json::{Value, json};

const HIDDEN: &str = "import base64\nexec(base64.b64decode(\"cHJpbnQoMSk=\"))\n";

/// Reviews a file that ends in this many lines of 100 bytes that say nothing.
fn padded(lines: usize) -> (Output, Value) {
    let registry = Runner::new();
    registry.write("upstream/a.py", format!("{HIDDEN}{}", format!("{}\n", "#".repeat(99)).repeat(lines)));
    registry.git_in("upstream", ["init", "--quiet"]);
    registry.git_in("upstream", ["add", "--all"]);
    registry.git_in("upstream", ["commit", "--quiet", "--message", "one"]);
    let head = registry.git_in("upstream", ["rev-parse", "HEAD"]);
    let output = registry.run(["review", "--repo", "./upstream", "--agent", "static", "--head", &head]);
    let report = serde_json::from_str(&registry.read("reviews/report.json")).unwrap();
    (output, report)
}

fn found(report: &Value) -> Vec<String> {
    let findings = report["findings"].as_array().unwrap().iter();
    findings.map(|finding| format!("{}: {}", finding["risk"], finding["title"])).collect()
}

/// The case `padded-code`.
#[test]
fn code_before_six_megabytes_of_padding_is_read_as_it_is_without() {
    let (without, plain) = padded(0);
    let (with, long) = padded(60_000);
    assert_eq!((without.status, with.status), (1, 1), "{}", with.stderr);
    insta::assert_debug_snapshot!(found(&plain), @r#"
    [
        "\"high\": \"This code runs code that is decoded, unpacked or downloaded first\"",
        "\"info\": \"This code runs text as code, or makes objects of data that says what they are: 1 place in 1 file\"",
    ]
    "#);
    assert!(found(&plain).iter().all(|finding| found(&long).contains(finding)), "{:?}", found(&long));
}

#[test]
fn code_that_is_too_long_to_be_read_is_never_a_pass() {
    let (output, report) = padded(340_000);
    assert_eq!(output.status, 3, "{}", output.stderr);
    assert_eq!(report["verdict"]["incomplete"], json!(["not all of head was read: file-too-large (a.py)"]));
    insta::assert_debug_snapshot!(found(&report), @r#"
    [
        "\"medium\": \"Not reviewed: the file is too large to be reviewed\"",
    ]
    "#);
}
