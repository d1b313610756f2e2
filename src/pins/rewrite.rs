//! Sets the pin in the text of one `server.yaml`. Pure: text in, text out.
//!
//! The 40 characters change and nothing else does, whatever the file looks like. What cannot be changed with certainty is
//! refused, and every result is read again before anybody sees it: it must be the same document but for that one value.

mod comment;
mod flow;

pub(crate) use comment::Comment;

use crate::document::edit::{self, Edit, EditError};
use crate::document::scalar::{Resolved, resolve};
use crate::document::{Document, Pair, Position, Route, ScalarStyle, Span, Value};
use crate::entry::Manifest;
use crate::ids::CommitSha;
use crate::route;
use crate::text::cut;
use std::fmt;

/// What setting a pin comes to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rewrite {
    /// What was pinned before, as it was written: it need not be a commit. None where there was nothing.
    pub old: Option<String>,
    /// The text with the new pin; none when the text says exactly this already.
    pub text: Option<String>,
    /// Comments that stay and may describe the commit before.
    pub(crate) comments: Vec<Comment>,
}

impl Rewrite {
    /// What to look at after a move, if anything: `check the comment # v1.2.0 in line 5, which may describe the old commit`.
    #[must_use]
    pub(crate) fn to_check(&self) -> Option<String> {
        let named: Vec<String> =
            self.comments.iter().map(|found| format!("`{}` in line {}", cut(&found.text, 80), found.line)).collect();
        let (comments, may) = if named.len() == 1 { ("comment", "it") } else { ("comments", "they") };
        (!named.is_empty()).then(|| {
            format!("check the {comments} {}: {may} stayed and may describe the old commit", named.join(" and "))
        })
    }
}

/// Why a pin was not set. The text is as it was.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refusal {
    pub(crate) reason: Reason,
    pub position: Position,
}

/// The reason of a [`Refusal`], in words that follow a place.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Reason {
    /// The text is not a document; the words say why.
    #[error("{0}")]
    Unreadable(String),
    /// The document is a list or a scalar.
    #[error("this is not an entry: it has no keys")]
    NoEntry,
    /// There is no `source`, or it has no keys.
    #[error("there is nothing to pin: the entry has no `source`, or nothing in it")]
    NoSource,
    /// `source` names no repository.
    #[error("there is nothing to pin: the entry has no `source.project`")]
    NoProject,
    /// The pin, or the mapping that it would enter, is written in a form that is not edited.
    #[error("{0}")]
    Form(#[from] EditError),
    /// The result would have been another document.
    #[error("the pin cannot be set here without changing something else")]
    ChangesMore,
}

/// `servers/x/server.yaml:` is for the caller to put before it.
impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Position { line, column } = self.position;
        write!(f, "{line}:{column}: {}", self.reason)
    }
}

impl std::error::Error for Refusal {}

/// The text with `source.commit` set to `commit`. A key that is not there is added as the last of `source`, written as its
/// siblings are. Quotes stay; a commit that readers of YAML would take for a number without them gets some.
///
/// # Errors
/// When the text is not an entry with a `source.project`, or the pin has an anchor, a tag or several lines, or could not be
/// set without changing something else.
pub fn set_pin(text: &str, commit: &CommitSha) -> Result<Rewrite, Refusal> {
    let before = Document::from_yaml(text).map_err(|error| {
        let lines = crate::document::Lines::new(text);
        let mut message = error.message;
        if let Some((span, words)) = error.related {
            message.push_str(&format!(" ({words}: line {})", lines.position(text, span.start).line));
        }
        Refusal { reason: Reason::Unreadable(message), position: lines.position(text, error.span.start) }
    })?;
    let pin = route!["source", "commit"];
    let refuse = |reason: Reason, at: &Route| {
        let position = before.lines().position(text, before.locate(at).start);
        Refusal { reason, position }
    };
    if !matches!(before.root().value, Value::Mapping(_)) {
        return Err(refuse(Reason::NoEntry, &Route::default()));
    }
    let source = route!["source"];
    let Some(mapping) = before.at(&source).filter(|node| !node.pairs().is_empty()) else {
        return Err(refuse(Reason::NoSource, &source));
    };
    if Manifest::read(before.root()).source.project.is_none() {
        return Err(refuse(Reason::NoProject, &source));
    }
    let (old, edits) = match mapping.pair("commit") {
        Some(pair) => {
            let edit = replace(&before, &pin, pair, commit).map_err(|error| refuse(error.into(), &pin))?;
            let old = pair.value.scalar().filter(|scalar| resolve(scalar) != Resolved::Null);
            (old.map(|scalar| scalar.text.to_string()), vec![edit])
        }
        None if flow::is_flow(text, mapping) => (None, flow::insert(text, mapping, commit.as_str())),
        None => {
            let value = edit::write_scalar(commit.as_str(), ScalarStyle::Plain, false);
            let edit =
                edit::insert_key(&before, &source, "commit", &value).map_err(|error| refuse(error.into(), &source))?;
            (None, vec![edit])
        }
    };
    if edits.iter().all(|edit| text.get(edit.span.range()) == Some(&edit.replacement)) {
        return Ok(Rewrite { old, text: None, comments: Vec::new() });
    }
    let moves = old.as_deref().is_some_and(|old| old != commit.as_str());
    let comments =
        mapping.pair("commit").filter(|_| moves).map_or_else(Vec::new, |pair| comment::of_pin(&before, pair));
    match edit::apply(text, edits) {
        Ok(after) if only_the_pin_differs(&before, &after, &pin, commit) => {
            Ok(Rewrite { old, text: Some(after), comments })
        }
        _ => Err(refuse(Reason::ChangesMore, &pin)),
    }
}

/// The edit of a pin that is there.
fn replace(document: &Document, pin: &Route, pair: &Pair, commit: &CommitSha) -> Result<Edit, EditError> {
    let text = document.text();
    let gap = text.get(pair.key.span.end..pair.value.span.start).unwrap_or("");
    let is_absent = pair.value.span.start == pair.value.span.end;
    let rest = text.get(pair.value.span.end..).unwrap_or("").trim_start();
    if has_anchor(gap) || (is_absent && rest.starts_with('&')) {
        // Nothing can refer to it, since aliases are not read; but whoever named it meant to, and other readers may.
        return Err(EditError::Unsupported(pin.clone(), "it has an anchor"));
    }
    let edit = edit::replace_scalar(document, pin, commit.as_str())?;
    if !is_absent {
        return Ok(edit);
    }
    // An absent value ends at its colon, and blanks may follow: they stay, before the value's comment.
    Ok(Edit { span: Span::new(edit.span.start, edit.span.start), ..edit })
}

/// Whether there is an anchor between a key and its value, where there are only marks, blanks and comments.
fn has_anchor(gap: &str) -> bool {
    gap.lines().any(|line| {
        let comment = line.starts_with('#').then_some(0).or_else(|| line.find(" #")).or_else(|| line.find("\t#"));
        line.get(..comment.unwrap_or(line.len())).is_some_and(|marks| marks.contains('&'))
    })
}

/// Whether a text is the same document, with the commit where the pin is.
fn only_the_pin_differs(before: &Document, after: &str, pin: &Route, commit: &CommitSha) -> bool {
    let Ok(after) = Document::from_yaml(after) else { return false };
    let is_commit = after
        .at(pin)
        .and_then(|node| node.scalar())
        .is_some_and(|scalar| &*scalar.text == commit.as_str() && resolve(scalar) == Resolved::Text);
    is_commit && edit::verify_same_data_except(before.root(), after.root(), std::slice::from_ref(pin))
}

#[cfg(test)]
mod tests;
