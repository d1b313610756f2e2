//! A clock for work that may wait for ever on a file of somebody else's choosing, such as reading a repository with libgit2.

use crate::error::CommandError;
use std::sync::mpsc::{RecvTimeoutError, channel};
use std::thread;
use std::time::Duration;

/// The time for reading what a range changes. The largest registries take seconds.
pub(super) const HISTORY: Duration = Duration::from_mins(10);
/// The stack of the thread: what the main one has.
const STACK: usize = 8 << 20;

/// Does the work on a thread of its own and waits so long for it. A thread that waits for a file cannot be ended: it ends with the
/// process.
///
/// # Errors
/// Those of the work; and when it is not done in time, with `what` it reads.
pub(super) fn within<T: Send + 'static>(
    time: Duration,
    what: &str,
    work: impl FnOnce() -> Result<T, CommandError> + Send + 'static,
) -> Result<T, CommandError> {
    let (sender, done) = channel();
    let started = thread::Builder::new().stack_size(STACK).spawn(move || sender.send(work()));
    started.map_err(|error| CommandError::unfinished("cannot start a thread").because(&error))?;
    match done.recv_timeout(time) {
        Ok(result) => result,
        Err(RecvTimeoutError::Timeout) => {
            let error = CommandError::unfinished(format!("reading {what} took longer than {} seconds", time.as_secs()));
            Err(error.hint("is its disk slow, or does somebody change it at the same time?"))
        }
        Err(RecvTimeoutError::Disconnected) => Err(CommandError::unfinished(format!("reading {what} broke off"))),
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::within;
    use std::sync::mpsc::channel;
    use std::time::Duration;

    #[test]
    fn work_that_waits_for_ever_ends_with_its_time() {
        let (_sender, never) = channel::<()>();
        let late = within(Duration::from_millis(20), "it", move || Ok(never.recv().is_ok()));
        assert_eq!(late.unwrap_err().message, "reading it took longer than 0 seconds");
        assert_eq!(within(Duration::from_mins(1), "it", || Ok(7)).unwrap(), 7);
    }
}
