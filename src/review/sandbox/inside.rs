//! The first process of an agent container: looks whether the sandbox holds, opens the way to the proxy, starts the agent,
//! and stays its parent until it ends.
//!
//! The agent's user is this process's own. So that an agent cannot take it over, this process may not be traced; and so
//! that nothing is gained if it could, it has nothing that the agent does not get.

#[cfg_attr(not(target_os = "linux"), path = "inside/elsewhere.rs")]
pub(crate) mod calls;
mod forward;
mod probe;
mod results;

pub(crate) use probe::failures;

use super::SOCKET;
use rustix::process::{Pid, Signal, WaitOptions, kill_process, wait};
use std::fs;
use std::io::{self, Read, Write};
use std::path::PathBuf;
use std::process::{Command, Stdio};

/// The exit status that says: the sandbox does not hold, and no agent was started. Standard error says why.
pub(crate) const EXIT_PROBE: i64 = 97;
/// The exit status that says: the agent failed, and was refused a process.
pub(crate) const EXIT_TOO_MANY_PROCESSES: i64 = 98;
/// The exit status that says: the agent failed, and the kernel killed something for want of memory.
pub(crate) const EXIT_OUT_OF_MEMORY: i64 = 99;
/// The exit status of a program that cannot be started, as shells have it.
const EXIT_NOT_STARTED: i64 = 127;
/// What an agent's own status becomes that would be one of ours.
const EXIT_OTHER: i64 = 1;

/// The longest client token that is read.
const MAX_TOKEN: u64 = 4096;

/// What the first process is told.
#[derive(Debug, Clone)]
pub(crate) struct Init {
    /// Whether there is a proxy: its socket must be there, and the client token comes in on standard input.
    pub(crate) proxy: bool,
    /// Whether the engine's runtime is not its usual one, and walls off the kernel by its own means.
    pub(crate) other_runtime: bool,
    /// Whether the container has a network.
    pub(crate) network: bool,
    /// Variables of the program's environment, beside those that every one gets.
    pub(crate) variables: Vec<(String, String)>,
    /// The folder whose plain files are the output, in place of what the program prints.
    pub(crate) results: Option<PathBuf>,
    pub(crate) directory: Option<PathBuf>,
    /// The agent and its arguments.
    pub(crate) command: Vec<String>,
}

/// Does all of it, and returns the status to exit with.
#[must_use]
pub(crate) fn run(init: &Init) -> u8 {
    let status = start(init);
    u8::try_from(status).unwrap_or(EXIT_OTHER as u8)
}

fn start(init: &Init) -> i64 {
    // The container is started beside the proxy's. Its token comes when the input is written and the proxy serves, and nothing is
    // looked at before.
    let token = if init.proxy { read_token() } else { Ok(String::new()) };
    let own = probe::own_environment();
    let mut failures = probe::probe(init, &own);
    // Only now: a process that may not be traced may not look at all of itself either.
    if let Err(error) = calls::hide() {
        failures.push(format!("the first process can be traced: {error}"));
    }
    // The agent is started by this thread and takes its filter with it; the forwarder's thread is another.
    let forward = forward::start(init.proxy.then_some(SOCKET));
    if let Err(error) = calls::restrict(calls::FAMILIES) {
        failures.push(format!("system calls cannot be refused: {error}"));
    }
    if !failures.is_empty() {
        say(&probe::rendered(&failures));
        return EXIT_PROBE;
    }
    let (token, forward) = match (token, forward) {
        (Ok(token), Ok(forward)) => (token, forward),
        (Err(error), _) | (_, Err(error)) => {
            say(&probe::rendered(&[format!("the way to the proxy cannot be opened: {error}")]));
            return EXIT_PROBE;
        }
    };
    let Some((program, arguments)) = init.command.split_first() else {
        return EXIT_NOT_STARTED;
    };
    let mut command = Command::new(program);
    command
        .args(arguments)
        .env_clear()
        .envs(environment(&own.unwrap_or_default(), init.proxy.then_some(token.as_str())))
        .envs(init.variables.iter().cloned());
    if !init.variables.is_empty() {
        // That of an agent, which has none.
        command.env_remove("MCP_REVIEW_TASK");
    }
    command.stdin(Stdio::null());
    if let Some(folder) = &init.results {
        if let Err(error) = fs::create_dir_all(folder) {
            say(&format!("cannot make {}: {error}\n", folder.display()));
            return EXIT_NOT_STARTED;
        }
        command.stdout(Stdio::null());
    }
    if let Some(directory) = &init.directory {
        command.current_dir(directory);
    }
    match command.spawn() {
        Ok(child) => {
            let agent = i32::try_from(child.id()).ok().and_then(Pid::from_raw);
            forward.tell(agent);
            match (agent.map_or(EXIT_NOT_STARTED, stay), &init.results) {
                (0, Some(folder)) => results::write(folder),
                (status, _) => status,
            }
        }
        Err(error) => {
            say(&format!("cannot start {program}: {error}\n"));
            EXIT_NOT_STARTED
        }
    }
}

/// All that the agent gets to know of its surroundings.
fn environment(own: &[(String, String)], token: Option<&str>) -> Vec<(String, String)> {
    let variable = |name: &str, value: &str| (name.to_owned(), value.to_owned());
    let path = own.iter().find(|(name, _)| name == "PATH");
    let mut environment = vec![
        variable("HOME", "/tmp"),
        variable("TMPDIR", "/tmp"),
        variable("LANG", "C.UTF-8"),
        variable("PATH", path.map_or("/bin", |(_, value)| value)),
        variable("MCP_REVIEW_TASK", "/input/review.json"),
    ];
    if let Some(token) = token {
        environment.extend([
            variable("ANTHROPIC_BASE_URL", &format!("http://{}/anthropic", forward::ADDRESS)),
            variable("OPENAI_BASE_URL", &format!("http://{}/openai/v1", forward::ADDRESS)),
            variable("ANTHROPIC_API_KEY", token),
            variable("OPENAI_API_KEY", token),
            variable("MCP_REVIEW_SOCKET", SOCKET),
        ]);
    }
    environment
}

/// The client token: the first line of standard input.
fn read_token() -> io::Result<String> {
    let mut bytes = Vec::new();
    let mut stdin = io::stdin().lock().take(MAX_TOKEN);
    let mut byte = [0];
    while stdin.read(&mut byte)? == 1 && byte != *b"\n" {
        bytes.push(byte[0]);
    }
    match String::from_utf8(bytes) {
        Ok(token) if !token.is_empty() && token.bytes().all(|byte| byte.is_ascii_graphic()) => Ok(token),
        _ => Err(io::Error::other("no client token came in")),
    }
}

/// Waits for every child there is, its own and those that others left to it, until the agent has ended.
fn stay(agent: Pid) -> i64 {
    loop {
        let (pid, status) = match wait(WaitOptions::empty()) {
            Ok(Some(ended)) => ended,
            Err(rustix::io::Errno::INTR) | Ok(None) => continue,
            Err(_) => return EXIT_OTHER,
        };
        if pid != agent {
            continue;
        }
        let status = match (status.exit_status(), status.terminating_signal()) {
            (Some(status), _) => i64::from(status),
            (None, Some(signal)) => 128 + i64::from(signal),
            (None, None) => continue,
        };
        return match status {
            0 => 0,
            _ if counted("memory", &["memory.events", "memory.oom_control"], "oom_kill") => EXIT_OUT_OF_MEMORY,
            _ if counted("pids", &["pids.events"], "max") => EXIT_TOO_MANY_PROCESSES,
            EXIT_PROBE | EXIT_TOO_MANY_PROCESSES | EXIT_OUT_OF_MEMORY => EXIT_OTHER,
            status => status,
        };
    }
}

/// Whether a counter of this container's control group is above zero: `name number`, one a line.
fn counted(controller: &str, files: &[&str], name: &str) -> bool {
    let read = |file: &&str| probe::control_group(controller, file);
    files.iter().filter_map(read).any(|text| {
        text.lines()
            .filter_map(|line| line.split_once(' '))
            .any(|(what, number)| what == name && number.trim().parse::<u64>().is_ok_and(|number| number > 0))
    })
}

/// Passes a request to end on to the agent.
fn end(agent: Option<Pid>) {
    if let Some(agent) = agent {
        let _ = kill_process(agent, Signal::TERM);
    }
}

fn say(text: &str) {
    // Nobody is left to tell when standard error is closed.
    let _ = io::stderr().lock().write_all(text.as_bytes());
}

fn read(path: &str) -> io::Result<String> {
    fs::read(path).map(|bytes| String::from_utf8_lossy(&bytes).into_owned())
}
