//! What can be written, as plain data, and how it is.

use crate::github::GithubError;
use crate::github::registry::{CreatedBranch, CreatedPull, NewPull, PullChange, PullRequest, Registry};
use crate::ids::CommitSha;

/// A commit of one changed file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct NewCommit {
    pub(crate) parent: CommitSha,
    /// The tree of the parent.
    pub(crate) tree: String,
    pub(crate) path: String,
    /// What is to be in it.
    pub(crate) text: String,
    pub(crate) message: String,
}

/// One write, with what it was decided on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Write {
    /// Makes a commit. Nothing points to it until a write that follows does.
    Commit(NewCommit),
    /// Makes this branch, at the commit that was made before.
    CreateBranch(String),
    /// Moves a branch from this commit to the one that was made before.
    MoveBranch {
        name: String,
        /// What it pointed to when it was read.
        from: CommitSha,
    },
    DeleteBranch {
        name: String,
        /// What it pointed to when it was read. If it is elsewhere now, it stays.
        at: CommitSha,
    },
    OpenPull {
        /// The branch that it comes from.
        branch: String,
        /// The branch that it goes to.
        base: String,
        title: String,
        body: String,
    },
    /// Changes a pull request, all of it in one write.
    EditPull { seen: Box<PullRequest>, title: Option<String>, body: String, close: bool },
}

#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct Made {
    pub(crate) commit: Option<CommitSha>,
    /// The pull request that was opened.
    pub(crate) pull: Option<PullRequest>,
    /// Whether there was nothing to open a pull request of: the base has all of the branch, which was removed.
    pub(crate) nothing_to_merge: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Applied {
    Done,
    /// It is not as it was read: nothing was written.
    Stale,
}

impl Write {
    /// Does it, unless somebody did something since it was decided.
    pub(super) async fn apply(&self, registry: &Registry, made: &mut Made) -> Result<Applied, GithubError> {
        let unless = |done: bool| if done { Applied::Done } else { Applied::Stale };
        let commit = |made: &Made| made.commit.clone().ok_or(GithubError::Unexpected("no commit was made"));
        Ok(match self {
            Self::Commit(NewCommit { parent, tree, path, text, message }) => {
                let tree = registry.create_tree(tree, path, text).await?;
                made.commit = Some(registry.create_commit(message, &tree, parent).await?);
                Applied::Done
            }
            Self::CreateBranch(name) => {
                unless(registry.create_branch(name, &commit(made)?).await? == CreatedBranch::Done)
            }
            Self::MoveBranch { name, from } => unless(
                registry.branch(name).await?.as_ref() == Some(from)
                    && registry.move_branch(name, &commit(made)?).await?,
            ),
            Self::DeleteBranch { name, at } => {
                // What was closed before is closed: somebody's commit only keeps the branch.
                if registry.branch(name).await?.as_ref() == Some(at) {
                    registry.delete_branch(name).await?;
                }
                Applied::Done
            }
            Self::OpenPull { branch, base, title, body } => {
                match registry.create_pull(&NewPull { title, body, branch, base }).await? {
                    CreatedPull::Done(pull) => made.pull = Some(pull),
                    CreatedPull::Exists => return Ok(Applied::Stale),
                    CreatedPull::NothingToMerge => {
                        registry.delete_branch(branch).await?;
                        made.nothing_to_merge = true;
                    }
                }
                Applied::Done
            }
            Self::EditPull { seen, title, body, close } => {
                if registry.pull(seen.number).await?.as_ref() != Some(&**seen) {
                    return Ok(Applied::Stale);
                }
                let change = PullChange { title: title.as_deref(), body: Some(body), close: *close };
                registry.update_pull(seen.number, &change).await?;
                Applied::Done
            }
        })
    }
}
