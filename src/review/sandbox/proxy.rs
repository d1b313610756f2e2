//! The proxy container of a run: started, heard out, stopped.

use super::{Proxy, SandboxError};
use crate::engine::container::Chunk;
use crate::engine::{Engine, EngineError};
use futures_util::{Stream, StreamExt};
use secrecy::ExposeSecret;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tokio::io::AsyncWriteExt;
use tokio::sync::oneshot;
use tokio::task::JoinHandle;

/// How long a proxy may take until it serves. It starts in milliseconds; an engine may be busy.
const READY_WITHIN: Duration = Duration::from_secs(30);
/// How long a proxy may take to end when asked, before it is made to: calls that are under way get their audit line.
const STOP_WITHIN: Duration = Duration::from_secs(3);
/// The audit of one run: some ten thousand calls. More is dropped, and said.
const MAX_AUDIT: usize = 8 << 20;
/// The longest line: an audit line has no bodies in it.
const MAX_LINE: usize = 64 << 10;
/// What is kept of the proxy's standard error.
const MAX_STDERR: usize = 4 << 10;

/// What a proxy has said so far.
#[derive(Debug, Default)]
struct Heard {
    lines: Vec<String>,
    bytes: usize,
    partial: Vec<u8>,
    stderr: Vec<u8>,
    trouble: Option<String>,
}

#[derive(Debug)]
pub(super) struct Running {
    engine: Engine,
    name: String,
    heard: Arc<Mutex<Heard>>,
    listener: JoinHandle<()>,
}

impl Running {
    /// Starts the proxy in its container and waits until it serves.
    pub(super) async fn start(engine: &Engine, name: &str, proxy: &Proxy) -> Result<Self, SandboxError> {
        let mut attached = engine.attach(name).await?;
        engine.start(name).await?;
        // One line, and then nothing: it reads to the end or to the line's, as it likes.
        let mut input = zeroize::Zeroizing::new(proxy.stdin.expose_secret().as_bytes().to_vec());
        input.push(b'\n');
        let written = async {
            attached.input.write_all(&input).await?;
            attached.input.shutdown().await
        };
        let written = written.await;
        let heard = Arc::new(Mutex::new(Heard::default()));
        let (ready, is_ready) = oneshot::channel();
        let listener = tokio::spawn(listen(attached.output, Arc::clone(&heard), ready));
        let mut running = Self { engine: engine.clone(), name: name.to_owned(), heard, listener };
        match tokio::time::timeout(READY_WITHIN, is_ready).await {
            Ok(Ok(())) if written.is_ok() => Ok(running),
            Err(_) => Err(running.trouble("it did not become ready in time")),
            _ => {
                let _ = tokio::time::timeout(STOP_WITHIN, &mut running.listener).await;
                Err(running.trouble("it ended"))
            }
        }
    }

    fn trouble(&self, what: &str) -> SandboxError {
        let heard = self.heard.lock().unwrap_or_else(PoisonError::into_inner);
        // Its lines as one: whoever shows an error keeps it on one line.
        let said = String::from_utf8_lossy(&heard.stderr);
        let said = said.lines().map(str::trim).filter(|line| !line.is_empty()).collect::<Vec<_>>().join(" ");
        SandboxError::Proxy { why: if said.is_empty() { what.to_owned() } else { format!("{what}: {said}") } }
    }

    /// Ends the proxy and returns its audit lines, and why some may be missing.
    pub(super) async fn stop(mut self) -> (Vec<String>, Option<String>) {
        let asked = self.engine.signal(&self.name, "SIGTERM").await;
        let mut missing = None;
        if asked.is_err() || tokio::time::timeout(STOP_WITHIN, &mut self.listener).await.is_err() {
            let _ = self.engine.signal(&self.name, "SIGKILL").await;
            if tokio::time::timeout(STOP_WITHIN, &mut self.listener).await.is_err() {
                missing = Some("the proxy could not be ended".to_owned());
            }
        }
        let mut heard = self.heard.lock().unwrap_or_else(PoisonError::into_inner);
        (std::mem::take(&mut heard.lines), heard.trouble.take().or(missing))
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        self.listener.abort();
    }
}

async fn listen(
    mut output: impl Stream<Item = Result<Chunk, EngineError>> + Unpin,
    heard: Arc<Mutex<Heard>>,
    ready: oneshot::Sender<()>,
) {
    let mut ready = Some(ready);
    while let Some(chunk) = output.next().await {
        let mut heard = heard.lock().unwrap_or_else(PoisonError::into_inner);
        match chunk {
            Ok(Chunk::Stdout(bytes)) => heard.stdout(&bytes, &mut ready),
            Ok(Chunk::Stderr(bytes)) => {
                let room = MAX_STDERR.saturating_sub(heard.stderr.len()).min(bytes.len());
                heard.stderr.extend_from_slice(&bytes[..room]);
            }
            Err(error) => heard.trouble = Some(error.to_string()),
        }
    }
    let mut heard = heard.lock().unwrap_or_else(PoisonError::into_inner);
    if !heard.partial.is_empty() {
        heard.trouble = Some("the last line of the audit is not whole".to_owned());
    }
}

impl Heard {
    fn stdout(&mut self, bytes: &[u8], ready: &mut Option<oneshot::Sender<()>>) {
        for piece in bytes.split_inclusive(|byte| *byte == b'\n') {
            let (text, whole) = piece.strip_suffix(b"\n").map_or((piece, false), |text| (text, true));
            if self.partial.len() + text.len() > MAX_LINE || self.bytes + text.len() > MAX_AUDIT {
                self.trouble = Some("the audit is longer than is kept".to_owned());
                self.partial.clear();
                continue;
            }
            self.partial.extend_from_slice(text);
            if whole {
                let line = String::from_utf8_lossy(&std::mem::take(&mut self.partial)).into_owned();
                self.line(line, ready);
            }
        }
    }

    /// The first line says that it serves and is none of the audit.
    fn line(&mut self, line: String, ready: &mut Option<oneshot::Sender<()>>) {
        if let Some(waiting) = ready.take() {
            let event: serde_json::Value = serde_json::from_str(&line).unwrap_or_default();
            if event.get("event").and_then(serde_json::Value::as_str) == Some("ready") {
                let _ = waiting.send(());
                return;
            }
        }
        self.bytes += line.len();
        self.lines.push(line);
    }
}
