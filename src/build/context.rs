//! The build context: a deterministic archive of one directory of one commit.
//!
//! Equal directories make equal archives, byte for byte, whatever the commit, machine and day: sorted, with fixed times,
//! owners and modes. So its digest says what was built from.

use super::ContextLimits;
use super::tree::{self, Item, Items, Walk, shown};
use crate::dockerfile::ignore::{self, Ignore};
use crate::entry::source::BuiltFrom;
use crate::git::upstream::{Found, Store};
use crate::ids::{Digest, hex};
use crate::review::export;
use sha2::{Digest as _, Sha256};
use std::ffi::OsStr;
use std::fs::File;
use std::io::{self, BufWriter, Write};
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};
use tar::{EntryType, Header};

/// The time of every file: 1980-01-01, the first that a ZIP archive, which a Python wheel is, can say.
const MTIME: u64 = 315_532_800;
/// Bytes of a Dockerfile; real ones have a few kilobytes.
const MAX_DOCKERFILE: u64 = 1_000_000;
/// The usual name of a Dockerfile.
pub(super) const DOCKERFILE: &str = "Dockerfile";

/// A context, written to a file.
#[derive(Debug, Clone)]
pub(super) struct Context {
    pub(super) path: PathBuf,
    pub(super) digest: Digest,
    /// Files and links in it.
    pub(super) files: usize,
    /// Bytes of the archive.
    pub(super) bytes: u64,
    /// Files, links and folders that `.dockerignore` excludes.
    pub(super) ignored: usize,
    /// The Dockerfile's path in the context.
    pub(super) dockerfile: String,
    pub(super) dockerfile_text: Vec<u8>,
    /// The tree of the directory at the commit, 40 digits.
    pub(super) tree: String,
    /// The commit's date as it claims, in seconds since 1970.
    pub(super) committed: i64,
}

/// What may be in a context although Docker would treat it otherwise than its author expects.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Leniency {
    /// Links that lead out of the context are sent as they are; the builder does not follow them.
    pub(crate) outside_links: bool,
    /// Submodules are sent as empty folders.
    pub(crate) empty_submodules: bool,
}

/// Why there is no context. Texts may hold names of the repository.
pub(super) type Problem = (String, Option<String>);

/// Writes the archive of what an entry is built from. Takes as long as the files are many: call it where blocking is allowed.
///
/// # Errors
/// With a sentence and what to try.
pub(super) fn write(
    store: &Store,
    source: &BuiltFrom,
    limits: &ContextLimits,
    leniency: Leniency,
    path: &Path,
) -> Result<Context, Problem> {
    let plain = |error: String| (error, None);
    let reader = store.reader().map_err(|error| plain(error.to_string()))?;
    let parts = export::parts(&source.directory).map_err(|error| plain(error.to_string()))?;
    let (_, directory) = export::find(&reader, &source.commit, &parts).map_err(|error| plain(error.to_string()))?;
    let commit = reader.commit(&source.commit).map_err(|error| plain(error.to_string()))?;
    let committed = commit.map_or(0, |commit| commit.committed);
    let walk = Walk { reader: &reader, limits };
    let mut items = walk.all(directory).map_err(|error| plain(format!("the build context: {error}")))?;
    let submodules = tree::take_submodules(&mut items);
    let dockerfile = source.dockerfile.clone().unwrap_or_else(|| DOCKERFILE.to_owned());
    let text = walk.read(&items, dockerfile.as_bytes(), MAX_DOCKERFILE).map_err(plain)?;
    let dockerfile_text = text.ok_or_else(|| no_dockerfile(source, &items, &dockerfile))?;
    let ignored = ignored(&walk, &mut items, &dockerfile)?;
    if let Some(path) = submodules.iter().find(|path| items.contains_key(*path) && !leniency.empty_submodules) {
        let hint =
            "a submodule is another repository, which nobody has reviewed: `--empty-submodules` builds without it";
        return Err((format!("the build context has a submodule at `{}`", shown(path)), Some(hint.to_owned())));
    }
    if let Some((path, target)) = tree::links_out(&items).first().filter(|_| !leniency.outside_links) {
        let problem =
            format!("the symbolic link `{}` leads out of the build context, to `{}`", shown(path), shown(target));
        let hint = "`--keep-outside-links` sends such links as they are; the builder does not follow them";
        return Err((problem, Some(hint.to_owned())));
    }
    let cannot = |error: io::Error| (format!("cannot write the build context: {error}"), None);
    let file = File::create(path).map_err(cannot)?;
    let mut archive = tar::Builder::new(Hashing { inner: BufWriter::new(file), hash: Sha256::new(), bytes: 0 });
    append(&mut archive, &walk, &items)?;
    let mut written = archive.into_inner().map_err(cannot)?;
    written.flush().map_err(cannot)?;
    let digest = hex(&written.hash.finalize());
    Ok(Context {
        path: path.to_owned(),
        digest: Digest::parse(&format!("sha256:{digest}")).map_err(|error| plain(error.to_string()))?,
        files: items.values().filter(|item| **item != Item::Folder).count(),
        bytes: written.bytes,
        ignored,
        dockerfile,
        dockerfile_text,
        tree: directory.to_string(),
        committed,
    })
}

fn no_dockerfile(source: &BuiltFrom, items: &Items, dockerfile: &str) -> Problem {
    let at = if source.directory.is_empty() { "the repository" } else { source.directory.as_str() };
    let what = match items.get(dockerfile.as_bytes()) {
        Some(Item::Folder) => Some("a folder".to_owned()),
        Some(Item::Link(target)) => {
            Some(format!("a symbolic link to `{}`, which is not a file of the context", shown(target)))
        }
        Some(Item::File { .. }) | None => None,
    };
    let problem = match what {
        Some(what) => format!("at the commit {}, `{dockerfile}` in {at} is {what}", source.commit),
        None => format!("the commit {} has no Dockerfile `{dockerfile}` in {at}", source.commit),
    };
    let is_dockerfile = |(path, item): &(&Vec<u8>, &Item)| {
        let name = path.rsplit(|byte| *byte == b'/').next().unwrap_or_default().to_ascii_lowercase();
        let is_named = name.starts_with(b"dockerfile") || name.ends_with(b".dockerfile");
        is_named && matches!(item, Item::File { .. })
    };
    let others: Vec<String> =
        items.iter().filter(is_dockerfile).take(3).map(|(path, _)| format!("`{}`", shown(path))).collect();
    let hint = (!others.is_empty()).then(|| format!("set `source.dockerfile`; there is {}", others.join(", ")));
    (problem, hint)
}

/// Applies the Dockerfile's own ignore file, or else `.dockerignore`. Returns how much that excludes.
fn ignored(walk: &Walk<'_>, items: &mut Items, dockerfile: &str) -> Result<usize, Problem> {
    for name in [format!("{dockerfile}.dockerignore"), ".dockerignore".to_owned()] {
        let wrong = |error: String| (format!("`{name}`: {error}"), None);
        let Some(text) = walk.read(items, name.as_bytes(), ignore::MAX_BYTES).map_err(wrong)? else { continue };
        let ignore = Ignore::parse(&String::from_utf8_lossy(&text)).map_err(wrong)?;
        // The builder needs both, whatever they say; and a link's target, if the Dockerfile is one.
        let target = tree::resolve(items, dockerfile.as_bytes()).unwrap_or_default();
        let keep = [dockerfile.as_bytes(), name.as_bytes(), target.as_slice()];
        return tree::exclude(items, &ignore, &keep).map_err(wrong);
    }
    Ok(0)
}

fn append<W: Write>(archive: &mut tar::Builder<W>, walk: &Walk<'_>, items: &Items) -> Result<(), Problem> {
    let mut left = walk.limits.bytes;
    for (path, item) in items {
        let name = Path::new(OsStr::from_bytes(path));
        let cannot = |error: io::Error| (format!("cannot write `{}` to the build context: {error}", shown(path)), None);
        let mut header = Header::new_gnu();
        header.set_mtime(MTIME);
        header.set_uid(0);
        header.set_gid(0);
        header.set_size(0);
        match item {
            Item::Folder => {
                header.set_entry_type(EntryType::Directory);
                header.set_mode(0o755);
                archive.append_data(&mut header, name, io::empty()).map_err(cannot)?;
            }
            Item::Link(target) => {
                header.set_entry_type(EntryType::Symlink);
                header.set_mode(0o777);
                archive.append_link(&mut header, name, OsStr::from_bytes(target)).map_err(cannot)?;
            }
            Item::File { id, executable } => {
                let content = match walk.reader.file(*id, left.min(walk.limits.file)) {
                    Found::Here(content) => content,
                    Found::TooLarge(bytes) => return Err(too_large(walk.limits, path, bytes)),
                    Found::Absent | Found::Damaged => {
                        return Err((format!("the file `{}` of the build context cannot be read", shown(path)), None));
                    }
                };
                left -= content.len() as u64;
                header.set_size(content.len() as u64);
                header.set_mode(if *executable { 0o755 } else { 0o644 });
                archive.append_data(&mut header, name, &*content).map_err(cannot)?;
            }
        }
    }
    Ok(())
}

fn too_large(limits: &ContextLimits, path: &[u8], bytes: u64) -> Problem {
    if bytes > limits.file {
        (
            format!(
                "the file `{}` of the build context has {bytes} bytes; the maximum is {}",
                shown(path),
                limits.file
            ),
            None,
        )
    } else {
        let hint = "`--max-context` sets the limit";
        (format!("the build context has more than {} bytes", limits.bytes), Some(hint.to_owned()))
    }
}

struct Hashing {
    inner: BufWriter<File>,
    hash: Sha256,
    bytes: u64,
}

impl Write for Hashing {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let written = self.inner.write(bytes)?;
        self.hash.update(bytes.get(..written).unwrap_or(bytes));
        self.bytes += written as u64;
        Ok(written)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.inner.flush()
    }
}
