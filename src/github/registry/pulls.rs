//! Pull requests.

use super::standing::{Item, Standing, WHAT};
use super::{Account, Registry};
use crate::github::GithubError;
use crate::github::answer::Answer;
use crate::github::names::encode;
use crate::github::sender::List;
use crate::ids::CommitSha;
use http::Method;
use serde_json::{Map, Value, json};

/// Pull requests on one page. GitHub gives up to 100, of up to 65,536 characters each.
const PAGE: usize = 50;
const MAX_PAGES: usize = 200;

/// A pull request whose branch is in the repository itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct PullRequest {
    pub(crate) number: u64,
    pub(crate) url: String,
    pub(crate) open: bool,
    pub(crate) merged: bool,
    pub(crate) title: String,
    pub(crate) body: String,
    /// The branch it comes from.
    pub(crate) branch: String,
    /// The commit of that branch; when the branch is gone or the pull request closed, the last one that was part of it.
    pub(crate) head: CommitSha,
    /// The branch it goes to.
    pub(crate) base: String,
    pub(crate) author: Account,
}

/// A pull request to be opened.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct NewPull<'a> {
    pub(crate) title: &'a str,
    pub(crate) body: &'a str,
    /// The branch it comes from.
    pub(crate) branch: &'a str,
    /// The branch it goes to.
    pub(crate) base: &'a str,
}

/// What became of a pull request that was to be opened.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum CreatedPull {
    Done(PullRequest),
    /// There is one of that branch.
    Exists,
    /// The branch has no commit that its base does not have.
    NothingToMerge,
}

/// What is to change of a pull request; what is none stays.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct PullChange<'a> {
    pub(crate) title: Option<&'a str>,
    pub(crate) body: Option<&'a str>,
    pub(crate) close: bool,
}

impl Registry {
    /// All open pull requests of branches of this repository whose names begin with `prefix`, the oldest first. Those of
    /// forks are not among them, whatever their branches are called.
    ///
    /// # Errors
    /// When GitHub does not say, or there are more than 10,000.
    pub(crate) async fn open_pulls(&self, prefix: &str) -> Result<Vec<PullRequest>, GithubError> {
        let query = "state=open&sort=created&direction=asc";
        let list = List { path: &self.at("pulls"), query: Some(query), page: PAGE, most: MAX_PAGES };
        let (items, is_all) = self.sender.list(list, WHAT).await?;
        if !is_all {
            return Err(GithubError::Unexpected("more open pull requests than are read"));
        }
        let ours = items.into_iter().filter_map(|item| self.ours(item));
        Ok(ours.filter(|pull| pull.open && pull.branch.starts_with(prefix)).collect())
    }

    /// The latest pull requests of one branch, open or closed, the newest first: at most 50.
    ///
    /// # Errors
    /// When GitHub does not say.
    pub(crate) async fn pulls_of(&self, branch: &str, open: bool) -> Result<Vec<PullRequest>, GithubError> {
        let state = if open { "open" } else { "closed" };
        let head = encode(&format!("{}:{branch}", self.today().0));
        let query = format!("pulls?state={state}&head={head}&sort=created&direction=desc&per_page={PAGE}");
        let items: Vec<Item> = self.sender.get(&self.at(&query)).await?.expect(200)?.read(WHAT)?;
        let ours = items.into_iter().filter_map(|item| self.ours(item));
        let mut pulls: Vec<PullRequest> = ours.filter(|pull| pull.branch == branch && pull.open == open).collect();
        pulls.sort_by_key(|pull| std::cmp::Reverse(pull.number));
        Ok(pulls)
    }

    /// A pull request; none when its branch is of another repository.
    ///
    /// # Errors
    /// When GitHub does not say, or there is none of this number.
    pub(crate) async fn pull(&self, number: u64) -> Result<Option<PullRequest>, GithubError> {
        let answer = self.sender.get(&self.at(&format!("pulls/{number}"))).await?;
        Ok(self.ours(answer.expect(200)?.read(WHAT)?))
    }

    /// Opens a pull request.
    ///
    /// # Errors
    /// When GitHub does not do it.
    pub(crate) async fn create_pull(&self, new: &NewPull<'_>) -> Result<CreatedPull, GithubError> {
        let body = json!({ "title": new.title, "head": new.branch, "base": new.base, "body": new.body });
        let read = |answer: Answer| {
            self.ours(answer.read(WHAT)?).ok_or(GithubError::Unexpected("a pull request of another branch"))
        };
        self.sender
            .write(
                Method::POST,
                &self.at("pulls"),
                Some(&body),
                |answer| match answer.status {
                    201 => read(answer).map(CreatedPull::Done),
                    422 if answer.says("already exists") => Ok(CreatedPull::Exists),
                    422 if answer.says("no commits between") => Ok(CreatedPull::NothingToMerge),
                    _ => Err(answer.refusal()),
                },
                async || {
                    let open = self.pulls_of(new.branch, true).await?;
                    let Some(pull) = open.into_iter().find(|pull| pull.base == new.base) else { return Ok(None) };
                    // Whoever knows the text can write it.
                    let is_ours = is_text(&pull.body, new.body) && pull.author.id == self.account().await?.id;
                    Ok(Some(if is_ours { CreatedPull::Done(pull) } else { CreatedPull::Exists }))
                },
            )
            .await
    }

    /// Changes a pull request, all of it in one write.
    ///
    /// # Errors
    /// When GitHub does not do it.
    pub(crate) async fn update_pull(&self, number: u64, change: &PullChange<'_>) -> Result<(), GithubError> {
        let mut body = Map::new();
        let mut set = |key: &str, value: Option<&str>| {
            if let Some(value) = value {
                body.insert(key.to_owned(), value.into());
            }
        };
        set("title", change.title);
        set("body", change.body);
        set("state", change.close.then_some("closed"));
        self.sender
            .write(
                Method::PATCH,
                &self.at(&format!("pulls/{number}")),
                Some(&Value::Object(body)),
                |answer| answer.expect(200).map(drop),
                async || {
                    let is_done = self.pull(number).await?.is_some_and(|pull| {
                        change.title.is_none_or(|title| pull.title == title)
                            && change.body.is_none_or(|body| is_text(&pull.body, body))
                            && !(change.close && pull.open)
                    });
                    Ok(is_done.then_some(()))
                },
            )
            .await
    }

    /// None when the branch is of a fork, or of a repository that is gone.
    fn ours(&self, item: Item) -> Option<PullRequest> {
        let Standing { number, url, open, merged, title, body, author, own, branch, head, base, .. } =
            self.stands(item);
        own.then_some(PullRequest { number, url, open, merged, title, body, branch, head, base, author })
    }
}

/// Whether a text on GitHub is this one: its forms write other line ends.
fn is_text(found: &str, wanted: &str) -> bool {
    found.lines().map(str::trim_end).eq(wanted.lines().map(str::trim_end))
}
