//! The plain files in a folder, as an archive on standard output: what a program in the sandbox has written.

use super::{EXIT_OTHER, say};
use std::fs::{self, File};
use std::io::{self, Read as _};
use std::path::Path;
use tar::{Builder, Header};

/// The maximum number of files. Who reads the archive limits its bytes.
const MAX_FILES: usize = 100;

/// Writes them, and returns the status to exit with.
pub(super) fn write(folder: &Path) -> i64 {
    match archive(folder) {
        Ok(()) => 0,
        Err(error) => {
            say(&format!("cannot read what was written to {}: {error}\n", folder.display()));
            EXIT_OTHER
        }
    }
}

fn archive(folder: &Path) -> io::Result<()> {
    let mut paths: Vec<_> = fs::read_dir(folder)?.take(MAX_FILES).collect::<Result<_, _>>()?;
    paths.sort_by_key(fs::DirEntry::file_name);
    let mut archive = Builder::new(io::stdout().lock());
    for entry in paths {
        // A link is not followed: there is nothing that its target could say and a file could not.
        if !entry.file_type()?.is_file() {
            continue;
        }
        let file = File::open(entry.path())?;
        let size = file.metadata()?.len();
        let mut header = Header::new_gnu();
        header.set_size(size);
        header.set_mode(0o644);
        archive.append_data(&mut header, entry.file_name(), file.take(size))?;
    }
    archive.finish()
}
