//! What lies between base and head, for `report.md`: commits, and files with their way into the image. See `view`: nothing is
//! escaped here.

use super::list::List;
use crate::escape::host::Pages;
use crate::output::count;
use crate::verdict::report::{ChangedFile, History, NewCommit, NewCommits, Reach, Reviewed};
use serde::Serialize;
use std::collections::BTreeMap;

/// The most items that are shown.
const MAX_COMMITS: usize = 10;
const MAX_AUTHORS: usize = 5;
const MAX_FILES: usize = 20;

/// A page with all changes, at hosts whose pages are known.
pub(super) fn compare(reviewed: &Reviewed) -> Option<String> {
    Pages::of(&reviewed.repository)?.compare(reviewed.base.as_ref()?, reviewed.head.as_ref()?)
}

#[derive(Debug, Serialize)]
pub(super) struct Commits<'r> {
    /// How many, or why nobody knows.
    count: String,
    why_not: Option<&'r str>,
    broken: bool,
    authors: List<&'r str>,
    dates: Option<String>,
    signed: Option<String>,
    latest: List<Commit<'r>>,
}

#[derive(Debug, Serialize)]
struct Commit<'r> {
    id: &'r str,
    url: Option<String>,
    date: &'r str,
    author: &'r str,
    subject: &'r str,
    signed: bool,
}

impl<'r> Commits<'r> {
    pub(super) fn of(reviewed: &'r Reviewed) -> Option<Self> {
        let nothing = |count: &str, why_not| Self {
            count: count.to_owned(),
            why_not,
            broken: false,
            authors: List::or_empty(None),
            dates: None,
            signed: None,
            latest: List::or_empty(None),
        };
        let new = match reviewed.history.as_ref()? {
            History::Known(new) => new,
            History::Gone => {
                return Some(nothing("not known: the repository no longer has the one reviewed before", None));
            }
            History::NotChecked(why) => return Some(nothing("not known", Some(why.as_str()))),
        };
        let pages = Pages::of(&reviewed.repository);
        let commits = &new.commits;
        Some(Self {
            count: counted(new),
            why_not: None,
            broken: !new.ancestor && !new.is_rollback(),
            authors: List::or_empty(List::new(authors(commits).into_iter(), MAX_AUTHORS)),
            dates: dates(commits),
            signed: (!commits.is_empty()).then(|| {
                let signed = commits.iter().filter(|commit| commit.signed).count();
                format!("{signed} of {} signed, by whom was not checked", commits.len())
            }),
            latest: List::or_empty(List::new(
                commits.iter().map(|commit| Commit::of(commit, pages.as_ref())),
                MAX_COMMITS,
            )),
        })
    }
}

impl<'r> Commit<'r> {
    fn of(commit: &'r NewCommit, pages: Option<&Pages>) -> Self {
        Self {
            id: commit.commit.short(),
            url: pages.and_then(|pages| pages.commit(&commit.commit)),
            date: commit.date.as_deref().and_then(day).unwrap_or("no date"),
            author: &commit.author,
            subject: &commit.subject,
            signed: commit.signed,
        }
    }
}

fn counted(new: &NewCommits) -> String {
    if new.is_rollback() {
        return "none: this commit is older than the one reviewed before".to_owned();
    }
    let commits = usize::try_from(new.total).unwrap_or(usize::MAX);
    if new.more { format!("at least {}", count(commits, "commit")) } else { count(commits, "commit") }
}

/// Those with the most commits first.
fn authors(commits: &[NewCommit]) -> Vec<&str> {
    let mut of: BTreeMap<&str, usize> = BTreeMap::new();
    for commit in commits {
        *of.entry(&commit.author).or_default() += 1;
    }
    let mut authors: Vec<_> = of.into_iter().collect();
    authors.sort_by_key(|(name, commits)| (std::cmp::Reverse(*commits), *name));
    authors.into_iter().map(|(name, _)| name).collect()
}

/// The day of a time in RFC 3339.
fn day(date: &str) -> Option<&str> {
    date.split_once('T').map(|(day, _)| day)
}

fn dates(commits: &[NewCommit]) -> Option<String> {
    let days = || commits.iter().filter_map(|commit| commit.date.as_deref().and_then(day));
    let (first, last) = (days().min()?, days().max()?);
    Some(if first == last { format!("of {first}") } else { format!("from {first} to {last}") })
}

/// The changed files: those that can reach the image first.
#[derive(Debug, Serialize)]
pub(super) struct Changes<'r> {
    counts: String,
    files: List<File<'r>>,
}

#[derive(Debug, Serialize)]
struct File<'r> {
    path: &'r str,
    change: &'static str,
    reach: String,
}

impl<'r> Changes<'r> {
    pub(super) fn of(reviewed: &'r Reviewed) -> Option<Self> {
        let mut files: Vec<&ChangedFile> = reviewed.changes.iter().collect();
        files.sort_by_key(|file| (file.reach, &file.path));
        let counts = Reach::ALL.into_iter().filter_map(|reach| {
            let files = files.iter().filter(|file| file.reach == reach).count();
            (files > 0).then(|| format!("{files} {}", summary(reach, files == 1)))
        });
        let counts: Vec<String> = counts.collect();
        let files = files.into_iter().map(|file| File {
            path: &file.path,
            change: file.change.as_str(),
            reach: match file.dockerfile_line {
                Some(line) => format!("line {line} of the Dockerfile takes it"),
                None => words(file.reach).to_owned(),
            },
        });
        List::new(files, MAX_FILES).map(|files| Self { counts: format!("{}.", counts.join(", ")), files })
    }
}

fn summary(reach: Reach, one: bool) -> &'static str {
    match (reach, one) {
        (Reach::Build, true) => "says how the image is built",
        (Reach::Build, false) => "say how the image is built",
        (Reach::Copied, _) => "can reach the image",
        (Reach::Unknown, _) => "may reach the image",
        (Reach::NotCopied, true) => "is not copied into it",
        (Reach::NotCopied, false) => "are not copied into it",
        (Reach::Ignored, true) => "is left out by .dockerignore",
        (Reach::Ignored, false) => "are left out by .dockerignore",
        (Reach::Outside, true) => "is outside the build context",
        (Reach::Outside, false) => "are outside the build context",
    }
}

fn words(reach: Reach) -> &'static str {
    match reach {
        Reach::Build => "says how the image is built",
        Reach::Copied => "the Dockerfile takes it",
        Reach::Unknown => "not known whether it reaches the image",
        Reach::NotCopied => "in the build context, and not copied",
        Reach::Ignored => "left out by .dockerignore",
        Reach::Outside => "outside the build context",
    }
}
