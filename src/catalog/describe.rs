//! An entry as published, as one JSON object: `show --format json`, and what pages are made of.

use super::file::{Fields, argument, config, provider, texts};
use super::published::{Published, moment};
use super::tools::Tool;
use serde_json::{Value, json};

/// Everything that is known of an entry. Absent things are left out; lists are always there.
#[must_use]
pub(crate) fn json(entry: &Published) -> Value {
    let mut all = Fields::default();
    all.always("name", &*entry.name);
    all.always("type", entry.kind());
    all.always("title", entry.title.as_str());
    all.always("description", entry.description.as_str());
    all.some("icon", entry.icon.as_deref());
    all.some("category", entry.category.as_deref());
    all.always("tags", texts(&entry.tags));
    all.some("owner", entry.owner.as_deref());
    let standing = &entry.standing;
    all.always(
        "trust",
        json!({
            "level": standing.level.as_str(), "publisher": standing.publisher, "because": standing.because,
        }),
    );
    all.some("verification", entry.verified.map(|it| it.as_str()));
    all.some("review", entry.review.as_ref().map(|review| json!({
        "risk": review.risk.map(|risk| risk.as_str()), "complete": review.risk.is_some(), "commit": review.commit.as_str(),
    })));
    all.some("added", entry.added.map(moment));
    all.some("changed", entry.changed.map(moment));
    all.some(
        "image",
        entry.image.as_ref().map(|image| {
            json!({
                "reference": image.reference, "pinned": image.pinned, "built": image.built,
            })
        }),
    );
    all.some(
        "source",
        entry.source.as_ref().map(|source| {
            let mut all = Fields::default();
            all.always("project", source.project.as_str());
            all.some("upstream", source.upstream.as_deref());
            all.some("commit", source.commit.as_deref());
            all.some("directory", Some(source.directory.as_str()).filter(|it| !it.is_empty()));
            all.always("page", source.page());
            all.0
        }),
    );
    all.some(
        "remote",
        entry.remote.as_ref().map(|remote| {
            let headers: Vec<Value> =
                remote.headers.iter().map(|(name, value)| json!({ "name": name, "value": value })).collect();
            json!({ "url": remote.url, "transport": remote.transport, "headers": headers })
        }),
    );
    all.always("oauth", entry.oauth.iter().map(provider).collect::<Vec<_>>());
    let secret = |it: &super::published::Secret| json!({ "name": it.name, "env": it.env, "example": it.example, "description": it.description, "required": it.required });
    all.always("secrets", entry.secrets.iter().map(secret).collect::<Vec<_>>());
    let env = |(name, value): &(String, String)| json!({ "name": name, "value": value });
    all.always("env", entry.env.iter().map(env).collect::<Vec<_>>());
    all.always("command", texts(&entry.command));
    all.always("volumes", texts(&entry.volumes));
    all.some("user", entry.user.as_deref());
    all.always("network", json!({ "disabled": entry.disable_network, "allow": entry.allow_hosts }));
    all.always("long_lived", entry.long_lived);
    all.some("config", entry.config.as_ref().map(config));
    all.always("dynamic_tools", entry.dynamic_tools);
    all.always("tools", entry.tools.iter().map(tool).collect::<Vec<_>>());
    all.always("readme", entry.readme.is_some());
    all.0.into()
}

fn tool(tool: &Tool) -> Value {
    let mut all = Fields::default();
    all.always("name", tool.name.as_str());
    all.always("description", tool.description.as_str());
    all.some("arguments", tool.arguments.as_ref().map(|all| all.iter().map(argument).collect::<Vec<_>>()));
    if !tool.annotations.is_empty() {
        all.always("annotations", tool.annotations.clone());
    }
    all.some(
        "container",
        tool.container.as_ref().map(|it| json!({ "image": it.image, "command": it.command, "volumes": it.volumes })),
    );
    all.some("parameters", tool.parameters.clone());
    all.0.into()
}

/// What an entry can reach, in words: one clause for each way.
#[must_use]
pub(crate) fn reach(entry: &Published) -> Vec<String> {
    let mut all = Vec::new();
    if let Some(remote) = &entry.remote {
        all.push(format!("what you send goes to {}", remote.url));
    } else if entry.disable_network {
        all.push("no network".to_owned());
    } else if entry.allow_hosts.is_empty() {
        all.push("the whole network".to_owned());
    } else {
        all.push(format!("the network: {}", entry.allow_hosts.join(", ")));
    }
    if !entry.volumes.is_empty() {
        all.push(format!("your files: {}", entry.volumes.join(", ")));
    }
    let volumes = entry.tools.iter().filter_map(|tool| tool.container.as_ref()).flat_map(|it| &it.volumes);
    let volumes: Vec<&str> = volumes.map(String::as_str).collect();
    if !volumes.is_empty() {
        all.push(format!("your files: {}", volumes.join(", ")));
    }
    all
}
