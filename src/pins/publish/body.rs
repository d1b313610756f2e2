//! Title and text of a pull request.
//!
//! Nearly everything in it is upstream's choice. Only the template makes structure; every value is escaped by the engine that
//! renders it ([`crate::escape::template`]), and the machine block stands before it.

use super::block::Block;
use super::name::{self, Step};
use crate::escape::host::Pages;
use crate::escape::{inert_code, markdown, template};
use crate::pins::facts::{Change, CommitLine, License};
use crate::pins::plan::Decision;
use crate::sync::block;
use crate::text::cut;
use minijinja::value::Serde;
use serde::Serialize;

const TEMPLATE: &str = include_str!("pull_request.md");

/// The most bytes of a text. GitHub takes 65,536 characters; the rest is left for the block, and for a note when it is closed.
pub(super) const MAX_BYTES: usize = 60_000;

/// How many commits and paths are shown: the first that fits.
const SHOWN: &[(usize, usize)] = &[(50, 50), (30, 30), (15, 15), (5, 5), (0, 0)];

/// Title and text, without the block.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Text {
    pub(super) title: String,
    pub(super) text: String,
}

impl Text {
    /// See [`Block::text`].
    pub(super) fn digest(&self) -> String {
        block::digest(&self.title, &self.text)
    }
}

/// The whole text, as it goes to GitHub.
pub(super) fn with_block(block: &Block, text: &Text) -> String {
    bounded(format!("{}\n\n{}", block::write(block), text.text))
}

/// A text that GitHub takes, whatever people added to it.
pub(super) fn bounded(text: String) -> String {
    cut(&text, 65_000).into_owned()
}

/// Title and text for a step.
pub(super) fn text(decision: &Decision, step: &Step) -> Text {
    let title = name::title(decision, &step.new);
    let environment = template::environment();
    let mut text = String::new();
    for (commits, paths) in SHOWN {
        let view = View::new(decision, step, *commits, *paths);
        text = match environment.render_str(TEMPLATE, Serde(&view)) {
            Ok(text) => inert_code(text.trim_end()) + "\n",
            // The template is part of the program and tests render it, so that it cannot fail.
            Err(error) => format!("The text could not be rendered: {}\n", markdown(&error.to_string())),
        };
        if text.len() <= MAX_BYTES {
            break;
        }
    }
    // A code span keeps its text as it is. What could look like a block to a program is broken even there.
    Text { title, text: text.replace("<!--", "<!-\u{200b}-") }
}

/// What the template is filled with.
#[derive(Debug, Serialize)]
struct View<'a> {
    entry: &'a str,
    path: &'a str,
    project: &'a str,
    project_url: Option<&'a str>,
    branch: &'a str,
    directory: &'a str,
    old: &'a str,
    new: &'a str,
    old_url: Option<String>,
    new_url: Option<String>,
    range: String,
    compare_url: Option<String>,
    history_url: Option<String>,
    urgent: bool,
    check: Option<&'a str>,
    change: Option<ChangeView<'a>>,
}

#[derive(Debug, Serialize)]
struct ChangeView<'a> {
    ancestor: bool,
    pin_known: bool,
    archived: bool,
    license: &'static str,
    license_path: &'a str,
    commits: Vec<CommitView<'a>>,
    commits_total: u64,
    commits_cut: bool,
    commits_shown: usize,
    commits_more: bool,
    kinds: Vec<KindView<'a>>,
    paths: Vec<&'a str>,
    paths_total: u64,
    paths_cut: bool,
    paths_shown: usize,
    paths_more: bool,
}

#[derive(Debug, Serialize)]
struct CommitView<'a> {
    id: &'a str,
    url: Option<String>,
    date: String,
    author: &'a str,
    subject: &'a str,
    signed: bool,
}

/// Files that a reviewer wants to know of.
#[derive(Debug, Serialize)]
struct KindView<'a> {
    name: &'static str,
    paths: Vec<&'a str>,
    more: usize,
}

impl<'a> View<'a> {
    fn new(decision: &'a Decision, step: &'a Step, commits: usize, paths: usize) -> Self {
        let Step { old, new } = step;
        let project = decision.project.as_deref().unwrap_or_default();
        let pages = Pages::of(project);
        let pages = pages.as_ref();
        let branch = decision.branch.as_deref().unwrap_or_default();
        let directory = decision.directory.as_str();
        Self {
            entry: &decision.entry,
            path: &decision.path,
            project,
            project_url: pages.map(|_| project),
            branch: branch.strip_prefix("refs/heads/").unwrap_or(branch),
            directory,
            old: old.as_str(),
            new: new.as_str(),
            old_url: pages.and_then(|pages| pages.commit(old)),
            new_url: pages.and_then(|pages| pages.commit(new)),
            range: format!("{}...{}", old.short(), new.short()),
            compare_url: pages.and_then(|pages| pages.compare(old, new)),
            history_url: pages.and_then(|pages| pages.history(new, directory)),
            urgent: decision.urgent,
            check: decision.check.as_deref(),
            change: decision.change.as_ref().map(|change| ChangeView::new(change, pages, commits, paths)),
        }
    }
}

impl<'a> ChangeView<'a> {
    fn new(change: &'a Change, pages: Option<&Pages>, commits: usize, paths: usize) -> Self {
        let files = &change.files;
        let (license, license_path) = match &change.license {
            License::Same => ("same", ""),
            License::Added(path) => ("added", path.as_str()),
            License::Changed(path) => ("changed", path.as_str()),
            License::Removed(path) => ("removed", path.as_str()),
            License::Unknown(path) => ("unknown", path.as_str()),
        };
        let kinds = [
            ("Dockerfiles", &files.dockerfiles),
            ("Lock files", &files.locks),
            ("Install scripts", &files.install),
            ("Continuous integration", &files.ci),
        ];
        let shown = commits.min(change.commits.len());
        let named = paths.min(files.paths.len());
        Self {
            ancestor: change.ancestor,
            pin_known: change.pin_known,
            archived: change.archived == Some(true),
            license,
            license_path,
            commits: change.commits.iter().take(commits).map(|line| CommitView::new(line, pages)).collect(),
            commits_total: change.commits_total,
            commits_cut: change.commits_cut,
            commits_shown: shown,
            commits_more: change.commits_total > shown as u64 || change.commits_cut,
            kinds: kinds.into_iter().map(|(name, all)| KindView::new(name, all, paths.min(20))).collect(),
            paths: files.paths.iter().take(paths).map(String::as_str).collect(),
            paths_total: files.total,
            paths_cut: files.cut,
            paths_shown: named,
            paths_more: files.total > named as u64 || files.cut,
        }
    }
}

impl<'a> CommitView<'a> {
    fn new(line: &'a CommitLine, pages: Option<&Pages>) -> Self {
        Self {
            id: line.id.short(),
            url: pages.and_then(|pages| pages.commit(&line.id)),
            date: line.date.map_or("no date".to_owned(), |date| date.format("%Y-%m-%d").to_string()),
            author: &line.author,
            subject: &line.subject,
            signed: line.signed,
        }
    }
}

impl<'a> KindView<'a> {
    fn new(name: &'static str, all: &'a [String], most: usize) -> Self {
        Self { name, paths: all.iter().take(most).map(String::as_str).collect(), more: all.len().saturating_sub(most) }
    }
}

#[cfg(test)]
mod tests;
