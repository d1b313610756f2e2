//! The image that the sandbox's containers are made of: this program, three empty folders, and nothing else.
//!
//! An image that is there already is used again only if it *is* this one: its single layer has the digest of what would be
//! imported, and its configuration says nothing. A label proves nothing: whoever builds an image writes its labels, and an
//! image in this place is given the provider's keys.

use super::owner::Owner;
use super::{SandboxError, archive};
use crate::engine::image::Image;
use crate::engine::{Engine, Labels};
use std::path::Path;
use std::sync::Arc;

/// What the images of sandboxes are found by, to look at them: its value is the digest of the only layer.
pub(super) const IMAGE: &str = "org.mcp-registry.image";
/// The image's name. It stays on this machine.
const NAME: &str = "mcp-registry-sandbox";

/// The type of the program header that names a dynamic linker (System V ABI, chapter 5).
const PT_INTERP: u32 = 3;

/// An engine that can run sandboxes: the image is there. Clones are the same one.
#[derive(Debug, Clone)]
pub struct Prepared {
    pub(super) engine: Engine,
    pub(super) image: Arc<str>,
    pub(super) owner: Arc<Owner>,
    pub(super) started: i64,
}

impl Prepared {
    /// Makes the image out of a program, this one (`/proc/self/exe`), unless it is there. Once per process is enough.
    /// `started` is when the process counts as started, in seconds since 1970.
    ///
    /// # Errors
    /// When the program cannot be read or does not run in an empty container, and when the engine would not.
    pub async fn new(engine: &Engine, program: &Path, started: i64) -> Result<Self, SandboxError> {
        let path = program.to_owned();
        let read = tokio::task::spawn_blocking(move || {
            let bytes = std::fs::read(path)?;
            let layer = archive::image_digest(&bytes)?;
            Ok((bytes, layer))
        });
        let (bytes, layer) = read.await.map_err(std::io::Error::other).flatten().map_err(SandboxError::Executable)?;
        check_static(&bytes).map_err(SandboxError::NotStatic)?;
        let image = match find(engine, &layer).await? {
            Some(image) => image,
            None => {
                tracing::info!(bytes = bytes.len(), "making the sandbox's image");
                let labels: Labels = [(IMAGE.to_owned(), layer.clone())].into();
                engine.import_image(NAME, &layer, &labels, archive::image(bytes)).await?
            }
        };
        Ok(Self { engine: engine.clone(), image: image.into(), owner: Arc::new(Owner::this_process()), started })
    }

    #[must_use]
    pub fn image(&self) -> &str {
        &self.image
    }

    #[must_use]
    pub fn engine(&self) -> &Engine {
        &self.engine
    }
}

/// The id of the image of this layer, if the engine has it.
async fn find(engine: &Engine, layer: &str) -> Result<Option<String>, SandboxError> {
    for id in engine.images_with(&format!("{IMAGE}={layer}")).await? {
        let Some(image) = engine.inspect_image(&id).await? else { continue };
        if is_ours(&image, layer) {
            return Ok(Some(image.id));
        }
        tracing::warn!(image = image.id, "an image claims to be the sandbox's and is not; it is not used");
    }
    Ok(None)
}

/// Whether an image is what importing the archive of this digest makes.
fn is_ours(image: &Image, layer: &str) -> bool {
    let Image {
        id: _,
        digests: _,
        labels: _,
        triggers,
        layers,
        command,
        entry_words: _,
        environment,
        directory,
        volumes,
        healthcheck,
    } = image;
    *layers == [format!("sha256:{layer}")]
        && command.is_empty()
        && triggers.is_empty()
        && environment.is_empty()
        && directory.is_empty()
        && volumes.is_empty()
        && !healthcheck
}

/// Whether a program runs where nothing else is.
fn check_static(program: &[u8]) -> Result<(), &'static str> {
    // Elf64, little-endian: what Linux runs on amd64 and arm64.
    if !program.starts_with(b"\x7fELF\x02\x01") {
        return Err("this one is for another system");
    }
    let number = |at: usize, bytes: usize| {
        let field = at.checked_add(bytes).and_then(|end| program.get(at..end)).unwrap_or_default();
        field.iter().rev().fold(0_usize, |number, byte| number << 8 | usize::from(*byte))
    };
    // The header's `e_phoff`, `e_phentsize` and `e_phnum`.
    let (table, size, count) = (number(32, 8), number(54, 2), number(56, 2));
    let mut kinds = (0..count).map(|header| number(table.saturating_add(header * size), 4));
    if kinds.any(|kind| kind == PT_INTERP as usize) {
        return Err("this one is linked dynamically");
    }
    Ok(())
}
