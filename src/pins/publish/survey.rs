//! What GitHub has, and what follows from it: reads only.

use super::body::{self, Text};
use super::error::PublishError;
use super::name::{self, PREFIX, Step};
use super::reconcile::{Missing, Remote, Todo, Wanted, reconcile};
use super::{Plan, PublishRequest, Registry};
use crate::github::registry::{PullRequest, RegistryError};
use crate::ids::CommitSha;
use crate::pins::plan::Decision;
use crate::pins::reason::Reason;
use futures_util::stream::{self, StreamExt as _};
use std::collections::{BTreeMap, BTreeSet};

/// Entries that are looked at at the same time. The adapter bounds the requests.
const AT_ONCE: usize = 8;

/// The branch that pull requests go to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Base {
    pub(super) name: String,
    /// Its commit when the run began.
    pub(super) commit: CommitSha,
    /// The tree of that commit.
    pub(super) tree: String,
}

/// Everything that is known of an entry before anything is done.
#[derive(Debug)]
pub(super) struct Known {
    pub(super) entry: String,
    /// Its place in the plan; none when the entry is gone.
    pub(super) decision: Option<usize>,
    pub(super) wanted: Wanted,
    /// Title and text of its pull request, if it is to have one.
    pub(super) text: Option<Text>,
    pub(super) remote: Remote,
    /// What is to be done, if that could be found out.
    pub(super) todo: Result<Todo, RegistryError>,
}

/// Of every entry that may have something to be done.
#[derive(Debug)]
pub(super) struct Survey {
    pub(super) base: Base,
    pub(super) known: Vec<Known>,
}

/// Why there is none.
#[derive(Debug)]
pub(super) enum Stopped {
    Limited(RegistryError),
    Failed(PublishError),
}

impl From<RegistryError> for Stopped {
    fn from(error: RegistryError) -> Self {
        match error {
            error if error.is_limit() => Self::Limited(error),
            RegistryError::Denied { status, message } => {
                Self::Failed(PublishError::Denied { doing: "show branches and pull requests", status, message })
            }
            error => Self::Failed(PublishError::Unknown(error)),
        }
    }
}

impl Survey {
    pub(super) async fn take(registry: &Registry, plan: &Plan, request: &PublishRequest) -> Result<Self, Stopped> {
        let base = base(registry, request.base.as_deref()).await?;
        // Branches first: a pull request that is opened in between has its branch in the list, or is found when it cannot be
        // opened again.
        let mut branches = registry.branches(PREFIX).await?;
        let mut open: BTreeMap<String, Vec<PullRequest>> = BTreeMap::new();
        for pull in registry.open_pulls(PREFIX).await? {
            open.entry(pull.branch.clone()).or_default().push(pull);
        }
        let mut known = Vec::new();
        let mut seen = BTreeSet::new();
        for (index, decision) in plan.decisions.iter().enumerate() {
            let unsafe_name = !name::is_safe(&decision.entry);
            let branch = name::branch(&decision.entry);
            let remote = Remote {
                branch: branches.remove(&branch),
                open: pick(open.remove(&branch).unwrap_or_default(), &base.name),
                ..Remote::default()
            };
            let (wanted, text) = wanted(decision);
            let todo = match problem(decision, unsafe_name || !seen.insert(&decision.entry)) {
                Some(problem) => Ok(Todo::Leave(Some(Reason::InvalidEntry), Some(problem.to_owned()), None)),
                None if unsafe_name => continue,
                None => Ok(Todo::Leave(None, None, None)),
            };
            known.push(Known { entry: decision.entry.clone(), decision: Some(index), wanted, text, remote, todo });
        }
        // Without a single entry it is likelier that the plan is wrong than that the registry is empty.
        if plan.complete && !plan.decisions.is_empty() {
            let left: BTreeSet<String> = branches.keys().chain(open.keys()).cloned().collect();
            for branch in left {
                let Some(entry) = name::entry(&branch) else { continue };
                let open = pick(open.remove(&branch).unwrap_or_default(), &base.name);
                known.push(Known {
                    entry: entry.to_owned(),
                    decision: None,
                    wanted: Wanted::Close,
                    text: None,
                    remote: Remote { branch: branches.remove(&branch), open, ..Remote::default() },
                    todo: Ok(Todo::Leave(None, None, None)),
                });
            }
        }
        let base_name = &base.name;
        let known = stream::iter(known)
            .map(|mut known| async move {
                if known.todo == Ok(Todo::Leave(None, None, None)) {
                    known.todo = find(registry, &known.entry, &known.wanted, &mut known.remote, base_name).await;
                }
                known
            })
            .buffered(AT_ONCE)
            .collect()
            .await;
        Ok(Self { base, known })
    }
}

/// What is to be done for an entry; asks what is missing for that, and keeps it.
pub(super) async fn find(
    registry: &Registry,
    entry: &str,
    wanted: &Wanted,
    remote: &mut Remote,
    base: &str,
) -> Result<Todo, RegistryError> {
    loop {
        match reconcile(entry, wanted, remote, base) {
            Ok(todo) => return Ok(todo),
            Err(Missing::Closed) => remote.closed = Some(registry.pulls_of(&name::branch(entry), false).await?),
            Err(Missing::Made(commit)) => {
                let made = made(registry, entry, &commit).await?;
                remote.made.insert(commit, made);
            }
        }
    }
}

/// What GitHub has of one entry now.
pub(super) async fn read_again(registry: &Registry, entry: &str, base: &str) -> Result<Remote, RegistryError> {
    let name = name::branch(entry);
    let open = pick(registry.pulls_of(&name, true).await?, base);
    Ok(Remote { branch: registry.branch(&name).await?, open, ..Remote::default() })
}

/// Of several pull requests of one branch that to the base, which can only be one.
fn pick(pulls: Vec<PullRequest>, base: &str) -> Option<PullRequest> {
    let mut pulls = pulls;
    let index = pulls.iter().position(|pull| pull.base == base).unwrap_or(0);
    (index < pulls.len()).then(|| pulls.swap_remove(index))
}

/// The step of a commit, if this program made it: its message says which, and nobody changed it since. What it changes is
/// looked at before a pull request is made of it.
async fn made(registry: &Registry, entry: &str, commit: &CommitSha) -> Result<Option<Step>, RegistryError> {
    let Some(commit) = registry.commit(commit).await? else { return Ok(None) };
    // Who amends a commit is its committer then. GitHub itself is that of commits that it signs.
    let unchanged = commit.committer == commit.author || commit.committer.email == "noreply@github.com";
    Ok(name::step(entry, &commit.message).filter(|_| unchanged && commit.parents.len() == 1))
}

async fn base(registry: &Registry, name: Option<&str>) -> Result<Base, Stopped> {
    let home = match registry.open().await {
        Err(RegistryError::Missing(_)) => return Err(Stopped::Failed(PublishError::NoRepository(registry.name()))),
        home => home?,
    };
    let name = name.unwrap_or(&home.default_branch).to_owned();
    let none = || PublishError::NoBase { repository: registry.name(), branch: name.clone() };
    let commit = match registry.branch(&name).await {
        Ok(Some(commit)) => commit,
        Ok(None) | Err(RegistryError::Missing(_)) => return Err(Stopped::Failed(none())),
        Err(error) => return Err(error.into()),
    };
    let object = registry.commit(&commit).await?;
    let object = object.ok_or(RegistryError::Unexpected("a branch without its commit"))?;
    Ok(Base { name, commit, tree: object.tree })
}

/// What a decision asks for.
fn wanted(decision: &Decision) -> (Wanted, Option<Text>) {
    match (&decision.old, &decision.new) {
        (Some(old), Some(new)) if decision.reason.moves() => {
            let step = Step { old: old.clone(), new: new.clone() };
            let text = body::text(decision, &step);
            (Wanted::Move { step, text: text.digest() }, Some(text))
        }
        _ if decision.reason.closes() => (Wanted::Close, None),
        _ => (Wanted::Nothing, None),
    }
}

/// What keeps a pin that is to move from being published at all.
fn problem(decision: &Decision, bad_name: bool) -> Option<&'static str> {
    if !decision.reason.moves() {
        None
    } else if bad_name {
        Some("its name cannot be part of a branch's name, or is in the plan twice")
    } else if !name::is_path(&decision.path, &decision.entry) {
        Some("the plan names a file that is not the entry's")
    } else if decision.old.is_none() || decision.new.is_none() {
        Some("the plan does not say from which commit to which")
    } else {
        None
    }
}
