//! The sandbox: where code and agents are that nobody trusts.
//!
//! A run has an agent container without any network, and, when its agent talks to a model, a proxy container on a bridge of
//! its own; they share one volume with one socket. The code under review comes in through a second volume that the agent
//! cannot write; what comes out is what the agent writes to its standard output, up to a limit. No folder of the host is
//! mounted, no variable of its environment is passed on, and keys go to the proxy's standard input and nowhere else.
//!
//! Both containers run this very program: the image holds it and nothing else. In the agent container it is the first
//! process, looks around whether everything holds that should ([`inside`]), and starts the agent only then.
//!
//! Everything that is made says whose it is by its labels ([`owner`]). [`run`] removes what it made, however it ends; what
//! a kill leaves behind, [`clean`] removes.

mod archive;
mod cancel;
pub mod clean;
mod image;
pub(crate) mod inside;
pub(crate) mod owner;
mod proxy;
mod run;

pub use archive::InputFile;
pub(crate) use archive::{append, written};
pub use cancel::{Cancel, Stop};
pub use clean::Mode;
pub use clean::clean;
pub use image::Prepared;
pub use run::run;

use crate::engine::{EngineError, TarStream};
use secrecy::SecretString;
use std::sync::Mutex;
use std::time::Duration;

/// The proxy's user and group in its container: owns the socket's folder and nothing else.
pub(crate) const PROXY_USER: u32 = 65_532;
/// The agent's user and group in its container: owns its `/tmp` and nothing else.
pub(crate) const AGENT_USER: u32 = 65_533;

/// Where the socket of the proxy is, in both containers.
pub const SOCKET: &str = "/proxy/proxy.sock";
/// Where the input is in the agent's container.
pub(crate) const INPUT: &str = "/input";
/// A folder of the input that is ours: no input file may be in it.
pub(crate) const RESERVED: &str = ".sandbox";

/// What an agent may use.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Limits {
    /// Memory in bytes, that of `/tmp` included; the kernel ends who wants more.
    pub memory: u64,
    /// Processors; 0.5 is half of one.
    pub cpus: f64,
    /// Processes and threads, all together.
    pub pids: u32,
    /// Bytes in `/tmp`.
    pub tmp: u64,
    /// Time from its start to its end.
    pub deadline: Duration,
    /// Bytes on standard output; an agent that writes more has said nothing.
    pub output: usize,
}

impl Default for Limits {
    /// What the issue that asked for this names, and what an agent with a language runtime needs with room to spare.
    fn default() -> Self {
        Self {
            memory: 2 << 30,
            cpus: 2.0,
            pids: 256,
            tmp: 256 << 20,
            deadline: Duration::from_mins(30),
            output: 256 << 10,
        }
    }
}

#[derive(Debug, Clone)]
pub enum Agent {
    /// This program, with these arguments: `agent …`.
    BuiltIn { args: Vec<String> },
    Image {
        /// The image's name or id.
        reference: String,
    },
}

/// The proxy of a run.
#[derive(Debug)]
pub struct Proxy {
    /// What starts it: `proxy` is the first, and it listens on [`SOCKET`].
    pub args: Vec<String>,
    /// What it reads: one JSON document with the client token and the keys.
    pub stdin: SecretString,
    /// What the agent shows it.
    pub client_token: SecretString,
    /// A network that exists and that the proxy is to be on in place of one of its own; `host` is that of the engine's machine. The agent is
    /// on none, whatever this is.
    pub network: Option<String>,
}

#[derive(Debug)]
pub struct Request {
    /// Names the run: 8 to 32 lower-case letters and digits, never used before.
    pub run_id: String,
    /// The files that the agent sees below `/input`.
    pub input: Vec<InputFile>,
    pub agent: Agent,
    /// The way to a model; none for an agent that needs none.
    pub proxy: Option<Proxy>,
    /// What the agent may use.
    pub limits: Limits,
    /// The engine's runtime (`runsc`) for the agent's container; its default without one.
    pub runtime: Option<String>,
    /// What a program that is not an agent is given.
    pub extras: Extras,
}

/// What a generator of bills of materials or a scanner of vulnerabilities is given, and an agent is not.
#[derive(Default)]
pub struct Extras {
    /// Archives that are unpacked into the input. Behind a lock only because a run is shared by threads, and a stream is not.
    pub(crate) archives: Mutex<Vec<TarStream>>,
    /// Variables of its environment.
    pub(crate) variables: Vec<(String, String)>,
    /// Arguments in place of those of the image, after its entry point.
    pub(crate) arguments: Vec<String>,
    /// A folder below `/tmp` that it writes to. In place of what it prints, the output is an archive of the plain files in it.
    pub(crate) results: Option<String>,
    /// Whether it has a network: a bridge of its own.
    pub(crate) network: bool,
    /// Is told what it writes to standard error, as it comes.
    pub(crate) watch: Option<Watch>,
}

/// Who is told what a program writes to standard error: pieces that need not end with a line.
pub(crate) struct Watch(pub(crate) Box<Listener>);

type Listener = dyn Fn(&[u8]) + Send + Sync;

impl Extras {
    /// Arguments in place of those of the image, after its entry point, and nothing else.
    #[must_use]
    pub fn with_arguments<'a>(arguments: impl IntoIterator<Item = &'a str>) -> Self {
        Self { arguments: arguments.into_iter().map(str::to_owned).collect(), ..Self::default() }
    }
}

impl std::fmt::Debug for Extras {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Extras").field("results", &self.results).field("network", &self.network).finish_non_exhaustive()
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ended {
    /// By itself, with this status; 128 and the signal's number when a signal ended it.
    Exited(i64),
    /// It wrote more than it may.
    OutputTooLarge,
    DeadlinePassed {
        /// Whether it had as many processes as it may have at that moment.
        full_of_processes: bool,
    },
    /// It wanted more memory than it may have.
    OutOfMemory,
    /// It wanted more processes than it may have, and failed.
    TooManyProcesses,
}

impl std::fmt::Display for Ended {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Exited(status) => write!(f, "ended with status {status}"),
            Self::OutputTooLarge => f.write_str("wrote more than it may"),
            Self::DeadlinePassed { full_of_processes: false } => f.write_str("did not end in its time"),
            Self::DeadlinePassed { full_of_processes: true } => {
                f.write_str("did not end in its time, and had as many processes as it may have")
            }
            Self::OutOfMemory => f.write_str("wanted more memory than it may have"),
            Self::TooManyProcesses => f.write_str("wanted more processes than it may have"),
        }
    }
}

/// What came of a run. All texts may hold anything.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Outcome {
    /// How the agent ended. Only `Exited(0)` means that its output is meant.
    pub ended: Ended,
    /// What it wrote to standard output, up to the limit.
    pub stdout: Vec<u8>,
    /// The last 16 KiB of what it wrote to standard error.
    pub stderr_tail: Vec<u8>,
    /// The proxy's audit lines, in order. They come from the proxy alone.
    pub audit: Vec<String>,
    /// Why lines may be missing from `audit`; none when they are all there.
    pub audit_incomplete: Option<String>,
    /// The image that the agent ran in: its id, which is a digest.
    pub(crate) image: String,
    /// Time from the call of [`run`] to the first byte that the agent wrote; none when it wrote nothing.
    pub first_output: Option<Duration>,
}

/// Why there was no run, or no end of it.
#[derive(Debug, thiserror::Error)]
pub enum SandboxError {
    /// The engine would not.
    #[error(transparent)]
    Engine(#[from] EngineError),
    /// Our own program cannot be read.
    #[error("cannot read this program, which the sandbox's image is made of")]
    Executable(#[source] std::io::Error),
    /// Our own program is none for a container.
    #[error("the sandbox's image is made of this program, which must be a static one for Linux: {0}")]
    NotStatic(&'static str),
    /// A run's name is none.
    #[error("`{0}` cannot name a run: 8 to 32 lower-case letters and digits can")]
    RunId(String),
    /// An input file's path is none.
    #[error("`{0}` cannot be a path of the input: it must be relative, without `.`, `..` or empty parts, and not ours")]
    Path(String),
    /// The agent's image is nowhere.
    #[error("there is no image `{0}`")]
    NoImage(String),
    /// The agent's image cannot be run as an agent.
    #[error("the image {reference} cannot be an agent: {why}")]
    Image { reference: String, why: String },
    /// Something in the sandbox is not as it must be. The agent was not started.
    #[error("the sandbox does not hold: {}", .0.join("; "))]
    Probe(Vec<String>),
    /// The proxy did not come up, or went down.
    #[error("the proxy is not ready: {why}")]
    Proxy {
        /// Why; may hold what it wrote to standard error.
        why: String,
    },
    /// Somebody wanted it to end.
    #[error("the run was cancelled")]
    Cancelled,
}

impl SandboxError {
    /// Whether something is not there that was: the sandbox's image, after somebody cleaned up.
    #[must_use]
    pub(crate) fn is_gone(&self) -> bool {
        matches!(self, Self::Engine(error) if error.is_not_found())
    }
}
