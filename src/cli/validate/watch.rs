//! `validate --watch`: judges again whenever a file of the registry is saved.

use super::{ValidateArgs, once};
use crate::cli::Global;
use crate::context::Context;
use crate::entry::SERVERS;
use crate::error::CommandError;
use crate::policy::POLICY;
use crate::ui::Ui;
use notify::{RecursiveMode, Watcher};
use std::sync::mpsc::{RecvTimeoutError, channel};
use std::time::Duration;

/// An editor saves in several steps: judge when it has been quiet for this long.
const QUIET: Duration = Duration::from_millis(100);

/// Judges until the process is stopped. A run that fails is shown and does not end the watch: the next save may mend it.
pub(super) fn run(args: &ValidateArgs, global: &Global, context: &Context, ui: &Ui) -> Result<u8, CommandError> {
    let cannot = |error: notify::Error| CommandError::unfinished("cannot watch the registry").because(&error);
    let (saved, changes) = channel();
    let mut watcher = notify::recommended_watcher(move |event: notify::Result<notify::Event>| {
        let relevant = match &event {
            Ok(event) => !event.kind.is_access(),
            Err(_) => true,
        };
        if relevant {
            // The receiver is gone only when the process is about to end.
            let _ = saved.send(());
        }
    })
    .map_err(cannot)?;
    watcher.watch(&global.root.join(SERVERS), RecursiveMode::Recursive).map_err(cannot)?;
    let policy = args.policy.clone().unwrap_or_else(|| global.root.join(POLICY));
    if policy.exists() {
        watcher.watch(&policy, RecursiveMode::NonRecursive).map_err(cannot)?;
    }
    loop {
        match once(args, global, context, ui) {
            Ok(_) => {}
            Err(error) => ui.error(&error),
        }
        ui.say("watching for changes; Ctrl-C ends");
        if changes.recv().is_err() {
            return Err(CommandError::unfinished("the system stopped reporting changes"));
        }
        while !matches!(changes.recv_timeout(QUIET), Err(RecvTimeoutError::Timeout | RecvTimeoutError::Disconnected)) {}
    }
}
