//! Issues.

use super::{Account, Registry};
use crate::github::GithubError;
use crate::github::names::encode;
use crate::github::sender::List;
use http::Method;
use serde::Deserialize;
use serde::de::IgnoredAny;
use serde_json::json;

/// Pages of the issues of a label that are looked through, each of 50.
const MAX_PAGES: usize = 10;

#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Issue {
    pub(crate) number: u64,
    pub(crate) url: String,
    pub(crate) open: bool,
    pub(crate) body: String,
    pub(crate) author: Account,
}

/// One as GitHub answers it. Pull requests are among them.
#[derive(Deserialize)]
struct Item {
    number: u64,
    html_url: String,
    state: String,
    body: Option<String>,
    user: Option<Account>,
    pull_request: Option<IgnoredAny>,
}

impl From<Item> for Issue {
    fn from(item: Item) -> Self {
        let (body, author) = (item.body.unwrap_or_default(), item.user.unwrap_or_default());
        Self { number: item.number, url: item.html_url, open: item.state == "open", body, author }
    }
}

/// What an answer about an issue is that has no number, address or state.
const WHAT: &str = "an issue";

impl Registry {
    /// The issues with this label, open or closed, the oldest first, at most 500. Pull requests are not among them.
    ///
    /// # Errors
    /// When GitHub does not say.
    pub(crate) async fn issues(&self, label: &str) -> Result<Vec<Issue>, GithubError> {
        let query = format!("state=all&labels={}&sort=created&direction=asc", encode(label));
        let list = List { path: &self.at("issues"), query: Some(&query), page: 50, most: MAX_PAGES };
        let (items, _) = self.sender.list::<Item>(list, WHAT).await?;
        Ok(items.into_iter().filter(|item| item.pull_request.is_none()).map(Issue::from).collect())
    }

    /// Opens an issue with this label, which is made if it is not there. After an attempt of which nobody knows what became,
    /// `is_it` recognises it.
    ///
    /// # Errors
    /// When GitHub does not do it.
    pub(crate) async fn create_issue(
        &self,
        title: &str,
        body: &str,
        label: &str,
        is_it: impl Fn(&Issue) -> bool,
    ) -> Result<Issue, GithubError> {
        let new = json!({ "title": title, "body": body, "labels": [label] });
        self.sender
            .write(
                Method::POST,
                &self.at("issues"),
                Some(&new),
                |answer| answer.expect(201)?.read::<Item>(WHAT).map(Issue::from),
                async || Ok(self.issues(label).await?.into_iter().find(&is_it)),
            )
            .await
    }

    /// Gives an issue another text.
    ///
    /// # Errors
    /// When GitHub does not do it.
    pub(crate) async fn update_issue(&self, number: u64, body: &str) -> Result<(), GithubError> {
        let change = json!({ "body": body });
        let address = self.at(&format!("issues/{number}"));
        self.sender
            .write(
                Method::PATCH,
                &address,
                Some(&change),
                |answer| answer.expect(200).map(drop),
                async || {
                    let found: Item = self.sender.get(&address).await?.expect(200)?.read(WHAT)?;
                    Ok((found.body.as_deref() == Some(body)).then_some(()))
                },
            )
            .await
    }
}
