//! Renderings of a review: `report.md`, `labels.txt` and `report.json` of one target, and the table at the end of a run.
//!
//! `report.md` is what ends up in a comment on GitHub, so that it is where an attacker writes who fooled an agent. Three things hold
//! whatever a report holds: every field is escaped, because what the template does not escape its formatter does; only the template makes
//! structure; and the text has at most [`MAX_REPORT_BYTES`].

mod agreement;
mod history;
mod human;
mod link;
mod list;
mod template;
#[cfg(test)]
mod tests;
mod view;

pub(crate) use human::{Row, human};

use super::escape::visible_json;
use crate::verdict::ReviewReport;
use crate::verdict::judge::STATIC;
use crate::verdict::report::JudgedFinding;
use std::collections::BTreeMap;

/// The most bytes of `report.md`. GitHub takes comments of 65,536 characters; bytes are counted, which are never fewer, and
/// the rest is left for whoever puts a line around the report.
pub(crate) const MAX_REPORT_BYTES: usize = 60_000;

/// How many findings are tried first.
const FEW: usize = 8;

/// `report.md`: GitHub-flavoured Markdown of at most [`MAX_REPORT_BYTES`]. Findings that do not fit, those of the lowest risk of
/// each reviewer, are counted in place of being shown. The same report gives the same bytes.
#[must_use]
pub(crate) fn report_md(report: &ReviewReport) -> String {
    let renderer = template::Renderer::new();
    let all = report.findings.len();
    let turns = turns(&report.findings);
    let render = |findings| {
        let mut shown: Vec<usize> = turns.iter().copied().take(findings).collect();
        shown.sort_unstable();
        renderer.render(&view::View::new(report, &shown))
    };
    // The length grows with the number of findings that are shown. Doubling finds a number that is too many, halving the most that
    // fit, and what it costs depends on what fits and not on how many findings there are.
    let (mut fits, mut shown) = (0, None);
    let mut candidate = all.min(FEW);
    let mut too_many = loop {
        let text = render(candidate);
        if text.len() > MAX_REPORT_BYTES {
            break candidate;
        }
        if candidate == all {
            return text;
        }
        fits = candidate;
        shown = Some(text);
        candidate = all.min(2 * candidate);
    };
    while too_many - fits > 1 {
        candidate = fits + (too_many - fits) / 2;
        let text = render(candidate);
        if text.len() <= MAX_REPORT_BYTES {
            fits = candidate;
            shown = Some(text);
        } else {
            too_many = candidate;
        }
    }
    shown.unwrap_or_else(|| render(0))
}

/// The findings in the order in which they get a place: one of each reviewer in turn, the static one's first. An agent that was
/// talked into it can make as many as it likes, of the highest risk, and must not crowd out what the others found.
fn turns(findings: &[JudgedFinding]) -> Vec<usize> {
    let mut of: BTreeMap<(bool, &str), usize> = BTreeMap::new();
    let mut turns: Vec<_> = findings
        .iter()
        .enumerate()
        .map(|(index, judged)| {
            let is_static = judged.agents.iter().any(|agent| agent == STATIC);
            let first = judged.agents.first().filter(|_| !is_static).map_or("", String::as_str);
            let reviewer = (!is_static, first);
            let turn = of.entry(reviewer).or_default();
            *turn += 1;
            (*turn, reviewer, index)
        })
        .collect();
    turns.sort_unstable();
    turns.into_iter().map(|(_, _, index)| index).collect()
}

/// `labels.txt`: the labels that follow from the verdict, one a line, sorted.
#[must_use]
pub(crate) fn labels_txt(report: &ReviewReport) -> String {
    report.verdict.labels().into_iter().map(|label| label + "\n").collect()
}

/// `report.json`: all of the report, indented, with a final line end; see `schemas/review-report.json`. What is invisible is
/// written as an escape. The same report gives the same bytes.
#[must_use]
pub(crate) fn report_json(report: &ReviewReport) -> String {
    visible_json(report)
}
