//! What a server writes: messages are passed on, everything else is counted and its end kept.

use crate::engine::EngineError;
use crate::engine::container::{Chunk, End};
use crate::mcp::stdio::{MAX_MESSAGE_BYTES, StdioError};
use futures_util::{Stream, StreamExt};
use serde_json::Value;
use std::collections::VecDeque;
use std::fmt;
use std::pin::Pin;
use std::time::Duration;
use tokio::io::{AsyncWriteExt, DuplexStream};
use tokio::sync::oneshot;
use tokio::task::JoinHandle;

/// Bytes that a server may write in all.
const MAX_BYTES: usize = 16 << 20;
/// Lines that are kept of what is no message.
const TAIL: usize = 50;
/// Bytes of a line that are kept.
const MAX_LINE: usize = 2_000;
/// Bytes that wait for whoever reads messages.
const WAITING: usize = 64 << 10;

/// What was heard beside messages.
#[derive(Debug, Default)]
pub(super) struct Heard {
    pub(super) lines: VecDeque<String>,
    /// What there was too much of.
    pub(super) flood: Option<&'static str>,
}

/// Why a server did not list its tools.
#[derive(Debug)]
pub(super) enum Trouble {
    Engine(EngineError),
    Time { time: Duration, heard: Heard },
    Flood { what: &'static str, heard: Heard },
    Ended { end: End, heard: Heard },
    Protocol { error: StdioError, heard: Heard },
}

impl fmt::Display for Trouble {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Engine(error) => {
                write!(f, "{error}")?;
                let cause = std::error::Error::source(error).map_or_else(String::new, |cause| format!(": {cause}"));
                f.write_str(&cause)
            }
            Self::Time { time, .. } => write!(f, "it took longer than {} seconds", time.as_secs()),
            Self::Flood { what, .. } => f.write_str(what),
            Self::Ended { end, .. } if end.out_of_memory => f.write_str("it ran out of memory"),
            Self::Ended { end, .. } => write!(f, "it ended with status {}", end.status),
            Self::Protocol { error, .. } => write!(f, "{error}"),
        }
    }
}

impl Trouble {
    /// The last lines that the server wrote.
    pub(super) fn lines(self) -> Vec<String> {
        match self {
            Self::Engine(_) => Vec::new(),
            Self::Time { heard, .. }
            | Self::Flood { heard, .. }
            | Self::Ended { heard, .. }
            | Self::Protocol { heard, .. } => heard.lines.into(),
        }
    }
}

/// Reads a server's output beside whoever speaks with it.
pub(super) struct Pump {
    task: JoinHandle<Heard>,
    stop: oneshot::Sender<()>,
}

type Output = Pin<Box<dyn Stream<Item = Result<Chunk, EngineError>> + Send>>;

impl Pump {
    /// Starts. Messages come out of the stream.
    pub(super) fn start(output: Output) -> (Self, DuplexStream) {
        let (ours, theirs) = tokio::io::duplex(WAITING);
        let (stop, stopped) = oneshot::channel();
        (Self { task: tokio::spawn(run(output, ours, stopped)), stop }, theirs)
    }

    /// What was heard until now.
    pub(super) async fn stop(self) -> Heard {
        let _ = self.stop.send(());
        self.task.await.unwrap_or_default()
    }
}

/// One of the two streams of a server.
#[derive(Default)]
struct Lines {
    partial: Vec<u8>,
}

impl Lines {
    /// The lines that these bytes complete.
    fn take(&mut self, bytes: &[u8]) -> Result<Vec<Vec<u8>>, &'static str> {
        let mut complete = Vec::new();
        for part in bytes.split_inclusive(|byte| *byte == b'\n') {
            if self.partial.len() + part.len() > MAX_MESSAGE_BYTES {
                return Err("it wrote a line of more than 4 MiB");
            }
            self.partial.extend_from_slice(part);
            if part.ends_with(b"\n") {
                complete.push(std::mem::take(&mut self.partial));
            }
        }
        Ok(complete)
    }
}

async fn run(mut output: Output, mut messages: DuplexStream, mut stopped: oneshot::Receiver<()>) -> Heard {
    let mut heard = Heard::default();
    let (mut stdout, mut stderr) = (Lines::default(), Lines::default());
    let mut bytes = 0;
    loop {
        let chunk = tokio::select! {
            chunk = output.next() => chunk,
            // Whoever gives up has heard enough, but for what is there already.
            _ = &mut stopped => match futures_util::FutureExt::now_or_never(output.next()) {
                Some(chunk) => {
                    stopped = oneshot::channel().1;
                    chunk
                }
                None => break,
            },
        };
        let Some(Ok(chunk)) = chunk else { break };
        let (lines, content) = match &chunk {
            Chunk::Stdout(content) => (&mut stdout, content),
            Chunk::Stderr(content) => (&mut stderr, content),
        };
        bytes += content.len();
        if bytes > MAX_BYTES {
            heard.flood = Some("it wrote more than 16 MiB");
            break;
        }
        let complete = match lines.take(content) {
            Ok(complete) => complete,
            Err(flood) => {
                heard.flood = Some(flood);
                break;
            }
        };
        for line in complete {
            let is_message = matches!(chunk, Chunk::Stdout(_)) && is_message(&line);
            if !is_message {
                heard.keep(&line);
            } else if messages.write_all(&line).await.is_err() {
                // Nobody listens any more: it is only heard out.
            }
        }
    }
    for lines in [stdout, stderr] {
        heard.keep(&lines.partial);
    }
    heard
}

/// Whether a line is a message of JSON-RPC: logs are written as JSON, too.
fn is_message(line: &[u8]) -> bool {
    let value: Option<Value> =
        line.trim_ascii_start().starts_with(b"{").then(|| serde_json::from_slice(line).ok()).flatten();
    value.is_some_and(|value| value.get("jsonrpc").and_then(Value::as_str) == Some("2.0"))
}

impl Heard {
    fn keep(&mut self, line: &[u8]) {
        let text = String::from_utf8_lossy(line.get(..MAX_LINE).unwrap_or(line));
        let text = text.trim_end();
        if text.is_empty() {
            return;
        }
        if self.lines.len() == TAIL {
            self.lines.pop_front();
        }
        self.lines.push_back(text.to_owned());
    }
}
