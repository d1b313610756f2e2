//! Renderings of a report. (Interface only here; the renderers land from their own branch and replace this file.)
pub mod escape;
pub mod human;

use crate::finding::{Report, Severity};

/// How a result is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum Format {
    /// For people at a terminal.
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

/// What renderers need to know beside the report.
#[derive(Debug, Clone, Copy)]
pub struct RenderOptions<'a> {
    /// Whether human output is coloured.
    pub color: bool,
    /// Columns of human output.
    pub width: usize,
    /// Whether waived findings are shown to people.
    pub show_waived: bool,
    /// Whether the summary line is left out.
    pub quiet: bool,
    /// Every rule of the command.
    pub rules: &'a [RuleDescriptor],
}

/// A rule, as far as an output that lists rules shows it.
#[derive(Debug, Clone)]
pub struct RuleDescriptor {
    /// The id.
    pub id: &'static str,
    /// One line.
    pub summary: &'static str,
    /// Markdown.
    pub explanation: &'static str,
    /// The default severity.
    pub severity: Severity,
    /// Where more is said.
    pub help_uri: Option<String>,
}

/// Renders a report.
#[must_use]
pub fn render(report: &Report, _format: Format, _options: &RenderOptions<'_>) -> String {
    human::findings_plain(report)
}
