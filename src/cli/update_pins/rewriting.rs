//! Sets the pins of a plan in the files of the work tree.

use super::options::UpdatePinsArgs;
use super::{Done, entries};
use crate::cli::Global;
use crate::entry::load;
use crate::error::CommandError;
use crate::pins::pinned::is_as_planned;
use crate::pins::plan::{Decision, Plan};
use crate::pins::reason::Reason;
use crate::pins::rewrite;

/// Sets every pin that moves; under `--dry-run` only finds out whether it could be. Each file is written whole or not at all;
/// what cannot be set is said in the plan, and the others are set all the same.
pub(super) fn rewrite(args: &UpdatePinsArgs, global: &Global, mut plan: Plan) -> Result<Done, CommandError> {
    let mut changed = 0_usize;
    for decision in plan.decisions.iter_mut().filter(|decision| decision.reason.moves()) {
        match set(decision, args, global) {
            Ok(()) => changed += 1,
            Err((reason, detail)) => (decision.reason, decision.detail) = (reason, detail),
        }
    }
    let files = if changed == 1 { "1 file".to_owned() } else { format!("{changed} files") };
    let notes = match (changed, args.dry_run) {
        (0, _) => Vec::new(),
        (_, true) => vec![format!("{files} would change")],
        (_, false) => vec![format!("{files} changed")],
    };
    Ok(Done { plan, left: Vec::new(), notes })
}

fn set(decision: &Decision, args: &UpdatePinsArgs, global: &Global) -> Result<(), (Reason, String)> {
    let outdated = |detail: &str| (Reason::OutdatedPlan, detail.to_owned());
    let Some(new) = &decision.new else { return Err(outdated("the plan names no commit")) };
    let entry = load::load(&global.root, &decision.entry.clone().into());
    is_as_planned(&entry, decision).map_err(outdated)?;
    let invalid = |detail: String| (Reason::InvalidEntry, detail);
    let text = entry.manifest_file.text().ok_or_else(|| outdated("the entry's file is not there any more"))?;
    let rewritten = rewrite::set_pin(text, new)
        .map_err(|refusal| invalid(format!("its pin cannot be set to {}: {}:{refusal}", new.short(), decision.path)))?;
    match &rewritten.text {
        Some(after) if !args.dry_run => entries::replace(&global.root, &decision.path, text, after).map_err(|error| {
            let causes: String = error.causes.iter().map(|cause| format!(": {cause}")).collect();
            invalid(format!("{}{causes}", error.message))
        }),
        _ => Ok(()),
    }
}
