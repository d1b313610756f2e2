//! Python: comments, and documentation that stands where a comment would.

use super::{Marks, is_name};
use std::ops::Range;

/// Comments and strings. Documentation is a comment unless the file runs text as code and names `__doc__`.
pub(super) fn run(text: &str) -> Marks {
    let marks = read(text, false);
    if !text.contains("__doc__") {
        return marks;
    }
    let mut code = text.as_bytes().to_vec();
    for range in &marks.comments {
        code.get_mut(range.clone()).unwrap_or_default().fill(b' ');
    }
    let code = String::from_utf8_lossy(&code);
    if code.contains("__doc__") && runs_text(&code) { read(text, true) } else { marks }
}

fn read(text: &str, uses_documentation: bool) -> Marks {
    let mut lexer = Lexer { bytes: text.as_bytes(), marks: Marks::default(), uses_documentation };
    // Where it cannot be told what follows, nothing more is hidden.
    let end = lexer.run().map(|()| text.len());
    lexer.marks.until(end)
}

/// Whether a text calls what runs text, or names it.
fn runs_text(text: &str) -> bool {
    let is_part = |c: char| c.is_alphanumeric() || c == '_';
    ["exec", "eval", "compile"].iter().any(|word| {
        text.match_indices(word).any(|(at, _)| {
            let before = text.get(..at).unwrap_or_default();
            let is_other = before.ends_with(|c| is_part(c) || c == '.')
                && !before.ends_with("builtins.")
                && !before.ends_with("__builtins__.");
            !is_other && !text.get(at + word.len()..).is_some_and(|after| after.starts_with(is_part))
        })
    })
}

struct Lexer<'a> {
    bytes: &'a [u8],
    marks: Marks,
    uses_documentation: bool,
}

impl Lexer<'_> {
    fn at(&self, at: usize) -> u8 {
        self.bytes.get(at).copied().unwrap_or(b'\n')
    }

    /// None where it cannot be told what follows.
    fn run(&mut self) -> Option<()> {
        let (mut at, mut brackets) = (0, 0_usize);
        // Whether a statement begins here.
        let mut begins = true;
        while at < self.bytes.len() {
            let byte = self.at(at);
            match byte {
                b'#' => {
                    let end = self.line_end(at);
                    self.marks.comments.push(at..end);
                    at = end;
                    continue;
                }
                b'"' | b'\'' => {
                    let string = self.string(at, byte)?;
                    let is_documentation = begins && brackets == 0 && string.len() > 6 && self.is_alone(&string);
                    if is_documentation && !self.uses_documentation {
                        self.marks.comments.push(string.clone());
                    }
                    at = string.end;
                    begins = false;
                    continue;
                }
                b'\\' => at += if self.at(at + 1) == b'\r' && self.at(at + 2) == b'\n' { 2 } else { 1 },
                b'(' | b'[' | b'{' => brackets += 1,
                b')' | b']' | b'}' => brackets = brackets.saturating_sub(1),
                b'\n' | b'\r' => begins = true,
                _ => {}
            }
            begins &= byte.is_ascii_whitespace();
            at += 1;
        }
        Some(())
    }

    fn line_end(&self, from: usize) -> usize {
        let rest = self.bytes.get(from..).unwrap_or_default();
        rest.iter().position(|byte| matches!(byte, b'\n' | b'\r')).map_or(self.bytes.len(), |end| from + end)
    }

    /// Whether three of the same quote stand here.
    fn is_triple(&self, at: usize) -> bool {
        matches!(self.bytes.get(at..at + 3), Some([a, b, c]) if a == b && b == c)
    }

    /// Whether a string with three quotes is a whole statement.
    fn is_alone(&self, string: &Range<usize>) -> bool {
        let rest = self.bytes.get(string.end..).unwrap_or_default();
        let next = rest.iter().find(|byte| !matches!(byte, b' ' | b'\t' | b'\x0c')).copied().unwrap_or(b'\n');
        self.is_triple(string.start) && matches!(next, b'\n' | b'\r' | b'#' | b';')
    }

    /// The string that begins here, with its quotes. A backslash keeps a quote from ending any string, raw ones too.
    fn string(&mut self, at: usize, quote: u8) -> Option<Range<usize>> {
        let triple = self.is_triple(at);
        let first = at + if triple { 3 } else { 1 };
        let is_format = self.is_format(at);
        let (mut end, mut depth) = (first, 0_usize);
        loop {
            let byte = *self.bytes.get(end)?;
            match byte {
                b'\\' => end += if self.at(end + 1) == b'\r' && self.at(end + 2) == b'\n' { 2 } else { 1 },
                b'\n' | b'\r' if !triple => return Some(at..end),
                b'{' if is_format && depth == 0 && self.at(end + 1) == b'{' => end += 1,
                b'{' if is_format => depth += 1,
                b'}' => depth = depth.saturating_sub(1),
                _ if byte == quote && (!triple || self.is_triple(end)) => break,
                _ => {}
            }
            end += 1;
        }
        // The same quote inside of braces ends the string in old versions, and begins another one in new ones.
        if depth > 0 {
            return None;
        }
        self.marks.strings.push(first..end);
        Some(at..end + if triple { 3 } else { 1 })
    }

    /// Whether the letters before a quote make values in braces part of the string.
    fn is_format(&self, at: usize) -> bool {
        let before = self.bytes.get(at.saturating_sub(3)..at).unwrap_or_default();
        let prefix = before.iter().rev().take_while(|byte| is_name(**byte));
        prefix.fold((false, true), |(found, all), byte| {
            (found || matches!(byte, b'f' | b'F' | b't' | b'T'), all && byte.is_ascii_alphabetic())
        }) == (true, true)
    }
}
