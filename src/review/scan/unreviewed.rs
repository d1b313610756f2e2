//! Content that nobody could look at: what was not exported, or not as it is.
//!
//! Why: no verdict holds for what was not seen. How dangerous that is depends on whether the content can run: code that was too large
//! to export is `medium`, a video is `info`. Source: [`crate::snapshot::Reason`].

use super::hidden_text::about_path;
use super::language::Language;
use super::place::Place;
use super::sink::{Kept, PER_CHECK, Said};
use crate::snapshot::{Material, Reason, Unreviewed};
use crate::verdict::{Category, Confidence, Risk};
use std::collections::BTreeSet;

/// Endings of what does not run: pictures, sound, video, fonts, documents.
const MEDIA: &[&str] = &[
    "png", "jpg", "jpeg", "gif", "webp", "avif", "ico", "bmp", "tif", "tiff", "psd", "mp4", "webm", "mov", "mkv",
    "mp3", "wav", "ogg", "flac", "ttf", "otf", "woff", "woff2", "eot", "pdf", "docx", "xlsx", "pptx", "csv", "tsv",
    "parquet", "txt", "md", "log", "jsonl", "ndjson",
];

pub(super) fn is_media(path: &str) -> bool {
    path.rsplit_once('.').is_some_and(|(_, ending)| MEDIA.contains(&ending.to_ascii_lowercase().as_str()))
}

/// Says each, but for those that the base had.
pub(super) fn check(material: &Material<'_>, kept: &mut Kept) {
    let known: BTreeSet<&Unreviewed> = material.base.iter().flat_map(|base| &base.unreviewed).collect();
    for unreviewed in material.head.unreviewed.iter().filter(|unreviewed| !known.contains(unreviewed)) {
        kept.push(about_path(&unreviewed.path, said(unreviewed)), PER_CHECK);
    }
}

fn said(unreviewed: &Unreviewed) -> Said {
    let (path, detail) = (unreviewed.path.as_str(), unreviewed.detail.as_str());
    let place = Place::of(path, Language::of(path, b""));
    let (what, risk) = match unreviewed.reason {
        Reason::Submodule => {
            ("a commit of another repository stands here, and is not part of this review", place.risk(Risk::Medium))
        }
        Reason::LfsPointer if is_media(path) => ("the content is kept elsewhere (Git LFS)", Risk::Info),
        Reason::LfsPointer => ("the content is kept elsewhere (Git LFS)", place.risk(Risk::Medium)),
        Reason::FileTooLarge if is_media(path) => ("the file is too large to be reviewed", Risk::Info),
        Reason::FileTooLarge => ("the file is too large to be reviewed", place.risk(Risk::Medium)),
        Reason::TooManyBytes | Reason::TooManyFiles | Reason::TooDeep | Reason::PathTooLong => {
            ("the repository is larger than what is reviewed, and this part was left out", Risk::Medium)
        }
        Reason::Damaged => ("an object of the repository cannot be read", Risk::Medium),
        Reason::Symlink if leaves(path, detail) => ("a symbolic link leads out of the repository", Risk::Medium),
        Reason::Symlink => ("a symbolic link was exported as a text", Risk::Info),
        Reason::UnusableName => ("the name cannot be a file's everywhere", Risk::Low),
        Reason::NameCollision => ("two names are one on some systems, so that one of two files is there", Risk::Medium),
    };
    let more = if detail.is_empty() {
        String::new()
    } else {
        format!(" More about it: {}.", detail.chars().take(500).collect::<String>())
    };
    Said {
        title: format!("Not reviewed: {what}"),
        risk,
        category: Category::Unreviewed,
        confidence: Confidence::High,
        impact: format!("Nothing can be said about it, and it may be built into the image.{more}"),
        recommendation: "Find out whether the build uses it. If it does, review it by hand, or ask for it to be kept as plain files.".to_owned(),
    }
}

/// Whether a link at `path` points outside of its repository, by its words.
fn leaves(path: &str, detail: &str) -> bool {
    let target = detail.rsplit(['`', '"', ' ']).find(|word| !word.is_empty()).unwrap_or(detail);
    if target.starts_with('/') || target.starts_with('~') {
        return true;
    }
    let mut depth = i64::try_from(path.matches('/').count()).unwrap_or(i64::MAX);
    for part in target.split('/') {
        match part {
            ".." => depth -= 1,
            "" | "." => {}
            _ => depth += 1,
        }
        if depth < 0 {
            return true;
        }
    }
    false
}

#[cfg(test)]
mod tests {
    use crate::review::scan::testing::{diff_snapshots, shown, snapshot, with_unreviewed};
    use crate::snapshot::{Reason, Snapshot, Unreviewed};

    fn one(path: &str, reason: Reason, detail: &str) -> Unreviewed {
        Unreviewed { path: path.to_owned(), reason, detail: detail.to_owned() }
    }

    #[test]
    fn risk_is_by_reason_and_by_what_can_run() {
        let all = vec![
            one("vendor/lib", Reason::Submodule, "https://acme.io/lib at 1234"),
            one("a.js", Reason::FileTooLarge, "6 MB"),
            one("a.mp4", Reason::FileTooLarge, "60 MB"),
            one("tests/a.bin", Reason::LfsPointer, "1 MB"),
            one("logo.png", Reason::LfsPointer, "1 MB"),
            one("x/y", Reason::Symlink, "../z"),
            one("x/env", Reason::Symlink, "../../proc/self/environ"),
            one("abs", Reason::Symlink, "/etc/passwd"),
            one("README.md", Reason::NameCollision, "readme.md"),
            one("deep", Reason::TooDeep, ""),
        ];
        insta::assert_snapshot!(shown(&with_unreviewed(&[], all)), @r"
        medium README.md: Not reviewed: two names are one on some systems, so that one of two files is there
        medium a.js: Not reviewed: the file is too large to be reviewed
        medium abs: Not reviewed: a symbolic link leads out of the repository
        medium deep: Not reviewed: the repository is larger than what is reviewed, and this part was left out
        medium vendor/lib: Not reviewed: a commit of another repository stands here, and is not part of this review
        medium x/env: Not reviewed: a symbolic link leads out of the repository
        low tests/a.bin: Not reviewed: the content is kept elsewhere (Git LFS)
        info a.mp4: Not reviewed: the file is too large to be reviewed
        info logo.png: Not reviewed: the content is kept elsewhere (Git LFS)
        info x/y: Not reviewed: a symbolic link was exported as a text
        ");
    }

    #[test]
    fn what_the_base_had_is_not_said_again() {
        let with = |detail: &str| Snapshot { unreviewed: vec![one("lib", Reason::Submodule, detail)], ..snapshot(&[]) };
        assert_eq!(shown(&diff_snapshots(&with("1"), &with("1"))), "");
        insta::assert_snapshot!(shown(&diff_snapshots(&with("1"), &with("2"))), @"medium lib: Not reviewed: a commit of another repository stands here, and is not part of this review");
    }
}
