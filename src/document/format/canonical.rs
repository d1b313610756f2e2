//! A quick yes for texts that are plainly formatted, which most entries are: the formatter takes four times as
//! long as everything else that is done with a text.
//!
//! This knows one way to write each of the few things it knows, the way in which the formatter writes them, and looks whether the
//! text is written so, byte for byte. Everything else (brackets, comments beside values, tags, unusual quotes) is left
//! to the formatter. A property test holds the two together.

use crate::document::{Node, Pair, Scalar, ScalarStyle, Value};

/// Longer keys might be written as `? key`.
const MAX_KEY_BYTES: usize = 60;

/// Whether the text is one that formatting would not change. False means that it is not known.
pub(super) fn is_formatted(text: &str, root: &Node) -> bool {
    let Value::Mapping(pairs) = &root.value else { return false };
    let mut reader = Reader { text, at: 0 };
    let plain = !text.contains(['\r', '\t']) && !text.contains(" \n");
    plain && reader.comments(0) && reader.mapping(pairs, 0) && reader.rest() == "\n"
}

/// Whether a text begins as most do, and not with a character that means something elsewhere.
fn begins_plainly(text: &str) -> bool {
    let rest = text.strip_prefix("--").or_else(|| text.strip_prefix('-')).unwrap_or(text);
    rest.starts_with(|first: char| first.is_alphanumeric() || matches!(first, '/' | '_' | '$' | '<' | '(' | '+'))
}

/// What is left of the text, of which everything before `at` is formatted.
struct Reader<'t> {
    text: &'t str,
    at: usize,
}

impl<'t> Reader<'t> {
    fn rest(&self) -> &'t str {
        self.text.get(self.at..).unwrap_or("")
    }

    /// Passes `expected`, if it stands here.
    fn pass(&mut self, expected: &str) -> bool {
        let found = self.rest().starts_with(expected);
        self.at += if found { expected.len() } else { 0 };
        found
    }

    fn spaces(&mut self, count: usize) -> bool {
        let found = self.rest().bytes().take(count).filter(|byte| *byte == b' ').count() == count;
        self.at += if found { count } else { 0 };
        found
    }

    /// Comment lines with the indentation of what follows them, and that indentation.
    fn comments(&mut self, indent: usize) -> bool {
        while self.spaces(indent) {
            if !self.rest().starts_with('#') {
                return true;
            }
            let Some(end) = self.rest().find('\n') else { return false };
            self.at += end + 1;
        }
        false
    }

    /// From one sibling to the next: a line end, perhaps one blank line, perhaps comments.
    fn next_sibling(&mut self, indent: usize) -> bool {
        let ends = self.pass("\n");
        self.pass("\n");
        ends && self.comments(indent)
    }

    /// A block mapping whose first key stands here.
    fn mapping(&mut self, pairs: &[Pair], indent: usize) -> bool {
        !pairs.is_empty()
            && pairs.iter().enumerate().all(|(position, pair)| {
                (position == 0 || self.next_sibling(indent)) && self.key(pair) && self.value(&pair.value, indent)
            })
    }

    fn key(&mut self, pair: &Pair) -> bool {
        let key = &pair.key;
        let is_plain = key.span.start == self.at && key.text.len() <= MAX_KEY_BYTES && !key.text.is_empty();
        is_plain && begins_plainly(&key.text) && self.pass(&key.text) && self.at == key.span.end && self.pass(":")
    }

    /// A value of a key at `indent`.
    fn value(&mut self, value: &Node, indent: usize) -> bool {
        let below = indent + 2;
        match &value.value {
            Value::Scalar(scalar) => {
                self.pass(" ")
                    && match scalar.style {
                        ScalarStyle::Literal => self.literal(value, below),
                        _ => self.scalar(value, scalar),
                    }
            }
            Value::Mapping(pairs) => self.pass("\n") && self.spaces(below) && self.mapping(pairs, below),
            Value::Sequence(items) => {
                !items.is_empty()
                    && self.pass("\n")
                    && self.spaces(below)
                    && items.iter().enumerate().all(|(position, item)| {
                        (position == 0 || self.next_sibling(below)) && self.pass("- ") && self.item(item, below + 2)
                    })
            }
        }
    }

    fn item(&mut self, item: &Node, indent: usize) -> bool {
        match &item.value {
            Value::Scalar(scalar) => self.scalar(item, scalar),
            Value::Mapping(pairs) => self.mapping(pairs, indent),
            Value::Sequence(_) => false,
        }
    }

    /// A scalar on one line.
    fn scalar(&mut self, node: &Node, scalar: &Scalar) -> bool {
        let source = self.text.get(node.span.range()).unwrap_or("");
        let inner = match scalar.style {
            ScalarStyle::Plain if begins_plainly(source) => Some(source),
            ScalarStyle::DoubleQuoted => source.strip_prefix('"').and_then(|inner| inner.strip_suffix('"')),
            // Single quotes stay where they save escapes.
            ScalarStyle::SingleQuoted if source.contains('"') && !source.contains("''") => Some(source),
            _ => None,
        };
        let is_plain = inner.is_some_and(|inner| !inner.contains(['\n', '\\']) && !inner.contains("  "));
        is_plain && node.span.start == self.at && self.pass(source)
    }

    /// `|` or `|-`, and lines that are indented by `indent`.
    fn literal(&mut self, node: &Node, indent: usize) -> bool {
        let source = self.text.get(node.span.range()).unwrap_or("");
        let Some((header, lines)) = source.split_once('\n') else { return false };
        let is_indented =
            |line: &str| line.is_empty() || line.bytes().take(indent).filter(|byte| *byte == b' ').count() == indent;
        let first = lines.lines().next().and_then(|line| line.get(indent..)).unwrap_or("");
        matches!(header, "|" | "|-")
            && !first.is_empty()
            && !first.starts_with(' ')
            && lines.lines().all(is_indented)
            && node.span.start == self.at
            && self.pass(source)
    }
}
