//! From what is wanted and what GitHub has to what is to be done. Pure.

use super::block::{Block, Found};
use super::name::Step;
use crate::github::registry::PullRequest;
use crate::ids::CommitSha;
use crate::pins::plan::{Action, Pull};
use crate::pins::reason::Reason;
use std::collections::BTreeMap;

/// Closed pull requests, the newest first, whose text says nothing and whose commits are asked for: one read each.
const MAX_WITHOUT_BLOCK: usize = 10;

/// What is wanted of an entry's pull request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Wanted {
    /// That there is one, for this step, with a title and text of this digest.
    Move {
        /// The step.
        step: Step,
        /// See [`Block::text`].
        text: String,
    },
    /// That there is none.
    Close,
    /// Whatever there is.
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
    /// The steps of commits, if they are such as we make, once they were asked for.
    pub(super) made: BTreeMap<CommitSha, Option<Step>>,
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
    /// Nothing. The reason, if the entry's own does not stand; why, in words; and the pull request that this is about.
    Leave(Option<Reason>, Option<String>, Option<Pull>),
    /// Open a pull request from this branch.
    Open(Branch),
    /// Give the open one a new commit, or the same pin another title and text.
    Update(Push),
    /// Close the open one and remove its branch.
    Close,
    /// Remove the branch.
    RemoveBranch,
}

/// How the branch of a new pull request comes to be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Branch {
    /// It is made.
    Create,
    /// It is there, with the very commit.
    Keep(CommitSha),
    /// It is there with another commit of ours, this one, and is moved.
    Replace(CommitSha),
}

/// What becomes of the branch of an open pull request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Push {
    /// Nothing: only title and text change.
    TextOnly,
    /// It gets a new commit in place of this one; none where the branch is gone.
    NewCommit(Option<CommitSha>),
    /// It still is at this commit, and the one that it should be at was made already.
    Resume(CommitSha, CommitSha),
}

/// What is to be done, or what has to be asked first.
pub(super) fn reconcile(entry: &str, wanted: &Wanted, remote: &Remote, base: &str) -> Result<Todo, Missing> {
    if *wanted == Wanted::Nothing {
        return Ok(Todo::Leave(None, None, remote.open.as_ref().map(|pull| shown(pull, Action::Leave))));
    }
    match &remote.open {
        Some(pull) => with_open(entry, wanted, remote, pull, base),
        None => without_open(entry, wanted, remote),
    }
}

fn with_open(entry: &str, wanted: &Wanted, remote: &Remote, pull: &PullRequest, base: &str) -> Result<Todo, Missing> {
    let leave =
        |reason: Reason, why: String| Ok(Todo::Leave(Some(reason), Some(why), Some(shown(pull, Action::Leave))));
    let number = pull.number;
    let Some(block) = block_of(entry, pull) else {
        return theirs(
            wanted,
            pull,
            format!("the text of #{number} was changed: what this program keeps there is not"),
        );
    };
    if pull.base != base {
        return theirs(wanted, pull, format!("#{number} goes to the branch `{}` and not to `{base}`", pull.base));
    }
    if remote.branch.as_ref().is_some_and(|branch| !block.made(branch)) {
        return theirs(wanted, pull, format!("somebody pushed to the branch of #{number}"));
    }
    let Wanted::Move { step, text } = wanted else {
        // Somebody opened it again: it is theirs to close.
        let reopened = block.closed.is_some() || block.kept;
        return Ok(if reopened { Todo::Leave(None, None, Some(shown(pull, Action::Leave))) } else { Todo::Close });
    };
    if block.is_for(step) {
        return Ok(match &remote.branch {
            None => Todo::Update(Push::NewCommit(None)),
            Some(branch) if *branch != block.head => Todo::Update(Push::Resume(branch.clone(), block.head.clone())),
            Some(_) if block.text != *text || block.closed.is_some() => Todo::Update(Push::TextOnly),
            Some(_) => Todo::Leave(Some(Reason::Unchanged), None, Some(shown(pull, Action::Leave))),
        });
    }
    let closed = remote.closed.as_ref().ok_or(Missing::Closed)?;
    if let Some(refused) = refused_by_human(entry, closed, step, remote)? {
        return leave(Reason::ClosedByHuman, format!("#{} was closed for this commit", refused.number));
    }
    Ok(Todo::Update(Push::NewCommit(remote.branch.clone())))
}

/// A pull request that is somebody else's by now.
fn theirs(wanted: &Wanted, pull: &PullRequest, why: String) -> Result<Todo, Missing> {
    let pull = Some(shown(pull, Action::Leave));
    Ok(match wanted {
        Wanted::Move { .. } => Todo::Leave(Some(Reason::HumanEdits), Some(why), pull),
        Wanted::Close | Wanted::Nothing => Todo::Leave(None, None, pull),
    })
}

fn without_open(entry: &str, wanted: &Wanted, remote: &Remote) -> Result<Todo, Missing> {
    if remote.branch.is_none() && *wanted == Wanted::Close {
        return Ok(Todo::Leave(None, None, None));
    }
    let closed = remote.closed.as_ref().ok_or(Missing::Closed)?;
    if let Wanted::Move { step, .. } = wanted
        && let Some(refused) = refused_by_human(entry, closed, step, remote)?
    {
        let why = format!("#{} was closed for this commit", refused.number);
        return Ok(Todo::Leave(Some(Reason::ClosedByHuman), Some(why), Some(shown(refused, Action::Leave))));
    }
    let Some(branch) = &remote.branch else { return Ok(Todo::Open(Branch::Create)) };
    // The newest pull request that knows the commit says what it is.
    let left_over = closed.iter().find_map(|pull| {
        let block = block_of(entry, pull)?;
        (block.made(branch) || (pull.merged && pull.head == *branch)).then_some((pull, block))
    });
    let made = match &left_over {
        Some((_, block)) => Some(Step { old: block.old.clone(), new: block.new.clone() }),
        None => remote.made(branch)?.clone(),
    };
    match wanted {
        Wanted::Move { step, .. } => Ok(match (&made, &left_over) {
            (None, _) => {
                let why = format!("the branch `{}` is not of this program", super::name::branch(entry));
                Todo::Leave(Some(Reason::HumanEdits), Some(why), None)
            }
            // What was merged is in the base already: a pull request of it would be empty.
            (Some(made), left_over)
                if made == step
                    && left_over.as_ref().is_none_or(|(pull, block)| !pull.merged && block.head == *branch) =>
            {
                Todo::Open(Branch::Keep(branch.clone()))
            }
            (Some(_), _) => Todo::Open(Branch::Replace(branch.clone())),
        }),
        // After a human closed it, the branch is theirs to keep.
        _ => Ok(match (&made, &left_over) {
            (None, _) => Todo::Leave(None, None, None),
            (_, Some((pull, block))) if !pull.merged && block.closed.is_none() => Todo::Leave(None, None, None),
            _ => Todo::RemoveBranch,
        }),
    }
}

/// The pull request for this very commit that somebody closed, and not we.
fn refused_by_human<'a>(
    entry: &str,
    closed: &'a [PullRequest],
    step: &Step,
    remote: &Remote,
) -> Result<Option<&'a PullRequest>, Missing> {
    let mut without_block = 0;
    for pull in closed.iter().filter(|pull| !pull.merged) {
        let refused = match block_of(entry, pull) {
            Some(block) => block.new == step.new && block.closed.is_none(),
            // Somebody wrote another text before closing it. The title may still say what it was for, and its commit does.
            None if pull.title.contains(step.new.short()) => true,
            None if without_block < MAX_WITHOUT_BLOCK => {
                without_block += 1;
                remote.made(&pull.head)?.as_ref().is_some_and(|made| made.new == step.new)
            }
            None => false,
        };
        if refused {
            return Ok(Some(pull));
        }
    }
    Ok(None)
}

impl Remote {
    /// The step of a commit, if it is one that we make.
    fn made(&self, commit: &CommitSha) -> Result<&Option<Step>, Missing> {
        self.made.get(commit).ok_or_else(|| Missing::Made(commit.clone()))
    }
}

/// What this program knows of a pull request of this entry.
pub(super) fn block_of(entry: &str, pull: &PullRequest) -> Option<Block> {
    match Block::read(&pull.body) {
        Found::Block(block) if block.entry == entry => Some(*block),
        _ => None,
    }
}

/// A pull request, as plans name it.
pub(super) fn shown(pull: &PullRequest, action: Action) -> Pull {
    Pull { number: pull.number, url: pull.url.clone(), action }
}

#[cfg(test)]
mod tests;
