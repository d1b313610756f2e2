//! GitHub's REST API, as far as entries are judged by it and pull requests opened. octocrab's types stop here.
//!
//! Every answer is asked for once in a run, however many entries share a repository, and once it is kept on disk only asked
//! whether it changed, which costs nothing of the rate limit. A limit that ends soon is waited for; one that ends later
//! makes the answer unavailable. Nothing here writes but [`registry`].

mod ask;
mod contained;
mod names;
pub mod registry;
mod tree;

pub use contained::Contained;
pub use names::located;
pub use tree::PathKind;

use crate::fetch::cache::Cache;
use crate::fetch::{self, SetupError, retry::Retry};
use crate::ids::CommitSha;
use ask::{Asker, Who};
use names::{encode, is_ref_name};
use secrecy::SecretString;
use serde_json::Value;
use std::time::Duration;
use url::Url;

/// How to reach GitHub.
#[derive(Debug, Clone)]
pub struct GithubOptions {
    /// The API's address: `https://api.github.com`, or that of an enterprise server. Chosen by whoever runs the program, so
    /// any address is allowed.
    pub api: Url,
    /// A token, for a higher rate limit. Without one GitHub answers 60 questions an hour.
    pub token: Option<SecretString>,
    /// Certificates to trust besides the built-in roots, PEM.
    pub roots_pem: Option<Vec<u8>>,
    /// The time that one attempt may take.
    pub timeout: Duration,
    /// When and how often to try again. `longest` bounds the wait for a rate limit to end, too.
    pub retry: Retry,
    /// Requests at the same time. GitHub asks for few.
    pub concurrency: usize,
}

impl GithubOptions {
    /// The usual ones for this API.
    #[must_use]
    pub fn new(api: Url) -> Self {
        let retry = Retry { longest: Duration::from_secs(60), ..Retry::default() };
        Self { api, token: None, roots_pem: None, timeout: Duration::from_secs(20), retry, concurrency: 4 }
    }
}

/// Why GitHub did not say.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum GithubError {
    /// Too many requests for now.
    #[error("GitHub's rate limit is reached{}", until.as_ref().map(|time| format!(" until {time}")).unwrap_or_default())]
    RateLimited {
        /// When it ends, `HH:MM UTC`, if GitHub said so.
        until: Option<String>,
    },
    /// The token, and nobody, may not see this.
    #[error("GitHub refused to answer ({0})")]
    Denied(u16),
    /// Another status than this program knows what to make of.
    #[error("GitHub answered {0}")]
    Status(u16),
    /// No answer.
    #[error("GitHub did not answer: {0}")]
    Unreachable(String),
    /// An answer that is not what GitHub's description of its API promises.
    #[error("GitHub's answer cannot be understood: {0}")]
    Unexpected(&'static str),
}

/// GitHub, as a client of its API.
#[derive(Debug)]
pub struct Github {
    asker: Asker,
}

/// A repository.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Repository {
    /// Where it is today, `https://github.com/owner/name`.
    pub url: String,
    /// Whether its owner declared it read-only.
    pub archived: bool,
    /// The SPDX id of its licence; `NOASSERTION` when GitHub does not recognise it, none when there is none.
    pub license: Option<String>,
    /// The branch that a clone starts on.
    pub default_branch: String,
    /// `/repos/owner/name`, encoded, as it is called today.
    path: String,
    who: Who,
}

/// A commit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Commit {
    /// The id of its tree.
    pub tree: String,
}

impl Github {
    /// A client. Must be called inside a tokio runtime.
    ///
    /// # Errors
    /// When the certificates cannot be read, or the API's address cannot be used.
    pub fn new(options: &GithubOptions, cache: Option<Cache>) -> Result<Self, SetupError> {
        let client = fetch::client_builder(options.roots_pem.as_deref())?
            .redirect(ask::own_redirects(&options.api))
            .connect_timeout(Duration::from_secs(5))
            .timeout(options.timeout)
            .build()
            .map_err(SetupError::Client)?;
        Ok(Self { asker: Asker::new(options, &client, cache)? })
    }

    /// The repository of this owner and name; none when there is no such public one. A token that may not see a public
    /// repository (an organisation can forbid tokens) is left out for it.
    ///
    /// # Errors
    /// When GitHub does not say.
    pub async fn repository(&self, owner: &str, name: &str) -> Result<Option<Repository>, GithubError> {
        if !names::is_owner_or_name(owner) || !names::is_owner_or_name(name) {
            return Ok(None);
        }
        let path = format!("/repos/{owner}/{name}");
        let (mut who, mut answer) = (self.asker.first(), self.asker.get(self.asker.first(), &path).await);
        if who == Who::Token && !matches!(answer, Ok(Some(_)) | Err(GithubError::Unreachable(_))) {
            let anonymous = self.asker.get(Who::Anonymous, &path).await;
            // The token's own answer says more than that nobody may ask any more.
            if anonymous.is_ok() {
                (who, answer) = (Who::Anonymous, anonymous);
            }
        }
        let Some(body) = answer? else { return Ok(None) };
        read_repository(&body, who).map(Some)
    }

    /// The commit that a branch points to; none when there is no such branch.
    ///
    /// # Errors
    /// When GitHub does not say.
    pub async fn branch_tip(&self, repository: &Repository, branch: &str) -> Result<Option<CommitSha>, GithubError> {
        let Some(found) = self.reference(repository, "heads", branch).await? else { return Ok(None) };
        let sha = found.pointer("/object/sha").and_then(Value::as_str).and_then(|sha| CommitSha::parse(sha).ok());
        sha.map(Some).ok_or(GithubError::Unexpected("a branch without a commit"))
    }

    /// Whether there is a tag of this name.
    ///
    /// # Errors
    /// When GitHub does not say.
    pub async fn has_tag(&self, repository: &Repository, tag: &str) -> Result<bool, GithubError> {
        Ok(self.reference(repository, "tags", tag).await?.is_some())
    }

    async fn reference(
        &self,
        repository: &Repository,
        kind: &str,
        name: &str,
    ) -> Result<Option<std::sync::Arc<Value>>, GithubError> {
        // A name that Git itself refuses names nothing; it is never made part of an address.
        if !is_ref_name(name) {
            return Ok(None);
        }
        let encoded: Vec<String> = name.split('/').map(encode).collect();
        let path = format!("{}/git/ref/{kind}/{}", repository.path, encoded.join("/"));
        let Some(found) = self.asker.get(repository.who, &path).await? else { return Ok(None) };
        // Older servers answer with what begins with the name.
        let full = format!("refs/{kind}/{name}");
        Ok((found.get("ref").and_then(Value::as_str) == Some(full.as_str())).then_some(found))
    }

    /// The commit of this id; none when the repository does not have it. Forks' commits are had, too: see
    /// [`Github::contained`].
    ///
    /// # Errors
    /// When GitHub does not say.
    pub async fn commit(&self, repository: &Repository, commit: &CommitSha) -> Result<Option<Commit>, GithubError> {
        let path = format!("{}/git/commits/{commit}", repository.path);
        let Some(found) = self.asker.get(repository.who, &path).await? else { return Ok(None) };
        if found.get("sha").and_then(Value::as_str) != Some(commit.as_str()) {
            return Ok(None);
        }
        let tree = found.pointer("/tree/sha").and_then(Value::as_str);
        let tree = tree.filter(|tree| CommitSha::parse(tree).is_ok());
        tree.map(|tree| Some(Commit { tree: tree.to_owned() }))
            .ok_or(GithubError::Unexpected("a commit without a tree"))
    }
}

fn read_repository(body: &Value, who: Who) -> Result<Repository, GithubError> {
    let text = |key: &'static str| body.get(key).and_then(Value::as_str);
    let (Some(full_name), Some(url), Some(default_branch)) =
        (text("full_name"), text("html_url"), text("default_branch"))
    else {
        return Err(GithubError::Unexpected("a repository without a name"));
    };
    let path = match full_name.split_once('/') {
        Some((owner, name)) if names::is_owner_or_name(owner) && names::is_owner_or_name(name) => {
            format!("/repos/{owner}/{name}")
        }
        _ => return Err(GithubError::Unexpected("a repository's name")),
    };
    let license = match body.get("license") {
        None | Some(Value::Null) => None,
        Some(license) => Some(license.get("spdx_id").and_then(Value::as_str).unwrap_or("NOASSERTION").to_owned()),
    };
    Ok(Repository {
        url: url.to_owned(),
        archived: body.get("archived").and_then(Value::as_bool).unwrap_or(false),
        license,
        default_branch: default_branch.to_owned(),
        path,
        who,
    })
}
