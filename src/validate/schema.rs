//! Where an entry departs from `schemas/server.json`, once per entry, for the rules that report it.
//!
//! The schema says what an author should write; the reference's Go structs accept more: any scalar in a text field,
//! `yes` in a boolean one, null anywhere. What Go accepts is no departure here, and what Go takes for absent
//! (null, an empty text) does not count as written where something is required.

use crate::document::{Document, Node, Route, Scalar, Step, Value, scalar};
use jsonschema::error::{TypeKind, ValidationErrorKind};
use jsonschema::{JsonType, ValidationError, Validator};
use serde_json::Value as Json;
use std::sync::{Arc, LazyLock};

/// The schema of `server.yaml`: JSON Schema 2020-12.
pub const SERVER: &str = include_str!("../../schemas/server.json");
/// The schema of `tools.json`.
pub const TOOLS: &str = include_str!("../../schemas/tools.json");
/// The schema of `mcp-registry.toml`.
pub const POLICY: &str = include_str!("../../schemas/policy.json");

/// One departure from the schema.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Violation {
    /// Where: for a missing key the mapping that lacks it, for an unknown key the key itself.
    pub route: Route,
    pub kind: ViolationKind,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ViolationKind {
    /// A key that the format does not have, and those it has there.
    UnknownKey {
        /// The keys that the format has at this place.
        known: Arc<[&'static str]>,
    },
    /// A value of another type than the format wants.
    WrongType {
        /// What it wants, in words: `a list`, `a text`, `true or false`.
        expected: &'static str,
        /// What is there, in words.
        found: &'static str,
    },
    /// A key that must be there.
    MissingKey { key: String },
    /// A value outside those that the format lists.
    NotAllowed { allowed: Vec<String> },
}

/// The schema as a value, and compiled. None if it is neither, which a test rules out.
///
/// Compiling begins with judging the schema by its draft's own, which is compiled for that. Draft 7's is a fraction of
/// 2020-12's, and says the same of every keyword that is used: a test holds the schema to those.
static COMPILED: LazyLock<Option<(Json, Validator)>> = LazyLock::new(|| {
    let schema: Json = serde_json::from_str(SERVER).ok()?;
    let mut plain = schema.clone();
    plain.as_object_mut()?.remove("$schema");
    let validator = jsonschema::draft7::new(&plain).ok()?;
    Some((schema, validator))
});

/// Compiles the schema, if nobody did yet: a few milliseconds in which entries can be read.
pub(crate) fn warm_up() {
    LazyLock::force(&COMPILED);
}

/// About as many departures as are kept of one document: each has a route, which a hostile document makes long.
const MOST: usize = 1000;

/// All departures of one document, in no particular order, up to some thousand.
#[must_use]
pub fn violations(document: &Document) -> Vec<Violation> {
    let Some((schema, validator)) = &*COMPILED else { return Vec::new() };
    let mut absent = false;
    let written = json(document.root(), &mut |_| {
        absent = true;
        true
    });
    if !absent && validator.is_valid(&written) {
        return Vec::new();
    }
    let mut found = Vec::new();
    let is_required = |error: &ValidationError<'_>| matches!(error.kind(), ValidationErrorKind::Required { .. });
    for error in validator.iter_errors(&written).filter(|error| !absent || !is_required(error)) {
        if found.len() < MOST {
            departures(&error, document, schema, &mut found);
        }
    }
    if absent {
        let present = json(document.root(), &mut |_| false);
        for error in validator.iter_errors(&present).filter(is_required) {
            if found.len() < 2 * MOST {
                departures(&error, document, schema, &mut found);
            }
        }
    }
    found
}

/// The keys that the format has in the mapping at `route`, in the order of the schema; none where authors choose them.
#[must_use]
pub(crate) fn keys_at(route: &Route) -> Vec<&'static str> {
    let Some((schema, _)) = &*COMPILED else { return Vec::new() };
    let below = |place: &'static Json, step: &Step| match step {
        Step::Index(_) => place.get("items"),
        Step::Key(key) => place.get("properties").and_then(|properties| properties.get(&**key)),
    };
    let place = route.steps().iter().try_fold(schema, |place, step| below(referred(place, schema), step));
    let keys = place.and_then(|place| referred(place, schema).get("properties")?.as_object());
    keys.into_iter().flat_map(|keys| keys.keys().map(String::as_str)).collect()
}

/// What a place of the schema stands for: `#/$defs/…`, since the schema refers to nothing but itself.
fn referred<'s>(place: &'s Json, schema: &'s Json) -> &'s Json {
    let to = place.get("$ref").and_then(Json::as_str);
    to.and_then(|to| schema.pointer(to.trim_start_matches('#'))).unwrap_or(place)
}

/// The top-level keys, in the order in which an entry should have them.
pub(crate) fn top_level_keys() -> impl Iterator<Item = &'static str> {
    let keys = COMPILED.as_ref().and_then(|(schema, _)| schema.get("properties")?.as_object());
    keys.into_iter().flat_map(|keys| keys.keys().map(String::as_str))
}

/// A step to a scalar, of a document that is being visited.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Passed<'d> {
    Key(&'d str),
    Index(usize),
}

/// The same way, to be kept.
pub(crate) fn route_of(way: &[Passed<'_>]) -> Route {
    let steps = way.iter().map(|step| match step {
        Passed::Key(key) => Step::from((*key).to_owned()),
        Passed::Index(index) => Step::from(*index),
    });
    steps.collect()
}

/// Visits every scalar of a document that stands where the format has a text, with the way to it.
pub(crate) fn visit_texts<'d>(document: &'d Document, visit: &mut impl FnMut(&[Passed<'d>], &'d Scalar)) {
    if let Some((schema, _)) = &*COMPILED {
        texts_in(document.root(), schema, schema, &mut Vec::new(), visit);
    }
}

/// Depth is bounded by the document's own limit.
fn texts_in<'d>(
    node: &'d Node,
    place: &Json,
    schema: &Json,
    way: &mut Vec<Passed<'d>>,
    visit: &mut impl FnMut(&[Passed<'d>], &'d Scalar),
) {
    let place = referred(place, schema);
    match &node.value {
        Value::Scalar(scalar) => {
            if place.get("type").and_then(Json::as_str) == Some("string") {
                visit(way, scalar);
            }
        }
        Value::Sequence(items) => {
            let Some(place) = place.get("items") else { return };
            for (index, item) in items.iter().enumerate() {
                way.push(Passed::Index(index));
                texts_in(item, place, schema, way, visit);
                way.pop();
            }
        }
        Value::Mapping(pairs) => {
            for pair in pairs {
                let key = &*pair.key.text;
                let known = place.get("properties").and_then(|properties| properties.get(key));
                if let Some(place) = known.or_else(|| place.get("additionalProperties")) {
                    way.push(Passed::Key(key));
                    texts_in(&pair.value, place, schema, way, visit);
                    way.pop();
                }
            }
        }
    }
}

/// The tree as JSON. Pairs whose value Go takes for absent are kept if `keep` says so.
fn json(node: &Node, keep: &mut impl FnMut(&Node) -> bool) -> Json {
    match &node.value {
        Value::Sequence(items) => Json::Array(items.iter().map(|item| json(item, keep)).collect()),
        Value::Mapping(pairs) => {
            let mut object = serde_json::Map::new();
            for pair in pairs {
                if !is_absent(&pair.value) || keep(&pair.value) {
                    object.insert(pair.key.text.to_string(), json(&pair.value, keep));
                }
            }
            Json::Object(object)
        }
        Value::Scalar(_) => scalar::to_json(node),
    }
}

/// Whether Go's decoder leaves a field as if it had not been written.
fn is_absent(node: &Node) -> bool {
    node.scalar().is_some_and(|scalar| scalar::go_string(scalar).is_none_or(|text| text.is_empty()))
}

fn departures(error: &ValidationError<'_>, document: &Document, schema: &'static Json, found: &mut Vec<Violation>) {
    let Some((route, node)) = locate(error, document) else { return };
    match error.kind() {
        ValidationErrorKind::AdditionalProperties { unexpected } => {
            let known = known_keys(error, schema);
            for key in unexpected.iter().take(MOST) {
                let kind = ViolationKind::UnknownKey { known: known.clone() };
                found.push(Violation { route: route.then(key.clone()), kind });
            }
        }
        ValidationErrorKind::Required { property } => {
            let key = property.as_str().unwrap_or_default().to_owned();
            found.push(Violation { route, kind: ViolationKind::MissingKey { key } });
        }
        ValidationErrorKind::Type { kind: TypeKind::Single(wanted) } if !go_accepts(node, *wanted) => {
            let kind = ViolationKind::WrongType { expected: in_words(*wanted), found: what_is(node) };
            found.push(Violation { route, kind });
        }
        ValidationErrorKind::Enum { options } if node.scalar().is_some() && !is_absent(node) => {
            let options = options.as_array().map(Vec::as_slice).unwrap_or_default();
            let allowed = options.iter().filter_map(Json::as_str).map(Into::into).collect();
            found.push(Violation { route, kind: ViolationKind::NotAllowed { allowed } });
        }
        _ => {}
    }
}

/// The route and node that an error is about. The steps are taken along the tree, since a key may look like an index.
fn locate<'d>(error: &ValidationError<'_>, document: &'d Document) -> Option<(Route, &'d Node)> {
    let mut node = document.root();
    let mut steps = Vec::new();
    for segment in error.instance_path().segments() {
        let segment = segment.to_string();
        node = match &node.value {
            Value::Sequence(items) => {
                let index: usize = segment.parse().ok()?;
                steps.push(Step::from(index));
                items.get(index)?
            }
            _ => {
                let child = node.get(&segment)?;
                steps.push(Step::from(segment));
                child
            }
        };
    }
    Some((Route::new(steps), node))
}

/// The keys that the schema has beside the `additionalProperties` that refused one.
fn known_keys(error: &ValidationError<'_>, schema: &'static Json) -> Arc<[&'static str]> {
    let path = error.schema_path().as_str();
    let parent = path.strip_suffix("/additionalProperties").unwrap_or(path);
    let properties = schema.pointer(parent).and_then(|place| place.get("properties")).and_then(Json::as_object);
    properties.map(|keys| keys.keys().map(String::as_str).collect()).unwrap_or_default()
}

fn go_accepts(node: &Node, wanted: JsonType) -> bool {
    let Some(scalar) = node.scalar() else { return false };
    match wanted {
        JsonType::String => true,
        JsonType::Boolean => scalar::go_bool(scalar).is_some(),
        _ => matches!(scalar::resolve(scalar), scalar::Resolved::Null),
    }
}

fn in_words(wanted: JsonType) -> &'static str {
    match wanted {
        JsonType::String => "a text",
        JsonType::Boolean => "true or false",
        JsonType::Array => "a list",
        JsonType::Object => "a mapping",
        JsonType::Integer | JsonType::Number => "a number",
        JsonType::Null => "nothing",
    }
}

fn what_is(node: &Node) -> &'static str {
    match &node.value {
        Value::Sequence(_) => "a list",
        Value::Mapping(_) => "a mapping",
        Value::Scalar(scalar) => match scalar::resolve(scalar) {
            scalar::Resolved::Null => "nothing",
            scalar::Resolved::Bool(_) => "true or false",
            scalar::Resolved::Int(_) | scalar::Resolved::Float(_) => "a number",
            scalar::Resolved::Timestamp => "a date",
            scalar::Resolved::Binary | scalar::Resolved::Text => "a text",
        },
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::{COMPILED, POLICY, SERVER, TOOLS, ViolationKind, violations};
    use crate::document::Document;

    fn shown(yaml: &str) -> String {
        let mut lines: Vec<String> = violations(&Document::from_yaml(yaml).unwrap())
            .into_iter()
            .map(|violation| match violation.kind {
                ViolationKind::UnknownKey { known } => format!("{} unknown among {known:?}", violation.route),
                ViolationKind::WrongType { expected, found } => {
                    format!("{} should be {expected}, is {found}", violation.route)
                }
                ViolationKind::MissingKey { key } => format!("`{}` lacks {key}", violation.route),
                ViolationKind::NotAllowed { allowed } => format!("{} not in {allowed:?}", violation.route),
            })
            .collect();
        lines.sort();
        lines.join("\n")
    }

    #[test]
    fn every_schema_compiles() {
        assert!(COMPILED.is_some());
        for text in [SERVER, TOOLS, POLICY] {
            let schema: serde_json::Value = serde_json::from_str(text).unwrap();
            jsonschema::draft202012::meta::validate(&schema).unwrap();
            jsonschema::draft202012::new(&schema).unwrap();
        }
    }

    /// Draft 7 ignores what stands beside `$ref`, and has other words for some things.
    #[test]
    fn the_schema_says_the_same_in_draft_7() {
        const SAME: [&str; 17] = [
            "$comment",
            "markdownDescription",
            "$id",
            "additionalProperties",
            "allOf",
            "anyOf",
            "const",
            "default",
            "description",
            "enum",
            "examples",
            "format",
            "if",
            "items",
            "pattern",
            "required",
            "type",
        ];
        fn hold(schema: &serde_json::Value) {
            let Some(words) = schema.as_object() else { return };
            for (word, value) in words {
                match &**word {
                    "properties" | "$defs" => value.as_object().unwrap().values().for_each(hold),
                    "allOf" | "anyOf" => value.as_array().unwrap().iter().for_each(hold),
                    "items" | "additionalProperties" | "if" | "then" | "else" | "not" => hold(value),
                    "$ref" => assert!(
                        words.keys().all(|word| matches!(&**word, "$ref" | "description" | "examples")),
                        "{schema}"
                    ),
                    "$schema" | "title" => {}
                    word => assert!(SAME.contains(&word), "{word}: {schema}"),
                }
                assert!(word != "items" || value.is_object(), "a list of schemas is `prefixItems` in 2020-12");
            }
        }
        hold(&serde_json::from_str(SERVER).unwrap());
    }

    #[test]
    fn every_kind_of_departure_is_found_at_its_place() {
        let yaml = "name: x\ntype: sever\nabout: {title: X, logo: y}\nrun: {env: [A=b], disableNetwork: maybe}\n\
                    config: {secrets: [{name: x.y}], parameters: {properties: {'0': {typ: string}}}}\n0: 1\n";
        insta::assert_snapshot!(shown(yaml), @r#"
        0 unknown among ["name", "image", "type", "longLived", "dynamic", "meta", "about", "source", "remote", "run", "config", "oauth", "tools", "requirement"]
        `config.secrets[0]` lacks env
        about.logo unknown among ["title", "description", "icon"]
        config.parameters.properties.0.typ unknown among ["type", "description", "default", "properties", "required", "items", "anyOf"]
        run.disableNetwork should be true or false, is a text
        run.env should be a mapping, is a list
        type not in ["server", "remote", "poci"]
        "#);
    }

    #[test]
    fn what_go_accepts_is_no_departure() {
        let lenient = "name: 8080\ntype: remote\nlongLived: yes\nabout: {title: true, description: 2024-01-02}\n\
                       meta:\nrun: ~\nconfig: {secrets: [{name: 1, env: 1.5, required: off}], env: null}\n\
                       remote: {url: https://a.example, headers: {X: 1}}\nmore: null\n";
        insta::assert_snapshot!(shown(lenient), @r#"more unknown among ["name", "image", "type", "longLived", "dynamic", "meta", "about", "source", "remote", "run", "config", "oauth", "tools", "requirement"]"#);
    }

    #[test]
    fn absent_values_do_not_count_as_written() {
        insta::assert_snapshot!(shown("name: ''\ntype: server\nabout:\nimage: ~\nsource: {project: ''}\n"), @"
        `` lacks about
        `` lacks image
        `` lacks name
        `source` lacks project
        ");
    }
}
