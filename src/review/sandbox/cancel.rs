//! Telling runs to end.

use std::sync::Arc;
use tokio::sync::watch;

/// Why a run is to end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stop {
    Interrupted,
    TimeUp,
}

impl Stop {
    /// The reason, for what could not be finished.
    #[must_use]
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Interrupted => "interrupted",
            Self::TimeUp => "the time for the whole run was up",
        }
    }
}

/// Ends all runs that it was given to. Clones are the same one.
#[derive(Debug, Clone)]
pub struct Cancel {
    state: Arc<watch::Sender<Option<Stop>>>,
}

impl Default for Cancel {
    fn default() -> Self {
        Self { state: Arc::new(watch::Sender::new(None)) }
    }
}

impl Cancel {
    /// One that nobody has pulled.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Ends the runs, for the first reason of several. What they made is removed before they return.
    pub fn cancel(&self, why: Stop) {
        self.state.send_if_modified(|state| {
            let first = state.is_none();
            state.get_or_insert(why);
            first
        });
    }

    /// Why the runs are to end, if they are.
    #[must_use]
    pub(crate) fn stopped(&self) -> Option<Stop> {
        *self.state.borrow()
    }

    /// Comes back when it is pulled, with the reason.
    pub(crate) async fn cancelled(&self) -> Stop {
        // We hold the sender ourselves: the wait ends by a value and not by a hang-up.
        let mut state = self.state.subscribe();
        state.wait_for(Option::is_some).await.ok().and_then(|why| *why).unwrap_or(Stop::Interrupted)
    }
}
