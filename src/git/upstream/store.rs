//! Objects of a repository, read by id. No reference, configuration, hook or attribute of it is looked at.

use super::commit::Commit;
use super::{Filter, ObjectId, UpstreamError};
use crate::git::{GitError, guard};
use crate::ids::CommitSha;
use git2::{ErrorCode, ObjectType, Odb, RepositoryOpenFlags};
use std::collections::HashMap;
use std::ffi::OsStr;
use std::fmt;
use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError, Weak};
use tempfile::TempDir;

/// The most bytes of a commit; ordinary ones have some hundred, and mailing lists are pasted into some.
const MAX_COMMIT: u64 = 16 * 1024 * 1024;
/// Bytes that a compressed object may have more than an uncompressed one.
const SLACK: u64 = 64 * 1024;

#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Came {
    /// What was left out, which may be less than was asked to be.
    pub(super) filter: Filter,
    /// Commits whose parents were cut off.
    pub(super) shallow: Vec<CommitSha>,
}

/// What is there under an id.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Found<T> {
    Here(T),
    Absent,
    /// Something of so many bytes; it was not read.
    TooLarge(u64),
    /// Something else, or something that cannot be read.
    Damaged,
}

/// What an entry of a folder is said to be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Mode {
    Folder,
    File {
        /// Whether it may be executed.
        executable: bool,
    },
    Symlink,
    /// A commit of another repository.
    Submodule,
    Other,
}

/// An entry of a folder.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Entry {
    /// Its name: any bytes but NUL. It may be empty, `..`, or hold `/`.
    pub name: Vec<u8>,
    /// What it is said to be.
    pub(crate) mode: Mode,
    pub(crate) id: ObjectId,
}

/// The entries of a folder.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct Listing {
    /// In the order of the repository, at most as many as asked for.
    pub(crate) entries: Vec<Entry>,
    /// How many more there are.
    pub(crate) more: u64,
    /// Whether what follows cannot be read.
    pub(crate) damaged: bool,
}

/// Where the objects of an upstream are at hand. Shared by threads; each reads through its own [`StoreReader`].
#[derive(Debug)]
pub struct Store {
    objects: PathBuf,
    /// Our own folder; none for a repository on this machine.
    folder: Option<PathBuf>,
    /// What was read and is still held by somebody: base and head, and entries of one repository, share most files.
    contents: Mutex<HashMap<ObjectId, Weak<[u8]>>>,
}

/// A repository on this machine.
pub(super) fn local(path: &Path, commits: &[CommitSha]) -> Result<Store, UpstreamError> {
    let path = path.canonicalize().map_err(|error| UpstreamError::store(path, &error))?;
    guard::check(&path)?;
    // libgit2 opens it once, to find the objects and to check whose it is; its configuration is data, and then gone.
    let opened = git2::Repository::open_ext(&path, RepositoryOpenFlags::NO_SEARCH, std::iter::empty::<&OsStr>());
    let repository = opened.map_err(|error| match error.code() {
        ErrorCode::Owner => GitError::Owner(path.clone()),
        ErrorCode::NotFound => GitError::NotARepository(path.clone()),
        _ => GitError::Other(error.message().to_owned()),
    })?;
    let objects = repository.commondir().join("objects");
    for borrowed in ["info/alternates", "info/http-alternates"] {
        if objects.join(borrowed).symlink_metadata().is_ok() {
            return Err(UpstreamError::Alternates(path));
        }
    }
    let store = Store { objects, folder: None, contents: Mutex::default() };
    let reader = store.reader()?;
    for commit in commits {
        reader
            .commit(commit)?
            .ok_or_else(|| UpstreamError::NoCommit { upstream: path.display().to_string(), commit: commit.clone() })?;
    }
    Ok(store)
}

impl Store {
    /// Our own store in a folder; it is made if need be.
    pub(super) fn at(folder: &Path) -> Result<Self, UpstreamError> {
        let objects = folder.join("objects");
        for made in [objects.join("pack"), folder.join("commits")] {
            fs::create_dir_all(&made).map_err(|error| UpstreamError::store(&made, &error))?;
        }
        Ok(Self { objects, folder: Some(folder.to_owned()), contents: Mutex::default() })
    }

    /// Whether history is cut off here: a clone with `--depth`.
    pub(super) fn is_shallow(&self) -> bool {
        self.objects.with_file_name("shallow").metadata().is_ok_and(|file| file.len() > 0)
    }

    /// Waits until no other process writes here. What a killed one left behind is removed.
    pub(super) async fn lock(&self) -> Result<File, UpstreamError> {
        let folder = self.own()?.to_owned();
        let path = folder.join("lock");
        let wrong = |error: &dyn fmt::Display| UpstreamError::store(&path, error);
        let file = File::options().create(true).append(true).open(&path).map_err(|error| wrong(&error))?;
        let locked = tokio::task::spawn_blocking(move || file.lock().map(|()| file)).await;
        let locked = locked.map_err(|error| wrong(&error))?.map_err(|error| wrong(&error))?;
        for left in fs::read_dir(&folder).map_err(|error| wrong(&error))?.flatten() {
            if left.file_name().as_encoded_bytes().starts_with(INCOMING.as_bytes()) {
                fs::remove_dir_all(left.path()).map_err(|error| wrong(&error))?;
            }
        }
        Ok(locked)
    }

    fn own(&self) -> Result<&Path, UpstreamError> {
        self.folder.as_deref().ok_or_else(|| UpstreamError::store(&self.objects, &"it is not ours to write"))
    }

    /// A folder for what comes in, gone when dropped.
    pub(super) fn incoming(&self) -> Result<TempDir, UpstreamError> {
        let folder = self.own()?;
        let made = tempfile::Builder::new().prefix(INCOMING).tempdir_in(folder);
        made.map_err(|error| UpstreamError::store(folder, &error))
    }

    /// Takes a whole pack in.
    pub(super) fn accept(&self, from: &Path, name: &str) -> Result<(), UpstreamError> {
        // The index last: a pack without one is not looked at.
        for kind in ["pack", "idx"] {
            let file = format!("pack-{name}.{kind}");
            let to = self.objects.join("pack").join(&file);
            fs::rename(from.join(&file), &to).map_err(|error| UpstreamError::store(&to, &error))?;
        }
        Ok(())
    }

    /// Notes that a commit is here with everything that is exported of it.
    pub(super) fn keep(&self, commit: &CommitSha, came: &Came) -> Result<(), UpstreamError> {
        let path = self.own()?.join("commits").join(commit.as_str());
        let note = match came.filter {
            Filter::FilesOver(limit) => limit.to_string(),
            _ => ALL.to_owned(),
        };
        // Not written in place: half a number is a number.
        let made = tempfile::NamedTempFile::new_in(self.own()?).and_then(|file| {
            fs::write(file.path(), note)?;
            file.persist(&path).map_err(|error| error.error)
        });
        made.map(drop).map_err(|error| UpstreamError::store(&path, &error))
    }

    /// Files of this commit with more bytes than this may be absent; none when all must be there.
    #[must_use]
    pub fn left_out(&self, commit: &CommitSha) -> Option<u64> {
        self.note(commit)?.parse().ok()
    }

    fn note(&self, commit: &CommitSha) -> Option<String> {
        fs::read_to_string(self.folder.as_ref()?.join("commits").join(commit.as_str())).ok()
    }

    /// Those of the commits that are not here with all files of up to `file` bytes. Each once, in order.
    pub(super) fn missing(&self, commits: &[CommitSha], file: u64) -> Result<Vec<CommitSha>, UpstreamError> {
        let reader = self.reader()?;
        let mut missing = Vec::new();
        for commit in commits {
            let enough = |note: String| note == ALL || note.parse().is_ok_and(|limit: u64| limit >= file);
            let here = self.note(commit).is_some_and(enough) && reader.commit(commit)?.is_some();
            if !here && !missing.contains(commit) {
                missing.push(commit.clone());
            }
        }
        Ok(missing)
    }

    /// Opens the objects.
    ///
    /// # Errors
    /// When they cannot be opened.
    pub(crate) fn reader(&self) -> Result<StoreReader<'_>, UpstreamError> {
        let wrong = |error: &dyn fmt::Display| UpstreamError::store(&self.objects, error);
        let path = self.objects.to_str().ok_or_else(|| wrong(&"the path is not UTF-8"))?;
        let odb = Odb::new().map_err(|error| wrong(&error.message()))?;
        odb.add_disk_alternate(path).map_err(|error| wrong(&error.message()))?;
        Ok(StoreReader { odb, store: self })
    }
}

/// What the folders for incoming packs are named.
const INCOMING: &str = "incoming-";
/// The note of a commit of which nothing was left out.
const ALL: &str = "all";

pub(crate) struct StoreReader<'s> {
    odb: Odb<'static>,
    store: &'s Store,
}

impl fmt::Debug for StoreReader<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("StoreReader").field(&self.store.objects).finish()
    }
}

impl StoreReader<'_> {
    /// A commit; none when there is none.
    ///
    /// # Errors
    /// When the id is another object's, or it cannot be read.
    pub(crate) fn commit(&self, commit: &CommitSha) -> Result<Option<Commit>, UpstreamError> {
        self.commit_of(commit.into())
    }

    /// The same, by the id alone.
    pub(super) fn commit_of(&self, id: ObjectId) -> Result<Option<Commit>, UpstreamError> {
        let commit = || CommitSha::from(&id);
        let bad = |problem| UpstreamError::Commit { commit: commit(), problem };
        let wrong = || bad("cannot be read");
        match self.read(id, ObjectType::Commit, MAX_COMMIT) {
            Found::Here(data) => Commit::parse(&data).map(Some).ok_or_else(wrong),
            Found::Absent => Ok(None),
            Found::Damaged if self.odb.read_header(id.oid().map_err(|_| wrong())?).is_ok() => {
                Err(UpstreamError::NotACommit(commit()))
            }
            // MAX_COMMIT
            Found::TooLarge(_) => Err(bad("has more than 16 MiB")),
            Found::Damaged => Err(wrong()),
        }
    }

    /// The first `most` entries of a folder, if it has at most `bytes` bytes.
    #[must_use]
    pub(crate) fn folder(&self, id: ObjectId, most: usize, bytes: u64) -> Found<Listing> {
        match self.read(id, ObjectType::Tree, bytes) {
            Found::Here(data) => Found::Here(parse_tree(&data, most)),
            Found::Absent => Found::Absent,
            Found::TooLarge(bytes) => Found::TooLarge(bytes),
            Found::Damaged => Found::Damaged,
        }
    }

    /// What a file holds, if that is at most `bytes` bytes. What is still held by somebody is shared.
    #[must_use]
    pub(crate) fn file(&self, id: ObjectId, bytes: u64) -> Found<Arc<[u8]>> {
        let held = |store: &Store| {
            let contents = store.contents.lock().unwrap_or_else(PoisonError::into_inner);
            contents.get(&id).and_then(Weak::upgrade)
        };
        if let Some(content) = held(self.store) {
            let length = content.len() as u64;
            return if length > bytes { Found::TooLarge(length) } else { Found::Here(content) };
        }
        match self.read(id, ObjectType::Blob, bytes) {
            Found::Here(data) => {
                let content: Arc<[u8]> = data.into();
                let mut contents = self.store.contents.lock().unwrap_or_else(PoisonError::into_inner);
                contents.insert(id, Arc::downgrade(&content));
                Found::Here(content)
            }
            Found::Absent => Found::Absent,
            Found::TooLarge(bytes) => Found::TooLarge(bytes),
            Found::Damaged => Found::Damaged,
        }
    }

    fn read(&self, id: ObjectId, kind: ObjectType, most: u64) -> Found<Vec<u8>> {
        let Ok(oid) = id.oid() else { return Found::Damaged };
        // The header says the length, so that an object that unpacks to a gigabyte is never unpacked.
        let (length, found) = match self.odb.read_header(oid) {
            Ok(header) => header,
            Err(error) if error.code() == ErrorCode::NotFound => return Found::Absent,
            Err(_) => return Found::Damaged,
        };
        if found != kind {
            return Found::Damaged;
        }
        if length as u64 > most {
            return Found::TooLarge(length as u64);
        }
        // libgit2 reads a loose object's file as a whole, whatever the header says.
        let name = id.to_string();
        let loose = self.store.objects.join(&name[..2]).join(&name[2..]).metadata();
        if loose.is_ok_and(|file| file.len() > (length as u64).saturating_mul(2).saturating_add(SLACK)) {
            return Found::Damaged;
        }
        match self.odb.read(oid) {
            Ok(object) if object.kind() == kind && object.len() == length => Found::Here(object.data().to_owned()),
            _ => Found::Damaged,
        }
    }
}

/// Reads `mode SP name NUL id`, again and again. Nothing is believed about order, names and modes.
fn parse_tree(mut data: &[u8], most: usize) -> Listing {
    let mut listing = Listing::default();
    while !data.is_empty() {
        let Some((mode, name, id, rest)) = parse_entry(data) else {
            listing.damaged = true;
            break;
        };
        data = rest;
        if listing.entries.len() < most {
            listing.entries.push(Entry { name: name.to_owned(), mode, id });
        } else {
            listing.more += 1;
        }
    }
    listing
}

fn parse_entry(data: &[u8]) -> Option<(Mode, &[u8], ObjectId, &[u8])> {
    let space = data.iter().take(16).position(|byte| *byte == b' ')?;
    let (mode, rest) = (&data[..space], &data[space + 1..]);
    let end = rest.iter().position(|byte| *byte == 0)?;
    let (name, rest) = (&rest[..end], &rest[end + 1..]);
    let (id, rest) = rest.split_at_checked(20)?;
    let bits = mode.iter().try_fold(0_u32, |bits, digit| match digit {
        b'0'..=b'7' => bits.checked_mul(8).map(|bits| bits + u32::from(digit - b'0')),
        _ => None,
    })?;
    let mode = match bits & 0o170_000 {
        0o040_000 => Mode::Folder,
        0o100_000 => Mode::File { executable: bits & 0o100 != 0 },
        0o120_000 => Mode::Symlink,
        0o160_000 => Mode::Submodule,
        _ => Mode::Other,
    };
    Some((mode, name, ObjectId::from(<[u8; 20]>::try_from(id).ok()?), rest))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::{Mode, ObjectId, parse_tree};
    use crate::ids::CommitSha;
    use proptest::prelude::*;

    fn entry(mode: &str, name: &[u8]) -> Vec<u8> {
        [mode.as_bytes(), b" ", name, b"\0", &[7; 20]].concat()
    }

    #[test]
    fn a_folder_is_read_entry_by_entry_up_to_what_is_broken() {
        let modes = ["40000", "100644", "100755", "100664", "120000", "160000", "0", "777777"];
        let data: Vec<u8> = modes.iter().flat_map(|mode| entry(mode, b"../\xff")).collect();
        let listing = parse_tree(&data, 100);
        let kinds: Vec<Mode> = listing.entries.iter().map(|entry| entry.mode).collect();
        let file = |executable| Mode::File { executable };
        let wanted = [Mode::Folder, file(false), file(true), file(false), Mode::Symlink, Mode::Submodule, Mode::Other];
        assert_eq!(kinds[..7], wanted);
        assert_eq!(
            (listing.entries[0].name.as_slice(), listing.more, listing.damaged),
            (b"../\xff".as_slice(), 0, false)
        );
        let listing = parse_tree(&data, 3);
        assert_eq!((listing.entries.len(), listing.more), (3, 5));
        for cut in 1..30 {
            assert!(parse_tree(&data[..data.len() - cut], 100).damaged, "{cut}");
        }
        for wrong in [entry("9", b"x"), entry("", b"x"), entry("77777777777777", b"x"), entry("7777777777777777", b"x")]
        {
            let listing = parse_tree(&wrong, 100);
            assert!(listing.damaged || listing.entries[0].mode == Mode::Other, "{wrong:?}");
        }
    }

    proptest! {
        #[test]
        fn an_id_is_the_same_as_text_and_as_bytes(text in "[0-9a-f]{40}") {
            let commit = CommitSha::parse(&text).unwrap();
            let id = ObjectId::from(&commit);
            prop_assert_eq!(id.to_string(), text);
            prop_assert_eq!(ObjectId::parse(commit.as_str().as_bytes()), Some(id));
            prop_assert_eq!(CommitSha::from(&id), commit);
        }

        #[test]
        fn any_bytes_are_read_or_said_to_be_damaged(
            parts in prop::collection::vec(prop_oneof![
                Just(entry("100644", b"a")),
                prop::collection::vec(any::<u8>(), 0..40),
            ], 0..6),
        ) {
            let data = parts.concat();
            let listing = parse_tree(&data, 3);
            prop_assert!(listing.entries.len() <= 3);
            let read: usize = listing.entries.iter().map(|entry| entry.name.len() + 22).sum();
            prop_assert!(read <= data.len());
        }
    }
}
