//! What can be written, as plain data, and how it is.

use crate::github::GithubError;
use crate::github::registry::{
    CheckText, Comment, CreatedBranch, CreatedPull, NewPull, PullChange, PullRequest, Registry,
};
use crate::ids::CommitSha;

/// The most annotations that GitHub takes in one request.
const MAX_ANNOTATIONS: usize = 50;

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
        /// The commit of the branch that is ours; none for the one that was made before.
        head: Option<CommitSha>,
        /// The branch that it goes to.
        base: String,
        title: String,
        body: String,
    },
    /// Changes a pull request, all of it in one write.
    EditPull { seen: Box<PullRequest>, title: Option<String>, body: String, close: bool },
    /// Makes a check run say this, by as many requests as its annotations need; ends it with the last one.
    Check {
        /// The one that is under way; none to make another.
        begun: Option<Begun>,
        commit: CommitSha,
        name: String,
        app: u64,
        text: Box<CheckText>,
    },
    /// Sets labels, then takes others away, while the head of the pull request is this.
    Labels { number: u64, head: CommitSha, add: Vec<String>, remove: Vec<String> },
    /// Writes a comment, or gives the one of this id another text, while the head of the pull request is this.
    Comment { number: u64, head: CommitSha, id: Option<u64>, body: String, author: u64 },
}

/// A check run that is under way.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Begun {
    pub(crate) id: u64,
    /// How many annotations it had.
    pub(crate) annotations: usize,
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
            Self::DeleteBranch { name, at } => delete(registry, name, at).await?,
            Self::OpenPull { branch, head, base, title, body } => {
                // A branch that was made or moved a moment ago is not looked at: what GitHub reads may be older than that.
                if let Some(head) = head
                    && registry.branch(branch).await?.as_ref() != Some(head)
                {
                    return Ok(Applied::Stale);
                }
                let head = head.clone().map_or_else(|| commit(made), Ok)?;
                match registry.create_pull(&NewPull { title, body, branch, base }).await? {
                    CreatedPull::Done(pull) if pull.head == head => {
                        made.pull = Some(pull);
                        Applied::Done
                    }
                    // Somebody pushed in between: what it is of now is not what its text says, and it is read again to say so.
                    CreatedPull::Done(_) | CreatedPull::Exists => Applied::Stale,
                    CreatedPull::NothingToMerge => {
                        made.nothing_to_merge = true;
                        delete(registry, branch, &head).await?
                    }
                }
            }
            Self::EditPull { seen, title, body, close } => {
                if registry.pull(seen.number).await?.as_ref() != Some(&**seen) {
                    return Ok(Applied::Stale);
                }
                let change = PullChange { title: title.as_deref(), body: Some(body), close: *close };
                registry.update_pull(seen.number, &change).await?;
                Applied::Done
            }
            Self::Check { begun, commit, name, app, text } => {
                return check(registry, *begun, commit, name, *app, text).await;
            }
            Self::Labels { number, head, add, remove } => {
                if !is_at(registry, *number, head).await? {
                    return Ok(Applied::Stale);
                }
                if !add.is_empty() {
                    let add: Vec<&str> = add.iter().map(String::as_str).collect();
                    registry.add_labels(*number, &add).await?;
                }
                for label in remove {
                    registry.remove_label(*number, label).await?;
                }
                Applied::Done
            }
            Self::Comment { number, head, id, body, author } => {
                if !is_at(registry, *number, head).await? {
                    return Ok(Applied::Stale);
                }
                match id {
                    Some(id) => return Ok(unless(registry.update_comment(*id, body).await?)),
                    None => {
                        let is_it = |found: &Comment| found.author.id == *author && found.body == *body;
                        registry.create_comment(*number, body, is_it).await?;
                    }
                }
                Applied::Done
            }
        })
    }
}

/// Whether a pull request still has this head.
async fn is_at(registry: &Registry, number: u64, head: &CommitSha) -> Result<bool, GithubError> {
    Ok(registry.standing(number).await?.is_some_and(|pull| pull.head == *head))
}

/// Annotations come in parts, and only the last request says how it ends: whoever is stopped in between leaves a check run that
/// is under way and says by its id whose text it is, and by its count how far it came.
async fn check(
    registry: &Registry,
    begun: Option<Begun>,
    commit: &CommitSha,
    name: &str,
    app: u64,
    text: &CheckText,
) -> Result<Applied, GithubError> {
    if let Some(begun) = begun {
        let now = registry.check_run(begun.id).await?;
        if now.is_completed() || now.annotations() != begun.annotations || now.app() != Some(app) {
            return Ok(Applied::Stale);
        }
    }
    let mut id = begun.map(|begun| begun.id);
    let all = text.annotations.len();
    let mut sent = begun.map_or(0, |begun| begun.annotations).min(all);
    loop {
        let end = all.min(sent + MAX_ANNOTATIONS);
        let annotations = text.annotations.get(sent..end).unwrap_or_default().to_vec();
        let conclusion = text.conclusion.filter(|_| end == all);
        let part = CheckText { annotations, conclusion, ..text.clone() };
        match id {
            Some(id) => registry.update_check(id, sent, &part).await?,
            None => id = Some(registry.create_check(commit, name, &part, app).await?.id),
        }
        sent = end;
        if sent == all {
            return Ok(Applied::Done);
        }
    }
}

/// Removes a branch, unless it is elsewhere. What was closed before is closed: somebody's commit only keeps the branch.
async fn delete(registry: &Registry, name: &str, at: &CommitSha) -> Result<Applied, GithubError> {
    if registry.branch(name).await?.as_ref() == Some(at) {
        registry.delete_branch(name).await?;
    }
    Ok(Applied::Done)
}
