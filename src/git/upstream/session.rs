//! Several questions to one repository.

use super::contained::{Reach, Tips, below_tips, of_history};
use super::download::Server;
use super::protocol::{Ask, Otherwise};
use super::{Contained, Filter, History, Limits, ObjectId, Store, UpstreamError, history};
use crate::fetch::{FetchError, Fetcher};
use crate::ids::CommitSha;
use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;
use url::Url;

/// A repository elsewhere that was greeted once, and is then asked for one thing or another. Each call but the noted ones is
/// one request, or one more where the server cannot leave out what is not wanted.
#[derive(Debug)]
pub struct Session {
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
    pub async fn open(fetcher: &Fetcher, project: &Url, limits: &Limits, folder: &Path) -> Result<Self, UpstreamError> {
        let server = Server::greet(fetcher, project, limits).await?;
        let store = Arc::new(Store::at(folder)?);
        Ok(Self { fetcher: fetcher.clone(), server, limits: limits.clone(), store })
    }

    /// What came so far, without histories.
    #[must_use]
    pub fn store(&self) -> &Arc<Store> {
        &self.store
    }

    /// Fetches commits without their history; what was left out of them, which may be less than the filter says.
    ///
    /// # Errors
    /// [`UpstreamError::NoCommit`] with the first one that is not there: then none came.
    pub async fn commits(&self, commits: &[CommitSha], filter: Filter) -> Result<Filter, UpstreamError> {
        let wants: Vec<ObjectId> = commits.iter().map(ObjectId::from).collect();
        let ask = Ask { wants: &wants, haves: &[], depth: Some(1), filter, otherwise: Otherwise::More };
        Ok(self.server.download(&self.fetcher, &ask, &self.limits, &self.store).await?.filter)
    }

    /// Fetches folders with all folders in them, and files. Nothing is asked for if nothing is wanted.
    ///
    /// # Errors
    /// When they do not come.
    pub async fn objects(&self, ids: &[ObjectId], filter: Filter) -> Result<(), UpstreamError> {
        if ids.is_empty() {
            return Ok(());
        }
        let ask = Ask { wants: ids, haves: &[], depth: None, filter, otherwise: Otherwise::More };
        self.server.download(&self.fetcher, &ask, &self.limits, &self.store).await.map(drop)
    }

    /// What is new at `new`, seen from `old`; at most `most` commits are named. Commits alone come, and only new ones. Of a
    /// commit that the server does not know everything is new. More than 400,000 commits or 100 MB are not looked at.
    ///
    /// # Errors
    /// When nothing comes.
    pub async fn history(&self, old: &CommitSha, new: &CommitSha, most: usize) -> Result<History, UpstreamError> {
        // In a place of its own: what else came must not look like a part of this history.
        let place = self.store.incoming()?;
        let store = Store::at(place.path())?;
        let (old, new) = (ObjectId::from(old), ObjectId::from(new));
        let (wants, haves) = ([new], [old]);
        let filter = Filter::Trees(0);
        let ask = Ask { wants: &wants, haves: &haves, depth: None, filter, otherwise: Otherwise::More };
        match self.server.download(&self.fetcher, &ask, &of_history(&self.limits), &store).await {
            Ok(_) => {}
            Err(UpstreamError::TooLarge { .. } | UpstreamError::Fetch(FetchError::TooLarge { .. })) => {
                return Ok(History { cut: true, ..History::default() });
            }
            Err(error) => return Err(error),
        }
        let walked = tokio::task::spawn_blocking(move || history::walk(&store, old, new, most)).await;
        walked.map_err(|error| UpstreamError::store(place.path(), &error))?
    }

    /// Whether a commit is on a branch or tag of these refs, as they were listed; `head` is the likeliest one's full name.
    /// That is asked for first, and then all others, as far as they are not what the commit itself leads to.
    pub async fn contained(
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
            && self.history(commit, tip, 0).await.is_ok_and(|history| history.ancestor)
        {
            return Contained::In((*name).clone());
        }
        let tips = Tips::of(&refs);
        below_tips(&self.fetcher, &self.server, &tips, commit, &Reach::SinceCommit, &self.limits, &self.store)
            .await
            .unwrap_or_else(|error| Contained::NotChecked(error.to_string()))
    }
}
