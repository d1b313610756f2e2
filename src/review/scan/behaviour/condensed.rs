//! Code with the blanks taken out that say nothing, so that calls are found however they are written: `eval (x)`, `os . system`, a
//! call after a page of blank lines or comments.

use crate::snapshot::language::Language;
use std::ops::Range;

/// A text that is shorter, and where each byte of it stands in the original.
#[derive(Debug, Default)]
pub(super) struct Condensed {
    pub(super) text: String,
    /// Where pieces stand: first byte here, first byte in the original.
    pieces: Vec<(usize, usize)>,
}

impl Condensed {
    /// Blanks become one, a line end if there was one among them, and nothing around what a name and its call are joined by. A line
    /// that goes on after a backslash is one line.
    pub(super) fn new(code: &str, language: Language) -> Self {
        let joins = match language {
            Language::Shell | Language::Dockerfile | Language::PowerShell | Language::Other => Joins::Nothing,
            Language::Ruby => Joins::Calls,
            _ => Joins::CallsAndIndices,
        };
        let is_python = language == Language::Python;
        let bytes = code.as_bytes();
        let mut condensed = Self { text: String::with_capacity(code.len()), pieces: vec![(0, 0)] };
        let (mut copied, mut at) = (0, 0);
        while at < bytes.len() {
            let blank = blank_at(bytes, at);
            if blank == 0 {
                at += 1;
                continue;
            }
            let start = at;
            // Only Python has a blank there; elsewhere a word goes on.
            let (mut is_line, mut only_joins) = (false, !is_python);
            while let length @ 1.. = blank_at(bytes, at) {
                is_line |= matches!(bytes.get(at), Some(b'\n' | b'\r'));
                only_joins &= length > 1;
                at += length;
            }
            let before = start.checked_sub(1).and_then(|before| bytes.get(before)).copied().unwrap_or(b'\n');
            let after = bytes.get(at).copied().unwrap_or(b'\n');
            let kept = if only_joins || joins.drops(before, after) {
                ""
            } else if is_line && before != b',' {
                "\n"
            } else {
                " "
            };
            if code.get(start..at) != Some(kept) {
                condensed.text.push_str(code.get(copied..start).unwrap_or_default());
                condensed.text.push_str(kept);
                condensed.pieces.push((condensed.text.len(), at));
                copied = at;
            }
        }
        condensed.text.push_str(code.get(copied..).unwrap_or_default());
        condensed
    }

    /// Where a stretch of the text stands in the original.
    pub(super) fn original(&self, range: Range<usize>) -> Range<usize> {
        let start = self.place(range.start);
        start..self.place(range.end.saturating_sub(1)).max(start) + 1
    }

    fn place(&self, at: usize) -> usize {
        let piece = self.pieces.partition_point(|(first, _)| *first <= at).checked_sub(1);
        piece.and_then(|piece| self.pieces.get(piece)).map_or(at, |(first, original)| original + (at - first))
    }
}

/// How many bytes of blank stand at a place: one, a backslash with a line end, or none.
fn blank_at(bytes: &[u8], at: usize) -> usize {
    match (bytes.get(at), bytes.get(at + 1), bytes.get(at + 2)) {
        (Some(b' ' | b'\t' | b'\n' | b'\r' | 0x0b | 0x0c), ..) => 1,
        (Some(b'\\'), Some(b'\n'), _) => 2,
        (Some(b'\\'), Some(b'\r'), Some(b'\n')) => 3,
        _ => 0,
    }
}

/// What joins a name and what is done with it.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Joins {
    Nothing,
    Calls,
    /// Brackets, too.
    CallsAndIndices,
}

impl Joins {
    fn drops(self, before: u8, after: u8) -> bool {
        let is_index = self == Self::CallsAndIndices;
        self != Self::Nothing
            && (matches!(before, b'(' | b'.')
                || matches!(after, b'(' | b')' | b'.' | b',')
                || (is_index && (before == b'[' || matches!(after, b'[' | b']'))))
    }
}
