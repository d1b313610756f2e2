//! The folder that one run keeps its fetched objects in. It is removed at the end; what a killed run left is removed by the
//! next one.

use std::fs::{self, File, TryLockError};
use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;
use tempfile::TempDir;

/// How the folders of all runs begin.
const PREFIX: &str = "mcp-registry-review-";
/// The file whose lock says that the run which made the folder is alive. The system drops it with the process, however
/// that ends, and no other process can come to have it as one can come to have a process id.
const LOCK: &str = "lock";
/// A folder without that file is left alone for so long: its run may be about to make it.
const GRACE: Duration = Duration::from_secs(3600);

/// A folder of this run.
#[derive(Debug)]
pub(crate) struct Workspace {
    folder: TempDir,
    _lock: File,
}

impl Workspace {
    /// Makes a folder below `parent`, after removing those of runs that are gone.
    ///
    /// # Errors
    /// When it cannot be made.
    pub(crate) fn new(parent: &Path) -> io::Result<Self> {
        sweep(parent);
        let folder = tempfile::Builder::new().prefix(PREFIX).tempdir_in(parent)?;
        let lock = File::create_new(folder.path().join(LOCK))?;
        lock.lock()?;
        Ok(Self { folder, _lock: lock })
    }

    /// A folder of its own for one thing; not made yet.
    #[must_use]
    pub(crate) fn place(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }
}

/// Removes the folders of runs that are gone. Returns how many there were. What cannot be removed, another user's say, stays.
pub(crate) fn sweep(parent: &Path) -> usize {
    let Ok(found) = fs::read_dir(parent) else { return 0 };
    let ours = found.flatten().filter(|item| item.file_name().as_encoded_bytes().starts_with(PREFIX.as_bytes()));
    ours.filter(|item| {
        let path = item.path();
        // A link of that name was not made by a run.
        let is_folder = item.file_type().is_ok_and(|kind| kind.is_dir());
        is_folder && is_abandoned(&path) && fs::remove_dir_all(&path).is_ok()
    })
    .count()
}

fn is_abandoned(folder: &Path) -> bool {
    match File::open(folder.join(LOCK)) {
        // The lock is taken and dropped with the file: whoever holds it is alive.
        Ok(lock) => !matches!(lock.try_lock(), Err(TryLockError::WouldBlock | TryLockError::Error(_))),
        Err(_) => {
            let age = folder.metadata().and_then(|found| found.modified()).ok().and_then(|made| made.elapsed().ok());
            age.is_some_and(|age| age > GRACE)
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::{PREFIX, Workspace, sweep};

    #[test]
    fn a_folder_is_there_as_long_as_its_run() {
        let parent = tempfile::tempdir().unwrap();
        let one = Workspace::new(parent.path()).unwrap();
        std::fs::write(one.place("objects"), "x").unwrap();
        let two = Workspace::new(parent.path()).unwrap();
        assert!(one.place("objects").exists() && two.place("").exists());
        drop(one);
        assert_eq!(std::fs::read_dir(parent.path()).unwrap().count(), 1);
    }

    #[test]
    fn what_a_killed_run_left_is_removed_and_nothing_else() {
        let parent = tempfile::tempdir().unwrap();
        let killed = parent.path().join(format!("{PREFIX}killed"));
        std::fs::create_dir(&killed).unwrap();
        std::fs::write(killed.join("lock"), "").unwrap();
        std::fs::create_dir(parent.path().join(format!("{PREFIX}beginning"))).unwrap();
        std::fs::create_dir(parent.path().join("somebody-elses")).unwrap();
        std::os::unix::fs::symlink("/", parent.path().join(format!("{PREFIX}link"))).unwrap();
        let alive = Workspace::new(parent.path()).unwrap();
        assert!(!killed.exists() && alive.place("").exists());
        assert_eq!(std::fs::read_dir(parent.path()).unwrap().count(), 4);
        assert_eq!(sweep(parent.path()), 0);
    }
}
