//! The table of checks, the page that they belong to, and the workflows that they are about, agree.

use super::CHECKS;
use super::judge::names::PROVIDERS;
use super::needs::needs;
use crate::init::Tool;
use std::collections::{BTreeMap, BTreeSet};

/// The steps of the page, each with its text.
fn steps() -> BTreeMap<u8, String> {
    let page = include_str!("../../docs/github.md");
    let (_, page) = page.split_once("## Set it up\n").unwrap_or_default();
    let (page, _) = page.split_once("\n## ").unwrap_or_default();
    let mut steps: BTreeMap<u8, String> = BTreeMap::new();
    for line in page.lines() {
        let number = line.split_once(". **").and_then(|(number, _)| number.parse().ok());
        let step = number.or_else(|| steps.keys().next_back().copied());
        steps.entry(step.unwrap_or_default()).or_default().push_str(&format!("{line}\n"));
    }
    steps
}

/// What a step says that `doctor` checks.
fn checked(step: &str) -> Vec<&str> {
    let line = step.lines().find_map(|line| line.trim().strip_prefix("*Checked as* ")).unwrap_or_default();
    line.trim_end_matches('.').split(", ").map(|id| id.trim_matches('`')).filter(|id| !id.is_empty()).collect()
}

#[test]
fn every_step_of_the_page_is_checked_and_every_check_is_of_a_step() {
    let steps = steps();
    let numbers: Vec<u8> = steps.keys().copied().collect();
    assert!(numbers.starts_with(&[0, 1]) && numbers.last() == Some(&10), "{numbers:?}");
    for (number, text) in steps.iter().filter(|(number, _)| **number > 0) {
        let ours: Vec<&str> = CHECKS.iter().filter(|check| check.step == *number).map(|check| check.id).collect();
        assert!(!ours.is_empty(), "no check is of step {number}");
        assert_eq!(checked(text), ours, "step {number} of docs/github.md ends with `*Checked as* …`");
    }
    let ids: BTreeSet<&str> = CHECKS.iter().map(|check| check.id).collect();
    assert_eq!(ids.len(), CHECKS.len());
    assert!(CHECKS.iter().all(|check| steps.contains_key(&check.step)) && CHECKS.is_sorted_by_key(|check| check.step));
}

#[test]
fn every_environment_and_name_of_the_workflows_is_in_a_step() {
    let all: String = steps().into_values().collect();
    let needs = needs(&Tool::example());
    let environments: Vec<&str> = needs.environments.keys().map(String::as_str).collect();
    assert_eq!(environments, ["", "mcp-registry", "publish", "security-review"]);
    for (environment, names) in &needs.environments {
        assert!(all.contains(&format!("`{environment}`")) || environment.is_empty(), "{environment}");
        for name in names.secrets.iter().chain(&names.variables) {
            assert!(all.contains(&format!("`{name}`")), "no step of docs/github.md names {name}");
        }
    }
    // Secrets are of an environment, which limits who reads them.
    assert!(needs.environments.get("").is_some_and(|names| names.secrets.is_empty()));
    let review = needs.environments.get("security-review").map(|names| names.secrets.clone()).unwrap_or_default();
    assert_eq!(review.iter().map(String::as_str).collect::<Vec<_>>(), PROVIDERS);
    for (permission, level) in &needs.permissions {
        let word = permission.replace('_', " ");
        assert_eq!(level, "write", "{permission}");
        assert!(all.to_lowercase().contains(&format!("*{word}*")), "step 2 does not name {word}");
    }
}
