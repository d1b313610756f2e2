//! Adding and removing one key.

use super::{Edit, EditError, has_lone_carriage_return, is_blank_or_comment, is_flow, is_null, line_end, line_ending};
use super::{has_explicit_mark, line_start, write};
use crate::document::{Document, Node, Pair, Route, ScalarStyle, Span, Step};

pub(super) const KEYS_IN_LINES: &str = "its keys do not begin their lines";

/// Adds `key: value` as the last pair of the mapping at `parent`, on its own line with the indentation of its
/// siblings, or before the closing bracket of `{…}` on one line. `value` is YAML: `true`, `"text"`, `[]`. When `parent` is
/// absent or empty, it is made first; an absent one only at the top level.
///
/// # Errors
/// When the key exists, or `parent` is no mapping, or is written in a way that is not edited.
pub fn insert_key(document: &Document, parent: &Route, key: &str, value: &str) -> Result<Edit, EditError> {
    let unsupported = |why| Err(EditError::Unsupported(parent.clone(), why));
    let text = document.text();
    if has_lone_carriage_return(text) {
        return unsupported("the text has carriage returns that end no line");
    }
    if value.contains(['\n', '\r']) {
        return unsupported("the new value has several lines");
    }
    let pair = format!("{}: {value}", write::scalar(key, ScalarStyle::Plain, true));
    let Some(node) = document.at(parent) else { return insert_parent(document, parent, &pair) };
    if node.get(key).is_some() {
        return Err(EditError::Exists(parent.then(key.to_owned())));
    }
    if is_flow(text, node) {
        return insert_into_brackets(text, node, parent, &pair);
    }
    if let Some(first) = node.pairs().first() {
        let Some(column) = block_column(text, node, first) else { return unsupported(KEYS_IN_LINES) };
        return insert_line(text, node, parent, column, &pair);
    }
    if is_null(node) && node.span.start == node.span.end && !parent.steps().is_empty() {
        let (Some(outer), Some(Step::Key(name))) = (parent.parent(), parent.steps().last()) else {
            return unsupported("it is not the value of a key");
        };
        let outer = document.at(&outer).and_then(|outer| Some((outer, outer.pair(name)?)));
        let Some(column) = outer.and_then(|(outer, key)| block_column(text, outer, key)) else {
            return unsupported(KEYS_IN_LINES);
        };
        return insert_line(text, node, parent, column + 2, &pair);
    }
    unsupported("it is not a mapping")
}

/// The column of a key in a block: nothing but indentation and list marks stands before it. None for other keys
/// (`? key`, tagged ones), below which a line would mean something else.
fn block_column(text: &str, mapping: &Node, pair: &Pair) -> Option<usize> {
    let key = pair.key.span.start;
    let start = line_start(text, key);
    let is_indent = text.get(start..key)?.bytes().all(|byte| matches!(byte, b' ' | b'-'));
    (is_indent && !is_explicit(text, mapping, pair)).then_some(key - start)
}

/// Whether a key is written as `? key`, perhaps on a line below its mark.
fn is_explicit(text: &str, mapping: &Node, pair: &Pair) -> bool {
    let before = mapping.pairs().iter().take_while(|other| other.key != pair.key).last();
    let start = before.map_or(mapping.span.start, |before| before.value.span.end);
    text.get(start..pair.key.span.start).is_none_or(has_explicit_mark)
}

/// A new top-level key with `pair` below it.
fn insert_parent(document: &Document, parent: &Route, pair: &str) -> Result<Edit, EditError> {
    let [Step::Key(name)] = parent.steps() else { return Err(EditError::Missing(parent.clone())) };
    let (text, root) = (document.text(), document.root());
    if root.pairs().is_empty() || is_flow(text, root) {
        return Err(EditError::Unsupported(Route::default(), "it is not a mapping on lines of its own"));
    }
    let Some(column) = root.pairs().first().and_then(|first| block_column(text, root, first)) else {
        return Err(EditError::Unsupported(Route::default(), KEYS_IN_LINES));
    };
    let indent = " ".repeat(column);
    let name = write::scalar(name, ScalarStyle::Plain, false);
    insert_line(text, root, parent, column, &format!("{name}:{}{indent}  {pair}", line_ending(text)))
}

/// A new line after the last line of `node`.
fn insert_line(text: &str, node: &Node, route: &Route, column: usize, pair: &str) -> Result<Edit, EditError> {
    let unsupported = |why| Err(EditError::Unsupported(route.clone(), why));
    if keeps_blank_lines(text, node) {
        return unsupported("its last value ends with blank lines that count");
    }
    let (end, _) = line_end(text, node.span.end);
    if !text.get(node.span.end..end).is_some_and(is_blank_or_comment) {
        return unsupported("something else stands on its last line");
    }
    let replacement = format!("{}{}{pair}", line_ending(text), " ".repeat(column));
    Ok(Edit { span: Span::new(end, end), replacement })
}

fn insert_into_brackets(text: &str, node: &Node, route: &Route, pair: &str) -> Result<Edit, EditError> {
    let source = text.get(node.span.range()).unwrap_or("");
    let inner = source.strip_prefix('{').and_then(|inner| inner.strip_suffix('}'));
    let Some(inner) = inner.filter(|_| !source.contains(['\n', '\r'])) else {
        return Err(EditError::Unsupported(route.clone(), "it is not a mapping on one line"));
    };
    let content = inner.trim_end_matches([' ', '\t']);
    if content.ends_with(',') {
        return Err(EditError::Unsupported(route.clone(), "it ends with a comma"));
    }
    let at = node.span.start + 1 + content.len();
    if node.pairs().is_empty() {
        return Ok(Edit { span: Span::new(node.span.start + 1, node.span.end - 1), replacement: format!(" {pair} ") });
    }
    Ok(Edit { span: Span::new(at, at), replacement: format!(", {pair}") })
}

/// Whether the last scalar under `node` is a block scalar whose trailing blank lines are data (`|+`, `>+`).
pub(super) fn keeps_blank_lines(text: &str, node: &Node) -> bool {
    let mut last = node;
    while let Some(child) = last.pairs().last().map(|pair| &pair.value).or_else(|| last.items().last()) {
        last = child;
    }
    let is_block =
        last.scalar().is_some_and(|scalar| matches!(scalar.style, ScalarStyle::Literal | ScalarStyle::Folded));
    let header = text.get(last.span.range()).and_then(|source| source.lines().next()).unwrap_or("");
    is_block && header.split('#').next().unwrap_or("").contains('+')
}

/// Removes a key with its value, and the comment on its line; comments above stay.
///
/// # Errors
/// When the route does not end with a key that exists, when it is the only one of its mapping, or when it does not
/// have its lines for itself.
pub fn remove_pair(document: &Document, route: &Route) -> Result<Edit, EditError> {
    let unsupported = |why| Err(EditError::Unsupported(route.clone(), why));
    let text = document.text();
    let missing = || EditError::Missing(route.clone());
    let (parent, last) = (route.parent().ok_or_else(missing)?, route.steps().last().ok_or_else(missing)?);
    let (Some(mapping), Step::Key(key)) = (document.at(&parent), last) else { return Err(missing()) };
    let pair = mapping.pair(key).ok_or_else(missing)?;
    if has_lone_carriage_return(text) {
        return unsupported("the text has carriage returns that end no line");
    }
    if mapping.pairs().len() == 1 {
        return unsupported("nothing would be left beside it");
    }
    if is_explicit(text, mapping, pair) {
        return unsupported(KEYS_IN_LINES);
    }
    if keeps_blank_lines(text, &pair.value) {
        return unsupported("it ends with blank lines that count");
    }
    let start = line_start(text, pair.key.span.start);
    let end_of_value = pair.value.span.end.max(pair.key.span.end);
    let (end, next) = line_end(text, end_of_value);
    let alone = text.get(start..pair.key.span.start).is_some_and(|indent| indent.trim_matches(' ').is_empty())
        && text.get(end_of_value..end).is_some_and(is_blank_or_comment);
    if !alone {
        return unsupported("it does not have its lines for itself");
    }
    if next == end && start > 0 {
        // The last line of a text without a final line end: the line end before it goes, too.
        let kept = text.get(..start).unwrap_or("").trim_end_matches('\n').trim_end_matches('\r').len();
        return Ok(Edit { span: Span::new(kept, end), replacement: String::new() });
    }
    Ok(Edit { span: Span::new(start, next), replacement: String::new() })
}
