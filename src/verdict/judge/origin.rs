//! What follows from where commits are in the repository's history: facts about the commit, and not about its files.
//!
//! `validate --online` calls a commit on no branch or tag an error (`impostor-commit`), and `update-pins` never merges over rewritten
//! history; a review that says the same only in passing would let both pass.

use crate::verdict::report::{Found, History, Reviewed};
use crate::verdict::{Category, Confidence, ReviewFinding, Risk};

/// The findings about where base and head are.
pub(super) fn findings(reviewed: &Reviewed) -> Vec<ReviewFinding> {
    let place = match &reviewed.found {
        Found::On(_) => None,
        Found::Nowhere => Some(about(
            Risk::High,
            "The commit is on no branch or tag of the repository",
            "Git hosts serve the commits of every fork under the address of the parent repository. A commit that is on none of \
             its branches and tags may be a stranger's, and nobody of the project may have seen it.",
            "Pin a commit of the default branch or of a release. If the project removed this one from its history, find out why.",
        )),
        Found::NotChecked(why) => Some(about(
            Risk::Medium,
            "It is not known whether the commit is on a branch or tag of the repository",
            &format!(
                "A commit of a fork can be fetched under the address of its parent repository, and this could not be ruled \
                 out: {why}."
            ),
            "Look for the commit on the branches and tags of the project yourself, or run the review again.",
        )),
    };
    let history = match &reviewed.history {
        None => None,
        Some(History::Known(new)) if new.ancestor => None,
        Some(History::Known(new)) if new.is_rollback() => Some(about(
            Risk::Medium,
            "The commit is older than the one that was reviewed before: this is a rollback",
            "The commit reviewed before descends from this one, and no history was rewritten. What was fixed between the two, \
             security problems too, is not in this one.",
            "Find out why the entry goes back, and read what changed between the two.",
        )),
        Some(History::Known(_)) => Some(about(
            Risk::High,
            "The commit does not descend from the one that was reviewed before",
            "The history between the two is broken: it was rewritten, or the pin moved to another line of development. Commits \
             that were reviewed may be missing, and who made the new ones is not what the log suggests.",
            "Ask the project why, and review the code in full: run the review without a base.",
        )),
        Some(History::Gone) => Some(about(
            Risk::High,
            "The repository no longer has the commit that was reviewed before",
            "Its history was rewritten since, or the repository was replaced by another one of the same name.",
            "Ask the project why. Everything was reviewed as if it were new.",
        )),
        Some(History::NotChecked(why)) => Some(about(
            Risk::Medium,
            "It is not known whether the commit descends from the one that was reviewed before",
            &format!("History may have been rewritten between the two, and this could not be ruled out: {why}."),
            "Compare the two commits yourself, or run the review again.",
        )),
    };
    place.into_iter().chain(history).collect()
}

fn about(risk: Risk, title: &str, impact: &str, recommendation: &str) -> ReviewFinding {
    ReviewFinding {
        title: title.to_owned(),
        risk,
        category: Category::Other,
        path: None,
        start_line: None,
        end_line: None,
        quote: None,
        impact: impact.to_owned(),
        recommendation: recommendation.to_owned(),
        confidence: Confidence::High,
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::findings;
    use crate::verdict::judge::tests::reviewed;
    use crate::verdict::report::{Found, History, NewCommits, Reviewed};

    #[test]
    fn a_commit_of_nowhere_and_broken_history_are_high_and_what_is_not_known_is_medium() {
        let new = |ancestor| History::Known(NewCommits { ancestor, total: 1, more: false, commits: Vec::new() });
        let back = History::Known(NewCommits { ancestor: false, total: 0, more: false, commits: Vec::new() });
        let on = Found::On("refs/heads/main".to_owned());
        let mut shown = String::new();
        for (found, history) in [
            (on.clone(), None),
            (on.clone(), Some(new(true))),
            (Found::Nowhere, Some(new(true))),
            (Found::NotChecked("no time".to_owned()), None),
            (on.clone(), Some(new(false))),
            (on.clone(), Some(back)),
            (on.clone(), Some(History::Gone)),
            (on, Some(History::NotChecked("no time".to_owned()))),
        ] {
            for finding in findings(&Reviewed { found, history, ..reviewed() }) {
                shown += &format!("{}: {}\n", finding.risk, finding.title);
            }
        }
        insta::assert_snapshot!(shown, @r"
        high: The commit is on no branch or tag of the repository
        medium: It is not known whether the commit is on a branch or tag of the repository
        high: The commit does not descend from the one that was reviewed before
        medium: The commit is older than the one that was reviewed before: this is a rollback
        high: The repository no longer has the commit that was reviewed before
        medium: It is not known whether the commit descends from the one that was reviewed before
        ");
    }
}
