//! The texts of a document, decoded, with where each is written.

use crate::document::{Node, Span, Value};

/// Calls `visit` with every key and scalar in a node: its decoded text, and its bytes with quotes.
pub(crate) fn visit<'d>(node: &'d Node, mut visit: impl FnMut(&'d str, Span)) {
    walk(node, &mut visit);
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

/// The comments of a YAML text, from the `#` on; whole lines of comment that follow one another are one. A line in a block
/// of text that begins with `#` is taken for one too: who searches comments loses nothing by searching it twice.
pub(crate) fn comments(text: &str) -> Vec<Span> {
    let mut found: Vec<Span> = Vec::new();
    if !text.contains('#') {
        return found;
    }
    let (mut at, mut may_continue) = (0, false);
    for line in text.split_inclusive('\n') {
        let content = line.trim_end();
        let indent = content.len() - content.trim_start().len();
        let is_whole = content.trim_start().starts_with('#');
        let start = if is_whole { Some(indent) } else { content.find(" #").map(|blank| blank + 1) };
        if let Some(start) = start {
            let span = Span::new(at + start, at + content.len());
            match found.last_mut() {
                Some(last) if is_whole && may_continue => last.end = span.end,
                _ => found.push(span),
            }
        }
        may_continue = is_whole;
        at += line.len();
    }
    found
}

#[cfg(test)]
mod tests {
    use super::comments;

    #[test]
    fn comments_are_found_line_by_line() {
        let text = "# a\n  # b\r\nkey: v # c\n# d\nurl: x#y\n";
        let found: Vec<&str> = comments(text).into_iter().filter_map(|span| text.get(span.range())).collect();
        assert_eq!(found, ["# a\n  # b", "# c", "# d"]);
    }
}
