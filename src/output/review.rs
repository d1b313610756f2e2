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

/// `report.md`: GitHub-flavoured Markdown of at most [`MAX_REPORT_BYTES`]. Findings that do not fit, those of the lowest risk, are
/// counted in place of being shown. The same report gives the same bytes.
#[must_use]
pub fn report_md(report: &ReviewReport) -> String {
    let renderer = template::Renderer::new();
    let all = report.findings.len();
    let whole = renderer.render(&view::View::new(report, all));
    if whole.len() <= MAX_REPORT_BYTES {
        return whole;
    }
    // The length grows with the number of findings that are shown, so that the most that fit are found by halving.
    let (mut fits, mut too_many) = (0, all);
    let mut shown = renderer.render(&view::View::new(report, 0));
    while too_many - fits > 1 {
        let middle = fits + (too_many - fits) / 2;
        let candidate = renderer.render(&view::View::new(report, middle));
        if candidate.len() <= MAX_REPORT_BYTES {
            fits = middle;
            shown = candidate;
        } else {
            too_many = middle;
        }
    }
    shown
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
