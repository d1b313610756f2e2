//! `update-pins`: arguments to a plan; the plan to files or pull requests, and to a rendering.

mod applying;
mod asking;
mod by_hand;
mod files;
mod options;
mod publishing;
mod rewriting;
mod table;

pub(super) use options::UpdatePinsArgs;

use super::outside::{self, Outside};
use super::{Global, entries, places, policy};
use crate::context::Context;
use crate::error::{CommandError, exit};
use crate::output::Format;
use crate::pins::plan::Plan;
use crate::policy::Policy;
use crate::ui::Ui;
use crate::validate::gather::Reach;

/// What is done with a plan, and what was not done.
#[derive(Debug)]
struct Done {
    /// With the reasons that came of it.
    plan: Plan,
    /// What is left to do, a line each.
    left: Vec<String>,
    /// What to say beside the result.
    notes: Vec<String>,
}

pub(super) fn run(args: &UpdatePinsArgs, global: &Global, context: &Context, ui: &Ui) -> Result<u8, CommandError> {
    args.check(global)?;
    if let Some(to) = &args.to {
        return by_hand::run(args, to, global, ui);
    }
    places::check_place("--plan", args.plan.as_ref())?;
    places::check_place("--state", args.state.as_ref())?;
    // What only publishing needs is asked for first: nobody waits for a night to hear that the token is missing.
    let home = args.open_prs.then(|| publishing::Home::of(args, context)).transpose()?;
    if !(args.open_prs && args.apply.is_some()) {
        policy::check_root(&global.root)?;
    }
    let policy = policy::load(&global.root, args.policy.as_deref())?;
    let outside = Outside::start()?;
    let (plan, stopped) = match &args.apply {
        Some(file) => (applying::take(args, &global.root, file, &policy, context, ui)?, false),
        None => asking::ask(args, global, &policy, context, ui, &outside)?,
    };
    if let Some(file) = &args.plan {
        files::write_plan(file, &plan)?;
    }
    if stopped {
        show(args, global, &Done { plan, left: Vec::new(), notes: Vec::new() }, ui)?;
        let hint = if args.state.is_some() { "what was seen is kept; run it again" } else { "run it again" };
        return Err(
            CommandError::unfinished("stopped before every upstream had answered; nothing was changed").hint(hint)
        );
    }
    let done = match home {
        Some(home) => publishing::publish(&home, args, &plan, &policy, context, ui, &outside)?,
        None => rewriting::rewrite(args, global, plan)?,
    };
    if let Some(file) = &args.plan {
        files::write_plan(file, &done.plan)?;
    }
    show(args, global, &done, ui)?;
    let unfinished = done.plan.decisions.iter().any(|decision| decision.reason.unfinished()) || !done.left.is_empty();
    Ok(if unfinished { exit::UNFINISHED } else { exit::CLEAN })
}

/// How the outside is reached.
fn reach(args: &UpdatePinsArgs, policy: &Policy, context: &Context) -> Result<Reach, CommandError> {
    let allow = args.allow_network.iter().chain(&policy.settings.network.allow).copied().collect();
    outside::reach(context, allow)
}

/// Writes the result, and what is to be said beside it.
fn show(args: &UpdatePinsArgs, global: &Global, done: &Done, ui: &Ui) -> Result<(), CommandError> {
    match global.format {
        Format::Json => {
            ui.result(&done.plan.to_json())?;
            done.left.iter().for_each(|line| ui.say(line));
        }
        _ => {
            // For other programs each row is a line: what an upstream said then never begins one, where a runner of jobs would
            // take it for a command.
            let width = if ui.result_on_terminal { ui.width } else { usize::MAX };
            let look = table::Look { color: ui.stdout_color, width, all: global.verbose > 0, dry_run: args.dry_run };
            ui.result(&table::render(&done.plan, &done.left, look))?;
        }
    }
    done.notes.iter().for_each(|note| ui.say(note));
    if args.dry_run {
        ui.say("this was a dry run: the registry is as it was");
    }
    Ok(())
}
