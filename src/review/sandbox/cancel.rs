//! Telling runs to end.

use std::sync::Arc;
use tokio::sync::watch;

/// Ends all runs that it was given to. Clones are the same one.
#[derive(Debug, Clone)]
pub struct Cancel {
    state: Arc<watch::Sender<bool>>,
}

impl Default for Cancel {
    fn default() -> Self {
        Self { state: Arc::new(watch::Sender::new(false)) }
    }
}

impl Cancel {
    /// One that nobody has pulled.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Ends the runs. What they made is removed before they return.
    pub fn cancel(&self) {
        self.state.send_replace(true);
    }

    /// Whether it was pulled.
    #[must_use]
    pub fn is_cancelled(&self) -> bool {
        *self.state.borrow()
    }

    /// Comes back when it is pulled.
    pub async fn cancelled(&self) {
        // We hold the sender ourselves: the wait ends by a value and not by a hang-up.
        let _ = self.state.subscribe().wait_for(|pulled| *pulled).await;
    }
}
