//! The folder that becomes a registry: reads and writes its files, and nothing that a link in it points to.

use crate::files;
use std::fs::{self, Metadata};
use std::io;
use std::path::{Path, PathBuf};

/// More than any file of the skeleton has, in bytes.
const MAX_BYTES: u64 = 1024 * 1024;

/// Why a file is left alone that should be read or written.
#[derive(Debug, thiserror::Error)]
pub(crate) enum PlaceError {
    #[error("`{0}` is a symbolic link, which may lead out of the registry")]
    Link(String),
    #[error("`{0}` is not a folder")]
    NotAFolder(String),
    #[error("it is not a regular file")]
    NotAFile,
    #[error("it is larger than {MAX_BYTES} bytes")]
    TooLarge,
    #[error("it is not UTF-8")]
    NotUtf8,
    #[error("it changed since it was read")]
    Changed,
    #[error("{0}")]
    Io(#[from] io::Error),
}

/// A registry's root.
#[derive(Debug)]
pub(crate) struct Place {
    root: PathBuf,
}

impl Place {
    pub(crate) fn new(root: &Path) -> Self {
        Self { root: root.to_owned() }
    }

    /// Whether there is anything of this name, a broken link say.
    pub(crate) fn has(&self, path: &str) -> bool {
        self.root.join(path).symlink_metadata().is_ok()
    }

    /// The text of a file; none when there is no such file.
    ///
    /// # Errors
    /// When there is something else, or it or a folder above it is a link.
    pub(crate) fn read(&self, path: &str) -> Result<Option<String>, PlaceError> {
        self.folders(path, false)?;
        let Some(found) = kind(&self.root.join(path))? else { return Ok(None) };
        if found.is_symlink() {
            return Err(PlaceError::Link(path.to_owned()));
        }
        if !found.is_file() {
            return Err(PlaceError::NotAFile);
        }
        let bytes = files::read_regular(&self.root.join(path), MAX_BYTES)?.ok_or(PlaceError::TooLarge)?;
        String::from_utf8(bytes).map(Some).map_err(|_| PlaceError::NotUtf8)
    }

    /// Writes a file, whole or not at all, with the folders above it. What is there must be what `before` says.
    ///
    /// # Errors
    /// As for reading; or when somebody changed it meanwhile, or it cannot be written.
    pub(crate) fn write(&self, path: &str, before: Option<&str>, text: &str) -> Result<(), PlaceError> {
        if self.read(path)?.as_deref() != before {
            return Err(PlaceError::Changed);
        }
        self.folders(path, true)?;
        let file = self.root.join(path);
        match before {
            Some(_) => files::write_whole(&file, text.as_bytes())?,
            None => create(&file, text)?,
        }
        Ok(())
    }

    /// Looks at each folder above a file, and makes those that are not there.
    fn folders(&self, path: &str, make: bool) -> Result<(), PlaceError> {
        let mut folder = self.root.clone();
        let mut names: Vec<&str> = path.split('/').collect();
        names.pop();
        for (at, name) in names.iter().enumerate() {
            folder.push(name);
            let shown = || names.get(..=at).unwrap_or_default().join("/");
            match kind(&folder)? {
                Some(found) if found.is_symlink() => return Err(PlaceError::Link(shown())),
                Some(found) if !found.is_dir() => return Err(PlaceError::NotAFolder(shown())),
                Some(_) => {}
                None if make => fs::create_dir(&folder)?,
                None => return Ok(()),
            }
        }
        Ok(())
    }
}

fn kind(path: &Path) -> io::Result<Option<Metadata>> {
    match path.symlink_metadata() {
        Ok(found) => Ok(Some(found)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error),
    }
}

#[cfg(unix)]
fn create(file: &Path, text: &str) -> io::Result<()> {
    files::create_whole(file, text.as_bytes(), 0o644)
}

#[cfg(not(unix))]
fn create(file: &Path, text: &str) -> io::Result<()> {
    files::write_whole(file, text.as_bytes())
}
