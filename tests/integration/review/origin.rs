//! Where commits come from decides, too: branches, tags, and the history between base and head.

use crate::runner::{Output, Runner};
use serde_json::Value;

fn commit(registry: &Runner, file: &str, text: &str) -> String {
    registry.write(format!("upstream/{file}"), text);
    registry.git_in("upstream", ["add", "--all"]);
    registry.git_in("upstream", ["commit", "--quiet", "--message", text.trim()]);
    registry.git_in("upstream", ["rev-parse", "HEAD"])
}

fn start() -> (Runner, String) {
    let registry = Runner::new();
    registry.write("upstream/a.py", "one = 1\n");
    registry.git_in("upstream", ["init", "--quiet"]);
    let first = commit(&registry, "a.py", "one = 1\n");
    (registry, first)
}

fn review(registry: &Runner, more: &[&str]) -> (Output, Value) {
    let output = registry.run(["review", "--repo", "./upstream", "--agent", "static"].iter().chain(more));
    let report = serde_json::from_str(&registry.read("reviews/report.json")).unwrap();
    let schema: Value = serde_json::from_str(include_str!("../../../schemas/review-report.json")).unwrap();
    jsonschema::validate(&schema, &report).unwrap();
    (output, report)
}

fn titles(report: &Value) -> Vec<String> {
    let findings = report["findings"].as_array().unwrap().iter();
    findings.map(|finding| format!("{}: {}", finding["risk"], finding["title"])).collect()
}

/// The case `impostor-passes`.
#[test]
fn a_commit_on_no_branch_or_tag_is_of_high_risk_for_label_check_and_status() {
    let (registry, _) = start();
    registry.git_in("upstream", ["checkout", "--quiet", "--detach"]);
    let head = commit(&registry, "a.py", "two = 2\n");
    registry.git_in("upstream", ["checkout", "--quiet", "main"]);
    let (output, report) = review(&registry, &["--head", &head]);
    assert_eq!(output.status, 1, "{}{}", output.stdout, output.stderr);
    assert_eq!(registry.read("reviews/labels.txt"), "security-risk:high\n");
    assert_eq!(titles(&report), [r#""high": "The commit is on no branch or tag of the repository""#]);
    let markdown = registry.read("reviews/report.md");
    assert!(markdown.contains("**High risk: a maintainer decides.** 1 high finding."), "{markdown}");
    assert!(markdown.contains("Found on: **no branch or tag of this repository**"), "{markdown}");
}

/// The case `found-on-default-branch`.
#[test]
fn the_default_branch_is_named_before_the_others_and_tags_before_other_branches() {
    let (registry, first) = start();
    registry.git_in("upstream", ["checkout", "--quiet", "-b", "dependabot/npm/x"]);
    let on_branch = commit(&registry, "c.py", "three = 3\n");
    registry.git_in("upstream", ["checkout", "--quiet", "main"]);
    commit(&registry, "b.py", "two = 2\n");
    registry.git_in("upstream", ["tag", "v1", &first]);
    let found = |head: &str| review(&registry, &["--head", head]).1["reviewed"]["found"]["detail"].clone();
    assert_eq!(found(&first), "refs/heads/main");
    assert_eq!(found(&on_branch), "refs/heads/dependabot/npm/x");
    registry.git_in("upstream", ["tag", "v2", &on_branch]);
    assert_eq!(found(&on_branch), "refs/tags/v2");
    // Also when it is the default branch by another name.
    registry.git_in("upstream", ["branch", "--move", "main", "trunk"]);
    assert_eq!(found(&first), "refs/heads/trunk");
}

#[test]
fn broken_history_between_base_and_head_is_of_high_risk() {
    let (registry, first) = start();
    let second = commit(&registry, "a.py", "two = 2\n");
    let (output, report) = review(&registry, &["--base", &first, "--head", &second]);
    assert_eq!((output.status, titles(&report)), (0, Vec::new()));
    let new = &report["reviewed"]["history"]["detail"];
    assert_eq!((&new["ancestor"], &new["total"], &new["more"]), (&true.into(), &1.into(), &false.into()));
    assert_eq!(new["commits"][0]["commit"], second.as_str());
    assert_eq!(new["commits"][0]["author"], "A Maintainer");

    registry.git_in("upstream", ["commit", "--quiet", "--amend", "--message", "rewritten"]);
    let rewritten = registry.git_in("upstream", ["rev-parse", "HEAD"]);
    let (output, report) = review(&registry, &["--base", &second, "--head", &rewritten]);
    assert_eq!(output.status, 1);
    assert_eq!(titles(&report), [r#""high": "The commit does not descend from the one that was reviewed before""#]);
    assert_eq!(registry.read("reviews/labels.txt"), "security-risk:high\n");

    let (output, report) = review(&registry, &["--base", &"1".repeat(40), "--head", &rewritten]);
    assert_eq!(output.status, 1);
    assert_eq!(titles(&report), [r#""high": "The repository no longer has the commit that was reviewed before""#]);
}

#[test]
fn history_that_is_cut_off_is_not_taken_for_broken() {
    let (registry, first) = start();
    commit(&registry, "a.py", "two = 2\n");
    let third = commit(&registry, "a.py", "three = 3\n");
    registry.git([
        "clone",
        "--quiet",
        "--depth",
        "1",
        &format!("file://{}/upstream", registry.root().display()),
        "shallow",
    ]);
    let arguments = ["review", "--repo", "./shallow", "--agent", "static", "--base", &first, "--head", &third];
    let output = registry.run(arguments);
    let report: Value = serde_json::from_str(&registry.read("reviews/report.json")).unwrap();
    // The older commit is not in the clone: nothing tells a clone that is cut off from a repository that lost it.
    assert_eq!(
        titles(&report),
        [r#""medium": "It is not known whether the commit descends from the one that was reviewed before""#]
    );
    assert_eq!(output.status, 0, "{}", output.stderr);
}
