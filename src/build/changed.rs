//! Which entries a range of commits makes worth building: those whose pin, source, image or Dockerfile is another one.

use crate::changes::{ChangeKind, Range};
use crate::entry::source::{BuiltFrom, source_of};
use crate::entry::{Entry, SERVERS};
use crate::error::CommandError;
use crate::history::History;
use std::path::Path;

/// The names of these entries, sorted.
///
/// # Errors
/// When history cannot be read, or an entry's name is not UTF-8.
pub(crate) fn changed(root: &Path, range: &Range) -> Result<Vec<String>, CommandError> {
    let history = History::open(root)?;
    let comparison = history.compare(range)?;
    let mut names = Vec::new();
    for (name, change) in &comparison.changes.entries {
        if change.kind == ChangeKind::Deleted {
            continue;
        }
        let Some(after) = history.load_entry_at(&comparison.head, name)? else { continue };
        let mut is_new = true;
        for base in &comparison.merge_bases {
            // After criss-cross merges one of them may have what is there now.
            if let Some(before) = history.load_entry_at(base, name)? {
                is_new &= what(&before) != what(&after);
            }
        }
        let is_dockerfile = |path: &[u8]| {
            let below = path.strip_prefix(SERVERS.as_bytes()).unwrap_or(path);
            below.rsplit(|byte| *byte == b'/').next().is_some_and(|file| file.starts_with(b"Dockerfile"))
        };
        if is_new || change.files.iter().any(|file| is_dockerfile(file.path.as_bytes())) {
            let text = std::str::from_utf8(name.as_bytes());
            let text = text.map_err(|_| CommandError::usage(format!("the name of the entry `{name}` is not UTF-8")))?;
            names.push(text.to_owned());
        }
    }
    Ok(names)
}

/// What an entry is built from, and what it is called then. What cannot be said is for the build to refuse.
fn what(entry: &Entry) -> (Result<Option<BuiltFrom>, String>, Option<&str>) {
    let source = source_of(entry).map(|source| source.map(|source| BuiltFrom { branch: None, ..source }));
    (source, entry.manifest.image.as_deref())
}
