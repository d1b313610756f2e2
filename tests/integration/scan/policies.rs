//! What a policy makes of vulnerabilities.

use super::{fixture, judged, registry};

fn waiver(rule: &str, more: &str) -> String {
    format!("[[waivers]]\nrule = \"{rule}\"\nentry = \"weather\"\nreason = \"we know\"\n{more}\n")
}

/// The summary of a run under a policy.
fn summary(policy: &str, more: &[&str]) -> String {
    let output = judged(&registry(policy), &fixture("trivy.sarif.json"), more);
    format!("{} {}", output.status, output.stdout.lines().last().unwrap_or_default())
}

#[test]
fn thresholds_levels_and_waivers_of_the_policy_count() {
    let all = [
        summary("", &[]),
        summary("", &["--fail-on", "never"]),
        summary("[scan]\nfail-on = \"never\"\n", &[]),
        // The command line is nearer.
        summary("[scan]\nfail-on = \"never\"\n", &["--fail-on", "note"]),
        summary("[rules]\ncritical-vulnerability = \"off\"\nhigh-vulnerability = \"note\"\n", &[]),
        summary("[rules]\nlow-vulnerability = \"error\"\n", &[]),
        // What has no fixed version is a warning at most, also where the policy makes its rule worse.
        summary("[scan]\nonly-fixable = true\n[rules]\nlow-vulnerability = \"error\"\n", &[]),
        summary(&format!("[rules]\nhigh-vulnerability = \"off\"\n{}", waiver("critical-vulnerability", "")), &[]),
    ];
    insta::assert_snapshot!(all.join("\n"), @r"
    1 3 errors, 2 warnings and 1 note in 1 entry
    0 3 errors, 2 warnings and 1 note in 1 entry
    0 3 errors, 2 warnings and 1 note in 1 entry
    1 3 errors, 2 warnings and 1 note in 1 entry
    0 2 warnings and 3 notes in 1 entry
    1 4 errors and 2 warnings in 1 entry
    1 2 errors and 4 warnings in 1 entry
    0 2 warnings and 1 note in 1 entry (1 waived)
    ");
}

#[test]
fn a_waiver_may_name_one_vulnerability_until_a_day() {
    let of = |id: &str, until: &str| {
        let policy = waiver("high-vulnerability", &format!("vulnerability = \"{id}\"\nexpires = {until}"));
        summary(&format!("[rules]\ncritical-vulnerability = \"off\"\n{policy}"), &[])
    };
    insta::assert_snapshot!(of("CVE-2025-0001", "2026-01-02"), @"0 2 warnings and 1 note in 1 entry (2 waived)");
    insta::assert_snapshot!(of("CVE-2025-0002", "2026-01-02"), @"1 2 errors, 2 warnings and 1 note in 1 entry");
    insta::assert_snapshot!(of("CVE-2025-0001", "2026-01-01"), @"1 2 errors, 2 warnings and 1 note in 1 entry");
}

#[test]
fn validate_takes_waivers_of_images_for_what_they_are() {
    let registry = registry(&waiver("high-vulnerability", "vulnerability = \"CVE-2025-0001\""));
    let output = registry.run(["validate", "--format", "json"]);
    assert!(!output.stdout.contains("unused-waiver") && output.status != 2, "{}{}", output.stdout, output.stderr);
    let expired = super::registry(&waiver("unsigned-image", "expires = 2025-01-01"));
    let output = expired.run(["validate", "--format", "json"]);
    assert!(output.stdout.contains("expired-waiver"), "{}", output.stdout);
}
