//! What entries are judged by: repositories, branches, commits and trees of anybody's. Nothing here writes.
//!
//! Every answer is asked for once in a run, however many entries share a repository, and once it is kept on disk only asked
//! whether it changed, which costs nothing of the rate limit.

mod contained;
mod tree;

pub(crate) use contained::Contained;
pub(crate) use tree::PathKind;

use super::answer::Answer;
use super::names::{encode_path, is_owner_or_name, is_ref_name};
use super::sender::Sender;
use super::{GithubError, GithubOptions};
use crate::fetch::SetupError;
use crate::fetch::cache::{Cache, Kept};
use crate::ids::CommitSha;
use serde::Deserialize;
use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use tokio::sync::OnceCell;

/// As whom a question is asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum Who {
    Token,
    Anonymous,
}

/// An answer; none when GitHub says that there is nothing.
type Told = Result<Option<Arc<Answer>>, GithubError>;
/// Every question of this run and its answer, also while it is on its way.
type Asked = HashMap<(Who, String), Arc<OnceCell<Told>>>;

/// GitHub, as a client that reads.
#[derive(Debug)]
pub(crate) struct Github {
    token: Option<Sender>,
    anonymous: Sender,
    api: String,
    asked: Mutex<Asked>,
    cache: Option<Cache>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Repository {
    /// Where it is today, `https://github.com/owner/name`.
    pub(crate) url: String,
    /// Whether its owner declared it read-only.
    pub(crate) archived: bool,
    /// The SPDX id of its licence; `NOASSERTION` when GitHub does not recognise it, none when there is none.
    pub(crate) license: Option<String>,
    /// The branch that a clone starts on.
    pub(crate) default_branch: String,
    /// `/repos/owner/name`, encoded, as it is called today.
    path: String,
    who: Who,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Commit {
    /// The id of its tree.
    pub(crate) tree: String,
}

#[derive(Deserialize)]
struct RepositoryAnswer {
    full_name: String,
    html_url: String,
    default_branch: String,
    #[serde(default)]
    archived: bool,
    license: Option<LicenseAnswer>,
}

#[derive(Deserialize)]
struct LicenseAnswer {
    spdx_id: Option<String>,
}

/// What a ref points to.
#[derive(Deserialize)]
struct RefAnswer {
    #[serde(rename = "ref")]
    name: String,
    object: Id,
}

#[derive(Deserialize)]
struct Id {
    sha: CommitSha,
}

impl Github {
    /// A client. Must be called inside a tokio runtime.
    ///
    /// # Errors
    /// When the certificates cannot be read, or the API's address or the token cannot be used.
    pub(crate) fn new(options: &GithubOptions, cache: Option<Cache>) -> Result<Self, SetupError> {
        let anonymous = Sender::new(&GithubOptions { token: None, ..options.clone() })?;
        let token = options.token.is_some().then(|| Sender::new(options)).transpose()?;
        let api = options.api.as_str().trim_end_matches('/').to_owned();
        Ok(Self { token, anonymous, api, asked: Mutex::default(), cache })
    }

    /// The repository of this owner and name; none when there is no such public one. A token that may not see a public
    /// repository (an organisation can forbid tokens) is left out for it.
    ///
    /// # Errors
    /// When GitHub does not say.
    pub(crate) async fn repository(&self, owner: &str, name: &str) -> Result<Option<Repository>, GithubError> {
        if !is_owner_or_name(owner) || !is_owner_or_name(name) {
            return Ok(None);
        }
        let path = format!("/repos/{owner}/{name}");
        let mut who = if self.token.is_some() { Who::Token } else { Who::Anonymous };
        let mut answer = self.get(who, &path).await;
        if who == Who::Token && !matches!(answer, Ok(Some(_)) | Err(GithubError::Unreachable(_))) {
            let anonymous = self.get(Who::Anonymous, &path).await;
            // The token's own answer says more than that nobody may ask any more.
            if anonymous.is_ok() {
                (who, answer) = (Who::Anonymous, anonymous);
            }
        }
        let Some(answer) = answer? else { return Ok(None) };
        let found: RepositoryAnswer = answer.read("a repository without a name")?;
        let path = match found.full_name.split_once('/') {
            Some((owner, name)) if is_owner_or_name(owner) && is_owner_or_name(name) => {
                format!("/repos/{owner}/{name}")
            }
            _ => return Err(GithubError::Unexpected("a repository's name")),
        };
        let license = found.license.map(|license| license.spdx_id.unwrap_or_else(|| "NOASSERTION".to_owned()));
        let RepositoryAnswer { html_url: url, default_branch, archived, .. } = found;
        Ok(Some(Repository { url, archived, license, default_branch, path, who }))
    }

    /// The commit that a branch points to; none when there is no such branch.
    ///
    /// # Errors
    /// When GitHub does not say.
    pub(crate) async fn branch_tip(
        &self,
        repository: &Repository,
        branch: &str,
    ) -> Result<Option<CommitSha>, GithubError> {
        self.reference(repository, "heads", branch).await
    }

    /// Whether there is a tag of this name.
    ///
    /// # Errors
    /// When GitHub does not say.
    pub(crate) async fn has_tag(&self, repository: &Repository, tag: &str) -> Result<bool, GithubError> {
        Ok(self.reference(repository, "tags", tag).await?.is_some())
    }

    async fn reference(
        &self,
        repository: &Repository,
        kind: &str,
        name: &str,
    ) -> Result<Option<CommitSha>, GithubError> {
        // A name that Git itself refuses names nothing; it is never made part of an address.
        if !is_ref_name(name) {
            return Ok(None);
        }
        let path = format!("{}/git/ref/{kind}/{}", repository.path, encode_path(name));
        let Some(answer) = self.get(repository.who, &path).await? else { return Ok(None) };
        // Older servers answer with a list of what begins with the name.
        let Ok(found) = answer.read::<RefAnswer>("") else {
            return answer.read::<Vec<serde::de::IgnoredAny>>("a branch without a commit").map(|_| None);
        };
        Ok((found.name == format!("refs/{kind}/{name}")).then_some(found.object.sha))
    }

    /// The commit of this id; none when the repository does not have it. Forks' commits are had, too: see
    /// [`Github::contained`].
    ///
    /// # Errors
    /// When GitHub does not say.
    pub(crate) async fn commit(
        &self,
        repository: &Repository,
        commit: &CommitSha,
    ) -> Result<Option<Commit>, GithubError> {
        #[derive(Deserialize)]
        struct Found {
            sha: String,
            tree: Id,
        }
        let path = format!("{}/git/commits/{commit}", repository.path);
        let Some(answer) = self.get(repository.who, &path).await? else { return Ok(None) };
        let found: Found = answer.read("a commit without a tree")?;
        Ok((found.sha == commit.as_str()).then(|| Commit { tree: found.tree.sha.to_string() }))
    }

    /// The answer at `path`, which must be encoded; none for 404 and its kin. Asked once in a run.
    async fn get(&self, who: Who, path: &str) -> Told {
        let cell = {
            let mut asked = self.asked.lock().unwrap_or_else(PoisonError::into_inner);
            asked.entry((who, path.to_owned())).or_default().clone()
        };
        cell.get_or_init(|| self.ask(who, path)).await.clone()
    }

    async fn ask(&self, who: Who, path: &str) -> Told {
        let sender = match who {
            Who::Token => self.token.as_ref().unwrap_or(&self.anonymous),
            Who::Anonymous => &self.anonymous,
        };
        let key = format!("github {who:?} {}{path}", self.api);
        let kept = self.cache.as_ref().and_then(|cache| cache.get(&key));
        let mut answer = sender.get_unless(path, kept.as_ref().map(|kept| &*kept.etag)).await?;
        match (answer.status, kept) {
            (304, Some(kept)) => answer.body = kept.body.into(),
            (200, _) => {
                let body = std::str::from_utf8(&answer.body);
                if let (Some(cache), Some(etag), Ok(body)) = (&self.cache, &answer.etag, body) {
                    cache.put(&Kept { key, etag: etag.clone(), body: body.to_owned() });
                }
            }
            // Empty repositories answer 409, ids of another kind 422, and repositories taken down by law 451.
            (404 | 409 | 410 | 422 | 451, _) => return Ok(None),
            _ => return Err(answer.refusal()),
        }
        Ok(Some(Arc::new(answer)))
    }
}
