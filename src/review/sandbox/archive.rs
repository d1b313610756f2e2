//! Tar archives on their way into the engine: written while they are sent, so that a large input is in memory once.

use super::{AGENT_USER, PROXY_USER, RESERVED, SandboxError};
use crate::engine::TarStream;
use crate::ids::hex;
use bytes::Bytes;
use futures_util::stream;
use ring::digest::{Context, SHA256};
use std::collections::BTreeSet;
use std::io::{self, Write};
use std::sync::Arc;
use tar::{Builder, EntryType, Header};
use tokio::sync::mpsc;

/// A file for the agent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InputFile {
    /// Its path below `/input`, with `/`.
    pub path: Arc<str>,
    pub content: Arc<[u8]>,
    /// Whether it may be executed.
    pub executable: bool,
}

/// Bytes that are sent at once, and how many such pieces wait for the engine at most.
const PIECE: usize = 64 << 10;
const WAITING: usize = 8;

/// Whether a path stays below the folder that it is put in, and is not in the part that is ours.
fn is_proper(path: &str) -> bool {
    let mut parts = path.split('/');
    !path.is_empty()
        && !path.contains('\0')
        && parts.clone().all(|part| !part.is_empty() && part != "." && part != "..")
        && parts.next() != Some(RESERVED)
}

/// The archive of an input: plain files and folders, owned by nobody in the sandbox, all of one moment.
///
/// # Errors
/// When a path would leave the input.
pub(super) fn input(files: Vec<InputFile>) -> Result<TarStream, SandboxError> {
    if let Some(file) = files.iter().find(|file| !is_proper(&file.path)) {
        return Err(SandboxError::Path(file.path.to_string()));
    }
    Ok(written(move |archive| {
        // The engine makes folders that an archive does not name, and with what rights is its own affair.
        let mut folders = BTreeSet::new();
        for file in &files {
            for (end, _) in file.path.match_indices('/') {
                let folder = &file.path[..end];
                if folders.insert(folder) {
                    append(archive, EntryType::Directory, folder, 0o755, 0, &[])?;
                }
            }
            let mode = if file.executable { 0o755 } else { 0o644 };
            append(archive, EntryType::Regular, &file.path, mode, 0, &file.content)?;
        }
        Ok(())
    }))
}

/// The archive of the sandbox's image: always the same bytes for the same program.
pub(super) fn image(program: Vec<u8>) -> TarStream {
    written(move |archive| write_image(archive, &program))
}

/// The SHA-256 of that archive, in hexadecimal digits. Engines name an image's layer by it.
pub(super) fn image_digest(program: &[u8]) -> io::Result<String> {
    let mut archive = Builder::new(Hashed(Context::new(&SHA256)));
    write_image(&mut archive, program)?;
    Ok(hex(archive.into_inner()?.0.finish().as_ref()))
}

fn write_image(archive: &mut Builder<impl Write>, program: &[u8]) -> io::Result<()> {
    append(archive, EntryType::Regular, "mcp-registry", 0o755, 0, program)?;
    append(archive, EntryType::Directory, "input", 0o755, 0, &[])?;
    append(archive, EntryType::Directory, &format!("input/{RESERVED}"), 0o755, 0, &[])?;
    // The same file again: an input volume takes it from here when the agent's image is not ours.
    let mut link = header(EntryType::Link, 0o755, 0);
    link.set_size(0);
    archive.append_link(&mut link, format!("input/{RESERVED}/mcp-registry"), "mcp-registry")?;
    // A volume that is first mounted here takes this folder's owner with it. All may look, only the proxy may write.
    append(archive, EntryType::Directory, "proxy", 0o755, PROXY_USER, &[])?;
    append(archive, EntryType::Directory, "tmp", 0o700, AGENT_USER, &[])
}

struct Hashed(Context);

impl Write for Hashed {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.update(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

fn header(kind: EntryType, mode: u32, owner: u32) -> Header {
    let mut header = Header::new_gnu();
    header.set_entry_type(kind);
    header.set_mode(mode);
    header.set_uid(u64::from(owner));
    header.set_gid(u64::from(owner));
    header.set_mtime(0);
    header
}

pub(crate) fn append(
    archive: &mut Builder<impl Write>,
    kind: EntryType,
    path: &str,
    mode: u32,
    owner: u32,
    content: &[u8],
) -> io::Result<()> {
    let mut header = header(kind, mode, owner);
    header.set_size(content.len() as u64);
    archive.append_data(&mut header, path, content)
}

/// Runs a writer of an archive beside the reader of its bytes. An error of the one ends the other.
pub(crate) fn written(write: impl FnOnce(&mut Builder<Pipe>) -> io::Result<()> + Send + 'static) -> TarStream {
    let (sender, receiver) = mpsc::channel(WAITING);
    tokio::task::spawn_blocking(move || {
        let mut archive = Builder::new(Pipe { sender: sender.clone(), buffer: Vec::with_capacity(PIECE) });
        let done = write(&mut archive).and_then(|()| archive.into_inner()?.flush());
        if let Err(error) = done {
            // Nobody reads any more when this fails: then nobody needs to know.
            let _ = sender.blocking_send(Err(error));
        }
    });
    Box::pin(stream::unfold(
        receiver,
        |mut receiver| async move { receiver.recv().await.map(|piece| (piece, receiver)) },
    ))
}

pub(crate) struct Pipe {
    sender: mpsc::Sender<io::Result<Bytes>>,
    buffer: Vec<u8>,
}

impl Write for Pipe {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.buffer.extend_from_slice(bytes);
        if self.buffer.len() >= PIECE {
            self.flush()?;
        }
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        if self.buffer.is_empty() {
            return Ok(());
        }
        let piece = std::mem::replace(&mut self.buffer, Vec::with_capacity(PIECE)).into();
        self.sender.blocking_send(Ok(piece)).map_err(|_| io::ErrorKind::BrokenPipe.into())
    }
}
