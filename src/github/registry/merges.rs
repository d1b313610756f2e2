//! Merging, and what has to be so before GitHub does it.

use super::Registry;
use crate::github::GithubError;
use crate::github::answer::words;
use crate::github::names::encode_path;
use crate::github::sender::List;
use crate::ids::CommitSha;
use http::Method;
use serde::Deserialize;
use serde_json::json;

/// What came of an attempt to merge.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Merged {
    Done,
    /// Not yet, in GitHub's words: a required check is «expected» for a while after it succeeded, and the base may move.
    NotYet(String),
    /// The head is another one.
    Moved,
}

/// A check that a branch asks for.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub(crate) struct RequiredCheck {
    pub(crate) context: String,
    /// The App that it must come from; from any where there is none.
    pub(crate) integration_id: Option<u64>,
}

impl Registry {
    /// Merges a pull request as one commit, if its head is this.
    ///
    /// # Errors
    /// When GitHub does not do it.
    pub(crate) async fn merge(
        &self,
        number: u64,
        head: &CommitSha,
        title: &str,
        message: &str,
    ) -> Result<Merged, GithubError> {
        let body = json!({ "sha": head.as_str(), "merge_method": "squash", "commit_title": title,
            "commit_message": message });
        self.sender
            .write(
                Method::PUT,
                &self.at(&format!("pulls/{number}/merge")),
                Some(&body),
                |answer| match answer.status {
                    200 => Ok(Merged::Done),
                    409 if answer.says("head branch was modified") => Ok(Merged::Moved),
                    405 | 409 => Ok(Merged::NotYet(words(&answer.body))),
                    _ => Err(answer.refusal()),
                },
                async || {
                    let merged = self.standing(number).await?.is_some_and(|pull| pull.merged);
                    Ok(merged.then_some(Merged::Done))
                },
            )
            .await
    }

    /// The checks that rulesets ask for before something is merged into a branch.
    ///
    /// # Errors
    /// When GitHub does not say.
    pub(crate) async fn required_checks(&self, branch: &str) -> Result<Vec<RequiredCheck>, GithubError> {
        #[derive(Deserialize)]
        struct Rule {
            #[serde(rename = "type")]
            kind: String,
            #[serde(default)]
            parameters: Option<Parameters>,
        }
        #[derive(Deserialize)]
        struct Parameters {
            #[serde(default)]
            required_status_checks: Vec<RequiredCheck>,
        }
        let path = self.at(&format!("rules/branches/{}", encode_path(branch)));
        let list = List { path: &path, query: Some(""), page: 100, most: 10 };
        let (rules, _) = self.sender.list::<Rule>(list, "a rule of a branch").await?;
        let checks = rules.into_iter().filter(|rule| rule.kind == "required_status_checks");
        Ok(checks.filter_map(|rule| rule.parameters).flat_map(|it| it.required_status_checks).collect())
    }
}
