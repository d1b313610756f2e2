//! From what is to be done for one entry to the writes that do it. Reads what they need, and writes nothing. The order of
//! writes is what makes a run that is stopped between them harmless.

use super::block::Block;
use super::body;
use super::name::{self, Step};
use super::reconcile::{Branch, Left, Push, Remote, Todo, block_of, pushed_to, shown};
use super::survey::Known;
use crate::document::limits;
use crate::entry::Entry;
use crate::escape::markdown;
use crate::github::GithubError;
use crate::github::registry::{FileContent, PullRequest, Registry};
use crate::ids::CommitSha;
use crate::pins::pinned::{is_as_planned, pinned};
use crate::pins::plan::{Action, Decision, Pull};
use crate::pins::reason::Reason;
use crate::pins::rewrite::set_pin;
use crate::sync::head::Base;
use crate::sync::{Intent, NewCommit, Write, block};
use crate::text::cut;

/// What became of an entry, once everything that was intended is written.
#[derive(Debug)]
pub(super) enum Done {
    /// Nothing was to be written.
    Left(Left),
    /// A pull request was opened.
    Opened,
    Updated(Pull),
    Closed(Pull),
    /// A branch that nobody needs was removed.
    Removed,
    /// Nothing was to be written, since the plan leaves out an entry that is there.
    Kept {
        why: String,
        pull: Option<Pull>,
    },
}

/// One entry, at work.
#[derive(Debug, Clone, Copy)]
pub(super) struct Job<'a> {
    pub(super) registry: &'a Registry,
    pub(super) base: &'a Base,
    pub(super) decision: Option<&'a Decision>,
    pub(super) known: &'a Known,
}

/// The pin, the step and the words; all there where something is to be opened or updated.
struct Wish<'a> {
    decision: &'a Decision,
    step: Step,
    text: &'a body::Text,
}

impl Job<'_> {
    /// What is to be written for this.
    pub(super) async fn intent(&self, todo: &Todo, remote: &Remote) -> Result<Intent<Done>, GithubError> {
        match (todo, &remote.open) {
            (Todo::Leave(left), _) => Ok(Intent::none(Done::Left(left.clone()))),
            (Todo::Open(branch), _) => self.open(branch, remote).await,
            (Todo::Update(push), Some(pull)) => self.update(push, pull).await,
            (Todo::Disown, Some(pull)) => self.disown(pull),
            (Todo::Close, Some(pull)) => self.close(pull, remote.branch.as_ref()).await,
            (Todo::RemoveBranch, _) => self.remove_branch(remote.branch.as_ref()).await,
            // Both come of an open pull request.
            (Todo::Update(_) | Todo::Disown | Todo::Close, None) => {
                Err(GithubError::Unexpected("a pull request that is not there"))
            }
        }
    }

    fn branch(&self) -> String {
        name::branch(&self.known.entry)
    }

    fn wish(&self) -> Result<Wish<'_>, GithubError> {
        if let (Some(decision), Some(text)) = (self.decision, &self.known.text)
            && let (Some(old), Some(new)) = (&decision.old, &decision.new)
        {
            return Ok(Wish { decision, step: Step { old: old.clone(), new: new.clone() }, text });
        }
        Err(GithubError::Unexpected("nothing to publish"))
    }

    /// The branch first, then the pull request. In between there is a branch whose commit says what it is for.
    async fn open(&self, branch: &Branch, remote: &Remote) -> Result<Intent<Done>, GithubError> {
        let wish = self.wish()?;
        let file = match self.rewritten(&wish).await? {
            Ok(file) => file,
            Err(left) => return Ok(Intent::none(Done::Left(left))),
        };
        let name = self.branch();
        let head = remote.branch.clone().filter(|_| *branch == Branch::Keep);
        let mut writes = match branch {
            Branch::Keep => Vec::new(),
            Branch::Create => vec![self.commit(&wish, file), Write::CreateBranch(name.clone())],
            Branch::Replace(from) => {
                vec![self.commit(&wish, file), Write::MoveBranch { name: name.clone(), from: from.clone() }]
            }
        };
        let look = !name::flag(wish.decision).is_empty();
        let block = Block { look, ..Block::new(&self.known.entry, &wish.step, wish.text.digest()) };
        let (base, title) = (self.base.name.clone(), wish.text.title.clone());
        writes.push(Write::OpenPull { branch: name, head, base, title, body: body::with_block(&block, wish.text) });
        Ok(Intent { writes, done: Done::Opened })
    }

    /// The text first, then the branch. In between the text says what is still to be done.
    async fn update(&self, push: &Push, pull: &PullRequest) -> Result<Intent<Done>, GithubError> {
        let wish = self.wish()?;
        let old = block_of(&self.known.entry, pull).ok_or(GithubError::Unexpected("a text without its block"))?;
        // Also where only words are written: they name the repository and the directory of the plan.
        let file = match self.rewritten(&wish).await? {
            Ok(file) => file,
            Err(left) => {
                return Ok(Intent::none(Done::Left(Left { pull: Some(shown(pull, Action::Leave)), ..left })));
            }
        };
        let mut writes = Vec::new();
        if let Push::NewCommit { .. } = push {
            writes.push(self.commit(&wish, file));
        }
        let text = wish.text;
        let is_told = old.is_for(&wish.step) && old.text == text.digest() && old.closed.is_none() && !old.pushed;
        if !is_told || *push == Push::TextOnly {
            let kept = old.kept || old.closed.is_some();
            let look = !name::flag(wish.decision).is_empty();
            let block = Block { kept, look, ..Block::new(&self.known.entry, &wish.step, text.digest()) };
            let (seen, title) = (Box::new(pull.clone()), Some(text.title.clone()));
            writes.push(Write::EditPull { seen, title, body: body::with_block(&block, text), close: false });
        }
        match push {
            Push::TextOnly => {}
            Push::NewCommit { in_place_of: Some(from) } => {
                writes.push(Write::MoveBranch { name: self.branch(), from: from.clone() });
            }
            Push::NewCommit { in_place_of: None } => writes.push(Write::CreateBranch(self.branch())),
        }
        Ok(Intent { writes, done: Done::Updated(shown(pull, Action::Update)) })
    }

    /// What the text says of the changes is true no more, and a title without a word of it would go on saying so.
    fn disown(&self, pull: &PullRequest) -> Result<Intent<Done>, GithubError> {
        let block = block_of(&self.known.entry, pull).ok_or(GithubError::Unexpected("a text without its block"))?;
        let note = "**Somebody else pushed to this branch.** More than the pin may change, and what stands below does not say \
                    what. Read all changes before you merge.";
        let body = body::bounded(block::replace_in(&Block { pushed: true, ..block }, &pull.body, note));
        let writes = vec![Write::EditPull { seen: Box::new(pull.clone()), title: None, body, close: false }];
        let (reason, why) = (Some(Reason::HumanEdits), Some(pushed_to(pull.number)));
        Ok(Intent { writes, done: Done::Left(Left { reason, why, pull: Some(shown(pull, Action::Leave)) }) })
    }

    /// Closed with the reason in one write, then the branch. In between there is a branch of a pull request that we closed.
    async fn close(&self, pull: &PullRequest, branch: Option<&CommitSha>) -> Result<Intent<Done>, GithubError> {
        if let Some(why) = self.is_there_after_all().await? {
            return Ok(Intent::none(Done::Kept { why, pull: Some(shown(pull, Action::Leave)) }));
        }
        let block = block_of(&self.known.entry, pull).ok_or(GithubError::Unexpected("a text without its block"))?;
        let (code, why) = match self.decision {
            Some(decision) => (decision.reason.as_str(), decision.detail.as_str()),
            None => ("entry-gone", "the registry has no such entry with a source any more"),
        };
        let note = format!("**Closed by this program** (`{code}`): {}", markdown(&cut(why, 500)));
        let block = Block { closed: Some(code.to_owned()), ..block };
        let body = body::bounded(block::replace_in(&block, &pull.body, &note));
        let mut writes = vec![Write::EditPull { seen: Box::new(pull.clone()), title: None, body, close: true }];
        writes.extend(branch.map(|at| Write::DeleteBranch { name: self.branch(), at: at.clone() }));
        Ok(Intent { writes, done: Done::Closed(shown(pull, Action::Close)) })
    }

    async fn remove_branch(&self, branch: Option<&CommitSha>) -> Result<Intent<Done>, GithubError> {
        if let Some(why) = self.is_there_after_all().await? {
            return Ok(Intent::none(Done::Kept { why, pull: None }));
        }
        let writes = branch.map(|at| Write::DeleteBranch { name: self.branch(), at: at.clone() });
        Ok(Intent { writes: writes.into_iter().collect(), done: Done::Removed })
    }

    /// Why an entry that is not in the plan is not gone: the base has it, with a source. A plan may have been cut.
    async fn is_there_after_all(&self) -> Result<Option<String>, GithubError> {
        if self.decision.is_some() {
            return Ok(None);
        }
        let path = name::path(&self.known.entry);
        let is_gone = match self.registry.file(&path, &self.base.commit, limits::MAX_BYTES).await? {
            FileContent::Missing => true,
            FileContent::Bytes(bytes) => String::from_utf8(bytes).is_ok_and(|text| {
                let entry = Entry::from_texts(&self.known.entry, Some(&text), None, None);
                pinned(&entry, "") == Ok(None)
            }),
            FileContent::NoFile | FileContent::TooLarge => false,
        };
        let why = || format!("`{}` has the entry and the plan does not: what is open stays so", self.base.name);
        Ok((!is_gone).then(why))
    }

    /// The one commit of a pull request.
    fn commit(&self, wish: &Wish<'_>, text: String) -> Write {
        Write::Commit(NewCommit {
            parent: self.base.commit.clone(),
            tree: self.base.tree.clone(),
            path: wish.decision.path.clone(),
            text,
            message: name::message(&self.known.entry, &wish.step),
        })
    }

    /// The entry's file at the base with the new pin, or why there is none.
    async fn rewritten(&self, Wish { decision, step, .. }: &Wish<'_>) -> Result<Result<String, Left>, GithubError> {
        let left = |reason, why: String| Ok(Err(Left { reason: Some(reason), why: Some(why), pull: None }));
        let base = &self.base.name;
        let bytes = match self.registry.file(&decision.path, &self.base.commit, limits::MAX_BYTES).await? {
            FileContent::Bytes(bytes) => bytes,
            FileContent::Missing => return left(Reason::OutdatedPlan, format!("`{base}` has no such entry any more")),
            FileContent::NoFile => return left(Reason::InvalidEntry, "its `server.yaml` is not a file".to_owned()),
            FileContent::TooLarge => return left(Reason::InvalidEntry, "its `server.yaml` is too large".to_owned()),
        };
        let Ok(text) = String::from_utf8(bytes) else {
            return left(Reason::InvalidEntry, "its `server.yaml` is not UTF-8".to_owned());
        };
        let rewrite = match set_pin(&text, &step.new) {
            Ok(rewrite) => rewrite,
            Err(refusal) => return left(Reason::InvalidEntry, format!("{}:{refusal}", decision.path)),
        };
        if rewrite.old.as_deref() == Some(step.new.as_str()) {
            return left(Reason::Current, format!("`{base}` has it already"));
        }
        match rewrite.text {
            Some(after) if rewrite.old.as_deref() == Some(step.old.as_str()) => {
                let entry = Entry::from_texts(&self.known.entry, Some(&text), None, None);
                match is_as_planned(&entry, decision) {
                    Ok(()) => Ok(Ok(after)),
                    Err(why) => left(Reason::OutdatedPlan, why.to_owned()),
                }
            }
            _ => left(Reason::OutdatedPlan, format!("its pin on `{base}` is not the one of the plan")),
        }
    }
}
