//! What an analysis of one entry came to, as the text of a check run.

use super::names::{Analysis, GATE, MAX_TEXT, MOST_ANNOTATIONS};
use crate::github::registry::{Annotation, CheckText};
use crate::sync::block;
use crate::text::cut;
use crate::verdict::{Conclusion, Risk};
use std::sync::Arc;

/// What the id of every check run of ours begins with: the version of its form.
const ID: &str = "mcp-registry:1:";
/// What stands in the place of a risk where there is none.
const NO_RISK: &str = "-";

/// What a check run says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Outcome {
    /// None while the work is under way.
    pub(crate) conclusion: Option<Conclusion>,
    /// Of a review: the highest risk, which the gate reads again.
    pub(crate) risk: Option<Risk>,
    /// One line.
    pub(crate) title: String,
    /// Markdown; everything in it is escaped.
    pub(crate) summary: String,
    /// More of it; may be empty.
    pub(crate) text: String,
    pub(crate) annotations: Vec<Annotation>,
}

impl Outcome {
    /// Nothing but two texts.
    pub(crate) fn plain(conclusion: Option<Conclusion>, title: impl Into<String>, summary: impl Into<String>) -> Self {
        Self {
            conclusion,
            risk: None,
            title: title.into(),
            summary: summary.into(),
            text: String::new(),
            annotations: Vec::new(),
        }
    }

    /// What GitHub is sent, within its limits, with an id that is another one when anything of it is.
    pub(crate) fn check_text(&self) -> CheckText {
        let bounded = |text: &str| {
            let marked = "\n\n*Cut here: GitHub takes no more.*";
            match text.chars().count() <= MAX_TEXT {
                true => text.to_owned(),
                false => format!("{}{marked}", cut(text, MAX_TEXT - marked.len())),
            }
        };
        let conclusion = self.conclusion.map(Conclusion::as_str);
        let annotations: Vec<Annotation> = self.annotations.iter().take(MOST_ANNOTATIONS).cloned().collect();
        let (summary, text) = (bounded(&self.summary), bounded(&self.text));
        let all = format!("{conclusion:?}\n{summary}\n{text}\n{annotations:?}");
        let risk = self.risk.map_or(NO_RISK, Risk::as_str);
        CheckText {
            external_id: format!("{ID}{risk}:{}", block::digest(&self.title, &all)),
            conclusion,
            title: cut(&self.title, 200).into_owned(),
            summary,
            text,
            annotations,
        }
    }
}

/// The risk that a check run of ours was concluded with; none for what this program did not write.
pub(crate) fn risk_of(external_id: &str) -> Option<Option<Risk>> {
    let (word, digest) = external_id.strip_prefix(ID)?.split_once(':')?;
    if digest.len() != 32 || !digest.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f')) {
        return None;
    }
    match word {
        NO_RISK => Some(None),
        word => Risk::ALL.into_iter().find(|risk| risk.as_str() == word).map(Some),
    }
}

/// A check run that is wanted on a commit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Wanted {
    /// None for the gate.
    pub(crate) of: Option<(Analysis, Arc<str>)>,
    pub(crate) outcome: Outcome,
}

impl Wanted {
    pub(crate) fn name(&self) -> String {
        self.of.as_ref().map_or_else(|| GATE.to_owned(), |(analysis, entry)| analysis.check(entry))
    }
}
