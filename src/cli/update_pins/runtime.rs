//! What waits for the outside, and ends on Ctrl-C.

use crate::error::CommandError;
use tokio::runtime::Runtime;
use tokio::sync::watch;

/// Runs what waits for the outside. From the moment this is made, Ctrl-C and a request to end no longer end the process:
/// whoever waits looks here.
#[derive(Debug)]
pub(super) struct Outside {
    /// Taken when this is dropped.
    runtime: Option<Runtime>,
    stopped: watch::Receiver<bool>,
}

impl Outside {
    pub(super) fn start() -> Result<Self, CommandError> {
        let cannot = |error: &std::io::Error| CommandError::unfinished("cannot start the network").because(error);
        let runtime =
            tokio::runtime::Builder::new_multi_thread().enable_all().build().map_err(|error| cannot(&error))?;
        let (tell, stopped) = watch::channel(false);
        runtime.spawn(async move {
            if stop().await {
                tell.send_replace(true);
            }
            // Receivers must not take the end of this task for a signal.
            tell.closed().await;
        });
        Ok(Self { runtime: Some(runtime), stopped })
    }

    /// Waits for this.
    pub(super) fn wait<T>(&self, what: impl Future<Output = T>) -> Result<T, CommandError> {
        let runtime = self.runtime.as_ref().ok_or_else(|| CommandError::unfinished("the network has ended"))?;
        Ok(runtime.block_on(what))
    }

    /// Ends when somebody asks for the end.
    pub(super) fn stopped(&self) -> impl Future<Output = ()> + 'static {
        let mut stopped = self.stopped.clone();
        async move {
            if stopped.wait_for(|is| *is).await.is_err() {
                std::future::pending::<()>().await;
            }
        }
    }
}

/// Waits for a signal. Where none can be heard it ends the process by itself.
async fn stop() -> bool {
    use tokio::signal::unix::{SignalKind, signal};
    let (Ok(mut asked), Ok(mut interrupted)) = (signal(SignalKind::terminate()), signal(SignalKind::interrupt()))
    else {
        return false;
    };
    tokio::select! {
        _ = interrupted.recv() => {}
        _ = asked.recv() => {}
    }
    true
}

impl Drop for Outside {
    fn drop(&mut self) {
        // Questions that nobody waits for any more must not hold up the end.
        if let Some(runtime) = self.runtime.take() {
            runtime.shutdown_background();
        }
    }
}
