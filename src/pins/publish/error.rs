//! Why nothing was published, or publishing ended.

use crate::github::GithubError;

/// Why a run ended. What was done until then stays, and the next run goes on from there. Messages hold what GitHub said:
/// escape before showing.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum PublishError {
    /// There is no such repository, or the token may not see it.
    #[error("GitHub does not find the repository `{0}`")]
    NoRepository(String),
    /// There is no such branch to open pull requests for.
    #[error("the repository `{repository}` has no branch `{branch}`")]
    NoBase {
        /// `owner/name`
        repository: String,
        branch: String,
    },
    /// The token is not valid, or allows too little.
    #[error("GitHub refused to {doing} ({status}): {message}")]
    Denied {
        /// What was tried, in words that follow "to".
        doing: &'static str,
        /// 401 or 403.
        status: u16,
        message: String,
    },
    /// GitHub did not say what there is, so that nothing could be decided.
    #[error("what is open on GitHub is not known")]
    Unknown(#[source] GithubError),
}

impl PublishError {
    #[must_use]
    pub(crate) fn hints(&self) -> Vec<String> {
        let permissions = "the token needs `contents: write` and `pull-requests: write` for this repository, and \
                           `issues: write` for the dashboard";
        let hints: &[&str] = match self {
            Self::NoRepository(_) => {
                &["check the name of the repository", "a private one needs a token that may see it"]
            }
            Self::NoBase { .. } => &["name a branch that is there, or none for the repository's default branch"],
            Self::Denied { status: 401, .. } => &["the token is not valid, or not any more"],
            Self::Denied { message, .. } if message.contains("not permitted to create") => &[
                "allow it in the repository's settings (Actions, General, Workflow permissions), or use the token of a \
                 GitHub App: pull requests of `GITHUB_TOKEN` start no checks",
            ],
            Self::Denied { .. } => &[permissions],
            Self::Unknown(_) => &["nothing was written; run it again"],
        };
        hints.iter().map(|hint| (*hint).to_owned()).collect()
    }
}
