//! Where checks say what they found: newness, quotes and limits are the same for all of them.

use super::place::Place;
use super::subject::{Base, Subject};
use crate::verdict::judge::proves;
use crate::verdict::{Category, Confidence, ReviewFinding, Risk};
use std::cmp::Reverse;
use std::ops::Range;

/// The most findings of one check about one file. What is left out is counted in one more finding.
pub(super) const PER_FILE: usize = 5;
/// The most findings of one check, over all files.
pub(super) const PER_CHECK: usize = 25;
/// The most findings of a scan: as many as an agent may make ([`crate::verdict::document::MAX_FINDINGS`]).
pub(super) const PER_SCAN: usize = crate::verdict::document::MAX_FINDINGS;
/// The most bytes of a quote: about two lines.
const QUOTE: usize = 200;
/// How often, for one check and file, a whole base file is searched for a quote of a long line.
const LOOKUPS: usize = 20;

/// What a check says, without where.
#[derive(Debug, Clone)]
pub(super) struct Said {
    pub(super) title: String,
    /// How dangerous, in the product; [`Place`] makes less of it elsewhere.
    pub(super) risk: Risk,
    pub(super) category: Category,
    pub(super) confidence: Confidence,
    /// What can come of it.
    pub(super) impact: String,
    pub(super) recommendation: String,
}

/// Findings up to a limit, the gravest of all that were said, and a count of the others.
#[derive(Debug, Default)]
pub(super) struct Kept {
    findings: Vec<ReviewFinding>,
    more: usize,
    highest_left_out: Option<Risk>,
}

impl Kept {
    /// Keeps `finding`, if need be in place of the last of the least grave.
    pub(super) fn push(&mut self, finding: ReviewFinding, limit: usize) {
        if self.findings.len() < limit {
            self.findings.push(finding);
            return;
        }
        let least =
            self.findings.iter().enumerate().min_by_key(|(at, kept)| (kept.risk, Reverse(*at))).map(|(at, _)| at);
        let left_out = match least.and_then(|at| self.findings.get_mut(at)) {
            Some(kept) if kept.risk < finding.risk => std::mem::replace(kept, finding),
            _ => finding,
        };
        self.leave_out(1, left_out.risk);
    }

    fn leave_out(&mut self, count: usize, risk: Risk) {
        self.more = self.more.saturating_add(count);
        self.highest_left_out = self.highest_left_out.max(Some(risk));
    }

    /// All that were kept and, if some were left out, one that says how many, with the highest risk among them. Its place
    /// is that of `path`.
    pub(super) fn close(mut self, about: &str, path: Option<&str>) -> Vec<ReviewFinding> {
        if let Some(risk) = self.highest_left_out {
            self.findings.push(ReviewFinding {
                title: format!("{} more findings of the kind `{about}` are not listed", self.more),
                risk,
                category: self.findings.first().map_or(Category::Other, |first| first.category),
                path: path.map(str::to_owned),
                start_line: None,
                end_line: None,
                quote: None,
                impact: "A flood of findings hides the one that matters; the risk is the highest of those that are not listed.".to_owned(),
                recommendation: "Look at the listed ones first; when there are honest reasons for them, search for others like them.".to_owned(),
                confidence: Confidence::High,
            });
        }
        self.findings
    }
}

/// Takes what one check says about one file.
pub(super) struct Sink<'s, 'a> {
    subject: &'s Subject<'a>,
    kept: Kept,
    lookups: usize,
}

impl<'s, 'a> Sink<'s, 'a> {
    pub(super) fn new(subject: &'s Subject<'a>) -> Self {
        Self { subject, kept: Kept::default(), lookups: LOOKUPS }
    }

    /// Says something about the bytes of `range`, unless it is about what the base had already. Critical findings are always
    /// said.
    pub(super) fn at(&mut self, range: Range<usize>, said: Said) {
        let critical = self.subject.place.risk(said.risk) == Risk::Critical;
        if !critical && self.is_old(&range) {
            return;
        }
        self.always(range, said);
    }

    /// Says something about the bytes of `range`, new or not.
    pub(super) fn always(&mut self, range: Range<usize>, said: Said) {
        let finding = finding(self.subject, Some(range), said);
        self.kept.push(finding, PER_FILE);
    }

    /// Says something that is as dangerous wherever the file stands, unless the base had it.
    pub(super) fn anywhere(&mut self, range: Range<usize>, said: Said) {
        if said.risk == Risk::Critical || !self.is_old(&range) {
            let risk = said.risk;
            self.kept.push(ReviewFinding { risk, ..finding(self.subject, Some(range), said) }, PER_FILE);
        }
    }

    /// Says something about the bytes of `range`, new or not, as dangerous wherever the file stands, and quotes all of it.
    pub(super) fn whole(&mut self, range: Range<usize>, said: Said) {
        let risk = said.risk;
        let mut finding = finding(self.subject, Some(range.clone()), said);
        finding.risk = risk;
        let text = self.subject.bytes.get(range.clone()).and_then(|bytes| std::str::from_utf8(bytes).ok());
        if let Some(text) = text.filter(|text| proves(text)) {
            let start = range.start + (text.len() - text.trim_start().len());
            let end = range.start + text.trim_end().len();
            finding.quote = Some(text.trim().to_owned());
            finding.start_line = Some(number(self.subject.line(start)));
            finding.end_line = Some(number(self.subject.line(end - 1)));
        }
        self.kept.push(finding, PER_FILE);
    }

    /// Says something about the file as a whole, unless the base has the same file.
    pub(super) fn file(&mut self, said: Said) {
        if !self.subject.is_same() {
            self.kept.push(finding(self.subject, None, said), PER_FILE);
        }
    }

    /// Whether what stands in `range` stands in the base's file, too: on a line of it or, if the line is too long to be
    /// shown whole, anywhere. The latter is looked up a few times only; after that it counts as new.
    pub(super) fn is_old(&mut self, range: &Range<usize>) -> bool {
        if self.subject.is_old(range) {
            return true;
        }
        let Base::Changed { bytes, code, .. } = &self.subject.base else { return false };
        let shown = quoted(self.subject, range);
        let line = self.subject.line_at(range.start);
        if line.len() <= QUOTE || shown.is_empty() || self.lookups == 0 {
            return false;
        }
        self.lookups -= 1;
        let stands_in = |quote: &[u8], text: &[u8]| {
            aho_corasick::AhoCorasick::new([quote]).is_ok_and(|search| search.is_match(text))
        };
        let in_code = self.subject.code().get(shown.clone()).unwrap_or_default();
        stands_in(self.subject.bytes.get(shown).unwrap_or_default(), bytes)
            // What was in a comment is new where it is code.
            && (in_code.trim().is_empty() || stands_in(in_code.as_bytes(), code.as_bytes()))
    }

    pub(super) fn into_kept(self) -> Kept {
        self.kept
    }
}

/// Makes a finding of what was said about a place of a file.
pub(super) fn finding(subject: &Subject<'_>, range: Option<Range<usize>>, said: Said) -> ReviewFinding {
    let shown = range.map(|range| quoted(subject, &range));
    let quote =
        shown.clone().and_then(|shown| subject.bytes.get(shown)).and_then(|bytes| std::str::from_utf8(bytes).ok());
    // What is too short to be found again proves nothing: then the line says where to look.
    let quote = quote.filter(|quote| proves(quote));
    let lines = shown.map(|shown| {
        let last = if quote.is_some() { shown.end.saturating_sub(1).max(shown.start) } else { shown.start };
        (number(subject.line(shown.start)), number(subject.line(last)))
    });
    // Where a file is in the image's own recipe, nothing is less dangerous for being in a folder of examples.
    let risk =
        if subject.is_built && subject.place != Place::Product { said.risk } else { subject.place.risk(said.risk) };
    ReviewFinding {
        title: said.title,
        risk,
        category: said.category,
        path: Some(subject.path.to_owned()),
        start_line: lines.map(|(start, _)| start),
        end_line: lines.map(|(_, end)| end),
        quote: quote.map(str::to_owned),
        impact: said.impact,
        recommendation: said.recommendation,
        confidence: said.confidence,
    }
}

fn number(line: usize) -> u32 {
    u32::try_from(line).unwrap_or(u32::MAX)
}

/// The bytes that are quoted for a place: its whole lines without the blanks around them where they are short, else the
/// place itself with what fits around it. Never half a character, never a byte that is not UTF-8.
fn quoted(subject: &Subject<'_>, range: &Range<usize>) -> Range<usize> {
    let last = range.end.saturating_sub(1).max(range.start);
    let lines = subject.line_at(range.start).start..subject.line_at(last).end;
    let mut shown = if lines.len() <= QUOTE {
        lines
    } else {
        let start = range.start.saturating_sub(20).max(lines.start);
        start..(start + QUOTE).min(lines.end).min(range.end.max(start + QUOTE / 2))
    };
    let text = &subject.text;
    shown.start = text.ceil_char_boundary(shown.start);
    shown.end = text.floor_char_boundary(shown.end).max(shown.start);
    let bytes = subject.bytes.get(shown.clone()).unwrap_or_default();
    // The first stretch of valid UTF-8 that reaches over the place's begin, or any.
    let mut at = shown.start;
    for chunk in bytes.utf8_chunks() {
        let valid = at..at + chunk.valid().len();
        at = valid.end + chunk.invalid().len();
        if valid.end > range.start || at >= shown.end {
            shown = valid;
            break;
        }
    }
    let quote = text.get(shown.clone()).unwrap_or_default();
    let start = shown.start + (quote.len() - quote.trim_start_matches([' ', '\t', '\r', '\n']).len());
    let end = start + quote.trim_matches([' ', '\t', '\r', '\n']).len();
    start..end
}
