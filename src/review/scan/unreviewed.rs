//! Content that nobody could look at: what was not exported, or not as it is.
//!
//! Why: no verdict holds for what was not seen. How dangerous that is depends on whether the content can run: code that was too large
//! to export is `medium` and makes the review incomplete ([`crate::verdict::judge`]), a video is `info`. Source: [`crate::snapshot::Reason`].

use super::hidden_text::about_path;
use super::place::Place;
use super::sink::{Kept, PER_CHECK, Said};
use crate::snapshot::language::{Language, is_inert, is_media};
use crate::snapshot::{Material, Reason, Unreviewed};
use crate::text::cut;
use crate::verdict::{Category, Confidence, Risk};
use std::collections::BTreeSet;
use std::ops::Bound;

/// Says each, but for those that the base had.
pub(super) fn check(material: &Material<'_>, kept: &mut Kept) {
    let known: BTreeSet<&Unreviewed> = material.base.iter().flat_map(|base| &base.unreviewed).collect();
    for unreviewed in material.head.unreviewed.iter().filter(|unreviewed| !known.contains(unreviewed)) {
        let said = match link(material, unreviewed) {
            Some(where_to) => said_of_link(unreviewed, where_to),
            None => said(unreviewed),
        };
        kept.push(about_path(&unreviewed.path, said), PER_CHECK);
    }
}

/// Files that package managers obey, though they are no code by their ending.
const OBEYED: &[&str] = &[
    "package.json",
    "pyproject.toml",
    "setup.cfg",
    "composer.json",
    "binding.gyp",
    ".npmrc",
    "cargo.toml",
    "go.mod",
    "requirements.txt",
];

/// What is odd about a link.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Odd {
    /// It points out of the repository.
    Leaves,
    /// Its name is a program's, and what it points to is none by its own name: no check reads that as one.
    NoProgram,
    /// Its name is a program's, and what it points to is not part of the review.
    NotHere,
}

/// So many links may lead to one another.
const HOPS: usize = 8;

/// What is odd about the link that an entry of the list is; none for other entries, and for usual links.
fn link(material: &Material<'_>, unreviewed: &Unreviewed) -> Option<Odd> {
    if unreviewed.reason != Reason::Symlink {
        return None;
    }
    let (mut path, mut words) = (unreviewed.path.clone(), target(material, unreviewed));
    if leaves(&path, &words) {
        return Some(Odd::Leaves);
    }
    let name = |path: &str| path.rsplit('/').next().unwrap_or(path).to_ascii_lowercase();
    if !Language::of(&path, b"").is_code() && !OBEYED.contains(&name(&path).as_str()) {
        return None;
    }
    for _ in 0..HOPS {
        path = joined(&path, &words);
        let is_missing = |left_out: &Unreviewed| left_out.path == path && !left_out.reason.is_exported();
        let file = material.head.files.get(path.as_str());
        match file {
            Some(file) if file.link => words = link_text(&file.content),
            Some(file) => {
                let reads_alike = Language::of(&path, &file.content) == Language::of(&unreviewed.path, b"")
                    && Language::of(&path, &file.content).is_code();
                let is_same = name(&path) == name(&unreviewed.path);
                return match (reads_alike || is_same, material.head.unreviewed.iter().any(is_missing)) {
                    (true, false) => None,
                    (_, true) => Some(Odd::NotHere),
                    (false, false) => Some(Odd::NoProgram),
                };
            }
            // A folder may have any name.
            None if holds(material, &path) => return None,
            None => return Some(Odd::NotHere),
        }
    }
    Some(Odd::NotHere)
}

/// Whether there are files below a folder.
fn holds(material: &Material<'_>, folder: &str) -> bool {
    let below = format!("{folder}/");
    let mut after = material.head.files.range::<str, _>((Bound::Included(below.as_str()), Bound::Unbounded));
    after.next().is_some_and(|(path, _)| path.starts_with(&below))
}

/// Where a link points, by the text that stands for it; else by what is listed of it, which may be cut.
fn target(material: &Material<'_>, unreviewed: &Unreviewed) -> String {
    match material.head.files.get(unreviewed.path.as_str()) {
        Some(file) if file.link => link_text(&file.content),
        _ => {
            let detail = unreviewed.detail.as_str();
            detail.strip_prefix("points to ").unwrap_or(detail).to_owned()
        }
    }
}

fn link_text(content: &[u8]) -> String {
    let text = String::from_utf8_lossy(content);
    let text = text.strip_suffix('\n').unwrap_or(&text);
    text.strip_prefix("symbolic link to ").unwrap_or(text).to_owned()
}

/// The path that a link at `path` leads to, without `.` and `..`.
fn joined(path: &str, words: &str) -> String {
    let mut parts: Vec<&str> = path.split('/').collect();
    parts.pop();
    for part in words.split('/') {
        match part {
            "" | "." => {}
            ".." => {
                parts.pop();
            }
            _ => parts.push(part),
        }
    }
    parts.join("/")
}

fn said_of_link(unreviewed: &Unreviewed, odd: Odd) -> Said {
    let place = Place::of(&unreviewed.path, Language::of(&unreviewed.path, b""));
    let (what, risk) = match odd {
        Odd::Leaves => ("a symbolic link leads out of the repository", Risk::Medium),
        Odd::NoProgram => (
            "a symbolic link with the name of a program points to a file that was not read as one",
            place.risk(Risk::Medium),
        ),
        Odd::NotHere => {
            ("a symbolic link with the name of a program points to what is not here", place.risk(Risk::Medium))
        }
    };
    Said { title: format!("Not reviewed: {what}"), risk, ..said(unreviewed) }
}

fn said(unreviewed: &Unreviewed) -> Said {
    let (path, detail) = (unreviewed.path.as_str(), unreviewed.detail.as_str());
    let place = Place::of(path, Language::of(path, b""));
    let (what, risk) = match unreviewed.reason {
        Reason::Submodule => {
            ("a commit of another repository stands here, and is not part of this review", place.risk(Risk::Medium))
        }
        Reason::LfsPointer if is_inert(path) => ("the content is kept elsewhere (Git LFS)", Risk::Info),
        Reason::LfsPointer => ("the content is kept elsewhere (Git LFS)", place.risk(Risk::Medium)),
        Reason::FileTooLarge if is_inert(path) => ("the file is too large to be reviewed", Risk::Info),
        Reason::FileTooLarge => ("the file is too large to be reviewed", place.risk(Risk::Medium)),
        Reason::TooManyBytes | Reason::TooManyFiles | Reason::TooDeep | Reason::PathTooLong => {
            ("the repository is larger than what is reviewed, and this part was left out", Risk::Medium)
        }
        Reason::Damaged if is_media(path) => ("a picture, sound, video or font cannot be read", place.risk(Risk::Low)),
        Reason::Damaged => ("an object of the repository cannot be read", Risk::Medium),
        Reason::Symlink => ("a symbolic link was exported as a text", Risk::Info),
        Reason::UnusableName => ("the name cannot be a file's everywhere", Risk::Low),
        Reason::NameCollision => ("two names are one on some systems, so that one of two files is there", Risk::Medium),
    };
    let more = if detail.is_empty() { String::new() } else { format!(" More about it: {}.", cut(detail, 500)) };
    Said {
        title: format!("Not reviewed: {what}"),
        risk,
        category: Category::Unreviewed,
        confidence: Confidence::High,
        impact: format!("Nothing can be said about it, and it may be built into the image.{more}"),
        recommendation: "Find out whether the build uses it. If it does, review it by hand, or ask for it to be kept as plain files.".to_owned(),
    }
}

/// Whether a link at `path` points outside of its repository.
fn leaves(path: &str, target: &str) -> bool {
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
mod tests;
