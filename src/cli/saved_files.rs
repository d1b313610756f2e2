//! Files that other jobs left: of a bounded size, and regular ones, for somebody else chose their names.

use super::refuse;
use crate::error::CommandError;
use crate::files::read_regular;
use std::path::Path;

/// All bytes of a file that has at most `limit` of them.
///
/// # Errors
/// When it is no regular file, is larger, or cannot be read.
pub(super) fn bytes(file: &Path, limit: u64) -> Result<Vec<u8>, CommandError> {
    let shown = file.display();
    let read = read_regular(file, limit).map_err(|error| refuse(format!("cannot read {shown}")).because(&error))?;
    read.ok_or_else(|| refuse(format!("{shown} has more than {} MB", limit >> 20)))
}
