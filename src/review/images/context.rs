//! The build context of an image: its Dockerfile and the programs of its wheel, as an archive that is written while it is sent.

use crate::agent::coding::Coder;
use crate::engine::TarStream;
use crate::review::sandbox::{append, written};
use std::fs::File;
use std::io;
use std::path::PathBuf;
use tar::{Builder, EntryType, Header};

/// The Dockerfile's name in every context.
pub(super) const DOCKERFILE: &str = "Dockerfile";

/// Commands that busybox has, as far as reading code needs them. They are links to it.
const COMMANDS: &[&str] = &[
    "sh",
    "[",
    "awk",
    "base64",
    "basename",
    "cat",
    "cmp",
    "cut",
    "date",
    "diff",
    "dirname",
    "du",
    "echo",
    "egrep",
    "env",
    "expr",
    "false",
    "fgrep",
    "find",
    "grep",
    "head",
    "hexdump",
    "id",
    "ls",
    "nl",
    "od",
    "printf",
    "pwd",
    "readlink",
    "realpath",
    "sed",
    "seq",
    "sha256sum",
    "sleep",
    "sort",
    "stat",
    "strings",
    "tac",
    "tail",
    "tee",
    "test",
    "tr",
    "tree",
    "true",
    "uniq",
    "wc",
    "which",
    "xargs",
    "xxd",
];

pub(super) fn dockerfile(coder: Coder) -> &'static str {
    match coder {
        Coder::Claude => include_str!("../../../reviewer/claude/Dockerfile"),
        Coder::Codex => include_str!("../../../reviewer/codex/Dockerfile"),
    }
}

/// Names in `/bin` that are links to busybox.
pub(super) fn links(coder: Coder) -> &'static [&'static str] {
    match coder {
        Coder::Claude => &[],
        Coder::Codex => COMMANDS,
    }
}

fn folder(archive: &mut Builder<impl io::Write>, path: &str) -> io::Result<()> {
    append(archive, EntryType::Directory, path, 0o755, 0, &[])
}

/// The context of a build: members of the wheel, by their paths in it, below `bin`.
pub(super) fn archive(
    dockerfile: &'static str,
    wheel: PathBuf,
    members: &'static [(&'static str, &'static str)],
    links: &'static [&'static str],
) -> TarStream {
    written(move |archive| {
        append(archive, EntryType::Regular, DOCKERFILE, 0o644, 0, dockerfile.as_bytes())?;
        folder(archive, "bin")?;
        let mut wheel = zip::ZipArchive::new(File::open(&wheel)?).map_err(io::Error::other)?;
        for (member, name) in members {
            let mut member = wheel.by_name(member).map_err(io::Error::other)?;
            let mut header = Header::new_gnu();
            header.set_mode(0o755);
            header.set_mtime(0);
            header.set_size(member.size());
            archive.append_data(&mut header, format!("bin/{name}"), &mut member)?;
        }
        for name in links {
            let mut header = Header::new_gnu();
            header.set_entry_type(EntryType::Symlink);
            header.set_mode(0o777);
            header.set_mtime(0);
            header.set_size(0);
            archive.append_link(&mut header, format!("bin/{name}"), "busybox")?;
        }
        Ok(())
    })
}

/// The context that puts a capability file into an image.
pub(super) fn capability(from: &str, text: Vec<u8>) -> TarStream {
    let dockerfile = format!("FROM {from}\nCOPY capability.json {}\n", crate::agent::coding::capability::FILE);
    written(move |archive| {
        append(archive, EntryType::Regular, DOCKERFILE, 0o644, 0, dockerfile.as_bytes())?;
        append(archive, EntryType::Regular, "capability.json", 0o444, 0, &text)
    })
}
