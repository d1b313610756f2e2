//! Reads entries from a registry on disk: bounded, without following links, each file once.

use super::{A_FILE, Content, Entry, EntryFile, MANIFEST, Manifest, README, SERVERS, TOOLS, Tool, Unreadable};
use crate::document::{Document, Lines, limits};
use rayon::prelude::*;
use std::ffi::OsString;
use std::io::{self, Read};
use std::path::Path;
use std::sync::Arc;

/// Names of the folders under `servers/`, sorted. Plain files there are not entries; what was perhaps meant for one (links,
/// pipes, `example.yaml`) is listed, to be refused.
///
/// # Errors
/// When `servers/` cannot be listed.
pub fn list(root: &Path) -> io::Result<Vec<OsString>> {
    let mut names = Vec::new();
    for item in std::fs::read_dir(root.join(SERVERS))? {
        let item = item?;
        let kind = item.file_type()?;
        let name = item.file_name();
        if !kind.is_file() || is_misplaced(name.as_encoded_bytes()) {
            names.push(name);
        }
    }
    names.sort();
    Ok(names)
}

/// Whether a file of this name, directly under `servers/`, looks like one of an entry that lacks its folder.
#[must_use]
pub(crate) fn is_misplaced(name: &[u8]) -> bool {
    let name = name.to_ascii_lowercase();
    [&b".yaml"[..], b".yml", b".json"].into_iter().any(|ending| name.ends_with(ending))
}

/// Whether a file of this name was perhaps meant to be `server.yaml`.
#[must_use]
pub(crate) fn is_stray(name: &str) -> bool {
    name != MANIFEST && (name.eq_ignore_ascii_case(MANIFEST) || name.eq_ignore_ascii_case("server.yml"))
}

/// Loads these entries, in parallel, in the order given.
#[must_use]
pub fn load_all(root: &Path, names: &[OsString]) -> Vec<Entry> {
    names.par_iter().map(|name| load(root, name)).collect()
}

/// Loads one entry. What is wrong with its files is kept in it.
#[must_use]
pub(crate) fn load(root: &Path, name: &OsString) -> Entry {
    let folder = root.join(SERVERS).join(name);
    let shown: Arc<str> = name.to_string_lossy().into();
    let path: Arc<str> = format!("{SERVERS}/{shown}").into();
    let folder_problem = if name.to_str().is_none() {
        Some("its name is not UTF-8".to_owned())
    } else {
        match std::fs::symlink_metadata(&folder) {
            Ok(found) if found.is_symlink() => Some("it is a symbolic link".to_owned()),
            Ok(found) if found.is_dir() => None,
            Ok(found) if found.is_file() => Some(A_FILE.to_owned()),
            Ok(_) => Some("it is neither a folder nor a file".to_owned()),
            Err(error) => Some(error.to_string()),
        }
    };
    let listed = if folder_problem.is_none() { names_in(&folder) } else { Ok(Vec::new()) };
    let file = |file: &str| -> EntryFile {
        // In a folder that cannot be listed there may be files all the same.
        let may_be = listed.as_ref().map_or(true, |names| names.iter().any(|name| name == file));
        let content = if folder_problem.is_none() && may_be { read(&folder, file) } else { Content::Absent };
        EntryFile { path: format!("{path}/{file}").into(), content }
    };
    let names = listed.as_deref().unwrap_or_default();
    // The readme's name as it is spelled on disk: `readme.md`, `README.md`, …
    let readme = names.iter().filter(|name| name.eq_ignore_ascii_case(README)).max();
    let readme = file(readme.map_or(README, String::as_str));
    let mut strays: Vec<String> = names.iter().filter(|name| is_stray(name)).cloned().collect();
    let manifest = file(MANIFEST);
    if !manifest.exists() {
        let is_file = |path: &Path| std::fs::symlink_metadata(path).is_ok_and(|found| found.is_file());
        let below = names.iter().filter(|name| is_file(&folder.join(name).join(MANIFEST)));
        strays.extend(below.map(|name| format!("{name}/{MANIFEST}")));
    }
    strays.sort();
    let mut entry = Entry::from_files(shown, folder_problem.clone(), manifest, file(TOOLS), readme);
    entry.strays = strays;
    entry
}

/// The names in a folder that are UTF-8.
fn names_in(folder: &Path) -> io::Result<Vec<String>> {
    let mut names = Vec::new();
    for item in std::fs::read_dir(folder)? {
        names.extend(item?.file_name().into_string());
    }
    Ok(names)
}

fn read(folder: &Path, file: &str) -> Content {
    match read_text(&folder.join(file)) {
        Ok(Some(text)) => content_of(file, text),
        Ok(None) => Content::Absent,
        Err(problem) => Content::Unreadable(problem),
    }
}

/// What a text is, by the file's name: `server.yaml` and `tools.json` compose, a readme stays a text.
#[must_use]
pub(crate) fn content_of(file: &str, text: Arc<str>) -> Content {
    let composed = match file {
        MANIFEST => Document::from_yaml(text.clone()),
        TOOLS => Document::from_json(text.clone()),
        _ => {
            let lines = Lines::new(&text);
            return Content::Text(text, lines);
        }
    };
    match composed {
        Ok(document) => Content::Document(Arc::new(document)),
        Err(error) => {
            let lines = Lines::new(&text);
            Content::Malformed(text, lines, error)
        }
    }
}

/// Reads a regular file of at most [`limits::MAX_BYTES`] bytes; `None` when there is none. The kind is looked at before
/// opening, since opening a pipe would wait for a writer.
///
/// # Errors
/// When there is something that is not a readable UTF-8 text.
pub(crate) fn read_text(path: &Path) -> Result<Option<Arc<str>>, Unreadable> {
    let io = |error: io::Error| Unreadable::Io(error.to_string());
    let found = match std::fs::symlink_metadata(path) {
        Ok(found) => found,
        Err(error) if matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory) => {
            return Ok(None);
        }
        Err(error) => return Err(io(error)),
    };
    if found.is_symlink() {
        return Err(Unreadable::Symlink);
    }
    if !found.is_file() {
        return Err(Unreadable::NotAFile);
    }
    if found.len() > limits::MAX_BYTES as u64 {
        return Err(Unreadable::TooLarge);
    }
    let mut bytes = Vec::with_capacity(usize::try_from(found.len()).unwrap_or(0) + 1);
    // The file may grow between the look and the read.
    let mut bounded = std::fs::File::open(path).map_err(io)?.take(limits::MAX_BYTES as u64 + 1);
    bounded.read_to_end(&mut bytes).map_err(io)?;
    text_of(bytes).map(Some)
}

/// Bytes as a text, within the limit.
///
/// # Errors
/// When there are more than [`limits::MAX_BYTES`], or they are not UTF-8.
pub(crate) fn text_of(bytes: Vec<u8>) -> Result<Arc<str>, Unreadable> {
    if bytes.len() > limits::MAX_BYTES {
        return Err(Unreadable::TooLarge);
    }
    match String::from_utf8(bytes) {
        Ok(text) => Ok(text.into()),
        Err(error) if error.as_bytes().starts_with(b"\xff\xfe") || error.as_bytes().starts_with(b"\xfe\xff") => {
            Err(Unreadable::Utf16)
        }
        Err(error) => {
            let valid = error.as_bytes().get(..error.utf8_error().valid_up_to()).unwrap_or_default();
            let valid = String::from_utf8_lossy(valid);
            let last = valid.rsplit('\n').next().unwrap_or_default();
            Err(Unreadable::NotUtf8 { line: valid.matches('\n').count() + 1, column: last.chars().count() + 1 })
        }
    }
}

impl Entry {
    /// An entry from its files: what [`load`] ends with, and what reads entries from Git uses.
    #[must_use]
    pub(crate) fn from_files(
        name: Arc<str>,
        folder_problem: Option<String>,
        manifest_file: EntryFile,
        tools_file: EntryFile,
        readme_file: EntryFile,
    ) -> Self {
        let manifest = manifest_file.document().map(|document| Manifest::read(document.root())).unwrap_or_default();
        let tools = tools_file.document().map(|document| Tool::read_all(document.root())).unwrap_or_default();
        let path = format!("{SERVERS}/{name}").into();
        Self { name, path, folder_problem, manifest_file, tools_file, readme_file, manifest, tools, strays: Vec::new() }
    }

    /// An entry from texts, for entries that are not on disk.
    #[must_use]
    pub fn from_texts(name: &str, manifest: Option<&str>, tools: Option<&str>, readme: Option<&str>) -> Self {
        let file = |file: &str, text: Option<&str>| EntryFile {
            path: format!("{SERVERS}/{name}/{file}").into(),
            content: text.map_or(Content::Absent, |text| content_of(file, text.into())),
        };
        Self::from_files(name.into(), None, file(MANIFEST, manifest), file(TOOLS, tools), file(README, readme))
    }
}
