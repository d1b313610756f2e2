//! `review`: arguments to targets and agents; reports to files and a rendering.

mod options;
mod request;
mod result;

pub(super) use options::ReviewArgs;

use super::{Global, refuse};
use crate::context::Context;
use crate::error::CommandError;
use crate::review::sandbox::Cancel;
use crate::review::{self, Phase, Progress};
use crate::ui::Ui;
use std::future::Future;

pub(super) fn run(args: &ReviewArgs, global: &Global, context: &Context, ui: &Ui) -> Result<u8, CommandError> {
    if args.clean {
        return in_runtime(result::clean(context, ui));
    }
    if args.names.is_empty() && args.diff.is_none() && args.repo.is_none() {
        return Err(refuse("nothing to review was named")
            .hint("`review --diff origin/main..HEAD` reviews what a branch changes")
            .hint("`review NAME` reviews one entry at its pin"));
    }
    let request = request::of(args, global, context)?;
    let names = request::names(&request.targets);
    let bar = ui.progress(request.targets.len() as u64, "reviewing");
    let shown = bar.clone();
    let progress = Progress::new(move |target, phase| {
        match &phase {
            Phase::Done => shown.inc(1),
            phase => shown.set_message(format!("{}: {phase}", names.get(target).map_or("", String::as_str))),
        }
        tracing::info!(target = names.get(target).map_or("", String::as_str), "{phase}");
    });
    let cancel = Cancel::new();
    let reports = in_runtime(async {
        let ending = end_on_signal(cancel.clone());
        tokio::select! {
            biased;
            reports = review::run(&request, &progress, &cancel) => reports,
            // Never comes first: the signal cancels, and the run returns when everything it made is removed.
            never = ending => match never {},
        }
    });
    bar.finish_and_clear();
    result::show(args, global, &request.targets, &reports?, ui)
}

fn in_runtime<T>(work: impl Future<Output = Result<T, CommandError>>) -> Result<T, CommandError> {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .map_err(|error| CommandError::unfinished("cannot start the run").because(&error))?;
    let result = runtime.block_on(work);
    // Exports that nobody waits for any more must not hold up the end.
    runtime.shutdown_background();
    result
}

/// Cancels on Ctrl-C and on the signal that asks a process to end; then there is nothing left to do but to wait.
async fn end_on_signal(cancel: Cancel) -> std::convert::Infallible {
    use tokio::signal::unix::{SignalKind, signal};
    if let Ok(mut asked) = signal(SignalKind::terminate()) {
        tokio::select! {
            _ = tokio::signal::ctrl_c() => {}
            _ = asked.recv() => {}
        }
    } else {
        let _ = tokio::signal::ctrl_c().await;
    }
    cancel.cancel();
    std::future::pending().await
}
