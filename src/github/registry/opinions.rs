//! What people say about a pull request, and what they may do: comments, reviews, permissions.

use super::{Account, Registry};
use crate::github::GithubError;
use crate::github::names::encode;
use crate::github::sender::List;
use crate::ids::CommitSha;
use http::Method;
use serde::Deserialize;
use serde_json::json;
use std::collections::BTreeSet;

/// Pages of comments and reviews that are read, each of 100.
const MAX_PAGES: usize = 30;

/// A comment under a pull request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Comment {
    pub(crate) id: u64,
    pub(crate) body: String,
    pub(crate) author: Account,
    /// Whether it says now what it said at first. Who has write access may edit everybody's comments.
    pub(crate) edited: bool,
}

#[derive(Deserialize)]
struct Item {
    id: u64,
    body: Option<String>,
    user: Option<Account>,
    created_at: String,
    updated_at: String,
}

impl From<Item> for Comment {
    fn from(item: Item) -> Self {
        let edited = item.created_at != item.updated_at;
        Self { id: item.id, body: item.body.unwrap_or_default(), author: item.user.unwrap_or_default(), edited }
    }
}

/// What somebody decided about a pull request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Review {
    pub(crate) author: Account,
    /// `APPROVED`, `CHANGES_REQUESTED`, `COMMENTED`, `DISMISSED` or `PENDING`.
    pub(crate) state: String,
    /// The head that was looked at, if it is still known.
    pub(crate) commit: Option<CommitSha>,
}

const WHAT: &str = "a comment";

impl Registry {
    /// The comments under an issue or a pull request, the oldest first.
    ///
    /// # Errors
    /// When GitHub does not say, or there are more than are read.
    pub(crate) async fn comments(&self, number: u64) -> Result<Vec<Comment>, GithubError> {
        let path = self.at(&format!("issues/{number}/comments"));
        let list = List { path: &path, query: Some(""), page: 100, most: MAX_PAGES };
        let (items, is_all) = self.sender.list::<Item>(list, WHAT).await?;
        if !is_all {
            return Err(GithubError::Unexpected("more comments under one pull request than are read"));
        }
        Ok(items.into_iter().map(Comment::from).collect())
    }

    /// One comment; none when it is gone.
    ///
    /// # Errors
    /// When GitHub does not say.
    pub(crate) async fn comment(&self, id: u64) -> Result<Option<Comment>, GithubError> {
        let Some(answer) = self.sender.get(&self.at(&format!("issues/comments/{id}"))).await?.found()? else {
            return Ok(None);
        };
        answer.read::<Item>(WHAT).map(|item| Some(item.into()))
    }

    /// Writes a comment. After an attempt of which nobody knows what became, `is_it` recognises it.
    ///
    /// # Errors
    /// When GitHub does not do it.
    pub(crate) async fn create_comment(
        &self,
        number: u64,
        body: &str,
        is_it: impl Fn(&Comment) -> bool,
    ) -> Result<(), GithubError> {
        self.sender
            .write(
                Method::POST,
                &self.at(&format!("issues/{number}/comments")),
                Some(&json!({ "body": body })),
                |answer| answer.expect(201).map(drop),
                async || Ok(self.comments(number).await?.iter().any(&is_it).then_some(())),
            )
            .await
    }

    /// Gives a comment another text. False when it is gone.
    ///
    /// # Errors
    /// When GitHub does not do it.
    pub(crate) async fn update_comment(&self, id: u64, body: &str) -> Result<bool, GithubError> {
        self.sender
            .write(
                Method::PATCH,
                &self.at(&format!("issues/comments/{id}")),
                Some(&json!({ "body": body })),
                |answer| if answer.status == 404 { Ok(false) } else { answer.expect(200).map(|_| true) },
                async || Ok(self.comment(id).await?.is_some_and(|found| found.body == body).then_some(true)),
            )
            .await
    }

    /// The reviews of a pull request, the oldest first.
    ///
    /// # Errors
    /// When GitHub does not say, or there are more than are read.
    pub(crate) async fn reviews(&self, number: u64) -> Result<Vec<Review>, GithubError> {
        #[derive(Deserialize)]
        struct Item {
            user: Option<Account>,
            state: String,
            commit_id: Option<CommitSha>,
        }
        let path = self.at(&format!("pulls/{number}/reviews"));
        let list = List { path: &path, query: Some(""), page: 100, most: MAX_PAGES };
        let (items, is_all) = self.sender.list::<Item>(list, "a review").await?;
        if !is_all {
            return Err(GithubError::Unexpected("more reviews of one pull request than are read"));
        }
        let reviews = items.into_iter().map(|item| Review {
            author: item.user.unwrap_or_default(),
            state: item.state,
            commit: item.commit_id,
        });
        Ok(reviews.collect())
    }

    /// The accounts that made the commits of a pull request, as far as GitHub knows them: authors and committers. None where there
    /// are more commits than GitHub tells of: 250.
    ///
    /// # Errors
    /// When GitHub does not say.
    pub(crate) async fn makers(&self, number: u64) -> Result<Option<BTreeSet<String>>, GithubError> {
        #[derive(Deserialize)]
        struct Item {
            author: Option<Account>,
            committer: Option<Account>,
        }
        let path = self.at(&format!("pulls/{number}/commits"));
        let list = List { path: &path, query: Some(""), page: 100, most: 3 };
        let (items, _) = self.sender.list::<Item>(list, "a commit of a pull request").await?;
        if items.len() >= 250 {
            return Ok(None);
        }
        let accounts = items.into_iter().flat_map(|item| [item.author, item.committer]).flatten();
        Ok(Some(accounts.map(|account| account.login.to_ascii_lowercase()).collect()))
    }

    /// Whether somebody may write to the repository: those decide for it. Nobody, for an account that is gone.
    ///
    /// # Errors
    /// When GitHub does not say.
    pub(crate) async fn may_write(&self, login: &str) -> Result<bool, GithubError> {
        #[derive(Deserialize)]
        struct Told {
            permission: String,
        }
        if login.is_empty() {
            return Ok(false);
        }
        let path = self.at(&format!("collaborators/{}/permission", encode(login)));
        let Some(answer) = self.sender.get(&path).await?.found()? else { return Ok(false) };
        let Told { permission } = answer.read("what somebody may do")?;
        // `maintain` is told as `write`.
        Ok(matches!(&*permission, "admin" | "write" | "maintain"))
    }
}
