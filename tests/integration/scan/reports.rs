//! Reports in the forms of Trivy and Grype.

use super::{fixture, image, judged, registry};
use crate::runner::Runner;
use serde_json::Value;

#[test]
fn what_can_be_fixed_comes_first_and_then_the_worst() {
    let output = judged(&registry(""), &fixture("trivy.sarif.json"), &[]);
    assert_eq!(output.status, 1, "{}", output.stderr);
    insta::assert_snapshot!(output.stdout, @r"
    error[high-vulnerability]: CVE-2025-0001 in libexample-common 1.1.1c-r0, fixed in 1.1.1d-r0: example: overflow in a parser
    --> servers/weather/server.yaml
     = help: upgrade libexample-common to 1.1.1d-r0, and build again

    error[high-vulnerability]: CVE-2025-0001 in libexample1 1.1.1c-r0, fixed in 1.1.1d-r0: example: overflow in a parser
    --> servers/weather/server.yaml
     = help: upgrade libexample1 to 1.1.1d-r0, and build again

    warning[medium-vulnerability]: CVE-2025-0003 in requests 2.30.0, fixed in 2.31.0, 2.30.1: requests: header is kept on redirect
    --> servers/weather/server.yaml
     = help: upgrade requests to 2.31.0, 2.30.1, and build again

    error[critical-vulnerability]: CVE-2025-0002 in libexample1 1.1.1c-r0: example: use after free
    --> servers/weather/server.yaml
     = help: no fixed version is known: waive it with a day on which to look again, or do without the package

    note[low-vulnerability]: CVE-2025-0004 in old-tool 0.9: old-tool: temporary file
    --> servers/weather/server.yaml
     = help: no fixed version is known: waive it with a day on which to look again, or do without the package

    warning[unrated-vulnerability]: CVE-2025-0005 in new-tool 3.0
    --> servers/weather/server.yaml
     = help: no fixed version is known: waive it with a day on which to look again, or do without the package

    3 errors, 2 warnings and 1 note in 1 entry
    ");
}

/// The rule, message and waiver of each finding, in order.
fn lines(stdout: &str) -> Vec<String> {
    let report: Value = serde_json::from_str(stdout).unwrap();
    let findings = report["findings"].as_array().unwrap();
    let line = |finding: &Value| {
        let waived = finding["waived"].as_str().map(|why| format!(" [{why}]")).unwrap_or_default();
        format!("{} {}{waived}", finding["rule"].as_str().unwrap(), finding["message"].as_str().unwrap())
    };
    findings.iter().map(line).collect()
}

#[test]
fn both_scanners_and_both_forms_say_the_same() {
    // What a report says about a vulnerability beside its package is its own affair.
    let bare = |lines: Vec<String>| -> Vec<String> {
        lines.into_iter().map(|line| line.split(": ").next().unwrap().to_owned()).collect()
    };
    let of = |name: &str| {
        let output = judged(&registry(""), &fixture(name), &["--format", "json"]);
        assert_eq!(output.status, 1, "{name}: {}", output.stderr);
        bare(lines(&output.stdout))
    };
    let trivy = of("trivy.sarif.json");
    assert_eq!(trivy.len(), 6, "{trivy:?}");
    assert_eq!(of("trivy.cdx.json"), trivy);
    assert_eq!(of("grype.cdx.json"), trivy);
    let grype = of("grype.sarif.json");
    // It names no digest, which is a note.
    assert_eq!(grype[0], "unbound-report the report does not say which image it is about");
    assert_eq!(grype[1..], trivy);
}

#[test]
fn a_vex_document_excuses_what_does_not_matter() {
    let output = judged(&registry(""), &fixture("vex.cdx.json"), &["--format", "json"]);
    assert_eq!(output.status, 1, "{}", output.stderr);
    insta::assert_snapshot!(lines(&output.stdout).join("\n"), @r"
    critical-vulnerability CVE-2025-0002 in requests 2.30.0, fixed in 2.31.0
    medium-vulnerability CVE-2025-0003
    high-vulnerability CVE-2025-0001 in alpine/libexample1 1.1.1c-r0 [the report says `not_affected`: code_not_reachable, The parser is not called.]
    low-vulnerability CVE-2025-0004 in old-tool [the report says `resolved`]
    ");
}

#[test]
fn a_report_about_another_image_is_refused() {
    let other = format!("registry.example/mcp/weather@sha256:{}", "e".repeat(64));
    for name in ["trivy.sarif.json", "trivy.cdx.json", "grype.cdx.json"] {
        let output = registry("").run(["scan", "--offline", "--scanner", &fixture(name), &other, "--format", "json"]);
        assert_eq!(output.status, 1, "{name}: {}", output.stderr);
        assert!(
            lines(&output.stdout)[0].starts_with("foreign-report the report is about sha256:aaaa"),
            "{}",
            output.stdout
        );
    }
}

#[test]
fn every_format_has_the_findings() {
    let report = fixture("trivy.sarif.json");
    let github = judged(&registry(""), &report, &["--format", "github"]);
    insta::assert_snapshot!(github.stdout.lines().next().unwrap(), @"::error file=servers/weather/server.yaml,line=2,endLine=2,col=8,endColumn=36,title=high-vulnerability::CVE-2025-0001 in libexample-common 1.1.1c-r0, fixed in 1.1.1d-r0: example: overflow in a parser%0Ahelp: upgrade libexample-common to 1.1.1d-r0, and build again");
    let sarif: Value = serde_json::from_str(&judged(&registry(""), &report, &["--format", "sarif"]).stdout).unwrap();
    let rules = sarif["runs"][0]["tool"]["driver"]["rules"].as_array().unwrap();
    let described = |id: &str| rules.iter().any(|rule| rule["id"] == id && rule["help"].is_object());
    assert!(described("critical-vulnerability") && described("high-vulnerability"), "{rules:#?}");
    assert_eq!(sarif["runs"][0]["results"].as_array().unwrap().len(), 6);
    let json = judged(&registry(""), &report, &["--format", "json"]);
    crate::build::lab::check_schema("report", &json.stdout);
}

#[test]
fn a_folder_has_a_report_for_each_image() {
    let registry = registry("");
    registry.write("servers/other/server.yaml", "name: other\nimage: registry.example/mcp/other\ntype: server\n");
    registry.write("reports/weather.sarif", std::fs::read(fixture("trivy.sarif.json")).unwrap());
    let digests = format!(
        "{{\"weather\": \"{}\", \"other\": \"registry.example/mcp/other@sha256:{}\"}}",
        image(),
        "d".repeat(64)
    );
    registry.write("digests.json", digests);
    let scan = ["scan", "--offline", "--scanner", "reports", "--digests", "digests.json"];
    // What nobody looked at is not clean, but what was found is certain.
    let output = registry.run(scan);
    assert_eq!(output.status, 1, "{}", output.stderr);
    assert_eq!(output.stderr, "", "what was not scanned is a finding, and said once");
    assert!(output.stdout.contains("was not scanned: there is no report of it in `reports`: `other.sarif` or"));
    let never = registry.run([&scan[..], &["--fail-on", "never"]].concat());
    assert_eq!(never.status, 3, "{}", never.stdout);
    // By digest, too.
    registry.write(format!("reports/sha256-{}.json", "d".repeat(64)), "{\"runs\": [{\"results\": []}]}");
    assert_eq!(registry.run([&scan[..], &["--fail-on", "never"]].concat()).status, 0);
    let named = registry.run(["scan", "--offline", "--scanner", "reports", "--digests", "digests.json", "other"]);
    assert_eq!(named.status, 0, "{}", named.stdout);
    // An entry that the file does not have is not passed over.
    registry.write("servers/third/server.yaml", "name: third\nimage: registry.example/mcp/third\ntype: server\n");
    let all = registry.run([&scan[..], &["--all", "--fail-on", "never"]].concat());
    assert_eq!(all.status, 3, "{}", all.stdout);
    assert!(all.stdout.contains("the file of `--digests` does not have it"), "{}", all.stdout);
}

#[test]
fn options_that_make_no_sense_are_refused() {
    let registry = Runner::new();
    registry.write("servers/weather/server.yaml", "name: weather\n");
    registry.write("report.json", "{}").write("digests.json", "{\"a\": \"x\"}");
    let image = image();
    let mut said = String::new();
    for wrong in [
        &["scan", &image][..],
        &["scan", "--scanner", "clair=x", &image],
        &["scan", "--scanner", "UPPER", &image],
        &["scan", "--scanner", "./nofile", &image],
        &["scan", "--scanner", "reports/", &image],
        &["scan", "--scanner", "report.json", &image, &image],
        &["scan", "--scanner", "report.json", "--database", ".", &image],
        &["scan", "--scanner", "trivy", "--database", "nowhere", &image],
        &["scan", "--scanner", "trivy", "--offline", "--scanner-network", &image],
        &["scan", "--scanner", "trivy", "nowhere"],
        &["scan", "--scanner", "trivy", "registry.example/mcp/weather:latest"],
        &["scan", "--scanner", "trivy", "--digests", "digests.json"],
    ] {
        let output = registry.run(wrong);
        assert_eq!(output.status, 2, "{wrong:?}: {}", output.stderr);
        said.push_str(&output.stderr);
    }
    insta::assert_snapshot!(said, @r"
    error: nobody scans
      hint: `--scanner` names a scanner: trivy, grype, an image, or a report
    error: `--scanner clair=x`: `clair=` is neither `trivy=` nor `grype=`
    error: `--scanner UPPER`: it is neither trivy or grype, nor a file that is there, nor an image: the name of an image is in lower case
    error: `--scanner ./nofile`: there is no such file or folder
    error: `--scanner reports/`: there is no such file or folder
    error: `report.json` is a report about one image, and 2 are scanned
      hint: a folder has one for each: `NAME.sarif` or `NAME.json`
    error: a report that was made elsewhere needs neither `--database` nor `--scanner-network`
    error: `--database nowhere` is not a folder
    error: `--offline` and `--scanner-network` exclude each other
    error: there is no entry `nowhere`
      hint: entries are the folders under `servers/`
      hint: an image is named by digest: `IMAGE@sha256:…`, which `build --push` prints
    error: there is no entry `registry.example`
      hint: entries are the folders under `servers/`
      hint: an image is named by digest: `IMAGE@sha256:…`, which `build --push` prints
    error: `--digests digests.json` has `x` for `a`, which is not by digest
    ");
}
