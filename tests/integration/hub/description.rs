//! GitHub's own description of its API (OpenAPI 3.0), as the judge of every request and every answer.
//!
//! It is third-party data beside the repository; where it is absent nothing is judged, and that is said once.

mod more;

use jsonschema::Validator;
use serde_json::{Map, Value, json};
use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::{Arc, Mutex, OnceLock};

/// Statuses that any request can be answered with, though the description does not say so everywhere. Their bodies are
/// GitHub's usual error.
const ANYWHERE: &[u16] = &[301, 307, 401, 403, 404, 429, 500, 502];

#[derive(Debug)]
pub(crate) struct Description {
    text: Value,
    validators: Mutex<HashMap<String, Arc<Validator>>>,
    /// What was found good already, by place and text: most answers of a test are the same as in the test before.
    good: Mutex<HashSet<(String, u64)>>,
}

impl Description {
    /// The description; none where it is absent.
    pub(crate) fn get() -> Option<&'static Self> {
        static DESCRIPTION: OnceLock<Option<Description>> = OnceLock::new();
        DESCRIPTION
            .get_or_init(|| {
                let file = crate::corpus::folder()?.join("../github/openapi-subset.json");
                let mut text: Value = serde_json::from_str(&std::fs::read_to_string(file).unwrap()).unwrap();
                // The branch of a pull request from a deleted fork has neither repository nor user: the description knew it
                // once, and octocrab's types still do.
                for pull in ["pull-request", "pull-request-simple"] {
                    let head = &mut text["components"]["schemas"][pull]["properties"]["head"]["properties"];
                    for field in ["repo", "user"] {
                        head[field] = json!({ "nullable": true, "oneOf": [head[field].clone()] });
                    }
                }
                more::add(&mut text);
                Some(Self { text, validators: Mutex::default(), good: Mutex::default() })
            })
            .as_ref()
    }

    fn operation(&self, method: &str, template: &str) -> Option<&Value> {
        self.text["paths"].get(template)?.get(method.to_lowercase())
    }

    fn resolve<'a>(&'a self, value: &'a Value) -> &'a Value {
        match value.get("$ref").and_then(Value::as_str) {
            Some(place) => self.text.pointer(place.trim_start_matches('#')).unwrap(),
            None => value,
        }
    }

    /// What is wrong with a request.
    pub(crate) fn request(
        &self,
        method: &str,
        template: &str,
        params: &BTreeMap<&str, String>,
        query: &[(String, String)],
        body: Option<&[u8]>,
    ) -> Vec<String> {
        let Some(operation) = self.operation(method, template) else {
            return vec![format!("{method} {template} is not described")];
        };
        let mut wrong = Vec::new();
        let described: Vec<&Value> =
            operation["parameters"].as_array().into_iter().flatten().map(|value| self.resolve(value)).collect();
        let find = |place: &str, name: &str| {
            described.iter().find(|value| value["in"] == place && value["name"] == name).copied()
        };
        for (name, value) in params {
            match find("path", name) {
                Some(parameter) => wrong.extend(self.parameter(name, value, &parameter["schema"])),
                None => wrong.push(format!("no parameter `{name}` in the path")),
            }
        }
        let mut seen = BTreeSet::new();
        for (name, value) in query {
            match find("query", name) {
                _ if !seen.insert(name) => wrong.push(format!("`{name}` twice")),
                Some(parameter) => wrong.extend(self.parameter(name, value, &parameter["schema"])),
                None => wrong.push(format!("no parameter `{name}`")),
            }
        }
        for parameter in described.iter().filter(|value| value["in"] == "query" && value["required"] == true) {
            if !seen.iter().any(|name| parameter["name"] == name.as_str()) {
                wrong.push(format!("`{}` is missing", parameter["name"]));
            }
        }
        let place = format!("{}/requestBody/content/application~1json/schema", pointer(method, template));
        match (body, self.text.pointer(&place)) {
            (None | Some([]), Some(_)) if operation["requestBody"]["required"] == true => wrong.push("no body".into()),
            (None | Some([]), _) => {}
            (Some(_), None) => wrong.push("a body where none is described".into()),
            (Some(body), Some(_)) => match serde_json::from_slice(body) {
                Ok(body) => wrong.extend(self.check(&place, &body)),
                Err(error) => wrong.push(format!("the body is no JSON: {error}")),
            },
        }
        wrong
    }

    fn parameter(&self, name: &str, value: &str, schema: &Value) -> Option<String> {
        let schema = self.resolve(schema);
        let is_integer = schema["type"] == "integer";
        let listed = schema["enum"].as_array().is_none_or(|values| values.iter().any(|known| known == value));
        ((is_integer && value.parse::<i64>().is_err()) || !listed).then(|| format!("`{name}` is `{value}`"))
    }

    /// What is wrong with an answer.
    pub(crate) fn response(&self, method: &str, template: &str, status: u16, body: Option<&Value>) -> Vec<String> {
        let Some(operation) = self.operation(method, template) else { return Vec::new() };
        let described = operation["responses"].get(status.to_string());
        if described.is_none() && !ANYWHERE.contains(&status) && status != 304 {
            return vec![format!("{status} is not described")];
        }
        let response = described.map(|response| self.resolve(response));
        let has_schema =
            response.is_some_and(|response| response.pointer("/content/application~1json/schema").is_some());
        let place = match described.and_then(|described| described.get("$ref")).and_then(Value::as_str) {
            _ if !has_schema && status == 422 => "/components/schemas/validation-error".to_owned(),
            _ if !has_schema => "/components/schemas/basic-error".to_owned(),
            Some(shared) => format!("{}/content/application~1json/schema", shared.trim_start_matches('#')),
            None => format!("{}/responses/{status}/content/application~1json/schema", pointer(method, template)),
        };
        match body {
            None if has_schema => vec![format!("{status} without a body")],
            None => Vec::new(),
            Some(_) if matches!(status, 204 | 304) => vec![format!("{status} with a body")],
            Some(body) => self.check(&place, body),
        }
    }

    /// What is wrong with a value by the schema at this place. Items of a list are checked one by one: a list has few new
    /// ones.
    fn check(&self, place: &str, value: &Value) -> Vec<String> {
        let mut hasher = DefaultHasher::new();
        // Cheaper than its text, and as good.
        value.hash(&mut hasher);
        let key = (place.to_owned(), hasher.finish());
        if self.good.lock().unwrap().contains(&key) {
            return Vec::new();
        }
        if let (Some(items), Some("array"), Some(_)) = (
            value.as_array(),
            self.text.pointer(place).and_then(|schema| schema["type"].as_str()),
            self.text.pointer(&format!("{place}/items")),
        ) {
            let wrong: Vec<String> =
                items.iter().flat_map(|item| self.check(&format!("{place}/items"), item)).collect();
            if wrong.is_empty() {
                self.good.lock().unwrap().insert(key);
            }
            return wrong;
        }
        let validator = self.validator(place);
        let wrong: Vec<String> =
            validator.iter_errors(value).map(|error| format!("{error} at `{}`", error.instance_path())).collect();
        if wrong.is_empty() {
            self.good.lock().unwrap().insert(key);
        }
        wrong
    }

    fn validator(&self, place: &str) -> Arc<Validator> {
        let mut validators = self.validators.lock().unwrap();
        let validator = validators.entry(place.to_owned()).or_insert_with(|| {
            let mut schema = self.schema(self.text.pointer(place).unwrap());
            // Only what it refers to, since the whole takes long to read.
            let mut open = references(&schema);
            let mut components = Map::new();
            while let Some(name) = open.pop() {
                if !components.contains_key(&name) {
                    let component = self.schema(&self.text["components"]["schemas"][&name]);
                    open.extend(references(&component));
                    components.insert(name, component);
                }
            }
            schema["components"] = json!({ "schemas": components });
            let options = jsonschema::options().should_validate_formats(true).should_ignore_unknown_formats(true);
            Arc::new(options.build(&schema).unwrap_or_else(|error| panic!("{place}: {error}")))
        });
        validator.clone()
    }

    /// A schema of OpenAPI 3.0 as JSON Schema: `nullable` is its own word, and no field may be invented.
    fn schema(&self, value: &Value) -> Value {
        let Value::Object(map) = value else { return value.clone() };
        if let Some(parts) = map.get("allOf").and_then(Value::as_array) {
            return self.schema(&self.merged(parts));
        }
        let mut schema = Map::new();
        for (key, value) in map {
            // GitHub's `oneOf` is loosely meant: of two kinds of errors, both fit one that has only a message.
            let key = if key == "oneOf" { "anyOf" } else { key.as_str() };
            let value = match (key, value) {
                ("nullable" | "description" | "example" | "examples" | "discriminator", _) => continue,
                ("properties", Value::Object(fields)) => {
                    fields.iter().map(|(name, field)| (name.clone(), self.schema(field))).collect()
                }
                ("anyOf", Value::Array(parts)) => parts.iter().map(|part| self.schema(part)).collect(),
                ("items" | "additionalProperties", value) => self.schema(value),
                _ => value.clone(),
            };
            schema.insert(key.to_owned(), value);
        }
        if schema.contains_key("properties") {
            schema.entry("additionalProperties").or_insert(json!(false));
        }
        if map.get("nullable") == Some(&json!(true)) {
            return json!({ "anyOf": [{ "type": "null" }, Value::Object(schema)] });
        }
        Value::Object(schema)
    }

    /// Several object schemas as one.
    fn merged(&self, parts: &[Value]) -> Value {
        let (mut properties, mut required) = (Map::new(), Vec::new());
        for part in parts {
            let part = self.resolve(part);
            properties.extend(part["properties"].as_object().cloned().unwrap_or_default());
            required.extend(part["required"].as_array().cloned().unwrap_or_default());
        }
        json!({ "type": "object", "properties": properties, "required": required })
    }
}

fn pointer(method: &str, template: &str) -> String {
    format!("/paths/{}/{}", template.replace('~', "~0").replace('/', "~1"), method.to_lowercase())
}

/// The names of the shared schemas that a schema refers to.
fn references(schema: &Value) -> Vec<String> {
    match schema {
        Value::Object(map) => {
            let own = map.get("$ref").and_then(Value::as_str);
            let own = own.and_then(|place| place.strip_prefix("#/components/schemas/")).map(str::to_owned);
            map.values().flat_map(references).chain(own).collect()
        }
        Value::Array(items) => items.iter().flat_map(references).collect(),
        _ => Vec::new(),
    }
}
