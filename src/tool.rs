//! Programs of others that look at an image: generators of bills of materials, and scanners. Nobody here trusts them.
//!
//! One that is an image runs in the sandbox of `review` ([`boxed`]). One that is found on the PATH runs beside this program, as
//! its user ([`program`]): without its environment, without sockets ([`walls`]), with bounded memory, time and output; but it can
//! read and write what that user can. docs/scan.md says what follows from that.

pub(crate) mod boxed;
pub(crate) mod program;
pub(crate) mod walls;

use crate::engine::EngineError;
use crate::review::sandbox::{Ended, SandboxError};
use std::time::Duration;

/// What a tool may use.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Limits {
    /// Time from its start to its end.
    pub(crate) time: Duration,
    /// Memory in bytes.
    pub(crate) memory: u64,
    /// Bytes of its output.
    pub(crate) output: usize,
    /// Whether it has a network.
    pub(crate) network: bool,
}

/// Why there is no output. Texts may hold anything that the tool wrote.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ToolError {
    /// There is no such program.
    #[error("there is no program `{0}` on the PATH")]
    NotFound(String),
    /// It cannot be started.
    #[error("`{0}` cannot be started")]
    Start(String, #[source] std::io::Error),
    /// Its surroundings cannot be made.
    #[error(transparent)]
    Sandbox(#[from] SandboxError),
    /// The engine.
    #[error(transparent)]
    Engine(#[from] EngineError),
    /// It did not end as it should.
    #[error("it {ended}")]
    Ended {
        /// How it ended.
        ended: String,
        /// The last of what it wrote to standard error.
        stderr: Vec<u8>,
    },
    /// Somebody wanted it to end.
    #[error("it was stopped")]
    Stopped,
    /// It was told the wrong thing.
    #[error("{0}")]
    Setup(String),
}

impl ToolError {
    fn ended(ended: Ended, stderr: Vec<u8>) -> Self {
        Self::Ended { ended: ended.to_string(), stderr }
    }

    /// The last lines of what it wrote to standard error.
    pub(crate) fn lines(&self) -> Vec<String> {
        const LINES: usize = 20;
        let Self::Ended { stderr, .. } = self else { return Vec::new() };
        let text = String::from_utf8_lossy(stderr);
        let lines: Vec<&str> = text.lines().filter(|line| !line.trim().is_empty()).collect();
        lines
            .iter()
            .skip(lines.len().saturating_sub(LINES))
            .map(|line| crate::text::cut(line, 500).into_owned())
            .collect()
    }
}
