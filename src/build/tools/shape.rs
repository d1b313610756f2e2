//! A tool in the registry's form, as the reference makes it of what a server lists: arguments as a list, required ones first,
//! each group sorted by name.

use crate::mcp::stdio::ListedTool;
use serde::Serialize;
use serde_json::{Map, Value};

/// A tool of `tools.json`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(crate) struct RegistryTool {
    /// `name`
    pub(crate) name: String,
    /// `description`
    #[serde(skip_serializing_if = "String::is_empty")]
    pub(crate) description: String,
    /// `arguments`
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(crate) arguments: Vec<Argument>,
    /// `annotations`
    #[serde(skip_serializing_if = "Map::is_empty")]
    pub(crate) annotations: Map<String, Value>,
}

/// An argument of a tool.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(crate) struct Argument {
    /// `name`
    pub(crate) name: String,
    /// `type`
    #[serde(rename = "type")]
    pub(crate) kind: String,
    /// `items`, of an array
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) items: Option<Items>,
    /// `desc`
    pub(crate) desc: String,
    /// `optional`
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub(crate) optional: bool,
}

/// What the items of an array are.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(crate) struct Items {
    /// `type`
    #[serde(rename = "type")]
    pub(crate) kind: String,
}

impl RegistryTool {
    /// A tool as a server lists it.
    #[must_use]
    pub(crate) fn of(tool: &ListedTool) -> Self {
        let description = tool.description.as_deref().unwrap_or_default();
        let mut annotations = Map::new();
        for (name, value) in tool.annotations.iter().flatten() {
            // The reference leaves out what is false or empty.
            if !matches!(value, Value::Null | Value::Bool(false)) && value.as_str() != Some("") {
                annotations.insert(name.clone(), value.clone());
            }
        }
        Self {
            name: tool.name.clone(),
            description: without_arguments(description),
            arguments: arguments(&tool.input_schema, description),
            annotations,
        }
    }
}

/// The arguments of a JSON Schema.
pub(super) fn arguments(schema: &Map<String, Value>, description: &str) -> Vec<Argument> {
    let text = |value: Option<&Value>| value.and_then(Value::as_str).filter(|text| !text.is_empty()).map(str::to_owned);
    let required: Vec<&str> =
        schema.get("required").and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_str).collect();
    let properties = schema.get("properties").and_then(Value::as_object);
    let argument = |(name, property): (&String, &Value)| {
        let kind = text(property.get("type")).unwrap_or_else(|| "string".to_owned());
        let items =
            text(property.get("items").and_then(|items| items.get("type"))).unwrap_or_else(|| "string".to_owned());
        Argument {
            items: (kind == "array").then_some(Items { kind: items }),
            kind,
            desc: text(property.get("description")).unwrap_or_else(|| described(description, name)),
            optional: !required.contains(&name.as_str()),
            name: name.clone(),
        }
    };
    let mut arguments: Vec<Argument> = properties.into_iter().flatten().map(argument).collect();
    arguments.sort_by(|one, other| (one.optional, &one.name).cmp(&(other.optional, &other.name)));
    arguments
}

/// A description up to its list of arguments (`Args:`), which many programs in Python have.
fn without_arguments(description: &str) -> String {
    let lines = description.lines().take_while(|line| !line.trim().to_lowercase().starts_with("args:"));
    let lines: Vec<&str> = lines.map(|line| if line.trim().is_empty() { "" } else { line }).collect();
    lines.join("\n").trim().to_owned()
}

/// What such a list says about an argument.
fn described(description: &str, name: &str) -> String {
    let start = format!("{name}:");
    let line = description.lines().map(str::trim).find_map(|line| line.strip_prefix(&start));
    line.unwrap_or_default().trim().to_owned()
}

#[cfg(test)]
mod tests {
    use super::RegistryTool;
    use crate::mcp::stdio::ListedTool;
    use serde_json::json;

    #[test]
    fn a_listed_tool_takes_the_registrys_form() {
        let schema = json!({
            "type": "object", "required": ["b", "a"],
            "properties": {
                "z": { "type": "array", "items": { "type": "integer" }, "description": "Numbers" },
                "a": { "type": ["string", "null"] }, "b": { "type": "integer" }, "c": { "type": "array" },
            },
        });
        let tool = ListedTool {
            name: "sum".to_owned(),
            description: Some("Adds.\n  \nMore.\n\n  Args:\n    b: the second\n    c:  the third".to_owned()),
            input_schema: schema.as_object().cloned().unwrap_or_default(),
            annotations: json!({ "title": "", "readOnlyHint": true, "openWorldHint": false }).as_object().cloned(),
        };
        insta::assert_json_snapshot!(RegistryTool::of(&tool), @r#"
        {
          "name": "sum",
          "description": "Adds.\n\nMore.",
          "arguments": [
            {
              "name": "a",
              "type": "string",
              "desc": ""
            },
            {
              "name": "b",
              "type": "integer",
              "desc": "the second"
            },
            {
              "name": "c",
              "type": "array",
              "items": {
                "type": "string"
              },
              "desc": "the third",
              "optional": true
            },
            {
              "name": "z",
              "type": "array",
              "items": {
                "type": "integer"
              },
              "desc": "Numbers",
              "optional": true
            }
          ],
          "annotations": {
            "readOnlyHint": true
          }
        }
        "#);
    }
}
