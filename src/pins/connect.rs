//! From plain values to what asks upstreams, so that a command need not know what that is.

use super::resolve::{ResolveOptions, Resolver};
use crate::fetch::{FetchOptions, SetupError};
use crate::github::GithubOptions;
use crate::validate::gather::Reach;
use std::path::PathBuf;

/// What asks at most `concurrency` upstreams at a time, and keeps what they send in `folder` for as long as it is
/// needed. Must be called inside a tokio
/// runtime.
///
/// # Errors
/// When the certificates cannot be read, or GitHub's address cannot be used.
pub(crate) fn resolver(reach: Reach, concurrency: usize, folder: PathBuf) -> Result<Resolver, SetupError> {
    let Reach { github_api, github_token: token, roots_pem, allow } = reach;
    let github = GithubOptions { token, roots_pem: roots_pem.clone(), ..GithubOptions::new(github_api) };
    let fetch = FetchOptions { allow, roots_pem, ..FetchOptions::default() };
    let usual = ResolveOptions::new(fetch, github, folder);
    Resolver::new(&ResolveOptions { concurrency, per_host: usual.per_host.min(concurrency), ..usual })
}
