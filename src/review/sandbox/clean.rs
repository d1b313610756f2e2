//! Removing what runs have left behind whose process is gone.

use super::SandboxError;
use super::image::IMAGE;
use super::owner::{Owner, RUN};
use crate::engine::Engine;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mode {
    /// What abandoned runs have left.
    Leftovers,
    /// The same, and the images of the sandbox that nothing uses.
    LeftoversAndImages,
}

/// How often it is looked for more, as long as there is some: the engine may finish making a container when its volume is
/// already to be removed.
const PASSES: usize = 5;

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Cleaned {
    /// Containers, networks and volumes.
    pub(crate) things: usize,
    pub(crate) images: usize,
}

/// Removes what runs have left behind whose process is gone. Runs of processes that live are not touched.
///
/// The engine may still be making something for a process that was killed this moment: a run that wants to leave nothing
/// at all behind cleans when it starts and when it ends.
///
/// # Errors
/// When the engine would not. What could be removed is removed all the same.
pub async fn clean(engine: &Engine, mode: Mode) -> Result<Cleaned, SandboxError> {
    let mut cleaned = Cleaned::default();
    let mut first_error = None;
    let owner = Owner::this_process();
    for _ in 0..PASSES {
        let mut things = engine.owned(RUN).await?;
        if !things.is_empty() {
            let now = engine.now().await?;
            things.retain(|thing| owner.is_abandoned(thing, now));
            things.sort_by_key(|thing| thing.kind);
        }
        first_error = None;
        if things.is_empty() {
            break;
        }
        for thing in things {
            tracing::info!(kind = thing.kind.as_str(), name = thing.name, "removing a leftover");
            match engine.remove(thing.kind, &thing.name).await {
                Ok(()) => cleaned.things += 1,
                Err(error) => first_error = first_error.or(Some(error)),
            }
        }
    }
    if mode == Mode::LeftoversAndImages {
        for image in engine.images_with(IMAGE).await? {
            match engine.remove_unused_image(&image).await {
                Ok(gone) => cleaned.images += usize::from(gone),
                Err(error) => first_error = first_error.or(Some(error)),
            }
        }
    }
    first_error.map_or(Ok(cleaned), |error| Err(error.into()))
}
