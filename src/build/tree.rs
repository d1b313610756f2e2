//! The files of a build context: a directory of a commit, read from Git's objects, without what `.dockerignore` excludes.
//!
//! Nothing is left out silently: a context that is not exactly what the commit holds is refused.

use super::ContextLimits;
use crate::dockerfile::ignore::{self, Ignore};
use crate::git::upstream::{Found, Mode, ObjectId, StoreReader};
use crate::text::cut;
use std::collections::BTreeMap;

/// What is in a context.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Item {
    Folder,
    File { id: ObjectId, executable: bool },
    Link(Vec<u8>),
}

/// A context's items by their paths, which are relative and have no empty, `.` or `..` part. Folders come before what is in
/// them.
pub(super) type Items = BTreeMap<Vec<u8>, Item>;

/// The longest target of a link, in bytes: `PATH_MAX`.
const MAX_LINK: u64 = 4096;
/// Bytes of one folder's object.
const MAX_FOLDER: u64 = 16_000_000;
/// Links that are followed one after the other, as the kernel does at most.
const MAX_LINKS: usize = 40;
const MAX_DEPTH: usize = 100;
/// The longest path, in bytes: `PATH_MAX`.
const MAX_PATH: usize = 4096;
/// Characters of a longer one that are shown.
const SHOWN: usize = 100;

/// How a directory is read.
pub(super) struct Walk<'a> {
    pub(super) reader: &'a StoreReader<'a>,
    pub(super) limits: &'a ContextLimits,
}

pub(super) fn shown(path: &[u8]) -> String {
    String::from_utf8_lossy(path).into_owned()
}

impl Walk<'_> {
    /// Everything in a folder.
    ///
    /// # Errors
    /// With a sentence: there is too much of it, or something is not what a context can hold.
    pub(super) fn all(&self, tree: ObjectId) -> Result<Items, String> {
        let mut items = Items::new();
        let mut folders = vec![(Vec::new(), 0, tree)];
        let mut entries = 0;
        while let Some((above, depth, id)) = folders.pop() {
            let Found::Here(listing) = self.reader.folder(id, self.limits.files + 1, MAX_FOLDER) else {
                return Err(format!("the folder `{}` cannot be read", shown(&above)));
            };
            if listing.damaged {
                return Err(format!("the folder `{}` is damaged", shown(&above)));
            }
            entries += listing.entries.len();
            if entries > self.limits.files || listing.more > 0 {
                return Err(format!("it has more than {} files and folders", self.limits.files));
            }
            for entry in listing.entries {
                let path =
                    if above.is_empty() { entry.name.clone() } else { [&above, b"/".as_slice(), &entry.name].concat() };
                let is_git = entry.name.eq_ignore_ascii_case(b".git");
                if matches!(entry.name.as_slice(), b"" | b"." | b"..") || entry.name.contains(&b'/') || is_git {
                    return Err(format!("`{}` is not a name that a file can have in a repository", shown(&path)));
                }
                if path.len() > MAX_PATH || depth >= MAX_DEPTH {
                    // As many bytes as make more characters than are shown.
                    let start = shown(path.get(..4 * SHOWN + 4).unwrap_or(&path));
                    return Err(format!("`{}`: the path is too long or too deep", cut(&start, SHOWN)));
                }
                let item = match entry.mode {
                    Mode::Folder => {
                        folders.push((path.clone(), depth + 1, entry.id));
                        Item::Folder
                    }
                    Mode::File { executable } => Item::File { id: entry.id, executable },
                    Mode::Symlink => match self.reader.file(entry.id, MAX_LINK) {
                        Found::Here(target) if !target.is_empty() && !target.contains(&0) => {
                            Item::Link(target.to_vec())
                        }
                        _ => return Err(format!("the symbolic link `{}` cannot be read", shown(&path))),
                    },
                    // As a clone without its submodules has it; whether that will do is asked later.
                    Mode::Submodule => Item::File { id: entry.id, executable: false },
                    Mode::Other => return Err(format!("`{}` is of no kind that Git knows", shown(&path))),
                };
                if entry.mode == Mode::Submodule {
                    items.insert([path.as_slice(), SUBMODULE].concat(), item);
                } else if items.insert(path.clone(), item).is_some() {
                    return Err(format!("`{}` is there twice", shown(&path)));
                }
            }
        }
        Ok(items)
    }

    /// What a file of the context holds, with links followed; none when there is no such file.
    ///
    /// # Errors
    /// With a sentence, when it is too large or cannot be read.
    pub(super) fn read(&self, items: &Items, path: &[u8], most: u64) -> Result<Option<Vec<u8>>, String> {
        let Some(place) = resolve(items, path) else { return Ok(None) };
        let Some(Item::File { id, .. }) = items.get(&place) else { return Ok(None) };
        match self.reader.file(*id, most) {
            Found::Here(content) => Ok(Some(content.to_vec())),
            Found::TooLarge(bytes) => Err(format!("`{}` has {bytes} bytes, which is more than {most}", shown(path))),
            Found::Absent | Found::Damaged => Err(format!("`{}` cannot be read", shown(path))),
        }
    }
}

/// Marks a submodule's path: a name that no item of a folder can have.
const SUBMODULE: &[u8] = b"/";

/// Takes the submodules out of the items. Returns their paths.
pub(super) fn take_submodules(items: &mut Items) -> Vec<Vec<u8>> {
    let marked: Vec<Vec<u8>> = items.keys().filter(|path| path.ends_with(SUBMODULE)).cloned().collect();
    let taken = marked.into_iter().filter_map(|mut path| {
        items.remove(&path)?;
        path.pop();
        items.insert(path.clone(), Item::Folder);
        Some(path)
    });
    taken.collect()
}

/// Removes what is excluded. A folder stays if something in it does.
///
/// # Errors
/// With a sentence, when that is too much work.
pub(super) fn exclude(items: &mut Items, ignore: &Ignore, keep: &[&[u8]]) -> Result<usize, String> {
    let mut folders: BTreeMap<Vec<u8>, ignore::Above> = BTreeMap::new();
    let mut excluded = Vec::new();
    for (path, item) in items.iter() {
        let text = String::from_utf8_lossy(path);
        let above = match path.iter().rposition(|byte| *byte == b'/') {
            Some(at) => folders.get(&path[..at]).cloned(),
            None => None,
        };
        let above = above.unwrap_or_else(|| ignore.top());
        if ignore.excludes(&text, &above) && !keep.contains(&path.as_slice()) {
            excluded.push(path.clone());
        }
        if *item == Item::Folder {
            folders.insert(path.clone(), ignore.folder(&text, &above));
        }
        if ignore.is_exhausted() {
            return Err("its patterns are too much work for the number of files here".to_owned());
        }
    }
    for path in &excluded {
        items.remove(path);
    }
    let kept: Vec<Vec<u8>> = items.keys().cloned().collect();
    for path in kept {
        for (at, _) in path.iter().enumerate().filter(|(_, byte)| **byte == b'/') {
            items.entry(path[..at].to_vec()).or_insert(Item::Folder);
        }
    }
    Ok(excluded.into_iter().filter(|path| !items.contains_key(path)).count())
}

/// Where a path leads when links are followed as a kernel does; none when that is outside of the context, in a circle, or
/// through something that is not a folder. What is not there leads to itself.
pub(super) fn resolve(items: &Items, path: &[u8]) -> Option<Vec<u8>> {
    let mut place: Vec<&[u8]> = Vec::new();
    let mut rest: Vec<&[u8]> = path.split(|byte| *byte == b'/').rev().collect();
    let mut links = 0;
    while let Some(part) = rest.pop() {
        match part {
            b"" | b"." => continue,
            b".." => {
                place.pop()?;
                continue;
            }
            part => place.push(part),
        }
        if let Some(Item::Link(target)) = items.get(&place.join(&b'/')) {
            links += 1;
            if links > MAX_LINKS || target.starts_with(b"/") {
                return None;
            }
            place.pop();
            rest.extend(target.split(|byte| *byte == b'/').rev());
            if rest.len() > MAX_PATH {
                return None;
            }
        }
    }
    Some(place.join(&b'/'))
}

/// The links that lead out of the context, or in a circle.
pub(super) fn links_out(items: &Items) -> Vec<(&[u8], &[u8])> {
    let links = items.iter().filter_map(|(path, item)| match item {
        Item::Link(target) => Some((path.as_slice(), target.as_slice())),
        _ => None,
    });
    links.filter(|(path, _)| resolve(items, path).is_none()).collect()
}
