//! An entry: one folder under `servers/`, its files as they were read, and its manifest as a typed model.
//!
//! Loading never fails as a whole: what is wrong with a file is kept beside it, for rules to report.

pub mod load;
pub(crate) mod manifest;
pub(crate) mod source;
pub(crate) mod template;
pub(crate) mod tools;

pub(crate) use manifest::{EntryType, Manifest};
pub(crate) use tools::{Tool, ToolArgument};

use crate::document::{Document, DocumentError, Lines};
use crate::finding::SourceText;
use std::sync::Arc;

/// The folder that holds the entries, in the registry's root.
pub(crate) const SERVERS: &str = "servers";
/// The file that makes a folder an entry.
pub(crate) const MANIFEST: &str = "server.yaml";
/// The problem of a "folder" that is a file: see [`Entry::folder_problem`].
pub(crate) const A_FILE: &str = "it is a file";
/// The optional list of a server's tools.
pub(crate) const TOOLS: &str = "tools.json";
/// The optional text for people; any letter case is accepted when reading.
pub(crate) const README: &str = "readme.md";

/// Why a file could not be read as text. None of these is the author's formatting: all are about the file itself.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Unreadable {
    /// A symbolic link; it may lead out of the registry.
    #[error("is a symbolic link")]
    Symlink,
    /// A directory, pipe, socket or device.
    #[error("is not a regular file")]
    NotAFile,
    /// More bytes than [`crate::document::limits::MAX_BYTES`].
    #[error("is larger than {} bytes", crate::document::limits::MAX_BYTES)]
    TooLarge,
    /// Not UTF-8; the first wrong byte is here, counted from 1, columns in characters.
    #[error("is not UTF-8 (first wrong byte in line {line}, column {column})")]
    NotUtf8 { line: usize, column: usize },
    /// It begins with the mark of UTF-16, as some editors save it.
    #[error("is UTF-16, not UTF-8")]
    Utf16,
    #[error("cannot be read: {0}")]
    Io(String),
}

/// What was found where a file should be.
#[derive(Debug, Clone)]
pub(crate) enum Content {
    /// There is no such file.
    Absent,
    /// There is something that is not a readable text.
    Unreadable(Unreadable),
    /// A text that does not compose to a document.
    Malformed(Arc<str>, Lines, DocumentError),
    Document(Arc<Document>),
    /// A text that has no structure to compose: a readme.
    Text(Arc<str>, Lines),
}

/// One file of an entry.
#[derive(Debug, Clone)]
pub struct EntryFile {
    /// Relative to the registry's root, with `/`.
    pub(crate) path: Arc<str>,
    pub(crate) content: Content,
}

impl EntryFile {
    /// The document, if the file composed to one.
    #[must_use]
    pub(crate) fn document(&self) -> Option<&Arc<Document>> {
        match &self.content {
            Content::Document(document) => Some(document),
            _ => None,
        }
    }

    /// The text, if the file could be read as one.
    #[must_use]
    pub fn text(&self) -> Option<&Arc<str>> {
        match &self.content {
            Content::Document(document) => Some(document.text()),
            Content::Malformed(text, ..) | Content::Text(text, _) => Some(text),
            Content::Absent | Content::Unreadable(_) => None,
        }
    }

    /// Whether something is there, readable or not.
    #[must_use]
    pub(crate) fn exists(&self) -> bool {
        !matches!(self.content, Content::Absent)
    }

    /// What findings in this file point into.
    #[must_use]
    pub(crate) fn source(&self) -> Option<SourceText> {
        match &self.content {
            Content::Document(document) => Some(SourceText::Document(document.clone())),
            Content::Malformed(text, lines, _) | Content::Text(text, lines) => {
                Some(SourceText::Text(text.clone(), lines.clone()))
            }
            Content::Absent | Content::Unreadable(_) => None,
        }
    }
}

/// One folder under `servers/`.
#[derive(Debug, Clone)]
pub struct Entry {
    /// The folder's name; bytes that are not UTF-8 are replaced.
    pub name: Arc<str>,
    /// `servers/<name>`.
    pub(crate) path: Arc<str>,
    /// Why the folder itself cannot be an entry, if so: it is a link, or its name is not UTF-8.
    pub folder_problem: Option<String>,
    /// `server.yaml`.
    pub manifest_file: EntryFile,
    /// `tools.json`.
    pub(crate) tools_file: EntryFile,
    /// `readme.md`, in any letter case.
    pub(crate) readme_file: EntryFile,
    /// The model of `server.yaml`; empty when that is not a mapping.
    pub(crate) manifest: Manifest,
    /// The tools of `tools.json`; empty when that is not a list.
    pub(crate) tools: Vec<Tool>,
    /// Files that may have been meant for `server.yaml`, relative to the folder: `server.yml`, `Server.yaml`, and, when there
    /// is none, those one folder below.
    pub(crate) strays: Vec<String>,
}

impl Entry {
    /// The document of `server.yaml`, if it composed and is a mapping.
    #[must_use]
    pub fn document(&self) -> Option<&Arc<Document>> {
        self.manifest_file
            .document()
            .filter(|document| matches!(document.root().value, crate::document::Value::Mapping(_)))
    }

    /// The files of this entry that exist.
    pub(crate) fn files(&self) -> impl Iterator<Item = &EntryFile> {
        [&self.manifest_file, &self.tools_file, &self.readme_file].into_iter().filter(|file| file.exists())
    }
}
