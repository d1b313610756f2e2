//! Reads a Dockerfile into its instructions, the way the builder does: continuation lines are joined with nothing between
//! them, the escape character can be changed on top, and the lines of a here-document belong to the instruction before them.

use super::super::subject::Subject;
use crate::shell::announced;
use std::collections::HashMap;
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

    fn push(&mut self, part: &str, at: usize) {
        self.pieces.push((self.arguments.len(), at));
        self.arguments.push_str(part);
    }
}

/// The instructions of a file. Comments between continued lines are left out, as the builder does.
pub(in super::super) fn instructions(subject: &Subject<'_>) -> Vec<Instruction> {
    let escape = escape(subject);
    let last = last_lines(subject);
    let mut found: Vec<Instruction> = Vec::new();
    let mut open: Option<Instruction> = None;
    let mut number = 0;
    while number < subject.line_count() {
        number += 1;
        let range = subject.line_range(number);
        let line = subject.text.get(range.clone()).unwrap_or_default();
        let trimmed = line.trim();
        if trimmed.is_empty() || trimmed.starts_with('#') {
            continue;
        }
        let full = line.trim_end();
        let continued = full.ends_with(escape);
        let part = full.strip_suffix(escape).unwrap_or(full);
        match &mut open {
            Some(instruction) => instruction.push(part, range.start),
            None => {
                let blank = part.len() - part.trim_start().len();
                let (name, arguments) = part.trim_start().split_once(char::is_whitespace).unwrap_or((part.trim(), ""));
                let at = range.start + blank + name.len() + usize::from(!arguments.is_empty());
                let mut instruction = Instruction {
                    name: name.to_ascii_uppercase(),
                    arguments: String::new(),
                    range,
                    pieces: Vec::new(),
                };
                instruction.push(arguments.trim_start(), at + (arguments.len() - arguments.trim_start().len()));
                open = Some(instruction);
            }
        }
        if !continued && let Some(mut instruction) = open.take() {
            number = here_documents(subject, &mut instruction, &last, number);
            found.push(instruction);
        }
    }
    found.extend(open);
    found
}

/// The escape character: a backslash, unless a comment on top says a backtick.
fn escape(subject: &Subject<'_>) -> char {
    for number in 1..=subject.line_count().min(10) {
        let line = subject.text.get(subject.line_range(number)).unwrap_or_default();
        let Some((key, value)) = line.trim().strip_prefix('#').and_then(|comment| comment.split_once('=')) else {
            break;
        };
        if key.trim().eq_ignore_ascii_case("escape") && value.trim() == "`" {
            return '`';
        }
    }
    '\\'
}

/// The last line of each text that could end a here-document, so that one without an end is told at once.
fn last_lines<'s>(subject: &'s Subject<'_>) -> HashMap<&'s str, usize> {
    let line = |number| subject.text.get(subject.line_range(number)).unwrap_or_default();
    if !subject.text.contains("<<") {
        return HashMap::new();
    }
    (1..=subject.line_count()).map(|number| (line(number).trim_matches(['\t', '\r']), number)).collect()
}

/// Adds the lines of the here-documents that an instruction begins; returns the last line that belongs to it.
fn here_documents(
    subject: &Subject<'_>,
    instruction: &mut Instruction,
    last: &HashMap<&str, usize>,
    mut number: usize,
) -> usize {
    if !matches!(instruction.name.as_str(), "RUN" | "COPY" | "ADD" | "ONBUILD") {
        return number;
    }
    for (end, tabs) in announced(&instruction.arguments) {
        // The builder refuses one without an end; what follows is read as instructions then.
        if last.get(end.as_str()).is_none_or(|last| *last <= number) {
            continue;
        }
        while number < subject.line_count() {
            number += 1;
            let range = subject.line_range(number);
            let line = subject.text.get(range.clone()).unwrap_or_default();
            instruction.arguments.push('\n');
            instruction.push(line, range.start);
            let bare = line.trim_end_matches('\r');
            if (if tabs { bare.trim_start_matches('\t') } else { bare }) == end {
                break;
            }
        }
    }
    number
}
