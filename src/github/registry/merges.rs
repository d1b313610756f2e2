//! Merging.

use super::Registry;
use crate::github::GithubError;
use crate::github::answer::words;
use crate::ids::CommitSha;
use http::Method;
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
}
