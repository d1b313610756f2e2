//! From plain values to what asks upstreams, so that a command need not know what that is.

use super::resolve::{ResolveOptions, Resolver};
use crate::fetch::{FetchOptions, SetupError};
use crate::git::upstream::Limits;
use crate::github::GithubOptions;
use crate::validate::gather::Reach;
use std::path::PathBuf;

/// Questions to one host at the same time.
const PER_HOST: usize = 4;

/// What asks at most `concurrency` upstreams at a time, and keeps their objects in `folder`. Must be called inside a tokio
/// runtime.
///
/// # Errors
/// When the certificates cannot be read, or GitHub's address cannot be used.
pub fn resolver(reach: Reach, concurrency: usize, folder: PathBuf) -> Result<Resolver, SetupError> {
    let Reach { github_api, github_token: token, roots_pem, allow } = reach;
    let github = GithubOptions { token, roots_pem: roots_pem.clone(), ..GithubOptions::new(github_api) };
    let fetch = FetchOptions { allow, roots_pem, ..FetchOptions::default() };
    let per_host = PER_HOST.min(concurrency);
    Resolver::new(&ResolveOptions { fetch, github, concurrency, per_host, limits: Limits::default(), folder })
}
