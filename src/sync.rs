//! Writes to the registry's repository on GitHub: survey, reconcile, act.
//!
//! A use case reads what is there (survey), says what is to be done about each thing as plain data (reconcile: a pure
//! function), and hands that to a [`Runner`], which does it (act). What makes a run that is stopped anywhere harmless:
//!
//! - **Nothing is remembered but on GitHub.** What a thing is for stands in a hidden [`block`] in its text or in the message
//!   of its commit; the next run reads it there and goes on.
//! - **What was read is checked again.** Every [`Write`] names what it was decided on: the commit a branch had, the whole pull
//!   request. If that is not so any more, nothing is written, and the thing is read and decided anew, a few times. GitHub has
//!   no conditional writes: between the look and the write a moment is left.
//! - **The order leaves no lie.** A branch comes before the pull request of it; a text that says what a branch is to be comes
//!   before the branch moves; what closes a pull request also says why, in one write.
//! - **What people did counts more.** [`head`] says what of a branch is a program's own; the rest is never overwritten.
//!
//! A new kind of write is a method of [`crate::github::registry::Registry`], a variant of [`Write`] that carries what it was
//! decided on, and an arm of `apply`. A new kind of thing to write about (checks, labels, comments, merges) is a module of its
//! use case with a type for what is to be done, a pure function that finds it, and [`Intent`]s for the runner.

pub(crate) mod block;
pub(crate) mod head;
mod runner;
mod write;

pub(crate) use runner::{Intent, Outcome, Runner};
pub(crate) use write::{Begun, Made, NewCommit, Write};

use crate::fetch::SetupError;
use crate::github::registry::Registry;
use crate::github::{GithubOptions, Pace};
use crate::validate::gather::Reach;

/// A client for the repository `owner/name`. Must be called inside a tokio runtime.
///
/// # Errors
/// When the certificates cannot be read, or the API's address cannot be used.
pub(crate) fn connect(reach: Reach, owner: &str, name: &str, pace: Pace) -> Result<Registry, SetupError> {
    let Reach { github_api, github_token, roots_pem, .. } = reach;
    let github = GithubOptions { token: github_token, roots_pem, pace, ..GithubOptions::new(github_api) };
    Registry::new(&github, owner, name)
}
