//! The table that a run ends with.

use crate::output::count;
use crate::output::escape::terminal_within;
use crate::verdict::document::Status;
use crate::verdict::report::{Coverage, JudgedFinding, ReviewReport, Scope};
use crate::verdict::{Conclusion, Risk};
use std::fmt::Write as _;
use unicode_width::UnicodeWidthStr as _;

/// The most characters of a cell, and of a reason.
const MAX_CELL: usize = 60;
const MAX_REASON: usize = 200;
/// The most reasons of one target.
const MAX_REASONS: usize = 5;

/// One target of a run.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Row<'r> {
    /// What is known about it.
    pub(crate) report: &'r ReviewReport,
    /// Where its `report.md` is, for people.
    pub(crate) place: &'r str,
}

/// One line a target, then why those that are incomplete are, then a sentence about the run. On a terminal nothing of it can
/// move, hide or colour anything.
#[must_use]
pub(crate) fn human(rows: &[Row<'_>]) -> String {
    if rows.is_empty() {
        return "nothing to review\n".to_owned();
    }
    let mut table = vec![["target", "verdict", "risk", "findings", "report"].map(ToOwned::to_owned)];
    table.extend(rows.iter().map(|row| {
        let report = row.report;
        [
            name(report),
            conclusion(report).to_owned(),
            match report.verdict.conclusion() {
                Conclusion::ActionRequired => "unknown".to_owned(),
                _ => report.verdict.risk.to_string(),
            },
            by_risk(&report.findings),
            terminal_within(row.place, MAX_REASON),
        ]
    }));
    let mut widths = [0; 5];
    for line in &table {
        for (width, cell) in widths.iter_mut().zip(line) {
            *width = (*width).max(cell.width());
        }
    }
    let mut out = String::new();
    for line in &table {
        let mut shown = String::new();
        for (width, cell) in widths.iter().zip(line) {
            shown.push_str(cell);
            shown.push_str(&" ".repeat(width - cell.width() + 2));
        }
        out.push_str(shown.trim_end());
        out.push('\n');
    }
    out.push('\n');
    for row in rows {
        reasons(row.report, &mut out);
    }
    out.push_str(&closing(rows));
    out
}

fn name(report: &ReviewReport) -> String {
    let reviewed = &report.reviewed;
    terminal_within(reviewed.entry.as_deref().unwrap_or(&reviewed.repository), MAX_CELL)
}

fn conclusion(report: &ReviewReport) -> &'static str {
    match report.verdict.conclusion() {
        Conclusion::Failure => "blocked",
        Conclusion::Neutral => "to decide",
        Conclusion::Success => "passed",
        Conclusion::ActionRequired => "incomplete",
    }
}

fn reasons(report: &ReviewReport, out: &mut String) {
    let all = &report.verdict.incomplete;
    for reason in all.iter().take(MAX_REASONS) {
        // Writing to a String cannot fail.
        let _ = writeln!(out, "{}: incomplete: {}", name(report), terminal_within(reason, MAX_REASON));
    }
    if all.len() > MAX_REASONS {
        let _ = writeln!(out, "{}: incomplete: and for {} more reasons", name(report), all.len() - MAX_REASONS);
    }
    for agent in &report.agents {
        let partial = agent.coverage.filter(|coverage| coverage.is_partial() && agent.status == Status::Complete);
        if let Some(coverage) = partial {
            let read = coverage_of(coverage, report.reviewed.scope);
            let _ = writeln!(out, "{}: {} read {read}", name(report), terminal_within(&agent.name, MAX_CELL));
        }
    }
    if !report.model_looked() && !report.agents.is_empty() {
        let _ = writeln!(out, "{}: no model looked at this code", name(report));
    }
}

/// `3 targets: 1 blocked, 1 incomplete, 1 passed`
fn closing(rows: &[Row<'_>]) -> String {
    let kinds = ["blocked", "incomplete", "to decide", "passed"];
    let counted: Vec<String> = kinds
        .into_iter()
        .map(|kind| (rows.iter().filter(|row| conclusion(row.report) == kind).count(), kind))
        .filter(|(number, _)| *number > 0)
        .map(|(number, kind)| format!("{number} {kind}"))
        .collect();
    let kinds = if counted.is_empty() { String::new() } else { format!(": {}", counted.join(", ")) };
    format!("{}{kinds}\n", count(rows.len(), "target"))
}

/// `2 of 3 changed files`
pub(super) fn coverage_of(Coverage { read, of }: Coverage, scope: Scope) -> String {
    let changed = if scope == Scope::Differential { "changed " } else { "" };
    format!("{read} of {}", count(of, &format!("{changed}file")))
}

/// `1 critical and 2 low findings`, or `no findings`.
pub(super) fn by_risk(findings: &[JudgedFinding]) -> String {
    let counts: Vec<(usize, Risk)> = Risk::ALL
        .into_iter()
        .rev()
        .map(|risk| (findings.iter().filter(|judged| judged.finding.risk == risk).count(), risk))
        .filter(|(number, _)| *number > 0)
        .collect();
    let words: Vec<String> = counts.iter().map(|(number, risk)| format!("{number} {risk}")).collect();
    match words.as_slice() {
        [] => "no findings".to_owned(),
        [only] if findings.len() == 1 => format!("{only} finding"),
        [only] => format!("{only} findings"),
        [first @ .., last] => format!("{} and {last} findings", first.join(", ")),
    }
}
