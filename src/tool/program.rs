//! A program that is found on the PATH.

use super::walls::EXIT_NOT_STARTED;
use super::{Limits, ToolError};
use crate::review::sandbox::inside::calls;
use crate::review::sandbox::{Cancel, Ended};
use rustix::process::{Pid, Signal, kill_process_group};
use std::ffi::{OsStr, OsString};
use std::io::Read;
use std::os::unix::fs::PermissionsExt as _;
use std::os::unix::process::{CommandExt as _, ExitStatusExt as _};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

/// What is kept of standard error: its end.
const STDERR_TAIL: usize = 16 << 10;
/// How often it is looked whether it has ended.
const LOOK: Duration = Duration::from_millis(20);

/// A program to be run.
#[derive(Debug)]
pub(crate) struct Program {
    /// Its name on the PATH.
    pub(crate) name: String,
    /// Its arguments.
    pub(crate) arguments: Vec<OsString>,
    /// Variables of its environment, beside the few that every one gets.
    pub(crate) variables: Vec<(&'static str, OsString)>,
    /// An empty folder, which is its home, its folder for temporary files, and where it starts.
    pub(crate) home: PathBuf,
}

/// Where programs are.
#[derive(Debug, Clone)]
pub(crate) struct Place {
    /// The absolute folders of the PATH.
    pub(crate) path: Vec<PathBuf>,
    /// This program.
    pub(crate) walls: Option<PathBuf>,
}

/// Runs a program to its end, and returns what it printed.
///
/// # Errors
/// When it is not there, does not end well, or uses more than it may.
pub(crate) async fn run(
    program: Program,
    place: &Place,
    limits: &Limits,
    cancel: &Cancel,
) -> Result<Vec<u8>, ToolError> {
    let (found, path) = find(&program.name, &place.path)?;
    let walls = place.walls.clone().ok_or_else(|| ToolError::Setup("this program cannot be found".to_owned()))?;
    let mut command = Command::new(walls);
    command.arg("walls").arg(format!("--memory={}", limits.memory));
    if limits.network {
        command.arg("--network");
    }
    command.arg("--").arg(found).args(&program.arguments);
    command.env_clear().env("PATH", path).env("LANG", "C.UTF-8");
    command.env("HOME", &program.home).env("TMPDIR", &program.home).envs(program.variables);
    command.current_dir(&program.home).process_group(0);
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    // Nobody of the same user reads this program's memory or environment from now on: there may be a key and its password.
    let hidden = calls::hide();
    hidden.map_err(|error| ToolError::Setup(format!("this program cannot be hidden from it: {error}")))?;
    let (name, limits, cancel) = (program.name, *limits, cancel.clone());
    let run = tokio::task::spawn_blocking(move || {
        let child = command.spawn().map_err(|error| ToolError::Start(name, error))?;
        Running::new(child, limits.output).wait(&limits, &cancel)
    });
    run.await.map_err(|error| ToolError::Setup(error.to_string()))?
}

/// The program of this name, and the PATH as it gets it.
fn find(name: &str, folders: &[PathBuf]) -> Result<(PathBuf, OsString), ToolError> {
    let is_program =
        |file: &Path| file.metadata().is_ok_and(|found| found.is_file() && found.permissions().mode() & 0o111 != 0);
    let found = folders.iter().map(|folder| folder.join(name)).find(|file| is_program(file));
    let found = found.ok_or_else(|| ToolError::NotFound(name.to_owned()))?;
    let folders: Vec<&OsStr> = folders.iter().map(|folder| folder.as_os_str()).collect();
    Ok((found, folders.join(OsStr::new(":"))))
}

struct Running {
    child: Child,
    /// Whether it has printed more than it may.
    too_much: Arc<AtomicBool>,
    stdout: JoinHandle<Vec<u8>>,
    stderr: JoinHandle<Vec<u8>>,
}

impl Running {
    fn new(mut child: Child, limit: usize) -> Self {
        let (stdout, stderr) = (child.stdout.take(), child.stderr.take());
        let too_much = Arc::new(AtomicBool::new(false));
        let flag = too_much.clone();
        Self {
            child,
            too_much,
            stdout: thread::spawn(move || stdout.map_or_else(Vec::new, |stdout| head(stdout, limit, &flag))),
            stderr: thread::spawn(move || stderr.map_or_else(Vec::new, tail)),
        }
    }

    fn wait(mut self, limits: &Limits, cancel: &Cancel) -> Result<Vec<u8>, ToolError> {
        let end = Instant::now() + limits.time;
        let mut ended = Ok(None);
        loop {
            match self.child.try_wait() {
                Ok(Some(status)) => {
                    ended = Ok(Some(status));
                    break;
                }
                Ok(None) if cancel.stopped().is_some() => {
                    ended = Err(ToolError::Stopped);
                    break;
                }
                Ok(None) if Instant::now() >= end => break,
                Ok(None) if self.too_much.load(Ordering::Relaxed) => break,
                Ok(None) => thread::sleep(LOOK),
                Err(error) => {
                    ended = Err(ToolError::Setup(error.to_string()));
                    break;
                }
            }
        }
        self.kill();
        let stdout = self.stdout.join().unwrap_or_default();
        let stderr = self.stderr.join().unwrap_or_default();
        let ended = ended?;
        if self.too_much.load(Ordering::Relaxed) {
            return Err(ToolError::ended(Ended::OutputTooLarge, stderr));
        }
        match ended {
            None => Err(ToolError::ended(Ended::DeadlinePassed { full_of_processes: false }, stderr)),
            Some(status) if status.success() => Ok(stdout),
            Some(status) => Err(Self::failed(status, stderr)),
        }
    }

    /// Ends it and what it has started.
    fn kill(&mut self) {
        if let Some(group) = i32::try_from(self.child.id()).ok().and_then(Pid::from_raw) {
            let _ = kill_process_group(group, Signal::KILL);
        }
        let _ = self.child.kill();
        let _ = self.child.wait();
    }

    fn failed(status: ExitStatus, stderr: Vec<u8>) -> ToolError {
        let code = status.code().map(i64::from);
        if code == Some(i64::from(EXIT_NOT_STARTED)) {
            let ended = "was not started, or ended with status 125".to_owned();
            return ToolError::Ended { ended, stderr };
        }
        let code = code.or_else(|| Some(128 + i64::from(status.signal()?))).unwrap_or(-1);
        ToolError::ended(Ended::Exited(code), stderr)
    }
}

/// Everything, up to `limit` bytes.
fn head(stream: impl Read, limit: usize, too_much: &AtomicBool) -> Vec<u8> {
    let mut bytes = Vec::new();
    // What was read before a pipe broke is judged by how the program ended.
    let _ = stream.take(limit as u64 + 1).read_to_end(&mut bytes);
    too_much.store(bytes.len() > limit, Ordering::Relaxed);
    bytes
}

/// The end of it.
fn tail(mut stream: impl Read) -> Vec<u8> {
    let (mut kept, mut buffer) = (Vec::new(), vec![0; STDERR_TAIL]);
    while let Ok(read) = stream.read(&mut buffer) {
        let bytes = buffer.get(..read).unwrap_or_default();
        if bytes.is_empty() {
            break;
        }
        kept.extend_from_slice(bytes);
        let excess = kept.len().saturating_sub(STDERR_TAIL);
        kept.drain(..excess);
    }
    kept
}
