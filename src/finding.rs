//! What every command that judges something says: a [`Finding`], and the [`Report`] of all of them.
//!
//! A finding points at a route (keys and indices), not at bytes: bytes and lines are computed when it is
//! rendered, from the text that was judged. Severity is this tool's scale for findings; the reviewer's risk is
//! another scale and never mixed with it.

mod secrets;

pub(crate) use secrets::{MASK, Secrets};

use crate::document::{Document, Lines, Position, Route, Span};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

/// How much a finding matters. The order is the order of importance.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    /// Worth knowing; never fails a run by itself.
    Note,
    /// Should be mended; fails a run only under `--fail-on warning`.
    Warning,
    /// Must be mended before the entry enters the registry.
    Error,
}

impl fmt::Display for Severity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Note => "note",
            Self::Warning => "warning",
            Self::Error => "error",
        })
    }
}

/// Where in a file a finding or label points.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Anchor {
    /// The file as a whole: it is missing, or nothing in it can be named.
    File,
    /// The value at a route, or the nearest thing that exists.
    Value(Route),
    /// The key at a route, or the nearest thing that exists.
    Key(Route),
    /// Bytes of the text, for what a route cannot name: a character inside a value, a syntax error.
    Bytes(Span),
}

/// A second place that explains the first.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Label {
    /// The file, relative to the registry's root, with `/`.
    pub(crate) path: Arc<str>,
    pub(crate) anchor: Anchor,
    /// What stands there, in a few words.
    pub(crate) text: String,
}

/// One thing that is wrong, where it is, and how to mend it.
///
/// Texts may hold anything an entry held; every output escapes what it shows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// The id of the rule that says so.
    pub rule: &'static str,
    /// After the policy's levels were applied.
    pub severity: Severity,
    /// The folder name of the entry; none when it is about the registry itself.
    pub entry: Option<Arc<str>>,
    /// The file, relative to the registry's root, with `/`.
    pub(crate) path: Arc<str>,
    pub anchor: Anchor,
    /// What is wrong, in one sentence without a final full stop.
    pub message: String,
    /// A few words to stand under the marked place; empty when the message says it all.
    pub(crate) label: String,
    /// How to mend it, in one or two sentences.
    pub help: Option<String>,
    /// Other places that explain this one.
    pub(crate) labels: Vec<Label>,
    /// Whether `--fix` can mend it.
    pub fixable: bool,
    /// The reason of the waiver that excuses it, if one does.
    pub waived: Option<String>,
    /// Whether what stands at the anchor must not be shown: a secret. Outputs that quote the source put [`MASK`] in its place.
    pub(crate) sensitive: bool,
}

impl Finding {
    /// A finding with nothing but what every finding has.
    pub(crate) fn new(
        rule: &'static str,
        severity: Severity,
        entry: Option<Arc<str>>,
        path: Arc<str>,
        anchor: Anchor,
        message: String,
    ) -> Self {
        Self {
            rule,
            severity,
            entry,
            path,
            anchor,
            message,
            label: String::new(),
            help: None,
            labels: Vec::new(),
            fixable: false,
            waived: None,
            sensitive: false,
        }
    }
}

/// A text that findings point into.
#[derive(Debug, Clone)]
pub(crate) enum SourceText {
    Document(Arc<Document>),
    /// A text that is not a document, or did not compose.
    Text(Arc<str>, Lines),
}

impl SourceText {
    /// A text without a tree.
    pub(crate) fn plain(text: impl Into<Arc<str>>) -> Self {
        let text = text.into();
        let lines = Lines::new(&text);
        Self::Text(text, lines)
    }

    #[must_use]
    pub(crate) fn text(&self) -> &Arc<str> {
        match self {
            Self::Document(document) => document.text(),
            Self::Text(text, _) => text,
        }
    }

    #[must_use]
    pub(crate) fn lines(&self) -> &Lines {
        match self {
            Self::Document(document) => document.lines(),
            Self::Text(_, lines) => lines,
        }
    }

    /// The bytes an anchor points at; none for the whole file.
    #[must_use]
    pub(crate) fn span(&self, anchor: &Anchor) -> Option<Span> {
        let span = match (anchor, self) {
            (Anchor::File, _) => return None,
            (Anchor::Bytes(span), _) => *span,
            (Anchor::Value(route), Self::Document(document)) => document.locate(route),
            (Anchor::Key(route), Self::Document(document)) => document.locate_key(route),
            (Anchor::Value(_) | Anchor::Key(_), Self::Text(..)) => return None,
        };
        let len = self.text().len();
        Some(Span::new(span.start.min(len), span.end.min(len)))
    }
}

/// The texts of one run, by path relative to the registry's root.
pub(crate) type Sources = BTreeMap<Arc<str>, SourceText>;

/// What a rule is, for the outputs that describe rules beside findings.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RuleDescriptor {
    /// The id that findings carry.
    pub(crate) id: &'static str,
    /// One line, without a final full stop.
    pub(crate) summary: &'static str,
    /// Markdown: what, why, how to fix.
    pub(crate) explanation: &'static str,
    /// What its findings are unless the policy says otherwise.
    pub(crate) severity: Severity,
    /// Where it is explained on the web, if anywhere.
    pub(crate) help_uri: Option<String>,
}

/// Everything one run of a judging command has to say.
#[derive(Debug, Clone)]
pub struct Report {
    /// The command that made it: `validate`, `review`, …
    pub(crate) command: &'static str,
    /// How many entries were judged.
    pub(crate) entries: usize,
    /// The findings, sorted: see [`Report::new`].
    pub findings: Vec<Finding>,
    /// The texts the findings point into.
    pub(crate) sources: Sources,
}

/// How many findings there are of each severity; waived ones count only as waived.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub(crate) struct Summary {
    /// Findings that fail a run.
    pub(crate) error: usize,
    /// Findings that should be mended.
    pub(crate) warning: usize,
    pub(crate) note: usize,
    /// Findings that a waiver excuses.
    pub(crate) waived: usize,
}

impl Summary {
    /// Counts findings by severity and by whether they are waived.
    #[must_use]
    pub(crate) fn of(findings: impl IntoIterator<Item = (Severity, bool)>) -> Self {
        let mut summary = Self::default();
        for (severity, is_waived) in findings {
            match (is_waived, severity) {
                (true, _) => summary.waived += 1,
                (false, Severity::Error) => summary.error += 1,
                (false, Severity::Warning) => summary.warning += 1,
                (false, Severity::Note) => summary.note += 1,
            }
        }
        summary
    }
}

impl Report {
    /// A report with its findings in their stable order: path, position, rule, message. What a sensitive one points at is
    /// masked in the words of all.
    #[must_use]
    pub(crate) fn new(command: &'static str, entries: usize, mut findings: Vec<Finding>, sources: Sources) -> Self {
        secrets::mask_words(&mut findings, &sources);
        findings.sort_by_cached_key(|finding| {
            let start =
                sources.get(&finding.path).and_then(|source| source.span(&finding.anchor)).map_or(0, |span| span.start);
            (finding.path.clone(), start, finding.rule, finding.message.clone())
        });
        findings.dedup();
        Self { command, entries, findings, sources }
    }

    /// What sensitive findings point at, by path. Another finding may be about the same line, so that they count for all.
    #[must_use]
    pub(crate) fn secrets(&self) -> BTreeMap<&str, Secrets> {
        let mut spans: BTreeMap<&str, Vec<Span>> = BTreeMap::new();
        for finding in self.findings.iter().filter(|finding| finding.sensitive) {
            let span = self.sources.get(&finding.path).and_then(|source| source.span(&finding.anchor));
            spans.entry(&finding.path).or_default().extend(span);
        }
        spans.into_iter().map(|(path, spans)| (path, spans.into_iter().collect())).collect()
    }

    #[must_use]
    pub(crate) fn summary(&self) -> Summary {
        Summary::of(self.findings.iter().map(|finding| (finding.severity, finding.waived.is_some())))
    }

    /// The highest severity among findings that no waiver excuses.
    #[must_use]
    pub(crate) fn worst(&self) -> Option<Severity> {
        self.findings.iter().filter(|finding| finding.waived.is_none()).map(|finding| finding.severity).max()
    }

    /// First and last position of a finding: line and column from 1, columns in characters. None when
    /// the finding is about the whole file.
    #[must_use]
    pub(crate) fn positions(&self, finding: &Finding) -> Option<(Position, Position)> {
        self.positions_in(&finding.path, &finding.anchor)
    }

    /// First and last position of a place in any of the texts, as [`Report::positions`].
    #[must_use]
    pub(crate) fn positions_in(&self, path: &str, anchor: &Anchor) -> Option<(Position, Position)> {
        let source = self.sources.get(path)?;
        let span = source.span(anchor)?;
        let lines = source.lines();
        Some((lines.position(source.text(), span.start), lines.position(source.text(), span.end)))
    }
}
