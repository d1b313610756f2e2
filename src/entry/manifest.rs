//! The model of `server.yaml`, read leniently: a field of the wrong type is as absent, and the rule
//! `wrong-type` says so. As in Go, whose structs define the format, an empty text is an absent one.
//!
//! Sequences keep their positions: item `i` of a list here is item `i` in the file, so a rule can
//! build the route of what it found.

use crate::document::{Node, Value, scalar};

/// What kind of entry it is: `type`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) enum EntryType {
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
pub(crate) struct Manifest {
    /// `name`
    pub(crate) name: Option<String>,
    /// `image`
    pub(crate) image: Option<String>,
    /// `type`
    pub(crate) kind: EntryType,
    /// `longLived`
    pub(crate) long_lived: bool,
    /// `meta`
    pub(crate) meta: Meta,
    /// `about`
    pub(crate) about: About,
    /// `source`
    pub(crate) source: Source,
    /// `remote`
    pub(crate) remote: Remote,
    /// `run`
    pub(crate) run: Run,
    /// `config`
    pub(crate) config: Config,
    /// `oauth`
    pub(crate) oauth: Vec<OauthProvider>,
    /// `dynamic.tools`
    pub(crate) dynamic_tools: bool,
    /// `tools`, of a `poci` entry
    pub(crate) tools: Vec<ContainerTool>,
    /// `requirement`
    pub(crate) requirement: Option<String>,
}

/// `meta`
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct Meta {
    /// `meta.category`
    pub(crate) category: Option<String>,
    /// `meta.tags`; an item that is not text is `None`
    pub(crate) tags: Vec<Option<String>>,
}

/// `about`
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct About {
    /// `about.title`
    pub(crate) title: Option<String>,
    /// `about.description`
    pub(crate) description: Option<String>,
    /// `about.icon`, a URL
    pub(crate) icon: Option<String>,
}

/// `source`
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct Source {
    /// `source.project`, the URL of the Git repository
    pub(crate) project: Option<String>,
    /// `source.upstream`, the repository that `project` is a fork of
    pub(crate) upstream: Option<String>,
    /// `source.branch`; absent means the repository's default branch
    pub(crate) branch: Option<String>,
    /// `source.directory`, of the build context
    pub(crate) directory: Option<String>,
    /// `source.dockerfile`, relative to the directory
    pub(crate) dockerfile: Option<String>,
    /// `source.buildTarget`, a stage of the Dockerfile
    pub(crate) build_target: Option<String>,
    /// `source.commit`, the pin
    pub(crate) commit: Option<String>,
}

/// `remote`
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct Remote {
    /// `remote.url`
    pub(crate) url: Option<String>,
    /// `remote.transport_type`
    pub(crate) transport_type: Option<String>,
    /// `remote.headers`, in the order of the file
    pub(crate) headers: Vec<(String, Option<String>)>,
}

/// `run`
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct Run {
    /// `run.command`
    pub(crate) command: Vec<Option<String>>,
    /// `run.volumes`
    pub(crate) volumes: Vec<Option<String>>,
    /// `run.env`, in the order of the file
    pub(crate) env: Vec<(String, Option<String>)>,
    /// `run.allowHosts`
    pub(crate) allow_hosts: Vec<Option<String>>,
    /// `run.disableNetwork`
    pub(crate) disable_network: bool,
    /// `run.user`
    pub(crate) user: Option<String>,
}

/// `config`
#[derive(Debug, Clone, PartialEq, Default)]
pub(crate) struct Config {
    /// `config.description`
    pub(crate) description: Option<String>,
    /// `config.secrets`
    pub(crate) secrets: Vec<Secret>,
    /// `config.env`
    pub(crate) env: Vec<Env>,
    /// `config.parameters`
    pub(crate) parameters: Parameter,
}

/// An item of `config.secrets`.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct Secret {
    /// `name`
    pub(crate) name: Option<String>,
    /// `env`, the variable that the secret is given in
    pub(crate) env: Option<String>,
    /// `example`
    pub(crate) example: Option<String>,
    /// `description`
    pub(crate) description: Option<String>,
}

/// An item of `config.env`.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct Env {
    /// `name`
    pub(crate) name: Option<String>,
    /// `example`, of any scalar type, as its text
    pub(crate) example: Option<String>,
    /// `value`, often a template
    pub(crate) value: Option<String>,
}

/// `config.parameters` and everything below it: a JSON Schema in small.
#[derive(Debug, Clone, PartialEq, Default)]
pub(crate) struct Parameter {
    /// `type`
    pub(crate) kind: Option<String>,
    /// `description`
    pub(crate) description: Option<String>,
    /// `properties`, in the order of the file
    pub(crate) properties: Vec<(String, Parameter)>,
    /// `required`
    pub(crate) required: Vec<Option<String>>,
}

/// An item of `oauth`.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct OauthProvider {
    /// `provider`
    pub(crate) provider: Option<String>,
    /// `secret`
    pub(crate) secret: Option<String>,
    /// `env`
    pub(crate) env: Option<String>,
}

/// An item of `tools`.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct ContainerTool {
    /// `name`
    pub(crate) name: Option<String>,
    /// `description`
    pub(crate) description: Option<String>,
    /// `container.image`
    pub(crate) image: Option<String>,
    /// `container.command`
    pub(crate) command: Vec<Option<String>>,
    /// `container.volumes`
    pub(crate) volumes: Vec<Option<String>>,
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
    pub(crate) fn is_built_in(&self, namespace: &str) -> bool {
        self.kind == EntryType::Server && self.image.as_deref().is_none_or(|image| image.starts_with(namespace))
    }

    /// Reads the model from the root of `server.yaml`. Anything that is not a mapping gives an empty one.
    #[must_use]
    pub(crate) fn read(root: &Node) -> Self {
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
