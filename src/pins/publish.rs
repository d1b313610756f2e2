//! Pull requests from a plan: opened, moved along, left alone, closed.
//!
//! What is there is read first; [`reconcile`] says for each entry what is to be done; then it is done, one write after the
//! other. The run may be stopped at any write: the next one finds what was done, because every branch, commit and text of
//! ours says which step of which entry it is for, and goes on from there.

mod block;
mod body;
mod dashboard;
mod error;
mod intent;
mod name;
mod order;
pub(crate) mod own;
mod reconcile;
mod survey;

pub(crate) use crate::github::Pace;
pub(crate) use crate::github::registry::Registry;
pub(crate) use error::PublishError;

use super::plan::{Action, Decision, Plan, Pull};
use super::reason::Reason;
use crate::github::GithubError;
use crate::sync::{Made, Outcome, Runner};
use crate::validate::gather::Progress;
use intent::{Done, Job};
use reconcile::{Left, Todo, shown};
use survey::{Finder, Known, Survey};

/// What to publish, and how.
#[derive(Debug, Clone)]
pub(crate) struct PublishRequest {
    /// The branch that pull requests go to; none for the repository's default branch.
    pub(crate) base: Option<String>,
    /// The most pull requests to open that there were not before; security updates do not count.
    pub(crate) max_new_prs: Option<usize>,
    /// Only read, and say what would be done.
    pub(crate) dry_run: bool,
    /// Keep the issue with every entry's state.
    pub(crate) dashboard: bool,
    /// Told how many entries are done, and of how many.
    pub(crate) progress: Option<Progress>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Published {
    /// The plan with what became of each entry, and its pull request.
    pub(crate) plan: Plan,
    /// Pull requests of entries that are not in the registry any more.
    pub(crate) gone: Vec<(String, Pull)>,
    /// What was not done, a line each. Lines hold what GitHub said: escape before showing.
    pub(crate) left: Vec<String>,
    /// The dashboard, if it was asked for and is there.
    pub(crate) dashboard: Option<Pull>,
}

/// Makes the pull requests of the repository what the plan says. Killed at any point and run again, it ends where one
/// undisturbed run would have.
///
/// # Errors
/// When it is not known what is there, or the token allows too little. A limit that ends too late is no error: what was not
/// done is `rate-limited`, and named in [`Published::left`].
pub(crate) async fn publish(
    registry: &Registry,
    plan: &Plan,
    request: &PublishRequest,
) -> Result<Published, PublishError> {
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
    if survey.over > 0 {
        let (over, prefix) = (survey.over, name::PREFIX);
        published.left.push(format!("{over} branches `{prefix}…` of no entry: too many; delete what nobody needs"));
    }
    Run {
        registry,
        request,
        survey: &survey,
        published: &mut published,
        finder: Finder::new(registry, &survey.base, &survey.account),
        runner: Runner::new(registry, request.dry_run),
        opened: 0,
    }
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
    finder: Finder<'a>,
    runner: Runner<'a>,
    /// New pull requests that count.
    opened: usize,
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
        let counts = matches!(known.todo, Ok(Todo::Open(_))) && decision.as_ref().is_some_and(|it| !it.urgent);
        if counts && self.request.max_new_prs.is_some_and(|most| self.opened >= most) {
            let (reason, why) =
                (Some(Reason::OverLimit), Some("this run opened as many new ones as it may".to_owned()));
            self.set(known, Left { reason, why, pull: None });
            return Ok(());
        }
        let job = Job { registry: self.registry, base: &self.survey.base, decision: decision.as_ref(), known };
        let finder = &self.finder;
        let is_idle = matches!(known.todo, Ok(Todo::Leave(_)));
        let settled = self.runner.settle(is_idle, async |round| {
            if round == 0 {
                return job.intent(known.todo.as_ref().map_err(Clone::clone)?, &known.remote).await;
            }
            let mut remote = finder.read_again(&known.entry).await?;
            let todo = finder.find(&known.entry, &known.wanted, &mut remote).await?;
            job.intent(&todo, &remote).await
        });
        match settled.await {
            Outcome::Done(done, made) => {
                self.opened += usize::from(counts && matches!(done, Done::Opened));
                self.done(known, done, made);
            }
            Outcome::Failed(error) => self.failed(known, &error),
            Outcome::Useless { status, message } => {
                return Err(PublishError::Denied { doing: "change pull requests", status, message });
            }
        }
        Ok(())
    }

    fn done(&mut self, known: &Known, done: Done, made: Made) {
        // What keeps a pin from moving by itself is more than what became of its pull request.
        let flagged = |reason: &Reason| matches!(reason, Reason::NotAncestor | Reason::LicenseChanged);
        let planned = known.decision.and_then(|index| self.published.plan.decisions.get(index));
        let kept = planned.map(|decision| decision.reason).filter(flagged);
        let of = |reason, pull| Left { reason: Some(kept.unwrap_or(reason)), why: None, pull };
        let left = match done {
            Done::Left(left) if left.reason == Some(Reason::Unchanged) => Left { reason: kept.or(left.reason), ..left },
            Done::Left(left) => left,
            Done::Opened if made.nothing_to_merge => {
                let why = format!("`{}` has it already", self.survey.base.name);
                Left { reason: Some(Reason::Current), why: Some(why), pull: None }
            }
            // Without a number where it only would be.
            Done::Opened => of(Reason::Opened, made.pull.map(|pull| shown(&pull, Action::Open))),
            Done::Updated(pull) => of(Reason::Updated, Some(pull)),
            Done::Closed(pull) => Left { pull: Some(pull), ..Left::default() },
            Done::Removed => return,
            Done::Kept { why, pull } => {
                self.published.left.push(format!("{}: {why}", known.entry));
                Left { pull, ..Left::default() }
            }
        };
        self.set(known, left);
    }

    fn set(&mut self, known: &Known, Left { reason, why, pull }: Left) {
        let Some(decision) = known.decision.and_then(|index| self.published.plan.decisions.get_mut(index)) else {
            self.published.gone.extend(pull.map(|pull| (known.entry.clone(), pull)));
            return;
        };
        decision.reason = reason.unwrap_or(decision.reason);
        decision.detail = why.unwrap_or_else(|| std::mem::take(&mut decision.detail));
        decision.pull = pull.or(decision.pull.take());
    }

    /// What became of an entry that GitHub did not do its part for.
    fn failed(&mut self, known: &Known, error: &GithubError) {
        let decision = known.decision.and_then(|index| self.published.plan.decisions.get_mut(index));
        match decision {
            Some(decision) if error.is_limit() => limit(decision, error, &mut self.published.left),
            _ => {
                if !error.is_limit() {
                    let (reason, why) = (Some(Reason::Unreachable), Some(error.to_string()));
                    self.set(known, Left { reason, why, pull: None });
                }
                self.published.left.push(format!("{}: {error}", known.entry));
            }
        }
    }
}

fn limit(decision: &mut Decision, error: &GithubError, left: &mut Vec<String>) {
    decision.reason = Reason::RateLimited;
    decision.detail = error.to_string();
    left.push(format!("{}: {error}", decision.entry));
}

/// Whether a pull request is one that stays open.
fn stays(pull: &Pull) -> bool {
    pull.action != Action::Close
}
