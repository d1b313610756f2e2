//! Facts about an image against what it must have. Pure.

use super::problem::{Problem, Repair};
use super::read::{Attestation, Ours, Place, Signature};
use super::{Expectations, Facts, Layout};
use super::{entry, remedy, rules};
use crate::attest::predicate::PROVENANCE;
use crate::sign::statement::Statement;
use serde_json::{Map, Value};
use std::collections::{BTreeMap, BTreeSet};

#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct Judged {
    pub(crate) problems: Vec<Problem>,
    /// Signatures of ours under the tag.
    pub(crate) in_tag: usize,
    /// Signatures of ours in bundles.
    pub(crate) in_bundles: usize,
    /// The types of attestations of ours.
    pub(crate) types: BTreeSet<String>,
}

#[must_use]
pub(crate) fn judge(facts: &Facts, expected: &Expectations) -> Judged {
    let ours = Ours::of(facts, expected);
    let mut problems = ours.problems.clone();
    signatures(&ours, expected, &mut problems);
    attestations(&ours, expected, &mut problems);
    commits(&ours.attestations, facts, expected, &mut problems);
    entry::compare(&ours, facts, expected, &mut problems);
    if ours.foreign.count() > 0 {
        let message = match ours.foreign.count() {
            1 => "1 signature or attestation is by none of these keys".to_owned(),
            more => format!("{more} signatures or attestations are by none of these keys"),
        };
        problems.push(Problem::new(&rules::FOREIGN_SIGNATURE, message));
    }
    remedy::tell(&mut problems, &ours, facts, expected);
    let count = |place| ours.signatures.iter().filter(|signature| signature.place == place).count();
    let types = ours.attestations.iter().map(|attestation| attestation.statement.predicate_type.clone()).collect();
    Judged { problems, in_tag: count(Place::Tag), in_bundles: count(Place::Bundle), types }
}

fn signatures(ours: &Ours, expected: &Expectations, problems: &mut Vec<Problem>) {
    let at = |place| -> Vec<&Signature> { ours.signatures.iter().filter(|one| one.place == place).collect() };
    let (tags, bundles) = (at(Place::Tag), at(Place::Bundle));
    if tags.is_empty() && bundles.is_empty() {
        let others = if ours.foreign.count() > 0 { ", though others, or damaged ones, are there" } else { "" };
        problems.push(Problem::new(&rules::UNSIGNED_IMAGE, format!("no signature by the key{others}")));
        return;
    }
    match (expected.layout, tags.is_empty(), bundles.is_empty()) {
        (Layout::Both | Layout::Tags, true, _) => {
            let problem = Problem::new(&rules::MISSING_LAYOUT, "no signature by the key under the tag `.sig`");
            problems.push(problem.completed_by(Repair::Signature));
        }
        (Layout::Both | Layout::Bundles, _, true) => {
            let problem = Problem::new(&rules::MISSING_LAYOUT, "no signature by the key in a bundle");
            problems.push(problem.completed_by(Repair::Signature));
        }
        (Layout::Any, true, _) if ours.foreign.sig > 0 => {
            let message =
                "the bundle is by the key, and nothing under the tag `.sig` is: cosign 2 and skopeo refuse the image";
            problems.push(Problem::new(&rules::LAYOUTS_DISAGREE, message).by(Repair::Signature));
        }
        (Layout::Any, _, true) if ours.foreign.bundles > 0 => {
            let message = "the tag `.sig` has a signature by the key, and no bundle does: cosign 3 refuses the image";
            problems.push(Problem::new(&rules::LAYOUTS_DISAGREE, message).by(Repair::Signature));
        }
        (Layout::Any, true, _) => {
            let message = "the signature is in a bundle only: cosign 2, skopeo and the MCP Gateway do not read it";
            problems.push(Problem::new(&rules::SINGLE_LAYOUT, message).completed_by(Repair::Signature));
        }
        (Layout::Any, _, true) => {
            let message =
                "the signature is under the tag `.sig` only: cosign 3 ignores it once anybody attaches a bundle";
            problems.push(Problem::new(&rules::SINGLE_LAYOUT, message).completed_by(Repair::Signature));
        }
        _ => {}
    }
    for (place, found) in [("under the tag `.sig`", &tags), ("in a bundle", &bundles)] {
        let fits = |signature: &&Signature| has(&signature.annotations, &expected.annotations);
        if !found.is_empty() && !found.iter().any(fits) {
            let wanted: Vec<String> =
                expected.annotations.iter().map(|(key, value)| format!("`{key}={value}`")).collect();
            let message = format!("no signature {place} has the annotations {}", wanted.join(", "));
            problems.push(Problem::new(&rules::ANNOTATION_MISMATCH, message));
        }
    }
    if tags.is_empty() || bundles.is_empty() {
        return;
    }
    let annotations = |all: &[&Signature]| -> BTreeSet<String> {
        all.iter().map(|signature| sorted(&Value::Object(signature.annotations.clone())).to_string()).collect()
    };
    if annotations(&tags) != annotations(&bundles) {
        let message = "the signatures of the two layouts have different annotations";
        problems.push(Problem::new(&rules::LAYOUTS_DISAGREE, message).by(Repair::Signature));
    }
    let logged = |all: &[&Signature]| all.iter().any(|signature| signature.logged);
    if logged(&tags) != logged(&bundles) {
        let message = "the signature has a log entry in one layout and none in the other";
        problems.push(Problem::new(&rules::LAYOUTS_DISAGREE, message).by(Repair::Signature));
    }
}

fn has(found: &Map<String, Value>, wanted: &BTreeMap<String, String>) -> bool {
    wanted.iter().all(|(key, value)| found.get(key).and_then(Value::as_str) == Some(value))
}

fn attestations(ours: &Ours, expected: &Expectations, problems: &mut Vec<Problem>) {
    let mut types: BTreeMap<&str, [BTreeSet<String>; 2]> = BTreeMap::new();
    for Attestation { place, statement } in &ours.attestations {
        let [tags, bundles] = types.entry(&statement.predicate_type).or_default();
        let set = if *place == Place::Tag { tags } else { bundles };
        set.insert(claim(statement));
    }
    for wanted in &expected.types {
        if !types.contains_key(wanted.as_str()) {
            let message = format!("no attestation of the type `{wanted}` by the key");
            problems.push(Problem::new(&rules::MISSING_ATTESTATION, message));
        }
    }
    for (kind, [tags, bundles]) in &types {
        let hidden = if tags.is_empty() { ours.foreign.att } else { ours.foreign.bundles };
        let (missing, readers) = match (tags.is_empty(), bundles.is_empty()) {
            (true, _) => ("under the tag `.att`", "cosign 2 and the MCP Gateway do not read it"),
            (_, true) => ("in a bundle", "cosign 3 ignores it once anybody attaches a bundle"),
            (false, false) if tags != bundles => {
                let message = format!("the attestations of the type `{kind}` differ between the layouts");
                let repair = Repair::Claim(Some((*kind).to_owned()));
                problems.push(Problem::new(&rules::LAYOUTS_DISAGREE, message).by(repair));
                continue;
            }
            _ => continue,
        };
        let wanted = match expected.layout {
            Layout::Any => false,
            Layout::Both => true,
            Layout::Tags => tags.is_empty(),
            Layout::Bundles => bundles.is_empty(),
        };
        let message = format!("the attestation of the type `{kind}` is not {missing}: {readers}");
        let repair = Repair::Claim(Some((*kind).to_owned()));
        match expected.layout {
            _ if wanted => problems.push(Problem::new(&rules::MISSING_LAYOUT, message).completed_by(repair)),
            Layout::Any if hidden > 0 => problems.push(Problem::new(&rules::LAYOUTS_DISAGREE, message).by(repair)),
            Layout::Any => problems.push(Problem::new(&rules::SINGLE_LAYOUT, message).completed_by(repair)),
            _ => {}
        }
    }
}

/// What a statement claims, however it is written: cosign writes an older type in one layout.
fn claim(statement: &Statement) -> String {
    let subjects: BTreeSet<&String> =
        statement.subject.iter().filter_map(|subject| subject.digest.get("sha256")).collect();
    format!("{subjects:?} {}", sorted(&statement.predicate))
}

/// The same value with sorted keys.
fn sorted(value: &Value) -> Value {
    match value {
        Value::Object(map) => {
            let sorted: BTreeMap<&String, Value> = map.iter().map(|(key, value)| (key, self::sorted(value))).collect();
            Value::Object(sorted.into_iter().map(|(key, value)| (key.clone(), value)).collect())
        }
        Value::Array(items) => Value::Array(items.iter().map(sorted).collect()),
        other => other.clone(),
    }
}

/// The commit of the label, of the pin and of the provenance are one.
fn commits(attestations: &[Attestation], facts: &Facts, expected: &Expectations, problems: &mut Vec<Problem>) {
    let provenance = attestations.iter().filter(|attestation| attestation.statement.predicate_type == PROVENANCE);
    let built = provenance.filter_map(|attestation| {
        attestation.statement.predicate.pointer("/buildDefinition/externalParameters/source/commit")?.as_str()
    });
    let built: BTreeSet<&str> = built.collect();
    // Where there is nothing to compare them with, labels do not matter.
    if expected.pin.is_some() || !built.is_empty() {
        problems.extend(facts.unread.iter().map(|why| Problem::new(&rules::COMMIT_MISMATCH, why.clone())));
    }
    if let Some(pin) = &expected.pin {
        if facts.revisions.is_empty() {
            let label = super::facts::REVISION;
            let message = format!("no platform of the image has a label `{label}` that can be read; the pin is {pin}");
            problems.push(Problem::new(&rules::COMMIT_MISMATCH, message));
        }
        for label in &facts.revisions {
            match label {
                None => {
                    let message = format!("the image has no label `{}`; the pin is {pin}", super::facts::REVISION);
                    problems.push(Problem::new(&rules::COMMIT_MISMATCH, message));
                }
                Some(label) if label != pin.as_str() => {
                    let message = format!("the image's label says commit `{label}`; the pin is {pin}");
                    problems.push(Problem::new(&rules::COMMIT_MISMATCH, message));
                }
                Some(_) => {}
            }
        }
        for commit in built.iter().filter(|commit| **commit != pin.as_str()) {
            let message = format!("the provenance says commit `{commit}`; the pin is {pin}");
            problems.push(Problem::new(&rules::COMMIT_MISMATCH, message));
        }
        return;
    }
    let labels: BTreeSet<&str> = facts.revisions.iter().flatten().map(String::as_str).collect();
    for (label, commit) in labels.iter().flat_map(|label| built.iter().map(move |commit| (label, commit))) {
        if label != commit {
            let message = format!("the image's label says commit `{label}`, its provenance `{commit}`");
            problems.push(Problem::new(&rules::COMMIT_MISMATCH, message));
        }
    }
}
