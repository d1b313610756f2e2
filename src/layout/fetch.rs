//! From an image registry.

use super::{Layout, LayoutError};
use crate::oci::{Descriptor, Found, ImageManifest, Repository, media_types};
use serde_json::Value;
use std::fs::{self, File};
use std::io::Write as _;
use std::path::Path;

/// The maximum size of a manifest's configuration, in bytes: real ones have 10 kB.
const MAX_CONFIG_BYTES: u64 = 4 << 20;

/// One image: of an index, the one for a platform.
#[derive(Debug)]
pub(crate) struct Platform {
    descriptor: Descriptor,
    bytes: Vec<u8>,
    pub(crate) image: ImageManifest,
}

impl Platform {
    /// The digest of its manifest.
    pub(crate) fn digest(&self) -> &crate::ids::Digest {
        &self.descriptor.digest
    }
}

/// The image behind a manifest. Of an index with several images, `wanted` says which: `linux/amd64`.
///
/// # Errors
/// When it is not an image, there are several and none is wanted, or the registry does not say.
pub(crate) async fn platform(
    repository: &Repository,
    found: &Found,
    wanted: Option<&str>,
) -> Result<Platform, LayoutError> {
    if !found.is_index() {
        return read(found.clone());
    }
    let members = found.index().map_err(LayoutError::Form)?.manifests;
    let members: Vec<(String, Descriptor)> =
        members.into_iter().filter_map(|member| Some((platform_of(&member)?, member))).collect();
    let chosen = match (wanted, members.as_slice()) {
        (None, [only]) => Some(only),
        (None, _) => None,
        (Some(wanted), all) => all.iter().find(|(platform, _)| {
            platform == wanted || platform.strip_prefix(wanted).is_some_and(|rest| rest.starts_with('/'))
        }),
    };
    let Some((_, member)) = chosen else {
        return Err(LayoutError::Platform(members.into_iter().map(|(platform, _)| platform).collect()));
    };
    let found = repository.by_digest(&member.digest).await?;
    read(found.ok_or_else(|| LayoutError::Form("an index whose image is not there".to_owned()))?)
}

/// `linux/arm/v7`; none for what is not an image. Builders keep their own attestations as images of an unknown platform.
fn platform_of(member: &Descriptor) -> Option<String> {
    if !matches!(member.media_type.as_str(), media_types::MANIFEST | media_types::DOCKER_MANIFEST) {
        return None;
    }
    let platform = member.other.get("platform")?;
    let text = |key: &str| platform.get(key).and_then(Value::as_str).filter(|text| !text.is_empty());
    let os = text("os").filter(|os| *os != "unknown")?;
    let parts: Vec<&str> = [Some(os), text("architecture"), text("variant")].into_iter().flatten().collect();
    Some(parts.join("/"))
}

fn read(found: Found) -> Result<Platform, LayoutError> {
    let image = found.image().map_err(LayoutError::Form)?;
    if image.config.media_type == media_types::EMPTY {
        return Err(LayoutError::Form("an artifact, not an image".to_owned()));
    }
    Ok(Platform { descriptor: found.descriptor(), bytes: found.bytes, image })
}

/// Writes an image to `folder`, which is made, with at most `limit` bytes.
///
/// # Errors
/// When it is larger, a blob is not what its digest says, or the registry does not answer.
pub(crate) async fn fetch(
    repository: &Repository,
    platform: &Platform,
    limit: u64,
    folder: &Path,
) -> Result<Layout, LayoutError> {
    let Platform { descriptor, bytes, image } = platform;
    let total = image.layers.iter().fold(0_u64, |total, layer| total.saturating_add(layer.size));
    if total > limit || image.config.size > MAX_CONFIG_BYTES {
        return Err(LayoutError::TooLarge(limit));
    }
    fs::create_dir_all(folder.join("blobs").join("sha256"))?;
    fs::write(Layout::blob(folder, &descriptor.digest), bytes)?;
    for blob in image.layers.iter().chain([&image.config]) {
        let path = Layout::blob(folder, &blob.digest);
        // Real images name an empty layer twice.
        if path.exists() {
            continue;
        }
        let mut download = repository.download(blob).await?;
        let mut file = File::create_new(path)?;
        while let Some(bytes) = download.chunk().await? {
            file.write_all(&bytes)?;
        }
    }
    Layout::finish(folder, descriptor, image)
}
