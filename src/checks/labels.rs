//! The labels of a pull request that follow from its reviews. Pure.

use super::names::{is_label, is_ours};
use crate::verdict::{self, Risk};

/// What a review came to, as far as labels say it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Reviewed {
    pub(super) risk: Risk,
    pub(super) complete: bool,
}

/// The labels of all reviews of a pull request together; none where nothing was reviewed.
pub(super) fn wanted(reviews: &[Reviewed]) -> Vec<String> {
    let Some(risk) = reviews.iter().map(|review| review.risk).max() else { return Vec::new() };
    verdict::labels(risk, reviews.iter().all(|review| review.complete))
}

/// What is to be set and what taken away. Labels of people stay, and so does one of ours that somebody spells in another case.
pub(super) fn changes(wanted: &[String], found: &[String]) -> (Vec<String>, Vec<String>) {
    let has = |all: &[String], label: &str| all.iter().any(|other| is_label(other, label));
    let add = wanted.iter().filter(|label| !has(found, label)).cloned().collect();
    let remove = found.iter().filter(|label| is_ours(label) && !has(wanted, label)).cloned().collect();
    (add, remove)
}

#[cfg(test)]
mod tests {
    use super::{Reviewed, changes, wanted};
    use crate::verdict::Risk;

    fn of(risk: Risk, complete: bool) -> Reviewed {
        Reviewed { risk, complete }
    }

    #[test]
    fn the_gravest_review_decides() {
        let said = |reviews: &[Reviewed]| wanted(reviews).join(", ");
        assert_eq!(said(&[]), "");
        assert_eq!(said(&[of(Risk::Info, true), of(Risk::High, true)]), "security-risk:high");
        assert_eq!(said(&[of(Risk::High, true), of(Risk::Info, false)]), "security-risk:incomplete");
        assert_eq!(said(&[of(Risk::Critical, false)]), "security-blocked, security-risk:critical");
    }

    #[test]
    fn only_our_own_labels_are_taken_away_whatever_their_case() {
        let names = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect::<Vec<_>>();
        let found = names(&["bug", "Security-Risk:High", "SECURITY-BLOCKED", "security-risks", "security-ack"]);
        let (add, remove) = changes(&names(&["security-risk:high"]), &found);
        assert_eq!((add, remove), (Vec::new(), names(&["SECURITY-BLOCKED"])));
        let (add, remove) = changes(&names(&["security-risk:low"]), &found);
        assert_eq!((add, remove), (names(&["security-risk:low"]), names(&["Security-Risk:High", "SECURITY-BLOCKED"])));
        let (add, remove) = changes(&[], &names(&["bug"]));
        assert_eq!((add.len(), remove.len()), (0, 0));
    }
}
