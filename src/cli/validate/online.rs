//! `validate --online`: asks the outside, with a progress bar, and stops at once on Ctrl-C.

use super::{Loaded, ValidateArgs};
use crate::cli::outside::{self, Outside};
use crate::context::Context;
use crate::entry::Entry;
use crate::error::CommandError;
use crate::ui::Ui;
use crate::validate::facts::Facts;
use crate::validate::gather::{GatherOptions, Progress, gather};

/// Asks the outside, for as long as the command runs.
#[derive(Debug)]
pub(super) struct Online(Outside);

impl Online {
    pub(super) fn start() -> Result<Self, CommandError> {
        Outside::start().map(Self)
    }

    /// What a command says that was interrupted.
    pub(super) fn interrupted(&self) -> Result<(), CommandError> {
        if !self.0.is_stopped() {
            return Ok(());
        }
        let error = CommandError::unfinished("interrupted");
        Err(error.hint("with `--cache DIR` the next run asks only what is missing"))
    }

    pub(super) fn on_interrupt(&self, act: impl FnOnce() + Send + 'static) {
        self.0.on_stop(act);
    }

    /// The facts of every entry that is judged; the others have none. Killing this loses nothing: answers are kept in the
    /// cache as they come, and the next run asks only what is missing.
    pub(super) fn facts(
        &self,
        loaded: &Loaded,
        args: &ValidateArgs,
        context: &Context,
        ui: &Ui,
    ) -> Result<Vec<Facts>, CommandError> {
        let is_judged = |entry: &&Entry| loaded.only.as_ref().is_none_or(|only| only.contains(&entry.name));
        let judged: Vec<&Entry> = loaded.entries.iter().filter(is_judged).collect();
        let mut options = options(args, context)?;
        let bar = ui.progress(judged.len() as u64, "gathering facts");
        let shown = bar.clone();
        options.progress = Some(Progress::new(move |done, _| shown.set_position(done as u64)));
        let gathered = self.0.wait(async {
            tokio::select! {
                facts = gather(&judged, &loaded.policy, &options) => facts.map(Some),
                () = self.0.stopped() => Ok(None),
            }
        });
        bar.finish_and_clear();
        self.interrupted()?;
        let gathered = gathered.map_err(|error| CommandError::unfinished("cannot gather facts").because(&error))?;
        let mut gathered = gathered.unwrap_or_default().into_iter();
        let facts = |entry: &Entry| if is_judged(&entry) { gathered.next() } else { None };
        Ok(loaded.entries.iter().map(facts).map(Option::unwrap_or_default).collect())
    }
}

fn options(args: &ValidateArgs, context: &Context) -> Result<GatherOptions, CommandError> {
    let reach = outside::reach(context, args.allow_network.clone())?;
    Ok(GatherOptions { cache: args.cache.clone(), ..reach.into() })
}
