//! One file as the checks see it: its text with bytes and lines, what language it is, where it stands, what is new in it.

use super::analysis::{Analysis, Hosts, Known, Spot};
use super::comments;
use super::place::Place;
use crate::snapshot::language::{Language, is_text};
use crate::snapshot::{Material, Snapshot};
use crate::text::instructions::{self, Instruction};
use std::borrow::Cow;
use std::cell::OnceCell;
use std::collections::HashSet;
use std::ops::Range;

/// One file of the code under review.
#[derive(Debug)]
pub(super) struct Subject<'a> {
    /// Its path in the repository.
    pub(super) path: &'a str,
    /// Its bytes.
    pub(super) bytes: &'a [u8],
    /// Its text, byte for byte at the place that it has in the file: a byte that is not UTF-8 became `?`. Empty for a file
    /// that is not text.
    pub(super) text: Cow<'a, str>,
    /// Whether it is text. A file named like code always is: programs run whatever stands around a NUL.
    pub(super) is_text: bool,
    /// What it is written in.
    pub(super) language: Language,
    /// What it is for, by its path.
    pub(super) place: Place,
    /// Whether it is the Dockerfile that the image is built by.
    pub(super) is_built: bool,
    /// Whether it may be executed.
    pub(super) executable: bool,
    /// Whether it is a symbolic link, and its content our own words.
    pub(super) is_link: bool,
    /// What stands at its path in the base.
    pub(super) base: Base<'a>,
    lines: Vec<usize>,
    code: OnceCell<comments::Masked>,
    instructions: OnceCell<Vec<Instruction>>,
    /// What was found in it before the checks.
    pub(super) analysis: Analysis,
    known: &'a Known,
}

/// What stands at a file's path in the base.
#[derive(Debug)]
pub(super) enum Base<'a> {
    /// There is no base: a full review.
    None,
    New,
    Same,
    Changed {
        /// The bytes.
        bytes: &'a [u8],
        /// Its text without comments: byte for byte as long.
        code: String,
        lines: HashSet<Line<'a>>,
    },
}

/// A line without blanks around it, and what of it is neither comment nor string: what was in a comment and is not any more
/// is another line.
type Line<'a> = (&'a [u8], Cow<'a, [u8]>);

impl<'a> Subject<'a> {
    /// The file at `path` of the head.
    pub(super) fn new(material: &Material<'a>, path: &'a str, known: &'a Known) -> Option<Self> {
        let file = material.head.files.get(path)?;
        let bytes: &'a [u8] = &file.content;
        // An entry may name any file as the one that its image is built by.
        let is_built = material.dockerfile == Some(path);
        let language = if is_built { Language::Dockerfile } else { Language::of(path, bytes) };
        let is_text = !file.link && (language.is_code() || is_text(bytes));
        let text = if is_text { same_length(bytes) } else { Cow::Borrowed("") };
        let lines = std::iter::once(0)
            .chain(text.bytes().enumerate().filter(|(_, byte)| *byte == b'\n').map(|(at, _)| at + 1))
            .collect();
        Some(Self {
            path,
            bytes,
            text,
            is_text,
            language,
            place: Place::of(path, language),
            is_built,
            executable: file.executable,
            is_link: file.link,
            base: base(material.base, path, &file.blob, is_text.then_some(language)),
            lines,
            code: OnceCell::new(),
            instructions: OnceCell::new(),
            analysis: Analysis::default(),
            known,
        })
    }

    /// Whether there is a base to compare with.
    pub(super) fn is_differential(&self) -> bool {
        !matches!(self.base, Base::None)
    }

    /// Whether the file is as it was in the base.
    pub(super) fn is_same(&self) -> bool {
        matches!(self.base, Base::Same)
    }

    /// The text with comments, and documentation that stands where a comment would, made blank: byte for byte as long.
    pub(super) fn code(&self) -> &str {
        &self.masked().code
    }

    /// [`Self::code`] with the insides of strings made blank too.
    pub(super) fn names(&self) -> &str {
        &self.masked().names
    }

    /// Whether it is certain what is a comment or a string at a place.
    pub(super) fn is_decided(&self, at: usize) -> bool {
        at < self.masked().decided
    }

    fn masked(&self) -> &comments::Masked {
        self.code.get_or_init(|| comments::mask(&self.text, self.language, self.path))
    }

    pub(super) fn spots(&self) -> &[Spot] {
        &self.analysis.spots
    }

    /// The hosts that its code names.
    pub(super) fn hosts(&self) -> &Hosts {
        &self.analysis.hosts
    }

    /// Whether code of the base named the host.
    pub(super) fn is_known_host(&self, host: &str) -> bool {
        self.known.hosts.contains(host)
    }

    /// Whether the file runs by itself when the package is installed or built.
    pub(super) fn runs_at_installation(&self) -> bool {
        self.known.installed.contains(self.path)
    }

    /// Whether the file steers agents or editors as one of the base did that is gone, and says the same.
    pub(super) fn is_moved(&self) -> bool {
        self.known.moved.contains(self.path)
    }

    /// Places that address a model; see [`instructions::find`], which is asked about a piece of the file at a time so that a
    /// harmless one does not stand for all others of its kind.
    pub(super) fn instructions(&self) -> &[Instruction] {
        self.instructions.get_or_init(|| {
            let mut found: Vec<Instruction> = Vec::new();
            for piece in pieces(&self.text) {
                let mut from = piece.start;
                // Of each kind the first is found; what comes after it is searched again, a few times.
                for _ in 0..ROUNDS {
                    let here = instructions::find(self.text.get(from..piece.end).unwrap_or_default());
                    let Some(end) = here.iter().map(|instruction| from + instruction.range.end).min() else { break };
                    for instruction in here {
                        let range = from + instruction.range.start..from + instruction.range.end;
                        if !found.iter().rev().take(64).any(|known| known.range == range) {
                            found.push(Instruction { range, ..instruction });
                        }
                    }
                    from = end;
                }
            }
            found.sort_by_key(|instruction| (instruction.range.start, instruction.range.end));
            found
        })
    }

    /// The line of a byte, from 1.
    pub(super) fn line(&self, at: usize) -> usize {
        self.lines.partition_point(|start| *start <= at).max(1)
    }

    /// The bytes of a line, from 1, without its line end.
    pub(super) fn line_range(&self, line: usize) -> Range<usize> {
        let start = self.lines.get(line.saturating_sub(1)).copied().unwrap_or(self.text.len());
        let end = self.lines.get(line).map_or(self.text.len(), |next| next - 1);
        start..end.max(start)
    }

    /// The bytes of the line that holds `at`.
    pub(super) fn line_at(&self, at: usize) -> Range<usize> {
        self.line_range(self.line(at))
    }

    /// How many lines it has.
    pub(super) fn line_count(&self) -> usize {
        self.lines.len()
    }

    /// Whether every line of `range` is one of the base's file.
    pub(super) fn is_old(&self, range: &Range<usize>) -> bool {
        match &self.base {
            Base::None | Base::New => false,
            Base::Same => true,
            Base::Changed { lines, .. } => {
                let (first, last) = (self.line(range.start), self.line(range.end.saturating_sub(1).max(range.start)));
                (first..=last).all(|line| self.is_old_line(lines, line))
            }
        }
    }

    fn is_old_line(&self, lines: &HashSet<Line<'_>>, line: usize) -> bool {
        let range = self.line_range(line);
        self.bytes.get(range.clone()).is_some_and(|line| lines.contains(&key(line, &self.text, self.masked(), range)))
    }
}

/// What a line is known by. `range` is where it stands in the text and in what was made of it.
fn key<'k>(line: &'k [u8], text: &str, masked: &comments::Masked, range: Range<usize>) -> Line<'k> {
    let (code, names) = (masked.code.as_bytes().get(range.clone()), masked.names.as_bytes().get(range.clone()));
    let line = line.trim_ascii();
    if names == text.as_bytes().get(range) {
        return (line, Cow::Borrowed(line));
    }
    let (code, names) = (code.unwrap_or_default().trim_ascii(), names.unwrap_or_default().trim_ascii());
    (line, Cow::Owned([code, b"\n", names].concat()))
}

/// What stands at a path in the base. `language` is that of the head's file, if it is text: its rules hold for both.
fn base<'a>(base: Option<&'a Snapshot>, path: &str, blob: &str, language: Option<Language>) -> Base<'a> {
    let Some(base) = base else { return Base::None };
    let Some(file) = base.files.get(path) else { return Base::New };
    if *file.blob == *blob {
        return Base::Same;
    }
    let bytes: &[u8] = &file.content;
    let Some(language) = language else { return Base::Changed { bytes, code: String::new(), lines: HashSet::new() } };
    let text = same_length(bytes);
    let masked = comments::mask(&text, language, path);
    let mut at = 0;
    let lines = bytes.split(|byte| *byte == b'\n').map(|line| {
        let range = at..at + line.len();
        at = range.end + 1;
        key(line, &text, &masked, range)
    });
    let lines = lines.collect();
    Base::Changed { bytes, code: masked.code, lines }
}

/// The most bytes of a piece that is searched for phrases at once.
const PIECE: usize = 8 * 1024;
/// How often what comes after an instruction is searched for others, in one piece.
const ROUNDS: usize = 8;
/// How many bytes a piece repeats of the one before it: more than any phrase has.
const OVERLAP: usize = 512;

fn pieces(text: &str) -> impl Iterator<Item = Range<usize>> {
    let mut next = Some(0);
    std::iter::from_fn(move || {
        let start = next?;
        let end = text.ceil_char_boundary(start + PIECE);
        next = (end < text.len()).then(|| text.ceil_char_boundary(end.saturating_sub(OVERLAP).max(start + 1)));
        Some(start..end)
    })
}

/// A text with a `?` for each byte that is not UTF-8, so that places are the same in both.
fn same_length(bytes: &[u8]) -> Cow<'_, str> {
    if let Ok(text) = std::str::from_utf8(bytes) {
        return Cow::Borrowed(text);
    }
    let mut text = String::with_capacity(bytes.len());
    for chunk in bytes.utf8_chunks() {
        text.push_str(chunk.valid());
        text.extend(chunk.invalid().iter().map(|_| '?'));
    }
    Cow::Owned(text)
}
