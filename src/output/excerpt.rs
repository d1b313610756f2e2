//! The few lines of a text that a finding is about, safe to print, with the marks moved along.
//!
//! Secrets are never shown, whichever finding the lines are shown for: every character of one becomes a [`MASK`].
//!
//! What is shown is bounded whatever the text: long lines are cut around their marks, long spans to their first line,
//! and marks that are far apart get an excerpt each. So the cost of a finding does not depend on the file.

use super::escape::Visible;
use crate::document::{Lines, Span};
use crate::finding::{MASK, Secrets};
use std::ops::Range;

/// Characters of one line that are shown. Longer lines are cut on both sides of a mark, with `…`.
pub(super) const MAX_LINE_CHARACTERS: usize = 200;
/// Of these, characters before the mark.
const BEFORE_MARK: usize = 60;
/// Lines of one span that are marked; of a longer one only the first line is.
const MAX_SPAN_LINES: usize = 6;
/// Marks with more lines than this between them are shown apart.
const MAX_GAP_LINES: usize = 10;

#[derive(Debug, Clone)]
pub(super) struct Mark {
    /// Bytes of the text.
    pub(super) span: Span,
    /// What to write there; safe to print.
    pub(super) text: String,
    /// Whether it is the finding itself.
    pub(super) primary: bool,
}

/// Consecutive lines and the marks on them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Excerpt {
    /// Safe to print; lines end with LF, the last one too.
    pub(super) text: String,
    /// The number of the first line, from 1.
    pub(super) first_line: usize,
    /// For each mark in order of its begin: bytes of `text` and the index of the mark as it was given.
    pub(super) marks: Vec<(Range<usize>, usize)>,
}

/// The excerpts that show `marks`; the one with the first primary mark comes first, the others by line.
pub(super) fn excerpts(text: &str, lines: &Lines, marks: &[Mark], secrets: &Secrets) -> Vec<Excerpt> {
    let mut placed: Vec<Placed> =
        marks.iter().enumerate().map(|(index, mark)| Placed::new(text, lines, mark, index)).collect();
    placed.sort_by_key(|mark| (mark.span.start, mark.span.end, mark.index));
    let groups = placed.chunk_by(|one, next| next.first <= one.last.saturating_add(MAX_GAP_LINES));
    let is_primary =
        |excerpt: &Excerpt| excerpt.marks.iter().any(|(_, index)| marks.get(*index).is_some_and(|mark| mark.primary));
    let mut excerpts: Vec<Excerpt> = groups.map(|group| excerpt(text, lines, group, secrets)).collect();
    excerpts.sort_by_key(|excerpt| !is_primary(excerpt));
    excerpts
}

/// A mark with its span put on whole characters of few lines.
struct Placed {
    span: Span,
    first: usize,
    last: usize,
    primary: bool,
    index: usize,
}

impl Placed {
    fn new(text: &str, lines: &Lines, mark: &Mark, index: usize) -> Self {
        let start = text.floor_char_boundary(mark.span.start);
        let mut end = text.ceil_char_boundary(mark.span.end).max(start);
        let first = lines.position(text, start).line;
        // The line end that closes a block belongs to the block, and would mark the line after it.
        if text.get(start..end).is_some_and(|marked| marked.ends_with('\n')) {
            end -= 1;
        }
        let mut last = lines.position(text, end).line.max(first);
        if last - first >= MAX_SPAN_LINES {
            last = first;
            end = line_range(text, lines, first).end.max(start);
        }
        Self { span: Span::new(start, end), first, last, primary: mark.primary, index }
    }
}

/// The bytes of line `number` without its line end.
fn line_range(text: &str, lines: &Lines, number: usize) -> Range<usize> {
    let start = lines.start(number).unwrap_or(text.len());
    let end = lines.start(number + 1).map_or(text.len(), |next| next.saturating_sub(1));
    let end = if text.as_bytes().get(start..end).is_some_and(|line| line.ends_with(b"\r")) { end - 1 } else { end };
    start..end.max(start)
}

fn excerpt(text: &str, lines: &Lines, group: &[Placed], secrets: &Secrets) -> Excerpt {
    let first_line = group.iter().map(|mark| mark.first).min().unwrap_or(1);
    let last_line = group.iter().map(|mark| mark.last).max().unwrap_or(1);
    let mut out = String::new();
    let mut starts = vec![None; group.len()];
    let mut ends = vec![None; group.len()];
    for number in first_line..=last_line {
        let line = line_range(text, lines, number);
        let window = window(text, &line, group);
        let mut visible = Visible::default();
        if window.start > line.start {
            for (slot, mark) in group.iter().enumerate() {
                note_place(&mut starts, slot, out.len(), mark.span.start < window.start);
            }
            out.push('…');
        }
        let mut at = window.start;
        // Once per character and once past the last one, where a mark may begin or end too.
        let characters = text.get(window.clone()).unwrap_or_default().chars().map(Some).chain([None]);
        for character in characters {
            let is_end = character.is_none();
            for (slot, mark) in group.iter().enumerate() {
                note_place(&mut starts, slot, out.len(), mark.span.start <= at || (is_end && mark.first == number));
                note_place(&mut ends, slot, out.len(), mark.span.end <= at);
            }
            match character {
                Some(character) if secrets.touch(at, at + character.len_utf8()) => visible.push(&mut out, MASK),
                Some('\t') => out.push_str("    "),
                Some(character) => visible.push(&mut out, character),
                None => {}
            }
            at += character.map_or(0, char::len_utf8);
        }
        if window.end < line.end {
            out.push('…');
        }
        for (slot, mark) in group.iter().enumerate() {
            note_place(&mut ends, slot, out.len(), mark.last == number);
        }
        out.push('\n');
    }
    let marks = group
        .iter()
        .zip(starts.iter().zip(&ends))
        .map(|(mark, (start, end))| {
            let start = start.unwrap_or(0);
            (start..end.unwrap_or(start).max(start), mark.index)
        })
        .collect();
    Excerpt { text: out, first_line, marks }
}

/// Notes `place` for `slot` the first time that it `is_there`.
fn note_place(places: &mut [Option<usize>], slot: usize, place: usize, is_there: bool) {
    if let Some(known @ None) = places.get_mut(slot)
        && is_there
    {
        *known = Some(place);
    }
}

/// The part of `line` that is shown: all of it, or what is around the primary or else the first mark on it. Marks
/// outside of it are put on the `…`.
fn window(text: &str, line: &Range<usize>, group: &[Placed]) -> Range<usize> {
    // Bytes are at least as many as characters: a short line needs no counting.
    if line.len() <= MAX_LINE_CHARACTERS {
        return line.clone();
    }
    let lead = group.iter().filter(|mark| line.contains(&mark.span.start)).min_by_key(|mark| !mark.primary);
    let mark = lead.map_or(line.start, |mark| mark.span.start);
    let before = text.get(line.start..mark).unwrap_or_default();
    let start = before.char_indices().rev().nth(BEFORE_MARK - 1).map_or(line.start, |(at, _)| line.start + at);
    let shown = text.get(start..line.end).unwrap_or_default();
    let end = shown.char_indices().nth(MAX_LINE_CHARACTERS).map_or(line.end, |(at, _)| start + at);
    start..end
}

#[cfg(test)]
mod tests {
    use super::{Excerpt, Mark, excerpts};
    use crate::document::{Lines, Span};
    use crate::finding::Secrets;

    fn of(text: &str, spans: &[(usize, usize)]) -> Vec<Excerpt> {
        let marks: Vec<Mark> = spans
            .iter()
            .enumerate()
            .map(|(at, (start, end))| Mark { span: Span::new(*start, *end), text: String::new(), primary: at == 0 })
            .collect();
        excerpts(text, &Lines::new(text), &marks, &Secrets::default())
    }

    fn marked(text: &str, span: (usize, usize)) -> (String, String) {
        let excerpt = of(text, &[span]).remove(0);
        let (range, _) = excerpt.marks.first().cloned().unwrap_or_default();
        (excerpt.text.clone(), excerpt.text.get(range).unwrap_or("not a boundary").to_owned())
    }

    #[test]
    fn marks_move_with_escaped_characters() {
        assert_eq!(marked("a\u{202e}b\tc\r\nd", (4, 5)), ("a\\u{202e}b    c\n".into(), "b".into()));
        assert_eq!(marked("a\u{202e}b", (1, 4)), ("a\\u{202e}b\n".into(), "\\u{202e}".into()));
        // A mark inside a character covers the character.
        assert_eq!(marked("a\u{202e}b", (2, 3)), ("a\\u{202e}b\n".into(), "\\u{202e}".into()));
    }

    #[test]
    fn secrets_are_dots_whole_characters_at_a_time() {
        let text = "key: pässword\nname: x\n";
        let mark = |start, end| Mark { span: Span::new(start, end), text: String::new(), primary: true };
        let shown = |spans: &[(usize, usize)]| {
            let secrets: Secrets = spans.iter().map(|(start, end)| Span::new(*start, *end)).collect();
            excerpts(text, &Lines::new(text), &[mark(0, 3), mark(15, 19)], &secrets).remove(0).text
        };
        assert_eq!(shown(&[(5, 14)]), "key: ••••••••\nname: x\n");
        assert_eq!(shown(&[(10, 12), (7, 8), (11, 13), (9, 9)]), "key: p•ss•••d\nname: x\n");
        assert_eq!(shown(&[(13, 99)]), "key: pässwor•\n•••••••\n");
    }

    #[test]
    fn places_at_the_end_are_places() {
        assert_eq!(marked("", (0, 0)), ("\n".into(), String::new()));
        assert_eq!(marked("ab", (2, 9)), ("ab\n".into(), String::new()));
        assert_eq!(marked("ab\n", (3, 3)), ("\n".into(), String::new()));
        assert_eq!(marked("ab\r\ncd", (1, 4)), ("ab\n".into(), "b".into()));
    }

    #[test]
    fn long_lines_are_cut_around_the_mark() {
        let text = format!("{}MARK{}", "é".repeat(500_000), "z".repeat(500_000));
        let (shown, mark) = marked(&text, (1_000_000, 1_000_004));
        assert_eq!(mark, "MARK");
        assert_eq!(shown, format!("…{}MARK{}…\n", "é".repeat(60), "z".repeat(136)));
        let found = of(&text, &[(1_000_000, 1_000_004), (0, 2), (1_400_000, 1_400_001), (0, 1_500_004)]).remove(0);
        let marked: Vec<&str> = found.marks.iter().filter_map(|(range, _)| found.text.get(range.clone())).collect();
        assert_eq!(marked, ["…", found.text.trim_end(), "MARK", "…"]);
    }

    #[test]
    fn long_spans_show_their_first_line_and_far_marks_an_excerpt_each() {
        let text = "line\n".repeat(100);
        let found = of(&text, &[(250, 255), (2, 60), (8, 9)]);
        assert_eq!(found.len(), 2);
        assert_eq!((found[0].first_line, found[0].text.as_str()), (51, "line\n"));
        assert_eq!((found[1].first_line, found[1].text.as_str()), (1, "line\nline\n"));
        assert_eq!(found[1].marks, [(2..4, 1), (8..9, 2)]);
    }
}
