//! Bare repositories that are made fast: objects are written as they are, and no program is started.

use crate::git_server::git;
use flate2::{Compression, write::ZlibEncoder};
use git2::{Indexer, ObjectType, Oid, Repository};
use mcp_registry::ids::CommitSha;
use std::cell::{Cell, OnceCell, RefCell};
use std::collections::BTreeMap;
use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};

/// The time of the first commit of every repository, in seconds since 1970: 2025-12-01 00:00 UTC.
const BEGINNING: u64 = 1_764_547_200;

/// Files by path.
#[derive(Debug, Clone, Default)]
pub(crate) struct Files(BTreeMap<String, Content>);

#[derive(Debug, Clone)]
enum Content {
    Text(String),
    Link(String),
}

impl Files {
    pub(crate) fn of(files: &[(&str, &str)]) -> Self {
        files.iter().fold(Self::default(), |all, (path, text)| all.with(path, text))
    }

    pub(crate) fn with(mut self, path: &str, text: &str) -> Self {
        self.0.insert(path.to_owned(), Content::Text(text.to_owned()));
        self
    }

    pub(crate) fn with_link(mut self, path: &str, to: &str) -> Self {
        self.0.insert(path.to_owned(), Content::Link(to.to_owned()));
        self
    }

    /// Without a file, or a folder.
    pub(crate) fn without(mut self, path: &str) -> Self {
        let below = format!("{path}/");
        self.0.retain(|other, _| other != path && !other.starts_with(&below));
        self
    }

    pub(crate) fn text(&self, path: &str) -> &str {
        match &self.0[path] {
            Content::Text(text) => text,
            Content::Link(_) => panic!("{path} is a link"),
        }
    }
}

/// A bare repository. What is written before it is sealed goes into one pack: files are what takes time.
pub(crate) struct Bare {
    folder: PathBuf,
    /// The address below the server's.
    pub(crate) path: String,
    commits: Cell<u64>,
    pending: RefCell<Option<Pending>>,
    inner: OnceCell<Repository>,
}

/// What is not written yet.
#[derive(Default)]
struct Pending {
    objects: BTreeMap<Oid, (ObjectType, Vec<u8>)>,
    refs: BTreeMap<String, CommitSha>,
    settings: String,
}

impl Bare {
    /// An empty one at `path` below `folder`, whose `HEAD` stands for this branch.
    pub(crate) fn new(folder: &Path, path: &str, head: &str) -> Self {
        let folder = folder.join(path.trim_start_matches('/'));
        for made in ["objects/pack", "refs"] {
            fs::create_dir_all(folder.join(made)).unwrap();
        }
        fs::write(folder.join("HEAD"), format!("ref: refs/heads/{head}\n")).unwrap();
        let settings = "[core]\n\trepositoryformatversion = 0\n\tbare = true\n".to_owned();
        let pending = RefCell::new(Some(Pending { settings, ..Pending::default() }));
        let bare = Self { folder, path: path.to_owned(), commits: Cell::new(0), pending, inner: OnceCell::new() };
        bare.configure("uploadpack", "allowFilter", "true");
        bare
    }

    /// Writes what was said so far.
    pub(crate) fn seal(&self) {
        let Pending { objects, refs, settings } = self.pending.take().unwrap();
        fs::write(self.folder.join("config"), settings).unwrap();
        let refs: String = refs.iter().map(|(name, commit)| format!("{commit} {name}\n")).collect();
        fs::write(self.folder.join("packed-refs"), refs).unwrap();
        let mut pack = b"PACK\0\0\0\x02".to_vec();
        pack.extend_from_slice(&u32::try_from(objects.len()).unwrap().to_be_bytes());
        for (kind, data) in objects.values() {
            let kind = match kind {
                ObjectType::Commit => 1,
                ObjectType::Tree => 2,
                ObjectType::Blob => 3,
                _ => 4,
            };
            // Four bits of the length with the kind, then seven at a time.
            let mut byte = (kind << 4) | (data.len() & 15);
            let mut rest = data.len() >> 4;
            while rest > 0 {
                pack.push(u8::try_from(byte | 128).unwrap());
                (byte, rest) = (rest & 127, rest >> 7);
            }
            pack.push(u8::try_from(byte).unwrap());
            let mut encoder = ZlibEncoder::new(pack, Compression::fast());
            encoder.write_all(data).unwrap();
            pack = encoder.finish().unwrap();
        }
        let sum = ring::digest::digest(&ring::digest::SHA1_FOR_LEGACY_USE_ONLY, &pack);
        pack.extend_from_slice(sum.as_ref());
        let mut indexer = Indexer::new(None, &self.folder.join("objects/pack"), 0o644, false).unwrap();
        indexer.write_all(&pack).unwrap();
        indexer.commit().unwrap();
    }

    fn inner(&self) -> &Repository {
        self.inner.get_or_init(|| Repository::open_bare(&self.folder).unwrap())
    }

    /// Before it is sealed.
    pub(crate) fn configure(&self, section: &str, key: &str, value: &str) {
        let mut pending = self.pending.borrow_mut();
        pending.as_mut().unwrap().settings.push_str(&format!("[{section}]\n\t{key} = {value}\n"));
    }

    /// Adds a commit, an hour later than the one before; it is on no branch yet.
    pub(crate) fn commit(&self, files: &Files, parents: &[&CommitSha], subject: &str, signed: bool) -> CommitSha {
        let tree = self.tree(&files.0.iter().map(|(path, content)| (path.as_str(), content)).collect::<Vec<_>>());
        let number = self.commits.replace(self.commits.get() + 1);
        let time = BEGINNING + 3600 * number;
        let parents: String = parents.iter().map(|parent| format!("parent {parent}\n")).collect();
        let signature = "gpgsig -----BEGIN SSH SIGNATURE-----\n U1NIU0lH\n -----END SSH SIGNATURE-----\n";
        let signature = if signed { signature } else { "" };
        let text = format!(
            "tree {tree}\n{parents}author Ada <ada@example.com> {time} +0100\ncommitter Ada <ada@example.com> {time} +0100\n\
             {signature}\n{subject}\n\nSigned-off-by: Ada\n"
        );
        sha(self.write(ObjectType::Commit, text.as_bytes()))
    }

    /// Writes an annotated tag of a commit, and its ref.
    pub(crate) fn tag(&self, name: &str, commit: &CommitSha) {
        let text = format!(
            "object {commit}\ntype commit\ntag {name}\ntagger Ada <ada@example.com> {BEGINNING} +0000\n\n{name}\n"
        );
        let tag = sha(self.write(ObjectType::Tag, text.as_bytes()));
        self.set(&format!("refs/tags/{name}"), &tag);
    }

    /// Puts a ref somewhere.
    pub(crate) fn set(&self, name: &str, commit: &CommitSha) {
        if let Some(pending) = &mut *self.pending.borrow_mut() {
            pending.refs.insert(name.to_owned(), commit.clone());
            return;
        }
        self.inner().reference(name, Oid::from_str(commit.as_str()).unwrap(), true, "").unwrap();
    }

    pub(crate) fn delete(&self, name: &str) {
        self.inner().find_reference(name).unwrap().delete().unwrap();
    }

    /// Forgets everything that no ref leads to, as a host's housekeeping does.
    pub(crate) fn forget(&self) {
        for arguments in [&["repack", "-a", "-d", "-q"][..], &["prune", "--expire=now"]] {
            assert!(git(&self.folder).args(arguments).status().unwrap().success());
        }
    }

    fn write(&self, kind: ObjectType, data: &[u8]) -> Oid {
        if let Some(pending) = &mut *self.pending.borrow_mut() {
            let id = Oid::hash_object(kind, data).unwrap();
            pending.objects.entry(id).or_insert_with(|| (kind, data.to_owned()));
            return id;
        }
        self.inner().odb().unwrap().write(kind, data).unwrap()
    }

    /// Writes a folder of these files, whose paths are sorted.
    fn tree(&self, files: &[(&str, &Content)]) -> Oid {
        let mut entries: Vec<(String, &str, Oid)> = Vec::new();
        let mut folders: BTreeMap<&str, Vec<(&str, &Content)>> = BTreeMap::new();
        for (path, content) in files {
            match (path.split_once('/'), content) {
                (Some((folder, rest)), _) => folders.entry(folder).or_default().push((rest, content)),
                (None, Content::Text(text)) => {
                    entries.push(((*path).to_owned(), "100644", self.write(ObjectType::Blob, text.as_bytes())));
                }
                (None, Content::Link(to)) => {
                    entries.push(((*path).to_owned(), "120000", self.write(ObjectType::Blob, to.as_bytes())));
                }
            }
        }
        // Git sorts a folder as if its name ended with a slash.
        entries.extend(folders.into_iter().map(|(name, files)| (format!("{name}/"), "40000", self.tree(&files))));
        entries.sort();
        let mut data = Vec::new();
        for (name, mode, id) in entries {
            data.extend_from_slice(format!("{mode} {}\0", name.trim_end_matches('/')).as_bytes());
            data.extend_from_slice(id.as_bytes());
        }
        self.write(ObjectType::Tree, &data)
    }
}

fn sha(id: Oid) -> CommitSha {
    CommitSha::parse(&id.to_string()).unwrap()
}
