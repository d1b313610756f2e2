//! The form that prettier gives to YAML, which is what the reference asks of entries, through `pretty_yaml`.
//!
//! `pretty_yaml` has a parser of its own, with exponential time on some nested flow collections and explicit keys, a
//! stack that deep flow nesting overflows, and a bug that loses blank lines under `|+`. So a text gets to it only when
//! the tree shows that it is plain, and what it writes is composed again and must have the same data.

use super::{Document, Node, Value, edit};
use pretty_yaml::config::{FormatOptions, LanguageOptions, LayoutOptions};

/// What formatting a text gives.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Formatted {
    /// It is formatted.
    Already,
    /// It would be this text, which has the same data.
    Changed(String),
    /// Whether it is formatted is not known. Says why.
    Refused(&'static str),
}

/// Larger files are not formatted: the formatter's time is not linear. The largest real entry has 12 kB.
const MAX_BYTES: usize = 256 * 1024;
/// Flow collections inside each other. The formatter's parser takes time exponential in this.
const MAX_FLOW_DEPTH: usize = 8;

/// Formats a text that composes; `document` is what it composed to.
#[must_use]
pub fn format(text: &str, document: &Document) -> Formatted {
    if let Some(reason) = refuse(text, document) {
        return Formatted::Refused(reason);
    }
    let Ok(formatted) = pretty_yaml::format_text(text, &options()) else {
        return Formatted::Refused("the formatter cannot parse it");
    };
    if formatted == text {
        return Formatted::Already;
    }
    match Document::from_yaml(formatted.as_str()) {
        Ok(again) if edit::same_data(document.root(), again.root()) => Formatted::Changed(formatted),
        Ok(_) | Err(_) => Formatted::Refused("formatting it would change its data"),
    }
}

fn options() -> FormatOptions {
    FormatOptions {
        layout: LayoutOptions::default(),
        // With trimming, two real entries come out otherwise than prettier writes them.
        language: LanguageOptions { trim_trailing_whitespaces: false, ..LanguageOptions::default() },
    }
}

fn refuse(text: &str, document: &Document) -> Option<&'static str> {
    if text.len() > MAX_BYTES {
        return Some("it is too large");
    }
    if flow_depth(text, document.root()) > MAX_FLOW_DEPTH {
        return Some("its brackets nest too deeply");
    }
    // `? key` is told by its question mark; one inside a text only costs the verdict.
    if text.lines().any(|line| line.trim_start_matches([' ', '-', '\t']).starts_with("? ") || line.contains("{?")) {
        return Some("it has explicit keys");
    }
    None
}

/// How deep flow collections nest: those whose first byte is a bracket. Depth is bounded by the document's own limit.
fn flow_depth(text: &str, node: &Node) -> usize {
    let is_flow = matches!(text.as_bytes().get(node.span.start), Some(b'[' | b'{'));
    let below = match &node.value {
        Value::Scalar(_) => return 0,
        Value::Mapping(pairs) => pairs.iter().map(|pair| flow_depth(text, &pair.value)).max(),
        Value::Sequence(items) => items.iter().map(|item| flow_depth(text, item)).max(),
    };
    below.unwrap_or(0) + usize::from(is_flow)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::{Formatted, format};
    use crate::document::Document;

    fn of(text: &str) -> Formatted {
        format(text, &Document::from_yaml(text).unwrap())
    }

    #[test]
    fn layout_is_tidied_and_comments_stay() {
        let tidied = "# top\na: 1 # one\nb:\n  - \"x\"\n";
        assert_eq!(of("# top\na:   1 # one\nb:\n- 'x'\n"), Formatted::Changed(tidied.to_owned()));
        assert_eq!(of(tidied), Formatted::Already);
        assert_eq!(of("a: 1\r\n"), Formatted::Changed("a: 1\n".to_owned()));
    }

    #[test]
    fn what_would_take_long_or_change_data_is_refused() {
        let nested = |depth: usize| format!("a: {}{}\n", "[".repeat(depth), "]".repeat(depth));
        assert_eq!(of(&nested(8)), Formatted::Already);
        assert_eq!(of(&nested(9)), Formatted::Refused("its brackets nest too deeply"));
        assert_eq!(of("? a\n: b\n"), Formatted::Refused("it has explicit keys"));
        assert_eq!(of(&format!("a: \"{}\"\n", "x".repeat(300_000))), Formatted::Refused("it is too large"));
        assert_eq!(of("a: |+\n  x\n\nb:   1\n"), Formatted::Changed("a: |+\n  x\n\nb: 1\n".to_owned()));
    }
}
