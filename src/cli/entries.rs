//! The entries of the registry as the command line names them, and changes of their files.

use super::refuse;
use crate::entry::load;
use crate::error::CommandError;
use crate::output::diff::{self, Side};
use crate::ui::Ui;
use crate::validate::rules::nearest_among;
use crate::validate::secrets_in;
use std::ffi::OsString;
use std::path::Path;

/// The names of all entries of the registry at `root`.
///
/// # Errors
/// When they cannot be listed.
pub(super) fn list(root: &Path) -> Result<Vec<OsString>, CommandError> {
    load::list(root).map_err(|error| {
        CommandError::unfinished(format!("cannot list the entries of `{}`", root.display())).because(&error)
    })
}

/// The entry of this name. A path into an entry names it too, so that a shell can complete it.
///
/// # Errors
/// When there is none; says which one may have been meant.
pub(super) fn named<'n>(wanted: &str, names: &'n [OsString]) -> Result<&'n OsString, CommandError> {
    // Of a path, what stands after the last folder `servers`.
    let below = wanted.rsplit_once("servers/").filter(|(above, _)| above.is_empty() || above.ends_with('/'));
    let name = below.map_or(wanted.strip_prefix("./").unwrap_or(wanted), |(_, below)| below);
    let name = name.split('/').next().filter(|name| !name.is_empty()).unwrap_or(wanted);
    if let Some(name) = names.iter().find(|known| *known == name) {
        return Ok(name);
    }
    let error = refuse(format!("there is no entry `{name}`"));
    Err(match nearest_among(name, names.iter().filter_map(|known| known.to_str())) {
        Some(nearest) => error.hint(format!("did you mean `{nearest}`?")),
        None => error.hint("entries are the folders under `servers/`"),
    })
}

/// A change of a file, to show; `before` is none when there is no file yet. Whatever the policy makes of `leaked-secret`,
/// there are no secrets in it: it ends in logs as findings do. For people it is made visible and perhaps colored, for other
/// programs it is the patch that `git apply` takes, or it says beside the result that it is not.
pub(super) fn diff(path: &str, before: Option<&str>, after: &str, ui: &Ui) -> String {
    let (old, new) = (secrets_in(before.unwrap_or_default()), secrets_in(after));
    let [before, after] = [Side { text: before, secrets: &old }, Side { text: Some(after), secrets: &new }];
    if ui.result_on_terminal || ui.stdout_color {
        return diff::render(path, before, after, ui.stdout_color);
    }
    diff::patch(path, before, after).unwrap_or_else(|why| {
        ui.say(&format!("the diff of {path} is not a patch: {why}"));
        diff::render(path, before, after, false)
    })
}

/// Writes a file of the registry at `root` anew, whole or not at all.
///
/// # Errors
/// When it is not what it was when it was read (somebody may have saved it since: their text is not overwritten), or cannot
/// be written.
pub(super) fn replace(root: &Path, path: &str, before: &str, after: &str) -> Result<(), CommandError> {
    let file = root.join(path);
    let now = load::read_text(&file).ok().flatten();
    if now.as_deref() != Some(before) {
        return Err(CommandError::unfinished(format!("{path} changed since it was read")).hint("run the command again"));
    }
    crate::files::write_whole(&file, after.as_bytes())
        .map_err(|error| CommandError::unfinished(format!("cannot write {path}")).because(&error))
}
