//! What an entry is built from and what its image is called, or why nothing is built.

use crate::document::Document;
use crate::entry::source::{BuiltFrom, source_of};
use crate::entry::{Entry, EntryFile, EntryType, Manifest, Tool};
use crate::error::CommandError;
use crate::ids::ImageReference;
use crate::net::address::Address;
use crate::validate::rules::refused_host;
use std::sync::Arc;

/// What is to be done for an entry.
#[derive(Debug, Clone)]
pub(crate) enum What {
    Build(Box<Plan>),
    /// Nothing is built, and why.
    Nothing(String),
    Prebuilt(Box<Subject>),
}

/// A build to be made.
#[derive(Debug, Clone)]
pub(crate) struct Plan {
    pub(crate) subject: Subject,
    pub(crate) source: BuiltFrom,
}

/// An entry with an image.
#[derive(Debug, Clone)]
pub(crate) struct Subject {
    pub(crate) entry: Arc<str>,
    /// The image without tag and digest: `mcp/weather`, `ghcr.io/acme/weather`.
    pub(crate) repository: String,
    /// The image as the entry names it.
    pub(crate) image: String,
    /// The tag or digest in that name, which the image that is built does not get.
    pub(crate) version: Option<String>,
    pub(crate) manifest: Manifest,
    /// Its document, for what the model does not have.
    pub(crate) document: Arc<Document>,
    /// The text of the manifest.
    pub(crate) text: Arc<str>,
    /// The tools of `tools.json`.
    pub(crate) tools: Vec<Tool>,
    /// `tools.json` itself.
    pub(crate) tools_file: EntryFile,
}

/// What decides what is to be done for an entry, beside the entry.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Terms<'a> {
    /// That of the policy.
    pub(crate) namespace: &'a str,
    /// The hosts that source may come from, if the policy names some.
    pub(crate) hosts: Option<&'a [String]>,
    /// Takes the place of the host in the image's name.
    pub(crate) image_registry: Option<&'a str>,
}

/// Decides what is to be done for an entry.
///
/// # Errors
/// When nobody can say what it is built from, or what its image is called, or its source is on a host that the policy does not
/// allow.
pub(crate) fn plan(entry: &Entry, terms: Terms<'_>) -> Result<What, CommandError> {
    let Terms { namespace, hosts, image_registry } = terms;
    let name = &entry.name;
    let wrong = |why: String| CommandError::usage(format!("`{name}` cannot be built: {why}"));
    let source = source_of(entry).map_err(wrong)?;
    let manifest = &entry.manifest;
    match manifest.kind {
        EntryType::Remote => return Ok(What::Nothing("it is a remote server: others run it".to_owned())),
        EntryType::Poci => {
            return Ok(What::Nothing("each of its tools is an image of its own (`type: poci`)".to_owned()));
        }
        EntryType::Unknown => return Err(wrong("its `type` is none of `server`, `remote` and `poci`".to_owned())),
        EntryType::Server if manifest.remote.url.is_some() => {
            return Ok(What::Nothing("it is a remote server: others run it".to_owned()));
        }
        EntryType::Server => {}
    }
    let (Some(document), Some(text)) = (entry.document(), entry.manifest_file.text()) else {
        return Err(wrong("its manifest cannot be read".to_owned()));
    };
    let image = manifest.image.clone().unwrap_or_else(|| format!("{namespace}{name}"));
    let reference = ImageReference::parse(&image).map_err(|error| wrong(format!("its image `{image}`: {error}")))?;
    let is_ours = manifest.is_built_in(namespace);
    let repository = match image_registry.filter(|_| is_ours) {
        Some(host) => format!("{host}/{}", reference.path),
        None => ImageReference { tag: None, digest: None, ..reference.clone() }.to_string(),
    };
    let subject = Subject {
        entry: name.clone(),
        repository,
        image,
        version: reference.digest.map(|digest| format!("@{digest}")).or(reference.tag.map(|tag| format!(":{tag}"))),
        manifest: manifest.clone(),
        document: document.clone(),
        text: text.clone(),
        tools: entry.tools.clone(),
        tools_file: entry.tools_file.clone(),
    };
    match source {
        Some(source) if is_ours => {
            if let Some((message, help)) = hosts.and_then(|hosts| foreign(&source.project, hosts)) {
                return Err(wrong(message).hint(help));
            }
            Ok(What::Build(Box::new(Plan { subject, source })))
        }
        None if is_ours => Err(wrong("it names no repository: `source.project` is missing".to_owned())),
        _ => Ok(What::Prebuilt(Box::new(subject))),
    }
}

/// What `validate` says of a source where these hosts are allowed; of a folder of this machine, which has none, the same.
fn foreign(project: &str, hosts: &[String]) -> Option<(String, String)> {
    let by = "by the policy";
    match Address::parse(project) {
        Some(address) => refused_host(&address, hosts, by),
        None => {
            let hosts: Vec<String> = hosts.iter().map(|host| format!("`{host}`")).collect();
            let message = "`source.project` names no host that this registry takes source from".to_owned();
            Some((message, format!("allowed {by}: {}", hosts.join(", "))))
        }
    }
}
