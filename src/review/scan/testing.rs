//! Small repositories for the tests of the checks, and their findings as text.

#![allow(clippy::unwrap_used)]

use super::scan;
use crate::snapshot::{Change, File, FileDiff, Material, Snapshot, Unreviewed};
use crate::verdict::ReviewFinding;
use std::fmt::Write as _;
use std::sync::Arc;

/// A snapshot of some files.
pub(super) fn snapshot(files: &[(&str, &[u8])]) -> Snapshot {
    let mut snapshot = Snapshot { tree: "0".repeat(40), ..Snapshot::default() };
    for (path, content) in files {
        // Equal content has equal names, as in Git; nothing here needs more.
        let mut sum: u64 = 0xcbf2_9ce4_8422_2325;
        for byte in *content {
            sum = (sum ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3);
        }
        let file = File {
            blob: Arc::from(format!("{sum:040x}")),
            content: Arc::from(*content),
            executable: false,
            link: false,
            exported_as: None,
        };
        snapshot.files.insert(Arc::from(*path), file);
    }
    snapshot
}

/// The findings of a full review of some files.
pub(super) fn full(files: &[(&str, &str)]) -> Vec<ReviewFinding> {
    full_bytes(&bytes(files))
}

/// The same of files that are not text.
pub(super) fn full_bytes(files: &[(&str, &[u8])]) -> Vec<ReviewFinding> {
    let head = snapshot(files);
    check(
        scan(&Material { head: &head, base: None, changes: &[], directory: "", dockerfile: dockerfile(&head) }),
        &head,
    )
}

/// The findings of what changed from `base` to `head`.
pub(super) fn diff(base: &[(&str, &str)], head: &[(&str, &str)]) -> Vec<ReviewFinding> {
    diff_snapshots(&snapshot(&bytes(base)), &snapshot(&bytes(head)))
}

pub(super) fn diff_snapshots(base: &Snapshot, head: &Snapshot) -> Vec<ReviewFinding> {
    let changes: Vec<FileDiff> = head
        .files
        .iter()
        .filter(|(path, file)| base.files.get(*path).is_none_or(|old| old.blob != file.blob))
        .map(|(path, _)| FileDiff {
            path: Arc::clone(path),
            change: if base.files.contains_key(path) { Change::Modified } else { Change::Added },
            binary: false,
            pieces: Vec::new(),
        })
        .collect();
    check(
        scan(&Material { head, base: Some(base), changes: &changes, directory: "", dockerfile: dockerfile(head) }),
        head,
    )
}

/// The findings of a full review with parts that nobody could look at.
pub(super) fn with_unreviewed(files: &[(&str, &str)], unreviewed: Vec<Unreviewed>) -> Vec<ReviewFinding> {
    let head = Snapshot { unreviewed, ..snapshot(&bytes(files)) };
    check(
        scan(&Material { head: &head, base: None, changes: &[], directory: "", dockerfile: dockerfile(&head) }),
        &head,
    )
}

fn bytes<'a>(files: &[(&'a str, &'a str)]) -> Vec<(&'a str, &'a [u8])> {
    files.iter().map(|(path, text)| (*path, text.as_bytes())).collect()
}

fn dockerfile(head: &Snapshot) -> Option<&'static str> {
    head.files.contains_key("Dockerfile").then_some("Dockerfile")
}

/// What holds for every finding: its quote stands in its file, on its lines.
pub(super) fn check(findings: Vec<ReviewFinding>, head: &Snapshot) -> Vec<ReviewFinding> {
    for finding in &findings {
        let (Some(quote), Some(path)) = (&finding.quote, &finding.path) else { continue };
        let content = &head.files[path.as_str()].content;
        let (start, end) = (finding.start_line.unwrap() as usize, finding.end_line.unwrap() as usize);
        let lines: Vec<&[u8]> = content.split(|byte| *byte == b'\n').collect();
        let named = lines[start - 1..end].join(&b'\n');
        assert!(!quote.is_empty() && quote.len() <= 1_000, "{finding:?}");
        assert!(named.windows(quote.len()).any(|window| window == quote.as_bytes()), "{finding:?} is not on its lines");
    }
    findings
}

/// Findings one a line: risk, category, place, title, and the quote on the next line.
pub(super) fn shown(findings: &[ReviewFinding]) -> String {
    let mut out = String::new();
    for finding in findings {
        let place = match (&finding.path, finding.start_line) {
            (Some(path), Some(line)) if finding.end_line != Some(line) => {
                format!("{path}:{line}-{}", finding.end_line.unwrap())
            }
            (Some(path), Some(line)) => format!("{path}:{line}"),
            (Some(path), None) => path.clone(),
            _ => "-".to_owned(),
        };
        writeln!(out, "{} {}: {}", finding.risk, place.escape_debug(), finding.title).unwrap();
        if let Some(quote) = &finding.quote {
            writeln!(out, "    | {}", quote.escape_debug().to_string().replace("\\'", "'").replace("\\\"", "\""))
                .unwrap();
        }
    }
    out
}

/// The findings of a full review as text.
pub(super) fn shown_full(files: &[(&str, &str)]) -> String {
    shown(&full(files))
}

/// The findings of a change as text.
pub(super) fn shown_diff(base: &[(&str, &str)], head: &[(&str, &str)]) -> String {
    shown(&diff(base, head))
}
