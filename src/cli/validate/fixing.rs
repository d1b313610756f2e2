//! `validate --fix`: writes what the fixes made, or shows it.

use super::ValidateArgs;
use crate::cli::Global;
use crate::error::CommandError;
use crate::finding::Report;
use crate::output::diff::{self, Side};
use crate::ui::Ui;
use crate::validate::{Request, fix, secrets_in};

/// Applies the fixes, and returns the report of what is left. Under `--dry-run` nothing is written, the changes are shown
/// on standard error's side of human output, and the report is of the entries as they are.
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
        let changes: String = plan
            .fixed
            .iter()
            .map(|fixed| {
                // Whatever the policy makes of `leaked-secret`: a diff ends in logs as findings do.
                let (old, new) = (secrets_in(&fixed.before), secrets_in(&fixed.after));
                let before = Side { text: &fixed.before, secrets: &old };
                let after = Side { text: &fixed.after, secrets: &new };
                diff::render(&fixed.path, before, after, ui.stdout_color)
            })
            .collect();
        if super::is_human(global.format) && !changes.is_empty() {
            ui.result(&changes)?;
        }
        ui.say(&format!("{} would change; nothing was written", files(plan.fixed.len())));
        return Ok(report);
    }
    for fixed in &plan.fixed {
        let path = global.root.join(&*fixed.path);
        // Somebody may have saved the file since it was read: their text is not overwritten.
        let now = crate::entry::load::read_text(&path).ok().flatten();
        if now.as_ref() != Some(&fixed.before) {
            return Err(CommandError::unfinished(format!("{} changed while it was being fixed", fixed.path))
                .hint("run the command again"));
        }
        crate::files::write_whole(&path, fixed.after.as_bytes())
            .map_err(|error| CommandError::unfinished(format!("cannot write {}", fixed.path)).because(&error))?;
        ui.say(&format!("fixed {}: {}", fixed.path, fixed.rules.join(", ")));
    }
    Ok(fix::judge_after(request, &plan))
}

fn files(count: usize) -> String {
    if count == 1 { "1 file".to_owned() } else { format!("{count} files") }
}
