//! What repairs an image: the command to run.

use super::problem::{Problem, Repair};
use super::read::{Ours, Place};
use super::{Expectations, Facts};
use crate::attest::predicate::{CYCLONEDX, PROVENANCE, REVIEW, SPDX};
use serde_json::{Map, Value};

/// Says for each problem that can be repaired how.
pub(super) fn tell(problems: &mut [Problem], ours: &Ours, facts: &Facts, expected: &Expectations) {
    for problem in problems.iter_mut().filter(|problem| problem.help.is_none()) {
        let Some(repair) = &problem.repair else { continue };
        // What happened; what to do with it is said here.
        let (happened, _) = problem.rule.help.split_once(": ").unwrap_or((problem.rule.help, ""));
        let command = command(repair, ours, facts, expected);
        problem.help = Some(format!("{happened}: `{command}` writes it anew"));
    }
}

fn command(repair: &Repair, ours: &Ours, facts: &Facts, expected: &Expectations) -> String {
    let mut words: Vec<String> = Vec::new();
    let mut add = |more: &[&str]| words.extend(more.iter().map(|word| quoted(word)));
    match repair {
        Repair::Signature => {
            add(&["mcp-registry", "sign", "--replace", "--key", "KEY"]);
            for (key, value) in annotations(ours, expected) {
                add(&["-a", &format!("{key}={value}")]);
            }
            if let Some(identity) = identity(ours, facts) {
                add(&["--identity", identity]);
            }
        }
        Repair::Claim(kind) => {
            add(&["mcp-registry", "attest", "--replace", "--key", "KEY"]);
            match kind.as_deref() {
                Some(PROVENANCE) => add(&["--record", "FILE"]),
                Some(SPDX | CYCLONEDX) => add(&["--sbom", "FILE"]),
                Some(REVIEW) => add(&["--review", "FILE"]),
                kind => add(&["--type", kind.unwrap_or("TYPE"), "--predicate", "FILE"]),
            }
        }
    }
    if !expected.logs.is_empty() || ours.signatures.iter().any(|signature| signature.logged) {
        add(&["--rekor-url", "URL"]);
    }
    if let Some(repository) = &facts.signatures {
        add(&["--signature-repository", repository]);
    }
    add(&[&facts.reference]);
    words.join(" ")
}

/// The annotations to sign with: those of the key's signatures; where they differ, those that are asked for.
fn annotations(ours: &Ours, expected: &Expectations) -> Vec<(String, String)> {
    let mut sets: Vec<&Map<String, Value>> = ours.signatures.iter().map(|signature| &signature.annotations).collect();
    sets.dedup();
    let text = |(key, value): (&String, &Value)| Some((key.clone(), value.as_str()?.to_owned()));
    match sets.as_slice() {
        [one] => one.iter().filter_map(text).collect(),
        _ => expected.annotations.iter().map(|(key, value)| (key.clone(), value.clone())).collect(),
    }
}

/// The name that signatures under the tag say, if it is another than that of the image.
fn identity<'a>(ours: &'a Ours, facts: &Facts) -> Option<&'a str> {
    let mut names = ours.signatures.iter().filter(|one| one.place == Place::Tag).filter_map(|one| one.name.as_deref());
    let name = names.next()?;
    (names.all(|other| other == name) && !facts.reference.starts_with(&format!("{name}@"))).then_some(name)
}

/// A word as a shell reads it.
fn quoted(word: &str) -> String {
    let is_plain = |c: char| c.is_ascii_alphanumeric() || "-_./:@%+=,".contains(c);
    if !word.is_empty() && word.chars().all(is_plain) {
        return word.to_owned();
    }
    format!("'{}'", word.replace('\'', "'\\''"))
}

#[cfg(test)]
mod tests {
    use super::quoted;

    #[test]
    fn a_word_cannot_be_read_as_more_than_a_word() {
        assert_eq!(quoted("a=b/c:1@sha256:0"), "a=b/c:1@sha256:0");
        assert_eq!(quoted("$(id) `id`"), "'$(id) `id`'");
        assert_eq!(quoted("it's"), r"'it'\''s'");
        assert_eq!(quoted(""), "''");
    }
}
