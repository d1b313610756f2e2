//! Asks upstreams: where their branches and tags are, and what is between a pin and a commit.
//!
//! Every host is asked in the same way, in Git's own protocol: a listing is one request. What is between two commits is
//! read from folders and commits alone; of files, only licences that are not the same come. GitHub's API is asked for one
//! thing that Git does not know, whether a repository is archived, and only if the upstream moved.

mod changed;
mod inspect;
mod kind;
mod license;
mod place;

use super::facts::{Change, Listing, Move, Refs, Trouble};
use crate::fetch::{FetchOptions, Fetcher, Permits, SetupError, host_of};
use crate::git::UpstreamError;
use crate::git::upstream::{self, Limits};
use crate::github::{self, Github, GithubError, GithubOptions};
use crate::text::cut;
use inspect::Inspection;
use std::collections::{BTreeSet, HashMap};
use std::future::Future;
use std::path::PathBuf;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use url::Url;

/// Answers in a row that say that too much was asked, after which a host is not asked again. One repository alone may be
/// limited, so it is more than one.
const LIMITED_IN_A_ROW: usize = 3;
/// The longest address, in characters, that is told of a repository that moved.
const MAX_ADDRESS: usize = 2000;

#[derive(Debug, Clone)]
pub struct ResolveOptions {
    pub(crate) fetch: FetchOptions,
    /// For what only GitHub's API says.
    pub(crate) github: GithubOptions,
    /// Requests at the same time.
    pub(crate) concurrency: usize,
    /// Requests at the same time to one host.
    pub(crate) per_host: usize,
    /// What may come from one upstream.
    pub limits: Limits,
    /// A folder for what comes; it is made if need be. Each upstream has one of its own in it, which is removed after.
    pub(crate) folder: PathBuf,
}

impl ResolveOptions {
    /// The usual ones: 16 requests at the same time, 8 to one host. Folders and commits are small, so 200 MB are plenty; a
    /// server that cannot leave files out sends those of two commits, too.
    #[must_use]
    pub fn new(fetch: FetchOptions, github: GithubOptions, folder: PathBuf) -> Self {
        let limits = Limits {
            download: 200_000_000,
            unpacked: 2_000_000_000,
            in_memory: 32 * 1024 * 1024,
            objects: 1_000_000,
            time: Duration::from_mins(2),
            file: 5_000_000,
        };
        Self { fetch, github, concurrency: 16, per_host: 8, limits, folder }
    }
}

/// Asks upstreams. One is enough for a night: it holds connections, permits, and what was learned about hosts.
#[derive(Debug)]
pub struct Resolver {
    fetcher: Fetcher,
    github: Github,
    api: Url,
    permits: Permits,
    limits: Limits,
    folder: PathBuf,
    /// Hosts that cannot leave out what is deep.
    no_depth: Mutex<BTreeSet<String>>,
    /// How often in a row a host said that too much was asked.
    limited: Mutex<HashMap<String, usize>>,
}

impl Resolver {
    /// Must be called inside a tokio runtime.
    ///
    /// # Errors
    /// When a client cannot be set up.
    pub fn new(options: &ResolveOptions) -> Result<Self, SetupError> {
        Ok(Self {
            fetcher: Fetcher::new(&options.fetch)?,
            github: Github::new(&options.github, None)?,
            api: options.github.api.clone(),
            permits: Permits::new(options.concurrency, options.per_host),
            limits: options.limits.clone(),
            folder: options.folder.clone(),
            no_depth: Mutex::default(),
            limited: Mutex::default(),
        })
    }

    /// What an upstream lists: one request, and another one where its host spells the address with `.git`, or without.
    pub async fn list(&self, upstream: &Url) -> Listing {
        let listed = self.ask(&host_of(upstream), upstream::list(&self.fetcher, upstream, &self.limits)).await;
        match listed {
            Ok(listed) => Listing::Listed(Refs { head: listed.head, commits: listed.commits }),
            Err(UpstreamError::Redirect { to, for_good: true, .. }) => {
                Listing::Moved(cut(&to, MAX_ADDRESS).into_owned())
            }
            Err(UpstreamError::NoRepository(_)) => Listing::Gone,
            Err(error) => match trouble(&error) {
                Trouble::RateLimited(why) => Listing::RateLimited(why),
                Trouble::Unreachable(why) => Listing::Unreachable(why),
            },
        }
    }

    /// One answer for each question about a repository, in their order. `refs` is what it listed. What several questions
    /// need is fetched once, and removed at the end.
    ///
    /// GitHub's API is asked once for the repository. That it did not answer is no trouble, except if it was asked too
    /// much.
    pub async fn inspect(&self, upstream: &Url, refs: &Refs, moves: &[Move]) -> Vec<Result<Change, Trouble>> {
        if moves.is_empty() {
            return Vec::new();
        }
        let inspection = Inspection { resolver: self, upstream, refs, moves };
        let (archived, mut answers) = tokio::join!(self.archived(upstream), inspection.run());
        for answer in &mut answers {
            match (&archived, &mut *answer) {
                (Ok(archived), Ok(change)) => change.archived = *archived,
                (Err(trouble), Ok(_)) => *answer = Err(trouble.clone()),
                (_, Err(_)) => {}
            }
        }
        answers
    }

    /// Whether a repository is read-only; none when nobody says.
    async fn archived(&self, upstream: &Url) -> Result<Option<bool>, Trouble> {
        let Some((owner, name)) = github::located(upstream, &self.api) else { return Ok(None) };
        match self.github.repository(&owner, &name).await {
            Ok(repository) => Ok(repository.map(|repository| repository.archived)),
            Err(error @ GithubError::RateLimited { .. }) => Err(Trouble::RateLimited(error.to_string())),
            Err(_) => Ok(None),
        }
    }

    /// Asks a host, when it is its turn. One that wants to be left alone is not asked.
    async fn ask<T>(
        &self,
        host: &str,
        ask: impl Future<Output = Result<T, UpstreamError>>,
    ) -> Result<T, UpstreamError> {
        let _permit = self.permits.enter(host).await;
        if locked(&self.limited).get(host).is_some_and(|times| *times >= LIMITED_IN_A_ROW) {
            return Err(UpstreamError::RateLimited { host: host.to_owned(), after: None });
        }
        let result = ask.await;
        let mut limited = locked(&self.limited);
        match &result {
            Err(UpstreamError::RateLimited { .. }) => *limited.entry(host.to_owned()).or_default() += 1,
            _ => drop(limited.remove(host)),
        }
        drop(limited);
        result
    }
}

fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// An error in words that are the same every night: nobody knows the folder that things came into.
fn trouble(error: &UpstreamError) -> Trouble {
    match error {
        UpstreamError::RateLimited { .. } => Trouble::RateLimited(error.to_string()),
        UpstreamError::Store { path, reason } => {
            let above = path.parent().unwrap_or(path).display().to_string();
            let reason = Some(&**reason).filter(|reason| !reason.contains(&above)).unwrap_or("an error of the disk");
            Trouble::Unreachable(format!("what it sent cannot be kept here: {reason}"))
        }
        _ => Trouble::Unreachable(error.to_string()),
    }
}
