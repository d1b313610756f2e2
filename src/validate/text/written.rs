//! The texts of a document, decoded, with where each is written.

use crate::document::{Document, Node, Span, Value};

/// Calls `visit` with every key and scalar of a document: its decoded text, and its bytes with quotes.
pub(crate) fn visit<'d>(document: &'d Document, mut visit: impl FnMut(&'d str, Span)) {
    walk(document.root(), &mut visit);
}

/// Depth is bounded by the document's own limit.
fn walk<'d>(node: &'d Node, visit: &mut impl FnMut(&'d str, Span)) {
    match &node.value {
        Value::Scalar(scalar) => visit(&scalar.text, node.span),
        Value::Sequence(items) => items.iter().for_each(|item| walk(item, visit)),
        Value::Mapping(pairs) => {
            for pair in pairs {
                visit(&pair.key.text, pair.key.span);
                walk(&pair.value, visit);
            }
        }
    }
}

/// Whether a text may be written with escapes, so that what it says is not what its bytes say.
pub(crate) fn has_escapes(raw: &str) -> bool {
    raw.contains('\\')
}
