//! What `report.md.jinja` is filled with: words for the values of a report, and lists that are cut where they are long, so that
//! everything but the findings fits [`super::MAX_REPORT_BYTES`] whatever a report holds. Nothing is escaped here: the template's filters do.

use super::agreement::Agreement;
use super::list::List;
use super::{history, link};
use crate::output::count;
use crate::text::cut;
use crate::verdict::document::Status;
use crate::verdict::report::{AgentReport, Coverage, Found, JudgedFinding, Quote, ReviewReport, Scope};
use crate::verdict::{Conclusion, Risk, Verdict};
use serde::Serialize;
use std::collections::BTreeMap;

/// The most items of a list that are shown; tests hold that all lists at their longest leave room for findings.
const MAX_REASONS: usize = 10;
const MAX_AGENTS: usize = 8;
const MAX_NAMES: usize = 6;
const MAX_UNREVIEWED: usize = 30;
const MAX_RENAMED: usize = 20;
/// The most characters of a path in the name of a place, whose end is the line.
const MAX_PLACE: usize = 120;

/// The template's values, under the names that it uses.
#[derive(Debug, Serialize)]
pub(super) struct View<'r> {
    name: &'r str,
    headline: String,
    counts: String,
    incomplete: Option<List<&'r str>>,
    labels: Vec<String>,
    repository: &'r str,
    directory: &'r str,
    head: Option<&'r str>,
    head_tree: Option<&'r str>,
    found_on: Option<&'r str>,
    found_nowhere: bool,
    base: Option<&'r str>,
    base_tree: Option<&'r str>,
    extent: String,
    compare: Option<String>,
    history: Option<history::Commits<'r>>,
    changes: Option<history::Changes<'r>>,
    model_looked: bool,
    /// Whether somebody could have asked one.
    model_named: bool,
    agents: List<Agent<'r>>,
    /// What several reviewers with models say of the same places.
    agreement: Option<Agreement<'r>>,
    findings: Vec<Finding<'r>>,
    omitted: Option<String>,
    unreviewed: Option<List<Unreviewed<'r>>>,
    renamed: Option<List<Renamed<'r>>>,
    evidence: Option<List<Evidence<'r>>>,
}

#[derive(Debug, Serialize)]
struct Agent<'r> {
    name: &'r str,
    model: Option<&'r str>,
    model_answered: bool,
    status: &'static str,
    reason: Option<&'r str>,
    findings: String,
    /// What it opened.
    coverage: Option<String>,
    coverage_is_partial: bool,
    summary: Option<&'r str>,
}

#[derive(Debug, Serialize)]
struct Finding<'r> {
    risk: &'static str,
    title: &'r str,
    place: String,
    url: Option<String>,
    category: &'static str,
    confidence: &'static str,
    agents: List<&'r str>,
    quote_is: &'static str,
    quote: Option<&'r str>,
    impact: Option<&'r str>,
    recommendation: Option<&'r str>,
}

#[derive(Debug, Serialize)]
struct Unreviewed<'r> {
    path: &'r str,
    reason: &'r str,
    detail: Option<&'r str>,
}

#[derive(Debug, Serialize)]
struct Renamed<'r> {
    path: &'r str,
    exported_as: &'r str,
}

#[derive(Debug, Serialize)]
struct Evidence<'r> {
    name: &'r str,
    calls: String,
    refusals: Option<String>,
}

impl<'r> View<'r> {
    /// The values of `report` with those of its findings that have these places in its list.
    pub(super) fn new(report: &'r ReviewReport, shown: &[usize]) -> Self {
        let ReviewReport { reviewed, verdict, agents, findings, .. } = report;
        let omitted = findings.len().saturating_sub(shown.len());
        let evidence: Vec<&AgentReport> =
            agents.iter().filter(|agent| agent.usage.is_some() || !agent.audit.is_empty()).collect();
        Self {
            name: reviewed.entry.as_deref().unwrap_or(&reviewed.repository),
            headline: headline(verdict),
            counts: counts(findings),
            incomplete: List::new(verdict.incomplete.iter().map(String::as_str), MAX_REASONS),
            labels: verdict.labels(),
            repository: &reviewed.repository,
            directory: &reviewed.directory,
            head: reviewed.head.as_ref().map(|head| head.as_str()),
            head_tree: reviewed.head_tree.as_deref(),
            found_on: match &reviewed.found {
                Found::On(name) => Some(name),
                Found::Nowhere | Found::NotChecked(_) => None,
            },
            found_nowhere: reviewed.found == Found::Nowhere,
            base: reviewed.base.as_ref().map(|base| base.as_str()),
            base_tree: reviewed.base_tree.as_deref(),
            extent: match reviewed.scope {
                Scope::Full => format!("everything, {}", count(reviewed.files, "file")),
                Scope::Differential => format!(
                    "what changed, {} of {} files; the others were there to look things up in",
                    reviewed.changed_files, reviewed.files
                ),
            },
            compare: history::compare(reviewed),
            history: history::Commits::of(reviewed),
            changes: history::Changes::of(reviewed),
            model_looked: report.model_looked(),
            model_named: agents.iter().any(|agent| agent.model.is_some()),
            agents: List::or_empty(List::new(agents.iter().map(|one| agent(one, reviewed.scope)), MAX_AGENTS)),
            agreement: Agreement::of(report),
            findings: shown
                .iter()
                .filter_map(|index| findings.get(*index))
                .map(|judged| finding(report, judged))
                .collect(),
            omitted: (omitted > 0).then(|| count(omitted, if shown.is_empty() { "finding" } else { "more finding" })),
            unreviewed: List::new(
                report.unreviewed.iter().map(|item| Unreviewed {
                    path: &item.path,
                    reason: &item.reason,
                    detail: filled(&item.detail),
                }),
                MAX_UNREVIEWED,
            ),
            renamed: List::new(
                report.renamed.iter().map(|item| Renamed { path: &item.path, exported_as: &item.exported_as }),
                MAX_RENAMED,
            ),
            evidence: List::new(evidence.into_iter().map(evidence_of), MAX_AGENTS),
        }
    }
}

fn filled(text: &str) -> Option<&str> {
    Some(text).filter(|text| !text.trim().is_empty())
}

/// What is concluded, in a sentence.
fn headline(verdict: &Verdict) -> String {
    let risk = verdict.risk;
    match verdict.conclusion() {
        Conclusion::Failure => "Blocked: critical risk.".to_owned(),
        Conclusion::ActionRequired if risk == Risk::Info => "Incomplete: nothing can be concluded.".to_owned(),
        Conclusion::ActionRequired => format!("Incomplete: {risk} risk so far, and no conclusion."),
        Conclusion::Neutral => format!("{} risk: a maintainer decides.", capital(risk.as_str())),
        Conclusion::Success if risk == Risk::Info => "No risk found.".to_owned(),
        Conclusion::Success => format!("{} risk.", capital(risk.as_str())),
    }
}

/// `1 critical and 2 low findings.`
fn counts(findings: &[JudgedFinding]) -> String {
    format!("{}.", capital(&super::human::by_risk(findings)))
}

fn capital(text: &str) -> String {
    let mut characters = text.chars();
    characters.next().map(|first| first.to_uppercase().chain(characters).collect()).unwrap_or_default()
}

fn agent(agent: &AgentReport, scope: Scope) -> Agent<'_> {
    Agent {
        name: &agent.name,
        model: agent.model.as_deref(),
        model_answered: agent.model_answered(),
        status: match agent.status {
            Status::Complete => "finished",
            Status::Incomplete => "did not finish",
        },
        reason: agent.reason.as_deref().and_then(filled),
        findings: count(agent.findings, "finding"),
        coverage: agent.coverage.map(|coverage| super::human::coverage_of(coverage, scope)),
        coverage_is_partial: agent.coverage.is_some_and(Coverage::is_partial),
        summary: filled(&agent.summary),
    }
}

fn finding<'r>(report: &ReviewReport, judged: &'r JudgedFinding) -> Finding<'r> {
    let finding = &judged.finding;
    let lines = finding.start_line.map(|start| (start, finding.end_line.unwrap_or(start).max(start)));
    let place = match (&finding.path, lines) {
        (None, _) => "the repository".to_owned(),
        (Some(path), lines) => {
            let mut place = cut(path, MAX_PLACE).into_owned();
            match lines {
                Some((start, end)) if end > start => place.push_str(&format!(":{start}-{end}")),
                Some((start, _)) => place.push_str(&format!(":{start}")),
                None => {}
            }
            place
        }
    };
    Finding {
        risk: finding.risk.as_str(),
        title: &finding.title,
        place,
        url: finding.path.as_deref().and_then(|path| link::blob(&report.reviewed, path, lines)),
        category: finding.category.as_str(),
        confidence: finding.confidence.as_str(),
        agents: List::or_empty(List::new(judged.agents.iter().map(String::as_str), MAX_NAMES)),
        quote_is: match judged.quote_is {
            Quote::Verified => "quote verified",
            Quote::Moved => "quote verified, on other lines than was said",
            Quote::Short => "quote too short to prove anything",
            Quote::Unverified => "quote NOT in the file: it may be invented",
            Quote::None => "nothing quoted",
        },
        quote: finding.quote.as_deref().and_then(filled),
        impact: filled(&finding.impact),
        recommendation: filled(&finding.recommendation),
    }
}

/// What the proxy saw of an agent: sums, and how often a call was refused or failed for which reason.
fn evidence_of(agent: &AgentReport) -> Evidence<'_> {
    let usage = agent.usage.unwrap_or_default();
    let mut refusals: BTreeMap<&str, usize> = BTreeMap::new();
    for line in &agent.audit {
        // Every call that was not answered says why: see the proxy's audit lines.
        if let Some(reason) = line.get("reason").and_then(serde_json::Value::as_str) {
            *refusals.entry(reason).or_default() += 1;
        }
    }
    let listed: Vec<String> =
        refusals.iter().take(MAX_NAMES).map(|(reason, times)| format!("{reason} ({times})")).collect();
    Evidence {
        name: &agent.name,
        calls: format!(
            "{} reached the provider, {} read and {} written, {}.{:06} US dollars as far as prices are known",
            count_u64(usage.requests, "call"),
            count_u64(usage.input_tokens, "token"),
            usage.output_tokens,
            usage.cost_micros / 1_000_000,
            usage.cost_micros % 1_000_000,
        ),
        refusals: (!listed.is_empty()).then(|| listed.join(", ")),
    }
}

fn count_u64(number: u64, noun: &str) -> String {
    format!("{number} {noun}{}", if number == 1 { "" } else { "s" })
}
