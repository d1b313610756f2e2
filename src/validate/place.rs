//! Where a part of a value is written.

use crate::document::{Document, Route, Span};
use crate::finding::Anchor;

/// The bytes of `part` within the value at `route`. The whole value when the part is not written there as it is: escaped,
/// or folded over lines.
pub(crate) fn inside(document: &Document, route: &Route, part: &str) -> Anchor {
    let whole = || Anchor::Value(route.clone());
    let Some(node) = document.at(route) else { return whole() };
    within(document.text(), node.span, part).map_or_else(whole, Anchor::Bytes)
}

/// The first place of `part` in the bytes of `span`.
pub(crate) fn within(text: &str, span: Span, part: &str) -> Option<Span> {
    let at = text.get(span.range())?.find(part)?;
    (!part.is_empty()).then(|| Span::new(span.start + at, span.start + at + part.len()))
}
