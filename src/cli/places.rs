//! Files that a command is to write at its end.

use super::refuse;
use crate::error::CommandError;
use crate::files;
use std::path::{Path, PathBuf};

/// Refuses a file that could not be written at the end, before anything is done.
///
/// # Errors
/// When it is a folder, or the folder that it would be in is not there.
pub(super) fn check_place(option: &str, file: Option<&PathBuf>) -> Result<(), CommandError> {
    let Some(file) = file else { return Ok(()) };
    check_kind(option, file)?;
    if file.is_dir() || file.as_os_str().as_encoded_bytes().ends_with(b"/") {
        return Err(refuse(format!("`{option} {}` is a folder, not a file", file.display())));
    }
    match file.parent().filter(|folder| !folder.as_os_str().is_empty()) {
        Some(folder) if !folder.is_dir() => {
            let (file, folder) = (file.display(), folder.display());
            Err(refuse(format!("`{option} {file}` cannot be written: there is no folder `{folder}`")))
        }
        _ => Ok(()),
    }
}

/// Refuses what is there and no file: to open a named pipe waits for somebody to read it, and nothing ends that.
///
/// # Errors
/// With the place.
pub(super) fn check_kind(option: &str, file: &Path) -> Result<(), CommandError> {
    match files::takes_writes(file) {
        Ok(()) => Ok(()),
        Err(error) => Err(refuse(format!("`{option} {}` cannot be written", file.display()))
            .because(&error)
            .hint("name a file, or `/dev/stdout`")),
    }
}
