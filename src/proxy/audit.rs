//! One line a call: what it was, what became of it, what it cost. Never a body, a header's value, a path or query that was sent,
//! a token or a key: every text in a line is a word from here, or the name of a model of this run.

use super::budget::Charge;
use super::refusal::Refusal;
use crate::provider::{Api, Provider};
use serde::{Deserialize, Serialize};
use std::io::Write;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use tokio::sync::{Notify, mpsc};
use tokio::task::JoinHandle;
use tokio::time::Instant;

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Outcome {
    /// The provider gave a whole answer.
    Answered,
    /// It was not made.
    Refused,
    /// It was made, and there is no whole answer.
    Failed,
}

/// A line. Written as one JSON object; `event` is `call`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(crate) struct AuditLine {
    /// `call`; or `more`, once, for all calls that have no line: see [`MAX_STRANGE`].
    pub(crate) event: &'static str,
    /// When the call came: milliseconds since the proxy was ready.
    pub(crate) at_ms: u64,
    /// Whom it was for, if it said so.
    pub(crate) provider: Option<Provider>,
    /// The model, if it is one of this run.
    pub(crate) model: Option<String>,
    pub(crate) outcome: Outcome,
    /// Why it was refused or failed: see [`Refusal::as_str`]. Of `more`, `more-without-token`.
    pub(crate) reason: Option<&'static str>,
    /// The status that the client was told; 0 when it was told none.
    pub(crate) status: u16,
    /// Tokens read that are charged.
    pub(crate) input_tokens: u64,
    /// Tokens written that are charged.
    pub(crate) output_tokens: u64,
    /// Whether the tokens are the worst case, because the provider did not count them.
    pub(crate) estimated: bool,
    /// Millionths of a US dollar that are charged; none when prices are not known.
    pub(crate) cost_micros: Option<u64>,
    /// Bytes of the client's body.
    pub(crate) bytes_in: u64,
    /// Bytes of the body that went to the client.
    pub(crate) bytes_out: u64,
    pub(crate) duration_ms: u64,
    /// Whether the answer came as events.
    pub(crate) streamed: bool,
}

/// Refused calls with the run's token after which the proxy ends. A client that is refused so often does not mean well, and every
/// refusal is a line.
pub(crate) const MAX_REFUSED: u64 = 1000;
/// Refused calls without the run's token that have lines of their own. Whoever can connect can make any number of them: they do not end
/// the proxy, because that would let anybody end it, and past these they leave one line together and then none.
pub(crate) const MAX_STRANGE: u64 = 1000;

/// Where lines go. They are written by a thread of their own, in order.
#[derive(Debug, Clone)]
pub(super) struct Audit {
    lines: mpsc::UnboundedSender<String>,
    state: Arc<State>,
}

#[derive(Debug)]
struct State {
    started: Instant,
    refused: AtomicU64,
    /// Without.
    strange: AtomicU64,
    broken: AtomicBool,
    changed: Notify,
}

/// Why a proxy ends by itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Ending {
    /// Lines cannot be written. No call without its line.
    Broken,
    /// See [`MAX_REFUSED`].
    Refused,
}

impl Audit {
    /// Starts the thread. It ends when all copies of this are gone, having written everything.
    ///
    /// The queue is not bounded, and needs not be: the lines of calls that were made are bounded by the budget, the others by
    /// [`MAX_REFUSED`], [`MAX_STRANGE`] and the number of connections.
    pub(super) fn start(mut sink: Box<dyn Write + Send>) -> (Self, JoinHandle<()>) {
        let (lines, mut queue) = mpsc::unbounded_channel::<String>();
        let (refused, strange, broken) = (AtomicU64::new(0), AtomicU64::new(0), AtomicBool::new(false));
        let state = Arc::new(State { started: Instant::now(), refused, strange, broken, changed: Notify::new() });
        let writer = state.clone();
        let thread = tokio::task::spawn_blocking(move || {
            while let Some(line) = queue.blocking_recv() {
                if sink.write_all(line.as_bytes()).and_then(|()| sink.flush()).is_err() {
                    writer.broken.store(true, Ordering::SeqCst);
                    writer.changed.notify_one();
                    return;
                }
            }
        });
        (Self { lines, state }, thread)
    }

    /// Why the proxy has to end, if it has.
    pub(super) fn ending(&self) -> Option<Ending> {
        if self.state.broken.load(Ordering::SeqCst) {
            return Some(Ending::Broken);
        }
        (self.state.refused.load(Ordering::SeqCst) >= MAX_REFUSED).then_some(Ending::Refused)
    }

    /// Waits until it has to.
    pub(super) async fn ended(&self) -> Ending {
        loop {
            if let Some(ending) = self.ending() {
                return ending;
            }
            self.state.changed.notified().await;
        }
    }

    pub(super) fn call(&self) -> Call {
        Call {
            audit: self.clone(),
            at: Instant::now(),
            api: None,
            model: None,
            // What it is if it is dropped before its end.
            failure: Some(Refusal::Stopped),
            vouched: false,
            made: false,
            charge: None,
            estimated: false,
            status: 0,
            bytes_in: 0,
            bytes_out: 0,
            streamed: false,
        }
    }
}

/// A call while it goes on. Its line is written when it is dropped, however that comes: no call is without one.
#[derive(Debug)]
pub(super) struct Call {
    audit: Audit,
    pub(super) at: Instant,
    /// What it asks for, if its path says so.
    pub(super) api: Option<Api>,
    pub(super) model: Option<String>,
    pub(super) failure: Option<Refusal>,
    /// Whether the client showed the run's token.
    pub(super) vouched: bool,
    /// Whether it went to the provider.
    pub(super) made: bool,
    pub(super) charge: Option<Charge>,
    pub(super) estimated: bool,
    pub(super) status: u16,
    pub(super) bytes_in: u64,
    pub(super) bytes_out: u64,
    pub(super) streamed: bool,
}

impl Drop for Call {
    fn drop(&mut self) {
        let outcome = match (self.failure, self.made) {
            (None, _) => Outcome::Answered,
            (Some(_), false) => Outcome::Refused,
            (Some(_), true) => Outcome::Failed,
        };
        let state = &self.audit.state;
        let counted = |number: &AtomicU64| number.fetch_add(1, Ordering::SeqCst) + 1;
        let mut listed = true;
        if outcome == Outcome::Refused && self.vouched {
            if counted(&state.refused) == MAX_REFUSED {
                state.changed.notify_one();
            }
        } else if outcome == Outcome::Refused {
            match counted(&state.strange) {
                ..=MAX_STRANGE => {}
                number if number == MAX_STRANGE + 1 => listed = false,
                _ => return,
            }
        }
        let milliseconds = |duration: std::time::Duration| u64::try_from(duration.as_millis()).unwrap_or(u64::MAX);
        let line = AuditLine {
            event: if listed { "call" } else { "more" },
            at_ms: milliseconds(self.at.saturating_duration_since(state.started)),
            provider: self.api.map(Api::provider).filter(|_| listed),
            model: self.model.take(),
            outcome,
            reason: if listed { self.failure.map(Refusal::as_str) } else { Some("more-without-token") },
            status: if listed { self.status } else { 0 },
            input_tokens: self.charge.map_or(0, |charge| charge.usage.input_tokens),
            output_tokens: self.charge.map_or(0, |charge| charge.usage.output_tokens),
            estimated: self.estimated,
            cost_micros: self.charge.and_then(|charge| charge.cost_micros),
            bytes_in: self.bytes_in,
            bytes_out: self.bytes_out,
            duration_ms: milliseconds(self.at.elapsed()),
            streamed: self.streamed,
        };
        if let Ok(mut text) = serde_json::to_string(&line) {
            text.push('\n');
            // It fails when the thread has ended, and then the proxy is about to end, too.
            let _ = self.audit.lines.send(text);
        }
    }
}
