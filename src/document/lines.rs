//! Lines and columns of a text.

/// A place in a text as people and editors count it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Position {
    /// From 1.
    pub line: usize,
    /// From 1, in characters (Unicode scalar values), not bytes.
    pub(crate) column: usize,
}

/// Bytes between two places whose character count is kept, so that a column costs no more than this however long
/// its line is. Real lines are shorter.
const BLOCK: usize = 1024;

/// Where each line of a text begins. Lines end with LF or CRLF.
#[derive(Debug, Clone)]
pub(crate) struct Lines {
    starts: Vec<usize>,
    characters: Vec<usize>,
}

/// How many characters begin in `bytes` of UTF-8.
fn count_characters(bytes: &[u8]) -> usize {
    bytes.iter().filter(|byte| (**byte & 0b1100_0000) != 0b1000_0000).count()
}

impl Lines {
    /// Finds the lines of `text`.
    #[must_use]
    pub(crate) fn new(text: &str) -> Self {
        let starts = std::iter::once(0)
            .chain(text.bytes().enumerate().filter(|(_, byte)| *byte == b'\n').map(|(at, _)| at + 1))
            .collect();
        let characters = text
            .as_bytes()
            .chunks(BLOCK)
            .scan(0, |before, block| {
                let here = *before;
                *before += count_characters(block);
                Some(here)
            })
            .collect();
        Self { starts, characters }
    }

    /// How many characters begin before byte `offset`.
    fn characters_before(&self, text: &str, offset: usize) -> usize {
        let block = (offset / BLOCK).min(self.characters.len().saturating_sub(1));
        let known = self.characters.get(block).copied().unwrap_or(0);
        known + text.as_bytes().get(block * BLOCK..offset).map_or(0, count_characters)
    }

    /// The position of byte `offset` of `text`, which must be the text the lines were made from. An offset
    /// past the end is the end; one inside a character is that character.
    #[must_use]
    pub(crate) fn position(&self, text: &str, offset: usize) -> Position {
        let offset = offset.min(text.len());
        let line = self.starts.partition_point(|start| *start <= offset).max(1);
        let start = self.starts.get(line - 1).copied().unwrap_or(0);
        let column = if offset - start <= BLOCK {
            text.as_bytes().get(start..offset).map_or(0, count_characters)
        } else {
            self.characters_before(text, offset) - self.characters_before(text, start)
        };
        Position { line, column: column + 1 }
    }

    /// Where line `line` (from 1) begins; none past the last line.
    #[must_use]
    pub(crate) fn start(&self, line: usize) -> Option<usize> {
        self.starts.get(line.checked_sub(1)?).copied()
    }
}

#[cfg(test)]
mod tests {
    use super::{Lines, Position};

    #[test]
    fn columns_count_characters() {
        let text = "añb\r\n👍x\n";
        let lines = Lines::new(text);
        assert_eq!(lines.position(text, 3), Position { line: 1, column: 3 });
        assert_eq!(lines.position(text, 10), Position { line: 2, column: 2 });
        assert_eq!(lines.position(text, 99), Position { line: 3, column: 1 });
    }
    #[test]
    fn columns_of_long_lines_count_characters() {
        for text in ["aé日👍".repeat(1_000), format!("x\n{}", "日".repeat(2_048)), "é\n".repeat(3_000)] {
            let lines = Lines::new(&text);
            let (mut line, mut column) = (1, 1);
            for (at, character) in text.char_indices() {
                assert_eq!(lines.position(&text, at), Position { line, column }, "byte {at}");
                (line, column) = if character == '\n' { (line + 1, 1) } else { (line, column + 1) };
            }
            assert_eq!(lines.position(&text, text.len()), Position { line, column });
        }
    }
}
