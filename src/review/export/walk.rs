//! The walk through a commit's folders: what is exported, and what is listed in its place.

use super::ExportLimits;
use super::names::{Name, Names, readable};
use crate::git::upstream::{Entry, Found, Mode, ObjectId, StoreReader};
use crate::snapshot::language::{Language, is_media};
use crate::snapshot::{File, Reason, Snapshot, Unreviewed};
use crate::text::cut;
use std::collections::BTreeMap;
use std::sync::Arc;

/// Bytes of all folders that are read: with names of ordinary length, as many as entries are looked at.
const FOLDER_BYTES: u64 = 64_000_000;
/// Characters that are shown of a name that is too long.
const NAME: usize = 100;
/// The most bytes of a Git LFS pointer, by its specification.
const LFS_POINTER: usize = 1024;
/// How such a pointer begins.
const LFS_START: &[u8] = b"version https://git-lfs.github.com/spec/";

pub(super) struct Walk<'a> {
    reader: &'a StoreReader<'a>,
    limits: &'a ExportLimits,
    /// Files of more bytes may not have been fetched.
    left_out: Option<u64>,
    files: BTreeMap<Arc<str>, File>,
    bytes: u64,
    /// Entries that may still be looked at.
    entries: usize,
    /// Bytes of folders that may still be read.
    folders: u64,
    /// Bytes of large files with the names of media that may still be read to find out whether they are media.
    media: u64,
    listed: BTreeMap<Reason, Vec<Unreviewed>>,
    /// Those beyond what is listed.
    more: BTreeMap<Reason, u64>,
}

#[derive(Clone, Default)]
struct Place {
    shown: String,
    exported: String,
    depth: usize,
}

impl Place {
    fn below(&self, name: &Name) -> Self {
        Self {
            shown: join(&self.shown, &name.shown),
            exported: join(&self.exported, &name.exported),
            depth: self.depth + 1,
        }
    }
}

fn join(above: &str, name: &str) -> String {
    if above.is_empty() { name.to_owned() } else { format!("{above}/{name}") }
}

/// A folder that is being walked through.
struct Level {
    place: Place,
    names: Names,
    entries: std::vec::IntoIter<Entry>,
}

impl<'a> Walk<'a> {
    pub(super) fn new(reader: &'a StoreReader<'a>, limits: &'a ExportLimits, left_out: Option<u64>) -> Self {
        Self {
            reader,
            limits,
            left_out,
            files: BTreeMap::new(),
            bytes: 0,
            entries: limits.entries,
            folders: FOLDER_BYTES,
            media: limits.bytes,
            listed: BTreeMap::new(),
            more: BTreeMap::new(),
        }
    }

    /// Walks through the folder at the end of these names.
    pub(super) fn run(&mut self, parts: &[&str], tree: ObjectId) {
        let mut place = Place::default();
        for part in parts {
            if let Some(name) = Names::default().name(part.as_bytes(), usize::MAX) {
                place = place.below(&name);
            }
        }
        // By hand and not by recursion: what is on the stack then is a list that is as long as folders are deep.
        let mut levels: Vec<Level> = self.open(place, tree).into_iter().collect();
        while let Some(level) = levels.last_mut() {
            let Some(entry) = level.entries.next() else {
                levels.pop();
                continue;
            };
            let Some(name) = level.names.name(&entry.name, self.limits.path) else {
                let path = join(&level.place.shown, &cut(&begin(&entry.name, NAME, readable), NAME));
                self.list(path, Reason::PathTooLong, format!("a name of {} bytes", entry.name.len()));
                continue;
            };
            let place = level.place.below(&name);
            if place.shown.len().max(place.exported.len()) > self.limits.path {
                let detail = format!("more than {} bytes", self.limits.path);
                self.list(place.shown, Reason::PathTooLong, detail);
                continue;
            }
            if let Some((reason, detail)) = name.listed {
                self.list(place.shown.clone(), reason, detail);
            }
            match entry.mode {
                Mode::Folder => levels.extend(self.open(place, entry.id)),
                Mode::File { executable } => self.file(place, entry.id, executable),
                Mode::Symlink => self.link(place, entry.id),
                Mode::Submodule => {
                    self.list(place.shown, Reason::Submodule, format!("the commit {} of another repository", entry.id));
                }
                Mode::Other => self.list(place.shown, Reason::Damaged, "it is of no kind that Git knows".to_owned()),
            }
        }
    }

    fn open(&mut self, place: Place, id: ObjectId) -> Option<Level> {
        // What is listed of a folder ends with `/`: it is not the file that its name may look like.
        let folder = || format!("{}/", place.shown);
        if place.depth > self.limits.depth {
            let detail = format!("folders in more than {} folders, and all in them", self.limits.depth);
            self.list(folder(), Reason::TooDeep, detail);
            return None;
        }
        let not_looked_at = "too many entries before it: what is in it was not looked at";
        if self.entries == 0 {
            self.list(folder(), Reason::TooManyFiles, not_looked_at.to_owned());
            return None;
        }
        let listing = match self.reader.folder(id, self.entries, self.limits.folder.min(self.folders)) {
            Found::Here(listing) => listing,
            Found::TooLarge(bytes) => {
                let detail = format!("a folder of {bytes} bytes: what is in it was not looked at");
                self.list(folder(), Reason::TooManyFiles, detail);
                return None;
            }
            Found::Absent => {
                self.list(folder(), Reason::Damaged, "the folder is missing".to_owned());
                return None;
            }
            Found::Damaged => {
                self.list(folder(), Reason::Damaged, "the folder cannot be read".to_owned());
                return None;
            }
        };
        let read: usize = listing.entries.iter().map(|entry| entry.name.len() + 28).sum();
        self.folders = self.folders.saturating_sub(read as u64);
        self.entries -= listing.entries.len().min(self.entries);
        if listing.more > 0 {
            let detail = format!("{} more entries of the folder were not looked at", listing.more);
            self.list(folder(), Reason::TooManyFiles, detail);
        }
        if listing.damaged {
            self.list(folder(), Reason::Damaged, "the rest of the folder cannot be read".to_owned());
        }
        Some(Level { place, names: Names::default(), entries: listing.entries.into_iter() })
    }

    fn file(&mut self, place: Place, id: ObjectId, executable: bool) {
        let Some(content) = self.content(&place, id) else { return };
        if content.len() <= LFS_POINTER && content.starts_with(LFS_START) {
            let text = String::from_utf8_lossy(&content);
            let size = text.lines().find_map(|line| line.strip_prefix("size ")?.parse::<u64>().ok());
            let size = size.map_or_else(String::new, |size| format!(" of {size} bytes"));
            self.list(
                place.shown.clone(),
                Reason::LfsPointer,
                format!("stands for a file{size} that is kept elsewhere"),
            );
        }
        self.add(place, id, content, executable, false);
    }

    fn link(&mut self, place: Place, id: ObjectId) {
        let Some(target) = self.content(&place, id) else { return };
        let shown = |most: usize| cut(&begin(&target, most, escaped), most).into_owned();
        self.list(place.shown.clone(), Reason::Symlink, format!("points to {}", shown(200)));
        let content = format!("symbolic link to {}\n", shown(self.limits.path));
        self.add(place, id, content.into_bytes().into(), false, true);
    }

    /// What a file holds, if it is exported.
    fn content(&mut self, place: &Place, id: ObjectId) -> Option<Arc<[u8]>> {
        if self.files.len() >= self.limits.files {
            self.list(place.shown.clone(), Reason::TooManyFiles, format!("more than {} files", self.limits.files));
            return None;
        }
        let left = self.limits.bytes - self.bytes;
        let most = if is_media(&place.shown) { self.limits.media.min(self.limits.file) } else { self.limits.file };
        let (reason, detail) = match self.reader.file(id, most.min(left)) {
            Found::Here(content) => return Some(content),
            Found::TooLarge(bytes) if bytes > most && bytes <= self.limits.file.min(left).min(self.media) => {
                // A name is easily given: code is code.
                self.media -= bytes;
                match self.reader.file(id, bytes) {
                    Found::Here(content) if Language::of(&place.shown, &content).is_code() => return Some(content),
                    _ => (Reason::FileTooLarge, format!("{bytes} bytes")),
                }
            }
            Found::TooLarge(bytes) if bytes > most => (Reason::FileTooLarge, format!("{bytes} bytes")),
            Found::TooLarge(bytes) => {
                (Reason::TooManyBytes, format!("{bytes} bytes, and {left} may still be exported"))
            }
            Found::Absent => match self.left_out {
                Some(limit) => (Reason::FileTooLarge, format!("more than {limit} bytes; it was not fetched")),
                None => (Reason::Damaged, "the file is missing".to_owned()),
            },
            Found::Damaged => (Reason::Damaged, "the file cannot be read".to_owned()),
        };
        self.list(place.shown.clone(), reason, detail);
        None
    }

    fn add(&mut self, place: Place, id: ObjectId, content: Arc<[u8]>, executable: bool, link: bool) {
        self.bytes = self.bytes.saturating_add(content.len() as u64).min(self.limits.bytes);
        let exported_as = (place.exported != place.shown).then(|| place.exported.into());
        let file = File { blob: id.to_string().into(), content, executable, link, exported_as };
        self.files.insert(place.shown.into(), file);
    }

    fn list(&mut self, path: String, reason: Reason, detail: String) {
        let listed = self.listed.entry(reason).or_default();
        if listed.len() < self.limits.listed {
            listed.push(Unreviewed { path, reason, detail });
        } else {
            *self.more.entry(reason).or_default() += 1;
        }
    }

    pub(super) fn done(self, tree: String) -> Snapshot {
        let mut unreviewed: Vec<Unreviewed> = self.listed.into_values().flatten().collect();
        for (reason, number) in self.more {
            unreviewed.push(Unreviewed { path: "…".to_owned(), reason, detail: format!("{number} more") });
        }
        unreviewed.sort();
        Snapshot { files: self.files, unreviewed, tree }
    }
}

/// Bytes as one line of text.
/// The beginning of bytes as text, of more than `most` characters where there are more.
fn begin(bytes: &[u8], most: usize, text: fn(&[u8]) -> (String, bool)) -> String {
    // No character has more than four bytes.
    text(bytes.get(..4 * (most + 1)).unwrap_or(bytes)).0
}

fn escaped(bytes: &[u8]) -> (String, bool) {
    // A path may hold `/`, which a name may not.
    let parts: Vec<(String, bool)> = bytes
        .split(|byte| *byte == b'/')
        .map(|part| {
            if matches!(part, b"" | b"." | b"..") {
                (String::from_utf8_lossy(part).into_owned(), false)
            } else {
                readable(part)
            }
        })
        .collect();
    let changed = parts.iter().any(|(_, changed)| *changed);
    (parts.into_iter().map(|(part, _)| part).collect::<Vec<_>>().join("/"), changed)
}
