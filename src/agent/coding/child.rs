//! The program of a coding agent as a child of ours: its lines are read with a limit, and it is ended when its time is up.

use crate::text::cut;
use std::io::{BufRead, BufReader, Read, Write};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{Receiver, RecvTimeoutError, sync_channel};
use std::thread;
use std::time::{Duration, Instant};

/// Bytes of a line that is looked at: the result of a tool is one, and files are limited to a few megabytes. A longer one is passed over.
const MAX_LINE: u64 = 32 << 20;
/// Lines that wait to be looked at.
const WAITING: usize = 16;
/// Bytes of standard error that are kept: its end.
const KEPT: usize = 8 << 10;
/// Characters of its last line that are repeated.
const MAX_LAST: usize = 200;
/// How often it is looked whether the program still runs while it says nothing.
const LOOK: Duration = Duration::from_millis(500);

/// What to start.
#[derive(Debug)]
pub(super) struct Start {
    pub(super) program: String,
    pub(super) arguments: Vec<String>,
    /// All of its environment.
    pub(super) environment: Vec<(String, String)>,
}

/// How it ended.
#[derive(Debug)]
pub(super) struct Ended {
    /// By itself, with status 0.
    pub(super) well: bool,
    status: String,
    /// The last line of its standard error.
    pub(super) last_line: String,
}

impl Ended {
    /// In words that follow its name.
    pub(super) fn how(&self) -> String {
        format!("ended with {}", self.status)
    }
}

/// Runs it to its end. `hear` gets each line of its standard output, and ends it with an error.
///
/// # Errors
/// When it cannot be started, `hear` refuses a line, or time is up. It is gone then.
pub(super) fn run(
    start: &Start,
    directory: &Path,
    input: &str,
    deadline: Instant,
    hear: &mut dyn FnMut(&str) -> Result<(), String>,
) -> Result<Ended, String> {
    let mut child = Command::new(&start.program)
        .args(&start.arguments)
        .env_clear()
        .envs(start.environment.iter().map(|(name, value)| (name, value)))
        .current_dir(directory)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .map_err(|error| format!("cannot start {}: {error}", start.program))?;
    if let Some(mut stdin) = child.stdin.take() {
        let input = input.to_owned();
        // A program that does not read is known by its end.
        thread::spawn(move || stdin.write_all(input.as_bytes()));
    }
    let stderr = child.stderr.take().map(|stderr| thread::spawn(move || tail(stderr)));
    let lines = child.stdout.take().map(lines);
    let heard = lines.map_or(Ok(()), |lines| listen(&mut child, &lines, deadline, hear));
    if heard.is_err() {
        let _ = child.kill();
    }
    let status = child.wait().map_err(|error| format!("cannot wait for {}: {error}", start.program))?;
    heard?;
    // What it left behind may hold the pipe open.
    let last = stderr.filter(|thread| finished(thread, LOOK)).and_then(|thread| thread.join().ok()).unwrap_or_default();
    Ok(Ended { well: status.success(), status: status.to_string(), last_line: last })
}

fn finished<T>(thread: &thread::JoinHandle<T>, within: Duration) -> bool {
    let end = Instant::now() + within;
    while !thread.is_finished() && Instant::now() < end {
        thread::sleep(Duration::from_millis(5));
    }
    thread.is_finished()
}

fn listen(
    child: &mut Child,
    lines: &Receiver<String>,
    deadline: Instant,
    hear: &mut dyn FnMut(&str) -> Result<(), String>,
) -> Result<(), String> {
    let mut gone = false;
    loop {
        let left = deadline.saturating_duration_since(Instant::now());
        if left.is_zero() {
            return Err("the time was used up before the review was finished".to_owned());
        }
        match lines.recv_timeout(left.min(LOOK)) {
            Ok(line) => hear(&line)?,
            Err(RecvTimeoutError::Disconnected) => return Ok(()),
            // Whatever holds its output open after its end is not it.
            Err(RecvTimeoutError::Timeout) if gone => return Ok(()),
            Err(RecvTimeoutError::Timeout) => gone = child.try_wait().is_ok_and(|status| status.is_some()),
        }
    }
}

/// The lines of a stream, by a thread of their own.
fn lines(stream: impl Read + Send + 'static) -> Receiver<String> {
    let (sender, receiver) = sync_channel(WAITING);
    thread::spawn(move || {
        let mut stream = BufReader::new(stream);
        let mut too_long = false;
        loop {
            let mut line = Vec::new();
            match (&mut stream).take(MAX_LINE).read_until(b'\n', &mut line) {
                Ok(0) | Err(_) => return,
                Ok(_) => {}
            }
            let whole = line.last() == Some(&b'\n');
            let wanted = !too_long && (whole || (line.len() as u64) < MAX_LINE);
            too_long = !whole;
            if wanted && sender.send(String::from_utf8_lossy(&line).into_owned()).is_err() {
                return;
            }
        }
    });
    receiver
}

/// The last line of a stream with something on it.
fn tail(mut stream: impl Read) -> String {
    let mut kept = Vec::new();
    let mut piece = [0; 4096];
    while let Ok(read @ 1..) = stream.read(&mut piece) {
        kept.extend_from_slice(piece.get(..read).unwrap_or_default());
        let excess = kept.len().saturating_sub(KEPT);
        kept.drain(..excess);
    }
    let text = String::from_utf8_lossy(&kept);
    cut(text.lines().map(str::trim).rfind(|line| !line.is_empty()).unwrap_or_default(), MAX_LAST).into_owned()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::{Start, run};
    use std::path::Path;
    use std::time::{Duration, Instant};

    fn shell(script: &str, time: Duration) -> (Result<(bool, String), String>, Vec<String>) {
        let start = Start {
            program: "/bin/sh".to_owned(),
            arguments: vec!["-c".to_owned(), script.to_owned()],
            environment: vec![("ONLY".to_owned(), "this".to_owned())],
        };
        let mut heard = Vec::new();
        let ended = run(&start, Path::new("/"), "prompt\n", Instant::now() + time, &mut |line| {
            heard.push(line.trim_end().to_owned());
            if line.starts_with("bad") { Err("it said bad".to_owned()) } else { Ok(()) }
        });
        (ended.map(|ended| (ended.well, ended.last_line)), heard)
    }

    #[test]
    fn a_child_gets_its_input_and_no_other_environment_and_is_heard_out() {
        let minute = Duration::from_mins(1);
        let (ended, heard) = shell("read line; echo \"$line $ONLY ${HOME-none}\"; echo last >&2; exit 0", minute);
        assert_eq!((ended, heard), (Ok((true, "last".to_owned())), vec!["prompt this none".to_owned()]));
        assert_eq!(shell("exit 3", minute).0, Ok((false, String::new())));
    }

    #[test]
    fn a_child_is_ended_when_its_time_is_up_or_it_is_refused() {
        let began = Instant::now();
        let (ended, _) = shell("sleep 60", Duration::from_millis(100));
        assert_eq!(ended, Err("the time was used up before the review was finished".to_owned()));
        let (ended, heard) = shell("echo bad; sleep 60", Duration::from_mins(1));
        assert_eq!((ended, heard.len()), (Err("it said bad".to_owned()), 1));
        // What it leaves behind does not hold the review up.
        let (ended, _) = shell("sleep 60 & echo on", Duration::from_mins(1));
        assert!(ended.is_ok());
        assert!(began.elapsed() < Duration::from_secs(30));
    }
}
