//! `review`: arguments to targets and agents; reports to files and a rendering.

mod options;
mod place;
mod request;
mod result;

pub(super) use options::ReviewArgs;

use super::{Global, refuse};
use crate::context::Context;
use crate::error::{CommandError, exit};
use crate::review::sandbox::Cancel;
use crate::review::{self, Phase, Progress};
use crate::ui::Ui;
use place::Places;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use tokio::runtime::Runtime;

pub(super) fn run(args: &ReviewArgs, global: &Global, context: &Context, ui: &Ui) -> Result<u8, CommandError> {
    if args.clean {
        return runtime()?.block_on(result::clean(global, context, ui));
    }
    if args.names.is_empty() && args.diff.is_none() && args.repo.is_none() {
        return Err(refuse("nothing to review was named")
            .hint("`review --diff origin/main..HEAD` reviews what a branch changes")
            .hint("`review NAME` reviews one entry at its pin"));
    }
    let targets = request::targets(args, global)?;
    let places = Places::begin(&args.report_dir, &targets)?;
    let request = request::of(args, global, context, targets)?;
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
    let runtime = runtime()?;
    let cancel = Cancel::new();
    let finished = Arc::new(AtomicBool::new(false));
    runtime.spawn(end_on_signal(cancel.clone(), finished.clone()));
    let reports = runtime.block_on(review::run(&request, &progress, &cancel));
    finished.store(true, Ordering::SeqCst);
    bar.finish_and_clear();
    let status = reports.and_then(|reports| result::show(args, global, &request.targets, &places, &reports, ui));
    // Exports that nobody waits for any more must not hold up the end.
    runtime.shutdown_background();
    status
}

fn runtime() -> Result<Runtime, CommandError> {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build();
    runtime.map_err(|error| CommandError::unfinished("cannot start the run").because(&error))
}

/// The first Ctrl-C, or signal that asks a process to end, cancels: the run ends when all that it made is removed. The second
/// does not wait for that, nor does one while results are written: what is left then, the next run removes.
async fn end_on_signal(cancel: Cancel, finished: Arc<AtomicBool>) {
    use tokio::signal::unix::{SignalKind, signal};
    let (Ok(mut asked), Ok(mut interrupted)) = (signal(SignalKind::terminate()), signal(SignalKind::interrupt()))
    else {
        return;
    };
    loop {
        tokio::select! {
            _ = interrupted.recv() => {}
            _ = asked.recv() => {}
        }
        if finished.load(Ordering::SeqCst) || cancel.is_cancelled() {
            std::process::exit(exit::UNFINISHED.into());
        }
        cancel.cancel();
    }
}
