//! The content of an image as an OCI layout in a folder: what generators of bills of materials and scanners are given.
//!
//! It comes from the image registry, every byte checked against the digest that was asked for, or from the engine. Whoever gets
//! the folder needs neither the engine's socket nor a login.

mod fetch;
mod flatten;
mod pack;
mod save;

pub(crate) use fetch::{fetch, platform};
pub(crate) use flatten::flatten;
pub(crate) use pack::pack;
pub(crate) use save::InEngine;

use crate::engine::EngineError;
use crate::ids::Digest;
use crate::oci::{Descriptor, ImageManifest, OciError, media_types};
use serde_json::json;
use std::io;
use std::path::{Path, PathBuf};

/// An image on this disk.
#[derive(Debug)]
pub(crate) struct Layout {
    /// The folder with `oci-layout`, `index.json` and `blobs`.
    pub(crate) folder: PathBuf,
    /// The digest of the image's manifest; for an image of the engine one that was made for it.
    pub(crate) manifest: Digest,
    /// The digest of its configuration, which engines call the image's id.
    pub(crate) config: Digest,
    /// Its layers, the lowest first.
    layers: Vec<Descriptor>,
}

/// Why there is no layout.
#[derive(Debug, thiserror::Error)]
pub(crate) enum LayoutError {
    /// The image registry.
    #[error(transparent)]
    Oci(#[from] OciError),
    /// The engine.
    #[error(transparent)]
    Engine(#[from] EngineError),
    /// The temporary folder.
    #[error("its files cannot be written")]
    Io(#[from] io::Error),
    /// It is larger than it may be.
    #[error("it has more than {0} bytes")]
    TooLarge(u64),
    /// It is not an image, or not one that can be read.
    #[error("it is {0}")]
    Form(String),
    /// An index, and nobody said which of its images.
    #[error("it is an index of {}, and none of them was chosen", .0.join(", "))]
    Platform(Vec<String>),
}

impl Layout {
    /// Where a blob is.
    fn blob(folder: &Path, digest: &Digest) -> PathBuf {
        folder.join("blobs").join("sha256").join(digest.hex())
    }

    /// Writes what makes a folder of blobs a layout.
    fn finish(folder: &Path, manifest: &Descriptor, image: &ImageManifest) -> Result<Self, LayoutError> {
        std::fs::write(folder.join("oci-layout"), br#"{"imageLayoutVersion":"1.0.0"}"#)?;
        let index = json!({ "schemaVersion": 2, "mediaType": media_types::INDEX, "manifests": [manifest] });
        std::fs::write(folder.join("index.json"), index.to_string())?;
        Ok(Self {
            folder: folder.to_owned(),
            manifest: manifest.digest.clone(),
            config: image.config.digest.clone(),
            layers: image.layers.clone(),
        })
    }
}
