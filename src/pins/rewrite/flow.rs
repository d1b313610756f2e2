//! A new pair in a mapping in brackets, written as the pairs there are.

use crate::document::edit::{self, Edit, is_blank_or_comment, line_end, line_ending};
use crate::document::{Node, Pair, ScalarStyle, Span};

/// Whether a mapping is written in brackets.
pub(super) fn is_flow(text: &str, mapping: &Node) -> bool {
    text.get(mapping.span.range()).is_some_and(|source| source.starts_with('{'))
}

/// The edits that add the commit behind the last pair: on a line of its own where that one has one, with a comma at its end
/// where that one has one. No edit for a mapping without pairs. The caller checks the result: a text can be stranger than
/// what is looked at here.
pub(super) fn insert(text: &str, mapping: &Node, commit: &str) -> Vec<Edit> {
    let Some((last, others)) = mapping.pairs().split_last() else { return Vec::new() };
    let pair = pair_like(text, last, commit);
    let between = match others.last() {
        Some(other) => text.get(other.value.span.end..last.key.span.start),
        None => text.get(mapping.span.start + 1..last.key.span.start),
    };
    let between = between.unwrap_or("");
    let at = last.value.span.end;
    let (end, _) = line_end(text, at);
    let rest = text.get(at..end).unwrap_or("");
    let behind_comma = rest.trim_start_matches([' ', '\t']).strip_prefix(',');
    if between.contains('\n') && is_blank_or_comment(behind_comma.unwrap_or(rest)) {
        // Whatever is said beside the last pair stays beside it.
        let indent = between.rsplit('\n').next().unwrap_or("");
        let comma = if behind_comma.is_some() { "," } else { "" };
        let line = insertion(end, format!("{}{indent}{pair}{comma}", line_ending(text)));
        return match behind_comma {
            Some(_) => vec![line],
            None => vec![insertion(at, ",".to_owned()), line],
        };
    }
    let is_separator = between.trim() == "," && !others.is_empty();
    vec![insertion(at, format!("{}{pair}", if is_separator { between } else { ", " }))]
}

fn insertion(at: usize, replacement: String) -> Edit {
    Edit { span: Span::new(at, at), replacement }
}

/// `commit: …` in the quotes of another pair's key.
fn pair_like(text: &str, other: &Pair, commit: &str) -> String {
    let style = match text.as_bytes().get(other.key.span.start) {
        Some(b'"') => ScalarStyle::DoubleQuoted,
        Some(b'\'') => ScalarStyle::SingleQuoted,
        _ => ScalarStyle::Plain,
    };
    let is_tight = text.get(other.key.span.end..other.value.span.start) == Some(":");
    let colon = if is_tight && style != ScalarStyle::Plain { ":" } else { ": " };
    let write = |text| edit::write_scalar(text, style, true);
    format!("{}{colon}{}", write("commit"), write(commit))
}
