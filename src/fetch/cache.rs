//! Answers kept on disk between runs, to ask next time only whether they changed.
//!
//! One file for each key. Anything that is not exactly what this module wrote counts as absent, so a cache can be cut off,
//! shared, or thrown away at any time.

use crate::ids::hex;
use rustix::fs::{CWD, Mode, OFlags, openat};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use std::fs::File;
use std::io::{self, Read as _, Write as _};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::SystemTime;

/// The largest file that is written or read, in bytes.
const MAX_FILE_BYTES: u64 = 4 * 1024 * 1024;
/// All files together, in bytes: beyond it the oldest are deleted when the cache is opened.
const MAX_BYTES: u64 = 256 * 1024 * 1024;
/// Ends the names of this cache's files: nothing else in the directory is ever touched.
const SUFFIX: &str = ".answer.json";

/// What is in the regular file at `path`, if it is one and has at most `most` bytes. A link is not followed, and nothing waits: at
/// a pipe or a device a run could hang for ever, and others may be able to write where a cache is.
pub(crate) fn read_regular(path: &Path, most: u64) -> Option<Vec<u8>> {
    let flags = OFlags::RDONLY | OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::NOCTTY | OFlags::CLOEXEC;
    let file = File::from(openat(CWD, path, flags, Mode::empty()).ok()?);
    // Of what was opened, and not of what is at the path by now.
    let found = file.metadata().ok()?;
    if !found.is_file() || found.len() > most {
        return None;
    }
    let mut bytes = Vec::new();
    let read = file.take(most + 1).read_to_end(&mut bytes).ok()?;
    (read as u64 <= most).then_some(bytes)
}

/// A directory of kept answers.
#[derive(Debug, Clone)]
pub(crate) struct Cache {
    directory: Arc<Path>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Kept {
    /// What was asked: compared with what is asked now, so that no answer is taken for another's.
    pub(crate) key: String,
    /// The answer's `ETag`, as it came.
    pub(crate) etag: String,
    /// The answer, or what was made of it.
    pub(crate) body: String,
}

impl Cache {
    /// Opens a cache, and makes its directory if need be.
    ///
    /// # Errors
    /// When the directory cannot be made or listed.
    pub(crate) fn open(directory: &Path) -> io::Result<Self> {
        std::fs::create_dir_all(directory)?;
        let cache = Self { directory: directory.into() };
        cache.prune(MAX_BYTES)?;
        Ok(cache)
    }

    fn path(&self, key: &str) -> PathBuf {
        self.directory.join(hex(&Sha256::digest(key.as_bytes())) + SUFFIX)
    }

    /// The kept answer for `key`.
    #[must_use]
    pub(crate) fn get(&self, key: &str) -> Option<Kept> {
        let kept: Kept = serde_json::from_slice(&read_regular(&self.path(key), MAX_FILE_BYTES)?).ok()?;
        (kept.key == key).then_some(kept)
    }

    /// Keeps an answer. A cache that cannot be written only makes the next run slower, so errors are logged and forgotten.
    pub(crate) fn put(&self, kept: &Kept) {
        if let Err(error) = self.write(kept) {
            tracing::debug!(%error, "an answer could not be kept");
        }
    }

    fn write(&self, kept: &Kept) -> io::Result<()> {
        let text = serde_json::to_vec(kept)?;
        if text.len() as u64 > MAX_FILE_BYTES {
            return Ok(());
        }
        let mut file = tempfile::NamedTempFile::new_in(&self.directory)?;
        file.write_all(&text)?;
        file.persist(self.path(&kept.key))?;
        Ok(())
    }

    /// Deletes the oldest files until at most `most` bytes are left.
    fn prune(&self, most: u64) -> io::Result<()> {
        let mut files: Vec<(SystemTime, u64, PathBuf)> = Vec::new();
        for item in std::fs::read_dir(&self.directory)? {
            let Ok(item) = item else { continue };
            let ours = item.file_name().to_str().is_some_and(|name| name.ends_with(SUFFIX));
            if let (true, Ok(found)) = (ours, item.metadata()) {
                files.push((found.modified().unwrap_or(SystemTime::UNIX_EPOCH), found.len(), item.path()));
            }
        }
        files.sort();
        let mut left: u64 = files.iter().map(|(_, bytes, _)| bytes).sum();
        for (_, bytes, path) in files {
            if left <= most {
                break;
            }
            // Another run may have deleted it first.
            let _ = std::fs::remove_file(path);
            left = left.saturating_sub(bytes);
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::{Cache, Kept, read_regular};
    use std::path::Path;

    fn kept(key: &str) -> Kept {
        Kept { key: key.into(), etag: "\"1\"".into(), body: "x".repeat(100) }
    }

    #[test]
    fn an_answer_is_kept_and_spoiled_ones_are_ignored() {
        let directory = tempfile::tempdir().unwrap();
        let cache = Cache::open(&directory.path().join("a/b")).unwrap();
        assert_eq!(cache.get("k"), None);
        cache.put(&kept("k"));
        assert_eq!(cache.get("k"), Some(kept("k")));
        let path = cache.path("k");
        for spoiled in [&b""[..], b"{", b"{\"key\":\"other\",\"etag\":\"\",\"body\":\"\"}", b"\xff\xfe", b"null"] {
            std::fs::write(&path, spoiled).unwrap();
            assert_eq!(cache.get("k"), None);
        }
        std::fs::remove_file(&path).unwrap();
        std::fs::create_dir(&path).unwrap();
        assert_eq!(cache.get("k"), None);
        cache.put(&kept("k"));
    }

    #[test]
    fn only_a_regular_file_is_read_and_nothing_waits() {
        use rustix::fs::{CWD, Mode, mkfifoat};
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("it");
        std::fs::write(directory.path().join("real"), "12345").unwrap();
        assert_eq!(read_regular(&directory.path().join("real"), 5), Some(b"12345".to_vec()));
        assert_eq!(read_regular(&directory.path().join("real"), 4), None);
        for target in ["real", "/dev/zero", "/proc/self/environ", "nowhere"] {
            std::os::unix::fs::symlink(target, &path).unwrap();
            assert_eq!(read_regular(&path, 1 << 20), None, "{target}");
            std::fs::remove_file(&path).unwrap();
        }
        mkfifoat(CWD, &path, Mode::RUSR | Mode::WUSR).unwrap();
        for special in [path.as_path(), Path::new("/dev/zero"), Path::new("/proc/self/environ"), directory.path()] {
            // What is in /proc is a regular file of no length.
            let read = read_regular(special, 3);
            assert_eq!(read, None, "{}", special.display());
        }
    }

    #[test]
    fn it_stays_within_its_size_and_touches_nothing_else() {
        let directory = tempfile::tempdir().unwrap();
        std::fs::write(directory.path().join("precious"), "x".repeat(1000)).unwrap();
        let cache = Cache::open(directory.path()).unwrap();
        for number in 0..10 {
            cache.put(&kept(&number.to_string()));
        }
        cache.prune(500).unwrap();
        let left = (0..10).filter(|number| cache.get(&number.to_string()).is_some()).count();
        assert!((1..=4).contains(&left), "{left}");
        assert!(directory.path().join("precious").exists());
    }
}
