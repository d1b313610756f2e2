//! One run over all of its repositories: each fetched once, each piece of work done once.

use super::ask::{Agents, Asking};
use super::brief::Brief;
use super::prepare;
use super::reach;
use super::sandbox::Cancel;
use super::target::Work;
use super::workspace::Workspace;
use super::{Phase, Progress, Request};
use crate::fetch::Fetcher;
use crate::git::upstream::{Between, Commit, Contained, Pair, Store, Upstream, between, contained};
use crate::ids::CommitSha;
use crate::verdict::judge::{judge, unjudged};
use crate::verdict::report::{Found, History, NewCommit, NewCommits, ReviewReport, Reviewed, Scope};
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
        history: None,
        directory: String::new(),
        scope: Scope::Full,
        files: 0,
        changed_files: 0,
        changes: Vec::new(),
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

/// Where each commit was found, and what lies between those of each pair.
#[derive(Debug, Default)]
struct Origin {
    found: BTreeMap<CommitSha, Found>,
    history: BTreeMap<Pair, History>,
}

fn pair(work: &Work) -> Option<Pair> {
    Some((work.base.clone()?, work.head.clone()))
}

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
        let origin: Shared<BoxFuture<'_, Arc<Origin>>> = self.origin(number, &works).boxed().shared();
        let reports = works.iter().map(|(work, targets)| async {
            let (work, targets) = (*work, targets.clone());
            let origin = origin.clone().map(|origin| {
                let found = origin.found.get(&work.head).cloned().unwrap_or_else(|| nothing().found);
                (found, pair(work).and_then(|pair| origin.history.get(&pair).cloned()))
            });
            let report = match &fetched {
                Ok(store) => self.work(store, work, &targets, origin).await,
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
            why = self.cancel.cancelled() => Err(why.as_str().to_owned()),
        }
    }

    /// Whether the commits under review are in their repository's own history, and what lies between them and their bases.
    async fn origin(&self, number: usize, works: &[(&Work, Vec<usize>)]) -> Arc<Origin> {
        let upstream = works.first().map(|(work, _)| Upstream::parse(&work.repository));
        let Some(Ok(upstream)) = upstream else { return Arc::default() };
        let commits: BTreeSet<CommitSha> = works.iter().map(|(work, _)| work.head.clone()).collect();
        let branches: BTreeSet<String> = works.iter().filter_map(|(work, _)| work.branch.clone()).collect();
        let pairs: BTreeSet<Pair> = works.iter().filter_map(|(work, _)| pair(work)).collect();
        let limits = &self.request.limits.fetch;
        let place = |what: &str| self.workspace.place(&format!("{what}-{number}"));
        let (history, commits_of) = (place("history"), place("commits"));
        let found = contained(&self.fetcher, &upstream, &commits, &branches, limits, &history);
        let between = between(&self.fetcher, &upstream, &pairs, NewCommits::MOST, limits, &commits_of);
        let (found, between) = tokio::select! {
            asked = join(found, between) => asked,
            _ = self.cancel.cancelled() => return Arc::default(),
        };
        let found = found.into_iter().map(|(commit, found)| match found {
            Contained::In(name) => (commit, Found::On(name)),
            Contained::OnNone => (commit, Found::Nowhere),
            Contained::NotChecked(reason) => (commit, Found::NotChecked(reason)),
        });
        let history = between.into_iter().map(|(pair, between)| match between {
            Between::Known(known) => {
                let new = known.commits.into_iter().map(|(id, commit)| new_commit(id, commit)).collect();
                let (ancestor, total, more) = (known.ancestor, known.total, known.cut);
                (pair, History::Known(NewCommits { ancestor, total, more, commits: new }))
            }
            Between::Gone => (pair, History::Gone),
            Between::NotChecked(reason) => (pair, History::NotChecked(reason)),
        });
        Arc::new(Origin { found: found.collect(), history: history.collect() })
    }

    fn is_of_entry(&self, targets: &[usize]) -> bool {
        targets.iter().filter_map(|target| self.request.targets.get(*target)).any(|target| target.entry.is_some())
    }

    async fn work(
        &self,
        store: &Arc<Store>,
        work: &Work,
        targets: &[usize],
        origin: impl Future<Output = (Found, Option<History>)>,
    ) -> ReviewReport {
        let failed = |reason: String| unjudged(asked_for(work), vec![reason]);
        let _permit = match self.permits.acquire().await {
            Ok(permit) => permit,
            Err(error) => return failed(error.to_string()),
        };
        if let Some(why) = self.cancel.stopped() {
            return failed(why.as_str().to_owned());
        }
        self.progress.report(targets, &Phase::Exporting);
        let exporting = {
            let (store, work, limits) = (store.clone(), work.clone(), self.request.limits.clone());
            tokio::task::spawn_blocking(move || prepare::brief(&store, &work, &limits))
        };
        // Nobody waits for a thread that cannot be ended.
        let exported = tokio::select! {
            exported = exporting => exported,
            why = self.cancel.cancelled() => return failed(why.as_str().to_owned()),
        };
        let brief = match exported {
            Ok(Ok(brief)) => Arc::new(brief),
            Ok(Err(reason)) => return failed(reason),
            Err(error) => return failed(format!("the export broke off: {error}")),
        };
        let asking: Asking = {
            let (progress, targets) = (self.progress.clone(), targets.to_vec());
            Arc::new(move |phase| progress.report(&targets, &phase))
        };
        let (runs, (found, history)) = join(self.agents.ask(&brief, self.cancel, &asking), origin).await;
        let reviewed = Reviewed { found, history, ..reviewed(work, &brief) };
        let judged = tokio::task::spawn_blocking(move || judge(reviewed, &brief.material(), runs)).await;
        judged.unwrap_or_else(|error| failed(format!("the judgement broke off: {error}")))
    }
}

fn new_commit(id: CommitSha, commit: Commit) -> NewCommit {
    let date = commit.authored.map(|date| date.to_rfc3339_opts(chrono::SecondsFormat::Secs, true));
    NewCommit { commit: id, author: commit.author, date, subject: commit.subject, signed: commit.signed }
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
        changes: reach::changes(&brief.material()),
        ..asked_for(work)
    }
}
