//! A folder of this machine as an archive on its way into the sandbox: plain files and folders, links as what they lead to.

use crate::engine::TarStream;
use crate::review::sandbox::{append, written};
use std::fs::{self, File};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use tar::{Builder, EntryType, Header};

/// The maximum depth of folders, and the maximum number of files: databases have a handful of either.
const MAX_DEPTH: usize = 16;
const MAX_FILES: usize = 10_000;

/// The files below `folder`, as `name/…`.
pub(crate) fn pack(folder: PathBuf, name: &'static str) -> TarStream {
    written(move |archive| {
        let mut left = MAX_FILES;
        add(archive, &folder, Path::new(name), MAX_DEPTH, &mut left)
    })
}

fn add(
    archive: &mut Builder<impl Write>,
    folder: &Path,
    name: &Path,
    depth: usize,
    left: &mut usize,
) -> io::Result<()> {
    if depth == 0 {
        return Err(io::Error::other(format!("`{}` has too many folders in folders", folder.display())));
    }
    append(archive, EntryType::Directory, &name.to_string_lossy(), 0o755, 0, &[])?;
    let mut entries: Vec<_> = fs::read_dir(folder)?.collect::<Result<_, _>>()?;
    entries.sort_by_key(fs::DirEntry::file_name);
    for entry in entries {
        *left = left.checked_sub(1).ok_or_else(|| io::Error::other("there are too many files"))?;
        let (path, name) = (entry.path(), name.join(entry.file_name()));
        let found = fs::metadata(&path)?;
        if found.is_dir() {
            add(archive, &path, &name, depth - 1, left)?;
        } else if found.is_file() {
            let mut header = Header::new_gnu();
            header.set_size(found.len());
            header.set_mode(0o644);
            archive.append_data(&mut header, &name, File::open(&path)?)?;
        }
    }
    Ok(())
}
