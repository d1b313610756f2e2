//! What the reference's own program writes for real entries, beside what this one does.

use super::lab::{corpus, good, yaml};
use serde::Deserialize;
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};

/// A line of `catalogs.jsonl`.
#[derive(Deserialize)]
struct Theirs {
    name: String,
    catalog: String,
}

/// Every difference that is meant: the field, what we do about it, in how many entries, and why.
const MEANT: &[(&str, &str, usize, &str)] = &[
    ("dateAdded", "other", 172, "when the entry came into the registry, by Git; there, when the program ran"),
    ("description", "other", 34, "they have none: there it is asked of GitHub, here it is the title"),
    ("image", "other", 132, "by digest: a current Gateway refuses images under `mcp/` without one"),
    ("longLived", "added", 4, "lost there"),
    ("metadata.githubStars", "left out", 132, "asked of GitHub there; nothing is asked here"),
    ("metadata.license", "left out", 172, "asked of GitHub there, and invented for 40; nothing is invented here"),
    ("metadata.owner", "left out", 40, "`docker` there, for whatever has no image"),
    ("metadata.pulls", "left out", 119, "asked of Docker Hub there"),
    ("metadata.stars", "left out", 119, "asked of Docker Hub there"),
    ("metadata.trust", "added", 172, "by the policy's publishers"),
    ("tools", "other", 19, "of tools.json, or of a `poci` with containers; there, always empty"),
];

/// The differences of two values, as the field and what became of it. Items of lists are compared in their order.
fn differences(path: &str, theirs: &Value, ours: &Value, found: &mut BTreeSet<(String, &'static str)>) {
    match (theirs, ours) {
        _ if theirs == ours => {}
        (Value::Object(before), Value::Object(after)) => {
            for key in before.keys().chain(after.keys()) {
                let path = if path.is_empty() { key.clone() } else { format!("{path}.{key}") };
                match (before.get(key), after.get(key)) {
                    (Some(theirs), Some(ours)) => differences(&path, theirs, ours, found),
                    (Some(_), None) => drop(found.insert((path, "left out"))),
                    _ => drop(found.insert((path, "added"))),
                }
            }
        }
        (Value::Array(before), Value::Array(after)) if before.len() == after.len() && path != "tools" => {
            for (theirs, ours) in before.iter().zip(after) {
                differences(&format!("{path}[]"), theirs, ours, found);
            }
        }
        _ => drop(found.insert((path.to_owned(), "other"))),
    }
}

/// Variables that the reference takes out of a map, in no order.
fn sorted(entry: &mut Value) {
    if let Some(Value::Array(env)) = entry.get_mut("env") {
        env.sort_by_key(ToString::to_string);
    }
}

#[test]
fn real_entries_are_published_as_the_reference_does_but_for_what_is_meant() {
    let (Some(runner), Some(theirs)) = (corpus(), crate::corpus::lines::<Theirs>("catalogs.jsonl")) else { return };
    let assets = "http://desktop.docker.com/mcp/catalog/v2";
    let output = runner.run(["catalog", "--digests", "digests.json", "--assets", assets, "--out", "catalog.yaml"]);
    good(&output);
    let mut ours = yaml(&runner.read("catalog.yaml"));
    assert_eq!(ours["registry"].as_object().unwrap().len(), theirs.len());
    let mut counts: BTreeMap<(String, &str), usize> = BTreeMap::new();
    for Theirs { name, catalog } in &theirs {
        let mut theirs = yaml(catalog)["registry"][name].take();
        let mut ours = ours["registry"][name].take();
        sorted(&mut theirs);
        sorted(&mut ours);
        let mut found = BTreeSet::new();
        differences("", &theirs, &ours, &mut found);
        for difference in found {
            *counts.entry(difference).or_default() += 1;
        }
    }
    let found: Vec<String> = counts.iter().map(|((field, what), count)| format!("{field} {what} {count}")).collect();
    let meant: Vec<String> = MEANT.iter().map(|(field, what, count, _)| format!("{field} {what} {count}")).collect();
    assert_eq!(found.join("\n"), meant.join("\n"));
}

#[test]
fn the_same_entries_give_the_same_bytes_whenever_and_wherever() {
    let Some(runner) = corpus() else { return };
    let write = |file: &str, more: &[(&str, &str)]| {
        let command = runner.command(["catalog", "--digests", "digests.json", "--out", file]);
        good(&more.iter().fold(command, |command, (name, value)| command.env(name, value)).run());
        runner.read(file)
    };
    let first = write("a.yaml", &[]);
    assert_eq!(first, write("b.yaml", &[]));
    let elsewhere =
        [("SOURCE_DATE_EPOCH", "1"), ("TZ", "Pacific/Auckland"), ("LANG", "tr_TR.UTF-8"), ("LC_ALL", "tr_TR.UTF-8")];
    assert_eq!(first, write("c.yaml", &elsewhere));
}
