//! The image that the sandbox's containers are made of: this program, three empty folders, and nothing else.

use super::owner::Owner;
use super::{SandboxError, archive};
use crate::engine::{Engine, Labels};
use crate::ids::hex;
use ring::digest::{SHA256, digest};
use std::path::Path;
use std::sync::Arc;

/// Carries the key of the image: what it was made of, and how.
pub(super) const IMAGE: &str = "org.mcp-registry.image";
/// Changes when the image is laid out in another way: older ones are not used then.
const LAYOUT: u32 = 1;
/// The image's name. It stays on this machine.
const NAME: &str = "mcp-registry-sandbox";

/// The type of the program header that names a dynamic linker (System V ABI, chapter 5).
const PT_INTERP: u32 = 3;

/// An engine that can run sandboxes: the image is there. Clones are the same one.
#[derive(Debug, Clone)]
pub struct Prepared {
    pub(super) engine: Engine,
    /// The image's id.
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
            let key = key_of(&bytes);
            Ok((bytes, key))
        });
        let (bytes, key) = read.await.map_err(std::io::Error::other).flatten().map_err(SandboxError::Executable)?;
        check_static(&bytes).map_err(SandboxError::NotStatic)?;
        let image = match engine.image_with(&format!("{IMAGE}={key}")).await? {
            Some(image) => image,
            None => {
                tracing::info!(bytes = bytes.len(), "making the sandbox's image");
                let labels: Labels = [(IMAGE.to_owned(), key.clone())].into();
                engine.import_image(NAME, &key, &labels, archive::image(bytes)).await?
            }
        };
        Ok(Self { engine: engine.clone(), image: image.into(), owner: Arc::new(Owner::this_process()), started })
    }

    /// The image's id.
    #[must_use]
    pub fn image(&self) -> &str {
        &self.image
    }

    /// The engine.
    #[must_use]
    pub fn engine(&self) -> &Engine {
        &self.engine
    }
}

fn key_of(program: &[u8]) -> String {
    format!("{LAYOUT}-{}", hex(digest(&SHA256, program).as_ref()))
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
