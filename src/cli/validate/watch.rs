//! `validate --watch`: judges again whenever a file of the registry is saved.

use super::online::Online;
use super::{ValidateArgs, once};
use crate::cli::Global;
use crate::context::Context;
use crate::entry::SERVERS;
use crate::error::CommandError;
use crate::policy::POLICY;
use crate::ui::Ui;
use notify::{RecursiveMode, Watcher};
use std::sync::mpsc::{RecvError, RecvTimeoutError, channel};
use std::time::Duration;

/// An editor saves in several steps: judge when it has been quiet for this long.
const QUIET: Duration = Duration::from_millis(100);

/// Why the watch goes on.
enum Woken {
    Saved,
    Interrupted,
}

/// Judges until the process is stopped. A run that fails is shown and does not end the watch: the next save may mend it.
pub(super) fn run(args: &ValidateArgs, global: &Global, context: &Context, ui: &Ui) -> Result<u8, CommandError> {
    let cannot = |error: notify::Error| CommandError::unfinished("cannot watch the registry").because(&error);
    let (saved, woken) = channel();
    let online = args.online.then(Online::start).transpose()?;
    if let Some(online) = &online {
        let interrupted = saved.clone();
        // As below.
        online.on_interrupt(move || drop(interrupted.send(Woken::Interrupted)));
    }
    let mut watcher = notify::recommended_watcher(move |event: notify::Result<notify::Event>| {
        let relevant = match &event {
            Ok(event) => !event.kind.is_access(),
            Err(_) => true,
        };
        if relevant {
            // The receiver is gone only when the process is about to end.
            let _ = saved.send(Woken::Saved);
        }
    })
    .map_err(cannot)?;
    watcher.watch(&global.root.join(SERVERS), RecursiveMode::Recursive).map_err(cannot)?;
    let policy = args.policy.clone().unwrap_or_else(|| global.root.join(POLICY));
    if policy.exists() {
        watcher.watch(&policy, RecursiveMode::NonRecursive).map_err(cannot)?;
    }
    let interrupted = || online.as_ref().map_or(Ok(()), Online::interrupted);
    loop {
        let result = once(args, global, context, ui, online.as_ref());
        interrupted()?;
        if let Err(error) = result {
            ui.error(&error);
        }
        ui.say("watching for changes; Ctrl-C ends");
        let mut next = woken.recv();
        while matches!(next, Ok(Woken::Saved)) {
            match woken.recv_timeout(QUIET) {
                Err(RecvTimeoutError::Timeout) => break,
                Ok(woken) => next = Ok(woken),
                Err(RecvTimeoutError::Disconnected) => next = Err(RecvError),
            }
        }
        interrupted()?;
        if next.is_err() {
            return Err(CommandError::unfinished("the system stopped reporting changes"));
        }
    }
}
