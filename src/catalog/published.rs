//! An entry as published: what its users get, and what is known of it.

use super::pin::Pinned;
use super::schema::{self, Config};
use super::tools::{self, Tool};
use crate::entry::{Entry, EntryType, Manifest};
use crate::finding::Severity;
use crate::git::Age;
use crate::ids::{CommitSha, ImageReference};
use crate::policy::Settings;
use crate::policy::trust::{Standing, standing};
use crate::verdict::Risk;
use chrono::{DateTime, SecondsFormat, Utc};
use std::sync::Arc;
use url::Url;

/// The tag by which the Gateway knows what comes from the community registry, which it runs in another way.
pub(crate) const RESERVED_TAG: &str = "community";

/// An entry as published. Texts are those of the entry: escape them where they are shown.
#[derive(Debug, Clone)]
pub struct Published {
    /// The folder's name.
    pub name: Arc<str>,
    pub(crate) kind: EntryType,
    /// The name, where the entry has no title.
    pub(crate) title: String,
    /// In one line, with a full stop; the title where the entry has none.
    pub(crate) description: String,
    /// A URL.
    pub(crate) icon: Option<String>,
    /// Of a local server.
    pub(crate) image: Option<Image>,
    pub(crate) source: Option<Source>,
    /// Of a remote server.
    pub(crate) remote: Option<Remote>,
    pub(crate) oauth: Vec<Oauth>,
    pub(crate) secrets: Vec<Secret>,
    /// Variables with their values, which may be templates.
    pub(crate) env: Vec<(String, String)>,
    pub(crate) command: Vec<String>,
    pub(crate) volumes: Vec<String>,
    pub(crate) user: Option<String>,
    pub(crate) disable_network: bool,
    /// `host:port`
    pub(crate) allow_hosts: Vec<String>,
    pub(crate) long_lived: bool,
    /// What its users set.
    pub(crate) config: Option<Config>,
    pub(crate) tools: Vec<Tool>,
    /// Whether the tools are known only once it runs, or somebody has logged in.
    pub(crate) dynamic_tools: bool,
    pub(crate) category: Option<String>,
    /// Without [`RESERVED_TAG`].
    pub(crate) tags: Vec<String>,
    /// Who owns the repository, by its address.
    pub(crate) owner: Option<String>,
    /// When the entry came into the registry, and when it changed last; by Git.
    pub(crate) added: Option<DateTime<Utc>>,
    pub(crate) changed: Option<DateTime<Utc>>,
    pub(crate) standing: Standing,
    /// What `verify` said of the image, if its report is at hand.
    pub(crate) verified: Option<Verification>,
    /// What the review of the pinned commit said, if its report is at hand.
    pub(crate) review: Option<Review>,
    /// The text of the readme.
    pub(crate) readme: Option<Arc<str>>,
}

/// An image as users pull it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Image {
    /// By digest, if `pinned`; else as the entry names it.
    pub(crate) reference: String,
    pub(crate) pinned: bool,
    /// Whether the registry builds it.
    pub(crate) built: bool,
}

/// Where the code is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Source {
    /// The repository's address.
    pub(crate) project: String,
    /// The repository that `project` is a fork of.
    pub(crate) upstream: Option<String>,
    pub(crate) commit: Option<String>,
    /// Of the build context, as the entry has it; empty for the top.
    pub(crate) directory: String,
    pub(crate) branch: Option<String>,
}

impl Source {
    /// The page of the code at the pinned commit, as GitHub and GitLab call it.
    #[must_use]
    pub(crate) fn page(&self) -> String {
        let revision = self.commit.as_deref().or(self.branch.as_deref()).unwrap_or("main");
        let mut page = format!("{}/tree/{revision}", self.project);
        if !self.directory.is_empty() {
            page.push('/');
            page.push_str(&self.directory);
        }
        page
    }

    /// The repository that the code is of in the end.
    #[must_use]
    pub(crate) fn origin(&self) -> &str {
        self.upstream.as_deref().unwrap_or(&self.project)
    }
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Remote {
    pub(crate) url: String,
    /// `sse`, `streamable-http`; as the entry has it.
    pub(crate) transport: Option<String>,
    /// In the order of the entry.
    pub(crate) headers: Vec<(String, String)>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Oauth {
    pub(crate) provider: String,
    pub(crate) secret: Option<String>,
    pub(crate) env: Option<String>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Secret {
    pub(crate) name: String,
    /// The variable that it is given in.
    pub(crate) env: String,
    pub(crate) example: Option<String>,
    pub(crate) description: Option<String>,
    pub(crate) required: bool,
}

/// What `verify` said of an image.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Verification {
    /// It was looked at, and this is the worst that was found and not waived; none for nothing.
    Verified(Option<Severity>),
    /// It was not reached, or is not in the report.
    Unknown,
}

impl Verification {
    #[must_use]
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Verified(Some(Severity::Error)) => "failed",
            Self::Verified(_) => "verified",
            Self::Unknown => "unknown",
        }
    }
}

/// What a review of the pinned commit said.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Review {
    /// None where the review is not complete: that says nothing good.
    pub(crate) risk: Option<Risk>,
    pub(crate) commit: CommitSha,
}

impl Published {
    /// What is published of an entry.
    #[must_use]
    pub fn of(entry: &Entry, settings: &Settings, pinned: &Pinned, age: Age) -> Self {
        let manifest = &entry.manifest;
        let title = manifest.about.title.clone().unwrap_or_else(|| entry.name.to_string());
        let remote = manifest.remote.url.as_ref().map(|url| Remote {
            url: url.clone(),
            transport: manifest.remote.transport_type.clone(),
            headers: filled(&manifest.remote.headers),
        });
        let source = source(manifest);
        let owner = source.as_ref().filter(|_| is_local(manifest)).and_then(|source| owner(source.origin()));
        let document = entry.document().map(|document| document.root());
        let moment = |seconds: Option<i64>| DateTime::from_timestamp(seconds?, 0);
        Self {
            name: entry.name.clone(),
            kind: manifest.kind,
            description: sentence(manifest.about.description.as_deref().unwrap_or(&title)),
            title,
            icon: manifest.about.icon.clone(),
            image: image(manifest, settings, pinned),
            source,
            remote,
            oauth: oauth(manifest),
            secrets: secrets(entry),
            env: env(manifest),
            command: texts(&manifest.run.command),
            volumes: texts(&manifest.run.volumes),
            user: manifest.run.user.clone(),
            disable_network: manifest.run.disable_network,
            allow_hosts: texts(&manifest.run.allow_hosts),
            long_lived: manifest.long_lived,
            config: document.and_then(|root| schema::config(&entry.name, root.get("config")?)),
            tools: match manifest.kind {
                EntryType::Poci => document.map(tools::of_containers).unwrap_or_default(),
                _ => entry.tools_file.document().map(|list| tools::listed(list.root())).unwrap_or_default(),
            },
            dynamic_tools: manifest.dynamic_tools,
            category: manifest.meta.category.clone(),
            tags: manifest.meta.tags.iter().flatten().filter(|tag| *tag != RESERVED_TAG).cloned().collect(),
            owner,
            added: moment(age.added),
            changed: moment(age.changed),
            standing: standing(manifest, settings),
            verified: None,
            review: None,
            readme: entry.readme_file.text().cloned(),
        }
    }

    /// The pinned commit, if it is one.
    #[must_use]
    pub(crate) fn commit(&self) -> Option<CommitSha> {
        CommitSha::parse(self.source.as_ref()?.commit.as_deref()?).ok()
    }

    /// What the entry is, in one word: `server`, `remote`, `poci`.
    #[must_use]
    pub(crate) fn kind(&self) -> &'static str {
        match self.kind {
            EntryType::Remote => "remote",
            EntryType::Poci => "poci",
            EntryType::Server | EntryType::Unknown => "server",
        }
    }

    /// The review's risk: that of a complete review of the pinned commit.
    #[must_use]
    pub(crate) fn risk(&self) -> Option<Risk> {
        self.review.as_ref()?.risk
    }
}

/// A moment as catalogs have it: RFC 3339 in UTC, without fractions.
#[must_use]
pub(crate) fn moment(moment: DateTime<Utc>) -> String {
    moment.to_rfc3339_opts(SecondsFormat::Secs, true)
}

/// A text in one line, with a full stop.
fn sentence(text: &str) -> String {
    let mut line = text.replace('\n', " ").trim().to_owned();
    if !line.ends_with('.') {
        line.push('.');
    }
    line
}

/// Whether it runs on the user's machine, and has an image.
fn is_local(manifest: &Manifest) -> bool {
    matches!(manifest.kind, EntryType::Server | EntryType::Unknown) && manifest.remote.url.is_none()
}

fn image(manifest: &Manifest, settings: &Settings, pinned: &Pinned) -> Option<Image> {
    let named = manifest.image.as_ref().filter(|_| is_local(manifest))?;
    let built = ImageReference::parse(named).is_ok_and(|image| image.is_under(&settings.registry.namespace));
    Some(match pinned {
        Pinned::By(reference) => Image { reference: reference.to_string(), pinned: true, built },
        _ => Image { reference: named.clone(), pinned: false, built },
    })
}

fn source(manifest: &Manifest) -> Option<Source> {
    let source = &manifest.source;
    Some(Source {
        project: source.project.clone()?,
        upstream: source.upstream.clone(),
        commit: source.commit.clone(),
        directory: source.directory.clone().unwrap_or_default(),
        branch: source.branch.clone(),
    })
}

/// The first part of a repository's path.
fn owner(repository: &str) -> Option<String> {
    let url = Url::parse(repository).ok()?;
    let owner = url.path_segments()?.next().filter(|owner| !owner.is_empty())?;
    Some(owner.to_owned())
}

fn oauth(manifest: &Manifest) -> Vec<Oauth> {
    let one = |it: &crate::entry::manifest::OauthProvider| Oauth {
        provider: it.provider.clone().unwrap_or_default(),
        secret: it.secret.clone(),
        env: it.env.clone(),
    };
    manifest.oauth.iter().map(one).collect()
}

fn secrets(entry: &Entry) -> Vec<Secret> {
    let items = entry.document().and_then(|document| document.root().get("config")?.get("secrets"));
    let required = |index: usize| items.and_then(|items| items.items().get(index)).is_some_and(schema::is_required);
    let one = |(index, it): (usize, &crate::entry::manifest::Secret)| Secret {
        name: it.name.clone().unwrap_or_default(),
        env: it.env.clone().unwrap_or_default(),
        example: it.example.clone(),
        description: it.description.clone(),
        required: required(index),
    };
    entry.manifest.config.secrets.iter().enumerate().map(one).collect()
}

/// The variables of `config.env`, then those of `run.env`.
fn env(manifest: &Manifest) -> Vec<(String, String)> {
    let set = manifest.config.env.iter().map(|it| (it.name.clone().unwrap_or_default(), it.value.clone()));
    let fixed = manifest.run.env.iter().cloned();
    set.chain(fixed).map(|(name, value)| (name, value.unwrap_or_default())).collect()
}

fn texts(items: &[Option<String>]) -> Vec<String> {
    items.iter().map(|item| item.clone().unwrap_or_default()).collect()
}

fn filled(pairs: &[(String, Option<String>)]) -> Vec<(String, String)> {
    pairs.iter().map(|(name, value)| (name.clone(), value.clone().unwrap_or_default())).collect()
}
