//! What GitHub has, and what follows from it: reads only.

use super::body::{self, Text};
use super::error::PublishError;
use super::name::{self, PREFIX, Step};
use super::reconcile::{Left, Missing, Place, Remote, Todo, Wanted, reconcile};
use super::{Plan, PublishRequest, Registry};
use crate::github::GithubError;
use crate::github::registry::{Account, PullRequest};
use crate::pins::plan::Decision;
use crate::pins::reason::Reason;
use crate::pins::rewrite::set_pin;
use crate::sync::head::{Base, Heads, Shape};
use futures_util::stream::{self, StreamExt as _};
use std::collections::{BTreeMap, BTreeSet};

/// Entries that are looked at at the same time. The adapter bounds the requests.
const AT_ONCE: usize = 8;

/// Branches of no entry that one night looks at. Those of entries that are gone are few; everybody who may push can make more.
const MAX_GONE: usize = 200;

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
    pub(super) todo: Result<Todo, GithubError>,
}

/// Of every entry that may have something to be done.
#[derive(Debug)]
pub(super) struct Survey {
    pub(super) base: Base,
    pub(super) account: Account,
    pub(super) known: Vec<Known>,
    /// How many branches of no entry were not looked at.
    pub(super) over: usize,
}

/// Why there is none.
#[derive(Debug)]
pub(super) enum Stopped {
    Limited(GithubError),
    Failed(PublishError),
}

impl From<GithubError> for Stopped {
    fn from(error: GithubError) -> Self {
        match error {
            error if error.is_limit() => Self::Limited(error),
            GithubError::Denied { status, message } => {
                Self::Failed(PublishError::Denied { doing: "show branches and pull requests", status, message })
            }
            error => Self::Failed(PublishError::Unknown(error)),
        }
    }
}

impl Survey {
    pub(super) async fn take(registry: &Registry, plan: &Plan, request: &PublishRequest) -> Result<Self, Stopped> {
        let base = base(registry, request.base.as_deref()).await?;
        let account = registry.account().await?.clone();
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
                Some(problem) => Ok(Todo::because(Reason::InvalidEntry, problem.to_owned(), None)),
                None if unsafe_name => continue,
                None => Ok(Todo::Leave(Left::default())),
            };
            known.push(Known { entry: decision.entry.clone(), decision: Some(index), wanted, text, remote, todo });
        }
        let mut over = 0;
        // Without a single entry it is likelier that the plan is wrong than that the registry is empty.
        if plan.complete && !plan.decisions.is_empty() {
            let left: BTreeSet<String> = branches.keys().chain(open.keys()).cloned().collect();
            let mut left: Vec<String> = left.into_iter().filter(|branch| name::entry(branch).is_some()).collect();
            // What we opened is looked at first: there is something to close.
            let ours =
                |branch: &String| open.get(branch).is_some_and(|all| all.iter().any(|it| it.author.id == account.id));
            left.sort_by_key(|branch| !ours(branch));
            over = left.len().saturating_sub(MAX_GONE);
            for branch in left.into_iter().take(MAX_GONE) {
                let Some(entry) = name::entry(&branch) else { continue };
                let open = pick(open.remove(&branch).unwrap_or_default(), &base.name);
                known.push(Known {
                    entry: entry.to_owned(),
                    decision: None,
                    wanted: Wanted::Close,
                    text: None,
                    remote: Remote { branch: branches.remove(&branch), open, ..Remote::default() },
                    todo: Ok(Todo::Leave(Left::default())),
                });
            }
        }
        let finder = Finder::new(registry, &base, &account);
        let finder = &finder;
        let known = stream::iter(known)
            .map(|mut known| async move {
                if known.todo == Ok(Todo::Leave(Left::default())) {
                    known.todo = finder.find(&known.entry, &known.wanted, &mut known.remote).await;
                }
                known
            })
            .buffered(AT_ONCE)
            .collect()
            .await;
        Ok(Self { base, account, known, over })
    }
}

/// Finds out what is to be done for entries.
#[derive(Debug)]
pub(super) struct Finder<'a> {
    registry: &'a Registry,
    place: Place<'a>,
    heads: Heads<'a>,
}

impl<'a> Finder<'a> {
    pub(super) fn new(registry: &'a Registry, base: &'a Base, account: &'a Account) -> Self {
        Self { registry, place: Place { base: &base.name, account }, heads: Heads::new(registry, base) }
    }

    /// What is to be done for an entry; asks what is missing for that, and keeps it.
    pub(super) async fn find(&self, entry: &str, wanted: &Wanted, remote: &mut Remote) -> Result<Todo, GithubError> {
        loop {
            match reconcile(entry, wanted, remote, self.place) {
                Ok(todo) => return Ok(todo),
                Err(Missing::Closed) => {
                    remote.closed = Some(self.registry.pulls_of(&name::branch(entry), false).await?);
                }
                Err(Missing::Made(commit)) => {
                    let made = self.heads.look(&commit, &PinCommit(entry)).await?;
                    remote.made.insert(commit, made);
                }
            }
        }
    }

    /// What GitHub has of one entry now.
    pub(super) async fn read_again(&self, entry: &str) -> Result<Remote, GithubError> {
        let name = name::branch(entry);
        let open = pick(self.registry.pulls_of(&name, true).await?, self.place.base);
        Ok(Remote { branch: self.registry.branch(&name).await?, open, ..Remote::default() })
    }
}

/// The commits that this program makes for an entry.
pub(super) struct PinCommit<'a>(pub(super) &'a str);

impl Shape for PinCommit<'_> {
    type Step = Step;

    fn path(&self) -> String {
        name::path(self.0)
    }

    fn step(&self, message: &str) -> Option<Step> {
        name::step(self.0, message)
    }

    fn rewrite(&self, step: &Step, text: &str) -> Option<String> {
        let rewrite = set_pin(text, &step.new).ok()?;
        rewrite.text.filter(|_| rewrite.old.as_deref() == Some(step.old.as_str()))
    }
}

/// Of several pull requests of one branch that to the base, which can only be one.
fn pick(pulls: Vec<PullRequest>, base: &str) -> Option<PullRequest> {
    let mut pulls = pulls;
    let index = pulls.iter().position(|pull| pull.base == base).unwrap_or(0);
    (index < pulls.len()).then(|| pulls.swap_remove(index))
}

async fn base(registry: &Registry, name: Option<&str>) -> Result<Base, Stopped> {
    let home = match registry.open().await {
        Err(GithubError::Missing(_)) => return Err(Stopped::Failed(PublishError::NoRepository(registry.name()))),
        home => home?,
    };
    let name = name.unwrap_or(&home.default_branch).to_owned();
    let none = || PublishError::NoBase { repository: registry.name(), branch: name.clone() };
    let commit = match registry.branch(&name).await {
        Ok(Some(commit)) => commit,
        Ok(None) | Err(GithubError::Missing(_)) => return Err(Stopped::Failed(none())),
        Err(error) => return Err(error.into()),
    };
    let object = registry.commit(&commit).await?;
    let object = object.ok_or(GithubError::Unexpected("a branch without its commit"))?;
    Ok(Base { name, commit, tree: object.tree })
}

/// What a decision asks for.
fn wanted(decision: &Decision) -> (Wanted, Option<Text>) {
    match (&decision.old, &decision.new) {
        (Some(old), Some(new)) if decision.reason.moves() => {
            let step = Step { old: old.clone(), new: new.clone() };
            let text = body::text(decision, &step);
            (Wanted::Move { step, text: text.digest(), flag: name::flag(decision) }, Some(text))
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
