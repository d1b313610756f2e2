//! Whether a maintainer spoke for a commit: an approval of that very commit, or a label that was set after its review ended.

use crate::checks::names::{ACKNOWLEDGED, Analysis, is_label};
use crate::github::GithubError;
use crate::github::registry::{CheckRun, Registry, Review, Standing};
use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

/// Accounts that are asked about: everybody may review, and each question is a request.
pub(crate) const MOST_ASKED: usize = 50;

/// What a maintainer said, and who.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Word {
    Approved { by: String },
    Acknowledged { by: String },
}

impl fmt::Display for Word {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Approved { by } => write!(f, "{by} approved this commit."),
            Self::Acknowledged { by } => write!(f, "{by} set {ACKNOWLEDGED} after this commit was reviewed."),
        }
    }
}

/// Nobody speaks for what is their own, who opened it or made a commit of it; and no program speaks for people.
fn is_other_person(login: &str, pull: &Standing, makers: &BTreeSet<String>) -> bool {
    let login = login.to_ascii_lowercase();
    let is_own = login == pull.author.login.to_ascii_lowercase() || makers.contains(&login);
    !login.is_empty() && !is_own && !login.ends_with("[bot]")
}

/// The review that counts of each account, the last: a comment takes nothing back.
///
/// # Errors
/// When GitHub does not say.
pub(crate) async fn decided(registry: &Registry, pull: &Standing) -> Result<Vec<Review>, GithubError> {
    let mut latest = BTreeMap::new();
    for review in registry.reviews(pull.number).await? {
        if review.state != "COMMENTED" && review.state != "PENDING" {
            latest.insert(review.author.id, review);
        }
    }
    Ok(latest.into_values().collect())
}

/// A maintainer's word for the head of a pull request; `runs` are those of our App there.
///
/// # Errors
/// When GitHub does not say.
pub(crate) async fn word(registry: &Registry, pull: &Standing, runs: &[CheckRun]) -> Result<Option<Word>, GithubError> {
    let Some(makers) = registry.makers(pull.number).await? else { return Ok(None) };
    let approvals = decided(registry, pull).await?.into_iter().filter(|review| {
        review.state == "APPROVED" && review.commit.as_ref() == Some(&pull.head) && review.author.id != pull.author.id
    });
    for review in approvals.take(MOST_ASKED) {
        let by = review.author.login;
        if is_other_person(&by, pull, &makers) && registry.may_write(&by).await? {
            return Ok(Some(Word::Approved { by }));
        }
    }
    acknowledged(registry, pull, runs, &makers).await
}

async fn acknowledged(
    registry: &Registry,
    pull: &Standing,
    runs: &[CheckRun],
    makers: &BTreeSet<String>,
) -> Result<Option<Word>, GithubError> {
    if !pull.labels.iter().any(|label| is_label(label, ACKNOWLEDGED)) {
        return Ok(None);
    }
    // Before a review of this commit has ended there is nothing to accept; and what was accepted of another commit was not this.
    let prefix = format!("{}/", Analysis::Review.word());
    let reviews = runs.iter().filter(|run| run.name.starts_with(&prefix));
    let Some(ended) = reviews.map(|run| run.completed_at.as_deref()).collect::<Option<Vec<&str>>>() else {
        return Ok(None);
    };
    let Some(ended) = ended.into_iter().max() else { return Ok(None) };
    let events = registry.label_events(pull.number).await?;
    let Some(last) = events.into_iter().rev().find(|event| is_label(&event.label, ACKNOWLEDGED)) else {
        return Ok(None);
    };
    let counts = last.set && last.time.as_str() > ended && is_other_person(&last.actor, pull, makers);
    if counts && registry.may_write(&last.actor).await? {
        return Ok(Some(Word::Acknowledged { by: last.actor }));
    }
    Ok(None)
}
