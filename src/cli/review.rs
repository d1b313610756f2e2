//! `review`: arguments to targets and agents; reports to files and a rendering.

mod estimate;
mod images;
mod options;
mod place;
mod reach;
mod request;
mod result;

pub(super) use options::ReviewArgs;

use super::{Global, clock, refuse};
use crate::context::Context;
use crate::error::{CommandError, exit};
use crate::review::sandbox::{Cancel, Stop};
use crate::review::{self, Phase, Progress};
use crate::ui::Ui;
use place::Places;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;
use tokio::runtime::Runtime;
use tokio::signal::unix::{Signal, SignalKind, signal};

pub(super) fn run(args: &ReviewArgs, global: &Global, context: &Context, ui: &Ui) -> Result<u8, CommandError> {
    if args.clean {
        return runtime()?.block_on(result::clean(global, context, ui));
    }
    if let Some(wanted) = &args.build_agents {
        return runtime()?.block_on(images::build(args, wanted, global, context, ui));
    }
    if args.names.is_empty() && args.diff.is_none() && args.repo.is_none() {
        return Err(refuse("nothing to review was named")
            .hint("`review --diff origin/main..HEAD` reviews what a branch changes")
            .hint("`review NAME` reviews one entry at its pin"));
    }
    let asked = {
        let (args, global) = (args.clone(), global.clone());
        clock::within(clock::HISTORY, "the registry's history", move || request::targets(&args, &global))?
    };
    if args.estimate {
        return estimate(args, global, context, asked, ui);
    }
    let places = Places::begin(&args.report_dir, &asked.targets)?;
    let request = request::of(args, global, context, asked)?;
    for warning in request::warnings(&request, context) {
        ui.say(&format!("warning: {warning}"));
    }
    let time = args.timeout.unwrap_or_else(|| request::time(&request));
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
    // Before anything is begun that a signal would leave behind.
    let signals = {
        let _inside = runtime.enter();
        Signals::install()
    };
    if let Ok(signals) = signals {
        runtime.spawn(end_on_signal(signals, cancel.clone(), finished.clone()));
    }
    runtime.spawn(end_in_time(cancel.clone(), time));
    let reports = runtime.block_on(review::run(&request, &progress, &cancel));
    finished.store(true, Ordering::SeqCst);
    bar.finish_and_clear();
    let status = reports.and_then(|reports| result::show(args, global, &request.targets, &places, &reports, ui));
    // Exports that nobody waits for any more must not hold up the end.
    runtime.shutdown_background();
    status
}

/// `--estimate`: measures, and asks nobody.
fn estimate(
    args: &ReviewArgs,
    global: &Global,
    context: &Context,
    asked: request::Asked,
    ui: &Ui,
) -> Result<u8, CommandError> {
    let request = request::to_measure(args, global, context, &asked)?;
    let names = request::names(&request.targets);
    let bar = ui.progress(request.targets.len() as u64, "measuring");
    let shown = bar.clone();
    let progress = Progress::new(move |target, phase| match &phase {
        Phase::Done => shown.inc(1),
        phase => shown.set_message(format!("{}: {phase}", names.get(target).map_or("", String::as_str))),
    });
    let runtime = runtime()?;
    let cancel = Cancel::new();
    if let Some(time) = args.timeout {
        runtime.spawn(end_in_time(cancel.clone(), time));
    }
    let measured = runtime.block_on(review::estimate::estimate(&request, &progress, &cancel));
    bar.finish_and_clear();
    runtime.shutdown_background();
    estimate::show(args, global, &asked, &measured?, ui)
}

fn runtime() -> Result<Runtime, CommandError> {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build();
    runtime.map_err(|error| CommandError::unfinished("cannot start the run").because(&error))
}

struct Signals {
    interrupt: Signal,
    terminate: Signal,
}

impl Signals {
    /// Must be called within a runtime.
    fn install() -> std::io::Result<Self> {
        Ok(Self { interrupt: signal(SignalKind::interrupt())?, terminate: signal(SignalKind::terminate())? })
    }
}

/// The first Ctrl-C, or signal that asks a process to end, cancels: the run ends when all that it made is removed. The second
/// does not wait for that, nor does one while results are written: what is left then, the next run removes.
async fn end_on_signal(mut signals: Signals, cancel: Cancel, finished: Arc<AtomicBool>) {
    loop {
        tokio::select! {
            _ = signals.interrupt.recv() => {}
            _ = signals.terminate.recv() => {}
        }
        if finished.load(Ordering::SeqCst) || cancel.stopped() == Some(Stop::Interrupted) {
            std::process::exit(exit::UNFINISHED.into());
        }
        cancel.cancel(Stop::Interrupted);
    }
}

/// When the time of the whole run is up, what is not finished is incomplete, whatever it waits for.
async fn end_in_time(cancel: Cancel, time: Duration) {
    tokio::time::sleep(time).await;
    cancel.cancel(Stop::TimeUp);
}
