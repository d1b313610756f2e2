//! Image registries: the digests that tags lead to, and catalogs under their tags.

use super::artifact::{ARTIFACT_TYPE, Artifact, LAYER};
use super::read::{self, Entries};
use crate::ids::{Digest, ImageReference};
use crate::oci::{OciError, Place, Registries, media_types};

/// What is under a tag.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum There {
    Nothing,
    /// The catalog that is to be pushed, byte for byte.
    Same,
    /// Another catalog. One that cannot be read has no entries: nobody can lose them.
    Catalog(Entries),
    /// Something else: an image, say.
    Other,
}

/// The tag of a reference, `latest` without one.
#[must_use]
pub(crate) fn tag(reference: &ImageReference) -> &str {
    reference.tag.as_deref().unwrap_or("latest")
}

/// Looks at what is under the tag of a reference.
///
/// # Errors
/// When the image registry does not say.
pub(crate) async fn look(
    registries: &Registries,
    reference: &ImageReference,
    artifact: &Artifact,
) -> Result<There, OciError> {
    let repository = registries.repository(reference);
    let Some(found) = repository.by_tag_to_push(tag(reference)).await? else { return Ok(There::Nothing) };
    if found.digest == artifact.digest() {
        return Ok(There::Same);
    }
    let manifest = found.image().ok().filter(|it| it.artifact_type.as_deref() == Some(ARTIFACT_TYPE));
    let Some(layer) = manifest.as_ref().and_then(|manifest| manifest.layers.first()) else { return Ok(There::Other) };
    let bytes = repository.blob(layer, read::MAX_BYTES).await?;
    Ok(There::Catalog(read::layer(&String::from_utf8_lossy(&bytes)).unwrap_or_default()))
}

/// Writes a catalog under the tag of a reference: its blobs, then its manifest.
///
/// # Errors
/// When the image registry does not take it.
pub(crate) async fn write(
    registries: &Registries,
    reference: &ImageReference,
    artifact: &Artifact,
) -> Result<Digest, OciError> {
    let repository = registries.repository(reference);
    repository.push_blob(media_types::EMPTY, &artifact.config).await?;
    repository.push_blob(LAYER, &artifact.layer).await?;
    let manifest = artifact.manifest.clone();
    Ok(repository.push_manifest(Some(tag(reference)), media_types::MANIFEST, manifest).await?.digest)
}

/// An image by the digest that its tag leads to now; none when there is no such image.
///
/// # Errors
/// When the image registry does not say.
pub(crate) async fn by_digest(
    registries: &Registries,
    image: &ImageReference,
) -> Result<Option<ImageReference>, OciError> {
    let found = registries.at(Place::of(image)).by_tag(tag(image)).await?;
    Ok(found.and_then(|found| ImageReference::parse(&format!("{}@{}", image.name(), found.digest)).ok()))
}
