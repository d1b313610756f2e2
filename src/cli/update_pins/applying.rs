//! Takes a plan that another run made, as far as this one's policy allows.

use super::files;
use super::options::UpdatePinsArgs;
use crate::context::Context;
use crate::entry::load::load;
use crate::entry::source::source_of;
use crate::error::CommandError;
use crate::ids::CommitSha;
use crate::pins::applied::Terms;
use crate::pins::plan::Plan;
use crate::policy::Policy;
use crate::ui::Ui;
use chrono::SubsecRound as _;
use std::collections::BTreeSet;
use std::ffi::OsString;
use std::path::Path;

/// Reads the plan, takes back what is not allowed, and remembers what it tells. The state is written before anything is
/// published: what was seen was seen, whatever comes of it.
pub(super) fn take(
    args: &UpdatePinsArgs,
    root: &Path,
    file: &Path,
    policy: &Policy,
    context: &Context,
    ui: &Ui,
) -> Result<Plan, CommandError> {
    let mut plan = files::read_plan(file)?;
    let now = context.now.trunc_subsecs(0);
    let mut state = args.state.as_deref().map(|file| files::read_state(file, now)).transpose()?;
    let urgent: BTreeSet<String> = args.urgent.iter().cloned().collect();
    let cooldown = args.cooldown.or(policy.settings.pins.cooldown).unwrap_or_default();
    let told = plan.clone();
    let terms = Terms { policy, now, cooldown, urgent: &urgent, seen: state.as_ref() };
    plan.hold_to(&terms).iter().for_each(|note| ui.say(note));
    if let (Some(file), Some(state)) = (&args.state, &mut state) {
        state.learn(&told, now, |entry, pin| has_pin(root, entry, pin));
        files::write_state(file, state)?;
    }
    Ok(plan)
}

/// Whether an entry may have this pin: where the checkout shows another one, it has not.
fn has_pin(root: &Path, entry: &str, pin: &CommitSha) -> bool {
    match source_of(&load(root, &OsString::from(entry))) {
        Ok(Some(source)) => source.commit == *pin,
        Ok(None) | Err(_) => true,
    }
}
