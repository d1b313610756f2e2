//! Looks at a repository on this machine before libgit2 opens it.
//!
//! libgit2 opens what it finds as any file, and opening a named pipe waits for a writer, for ever: in place of an object,
//! pack, index, ref or configuration it is all that it takes to hang whoever reads the repository. libgit2 has no seam where
//! its opens could be made non-blocking, and a copy of a repository would cost as much as the repository. So everything that
//! it may open is looked at first, which costs one listing of each folder, and anything that is not a regular file or a
//! folder is an error that names it. Symbolic links are followed, as Git follows them (`git-new-workdir` makes repositories of
//! them), and what they lead to is judged in the same way; one that leads nowhere cannot be opened and is left to libgit2.
//!
//! What is checked: `.git` as a file, `commondir`, and everything directly in the Git directory and in the common one; all of
//! `objects`, `refs`, `logs`, `info`, `reftable` and `worktrees`; the same for repositories that `objects/info/alternates` borrows
//! from; files that the configuration includes. What is not: the user's own configuration, and a repository that somebody
//! changes while it is read. For that, and whatever else may wait, runs have a clock: see `upstream::blocking` and
//! `cli::clock`.

use super::GitError;
use std::collections::BTreeSet;
use std::fs::{self, FileType, Metadata};
use std::io::Read;
use std::os::unix::fs::{FileTypeExt as _, MetadataExt as _};
use std::path::{Path, PathBuf};

/// The folders of a Git directory that libgit2 reads.
const FOLDERS: &[&str] = &["info", "logs", "objects", "refs", "reftable", "worktrees"];
/// Items that are looked at. The largest known repositories have some hundred thousand.
const MAX_ITEMS: usize = 5_000_000;
/// Bytes of `.git`, `commondir`, `alternates` and configuration files. Real ones have some hundred.
const MAX_TEXT: u64 = 1024 * 1024;
/// Configuration files that include each other, and places that objects are borrowed from. Git follows ten and five in a row.
const MAX_FILES: usize = 100;

/// Refuses a repository that holds something else than regular files and folders where Git data is. `path` is the top of a work
/// tree, a bare repository, or a `.git`. A repository that lacks something is not refused: libgit2 says what.
///
/// # Errors
/// With the first place that is wrong; or when there is more than any repository has.
pub(super) fn check(path: &Path) -> Result<(), GitError> {
    let dot_git = path.join(".git");
    let dot_git = if dot_git.symlink_metadata().is_ok() { dot_git } else { path.to_owned() };
    let mut guard = Guard { left: MAX_ITEMS, seen: BTreeSet::new(), objects: Vec::new() };
    let Some(found) = metadata(&dot_git) else { return Ok(()) };
    let git = if found.is_dir() {
        dot_git
    } else {
        let Some(text) = guard.text(&dot_git)? else { return Ok(()) };
        let Some(to) = text.strip_prefix("gitdir:").map(str::trim) else { return Ok(()) };
        dot_git.parent().unwrap_or(Path::new("")).join(to)
    };
    let common = guard.text(&git.join("commondir"))?.map(|text| git.join(text.trim()));
    for folder in [Some(git), common].into_iter().flatten() {
        guard.directory(&folder)?;
    }
    guard.borrowed()
}

struct Guard {
    /// Items that may still be looked at.
    left: usize,
    /// Folders that links led to, by device and number: links can lead in a circle.
    seen: BTreeSet<(u64, u64)>,
    objects: Vec<PathBuf>,
}

impl Guard {
    /// A Git directory, or the common one of several work trees.
    fn directory(&mut self, folder: &Path) -> Result<(), GitError> {
        let Ok(items) = fs::read_dir(folder) else { return Ok(()) };
        for item in items.flatten() {
            let path = item.path();
            let Some(found) = self.kind(&path, item.file_type().ok())? else { continue };
            if found.is_dir() {
                if FOLDERS.iter().any(|name| item.file_name() == *name) {
                    self.below(path)?;
                }
            // Git's own `fsmonitor--daemon.ipc`. A socket is never opened: trying to is an error at once.
            } else if !found.is_socket() {
                regular(&path, found)?;
            }
        }
        self.objects.push(folder.join("objects"));
        for file in ["config", "config.worktree"] {
            self.configuration(&folder.join(file))?;
        }
        Ok(())
    }

    fn below(&mut self, folder: PathBuf) -> Result<(), GitError> {
        let mut open = vec![folder];
        while let Some(folder) = open.pop() {
            let Ok(items) = fs::read_dir(&folder) else { continue };
            for item in items.flatten() {
                let path = item.path();
                match self.kind(&path, item.file_type().ok())? {
                    Some(found) if found.is_dir() => open.push(path),
                    Some(found) => regular(&path, found)?,
                    None => {}
                }
            }
        }
        Ok(())
    }

    /// What an item is, or what it leads to; none where it leads nowhere, or where a link led before.
    fn kind(&mut self, path: &Path, kind: Option<FileType>) -> Result<Option<FileType>, GitError> {
        self.left = self.left.checked_sub(1).ok_or_else(|| {
            GitError::Other(format!(
                "a repository with more than {MAX_ITEMS} files (at `{}`) is not read",
                path.display()
            ))
        })?;
        match kind {
            Some(kind) if !kind.is_symlink() => Ok(Some(kind)),
            _ => Ok(metadata(path)
                .filter(|found| !found.is_dir() || self.seen.insert((found.dev(), found.ino())))
                .map(|found| found.file_type())),
        }
    }

    /// The places that objects are borrowed from, and those that these borrow from.
    fn borrowed(&mut self) -> Result<(), GitError> {
        let mut known = 0;
        while let Some(objects) = self.objects.get(known).cloned() {
            known += 1;
            let Some(text) = self.text(&objects.join("info/alternates"))? else { continue };
            for line in text.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with('#')) {
                let place = objects.join(line);
                if self.objects.contains(&place) {
                    continue;
                }
                if self.objects.len() >= MAX_FILES {
                    let place = objects.display();
                    return Err(GitError::Other(format!("`{place}` borrows from more than {MAX_FILES} places")));
                }
                self.below(place.clone())?;
                self.objects.push(place);
            }
        }
        Ok(())
    }

    /// A configuration file, and what it includes.
    fn configuration(&mut self, file: &Path) -> Result<(), GitError> {
        let mut files = vec![file.to_owned()];
        let mut known = 0;
        while let Some(file) = files.get(known).cloned() {
            known += 1;
            let Some(text) = self.text(&file)? else { continue };
            for included in includes(&text) {
                // What is in a home is the user's own.
                let path = file.parent().unwrap_or(Path::new("")).join(&included);
                if !included.starts_with('~') && !files.contains(&path) && files.len() < MAX_FILES {
                    files.push(path);
                }
            }
        }
        Ok(())
    }

    /// A small text; none where there is none. Bytes that are not UTF-8 are replaced.
    fn text(&mut self, file: &Path) -> Result<Option<String>, GitError> {
        let Some(found) = metadata(file).filter(|found| !found.is_dir()) else { return Ok(None) };
        regular(file, found.file_type())?;
        if found.len() > MAX_TEXT {
            return Err(GitError::Other(format!("`{}` has more than {MAX_TEXT} bytes", file.display())));
        }
        let mut bytes = Vec::new();
        let read = fs::File::open(file).and_then(|file| file.take(MAX_TEXT).read_to_end(&mut bytes));
        Ok(read.ok().map(|_| String::from_utf8_lossy(&bytes).into_owned()))
    }
}

fn metadata(path: &Path) -> Option<Metadata> {
    fs::metadata(path).ok()
}

fn regular(path: &Path, kind: FileType) -> Result<(), GitError> {
    let what = match () {
        () if kind.is_file() => return Ok(()),
        () if kind.is_fifo() => "a named pipe",
        () if kind.is_socket() => "a socket",
        () => "a device",
    };
    Err(GitError::Special { path: path.to_owned(), what })
}

/// The values of all keys `path` of a configuration, whatever their section: rather one file too many is looked at than one
/// too few.
fn includes(text: &str) -> Vec<String> {
    let mut found = Vec::new();
    for line in text.replace("\\\n", "").lines() {
        let lower = line.to_ascii_lowercase();
        for (at, key) in lower.match_indices("path") {
            let starts = lower[..at].chars().next_back().is_none_or(|before| before.is_whitespace() || before == ']');
            let value = line[at + key.len()..].trim_start().strip_prefix('=').filter(|_| starts);
            found.extend(value.map(|value| unquoted(value.trim())));
        }
    }
    found
}

/// A value without its quotes, escapes and comment.
fn unquoted(value: &str) -> String {
    let (mut quoted, mut text, mut characters) = (false, String::new(), value.chars());
    while let Some(character) = characters.next() {
        match character {
            '"' => quoted = !quoted,
            '\\' => text.extend(characters.next()),
            '#' | ';' if !quoted => break,
            _ => text.push(character),
        }
    }
    if quoted { text } else { text.trim_end().to_owned() }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::panic)]
    use super::{check, includes};
    use crate::git::GitError;
    use rustix::fs::{CWD, Mode, mkfifoat};
    use std::fs;
    use std::os::unix::fs::symlink;
    use std::path::Path;

    fn repository() -> tempfile::TempDir {
        let folder = tempfile::tempdir().unwrap();
        git2::Repository::init(folder.path()).unwrap();
        fs::create_dir_all(folder.path().join(".git/objects/ab")).unwrap();
        folder
    }

    fn pipe(path: &Path) {
        drop(fs::remove_file(path));
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        mkfifoat(CWD, path, Mode::RUSR | Mode::WUSR).unwrap();
    }

    fn wrong(folder: &Path) -> Option<String> {
        match check(folder) {
            Err(GitError::Special { path, what: "a named pipe" }) => {
                Some(path.strip_prefix(folder).unwrap_or(&path).display().to_string())
            }
            Err(other) => panic!("{other}"),
            Ok(()) => None,
        }
    }

    #[test]
    fn a_pipe_anywhere_is_found_and_an_ordinary_repository_is_not_refused() {
        let folder = repository();
        assert_eq!(wrong(folder.path()), None);
        assert_eq!(wrong(&folder.path().join(".git")), None);
        for place in [
            "HEAD",
            "config",
            "packed-refs",
            "FETCH_HEAD",
            "shallow",
            "refs/heads/x",
            "refs/heads/a/b",
            "info/grafts",
            "objects/ab/cd",
            "objects/pack/pack-1.idx",
            "objects/info/commit-graph",
            "objects/info/alternates",
            "logs/HEAD",
        ] {
            let folder = repository();
            pipe(&folder.path().join(".git").join(place));
            assert_eq!(wrong(folder.path()), Some(format!(".git/{place}")));
        }
        let folder = repository();
        fs::remove_dir_all(folder.path().join(".git")).unwrap();
        pipe(&folder.path().join(".git"));
        assert_eq!(wrong(folder.path()), Some(".git".to_owned()));
        let bare = tempfile::tempdir().unwrap();
        git2::Repository::init_bare(bare.path()).unwrap();
        pipe(&bare.path().join("HEAD"));
        assert_eq!(wrong(bare.path()), Some("HEAD".to_owned()));
    }

    #[test]
    fn links_are_followed_and_may_lead_in_circles_or_nowhere() {
        let folder = repository();
        let git = folder.path().join(".git");
        symlink("..", git.join("refs/circle")).unwrap();
        symlink("nowhere", git.join("refs/heads/nowhere")).unwrap();
        symlink("self", git.join("refs/heads/self")).unwrap();
        assert_eq!(wrong(folder.path()), None);
        pipe(&folder.path().join("pipe"));
        symlink("../../../pipe", git.join("refs/heads/x")).unwrap();
        // By one way or the other.
        assert!(wrong(folder.path()).unwrap().ends_with("refs/heads/x"));
    }

    #[test]
    fn work_trees_borrowed_objects_and_included_configuration_are_looked_at() {
        let (folder, other) = (repository(), repository());
        let tree = tempfile::tempdir().unwrap();
        let own = folder.path().join(".git/worktrees/tree");
        fs::create_dir_all(&own).unwrap();
        fs::write(tree.path().join(".git"), format!("gitdir: {}\n", own.display())).unwrap();
        fs::write(own.join("commondir"), "../..\n").unwrap();
        assert_eq!(wrong(tree.path()), None);
        pipe(&own.join("HEAD"));
        assert!(wrong(tree.path()).unwrap().ends_with("worktrees/tree/HEAD"));
        fs::remove_file(own.join("HEAD")).unwrap();

        let objects = other.path().join(".git/objects");
        fs::write(folder.path().join(".git/objects/info/alternates"), format!("{}\n", objects.display())).unwrap();
        assert_eq!(wrong(folder.path()), None);
        pipe(&objects.join("ab/cd"));
        assert!(wrong(tree.path()).unwrap().ends_with("objects/ab/cd"));
        fs::remove_file(objects.join("ab/cd")).unwrap();

        let config = folder.path().join(".git/config");
        let text = fs::read_to_string(&config).unwrap();
        fs::write(&config, text + "[includeIf \"gitdir:/x/.git\"] path = \"more\"\n").unwrap();
        assert_eq!(wrong(folder.path()), None);
        fs::write(folder.path().join(".git/more"), "[include]\n\tPath = ../pipe # x\n").unwrap();
        pipe(&folder.path().join("pipe"));
        assert!(wrong(folder.path()).unwrap().ends_with("../pipe"));
    }

    #[test]
    fn paths_of_a_configuration_are_read_generously() {
        let text =
            "[include]\npath=a\n\tPATH = \"b c\" ; d\n[x] path = e\\\n f\npath\nmypath = g\n[include]path = h\\\"i\n";
        assert_eq!(includes(text), ["a", "b c", "e f", "h\"i"]);
    }
}
