//! From saved reports to what check runs say. What a report claims to be about is compared with the pull request: one about
//! another commit is no report of this one.

use super::needs::Needs;
use super::saved::{Build, BuildStatus, FindingsReport, Saved, SavedFinding};
use crate::checks::Annotation;
use crate::checks::names::Analysis;
use crate::checks::outcome::{Outcome, Wanted};
use crate::entry::source::BuiltFrom;
use crate::finding::{Severity, Summary};
use crate::output::escape::{markdown, markdown_code, terminal_within};
use crate::output::{count, counts, review::report_md};
use crate::verdict::{Conclusion, ReviewReport, Risk};
use std::fmt::Write as _;

/// Rows of a table.
const MOST_ROWS: usize = 200;
/// Characters of a message.
const MOST_MESSAGE: usize = 1_000;

/// What each check that is asked for says.
pub(super) fn outcomes(needs: &Needs, saved: &[Saved]) -> Vec<Wanted> {
    let one = |analysis: Analysis, entry: &str| {
        let source = needs.planned.iter().find(|planned| *planned.name == *entry).and_then(|it| it.source.as_ref());
        match analysis {
            Analysis::Validate => validated(entry, saved),
            Analysis::Build => built(entry, source, saved),
            Analysis::Review => reviewed(entry, source, saved),
        }
    };
    let required = needs.required.iter();
    required
        .map(|(analysis, entry)| Wanted { of: Some((*analysis, entry.clone())), outcome: one(*analysis, entry) })
        .collect()
}

fn missing(what: &str) -> Outcome {
    let summary = format!("{what} No verdict is never a pass: run the job again, and look at what it says.");
    Outcome::plain(Some(Conclusion::ActionRequired), "no report says what came of it", summary)
}

fn validated(entry: &str, saved: &[Saved]) -> Outcome {
    let of_validate = |saved: &&Saved| matches!(saved, Saved::Findings(report) if report.command == "validate");
    let reports: Vec<&FindingsReport> = saved
        .iter()
        .filter(of_validate)
        .filter_map(|saved| match saved {
            Saved::Findings(report) => Some(report),
            _ => None,
        })
        .collect();
    if reports.is_empty() {
        return missing("There is no report of `validate`.");
    }
    // What is about the registry itself, a policy that cannot be read, say, is about every entry.
    let is_about = |finding: &&SavedFinding| finding.entry.as_deref().is_none_or(|name| name == entry);
    let mut findings: Vec<&SavedFinding> =
        reports.iter().flat_map(|report| &report.findings).filter(is_about).filter(|it| it.waived.is_none()).collect();
    findings.sort_by_key(|finding| std::cmp::Reverse(finding.severity));
    let summary = Summary::of(findings.iter().map(|finding| (finding.severity, false)));
    let counts = counts(&summary);
    let title = if counts.is_empty() { "no problems".to_owned() } else { counts.join(", ") };
    let conclusion = if summary.error > 0 { Conclusion::Failure } else { Conclusion::Success };
    let annotations = findings.iter().map(|finding| annotation(finding)).collect();
    Outcome { annotations, ..Outcome::plain(Some(conclusion), title, table(&findings)) }
}

fn table(findings: &[&SavedFinding]) -> String {
    if findings.is_empty() {
        return "Nothing is wrong with the files of this entry.".to_owned();
    }
    let mut out = String::from("| | where | what | rule |\n|---|---|---|---|\n");
    for finding in findings.iter().take(MOST_ROWS) {
        let line = finding.line.map(|line| format!(":{line}")).unwrap_or_default();
        let place = markdown_code(&format!("{}{line}", finding.path));
        let mut what = markdown(&terminal_within(&finding.message, MOST_MESSAGE));
        if let Some(help) = &finding.help {
            let _ = write!(what, "<br>{}", markdown(&terminal_within(help, MOST_MESSAGE)));
        }
        let _ = writeln!(out, "| {} | {place} | {what} | {} |", finding.severity, markdown_code(&finding.rule));
    }
    if findings.len() > MOST_ROWS {
        let _ = writeln!(out, "\n… and {} more", findings.len() - MOST_ROWS);
    }
    out
}

fn annotation(finding: &SavedFinding) -> Annotation {
    let start = finding.line.unwrap_or(1).max(1);
    let help = finding.help.as_deref().map(|help| format!("\n{help}")).unwrap_or_default();
    Annotation {
        path: finding.path.clone(),
        start_line: start,
        end_line: finding.end_line.unwrap_or(start).max(start),
        annotation_level: match finding.severity {
            Severity::Error => "failure",
            Severity::Warning => "warning",
            Severity::Note => "notice",
        },
        message: format!("{}{help}", terminal_within(&finding.message, MOST_MESSAGE)),
        title: terminal_within(&finding.rule, 200),
    }
}

fn built(entry: &str, source: Option<&BuiltFrom>, saved: &[Saved]) -> Outcome {
    let builds = saved.iter().filter_map(|saved| match saved {
        Saved::Builds(builds) => Some(builds),
        _ => None,
    });
    let mine: Vec<&Build> = builds.flatten().filter(|build| build.entry == entry).collect();
    // Of several the worst counts: the same entry was built more than once.
    let Some(build) = mine.iter().max_by_key(|build| build.status == BuildStatus::Failed) else {
        return missing("There is no report of `build` about this entry.");
    };
    let reason = build.reason.as_deref().map(|reason| markdown(&terminal_within(reason, MOST_MESSAGE)));
    let pinned = source.map(|source| &source.commit);
    match (build.status, &build.image) {
        (BuildStatus::Failed, _) => Outcome::plain(
            Some(Conclusion::Failure),
            "the image cannot be built",
            reason.unwrap_or_else(|| "The report does not say why; the job's log does.".to_owned()),
        ),
        (BuildStatus::Built | BuildStatus::Pushed, Some(image)) if Some(&image.commit) == pinned => Outcome::plain(
            Some(Conclusion::Success),
            format!("built from {}", image.commit.short()),
            format!(
                "| | |\n|---|---|\n| Image | {} |\n| Commit | {} |\n| Build context | {} |\n",
                markdown_code(&image.repository),
                markdown_code(image.commit.as_str()),
                markdown_code(&image.context_digest)
            ),
        ),
        (_, Some(image)) => missing(&format!("The report is about the commit `{}`.", image.commit)),
        (_, None) => missing(&reason.map_or("Nothing was built.".to_owned(), |reason| format!("{reason}."))),
    }
}

fn reviewed(entry: &str, source: Option<&BuiltFrom>, saved: &[Saved]) -> Outcome {
    let is_mine = |report: &&ReviewReport| {
        let of = &report.reviewed;
        let about = source.is_some_and(|source| {
            of.head.as_ref() == Some(&source.commit)
                && of.repository == source.project
                && of.directory == source.directory
        });
        of.entry.as_deref() == Some(entry) && about
    };
    let reports = saved.iter().filter_map(|saved| match saved {
        Saved::Review(report) => Some(&**report),
        _ => None,
    });
    // Of several the worst counts, and one that is not complete before one that is.
    let worst = reports.filter(is_mine).max_by_key(|report| (risk(report), !report.verdict.is_complete()));
    let Some(report) = worst else {
        return missing("There is no report of a review about this entry at the commit that it is pinned to.");
    };
    let (risk, complete) = (risk(report), report.verdict.is_complete() && !report.agents.is_empty());
    let found = report.findings.len();
    let findings = if found == 0 { "no findings".to_owned() } else { count(found, "finding") };
    let title = match complete {
        true => format!("risk: {risk}; {findings}"),
        false => {
            let why = report.verdict.incomplete.first().map_or("no agent looked", String::as_str);
            format!("incomplete: {}", terminal_within(why, 120))
        }
    };
    let mut summary = String::new();
    for reason in report.verdict.incomplete.iter().take(20) {
        let _ = writeln!(summary, "- {}", markdown(&terminal_within(reason, MOST_MESSAGE)));
    }
    if summary.is_empty() {
        let by: Vec<String> = report.agents.iter().take(10).map(|agent| markdown_code(&agent.name)).collect();
        let _ = writeln!(summary, "Reviewed by {}.", by.join(", "));
    }
    Outcome {
        conclusion: Some(Conclusion::of(risk, complete)),
        risk: Some(risk),
        title,
        summary,
        text: report_md(report),
        annotations: Vec::new(),
    }
}

/// The highest risk that a report knows of, whatever it concludes.
fn risk(report: &ReviewReport) -> Risk {
    report.findings.iter().map(|finding| finding.finding.risk).max().unwrap_or(Risk::Info).max(report.verdict.risk)
}
