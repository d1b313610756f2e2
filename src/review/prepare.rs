//! From a repository's address to a [`Brief`]: fetched once for all that is reviewed of it, exported, compared.

use super::brief::Brief;
use super::export::{self, ExportLimits};
use super::target::Work;
use crate::fetch::{FetchOptions, Fetcher};
use crate::git::upstream::{self, Limits, Store, Upstream, UpstreamError};
use crate::ids::CommitSha;
use crate::snapshot::Snapshot;
use crate::snapshot::diff::{DiffLimits, diff};
use ipnet::IpNet;
use std::collections::BTreeSet;
use std::path::Path;

/// The name of a Dockerfile that nobody named.
const DOCKERFILE: &str = "Dockerfile";

/// How repositories are reached: plain values, so that a command need not know what reaches them.
#[derive(Debug, Clone, Default)]
pub(crate) struct Reach {
    /// Certificates to trust besides the built-in roots, PEM.
    pub(crate) roots_pem: Option<Vec<u8>>,
    /// Networks that may be reached although they are not public.
    pub(crate) allow: Vec<IpNet>,
}

impl Reach {
    pub(crate) fn fetch_options(&self) -> FetchOptions {
        FetchOptions { allow: self.allow.clone(), roots_pem: self.roots_pem.clone(), ..FetchOptions::default() }
    }
}

/// How much is fetched and exported.
#[derive(Debug, Clone, Default)]
pub(crate) struct PrepareLimits {
    pub(crate) fetch: Limits,
    /// Of what agents are given.
    pub(crate) export: ExportLimits,
    pub(crate) diff: DiffLimits,
}

/// Fetches the commits of one repository: every head, and the bases that are still there. A base that is gone, because
/// history was rewritten, makes its review a full one; a head that is gone fails only its own work, later.
///
/// # Errors
/// With a sentence, when nothing can be fetched.
pub(super) async fn fetch(
    fetcher: &Fetcher,
    upstream: &Upstream,
    works: &[&Work],
    limits: &Limits,
    folder: &Path,
) -> Result<Store, String> {
    let heads: BTreeSet<&CommitSha> = works.iter().map(|work| &work.head).collect();
    let bases = works.iter().filter_map(|work| work.base.as_ref());
    let mut wanted: Vec<CommitSha> =
        heads.iter().copied().chain(bases).cloned().collect::<BTreeSet<_>>().into_iter().collect();
    // Servers name the first commit that they do not have; each time around there is one less to ask for.
    loop {
        match upstream::fetch(fetcher, upstream, &wanted, limits, folder).await {
            Err(UpstreamError::NoCommit { commit, .. }) if wanted.len() > 1 && wanted.contains(&commit) => {
                wanted.retain(|one| *one != commit);
            }
            Err(error) => return Err(sentence(&error)),
            Ok(store) => return Ok(store),
        }
    }
}

fn sentence(error: &UpstreamError) -> String {
    match error.hint() {
        Some(hint) => format!("{error} ({hint})"),
        None => error.to_string(),
    }
}

/// Exports and compares what one work is about. Takes as long as the files are many: call it where blocking is allowed.
///
/// # Errors
/// With a sentence, when the commit or the directory cannot be had.
pub(super) fn brief(store: &Store, work: &Work, limits: &PrepareLimits) -> Result<Brief, String> {
    let snapshot = |commit: &CommitSha| export::snapshot(store, commit, &work.directory, &limits.export);
    let head = snapshot(&work.head).map_err(|error| error.to_string())?;
    let dockerfile = dockerfile(work, &head)?;
    let base = work.base.as_ref().and_then(|commit| snapshot(commit).ok());
    let changes = base.as_ref().map(|base| diff(base, &head, &limits.diff)).unwrap_or_default();
    Ok(Brief {
        repository: work.repository.clone(),
        head_commit: work.head.clone(),
        base_commit: base.as_ref().and(work.base.clone()),
        directory: work.directory.clone(),
        dockerfile,
        head,
        base,
        changes,
    })
}

/// The Dockerfile's path from the top of the repository, if there is such a file. One that is named must be there: without it
/// nobody has seen what the image is built with. What was left out is in the report already.
fn dockerfile(work: &Work, head: &Snapshot) -> Result<Option<String>, String> {
    let name = work.dockerfile.as_deref().unwrap_or(DOCKERFILE);
    let path = if work.directory.is_empty() { name.to_owned() } else { format!("{}/{name}", work.directory) };
    if head.files.contains_key(path.as_str()) {
        return Ok(Some(path));
    }
    let was_left_out = || head.unreviewed.iter().any(|left| left.path == path);
    if work.dockerfile.is_some() && !was_left_out() {
        return Err(format!("the commit {} has no Dockerfile `{path}`", work.head));
    }
    Ok(None)
}
