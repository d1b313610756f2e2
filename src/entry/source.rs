//! What an entry is built from, read strictly.
//!
//! The model of a manifest is lenient; here nothing is: what a builder might read differently is refused, not guessed.

use super::{Content, Entry, MANIFEST};
use crate::document::Value;
use crate::ids::CommitSha;

/// The longest directory or Dockerfile path that an entry may name, in bytes; deeper ones are not exported either.
const MAX_PATH: usize = 4096;

/// Everything of an entry that decides what is built.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct BuiltFrom {
    /// The repository as the entry names it. Not checked.
    pub(crate) project: String,
    pub(crate) commit: CommitSha,
    /// The directory of the build context, from the top of the repository, without slashes at its ends; empty for the top.
    pub(crate) directory: String,
    /// The Dockerfile, relative to the directory; none for the usual one.
    pub(crate) dockerfile: Option<String>,
    /// The stage of the Dockerfile.
    pub(crate) build_target: Option<String>,
    /// The branch that is followed. Not checked.
    pub(crate) branch: Option<String>,
}

/// The source of an entry; none when it names no repository: a remote server, say.
///
/// # Errors
/// With why nobody can say what it is built from: it cannot be read, or its pin is none.
pub(crate) fn source_of(entry: &Entry) -> Result<Option<BuiltFrom>, String> {
    if let Some(problem) = &entry.folder_problem {
        return Err(format!("the entry cannot be read: {problem}"));
    }
    let document = match (&entry.manifest_file.content, entry.document()) {
        (_, Some(document)) => document,
        (Content::Absent, _) => return Err(format!("the entry has no {MANIFEST}")),
        (Content::Unreadable(problem), _) => return Err(format!("{MANIFEST} {problem}")),
        _ => return Err(format!("{MANIFEST} does not parse")),
    };
    let Some(pair) = document.root().pair("source") else { return Ok(None) };
    let Value::Mapping(pairs) = &pair.value.value else { return Err("`source` is not a mapping".to_owned()) };
    let source = &entry.manifest.source;
    let known = [
        ("project", &source.project),
        ("commit", &source.commit),
        ("directory", &source.directory),
        ("dockerfile", &source.dockerfile),
        ("buildTarget", &source.build_target),
        ("branch", &source.branch),
    ];
    for pair in pairs {
        let is_empty = matches!(&pair.value.value, Value::Scalar(scalar) if scalar.text.is_empty());
        match known.iter().find(|(key, _)| **key == *pair.key.text) {
            Some((key, None)) if !is_empty => return Err(format!("`source.{key}` is not a text")),
            _ => {}
        }
    }
    let Some(project) = source.project.clone() else {
        // Without a repository there is nothing to build; with a commit of one, somebody forgot to name it.
        return if source.commit.is_some() {
            Err("`source` names a commit and no project".to_owned())
        } else {
            Ok(None)
        };
    };
    let commit = source.commit.as_deref().ok_or("`source.commit` is missing: the code is not pinned")?;
    let commit = CommitSha::parse(commit).map_err(|error| format!("`source.commit` is no pin: {error}"))?;
    let directory = source.directory.as_deref().map(|path| relative("source.directory", path)).transpose()?;
    let dockerfile = source.dockerfile.as_deref().map(|path| relative("source.dockerfile", path)).transpose()?;
    Ok(Some(BuiltFrom {
        project,
        commit,
        directory: directory.unwrap_or_default(),
        dockerfile: dockerfile.filter(|path| !path.is_empty()),
        build_target: source.build_target.clone(),
        branch: source.branch.clone(),
    }))
}

/// A path in the repository, without `.` and empty parts. Whatever leads out of it is refused: nobody would know which
/// files the build can see.
///
/// # Errors
/// With what is wrong about it; `what` names it.
pub(crate) fn relative(what: &str, path: &str) -> Result<String, String> {
    if path.len() > MAX_PATH {
        return Err(format!("`{what}` is longer than {MAX_PATH} bytes"));
    }
    if path.starts_with('/') || path.contains('\\') || path.chars().any(char::is_control) {
        return Err(format!("`{what}` is not a relative path with `/`"));
    }
    let mut parts = Vec::new();
    for part in path.split('/') {
        match part {
            "" | "." => {}
            ".." => return Err(format!("`{what}` leads out of where it starts: it has `..` in it")),
            part => parts.push(part),
        }
    }
    Ok(parts.join("/"))
}
