//! GitHub's REST API: what entries are judged by ([`Github`]), and the registry's own repository, which is written to
//! ([`registry`]).
//!
//! Everything goes through one [`sender`]: it knows GitHub's limits ([`limits`], [`pace`]), tries again what is safe to try
//! again, follows pages, bounds answers, and takes the token out of them ([`mask`]). A limit that ends soon is waited for,
//! up to [`Pace::longest`]; a longer one ends everything.
//!
//! **A new kind of write** is a method of [`registry::Registry`] in a file of `registry/`: it calls `Sender::write` with a
//! method, an encoded path, a body, what is taken out of the answer, and how to find out whether it was done when nobody
//! answered. Nothing else of it is needed for limits, retries and masking. What is to be written, when, and in which order is
//! decided elsewhere, as plain data.
//!
//! **octocrab** is the client: addresses, headers, authentication and bodies of requests are its work. Its typed models are
//! not used. They require fields that nobody here needs (a pull request has about eighty, two repositories among them), so
//! that an answer without one, or with a new word where a model is an enum, would stop a night; they keep everything, where
//! an answer may have 24 MB; and the same structs of five fields read GitHub's servers of all ages. Its retries are off:
//! they repeat writes. octocrab's types stop in this room.

mod answer;
mod limits;
mod mask;
mod names;
mod pace;
mod reader;
pub(crate) mod registry;
mod sender;

pub(crate) use mask::is_token;
pub(crate) use names::located;
pub(crate) use pace::Pace;
pub(crate) use reader::{Contained, Github, PathKind, Repository};

use crate::fetch::retry::Retry;
use secrecy::SecretString;
use std::time::Duration;
use url::Url;

#[derive(Debug, Clone)]
pub struct GithubOptions {
    /// The API's address: `https://api.github.com`, or that of an enterprise server. Chosen by whoever runs the program, so
    /// any address is allowed.
    pub api: Url,
    /// A token, for a higher rate limit. Without one GitHub answers 60 questions an hour.
    pub token: Option<SecretString>,
    /// Certificates to trust besides the built-in roots, PEM.
    pub roots_pem: Option<Vec<u8>>,
    /// The time that one attempt may take.
    pub(crate) timeout: Duration,
    /// When and how often to try again. The waits for limits are those of `pace`.
    pub retry: Retry,
    /// How fast to ask and to write, and how long to wait for a limit to end.
    pub(crate) pace: Pace,
    /// Requests at the same time. GitHub asks for few.
    pub concurrency: usize,
}

impl GithubOptions {
    /// The usual ones for this API, with waits of up to a minute.
    #[must_use]
    pub fn new(api: Url) -> Self {
        let pace = Pace { longest: Duration::from_secs(60), ..Pace::default() };
        let (timeout, retry) = (Duration::from_secs(20), Retry::default());
        Self { api, token: None, roots_pem: None, timeout, retry, pace, concurrency: 4 }
    }
}

/// Why GitHub did not do or say something. Messages hold what GitHub said: escape before showing.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum GithubError {
    /// A limit that ends too late, or never seems to.
    #[error("GitHub's rate limit is reached{}", until.as_ref().map(|time| format!(" until {time}")).unwrap_or_default())]
    RateLimited {
        /// When it ends, `HH:MM UTC`, if that is known.
        until: Option<String>,
    },
    /// A budget of [`Pace`] that is used up for too long.
    #[error("this run used up what GitHub allows; the next request may be sent in {} min", wait.as_secs().div_ceil(60))]
    BudgetUsed { wait: Duration },
    /// The token is not valid (401), or does not allow this (403).
    #[error("GitHub refused ({status}){}", said(message))]
    Denied {
        /// 401 or 403.
        status: u16,
        message: String,
    },
    /// Something that was to be there is not, or may not be seen with this token.
    #[error("GitHub does not find {0}")]
    Missing(String),
    /// A request that cannot be carried out.
    #[error("GitHub answered {status}{}", said(message))]
    Refused { status: u16, message: String },
    /// No answer, or none that says what became of the request, after all attempts.
    #[error("GitHub did not answer: {0}")]
    Unreachable(String),
    /// An answer that is not what GitHub's description of its API promises.
    #[error("GitHub's answer cannot be understood: {0}")]
    Unexpected(&'static str),
}

fn said(message: &str) -> String {
    if message.is_empty() { String::new() } else { format!(": {message}") }
}

impl GithubError {
    /// Whether another run may do what this one may not any more.
    #[must_use]
    pub(crate) fn is_limit(&self) -> bool {
        matches!(self, Self::RateLimited { .. } | Self::BudgetUsed { .. })
    }
}
