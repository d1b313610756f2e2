//! The tools of an entry, as catalogs have them.

use super::schema::text;
use crate::document::{Node, ScalarStyle, Value, scalar};
use serde_json::{Map, Value as Json, json};

/// A tool.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct Tool {
    pub(crate) name: String,
    /// Empty where there is none.
    pub(crate) description: String,
    /// None where nobody says which there are.
    pub(crate) arguments: Option<Vec<Argument>>,
    /// `{title?, readOnlyHint?, destructiveHint?, idempotentHint?, openWorldHint?}`
    pub(crate) annotations: Map<String, Json>,
    /// Of a `poci`: what is run.
    pub(crate) container: Option<Container>,
    /// Of a `poci`: `{type, properties, required}`.
    pub(crate) parameters: Option<Json>,
}

/// An argument of a tool.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct Argument {
    pub(crate) name: String,
    pub(crate) kind: String,
    /// The type of the items of an array.
    pub(crate) items: Option<String>,
    pub(crate) description: String,
    pub(crate) optional: bool,
}

/// What runs a tool.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct Container {
    pub(crate) image: String,
    pub(crate) command: Vec<String>,
    pub(crate) volumes: Vec<String>,
}

/// A text of JSON: a number is none.
fn string(node: &Node, key: &str) -> Option<String> {
    let scalar = node.get(key)?.scalar()?;
    (scalar.style == ScalarStyle::DoubleQuoted).then(|| scalar.text.to_string())
}

fn flag(node: &Node, key: &str) -> Option<bool> {
    scalar::to_json(node.get(key)?).as_bool()
}

/// The tools of `tools.json`, in its order.
#[must_use]
pub(super) fn listed(root: &Node) -> Vec<Tool> {
    let one = |node: &Node| Tool {
        name: string(node, "name").unwrap_or_default(),
        description: string(node, "description").unwrap_or_default(),
        arguments: arguments(node),
        annotations: annotations(node),
        container: None,
        parameters: None,
    };
    root.items().iter().map(one).collect()
}

/// Of either shape: the registry's own list, or a JSON Schema.
fn arguments(tool: &Node) -> Option<Vec<Argument>> {
    if let Some(Value::Sequence(items)) = tool.get("arguments").map(|list| &list.value) {
        let one = |node: &Node| Argument {
            name: string(node, "name").unwrap_or_default(),
            kind: string(node, "type").unwrap_or_default(),
            items: node.get("items").and_then(|items| string(items, "type")),
            description: string(node, "desc").unwrap_or_default(),
            optional: flag(node, "optional").unwrap_or(false),
        };
        return Some(items.iter().map(one).collect());
    }
    let schema = tool.get("inputSchema")?;
    let required: Vec<&str> =
        schema.get("required").map(Node::items).unwrap_or_default().iter().filter_map(word).collect();
    let pairs = schema.get("properties").map(Node::pairs).unwrap_or_default();
    let one = |pair: &crate::document::Pair| Argument {
        name: pair.key.text.to_string(),
        kind: kind(&pair.value),
        items: pair.value.get("items").map(kind).filter(|kind| !kind.is_empty()),
        description: string(&pair.value, "description").unwrap_or_default(),
        optional: !required.contains(&&*pair.key.text),
    };
    Some(pairs.iter().map(one).collect())
}

fn word(node: &Node) -> Option<&str> {
    node.scalar().map(|scalar| &*scalar.text)
}

/// The type of a JSON Schema, of several the first that is not null: arguments of catalogs have one.
fn kind(schema: &Node) -> String {
    let of = |schema: &Node| -> Option<String> {
        let kind = schema.get("type")?;
        let word = word(kind).or_else(|| kind.items().iter().filter_map(word).find(|word| *word != "null"));
        word.map(ToOwned::to_owned)
    };
    let any = || {
        let all = ["anyOf", "oneOf"].into_iter().filter_map(|key| schema.get(key)).flat_map(Node::items);
        all.filter_map(of).find(|kind| kind != "null")
    };
    of(schema).or_else(any).unwrap_or_default()
}

fn annotations(tool: &Node) -> Map<String, Json> {
    let mut all = Map::new();
    let Some(node) = tool.get("annotations") else { return all };
    let title = string(node, "title").filter(|title| !title.is_empty());
    all.extend(title.map(|title| ("title".to_owned(), title.into())));
    for key in ["readOnlyHint", "destructiveHint", "idempotentHint", "openWorldHint"] {
        all.extend(flag(node, key).map(|flag| (key.to_owned(), flag.into())));
    }
    all
}

/// The tools of a `poci`, which are in its `server.yaml`.
#[must_use]
pub(super) fn of_containers(root: &Node) -> Vec<Tool> {
    let one = |node: &Node| Tool {
        name: text(node, "name").unwrap_or_default(),
        description: text(node, "description").unwrap_or_default(),
        arguments: None,
        annotations: Map::new(),
        container: Some(container(node.get("container"))),
        parameters: Some(parameters(node.get("parameters"))),
    };
    root.get("tools").map(Node::items).unwrap_or_default().iter().map(one).collect()
}

fn container(node: Option<&Node>) -> Container {
    let texts = |key: &str| -> Vec<String> {
        let items = node.and_then(|node| node.get(key)).map(Node::items).unwrap_or_default();
        let text = |item: &Node| item.scalar().and_then(scalar::go_string).unwrap_or_default().into_owned();
        items.iter().map(text).collect()
    };
    Container {
        image: node.and_then(|node| text(node, "image")).unwrap_or_default(),
        command: texts("command"),
        volumes: texts("volumes"),
    }
}

fn parameters(node: Option<&Node>) -> Json {
    let Some(node) = node else { return json!({ "type": "object", "properties": {}, "required": [] }) };
    let mut properties = Map::new();
    for pair in node.get("properties").map(Node::pairs).unwrap_or_default() {
        let mut property = Map::new();
        property.insert("type".to_owned(), text(&pair.value, "type").unwrap_or_default().into());
        property.insert("description".to_owned(), text(&pair.value, "description").unwrap_or_default().into());
        let items = pair.value.get("items").and_then(|items| text(items, "type"));
        property.extend(items.map(|kind| ("items".to_owned(), json!({ "type": kind }))));
        properties.insert(pair.key.text.to_string(), property.into());
    }
    let required: Vec<&str> =
        node.get("required").map(Node::items).unwrap_or_default().iter().filter_map(word).collect();
    json!({ "type": text(node, "type").unwrap_or_else(|| "object".to_owned()), "properties": properties, "required": required })
}
