//! Findings for people, as a good compiler shows them: what is wrong, where, the lines themselves, and the remedy.

use super::escape::{terminal, terminal_within};
use super::excerpt::{Excerpt, Mark, excerpts};
use super::{RenderOptions, count, summary_line};
use crate::document::Position;
use crate::finding::{Anchor, Finding, Label, Report, Secrets, Severity};
use annotate_snippets::{AnnotationKind, Element, Level, Origin, Renderer, Snippet};
use rayon::prelude::*;
use std::collections::BTreeMap;

/// Characters of a message or a remedy that are shown; more are cut with `…`.
pub(crate) const MAX_MESSAGE_CHARACTERS: usize = 1_000;
/// Characters that are shown of a label, which stands beside a line of the text.
pub(crate) const MAX_LABEL_CHARACTERS: usize = 120;
/// Labels of one finding that are shown; of more, only the number is.
pub(crate) const MAX_LABELS: usize = 8;

/// Stands in for a path and its position while the renderer lays out an excerpt: see [`Place`]. A private-use
/// character, which no escaped text contains.
const PLACEHOLDER: char = '\u{e000}';

/// Every finding in the order of the report, each with an empty line after it, then the summary.
#[must_use]
pub(crate) fn render(report: &Report, options: &RenderOptions<'_>) -> String {
    let renderer = if options.color { Renderer::styled() } else { Renderer::plain() };
    let renderer = renderer.term_width(options.width.clamp(40, 400));
    let shown = Shown { report, secrets: report.secrets() };
    let is_shown = |finding: &&Finding| options.show_waived || finding.waived.is_none();
    // Laying out the lines takes a while, and the findings know nothing of one another.
    let findings = report.findings.par_iter().filter(is_shown);
    let findings: Vec<String> = findings.map(|finding| render_finding(&shown, finding, &renderer)).collect();
    let mut out = String::with_capacity(findings.iter().map(|finding| finding.len() + 2).sum());
    for finding in findings {
        out.push_str(&finding);
        out.push_str("\n\n");
    }
    if !options.quiet {
        out.push_str(&closing_line(report));
        out.push('\n');
    }
    out
}

/// The findings without colour, waived ones too, and without the summary.
#[cfg(test)]
pub(crate) fn findings_plain(report: &Report) -> String {
    render(report, &RenderOptions { show_waived: true, quiet: true, ..RenderOptions::default() })
}

/// The summary, and what `--fix` could do about it.
pub(super) fn closing_line(report: &Report) -> String {
    let fixable = report.findings.iter().filter(|finding| finding.fixable && finding.waived.is_none()).count();
    let summary = summary_line(&report.summary(), report.entries);
    if fixable == 0 { summary } else { format!("{summary}; `--fix` can mend {fixable}") }
}

/// A report, and what must not be shown of its texts.
struct Shown<'r> {
    report: &'r Report,
    secrets: BTreeMap<&'r str, Secrets>,
}

/// One finding without a final line end.
fn render_finding(shown: &Shown<'_>, finding: &Finding, renderer: &Renderer) -> String {
    let level = match finding.severity {
        Severity::Error => Level::ERROR,
        Severity::Warning => Level::WARNING,
        Severity::Note => Level::NOTE,
    };
    let message = terminal_within(&finding.message, MAX_MESSAGE_CHARACTERS);
    let mut places = Vec::new();
    let mut elements = elements(shown, finding, &mut places);
    if let Some(help) = &finding.help {
        elements.push(Level::HELP.message(terminal_within(help, MAX_MESSAGE_CHARACTERS)).into());
    }
    if let Some(reason) = &finding.waived {
        let reason = terminal_within(reason, MAX_MESSAGE_CHARACTERS);
        elements.push(Level::NOTE.message(format!("waived: {reason}")).into());
    }
    let group = level.primary_title(message).id(finding.rule).elements(elements);
    put_places(&renderer.render(&[group]), &places)
}

/// A path with the position in the file. The renderer would write the position in the excerpt, where escapes and cuts
/// have moved the columns; so it is given a placeholder, and this takes its place afterwards.
struct Place {
    path: String,
    position: Position,
}

/// Everything between the title and the remedy.
fn elements<'a>(shown: &Shown<'_>, finding: &Finding, places: &mut Vec<Place>) -> Vec<Element<'a>> {
    let report = shown.report;
    let mut elements = Vec::new();
    let mut notes = Vec::new();
    let labels = finding.labels.get(..MAX_LABELS).unwrap_or(&finding.labels);
    let here = |label: &&Label| label.path == finding.path;

    let mut marks = Vec::new();
    marks.extend(mark(report, &finding.path, &finding.anchor, &finding.label, true));
    if marks.is_empty() {
        elements.push(Origin::path(terminal(&finding.path)).into());
        if !finding.label.is_empty() {
            notes.push(terminal_within(&finding.label, MAX_LABEL_CHARACTERS));
        }
    }
    marks_of(report, labels.iter().filter(here), &mut marks, &mut notes);
    snippets(shown, &finding.path, &marks, places, &mut elements);

    let mut elsewhere: Vec<&Label> = labels.iter().filter(|label| !here(label)).collect();
    elsewhere.sort_by(|one, other| one.path.cmp(&other.path));
    for labels in elsewhere.chunk_by(|one, other| one.path == other.path) {
        let mut marks = Vec::new();
        marks_of(report, labels.iter().copied(), &mut marks, &mut notes);
        if let Some(label) = labels.first() {
            snippets(shown, &label.path, &marks, places, &mut elements);
        }
    }
    if finding.labels.len() > labels.len() {
        notes.push(format!("and {} more", count(finding.labels.len() - labels.len(), "place")));
    }
    elements.extend(notes.into_iter().map(|note| Level::NOTE.message(note).into()));
    elements
}

/// Adds the labels to `marks`, or to `notes` when they name no place in a known text.
fn marks_of<'l>(
    report: &Report,
    labels: impl Iterator<Item = &'l Label>,
    marks: &mut Vec<Mark>,
    notes: &mut Vec<String>,
) {
    for label in labels {
        match mark(report, &label.path, &label.anchor, &label.text, false) {
            Some(mark) => marks.push(mark),
            None => {
                let text = terminal_within(&label.text, MAX_LABEL_CHARACTERS);
                notes.push(format!("{}: {text}", terminal(&label.path)));
            }
        }
    }
}

fn mark(report: &Report, path: &str, anchor: &Anchor, text: &str, primary: bool) -> Option<Mark> {
    let span = report.sources.get(path)?.span(anchor)?;
    Some(Mark { span, text: terminal_within(text, MAX_LABEL_CHARACTERS), primary })
}

/// Adds the excerpts of one file.
fn snippets(shown: &Shown<'_>, path: &str, marks: &[Mark], places: &mut Vec<Place>, elements: &mut Vec<Element<'_>>) {
    let Some(source) = shown.report.sources.get(path) else { return };
    let none = Secrets::default();
    let secrets = shown.secrets.get(path).unwrap_or(&none);
    for excerpt in excerpts(source.text(), source.lines(), marks, secrets) {
        let Excerpt { text, first_line, marks: placed } = excerpt;
        // The position that stands above an excerpt is that of the finding, or else of its first label.
        let of = |index: &usize| marks.get(*index);
        let lead = placed.iter().filter_map(|(_, index)| of(index)).min_by_key(|mark| !mark.primary);
        let Some(lead) = lead else { continue };
        let placeholder = format!("{PLACEHOLDER}{}{PLACEHOLDER}", places.len());
        places.push(Place { path: terminal(path), position: source.lines().position(source.text(), lead.span.start) });
        let annotations = placed.iter().filter_map(|(range, index)| {
            let mark = of(index)?;
            let kind = if mark.primary { AnnotationKind::Primary } else { AnnotationKind::Context };
            let annotation = kind.span(range.clone());
            Some(if mark.text.is_empty() { annotation } else { annotation.label(mark.text.clone()) })
        });
        let snippet = Snippet::source(text).line_start(first_line).path(placeholder).annotations(annotations);
        elements.push(snippet.into());
    }
}

/// Replaces every placeholder, and the line and column after it, by the place it stands for.
fn put_places(rendered: &str, places: &[Place]) -> String {
    let mut out = String::with_capacity(rendered.len() + 64 * places.len());
    let mut parts = rendered.split(PLACEHOLDER);
    out.push_str(parts.next().unwrap_or_default());
    while let (Some(number), Some(after)) = (parts.next(), parts.next()) {
        if let Some(Place { path, position }) = number.parse().ok().and_then(|number: usize| places.get(number)) {
            out.push_str(&format!("{path}:{}:{}", position.line, position.column));
        }
        out.push_str(after.trim_start_matches(|character: char| character == ':' || character.is_ascii_digit()));
    }
    out
}

#[cfg(test)]
mod tests;
