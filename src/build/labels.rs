//! The labels of an image: what it is, and what it was built from. They win over those of the Dockerfile.

use super::context::Context;
use super::{Options, Plan};
use crate::document::{Node, Value, scalar};
use chrono::{DateTime, Datelike as _, SecondsFormat};
use serde_json::{Map, Value as Json, json};
use std::collections::BTreeMap;
use url::Url;

/// How OCI's labels begin (OCI image specification, annotations).
const OCI: &str = "org.opencontainers.image.";
/// The name of the server in the community registry, which checks it there byte for byte.
pub(crate) const SERVER_NAME: &str = "io.modelcontextprotocol.server.name";
/// What the MCP Gateway reads of an image without a catalog.
pub(crate) const METADATA: &str = "io.docker.server.metadata";
/// Bytes of [`METADATA`]. Labels travel in a URL, which engines take up to a megabyte of.
const MAX_METADATA: usize = 200_000;

/// The labels of an image.
pub(super) fn labels(plan: &Plan, context: &Context, options: &Options) -> BTreeMap<String, String> {
    let about = &plan.subject.manifest.about;
    let commit = &plan.source.commit;
    let mut labels = BTreeMap::new();
    let mut set = |name: &str, value: &str| drop(labels.insert(name.to_owned(), value.to_owned()));
    set(&format!("{OCI}revision"), commit.as_str());
    set(&format!("{OCI}source"), &plan.source.project);
    set(&format!("{OCI}url"), &page(plan));
    set(&format!("{OCI}title"), about.title.as_deref().unwrap_or(&plan.subject.entry));
    set(&format!("{OCI}description"), about.description.as_deref().unwrap_or_default());
    set(&format!("{OCI}version"), commit.short());
    let created = DateTime::from_timestamp(context.committed, 0).filter(|date| (0..=9999).contains(&date.year()));
    set(&format!("{OCI}created"), &created.unwrap_or_default().to_rfc3339_opts(SecondsFormat::Secs, true));
    if let Some(license) = &options.license {
        set(&format!("{OCI}licenses"), license);
    }
    if let Some(name) = &options.server_name {
        set(SERVER_NAME, name);
    }
    set(METADATA, &metadata(plan, options));
    labels
}

/// The page that shows the code at that commit, where it is known how that host's pages are called.
fn page(plan: &Plan) -> String {
    let source = &plan.source;
    match Url::parse(&source.project) {
        Ok(url) if matches!(url.host_str(), Some("github.com" | "gitlab.com")) => {
            let project = source.project.trim_end_matches('/');
            let project = project.strip_suffix(".git").unwrap_or(project);
            let page = format!("{project}/tree/{}/{}", source.commit, source.directory);
            page.trim_end_matches('/').to_owned()
        }
        _ => source.project.clone(),
    }
}

/// `{name,title,description,icon,env:[{name}],tools:[{name,description}],config,metadata}` in one line; empty ones left out.
fn metadata(plan: &Plan, options: &Options) -> String {
    let manifest = &plan.subject.manifest;
    let mut all = Map::new();
    let mut set = |name: &str, value: Json| {
        let is_empty = match &value {
            Json::String(text) => text.is_empty(),
            Json::Array(items) => items.is_empty(),
            Json::Object(fields) => fields.is_empty(),
            other => other.is_null(),
        };
        if !is_empty {
            all.insert(name.to_owned(), value);
        }
    };
    set("name", json!(plan.subject.entry));
    set("title", json!(manifest.about.title));
    set("description", json!(manifest.about.description));
    set("icon", json!(manifest.about.icon));
    let secrets = manifest.config.secrets.iter().filter_map(|secret| secret.env.as_deref());
    let variables = manifest.config.env.iter().filter_map(|variable| variable.name.as_deref());
    set("env", secrets.chain(variables).map(|name| json!({ "name": name })).collect());
    let parameters =
        plan.subject.document.root().get("config").and_then(|config| config.get("parameters")).map(to_json);
    if let Some(Json::Object(parameters)) = parameters {
        let mut config = Map::from_iter([("name".to_owned(), json!(plan.subject.entry))]);
        config.extend(manifest.config.description.as_ref().map(|text| ("description".to_owned(), json!(text))));
        config.extend(parameters);
        set("config", json!([config]));
    }
    let mut about = Map::new();
    about.extend(manifest.meta.category.as_ref().map(|category| ("category".to_owned(), json!(category))));
    let tags: Vec<&String> = manifest.meta.tags.iter().flatten().collect();
    about.extend((!tags.is_empty()).then(|| ("tags".to_owned(), json!(tags))));
    about.extend(options.license.as_ref().map(|license| ("license".to_owned(), json!(license))));
    set("metadata", Json::Object(about));
    let tools = |describe: bool| -> Json {
        let tool = |tool: &crate::entry::Tool| match (&tool.description, describe) {
            (Some(description), true) => json!({ "name": tool.name, "description": description }),
            _ => json!({ "name": tool.name }),
        };
        plan.subject.tools.iter().map(tool).collect()
    };
    // Between `env` and `config` in the contract; a reader does not care.
    for tools in [tools(true), tools(false)] {
        if tools.as_array().is_none_or(Vec::is_empty) {
            break;
        }
        let mut whole = all.clone();
        whole.insert("tools".to_owned(), tools);
        let text = Json::Object(whole).to_string();
        if text.len() <= MAX_METADATA {
            return text;
        }
    }
    Json::Object(all).to_string()
}

/// A node of a manifest as JSON. Depth is bounded by the document's own limit.
fn to_json(node: &Node) -> Json {
    match &node.value {
        Value::Sequence(items) => items.iter().map(to_json).collect(),
        Value::Mapping(pairs) => {
            pairs.iter().map(|pair| (pair.key.text.to_string(), to_json(&pair.value))).collect::<Map<_, _>>().into()
        }
        Value::Scalar(value) => match scalar::resolve(value) {
            scalar::Resolved::Null => Json::Null,
            scalar::Resolved::Bool(flag) => flag.into(),
            scalar::Resolved::Int(_) | scalar::Resolved::Float(_) => {
                serde_json::from_str(&value.text).unwrap_or_else(|_| value.text.to_string().into())
            }
            _ => value.text.to_string().into(),
        },
    }
}
