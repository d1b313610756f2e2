//! Opens, updates and closes pull requests as a plan says.

use super::options::UpdatePinsArgs;
use super::{Done, reach};
use crate::cli::outside::Outside;
use crate::cli::refuse;
use crate::context::Context;
use crate::error::CommandError;
use crate::pins::plan::{Action, Plan};
use crate::pins::publish::{Pace, PublishRequest, publish as publish_plan};
use crate::policy::Policy;
use crate::sync::connect;
use crate::ui::Ui;
use crate::validate::gather::Progress;
use std::error::Error;

#[derive(Debug)]
pub(super) struct Home {
    owner: String,
    name: String,
}

impl Home {
    /// What the command line and the environment say about it.
    ///
    /// # Errors
    /// When the repository or the token is missing.
    pub(super) fn of(args: &UpdatePinsArgs, context: &Context) -> Result<Self, CommandError> {
        let (owner, name) = args.repository(context)?;
        if context.github_token.is_none() {
            return Err(refuse("`--open-prs` needs a token in GITHUB_TOKEN")
                .hint("one that may write contents and pull requests of the registry, and issues for `--dashboard`"));
        }
        Ok(Self { owner, name })
    }
}

/// Does it, or under `--dry-run` finds out what would be done.
pub(super) fn publish(
    home: &Home,
    args: &UpdatePinsArgs,
    plan: &Plan,
    policy: &Policy,
    context: &Context,
    ui: &Ui,
    outside: &Outside,
) -> Result<Done, CommandError> {
    let bar = ui.progress(plan.decisions.len() as u64, "publishing");
    let shown = bar.clone();
    let request = PublishRequest {
        base: args.base.clone(),
        max_new_prs: args.max_new_prs.or(policy.settings.pins.max_new_prs),
        dry_run: args.dry_run,
        dashboard: args.dashboard,
        progress: Some(Progress::new(move |done, all| {
            shown.set_length(all as u64);
            shown.set_position(done as u64);
        })),
    };
    let reach = reach(args, policy, context)?;
    let pace = Pace { interval: args.write_interval, longest: args.max_wait, ..Pace::default() };
    let cannot = |error: &dyn Error| CommandError::unfinished("cannot publish the plan").because(error);
    let published = outside.wait(async {
        let registry = connect(reach, &home.owner, &home.name, pace).map_err(|error| cannot(&error))?;
        tokio::select! {
            published = publish_plan(&registry, plan, &request) => published.map_err(|error| {
                error.hints().into_iter().fold(cannot(&error), CommandError::hint)
            }),
            () = outside.stopped() => Err(CommandError::unfinished("stopped while publishing")
                .hint("run it again: it goes on where this run ended")),
        }
    });
    bar.finish_and_clear();
    let published = published?;
    let closed = if args.dry_run { "would close" } else { "closed" };
    let mut notes: Vec<String> = published
        .gone
        .iter()
        .filter(|(_, pull)| pull.action == Action::Close)
        .map(|(entry, pull)| format!("{closed} {}: there is no entry `{entry}` any more", pull.url))
        .collect();
    notes.extend(published.dashboard.map(|dashboard| format!("the dashboard is {}", dashboard.url)));
    Ok(Done { plan: published.plan, left: published.left, notes })
}
