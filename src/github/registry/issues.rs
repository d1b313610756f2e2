//! Issues.

use super::{Registry, RegistryError, answer};
use crate::github::names::encode;
use http::Method;
use serde_json::{Value, json};

/// Issues of a label that are looked through.
const MAX_PAGES: usize = 10;
const PAGE: usize = 50;

/// An issue.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Issue {
    /// Its number.
    pub number: u64,
    /// Where people find it.
    pub url: String,
    /// Whether it is open.
    pub open: bool,
    /// Its text.
    pub body: String,
}

impl Registry {
    /// The issues with this label, open or closed, the oldest first, at most 500. Pull requests are not among them.
    ///
    /// # Errors
    /// When GitHub does not say.
    pub async fn issues(&self, label: &str) -> Result<Vec<Issue>, RegistryError> {
        let mut issues = Vec::new();
        for page in 1..=MAX_PAGES {
            let label = encode(label);
            let query =
                format!("issues?state=all&labels={label}&sort=created&direction=asc&per_page={PAGE}&page={page}");
            let found = self.sender.get(&self.at(&query)).await?.expect(200)?;
            let items = answer::items(&found.body)?;
            for item in items.iter().filter(|item| item.get("pull_request").is_none()) {
                issues.push(read(item)?);
            }
            if items.len() < PAGE && !found.more {
                break;
            }
        }
        Ok(issues)
    }

    /// Opens an issue with this label, which is made if it is not there. After an attempt of which nobody knows what became,
    /// `is_it` recognises the text.
    ///
    /// # Errors
    /// When GitHub does not do it.
    pub async fn create_issue(
        &self,
        title: &str,
        body: &str,
        label: &str,
        is_it: impl Fn(&str) -> bool,
    ) -> Result<Issue, RegistryError> {
        let new = json!({ "title": title, "body": body, "labels": [label] });
        self.sender
            .write(
                Method::POST,
                &self.at("issues"),
                Some(&new),
                |answer| read(&answer.expect(201)?.body),
                async || Ok(self.issues(label).await?.into_iter().find(|issue| is_it(&issue.body))),
            )
            .await
    }

    /// Gives an issue another text.
    ///
    /// # Errors
    /// When GitHub does not do it.
    pub async fn update_issue(&self, number: u64, body: &str) -> Result<(), RegistryError> {
        let change = json!({ "body": body });
        let address = self.at(&format!("issues/{number}"));
        self.sender
            .write(
                Method::PATCH,
                &address,
                Some(&change),
                |answer| answer.expect(200).map(drop),
                async || {
                    let found = self.sender.get(&address).await?.expect(200)?;
                    Ok((read(&found.body)?.body == body).then_some(()))
                },
            )
            .await
    }
}

fn read(item: &Value) -> Result<Issue, RegistryError> {
    let number = item.get("number").and_then(Value::as_u64);
    Ok(Issue {
        number: number.ok_or(RegistryError::Unexpected("an issue without a number"))?,
        url: answer::text(item, "/html_url")?.to_owned(),
        open: answer::text(item, "/state")? == "open",
        body: item.get("body").and_then(Value::as_str).unwrap_or_default().to_owned(),
    })
}
