//! What whoever runs the program decides about gathering.

use crate::fetch::FetchOptions;
use crate::github::GithubOptions;
use ipnet::IpNet;
use secrecy::SecretString;
use std::fmt;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;
use url::Url;

#[derive(Debug, Clone)]
pub struct GatherOptions {
    /// How to fetch what entries name. The policy's `[network] allow` is added to its networks.
    pub fetch: FetchOptions,
    pub github: GithubOptions,
    /// Where to keep answers between runs.
    pub cache: Option<PathBuf>,
    /// Questions at the same time, in all; GitHub has its own bound.
    pub concurrency: usize,
    /// Questions to one host at the same time.
    pub per_host: usize,
    /// The time for everything. What is not known by then is unavailable.
    pub deadline: Duration,
    pub progress: Option<Progress>,
}

impl GatherOptions {
    /// The usual ones: 16 questions at a time, 4 of one host, 15 minutes in all.
    #[must_use]
    pub fn new(fetch: FetchOptions, github: GithubOptions) -> Self {
        let deadline = Duration::from_secs(15 * 60);
        Self { fetch, github, cache: None, concurrency: 16, per_host: 4, deadline, progress: None }
    }
}

/// What the process was started with, as far as it says how the outside is reached: plain values, so that a command need
/// not know what reaches it.
#[derive(Debug, Clone)]
pub struct Reach {
    /// The address of GitHub's API.
    pub github_api: Url,
    pub github_token: Option<SecretString>,
    /// Certificates to trust besides the built-in roots, PEM.
    pub roots_pem: Option<Vec<u8>>,
    /// Networks that may be reached although they are not public.
    pub allow: Vec<IpNet>,
}

impl From<Reach> for GatherOptions {
    fn from(Reach { github_api, github_token, roots_pem, allow }: Reach) -> Self {
        let github =
            GithubOptions { token: github_token, roots_pem: roots_pem.clone(), ..GithubOptions::new(github_api) };
        Self::new(FetchOptions { allow, roots_pem, ..FetchOptions::default() }, github)
    }
}

/// Is called with how many entries are done and how many there are, from any thread.
#[derive(Clone)]
pub struct Progress(Arc<dyn Fn(usize, usize) + Send + Sync>);

impl Progress {
    pub fn new(report: impl Fn(usize, usize) + Send + Sync + 'static) -> Self {
        Self(Arc::new(report))
    }

    pub(crate) fn report(&self, done: usize, all: usize) {
        (self.0)(done, all);
    }
}

impl fmt::Debug for Progress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Progress")
    }
}
