//! Temporary seam.
use super::facts::*;
use crate::fetch::{FetchOptions, SetupError};
use crate::git::upstream;
use crate::github::GithubOptions;
use std::path::PathBuf;
use url::Url;
/// o
#[derive(Debug, Clone)]
pub struct ResolveOptions {
    /// o
    pub fetch: FetchOptions,
    /// o
    pub github: GithubOptions,
    /// o
    pub concurrency: usize,
    /// o
    pub per_host: usize,
    /// o
    pub limits: upstream::Limits,
    /// o
    pub folder: PathBuf,
}
/// r
#[derive(Debug)]
pub struct Resolver {}
impl Resolver {
    /// n
    /// # Errors
    /// never
    pub fn new(_o: &ResolveOptions) -> Result<Self, SetupError> {
        Ok(Self {})
    }
    /// l
    pub async fn list(&self, _u: &Url) -> Listing {
        Listing::Unreachable("not resolved yet".into())
    }
    /// i
    pub async fn inspect(&self, _u: &Url, _r: &Refs, moves: &[Move]) -> Vec<Result<Change, Trouble>> {
        moves.iter().map(|_| Err(Trouble::Unreachable("not resolved yet".into()))).collect()
    }
}
