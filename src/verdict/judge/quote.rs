//! Whether what a finding quotes is in the file that it names, at the commit under review.

use crate::snapshot::Snapshot;
use crate::verdict::ReviewFinding;
use crate::verdict::report::Quote;
use std::borrow::Cow;
use std::collections::HashMap;
use std::sync::Arc;

/// The fewest characters of a quote, white space not counted, that prove anything: `})` is in every file.
pub(crate) const MIN_QUOTE: usize = 4;

/// Whether a quote is long enough to prove anything.
pub(crate) fn proves(quote: &str) -> bool {
    quote.chars().filter(|character| !character.is_whitespace()).nth(MIN_QUOTE - 1).is_some()
}

/// The files of a commit, each made comparable when it is first asked for.
pub(super) struct Texts<'s> {
    head: &'s Snapshot,
    /// The paths that agents saw, where they saw others than the repository has.
    exported: HashMap<&'s str, &'s Arc<str>>,
    comparable: HashMap<Arc<str>, Comparable>,
}

impl<'s> Texts<'s> {
    pub(super) fn new(head: &'s Snapshot) -> Self {
        let exported =
            head.files.iter().filter_map(|(path, file)| Some((file.exported_as.as_deref()?, path))).collect();
        Self { head, exported, comparable: HashMap::new() }
    }

    /// The finding with its path and lines put right, and what its quote is.
    ///
    /// A quote is verbatim but for the ends of lines: `\r\n` is `\n`, and blanks at the end of a line do not count. It may begin and
    /// end inside a line. One of fewer than [`MIN_QUOTE`] characters is looked for and proves nothing. Bytes of the file that are not UTF-8 are compared as U+FFFD, which is how agents see them.
    pub(super) fn verify(&mut self, mut finding: ReviewFinding) -> (ReviewFinding, Quote) {
        let Some(named) = finding.path.take() else {
            let quote_is = if finding.quote.is_some() { Quote::Unverified } else { Quote::None };
            return (finding, quote_is);
        };
        // One file may have the name in the repository that another has where agents see it. The quote tells which is meant.
        let exported = self.exported.get(named.as_str()).map(|path| path.to_string());
        let real = self.head.files.contains_key(named.as_str()).then(|| named.clone());
        let paths: Vec<String> = real.into_iter().chain(exported).collect();
        finding.path = Some(paths.first().cloned().unwrap_or(named));
        let Some(quote) = finding.quote.as_deref().map(comparable) else { return (finding, Quote::None) };
        let quote = quote.trim_matches('\n');
        let is_short = !proves(quote);
        for path in paths {
            let (start, end) = (finding.start_line, finding.end_line);
            if is_short {
                if self.text(&path).is_some_and(|text| text.text.contains(quote)) {
                    return (finding, Quote::Short);
                }
            } else if let Some((start, end, quote_is)) = self.text(&path).and_then(|text| text.find(quote, start, end))
            {
                finding.path = Some(path);
                finding.start_line = Some(start);
                finding.end_line = Some(end);
                return (finding, quote_is);
            }
        }
        (finding, Quote::Unverified)
    }

    fn text(&mut self, path: &str) -> Option<&Comparable> {
        let (path, file) = self.head.files.get_key_value(path)?;
        Some(self.comparable.entry(path.clone()).or_insert_with(|| Comparable::new(&file.content)))
    }
}

/// `text` with `\n` at the end of lines and no blanks before it.
fn comparable(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for (number, line) in text.split('\n').enumerate() {
        if number > 0 {
            out.push('\n');
        }
        out.push_str(line.trim_end_matches(['\r', ' ', '\t']));
    }
    out
}

/// A file that quotes are looked for in.
struct Comparable {
    text: String,
    starts: Vec<usize>,
}

impl Comparable {
    fn new(content: &[u8]) -> Self {
        let text = match String::from_utf8_lossy(content) {
            Cow::Borrowed(text) => comparable(text),
            Cow::Owned(text) => comparable(&text),
        };
        let starts = std::iter::once(0).chain(text.match_indices('\n').map(|(at, _)| at + 1)).collect();
        Self { text, starts }
    }

    /// The number of the line, from 1, that holds the byte at `offset`.
    fn line(&self, offset: usize) -> u32 {
        u32::try_from(self.starts.partition_point(|start| *start <= offset)).unwrap_or(u32::MAX)
    }

    /// The lines of `quote`, and whether they are those that are named: `start` to `end`, or as many lines as the quote has when
    /// there is no `end`. With no lines named, any place is right. Of several other places, the one nearest to `start`.
    fn find(&self, quote: &str, start: Option<u32>, end: Option<u32>) -> Option<(u32, u32, Quote)> {
        let height = u32::try_from(quote.matches('\n').count()).unwrap_or(u32::MAX);
        let Some(start) = start else {
            let first = self.line(self.text.find(quote)?);
            return Some((first, first.saturating_add(height), Quote::Verified));
        };
        // What follows the last line end is no line.
        let lines = self.starts.len() - usize::from(self.text.ends_with('\n'));
        let last = u32::try_from(lines).unwrap_or(u32::MAX);
        let named_end = end.unwrap_or_else(|| start.saturating_add(height)).min(last);
        let from = self.start(start);
        let to = self.starts.get(named_end as usize).map_or(self.text.len(), |next| next - 1);
        if self.text.get(from..to.max(from)).is_some_and(|named| named.contains(quote)) {
            return Some((start, named_end, Quote::Verified));
        }
        let places = self.text.match_indices(quote).map(|(at, _)| at);
        let nearest = places.min_by_key(|at| at.abs_diff(from))?;
        let first = self.line(nearest);
        Some((first, first.saturating_add(height), Quote::Moved))
    }

    /// Where a line begins, counted from 1; the end of the text for lines that there are not.
    fn start(&self, line: u32) -> usize {
        let index = (line as usize).saturating_sub(1);
        self.starts.get(index).copied().unwrap_or(self.text.len())
    }
}
