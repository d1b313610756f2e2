//! Finding the registry and its policy.

use crate::document::Lines;
use crate::entry::load::read_text;
use crate::entry::{SERVERS, Unreadable};
use crate::error::CommandError;
use crate::policy::{POLICY, Policy, PolicyError};
use crate::rules;
use crate::validate::rules::nearest_of;
use std::path::Path;
use std::sync::Arc;

/// Checks that there is a registry at `root`.
///
/// # Errors
/// When there is not; says where one would be.
pub(super) fn check_root(root: &Path) -> Result<(), CommandError> {
    match std::fs::symlink_metadata(root.join(SERVERS)) {
        Ok(found) if found.is_dir() => return Ok(()),
        Ok(found) if found.is_symlink() => {
            let error = CommandError::usage(format!("`{}` is a symbolic link", root.join(SERVERS).display()));
            return Err(error.hint("put the folder itself there; links are not followed"));
        }
        _ => {}
    }
    let error =
        CommandError::usage(format!("there is no registry at `{}`: it has no folder `{SERVERS}`", root.display()));
    let above = std::path::absolute(root)
        .ok()
        .and_then(|root| root.ancestors().skip(1).find(|folder| folder.join(SERVERS).is_dir()).map(Path::to_path_buf));
    Err(match above {
        Some(folder) => error.hint(format!("there is one above: use `--root {}`", folder.display())),
        None => error.hint("run this in a checkout of a registry, or name one with `--root DIR`"),
    })
}

/// Reads the policy of the registry at `root`, or `file` in its place. A registry without one has the defaults.
///
/// # Errors
/// When it cannot be read, or is not a policy.
pub(super) fn load(root: &Path, file: Option<&Path>) -> Result<Policy, CommandError> {
    let shown = shown(file);
    read(root, file)?.map_or_else(|| Ok(Policy::default()), |text| parse(&text, &shown))
}

/// What a policy's file is called in messages.
pub(super) fn shown(file: Option<&Path>) -> String {
    file.map_or_else(|| POLICY.to_owned(), |file| file.display().to_string())
}

/// The text of the policy of the registry at `root`, or of `file` in its place; none when the registry has no policy.
///
/// # Errors
/// When it cannot be read, or `file` is not there.
pub(super) fn read(root: &Path, file: Option<&Path>) -> Result<Option<Arc<str>>, CommandError> {
    let path = file.map_or_else(|| root.join(POLICY), Path::to_path_buf);
    let shown = shown(file);
    match read_text(&path) {
        Ok(Some(text)) => Ok(Some(text)),
        Ok(None) if file.is_none() => Ok(None),
        Ok(None) => Err(CommandError::usage(format!("there is no file `{shown}`"))),
        Err(problem @ Unreadable::Io(_)) => {
            Err(CommandError::unfinished(format!("cannot read `{shown}`")).because(&problem))
        }
        Err(problem) => Err(CommandError::usage(format!("`{shown}` {problem}"))),
    }
}

/// Parses a policy that was read from `shown`.
///
/// # Errors
/// When it is not one, or names a rule that does not exist.
pub(super) fn parse(text: &str, shown: &str) -> Result<Policy, CommandError> {
    let policy = Policy::parse(text).map_err(|refusal| refused(refusal, text, shown))?;
    rules::check_ids(&policy)?;
    Ok(policy)
}

fn refused(PolicyError { message, span, hint }: PolicyError, text: &str, shown: &str) -> CommandError {
    // The parser lists what it knows: unknown field `rule`, expected one of `registry`, `title`, …
    let mut quoted = message.split('`').skip(1).step_by(2);
    let unknown = message.starts_with("unknown ").then(|| quoted.next()).flatten();
    let meant = unknown.and_then(|unknown| nearest_of(unknown, quoted));
    let error = match span {
        Some(span) => {
            let line = Lines::new(text).position(text, span.start).line;
            CommandError::usage(format!("{shown}:{line}: {message}"))
        }
        None => CommandError::usage(format!("{shown}: {message}")),
    };
    match (meant, hint) {
        (Some(meant), _) => error.hint(format!("did you mean `{meant}`?")),
        (None, Some(hint)) => error.hint(hint),
        (None, None) => error,
    }
}
