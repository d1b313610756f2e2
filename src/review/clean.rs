//! `review --clean`: removes what killed runs have left, here and in the engine.

use super::sandbox::{self, Mode};
use super::workspace;
use crate::engine::Engine;
use crate::error::CommandError;
use serde::Serialize;
use std::fmt;
use std::path::Path;

#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize)]
pub(crate) struct Cleaned {
    /// Containers, networks and volumes.
    pub(crate) things: usize,
    /// Images of the sandbox that nothing uses.
    pub(crate) images: usize,
    pub(crate) folders: usize,
}

impl fmt::Display for Cleaned {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { things, images, folders } = self;
        write!(f, "{things} containers, networks and volumes, {images} images, {folders} temporary folders")
    }
}

/// Removes it. Runs that are alive are not touched.
///
/// # Errors
/// When no engine answers, or it would not remove something. Folders are removed first.
pub(crate) async fn clean(docker_host: Option<&str>, temp_dir: &Path) -> Result<Cleaned, CommandError> {
    let folders = workspace::sweep(temp_dir);
    let engine = Engine::connect(docker_host).await.map_err(|error| {
        CommandError::unfinished("no container engine answers").because(&error).hint("start it, or set DOCKER_HOST")
    })?;
    let cleaned = sandbox::clean(&engine, Mode::LeftoversAndImages)
        .await
        .map_err(|error| CommandError::unfinished("not everything could be removed").because(&error))?;
    Ok(Cleaned { things: cleaned.things, images: cleaned.images, folders })
}

#[cfg(test)]
mod tests {
    use super::Cleaned;

    /// As `review --clean --format json` prints it. That command is not run by tests: it would take the images of those that run
    /// beside it.
    #[test]
    fn what_was_removed_is_said_by_kind() {
        let said = serde_json::json!(Cleaned { things: 3, images: 2, folders: 1 }).to_string();
        assert_eq!(said, r#"{"things":3,"images":2,"folders":1}"#);
    }
}
