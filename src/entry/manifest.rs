//! The model of `server.yaml`, read leniently: a field of the wrong type is as absent, and the rule
//! `wrong-type` says so. As in Go, whose structs define the format, an empty text is an absent one.
//!
//! Sequences keep their positions: item `i` of a list here is item `i` in the file, so a rule can
//! build the route of what it found.

use crate::document::{Node, Value, scalar};

/// What kind of entry it is: `type`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum EntryType {
    /// `server`: a container that runs locally; built from pinned source.
    Server,
    /// `remote`: a service that others run.
    Remote,
    /// `poci`: tools that are each a container ("plain old container image").
    Poci,
    /// Absent or anything else.
    #[default]
    Unknown,
}

/// `server.yaml`.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Manifest {
    /// `name`
    pub name: Option<String>,
    /// `image`
    pub image: Option<String>,
    /// `type`
    pub kind: EntryType,
    /// `longLived`
    pub long_lived: bool,
    /// `meta`
    pub meta: Meta,
    /// `about`
    pub about: About,
    /// `source`
    pub source: Source,
    /// `remote`
    pub remote: Remote,
    /// `run`
    pub run: Run,
    /// `config`
    pub config: Config,
    /// `oauth`
    pub oauth: Vec<OauthProvider>,
    /// `dynamic.tools`
    pub dynamic_tools: bool,
    /// `tools`, of a `poci` entry
    pub tools: Vec<ContainerTool>,
    /// `requirement`
    pub requirement: Option<String>,
}

/// `meta`
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Meta {
    /// `meta.category`
    pub category: Option<String>,
    /// `meta.tags`; an item that is not text is `None`
    pub tags: Vec<Option<String>>,
}

/// `about`
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct About {
    /// `about.title`
    pub title: Option<String>,
    /// `about.description`
    pub description: Option<String>,
    /// `about.icon`, a URL
    pub icon: Option<String>,
}

/// `source`
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Source {
    /// `source.project`, the URL of the Git repository
    pub project: Option<String>,
    /// `source.upstream`, the repository that `project` is a fork of
    pub upstream: Option<String>,
    /// `source.branch`; absent means the repository's default branch
    pub branch: Option<String>,
    /// `source.directory`, of the build context
    pub directory: Option<String>,
    /// `source.dockerfile`, relative to the directory
    pub dockerfile: Option<String>,
    /// `source.buildTarget`, a stage of the Dockerfile
    pub build_target: Option<String>,
    /// `source.commit`, the pin
    pub commit: Option<String>,
}

/// `remote`
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Remote {
    /// `remote.url`
    pub url: Option<String>,
    /// `remote.transport_type`
    pub transport_type: Option<String>,
    /// `remote.headers`, in the order of the file
    pub headers: Vec<(String, Option<String>)>,
}

/// `run`
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Run {
    /// `run.command`
    pub command: Vec<Option<String>>,
    /// `run.volumes`
    pub volumes: Vec<Option<String>>,
    /// `run.env`, in the order of the file
    pub env: Vec<(String, Option<String>)>,
    /// `run.allowHosts`
    pub allow_hosts: Vec<Option<String>>,
    /// `run.disableNetwork`
    pub disable_network: bool,
    /// `run.user`
    pub user: Option<String>,
}

/// `config`
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Config {
    /// `config.description`
    pub description: Option<String>,
    /// `config.secrets`
    pub secrets: Vec<Secret>,
    /// `config.env`
    pub env: Vec<Env>,
    /// `config.parameters`
    pub parameters: Parameter,
}

/// An item of `config.secrets`.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Secret {
    /// `name`
    pub name: Option<String>,
    /// `env`, the variable that the secret is given in
    pub env: Option<String>,
    /// `example`
    pub example: Option<String>,
    /// `description`
    pub description: Option<String>,
}

/// An item of `config.env`.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Env {
    /// `name`
    pub name: Option<String>,
    /// `example`, of any scalar type, as its text
    pub example: Option<String>,
    /// `value`, often a template
    pub value: Option<String>,
}

/// `config.parameters` and everything below it: a JSON Schema in small.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Parameter {
    /// `type`
    pub kind: Option<String>,
    /// `description`
    pub description: Option<String>,
    /// `properties`, in the order of the file
    pub properties: Vec<(String, Parameter)>,
    /// `required`
    pub required: Vec<Option<String>>,
}

/// An item of `oauth`.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct OauthProvider {
    /// `provider`
    pub provider: Option<String>,
    /// `secret`
    pub secret: Option<String>,
    /// `env`
    pub env: Option<String>,
}

/// An item of `tools`.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ContainerTool {
    /// `name`
    pub name: Option<String>,
    /// `description`
    pub description: Option<String>,
    /// `container.image`
    pub image: Option<String>,
    /// `container.command`
    pub command: Vec<Option<String>>,
    /// `container.volumes`
    pub volumes: Vec<Option<String>>,
}

fn own_text(node: &Node) -> Option<String> {
    node.scalar().and_then(scalar::go_string).filter(|text| !text.is_empty()).map(Into::into)
}

fn text(node: Option<&Node>, key: &str) -> Option<String> {
    own_text(node?.get(key)?)
}

fn flag(node: Option<&Node>, key: &str) -> bool {
    node.and_then(|node| node.get(key)).and_then(Node::scalar).and_then(scalar::go_bool).unwrap_or(false)
}

fn items<T>(node: Option<&Node>, key: &str, read: impl Fn(&Node) -> T) -> Vec<T> {
    node.and_then(|node| node.get(key)).map(|list| list.items().iter().map(read).collect()).unwrap_or_default()
}

fn texts(node: Option<&Node>, key: &str) -> Vec<Option<String>> {
    items(node, key, own_text)
}

fn text_map(node: Option<&Node>, key: &str) -> Vec<(String, Option<String>)> {
    node.and_then(|node| node.get(key))
        .map(|map| map.pairs().iter().map(|pair| (pair.key.text.to_string(), own_text(&pair.value))).collect())
        .unwrap_or_default()
}

/// Depth is bounded by the document's own limit.
fn parameter(node: &Node) -> Parameter {
    let node = Some(node);
    Parameter {
        kind: text(node, "type"),
        description: text(node, "description"),
        properties: node
            .and_then(|node| node.get("properties"))
            .map(|map| map.pairs().iter().map(|pair| (pair.key.text.to_string(), parameter(&pair.value))).collect())
            .unwrap_or_default(),
        required: texts(node, "required"),
    }
}

impl Manifest {
    /// Whether the registry builds the image itself: a server's, without a name or with one in the registry's namespace.
    #[must_use]
    pub fn is_built_in(&self, namespace: &str) -> bool {
        self.kind == EntryType::Server && self.image.as_deref().is_none_or(|image| image.starts_with(namespace))
    }

    /// Reads the model from the root of `server.yaml`. Anything that is not a mapping gives an empty one.
    #[must_use]
    pub fn read(root: &Node) -> Self {
        if !matches!(root.value, Value::Mapping(_)) {
            return Self::default();
        }
        let top = Some(root);
        let (meta, about, source) = (root.get("meta"), root.get("about"), root.get("source"));
        let (remote, run, config) = (root.get("remote"), root.get("run"), root.get("config"));
        Self {
            name: text(top, "name"),
            image: text(top, "image"),
            kind: match text(top, "type").as_deref() {
                Some("server") => EntryType::Server,
                Some("remote") => EntryType::Remote,
                Some("poci") => EntryType::Poci,
                _ => EntryType::Unknown,
            },
            long_lived: flag(top, "longLived"),
            meta: Meta { category: text(meta, "category"), tags: texts(meta, "tags") },
            about: About {
                title: text(about, "title"),
                description: text(about, "description"),
                icon: text(about, "icon"),
            },
            source: Source {
                project: text(source, "project"),
                upstream: text(source, "upstream"),
                branch: text(source, "branch"),
                directory: text(source, "directory"),
                dockerfile: text(source, "dockerfile"),
                build_target: text(source, "buildTarget"),
                commit: text(source, "commit"),
            },
            remote: Remote {
                url: text(remote, "url"),
                transport_type: text(remote, "transport_type"),
                headers: text_map(remote, "headers"),
            },
            run: Run {
                command: texts(run, "command"),
                volumes: texts(run, "volumes"),
                env: text_map(run, "env"),
                allow_hosts: texts(run, "allowHosts"),
                disable_network: flag(run, "disableNetwork"),
                user: text(run, "user"),
            },
            config: Config {
                description: text(config, "description"),
                secrets: items(config, "secrets", |item| {
                    let item = Some(item);
                    Secret {
                        name: text(item, "name"),
                        env: text(item, "env"),
                        example: text(item, "example"),
                        description: text(item, "description"),
                    }
                }),
                env: items(config, "env", |item| {
                    let item = Some(item);
                    Env { name: text(item, "name"), example: text(item, "example"), value: text(item, "value") }
                }),
                parameters: config.and_then(|config| config.get("parameters")).map(parameter).unwrap_or_default(),
            },
            oauth: items(top, "oauth", |item| {
                let item = Some(item);
                OauthProvider { provider: text(item, "provider"), secret: text(item, "secret"), env: text(item, "env") }
            }),
            dynamic_tools: flag(root.get("dynamic"), "tools"),
            tools: items(top, "tools", |item| {
                let container = item.get("container");
                ContainerTool {
                    name: text(Some(item), "name"),
                    description: text(Some(item), "description"),
                    image: text(container, "image"),
                    command: texts(container, "command"),
                    volumes: texts(container, "volumes"),
                }
            }),
            requirement: text(top, "requirement"),
        }
    }
}
