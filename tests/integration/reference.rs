//! Whether each rule agrees with the check of the reference validator that it stands for, on every entry of the
//! corpus. What the two see differently is listed in [`DEVIATIONS`], with the reason and the exact count.

use crate::corpus;
use chrono::NaiveDate;
use mcp_registry::document::{Step, scalar};
use mcp_registry::entry::Entry;
use mcp_registry::finding::{Anchor, Finding, Report, Severity};
use mcp_registry::policy::Policy;
use mcp_registry::validate::{Request, fix, judge};
use rayon::prelude::*;
use serde::Deserialize;
use std::collections::BTreeMap;

/// One historical version of an entry.
#[derive(Debug, Deserialize)]
struct Version {
    /// The folder's name.
    name: String,
    yaml: String,
    /// The checks of the reference that fail, with its message. When the text cannot be decoded, that is the only one: the
    /// reference's other checks then fail to read the entry.
    fails: BTreeMap<String, String>,
    /// What prettier says: `formatted`, `unformatted` or `parse-error`.
    format: String,
}

/// A check of the reference, and the rules that together stand for it.
const CHECKS: [(&str, &[&str]); 10] = [
    ("yaml", &["invalid-yaml", "wrong-type"]),
    ("name", &["invalid-name"]),
    ("directory", &["name-mismatch"]),
    ("title", &["title-style"]),
    ("formatting", &["formatting"]),
    ("commit", &["unpinned-source", "malformed-commit"]),
    ("secrets", &["secret-name"]),
    ("config-env", &["foreign-parameter"]),
    ("remote-transport", &["remote-transport"]),
    ("oauth-dynamic", &["oauth-without-dynamic-tools"]),
];

/// The names that the reference's source code excepts, as the waivers that they are here.
const GRANDFATHERED: [(&str, &str); 6] = [
    ("invalid-name", "SQLite"),
    ("invalid-name", "osp_marketing_tools"),
    ("invalid-name", "youtube_transcript"),
    ("secret-name", "nasdaq-data-link"),
    ("secret-name", "sec-edgar"),
    ("oauth-without-dynamic-tools", "github-official"),
];

/// Which side finds fault.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Only {
    Reference,
    Ours,
}

/// Where the two disagree: the check, who alone finds fault, on how many versions, and why.
const DEVIATIONS: &[(&str, Only, usize, &str)] = &[(
    "title",
    Only::Reference,
    4,
    "`AWS Serverless` is the product's name: the reference finds `Server` inside of it",
)];

/// The reference's exceptions as a policy.
fn policy() -> Policy {
    let waiver = |(rule, entry): (&str, &str)| {
        format!("[[waivers]]\nrule = \"{rule}\"\nentry = \"{entry}\"\nreason = \"grandfathered by the reference\"\n")
    };
    Policy::parse(&GRANDFATHERED.map(waiver).concat()).unwrap()
}

/// Asks something about a registry of this version alone.
fn asked<T>(version: &Version, policy: &Policy, ask: impl FnOnce(&Request<'_>) -> T) -> T {
    let entries = [Entry::from_texts(&version.name, Some(&version.yaml), None, None)];
    let today = NaiveDate::from_ymd_opt(2026, 1, 1).unwrap();
    ask(&Request { entries: &entries, facts: &[], only: None, policy, today, strict: false })
}

/// What we say of a version, with the findings that the policy excuses left out.
fn ours(version: &Version, policy: &Policy) -> Vec<Finding> {
    let mut findings = asked(version, policy, judge).findings;
    findings.retain(|finding| finding.waived.is_none());
    findings
}

/// Whether a finding is one that the reference's check could make.
fn counts(check: &str, finding: &Finding, version: &Version) -> bool {
    match check {
        // The reference looks only at these values, and only at their beginning.
        "config-env" => env_value(finding, version).is_some_and(|value| value.starts_with("{{")),
        // A note says that there is no verdict.
        "formatting" => finding.severity > Severity::Note,
        _ => true,
    }
}

/// The value of `config.env[].value` that a finding points at, if it points at one.
fn env_value(finding: &Finding, version: &Version) -> Option<String> {
    let Anchor::Value(route) = &finding.anchor else { return None };
    let [Step::Key(config), Step::Key(env), Step::Index(_), Step::Key(value)] = route.steps() else { return None };
    if [config, env, value] != ["config", "env", "value"] {
        return None;
    }
    let entry = Entry::from_texts(&version.name, Some(&version.yaml), None, None);
    scalar::go_string(entry.document()?.at(route)?.scalar()?).map(Into::into)
}

/// What the reference says of a version in one check; none when it has no fault. The outer option is none when the
/// reference did not get as far as to judge.
fn theirs(version: &Version, check: &str) -> Option<Option<String>> {
    match check {
        "formatting" => Some((version.format == "unformatted").then(|| "prettier would change it".to_owned())),
        "yaml" => Some(version.fails.get(check).cloned()),
        _ if version.fails.contains_key("yaml") => None,
        _ => Some(version.fails.get(check).cloned()),
    }
}

#[test]
fn every_rule_agrees_with_the_check_it_stands_for() {
    let Some(versions) = corpus::lines::<Version>("entries.jsonl") else { return };
    let policy = policy();
    let mut found: BTreeMap<(&str, Only), Vec<String>> = BTreeMap::new();
    let mut failing: BTreeMap<&str, usize> = BTreeMap::new();
    let judged: Vec<Vec<Finding>> = versions.par_iter().map(|version| ours(version, &policy)).collect();
    for (version, findings) in versions.iter().zip(judged) {
        for (check, rules) in CHECKS {
            let Some(reference) = theirs(version, check) else { continue };
            let our = findings.iter().find(|finding| rules.contains(&finding.rule) && counts(check, finding, version));
            *failing.entry(check).or_default() += usize::from(reference.is_some());
            let (only, said) = match (reference, our) {
                (Some(said), None) => (Only::Reference, said),
                (None, Some(finding)) => (Only::Ours, finding.message.clone()),
                (Some(_), Some(_)) | (None, None) => continue,
            };
            found.entry((check, only)).or_default().push(format!("{}: {said}", version.name));
        }
    }
    let listed: BTreeMap<(&str, Only), usize> =
        DEVIATIONS.iter().map(|(check, only, count, _)| ((*check, *only), *count)).collect();
    let counted: BTreeMap<(&str, Only), usize> = found.iter().map(|(key, versions)| (*key, versions.len())).collect();
    assert_eq!(counted, listed, "{found:#?}");
    // The corpus exercises the checks: these are its own counts.
    assert_eq!(versions.len(), 3014);
    let failing: Vec<String> = failing.iter().map(|(check, count)| format!("{check} {count}")).collect();
    insta::assert_snapshot!(failing.join(", "), @"commit 248, config-env 0, directory 117, formatting 461, name 2, oauth-dynamic 84, remote-transport 68, secrets 0, title 138, yaml 27");
}

#[test]
fn what_is_fixable_is_mended_and_stays_so() {
    let Some(mut versions) = corpus::lines::<Version>("entries.jsonl") else { return };
    // The others have nothing that is fixable; leaving them out halves the time of the whole suite.
    versions.retain(|version| version.format == "unformatted");
    let policy = policy();
    // The rules whose findings can be mended, before and after, and what was refused.
    let mended: Vec<(Vec<&str>, Vec<&str>, Vec<fix::Left>)> = versions
        .par_iter()
        .map(|version| {
            asked(version, &policy, |request| {
                let fixable = |report: &Report| -> Vec<&str> {
                    let open = report.findings.iter().filter(|finding| finding.fixable && finding.waived.is_none());
                    open.map(|finding| finding.rule).collect()
                };
                let report = judge(request);
                let plan = fix::plan(request, &report);
                (fixable(&report), fixable(&fix::judge_after(request, &plan)), plan.left)
            })
        })
        .collect();
    let count = |rule: &str| mended.iter().filter(|(before, ..)| before.contains(&rule)).count();
    // Whether tools are dynamic is a decision, which `--fix` does not make.
    assert_eq!((count("formatting"), count("oauth-without-dynamic-tools")), (460, 0));
    let after: Vec<&str> = mended.iter().flat_map(|(_, after, _)| after.iter().copied()).collect();
    let left: Vec<String> =
        mended.iter().flat_map(|(.., left)| left).map(|left| format!("{}: {}", left.rule, left.reason)).collect();
    // The one version that the reference cannot decode although it is YAML: nobody knows what it should say.
    // It is left alone, and no finding in it promises a fix.
    assert_eq!(after, [""; 0]);
    assert_eq!(left, [""; 0]);
}
