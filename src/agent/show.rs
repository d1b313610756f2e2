//! How bytes of a file look to the model: lines with numbers, nothing invisible, nothing without an end.

use crate::text::cut;
use crate::text::hidden::is_hidden;
use std::fmt::Write;

/// Characters of a line that are shown at once.
pub(super) const MAX_COLUMNS: usize = 1_000;
/// A file with a NUL in this many first bytes is binary, as Git has it.
const SNIFF: usize = 8_000;

/// Whether bytes are no text.
pub(super) fn is_binary(bytes: &[u8]) -> bool {
    bytes.iter().take(SNIFF).any(|byte| *byte == 0)
}

/// The lines of a file, without their ends. A line end at the end of the file begins no line.
pub(super) fn lines(bytes: &[u8]) -> Vec<&[u8]> {
    let mut lines: Vec<&[u8]> = bytes.split(|byte| *byte == b'\n').collect();
    if lines.last().is_some_and(|last| last.is_empty()) {
        lines.pop();
    }
    lines
}

/// Writes a line so that everything in it can be seen: hidden characters as `<U+200B>`, bytes that are not UTF-8 as `<0xFF>`.
/// Begins with character `from` (the first is 0) and writes at most `limit` of them. Returns whether there are more.
pub(super) fn write_visible(out: &mut String, line: &[u8], from: usize, limit: usize) -> bool {
    let line = line.strip_suffix(b"\r").unwrap_or(line);
    let mut at = 0_usize;
    for chunk in line.utf8_chunks() {
        let valid = chunk.valid().chars().map(Ok);
        for item in valid.chain(chunk.invalid().iter().map(|byte| Err(*byte))) {
            if at >= from.saturating_add(limit) {
                return true;
            }
            if at >= from {
                push(out, item);
            }
            at += 1;
        }
    }
    false
}

fn push(out: &mut String, item: Result<char, u8>) {
    // Writing to a String cannot fail.
    let _ = match item {
        Ok('\t') => out.write_char('\t'),
        Ok(character) if is_hidden(character) => write!(out, "<U+{:04X}>", u32::from(character)),
        Ok(character) => out.write_char(character),
        Err(byte) => write!(out, "<0x{byte:02X}>"),
    };
}

/// One line of text from outside (a path, a word of the model), visible and short.
pub(super) fn visible(text: &str, limit: usize) -> String {
    let mut out = String::new();
    // A line end within it is a hidden character like others; only one at its very end would be lost.
    write_visible(&mut out, cut(text, limit).as_bytes(), 0, usize::MAX);
    out
}

/// Undoes [`write_visible`]'s codes: what a model quotes from what it was shown, as it is in the file.
pub(super) fn as_in_file(shown: &str) -> String {
    let mut out = String::with_capacity(shown.len());
    let mut rest = shown;
    while let Some(at) = rest.find("<U+") {
        let (before, after) = rest.split_at(at);
        out.push_str(before);
        match code(after) {
            Some((character, length)) => {
                out.push(character);
                rest = after.get(length..).unwrap_or_default();
            }
            None => {
                out.push_str("<U+");
                rest = after.get(3..).unwrap_or_default();
            }
        }
    }
    out.push_str(rest);
    out
}

/// The character that `<U+…>` at the start of `text` stands for, and the length of the code.
fn code(text: &str) -> Option<(char, usize)> {
    let (digits, _) = text.strip_prefix("<U+")?.split_once('>')?;
    let wide = (4..=6).contains(&digits.len()) && digits.bytes().all(|digit| digit.is_ascii_hexdigit());
    let character = char::from_u32(u32::from_str_radix(wide.then_some(digits)?, 16).ok()?)?;
    is_hidden(character).then_some((character, "<U+>".len() + digits.len()))
}

#[cfg(test)]
mod tests {
    use super::{as_in_file, lines, visible, write_visible};

    fn shown(line: &[u8], from: usize, limit: usize) -> (String, bool) {
        let mut out = String::new();
        let more = write_visible(&mut out, line, from, limit);
        (out, more)
    }

    #[test]
    fn what_nobody_sees_is_shown() {
        let line = "a\u{200b}b\u{202e}c\td\u{e0041}\u{1b}[31m".as_bytes();
        assert_eq!(shown(line, 0, 100), ("a<U+200B>b<U+202E>c\td<U+E0041><U+001B>[31m".into(), false));
        assert_eq!(shown(b"caf\xe9 \xff\r", 0, 100), ("caf<0xE9> <0xFF>".into(), false));
        assert_eq!(visible("a\nb", 9), "a<U+000A>b");
    }

    #[test]
    fn lines_are_shown_in_windows() {
        assert_eq!(shown("äöüß".as_bytes(), 0, 2), ("äö".into(), true));
        assert_eq!(shown("äöüß".as_bytes(), 2, 2), ("üß".into(), false));
        assert_eq!(shown(b"ab", 9, 2), (String::new(), false));
    }

    #[test]
    fn lines_are_counted_as_people_do() {
        for (text, count) in [("", 0), ("a", 1), ("a\n", 1), ("a\nb", 2), ("\n", 1), ("\n\n", 2), ("a\r\nb\r\n", 2)] {
            assert_eq!(lines(text.as_bytes()).len(), count, "{text:?}");
        }
    }

    #[test]
    fn codes_are_undone_and_nothing_else() {
        for text in ["a\u{200b}b\u{e0041}", "<U+", "<U+0041>", "<U+ZZZZ>", "<U+200B", "x"] {
            assert_eq!(as_in_file(&visible(text, 1_000)), text);
        }
    }
}
