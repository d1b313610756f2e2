//! Reports that somebody wrote to break what reads them, to be passed over, or to reach who reads ours.

use super::{judged, registry};
use crate::runner::Output;
use serde_json::{Value, json};

fn report(text: impl AsRef<[u8]>, more: &[&str]) -> Output {
    let registry = registry("");
    registry.write("report.json", text);
    judged(&registry, "report.json", more)
}

#[test]
fn what_is_not_a_whole_report_is_never_a_pass() {
    let deep = |open: &str, close: &str| format!("{}{}", open.repeat(100_000), close.repeat(100_000));
    let many: Vec<Value> = (0..20_001).map(|number| json!({ "ruleId": format!("CVE-{number}") })).collect();
    let mut said = String::new();
    for (what, text) in [
        ("nothing", String::new()),
        ("blanks", " \n\t".repeat(1000)),
        ("not JSON", "<html>".to_owned()),
        ("NUL", "\0".repeat(100)),
        ("deep", format!("{{\"runs\": {}}}", deep("[", "]"))),
        (
            "deep components",
            format!(
                "{{\"bomFormat\": \"CycloneDX\", \"vulnerabilities\": [], \"components\": [{}]}}",
                deep("{\"components\":[", "]}")
            ),
        ),
        ("another document", "{\"spdxVersion\": \"SPDX-2.3\"}".to_owned()),
        ("a list", "[]".to_owned()),
        ("no run", "{\"runs\": []}".to_owned()),
        ("runs that are none", "{\"runs\": 1}".to_owned()),
        ("no results", "{\"version\": \"2.1.0\", \"runs\": [{}]}".to_owned()),
        ("null results", "{\"runs\": [{\"results\": null}]}".to_owned()),
        ("a second run without results", "{\"runs\": [{\"results\": []}, {\"tool\": {}}]}".to_owned()),
        (
            "a scanner that failed",
            "{\"runs\": [{\"results\": [], \"invocations\": [{\"executionSuccessful\": false}]}]}".to_owned(),
        ),
        (
            "a bill of materials",
            "{\"bomFormat\": \"CycloneDX\", \"specVersion\": \"1.6\", \"components\": []}".to_owned(),
        ),
        ("a cut report", "{\"bomFormat\": \"CycloneDX\", \"vulnerabilities\": [{\"id\": \"CVE-".to_owned()),
        ("two documents", "{\"runs\": [{\"results\": []}]} {\"runs\": []}".to_owned()),
        ("too many results", json!({ "runs": [{ "results": many }] }).to_string()),
    ] {
        let output = report(text, &[]);
        assert_eq!(output.status, 3, "{what}: {}{}", output.stdout, output.stderr);
        assert_eq!(output.stderr, "", "{what}");
        let why = output.stdout.lines().find_map(|line| Some(line.split_once(" was not scanned: ")?.1));
        said.push_str(&format!("{what}: {}\n", why.unwrap_or(&output.stdout)));
    }
    insta::assert_snapshot!(said, @r"
    nothing: the report cannot be used: it is empty
    blanks: the report cannot be used: it is empty
    not JSON: the report cannot be used: it is not a JSON object
    NUL: the report cannot be used: it is not a JSON object
    deep: the report cannot be used: it cannot be read: invalid type: sequence, expected a string at line 1 column 15
    deep components: the report cannot be used: it cannot be read: recursion limit exceeded at line 1 column 1010
    another document: the report cannot be used: it is neither SARIF (`runs`) nor CycloneDX (`bomFormat`)
    a list: the report cannot be used: it is not a JSON object
    no run: the report cannot be used: it has no run, so that nobody knows what was looked at
    runs that are none: the report cannot be used: it cannot be read: invalid type: integer `1`, expected a sequence at line 1 column 10
    no results: the report cannot be used: it has a run without `results`: the scanner did not finish
    null results: the report cannot be used: it has a run without `results`: the scanner did not finish
    a second run without results: the report cannot be used: it has a run without `results`: the scanner did not finish
    a scanner that failed: the report cannot be used: it says that the scanner did not finish (`executionSuccessful`)
    a bill of materials: the report cannot be used: it is a bill of materials without `vulnerabilities`: nobody looked for any
    a cut report: the report cannot be used: it cannot be read: EOF while parsing a string at line 1 column 59
    two documents: the report cannot be used: it cannot be read: trailing characters at line 1 column 29
    too many results: the report cannot be used: it has more than 20000 results
    ");
}

#[test]
fn a_report_that_is_too_large_is_not_read() {
    let registry = registry("");
    let mut text = b"{\"runs\": [{\"results\": []}], \"x\": \"".to_vec();
    text.resize(65 << 20, b'x');
    text.extend_from_slice(b"\"}");
    registry.write("report.json", text);
    let output = judged(&registry, "report.json", &[]);
    assert_eq!(output.status, 3);
    assert!(output.stdout.contains("it has more than 67108864 bytes"), "{}", output.stdout);
}

#[test]
fn what_a_report_says_reaches_nobody_raw() {
    let evil = "\u{1b}[31mred\u{7}\u{0}\u{202e}\n::error::x\r\n@everyone <img src=x> `x` \u{9b}31m";
    let result = json!({
        "ruleId": "CVE-1\n::stop-commands::x",
        "level": "error",
        "message": { "text": format!("Package: {evil}\nInstalled Version: {}\nSeverity: HIGH\nFixed Version: \u{1b}]8;;https://x\u{7}x", "9".repeat(10_000)) },
        "suppressions": [{ "status": "rejected", "justification": evil }],
    });
    let plain = json!({ "ruleId": evil, "message": { "text": evil } });
    let suppressed =
        json!({ "ruleId": "CVE-3", "message": { "text": "x" }, "suppressions": [{ "justification": evil }] });
    let text = json!({ "runs": [{ "results": [result, plain, suppressed] }] }).to_string();
    for format in ["human", "json", "sarif", "github", "markdown"] {
        let output = report(&text, &["--format", format]);
        assert_eq!(output.status, 1, "{format}: {}", output.stderr);
        let raw = |c: char| (c.is_control() && c != '\n') || c == '\u{202e}';
        assert!(!output.stdout.contains(raw), "{format}: {:?}", output.stdout);
        assert!(output.stdout.len() < 40_000, "{format}: {}", output.stdout.len());
        if format == "github" {
            let command = |line: &str| {
                line.starts_with("::")
                    && !line.starts_with("::error ")
                    && !line.starts_with("::warning ")
                    && !line.starts_with("::notice ")
            };
            assert!(!output.stdout.lines().any(command), "{}", output.stdout);
        }
    }
    let human = report(&text, &[]);
    insta::assert_snapshot!(human.stdout, @r"
    note[unbound-report]: the report does not say which image it is about
    --> servers/weather/server.yaml
     = help: have the scanner look at the image by its digest

    error[high-vulnerability]: unnamed in \u{1b}[31mred\u{7}\u{0}\u{202e} 99999999999999999999999999999999999999999999999999999999999999999999999999999999999999999999999999999999999999999999999…, fixed in \u{1b}]8;;https://x\u{7}x
    --> servers/weather/server.yaml
     = help: upgrade \u{1b}[31mred\u{7}\u{0}\u{202e} to \u{1b}]8;;https://x\u{7}x, and build again

    warning[unrated-vulnerability]: unnamed: \u{1b}[31mred\u{7}\u{0}\u{202e}
    --> servers/weather/server.yaml
     = help: no fixed version is known: waive it with a day on which to look again, or do without the package

    1 error, 1 warning and 1 note in 1 entry (1 waived)
    ");
}

#[test]
fn severities_that_say_nothing_are_not_taken_for_low() {
    let rated = |rating: Value| json!({ "id": "CVE-1", "ratings": [rating], "affects": [] });
    let mut said = String::new();
    for (what, rating) in [
        ("a word", json!({ "severity": "critical" })),
        ("capitals", json!({ "severity": "HIGH" })),
        ("another word", json!({ "severity": "harmless" })),
        ("a word with something hidden in it", json!({ "severity": "low\u{200b}" })),
        ("nothing", json!({})),
        ("unknown", json!({ "severity": "unknown" })),
        ("unknown, with a score", json!({ "severity": "unknown", "score": 9.1 })),
        ("a score beyond the scale", json!({ "score": 1e300 })),
        ("a score below it", json!({ "score": -1 })),
        ("a score of another scale", json!({ "score": 0.01, "method": "other" })),
    ] {
        let text = json!({ "bomFormat": "CycloneDX", "vulnerabilities": [rated(rating)] }).to_string();
        let output = report(text, &["--format", "json"]);
        let found: Value = serde_json::from_str(&output.stdout).unwrap();
        let rules: Vec<&str> =
            found["findings"].as_array().unwrap().iter().filter_map(|one| one["rule"].as_str()).collect();
        said.push_str(&format!("{what}: {}\n", rules.join(" ")));
    }
    insta::assert_snapshot!(said, @r"
    a word: unbound-report critical-vulnerability
    capitals: unbound-report high-vulnerability
    another word: unbound-report unrated-vulnerability
    a word with something hidden in it: unbound-report unrated-vulnerability
    nothing: unbound-report unrated-vulnerability
    unknown: unbound-report unrated-vulnerability
    unknown, with a score: unbound-report critical-vulnerability
    a score beyond the scale: unbound-report unrated-vulnerability
    a score below it: unbound-report unrated-vulnerability
    a score of another scale: unbound-report unrated-vulnerability
    ");
}

#[test]
fn thousands_of_results_are_read_and_kept_in_order() {
    let result = |number: usize| {
        let fixed = if number.is_multiple_of(2) { "" } else { "2" };
        json!({ "ruleId": format!("CVE-{number:05}"), "message": { "text": format!(
            "Package: p{number}\nInstalled Version: 1\nVulnerability CVE-{number:05}\nSeverity: LOW\nFixed Version: {fixed}"
        ) } })
    };
    let results: Vec<Value> = (0..15_000).map(result).collect();
    let output = report(json!({ "runs": [{ "results": results }] }).to_string(), &["--format", "json"]);
    assert_eq!(output.status, 0, "{}", output.stderr);
    let report: Value = serde_json::from_str(&output.stdout).unwrap();
    let messages: Vec<&str> =
        report["findings"].as_array().unwrap().iter().map(|finding| finding["message"].as_str().unwrap()).collect();
    assert_eq!(messages.len(), 15_001);
    assert_eq!(messages[1], "CVE-00001 in p1 1, fixed in 2");
    assert_eq!(messages[7_501], "CVE-00000 in p0 1");
}
