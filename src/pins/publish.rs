//! Pull requests from a plan: opened, moved along, left alone, closed.
//!
//! What is there is read first; [`reconcile`] says for each entry what is to be done; then it is done, one write after the
//! other. The run may be stopped at any write: the next one finds what was done, because every branch, commit and text of
//! ours says which step of which entry it is for, and goes on from there.

mod act;
mod block;
mod body;
mod dashboard;
mod error;
mod name;
mod order;
mod reconcile;
mod survey;

pub use crate::github::registry::{Pace, Registry, RegistryOptions};
pub use error::PublishError;

use super::plan::{Action, Decision, Plan, Pull};
use super::reason::Reason;
use crate::fetch::SetupError;
use crate::github::GithubOptions;
use crate::github::registry::RegistryError;
use crate::validate::gather::{Progress, Reach};
use act::{Actor, Done};
use reconcile::Todo;
use survey::{Known, Survey};

/// What to publish, and how.
#[derive(Debug, Clone)]
pub struct PublishRequest {
    /// The branch that pull requests go to; none for the repository's default branch.
    pub base: Option<String>,
    /// The most pull requests to open that there were not before; security updates do not count.
    pub max_new_prs: Option<usize>,
    /// Only read, and say what would be done.
    pub dry_run: bool,
    /// Keep the issue with every entry's state.
    pub dashboard: bool,
    /// Told how many entries are done, and of how many.
    pub progress: Option<Progress>,
}

/// What came of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Published {
    /// The plan with what became of each entry, and its pull request.
    pub plan: Plan,
    /// Pull requests of entries that are not in the registry any more.
    pub gone: Vec<(String, Pull)>,
    /// What was not done, a line each. Lines hold what GitHub said: escape before showing.
    pub left: Vec<String>,
    /// The dashboard, if it was asked for and is there.
    pub dashboard: Option<Pull>,
}

/// A client for the repository `owner/name`, for who only knows how the outside is reached. Must be called inside a tokio
/// runtime.
///
/// # Errors
/// When the certificates cannot be read, or the API's address cannot be used.
pub fn connect(reach: Reach, owner: &str, name: &str, pace: Pace) -> Result<Registry, SetupError> {
    let Reach { github_api, github_token, roots_pem, .. } = reach;
    let github = GithubOptions { token: github_token, roots_pem, ..GithubOptions::new(github_api) };
    Registry::new(&RegistryOptions { github, owner: owner.to_owned(), name: name.to_owned(), pace })
}

/// Makes the pull requests of the repository what the plan says. Killed at any point and run again, it ends where one
/// undisturbed run would have.
///
/// # Errors
/// When it is not known what is there, or the token allows too little. A limit that ends too late is no error: what was not
/// done is `rate-limited`, and named in [`Published::left`].
pub async fn publish(registry: &Registry, plan: &Plan, request: &PublishRequest) -> Result<Published, PublishError> {
    let mut published = Published { plan: plan.clone(), gone: Vec::new(), left: Vec::new(), dashboard: None };
    let survey = match Survey::take(registry, plan, request).await {
        Ok(survey) => survey,
        Err(survey::Stopped::Limited(error)) => {
            for decision in published.plan.decisions.iter_mut().filter(|decision| decision.reason.moves()) {
                limit(decision, &error, &mut published.left);
            }
            published.left.push(format!("every pull request: {error}"));
            return Ok(published);
        }
        Err(survey::Stopped::Failed(error)) => return Err(error),
    };
    Run { registry, request, survey: &survey, published: &mut published, stopped: None, opened: 0, written: 0 }
        .all()
        .await?;
    if request.dashboard {
        dashboard::keep(registry, &mut published, request.dry_run).await;
    }
    Ok(published)
}

/// One run, after everything was read.
struct Run<'a> {
    registry: &'a Registry,
    request: &'a PublishRequest,
    survey: &'a Survey,
    published: &'a mut Published,
    /// Set once a limit ends too late, or the token is not good any more: those of apps end after an hour.
    stopped: Option<RegistryError>,
    /// New pull requests that count.
    opened: usize,
    /// Entries for which something was written.
    written: usize,
}

impl Run<'_> {
    async fn all(mut self) -> Result<(), PublishError> {
        let order = order::order(&self.survey.known, &self.published.plan.decisions);
        let all = order.len();
        for (done, index) in order.into_iter().enumerate() {
            let Some(known) = self.survey.known.get(index) else { continue };
            self.one(known).await?;
            if let Some(progress) = &self.request.progress {
                progress.report(done + 1, all);
            }
        }
        Ok(())
    }

    async fn one(&mut self, known: &Known) -> Result<(), PublishError> {
        let decision = known.decision.and_then(|index| self.published.plan.decisions.get(index)).cloned();
        let todo = match &known.todo {
            Ok(todo) => todo,
            Err(error) => return self.failed(known, error.clone()),
        };
        let is_new = matches!(todo, Todo::Open(_));
        let counts = is_new && decision.as_ref().is_some_and(|decision| !decision.urgent);
        if counts && self.request.max_new_prs.is_some_and(|most| self.opened >= most) {
            self.set(
                known,
                Some(Reason::OverLimit),
                Some("this run opened as many new ones as it may".to_owned()),
                None,
            );
            return Ok(());
        }
        if let (Some(error), false) = (&self.stopped, matches!(todo, Todo::Leave(..))) {
            let error = error.clone();
            return self.failed(known, error);
        }
        let actor = Actor {
            registry: self.registry,
            base: &self.survey.base,
            dry_run: self.request.dry_run,
            decision: decision.as_ref(),
            known,
        };
        match actor.act().await {
            Ok(done) => {
                self.opened += usize::from(counts && matches!(done, Done::Opened(_)));
                self.written += usize::from(!matches!(done, Done::Left(..) | Done::Kept(..)));
                self.done(known, done);
                Ok(())
            }
            Err(error) => self.failed(known, error),
        }
    }

    fn done(&mut self, known: &Known, done: Done) {
        // What keeps a pin from moving by itself is more than what became of its pull request.
        let flagged = |reason: Reason| matches!(reason, Reason::NotAncestor | Reason::LicenseChanged);
        let planned = known.decision.and_then(|index| self.published.plan.decisions.get(index));
        let kept = planned.map(|decision| decision.reason).filter(|reason| flagged(*reason));
        match done {
            Done::Left(reason, why, pull) => {
                let reason = reason.map(|reason| match kept {
                    Some(kept) if reason == Reason::Unchanged => kept,
                    _ => reason,
                });
                self.set(known, reason, why, pull);
            }
            Done::Opened(pull) => self.set(known, Some(kept.unwrap_or(Reason::Opened)), None, pull),
            Done::Updated(pull) => self.set(known, Some(kept.unwrap_or(Reason::Updated)), None, Some(pull)),
            Done::Closed(pull) => self.set(known, None, None, Some(pull)),
            Done::Removed => {}
            Done::Kept(why, pull) => {
                self.published.left.push(format!("{}: {why}", known.entry));
                self.set(known, None, None, pull);
            }
        }
    }

    fn set(&mut self, known: &Known, reason: Option<Reason>, why: Option<String>, pull: Option<Pull>) {
        let Some(decision) = known.decision.and_then(|index| self.published.plan.decisions.get_mut(index)) else {
            self.published.gone.extend(pull.map(|pull| (known.entry.clone(), pull)));
            return;
        };
        decision.reason = reason.unwrap_or(decision.reason);
        if let Some(why) = why {
            decision.detail = why;
        }
        decision.pull = pull.or(decision.pull.take());
    }

    /// What became of an entry that GitHub did not do its part for. Only what concerns every entry is an error, and only as long
    /// as there is nothing to tell but it.
    fn failed(&mut self, known: &Known, error: RegistryError) -> Result<(), PublishError> {
        match error {
            RegistryError::Denied { status, message } if self.written == 0 => {
                Err(PublishError::Denied { doing: "change pull requests", status, message })
            }
            error if error.is_limit() => {
                match known.decision.and_then(|index| self.published.plan.decisions.get_mut(index)) {
                    Some(decision) => limit(decision, &error, &mut self.published.left),
                    None => self.published.left.push(format!("{}: {error}", known.entry)),
                }
                self.stopped = Some(error);
                Ok(())
            }
            error => {
                self.set(known, Some(Reason::Unreachable), Some(error.to_string()), None);
                self.published.left.push(format!("{}: {error}", known.entry));
                if matches!(error, RegistryError::Denied { .. }) {
                    self.stopped = Some(error);
                }
                Ok(())
            }
        }
    }
}

fn limit(decision: &mut Decision, error: &RegistryError, left: &mut Vec<String>) {
    decision.reason = Reason::RateLimited;
    decision.detail = error.to_string();
    left.push(format!("{}: {error}", decision.entry));
}

/// Whether a pull request is one that stays open.
fn stays(pull: &Pull) -> bool {
    pull.action != Action::Close
}
