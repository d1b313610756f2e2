//! What a program of the PATH is started behind: this program again, which gives things up and becomes it.
//!
//! It has no socket, so that it reaches neither a network nor the engine, an agent of keys or anybody else who listens. With a
//! network, it still has no sockets in the file system. What is given up cannot be had back, by it or by what it starts.

use crate::review::sandbox::inside::calls;
use rustix::process::{Resource, Rlimit, setrlimit};
use std::ffi::OsString;
use std::os::unix::process::CommandExt as _;
use std::process::Command;

/// The exit status that says: it was not started. Standard error says why.
pub(crate) const EXIT_NOT_STARTED: u8 = 125;
/// The maximum size of a file that it writes, in bytes.
const MAX_FILE_BYTES: u64 = 4 << 30;

/// What the program is given.
#[derive(Debug)]
pub(crate) struct Walls {
    /// The address space of each process, in bytes.
    pub(crate) memory: u64,
    /// Whether it has a network.
    pub(crate) network: bool,
    /// The program and its arguments.
    pub(crate) command: Vec<OsString>,
}

/// Becomes the program. Comes back only when that fails, with the reason.
pub(crate) fn enter(walls: &Walls) -> String {
    match prepare(walls) {
        Err(why) => why,
        Ok(mut command) => format!("it cannot be started: {}", command.exec()),
    }
}

fn prepare(walls: &Walls) -> Result<Command, String> {
    let limit = |resource, bytes| {
        let limit = Rlimit { current: Some(bytes), maximum: Some(bytes) };
        setrlimit(resource, limit).map_err(|error| format!("its memory and files cannot be limited: {error}"))
    };
    limit(Resource::As, walls.memory)?;
    limit(Resource::Fsize, MAX_FILE_BYTES)?;
    limit(Resource::Core, 0)?;
    // Whoever kills this program's parent leaves nothing behind.
    calls::end_with_parent().map_err(|error| format!("it would outlive its parent: {error}"))?;
    calls::drop_capabilities().map_err(|error| format!("its capabilities cannot be taken: {error}"))?;
    let families: &[u64] = if walls.network { calls::NETWORK } else { &[] };
    calls::restrict(families).map_err(|error| format!("it cannot be kept from a network: {error}"))?;
    let (program, arguments) = walls.command.split_first().ok_or("there is no program")?;
    let mut command = Command::new(program);
    command.args(arguments);
    Ok(command)
}
