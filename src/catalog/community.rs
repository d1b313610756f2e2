//! Entries as `server.json` of the community registry (schema of 2025-12-11), which clients and the MCP Gateway read, too.

mod variables;

use super::file::Fields;
use super::published::{Published, moment};
use crate::entry::EntryType;
use crate::text::cut;
use chrono::{Datelike as _, Timelike as _};
use regex::Regex;
use serde_json::{Value, json};
use std::sync::LazyLock;
use variables::{Variables, replaced};

/// The schema that files name.
pub(crate) const SCHEMA: &str = "https://static.modelcontextprotocol.io/schemas/2025-12-11/server.schema.json";
/// Where a publisher says what the schema has no field for.
const OURS: &str = "io.modelcontextprotocol.registry/publisher-provided";
/// Characters of titles and descriptions, by the schema.
const MAX_TEXT: usize = 100;
/// Characters of the address of an icon, by the schema.
const MAX_ICON: usize = 255;

static NAME: LazyLock<Option<Regex>> = LazyLock::new(|| Regex::new(r"^[a-zA-Z0-9.-]+/[a-zA-Z0-9._-]+$").ok());

/// Why an entry has no `server.json`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Without {
    /// It is of a type that the schema does not have: a `poci`.
    Kind,
    /// Its address has variables, which readers do not fill in.
    Address,
    /// Its name, with the namespace, is not one.
    Name(String),
    /// It has no image that can be named.
    Image,
}

/// The name of an entry in the community registry.
#[must_use]
pub(crate) fn name(namespace: &str, entry: &Published) -> String {
    format!("{namespace}/{}", entry.name)
}

/// The version of an entry: the day it changed last, by Git, and the pinned commit. It is a semantic version, and a later one of the
/// same entry is greater unless both are of one day.
#[must_use]
pub(crate) fn version(entry: &Published) -> String {
    let day = entry.changed.map_or("0.0.0".to_owned(), |it| format!("{}.{}.{}", it.year(), it.month(), it.day()));
    match (entry.commit(), entry.changed) {
        (Some(commit), _) => format!("{day}-g{}", commit.short()),
        (None, Some(it)) => format!("{day}-t{:02}{:02}{:02}", it.hour(), it.minute(), it.second()),
        (None, None) => day,
    }
}

/// The `server.json` of an entry under a namespace such as `io.github.acme`.
///
/// # Errors
/// When it can have none.
pub(crate) fn server(entry: &Published, namespace: &str) -> Result<Value, Without> {
    let name = name(namespace, entry);
    if !NAME.as_ref().is_some_and(|pattern| pattern.is_match(&name)) || name.len() > 200 {
        return Err(Without::Name(name));
    }
    let variables = Variables::of(entry);
    let mut all = Fields::default();
    all.always("$schema", SCHEMA);
    all.always("name", name);
    all.always("title", &*cut(&entry.title, MAX_TEXT));
    all.always("description", &*cut(&entry.description, MAX_TEXT));
    all.some("repository", entry.source.as_ref().and_then(repository));
    all.always("version", version(entry));
    let icon = entry.icon.as_deref().filter(|it| it.starts_with("https://") && it.chars().count() <= MAX_ICON);
    all.list("icons", icon.map(|src| json!({ "src": src })).into_iter().collect());
    match entry.kind {
        EntryType::Poci => return Err(Without::Kind),
        EntryType::Remote => all.list("remotes", vec![remote(entry, &variables)?]),
        EntryType::Server | EntryType::Unknown => all.list("packages", vec![package(entry, &variables)?]),
    }
    all.always("_meta", json!({ OURS: about(entry) }));
    Ok(all.0.into())
}

fn repository(source: &super::published::Source) -> Option<Value> {
    let url = url::Url::parse(&source.project).ok()?;
    let mut all = Fields::default();
    all.always("url", source.project.as_str());
    let host = url.host_str()?;
    all.always("source", host.strip_suffix(".com").unwrap_or(host));
    all.some("subfolder", Some(source.directory.as_str()).filter(|it| !it.is_empty()));
    Some(all.0.into())
}

/// A package of type `oci`. Its identifier has the digest, and no `version` beside it: readers would put both together.
fn package(entry: &Published, variables: &Variables) -> Result<Value, Without> {
    let image = entry.image.as_ref().ok_or(Without::Image)?;
    let mut all = Fields::default();
    all.always("registryType", "oci");
    all.always("identifier", image.reference.as_str());
    let named = |name: &str, value: &str| {
        let mut all = Fields::default();
        all.always("type", "named");
        all.always("name", name);
        replaced(value, variables, &mut all);
        Value::from(all.0)
    };
    let mut runtime: Vec<Value> = entry.volumes.iter().map(|volume| named("-v", volume)).collect();
    runtime.extend(entry.user.iter().map(|user| named("-u", user)));
    if entry.disable_network {
        runtime.push(named("--network", "none"));
    }
    all.some("runtimeHint", (!runtime.is_empty()).then_some("docker"));
    all.always("transport", json!({ "type": "stdio" }));
    all.list("runtimeArguments", runtime);
    let argument = |value: &String| {
        let mut all = Fields::default();
        all.always("type", "positional");
        replaced(value, variables, &mut all);
        Value::from(all.0)
    };
    all.list("packageArguments", entry.command.iter().map(argument).collect());
    let mut environment = secrets(entry);
    for (name, value) in entry.env.iter().filter(|(name, _)| !name.is_empty()) {
        let mut all = Fields::default();
        all.always("name", name.as_str());
        replaced(value, variables, &mut all);
        environment.push(all.0.into());
    }
    all.list("environmentVariables", environment);
    Ok(all.0.into())
}

/// Secrets are variables that users fill in.
fn secrets(entry: &Published) -> Vec<Value> {
    let one = |it: &super::published::Secret| {
        let mut all = Fields::default();
        all.always("name", it.env.as_str());
        all.some("description", it.description.as_deref());
        all.flag("isRequired", it.required);
        all.always("isSecret", true);
        Value::from(all.0)
    };
    entry.secrets.iter().filter(|it| !it.env.is_empty()).map(one).collect()
}

fn remote(entry: &Published, variables: &Variables) -> Result<Value, Without> {
    let remote = entry.remote.as_ref().ok_or(Without::Image)?;
    if remote.url.contains(['{', '}']) || remote.url.contains(char::is_whitespace) || !remote.url.starts_with("http") {
        return Err(Without::Address);
    }
    let mut all = Fields::default();
    all.always("type", if remote.transport.as_deref() == Some("sse") { "sse" } else { "streamable-http" });
    all.always("url", remote.url.as_str());
    let header = |(name, value): &(String, String)| {
        let mut all = Fields::default();
        all.always("name", name.as_str());
        replaced(value, variables, &mut all);
        Value::from(all.0)
    };
    all.list("headers", remote.headers.iter().map(header).collect());
    Ok(all.0.into())
}

/// What the schema has no field for.
fn about(entry: &Published) -> Value {
    let mut all = Fields::default();
    all.always("trust", entry.standing.level.as_str());
    all.some("publisher", entry.standing.publisher.as_deref());
    all.some("verification", entry.verified.map(super::published::Verification::as_str));
    all.some("risk", entry.risk().map(crate::verdict::Risk::as_str));
    all.some("commit", entry.source.as_ref().and_then(|source| source.commit.as_deref()));
    all.some("category", entry.category.as_deref());
    all.list("tags", super::file::texts(&entry.tags));
    all.list("allowHosts", super::file::texts(&entry.allow_hosts));
    if !entry.oauth.is_empty() {
        // The Gateway reads it here.
        all.always("oauth", json!({ "providers": entry.oauth.iter().map(super::file::provider).collect::<Vec<_>>() }));
    }
    all.0.into()
}

/// What the registry's API says of an entry: the `server.json`, and when it came and changed.
#[must_use]
pub(crate) fn response(entry: &Published, server: &Value) -> Value {
    let mut official = Fields::default();
    official.always("status", "active");
    official.some("publishedAt", entry.added.map(moment));
    official.some("updatedAt", entry.changed.map(moment));
    official.always("isLatest", true);
    json!({ "server": server, "_meta": { "io.modelcontextprotocol.registry/official": official.0 } })
}
