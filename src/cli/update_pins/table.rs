//! A plan for people: what moves, what needs somebody, and how many stay as they are.

use crate::ids::CommitSha;
use crate::output::escape::terminal;
use crate::pins::plan::{Action, Decision, Plan};
use crate::pins::reason::Reason;
use anstyle::{AnsiColor, Style};
use std::collections::BTreeMap;
use unicode_width::UnicodeWidthStr as _;

/// How a plan is shown.
#[derive(Debug, Clone, Copy)]
pub(super) struct Look {
    pub(super) color: bool,
    pub(super) width: usize,
    /// Show those that stay, too.
    pub(super) all: bool,
    /// What was done to pull requests is only what would be.
    pub(super) dry_run: bool,
}

/// The widest first column that the others are lined up behind.
const MAX_FIRST: usize = 32;
/// Entries of one upstream that are named; of more, only the number is.
const MAX_NAMED: usize = 3;
/// Columns before the rest of a row that does not fit.
const INDENT: usize = 4;

#[derive(Debug)]
struct Row {
    first: String,
    second: String,
    reason: Reason,
    detail: String,
}

/// The rows, what is left to do, and a line that counts.
pub(super) fn render(plan: &Plan, left: &[String], look: Look) -> String {
    let shown = |decision: &&Decision| look.all || !decision.reason.is_quiet() || is_done(decision);
    let (moves, others): (Vec<_>, Vec<_>) =
        plan.decisions.iter().filter(shown).partition(|decision| rank(decision.reason) == 0);
    let mut rows: Vec<Row> = moves.into_iter().map(|decision| row(decision, look)).collect();
    // An upstream that does not answer is one matter, however many entries it has.
    let mut upstreams: BTreeMap<(&str, Reason, &str), Vec<&Decision>> = BTreeMap::new();
    let mut quiet = Vec::new();
    for decision in others {
        match &decision.project {
            Some(project) if is_of_upstream(decision) => {
                let one = (plain(project), decision.reason, &*decision.detail);
                upstreams.entry(one).or_default().push(decision);
            }
            _ if rank(decision.reason) == 1 => rows.push(row(decision, look)),
            _ => quiet.push(row(decision, look)),
        }
    }
    let columns = Columns::of(rows.iter().chain(&quiet), look.width);
    let mut out = String::new();
    rows.iter().for_each(|row| write_row(&mut out, row, columns, look));
    for ((project, reason, detail), decisions) in &upstreams {
        let text = terminal(&format!("{project}: {detail} ({})", named(decisions)));
        wrap(&mut out, &format!("{}  ", painted(*reason, look)), reason.as_str().len() + 2, &text, look.width);
    }
    quiet.iter().for_each(|row| write_row(&mut out, row, columns, look));
    for line in left {
        wrap(&mut out, "left: ", 6, &terminal(line), look.width);
    }
    if !out.is_empty() {
        out.push('\n');
    }
    wrap(&mut out, "", 0, &count_line(plan), look.width);
    out
}

/// What moves, what needs somebody, what does not.
fn rank(reason: Reason) -> u8 {
    match reason {
        reason if reason.is_quiet() => 2,
        reason if reason.moves() => 0,
        _ => 1,
    }
}

/// Whether something was done about an entry's pull request.
fn is_done(decision: &Decision) -> bool {
    decision.pull.as_ref().is_some_and(|pull| pull.action != Action::Leave)
}

/// Whether the reason is the upstream's and not the entry's.
fn is_of_upstream(decision: &Decision) -> bool {
    let known = matches!(decision.reason, Reason::Unreachable | Reason::RateLimited | Reason::Moved | Reason::Gone);
    known && decision.pull.is_none() && decision.change.is_none()
}

fn row(decision: &Decision, look: Look) -> Row {
    let short = |commit: &Option<CommitSha>| commit.as_ref().map(|commit| commit.short().to_owned());
    let second = match (short(&decision.old), short(&decision.new)) {
        (Some(old), Some(new)) if old != new => format!("{old} -> {new}"),
        (Some(old), _) => old,
        (None, _) => String::new(),
    };
    let mut detail = terminal(&decision.detail);
    if let Some(pull) = &decision.pull {
        let done = match (pull.action, look.dry_run) {
            (Action::Open, false) => "opened",
            (Action::Open, true) => "would open",
            (Action::Update, false) => "updated",
            (Action::Update, true) => "would update",
            (Action::Leave, _) => "see",
            (Action::Close, false) => "closed",
            (Action::Close, true) => "would close",
        };
        detail.push_str(&format!("; {done} {}", terminal(&pull.url)));
    }
    if decision.urgent {
        detail = format!("urgent: {detail}");
    }
    Row { first: terminal(&decision.entry), second, reason: decision.reason, detail }
}

/// A repository's address, however it is spelled.
fn plain(project: &str) -> &str {
    let project = project.strip_prefix("https://").unwrap_or(project);
    project.strip_suffix(".git").unwrap_or(project)
}

/// The entries of an upstream, the first few of many.
fn named(decisions: &[&Decision]) -> String {
    let names: Vec<&str> = decisions.iter().map(|decision| &*decision.entry).collect();
    match names.get(..MAX_NAMED) {
        Some(some) if names.len() > MAX_NAMED + 1 => {
            format!("{} and {} more", some.join(", "), names.len() - MAX_NAMED)
        }
        _ => names.join(", "),
    }
}

/// How wide the columns are.
#[derive(Debug, Clone, Copy)]
struct Columns {
    first: usize,
    second: usize,
    reason: usize,
}

impl Columns {
    /// As wide as what is in them. Where that is too much for the terminal, nothing is lined up.
    fn of<'r>(rows: impl Iterator<Item = &'r Row>, width: usize) -> Self {
        let (mut first, mut second, mut reason) = (0, 0, 0);
        for row in rows {
            first = first.max(row.first.width().min(MAX_FIRST));
            second = second.max(row.second.width());
            reason = reason.max(row.reason.as_str().len());
        }
        let fits = first + second + reason + 4 <= width;
        if fits { Self { first, second, reason } } else { Self { first: 0, second: 0, reason: 0 } }
    }
}

fn write_row(out: &mut String, row: &Row, columns: Columns, look: Look) {
    let pad = |text: &str, width: usize| " ".repeat(width.saturating_sub(text.width()));
    let reason = row.reason.as_str();
    let first = format!("{}{}", row.first, pad(&row.first, columns.first));
    let second = format!("{}{}", row.second, pad(&row.second, columns.second));
    let plain = format!("{first}  {second}  ").width() + columns.reason.max(reason.len()) + 2;
    out.push_str(&format!("{first}  {second}  {}", painted(row.reason, look)));
    if plain + row.detail.width() <= look.width {
        out.push_str(&format!("{}  {}\n", pad(reason, columns.reason), row.detail));
        return;
    }
    out.push('\n');
    wrap(out, &" ".repeat(INDENT), INDENT, &row.detail, look.width);
}

/// The code in the colour of what it asks for.
fn painted(reason: Reason, look: Look) -> String {
    let style = match (look.color, rank(reason)) {
        (false, _) => Style::new(),
        (true, _) if reason.unfinished() => Style::new().fg_color(Some(AnsiColor::Red.into())),
        (true, 0) => Style::new().fg_color(Some(AnsiColor::Green.into())),
        (true, 1) => Style::new().fg_color(Some(AnsiColor::Yellow.into())),
        (true, _) => Style::new().dimmed(),
    };
    format!("{style}{reason}{style:#}")
}

/// A text in lines of this width: the first after `start`, which takes `column` columns, the others after the indent.
fn wrap(out: &mut String, start: &str, mut column: usize, text: &str, width: usize) {
    out.push_str(start);
    let mut is_first = true;
    for word in text.split(' ').filter(|word| !word.is_empty()) {
        if !is_first && column + 1 + word.width() > width {
            out.push('\n');
            out.push_str(&" ".repeat(INDENT));
            column = INDENT;
            is_first = true;
        }
        if !is_first {
            out.push(' ');
            column += 1;
        }
        out.push_str(word);
        column += word.width();
        is_first = false;
    }
    out.push('\n');
}

/// `24 entries: 2 updated, 1 archived, 21 current`.
fn count_line(plan: &Plan) -> String {
    let mut counts: BTreeMap<(u8, Reason), usize> = BTreeMap::new();
    for decision in &plan.decisions {
        *counts.entry((rank(decision.reason), decision.reason)).or_default() += 1;
    }
    let counts: Vec<String> = counts.iter().map(|((_, reason), count)| format!("{count} {reason}")).collect();
    match (plan.decisions.len(), counts.join(", ")) {
        (0, _) => "no entries with a pin".to_owned(),
        (1, counts) => format!("1 entry: {counts}"),
        (all, counts) => format!("{all} entries: {counts}"),
    }
}

#[cfg(test)]
mod tests;
