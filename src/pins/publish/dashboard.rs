//! The one issue with every entry's state.
//!
//! It says nothing of when it was written, so that it changes only when something did.

use super::{Published, Registry};
use crate::escape::{markdown, markdown_code};
use crate::github::GithubError;
use crate::github::registry::Issue;
use crate::pins::plan::{Action, Decision, Plan, Pull};
use crate::pins::reason::Reason;
use crate::text::cut;
use std::collections::BTreeMap;

/// The label by which it is found.
const LABEL: &str = "pin-dashboard";
/// The first line of its text.
const MARKER: &str = "<!-- mcp-registry:pin-dashboard -->";
const TITLE: &str = "Pins";
/// The most bytes of its text. GitHub takes 65,536 characters.
const MAX_BYTES: usize = 60_000;
/// The most characters of one entry's words.
const MAX_DETAIL: usize = 200;

/// Makes the issue say what became of the plan. What cannot be done is left, and said so: pull requests matter more.
pub(super) async fn keep(registry: &Registry, published: &mut Published, dry_run: bool) {
    if !published.plan.complete {
        published.left.push("the dashboard: this run did not look at every entry".to_owned());
        return;
    }
    match write(registry, &text(&published.plan), dry_run).await {
        Ok(dashboard) => published.dashboard = dashboard,
        Err(error) => {
            let hint = match error {
                GithubError::Denied { .. } => "; the token needs `issues: write`",
                _ => "",
            };
            published.left.push(format!("the dashboard: {error}{hint}"));
        }
    }
}

async fn write(registry: &Registry, text: &str, dry_run: bool) -> Result<Option<Pull>, GithubError> {
    let shown = |issue: &Issue, action| Some(Pull { number: issue.number, url: issue.url.clone(), action });
    // Anybody may write such an issue; only our own is ours to write to.
    let account = registry.account().await?;
    let is_it = |issue: &Issue| issue.author.id == account.id && issue.body.starts_with(MARKER);
    // Who closed it does not want to see it: it is kept, and not opened again.
    let found = registry.issues(LABEL).await?.into_iter().filter(is_it);
    match found.max_by_key(|issue| (issue.open, std::cmp::Reverse(issue.number))) {
        Some(issue) if issue.body.lines().map(str::trim_end).eq(text.lines()) => Ok(shown(&issue, Action::Leave)),
        Some(issue) => {
            if !dry_run {
                registry.update_issue(issue.number, text).await?;
            }
            Ok(shown(&issue, Action::Update))
        }
        None if dry_run => Ok(None),
        None => {
            let issue = registry.create_issue(TITLE, text, LABEL, is_it).await?;
            Ok(shown(&issue, Action::Open))
        }
    }
}

/// What a reader has to do with an entry.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Section {
    /// There is a pull request to decide on.
    Open,
    /// Somebody decided against the program.
    People,
    /// Somebody has to mend the entry.
    Trouble,
    /// It goes on by itself.
    Waiting,
    Quiet,
}

impl Section {
    const TABLES: [(Self, &'static str); 4] = [
        (Self::Open, "Open pull requests"),
        (Self::People, "Taken over or refused by people"),
        (Self::Trouble, "Trouble: an entry or its upstream needs a decision"),
        (Self::Waiting, "Waiting"),
    ];

    fn of(decision: &Decision) -> Self {
        match decision.reason {
            // What was to be done and was not.
            reason if reason.moves() && decision.pull.is_none() => Self::Waiting,
            Reason::Opened | Reason::Updated | Reason::Unchanged | Reason::NotAncestor | Reason::LicenseChanged => {
                Self::Open
            }
            Reason::HumanEdits | Reason::ClosedByHuman => Self::People,
            Reason::Impostor
            | Reason::DirectoryMissing
            | Reason::DockerfileMissing
            | Reason::BranchMissing
            | Reason::BranchIsTag
            | Reason::Archived
            | Reason::Moved
            | Reason::Gone
            | Reason::Unreachable
            | Reason::InvalidEntry => Self::Trouble,
            Reason::CoolingDown | Reason::RateLimited | Reason::OverLimit | Reason::TooSoon | Reason::OutdatedPlan => {
                Self::Waiting
            }
            Reason::Current | Reason::OutsideDirectory | Reason::Off => Self::Quiet,
        }
    }
}

/// The text, without the entries that do not fit.
fn text(plan: &Plan) -> String {
    let mut text = format!(
        "{MARKER}\n\nWhat became of the pin of every entry. This text is rewritten by `update-pins --dashboard`; do not edit it.\n"
    );
    // Room for the last line.
    let mut room = MAX_BYTES - text.len() - 200;
    let mut left_out = 0;
    for (section, title) in Section::TABLES {
        let rows = plan.decisions.iter().filter(|decision| Section::of(decision) == section);
        let rows: Vec<String> = rows.map(|decision| row(decision, section)).collect();
        if rows.is_empty() {
            continue;
        }
        let head = format!("\n### {title} ({})\n\n| entry | pin | |\n|---|---|---|\n", rows.len());
        let mut part = head;
        for row in rows {
            if part.len() + row.len() > room {
                left_out += 1;
            } else {
                part.push_str(&row);
            }
        }
        room = room.saturating_sub(part.len());
        text.push_str(&part);
    }
    left_out += quiet(plan, &mut text, room);
    if left_out > 0 {
        text.push_str(&format!("\n{left_out} more entries do not fit here.\n"));
    }
    text
}

/// Those that need nothing, in short. How many do not fit.
fn quiet(plan: &Plan, text: &mut String, mut room: usize) -> usize {
    let mut by_reason: BTreeMap<Reason, Vec<&str>> = BTreeMap::new();
    for decision in plan.decisions.iter().filter(|decision| Section::of(decision) == Section::Quiet) {
        by_reason.entry(decision.reason).or_default().push(&decision.entry);
    }
    let mut left_out = 0;
    for (reason, entries) in by_reason {
        let mut part = format!("\n### {reason} ({})\n\n", entries.len());
        let mut first = true;
        for entry in entries {
            let shown = markdown_code(&cut(entry, MAX_DETAIL));
            if part.len() + shown.len() + 3 > room {
                left_out += 1;
                continue;
            }
            part.push_str(if first { "" } else { ", " });
            part.push_str(&shown);
            first = false;
        }
        part.push('\n');
        room = room.saturating_sub(part.len());
        text.push_str(&part);
    }
    left_out
}

fn row(decision: &Decision, section: Section) -> String {
    let entry = markdown_code(&cut(&decision.entry, MAX_DETAIL));
    let short = |id: &Option<crate::ids::CommitSha>| id.as_ref().map_or("?".to_owned(), |id| id.short().to_owned());
    let pin = match (section, &decision.new) {
        (_, Some(_)) if decision.old != decision.new => {
            format!("`{}` → `{}`", short(&decision.old), short(&decision.new))
        }
        _ => format!("`{}`", short(&decision.old)),
    };
    let pull = decision.pull.as_ref().filter(|pull| super::stays(pull)).map(|pull| format!("#{}", pull.number));
    // The words of some reasons are other ones every night: when a limit ends, how long is left.
    let words = match (section, decision.reason) {
        (Section::Open, Reason::NotAncestor | Reason::LicenseChanged) => Some(format!("`{}`", decision.reason)),
        (Section::Open, _) => None,
        (Section::Waiting, reason) => Some(format!("`{reason}`")),
        (_, reason) => Some(format!("`{reason}` {}", markdown(&cut(&decision.detail, MAX_DETAIL)))),
    };
    let words: Vec<String> = pull.into_iter().chain(words).collect();
    format!("| {entry} | {pin} | {} |\n", words.join(" "))
}

#[cfg(test)]
mod tests;
