//! What became of each file, for people and as JSON.

use crate::cli::{Global, entries};
use crate::error::CommandError;
use crate::init::{Fate, Planned};
use crate::output::{Format, escape};
use crate::ui::Ui;
use serde::Serialize;
use std::fmt::Write as _;

#[derive(Serialize)]
struct Document<'a> {
    version: u32,
    dry_run: bool,
    files: Vec<FileDocument<'a>>,
}

#[derive(Serialize)]
struct FileDocument<'a> {
    path: &'a str,
    fate: Fate,
    reason: Option<&'a str>,
}

/// Shows all files. People get the changes, too: with `--dry-run` as a patch, and else what those files lack that were left alone.
///
/// # Errors
/// When the result cannot be written.
pub(super) fn all(planned: &[Planned], dry_run: bool, global: &Global, ui: &Ui) -> Result<(), CommandError> {
    if global.format == Format::Json {
        let files = planned.iter().map(|one| FileDocument {
            path: &one.file.path,
            fate: one.fate,
            reason: one.reason.as_deref(),
        });
        return ui.result(&escape::visible_json(&Document { version: 1, dry_run, files: files.collect() }));
    }
    let mut lines = String::new();
    for one in planned {
        let reason = one.reason.as_ref().map(|reason| format!(" ({reason})")).unwrap_or_default();
        let _ =
            writeln!(lines, "{}", escape::terminal(&format!("{:<13} {}{reason}", word(one, dry_run), one.file.path)));
    }
    if dry_run {
        let diff = |one: &Planned| entries::diff(&one.file.path, one.before.as_deref(), &one.file.text, ui);
        ui.beside(&lines);
        return ui.result(&planned.iter().filter(|one| one.writes()).map(diff).collect::<String>());
    }
    for one in planned.iter().filter(|one| matches!(one.fate, Fate::Edited | Fate::Updated)) {
        let what = if one.fate == Fate::Edited { "was left alone; this would be the new one" } else { "was updated" };
        let diff = entries::diff(&one.file.path, one.before.as_deref(), &one.file.text, ui);
        let _ = write!(lines, "\n{} {what}:\n{diff}", escape::terminal(&one.file.path));
    }
    ui.result(&lines)
}

fn word(one: &Planned, dry_run: bool) -> &'static str {
    match one.fate {
        Fate::Created if dry_run => "would create",
        Fate::Created => "created",
        Fate::Updated if dry_run => "would update",
        Fate::Updated => "updated",
        Fate::Current => "current",
        Fate::Edited => "edited",
        Fate::Newer => "newer",
        Fate::Yours => "yours",
        Fate::Refused => "refused",
    }
}
