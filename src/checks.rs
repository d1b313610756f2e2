//! What the registry's own App says on GitHub about a pull request: check runs, labels and one comment; the gate that branch
//! protection asks for; and the merge of pins that nobody has to look at.
//!
//! Reports come from jobs that ran what strangers wrote, and this room runs nothing: it reads files of a known shape, compares
//! them with the commits of the pull request, and writes. What is believed of GitHub's answers is what only the registry's App
//! can write, by its id, on the very commit; and what people with write access did, by GitHub's own record of it.
//!
//! - [`names`]: names, labels, conclusions and limits, the one source of them.
//! - [`outcome`]: what an analysis of one entry came to, as the text of a check run.
//! - [`publish`]: check runs, labels, comment: survey, reconcile, act.
//! - [`gate`]: whether a commit may be merged, judged by facts alone.
//! - [`merge`]: the conditions under which a pin's pull request is merged by itself.
//! - [`approval`]: whose word lets a stranger's commit be reviewed.

pub(crate) mod approval;
mod comment;
pub(crate) mod gate;
mod labels;
pub(crate) mod merge;
pub(crate) mod names;
mod note;
pub(crate) mod outcome;
pub(crate) mod publish;
mod runs;

pub(crate) use crate::github::Pace;
pub(crate) use crate::github::registry::{Annotation, Registry};

use crate::github::GithubError;
use crate::ids::CommitSha;

/// Why nothing can be said about a pull request. Messages hold what GitHub said: escape before showing.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum ChecksError {
    #[error("there is no pull request #{0} in this repository")]
    NoPull(u64),
    #[error("no open pull request has the head {}", .0.short())]
    NoPullAt(CommitSha),
    #[error("{count} open pull requests have the head {}", head.short())]
    SeveralPulls { head: CommitSha, count: usize },
    #[error("pull request #{0} is closed")]
    Closed(u64),
    /// The commit that was looked at is not what would be merged.
    #[error("the head of #{number} is {} by now, and what was judged is {}", now.short(), judged.short())]
    Moved { number: u64, judged: CommitSha, now: CommitSha },
    /// Everybody's workflow can say what this token says.
    #[error("the token is that of a workflow, with which a stranger's pull request can say the same")]
    ActionsToken,
    #[error("{0}")]
    Github(GithubError),
}

impl From<GithubError> for ChecksError {
    fn from(error: GithubError) -> Self {
        Self::Github(error)
    }
}

impl ChecksError {
    /// What to do about it.
    pub(crate) fn hints(&self) -> Vec<&'static str> {
        match self {
            Self::Moved { .. } => vec!["nothing was written: the run for the new head says what there is to say"],
            Self::SeveralPulls { .. } => vec!["name the one that is meant with `--pr`"],
            Self::ActionsToken => vec![
                "use a token of the registry's own App, as `actions/create-github-app-token` makes one",
                "`--allow-actions-app` takes it all the same: then the gate protects nothing from strangers",
            ],
            Self::Github(error) if error.is_limit() => vec!["run it again: it goes on where this run ended"],
            Self::Github(GithubError::Denied { status: 401, .. }) => {
                vec!["the token in GITHUB_TOKEN is not valid any more: that of an App lives for an hour"]
            }
            Self::Github(GithubError::Denied { .. }) => {
                vec!["the App needs the permissions `checks: write`, `pull-requests: write` and `issues: write`"]
            }
            _ => Vec::new(),
        }
    }
}
