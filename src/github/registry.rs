//! The repository that pull requests are opened in: the part of GitHub's API that writes. octocrab's types stop here.
//!
//! Writes go one at a time, within [`Pace`], and nothing is believed of one that was not answered: what GitHub has is read
//! before it is tried again. A limit that GitHub names is waited for, up to [`Pace::longest`]; a longer one ends everything.

mod answer;
mod issues;
mod objects;
mod pace;
mod pulls;
mod refs;
mod send;

pub use issues::Issue;
pub use objects::{CommitObject, FileContent, Person};
pub use pulls::{CreatedPull, NewPull, PullChange, PullRequest};
pub use refs::CreatedBranch;

use super::GithubOptions;
use super::ask::own_redirects;
use super::names::is_owner_or_name;
use crate::fetch::{self, SetupError};
use send::Sender;
use std::sync::OnceLock;
use std::time::Duration;

/// How fast to write. The numbers are GitHub's: <https://docs.github.com/en/rest/using-the-rest-api/rate-limits-for-the-rest-api>.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pace {
    /// Writes in a minute: 80.
    pub per_minute: usize,
    /// Writes in an hour: 500.
    pub per_hour: usize,
    /// How long a minute is. An hour has 60 of them.
    pub minute: Duration,
    /// From the end of one write to the begin of the next: one second.
    pub interval: Duration,
    /// The longest wait for a limit to end; where a longer one is needed, nothing is asked any more.
    pub longest: Duration,
}

impl Default for Pace {
    /// GitHub's, and waits of up to ten minutes.
    fn default() -> Self {
        Self {
            per_minute: 80,
            per_hour: 500,
            minute: Duration::from_secs(60),
            interval: Duration::from_secs(1),
            longest: Duration::from_secs(10 * 60),
        }
    }
}

/// How to reach the registry's repository.
#[derive(Debug, Clone)]
pub struct RegistryOptions {
    /// The API, the token, the time and the attempts of one request. The waits for limits are those of `pace`.
    pub github: GithubOptions,
    /// The account that owns the repository.
    pub owner: String,
    /// The repository's name.
    pub name: String,
    /// How fast to write.
    pub pace: Pace,
}

/// Why GitHub did not do or say something. Messages hold what GitHub said: escape before showing.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum RegistryError {
    /// A limit that ends too late, or never seems to.
    #[error("GitHub's rate limit is reached{}", until.as_ref().map(|time| format!(" until {time}")).unwrap_or_default())]
    RateLimited {
        /// When it ends, `HH:MM UTC`, if that is known.
        until: Option<String>,
    },
    /// A budget of [`Pace`] that is used up for too long.
    #[error("as much was written as GitHub allows; the next write may be in {} min", wait.as_secs().div_ceil(60))]
    BudgetUsed {
        /// How long that is.
        wait: Duration,
    },
    /// The token is not valid (401), or does not allow this (403).
    #[error("GitHub refused ({status}): {message}")]
    Denied {
        /// 401 or 403.
        status: u16,
        /// GitHub's words.
        message: String,
    },
    /// Something that was to be there is not, or may not be seen with this token.
    #[error("GitHub does not find {0}")]
    Missing(String),
    /// A request that cannot be carried out.
    #[error("GitHub answered {status}: {message}")]
    Refused {
        /// The status.
        status: u16,
        /// GitHub's words.
        message: String,
    },
    /// No answer, or none that says what became of the request, after all attempts.
    #[error("GitHub did not answer: {0}")]
    Unreachable(String),
    /// An answer that is not what GitHub's description of its API promises.
    #[error("GitHub's answer cannot be understood: {0}")]
    Unexpected(&'static str),
}

impl RegistryError {
    /// Whether another run may do what this one may not any more.
    #[must_use]
    pub fn is_limit(&self) -> bool {
        matches!(self, Self::RateLimited { .. } | Self::BudgetUsed { .. })
    }
}

/// What the repository says of itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Home {
    /// The account that owns it today.
    pub owner: String,
    /// Its name today.
    pub name: String,
    /// The branch that pull requests go to if nobody says otherwise.
    pub default_branch: String,
}

/// The registry's repository on GitHub.
#[derive(Debug)]
pub struct Registry {
    sender: Sender,
    owner: String,
    name: String,
    home: OnceLock<Home>,
}

impl Registry {
    /// A client. Must be called inside a tokio runtime. Nothing is asked yet.
    ///
    /// # Errors
    /// When the certificates cannot be read, or the API's address cannot be used.
    pub fn new(options: &RegistryOptions) -> Result<Self, SetupError> {
        let github = &options.github;
        let client = fetch::client_builder(github.roots_pem.as_deref())?
            .redirect(own_redirects(&github.api))
            .connect_timeout(Duration::from_secs(5).min(github.timeout))
            .timeout(github.timeout)
            .build()
            .map_err(SetupError::Client)?;
        let sender = Sender::new(github, &options.pace, &client)?;
        Ok(Self { sender, owner: options.owner.clone(), name: options.name.clone(), home: OnceLock::new() })
    }

    /// `owner/name`, as it was given.
    #[must_use]
    pub fn name(&self) -> String {
        format!("{}/{}", self.owner, self.name)
    }

    /// Asks the repository for its name of today, under which everything else is asked: GitHub redirects who comes with an
    /// old name, and a redirected write is not certain to arrive as one.
    ///
    /// # Errors
    /// When there is no such repository for this token, or GitHub does not say.
    pub async fn open(&self) -> Result<&Home, RegistryError> {
        if let Some(home) = self.home.get() {
            return Ok(home);
        }
        if !is_owner_or_name(&self.owner) || !is_owner_or_name(&self.name) {
            return Err(RegistryError::Missing(format!("a repository `{}`", self.name())));
        }
        let found = self.sender.get(&format!("/repos/{}/{}", self.owner, self.name)).await?;
        let found = found.found().ok_or_else(|| RegistryError::Missing(format!("the repository `{}`", self.name())))?;
        let full_name = answer::text(&found.body, "/full_name")?;
        let (owner, name) = full_name.split_once('/').ok_or(RegistryError::Unexpected("a repository's name"))?;
        if !is_owner_or_name(owner) || !is_owner_or_name(name) {
            return Err(RegistryError::Unexpected("a repository's name"));
        }
        let default_branch = answer::text(&found.body, "/default_branch")?.to_owned();
        Ok(self.home.get_or_init(|| Home { owner: owner.to_owned(), name: name.to_owned(), default_branch }))
    }

    /// Who owns the repository, as far as is known.
    fn owner(&self) -> &str {
        self.home.get().map_or(&self.owner, |home| &home.owner)
    }

    /// The address of something of the repository: `rest` must be encoded.
    fn at(&self, rest: &str) -> String {
        let name = self.home.get().map_or(&self.name, |home| &home.name);
        format!("/repos/{}/{name}/{rest}", self.owner())
    }
}
