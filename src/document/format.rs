//! Formatting as prettier formats YAML, which is what Docker's registry checks its entries with.
//!
//! pretty_yaml writes what prettier writes, with three flaws that are kept away from it here. Its parser takes
//! exponential time on nested brackets and explicit keys and descends by calling itself, so it only sees texts that
//! composed and are shallow. It may drop blank lines that are data, so a result is only given when it composes
//! to the same data. And it differs from prettier in quotes with quotes inside and in long brackets, so these are
//! written here.

mod brackets;
mod canonical;
mod caught;
mod quotes;

use super::edit::{has_explicit_mark, same_data};
use super::{Document, Node, ScalarStyle, Value, compose};
use pretty_yaml::config::{FormatOptions, LanguageOptions, LayoutOptions};

/// The longest text that is formatted, in bytes. The largest real entry has 12 kB.
const MAX_FORMATTED_BYTES: usize = 64 << 10;

/// The widest indentation that is formatted, in columns: the formatter's parser keeps them as bits of one number.
const MAX_INDENT: usize = 63;

/// Brackets inside brackets; the formatter's time doubles with each. The deepest real entry has 3.
const MAX_FLOW_DEPTH: usize = 8;

/// Columns in a line, where lines can be broken.
const WIDTH: usize = 80;

/// What formatting makes of a text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Formatted {
    Already,
    /// The formatted text: other bytes, the same data, and itself formatted.
    Changed(String),
    /// There is no verdict; the words say why.
    Refused(&'static str),
}

/// Formats a text that composed to `document`. The result has LF line ends, whatever the text has, as prettier's
/// default wants.
#[must_use]
pub fn format(text: &str, document: &Document) -> Formatted {
    if text.len() > MAX_FORMATTED_BYTES {
        return Formatted::Refused("it is too large");
    }
    if canonical::is_formatted(text, document.root()) {
        return Formatted::Already;
    }
    let formatted = match layout(text, document.root()) {
        Ok(formatted) if formatted == text => return Formatted::Already,
        Ok(formatted) => formatted,
        Err(reason) => return Formatted::Refused(reason),
    };
    let Some(after) = compose(&formatted).ok().filter(|after| same_data(document.root(), after)) else {
        return Formatted::Refused("formatting it would change its data");
    };
    match layout(&formatted, &after) {
        Ok(again) if again == formatted => Formatted::Changed(formatted),
        Ok(_) => Formatted::Refused("the formatter does not settle on one layout"),
        // The formatter indents more than the text did, perhaps too far for itself.
        Err(reason) => Formatted::Refused(reason),
    }
}

/// The text as prettier would lay it out, or why that is not known. Like prettier, keeps a byte order mark.
fn layout(text: &str, root: &Node) -> Result<String, &'static str> {
    const MARK: char = '\u{feff}';
    let mut laid_out = layout_after_mark(text, root)?;
    if text.starts_with(MARK) && !laid_out.starts_with(MARK) {
        laid_out.insert(0, MARK);
    }
    Ok(laid_out)
}

fn layout_after_mark(text: &str, root: &Node) -> Result<String, &'static str> {
    check(text, root)?;
    let mended = quotes::mend(text, root);
    let pretty = pretty(mended.as_deref().unwrap_or(text)).ok_or("the formatter cannot parse it")?;
    // Only brackets that end on a line of their own can have been broken.
    if !pretty.lines().any(|line| line.trim_start_matches(' ').starts_with([']', '}'])) {
        return Ok(pretty);
    }
    let root = compose(&pretty).map_err(|_| "formatting it would change its data")?;
    Ok(brackets::wrap(&pretty, &root)?.unwrap_or(pretty))
}

/// prettier's defaults, in pretty_yaml's words.
fn pretty(text: &str) -> Option<String> {
    let options = FormatOptions {
        layout: LayoutOptions { print_width: WIDTH, ..LayoutOptions::default() },
        language: LanguageOptions {
            // prettier keeps blanks at the end of lines inside block scalars: they are data.
            trim_trailing_whitespaces: false,
            // prettier does not ask whether brackets were on several lines before.
            prefer_single_line: true,
            ignore_comment_directive: "prettier-ignore".to_owned(),
            ..LanguageOptions::default()
        },
    };
    // What is known to make the formatter panic does not come here; what is not known must not end a whole run.
    caught::caught(|| pretty_yaml::format_text(text, &options).ok()).flatten()
}

/// Whether the formatter's parser can be trusted with the text.
fn check(text: &str, root: &Node) -> Result<(), &'static str> {
    let indent = |line: &str| line.len() - line.trim_start_matches([' ', '\t']).len();
    if text.bytes().zip(text.bytes().skip(1).chain([b' '])).any(|(byte, next)| byte == b'\r' && next != b'\n') {
        return Err("it has carriage returns that end no line");
    }
    if text.split(['\n', '\r']).any(|line| indent(line) > MAX_INDENT) {
        return Err("it is indented too far");
    }
    let mut walk = Walk { text, seen_to: 0 };
    walk.visit(root, 0)
}

/// Visits nodes in the order of the text, to look at what stands between the scalars.
struct Walk<'t> {
    text: &'t str,
    seen_to: usize,
}

impl Walk<'_> {
    fn visit(&mut self, node: &Node, flow_depth: usize) -> Result<(), &'static str> {
        let opens = self.text.get(node.span.range()).is_some_and(|source| source.starts_with(['{', '[']));
        let is_collection = !matches!(node.value, Value::Scalar(_));
        let flow_depth = flow_depth + usize::from(opens && is_collection);
        if flow_depth > MAX_FLOW_DEPTH {
            return Err("its brackets nest too deeply");
        }
        match &node.value {
            Value::Scalar(scalar) => {
                let is_block = matches!(scalar.style, ScalarStyle::Literal | ScalarStyle::Folded);
                // The formatter takes the tab for indentation and cuts the lines below by its width.
                if is_block && scalar.text.trim_start_matches('\n').starts_with('\t') {
                    return Err("a block of text begins with a tab");
                }
                self.pass(node.span.start, node.span.end)
            }
            Value::Sequence(items) => items.iter().try_for_each(|item| {
                // Marks of lists on one line (`- - - x`) indent, too.
                if !opens && self.column(item.span.start) > MAX_INDENT {
                    return Err("it is indented too far");
                }
                self.visit(item, flow_depth)
            }),
            Value::Mapping(pairs) => pairs.iter().try_for_each(|pair| {
                self.pass(pair.key.span.start, pair.key.span.end)?;
                self.visit(&pair.value, flow_depth)
            }),
        }
    }

    fn column(&self, at: usize) -> usize {
        let line = self.text.get(..at).and_then(|before| before.rfind(['\n', '\r'])).map_or(0, |newline| newline + 1);
        at - line
    }

    /// Passes a scalar: between it and the one before stand only marks, blanks, comments, tags and anchors.
    fn pass(&mut self, start: usize, end: usize) -> Result<(), &'static str> {
        let gap = self.text.get(self.seen_to..start).unwrap_or("");
        self.seen_to = self.seen_to.max(end);
        if has_explicit_mark(gap) { Err("it has explicit keys") } else { Ok(()) }
    }
}

#[cfg(test)]
mod tests;
