//! What lies between a commit that was known and a newer one: for a report, so that it never fails.

use super::history::Graph;
use super::{Filter, History, Limits, ObjectId, Pair, Session, Upstream, UpstreamError, blocking, store};
use crate::fetch::Fetcher;
use crate::ids::CommitSha;
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use url::Url;

/// What is known of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Between {
    Known(History),
    /// The repository has no such older commit any more.
    Gone,
    /// Nobody knows, for this reason.
    NotChecked(String),
}

/// Looks at the history between the two commits of each pair; at most `most` commits of each are named. Elsewhere this takes one
/// conversation for all pairs, see [`Session::histories`] for its limits; `folder` is made and belongs to it alone.
pub(crate) async fn between(
    fetcher: &Fetcher,
    upstream: &Upstream,
    pairs: &BTreeSet<Pair>,
    most: usize,
    limits: &Limits,
    folder: &Path,
) -> BTreeMap<Pair, Between> {
    if pairs.is_empty() {
        return BTreeMap::new();
    }
    let found = match upstream {
        Upstream::Remote(url) => remote(fetcher, url, pairs, most, limits, folder).await,
        Upstream::Local(path) => {
            let (path, pairs) = (path.clone(), pairs.clone());
            blocking(limits, upstream, move || local(&path, &pairs, most)).await
        }
    };
    found.unwrap_or_else(|error| {
        let why = Between::NotChecked(error.to_string());
        pairs.iter().map(|pair| (pair.clone(), why.clone())).collect()
    })
}

async fn remote(
    fetcher: &Fetcher,
    url: &Url,
    pairs: &BTreeSet<Pair>,
    most: usize,
    limits: &Limits,
    folder: &Path,
) -> Result<BTreeMap<Pair, Between>, UpstreamError> {
    let session = Session::open(fetcher, url, limits, folder).await?;
    let mut gone: BTreeSet<CommitSha> = BTreeSet::new();
    let there = |gone: &BTreeSet<CommitSha>| -> BTreeSet<Pair> {
        pairs.iter().filter(|(old, new)| !gone.contains(old) && !gone.contains(new)).cloned().collect()
    };
    // Servers name the first commit that they do not have; each time around there is one less to ask for.
    let histories = loop {
        let left = there(&gone);
        let commits: BTreeSet<CommitSha> = left.iter().flat_map(|(old, new)| [old.clone(), new.clone()]).collect();
        let commits: Vec<CommitSha> = commits.into_iter().collect();
        if commits.is_empty() {
            break BTreeMap::new();
        }
        match session.commits(&commits, Filter::Trees(0)).await {
            Ok(_) => break session.histories(&left, most).await?,
            Err(UpstreamError::NoCommit { commit, .. }) if gone.insert(commit.clone()) => {}
            Err(error) => return Err(error),
        }
    };
    // An older commit is only known to be gone if it was asked for alone or the newer one came.
    let of = |pair: &Pair| match histories.get(pair) {
        Some(history) => known(history.clone()),
        None if gone.contains(&pair.0) && !gone.contains(&pair.1) => Between::Gone,
        None => Between::NotChecked("the repository does not have the commit".to_owned()),
    };
    Ok(pairs.iter().map(|pair| (pair.clone(), of(pair))).collect())
}

fn local(path: &Path, pairs: &BTreeSet<Pair>, most: usize) -> Result<BTreeMap<Pair, Between>, UpstreamError> {
    let store = store::local(path, &[])?;
    let reader = store.reader()?;
    let mut found = BTreeMap::new();
    for (old, new) in pairs {
        let (from, to) = (ObjectId::from(old), ObjectId::from(new));
        let history = match reader.commit_of(from) {
            Ok(None) if store.is_shallow() => Between::NotChecked("the clone is shallow".to_owned()),
            Ok(None) => Between::Gone,
            Err(UpstreamError::NotACommit(_)) => Between::NotChecked("the older one is not a commit".to_owned()),
            Err(error) => return Err(error),
            Ok(Some(_)) => match Graph::whole(&reader, &[to, from]).between(&reader, from, to, most)? {
                Some(history) => known(history),
                None => Between::NotChecked("its history cannot be followed".to_owned()),
            },
        };
        found.insert((old.clone(), new.clone()), history);
    }
    Ok(found)
}

/// What was cut off may be where the older commit is.
fn known(history: History) -> Between {
    if history.cut && !history.ancestor {
        return Between::NotChecked("its history is too long or cut off".to_owned());
    }
    Between::Known(history)
}
