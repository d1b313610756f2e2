//! Whether a commit belongs to the repository that serves it.
//!
//! Hosts keep the objects of a project and of all its forks together, and hand out any of them under any of the names: a
//! commit that a stranger pushed to a fork looks as if it were the project's. What is on a branch or tag is the project's.

use super::download::{Server, list};
use super::protocol::{Ask, Otherwise};
use super::{Filter, Limits, ObjectId, Store, Upstream, UpstreamError};
use crate::fetch::Fetcher;
use crate::git::sha;
use crate::ids::CommitSha;
use git2::RepositoryOpenFlags;
use std::collections::{BTreeMap, HashSet, VecDeque};
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
    let listed = list(fetcher, &server.url, limits).await?;
    let refs: Vec<_> = listed.branches_and_tags().collect();
    if let Some((name, _)) = refs.iter().find(|(_, tip)| *tip == commit) {
        return Ok(Contained::In((*name).clone()));
    }
    // What a killed run leaves behind is removed by whoever takes the lock next.
    let above = Store::at(folder)?;
    let lock = above.lock().await?;
    let found =
        below_tips(fetcher, server, &Tips::of(&refs), commit, &Reach::Generations(MAX_DEPTH), limits, &above).await;
    drop(lock);
    found
}

/// How much of the history of tips is asked for.
pub(super) enum Reach {
    /// So many generations.
    Generations(u32),
    /// All that is not the commit's own: little, if the commit is a recent one.
    SinceCommit,
}

/// Commits to begin with.
pub(super) struct Tips {
    /// With a name of each.
    names: BTreeMap<ObjectId, String>,
    /// Whether these are all.
    whole: bool,
}

impl Tips {
    /// Of these refs; likely ones first, if there are too many.
    pub(super) fn of(refs: &[(&String, &CommitSha)]) -> Self {
        let mut refs = refs.to_owned();
        let rank = |name: &str| match name {
            "refs/heads/main" | "refs/heads/master" => 0,
            name if name.starts_with("refs/heads/") => 1,
            _ => 2,
        };
        refs.sort_by_key(|(name, _)| (rank(name), name.as_str()));
        let mut names = BTreeMap::new();
        let mut whole = true;
        for (name, tip) in refs {
            let id = ObjectId::from(tip);
            if names.len() < MAX_TIPS {
                names.entry(id).or_insert_with(|| name.clone());
            } else {
                whole &= names.contains_key(&id);
            }
        }
        Self { names, whole }
    }
}

/// Looks for a commit that is no tip in the history of tips.
pub(super) async fn below_tips(
    fetcher: &Fetcher,
    server: &Server,
    tips: &Tips,
    commit: &CommitSha,
    reach: &Reach,
    limits: &Limits,
    above: &Store,
) -> Result<Contained, UpstreamError> {
    if tips.names.is_empty() {
        return Ok(Contained::OnNone);
    }
    let place = above.incoming()?;
    let store = Store::at(place.path())?;
    let wanted = ObjectId::from(commit);
    let tip_ids: Vec<_> = tips.names.keys().copied().collect();
    let (depth, haves) = match reach {
        Reach::Generations(depth) => (Some(*depth), &[][..]),
        Reach::SinceCommit => (None, std::slice::from_ref(&wanted)),
    };
    let filter = Filter::Trees(0);
    let ask = Ask { wants: &tip_ids, haves, depth, filter, otherwise: Otherwise::Nothing };
    let limits = Limits {
        download: limits.download.min(MAX_HISTORY),
        objects: limits.objects.min(MAX_COMMITS),
        ..limits.clone()
    };
    let came = server.download(fetcher, &ask, &limits, &store).await?;
    let names = tips.names.clone();
    let walked = tokio::task::spawn_blocking(move || walk(&store, &names, wanted)).await;
    let (found, cut) = walked.map_err(|error| UpstreamError::store(place.path(), &error))??;
    // What the commit itself leads to is meant to be absent.
    let cut = (cut && haves.is_empty()) || !came.shallow.is_empty();
    drop(place);
    Ok(match found {
        Some(name) => Contained::In(name),
        None if cut => Contained::NotChecked("its history is too long".to_owned()),
        None if !tips.whole => Contained::NotChecked("it has too many branches and tags".to_owned()),
        None => Contained::OnNone,
    })
}

/// Follows parents from the tips; the name from which the commit is reached, and whether some parent is not here.
fn walk(
    store: &Store,
    tips: &BTreeMap<ObjectId, String>,
    wanted: ObjectId,
) -> Result<(Option<String>, bool), UpstreamError> {
    let reader = store.reader()?;
    let mut queue: VecDeque<(ObjectId, &String)> = tips.iter().map(|(tip, name)| (*tip, name)).collect();
    let mut seen: HashSet<ObjectId> = tips.keys().copied().collect();
    let mut cut = false;
    while let Some((commit, name)) = queue.pop_front() {
        if commit == wanted {
            return Ok((Some(name.clone()), cut));
        }
        match reader.commit_of(commit) {
            Ok(Some(found)) => {
                for parent in found.parents {
                    if seen.insert(parent) {
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
    let tips: BTreeMap<_, _> = refs.into_iter().map(|(name, tip)| (ObjectId::from(&tip), name)).collect();
    let store = super::store::local(path, &[])?;
    Ok(match walk(&store, &tips, wanted.into())? {
        (Some(name), _) => Contained::In(name),
        (None, false) => Contained::OnNone,
        (None, true) => Contained::NotChecked("its history is cut off".to_owned()),
    })
}
