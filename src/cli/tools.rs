//! What `attest` and `scan` tell programs of others, and what they say when one fails.

use crate::context::Context;
use crate::error::CommandError;
use crate::layout::LayoutError;
use crate::review::workspace::Workspace;
use crate::sbom::Place;
use crate::tool::{ToolError, boxed, program};

/// Where programs and the engine are.
pub(super) fn place(context: &Context) -> Place {
    Place {
        programs: program::Place { path: context.search_path.clone(), walls: context.executable.clone() },
        engine: boxed::Place {
            docker_host: context.docker_host.clone(),
            program: context.executable.clone(),
            started: context.now.timestamp(),
        },
    }
}

/// A folder for images and for what a program writes; gone at the end.
pub(super) fn workspace(context: &Context) -> Result<Workspace, CommandError> {
    Workspace::new(&context.temp_dir).map_err(|error| {
        CommandError::unfinished(format!("cannot make a folder in `{}`", context.temp_dir.display())).because(&error)
    })
}

/// Why the content of an image cannot be had.
pub(super) fn no_layout(image: &str, error: &LayoutError) -> CommandError {
    let failed = CommandError::unfinished(format!("{image} cannot be read")).because(error);
    match error {
        LayoutError::Platform(_) => failed.hint("`--platform` chooses one, as linux/amd64"),
        LayoutError::TooLarge(_) => failed.hint("`--max-image` sets the limit"),
        _ => failed,
    }
}

/// With the last lines that a program wrote, and what may help.
pub(super) fn explained(mut failed: CommandError, error: &ToolError) -> CommandError {
    failed.excerpt = error.lines();
    match error {
        ToolError::NotFound(name) => failed.hint(format!("install `{name}`, or use an image of it")),
        ToolError::Engine(_) => failed.hint("start Docker, or set DOCKER_HOST to where it listens"),
        _ => failed,
    }
}
