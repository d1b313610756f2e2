//! Which files are not the same in two folders.

use super::kind;
use super::place::{MAX_ENTRIES, MAX_FOLDER};
use crate::git::upstream::{Entry, Found, Mode, ObjectId, StoreReader};
use crate::pins::facts::{Files, MAX_PATH, MAX_PATHS, named};
use std::collections::{BTreeMap, BTreeSet};

/// Entries of folders that are looked at for one answer. What is the same in both is not looked at.
const MAX_LOOKED_AT: usize = 300_000;

/// Compares folders, and counts and sorts the files that differ.
pub(super) struct Changed<'r> {
    reader: &'r StoreReader<'r>,
    /// The path of the entry's Dockerfile from the top of the repository, if it has one.
    dockerfile: Option<String>,
    looked_at: usize,
    total: u64,
    cut: bool,
    lists: [BTreeSet<String>; 5],
}

/// Where in `lists`.
const ALL: usize = 0;
const DOCKERFILES: usize = 1;
const LOCKS: usize = 2;
const INSTALL: usize = 3;
const CI: usize = 4;

/// Two folders, one of which may be absent, to be compared.
struct Pair {
    path: Vec<u8>,
    old: Option<ObjectId>,
    new: Option<ObjectId>,
}

impl<'r> Changed<'r> {
    pub(super) fn new(reader: &'r StoreReader<'r>, dockerfile: Option<String>) -> Self {
        Self { reader, dockerfile, looked_at: 0, total: 0, cut: false, lists: Default::default() }
    }

    /// Compares the directory, whose path has no slashes at its ends.
    pub(super) fn directory(&mut self, path: &str, old: Option<ObjectId>, new: Option<ObjectId>) {
        self.compare(Pair { path: path.as_bytes().to_owned(), old, new }, false);
    }

    /// Compares what configures continuous integration at the top; other files in there do not count.
    pub(super) fn ci(&mut self, old: &[Entry], new: &[Entry]) {
        let mut below = Vec::new();
        self.entries(b"", old, new, &mut below, true);
        for pair in below {
            self.compare(pair, true);
        }
    }

    pub(super) fn done(self) -> Files {
        let [paths, dockerfiles, locks, install, ci] = self.lists.map(|list| list.into_iter().collect());
        Files { total: self.total, cut: self.cut, paths, dockerfiles, locks, install, ci }
    }

    fn compare(&mut self, first: Pair, only_ci: bool) {
        let mut open = vec![first];
        while let Some(Pair { path, old, new }) = open.pop() {
            if old == new {
                continue;
            }
            let [old, new] = [old, new].map(|id| id.map_or_else(Vec::new, |id| self.folder(id)));
            let at = open.len();
            self.entries(&path, &old, &new, &mut open, only_ci);
            // The first folder first.
            open.get_mut(at..).unwrap_or_default().reverse();
        }
    }

    /// Compares the entries of two folders; folders among them are left to be compared.
    fn entries(&mut self, path: &[u8], old: &[Entry], new: &[Entry], open: &mut Vec<Pair>, only_ci: bool) {
        let mut names: BTreeMap<&[u8], [Option<&Entry>; 2]> = BTreeMap::new();
        for (side, entries) in [old, new].into_iter().enumerate() {
            for entry in entries {
                if let Some(place) = names.entry(&entry.name).or_default().get_mut(side) {
                    place.get_or_insert(entry);
                }
            }
        }
        for (name, [old, new]) in names {
            if old.map(|entry| (entry.mode, entry.id)) == new.map(|entry| (entry.mode, entry.id)) {
                continue;
            }
            let path = if path.is_empty() { name.to_owned() } else { [path, b"/", name].concat() };
            if path.len() > MAX_PATH {
                self.cut = true;
                continue;
            }
            let is_folder = |entry: &&Entry| entry.mode == Mode::Folder;
            // A folder in place of a file is a file less, and files more.
            if [old, new].iter().flatten().any(|entry| !is_folder(entry)) {
                self.file(&path, only_ci);
            }
            let [old, new] = [old, new].map(|entry| entry.filter(is_folder).map(|entry| entry.id));
            if old.is_some() || new.is_some() {
                open.push(Pair { path, old, new });
            }
        }
    }

    fn file(&mut self, path: &[u8], only_ci: bool) {
        let path = String::from_utf8_lossy(path);
        let is_ci = kind::is_ci(&path);
        if is_ci {
            self.name(CI, &path);
        }
        if only_ci {
            return;
        }
        self.total += 1;
        self.name(ALL, &path);
        if kind::is_dockerfile(&path) || self.dockerfile.as_deref() == Some(&*path) {
            self.name(DOCKERFILES, &path);
        }
        if kind::is_lock(&path) {
            self.name(LOCKS, &path);
        }
        if kind::is_install(&path) {
            self.name(INSTALL, &path);
        }
    }

    /// Names a path, if it is among the first ones.
    fn name(&mut self, list: usize, path: &str) {
        if let Some(list) = self.lists.get_mut(list) {
            // Replaced bytes are longer than they were.
            list.insert(named(path));
            if list.len() > MAX_PATHS {
                list.pop_last();
            }
        }
    }

    fn folder(&mut self, id: ObjectId) -> Vec<Entry> {
        let most = MAX_ENTRIES.min(MAX_LOOKED_AT - self.looked_at);
        let listing = match self.reader.folder(id, most, MAX_FOLDER) {
            Found::Here(listing) => listing,
            Found::Absent | Found::Damaged | Found::TooLarge(_) => {
                self.cut = true;
                return Vec::new();
            }
        };
        // A folder costs something even when it is empty.
        self.looked_at = MAX_LOOKED_AT.min(self.looked_at + listing.entries.len() + 1);
        self.cut |= listing.damaged || listing.more > 0;
        listing.entries
    }
}
