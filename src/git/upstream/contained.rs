//! Whether a commit belongs to the repository that serves it.
//!
//! Hosts keep the objects of a project and of all its forks together, and hand out any of them under any of the names: a
//! commit that a stranger pushed to a fork looks as if it were the project's. What is on a branch or tag is the project's.

use super::download::{Ask, Server, listing};
use super::{Filter, Limits, Store, Upstream, UpstreamError};
use crate::fetch::{Fetcher, host_of};
use crate::git::remote::{self, RemoteError};
use crate::git::sha;
use crate::ids::CommitSha;
use git2::RepositoryOpenFlags;
use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::ffi::OsStr;
use std::path::Path;

/// Where a commit is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Contained {
    /// On this branch or tag, by its full name; the first of several.
    In(String),
    /// On no branch or tag: it came from a fork or a pull request, or was removed from history.
    OnNone,
    /// Nobody knows, for this reason.
    NotChecked(String),
}

/// Branches and tags whose history is asked for; a commit on another one is not found.
const MAX_TIPS: usize = 64;
/// Generations of history that are asked for.
const MAX_DEPTH: u32 = 5_000;
/// Commits that are looked at.
const MAX_COMMITS: u32 = 400_000;
/// Bytes of history that are downloaded; a commit alone takes about 250.
const MAX_HISTORY: u64 = 100_000_000;

/// Looks for a commit in the history of an upstream's branches and tags. Commits alone are fetched, into a folder below
/// `folder` that is removed again; a history of more than 5,000 generations, or 400,000 commits, is not searched whole.
///
/// This is a fact for a report and never fails: what could not be found out is [`Contained::NotChecked`].
pub async fn contained(
    fetcher: &Fetcher,
    upstream: &Upstream,
    commit: &CommitSha,
    limits: &Limits,
    folder: &Path,
) -> Contained {
    let found = match upstream {
        Upstream::Local(path) => local(path, commit),
        Upstream::Remote(url) => match Server::greet(fetcher, url, limits).await {
            Ok(server) => search(fetcher, &server, commit, limits, folder).await,
            Err(error) => Err(error),
        },
    };
    found.unwrap_or_else(|error| Contained::NotChecked(error.to_string()))
}

async fn search(
    fetcher: &Fetcher,
    server: &Server,
    commit: &CommitSha,
    limits: &Limits,
    folder: &Path,
) -> Result<Contained, UpstreamError> {
    let refs = remote::listed(fetcher, &listing(&server.url, limits)).await.map_err(|error| match error {
        RemoteError::Fetch(error) => UpstreamError::Fetch(error),
        RemoteError::Status { host, status } => UpstreamError::Status { host, status },
        RemoteError::NotGit(host) => UpstreamError::NotGit { host, what: "it does not list its branches" },
    })?;
    let refs = refs.ok_or_else(|| UpstreamError::NoRepository(host_of(&server.url)))?.0;
    if let Some((name, _)) = refs.iter().find(|(_, tip)| *tip == commit) {
        return Ok(Contained::In(name.clone()));
    }
    let tips = tips(&refs);
    if tips.is_empty() {
        return Ok(Contained::OnNone);
    }
    let whole = refs.values().all(|tip| tips.contains_key(tip));
    let limits = Limits {
        download: limits.download.min(MAX_HISTORY),
        objects: limits.objects.min(MAX_COMMITS),
        ..limits.clone()
    };
    // What a killed run leaves behind is removed by whoever takes the lock next.
    let above = Store::at(folder)?;
    let lock = above.lock().await?;
    let place = above.incoming()?;
    let store = Store::at(place.path())?;
    let wanted: Vec<_> = tips.keys().cloned().collect();
    let ask = Ask { commits: &wanted, depth: Some(MAX_DEPTH), filter: Filter::Trees };
    let came = server.download(fetcher, &ask, &limits, &store).await?;
    let commit = commit.clone();
    let walked = tokio::task::spawn_blocking(move || walk(&store, &tips, &commit)).await;
    let (found, cut) = walked.map_err(|error| UpstreamError::store(place.path(), &error))??;
    drop((place, lock));
    Ok(match found {
        Some(name) => Contained::In(name),
        None if cut || !came.shallow.is_empty() => Contained::NotChecked("its history is too long".to_owned()),
        None if !whole => Contained::NotChecked("it has too many branches and tags".to_owned()),
        None => Contained::OnNone,
    })
}

/// The commits to begin with, and a name of each: likely ones first, if there are too many.
fn tips(refs: &BTreeMap<String, CommitSha>) -> BTreeMap<CommitSha, String> {
    let mut names: Vec<_> = refs.iter().collect();
    let rank = |name: &str| match name {
        "refs/heads/main" | "refs/heads/master" => 0,
        name if name.starts_with("refs/heads/") => 1,
        _ => 2,
    };
    names.sort_by_key(|(name, _)| (rank(name), name.as_str()));
    let mut tips = BTreeMap::new();
    for (name, tip) in names {
        if tips.len() == MAX_TIPS {
            break;
        }
        tips.entry(tip.clone()).or_insert_with(|| name.clone());
    }
    tips
}

/// Follows parents from the tips; the name from which the commit is reached, and whether some parent is not here.
fn walk(
    store: &Store,
    tips: &BTreeMap<CommitSha, String>,
    wanted: &CommitSha,
) -> Result<(Option<String>, bool), UpstreamError> {
    let reader = store.reader()?;
    let mut queue: VecDeque<(CommitSha, &String)> = tips.iter().map(|(tip, name)| (tip.clone(), name)).collect();
    let mut seen: BTreeSet<CommitSha> = tips.keys().cloned().collect();
    let mut cut = false;
    while let Some((commit, name)) = queue.pop_front() {
        if commit == *wanted {
            return Ok((Some(name.clone()), cut));
        }
        match reader.commit(&commit) {
            Ok(Some(found)) => {
                for parent in found.parents {
                    if seen.insert(parent.clone()) {
                        queue.push_back((parent, name));
                    }
                }
            }
            // A tag of a file or a tree is no history.
            Err(UpstreamError::NotACommit(_)) => {}
            Ok(None) => cut = true,
            Err(error) => return Err(error),
        }
    }
    Ok((None, cut))
}

fn local(path: &Path, wanted: &CommitSha) -> Result<Contained, UpstreamError> {
    let other = |error: git2::Error| UpstreamError::store(path, &error.message());
    let repository = git2::Repository::open_ext(path, RepositoryOpenFlags::NO_SEARCH, std::iter::empty::<&OsStr>())
        .map_err(other)?;
    let mut refs = BTreeMap::new();
    for reference in repository.references().map_err(other)?.flatten() {
        let Ok(name) = reference.name() else { continue };
        if let (true, Ok(commit)) = (reference.is_branch() || reference.is_tag(), reference.peel_to_commit()) {
            refs.insert(name.to_owned(), sha(commit.id())?);
        }
    }
    let tips: BTreeMap<_, _> = refs.into_iter().map(|(name, tip)| (tip, name)).collect();
    let store = super::store::local(path, &[])?;
    Ok(match walk(&store, &tips, wanted)? {
        (Some(name), _) => Contained::In(name),
        (None, false) => Contained::OnNone,
        (None, true) => Contained::NotChecked("its history is cut off".to_owned()),
    })
}
