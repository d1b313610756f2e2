//! Comment-keeping edits of a text, by the spans of its tree.
//!
//! Nothing here prints a tree. An edit replaces the bytes it is about, and every other byte (comments, quotes,
//! order, line ends) stays. What cannot be edited with certainty is refused with a reason. After applying edits
//! the caller composes the result and asks [`verify_same_data_except`] whether only the intended data changed.

mod keys;
mod order;
mod verify;
mod write;

pub use keys::{insert_key, remove_pair};
pub use order::{reorder_top_level, sort_sequence};
pub use verify::{same_data, verify_same_data_except};

use super::scalar::{self, Resolved};
use super::{Document, Node, Route, Scalar, ScalarStyle, Span};

/// `text` as a YAML scalar on one line: without quotes where every reader takes it for exactly this text.
#[must_use]
pub(crate) fn written(text: &str) -> String {
    write::scalar(text, ScalarStyle::Plain, false)
}

/// One replacement: the bytes of `span` become `replacement`. An empty span inserts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Edit {
    pub span: Span,
    pub replacement: String,
}

/// Why an edit cannot be made with certainty.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum EditError {
    #[error("there is nothing at `{0}`")]
    Missing(Route),
    /// A key that should be inserted is there already.
    #[error("`{0}` exists already")]
    Exists(Route),
    /// The text there has a form that is not edited; the words say which.
    #[error("`{0}` cannot be edited: {1}")]
    Unsupported(Route, &'static str),
    /// Two edits want the same bytes.
    #[error("two edits overlap at byte {0}")]
    Overlap(usize),
    /// An edit lies outside of the text or inside a character.
    #[error("an edit does not fit the text at byte {0}")]
    OutOfBounds(usize),
}

/// Edits of one text that do not overlap.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Edits {
    /// Sorted by start; insertions at one place stay in the order they were added.
    edits: Vec<Edit>,
}

impl Edits {
    /// No edits.
    #[must_use]
    pub(crate) fn new() -> Self {
        Self::default()
    }

    /// Adds an edit.
    ///
    /// # Errors
    /// When it overlaps one that was added before; the edits are then unchanged.
    pub(crate) fn add(&mut self, edit: Edit) -> Result<(), EditError> {
        let at = self.edits.partition_point(|earlier| earlier.span.start <= edit.span.start);
        let before = at.checked_sub(1).and_then(|before| self.edits.get(before));
        // Two replacements that begin at one place overlap unless one of them is an insertion.
        let clash = before.is_some_and(|before| before.span.end > edit.span.start)
            || self.edits.get(at).is_some_and(|after| edit.span.end > after.span.start);
        if clash {
            return Err(EditError::Overlap(edit.span.start));
        }
        self.edits.insert(at, edit);
        Ok(())
    }

    /// The text after all edits.
    ///
    /// # Errors
    /// When an edit was made for another text and does not fit this one.
    pub(crate) fn apply(&self, text: &str) -> Result<String, EditError> {
        let mut result = String::with_capacity(text.len() + 64);
        let mut kept = 0;
        for edit in &self.edits {
            let between = text.get(kept..edit.span.start).filter(|_| text.is_char_boundary(edit.span.end));
            result.push_str(between.ok_or(EditError::OutOfBounds(edit.span.start))?);
            result.push_str(&edit.replacement);
            kept = edit.span.end;
        }
        result.push_str(text.get(kept..).ok_or(EditError::OutOfBounds(kept))?);
        Ok(result)
    }
}

/// The text after `edits`, given in any order.
///
/// # Errors
/// When two of them overlap, or one was made for another text.
pub fn apply(text: &str, edits: impl IntoIterator<Item = Edit>) -> Result<String, EditError> {
    let mut all = Edits::new();
    edits.into_iter().try_for_each(|edit| all.add(edit))?;
    all.apply(text)
}

/// Replaces a scalar's text. Quotes keep their style when `new` can be written in it; a plain scalar gets quotes
/// when `new` without them would be another type to any common reader, or no scalar at all. An absent value
/// (`key:`) is filled in.
///
/// # Errors
/// When the route leads to no scalar, or to one on several lines or with a tag.
pub fn replace_scalar(document: &Document, route: &Route, new: &str) -> Result<Edit, EditError> {
    let (node, scalar) = editable_scalar(document, route)?;
    let in_flow = in_flow(document, route);
    if node.span.start == node.span.end {
        let before = document.text().get(..node.span.start).unwrap_or("");
        let list =
            before.strip_suffix('-').is_some_and(|before| before.is_empty() || before.ends_with([' ', '\n', '\r']));
        if !before.ends_with(':') && !list {
            return Err(EditError::Unsupported(route.clone(), "it has no value and no colon"));
        }
        let replacement = format!(" {}", write::scalar(new, ScalarStyle::Plain, in_flow));
        return Ok(Edit { span: node.span, replacement });
    }
    Ok(Edit { span: node.span, replacement: write::scalar(new, scalar.style, in_flow) })
}

/// Puts quotes around a plain scalar, so that every reader takes it for the text it is.
///
/// # Errors
/// When the route leads to no scalar, or to one that has no text, is quoted already, has a tag, or spans lines.
pub fn quote_scalar(document: &Document, route: &Route) -> Result<Edit, EditError> {
    let (node, scalar) = editable_scalar(document, route)?;
    if scalar.style != ScalarStyle::Plain {
        return Err(EditError::Unsupported(route.clone(), "it is quoted already"));
    }
    if node.span.start == node.span.end {
        return Err(EditError::Unsupported(route.clone(), "it has no value"));
    }
    Ok(Edit { span: node.span, replacement: write::quoted(&scalar.text) })
}

/// A text as a scalar on one line: in `style` where every reader takes that for this text, else in quotes. `in_flow` is for
/// the inside of brackets.
#[must_use]
pub(crate) fn write_scalar(text: &str, style: ScalarStyle, in_flow: bool) -> String {
    write::scalar(text, style, in_flow)
}

/// A scalar on one line, without a tag.
fn editable_scalar<'d>(document: &'d Document, route: &Route) -> Result<(&'d Node, &'d Scalar), EditError> {
    let node = document.at(route).ok_or_else(|| EditError::Missing(route.clone()))?;
    let unsupported = |why| Err(EditError::Unsupported(route.clone(), why));
    let Some(scalar) = node.scalar() else { return unsupported("it is not a scalar") };
    if scalar.tag.is_some() {
        return unsupported("it has a tag");
    }
    let source = document.text().get(node.span.range()).unwrap_or("\n");
    if source.contains(['\n', '\r']) || matches!(scalar.style, ScalarStyle::Literal | ScalarStyle::Folded) {
        return unsupported("it is written on several lines");
    }
    Ok((node, scalar))
}

/// Whether the node at `route` stands inside brackets.
fn in_flow(document: &Document, route: &Route) -> bool {
    let mut node = document.root();
    for step in route.steps() {
        if is_flow(document.text(), node) {
            return true;
        }
        let Some(child) = node.at(&Route::new(vec![step.clone()])) else { return false };
        node = child;
    }
    false
}

/// Whether a collection is written with brackets.
fn is_flow(text: &str, node: &Node) -> bool {
    node.scalar().is_none() && text.get(node.span.range()).is_some_and(|source| source.starts_with(['{', '[']))
}

/// Whether a scalar is empty to every reader.
fn is_null(node: &Node) -> bool {
    node.scalar().is_some_and(|scalar| scalar::resolve(scalar) == Resolved::Null)
}

/// Where the line of byte `at` begins. A byte order mark belongs to no line.
fn line_start(text: &str, at: usize) -> usize {
    let start = text.get(..at).and_then(|before| before.rfind('\n')).map_or(0, |newline| newline + 1);
    if start == 0 && text.starts_with('\u{feff}') { '\u{feff}'.len_utf8().min(at) } else { start }
}

/// Where the line of byte `at` ends, its line end excluded, and where the next one begins.
pub(crate) fn line_end(text: &str, at: usize) -> (usize, usize) {
    match text.get(at..).and_then(|rest| rest.find('\n')) {
        Some(newline) => {
            let end = at + newline;
            let carriage_return = text.get(at..end).is_some_and(|line| line.ends_with('\r'));
            (end - usize::from(carriage_return), end + 1)
        }
        None => (text.len(), text.len()),
    }
}

/// The line end that the text uses.
pub(crate) fn line_ending(text: &str) -> &'static str {
    match text.find('\n') {
        Some(at) if text.get(..at).is_some_and(|line| line.ends_with('\r')) => "\r\n",
        _ => "\n",
    }
}

/// Whether the text has a carriage return that is not part of a line end: to YAML it is a line end of its own, to
/// the functions above it is not.
fn has_lone_carriage_return(text: &str) -> bool {
    text.bytes().zip(text.bytes().skip(1).chain([0])).any(|(byte, next)| byte == b'\r' && next != b'\n')
}

/// Whether a `?` stands between two scalars, where there are only marks, blanks, comments, tags and anchors.
pub(super) fn has_explicit_mark(gap: &str) -> bool {
    gap.lines().any(|line| {
        let comment = line.starts_with('#').then_some(0).or_else(|| line.find(" #")).or_else(|| line.find("\t#"));
        line.get(..comment.unwrap_or(line.len())).is_some_and(|marks| marks.contains('?'))
    })
}

/// Whether what stands between a value and the end of its line can stay there: blanks, or a comment.
pub(crate) fn is_blank_or_comment(rest: &str) -> bool {
    let trimmed = rest.trim_start_matches([' ', '\t']);
    trimmed.is_empty() || (trimmed.starts_with('#') && trimmed.len() < rest.len())
}

#[cfg(test)]
mod tests;
