//! Which images are verified: those of the command line, or those of the registry's entries.

use crate::cli::{Global, entries, refuse};
use crate::document::Document;
use crate::entry::{Entry, SERVERS, load, source};
use crate::error::CommandError;
use crate::ids::{CommitSha, ImageReference};
use crate::policy::Policy;
use crate::verify::all::Subject;
use std::sync::Arc;

/// An image, and the entry that it is of.
#[derive(Debug)]
pub(super) struct Named {
    pub(super) subject: Subject,
    pub(super) shown: String,
    pub(super) entry: Option<Of>,
}

/// The entry of an image.
#[derive(Debug)]
pub(super) struct Of {
    pub(super) name: Arc<str>,
    /// The path of its manifest.
    pub(super) path: Arc<str>,
    pub(super) manifest: Option<Arc<Document>>,
}

/// The images of all entries that the registry builds.
///
/// # Errors
/// When there are none, or one of them cannot be read: an entry that is left out would pass.
pub(super) fn in_namespace(global: &Global, policy: &Policy) -> Result<Vec<Named>, CommandError> {
    let names = entries::list(&global.root)?;
    let namespace = &policy.settings.registry.namespace;
    let mut found = Vec::new();
    for entry in load::load_all(&global.root, &names) {
        if entry.document().is_none() {
            let path = &entry.manifest_file.path;
            return Err(refuse(format!("`{path}` cannot be read, so that nobody knows which image it has"))
                .hint(format!("`mcp-registry validate {}` says why", entry.name)));
        }
        let Some(image) = entry.manifest.image.as_deref() else { continue };
        let image = ImageReference::parse(image).map_err(|error| {
            refuse(format!("the image of `{}` is not a reference, so that nobody knows whose it is", entry.name))
                .because(&error)
                .hint(format!("`mcp-registry validate {}` says where", entry.name))
        })?;
        if image.is_under(namespace) {
            found.push(of(&entry, image));
        }
    }
    if found.is_empty() {
        return Err(refuse(format!("no entry has an image in the registry's namespace `{namespace}`"))
            .hint("`[registry] namespace` in mcp-registry.toml says which images the registry builds"));
    }
    Ok(found)
}

/// The images of the command line. Where the registry has an entry with the image, its pin is compared.
pub(super) fn named(images: &[ImageReference], global: &Global) -> Vec<Named> {
    let names =
        if global.root.join(SERVERS).is_dir() { load::list(&global.root).unwrap_or_default() } else { Vec::new() };
    let entries = load::load_all(&global.root, &names);
    let one = |image: &ImageReference| {
        let same = |entry: &&Entry| {
            let of_entry = entry.manifest.image.as_deref().and_then(|image| ImageReference::parse(image).ok());
            of_entry.is_some_and(|of_entry| of_entry.short_name() == image.short_name())
        };
        match entries.iter().find(same) {
            Some(entry) => of(entry, image.clone()),
            None => {
                Named { shown: image.to_string(), subject: Subject { image: image.clone(), pin: None }, entry: None }
            }
        }
    };
    images.iter().map(one).collect()
}

fn of(entry: &Entry, image: ImageReference) -> Named {
    let pin: Option<CommitSha> = source::source_of(entry).ok().flatten().map(|source| source.commit);
    Named {
        shown: image.to_string(),
        subject: Subject { image, pin },
        entry: Some(Of {
            name: entry.name.clone(),
            path: entry.manifest_file.path.clone(),
            manifest: entry.document().cloned(),
        }),
    }
}
