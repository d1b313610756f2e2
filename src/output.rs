//! Renderings of a [`Report`]: one report, and every output is the same findings in another form.
//!
//! Texts in a report may hold anything an entry held. What each form must not let through is decided in
//! [`escape`] and nowhere else.

pub(crate) mod diff;
mod excerpt;
pub(crate) mod github;
pub(crate) mod human;
pub(crate) mod json;
pub(crate) mod markdown;
pub(crate) mod review;
pub(crate) mod sarif;

pub(crate) use crate::escape;
use crate::finding::{Report, RuleDescriptor, Summary};
/// The form of a result.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, clap::ValueEnum)]
pub enum Format {
    /// For people at a terminal.
    #[default]
    Human,
    /// One JSON document: `schemas/report.json`.
    Json,
    /// SARIF 2.1.0, for code scanning.
    Sarif,
    /// Workflow commands: annotations in GitHub Actions.
    Github,
    /// A table for a step summary or comment.
    Markdown,
}

#[derive(Debug, Clone, Copy)]
pub struct RenderOptions<'a> {
    /// ANSI colours in the human form. The caller knows whether it writes to a terminal.
    pub color: bool,
    /// Columns of the terminal; excerpts are cut to them. Taken as at least 40 and at most 400.
    pub width: usize,
    /// Show findings that a waiver excuses, in the human and the Markdown form. JSON and SARIF always hold them, marked;
    /// GitHub annotations never do.
    pub show_waived: bool,
    /// Leave out what is not a finding: the closing summary of the human, GitHub and Markdown forms.
    pub quiet: bool,
    /// The rules that SARIF describes. Rules that findings name and that are not here are described by their id alone.
    pub rules: &'a [RuleDescriptor],
}

impl Default for RenderOptions<'_> {
    /// No colour, 140 columns, without waived findings.
    fn default() -> Self {
        Self { color: false, width: 140, show_waived: false, quiet: false, rules: &[] }
    }
}

/// `report` in `format`, with a final line end. Time and memory grow with the number of findings, not with the size
/// of the texts they point into.
#[must_use]
pub fn render(report: &Report, format: Format, options: &RenderOptions<'_>) -> String {
    match format {
        Format::Human => human::render(report, options),
        Format::Json => json::render(report),
        Format::Github => github::render(report, options),
        Format::Sarif => sarif::render(report, options),
        Format::Markdown => markdown::render(report, options, markdown::MAX_BYTES),
    }
}

/// `2 errors, 1 warning and 3 notes in 172 entries (4 waived)`, or `no problems in 24 entries`.
#[must_use]
pub(crate) fn summary_line(summary: &Summary, entries: usize) -> String {
    let counts = counts(summary);
    let problems = match counts.as_slice() {
        [] => "no problems".to_owned(),
        [only] => only.clone(),
        [first @ .., last] => format!("{} and {last}", first.join(", ")),
    };
    let entries = if entries == 1 { "1 entry".to_owned() } else { format!("{entries} entries") };
    let waived = if summary.waived > 0 { format!(" ({} waived)", summary.waived) } else { String::new() };
    format!("{problems} in {entries}{waived}")
}

/// `2 errors`, `1 warning`: of each severity that there is.
pub(crate) fn counts(summary: &Summary) -> Vec<String> {
    let all = [(summary.error, "error"), (summary.warning, "warning"), (summary.note, "note")];
    all.into_iter().filter(|(number, _)| *number > 0).map(|(number, noun)| count(number, noun)).collect()
}

/// `1 error`, `2 errors`.
pub(crate) fn count(number: usize, noun: &str) -> String {
    format!("{number} {noun}{}", if number == 1 { "" } else { "s" })
}

#[cfg(test)]
mod samples;

#[cfg(test)]
mod tests {
    use super::summary_line;
    use crate::finding::Summary;

    #[test]
    fn summaries_are_sentences() {
        let line =
            |error, warning, note, waived, entries| summary_line(&Summary { error, warning, note, waived }, entries);
        assert_eq!(line(2, 1, 3, 4, 172), "2 errors, 1 warning and 3 notes in 172 entries (4 waived)");
        assert_eq!(line(0, 2, 1, 0, 2), "2 warnings and 1 note in 2 entries");
        assert_eq!(line(1, 0, 0, 0, 1), "1 error in 1 entry");
        assert_eq!(line(0, 0, 0, 0, 24), "no problems in 24 entries");
        assert_eq!(line(0, 0, 0, 1, 0), "no problems in 0 entries (1 waived)");
    }
}
