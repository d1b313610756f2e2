//! A pull request as it stands, wherever its branch is: what decides whether it may be merged.

use super::{Account, Registry};
use crate::github::GithubError;
use crate::github::sender::List;
use crate::ids::CommitSha;
use serde::Deserialize;

#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Standing {
    pub(crate) number: u64,
    pub(crate) url: String,
    pub(crate) open: bool,
    pub(crate) merged: bool,
    pub(crate) draft: bool,
    pub(crate) title: String,
    pub(crate) body: String,
    pub(crate) author: Account,
    pub(crate) labels: Vec<String>,
    /// Whether its branch is in the repository itself, and not in a fork.
    pub(crate) own: bool,
    pub(crate) branch: String,
    pub(crate) head: CommitSha,
    /// The branch that it goes to.
    pub(crate) base: String,
    /// Whether it can be merged without a conflict; none while GitHub finds out.
    pub(crate) mergeable: Option<bool>,
}

/// One as GitHub answers it.
#[derive(Deserialize)]
pub(super) struct Item {
    number: u64,
    html_url: String,
    state: String,
    merged_at: Option<String>,
    draft: Option<bool>,
    title: String,
    body: Option<String>,
    user: Option<Account>,
    labels: Vec<Label>,
    head: End,
    base: End,
    mergeable: Option<bool>,
}

#[derive(Deserialize)]
struct Label {
    name: String,
}

#[derive(Deserialize)]
struct End {
    #[serde(rename = "ref")]
    branch: String,
    sha: CommitSha,
    repo: Option<Place>,
}

#[derive(Deserialize)]
struct Place {
    full_name: String,
}

/// What an answer about a pull request is that has no number, address, state or branches.
pub(super) const WHAT: &str = "a pull request";

impl Registry {
    /// A pull request; none when there is none of this number.
    ///
    /// # Errors
    /// When GitHub does not say.
    pub(crate) async fn standing(&self, number: u64) -> Result<Option<Standing>, GithubError> {
        let answer = self.sender.get(&self.at(&format!("pulls/{number}"))).await?;
        let Some(answer) = answer.found()? else { return Ok(None) };
        Ok(Some(self.stands(answer.read(WHAT)?)))
    }

    /// The open pull requests whose head is this commit.
    ///
    /// # Errors
    /// When GitHub does not say.
    pub(crate) async fn pulls_at(&self, head: &CommitSha) -> Result<Vec<Standing>, GithubError> {
        let path = self.at(&format!("commits/{head}/pulls"));
        let list = List { path: &path, query: Some(""), page: 100, most: 5 };
        let (items, _) = self.sender.list::<Item>(list, WHAT).await?;
        let all = items.into_iter().map(|item| self.stands(item));
        Ok(all.filter(|pull| pull.open && pull.head == *head).collect())
    }

    pub(super) fn stands(&self, item: Item) -> Standing {
        let (owner, name) = self.today();
        let full_name = format!("{owner}/{name}");
        let own = item.head.repo.is_some_and(|repo| repo.full_name.eq_ignore_ascii_case(&full_name));
        Standing {
            number: item.number,
            url: item.html_url,
            open: item.state == "open",
            merged: item.merged_at.is_some(),
            draft: item.draft.unwrap_or_default(),
            title: item.title,
            body: item.body.unwrap_or_default(),
            author: item.user.unwrap_or_default(),
            labels: item.labels.into_iter().map(|label| label.name).collect(),
            own,
            branch: item.head.branch,
            head: item.head.sha,
            base: item.base.branch,
            mergeable: item.mergeable,
        }
    }
}
