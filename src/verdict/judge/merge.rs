//! What several reviewers say, said once.

use super::{order, rank};
use crate::verdict::ReviewFinding;
use crate::verdict::report::{JudgedFinding, Quote};

/// `findings` in their order, each with the names of all who made it.
///
/// Two are one when different reviewers made them, of one file, category and title, with lines that overlap. The one with the
/// higher risk stays, and of the same risk the static reviewer's; of the others only the name does, and the quote if it is the
/// better one. What one reviewer says twice in the same words is said once.
///
/// That they are about the same lines is not enough: an agent that was talked into calling something a false alarm would
/// put its words into the place of what the others found there, and under their names.
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
    let same_words = a.category == b.category && a.title.trim() == b.title.trim();
    same_words && start <= last && first <= end
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
