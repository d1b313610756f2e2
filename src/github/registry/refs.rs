//! Branches.

use super::{Registry, RegistryError, answer};
use crate::github::names::{encode, is_ref_name};
use crate::ids::CommitSha;
use http::Method;
use serde_json::{Value, json};
use std::collections::BTreeMap;

/// Pages of branches that are read, each of 100.
const MAX_PAGES: usize = 100;

/// What became of a branch that was to be made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum CreatedBranch {
    /// It is there, at the commit.
    Done,
    /// It was there before, at another commit.
    Exists,
}

impl Registry {
    /// The branches whose names begin with `prefix`, and their commits. What is no branch of a commit is left out.
    ///
    /// # Errors
    /// When GitHub does not say.
    pub async fn branches(&self, prefix: &str) -> Result<BTreeMap<String, CommitSha>, RegistryError> {
        let address = self.at(&format!("git/matching-refs/heads/{}", encode_name(prefix)));
        let mut branches = BTreeMap::new();
        for page in 1..=MAX_PAGES {
            // All of them come at once, and the description of the API knows of no pages; the header does.
            let query = if page == 1 { String::new() } else { format!("?per_page=100&page={page}") };
            let found = self.sender.get(&format!("{address}{query}")).await?.expect(200)?;
            for item in answer::items(&found.body)? {
                let name = answer::text(item, "/ref")?.strip_prefix("refs/heads/");
                if let Some(name) = name.filter(|name| name.starts_with(prefix)) {
                    branches.insert(name.to_owned(), tip(item)?);
                }
            }
            if !found.more {
                return Ok(branches);
            }
        }
        Err(RegistryError::Unexpected("branches without an end"))
    }

    /// The commit that a branch points to; none when there is no such branch.
    ///
    /// # Errors
    /// When GitHub does not say.
    pub async fn branch(&self, name: &str) -> Result<Option<CommitSha>, RegistryError> {
        check(name)?;
        let answer = self.sender.get(&self.at(&format!("git/ref/heads/{}", encode_name(name)))).await?;
        if answer.status == 404 {
            return Ok(None);
        }
        let found = answer.expect(200)?;
        // Older servers answer with what begins with the name.
        if answer::text(&found.body, "/ref").is_ok_and(|full| full.strip_prefix("refs/heads/") == Some(name)) {
            tip(&found.body).map(Some)
        } else {
            Ok(None)
        }
    }

    /// Makes a branch. The commit has to be there.
    ///
    /// # Errors
    /// When GitHub does not do it.
    pub async fn create_branch(&self, name: &str, commit: &CommitSha) -> Result<CreatedBranch, RegistryError> {
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
    pub async fn move_branch(&self, name: &str, commit: &CommitSha) -> Result<bool, RegistryError> {
        check(name)?;
        let body = json!({ "sha": commit.as_str(), "force": true });
        let address = self.at(&format!("git/refs/heads/{}", encode_name(name)));
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
    pub async fn delete_branch(&self, name: &str) -> Result<(), RegistryError> {
        check(name)?;
        let address = self.at(&format!("git/refs/heads/{}", encode_name(name)));
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
fn check(name: &str) -> Result<(), RegistryError> {
    if is_ref_name(name) { Ok(()) } else { Err(RegistryError::Missing(format!("a branch `{name}`"))) }
}

fn encode_name(name: &str) -> String {
    name.split('/').map(encode).collect::<Vec<_>>().join("/")
}

fn tip(item: &Value) -> Result<CommitSha, RegistryError> {
    if answer::text(item, "/object/type")? != "commit" {
        return Err(RegistryError::Unexpected("a branch of something else than a commit"));
    }
    answer::commit(item, "/object/sha")
}
