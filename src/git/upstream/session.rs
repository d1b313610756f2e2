//! Several questions to one repository.

use super::contained::{Favor, Reach, Tips, below_tips};
use super::download::Server;
use super::history::{self, Graph, History};
use super::protocol::{Ask, Otherwise};
use super::{Contained, Filter, Limits, ObjectId, Store, UpstreamError};
use crate::fetch::{FetchError, Fetcher};
use crate::ids::CommitSha;
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::sync::Arc;
use url::Url;

/// Commits that a history may have: Linux takes more than a year for so many.
const MAX_COMMITS: u32 = 100_000;
/// Bytes of a history that are downloaded; a commit alone takes about 250.
const MAX_HISTORY: u64 = 30_000_000;

/// An older commit, and a newer one.
pub(crate) type Pair = (CommitSha, CommitSha);

/// A repository elsewhere that was greeted once, and is then asked for one thing or another. Each call but the noted ones is
/// one request, or one more where the server cannot leave out what is not wanted.
#[derive(Debug)]
pub(crate) struct Session {
    fetcher: Fetcher,
    server: Server,
    limits: Limits,
    store: Arc<Store>,
}

impl Session {
    /// Greets the server. What comes is kept in `folder`, which is made if need be, and belongs to this session alone.
    ///
    /// # Errors
    /// When there is no such repository, or its server cannot be spoken to.
    pub(crate) async fn open(
        fetcher: &Fetcher,
        project: &Url,
        limits: &Limits,
        folder: &Path,
    ) -> Result<Self, UpstreamError> {
        let server = Server::greet(fetcher, project, limits).await?;
        let store = Arc::new(Store::at(folder)?);
        Ok(Self { fetcher: fetcher.clone(), server, limits: limits.clone(), store })
    }

    /// What came so far, without histories.
    #[must_use]
    pub(crate) fn store(&self) -> &Arc<Store> {
        &self.store
    }

    /// Fetches commits without their history; what was left out of them, which may be less than the filter says.
    ///
    /// # Errors
    /// [`UpstreamError::NoCommit`] with the first one that is not there: then none came.
    pub(crate) async fn commits(&self, commits: &[CommitSha], filter: Filter) -> Result<Filter, UpstreamError> {
        let wants: Vec<ObjectId> = commits.iter().map(ObjectId::from).collect();
        let ask = Ask { wants: &wants, haves: &[], depth: Some(1), filter, otherwise: Otherwise::More };
        Ok(self.server.download(&self.fetcher, &ask, &self.limits, &self.store).await?.filter)
    }

    /// Fetches folders with all folders in them, and files. Nothing is asked for if nothing is wanted.
    ///
    /// # Errors
    /// When they do not come.
    pub(crate) async fn objects(&self, ids: &[ObjectId], filter: Filter) -> Result<(), UpstreamError> {
        if ids.is_empty() {
            return Ok(());
        }
        let ask = Ask { wants: ids, haves: &[], depth: None, filter, otherwise: Otherwise::More };
        self.server.download(&self.fetcher, &ask, &self.limits, &self.store).await.map(drop)
    }

    /// What is new at the second commit of each pair, seen from the first; at most `most` commits are named. The commits that
    /// [`Self::commits`] brought are the ones that may be asked about. Commits alone come, and only new ones: with one
    /// request for all pairs, and another one for each whose first commit is not on the way between others. More than
    /// 100,000 commits or 30 MB are not looked at.
    ///
    /// # Errors
    /// When nothing comes.
    pub(crate) async fn histories(
        &self,
        pairs: &BTreeSet<Pair>,
        most: usize,
    ) -> Result<BTreeMap<Pair, History>, UpstreamError> {
        let mut found = self.history(pairs, most).await?;
        for pair in pairs {
            if !found.contains_key(pair) {
                let alone = BTreeSet::from([pair.clone()]);
                let history = if pairs.len() > 1 { self.history(&alone, most).await?.remove(pair) } else { None };
                found.insert(pair.clone(), history.unwrap_or_else(|| History { cut: true, ..History::default() }));
            }
        }
        Ok(found)
    }

    /// The same with one request, and without those that it does not answer.
    async fn history(&self, pairs: &BTreeSet<Pair>, most: usize) -> Result<BTreeMap<Pair, History>, UpstreamError> {
        let olds = pairs.iter().map(|(old, _)| ObjectId::from(old));
        // Whatever the dates are, the answers are right; if they are, too, one request is enough.
        let Some(base) = history::oldest(&self.store, olds)? else { return Ok(BTreeMap::new()) };
        // In a place of its own: what else came must not look like a part of this history.
        let place = self.store.incoming()?;
        let store = Store::at(place.path())?;
        let wants: BTreeSet<ObjectId> = pairs.iter().map(|(_, new)| new.into()).collect();
        let wants: Vec<_> = wants.into_iter().collect();
        let limits = Limits {
            download: self.limits.download.min(MAX_HISTORY),
            objects: self.limits.objects.min(MAX_COMMITS),
            ..self.limits.clone()
        };
        let filter = Filter::Trees(0);
        let ask = Ask { wants: &wants, haves: &[base], depth: None, filter, otherwise: Otherwise::More };
        match self.server.download(&self.fetcher, &ask, &limits, &store).await {
            Ok(_) => {}
            Err(UpstreamError::TooLarge { .. } | UpstreamError::Fetch(FetchError::TooLarge { .. })) => {
                return Ok(BTreeMap::new());
            }
            Err(error) => return Err(error),
        }
        let pairs = pairs.clone();
        let walked = tokio::task::spawn_blocking(move || {
            let reader = store.reader()?;
            let graph = Graph::read(&reader, &wants, base);
            let mut found = BTreeMap::new();
            for (old, new) in pairs {
                if let Some(history) = graph.between(&reader, (&old).into(), (&new).into(), most)? {
                    found.insert((old, new), history);
                }
            }
            Ok(found)
        });
        walked.await.map_err(|error| UpstreamError::store(place.path(), &error))?
    }

    /// Whether a commit is on a branch or tag of these refs, as they were listed; `head` is the likeliest one's full name.
    /// That is asked for first, and then all others, as far as they are not what the commit itself leads to.
    pub(crate) async fn contained(
        &self,
        commit: &CommitSha,
        refs: &BTreeMap<String, CommitSha>,
        head: Option<&str>,
    ) -> Contained {
        let own = |name: &str| name.starts_with("refs/heads/") || name.starts_with("refs/tags/");
        let refs: Vec<_> = refs.iter().filter(|(name, _)| own(name)).collect();
        if let Some((name, _)) = refs.iter().find(|(_, tip)| *tip == commit) {
            return Contained::In((*name).clone());
        }
        if let Some((name, tip)) = refs.iter().find(|(name, _)| Some(name.as_str()) == head)
            && let Ok(found) = self.histories(&BTreeSet::from([(commit.clone(), (*tip).clone())]), 0).await
            && found.values().any(|history| history.ancestor)
        {
            return Contained::In((*name).clone());
        }
        let favor = Favor { head, named: &BTreeSet::new() };
        let (tips, wanted) = (Tips::of(&refs, &favor), BTreeSet::from([commit.clone()]));
        let reach = Reach::SinceCommit;
        match below_tips(&self.fetcher, &self.server, &tips, &wanted, &reach, &self.limits, &self.store).await {
            Ok(mut found) => found.remove(commit).unwrap_or(Contained::OnNone),
            Err(error) => Contained::NotChecked(error.to_string()),
        }
    }
}
