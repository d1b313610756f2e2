//! What several reviewers say, said once.

use super::{order, rank};
use crate::verdict::ReviewFinding;
use crate::verdict::report::{JudgedFinding, Quote};

/// The most lines of a finding that is taken to be about one place. Without this, a finding about all lines of a file would
/// swallow what others say about each of them.
const ONE_PLACE: u32 = 20;

/// `findings` in their order, each with the names of all who made it.
///
/// Two are one when different reviewers made them, in one file, with lines that overlap, and either their quotes are the same
/// or they are of one category and both about [`ONE_PLACE`]. The one with the higher risk stays; of the others only the name
/// does, and the quote if it is the better one. What one reviewer says twice in the same words is said once.
pub(super) fn merge(mut findings: Vec<JudgedFinding>) -> Vec<JudgedFinding> {
    findings.sort_by_cached_key(|judged| (order(judged), judged.agents.clone()));
    findings.dedup();
    let mut kept: Vec<JudgedFinding> = Vec::with_capacity(findings.len());
    for finding in findings {
        match kept.iter_mut().find(|kept| same(kept, &finding)) {
            Some(kept) => absorb(kept, finding),
            None => kept.push(finding),
        }
    }
    for judged in &mut kept {
        judged.agents.sort();
    }
    // A better quote may have brought other lines.
    kept.sort_by_cached_key(order);
    kept
}

fn same(kept: &JudgedFinding, other: &JudgedFinding) -> bool {
    let (a, b) = (&kept.finding, &other.finding);
    if a.path.is_none() || a.path != b.path || other.agents.iter().any(|agent| kept.agents.contains(agent)) {
        return false;
    }
    let (Some((first, last)), Some((start, end))) = (lines(a), lines(b)) else { return false };
    let overlap = start <= last && first <= end;
    let one_place = |first: u32, last: u32| last - first < ONE_PLACE;
    let same_quote = || matches!((&a.quote, &b.quote), (Some(a), Some(b)) if a.trim() == b.trim());
    overlap && (same_quote() || (a.category == b.category && one_place(first, last) && one_place(start, end)))
}

fn lines(finding: &ReviewFinding) -> Option<(u32, u32)> {
    let first = finding.start_line?;
    Some((first, finding.end_line.unwrap_or(first).max(first)))
}

fn absorb(kept: &mut JudgedFinding, other: JudgedFinding) {
    if rank(other.quote_is) < rank(kept.quote_is) && matches!(other.quote_is, Quote::Verified | Quote::Moved) {
        kept.quote_is = other.quote_is;
        kept.finding.quote = other.finding.quote;
        kept.finding.start_line = other.finding.start_line;
        kept.finding.end_line = other.finding.end_line;
    }
    kept.finding.confidence = kept.finding.confidence.max(other.finding.confidence);
    kept.agents.extend(other.agents);
}
