//! One run over all of its repositories: each fetched once, each piece of work done once.

use super::ask::Agents;
use super::brief::Brief;
use super::prepare;
use super::sandbox::Cancel;
use super::target::Work;
use super::workspace::Workspace;
use super::{Phase, Progress, Request};
use crate::fetch::Fetcher;
use crate::git::upstream::{Contained, Store, Upstream, contained};
use crate::ids::CommitSha;
use crate::verdict::judge::{judge, unjudged};
use crate::verdict::report::{Found, ReviewReport, Reviewed, Scope};
use futures_util::FutureExt;
use futures_util::future::{BoxFuture, Shared, join, join_all};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use tokio::sync::Semaphore;

/// What was reviewed where nothing could be.
pub(super) fn nothing() -> Reviewed {
    Reviewed {
        entry: None,
        repository: String::new(),
        base: None,
        head: None,
        base_tree: None,
        head_tree: None,
        found: Found::NotChecked("nothing was fetched".to_owned()),
        directory: String::new(),
        scope: Scope::Full,
        files: 0,
        changed_files: 0,
    }
}

/// What is known of a work before anything of it was read.
fn asked_for(work: &Work) -> Reviewed {
    Reviewed {
        repository: if Upstream::parse(&work.repository).is_ok() { work.repository.clone() } else { work.shown() },
        base: work.base.clone(),
        head: Some(work.head.clone()),
        directory: work.directory.clone(),
        scope: if work.base.is_some() { Scope::Differential } else { Scope::Full },
        ..nothing()
    }
}

/// Whence commits are.
type Whence = Arc<BTreeMap<CommitSha, Found>>;

/// What all repositories of a run share.
pub(super) struct Run<'a> {
    pub(super) request: &'a Request,
    pub(super) progress: &'a Progress,
    pub(super) cancel: &'a Cancel,
    pub(super) workspace: Workspace,
    pub(super) fetcher: Fetcher,
    pub(super) agents: Agents<'a>,
    /// As many as targets are looked at at a time.
    pub(super) permits: Semaphore,
}

impl Run<'_> {
    /// Everything that is to be reviewed of one repository, by the positions of the targets.
    pub(super) async fn repository(
        &self,
        number: usize,
        works: Vec<(&Work, Vec<usize>)>,
    ) -> Vec<(usize, ReviewReport)> {
        let fetched = self.fetch(number, &works).await;
        // Asked once for all commits, beside everything else that takes its time.
        let found: Shared<BoxFuture<'_, Whence>> = self.found(number, &works).boxed().shared();
        let reports = works.iter().map(|(work, targets)| async {
            let (work, targets) = (*work, targets.clone());
            let found = found.clone().map(|found| found.get(&work.head).cloned().unwrap_or_else(|| nothing().found));
            let report = match &fetched {
                Ok(store) => self.work(store, work, &targets, found).await,
                Err(reason) => unjudged(asked_for(work), vec![format!("the repository cannot be fetched: {reason}")]),
            };
            self.progress.report(&targets, &Phase::Done);
            targets.into_iter().map(|target| (target, report.clone())).collect::<Vec<_>>()
        });
        join_all(reports).await.into_iter().flatten().collect()
    }

    async fn fetch(&self, number: usize, works: &[(&Work, Vec<usize>)]) -> Result<Arc<Store>, String> {
        let Some((first, _)) = works.first() else { return Err("nobody asked".to_owned()) };
        // Not in the words of the error, which repeat the address: it may hold a password.
        let upstream =
            Upstream::parse(&first.repository).map_err(|error| format!("its address cannot be used: {}", error.why))?;
        if matches!(upstream, Upstream::Local(_)) && works.iter().any(|(_, targets)| self.is_of_entry(targets)) {
            // Whoever writes an entry must not choose among the files of whoever reviews it.
            return Err("an entry cannot name a path".to_owned());
        }
        let _permit = self.permits.acquire().await.map_err(|error| error.to_string())?;
        for (_, targets) in works {
            self.progress.report(targets, &Phase::Fetching);
        }
        let folder = self.workspace.place(&format!("upstream-{number}"));
        let works: Vec<&Work> = works.iter().map(|(work, _)| *work).collect();
        let fetching = prepare::fetch(&self.fetcher, &upstream, &works, &self.request.limits.fetch, &folder);
        tokio::select! {
            store = fetching => store.map(Arc::new),
            () = self.cancel.cancelled() => Err("interrupted".to_owned()),
        }
    }

    /// Whether the commits under review are in their repository's own history.
    async fn found(&self, number: usize, works: &[(&Work, Vec<usize>)]) -> Whence {
        let commits: BTreeSet<CommitSha> = works.iter().map(|(work, _)| work.head.clone()).collect();
        let upstream = works.first().map(|(work, _)| Upstream::parse(&work.repository));
        let Some(Ok(upstream)) = upstream else { return Whence::default() };
        let folder = self.workspace.place(&format!("history-{number}"));
        let asking = contained(&self.fetcher, &upstream, &commits, &self.request.limits.fetch, &folder);
        let found = tokio::select! {
            found = asking => found,
            () = self.cancel.cancelled() => {
                let interrupted = Contained::NotChecked("interrupted".to_owned());
                commits.into_iter().map(|commit| (commit, interrupted.clone())).collect()
            }
        };
        let found = found.into_iter().map(|(commit, found)| match found {
            Contained::In(name) => (commit, Found::On(name)),
            Contained::OnNone => (commit, Found::Nowhere),
            Contained::NotChecked(reason) => (commit, Found::NotChecked(reason)),
        });
        Arc::new(found.collect())
    }

    fn is_of_entry(&self, targets: &[usize]) -> bool {
        targets.iter().filter_map(|target| self.request.targets.get(*target)).any(|target| target.entry.is_some())
    }

    async fn work(
        &self,
        store: &Arc<Store>,
        work: &Work,
        targets: &[usize],
        found: impl Future<Output = Found>,
    ) -> ReviewReport {
        let failed = |reason: String| unjudged(asked_for(work), vec![reason]);
        let Ok(_permit) = self.permits.acquire().await else { return failed("interrupted".to_owned()) };
        if self.cancel.is_cancelled() {
            return failed("interrupted".to_owned());
        }
        self.progress.report(targets, &Phase::Exporting);
        let exported = {
            let (store, work, limits) = (store.clone(), work.clone(), self.request.limits.clone());
            tokio::task::spawn_blocking(move || prepare::brief(&store, &work, &limits)).await
        };
        let brief = match exported {
            Ok(Ok(brief)) => Arc::new(brief),
            Ok(Err(reason)) => return failed(reason),
            Err(error) => return failed(format!("the export broke off: {error}")),
        };
        let asking = |agent: &str| self.progress.report(targets, &Phase::Asking(agent.to_owned()));
        let (runs, found) = join(self.agents.ask(&brief, self.cancel, &asking), found).await;
        let reviewed = Reviewed { found, ..reviewed(work, &brief) };
        let judged = tokio::task::spawn_blocking(move || judge(reviewed, &brief.material(), runs)).await;
        judged.unwrap_or_else(|error| failed(format!("the judgement broke off: {error}")))
    }
}

/// What was reviewed. A base that is named beside a full scope is one that could not be had any more.
fn reviewed(work: &Work, brief: &Brief) -> Reviewed {
    let files = brief.head.files.len();
    Reviewed {
        base_tree: brief.base.as_ref().map(|base| base.tree.clone()),
        head_tree: Some(brief.head.tree.clone()),
        scope: brief.scope(),
        files,
        changed_files: if brief.base.is_some() { brief.changes.len() } else { files },
        ..asked_for(work)
    }
}
