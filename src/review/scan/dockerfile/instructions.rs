//! The instructions of a Dockerfile, with the places that findings are shown at.

use super::super::subject::Subject;
use crate::dockerfile::{self, Dockerfile};
use std::ops::Range;

/// An instruction: its name in capitals, its arguments with continuation lines joined, and where it stands.
#[derive(Debug)]
pub(in super::super) struct Instruction {
    pub(in super::super) name: String,
    /// What follows the name; lines of here-documents follow, each after a line end.
    pub(in super::super) arguments: String,
    /// The bytes of its first line.
    pub(in super::super) range: Range<usize>,
    /// Where pieces of `arguments` stand: first byte in it, first byte in the file.
    pieces: Vec<(usize, usize)>,
}

impl Instruction {
    /// The bytes of the file in which something of the arguments stands: to the end of its line at most.
    pub(in super::super) fn place(&self, subject: &Subject<'_>, what: &Range<usize>) -> Range<usize> {
        let at = self.pieces.partition_point(|(first, _)| *first <= what.start).checked_sub(1);
        let Some((first, start)) = at.and_then(|at| self.pieces.get(at)) else { return self.range.clone() };
        let start = start + (what.start - first);
        let line = subject.line_at(start);
        start..(start + what.len()).min(line.end).max(start)
    }

    /// The flags in front of its arguments.
    pub(in super::super) fn flags(&self) -> impl Iterator<Item = &str> {
        self.arguments.split_whitespace().take_while(|word| word.starts_with("--"))
    }

    /// The words of an instruction that is written as a list: `["sh", "-c", "x"]`, after its flags.
    pub(in super::super) fn list(&self) -> Option<Vec<String>> {
        let mut text = self.arguments.trim();
        // `HEALTHCHECK --interval=5s CMD […]`, `ONBUILD RUN […]`.
        while let Some((word, rest)) = text.split_once(char::is_whitespace)
            && (word.starts_with("--") || matches!(word.to_ascii_uppercase().as_str(), "CMD" | "RUN" | "ENTRYPOINT"))
        {
            text = rest.trim_start();
        }
        if !text.starts_with('[') {
            return None;
        }
        serde_json::from_str(text).ok()
    }
}

/// The instructions of a file. What `ONBUILD` holds back is part of its arguments.
pub(in super::super) fn instructions(subject: &Subject<'_>) -> Vec<Instruction> {
    let read = Dockerfile::parse(subject.text.as_bytes()).instructions.into_iter();
    let read = read.filter(|instruction| !instruction.held_back);
    read.map(|dockerfile::Instruction { name, text, line, pieces, .. }| Instruction {
        name,
        arguments: text,
        range: subject.line_range(line),
        pieces,
    })
    .collect()
}
