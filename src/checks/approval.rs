//! Whose word lets a stranger's commit be reviewed.
//!
//! A review runs what costs money, and shows its result under the registry's name, so that pull requests of forks wait for a
//! maintainer: `/review <sha>` in a comment, or the label `safe-to-review`. Both are for one commit: what is pushed later needs
//! another word. The event says what happened; what counts of it is asked again.

use super::names::{SAFE_TO_REVIEW, is_label};
use crate::github::GithubError;
use crate::github::registry::Registry;
use crate::ids::CommitSha;
use serde::Deserialize;

/// The command of a comment.
const COMMAND: &str = "/review";
/// The fewest digits of a commit: fewer can be made to fit another one.
const MIN_DIGITS: usize = 12;

/// A commit that may be reviewed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Approval {
    pub(crate) pull: u64,
    pub(crate) head: CommitSha,
    /// Who said so.
    pub(crate) by: String,
}

/// An event, as GitHub hands it to a workflow. What is not needed is read over.
#[derive(Debug, Clone, Deserialize)]
pub(crate) struct Event {
    action: String,
    sender: Option<Sender>,
    issue: Option<Issue>,
    comment: Option<Commented>,
    label: Option<Label>,
    pull_request: Option<Pull>,
}

#[derive(Debug, Clone, Deserialize)]
struct Sender {
    login: String,
}

#[derive(Debug, Clone, Deserialize)]
struct Issue {
    number: u64,
}

#[derive(Debug, Clone, Deserialize)]
struct Commented {
    id: u64,
}

#[derive(Debug, Clone, Deserialize)]
struct Label {
    name: String,
}

#[derive(Debug, Clone, Deserialize)]
struct Pull {
    number: u64,
    head: Head,
}

#[derive(Debug, Clone, Deserialize)]
struct Head {
    sha: CommitSha,
}

/// The commit that an event approves, or why it approves none.
///
/// # Errors
/// When GitHub does not say.
pub(crate) async fn approval(registry: &Registry, event: &Event) -> Result<Result<Approval, String>, GithubError> {
    registry.open().await?;
    match (&*event.action, event) {
        ("created", Event { issue: Some(issue), comment: Some(comment), .. }) => {
            commented(registry, issue.number, comment.id).await
        }
        ("labeled", Event { label: Some(label), pull_request: Some(pull), sender: Some(sender), .. }) => {
            labeled(registry, &label.name, pull, &sender.login).await
        }
        (action, _) => Ok(Err(format!("`{action}` of this kind approves nothing: a new comment or a label does"))),
    }
}

async fn commented(registry: &Registry, number: u64, id: u64) -> Result<Result<Approval, String>, GithubError> {
    let no = |why: &str| Ok(Err(why.to_owned()));
    let Some(comment) = registry.comment(id).await? else { return no("the comment is gone") };
    if comment.edited {
        return no("the comment was edited: whoever may edit it could have written it; write a new one");
    }
    let first = comment.body.lines().next().unwrap_or_default().trim_end();
    let Some(rest) = first.strip_prefix(COMMAND) else { return no("the comment does not begin with `/review`") };
    let digits = rest.trim();
    let is_commit = (MIN_DIGITS..=40).contains(&digits.len())
        && digits.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'));
    if !is_commit || !rest.starts_with(' ') {
        return no("write `/review` and at least 12 digits of the commit that you looked at");
    }
    let Some(pull) = registry.standing(number).await?.filter(|pull| pull.open) else {
        return no("this is no open pull request");
    };
    if !pull.head.as_str().starts_with(digits) {
        return Ok(Err(format!("the head of #{number} is {} by now, and not {digits}", pull.head.short())));
    }
    let by = comment.author.login;
    if by.ends_with("[bot]") || !registry.may_write(&by).await? {
        return Ok(Err(format!("`{by}` has no write access to the registry")));
    }
    Ok(Ok(Approval { pull: number, head: pull.head, by }))
}

async fn labeled(
    registry: &Registry,
    label: &str,
    told: &Pull,
    by: &str,
) -> Result<Result<Approval, String>, GithubError> {
    if !is_label(label, SAFE_TO_REVIEW) {
        return Ok(Err(format!("the label is not `{SAFE_TO_REVIEW}`")));
    }
    let number = told.number;
    let Some(pull) = registry.standing(number).await?.filter(|pull| pull.open) else {
        return Ok(Err("this is no open pull request".to_owned()));
    };
    if pull.head != told.head.sha {
        let why =
            format!("the head of #{number} is {} by now: take the label away and set it again", pull.head.short());
        return Ok(Err(why));
    }
    if !pull.labels.iter().any(|found| is_label(found, SAFE_TO_REVIEW)) {
        return Ok(Err("the label was taken away again".to_owned()));
    }
    if by.ends_with("[bot]") || !registry.may_write(by).await? {
        return Ok(Err(format!("`{by}` has no write access to the registry")));
    }
    Ok(Ok(Approval { pull: number, head: pull.head, by: by.to_owned() }))
}
