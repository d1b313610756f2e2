//! What users fill in, as variables of `server.json`: `{{weather.units}}` and `${API_KEY}` become `{units}` and `{API_KEY}`, each
//! with what is known of it.

use crate::catalog::file::Fields;
use crate::catalog::published::Published;
use crate::entry::template::in_text;
use crate::route;
use regex::Regex;
use serde_json::{Map, Value};
use std::collections::BTreeMap;
use std::sync::LazyLock;

/// A secret in a header or value: `${NAME}` or `$NAME`.
static SECRET: LazyLock<Option<Regex>> =
    LazyLock::new(|| Regex::new(r"\$(?:\{([A-Za-z0-9_.-]+)\}|([A-Z][A-Z0-9_]*))").ok());

/// What is known of each variable, as `Input` of the schema.
pub(super) struct Variables {
    inputs: BTreeMap<String, Value>,
}

impl Variables {
    pub(super) fn of(entry: &Published) -> Self {
        let mut inputs = BTreeMap::new();
        if let Some(config) = &entry.config {
            add(&config.properties, &config.required, "", &mut inputs);
        }
        for secret in entry.secrets.iter().filter(|secret| !secret.env.is_empty()) {
            let mut all = Fields::default();
            all.some("description", secret.description.as_deref());
            all.flag("isRequired", secret.required);
            all.always("isSecret", true);
            inputs.insert(secret.env.clone(), all.0.into());
        }
        Self { inputs }
    }
}

/// Properties inside others have names with a dot. Depth is bounded by that of the manifest.
fn add(properties: &Map<String, Value>, required: &[String], above: &str, inputs: &mut BTreeMap<String, Value>) {
    for (name, schema) in properties {
        let way = format!("{above}{name}");
        if let Some(inner) = schema["properties"].as_object() {
            let required = schema["required"].as_array().into_iter().flatten().filter_map(Value::as_str);
            add(inner, &required.map(ToOwned::to_owned).collect::<Vec<_>>(), &format!("{way}."), inputs);
            continue;
        }
        let mut all = Fields::default();
        all.some("description", schema["description"].as_str().filter(|text| !text.is_empty()));
        all.flag("isRequired", required.contains(name));
        all.some(
            "format",
            match schema["type"].as_str() {
                Some("integer" | "number") => Some("number"),
                Some("boolean") => Some("boolean"),
                _ => None,
            },
        );
        inputs.insert(way, all.0.into());
    }
}

/// Sets `value`, and the `variables` in it. What is in braces and is no variable stays as it is, by the schema.
pub(super) fn replaced(text: &str, known: &Variables, all: &mut Fields) {
    let mut value = text.to_owned();
    let mut used = Map::new();
    for template in in_text(&route![], text) {
        let Some(name) = template.parameter else { continue };
        value = value.replace(&template.written, &format!("{{{name}}}"));
        let input = known.inputs.get(&name).cloned().unwrap_or_else(|| Value::Object(Map::new()));
        used.insert(name, input);
    }
    let found: Vec<(String, String)> = SECRET.as_ref().map_or_else(Vec::new, |pattern| {
        let names = pattern.captures_iter(text).filter_map(|it| {
            let name = it.get(1).or_else(|| it.get(2))?.as_str().to_owned();
            Some((it.get(0)?.as_str().to_owned(), name))
        });
        names.filter(|(_, name)| known.inputs.get(name).is_some_and(|input| input["isSecret"] == true)).collect()
    });
    for (written, name) in found {
        value = value.replace(&written, &format!("{{{name}}}"));
        let input = known.inputs.get(&name).cloned().unwrap_or_default();
        used.insert(name, input);
    }
    all.always("value", value);
    if !used.is_empty() {
        all.always("variables", used);
    }
}
