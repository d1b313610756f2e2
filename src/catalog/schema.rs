//! What the users of an entry set: `config.parameters`, in the keys that catalogs have.

use crate::document::{Node, Value, scalar};
use serde_json::{Map, Value as Json};

/// `config` of a catalog.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Config {
    /// The entry's name.
    pub(crate) name: String,
    /// None where the entry has none; the Gateway wants one.
    pub(crate) description: Option<String>,
    /// `object`
    pub(crate) kind: String,
    /// By name, in the order of the entry: `{type, description?, properties?, required?, items?, anyOf?}`.
    pub(crate) properties: Map<String, Json>,
    pub(crate) any_of: Vec<Json>,
    pub(crate) required: Vec<String>,
}

/// What users set; none where that is nothing.
#[must_use]
pub(super) fn config(name: &str, config: &Node) -> Option<Config> {
    let parameters = config.get("parameters")?;
    let mut properties = properties(parameters)?;
    // What a user does not set is not given to the server: a default that is not said by the server itself would be a promise.
    for property in properties.values_mut() {
        if let Some(property) = property.as_object_mut() {
            property.shift_remove("default");
        }
    }
    Some(Config {
        name: name.to_owned(),
        description: text(config, "description"),
        kind: text(parameters, "type").unwrap_or_else(|| "object".to_owned()),
        properties,
        any_of: any_of(parameters),
        required: required(parameters),
    })
}

/// Whether an item says of itself that it is required.
#[must_use]
pub(super) fn is_required(item: &Node) -> bool {
    item.get("required").and_then(Node::scalar).and_then(scalar::go_bool).unwrap_or(false)
}

/// A text that is not empty.
pub(super) fn text(node: &Node, key: &str) -> Option<String> {
    let text = scalar::go_string(node.get(key)?.scalar()?)?;
    Some(text.into_owned()).filter(|text| !text.is_empty())
}

/// The properties of an object; none where there are none. Depth is bounded by the document's own limit.
fn properties(node: &Node) -> Option<Map<String, Json>> {
    let pairs = node.get("properties")?.pairs();
    let properties = pairs.iter().map(|pair| (pair.key.text.to_string(), property(&pair.value)));
    Some(properties.collect::<Map<_, _>>()).filter(|properties| !properties.is_empty())
}

/// One property, in the order of the keys that the format's own program writes.
fn property(node: &Node) -> Json {
    let mut all = Map::new();
    all.insert("type".to_owned(), text(node, "type").unwrap_or_default().into());
    all.extend(text(node, "description").map(|text| ("description".to_owned(), text.into())));
    all.extend(properties(node).map(|properties| ("properties".to_owned(), properties.into())));
    let required = required(node);
    if !required.is_empty() {
        all.insert("required".to_owned(), required.into());
    }
    let items = node.get("items").and_then(|items| text(items, "type"));
    all.extend(items.map(|kind| ("items".to_owned(), serde_json::json!({ "type": kind }))));
    let any_of = any_of(node);
    if !any_of.is_empty() {
        all.insert("anyOf".to_owned(), any_of.into());
    }
    let default = node.get("default").map(scalar::to_json).filter(|default| !default.is_null());
    all.extend(default.map(|default| ("default".to_owned(), default)));
    all.into()
}

fn required(node: &Node) -> Vec<String> {
    let Some(Value::Sequence(items)) = node.get("required").map(|list| &list.value) else { return Vec::new() };
    items.iter().filter_map(|item| Some(scalar::go_string(item.scalar()?)?.into_owned())).collect()
}

/// Sets of properties of which one is required.
fn any_of(node: &Node) -> Vec<Json> {
    let items = node.get("anyOf").map(Node::items).unwrap_or_default();
    let one = |item: &Node| match required(item) {
        names if names.is_empty() => Json::Object(Map::new()),
        names => serde_json::json!({ "required": names }),
    };
    items.iter().map(one).collect()
}
