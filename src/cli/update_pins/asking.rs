//! Asks upstreams, with a progress bar, and remembers what was seen.

use super::options::UpdatePinsArgs;
use super::{entries, files, reach};
use crate::cli::outside::Outside;
use crate::cli::{Global, refuse};
use crate::context::Context;
use crate::entry::load;
use crate::error::CommandError;
use crate::pins::night::{self, Night};
use crate::pins::plan::Plan;
use crate::pins::{connect, state::State};
use crate::policy::{Pins, Policy};
use crate::ui::Ui;
use crate::validate::rules::nearest_among;
use chrono::SubsecRound as _;
use std::collections::BTreeSet;
use std::ffi::OsString;
use std::time::Duration;
use tempfile::TempDir;

/// The plan of a night, and whether somebody stopped it. The state is written, whatever came of it.
pub(super) fn ask(
    args: &UpdatePinsArgs,
    global: &Global,
    policy: &Policy,
    context: &Context,
    ui: &Ui,
    outside: &Outside,
) -> Result<(Plan, bool), CommandError> {
    let names = entries::list(&global.root)?;
    let urgent = urgent(args, &names)?;
    let asked = match args.names.as_slice() {
        [] => names.clone(),
        some => some
            .iter()
            .map(|name| entries::named(name, &names).cloned())
            .collect::<Result<BTreeSet<_>, _>>()?
            .into_iter()
            .collect(),
    };
    // Nobody needs to know to the nanosecond when something was seen.
    let now = context.now.trunc_subsecs(0);
    let mut state = args.state.as_deref().map(|file| files::read_state(file, now)).transpose()?;
    remind(&policy.settings.pins, &names, state.is_some(), ui);
    let reach = reach(args, policy, context)?;
    let folder = folder(context)?;
    let all = load::load_all(&global.root, &asked);
    let night = Night {
        entries: &all,
        complete: args.names.is_empty(),
        policy,
        now,
        cooldown: cooldown(args, policy, state.as_ref()),
        urgent: &urgent,
        shard: args.shard,
        concurrency: args.concurrency.into(),
    };
    let bar = ui.progress(0, "asking upstreams");
    let progress = |done: usize, all: usize| {
        bar.set_length(all as u64);
        bar.set_position(done as u64);
    };
    let outcome = outside.wait(async {
        let resolver = connect::resolver(reach, night.concurrency, folder.path().to_owned())
            .map_err(|error| CommandError::unfinished("cannot ask upstreams").because(&error))?;
        Ok(night::run(&resolver, &night, state.as_mut(), &progress, outside.stopped()).await)
    });
    bar.finish_and_clear();
    let outcome = outcome?;
    if let (Some(file), Some(state)) = (&args.state, &state) {
        files::write_state(file, state)?;
    }
    Ok((outcome.plan, outcome.stopped))
}

/// Without a state nothing is known to be old.
fn cooldown(args: &UpdatePinsArgs, policy: &Policy, state: Option<&State>) -> Duration {
    let said = args.cooldown.or(policy.settings.pins.cooldown).unwrap_or_default();
    if state.is_some() { said } else { Duration::ZERO }
}

/// The names of `--urgent`. One that is no entry's would be a security update that nobody gets.
fn urgent(args: &UpdatePinsArgs, names: &[OsString]) -> Result<BTreeSet<String>, CommandError> {
    let of = |name: &String| entries::named(name, names).map(|name| name.to_string_lossy().into_owned());
    let urgent: BTreeSet<String> = args.urgent.iter().map(of).collect::<Result<_, _>>()?;
    for name in &urgent {
        let asked = |wanted: &String| entries::named(wanted, names).is_ok_and(|found| *found == **name);
        if !args.names.is_empty() && !args.names.iter().any(asked) {
            return Err(refuse(format!("`--urgent {name}` is not among the entries that this run is about")));
        }
    }
    Ok(urgent)
}

/// Says which of the policy's words about pins do not count in this run.
fn remind(pins: &Pins, names: &[OsString], remembers: bool, ui: &Ui) {
    let needs_state = pins.cooldown.is_some() || pins.entries.values().any(|entry| entry.every.is_some());
    if needs_state && !remembers {
        ui.say("the policy's cooldown and intervals do not count in this run: they need `--state FILE`");
    }
    for name in pins.entries.keys().filter(|name| !names.iter().any(|known| known == &***name)) {
        let nearest = nearest_among(name, names.iter().filter_map(|known| known.to_str()));
        let meant = nearest.map(|nearest| format!("; did you mean `{nearest}`?")).unwrap_or_default();
        ui.say(&format!("the policy's `pins.entries.{name}` is about no entry{meant}"));
    }
}

/// A folder for what upstreams send, which goes when the run does.
fn folder(context: &Context) -> Result<TempDir, CommandError> {
    let made = tempfile::Builder::new().prefix("mcp-registry-pins-").tempdir_in(&context.temp_dir);
    made.map_err(|error| {
        CommandError::unfinished(format!("cannot make a folder in `{}`", context.temp_dir.display())).because(&error)
    })
}
