//! The files that one run leaves for another: state and plan.

use crate::cli::refuse;
use crate::error::CommandError;
use crate::pins::plan::{self, Plan};
use crate::pins::state::{self, State};
use chrono::{DateTime, Utc};
use std::io;
use std::path::Path;

/// Reads what was seen before; nothing when there is no file yet.
///
/// # Errors
/// When there is something else. It is left as it is.
pub(super) fn read_state(path: &Path, now: DateTime<Utc>) -> Result<State, CommandError> {
    let shown = path.display();
    let Some(text) = read(path, "--state", state::MAX_BYTES)? else { return Ok(State::default()) };
    State::parse(&text, now).map_err(|error| {
        refuse(format!("`--state {shown}` cannot be used: {error}"))
            .hint("name another file, or remove this one: then every cooldown begins anew")
    })
}

/// Writes what was seen, whole or not at all.
///
/// # Errors
/// When it cannot be written.
pub(super) fn write_state(path: &Path, state: &State) -> Result<(), CommandError> {
    write(path, &state.to_json())
}

/// Reads a plan that was made before.
///
/// # Errors
/// When there is none, or something else.
pub(super) fn read_plan(path: &Path) -> Result<Plan, CommandError> {
    let shown = path.display();
    let text = read(path, "--apply", plan::MAX_BYTES)?.ok_or_else(|| {
        refuse(format!("there is no file `{shown}`")).hint("`--plan FILE` of an earlier run writes one")
    })?;
    Plan::parse(&text).map_err(|error| {
        refuse(format!("`--apply {shown}` cannot be used: {error}"))
            .hint("apply the file that `--plan` of a run without `--open-prs` wrote, as it is")
    })
}

/// Writes a plan, whole or not at all.
///
/// # Errors
/// When it cannot be written.
pub(super) fn write_plan(path: &Path, plan: &Plan) -> Result<(), CommandError> {
    write(path, &plan.to_json())
}

fn read(path: &Path, option: &str, limit: u64) -> Result<Option<String>, CommandError> {
    let shown = path.display();
    let cannot = |error: io::Error| CommandError::unfinished(format!("cannot read `{option} {shown}`")).because(&error);
    match std::fs::metadata(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(cannot(error)),
        Ok(found) if !found.is_file() => return Err(refuse(format!("`{option} {shown}` is not a file"))),
        Ok(_) => {}
    }
    let bytes = crate::files::read_regular(path, limit).map_err(cannot)?;
    let bytes =
        bytes.ok_or_else(|| refuse(format!("`{option} {shown}` has more than {limit} bytes, which no run writes")))?;
    String::from_utf8(bytes).map(Some).map_err(|_| refuse(format!("`{option} {shown}` is not UTF-8")))
}

fn write(path: &Path, text: &str) -> Result<(), CommandError> {
    crate::files::write_whole(path, text.as_bytes())
        .map_err(|error| CommandError::unfinished(format!("cannot write {}", path.display())).because(&error))
}
