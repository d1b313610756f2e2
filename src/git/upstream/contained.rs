//! Whether a commit belongs to the repository that serves it.
//!
//! Hosts keep the objects of a project and of all its forks together, and hand out any of them under any of the names: a
//! commit that a stranger pushed to a fork looks as if it were the project's. What is on a branch or tag is the project's.

use super::download::{Server, list};
use super::protocol::{Ask, Otherwise};
use super::{Filter, Limits, ObjectId, Store, Upstream, UpstreamError, blocking};
use crate::fetch::Fetcher;
use crate::git::{guard, sha};
use crate::ids::CommitSha;
use git2::RepositoryOpenFlags;
use std::collections::{BTreeMap, BTreeSet, HashSet, VecDeque};
use std::ffi::OsStr;
use std::path::Path;

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Contained {
    /// On this branch or tag, by its full name: of several, the one that says the most. See [`Favor`].
    In(String),
    /// On no branch or tag: it came from a fork or a pull request, or was removed from history.
    OnNone,
    /// Nobody knows, for this reason.
    NotChecked(String),
}

/// Branches and tags whose history is asked for; a commit on another one is not found.
const MAX_TIPS: usize = 256;
/// Generations of history that are asked for.
const MAX_DEPTH: u32 = 5_000;
/// Commits that are looked at.
const MAX_COMMITS: u32 = 400_000;
/// Bytes of history that are downloaded; a commit alone takes about 250.
const MAX_HISTORY: u64 = 100_000_000;

/// Looks for commits in the history of an upstream's branches and tags, with three requests for all of them. Commits alone are
/// fetched, into a folder below `folder` that is removed again; a history of more than 5,000 generations, or 400,000 commits,
/// is not searched whole. `branches` are the ones that entries name.
///
/// This is a fact for a report and never fails: what could not be found out is [`Contained::NotChecked`].
pub async fn contained(
    fetcher: &Fetcher,
    upstream: &Upstream,
    commits: &BTreeSet<CommitSha>,
    branches: &BTreeSet<String>,
    limits: &Limits,
    folder: &Path,
) -> BTreeMap<CommitSha, Contained> {
    let found = match upstream {
        Upstream::Local(path) => {
            let (path, commits, branches) = (path.clone(), commits.clone(), branches.clone());
            blocking(limits, upstream, move || local(&path, &commits, &branches)).await
        }
        Upstream::Remote(url) => match Server::greet(fetcher, url, limits).await {
            Ok(server) => search(fetcher, &server, commits, branches, limits, folder).await,
            Err(error) => Err(error),
        },
    };
    found.unwrap_or_else(|error| not_checked(commits, &error))
}

fn not_checked(commits: &BTreeSet<CommitSha>, error: &UpstreamError) -> BTreeMap<CommitSha, Contained> {
    whence(commits, &BTreeMap::new(), &Contained::NotChecked(error.to_string()))
}

async fn search(
    fetcher: &Fetcher,
    server: &Server,
    commits: &BTreeSet<CommitSha>,
    branches: &BTreeSet<String>,
    limits: &Limits,
    folder: &Path,
) -> Result<BTreeMap<CommitSha, Contained>, UpstreamError> {
    let listed = list(fetcher, &server.url, limits).await?;
    let refs: Vec<_> = listed.branches_and_tags().collect();
    let favor = Favor { head: listed.head.as_deref(), named: branches };
    let tips = Tips::of(&refs, &favor);
    let mut found = BTreeMap::new();
    // What is at the end of the default branch is on nothing that says more.
    let end = listed.head.as_ref().and_then(|head| listed.commits.get_key_value(head));
    if let Some((name, tip)) = end.filter(|(_, tip)| commits.contains(*tip)) {
        found.insert(tip.clone(), Contained::In(name.clone()));
    }
    let others: BTreeSet<_> = commits.iter().filter(|commit| !found.contains_key(*commit)).cloned().collect();
    if others.is_empty() {
        return Ok(found);
    }
    // What a killed run leaves behind is removed by whoever takes the lock next.
    let above = Store::at(folder)?;
    let lock = above.lock().await?;
    let reach = Reach::Generations(MAX_DEPTH);
    let below = below_tips(fetcher, server, &tips, &others, &reach, limits, &above).await;
    drop(lock);
    let mut below = below.unwrap_or_else(|error| not_checked(&others, &error));
    // Whatever became of the search, the end of a branch or tag is on it.
    for (tip, name) in &tips.names {
        if let Some(unknown @ (Contained::NotChecked(_) | Contained::OnNone)) = below.get_mut(&CommitSha::from(tip)) {
            *unknown = Contained::In(name.clone());
        }
    }
    found.extend(below);
    Ok(found)
}

/// How much of the history of tips is asked for.
pub(super) enum Reach {
    Generations(u32),
    /// All that is not the commit's own: little, if the commit is a recent one. For one commit only: one that another one
    /// leads to would not be found.
    SinceCommit,
}

/// Which of the names that lead to a commit says the most about it: the default branch, then what the entries name, then tags,
/// then other branches: anybody's pull request may have one, and a robot's often comes first in the alphabet.
pub(super) struct Favor<'a> {
    /// The default branch, by its full name.
    pub(super) head: Option<&'a str>,
    /// Branches as entries name them.
    pub(super) named: &'a BTreeSet<String>,
}

impl Favor<'_> {
    /// 0 is best.
    fn rank(&self, name: &str) -> u8 {
        let short = name.strip_prefix("refs/heads/").or_else(|| name.strip_prefix("refs/tags/")).unwrap_or(name);
        match name {
            name if self.head == Some(name) => 0,
            // Where nobody says which one is the default.
            "refs/heads/main" | "refs/heads/master" if self.head.is_none() => 0,
            name if self.named.contains(name) || self.named.contains(short) => 1,
            name if name.starts_with("refs/tags/") => 2,
            name if name.starts_with("refs/heads/") => 3,
            _ => 4,
        }
    }
}

pub(super) struct Tips {
    /// Each once, with its best name; the best names first.
    names: Vec<(ObjectId, String)>,
    whole: bool,
}

impl Tips {
    /// Of these refs; those with the best names, if there are too many.
    pub(super) fn of(refs: &[(&String, &CommitSha)], favor: &Favor<'_>) -> Self {
        let mut refs = refs.to_owned();
        refs.sort_by_key(|(name, _)| (favor.rank(name), name.as_str()));
        let mut seen = HashSet::new();
        let distinct =
            refs.into_iter().map(|(name, tip)| (ObjectId::from(tip), name)).filter(|(id, _)| seen.insert(*id));
        let mut names: Vec<_> = distinct.map(|(id, name)| (id, name.clone())).collect();
        let whole = names.len() <= MAX_TIPS;
        names.truncate(MAX_TIPS);
        Self { names, whole }
    }
}

/// Looks for commits in the history of tips.
pub(super) async fn below_tips(
    fetcher: &Fetcher,
    server: &Server,
    tips: &Tips,
    commits: &BTreeSet<CommitSha>,
    reach: &Reach,
    limits: &Limits,
    above: &Store,
) -> Result<BTreeMap<CommitSha, Contained>, UpstreamError> {
    if tips.names.is_empty() {
        return Ok(whence(commits, &BTreeMap::new(), &Contained::OnNone));
    }
    let place = above.incoming()?;
    let store = Store::at(place.path())?;
    let wanted: Vec<ObjectId> = commits.iter().map(ObjectId::from).collect();
    let tip_ids: Vec<_> = tips.names.iter().map(|(tip, _)| *tip).collect();
    let (depth, haves) = match reach {
        Reach::Generations(depth) => (Some(*depth), Vec::new()),
        Reach::SinceCommit => (None, wanted.clone()),
    };
    let filter = Filter::Trees(0);
    let ask = Ask { wants: &tip_ids, haves: &haves, depth, filter, otherwise: Otherwise::Nothing };
    let limits = Limits {
        download: limits.download.min(MAX_HISTORY),
        objects: limits.objects.min(MAX_COMMITS),
        ..limits.clone()
    };
    let came = server.download(fetcher, &ask, &limits, &store).await?;
    let names = tips.names.clone();
    let walked = tokio::task::spawn_blocking(move || walk(&store, &names, &wanted)).await;
    let (found, cut) = walked.map_err(|error| UpstreamError::store(place.path(), &error))??;
    // What the commit itself leads to is meant to be absent.
    let cut = (cut && haves.is_empty()) || !came.shallow.is_empty();
    drop(place);
    let otherwise = match () {
        () if cut => Contained::NotChecked("its history is too long".to_owned()),
        () if !tips.whole => Contained::NotChecked("it has too many branches and tags".to_owned()),
        () => Contained::OnNone,
    };
    Ok(whence(commits, &found, &otherwise))
}

/// The names from which commits are reached; of those that are not found, `otherwise`.
fn whence(
    commits: &BTreeSet<CommitSha>,
    found: &BTreeMap<ObjectId, String>,
    otherwise: &Contained,
) -> BTreeMap<CommitSha, Contained> {
    let one = |commit: &CommitSha| found.get(&ObjectId::from(commit)).cloned().map(Contained::In);
    commits.iter().map(|commit| (commit.clone(), one(commit).unwrap_or_else(|| otherwise.clone()))).collect()
}

/// Follows parents from one tip after the other until all that is wanted is found; the first name from which each is reached, and
/// whether some parent is not here.
fn walk(
    store: &Store,
    tips: &[(ObjectId, String)],
    wanted: &[ObjectId],
) -> Result<(BTreeMap<ObjectId, String>, bool), UpstreamError> {
    let reader = store.reader()?;
    let mut left: BTreeSet<ObjectId> = wanted.iter().copied().collect();
    let mut found = BTreeMap::new();
    let mut seen: HashSet<ObjectId> = HashSet::new();
    let mut cut = false;
    for (tip, name) in tips {
        let mut queue: VecDeque<ObjectId> = VecDeque::new();
        queue.extend(seen.insert(*tip).then_some(*tip));
        while let Some(commit) = queue.pop_front() {
            if left.remove(&commit) {
                found.insert(commit, name.clone());
                if left.is_empty() {
                    return Ok((found, cut));
                }
            }
            match reader.commit_of(commit) {
                Ok(Some(found)) => queue.extend(found.parents.into_iter().filter(|parent| seen.insert(*parent))),
                // A tag of a file or a tree is no history.
                Err(UpstreamError::NotACommit(_)) => {}
                Ok(None) => cut = true,
                Err(error) => return Err(error),
            }
        }
    }
    Ok((found, cut))
}

/// In a repository on this machine what was fetched of a remote's branches counts, too. Pull requests, which
/// actions/checkout keeps beside them, are anybody's.
fn local(
    path: &Path,
    commits: &BTreeSet<CommitSha>,
    branches: &BTreeSet<String>,
) -> Result<BTreeMap<CommitSha, Contained>, UpstreamError> {
    let other = |error: git2::Error| UpstreamError::store(path, &error.message());
    guard::check(path)?;
    let repository = git2::Repository::open_ext(path, RepositoryOpenFlags::NO_SEARCH, std::iter::empty::<&OsStr>())
        .map_err(other)?;
    let mut refs = BTreeMap::new();
    for reference in repository.references().map_err(other)?.flatten() {
        let Ok(name) = reference.name() else { continue };
        let is_own = reference.is_branch()
            || reference.is_tag()
            || (reference.is_remote() && !name.starts_with("refs/remotes/pull/"));
        if let (true, Ok(commit)) = (is_own, reference.peel_to_commit()) {
            refs.insert(name.to_owned(), sha(commit.id())?);
        }
    }
    let head = repository.find_reference("HEAD").ok();
    let head = head.as_ref().and_then(|head| head.symbolic_target().ok().flatten());
    // That of a branch which was never made says nothing.
    let head = head.filter(|head| refs.contains_key(*head));
    let tips = Tips::of(&refs.iter().collect::<Vec<_>>(), &Favor { head, named: branches });
    let store = super::store::local(path, &[])?;
    let wanted: Vec<ObjectId> = commits.iter().map(ObjectId::from).collect();
    let (found, cut) = walk(&store, &tips.names, &wanted)?;
    let otherwise = match () {
        () if cut => Contained::NotChecked("its history is cut off".to_owned()),
        () if !tips.whole => Contained::NotChecked("it has too many branches and tags".to_owned()),
        () => Contained::OnNone,
    };
    Ok(whence(commits, &found, &otherwise))
}
