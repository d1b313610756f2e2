//! Reads a plan that another process wrote. It speaks with a token behind it, so nothing in it is believed that can be
//! checked: what does not hold together is refused as a whole.

use super::{Decision, Plan, VERSION};
use crate::entry::source::relative;
use crate::entry::{MANIFEST, SERVERS};
use crate::escape::visible_json;
use crate::git::upstream::Upstream;
use crate::pins::facts::{Change, License, MAX_COMMITS, MAX_PATH, MAX_PATHS, MAX_TEXT};
use crate::pins::reason::Reason;
use crate::text::cut;
use chrono::{DateTime, Datelike as _, Utc};
use serde::Deserialize;

/// The most bytes of a plan that are read. [`Plan::fit`] keeps what is written below it.
pub(crate) const MAX_BYTES: u64 = 16 << 20;
/// The most decisions of a plan.
const MAX_DECISIONS: usize = 100_000;
/// Characters of a sentence, an address or a ref's name.
const MAX_SENTENCE: usize = 4_000;

/// Why a text is not a plan.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PlanError {
    /// It is of another version.
    #[error("it is of version {0}; this program reads version {VERSION}")]
    Version(u64),
    /// It is not of the format. The parser's words.
    #[error("it is not a plan of `update-pins`: {0}")]
    Foreign(String),
    /// It is of the format, and does not hold together.
    #[error("decision {index} ({entry}): {problem}")]
    Inconsistent {
        /// Which decision, counted from 1.
        index: usize,
        /// Its entry, cut to what a message can show.
        entry: String,
        problem: &'static str,
    },
    /// It has results in it.
    #[error("it was published already: decision {index} ({entry}) is `{reason}`, which is what came of it")]
    Published {
        /// Which decision, counted from 1.
        index: usize,
        entry: String,
        reason: Reason,
    },
}

impl Plan {
    /// Reads a plan that was made and not yet published.
    ///
    /// # Errors
    /// When it is anything else, or more than such a run writes.
    pub fn parse(text: &str) -> Result<Self, PlanError> {
        #[derive(Deserialize)]
        struct Head {
            version: u64,
        }
        let foreign = |error: serde_json::Error| PlanError::Foreign(error.to_string());
        if text.len() as u64 > MAX_BYTES {
            return Err(PlanError::Foreign(format!("it has more than {MAX_BYTES} bytes")));
        }
        let Head { version } = serde_json::from_str(text).map_err(foreign)?;
        if version != u64::from(VERSION) {
            return Err(PlanError::Version(version));
        }
        let plan: Self = serde_json::from_str(text).map_err(foreign)?;
        if plan.decisions.len() > MAX_DECISIONS {
            return Err(PlanError::Foreign(format!("it has more than {MAX_DECISIONS} decisions")));
        }
        let mut before: Option<&str> = None;
        for (index, decision) in (1..).zip(&plan.decisions) {
            let entry = || cut(&decision.entry, MAX_TEXT).into_owned();
            let wrong = |problem| PlanError::Inconsistent { index, entry: entry(), problem };
            if before.is_some_and(|before| before >= &*decision.entry) {
                return Err(wrong("decisions are sorted by entry, and each entry has one"));
            }
            before = Some(&decision.entry);
            check(decision).map_err(wrong)?;
            if is_result(decision.reason) || decision.pull.is_some() {
                return Err(PlanError::Published { index, entry: entry(), reason: decision.reason });
            }
        }
        Ok(plan)
    }

    /// The plan as a file has it.
    ///
    /// What strangers wrote is in it (subjects, authors, paths), and it may end in a log: nothing of it moves, hides, or commands
    /// there.
    #[must_use]
    pub fn to_json(&self) -> String {
        visible_json(self)
    }
}

/// Whether only publishing finds this.
fn is_result(reason: Reason) -> bool {
    matches!(
        reason,
        Reason::Opened | Reason::Unchanged | Reason::HumanEdits | Reason::ClosedByHuman | Reason::OverLimit
    )
}

/// Whether a decision holds together; if not, what is wrong.
pub(super) fn check(decision: &Decision) -> Result<(), &'static str> {
    let name = &decision.entry;
    // Names that are not fit for a path are those of entries that could not be read.
    if name.is_empty() || name.len() > MAX_PATH || name.contains('/') || matches!(&**name, "." | "..") {
        return Err("this is not the name of an entry");
    }
    if decision.path != format!("{SERVERS}/{name}/{MANIFEST}") {
        return Err("`path` is not the entry's manifest");
    }
    if decision.detail.chars().count() > MAX_SENTENCE {
        return Err("`detail` is too long");
    }
    if decision.check.as_ref().is_some_and(|check| check.chars().count() > MAX_SENTENCE) {
        return Err("`check` is too long");
    }
    if let Some(project) = &decision.project {
        let known = project.len() <= MAX_SENTENCE && matches!(Upstream::parse(project), Ok(Upstream::Remote(_)));
        if !known {
            return Err("`project` is not the https address of a repository");
        }
    }
    if let Some(branch) = &decision.branch
        && (!branch.starts_with("refs/") || branch.len() > MAX_SENTENCE || branch.chars().any(char::is_control))
    {
        return Err("`branch` is not the full name of a ref");
    }
    if relative("directory", &decision.directory).as_ref() != Ok(&decision.directory) {
        return Err("`directory` is not a path in a repository");
    }
    if decision.first_seen.is_some_and(|time| !is_date(&time)) {
        return Err("`first_seen` is in no year of four digits");
    }
    if decision.reason.moves() {
        let all = decision.project.is_some()
            && decision.branch.is_some()
            && decision.old.is_some()
            && decision.new.is_some()
            && decision.change.is_some();
        if !all {
            return Err("the pin moves, and `project`, `branch`, `old`, `new` or `change` is missing");
        }
        if decision.old == decision.new {
            return Err("the pin moves, and `old` and `new` are the same");
        }
    }
    let Some(change) = &decision.change else { return Ok(()) };
    check_change(change)?;
    if decision.reason.moves() && !fits(decision.reason, change) {
        return Err("the pin moves, and `change` says that it must not, or why people have to look");
    }
    Ok(())
}

/// Whether a pin may move for this reason if this is what is between the commits.
fn fits(reason: Reason, change: &Change) -> bool {
    let flag = match (change.ancestor, &change.license) {
        (false, _) => reason == Reason::NotAncestor,
        (true, License::Same) => true,
        (true, _) => matches!(reason, Reason::LicenseChanged | Reason::NotAncestor),
    };
    let is_same = change.new_tree.is_some() && change.old_tree == change.new_tree;
    let is_built = change.directory && change.dockerfile != Some(false);
    flag && is_built && !is_same && change.contained != Some(false) && change.archived != Some(true)
}

/// Whether RFC 3339 can write it.
fn is_date(time: &DateTime<Utc>) -> bool {
    (0..=9999).contains(&time.year())
}

fn check_change(change: &Change) -> Result<(), &'static str> {
    let is_tree = |tree: &String| tree.len() == 40 && tree.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f'));
    if ![&change.old_tree, &change.new_tree].into_iter().flatten().all(is_tree) {
        return Err("`old_tree` and `new_tree` are ids of 40 digits");
    }
    if change.commits.len() > MAX_COMMITS {
        return Err("`change` names too many commits");
    }
    let is_short = |text: &str| text.chars().count() <= MAX_TEXT;
    if !change.commits.iter().all(|commit| is_short(&commit.author) && is_short(&commit.subject)) {
        return Err("an author or subject is too long");
    }
    if !change.commits.iter().filter_map(|commit| commit.date.as_ref()).all(is_date) {
        return Err("the date of a commit is in no year of four digits");
    }
    let files = &change.files;
    for paths in [&files.paths, &files.dockerfiles, &files.locks, &files.install, &files.ci] {
        if paths.len() > MAX_PATHS || paths.iter().any(|path| path.len() > MAX_PATH) {
            return Err("`files` names too many paths, or too long ones");
        }
    }
    match &change.license {
        License::Added(path) | License::Changed(path) | License::Removed(path) | License::Unknown(path)
            if path.len() > MAX_PATH =>
        {
            Err("the licence's path is too long")
        }
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests;
