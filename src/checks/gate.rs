//! The gate: the one check that branch protection asks for, concluded of all others.
//!
//! GitHub lets a check that is neutral or skipped satisfy branch protection, and takes a check of the right name from whoever
//! makes it. The gate does neither: it reads every check run of the registry's own App on the very commit, asks for each that
//! the change needs, and for a person where a risk is above what the policy accepts.

mod judge;
mod word;

pub(crate) use judge::{Line, State, worst_of};
pub(crate) use word::{MOST_ASKED, Word, decided, word};

use super::names::Analysis;
use super::outcome::{Outcome, Wanted};
use super::publish::{check_app, standing};
use super::{ChecksError, runs};
use crate::escape::{markdown, markdown_code};
use crate::github::GithubError;
use crate::github::registry::{Registry, Standing};
use crate::ids::CommitSha;
use crate::sync::Runner;
use crate::verdict::{Conclusion, Risk};
use std::sync::Arc;

/// How often it is looked again whether what was written still holds.
const MAX_LOOKS: usize = 4;

/// Where the gate stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Place {
    /// Before a pull request: at its head.
    Pull(Option<u64>),
    /// In the merge queue: at the commit of this pull request's group. What its head was found to be counts there, as long as
    /// the entries are the same.
    Group(u64),
}

#[derive(Debug, Clone)]
pub(crate) struct Request {
    pub(crate) place: Place,
    /// The commit that is to be merged: the pull request's head, or the group's.
    pub(crate) head: CommitSha,
    pub(crate) app: u64,
    pub(crate) allow_actions_app: bool,
    /// What the change needs.
    pub(crate) required: Vec<(Analysis, Arc<str>)>,
    /// What the change does besides, which people decide: files outside of entries, entries that go away; and what it is.
    pub(crate) outside: Vec<(String, &'static str)>,
    /// What failed before the gate was asked, if something did: a group that does not validate.
    pub(crate) failed: Option<String>,
    pub(crate) gate_risk: Risk,
    pub(crate) dry_run: bool,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Gate {
    pub(crate) pull: u64,
    /// None while it waits.
    pub(crate) conclusion: Option<Conclusion>,
    pub(crate) lines: Vec<Line>,
    pub(crate) word: Option<Word>,
    /// Whether something was to be written.
    pub(crate) written: bool,
}

/// Judges, and says so on GitHub.
///
/// # Errors
/// When the pull request is not what was judged, or GitHub does not do its part.
pub(crate) async fn gate(registry: &Registry, request: &Request) -> Result<Gate, ChecksError> {
    registry.open().await?;
    check_app(registry, request.app, request.allow_actions_app).await?;
    let (pull, moved) = match request.place {
        Place::Pull(number) => (standing(registry, number, &request.head).await?, Vec::new()),
        Place::Group(number) => {
            let pull = registry.standing(number).await?.ok_or(ChecksError::NoPull(number))?;
            let moved = changed_entries(registry, &pull, request).await?;
            (pull, moved)
        }
    };
    let mut runner = Runner::new(registry, request.dry_run);
    let mut last: Option<Gate> = None;
    // What was read may be old by the time that it is written: it is read again after, until it says the same.
    for _ in 0..MAX_LOOKS {
        let judged = look(registry, request, &pull, &moved).await?;
        if last.as_ref().is_some_and(|last| last.lines == judged.lines && last.word == judged.word) {
            break;
        }
        let wanted = Wanted { of: None, outcome: outcome(judged.conclusion, &judged.lines, judged.word.as_ref()) };
        let settled = runs::settle(registry, &mut runner, &wanted, (&request.head, request.app), None);
        let written = settled.await? || last.as_ref().is_some_and(|last| last.written);
        last = Some(Gate { written, ..judged });
        if !written {
            break;
        }
    }
    last.ok_or(ChecksError::Github(GithubError::Unexpected("a gate that nobody looked at")))
}

/// What is to be said now.
async fn look(
    registry: &Registry,
    request: &Request,
    pull: &Standing,
    moved: &[Arc<str>],
) -> Result<Gate, ChecksError> {
    let runs = registry.check_runs(&pull.head, None, request.app).await?;
    let pull_now = registry.standing(pull.number).await?.ok_or(ChecksError::NoPull(pull.number))?;
    let word = word(registry, &pull_now, &runs).await?.filter(|_| pull_now.head == pull.head);
    let facts = judge::Facts {
        required: &request.required,
        runs: &runs,
        outside: &request.outside,
        moved,
        is_spoken_for: word.is_some(),
        gate_risk: request.gate_risk,
    };
    let mut lines = judge::judge(&facts);
    let failed = request.failed.iter().cloned();
    lines.extend(failed.map(|name| Line {
        name,
        state: State::Failed,
        why: "failed before the gate was asked".to_owned(),
    }));
    let conclusion = judge::conclusion(&lines);
    Ok(Gate { pull: pull.number, conclusion, lines, word, written: false })
}

/// The entries that are not in the group what they are at the head of the pull request, where they were looked at.
async fn changed_entries(
    registry: &Registry,
    pull: &Standing,
    request: &Request,
) -> Result<Vec<Arc<str>>, ChecksError> {
    let mut changed = Vec::new();
    let (before, after) = (folders(registry, &pull.head).await?, folders(registry, &request.head).await?);
    for (_, entry) in &request.required {
        let of = |folders: &[(String, String)]| folders.iter().find(|(name, _)| **name == **entry).cloned();
        if of(&before).is_none() || of(&before) != of(&after) {
            changed.push(entry.clone());
        }
    }
    changed.dedup();
    Ok(changed)
}

/// The folders of the entries at a commit: name and tree of each.
async fn folders(registry: &Registry, commit: &CommitSha) -> Result<Vec<(String, String)>, GithubError> {
    let object = registry.commit(commit).await?.ok_or(GithubError::Unexpected("a commit that is not there"))?;
    let root = registry.tree(&object.tree).await?;
    let Some(servers) = root.into_iter().find(|item| item.path == crate::entry::SERVERS) else { return Ok(Vec::new()) };
    let items = registry.tree(servers.sha.as_str()).await?;
    Ok(items.into_iter().map(|item| (item.path, item.sha.to_string())).collect())
}

/// The check run of the gate.
fn outcome(conclusion: Option<Conclusion>, lines: &[Line], word: Option<&Word>) -> Outcome {
    let mut left: Vec<&Line> = lines.iter().filter(|line| line.state != State::Passed).collect();
    // What decides the conclusion is what the title says.
    left.sort_by_key(|line| line.state != State::Failed);
    let title = match (conclusion, left.first()) {
        (Some(Conclusion::Success), _) => "everything that is asked for has passed".to_owned(),
        (_, Some(first)) if left.len() == 1 => format!("{}: {}", first.name, first.why),
        (_, Some(first)) => format!("{}: {}; and {} more", first.name, first.why, left.len() - 1),
        (_, None) => "nothing is known".to_owned(),
    };
    let mut summary = String::from("| | | |\n|---|---|---|\n");
    for line in lines.iter().take(500) {
        let row = format!("| {} | {} | {} |\n", line.state.word(), markdown_code(&line.name), markdown(&line.why));
        summary.push_str(&row);
    }
    if let Some(word) = word {
        summary.push_str(&format!("\n{}\n", markdown(&word.to_string())));
    }
    Outcome::plain(conclusion, title, summary)
}
