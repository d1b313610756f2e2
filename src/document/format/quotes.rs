//! prettier's choice of quotes where pretty_yaml's differs.

use crate::document::edit::{Edit, apply};
use crate::document::{Node, Span, Value};

/// The text with every quoted scalar in the quotes that need no escapes: `"say \"x\""` becomes `'say "x"'` and
/// `'it''s'` becomes `"it's"`. None when nothing changes.
pub(super) fn mend(text: &str, root: &Node) -> Option<String> {
    if !text.contains("\\\"") && !text.contains("''") {
        return None;
    }
    let mut edits = Vec::new();
    collect(text, root, &mut edits);
    if edits.is_empty() { None } else { apply(text, edits).ok() }
}

fn collect(text: &str, node: &Node, edits: &mut Vec<Edit>) {
    match &node.value {
        Value::Scalar(_) => edits.extend(rewritten(text, node.span)),
        Value::Sequence(items) => items.iter().for_each(|item| collect(text, item, edits)),
        Value::Mapping(pairs) => {
            for pair in pairs {
                edits.extend(rewritten(text, pair.key.span));
                collect(text, &pair.value, edits);
            }
        }
    }
}

/// A quoted scalar as prettier writes it, where pretty_yaml would leave it. Backslashes keep double quotes, if they
/// escape anything but those, and single quotes.
fn rewritten(text: &str, span: Span) -> Option<Edit> {
    let source = text.get(span.range())?;
    if let Some(inner) = source.strip_prefix('"').and_then(|source| source.strip_suffix('"')) {
        let plain = inner.replace("\\\"", "\"");
        let single = plain.contains('"') && !plain.contains('\\');
        return single.then(|| Edit { span, replacement: format!("'{}'", plain.replace('\'', "''")) });
    }
    let inner = source.strip_prefix('\'')?.strip_suffix('\'')?;
    let double = inner.contains("''") && !inner.contains(['"', '\\']);
    double.then(|| Edit { span, replacement: format!("\"{}\"", inner.replace("''", "'")) })
}
