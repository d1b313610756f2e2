//! Writing to a repository: a layer under one of the tags, a bundle among the referrers. In an order that can be killed anywhere:
//! blobs first, and what makes them visible last.

use super::attached::{Layer, MAX_LAYERS, Tag};
use super::bundle::{BUNDLE, Bundle, CONTENT_ANNOTATION, PREDICATE_ANNOTATION};
use crate::ids::Digest;
use crate::oci::{Descriptor, IMAGE_MANIFEST, ImageManifest, Loose, OciError, Repository, media_types};
use bytes::Bytes;
use chrono::{DateTime, SecondsFormat, Utc};
use serde_json::{Map, json};
use std::collections::BTreeMap;

/// The configuration of artifacts that have none.
const EMPTY: &[u8] = b"{}";

/// A layer to be appended.
#[derive(Debug, Clone)]
pub(crate) struct NewLayer {
    /// Its bytes.
    pub(crate) bytes: Bytes,
    /// The annotations of its descriptor.
    pub(crate) annotations: BTreeMap<String, String>,
}

/// Appends layers under a tag. Others' layers stay as they are; those in `replaced` are taken out. With `overwrite`, what is not
/// a manifest of layers is overwritten.
///
/// # Errors
/// When the registry does not take it.
pub(crate) async fn append(
    repository: &Repository,
    tag: Tag,
    digest: &Digest,
    new: Vec<NewLayer>,
    replaced: &[&Layer],
    overwrite: bool,
) -> Result<(), OciError> {
    let name = tag.of(digest);
    let media_type = match tag {
        Tag::Sig => super::payload::SIMPLE_SIGNING,
        Tag::Att => super::attached::ENVELOPE,
    };
    let mut added = Vec::new();
    for layer in new {
        let mut descriptor = repository.push_new_blob(media_type, &layer.bytes).await?;
        descriptor.annotations = layer.annotations;
        added.push(descriptor);
    }
    // Read last, so that what others appended meanwhile is lost as rarely as a registry without conditions allows.
    let refused = |what: String| {
        let what = format!("{what} under the tag `{name}`: `--replace` overwrites it");
        OciError::Form { host: repository.host(), what }
    };
    let found = match repository.by_tag(&name).await {
        Ok(found) => found,
        // One that is too large to be read, say.
        Err(OciError::Form { .. }) if overwrite => None,
        Err(error) => return Err(error),
    };
    let found = found.map(|found| if found.is_index() { Err("an index".to_owned()) } else { found.artifact() });
    let mut manifest = match found {
        Some(Ok(Loose { bad, .. })) if !overwrite && !bad.is_empty() => return Err(refused(bad.join(", "))),
        Some(Ok(found)) => found.whole,
        Some(Err(what)) if !overwrite => return Err(refused(what)),
        Some(Err(_)) | None => ImageManifest {
            schema_version: 2,
            media_type: Some(IMAGE_MANIFEST.to_owned()),
            artifact_type: None,
            config: Descriptor::of(media_types::CONFIG, EMPTY),
            layers: Vec::new(),
            subject: None,
            annotations: BTreeMap::new(),
            other: Map::new(),
        },
    };
    // What somebody wrote there keeps readers away.
    (manifest.schema_version, manifest.media_type) = (2, Some(IMAGE_MANIFEST.to_owned()));
    manifest.layers.retain(|layer| !replaced.iter().any(|old| old.descriptor == *layer));
    manifest.layers.extend(added);
    let layers = manifest.layers.len();
    if layers > MAX_LAYERS {
        let what = format!(
            "the tag `{name}` with so many layers that it would get {layers}; readers stop at {MAX_LAYERS}: remove those that nobody needs"
        );
        return Err(OciError::Form { host: repository.host(), what });
    }
    let config = config(&manifest.layers);
    manifest.config = repository.push_new_blob(media_types::CONFIG, &config).await?;
    let bytes = serde_json::to_vec(&manifest).map_err(|error| unwritable(repository, &error))?;
    repository.push_manifest(Some(&name), IMAGE_MANIFEST, bytes.into()).await?;
    Ok(())
}

/// The configuration that cosign writes: an image without anything but its layers.
fn config(layers: &[Descriptor]) -> Bytes {
    let ids: Vec<&str> = layers.iter().map(|layer| layer.digest.as_str()).collect();
    let never = "0001-01-01T00:00:00Z";
    let config = json!({
        "architecture": "", "created": never, "history": [{ "created": never }], "os": "",
        "rootfs": { "type": "layers", "diff_ids": ids }, "config": {},
    });
    config.to_string().into()
}

/// What is done to the list of referrers beside adding to it.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Change<'a> {
    /// What is taken out.
    pub(crate) replaced: &'a [&'a Digest],
    /// Whether the registry has the referrers API, as far as is known.
    pub(crate) api: bool,
    /// Whether what nobody can read of the list is left out.
    pub(crate) overwrite: bool,
}

/// Attaches a bundle to its subject, and takes what is replaced out of the list.
///
/// # Errors
/// When the registry does not take it, or takes it and does not list it.
pub(crate) async fn refer(
    repository: &Repository,
    subject: &Descriptor,
    bundle: &Bundle,
    predicate_type: &str,
    now: DateTime<Utc>,
    change: Change<'_>,
) -> Result<(), OciError> {
    let Change { replaced, api, overwrite } = change;
    let bytes = serde_json::to_vec(bundle).map_err(|error| unwritable(repository, &error))?;
    let (bytes, empty) = (Bytes::from(bytes), Bytes::from_static(EMPTY));
    let layer = repository.push_new_blob(BUNDLE, &bytes);
    let (layer, config) = futures_util::try_join!(layer, repository.push_blob(media_types::EMPTY, &empty))?;
    let annotation = |key: &str, value: &str| (key.to_owned(), value.to_owned());
    let manifest = ImageManifest {
        schema_version: 2,
        media_type: Some(IMAGE_MANIFEST.to_owned()),
        artifact_type: Some(BUNDLE.to_owned()),
        config,
        layers: vec![layer],
        subject: Some(subject.clone()),
        annotations: BTreeMap::from([
            annotation(CONTENT_ANNOTATION, "dsse-envelope"),
            annotation(PREDICATE_ANNOTATION, predicate_type),
            annotation("org.opencontainers.image.created", &now.to_rfc3339_opts(SecondsFormat::Secs, true)),
        ]),
        other: Map::new(),
    };
    let bytes = serde_json::to_vec(&manifest).map_err(|error| unwritable(repository, &error))?;
    let mut descriptor = Descriptor::of(IMAGE_MANIFEST, &bytes);
    // The bundle's type, and not the empty one of its configuration: policies of builders look here.
    descriptor.artifact_type = Some(BUNDLE.to_owned());
    descriptor.annotations.clone_from(&manifest.annotations);
    let pushed = repository.push_manifest(None, IMAGE_MANIFEST, bytes.into()).await?;
    let is_listed = |listed: &[Descriptor]| listed.iter().any(|one| one.digest == pushed.digest);
    if !pushed.listed && !api {
        // One write: nobody sees the list without both.
        let add = |manifests: &mut Vec<Descriptor>| {
            manifests.retain(|one| !replaced.contains(&&one.digest));
            if !is_listed(manifests) {
                manifests.push(descriptor);
            }
        };
        return repository.change_fallback(&subject.digest, overwrite, add).await;
    }
    // It has the API, and may not have said that it used it.
    if !pushed.listed && !is_listed(&repository.referrers(&subject.digest).await?.descriptors) {
        let what = "neither `OCI-Subject` for a manifest with a subject nor that manifest in its list of referrers: \
                    readers would not find the bundle";
        return Err(OciError::Form { host: repository.host(), what: what.to_owned() });
    }
    detach(repository, &subject.digest, change).await
}

/// Takes manifests out of the list of referrers.
///
/// # Errors
/// When the registry does not do it: some delete nothing.
pub(crate) async fn detach(repository: &Repository, subject: &Digest, change: Change<'_>) -> Result<(), OciError> {
    let Change { replaced, api, overwrite } = change;
    if api {
        for old in replaced {
            repository.delete_manifest(old).await?;
        }
        return Ok(());
    }
    if replaced.is_empty() && !overwrite {
        return Ok(());
    }
    let take_out = |manifests: &mut Vec<Descriptor>| manifests.retain(|one| !replaced.contains(&&one.digest));
    repository.change_fallback(subject, overwrite, take_out).await
}

fn unwritable(repository: &Repository, error: &serde_json::Error) -> OciError {
    OciError::Form { host: repository.host(), what: format!("what cannot be written as JSON: {error}") }
}
