//! How a text is written as a YAML scalar on one line.

use crate::document::scalar::{Resolved, resolve};
use crate::document::{Scalar, ScalarStyle};
use std::fmt::Write as _;

/// Writes `text` in `style` where that is possible and safe, else in quotes.
pub(super) fn scalar(text: &str, style: ScalarStyle, in_flow: bool) -> String {
    match style {
        ScalarStyle::Plain if is_safe_plain(text, in_flow) => text.to_owned(),
        ScalarStyle::SingleQuoted if text.chars().all(is_printable) => single_quoted(text),
        ScalarStyle::DoubleQuoted => double_quoted(text),
        _ => quoted(text),
    }
}

/// Writes `text` in the quotes that prettier would leave as they are.
pub(super) fn quoted(text: &str) -> String {
    if text.chars().all(is_printable) && text.contains(['"', '\\']) { single_quoted(text) } else { double_quoted(text) }
}

fn single_quoted(text: &str) -> String {
    format!("'{}'", text.replace('\'', "''"))
}

fn double_quoted(text: &str) -> String {
    let mut quoted = String::with_capacity(text.len() + 2);
    quoted.push('"');
    for character in text.chars() {
        match character {
            '"' => quoted.push_str("\\\""),
            '\\' => quoted.push_str("\\\\"),
            '\n' => quoted.push_str("\\n"),
            '\r' => quoted.push_str("\\r"),
            '\t' => quoted.push_str("\\t"),
            printable if is_printable(printable) => quoted.push(printable),
            other => {
                // Writing to a String cannot fail.
                let _ = match u32::from(other) {
                    code @ ..=0xff => write!(quoted, "\\x{code:02x}"),
                    code @ ..=0xffff => write!(quoted, "\\u{code:04x}"),
                    code => write!(quoted, "\\U{code:08x}"),
                };
            }
        }
    }
    quoted.push('"');
    quoted
}

/// Characters that may stand in a quoted scalar on one line as themselves.
fn is_printable(character: char) -> bool {
    !character.is_control() && !matches!(character, '\u{2028}' | '\u{2029}' | '\u{feff}' | '\u{fffe}' | '\u{ffff}')
}

/// Whether `text` without quotes is read as exactly this text, by YAML 1.1 and 1.2 readers alike. Errs on the side
/// of quotes.
fn is_safe_plain(text: &str, in_flow: bool) -> bool {
    let mut characters = text.chars();
    let Some(first) = characters.next() else { return false };
    let starts_well = match first {
        // Arguments such as `--port` are common; `- x` is a list.
        '-' => characters.next().is_some_and(|second| !matches!(second, ' ' | ',' | '[' | ']' | '{' | '}')),
        '?' | ':' | ',' | '[' | ']' | '{' | '}' | '#' | '&' | '*' | '!' | '|' | '>' | '\'' | '"' | '%' | '@' | '`' => {
            false
        }
        _ => true,
    };
    starts_well
        && text.chars().all(is_printable)
        && text.trim() == text
        && !text.starts_with("---")
        && !text.starts_with("...")
        && !text.contains(": ")
        && !text.ends_with(':')
        && !text.contains(" #")
        && !(in_flow && text.contains([',', '[', ']', '{', '}', ':']))
        && !is_another_type(text)
}

/// Whether some common reader takes the plain text for something else than a text.
fn is_another_type(text: &str) -> bool {
    let plain = Scalar { text: text.into(), style: ScalarStyle::Plain, tag: None };
    let word = matches!(
        text.to_ascii_lowercase().as_str(),
        "y" | "n" | "yes" | "no" | "on" | "off" | "true" | "false" | "null" | "=" | "<<"
    );
    // Base 60 (`190:20:30`) and the looser dates of YAML 1.1 consist of these characters only.
    let numeric = text.starts_with(|first: char| first.is_ascii_digit() || matches!(first, '+' | '-' | '.'))
        && text.chars().all(|next| next.is_ascii_digit() || matches!(next, '+' | '-' | '.' | '_' | ':' | ' '))
        && text.contains(|next: char| next.is_ascii_digit());
    // `12e444` is too large for yaml.v3, and infinite to others; a commit may look so.
    let float = text.parse::<f64>().is_ok();
    word || float || (numeric && !is_version(text)) || resolve(&plain) != Resolved::Text
}

/// `1.2.3` and longer are texts to everyone.
fn is_version(text: &str) -> bool {
    text.split('.').count() >= 3
        && text.split('.').all(|part| !part.is_empty() && part.chars().all(|digit| digit.is_ascii_digit()))
}
