//! The schema of findings as model providers take it: the published one, and what is left of it in OpenAI's strict mode.

use serde_json::{Map, Value, json};

/// The published schema: `mcp-registry schema review-findings` prints it.
const PUBLISHED: &str = include_str!("../../../schemas/review-findings.json");

fn published() -> Map<String, Value> {
    match serde_json::from_str(PUBLISHED) {
        Ok(Value::Object(schema)) => schema,
        // A test reads the same file.
        _ => Map::new(),
    }
}

/// The published schema without the name of its draft, which Claude Code refuses.
pub(super) fn whole() -> Value {
    let mut schema = published();
    schema.remove("$schema");
    Value::Object(schema)
}

/// The published schema in OpenAI's strict mode: no conditions, no optional properties, no bounds. A property that may be absent
/// may be null in place of it. What is lost here is checked when the document is read.
pub(super) fn strict() -> Value {
    let schema = published();
    let definitions = schema.get("$defs").cloned().unwrap_or_default();
    reduced(&Value::Object(schema), &definitions)
}

fn reduced(schema: &Value, definitions: &Value) -> Value {
    if let Some(name) = schema["$ref"].as_str().and_then(|path| path.strip_prefix("#/$defs/")) {
        let mut target = reduced(&definitions[name], definitions);
        if let (Some(description), Value::Object(target)) = (schema.get("description"), &mut target) {
            target.insert("description".to_owned(), description.clone());
        }
        return target;
    }
    let mut out = Map::new();
    for key in ["description", "type", "enum"] {
        if let Some(value) = schema.get(key) {
            out.insert(key.to_owned(), value.clone());
        }
    }
    if let Some(value) = schema.get("const") {
        out.insert("enum".to_owned(), json!([value]));
    }
    if !out.contains_key("type")
        && let Some(first) = out.get("enum").and_then(|values| values.get(0))
    {
        let kind = if first.is_string() { "string" } else { "integer" };
        out.insert("type".to_owned(), kind.into());
    }
    if let Some(items) = schema.get("items") {
        out.insert("items".to_owned(), reduced(items, definitions));
    }
    if let Some(properties) = schema["properties"].as_object() {
        let required = |name: &str| schema["required"].as_array().is_some_and(|list| list.contains(&json!(name)));
        let mut kept = Map::new();
        for (name, property) in properties {
            let mut property = reduced(property, definitions);
            if !required(name)
                && let Some(kind) = property["type"].as_str()
            {
                property["type"] = json!([kind, "null"]);
            }
            kept.insert(name.clone(), property);
        }
        out.insert("required".to_owned(), kept.keys().cloned().collect());
        out.insert("properties".to_owned(), Value::Object(kept));
        out.insert("additionalProperties".to_owned(), false.into());
    }
    Value::Object(out)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::{PUBLISHED, strict, whole};
    use serde_json::{Value, json};

    /// Every schema in a schema.
    fn each(schema: &Value, look: &mut impl FnMut(&Value)) {
        look(schema);
        for property in schema["properties"].as_object().into_iter().flat_map(|map| map.values()) {
            each(property, look);
        }
        if schema.get("items").is_some() {
            each(&schema["items"], look);
        }
    }

    #[test]
    fn what_is_left_for_strict_mode_is_strict_and_loses_no_property() {
        let strict = strict();
        each(&strict, &mut |schema| {
            let known = ["description", "type", "enum", "items", "properties", "required", "additionalProperties"];
            assert!(schema.as_object().unwrap().keys().all(|key| known.contains(&key.as_str())), "{schema}");
            assert!(schema.get("type").is_some(), "{schema}");
            if let Some(properties) = schema["properties"].as_object() {
                assert_eq!(schema["required"], json!(properties.keys().collect::<Vec<_>>()));
                assert_eq!(schema["additionalProperties"], false);
            }
        });
        let published: Value = serde_json::from_str(PUBLISHED).unwrap();
        let names = |schema: &Value| schema["properties"].as_object().unwrap().keys().cloned().collect::<Vec<_>>();
        assert_eq!(names(&strict), names(&published));
        assert_eq!(names(&strict["properties"]["findings"]["items"]), names(&published["$defs"]["finding"]));
        insta::assert_snapshot!(strict["properties"]["findings"]["items"]["properties"]["start_line"], @r#"{"type":["integer","null"],"description":"The first line, from 1. Null when the finding is about the whole file."}"#);
    }

    #[test]
    fn what_the_schema_for_strict_mode_takes_with_nulls_is_a_findings_document() {
        let mut document = serde_json::from_str::<Value>(PUBLISHED).unwrap()["examples"][0].clone();
        document["reason"] = Value::Null;
        jsonschema::validate(&strict(), &document).unwrap();
        jsonschema::validate(&whole(), &document).unwrap();
        crate::verdict::Findings::parse(document.to_string().as_bytes()).unwrap();
    }

    #[test]
    fn the_whole_schema_names_no_draft() {
        assert!(whole().get("$schema").is_none());
        assert_eq!(whole()["$defs"], serde_json::from_str::<Value>(PUBLISHED).unwrap()["$defs"]);
    }
}
