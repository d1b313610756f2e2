//! A catalog as a file for the MCP Gateway, in the keys of the format's own program.

use super::published::{Published, moment};
use super::schema::Config;
use super::tools::{Argument, Tool};
use super::yaml;
use serde_json::{Map, Value, json};

/// The version of the format.
const VERSION: u32 = 2;

/// What a file is about, beside its entries.
#[derive(Debug, Clone)]
pub struct Heading {
    /// What the Gateway calls the catalog.
    pub name: String,
    /// What people see.
    pub title: String,
    /// Where readmes (`readme/NAME.md`) and lists of tools (`tools/NAME.json`) are published, without a slash at its end; none where
    /// they are not.
    pub assets: Option<String>,
}

/// The file, sorted by name.
#[must_use]
pub fn render(entries: &[Published], heading: &Heading) -> String {
    let mut sorted: Vec<&Published> = entries.iter().collect();
    sorted.sort_by(|a, b| a.name.cmp(&b.name));
    let registry: Map<String, Value> =
        sorted.into_iter().map(|entry| (entry.name.to_string(), tile(entry, heading))).collect();
    yaml::document(&json!({
        "version": VERSION,
        "name": heading.name,
        "displayName": heading.title,
        "registry": registry,
    }))
}

/// One entry.
fn tile(entry: &Published, heading: &Heading) -> Value {
    let mut all = Fields::default();
    all.always("description", entry.description.as_str());
    all.always("title", entry.title.as_str());
    all.always("type", entry.kind());
    all.some("dateAdded", entry.added.map(moment));
    all.some("image", entry.image.as_ref().map(|image| image.reference.as_str()));
    // Nobody needs these two, and readers of the format refuse an entry without them.
    all.always("ref", "");
    if let Some(assets) = &heading.assets {
        all.always("readme", format!("{assets}/readme/{}.md", entry.name));
        all.always("toolsUrl", format!("{assets}/tools/{}.json", entry.name));
    }
    let local = entry.source.as_ref().filter(|_| entry.image.is_some());
    all.always("source", local.map(super::published::Source::page).unwrap_or_default());
    all.some("upstream", entry.source.as_ref().map(|source| source.origin()));
    all.some(
        "remote",
        entry.remote.as_ref().map(|remote| {
            let mut all = Fields::default();
            all.some("transport_type", remote.transport.as_deref());
            all.always("url", remote.url.as_str());
            all.some("headers", map(&remote.headers));
            all.0
        }),
    );
    all.always("icon", entry.icon.as_deref().unwrap_or_default());
    all.always("tools", entry.tools.iter().map(tool).collect::<Vec<_>>());
    let secrets: Vec<Value> = entry.secrets.iter().map(secret).collect();
    all.list("secrets", secrets);
    all.list("env", entry.env.iter().map(|(name, value)| json!({ "name": name, "value": value })).collect());
    all.list("command", texts(&entry.command));
    all.list("volumes", texts(&entry.volumes));
    all.some("user", entry.user.as_deref());
    all.flag("disableNetwork", entry.disable_network);
    all.list("allowHosts", texts(&entry.allow_hosts));
    all.flag("longLived", entry.long_lived);
    all.always("prompts", 0);
    all.always("resources", json!({}));
    all.list("config", entry.config.iter().map(config).collect());
    all.always("metadata", metadata(entry));
    if !entry.oauth.is_empty() {
        all.always("oauth", json!({ "providers": entry.oauth.iter().map(provider).collect::<Vec<_>>() }));
    }
    all.0.into()
}

fn secret(secret: &super::published::Secret) -> Value {
    let mut all = Fields::default();
    all.always("name", secret.name.as_str());
    all.always("env", secret.env.as_str());
    all.always("example", secret.example.as_deref().unwrap_or_default());
    all.some("description", secret.description.as_deref());
    all.flag("required", secret.required);
    all.0.into()
}

pub(super) fn provider(provider: &super::published::Oauth) -> Value {
    let mut all = Fields::default();
    all.always("provider", provider.provider.as_str());
    all.some("secret", provider.secret.as_deref());
    all.some("env", provider.env.as_deref());
    all.0.into()
}

pub(super) fn config(config: &Config) -> Value {
    let mut all = Fields::default();
    all.always("name", config.name.as_str());
    all.always("description", config.description.as_deref().unwrap_or_default());
    all.always("type", config.kind.as_str());
    all.always("properties", config.properties.clone());
    all.list("anyOf", config.any_of.clone());
    all.list("required", texts(&config.required));
    all.0.into()
}

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
    if let Some(container) = &tool.container {
        let mut inside = Fields::default();
        inside.always("image", container.image.as_str());
        inside.list("command", texts(&container.command));
        inside.list("volumes", texts(&container.volumes));
        all.always("container", inside.0);
    }
    all.some("parameters", tool.parameters.clone());
    all.0.into()
}

pub(super) fn argument(argument: &Argument) -> Value {
    let mut all = Fields::default();
    all.always("name", argument.name.as_str());
    all.always("type", argument.kind.as_str());
    all.some("items", argument.items.as_ref().map(|kind| json!({ "type": kind })));
    all.always("desc", argument.description.as_str());
    all.flag("optional", argument.optional);
    all.0.into()
}

/// What is known of the entry. The Gateway shows the category, tags and owner, and does not read the rest.
fn metadata(entry: &Published) -> Value {
    let mut all = Fields::default();
    all.some("category", entry.category.as_deref());
    all.list("tags", texts(&entry.tags));
    all.some("owner", entry.owner.as_deref());
    all.always("trust", entry.standing.level.as_str());
    all.some("publisher", entry.standing.publisher.as_deref());
    all.some("verification", entry.verified.map(super::published::Verification::as_str));
    all.some("risk", entry.risk().map(crate::verdict::Risk::as_str));
    all.0.into()
}

fn map(pairs: &[(String, String)]) -> Option<Value> {
    (!pairs.is_empty()).then(|| pairs.iter().map(|(key, value)| (key.clone(), Value::from(value.as_str()))).collect())
}

pub(super) fn texts(items: &[String]) -> Vec<Value> {
    items.iter().map(|item| item.as_str().into()).collect()
}

/// The fields of an object, in the order in which they are given. Empty ones are left out unless they are always there.
#[derive(Default)]
pub(super) struct Fields(pub(super) Map<String, Value>);

impl Fields {
    pub(super) fn always(&mut self, key: &str, value: impl Into<Value>) {
        self.0.insert(key.to_owned(), value.into());
    }

    pub(super) fn some(&mut self, key: &str, value: Option<impl Into<Value>>) {
        if let Some(value) = value {
            self.always(key, value);
        }
    }

    pub(super) fn flag(&mut self, key: &str, value: bool) {
        if value {
            self.always(key, true);
        }
    }

    pub(super) fn list(&mut self, key: &str, items: Vec<Value>) {
        if !items.is_empty() {
            self.always(key, items);
        }
    }
}
