//! Writing files so that a reader, or a run that is killed, never sees half of one.

use std::fs::File;
use std::io::{self, Read as _, Write};
use std::path::Path;

/// Opens a regular file to read it. What is none is refused: opening a named pipe waits for somebody to write to it.
///
/// # Errors
/// When it is not one, or cannot be opened.
pub(crate) fn open_regular(path: &Path) -> io::Result<File> {
    let mut options = File::options();
    options.read(true);
    #[cfg(unix)]
    {
        use std::os::unix::fs::OpenOptionsExt;
        let flags = rustix::fs::OFlags::NONBLOCK | rustix::fs::OFlags::NOCTTY;
        options.custom_flags(i32::try_from(flags.bits()).unwrap_or_default());
    }
    let file = options.open(path)?;
    if !file.metadata()?.is_file() {
        return Err(io::Error::new(io::ErrorKind::InvalidInput, "it is not a regular file"));
    }
    Ok(file)
}

/// Reads a regular file of at most `limit` bytes; none when it is larger.
///
/// # Errors
/// When it is not a regular file, or cannot be read.
pub(crate) fn read_regular(path: &Path, limit: u64) -> io::Result<Option<Vec<u8>>> {
    let mut bytes = Vec::new();
    open_regular(path)?.take(limit.saturating_add(1)).read_to_end(&mut bytes)?;
    Ok((bytes.len() as u64 <= limit).then_some(bytes))
}

/// Refuses what is there and neither a file, a folder, nor a device as `/dev/null`: to open a named pipe waits for somebody to read
/// it. Those that the program was started with, `/dev/stdout` say, are open already.
///
/// # Errors
/// When it is a named pipe, a socket or a disk.
#[cfg(unix)]
pub(crate) fn takes_writes(path: &Path) -> io::Result<()> {
    use std::os::unix::fs::FileTypeExt as _;
    let Ok(found) = std::fs::metadata(path) else { return Ok(()) };
    let kind = found.file_type();
    let is_ours = ["/dev/stdout", "/dev/stderr"].iter().any(|own| path == Path::new(own))
        || ["/dev/fd", "/proc/self/fd"].iter().any(|own| path.parent() == Some(Path::new(own)));
    if kind.is_file() || kind.is_dir() || kind.is_char_device() || (is_ours && !kind.is_block_device()) {
        return Ok(());
    }
    Err(io::Error::new(io::ErrorKind::InvalidInput, "it is not a regular file"))
}

/// Elsewhere there is nothing like it.
///
/// # Errors
/// Never.
#[cfg(not(unix))]
pub(crate) fn takes_writes(_: &Path) -> io::Result<()> {
    Ok(())
}

/// Writes a whole file beside its place and moves it there; an existing file keeps its permissions.
///
/// # Errors
/// When the folder is not there or cannot be written to.
pub(crate) fn write_whole(path: &Path, bytes: &[u8]) -> io::Result<()> {
    // What is not a regular file, `/dev/stdout` say, cannot be replaced, only written to.
    if let Ok(found) = std::fs::metadata(path)
        && !found.is_file()
    {
        takes_writes(path)?;
        return std::fs::write(path, bytes);
    }
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let mut file = tempfile::Builder::new().prefix(".mcp-registry-").tempfile_in(folder)?;
    file.write_all(bytes)?;
    set_permissions(path, file.as_file())?;
    file.persist(path).map_err(|error| error.error)?;
    Ok(())
}

/// Writes a new file as a whole, with these permissions, and never replaces one that is there.
///
/// # Errors
/// When it is there already, or its folder cannot be written to.
#[cfg(unix)]
pub(crate) fn create_whole(path: &Path, bytes: &[u8], mode: u32) -> io::Result<()> {
    use std::os::unix::fs::PermissionsExt;
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let mut file = tempfile::Builder::new().prefix(".mcp-registry-").tempfile_in(folder)?;
    file.as_file().set_permissions(std::fs::Permissions::from_mode(mode))?;
    file.write_all(bytes)?;
    file.as_file().sync_all()?;
    file.persist_noclobber(path).map_err(|error| error.error)?;
    Ok(())
}

#[cfg(unix)]
fn set_permissions(path: &Path, file: &std::fs::File) -> io::Result<()> {
    use std::os::unix::fs::PermissionsExt;
    // A temporary file is private; a new file is as readable as others that people make.
    let permissions = match std::fs::metadata(path) {
        Ok(found) => found.permissions(),
        Err(_) => std::fs::Permissions::from_mode(0o644),
    };
    file.set_permissions(permissions)
}

#[cfg(not(unix))]
fn set_permissions(_: &Path, _: &std::fs::File) -> io::Result<()> {
    Ok(())
}
