//! From what is wanted and what GitHub has to what is to be done. Pure.

use super::block::Block;
use super::name::Step;
use crate::github::registry::{Account, PullRequest};
use crate::ids::CommitSha;
use crate::pins::plan::{Action, Pull};
use crate::pins::reason::Reason;
use crate::sync::block::{self, Found};
use crate::sync::head::Head;
use std::collections::BTreeMap;

/// Closed pull requests, the newest first, whose text says nothing and whose commits are asked for.
const MAX_WITHOUT_BLOCK: usize = 10;

/// What is wanted of an entry's pull request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Wanted {
    /// That there is one, for this step, with a title and text of this digest.
    Move {
        step: Step,
        /// See [`Block::text`].
        text: String,
        /// What its title must say, whatever people make of the rest of it: why no machine may merge it.
        flag: &'static str,
    },
    /// That there is none.
    Close,
    Nothing,
}

/// What GitHub has of an entry.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct Remote {
    /// The commit of our branch, if there is one.
    pub(super) branch: Option<CommitSha>,
    /// The open pull request of our branch.
    pub(super) open: Option<PullRequest>,
    /// The closed ones, the newest first, once they were asked for.
    pub(super) closed: Option<Vec<PullRequest>>,
    /// What commits are, if they are such as we make, once that was asked for.
    pub(super) made: BTreeMap<CommitSha, Option<Head<Step>>>,
}

/// What is the same for all entries.
#[derive(Debug, Clone, Copy)]
pub(super) struct Place<'a> {
    /// The branch that pull requests go to.
    pub(super) base: &'a str,
    pub(super) account: &'a Account,
}

/// What has to be asked before it can be said what is to be done.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Missing {
    /// The closed pull requests of our branch.
    Closed,
    /// What this commit, of our branch or of a pull request from it, is.
    Made(CommitSha),
}

/// What is to be done.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Todo {
    Leave(Left),
    /// Open a pull request from this branch.
    Open(Branch),
    /// Give the open one a new commit, or the same pin another title and text.
    Update(Push),
    /// Say in the open one that it is of others, too.
    Disown,
    /// Close the open one and remove its branch.
    Close,
    RemoveBranch,
}

#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct Left {
    /// The reason, if the entry's own does not stand.
    pub(super) reason: Option<Reason>,
    /// Why, in words, if the entry's own do not stand.
    pub(super) why: Option<String>,
    /// The pull request that this is about.
    pub(super) pull: Option<Pull>,
}

/// How the branch of a new pull request comes to be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Branch {
    Create,
    /// It is there, with the very commit.
    Keep,
    /// It is there with another commit of ours, this one, and is moved.
    Replace(CommitSha),
}

/// What becomes of the branch of an open pull request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Push {
    /// Nothing: only title and text change.
    TextOnly,
    NewCommit {
        /// None where the branch is gone.
        in_place_of: Option<CommitSha>,
    },
}

impl Todo {
    /// Nothing is done, and the entry's own reason stands.
    fn leave(pull: Option<&PullRequest>) -> Self {
        Self::Leave(Left { pull: pull.map(|pull| shown(pull, Action::Leave)), ..Left::default() })
    }

    /// Nothing is done, for this reason.
    pub(super) fn because(reason: Reason, why: String, pull: Option<&PullRequest>) -> Self {
        let pull = pull.map(|pull| shown(pull, Action::Leave));
        Self::Leave(Left { reason: Some(reason), why: Some(why), pull })
    }
}

/// What is to be done, or what has to be asked first.
pub(super) fn reconcile(entry: &str, wanted: &Wanted, remote: &Remote, place: Place<'_>) -> Result<Todo, Missing> {
    match (wanted, &remote.open) {
        (Wanted::Nothing, open) => Ok(Todo::leave(open.as_ref())),
        (_, Some(pull)) => with_open(entry, wanted, remote, pull, place),
        (_, None) => without_open(entry, wanted, remote, place),
    }
}

fn with_open(
    entry: &str,
    wanted: &Wanted,
    remote: &Remote,
    pull: &PullRequest,
    place: Place<'_>,
) -> Result<Todo, Missing> {
    let number = pull.number;
    // A pull request that is somebody else's, or is so by now.
    let theirs = |why: String| match wanted {
        Wanted::Move { .. } => Ok(Todo::because(Reason::HumanEdits, why, Some(pull))),
        Wanted::Close | Wanted::Nothing => Ok(Todo::leave(Some(pull))),
    };
    if !is_ours(pull, place) {
        let (who, we) = (&pull.author.login, &place.account.login);
        return theirs(format!("#{number} was opened by `{who}`, not by `{we}`"));
    }
    let Some(block) = block_of(entry, pull) else {
        return theirs(format!("the text of #{number} was changed: what this program keeps there is not"));
    };
    if pull.base != place.base {
        return theirs(format!("#{number} goes to the branch `{}` and not to `{}`", pull.base, place.base));
    }
    let head = match &remote.branch {
        Some(branch) => match remote.made(branch)? {
            Some(head) => Some(head),
            None if matches!(wanted, Wanted::Move { .. }) && !block.pushed && block.closed.is_none() => {
                return Ok(Todo::Disown);
            }
            None => return theirs(pushed_to(number)),
        },
        None => None,
    };
    let Wanted::Move { step, text, flag } = wanted else {
        // Somebody opened it again: it is theirs to close.
        return Ok(if block.closed.is_some() || block.kept { Todo::leave(Some(pull)) } else { Todo::Close });
    };
    if !block.is_for(step) {
        let closed = remote.closed.as_ref().ok_or(Missing::Closed)?;
        if let Some(refused) = refused_by_human(entry, closed, step, remote, place)? {
            let why = format!("#{} was closed for this commit", refused.number);
            return Ok(Todo::because(Reason::ClosedByHuman, why, Some(pull)));
        }
    }
    Ok(if head.is_none_or(|head| head.step != *step || head.merged) {
        Todo::Update(Push::NewCommit { in_place_of: remote.branch.clone() })
    } else if block.is_for(step)
        && block.text == *text
        && pull.title.contains(flag)
        && block.closed.is_none()
        && !block.pushed
    {
        let pull = Some(shown(pull, Action::Leave));
        Todo::Leave(Left { reason: Some(Reason::Unchanged), why: None, pull })
    } else {
        Todo::Update(Push::TextOnly)
    })
}

fn without_open(entry: &str, wanted: &Wanted, remote: &Remote, place: Place<'_>) -> Result<Todo, Missing> {
    if remote.branch.is_none() && *wanted == Wanted::Close {
        return Ok(Todo::leave(None));
    }
    let closed = remote.closed.as_ref().ok_or(Missing::Closed)?;
    if let Wanted::Move { step, .. } = wanted
        && let Some(refused) = refused_by_human(entry, closed, step, remote, place)?
    {
        let why = format!("#{} was closed for this commit", refused.number);
        return Ok(Todo::because(Reason::ClosedByHuman, why, Some(refused)));
    }
    let Some(branch) = &remote.branch else { return Ok(Todo::Open(Branch::Create)) };
    let left_over = closed.iter().find(|pull| is_ours(pull, place) && pull.head == *branch);
    // All of a branch that was merged as it is now is in the base, whoever pushed to it: nothing of it is lost.
    let is_merged = left_over.is_some_and(|pull| pull.merged);
    let head = if is_merged { None } else { remote.made(branch)? };
    Ok(match (wanted, head) {
        (Wanted::Move { .. }, _) if is_merged => Todo::Open(Branch::Replace(branch.clone())),
        (Wanted::Move { .. }, None) => {
            let why = format!("the branch `{}` is not of this program", super::name::branch(entry));
            Todo::because(Reason::HumanEdits, why, None)
        }
        (Wanted::Move { step, .. }, Some(head)) if head.step == *step && !head.merged => Todo::Open(Branch::Keep),
        (Wanted::Move { .. }, Some(_)) => Todo::Open(Branch::Replace(branch.clone())),
        // After a human closed it, the branch is theirs to keep.
        (_, None) if !is_merged => Todo::leave(None),
        _ if left_over.is_some_and(|pull| !pull.merged && !was_closed_by_us(entry, pull)) => Todo::leave(None),
        _ => Todo::RemoveBranch,
    })
}

/// The pull request of ours for this very commit that somebody closed, and not we.
fn refused_by_human<'a>(
    entry: &str,
    closed: &'a [PullRequest],
    step: &Step,
    remote: &Remote,
    place: Place<'_>,
) -> Result<Option<&'a PullRequest>, Missing> {
    let mut without_block = 0;
    for pull in closed.iter().filter(|pull| !pull.merged && is_ours(pull, place)) {
        let refused = match block_of(entry, pull) {
            Some(block) => block.new == step.new && block.closed.is_none(),
            // Somebody wrote another text before closing it. The title may still say what it was for, and its commit does.
            None if pull.title.contains(step.new.short()) => true,
            None if without_block < MAX_WITHOUT_BLOCK => {
                without_block += 1;
                remote.made(&pull.head)?.is_some_and(|head| head.step.new == step.new)
            }
            None => false,
        };
        if refused {
            return Ok(Some(pull));
        }
    }
    Ok(None)
}

/// Why a pull request is left alone.
pub(super) fn pushed_to(number: u64) -> String {
    format!("somebody pushed to the branch of #{number}")
}

impl Remote {
    /// What a commit is, if it is one that we make.
    fn made(&self, commit: &CommitSha) -> Result<Option<&Head<Step>>, Missing> {
        self.made.get(commit).map(Option::as_ref).ok_or_else(|| Missing::Made(commit.clone()))
    }
}

/// Whether our account opened it.
fn is_ours(pull: &PullRequest, place: Place<'_>) -> bool {
    pull.author.id == place.account.id
}

/// What this program knows of a pull request of this entry.
pub(super) fn block_of(entry: &str, pull: &PullRequest) -> Option<Block> {
    match block::read::<Block>(&pull.body) {
        Found::Block(block) if block.entry == entry => Some(*block),
        _ => None,
    }
}

fn was_closed_by_us(entry: &str, pull: &PullRequest) -> bool {
    block_of(entry, pull).is_some_and(|block| block.closed.is_some())
}

/// A pull request, as plans name it.
pub(super) fn shown(pull: &PullRequest, action: Action) -> Pull {
    Pull { number: pull.number, url: pull.url.clone(), action }
}

#[cfg(test)]
mod tests;
