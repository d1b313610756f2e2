//! What an entry is built from and what its image is called, or why nothing is built.

use crate::document::Document;
use crate::entry::source::{BuiltFrom, source_of};
use crate::entry::{Entry, EntryFile, EntryType, Manifest, Tool};
use crate::error::CommandError;
use crate::ids::ImageReference;
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

/// Decides what is to be done for an entry. `namespace` is the policy's; `image_registry` takes the place of the host in the
/// image's name.
///
/// # Errors
/// When nobody can say what it is built from, or what its image is called.
pub(crate) fn plan(entry: &Entry, namespace: &str, image_registry: Option<&str>) -> Result<What, CommandError> {
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
        manifest: manifest.clone(),
        document: document.clone(),
        text: text.clone(),
        tools: entry.tools.clone(),
        tools_file: entry.tools_file.clone(),
    };
    match source {
        Some(source) if is_ours => Ok(What::Build(Box::new(Plan { subject, source }))),
        None if is_ours => Err(wrong("it names no repository: `source.project` is missing".to_owned())),
        _ => Ok(What::Prebuilt(Box::new(subject))),
    }
}
