//! `validate --online`: asks the outside, with a progress bar, and stops at once on Ctrl-C.

use super::{Loaded, ValidateArgs};
use crate::cli::{refuse, roots};
use crate::context::Context;
use crate::entry::Entry;
use crate::error::CommandError;
use crate::ui::Ui;
use crate::validate::facts::Facts;
use crate::validate::gather::{GatherOptions, Progress, Reach, gather};
use tokio::runtime::{Handle, Runtime};
use tokio::sync::watch;
use url::Url;

/// Asks the outside, for as long as the command runs. From the moment this is made, Ctrl-C ends the asking and no longer
/// the process: whoever waits for anything else has to look here.
#[derive(Debug)]
pub(super) struct Online {
    /// Taken when this is dropped.
    runtime: Option<Runtime>,
    handle: Handle,
    interrupted: watch::Receiver<bool>,
}

impl Online {
    pub(super) fn start() -> Result<Self, CommandError> {
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .enable_all()
            .build()
            .map_err(|error| CommandError::unfinished("cannot start the network").because(&error))?;
        let (tell, interrupted) = watch::channel(false);
        runtime.spawn(async move {
            // Where Ctrl-C cannot be heard it ends the process by itself.
            if tokio::signal::ctrl_c().await.is_ok() {
                tell.send_replace(true);
            }
            // Receivers must not take the end of this task for an interrupt.
            tell.closed().await;
        });
        Ok(Self { handle: runtime.handle().clone(), runtime: Some(runtime), interrupted })
    }

    /// What a command says that was interrupted.
    pub(super) fn interrupted(&self) -> Result<(), CommandError> {
        if !*self.interrupted.borrow() {
            return Ok(());
        }
        let error = CommandError::unfinished("interrupted");
        Err(error.hint("with `--cache DIR` the next run asks only what is missing"))
    }

    /// Calls this on Ctrl-C.
    pub(super) fn on_interrupt(&self, act: impl FnOnce() + Send + 'static) {
        let mut interrupted = self.interrupted.clone();
        self.handle.spawn(async move {
            if interrupted.wait_for(|is| *is).await.is_ok() {
                act();
            }
        });
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
        let mut interrupted = self.interrupted.clone();
        let gathered = self.handle.block_on(async {
            tokio::select! {
                facts = gather(&judged, &loaded.policy, &options) => facts.map(Some),
                _ = interrupted.wait_for(|is| *is) => Ok(None),
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

impl Drop for Online {
    fn drop(&mut self) {
        // Questions that nobody waits for any more must not hold up the end.
        if let Some(runtime) = self.runtime.take() {
            runtime.shutdown_background();
        }
    }
}

fn options(args: &ValidateArgs, context: &Context) -> Result<GatherOptions, CommandError> {
    let github_api = Url::parse(&context.github_api_url).map_err(|error| {
        refuse(format!("GITHUB_API_URL is not a URL: `{}`", context.github_api_url)).because(&error)
    })?;
    let reach = Reach {
        github_api,
        github_token: context.github_token.clone(),
        roots_pem: roots::read(context)?,
        allow: args.allow_network.clone(),
    };
    Ok(GatherOptions { cache: args.cache.clone(), ..reach.into() })
}
