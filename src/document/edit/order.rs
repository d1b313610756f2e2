//! Putting things in order: the top-level keys of an entry, the items of a list.

use super::has_explicit_mark;
use super::keys::{KEYS_IN_LINES, keeps_blank_lines};
use super::{
    Edit, EditError, has_lone_carriage_return, is_blank_or_comment, is_flow, line_end, line_ending, line_start,
};
use crate::document::{Document, Node, Pair, Route, ScalarStyle, Span};

/// Comments that speak to tools about the whole file; they stay at its top.
const FILE_COMMENTS: &[&str] = &["# yaml-language-server:", "# $schema:", "#!", "# prettier-ignore", "# SPDX-"];

/// Puts the top-level keys into the given order, each with its whole block, the comment lines directly above it and the
/// blank lines before those. Keys that `order` does not name follow the others, in the order they have. None when
/// nothing has to move.
///
/// # Errors
/// When the root is not a mapping whose keys begin lines, or something in it could change meaning by moving.
pub fn reorder_top_level(document: &Document, order: &[&str]) -> Result<Option<Edit>, EditError> {
    let unsupported = |why| Err(EditError::Unsupported(Route::default(), why));
    let (text, root) = (document.text(), document.root());
    let rank = |key: &str| order.iter().position(|known| *known == key).unwrap_or(order.len());
    let ranks: Vec<usize> = root.pairs().iter().map(|pair| rank(&pair.key.text)).collect();
    if ranks.is_sorted() && !root.pairs().is_empty() {
        return Ok(None);
    }
    if root.pairs().is_empty() || is_flow(text, root) {
        return unsupported("it is not a mapping on lines of its own");
    }
    if has_lone_carriage_return(text) {
        return unsupported("the text has carriage returns that end no line");
    }
    let mut seen_to = root.span.start;
    let begins_line = |pair: &Pair| {
        let key = pair.key.span;
        let gap = text.get(seen_to..key.start);
        seen_to = pair.value.span.end;
        key.start < key.end && line_start(text, key.start) == key.start && !gap.is_none_or(has_explicit_mark)
    };
    if !root.pairs().iter().all(begins_line) {
        return unsupported(KEYS_IN_LINES);
    }
    if root.pairs().iter().any(|pair| keeps_blank_lines(text, &pair.value)) {
        return unsupported("a value ends with blank lines that count");
    }
    let end = text.trim_end_matches(['\r', '\n']).len();
    if text.get(root.span.end..).is_some_and(|rest| rest.lines().any(|line| line.starts_with("..."))) {
        return unsupported("the document has an end marker");
    }
    let mut starts = Vec::with_capacity(ranks.len());
    let mut earliest = 0;
    for pair in root.pairs() {
        starts.push(block_start(text, earliest, pair.key.span.start));
        earliest = line_end(text, pair.value.span.end.max(pair.key.span.end)).1;
    }
    let ends = starts.iter().skip(1).copied().chain([end]);
    let mut blocks: Vec<(usize, &str)> = Vec::with_capacity(ranks.len());
    for ((rank, start), end) in ranks.iter().zip(&starts).zip(ends) {
        let Some(block) = text.get(*start..end) else { return unsupported("its keys overlap") };
        blocks.push((*rank, block));
    }
    blocks.sort_by_key(|(rank, _)| *rank);
    let first = starts.first().copied().unwrap_or(0);
    let newline = line_ending(text);
    let joined = join(blocks.into_iter().map(|(_, block)| block), newline);
    // Blank lines belong before a block; the text neither begins nor ends with more of them than it did.
    let body = joined.trim_matches(['\r', '\n']).to_owned();
    Ok(Some(Edit { span: Span::new(first, end), replacement: body }))
}

/// Blocks one after the other, each ended by a line end.
fn join<'b>(blocks: impl Iterator<Item = &'b str>, newline: &str) -> String {
    let mut joined = String::new();
    for block in blocks {
        joined.push_str(block);
        if !block.ends_with('\n') {
            joined.push_str(newline);
        }
    }
    joined
}

/// Where the block of a key at `key` begins: at the comment lines directly above it, or at the blank lines above
/// those, but not before `earliest`.
fn block_start(text: &str, earliest: usize, key: usize) -> usize {
    let above = |at: usize| -> Option<(usize, &str)> {
        let start = line_start(text, at.checked_sub(1).filter(|_| at > earliest)?);
        (start >= earliest && start < at).then(|| (start, text.get(start..at).unwrap_or("").trim_end()))
    };
    let mut start = key;
    while let Some((line, content)) = above(start)
        && content.starts_with('#')
        && !FILE_COMMENTS.iter().any(|comment| content.starts_with(comment))
    {
        start = line;
    }
    // The top of the file is not a gap between blocks.
    if earliest == 0 {
        return start;
    }
    while let Some((line, content)) = above(start)
        && content.is_empty()
    {
        start = line;
    }
    start
}

/// Sorts the items of a list, ignoring case first, each with the comment on its line and the comment lines directly above
/// it. None when they are sorted.
///
/// # Errors
/// When there is no list at the route, or one of anything but scalars on one line each, or in which it is not
/// certain what a comment belongs to.
pub fn sort_sequence(document: &Document, route: &Route) -> Result<Option<Edit>, EditError> {
    let unsupported = |why| Err(EditError::Unsupported(route.clone(), why));
    let text = document.text();
    let node = document.at(route).ok_or_else(|| EditError::Missing(route.clone()))?;
    let mut keys = Vec::with_capacity(node.items().len());
    for item in node.items() {
        let Some(scalar) = item.scalar() else { return unsupported("not all of its items are scalars") };
        let source = text.get(item.span.range()).unwrap_or("");
        let is_block = matches!(scalar.style, ScalarStyle::Literal | ScalarStyle::Folded);
        if source.is_empty() || source.contains(['\n', '\r']) || is_block {
            return unsupported("not all of its items are on one line");
        }
        keys.push((scalar.text.to_lowercase(), &scalar.text));
    }
    if keys.is_empty() && !matches!(node.value, crate::document::Value::Sequence(_)) {
        return unsupported("it is not a list");
    }
    if keys.is_sorted() {
        return Ok(None);
    }
    if has_lone_carriage_return(text) {
        return unsupported("the text has carriage returns that end no line");
    }
    let mut sorted: Vec<usize> = (0..keys.len()).collect();
    sorted.sort_by_key(|index| keys.get(*index));
    if is_flow(text, node) { sort_brackets(text, route, node, &sorted) } else { sort_lines(text, route, node, &sorted) }
        .map(Some)
}

fn sort_brackets(text: &str, route: &Route, node: &Node, sorted: &[usize]) -> Result<Edit, EditError> {
    let items = node.items();
    let (Some(first), Some(last)) = (items.first(), items.last()) else {
        return Err(EditError::Missing(route.clone()));
    };
    // What separates the items stays where it is.
    let mut replacement = String::new();
    for (position, index) in sorted.iter().enumerate() {
        let item = items.get(*index).and_then(|item| text.get(item.span.range())).unwrap_or("");
        replacement.push_str(item);
        if let (Some(here), Some(next)) = (items.get(position), items.get(position + 1)) {
            let gap = text.get(here.span.end..next.span.start).unwrap_or("#");
            if gap.trim() != "," {
                return Err(EditError::Unsupported(
                    route.clone(),
                    "something else than a comma stands between its items",
                ));
            }
            replacement.push_str(gap);
        }
    }
    Ok(Edit { span: Span::new(first.span.start, last.span.end), replacement })
}

fn sort_lines(text: &str, route: &Route, node: &Node, sorted: &[usize]) -> Result<Edit, EditError> {
    let unsupported = |why| Err(EditError::Unsupported(route.clone(), why));
    let mut lines: Vec<&str> = Vec::with_capacity(sorted.len());
    let first = line_start(text, node.span.start);
    let mut start = first;
    let mut end_of_last = first;
    for item in node.items() {
        let own = line_start(text, item.span.start);
        let (end, next) = line_end(text, item.span.end);
        let is_one_line = text.get(own..item.span.start).is_some_and(|marker| marker.trim() == "-")
            && text.get(item.span.end..end).is_some_and(is_blank_or_comment);
        let above = text.get(start..own).unwrap_or("-");
        if !is_one_line || own < start {
            return unsupported("not all of its items have their line for themselves");
        }
        if !above.lines().all(|line| line.trim_start().starts_with('#')) {
            return unsupported("something else than a comment stands between its items");
        }
        let Some(block) = text.get(start..next) else { return unsupported("its items overlap") };
        lines.push(block);
        start = next;
        end_of_last = next;
    }
    let before = text.get(..first).unwrap_or("").trim_end_matches('\n').trim_end_matches('\r');
    let above = before.get(line_start(before, before.len())..).unwrap_or("");
    if above.trim_start().starts_with('#') {
        return unsupported("the comment above its first item may be about the whole list");
    }
    let sorted_lines = sorted.iter().filter_map(|index| lines.get(*index)).copied();
    let mut replacement = join(sorted_lines, line_ending(text));
    if !text.get(first..end_of_last).is_some_and(|old| old.ends_with('\n')) {
        replacement.truncate(replacement.trim_end_matches(['\r', '\n']).len());
    }
    Ok(Edit { span: Span::new(first, end_of_last), replacement })
}
