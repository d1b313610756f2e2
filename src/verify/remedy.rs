//! What repairs an image: the command to run.

use super::problem::{Problem, Repair};
use super::read::{Ours, Place};
use super::rules::UNSIGNED_IMAGE;
use super::{Expectations, Facts};
use crate::attest::predicate::{CYCLONEDX, PROVENANCE, REVIEW, SPDX};
use crate::sign::payload::{is_visible, shown};
use serde_json::Value;

/// Says for each problem that can be repaired how.
pub(super) fn tell(problems: &mut [Problem], ours: &Ours, facts: &Facts, expected: &Expectations) {
    // Where something has to be taken out, no command comes first that only adds to it.
    let all = |problem: &Problem| problem.repair.clone().filter(|_| !problem.is_gap);
    let taken_out: Vec<Repair> = problems.iter().filter_map(all).collect();
    for problem in problems.iter_mut().filter(|problem| problem.help.is_none()) {
        let is_damaged = *problem.rule == UNSIGNED_IMAGE && taken_out.contains(&Repair::Signature);
        let repair = problem.repair.clone().or(is_damaged.then_some(Repair::Signature));
        let Some(repair) = repair else { continue };
        let replace = !problem.is_gap || taken_out.contains(&repair);
        let (commands, note) = commands(&repair, replace, ours, facts, expected);
        let commands: Vec<String> = commands.into_iter().map(|command| format!("`{command}`")).collect();
        let (ends, commands) = (if commands.len() > 1 { ", write" } else { " writes" }, commands.join(", then "));
        // What happened; what to do with it is said here.
        let happened = problem.rule.help.split_once(": ").map(|(happened, _)| format!("{happened}: "));
        let happened = happened.filter(|_| !problem.is_gap && !is_damaged).unwrap_or_default();
        let what = if replace { "it anew" } else { "what is missing" };
        problem.help = Some(format!("{happened}{commands}{ends} {what}{note}"));
    }
}

/// A signature to be written again.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Set {
    annotations: Vec<(String, String)>,
    identity: Option<String>,
}

/// The commands, to be run one after another, and what they do not write.
fn commands(
    repair: &Repair,
    replace: bool,
    ours: &Ours,
    facts: &Facts,
    expected: &Expectations,
) -> (Vec<String>, String) {
    let finish = |mut words: Vec<String>| {
        if !expected.logs.is_empty() || ours.signatures.iter().any(|signature| signature.logged) {
            words.extend(["--rekor-url".to_owned(), "URL".to_owned()]);
        }
        if let Some(repository) = &facts.signatures {
            words.extend(["--signature-repository".to_owned(), repository.clone()]);
        }
        words.push(facts.reference.clone());
        words.iter().map(|word| quoted(word)).collect::<Vec<_>>().join(" ")
    };
    let begin = |command: &str, replace: bool| {
        let replace = replace.then_some("--replace");
        let words = ["mcp-registry", command].into_iter().chain(replace).chain(["--key", "KEY"]);
        words.map(str::to_owned).collect::<Vec<_>>()
    };
    if let Repair::Claim(kind) = repair {
        let more = match kind.as_deref() {
            Some(PROVENANCE) => vec!["--record", "FILE"],
            Some(SPDX | CYCLONEDX) => vec!["--sbom", "FILE"],
            Some(REVIEW) => vec!["--review", "FILE"],
            kind => vec!["--type", kind.unwrap_or("TYPE"), "--predicate", "FILE"],
        };
        let words = begin("attest", replace).into_iter().chain(more.into_iter().map(str::to_owned));
        return (vec![finish(words.collect())], String::new());
    }
    let (sets, note) = sets(ours, facts, expected);
    let one = |(number, set): (usize, Set)| {
        // The first takes out what there is; the others must not take out what that wrote.
        let mut words = begin("sign", replace && number == 0);
        for (key, value) in set.annotations {
            words.extend(["-a".to_owned(), format!("{key}={value}")]);
        }
        words.extend(set.identity.into_iter().flat_map(|identity| ["--identity".to_owned(), identity]));
        finish(words)
    };
    (sets.into_iter().enumerate().map(one).collect(), note)
}

/// What the key's signatures say, each once; where none can be read, what is asked for. And a word about what cannot be signed again.
fn sets(ours: &Ours, facts: &Facts, expected: &Expectations) -> (Vec<Set>, String) {
    let own = |name: &&str| facts.reference.starts_with(&format!("{name}@"));
    let (mut sets, mut left_out) = (Vec::<Set>::new(), None);
    // Those under the tag first: a bundle says no name.
    let tags = ours.signatures.iter().filter(|one| one.place == Place::Tag);
    for signature in tags.chain(ours.signatures.iter().filter(|one| one.place == Place::Bundle)) {
        let text = |(key, value): (&String, &Value)| {
            let value = value.as_str().filter(|value| is_visible(key) && is_visible(value))?;
            Some((key.clone(), value.to_owned()))
        };
        let Some(annotations) = signature.annotations.iter().map(text).collect::<Option<Vec<_>>>() else {
            left_out = Some(shown(&signature.annotations));
            continue;
        };
        let identity = signature.name.as_deref().filter(|name| !name.is_empty() && !own(name)).map(str::to_owned);
        let is_known = |set: &Set| {
            set.annotations == annotations && (signature.place == Place::Bundle || set.identity == identity)
        };
        if !sets.iter().any(is_known) {
            sets.push(Set { annotations, identity });
        }
    }
    if sets.is_empty() {
        let annotations = expected.annotations.iter().map(|(key, value)| (key.clone(), value.clone()));
        sets.push(Set { annotations: annotations.collect(), identity: expected.identity.clone() });
    }
    let note = left_out.map(|left_out| format!("; a signature with {left_out} cannot be written again"));
    (sets, note.unwrap_or_default())
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
