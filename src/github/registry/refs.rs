//! Branches.

use super::Registry;
use crate::github::GithubError;
use crate::github::names::{encode_path, is_ref_name};
use crate::github::sender::List;
use crate::ids::CommitSha;
use http::Method;
use serde::Deserialize;
use serde_json::json;
use std::collections::BTreeMap;

/// Pages of branches that are read, each of 100.
const MAX_PAGES: usize = 100;

/// What became of a branch that was to be made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum CreatedBranch {
    /// It is there, at the commit.
    Done,
    /// It was there before, at another commit.
    Exists,
}

/// One as GitHub answers it.
#[derive(Deserialize)]
struct Item {
    #[serde(rename = "ref")]
    name: String,
    object: Object,
}

#[derive(Deserialize)]
struct Object {
    #[serde(rename = "type")]
    kind: String,
    sha: CommitSha,
}

impl Item {
    /// The name of a branch and its commit.
    fn branch(self) -> Result<Option<(String, CommitSha)>, GithubError> {
        let Some(name) = self.name.strip_prefix("refs/heads/") else { return Ok(None) };
        if self.object.kind != "commit" {
            return Err(GithubError::Unexpected("a branch of something else than a commit"));
        }
        Ok(Some((name.to_owned(), self.object.sha)))
    }
}

impl Registry {
    /// The branches whose names begin with `prefix`, and their commits. What is no branch of a commit is left out.
    ///
    /// # Errors
    /// When GitHub does not say.
    pub(crate) async fn branches(&self, prefix: &str) -> Result<BTreeMap<String, CommitSha>, GithubError> {
        let path = self.at(&format!("git/matching-refs/heads/{}", encode_path(prefix)));
        // All of them come at once, and the description of the API knows of no pages; the header does.
        let list = List { path: &path, query: None, page: 100, most: MAX_PAGES };
        let (items, is_all) = self.sender.list::<Item>(list, "a branch").await?;
        if !is_all {
            return Err(GithubError::Unexpected("branches without an end"));
        }
        let branches = items.into_iter().filter_map(|item| item.branch().transpose());
        branches
            .filter(|branch| branch.as_ref().is_ok_and(|(name, _)| name.starts_with(prefix)) || branch.is_err())
            .collect()
    }

    /// The commit that a branch points to; none when there is no such branch.
    ///
    /// # Errors
    /// When GitHub does not say.
    pub(crate) async fn branch(&self, name: &str) -> Result<Option<CommitSha>, GithubError> {
        check(name)?;
        let answer = self.sender.get(&self.at(&format!("git/ref/heads/{}", encode_path(name)))).await?;
        let Some(answer) = answer.found()? else { return Ok(None) };
        // Older servers answer with a list of what begins with the name.
        if answer.body.first() == Some(&b'[') {
            return Ok(None);
        }
        let found = answer.read::<Item>("a branch without a commit")?.branch()?;
        Ok(found.filter(|(found, _)| found == name).map(|(_, commit)| commit))
    }

    /// Makes a branch. The commit has to be there.
    ///
    /// # Errors
    /// When GitHub does not do it.
    pub(crate) async fn create_branch(&self, name: &str, commit: &CommitSha) -> Result<CreatedBranch, GithubError> {
        check(name)?;
        let body = json!({ "ref": format!("refs/heads/{name}"), "sha": commit.as_str() });
        let state = async || {
            let found = self.branch(name).await?;
            Ok(found.map(|found| if found == *commit { CreatedBranch::Done } else { CreatedBranch::Exists }))
        };
        let address = self.at("git/refs");
        let created = self.sender.write(
            Method::POST,
            &address,
            Some(&body),
            |answer| match answer.status {
                201 => Ok(Ok(CreatedBranch::Done)),
                _ => Ok(Err(answer)),
            },
            async || Ok(state().await?.map(Ok)),
        );
        match created.await? {
            Ok(created) => Ok(created),
            // «Reference already exists», or something else: what is there now counts, not the words.
            Err(answer) => state().await?.ok_or_else(|| answer.refusal()),
        }
    }

    /// Makes a branch point to another commit, whatever its history. False when there is no such branch.
    ///
    /// # Errors
    /// When GitHub does not do it.
    pub(crate) async fn move_branch(&self, name: &str, commit: &CommitSha) -> Result<bool, GithubError> {
        check(name)?;
        let body = json!({ "sha": commit.as_str(), "force": true });
        let address = self.at(&format!("git/refs/heads/{}", encode_path(name)));
        let moved = self.sender.write(
            Method::PATCH,
            &address,
            Some(&body),
            |answer| if answer.status == 200 { Ok(Ok(())) } else { Ok(Err(answer)) },
            async || Ok((self.branch(name).await?.as_ref() == Some(commit)).then_some(Ok(()))),
        );
        match moved.await? {
            Ok(()) => Ok(true),
            Err(answer) => match self.branch(name).await? {
                None => Ok(false),
                Some(found) if found == *commit => Ok(true),
                Some(_) => Err(answer.refusal()),
            },
        }
    }

    /// Removes a branch. One that is not there is removed already.
    ///
    /// # Errors
    /// When GitHub does not do it.
    pub(crate) async fn delete_branch(&self, name: &str) -> Result<(), GithubError> {
        check(name)?;
        let address = self.at(&format!("git/refs/heads/{}", encode_path(name)));
        let deleted = self.sender.write(
            Method::DELETE,
            &address,
            None,
            |answer| if answer.status == 204 { Ok(Ok(())) } else { Ok(Err(answer)) },
            async || Ok(self.branch(name).await?.is_none().then_some(Ok(()))),
        );
        match deleted.await? {
            Ok(()) => Ok(()),
            Err(answer) => match self.branch(name).await? {
                None => Ok(()),
                Some(_) => Err(answer.refusal()),
            },
        }
    }
}

/// A name that Git itself refuses never becomes part of an address.
fn check(name: &str) -> Result<(), GithubError> {
    if is_ref_name(name) { Ok(()) } else { Err(GithubError::Missing(format!("a branch `{name}`"))) }
}
