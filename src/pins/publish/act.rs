//! Does what is to be done for one entry. The order of writes is what makes a run that is stopped between them harmless.

use super::block::Block;
use super::body;
use super::name::{self, Step};
use super::reconcile::{Branch, Push, Remote, Todo, block_of, shown};
use super::survey::{Base, Known, find, read_again};
use crate::document::limits;
use crate::entry::Entry;
use crate::escape::markdown;
use crate::github::registry::{
    CreatedBranch, CreatedPull, FileContent, NewPull, PullChange, PullRequest, Registry, RegistryError,
};
use crate::ids::CommitSha;
use crate::pins::pinned::{is_as_planned, pinned};
use crate::pins::plan::{Action, Decision, Pull};
use crate::pins::reason::Reason;
use crate::pins::rewrite::set_pin;
use crate::text::cut;

/// How often one entry may turn out to be other than it was read.
const MAX_ROUNDS: usize = 3;

/// What became of an entry.
#[derive(Debug)]
pub(super) enum Done {
    /// Nothing was written. The reason and the words, if the decision's own do not stand.
    Left(Option<Reason>, Option<String>, Option<Pull>),
    /// Without a number where it only would be.
    Opened(Option<Pull>),
    Updated(Pull),
    Closed(Pull),
    /// A branch that nobody needs was removed.
    Removed,
    /// Nothing was written, since the plan leaves out an entry that is there. Why, and the open pull request.
    Kept(String, Option<Pull>),
}

/// One entry, at work.
pub(super) struct Actor<'a> {
    pub(super) registry: &'a Registry,
    pub(super) base: &'a Base,
    pub(super) dry_run: bool,
    pub(super) decision: Option<&'a Decision>,
    pub(super) known: &'a Known,
}

/// What came of one look at an entry.
enum Round {
    Done(Done),
    /// It is not as it was read: read it again.
    Stale,
}

impl Actor<'_> {
    pub(super) async fn act(&self) -> Result<Done, RegistryError> {
        let (mut todo, mut remote) = (self.known.todo.clone()?, self.known.remote.clone());
        for _ in 0..MAX_ROUNDS {
            if let Round::Done(done) = self.round(&todo, &remote).await? {
                return Ok(done);
            }
            remote = read_again(self.registry, &self.known.entry, &self.base.name).await?;
            todo = find(self.registry, &self.known.entry, &self.known.wanted, &mut remote, &self.base.name).await?;
        }
        Err(RegistryError::Unexpected("the pull request changes while it is worked on"))
    }

    async fn round(&self, todo: &Todo, remote: &Remote) -> Result<Round, RegistryError> {
        match (todo, &remote.open) {
            (Todo::Leave(reason, why, pull), _) => Ok(Round::Done(Done::Left(*reason, why.clone(), pull.clone()))),
            (Todo::Open(branch), _) => self.open(branch).await,
            (Todo::Update(push), Some(pull)) => self.update(push, pull).await,
            (Todo::Close, Some(pull)) => self.close(pull, remote.branch.as_ref()).await,
            (Todo::RemoveBranch, _) => self.remove_branch(remote.branch.as_ref()).await,
            (Todo::Update(_) | Todo::Close, None) => Ok(Round::Stale),
        }
    }

    fn branch(&self) -> String {
        name::branch(&self.known.entry)
    }

    /// The pin, the step and the words; all there where something is to be opened or updated.
    fn wish(&self) -> Result<(&Decision, Step, &body::Text), RegistryError> {
        let (Some(decision), Some(text)) = (self.decision, &self.known.text) else {
            return Err(RegistryError::Unexpected("nothing to publish"));
        };
        match (&decision.old, &decision.new) {
            (Some(old), Some(new)) => Ok((decision, Step { old: old.clone(), new: new.clone() }, text)),
            _ => Err(RegistryError::Unexpected("nothing to publish")),
        }
    }

    /// The branch first, then the pull request. In between there is a branch whose commit says what it is for.
    async fn open(&self, branch: &Branch) -> Result<Round, RegistryError> {
        let (_, step, text) = self.wish()?;
        let file = match self.rewritten().await? {
            Ok(file) => file,
            Err(done) => return Ok(Round::Done(done)),
        };
        if self.dry_run {
            return Ok(Round::Done(Done::Opened(None)));
        }
        let name = self.branch();
        let head = match branch {
            Branch::Keep(head) if self.is_there(head, &file).await? => head.clone(),
            Branch::Create => {
                let head = self.commit(&step, &file).await?;
                if self.registry.create_branch(&name, &head).await? == CreatedBranch::Exists {
                    return Ok(Round::Stale);
                }
                head
            }
            Branch::Keep(from) | Branch::Replace(from) => {
                let head = self.commit(&step, &file).await?;
                if !self.is_still(from).await? || !self.registry.move_branch(&name, &head).await? {
                    return Ok(Round::Stale);
                }
                head
            }
        };
        let block = Block::new(&self.known.entry, &step, head, text.digest());
        let body = body::with_block(&block, text);
        let new = NewPull { title: &text.title, body: &body, branch: &name, base: &self.base.name };
        match self.registry.create_pull(&new).await? {
            CreatedPull::Done(pull) => Ok(Round::Done(Done::Opened(Some(shown(&pull, Action::Open))))),
            CreatedPull::Exists => Ok(Round::Stale),
            CreatedPull::NothingToMerge => {
                self.registry.delete_branch(&name).await?;
                let why = format!("`{}` has it already", self.base.name);
                Ok(Round::Done(Done::Left(Some(Reason::Current), Some(why), None)))
            }
        }
    }

    /// The text first, which names the branch's new commit and its old one, then the branch. In between the text says what
    /// is still to be done.
    async fn update(&self, push: &Push, pull: &PullRequest) -> Result<Round, RegistryError> {
        let (_, step, text) = self.wish()?;
        let updated = Ok(Round::Done(Done::Updated(shown(pull, Action::Update))));
        let Some(old) = block_of(&self.known.entry, pull) else { return Ok(Round::Stale) };
        let kept = old.kept || old.closed.is_some();
        // Also where only words are written: they name the repository and the directory of the plan.
        let file = match self.rewritten().await? {
            Ok(file) => file,
            Err(Done::Left(reason, why, _)) => {
                return Ok(Round::Done(Done::Left(reason, why, Some(shown(pull, Action::Leave)))));
            }
            Err(done) => return Ok(Round::Done(done)),
        };
        match push {
            Push::TextOnly => {
                if self.dry_run {
                    return updated;
                }
                let block =
                    Block { was: old.was, kept, ..Block::new(&self.known.entry, &step, old.head, text.digest()) };
                if !self.write_text(pull, &block, text).await? {
                    return Ok(Round::Stale);
                }
                updated
            }
            Push::Resume(from, head) => {
                if self.dry_run {
                    return updated;
                }
                if !self.is_still(from).await? {
                    return Ok(Round::Stale);
                }
                match self.registry.move_branch(&self.branch(), head).await {
                    Ok(true) if old.text == text.digest() && old.closed.is_none() => updated,
                    Ok(true) => {
                        let block = Block {
                            was: old.was,
                            kept,
                            ..Block::new(&self.known.entry, &step, head.clone(), text.digest())
                        };
                        // The pull request has the branch's commit now: what was read of it before is not to be compared.
                        let body = body::with_block(&block, text);
                        let change = PullChange { title: Some(&text.title), body: Some(&body), close: false };
                        self.registry.update_pull(pull.number, &change).await?;
                        updated
                    }
                    Ok(false) => Ok(Round::Stale),
                    // The commit was never used, and GitHub removed it.
                    Err(RegistryError::Refused { .. } | RegistryError::Missing(_)) => {
                        self.push(pull, Some(from), &step, text, &file, kept).await
                    }
                    Err(error) => Err(error),
                }
            }
            Push::NewCommit(from) => self.push(pull, from.as_ref(), &step, text, &file, kept).await,
        }
    }

    async fn push(
        &self,
        pull: &PullRequest,
        from: Option<&CommitSha>,
        step: &Step,
        text: &body::Text,
        file: &str,
        kept: bool,
    ) -> Result<Round, RegistryError> {
        let updated = Round::Done(Done::Updated(shown(pull, Action::Update)));
        if self.dry_run {
            return Ok(updated);
        }
        let head = self.commit(step, file).await?;
        let block =
            Block { was: from.cloned(), kept, ..Block::new(&self.known.entry, step, head.clone(), text.digest()) };
        if from.is_some_and(|from| pull.head != *from) || !self.write_text(pull, &block, text).await? {
            return Ok(Round::Stale);
        }
        let name = self.branch();
        let done = match from {
            Some(from) => self.is_still(from).await? && self.registry.move_branch(&name, &head).await?,
            None => self.registry.create_branch(&name, &head).await? == CreatedBranch::Done,
        };
        Ok(if done { updated } else { Round::Stale })
    }

    /// Closed with the reason in one write, then the branch. In between there is a branch of a pull request that we closed.
    async fn close(&self, pull: &PullRequest, branch: Option<&CommitSha>) -> Result<Round, RegistryError> {
        if let Some(why) = self.is_there_after_all().await? {
            return Ok(Round::Done(Done::Kept(why, Some(shown(pull, Action::Leave)))));
        }
        let closed = Done::Closed(shown(pull, Action::Close));
        if self.dry_run {
            return Ok(Round::Done(closed));
        }
        let Some(block) = block_of(&self.known.entry, pull) else { return Ok(Round::Stale) };
        let (code, why) = match self.decision {
            Some(decision) => (decision.reason.as_str(), decision.detail.as_str()),
            None => ("entry-gone", "the registry has no such entry with a source any more"),
        };
        let note = format!("**Closed by this program** (`{code}`): {}", markdown(&cut(why, 500)));
        let block = Block { closed: Some(code.to_owned()), ..block };
        let body = body::bounded(block.replace_in(&pull.body, &note));
        if !self.is_as_read(pull).await? {
            return Ok(Round::Stale);
        }
        self.registry.update_pull(pull.number, &PullChange { title: None, body: Some(&body), close: true }).await?;
        if let Some(branch) = branch
            && self.is_still(branch).await?
        {
            self.registry.delete_branch(&self.branch()).await?;
        }
        Ok(Round::Done(closed))
    }

    async fn remove_branch(&self, branch: Option<&CommitSha>) -> Result<Round, RegistryError> {
        let Some(branch) = branch else { return Ok(Round::Done(Done::Removed)) };
        if let Some(why) = self.is_there_after_all().await? {
            return Ok(Round::Done(Done::Kept(why, None)));
        }
        if self.dry_run {
            return Ok(Round::Done(Done::Removed));
        }
        if !self.is_still(branch).await? {
            return Ok(Round::Stale);
        }
        self.registry.delete_branch(&self.branch()).await?;
        Ok(Round::Done(Done::Removed))
    }

    /// Why an entry that is not in the plan is not gone: the base has it, with a source. A plan may have been cut.
    async fn is_there_after_all(&self) -> Result<Option<String>, RegistryError> {
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

    /// Writes title and text, unless somebody did something to the pull request since it was read.
    async fn write_text(&self, pull: &PullRequest, block: &Block, text: &body::Text) -> Result<bool, RegistryError> {
        if !self.is_as_read(pull).await? {
            return Ok(false);
        }
        let body = body::with_block(block, text);
        let change = PullChange { title: Some(&text.title), body: Some(&body), close: false };
        self.registry.update_pull(pull.number, &change).await?;
        Ok(true)
    }

    /// Whether nobody did anything to a pull request since it was read. There is no way to ask GitHub for a write on that
    /// condition; a moment is left in which somebody can.
    async fn is_as_read(&self, pull: &PullRequest) -> Result<bool, RegistryError> {
        Ok(self.registry.pull(pull.number).await?.as_ref() == Some(pull))
    }

    /// Whether nobody pushed to the branch since it was read; see [`Self::is_as_read`].
    async fn is_still(&self, commit: &CommitSha) -> Result<bool, RegistryError> {
        Ok(self.registry.branch(&self.branch()).await?.as_ref() == Some(commit))
    }

    /// The one commit of a pull request.
    async fn commit(&self, step: &Step, file: &str) -> Result<CommitSha, RegistryError> {
        let (decision, ..) = self.wish()?;
        let tree = self.registry.create_tree(&self.base.tree, &decision.path, file).await?;
        self.registry.create_commit(&name::message(&self.known.entry, step), &tree, &self.base.commit).await
    }

    /// Whether the entry's file is this at a commit.
    async fn is_there(&self, commit: &CommitSha, file: &str) -> Result<bool, RegistryError> {
        let (decision, ..) = self.wish()?;
        let found = self.registry.file(&decision.path, commit, limits::MAX_BYTES).await?;
        Ok(found == FileContent::Bytes(file.as_bytes().to_vec()))
    }

    /// The entry's file at the base with the new pin, or why there is none.
    async fn rewritten(&self) -> Result<Result<String, Done>, RegistryError> {
        let (decision, step, _) = self.wish()?;
        let left = |reason, why: &str| Ok(Err(Done::Left(Some(reason), Some(why.to_owned()), None)));
        let base = &self.base.name;
        let bytes = match self.registry.file(&decision.path, &self.base.commit, limits::MAX_BYTES).await? {
            FileContent::Bytes(bytes) => bytes,
            FileContent::Missing => return left(Reason::OutdatedPlan, &format!("`{base}` has no such entry any more")),
            FileContent::NoFile => return left(Reason::InvalidEntry, "its `server.yaml` is no file"),
            FileContent::TooLarge => return left(Reason::InvalidEntry, "its `server.yaml` is too large"),
        };
        let Ok(text) = String::from_utf8(bytes) else {
            return left(Reason::InvalidEntry, "its `server.yaml` is not UTF-8");
        };
        let rewrite = match set_pin(&text, &step.new) {
            Ok(rewrite) => rewrite,
            Err(refusal) => return left(Reason::InvalidEntry, &format!("{}:{refusal}", decision.path)),
        };
        if rewrite.old.as_deref() == Some(step.new.as_str()) {
            return left(Reason::Current, &format!("`{base}` has it already"));
        }
        match rewrite.text {
            Some(after) if rewrite.old.as_deref() == Some(step.old.as_str()) => {
                let entry = Entry::from_texts(&self.known.entry, Some(&text), None, None);
                match is_as_planned(&entry, decision) {
                    Ok(()) => Ok(Ok(after)),
                    Err(why) => left(Reason::OutdatedPlan, why),
                }
            }
            _ => left(Reason::OutdatedPlan, &format!("its pin on `{base}` is not the one of the plan")),
        }
    }
}
