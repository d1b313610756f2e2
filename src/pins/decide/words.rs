//! Facts in words.

use crate::pins::facts::{Change, Files};
use crate::pins::pinned::Pinned;
use chrono::{DateTime, Utc};
use std::collections::BTreeSet;
use std::time::Duration;

/// A moment, to the minute.
pub(in crate::pins) fn instant(time: DateTime<Utc>) -> String {
    time.format("%Y-%m-%d %H:%M UTC").to_string()
}

/// A span as people write it: `24h`, `7d`, `90s`.
pub(in crate::pins) fn spoken(span: Duration) -> String {
    let seconds = span.as_secs();
    match seconds {
        172_800.. if seconds.is_multiple_of(86_400) => format!("{}d", seconds / 86_400),
        3600.. if seconds.is_multiple_of(3600) => format!("{}h", seconds / 3600),
        60.. if seconds.is_multiple_of(60) => format!("{}m", seconds / 60),
        _ => format!("{seconds}s"),
    }
}

fn counted(count: u64, cut: bool, noun: &str) -> String {
    let least = if cut { "at least " } else { "" };
    let plural = if count == 1 && !cut { "" } else { "s" };
    format!("{least}{count} {noun}{plural}")
}

/// `4 commits`.
fn commits(change: &Change) -> String {
    counted(change.commits_total, change.commits_cut, "commit")
}

/// `4 commits by 2 authors changed 7 files in `src`, among them the Dockerfile`.
pub(super) fn changed(pinned: &Pinned, change: &Change) -> String {
    let authors: BTreeSet<&str> = change.commits.iter().map(|commit| &*commit.author).collect();
    let is_all = !change.commits_cut && change.commits_total == change.commits.len() as u64;
    let by = match authors.len() {
        0 => String::new(),
        count => format!(" by {}", counted(count as u64, !is_all, "author")),
    };
    let directory = match &*pinned.directory {
        "" => String::new(),
        directory => format!(" in `{directory}`"),
    };
    let Files { total, cut, dockerfiles, locks, install, ci, .. } = &change.files;
    let kinds = [("Dockerfile", dockerfiles), ("lock files", locks), ("install scripts", install), ("CI", ci)];
    let kinds: Vec<&str> = kinds.into_iter().filter(|(_, paths)| !paths.is_empty()).map(|(name, _)| name).collect();
    let kinds = if kinds.is_empty() { String::new() } else { format!("; of note: {}", kinds.join(", ")) };
    let files = match (*total, *cut) {
        // Too many to have compared any.
        (0, true) => "files".to_owned(),
        (total, cut) => counted(total, cut, "file"),
    };
    format!("{}{by} changed {files}{directory}{kinds}", commits(change))
}
