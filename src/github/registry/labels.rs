//! Labels of issues and pull requests.

use super::{Account, Registry};
use crate::github::GithubError;
use crate::github::names::encode;
use crate::github::sender::List;
use http::Method;
use serde::Deserialize;
use serde_json::json;

/// Pages of events that are read, each of 100: a pull request with more is not one that is decided by its labels.
const MAX_PAGES: usize = 30;

#[derive(Deserialize)]
struct Label {
    name: String,
}

/// A label that was set on a thread, or taken from it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct LabelEvent {
    pub(crate) label: String,
    /// Whether it was set.
    pub(crate) set: bool,
    /// The login of who did it; empty where the account is gone.
    pub(crate) actor: String,
    /// When, RFC 3339 in UTC: texts of equal form, so that they compare as times do.
    pub(crate) time: String,
}

impl Registry {
    /// The names of the labels of an issue or a pull request.
    ///
    /// # Errors
    /// When GitHub does not say.
    pub(crate) async fn labels_of(&self, number: u64) -> Result<Vec<String>, GithubError> {
        let path = self.at(&format!("issues/{number}/labels"));
        let list = List { path: &path, query: Some(""), page: 100, most: MAX_PAGES };
        let (labels, _) = self.sender.list::<Label>(list, "a label").await?;
        Ok(labels.into_iter().map(|label| label.name).collect())
    }

    /// Sets labels beside those that are there. Labels that the repository lacks are made.
    ///
    /// # Errors
    /// When GitHub does not do it.
    pub(crate) async fn add_labels(&self, number: u64, labels: &[&str]) -> Result<(), GithubError> {
        let body = json!({ "labels": labels });
        let has = |found: &[String]| labels.iter().all(|label| found.iter().any(|it| it.eq_ignore_ascii_case(label)));
        self.sender
            .write(
                Method::POST,
                &self.at(&format!("issues/{number}/labels")),
                Some(&body),
                |answer| answer.expect(200).map(drop),
                async || Ok(has(&self.labels_of(number).await?).then_some(())),
            )
            .await
    }

    /// Takes a label away. One that is not there is away already.
    ///
    /// # Errors
    /// When GitHub does not do it.
    pub(crate) async fn remove_label(&self, number: u64, label: &str) -> Result<(), GithubError> {
        self.sender
            .write(
                Method::DELETE,
                &self.at(&format!("issues/{number}/labels/{}", encode(label))),
                None,
                |answer| if answer.status == 404 { Ok(()) } else { answer.expect(200).map(drop) },
                async || {
                    let found = self.labels_of(number).await?;
                    Ok((!found.iter().any(|it| it.eq_ignore_ascii_case(label))).then_some(()))
                },
            )
            .await
    }

    /// Who set which label, and who took it away, in the order in which it happened.
    ///
    /// # Errors
    /// When GitHub does not say, or more happened than is read.
    pub(crate) async fn label_events(&self, number: u64) -> Result<Vec<LabelEvent>, GithubError> {
        #[derive(Deserialize)]
        struct Item {
            event: String,
            actor: Option<Account>,
            created_at: String,
            label: Option<Label>,
        }
        let path = self.at(&format!("issues/{number}/events"));
        let list = List { path: &path, query: Some(""), page: 100, most: MAX_PAGES };
        let (items, is_all) = self.sender.list::<Item>(list, "an event").await?;
        if !is_all {
            return Err(GithubError::Unexpected("more events of one pull request than are read"));
        }
        let events = items.into_iter().filter_map(|item| {
            let set = match &*item.event {
                "labeled" => true,
                "unlabeled" => false,
                _ => return None,
            };
            let actor = item.actor.map(|actor| actor.login).unwrap_or_default();
            Some(LabelEvent { label: item.label?.name, set, actor, time: item.created_at })
        });
        Ok(events.collect())
    }
}
