//! Reports that other jobs saved: files of a known shape, bounded, and of nobody's choosing but theirs.

use crate::cli::{refuse, saved_files};
use crate::error::CommandError;
use crate::finding::Severity;
use crate::ids::CommitSha;
use crate::verdict::ReviewReport;
use serde::Deserialize;
use serde::de::IgnoredAny;
use std::path::{Path, PathBuf};

/// The most bytes of one report.
const MAX_BYTES: u64 = 32 << 20;
/// The most reports of a folder, and how deep they may be.
const MAX_FILES: usize = 2_000;
const MAX_DEPTH: usize = 4;
/// What reviews call theirs.
const REPORT: &str = "report.json";

#[derive(Debug)]
pub(in crate::cli) enum Saved {
    /// `validate --format json`.
    Findings(FindingsReport),
    /// `build --format json`.
    Builds(Vec<Build>),
    /// `report.json` of a review.
    Review(Box<ReviewReport>),
}

#[derive(Debug, Deserialize)]
pub(in crate::cli) struct FindingsReport {
    pub(in crate::cli) command: String,
    /// How many entries were judged.
    pub(in crate::cli) entries: usize,
    pub(in crate::cli) findings: Vec<SavedFinding>,
}

#[derive(Debug, Clone, Deserialize)]
pub(in crate::cli) struct SavedFinding {
    pub(in crate::cli) rule: String,
    pub(in crate::cli) severity: Severity,
    pub(in crate::cli) entry: Option<String>,
    pub(super) path: String,
    pub(super) line: Option<u64>,
    pub(super) end_line: Option<u64>,
    pub(super) message: String,
    pub(super) help: Option<String>,
    pub(in crate::cli) waived: Option<String>,
}

#[derive(Debug, Clone, Deserialize)]
pub(in crate::cli) struct Build {
    pub(super) entry: String,
    pub(super) status: BuildStatus,
    pub(super) reason: Option<String>,
    pub(super) image: Option<BuiltImage>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum BuildStatus {
    Built,
    Pushed,
    Nothing,
    Failed,
}

#[derive(Debug, Clone, Deserialize)]
pub(super) struct BuiltImage {
    pub(super) repository: String,
    pub(super) commit: CommitSha,
    pub(super) context_digest: String,
}

/// Reads these files, and what reviews left in these folders.
///
/// # Errors
/// When one cannot be read, is too large, or is no report.
pub(in crate::cli) fn read(paths: &[PathBuf]) -> Result<Vec<Saved>, CommandError> {
    let mut files = Vec::new();
    for path in paths {
        match std::fs::metadata(path) {
            Ok(found) if found.is_dir() => find(path, 0, &mut files)?,
            _ => files.push(path.clone()),
        }
    }
    files.iter().map(|file| one(file)).collect()
}

/// The reports under a folder; symbolic links are not followed, for somebody else chose where they lead.
fn find(folder: &Path, depth: usize, files: &mut Vec<PathBuf>) -> Result<(), CommandError> {
    let cannot = |error: &std::io::Error| {
        CommandError::unfinished(format!("cannot read the folder {}", folder.display())).because(error)
    };
    let mut items: Vec<_> =
        std::fs::read_dir(folder).and_then(Iterator::collect::<Result<_, _>>).map_err(|error| cannot(&error))?;
    items.sort_by_key(std::fs::DirEntry::file_name);
    for item in items {
        let kind = item.file_type().map_err(|error| cannot(&error))?;
        if kind.is_dir() && depth < MAX_DEPTH {
            find(&item.path(), depth + 1, files)?;
        } else if kind.is_file() && item.file_name() == REPORT {
            if files.len() >= MAX_FILES {
                return Err(refuse(format!("{} has more than {MAX_FILES} reports", folder.display())));
            }
            files.push(item.path());
        }
    }
    Ok(())
}

fn one(file: &Path) -> Result<Saved, CommandError> {
    #[derive(Deserialize)]
    struct Shape {
        version: u64,
        findings: Option<IgnoredAny>,
        builds: Option<IgnoredAny>,
        reviewed: Option<IgnoredAny>,
    }
    #[derive(Deserialize)]
    struct Builds {
        builds: Vec<Build>,
    }
    let shown = file.display();
    let bytes = saved_files::bytes(file, MAX_BYTES)?;
    let wrong = |error: &dyn std::error::Error| {
        refuse(format!("{shown} is not a report of this program")).because(error).hint(
            "`checks publish` takes what `validate --format json` and `build --format json` wrote, and the report.json of a review",
        )
    };
    let shape: Shape = serde_json::from_slice(&bytes).map_err(|error| wrong(&error))?;
    if shape.version != 1 {
        return Err(refuse(format!("{shown} is of version {}, and this program reads version 1", shape.version)));
    }
    let saved = match shape {
        Shape { reviewed: Some(_), .. } => serde_json::from_slice(&bytes).map(Saved::Review),
        Shape { builds: Some(_), .. } => serde_json::from_slice(&bytes).map(|it: Builds| Saved::Builds(it.builds)),
        Shape { findings: Some(_), .. } => serde_json::from_slice(&bytes).map(Saved::Findings),
        _ => return Err(refuse(format!("{shown} is not a report of this program: it has no findings"))),
    };
    saved.map_err(|error| wrong(&error))
}
