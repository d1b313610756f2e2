//! A catalog as an OCI artifact: byte for byte what the MCP Gateway itself would push.

use super::file::{Fields, argument, config, provider, texts};
use super::gojson;
use super::published::Published;
use super::tools::Tool;
use crate::entry::EntryType;
use crate::ids::Digest;
use crate::oci::Descriptor;
use crate::oci::media_types;
use bytes::Bytes;
use serde_json::{Map, Value, json};

/// What kind of artifact it is.
pub(crate) const ARTIFACT_TYPE: &str = "application/vnd.docker.mcp.catalog.v1+json";
/// The media type of its one layer.
pub(crate) const LAYER: &str = "application/json";

/// A catalog to push.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Artifact {
    /// The only layer.
    pub layer: Bytes,
    /// The config: `{}`.
    pub config: Bytes,
    pub manifest: Bytes,
}

impl Artifact {
    /// The catalog of these entries, sorted by name. `assets` is where readmes are published, without a slash at its end.
    #[must_use]
    pub fn of(entries: &[Published], title: &str, assets: Option<&str>) -> Self {
        let mut sorted: Vec<&Published> = entries.iter().collect();
        sorted.sort_by(|a, b| a.name.cmp(&b.name));
        let servers: Vec<Value> = sorted.into_iter().map(|of| entry(of, assets)).collect();
        let layer = Bytes::from(gojson::compact(&json!({ "title": title, "servers": servers })));
        let config = Bytes::from_static(b"{}");
        let manifest = json!({
            "schemaVersion": 2,
            "mediaType": media_types::MANIFEST,
            "artifactType": ARTIFACT_TYPE,
            "config": descriptor(media_types::EMPTY, &config),
            "layers": [descriptor(LAYER, &layer)],
        });
        Self { manifest: Bytes::from(gojson::compact(&manifest)), layer, config }
    }

    /// The digest that it has in an image registry.
    #[must_use]
    pub(crate) fn digest(&self) -> Digest {
        Digest::of(&self.manifest)
    }
}

fn descriptor(media_type: &str, bytes: &[u8]) -> Value {
    let of = Descriptor::of(media_type, bytes);
    json!({ "mediaType": media_type, "digest": of.digest.as_str(), "size": of.size })
}

/// An entry with what the Gateway needs to run it.
fn entry(entry: &Published, assets: Option<&str>) -> Value {
    let mut all = Fields::default();
    match (&entry.kind, &entry.remote) {
        (EntryType::Remote, Some(remote)) => {
            all.always("type", "remote");
            all.always("endpoint", remote.url.as_str());
        }
        _ => {
            all.always("type", "image");
            // The Gateway wants one; a `poci` has one for each tool.
            let first = entry.tools.iter().find_map(|tool| tool.container.as_ref()).map(|it| it.image.as_str());
            all.some("image", entry.image.as_ref().map(|image| image.reference.as_str()).or(first));
        }
    }
    all.always("snapshot", json!({ "server": server(entry, assets) }));
    all.0.into()
}

/// The fields of the Gateway's `Server`, in its order.
fn server(entry: &Published, assets: Option<&str>) -> Value {
    let mut all = Fields::default();
    all.always("name", &*entry.name);
    all.always("type", entry.kind());
    all.always("image", entry.image.as_ref().map(|image| image.reference.as_str()).unwrap_or_default());
    all.always("description", entry.description.as_str());
    all.always("title", entry.title.as_str());
    all.some("icon", entry.icon.as_deref());
    all.some("readme", assets.map(|assets| format!("{assets}/readme/{}.md", entry.name)));
    all.flag("longLived", entry.long_lived);
    let mut remote = Fields::default();
    if let Some(of) = &entry.remote {
        remote.always("url", of.url.as_str());
        remote.some("transport_type", of.transport.as_deref());
        let headers: Map<String, Value> =
            of.headers.iter().map(|(name, value)| (name.clone(), value.as_str().into())).collect();
        if !headers.is_empty() {
            remote.always("headers", gojson::sorted(&headers.into()));
        }
    }
    all.always("remote", remote.0);
    if !entry.oauth.is_empty() {
        all.always("oauth", json!({ "providers": entry.oauth.iter().map(provider).collect::<Vec<_>>() }));
    }
    let secret = |it: &super::published::Secret| json!({ "name": it.name, "env": it.env });
    all.list("secrets", entry.secrets.iter().map(secret).collect());
    all.list("env", entry.env.iter().map(|(name, value)| json!({ "name": name, "value": value })).collect());
    all.list("command", texts(&entry.command));
    all.list("volumes", texts(&entry.volumes));
    all.some("user", entry.user.as_deref());
    all.flag("disableNetwork", entry.disable_network);
    all.list("allowHosts", texts(&entry.allow_hosts));
    all.list("tools", entry.tools.iter().map(tool).collect());
    // Free data in the Gateway, which Go writes as maps.
    all.list("config", entry.config.iter().map(|of| gojson::sorted(&config(of))).collect());
    let mut metadata = Fields::default();
    metadata.some("category", entry.category.as_deref());
    metadata.list("tags", texts(&entry.tags));
    metadata.some("owner", entry.owner.as_deref());
    if !metadata.0.is_empty() {
        all.always("metadata", metadata.0);
    }
    all.0.into()
}

/// A tool. What only a `poci` has is there without it, and empty: so Go writes structs.
fn tool(tool: &Tool) -> Value {
    let mut all = Fields::default();
    all.always("name", tool.name.as_str());
    all.always("description", tool.description.as_str());
    if let Some(arguments) = &tool.arguments {
        all.always("arguments", arguments.iter().map(argument).collect::<Vec<_>>());
    }
    if !tool.annotations.is_empty() {
        all.always("annotations", tool.annotations.clone());
    }
    let lists = |items: &[String]| if items.is_empty() { Value::Null } else { texts(items).into() };
    all.always(
        "container",
        match &tool.container {
            Some(of) => json!({ "image": of.image, "command": lists(&of.command), "volumes": lists(&of.volumes) }),
            None => json!({ "image": "", "command": null, "volumes": null }),
        },
    );
    all.always(
        "parameters",
        match &tool.parameters {
            Some(of) => json!({
                "type": of["type"],
                "properties": gojson_properties(&of["properties"]),
                "required": of["required"],
            }),
            None => json!({ "type": "", "properties": null, "required": null }),
        },
    );
    all.0.into()
}

/// Sorted by name; the fields of each keep the order of Go's struct.
fn gojson_properties(properties: &Value) -> Value {
    let Some(properties) = properties.as_object() else { return Value::Null };
    let mut pairs: Vec<(&String, &Value)> = properties.iter().collect();
    pairs.sort_by_key(|(name, _)| *name);
    pairs.into_iter().map(|(name, property)| (name.clone(), property.clone())).collect()
}

/// Why the Gateway would refuse the catalog, entry by entry: it checks so before it takes one.
#[must_use]
pub(crate) fn refusals(entries: &[Published]) -> Vec<(std::sync::Arc<str>, String)> {
    let mut found = Vec::new();
    for entry in entries {
        let mut say = |message: String| found.push((entry.name.clone(), message));
        if let Some(config) = &entry.config {
            if config.description.is_none() {
                say("`config.description` is missing".to_owned());
            }
            if config.kind != "object" {
                say(format!("`config.parameters.type` must be `object`, and is `{}`", config.kind));
            }
            let properties = Value::Object(config.properties.clone());
            if let Err(message) = property_list(&properties, "config.parameters.properties") {
                say(message);
            }
        }
        if entry.tools.iter().any(|tool| tool.name.is_empty()) {
            say("a tool has no name".to_owned());
        }
        if matches!(entry.kind, EntryType::Poci)
            && entry.tools.iter().all(|tool| tool.container.as_ref().is_none_or(|it| it.image.is_empty()))
        {
            say("no tool has an image".to_owned());
        }
    }
    found
}

/// Depth is bounded by that of the manifest.
fn property_list(properties: &Value, path: &str) -> Result<(), String> {
    for (name, property) in properties.as_object().into_iter().flatten() {
        let path = format!("{path}.{name}");
        match property["type"].as_str().unwrap_or_default() {
            "string" | "integer" | "number" | "boolean" => {}
            "object" if property["properties"].is_object() => {
                property_list(&property["properties"], &format!("{path}.properties"))?
            }
            "object" => return Err(format!("`{path}` is an object without `properties`")),
            "array" => match property["items"]["type"].as_str() {
                Some("string") => {}
                Some(other) => return Err(format!("`{path}.items` must be of the type `string`, and is `{other}`")),
                None => return Err(format!("`{path}` is an array without `items`")),
            },
            "" => return Err(format!("`{path}` has no type")),
            other => return Err(format!("`{path}` has the type `{other}`, which the Gateway does not know")),
        }
    }
    Ok(())
}
