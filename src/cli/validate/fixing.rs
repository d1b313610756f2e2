//! `validate --fix`: writes what the fixes made, or shows it.

use super::ValidateArgs;
use crate::cli::{Global, entries};
use crate::error::CommandError;
use crate::finding::Report;
use crate::ui::Ui;
use crate::validate::{Request, fix};

/// Applies the fixes, and returns the report of what is left. With `--dry-run` nothing is written, the changes are the result
/// of human output, as a patch, and the report is of the entries as they are.
pub(super) fn run(
    args: &ValidateArgs,
    global: &Global,
    request: &Request<'_>,
    report: Report,
    ui: &Ui,
) -> Result<Report, CommandError> {
    let plan = fix::plan(request, &report);
    for left in &plan.left {
        ui.say(&format!("{}: `{}` was not fixed: {}", left.path, left.rule, left.reason));
    }
    if args.dry_run {
        if super::shows_patch(args, global) {
            let diff = |fixed: &fix::Fixed| entries::diff(&fixed.path, Some(&fixed.before), &fixed.after, ui);
            ui.result(&plan.fixed.iter().map(diff).collect::<String>())?;
        }
        ui.say(&format!("{} would change; nothing was written", files(plan.fixed.len())));
        return Ok(report);
    }
    for fixed in &plan.fixed {
        entries::replace(&global.root, &fixed.path, &fixed.before, &fixed.after)?;
        ui.say(&format!("fixed {}: {}", fixed.path, fixed.rules.join(", ")));
    }
    Ok(fix::judge_after(request, &plan))
}

fn files(count: usize) -> String {
    if count == 1 { "1 file".to_owned() } else { format!("{count} files") }
}
