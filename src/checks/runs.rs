//! From what a check run is to say and what is there to the write that does it.

use super::outcome::Wanted;
use crate::github::GithubError;
use crate::github::registry::{CheckRun, Registry};
use crate::ids::CommitSha;
use crate::sync::{Begun, Intent, Runner, Write};

/// What is to be done about one check run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Todo {
    /// It says this already.
    Leave,
    /// A new one is made, beside those that ended.
    Make,
    /// The one that is under way goes on: so many annotations of it were sent.
    GoOn(Begun),
}

/// `runs` are those of our App on the commit, the newest first.
///
/// A check run ends once. What ended is not written to again: a second verdict on the same commit is a second check run, and
/// the newest counts. One that is under way is taken over, unless it holds annotations of another text, which nobody can take
/// back.
pub(super) fn todo(wanted: &Wanted, runs: &[CheckRun]) -> Todo {
    let text = wanted.outcome.check_text();
    let name = wanted.name();
    let Some(newest) = runs.iter().find(|run| run.name == name) else { return Todo::Make };
    let is_this = newest.external_id == text.external_id;
    match (newest.is_completed(), text.conclusion) {
        // Work begins where there is no verdict yet, or none that says anything.
        (true, None) if wanted.of.is_some() => match newest.conclusion.as_deref() {
            Some("success" | "neutral" | "failure") => Todo::Leave,
            _ => Todo::Make,
        },
        (true, _) if is_this && newest.annotations() >= text.annotations.len() => Todo::Leave,
        (true, _) => Todo::Make,
        (false, None) if is_this || wanted.of.is_some() => Todo::Leave,
        (false, _) if is_this || newest.annotations() == 0 => {
            Todo::GoOn(Begun { id: newest.id, annotations: newest.annotations() })
        }
        (false, _) => Todo::Make,
    }
}

/// Makes one check run of `app` on `head` say what is wanted, and tells whether that needed a write. `found` are the check runs
/// that were read before; without them they are read now.
///
/// # Errors
/// When GitHub does not do its part.
pub(super) async fn settle(
    registry: &Registry,
    runner: &mut Runner<'_>,
    wanted: &Wanted,
    (head, app): (&CommitSha, u64),
    found: Option<&[CheckRun]>,
) -> Result<bool, GithubError> {
    let idle = found.is_some_and(|found| todo(wanted, found) == Todo::Leave);
    let settled = runner.settle(idle, async |round| {
        let write = match found.filter(|_| round == 0) {
            Some(found) => todo(wanted, found),
            None => todo(wanted, &registry.check_runs(head, Some(&wanted.name()), app).await?),
        };
        let write = write.write(wanted, head, app);
        Ok(Intent { done: write.is_some(), writes: write.into_iter().collect() })
    });
    settled.await.done()
}

impl Todo {
    /// The write, if there is one.
    pub(super) fn write(self, wanted: &Wanted, commit: &CommitSha, app: u64) -> Option<Write> {
        let begun = match self {
            Self::Leave => return None,
            Self::Make => None,
            Self::GoOn(begun) => Some(begun),
        };
        let (name, text) = (wanted.name(), Box::new(wanted.outcome.check_text()));
        Some(Write::Check { begun, commit: commit.clone(), name, app, text })
    }
}
