//! prettier's layout of `key: [...]` that does not fit on one line, where pretty_yaml's differs: the brackets go to
//! the next line, where they may fit, and otherwise have their items on a line each.

use super::WIDTH;
use crate::document::edit::{Edit, apply};
use crate::document::{Node, Pair, Span, Value};
use unicode_width::UnicodeWidthStr;

/// Why a text gets no layout.
pub(super) const TOO_COMPLEX: &str = "it has long brackets with comments or brackets inside";

/// Lays out the values of block mappings that pretty_yaml broke over several lines. None when there are none.
///
/// # Errors
/// When such a value holds what this does not lay out as prettier would: comments, texts on several lines, or
/// brackets that would have to be broken in turn.
pub(super) fn wrap(text: &str, root: &Node) -> Result<Option<String>, &'static str> {
    let mut edits = Vec::new();
    visit(text, root, &mut edits)?;
    if edits.is_empty() { Ok(None) } else { apply(text, edits).map(Some).map_err(|_| TOO_COMPLEX) }
}

fn visit(text: &str, node: &Node, edits: &mut Vec<Edit>) -> Result<(), &'static str> {
    match &node.value {
        _ if is_brackets(text, node) => Ok(()),
        Value::Scalar(_) => Ok(()),
        Value::Sequence(items) => items.iter().try_for_each(|item| {
            edits.extend(item_on_one_line(text, item));
            visit(text, item, edits)
        }),
        Value::Mapping(pairs) => pairs.iter().try_for_each(|pair| {
            if is_brackets(text, &pair.value) {
                edits.extend(rewritten(text, pair)?);
                Ok(())
            } else {
                visit(text, &pair.value, edits)
            }
        }),
    }
}

fn is_brackets(text: &str, node: &Node) -> bool {
    !matches!(node.value, Value::Scalar(_))
        && text.get(node.span.range()).is_some_and(|source| source.starts_with(['[', '{']))
}

fn is_broken(text: &str, node: &Node) -> bool {
    is_brackets(text, node) && text.get(node.span.range()).is_some_and(|source| source.contains('\n'))
}

/// Columns before byte `at` of its line.
fn column(text: &str, at: usize) -> usize {
    let line = text.get(..at).and_then(|before| before.rfind('\n')).map_or(0, |newline| newline + 1);
    text.get(line..at).unwrap_or("").width()
}

/// An item that was only broken because of the comment after it, which for prettier has no width.
fn item_on_one_line(text: &str, item: &Node) -> Option<Edit> {
    let mut flat = String::new();
    if !is_broken(text, item) || flatten(text, item, &mut flat).is_err() {
        return None;
    }
    let fits = column(text, item.span.start) + flat.width() <= WIDTH;
    fits.then_some(Edit { span: item.span, replacement: flat })
}

fn rewritten(text: &str, pair: &Pair) -> Result<Option<Edit>, &'static str> {
    let (key, value) = (pair.key.span, pair.value.span);
    if !is_broken(text, &pair.value) {
        return Ok(None);
    }
    let gap = text.get(key.end..value.start).unwrap_or("");
    if gap.trim_matches([' ', '\n']) != ":" {
        return Err(TOO_COMPLEX);
    }
    let indent = " ".repeat(column(text, key.start) + 2);
    let mut flat = String::new();
    flatten(text, &pair.value, &mut flat)?;
    let layout = if column(text, key.end) + ": ".len() + flat.width() <= WIDTH {
        format!(": {flat}")
    } else if indent.len() + flat.width() <= WIDTH {
        format!(":\n{indent}{flat}")
    } else {
        let source = text.get(value.range()).unwrap_or("");
        let broken = if gap == ": " { source.replace('\n', "\n  ") } else { source.to_owned() };
        // A line that is too long stays so if a scalar makes it, but brackets on it would be broken by prettier.
        let too_long = |line: &str| line.width() > WIDTH && line.trim_start_matches(' ').contains(['[', '{']);
        if broken.lines().any(too_long) || holds_broken_brackets(text, &pair.value) {
            return Err(TOO_COMPLEX);
        }
        format!(":\n{indent}{broken}")
    };
    Ok(Some(Edit { span: Span::new(key.end, value.end), replacement: layout }))
}

fn holds_broken_brackets(text: &str, node: &Node) -> bool {
    let values = node.pairs().iter().map(|pair| &pair.value);
    node.items().iter().chain(values).any(|child| is_broken(text, child))
}

/// A node on one line.
fn flatten(text: &str, node: &Node, flat: &mut String) -> Result<(), &'static str> {
    let source = text.get(node.span.range()).unwrap_or("");
    if !source.contains('\n') {
        flat.push_str(source);
        return Ok(());
    }
    if matches!(node.value, Value::Scalar(_)) || node.pairs().is_empty() && node.items().is_empty() {
        return Err(TOO_COMPLEX);
    }
    let is_mapping = matches!(node.value, Value::Mapping(_));
    flat.push_str(if is_mapping { "{ " } else { "[" });
    // Between the parts stand only what is written here anew: what else there is (comments, tags) is not handled.
    let mut seen_to = node.span.start + 1;
    let mut separate = |start: usize, end: usize, marks: &str| {
        let gap = text.get(seen_to..start).unwrap_or("#");
        seen_to = end;
        if gap.chars().all(|mark| mark.is_ascii_whitespace() || marks.contains(mark)) {
            Ok(())
        } else {
            Err(TOO_COMPLEX)
        }
    };
    for (position, item) in node.items().iter().enumerate() {
        separate(item.span.start, item.span.end, ",")?;
        if position > 0 {
            flat.push_str(", ");
        }
        flatten(text, item, flat)?;
    }
    for (position, pair) in node.pairs().iter().enumerate() {
        separate(pair.key.span.start, pair.key.span.end, ",")?;
        if position > 0 {
            flat.push_str(", ");
        }
        flat.push_str(text.get(pair.key.span.range()).unwrap_or(""));
        separate(pair.value.span.start, pair.value.span.end, ":")?;
        // `: `, or less where there is no value: `{ key }` and `{ key: }`.
        let mark = text.get(pair.key.span.end..pair.value.span.start).unwrap_or("\n");
        if mark.contains('\n') {
            return Err(TOO_COMPLEX);
        }
        flat.push_str(mark);
        flatten(text, &pair.value, flat)?;
    }
    separate(node.span.end.saturating_sub(1), node.span.end, ",")?;
    flat.push_str(if is_mapping { " }" } else { "]" });
    Ok(())
}
