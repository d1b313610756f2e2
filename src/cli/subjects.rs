//! Which images `verify` and `scan` look at: those of the command line, of a file of digests, or of the registry's entries.

use super::{Global, digests, entries, refuse};
use crate::document::{Document, Route};
use crate::entry::{Entry, SERVERS, load, source};
use crate::error::CommandError;
use crate::finding::{Anchor, Finding, Severity, SourceText, Sources};
use crate::ids::{CommitSha, ImageReference};
use crate::policy::Policy;
use crate::verify::all::Subject;
use crate::verify::entry::{EntryFacts, Source};
use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

/// An image, and the entry that it is of.
#[derive(Debug, Clone)]
pub(super) struct Named {
    pub(super) subject: Subject,
    /// As it was given.
    pub(super) shown: String,
    pub(super) entry: Option<Of>,
    /// Why nobody knows which image it is.
    pub(super) missing: Option<String>,
}

/// The entry of an image.
#[derive(Debug, Clone)]
pub(super) struct Of {
    pub(super) name: Arc<str>,
    /// The path of its manifest.
    pub(super) path: Arc<str>,
    pub(super) manifest: Option<Arc<Document>>,
}

impl Named {
    /// A finding about the image, at `route` of its entry's manifest.
    pub(super) fn finding(&self, rule: &'static str, severity: Severity, route: Route, message: &str) -> Finding {
        let (entry, path, anchor) = match &self.entry {
            Some(of) => (Some(of.name.clone()), of.path.clone(), Anchor::Value(route)),
            None => (None, self.shown.as_str().into(), Anchor::File),
        };
        Finding::new(rule, severity, entry, path, anchor, message.to_owned())
    }
}

/// The manifests that findings point into.
pub(super) fn sources(subjects: &[Named]) -> Sources {
    let of = subjects.iter().filter_map(|named| named.entry.as_ref());
    of.filter_map(|Of { path, manifest, .. }| Some((path.clone(), SourceText::Document(manifest.clone()?)))).collect()
}

/// The images of all entries that the registry builds. With a file of digests they are those of the file, and an entry without
/// one is missing.
///
/// # Errors
/// When there are none, or one of them cannot be read: an entry that is left out would pass.
pub(super) fn in_namespace(
    global: &Global,
    policy: &Policy,
    digests: Option<&Path>,
) -> Result<Vec<Named>, CommandError> {
    let names = entries::list(&global.root)?;
    let namespace = &policy.settings.registry.namespace;
    let published = digests.map(digests::read).transpose()?;
    if let (Some(file), Some(published)) = (digests, &published) {
        let unknown = published.keys().filter(|name| !names.iter().any(|known| **known == ***name));
        check_names(file, unknown.cloned().collect())?;
    }
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
        if !image.is_under(namespace) {
            continue;
        }
        found.push(match &published {
            None => of(&entry, image),
            Some(published) => match published.get(&*entry.name) {
                Some(image) => of(&entry, image.clone()),
                None => {
                    let missing = Some("the file of `--digests` does not have it".to_owned());
                    Named { missing, ..of(&entry, image) }
                }
            },
        });
    }
    if found.is_empty() {
        return Err(refuse(format!("no entry has an image in the registry's namespace `{namespace}`"))
            .hint("`[registry] namespace` in mcp-registry.toml says which images the registry builds"));
    }
    Ok(found)
}

/// Refuses names of a file of digests that no entry has: an image under another name would not be compared with its pin.
fn check_names(file: &Path, unknown: Vec<String>) -> Result<(), CommandError> {
    if unknown.is_empty() {
        return Ok(());
    }
    let names: Vec<String> = unknown.iter().map(|name| format!("`{name}`")).collect();
    let said = format!("`--digests {}` has {}, and the registry has no such entry", file.display(), names.join(", "));
    Err(refuse(said).hint("the file has the names that `build --push --digests` wrote; `--root` names the registry"))
}

/// The images of a file of digests, each of the entry that the file says. Where there is no registry at all, also the names, of which
/// no pin can be compared.
///
/// # Errors
/// When the file cannot be read, or the registry has no entry of a name.
pub(super) fn published(global: &Global, file: &Path) -> Result<(Vec<Named>, Vec<String>), CommandError> {
    let published = digests::read(file)?;
    let entries: BTreeMap<Arc<str>, Entry> = all(global).into_iter().map(|entry| (entry.name.clone(), entry)).collect();
    let without: Vec<String> = published.keys().filter(|name| !entries.contains_key(name.as_str())).cloned().collect();
    if has_registry(global) {
        check_names(file, without.clone())?;
    }
    let one = |(name, image): (String, ImageReference)| match entries.get(name.as_str()) {
        Some(entry) => of(entry, image),
        None => {
            let mut named = unknown(image);
            named.subject.entry = Some(EntryFacts { name, image: None, source: None });
            named
        }
    };
    Ok((published.into_iter().map(one).collect(), without))
}

/// The images of the command line, and what is to be said of them. Where the registry has an entry with the image, its pin is
/// compared.
pub(super) fn named(images: &[ImageReference], global: &Global, namespace: &str) -> (Vec<Named>, Vec<String>) {
    let entries = all(global);
    let mut said = Vec::new();
    let one = |image: &ImageReference| match of_image(&entries, image, namespace) {
        Some((entry, is_elsewhere)) => {
            if is_elsewhere {
                said.push(format!("{image} is compared with the entry `{}`, whose image it is elsewhere", entry.name));
            }
            of(entry, image.clone())
        }
        None => {
            if has_registry(global) {
                said.push(format!("the registry has no entry with the image {image}: it has no pin to compare"));
            }
            unknown(image.clone())
        }
    };
    let named = images.iter().map(one).collect();
    (named, said)
}

/// The entry of an image, and whether that is of another image registry: the one that names it, or else the only one that
/// `build --image-registry` would have given this name.
fn of_image<'e>(entries: &'e [Entry], image: &ImageReference, namespace: &str) -> Option<(&'e Entry, bool)> {
    let reference = |entry: &Entry| ImageReference::parse(entry.manifest.image.as_deref()?).ok();
    let name = image.short_name();
    let is_same = |entry: &&Entry| reference(entry).is_some_and(|of_entry| of_entry.short_name() == name);
    if let Some(entry) = entries.iter().find(is_same) {
        return Some((entry, false));
    }
    let is_moved = |entry: &&Entry| {
        let path = reference(entry).filter(|_| entry.manifest.is_built_in(namespace)).map(|of_entry| of_entry.path);
        path.is_some_and(|path| name.ends_with(&format!("/{path}")))
    };
    let mut moved = entries.iter().filter(is_moved);
    match (moved.next(), moved.next()) {
        (Some(entry), None) => Some((entry, true)),
        _ => None,
    }
}

/// Whether there is a registry at the root. Images that are named need none.
pub(super) fn has_registry(global: &Global) -> bool {
    global.root.join(SERVERS).is_dir()
}

fn all(global: &Global) -> Vec<Entry> {
    let names = if has_registry(global) { load::list(&global.root).unwrap_or_default() } else { Vec::new() };
    load::load_all(&global.root, &names)
}

fn unknown(image: ImageReference) -> Named {
    Named { shown: image.to_string(), subject: Subject { image, pin: None, entry: None }, entry: None, missing: None }
}

/// An entry's image.
pub(super) fn of(entry: &Entry, image: ImageReference) -> Named {
    let source = source::source_of(entry).ok().flatten();
    let pin: Option<CommitSha> = source.as_ref().map(|source| source.commit.clone());
    let facts = EntryFacts {
        name: entry.name.to_string(),
        image: entry.manifest.image.as_deref().and_then(|image| ImageReference::parse(image).ok()),
        source: source.map(|source| Source {
            directory: source.directory,
            dockerfile: source.dockerfile,
            build_target: source.build_target,
        }),
    };
    Named {
        shown: image.to_string(),
        subject: Subject { image, pin, entry: Some(facts) },
        entry: Some(Of {
            name: entry.name.clone(),
            path: entry.manifest_file.path.clone(),
            manifest: entry.document().cloned(),
        }),
        missing: None,
    }
}
