//! The published schemas: what they accept is what Go and this program accept.

use crate::corpus;
use mcp_registry::document::Document;
use mcp_registry::document::scalar::to_json;
use mcp_registry::policy::Policy;
use mcp_registry::validate::schema::{self, ViolationKind};
use serde::Deserialize;
use serde_json::Value as Json;
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

#[derive(Debug, Deserialize)]
struct Version {
    id: String,
    yaml: String,
    /// What the reference says, by check; `yaml` when Go cannot decode the entry.
    fails: BTreeMap<String, String>,
}

#[test]
fn a_type_is_wrong_exactly_where_go_refuses_to_decode_it() {
    let Some(versions) = corpus::lines::<Version>("entries.jsonl") else { return };
    let mut disagreements = Vec::new();
    let mut refused = 0;
    for version in &versions {
        // What is no YAML to us has no types.
        let Ok(document) = Document::from_yaml(version.yaml.as_str()) else { continue };
        let wrong: Vec<String> = schema::violations(&document)
            .into_iter()
            .filter(|violation| matches!(violation.kind, ViolationKind::WrongType { .. }))
            .map(|violation| violation.route.to_string())
            .collect();
        let go = version.fails.get("yaml").map_or("", String::as_str);
        refused += usize::from(go.contains("cannot unmarshal"));
        if go.contains("cannot unmarshal") == wrong.is_empty() {
            disagreements.push(format!("{}: Go says {go:?}, we {wrong:?}", version.id));
        }
    }
    println!("types: {} entries, of which Go refuses {refused}; all agree", versions.len());
    assert_eq!(disagreements, [""; 0]);
    assert_ne!(refused, 0, "the corpus has an entry that Go refuses");
}

fn repository() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn validator(schema: &str) -> jsonschema::Validator {
    let schema: Json = serde_json::from_str(schema).unwrap();
    jsonschema::draft202012::options().should_validate_formats(true).build(&schema).unwrap()
}

fn errors(validator: &jsonschema::Validator, instance: &Json) -> Vec<String> {
    validator.iter_errors(instance).map(|error| format!("{}: {error}", error.instance_path())).collect()
}

/// The files of this name in a registry's entries.
fn files(root: &Path, name: &str) -> Vec<(String, String)> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(root.join("servers")).unwrap() {
        let path = entry.unwrap().path().join(name);
        if let Ok(text) = std::fs::read_to_string(&path) {
            found.push((path.display().to_string(), text));
        }
    }
    found.sort();
    found
}

#[test]
fn this_repositorys_entries_are_what_an_editor_accepts() {
    let server = validator(schema::SERVER);
    let manifests = files(repository(), "server.yaml");
    assert!(manifests.len() >= 24);
    for (path, text) in manifests {
        let document = Document::from_yaml(text).unwrap();
        assert_eq!(errors(&server, &to_json(document.root())), [""; 0], "{path}");
    }
    let tools = validator(schema::TOOLS);
    for (path, text) in files(repository(), "tools.json") {
        assert_eq!(errors(&tools, &serde_json::from_str(&text).unwrap()), [""; 0], "{path}");
    }
}

#[test]
fn real_lists_of_tools_are_accepted_but_for_known_mistakes() {
    let Some(folder) = corpus::folder() else { return };
    let tools = validator(schema::TOOLS);
    let mut refused = BTreeMap::new();
    for (path, text) in files(&folder.join("registry"), "tools.json") {
        let errors = errors(&tools, &serde_json::from_str(&text).unwrap());
        if !errors.is_empty() {
            let name = Path::new(&path).parent().and_then(Path::file_name).unwrap().to_string_lossy().into_owned();
            refused.insert(name, errors);
        }
    }
    insta::assert_debug_snapshot!(refused, @r#"
    {
        "astro-docs": [
            "/0/arguments/0: Additional properties are not allowed ('required' was unexpected)",
        ],
    }
    "#);
}

/// What a struct may hold, as its own refusal of an unknown key lists it.
fn keys_of_the_struct(text: &str) -> BTreeSet<String> {
    let refusal = Policy::parse(text).unwrap_err().message;
    let (_, listed) = refusal.split_once("expected ").unwrap_or_else(|| panic!("{text:?}: {refusal}"));
    listed.split('`').skip(1).step_by(2).map(ToOwned::to_owned).collect()
}

#[test]
fn the_policys_schema_has_exactly_the_keys_that_are_read() {
    let schema: Json = serde_json::from_str(schema::POLICY).unwrap();
    let keys = |pointer: &str| -> BTreeSet<String> {
        let place = schema.pointer(pointer).unwrap_or_else(|| panic!("{pointer}"));
        assert_eq!(place.get("additionalProperties"), Some(&Json::Bool(false)), "{pointer}");
        place["properties"].as_object().unwrap().keys().cloned().collect()
    };
    assert_eq!(keys_of_the_struct("zzz = 1\n"), keys(""));
    for section in keys("") {
        match schema["properties"][&section]["type"].as_str() {
            Some("array") => {
                let text = format!("[[{section}]]\nzzz = 1\n");
                assert_eq!(keys_of_the_struct(&text), keys(&format!("/properties/{section}/items")));
            }
            // Its keys are the ids of rules.
            _ if section == "rules" => {}
            _ => {
                let text = format!("[{section}]\nzzz = 1\n");
                assert_eq!(keys_of_the_struct(&text), keys(&format!("/properties/{section}")));
            }
        }
    }
    let entry = keys("/properties/pins/properties/entries/additionalProperties");
    assert_eq!(keys_of_the_struct("[pins.entries.weather]\nzzz = 1\n"), entry);
}

#[test]
fn the_policys_schema_tells_the_defaults_that_count() {
    let schema: Json = serde_json::from_str(schema::POLICY).unwrap();
    let at = |pointer: &str| schema.pointer(pointer).unwrap_or_else(|| panic!("{pointer}")).clone();
    let default = |section: &str, key: &str| at(&format!("/properties/{section}/properties/{key}/default"));
    let settings = Policy::default().settings;
    assert_eq!(default("registry", "namespace"), Json::from(settings.registry.namespace));
    assert_eq!(default("registry", "hosts"), Json::from(settings.registry.hosts));
    assert_eq!(default("registry", "categories"), Json::from(settings.registry.categories));
    assert_eq!(default("title", "lowercase-words"), Json::from(settings.title.lowercase_words));
    assert_eq!(default("description", "min"), Json::from(settings.description.min));
    assert_eq!(default("description", "max"), Json::from(settings.description.max));
    assert_eq!(default("style", "sort-tags"), Json::from(settings.style.sort_tags));
}

#[test]
fn this_repositorys_policy_is_what_an_editor_accepts() {
    let policy = validator(schema::POLICY);
    let text = std::fs::read_to_string(repository().join("mcp-registry.toml")).unwrap();
    let instance: Json = toml::from_str(&text).unwrap();
    assert_eq!(errors(&policy, &instance), [""; 0]);
    let wrong = serde_json::json!({ "rules": { "x": "fatal" }, "waivers": [{ "rule": "x", "entry": "y" }], "z": 1 });
    assert_eq!(errors(&policy, &wrong).len(), 3);
}
