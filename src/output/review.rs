//! Renderings of a review: `report.md`, `labels.txt` and `report.json` of one target, and the table at the end of a run.
//!
//! `report.md` is what ends up in a comment on GitHub, so that it is where an attacker writes who fooled an agent. Three things hold
//! whatever a report holds: every field is escaped, because what the template does not escape its formatter does; only the template makes
//! structure; and the text has at most [`MAX_REPORT_BYTES`].

mod human;
mod link;
mod template;
#[cfg(test)]
mod tests;
mod view;

pub use human::{Row, human};

use super::escape::visible_json;
use crate::verdict::ReviewReport;

/// The most bytes of `report.md`. GitHub takes comments of 65,536 characters; bytes are counted, which are never fewer, and
/// the rest is left for whoever puts a line around the report.
pub const MAX_REPORT_BYTES: usize = 60_000;

/// How many findings are tried first.
const FEW: usize = 8;

/// `report.md`: GitHub-flavoured Markdown of at most [`MAX_REPORT_BYTES`]. Findings that do not fit, those of the lowest risk, are
/// counted in place of being shown. The same report gives the same bytes.
#[must_use]
pub fn report_md(report: &ReviewReport) -> String {
    let renderer = template::Renderer::new();
    let all = report.findings.len();
    let render = |findings| renderer.render(&view::View::new(report, findings));
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

/// `labels.txt`: the labels that follow from the verdict, one a line, sorted.
#[must_use]
pub fn labels_txt(report: &ReviewReport) -> String {
    report.verdict.labels().into_iter().map(|label| label + "\n").collect()
}

/// `report.json`: all of the report, indented, with a final line end; see `schemas/review-report.json`. What is invisible is
/// written as an escape. The same report gives the same bytes.
#[must_use]
pub fn report_json(report: &ReviewReport) -> String {
    visible_json(report)
}
