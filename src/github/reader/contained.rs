//! Whether a commit is part of a repository's own history, or only served under its name.

use super::{Github, GithubError, Id, Repository};
use crate::ids::CommitSha;
use futures_util::stream::{self, StreamExt};
use serde::Deserialize;
use std::collections::BTreeSet;

/// Comparisons for one commit. Beyond them nothing is claimed.
const MAX_COMPARISONS: usize = 50;
/// Pages of branches, and as many of tags, that are looked through; each holds 100.
const MAX_PAGES: usize = 3;
const PAGE: usize = 100;
/// Comparisons at the same time.
const AT_ONCE: usize = 4;

#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Contained {
    /// In the history of this branch or tag.
    In(String),
    /// In that of no branch and no tag.
    Nowhere,
    /// In none of those that were looked at; there are more.
    NotFound {
        /// How many were looked at.
        looked_at: usize,
    },
}

/// A branch or tag and the commit it points to.
#[derive(Debug, Clone)]
struct Tip {
    name: String,
    commit: CommitSha,
}

impl Github {
    /// Looks for a branch or tag that contains `commit`: the default branch and `branch` first, then whatever points at it,
    /// then the others in GitHub's order, tags from the highest version down. Tips are compared by id, so no name becomes
    /// part of an address.
    ///
    /// # Errors
    /// When GitHub does not say.
    pub(crate) async fn contained(
        &self,
        repository: &Repository,
        commit: &CommitSha,
        branch: Option<&str>,
    ) -> Result<Contained, GithubError> {
        let mut compared = BTreeSet::new();
        for name in branch.into_iter().chain([repository.default_branch.as_str()]) {
            let Some(tip) = self.branch_tip(repository, name).await? else { continue };
            if compared.insert(tip.clone()) && self.contains(repository, &tip, commit).await? {
                return Ok(Contained::In(name.to_owned()));
            }
        }
        let (branches, all_branches) = self.tips(repository, "branches").await?;
        let (tags, all_tags) = self.tips(repository, "tags").await?;
        if let Some(tip) = branches.iter().chain(&tags).find(|tip| tip.commit == *commit) {
            return Ok(Contained::In(tip.name.clone()));
        }
        let mut others: Vec<Tip> = Vec::new();
        for tip in alternate(tags, branches) {
            if compared.insert(tip.commit.clone()) {
                others.push(tip);
            }
        }
        let complete = all_branches && all_tags && others.len() <= MAX_COMPARISONS;
        others.truncate(MAX_COMPARISONS);
        let looked_at = others.len();
        let mut results =
            stream::iter(others)
                .map(|tip| async move {
                    self.contains(repository, &tip.commit, commit).await.map(|is| is.then_some(tip.name))
                })
                .buffered(AT_ONCE);
        while let Some(result) = results.next().await {
            if let Some(name) = result? {
                return Ok(Contained::In(name));
            }
        }
        Ok(if complete { Contained::Nowhere } else { Contained::NotFound { looked_at } })
    }

    /// Whether `commit` is `tip` or one of its ancestors.
    async fn contains(
        &self,
        repository: &Repository,
        tip: &CommitSha,
        commit: &CommitSha,
    ) -> Result<bool, GithubError> {
        if tip == commit {
            return Ok(true);
        }
        let path = format!("{}/compare/{tip}...{commit}?per_page=1", repository.path);
        // Without a common ancestor GitHub answers 404.
        self.get(repository.who, &path).await?.map_or(Ok(false), |answer| answer.is_behind())
    }

    /// The first tips of `branches` or `tags`, and whether these are all.
    async fn tips(&self, repository: &Repository, kind: &str) -> Result<(Vec<Tip>, bool), GithubError> {
        #[derive(Deserialize)]
        struct Item {
            name: String,
            commit: Id,
        }
        let mut tips = Vec::new();
        for page in 1..=MAX_PAGES {
            let path = format!("{}/{kind}?per_page={PAGE}&page={page}", repository.path);
            let Some(answer) = self.get(repository.who, &path).await? else { return Ok((tips, true)) };
            let items: Vec<Item> = answer.read("a list of branches or tags")?;
            let is_last = items.len() < PAGE;
            tips.extend(items.into_iter().map(|Item { name, commit }| Tip { name, commit: commit.sha }));
            if is_last {
                return Ok((tips, true));
            }
        }
        Ok((tips, false))
    }
}

/// One of each in turn, so that neither many tags nor many branches use the bound up alone.
fn alternate(first: Vec<Tip>, second: Vec<Tip>) -> Vec<Tip> {
    let (mut first, mut second) = (first.into_iter(), second.into_iter());
    let mut all = Vec::new();
    loop {
        match (first.next(), second.next()) {
            (None, None) => return all,
            (one, other) => all.extend(one.into_iter().chain(other)),
        }
    }
}
