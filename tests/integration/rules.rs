//! What every rule must have: its place in the table, words for people, and tests.

use mcp_registry::validate::rules::{Check, RULES};
use std::collections::BTreeSet;
use std::path::Path;

/// The source of each rule by the name of its file.
fn files() -> Vec<(String, String)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/validate/rules");
    let mut files: Vec<(String, String)> = std::fs::read_dir(folder)
        .unwrap()
        .map(|item| item.unwrap().path())
        .filter(|path| path.extension().is_some_and(|extension| extension == "rs"))
        .map(|path| {
            let stem = path.file_stem().unwrap().to_str().unwrap().to_owned();
            (stem, std::fs::read_to_string(path).unwrap())
        })
        .collect();
    files.sort();
    files
}

#[test]
fn every_file_is_a_rule_and_every_rule_has_its_file() {
    let ids: BTreeSet<String> = RULES.iter().map(|rule| rule.id.to_owned()).collect();
    let files: BTreeSet<String> = files().into_iter().map(|(stem, _)| stem.replace('_', "-")).collect();
    assert_eq!(ids, files);
}

#[test]
fn ids_are_in_kebab_case_sorted_and_unique() {
    for rule in RULES {
        let words: Vec<&str> = rule.id.split('-').collect();
        let is_word = |word: &&str| !word.is_empty() && word.bytes().all(|byte| byte.is_ascii_lowercase());
        assert!(words.iter().all(is_word), "{}", rule.id);
    }
    let ids: Vec<&str> = RULES.iter().map(|rule| rule.id).collect();
    assert!(ids.is_sorted_by(|a, b| a < b), "{ids:?}");
}

#[test]
fn summaries_are_one_line_without_a_full_stop() {
    for rule in RULES {
        let (id, summary) = (rule.id, rule.summary);
        assert!(!summary.is_empty() && summary.chars().count() < 90, "{id}: {} characters", summary.chars().count());
        assert!(!summary.contains('\n') && !summary.ends_with('.') && summary.trim() == summary, "{id}: {summary}");
    }
}

#[test]
fn explanations_have_their_four_sections_and_nothing_else() {
    for rule in RULES {
        let (id, explanation) = (rule.id, rule.explanation);
        // What is inside of a code block is no heading.
        let mut sections: Vec<(&str, usize)> = Vec::new();
        let mut in_code = false;
        for line in explanation.lines() {
            in_code ^= line.starts_with("```");
            if !in_code && line.starts_with('#') {
                sections.push((line, 0));
            } else if !line.trim().is_empty() {
                sections.last_mut().unwrap_or_else(|| panic!("{id}: text before the first heading")).1 += 1;
            }
        }
        let headings: Vec<&str> = sections.iter().map(|(heading, _)| *heading).collect();
        assert_eq!(headings, ["## What", "## Why", "## How to fix", "## Source"], "{id}");
        assert!(sections.iter().all(|(_, lines)| *lines > 0), "{id}: an empty section");
        assert!(explanation.ends_with('\n') && !in_code, "{id}");
    }
}

#[test]
fn every_rule_is_tested_in_its_file() {
    for (stem, source) in files() {
        let (_, tests) = source.split_once("\nmod tests {").unwrap_or_else(|| panic!("{stem} has no tests"));
        assert!(tests.contains("assert_snapshot!"), "{stem}: no finding is shown as it is rendered");
        assert!(!tests.contains("@\"\")"), "{stem}: an empty snapshot");
        // One that fails, one that passes, one near miss.
        assert!(tests.matches("#[test]").count() >= 2, "{stem}: too few tests");
    }
}

#[test]
fn rules_about_the_run_need_no_facts_and_mend_nothing() {
    for rule in RULES {
        if matches!(rule.check, Check::Run) {
            assert!(rule.needs.is_empty() && rule.fix.is_none(), "{}", rule.id);
        }
    }
}
