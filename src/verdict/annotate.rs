//! Reviews as findings about the registry, so that `--format json|sarif|github|markdown` say them as they say everything else.
//!
//! Risk is not severity, and only here one becomes the other: critical and high are errors, medium is a warning, low and info
//! are notes, and an incomplete review is an error. An annotation can only point into the registry: at the pin in the entry's manifest.
//! Where the danger is in the reviewed code stands in the message. A review of a repository that is no entry points at the file
//! in that repository.

mod rules;

pub(crate) use rules::rules;

use super::report::{JudgedFinding, Quote, ReviewReport};
use super::{Risk, Verdict};
use crate::entry::SERVERS;
use crate::finding::{Anchor, Finding, Report, Severity, Sources};
use crate::route;
use rules::{INCOMPLETE, id};
use std::sync::Arc;

/// The most reasons that one finding repeats.
const MAX_REASONS: usize = 3;

/// How much a finding of this risk matters to the registry.
#[must_use]
pub(crate) fn severity(risk: Risk) -> Severity {
    match risk {
        Risk::Critical | Risk::High => Severity::Error,
        Risk::Medium => Severity::Warning,
        Risk::Low | Risk::Info => Severity::Note,
    }
}

/// The findings of all reviews of a run. `sources` holds the manifests of the entries, by `servers/<name>/server.yaml`; an entry
/// that is not in it is pointed at as a file.
#[must_use]
pub(crate) fn annotate(reports: &[ReviewReport], sources: Sources) -> Report {
    let mut findings = Vec::new();
    for report in reports {
        findings.extend(incomplete(report));
        findings.extend(report.findings.iter().map(|judged| finding(report, judged)));
    }
    Report::new("review", reports.len(), findings, sources)
}

fn incomplete(report: &ReviewReport) -> Option<Finding> {
    let Verdict { incomplete, .. } = &report.verdict;
    let mut message = format!("the review is incomplete: {}", incomplete.first()?);
    for reason in incomplete.iter().take(MAX_REASONS).skip(1) {
        message.push_str("; ");
        message.push_str(reason);
    }
    if incomplete.len() > MAX_REASONS {
        message.push_str(&format!("; and {} more", incomplete.len() - MAX_REASONS));
    }
    let help = "run the review again, or look at the code yourself: an incomplete review is never a pass";
    Some(Finding {
        rule: INCOMPLETE,
        severity: Severity::Error,
        message,
        help: Some(help.to_owned()),
        ..about(report, None)
    })
}

fn finding(report: &ReviewReport, judged: &JudgedFinding) -> Finding {
    let said = &judged.finding;
    let mut place = said.path.as_ref().map_or_else(|| "the repository".to_owned(), |path| format!("`{path}`"));
    match (said.start_line, said.end_line) {
        (Some(start), Some(end)) if end > start => place.push_str(&format!(", lines {start} to {end}")),
        (Some(start), _) => place.push_str(&format!(", line {start}")),
        (None, _) => {}
    }
    if let Some(head) = &report.reviewed.head {
        place.push_str(&format!(", at {}", head.short()));
    }
    let quote = match judged.quote_is {
        Quote::Unverified => "; what it quotes is not there, so that it may be invented",
        Quote::Verified | Quote::Moved | Quote::Short | Quote::None => "",
    };
    Finding {
        rule: id(said.category),
        severity: severity(said.risk),
        message: format!("{} risk: {} ({place}{quote})", said.risk, said.title),
        help: Some(said.recommendation.clone()).filter(|help| !help.trim().is_empty()),
        ..about(report, said.path.as_deref())
    }
}

/// A finding that says nothing yet, at the right place.
fn about(report: &ReviewReport, path: Option<&str>) -> Finding {
    let entry: Option<Arc<str>> = report.reviewed.entry.as_deref().map(Into::into);
    let (path, anchor) = match &entry {
        Some(entry) => (format!("{SERVERS}/{entry}/server.yaml"), Anchor::Value(route!["source", "commit"])),
        None => (path.unwrap_or(".").to_owned(), Anchor::File),
    };
    Finding::new(INCOMPLETE, Severity::Error, entry, path.into(), anchor, String::new())
}
