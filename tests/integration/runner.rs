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

use std::cell::Cell;
use std::ffi::{OsStr, OsString};
use std::io::Read;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc;
use std::time::{Duration, Instant};
use tempfile::TempDir;

/// The program's clock, in seconds since 1970: 2026-01-02 00:00 UTC.
pub(crate) const SOURCE_DATE_EPOCH: u64 = 1_767_312_000;
/// A run that takes longer hangs, and is killed.
const DEADLINE: Duration = Duration::from_secs(60);
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
        for role in ["AUTHOR", "COMMITTER"] {
            command.env(format!("GIT_{role}_NAME"), "A Maintainer");
            command.env(format!("GIT_{role}_EMAIL"), "maintainer@example.com");
            command.env(format!("GIT_{role}_DATE"), &date);
        }
        let output = finish(command, &format!("git {arguments:?}"));
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

impl Run<'_> {
    /// Sets a variable.
    pub(crate) fn env(mut self, name: &str, value: impl AsRef<OsStr>) -> Self {
        self.command.env(name, value);
        self
    }

    /// Runs the program and waits for it, for a minute at most.
    pub(crate) fn run(self) -> Output {
        let what = format!("{:?}", self.command);
        let output = finish(self.command, &what);
        Output {
            stdout: self.runner.normalise(&output.stdout),
            stderr: self.runner.normalise(&output.stderr),
            status: output.status,
        }
    }
}

/// Runs a command to its end, or kills it at the deadline and fails the test.
fn finish(mut command: Command, what: &str) -> Output {
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().unwrap_or_else(|error| panic!("{what}: {error}"));
    let (sender, receiver) = mpsc::channel();
    collect(child.stdout.take().expect("a pipe"), false, &sender);
    collect(child.stderr.take().expect("a pipe"), true, &sender);
    let mut streams = [Vec::new(), Vec::new()];
    let end = Instant::now() + DEADLINE;
    for _ in 0..streams.len() {
        match receiver.recv_timeout(end.saturating_duration_since(Instant::now())) {
            Ok((is_error, bytes)) => streams[usize::from(is_error)] = bytes,
            Err(_) => give_up(child, what),
        }
    }
    let status = child.wait().unwrap_or_else(|error| panic!("{what}: {error}"));
    let [stdout, stderr] = streams.map(|bytes| String::from_utf8(bytes).expect("output is UTF-8"));
    let status = status.code().unwrap_or_else(|| panic!("{what}: {status}\n{stdout}\n{stderr}"));
    Output { stdout, stderr, status }
}

fn collect(mut stream: impl Read + Send + 'static, is_error: bool, sender: &mpsc::Sender<(bool, Vec<u8>)>) {
    let sender = sender.clone();
    std::thread::spawn(move || {
        let mut bytes = Vec::new();
        drop(stream.read_to_end(&mut bytes));
        drop(sender.send((is_error, bytes)));
    });
}

fn give_up(mut child: Child, what: &str) -> ! {
    drop(child.kill());
    drop(child.wait());
    panic!("{what}: still running after {DEADLINE:?}");
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
