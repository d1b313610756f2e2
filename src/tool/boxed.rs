//! An image in the sandbox.

use super::{Limits, ToolError};
use crate::engine::{Engine, TarStream};
use crate::ids::hex;
use crate::review::sandbox::{self, Agent, Cancel, Ended, Extras, Prepared, Request};
use std::path::PathBuf;
use std::sync::Mutex;

/// Bytes of `/tmp`, which is memory.
const TMP: u64 = 1 << 30;

/// An image to be run.
pub(crate) struct Boxed {
    /// The image.
    pub(crate) image: String,
    /// Arguments in place of its own.
    pub(crate) arguments: Vec<String>,
    /// Variables of its environment.
    pub(crate) variables: Vec<(String, String)>,
    /// What is unpacked below `/input`.
    pub(crate) archives: Vec<TarStream>,
    /// The folder that it writes to, if its output is not what it prints.
    pub(crate) results: Option<String>,
}

/// Where the engine is, and this program.
#[derive(Debug, Clone)]
pub(crate) struct Place {
    /// `DOCKER_HOST`.
    pub(crate) docker_host: Option<String>,
    /// This program.
    pub(crate) program: Option<PathBuf>,
    /// The time of the run, in seconds since 1970.
    pub(crate) started: i64,
}

/// Runs an image to its end, and returns what it printed, or the archive of what it wrote.
///
/// # Errors
/// When there is no sandbox, it does not end well, or uses more than it may.
pub(crate) async fn run(boxed: Boxed, place: &Place, limits: &Limits, cancel: &Cancel) -> Result<Vec<u8>, ToolError> {
    let engine = Engine::connect(place.docker_host.as_deref()).await?;
    let program =
        place.program.as_deref().ok_or_else(|| ToolError::Setup("this program cannot be found".to_owned()))?;
    let prepared = Prepared::new(&engine, program, place.started).await?;
    let mut random = [0; 8];
    getrandom::fill(&mut random).map_err(|error| ToolError::Setup(error.to_string()))?;
    let request = Request {
        run_id: hex(&random),
        input: Vec::new(),
        agent: Agent::Image { reference: boxed.image },
        proxy: None,
        limits: sandbox::Limits {
            memory: limits.memory,
            tmp: TMP.min(limits.memory / 2),
            deadline: limits.time,
            output: limits.output,
            ..sandbox::Limits::default()
        },
        runtime: None,
        extras: Extras {
            watch: None,
            archives: Mutex::new(boxed.archives),
            variables: boxed.variables,
            arguments: boxed.arguments,
            results: boxed.results,
            network: limits.network,
        },
    };
    let outcome = sandbox::run(&prepared, request, cancel).await;
    match outcome {
        Ok(outcome) if outcome.ended == Ended::Exited(0) => Ok(outcome.stdout),
        Ok(outcome) => Err(ToolError::ended(outcome.ended, outcome.stderr_tail)),
        Err(sandbox::SandboxError::Cancelled) => Err(ToolError::Stopped),
        Err(error) => Err(error.into()),
    }
}
