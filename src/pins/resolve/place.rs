//! What is at a commit: the directory, the Dockerfile, licences, and what configures continuous integration.

use super::{kind, license};
use crate::git::upstream::{Entry, Found, Mode, ObjectId, StoreReader};
use crate::ids::CommitSha;

/// Entries of a folder that are read.
pub(super) const MAX_ENTRIES: usize = 100_000;
/// Bytes of a folder that are read.
pub(super) const MAX_FOLDER: u64 = 16_000_000;

/// What is at a commit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Place {
    /// The directory's tree; none when it is not there.
    pub(super) tree: Option<ObjectId>,
    /// Whether the Dockerfile is there: a file, or a link, of which only a build can say whether it leads to one.
    pub(super) dockerfile: bool,
    /// Licence files at the top and in the directory.
    pub(super) licenses: Vec<license::File>,
    /// What configures continuous integration at the top, or holds what does; sorted by name.
    pub(super) ci: Vec<Entry>,
}

/// The names on the way to something.
pub(super) fn parts(path: &str) -> Vec<&str> {
    path.split('/').filter(|part| !matches!(*part, "" | ".")).collect()
}

/// Looks at a commit. The words of an error say what cannot be read.
pub(super) fn look(
    reader: &StoreReader<'_>,
    commit: &CommitSha,
    directory: &str,
    dockerfile: Option<&str>,
) -> Result<Place, String> {
    let top = match reader.commit(commit) {
        Ok(Some(found)) => found.tree,
        Ok(None) => return Err(format!("the commit {commit} did not come")),
        Err(error) => return Err(error.to_string()),
    };
    let unreadable = || format!("a folder of the commit {commit} cannot be read");
    let entries = folder(reader, top).ok_or_else(unreadable)?;
    let mut place = Place { tree: Some(top), dockerfile: false, licenses: Vec::new(), ci: Vec::new() };
    license::collect(&mut place.licenses, "", &entries);
    place.ci = entries.iter().filter(|entry| kind::is_ci_root(&entry.name)).cloned().collect();
    place.ci.sort_by(|one, other| one.name.cmp(&other.name));
    place.ci.dedup_by(|one, other| one.name == other.name);

    let parts_of_directory = parts(directory);
    let mut here = entries;
    for part in &parts_of_directory {
        match named(&here, part) {
            Some(Entry { mode: Mode::Folder, id, .. }) => {
                place.tree = Some(*id);
                here = folder(reader, *id).ok_or_else(unreadable)?;
            }
            _ => {
                place.tree = None;
                return Ok(place);
            }
        }
    }
    if !parts_of_directory.is_empty() {
        license::collect(&mut place.licenses, &parts_of_directory.join("/"), &here);
    }
    let parts_of_file = dockerfile.map(parts).unwrap_or_default();
    if let Some((file, folders)) = parts_of_file.split_last() {
        for part in folders {
            match named(&here, part) {
                Some(Entry { mode: Mode::Folder, id, .. }) => here = folder(reader, *id).ok_or_else(unreadable)?,
                _ => return Ok(place),
            }
        }
        place.dockerfile =
            named(&here, file).is_some_and(|entry| matches!(entry.mode, Mode::File { .. } | Mode::Symlink));
    }
    Ok(place)
}

/// Of several of one name, which no program of Git's makes, the first.
fn named<'e>(entries: &'e [Entry], name: &str) -> Option<&'e Entry> {
    entries.iter().find(|entry| entry.name == name.as_bytes())
}

/// All entries of a folder; none when they cannot all be read.
fn folder(reader: &StoreReader<'_>, id: ObjectId) -> Option<Vec<Entry>> {
    match reader.folder(id, MAX_ENTRIES, MAX_FOLDER) {
        Found::Here(listing) if !listing.damaged && listing.more == 0 => Some(listing.entries),
        _ => None,
    }
}
