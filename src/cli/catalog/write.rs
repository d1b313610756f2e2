//! The Gateway's file.

use super::{check_shrink, entries_of};
use crate::catalog::file::{self, Heading};
use crate::catalog::read;
use crate::cli::published::Gathered;
use crate::cli::refuse;
use crate::error::CommandError;
use crate::files;
use crate::ui::Ui;
use std::path::Path;

/// Writes the file, unless it is there with these bytes.
pub(super) fn run(
    out: &Path,
    heading: &Heading,
    allow_shrink: bool,
    gathered: &Gathered,
    ui: &Ui,
) -> Result<(), CommandError> {
    let shown = out.display();
    let text = file::render(&gathered.published, heading);
    let before = if out.is_file() { load(out, &shown.to_string())? } else { String::new() };
    if before == text {
        ui.say(&format!("{shown} is up to date: {}", entries_of(gathered.published.len())));
        return Ok(());
    }
    if !before.trim().is_empty() {
        // What cannot be read may be somebody's notes: it is not overwritten.
        let entries = read::read(&before).map_err(|why| {
            refuse(format!("{shown} is there and is not a catalog: {why}"))
                .hint("name another file, or remove this one")
        })?;
        check_shrink(&entries, gathered, allow_shrink, &shown.to_string())?;
    }
    files::write_whole(out, text.as_bytes())
        .map_err(|error| CommandError::unfinished(format!("cannot write {shown}")).because(&error))?;
    ui.say(&format!("{shown}: {}", entries_of(gathered.published.len())));
    Ok(())
}

/// The text of a catalog.
pub(super) fn load(file: &Path, shown: &str) -> Result<String, CommandError> {
    let bytes = files::read_regular(file, read::MAX_BYTES)
        .map_err(|error| refuse(format!("cannot read {shown}")).because(&error))?
        .ok_or_else(|| refuse(format!("{shown} has more than {} MB", read::MAX_BYTES >> 20)))?;
    String::from_utf8(bytes).map_err(|_| refuse(format!("{shown} is not UTF-8")))
}
