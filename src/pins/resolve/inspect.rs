//! All questions about one repository: what they share is asked once.

use super::changed::Changed;
use super::place::{self, Place, parts};
use super::{Resolver, license, locked, trouble};
use crate::fetch::host_of;
use crate::git::upstream::{Commit, Filter, History, Mode, ObjectId, Pair, Session, Store, StoreReader};
use crate::git::{Contained, UpstreamError};
use crate::ids::CommitSha;
use crate::pins::facts::{Change, CommitLine, Files, License, MAX_COMMITS, MAX_TEXT, Move, Refs, Trouble};
use crate::text::cut;
use futures_util::future::join_all;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use url::Url;

/// One repository, and what is asked about it.
pub(super) struct Inspection<'a> {
    pub(super) resolver: &'a Resolver,
    pub(super) upstream: &'a Url,
    pub(super) refs: &'a Refs,
    pub(super) moves: &'a [Move],
}

/// What is at both ends of a move; none at a pin that upstream does not have any more.
#[derive(Debug, Clone)]
struct Ends {
    old: Option<Place>,
    new: Place,
}

impl Ends {
    /// Whether what is built is another thing.
    fn differ(&self) -> bool {
        let old = self.old.as_ref().and_then(|old| old.tree);
        old.is_none() || old != self.new.tree
    }
}

/// What was asked for after the ends were known, by what it was asked with.
#[derive(Debug, Default)]
struct Asked {
    histories: BTreeMap<Pair, History>,
    contained: BTreeMap<CommitSha, Option<bool>>,
}

impl Inspection<'_> {
    /// One answer for each move.
    pub(super) async fn run(&self) -> Vec<Result<Change, Trouble>> {
        let all = |trouble: Trouble| self.moves.iter().map(|_| Err(trouble.clone())).collect();
        let folder = &self.resolver.folder;
        let place = std::fs::create_dir_all(folder)
            .and_then(|()| tempfile::Builder::new().prefix("upstream-").tempdir_in(folder));
        let place = match place {
            Ok(place) => place,
            Err(error) => {
                // Without the path, which is another one every night.
                return all(Trouble::Unreachable(format!("there is no room for what comes: {}", error.kind())));
            }
        };
        match self.answers(place.path()).await {
            Ok(answers) => answers,
            Err(error) => all(trouble(&error)),
        }
    }

    async fn answers(&self, folder: &std::path::Path) -> Result<Vec<Result<Change, Trouble>>, UpstreamError> {
        let Resolver { fetcher, limits, .. } = self.resolver;
        let session = self.ask(Session::open(fetcher, self.upstream, limits, folder)).await?;
        let (gone, came) = self.commits(&session).await?;
        let ends = {
            let (moves, gone) = (self.moves.to_vec(), gone.clone());
            self.read(&session, move |store| {
                let reader = store.reader()?;
                let look = |step: &Move, commit| {
                    place::look(&reader, commit, &step.directory, step.dockerfile.as_deref())
                        .map_err(Trouble::Unreachable)
                };
                let ends = moves.iter().map(|step| {
                    if gone.contains(&step.new) {
                        return Err(Trouble::Unreachable(format!("it has no commit {}", step.new)));
                    }
                    let old = if gone.contains(&step.old) { None } else { Some(look(step, &step.old)?) };
                    Ok(Ends { old, new: look(step, &step.new)? })
                });
                Ok(ends.collect::<Vec<_>>())
            })
            .await?
        };
        let (objects, asked) = tokio::join!(self.objects(&session, &ends, came), self.about_commits(&session, &ends));
        let (objects, asked) = (objects.map_err(|error| trouble(&error)), asked?);
        let moves = self.moves.to_vec();
        self.read(&session, move |store| {
            let reader = store.reader()?;
            let answers = moves.iter().zip(ends).map(|(step, ends)| {
                let ends = ends?;
                if ends.differ() {
                    objects.clone()?;
                }
                answer(&reader, step, &ends, &asked)
            });
            Ok(answers.collect())
        })
        .await
    }

    /// Asks the host, when it is its turn.
    async fn ask<T>(&self, ask: impl Future<Output = Result<T, UpstreamError>>) -> Result<T, UpstreamError> {
        self.resolver.ask(&host_of(self.upstream), ask).await
    }

    /// Reads what came, on a thread that may take its time.
    async fn read<T: Send + 'static>(
        &self,
        session: &Session,
        read: impl FnOnce(&Store) -> Result<T, UpstreamError> + Send + 'static,
    ) -> Result<T, UpstreamError> {
        let store: Arc<Store> = session.store().clone();
        let result = tokio::task::spawn_blocking(move || read(&store)).await;
        result.map_err(|error| UpstreamError::NotGit { host: host_of(self.upstream), what: stopped(&error) })?
    }

    /// Fetches both ends of all moves; those that are not there, and what was left out of the others.
    async fn commits(&self, session: &Session) -> Result<(BTreeSet<CommitSha>, Filter), UpstreamError> {
        let host = host_of(self.upstream);
        let mut filter = self.filter();
        if locked(&self.resolver.no_depth).contains(&host) {
            filter = Filter::Files;
        }
        let mut wanted: BTreeSet<CommitSha> =
            self.moves.iter().flat_map(|step| [step.old.clone(), step.new.clone()]).collect();
        let mut gone = BTreeSet::new();
        // Servers name one that is not there at a time.
        while !wanted.is_empty() {
            let list: Vec<_> = wanted.iter().cloned().collect();
            match self.ask(session.commits(&list, filter)).await {
                Ok(came) => {
                    if came != filter && matches!(filter, Filter::Trees(_)) {
                        locked(&self.resolver.no_depth).insert(host);
                    }
                    return Ok((gone, came));
                }
                Err(UpstreamError::NoCommit { commit, .. }) if wanted.remove(&commit) => drop(gone.insert(commit)),
                Err(error) => return Err(error),
            }
        }
        Ok((gone, filter))
    }

    /// What to leave out at first. Where every directory is below the top, and most nights most of them are the same, only
    /// the folders on the way to them, to compare their ids, and to look for the Dockerfile.
    fn filter(&self) -> Filter {
        let depth = |step: &Move| {
            let directory = parts(&step.directory).len();
            let file = step.dockerfile.as_deref().map_or(1, |file| parts(file).len().max(1));
            (directory > 0).then(|| u32::try_from(directory + file).ok()).flatten()
        };
        let depths: Option<Vec<u32>> = self.moves.iter().map(depth).collect();
        depths.and_then(|depths| depths.into_iter().max()).map_or(Filter::Files, Filter::Trees)
    }

    /// Fetches the folders that are not the same, if they have not come, and the licences.
    async fn objects(
        &self,
        session: &Session,
        ends: &[Result<Ends, Trouble>],
        came: Filter,
    ) -> Result<(), UpstreamError> {
        let (mut folders, mut files) = (BTreeSet::new(), BTreeSet::new());
        for Ends { old, new } in ends.iter().flatten().filter(|ends| ends.differ()) {
            let Some(old) = old else { continue };
            files.extend(license::needed(&old.licenses, &new.licenses));
            let ci = |place: &Place| -> BTreeSet<ObjectId> { place.ci.iter().map(|entry| entry.id).collect() };
            let is_folder = |place: &Place, id: &ObjectId| {
                place.ci.iter().any(|entry| entry.id == *id && entry.mode == Mode::Folder)
            };
            let (old_ci, new_ci) = (ci(old), ci(new));
            folders.extend(old_ci.difference(&new_ci).filter(|id| is_folder(old, id)));
            folders.extend(new_ci.difference(&old_ci).filter(|id| is_folder(new, id)));
            if let Some(tree) = new.tree {
                folders.extend(old.tree.iter().chain([&tree]));
            }
        }
        if !matches!(came, Filter::Trees(_)) {
            folders.clear();
        }
        if came == Filter::None {
            files.clear();
        }
        let (folders, files): (Vec<_>, Vec<_>) = (folders.into_iter().collect(), files.into_iter().collect());
        tokio::try_join!(
            self.ask_if(&folders, session.objects(&folders, Filter::Files)),
            self.ask_if(&files, session.objects(&files, Filter::None)),
        )?;
        Ok(())
    }

    async fn ask_if(
        &self,
        ids: &[ObjectId],
        ask: impl Future<Output = Result<(), UpstreamError>>,
    ) -> Result<(), UpstreamError> {
        if ids.is_empty() { Ok(()) } else { self.ask(ask).await }
    }

    /// Asks what is new since each pin, and where commits are that are no tips.
    async fn about_commits(&self, session: &Session, ends: &[Result<Ends, Trouble>]) -> Result<Asked, UpstreamError> {
        let known = || self.moves.iter().zip(ends).filter_map(|(step, ends)| Some((step, ends.as_ref().ok()?)));
        let pairs: BTreeSet<Pair> = known()
            .filter(|(_, ends)| ends.old.is_some())
            .map(|(step, _)| (step.old.clone(), step.new.clone()))
            .collect();
        let histories = async {
            if pairs.is_empty() { Ok(BTreeMap::new()) } else { self.ask(session.histories(&pairs, MAX_COMMITS)).await }
        };
        let looked_for: BTreeSet<_> =
            known().filter(|(step, _)| step.look_for).map(|(step, _)| step.new.clone()).collect();
        let contained = looked_for.into_iter().map(|commit| async move {
            let head = self.refs.head.as_deref();
            let found = self.ask(async { Ok(session.contained(&commit, &self.refs.commits, head).await) }).await;
            let found = match found {
                Ok(Contained::In(_)) => Some(true),
                Ok(Contained::OnNone) => Some(false),
                Ok(Contained::NotChecked(_)) | Err(_) => None,
            };
            (commit, found)
        });
        let (histories, contained) = tokio::join!(histories, join_all(contained));
        Ok(Asked { histories: histories?, contained: contained.into_iter().collect() })
    }
}

/// A thread of ours ended without an answer.
fn stopped(error: &tokio::task::JoinError) -> &'static str {
    if error.is_cancelled() { "reading it was stopped" } else { "what it sent could not be read" }
}

/// Puts the answer to one question together.
fn answer(reader: &StoreReader<'_>, step: &Move, ends: &Ends, asked: &Asked) -> Result<Change, Trouble> {
    let Ends { old, new } = ends;
    let mut change = Change {
        pin_known: old.is_some(),
        contained: asked.contained.get(&step.new).copied().flatten(),
        directory: new.tree.is_some(),
        dockerfile: step.dockerfile.as_ref().map(|_| new.dockerfile),
        old_tree: old.as_ref().and_then(|old| old.tree).map(|tree| tree.to_string()),
        new_tree: new.tree.map(|tree| tree.to_string()),
        ..Change::default()
    };
    let history = asked.histories.get(&(step.old.clone(), step.new.clone()));
    if let Some(History { ancestor, total, cut, .. }) = history {
        (change.ancestor, change.commits_total, change.commits_cut) = (*ancestor, *total, *cut);
    }
    if !ends.differ() {
        return Ok(change);
    }
    let Some(old) = old else {
        // What is new since a commit that nobody has any more, nobody can say.
        change.commits_cut = true;
        change.files = Files { cut: true, ..Files::default() };
        let path = new.licenses.first().map_or_else(|| "LICENSE".to_owned(), |file| file.path.clone());
        change.license = License::Unknown(path);
        return Ok(change);
    };
    change.commits = history.into_iter().flat_map(|history| &history.commits).map(line).collect();
    change.license = license::compare(reader, &old.licenses, &new.licenses);
    let directory = parts(&step.directory).join("/");
    let dockerfile = step.dockerfile.as_deref().map(|file| {
        let parts: Vec<_> = parts(&directory).into_iter().chain(parts(file)).collect();
        parts.join("/")
    });
    let mut changed = Changed::new(reader, dockerfile);
    if new.tree.is_some() {
        changed.directory(&directory, old.tree, new.tree);
    }
    changed.ci(&old.ci, &new.ci);
    change.files = changed.done();
    Ok(change)
}

fn line((id, commit): &(CommitSha, Commit)) -> CommitLine {
    CommitLine {
        id: id.clone(),
        author: cut(&commit.author, MAX_TEXT).into_owned(),
        date: commit.authored,
        subject: cut(&commit.subject, MAX_TEXT).into_owned(),
        signed: commit.signed,
    }
}
