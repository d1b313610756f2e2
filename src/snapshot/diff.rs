//! What changed between two snapshots, as unified diffs in pieces that a reader can take one after the other.

mod lines;

use super::{Change, File, FileDiff, Reason, Snapshot};
use lines::{Replaced, replaced};
use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;
use std::ops::Range;
use std::sync::Arc;

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DiffLimits {
    /// Bytes of a piece. A single line that is longer is a piece of its own all the same.
    pub piece: usize,
    pub context: usize,
    /// What all comparisons together may cost, in pairs of lines. Changes beyond it are shown as all lines removed and all
    /// added: longer, and as true.
    pub work: u64,
}

impl Default for DiffLimits {
    fn default() -> Self {
        Self { piece: 64 * 1024, context: 3, work: 1 << 31 }
    }
}

/// Bytes at the beginning of a file in which a NUL makes it binary: the same as Git's.
const BINARY_START: usize = 8000;

/// The files that differ, sorted by path. The pieces of a file, one after the other, are one unified diff from its base to
/// its head. Bytes that are not UTF-8 are shown as `\xNN`. What is not in a snapshot for some other reason than that the
/// commit lacks it is said to be so, and is neither an addition nor a deletion.
#[must_use]
pub fn diff(base: &Snapshot, head: &Snapshot, limits: &DiffLimits) -> Vec<FileDiff> {
    let mut work = limits.work;
    let (absent_before, absent_after) = (absent(base), absent(head));
    let paths: BTreeSet<&Arc<str>> = base.files.keys().chain(head.files.keys()).collect();
    let mut changes = Vec::new();
    for path in paths {
        let sides = Sides {
            path,
            old: base.files.get(path),
            new: head.files.get(path),
            absent: match (base.files.get(path), head.files.get(path)) {
                (None, _) => absent_before.get(path.as_ref()).map(|reason| ("base", *reason)),
                (_, None) => absent_after.get(path.as_ref()).map(|reason| ("head", *reason)),
                _ => None,
            },
        };
        changes.extend(sides.diff(limits, &mut work));
    }
    changes
}

/// What is left out of a snapshot, and why.
fn absent(snapshot: &Snapshot) -> BTreeMap<&str, Reason> {
    let left_out = snapshot.unreviewed.iter().filter(|item| !item.reason.is_exported());
    left_out.map(|item| (item.path.as_str(), item.reason)).collect()
}

struct Sides<'a> {
    path: &'a Arc<str>,
    old: Option<&'a File>,
    new: Option<&'a File>,
    /// The side that is missing, and why, if that is not because there is no such file.
    absent: Option<(&'static str, Reason)>,
}

impl Sides<'_> {
    fn diff(&self, limits: &DiffLimits, work: &mut u64) -> Option<FileDiff> {
        let what = |file: &File| (file.blob.clone(), file.executable, file.link);
        if self.old.map(what) == self.new.map(what) {
            return None;
        }
        let change = match (self.old, self.new) {
            _ if self.absent.is_some() => Change::Modified,
            (None, _) => Change::Added,
            (_, None) => Change::Deleted,
            _ => Change::Modified,
        };
        let content = |file: Option<&File>| file.map_or_else(|| Arc::from([]), |file| file.content.clone());
        let (old, new): (Arc<[u8]>, Arc<[u8]>) = (content(self.old), content(self.new));
        if [&old, &new].iter().any(|text| text.iter().take(BINARY_START).any(|byte| *byte == 0)) {
            return Some(FileDiff { path: self.path.clone(), change, binary: true, pieces: Vec::new() });
        }
        let mut pieces =
            Pieces { done: Vec::new(), current: self.header(change), only_header: true, most: limits.piece };
        // A file that is there and not exported did not become empty.
        if self.new.is_some() || self.absent.is_none() {
            let (old, new): (Vec<&[u8]>, Vec<&[u8]>) = (split(&old), split(&new));
            let found = replaced(&old, &new, work);
            for hunk in hunks(&found, old.len(), limits.context) {
                pieces.hunk(&hunk, &old, &new);
            }
        }
        Some(FileDiff { path: self.path.clone(), change, binary: false, pieces: pieces.done() })
    }

    fn header(&self, change: Change) -> String {
        let (a, b) = (named("a", self.path), named("b", self.path));
        let mut header = format!("diff --git {a} {b}\n");
        // Writing to a `String` cannot fail.
        let _ = match (self.old.map(mode), self.new.map(mode)) {
            (Some(old), Some(new)) if old != new => writeln!(header, "old mode {old}\nnew mode {new}"),
            (None, Some(new)) if change == Change::Added => writeln!(header, "new file mode {new}"),
            (Some(old), None) if change == Change::Deleted => writeln!(header, "deleted file mode {old}"),
            _ => Ok(()),
        };
        if let Some((side, reason)) = self.absent {
            let _ = writeln!(header, "not exported at {side}: {}", reason.as_str());
        }
        let same = self.old.map(|file| &file.blob) == self.new.map(|file| &file.blob);
        let empty = [self.old, self.new].iter().flatten().all(|file| file.content.is_empty());
        if !same && !empty && (self.new.is_some() || self.absent.is_none()) {
            let old = if self.old.is_some() { &a } else { "/dev/null" };
            let new = if self.new.is_some() { &b } else { "/dev/null" };
            let _ = writeln!(header, "--- {old}\n+++ {new}");
        }
        header
    }
}

fn mode(file: &File) -> &'static str {
    match (file.link, file.executable) {
        (true, _) => "120000",
        (false, true) => "100755",
        (false, false) => "100644",
    }
}

/// A path as Git writes it in diffs; it has no control characters.
fn named(side: &str, path: &str) -> String {
    let name = format!("{side}/{path}");
    if name.contains(['"', '\\']) { format!("\"{}\"", name.replace('\\', "\\\\").replace('"', "\\\"")) } else { name }
}

fn split(text: &[u8]) -> Vec<&[u8]> {
    text.split_inclusive(|byte| *byte == b'\n').collect()
}

/// Changes that are near each other.
type Hunk<'a> = (&'a [Replaced], Range<usize>);

/// Puts changes together whose surroundings touch; with the old lines that a hunk covers.
fn hunks(found: &[Replaced], old_lines: usize, context: usize) -> Vec<Hunk<'_>> {
    let mut hunks = Vec::new();
    for near in found.chunk_by(|one, next| next.0.start - one.0.end <= 2 * context) {
        if let [first, ..] = near {
            let last = near.last().unwrap_or(first);
            hunks.push((near, first.0.start.saturating_sub(context)..(last.0.end + context).min(old_lines)));
        }
    }
    hunks
}

/// A part of a diff that is being put together.
#[derive(Default)]
struct Part {
    body: String,
    /// The first line and the number of lines, of the old text and of the new one.
    old: (usize, usize),
    new: (usize, usize),
}

impl Part {
    fn at(old: usize, new: usize) -> Self {
        Self { body: String::new(), old: (old, 0), new: (new, 0) }
    }

    /// `@@ -old +new @@`, by the rule that a side of no lines is named by the line before it.
    fn header(&self) -> String {
        let side = |(start, number): (usize, usize)| match number {
            0 => format!("{start},0"),
            1 => format!("{}", start + 1),
            _ => format!("{},{number}", start + 1),
        };
        format!("@@ -{} +{} @@\n", side(self.old), side(self.new))
    }
}

/// Bytes that a hunk's header may have.
const HEADER: usize = 64;

/// The diff of a file, in pieces.
struct Pieces {
    done: Vec<String>,
    current: String,
    /// Whether the current piece has no hunk yet.
    only_header: bool,
    most: usize,
}

impl Pieces {
    fn hunk(&mut self, (changes, covered): &Hunk<'_>, old: &[&[u8]], new: &[&[u8]]) {
        let Some(first) = changes.first() else { return };
        let lines = lines_of(changes, covered);
        let text = |line: &Line| match line {
            Line::Same(at) => shown(' ', old[*at]),
            Line::Old(at) => shown('-', old[*at]),
            Line::New(at) => shown('+', new[*at]),
        };
        // A hunk that fits into a piece is kept whole. Escapes are not counted: that only splits where it need not.
        let size: usize = lines.iter().map(|line| line.bytes(old, new)).sum();
        if !self.only_header && size + HEADER <= self.most && self.current.len() + size + HEADER > self.most {
            self.cut();
        }
        let mut part = Part::at(covered.start, first.1.start - (first.0.start - covered.start));
        for line in &lines {
            let text = text(line);
            if !part.body.is_empty() && self.current.len() + part.body.len() + text.len() + HEADER > self.most {
                let next = Part::at(part.old.0 + part.old.1, part.new.0 + part.new.1);
                self.add(&std::mem::replace(&mut part, next));
                self.cut();
            } else if part.body.is_empty() && !self.only_header && self.current.len() + text.len() + HEADER > self.most
            {
                self.cut();
            }
            part.body.push_str(&text);
            let (removed, added) = match line {
                Line::Same(_) => (1, 1),
                Line::Old(_) => (1, 0),
                Line::New(_) => (0, 1),
            };
            part.old.1 += removed;
            part.new.1 += added;
        }
        self.add(&part);
    }

    fn add(&mut self, part: &Part) {
        self.current.push_str(&part.header());
        self.current.push_str(&part.body);
        self.only_header = false;
    }

    fn cut(&mut self) {
        if !self.current.is_empty() {
            self.done.push(std::mem::take(&mut self.current));
        }
        self.only_header = false;
    }

    fn done(mut self) -> Vec<String> {
        self.cut();
        self.done
    }
}

enum Line {
    /// In both; by the number of the old one.
    Same(usize),
    Old(usize),
    New(usize),
}

impl Line {
    fn bytes(&self, old: &[&[u8]], new: &[&[u8]]) -> usize {
        1 + match self {
            Self::Same(at) | Self::Old(at) => old[*at].len(),
            Self::New(at) => new[*at].len(),
        }
    }
}

fn lines_of(changes: &[Replaced], covered: &Range<usize>) -> Vec<Line> {
    let mut lines = Vec::new();
    let mut at = covered.start;
    for (removed, added) in changes {
        lines.extend((at..removed.start).map(Line::Same));
        lines.extend(removed.clone().map(Line::Old));
        lines.extend(added.clone().map(Line::New));
        at = removed.end;
    }
    lines.extend((at..covered.end).map(Line::Same));
    lines
}

/// A line of a diff. Bytes that are not UTF-8 are escaped.
fn shown(sign: char, line: &[u8]) -> String {
    let mut text = String::with_capacity(line.len() + 2);
    text.push(sign);
    for chunk in line.utf8_chunks() {
        text.push_str(chunk.valid());
        for byte in chunk.invalid() {
            let _ = write!(text, "\\x{byte:02x}");
        }
    }
    if !text.ends_with('\n') {
        text.push_str("\n\\ No newline at end of file\n");
    }
    text
}

#[cfg(test)]
mod tests;
