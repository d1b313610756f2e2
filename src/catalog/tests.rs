//! Entries of any shape: each output is made of them without a panic, and is what its readers take.

use super::artifact::{self, Artifact};
use super::file::{self, Heading};
use super::pin::pin;
use super::{Published, api, community, describe, diff, read, yaml};
use crate::entry::Entry;
use crate::git::Age;
use crate::policy::Settings;
use proptest::prelude::*;
use serde_json::{Value, json};
use std::collections::BTreeMap;

/// Keys of manifests and lists of tools, at any place.
const KEYS: [&str; 40] = [
    "name",
    "type",
    "image",
    "longLived",
    "meta",
    "category",
    "tags",
    "about",
    "title",
    "description",
    "icon",
    "source",
    "project",
    "upstream",
    "commit",
    "directory",
    "run",
    "command",
    "volumes",
    "env",
    "allowHosts",
    "user",
    "config",
    "secrets",
    "value",
    "example",
    "required",
    "parameters",
    "properties",
    "items",
    "anyOf",
    "default",
    "oauth",
    "provider",
    "tools",
    "container",
    "remote",
    "url",
    "headers",
    "arguments",
];

fn data() -> impl Strategy<Value = Value> {
    let text = prop_oneof![
        Just("{{x.a.b|volume}}:/x"),
        Just("${TOKEN} $OTHER {"),
        Just("https://example.com/{{x.a}}"),
        Just("mcp/x@sha256:0"),
        Just("<script>\u{2028}\u{202e}"),
        Just("- a: b # c"),
        Just(""),
        Just("object"),
        Just("array"),
    ];
    let leaf = prop_oneof![
        text.prop_map(Value::from),
        ".{0,8}".prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<bool>().prop_map(Value::from),
        Just(Value::Null),
    ];
    leaf.prop_recursive(5, 40, 4, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            prop::collection::btree_map(prop::sample::select(&KEYS[..]), inner, 0..5)
                .prop_map(|map| map.into_iter().map(|(key, value)| (key.to_owned(), value)).collect::<Value>()),
        ]
    })
}

/// A manifest of a known type with anything in it.
fn manifest() -> impl Strategy<Value = Value> {
    let kind = prop::sample::select(vec!["server", "remote", "poci", "other"]);
    let parts = prop::collection::vec((prop::sample::select(&KEYS[..]), data()), 0..12);
    (kind, parts).prop_map(|(kind, parts)| {
        let mut all = json!({ "name": "x", "image": "mcp/x", "remote": { "url": "https://example.com/" } });
        for (key, value) in parts {
            all[key] = value;
        }
        all["type"] = kind.into();
        all
    })
}

proptest! {
    #[test]
    fn nothing_in_an_entry_breaks_an_output(manifest in manifest(), tools in data()) {
        let (manifest, tools) = (yaml::document(&manifest), tools.to_string());
        let entry = Entry::from_texts("x", Some(&manifest), Some(&tools), None);
        let settings = Settings::default();
        let pinned = pin(&entry, &settings, &BTreeMap::new());
        let published = [Published::of(&entry, &settings, &pinned, Age { added: Some(0), changed: Some(i64::MAX) })];
        let heading = Heading { name: "n".to_owned(), title: "t".to_owned(), assets: None };
        let file = file::render(&published, &heading);
        let artifact = Artifact::of(&published, "t", None);
        let layer = String::from_utf8(artifact.layer.to_vec()).unwrap();
        prop_assert!(!layer.contains(['<', '>', '&', '\u{2028}']), "it is escaped");
        let (of_file, of_layer) = (read::read(&file).unwrap(), read::read(&layer).unwrap());
        prop_assert_eq!(of_file.len(), 1);
        drop((diff::compare(&of_file, &of_layer), artifact::refusals(&published)));
        drop((describe::json(&published[0]), describe::reach(&published[0])));
        if let Ok(server) = community::server(&published[0], "io.github.acme") {
            for (path, text) in api::files(&[(&published[0], server)], None) {
                prop_assert!(!path.contains("..") && !text.contains(['<', '>']), "{}", path);
            }
        }
    }
}
