//! Which image an entry is published with.

use crate::entry::{Entry, EntryType};
use crate::ids::ImageReference;
use crate::policy::Settings;
use std::collections::BTreeMap;

/// The image of an entry, by digest where somebody knows it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Pinned {
    /// By digest.
    By(ImageReference),
    /// It has an image, and nobody knows its digest.
    Unknown(ImageReference),
    /// What was published is not the entry's image.
    Other(ImageReference),
    /// What it names is not a reference, or it names none.
    Invalid,
    /// It needs none: it is not a local server.
    NotNeeded,
}

/// The image of an entry. `published` has the images that the registry pushed, by entry: what it builds itself has no digest in the entry.
#[must_use]
pub fn pin(entry: &Entry, settings: &Settings, published: &BTreeMap<String, ImageReference>) -> Pinned {
    let manifest = &entry.manifest;
    if matches!(manifest.kind, EntryType::Remote | EntryType::Poci) || manifest.remote.url.is_some() {
        return Pinned::NotNeeded;
    }
    let named = manifest.image.as_deref().and_then(|image| ImageReference::parse(image).ok());
    let Some(named) = named else { return Pinned::Invalid };
    match published.get(&*entry.name) {
        Some(image) if is_image_of(&named, image, &settings.registry.namespace) => Pinned::By(image.clone()),
        Some(image) => Pinned::Other(image.clone()),
        None if named.digest.is_some() => Pinned::By(named),
        None => Pinned::Unknown(named),
    }
}

/// Whether a published image is the one that an entry names: the same, or of the same name in the image registry that
/// `build --image-registry` pushes to.
fn is_image_of(named: &ImageReference, published: &ImageReference, namespace: &str) -> bool {
    let is_moved = named.is_under(namespace) && named.is_moved_to(published);
    (published.short_name() == named.short_name() || is_moved)
        && (named.digest.is_none() || named.digest == published.digest)
}

#[cfg(test)]
mod tests {
    use super::{Pinned, pin};
    use crate::entry::Entry;
    use crate::ids::ImageReference;
    use crate::policy::Settings;
    use std::collections::BTreeMap;

    #[test]
    fn an_image_is_by_digest_or_it_is_said_why_not() {
        let digest = format!("sha256:{}", "a".repeat(64));
        let judge = |manifest: &str, published: &str| {
            let entry = Entry::from_texts("x", Some(manifest), None, None);
            let published = ImageReference::parse(&published.replace('@', &format!("@{digest}"))).ok();
            let published = published.map(|image| ("x".to_owned(), image));
            match pin(&entry, &Settings::default(), &BTreeMap::from_iter(published)) {
                Pinned::By(image) => format!("by {}", image.to_string().replace(&digest, "…")),
                Pinned::Unknown(image) => format!("unknown {image}"),
                Pinned::Other(image) => format!("other {}", image.to_string().replace(&digest, "…")),
                other => format!("{other:?}"),
            }
        };
        let own = format!("image: acme/x@{digest}\n");
        let said = [
            judge("image: mcp/x\n", "mcp/x@"),
            judge("image: mcp/x\n", "ghcr.io/acme/mcp/x@"),
            judge("image: mcp/x\n", "mcp/y@"),
            judge("image: mcp/x\n", "ghcr.io/acme/xmcp/x@"),
            judge("image: mcp/x\n", ""),
            judge("image: acme/x\n", "ghcr.io/acme/x@"),
            judge(&own, ""),
            judge("image: UPPER\n", ""),
            judge("type: server\n", ""),
            judge("type: remote\nimage: mcp/x\n", ""),
            judge("type: poci\n", ""),
        ];
        insta::assert_snapshot!(said.join("\n"), @r"
        by mcp/x@…
        by ghcr.io/acme/mcp/x@…
        other mcp/y@…
        other ghcr.io/acme/xmcp/x@…
        unknown mcp/x
        other ghcr.io/acme/x@…
        by acme/x@…
        Invalid
        Invalid
        NotNeeded
        NotNeeded
        ");
    }
}
