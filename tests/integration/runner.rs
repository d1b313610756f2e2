//! Runs the program as a user does, in a world that is the same on every machine.
//!
//! A test makes a [`Runner`], writes the files of a registry into it, runs the program, and compares what a user would
//! have seen with an inline snapshot:
//!
//! ```ignore
//! let registry = Runner::new();
//! registry.write("servers/curl/server.yaml", "name: curl\n");
//! let output = registry.run(["validate", "--format", "json"]);
//! assert_eq!(output.status, 1);
//! insta::assert_snapshot!(output.stdout, @r"");
//! insta::assert_snapshot!(output.stderr, @r"");
//! ```
//!
//! The program sees an empty home, no `PATH`, no variables but those of [`Run`], the clock of [`SOURCE_DATE_EPOCH`], and
//! the registry's root as its working directory. The root is shown as `[ROOT]` in both outputs, the home as `[HOME]`.
//! A test that needs more says so: `registry.command(["validate"]).env("NO_COLOR", "1").run()`. A test that
//! needs history makes it with the real Git: `registry.git(["init"])`, `registry.commit("…")`.

use rustix::process::{Pid, Signal, kill_process};
use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};
use rustix::termios::{Winsize, tcsetwinsize};
use std::cell::Cell;
use std::ffi::{OsStr, OsString};
use std::fs::File;
use std::io::{Read, Write as _};
use std::os::unix::process::ExitStatusExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc;
use std::time::{Duration, Instant};
use tempfile::TempDir;

/// The program's clock, in seconds since 1970: 2026-01-02 00:00 UTC.
pub(crate) const SOURCE_DATE_EPOCH: u64 = 1_767_312_000;
/// A run that takes longer hangs, and is killed.
const DEADLINE: Duration = Duration::from_mins(3);
/// The width that the program takes its terminal to have, in columns.
const COLUMNS: &str = "100";

/// A registry in a temporary directory, and a home beside it. Both are removed with it.
#[derive(Debug)]
pub(crate) struct Runner {
    directory: TempDir,
    commits: Cell<u64>,
}

/// What a run left behind.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Output {
    /// Exactly what was written, with the paths of this run replaced.
    pub(crate) stdout: String,
    /// The same for the other stream.
    pub(crate) stderr: String,
    /// The exit status; a run that a signal ended fails the test.
    pub(crate) status: i32,
}

impl Runner {
    /// An empty registry: a root without a `servers` folder.
    pub(crate) fn new() -> Self {
        let directory = tempfile::Builder::new().prefix("mcp-registry-test-").tempdir().expect("a temporary directory");
        std::fs::create_dir(directory.path().join("root")).expect("the registry's root");
        std::fs::create_dir(directory.path().join("home")).expect("a home");
        Self { directory, commits: Cell::new(0) }
    }

    /// The registry's root, without links in it: what `[ROOT]` stands for.
    pub(crate) fn root(&self) -> PathBuf {
        self.directory.path().canonicalize().expect("the temporary directory exists").join("root")
    }

    /// The home, empty unless a test fills it: what `[HOME]` stands for.
    pub(crate) fn home(&self) -> PathBuf {
        self.directory.path().canonicalize().expect("the temporary directory exists").join("home")
    }

    /// Writes a file, with the folders above it. The path is relative to the root.
    pub(crate) fn write(&self, path: impl AsRef<Path>, content: impl AsRef<[u8]>) -> &Self {
        let path = self.root().join(path);
        std::fs::create_dir_all(path.parent().expect("a path below the root")).expect("folders can be made");
        std::fs::write(&path, content).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        self
    }

    /// Reads a file. The path is relative to the root.
    pub(crate) fn read(&self, path: impl AsRef<Path>) -> String {
        let path = self.root().join(path);
        std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
    }

    /// Runs the program and waits for it.
    pub(crate) fn run<I>(&self, arguments: I) -> Output
    where
        I: IntoIterator,
        I::Item: AsRef<OsStr>,
    {
        self.command(arguments).run()
    }

    /// The program with these arguments, to say more about before it runs.
    pub(crate) fn command<I>(&self, arguments: I) -> Run<'_>
    where
        I: IntoIterator,
        I::Item: AsRef<OsStr>,
    {
        let mut command = Command::new(env!("CARGO_BIN_EXE_mcp-registry"));
        command
            .args(arguments)
            .current_dir(self.root())
            .env_clear()
            .env("HOME", self.home())
            .env("LANG", "C.UTF-8")
            .env("COLUMNS", COLUMNS)
            .env("SOURCE_DATE_EPOCH", SOURCE_DATE_EPOCH.to_string());
        pipes(&mut command);
        Run { runner: self, command }
    }

    /// Runs the real Git in the root and returns what it printed, without the last line end. Nothing of the machine's or
    /// the user's configuration is read; author and committer are fixed, and each call is a minute after the one before.
    pub(crate) fn git<I>(&self, arguments: I) -> String
    where
        I: IntoIterator,
        I::Item: AsRef<OsStr>,
    {
        self.git_in(self.root(), arguments)
    }

    /// The same in another directory, relative to the root.
    pub(crate) fn git_in<I>(&self, directory: impl AsRef<Path>, arguments: I) -> String
    where
        I: IntoIterator,
        I::Item: AsRef<OsStr>,
    {
        let arguments: Vec<OsString> = arguments.into_iter().map(|argument| argument.as_ref().to_owned()).collect();
        self.commits.set(self.commits.get() + 1);
        let date = format!("{} +0000", SOURCE_DATE_EPOCH - 86_400 + 60 * self.commits.get());
        let mut command = Command::new("git");
        command
            .args([
                "-c",
                "init.defaultBranch=main",
                "-c",
                "protocol.file.allow=always",
                "-c",
                "advice.detachedHead=false",
            ])
            .args(&arguments)
            .current_dir(self.root().join(directory))
            .env_clear()
            .env("PATH", std::env::var_os("PATH").unwrap_or_default())
            .env("HOME", self.home())
            .env("LANG", "C.UTF-8")
            .env("GIT_CONFIG_NOSYSTEM", "1")
            .env("GIT_CONFIG_GLOBAL", "/dev/null")
            .env("GIT_TERMINAL_PROMPT", "0");
        pipes(&mut command);
        for role in ["AUTHOR", "COMMITTER"] {
            command.env(format!("GIT_{role}_NAME"), "A Maintainer");
            command.env(format!("GIT_{role}_EMAIL"), "maintainer@example.com");
            command.env(format!("GIT_{role}_DATE"), &date);
        }
        let what = format!("git {arguments:?}");
        let output = start(command, &what).finish(&what).expect("nobody kills it");
        assert_eq!(output.status, 0, "git {arguments:?}\n{}{}", output.stdout, output.stderr);
        output.stdout.trim_end_matches('\n').to_owned()
    }

    /// Commits everything that is in the root, changed or not, and returns the commit's 40 digits.
    pub(crate) fn commit(&self, message: &str) -> String {
        self.git(["add", "--all"]);
        self.git(["commit", "--quiet", "--allow-empty", "--message", message]);
        self.git(["rev-parse", "HEAD"])
    }

    fn normalise(&self, text: &str) -> String {
        let (root, home) = (self.root(), self.home());
        let text =
            text.replace(root.to_str().expect("UTF-8"), "[ROOT]").replace(home.to_str().expect("UTF-8"), "[HOME]");
        // Where the temporary directory is reached through a link, the program may say the path as it was given.
        let given = self.directory.path();
        text.replace(given.join("root").to_str().expect("UTF-8"), "[ROOT]")
            .replace(given.join("home").to_str().expect("UTF-8"), "[HOME]")
    }
}

/// The program, about to run.
#[derive(Debug)]
#[must_use]
pub(crate) struct Run<'a> {
    runner: &'a Runner,
    command: Command,
}

impl<'a> Run<'a> {
    /// Sets a variable.
    pub(crate) fn env(mut self, name: &str, value: impl AsRef<OsStr>) -> Self {
        self.command.env(name, value);
        self
    }

    /// Runs the program and waits for it, for three minutes at most.
    pub(crate) fn run(self) -> Output {
        self.start().wait()
    }

    /// Starts the program.
    pub(crate) fn start(self) -> Running<'a> {
        let what = format!("{:?}", self.command);
        Running { runner: self.runner, child: start(self.command, &what), what }
    }

    /// Runs the program with its standard error on a terminal of 100 columns, and waits for it.
    pub(crate) fn run_on_terminal(self) -> Output {
        self.run_typing("")
    }

    /// The same, and somebody has typed these lines, which the terminal shows. Without any, standard input is none.
    pub(crate) fn run_typing(mut self, lines: &str) -> Output {
        let terminal = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY).expect("a terminal");
        grantpt(&terminal).and_then(|()| unlockpt(&terminal)).expect("the other end of the terminal");
        let size = Winsize { ws_row: 25, ws_col: 100, ws_xpixel: 0, ws_ypixel: 0 };
        tcsetwinsize(&terminal, size).expect("a terminal has a size");
        let path = ptsname(&terminal, Vec::new()).expect("the name of the other end").into_string().expect("UTF-8");
        let end = File::options().read(true).write(true).open(path).expect("the other end of the terminal");
        if !lines.is_empty() {
            self.command.stdin(end.try_clone().expect("the other end, once more"));
        }
        self.command.env("TERM", "xterm").stderr(end);
        let mut terminal = File::from(terminal);
        terminal.write_all(lines.as_bytes()).expect("a terminal takes lines");
        let seen = Stream::new(terminal);
        let mut output = self.run();
        output.stderr = seen.rest(Instant::now() + DEADLINE).expect("the terminal is closed when the program ends");
        output
    }
}

/// The program, running.
#[derive(Debug)]
#[must_use]
pub(crate) struct Running<'a> {
    runner: &'a Runner,
    child: Started,
    what: String,
}

impl Running<'_> {
    /// Sends what Ctrl-C sends.
    pub(crate) fn interrupt(&self) {
        kill_process(Pid::from_child(&self.child.child), Signal::INT).expect("it runs");
    }

    /// Waits until its standard error says this, for three minutes at most.
    pub(crate) fn wait_for(&mut self, text: &str) {
        let [_, stderr] = &mut self.child.outputs;
        stderr.until(text, Instant::now() + DEADLINE);
    }

    /// The process, for somebody else to kill.
    pub(crate) fn child(&self) -> &Child {
        &self.child.child
    }

    /// Waits for its end, for three minutes at most.
    pub(crate) fn wait(self) -> Output {
        let what = self.what.clone();
        self.wait_or_killed().unwrap_or_else(|| panic!("{what}: killed"))
    }

    /// The same; none when SIGKILL was its end.
    pub(crate) fn wait_or_killed(self) -> Option<Output> {
        let output = self.child.finish(&self.what)?;
        Some(Output {
            stdout: self.runner.normalise(&output.stdout),
            stderr: self.runner.normalise(&output.stderr),
            status: output.status,
        })
    }
}

/// A process whose outputs are being read: standard output, then standard error. One that is no pipe has no bytes.
#[derive(Debug)]
struct Started {
    child: Child,
    outputs: [Stream; 2],
}

fn pipes(command: &mut Command) {
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
}

fn start(mut command: Command, what: &str) -> Started {
    let mut child = command.spawn().unwrap_or_else(|error| panic!("{what}: {error}"));
    let stdout = child.stdout.take().map_or_else(Stream::default, Stream::new);
    let stderr = child.stderr.take().map_or_else(Stream::default, Stream::new);
    Started { child, outputs: [stdout, stderr] }
}

impl Started {
    /// Waits for the end, or kills it at the deadline and fails the test. None when somebody else killed it.
    fn finish(mut self, what: &str) -> Option<Output> {
        let end = Instant::now() + DEADLINE;
        let [stdout, stderr] = self.outputs;
        let Some((stdout, stderr)) = stdout.rest(end).zip(stderr.rest(end)) else {
            drop(self.child.kill());
            drop(self.child.wait());
            panic!("{what}: still running after {DEADLINE:?}");
        };
        let status = self.child.wait().unwrap_or_else(|error| panic!("{what}: {error}"));
        if status.signal() == Some(Signal::KILL.as_raw()) {
            return None;
        }
        let status = status.code().unwrap_or_else(|| panic!("{what}: {status}\n{stdout}\n{stderr}"));
        Some(Output { stdout, stderr, status })
    }
}

/// What a process writes, read beside everything else.
#[derive(Debug)]
struct Stream {
    parts: mpsc::Receiver<Vec<u8>>,
    bytes: Vec<u8>,
}

impl Default for Stream {
    fn default() -> Self {
        Self::new(std::io::empty())
    }
}

impl Stream {
    fn new(mut stream: impl Read + Send + 'static) -> Self {
        let (sender, parts) = mpsc::channel();
        std::thread::spawn(move || {
            let mut buffer = [0; 4096];
            // A terminal ends with an error.
            while let Ok(length @ 1..) = stream.read(&mut buffer) {
                drop(sender.send(buffer[..length].to_vec()));
            }
        });
        Self { parts, bytes: Vec::new() }
    }

    /// Reads more until it says this; fails the test when it does not in time.
    fn until(&mut self, text: &str, end: Instant) {
        while !String::from_utf8_lossy(&self.bytes).contains(text) {
            let more = self.parts.recv_timeout(end.saturating_duration_since(Instant::now()));
            let more = more.unwrap_or_else(|_| panic!("no `{text}` in {:?}", String::from_utf8_lossy(&self.bytes)));
            self.bytes.extend(more);
        }
    }

    /// Everything, from the beginning; none when it does not end in time.
    fn rest(mut self, end: Instant) -> Option<String> {
        loop {
            match self.parts.recv_timeout(end.saturating_duration_since(Instant::now())) {
                Ok(more) => self.bytes.extend(more),
                Err(mpsc::RecvTimeoutError::Disconnected) => break,
                Err(mpsc::RecvTimeoutError::Timeout) => return None,
            }
        }
        Some(String::from_utf8(self.bytes).expect("output is UTF-8"))
    }
}

#[test]
fn the_history_that_a_test_makes_is_the_same_on_every_machine() {
    let registry = Runner::new();
    registry.git(["init", "--quiet"]);
    registry.write("servers/curl/server.yaml", "name: curl\n");
    assert_eq!(registry.commit("curl"), "686eeab0e3ac2f7e586304158cb70b0f6db8279e");
}

#[test]
fn the_program_runs_and_the_paths_of_the_run_are_not_shown() {
    let registry = Runner::new();
    let root = registry.root();
    assert_eq!(
        registry.normalise(&format!("{}/servers: {}", root.display(), registry.home().display())),
        "[ROOT]/servers: [HOME]"
    );
    assert_eq!(registry.run(["--version"]).stderr, "");
}
