//! The repository that pull requests are opened in: the part of GitHub's API that writes.
//!
//! Writes go one at a time, and nothing is believed of one that was not answered: what GitHub has is read before it is tried
//! again.

mod checks;
mod issues;
mod labels;
mod merges;
mod objects;
mod opinions;
mod pulls;
mod refs;
mod rules;
mod settings;
mod standing;

pub(crate) use checks::{Annotation, CheckRun, CheckText};
pub(crate) use issues::Issue;
pub(crate) use merges::Merged;
pub(crate) use objects::{FileContent, TreeItem};
pub(crate) use opinions::{Comment, Review};
pub(crate) use pulls::{CreatedPull, NewPull, PullChange, PullRequest};
pub(crate) use refs::CreatedBranch;
pub(crate) use rules::{BranchRule, Protection, RequiredCheck, Ruleset};
pub(crate) use settings::{Actions, App, Branches, RefPattern, SelectedActions, WorkflowToken};
pub(crate) use standing::Standing;

use super::answer::Answer;
use super::names::is_owner_or_name;
use super::sender::Sender;
use super::{GithubError, GithubOptions};
use crate::fetch::SetupError;
use crate::ids::CommitSha;
use serde::Deserialize;
use std::sync::OnceLock;

/// What the repository says of itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Home {
    /// The account that owns it today.
    pub(crate) owner: String,
    pub(crate) name: String,
    /// The branch that pull requests go to if nobody says otherwise.
    pub(crate) default_branch: String,
    /// Whether pull requests can be merged as one commit; none where the token is not shown it.
    pub(crate) squash: Option<bool>,
}

/// The registry's repository on GitHub.
#[derive(Debug)]
pub(crate) struct Registry {
    sender: Sender,
    owner: String,
    name: String,
    home: OnceLock<Home>,
    account: OnceLock<Account>,
}

#[derive(Debug, Clone, PartialEq, Eq, Default, Deserialize)]
pub(crate) struct Account {
    /// Never changes, and is never given to somebody else.
    pub(crate) id: u64,
    /// The name. Those of apps are spelled with and without `[bot]`.
    pub(crate) login: String,
}

/// Something with an id, in answers.
#[derive(Deserialize)]
struct Id {
    sha: CommitSha,
}

/// The id of what was made.
fn made(answer: Answer) -> Result<CommitSha, GithubError> {
    Ok(answer.expect(201)?.read::<Id>("what was made has no id")?.sha)
}

impl Registry {
    /// A client for the repository `owner/name`. Must be called inside a tokio runtime. Nothing is asked yet.
    ///
    /// # Errors
    /// When the certificates cannot be read, or the API's address or the token cannot be used.
    pub(crate) fn new(options: &GithubOptions, owner: &str, name: &str) -> Result<Self, SetupError> {
        let sender = Sender::new(options)?;
        Ok(Self {
            sender,
            owner: owner.to_owned(),
            name: name.to_owned(),
            home: OnceLock::new(),
            account: OnceLock::new(),
        })
    }

    /// `owner/name`, as it was given.
    #[must_use]
    pub(crate) fn name(&self) -> String {
        format!("{}/{}", self.owner, self.name)
    }

    /// Asks the repository for its name of today, under which everything else is asked: GitHub redirects who comes with an
    /// old name, and a redirected write is not certain to arrive as one.
    ///
    /// # Errors
    /// When there is no such repository for this token, or GitHub does not say.
    pub(crate) async fn open(&self) -> Result<&Home, GithubError> {
        #[derive(Deserialize)]
        struct Found {
            full_name: String,
            default_branch: String,
            allow_squash_merge: Option<bool>,
        }
        if let Some(home) = self.home.get() {
            return Ok(home);
        }
        if !is_owner_or_name(&self.owner) || !is_owner_or_name(&self.name) {
            return Err(GithubError::Missing(format!("a repository `{}`", self.name())));
        }
        let answer = self.sender.get(&format!("/repos/{}/{}", self.owner, self.name)).await?;
        if answer.status != 200 {
            return Err(GithubError::Missing(format!("the repository `{}`", self.name())));
        }
        let Found { full_name, default_branch, allow_squash_merge: squash } =
            answer.read("a repository without a name")?;
        match full_name.split_once('/') {
            Some((owner, name)) if is_owner_or_name(owner) && is_owner_or_name(name) => {
                let (owner, name) = (owner.to_owned(), name.to_owned());
                Ok(self.home.get_or_init(|| Home { owner, name, default_branch, squash }))
            }
            _ => Err(GithubError::Unexpected("a repository's name")),
        }
    }

    /// The account that the token is of: who opens what is opened with it.
    ///
    /// # Errors
    /// When GitHub does not say.
    pub(crate) async fn account(&self) -> Result<&Account, GithubError> {
        #[derive(Deserialize)]
        struct Told {
            data: Data,
        }
        #[derive(Deserialize)]
        struct Data {
            viewer: Viewer,
        }
        #[derive(Deserialize)]
        struct Viewer {
            #[serde(rename = "databaseId")]
            id: u64,
            login: String,
        }
        if let Some(account) = self.account.get() {
            return Ok(account);
        }
        // `GET /user` is refused to the tokens of apps; this is answered to every token.
        let answer = self.sender.graphql("query { viewer { databaseId login } }").await?;
        let Told { data: Data { viewer: Viewer { id, login } } } = answer.read("whose token this is")?;
        Ok(self.account.get_or_init(|| Account { id, login }))
    }

    /// Owner and name of the repository, as far as they are known today.
    fn today(&self) -> (&str, &str) {
        self.home.get().map_or((&*self.owner, &*self.name), |home| (&*home.owner, &*home.name))
    }

    /// The address of something of the repository: `rest` must be encoded.
    fn at(&self, rest: &str) -> String {
        let (owner, name) = self.today();
        format!("/repos/{owner}/{name}/{rest}")
    }
}
