//! Runs what may panic, and says nothing of it.

use std::cell::Cell;
use std::panic::{self, UnwindSafe};
use std::sync::Once;

thread_local! {
    /// Whether this thread is inside [`caught`]. Other threads' panics are theirs to report.
    static QUIET: Cell<bool> = const { Cell::new(false) };
}

static HOOK: Once = Once::new();

/// What `run` gives; none when it panics, and then without the lines that a panic writes to standard error: to the person who
/// reads them the run would look broken, although it goes on.
pub(super) fn caught<T>(run: impl FnOnce() -> T + UnwindSafe) -> Option<T> {
    HOOK.call_once(install);
    let outer = QUIET.replace(true);
    let result = panic::catch_unwind(run).ok();
    QUIET.set(outer);
    result
}

/// Puts a hook before the one that is there, which stays in charge of every other panic.
fn install() {
    let other = panic::take_hook();
    panic::set_hook(Box::new(move |panic| {
        if !QUIET.get() {
            other(panic);
        }
    }));
}

#[cfg(test)]
mod tests {
    #![allow(clippy::panic)]
    use super::{caught, install};
    use std::panic;
    use std::sync::Arc;
    use std::sync::atomic::{AtomicUsize, Ordering};

    #[test]
    fn only_panics_that_are_caught_here_are_silent() {
        let reported = Arc::new(AtomicUsize::new(0));
        let (count, name) = (reported.clone(), "a thread of this test");
        let other = panic::take_hook();
        panic::set_hook(Box::new(move |panic| {
            if std::thread::current().name() == Some(name) {
                count.fetch_add(1, Ordering::SeqCst);
            } else {
                other(panic);
            }
        }));
        install();
        let run = move || {
            assert_eq!(caught(|| 1), Some(1));
            assert_eq!(caught(|| -> u8 { panic!("not seen") }), None);
            assert_eq!(reported.load(Ordering::SeqCst), 0);
            assert_eq!(caught(|| caught(|| panic!("not seen either")).is_none()), Some(true));
            // Elsewhere, and afterwards, panics are reported as ever.
            let elsewhere = || std::thread::Builder::new().name(name.into()).spawn(|| panic!("seen"));
            assert!(caught(|| elsewhere().map(|thread| thread.join().is_err()).unwrap_or(false)).unwrap_or(false));
            assert_eq!(reported.load(Ordering::SeqCst), 1);
            assert!(panic::catch_unwind(|| panic!("seen")).is_err());
            assert_eq!(reported.load(Ordering::SeqCst), 2);
        };
        let thread = std::thread::Builder::new().name(name.into()).spawn(run);
        assert!(thread.is_ok_and(|thread| thread.join().is_ok()));
    }
}
