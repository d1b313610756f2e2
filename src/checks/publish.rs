//! Check runs, labels and one comment of a pull request: read what is there, decide, write.

use super::names::Analysis;
use super::outcome::Wanted;
use super::{ChecksError, comment, labels, runs};
use crate::github::registry::{Registry, Standing};
use crate::ids::CommitSha;
use crate::policy::ACTIONS_APP;
use crate::sync::{Intent, Runner, Write};
use crate::verdict::{Conclusion, Risk};

/// What to publish, and where.
#[derive(Debug, Clone)]
pub(crate) struct Request {
    /// The number of the pull request; none to find it by its head.
    pub(crate) pull: Option<u64>,
    /// What was judged.
    pub(crate) head: CommitSha,
    /// The App that the token is of.
    pub(crate) app: u64,
    /// Whether that App may be the one of every workflow.
    pub(crate) allow_actions_app: bool,
    pub(crate) wanted: Vec<Wanted>,
    /// The highest risk that needs no maintainer's word.
    pub(crate) gate_risk: Risk,
    /// Only read, and say what would be written.
    pub(crate) dry_run: bool,
}

/// What became of one check run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Said {
    pub(crate) name: String,
    /// None while it is under way.
    pub(crate) conclusion: Option<Conclusion>,
    pub(crate) title: String,
    /// Whether something was to be written.
    pub(crate) written: bool,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Published {
    pub(crate) pull: u64,
    pub(crate) said: Vec<Said>,
    /// The labels that were set, and those that were taken away.
    pub(crate) labels: (Vec<String>, Vec<String>),
    pub(crate) commented: bool,
}

/// Finds the pull request, and holds it to the commit that was judged.
pub(super) async fn standing(
    registry: &Registry,
    pull: Option<u64>,
    head: &CommitSha,
) -> Result<Standing, ChecksError> {
    let found = match pull {
        Some(number) => registry.standing(number).await?.ok_or(ChecksError::NoPull(number))?,
        None => {
            let mut found = registry.pulls_at(head).await?;
            match found.len() {
                1 => found.remove(0),
                0 => return Err(ChecksError::NoPullAt(head.clone())),
                count => return Err(ChecksError::SeveralPulls { head: head.clone(), count }),
            }
        }
    };
    if !found.open && !found.merged {
        return Err(ChecksError::Closed(found.number));
    }
    if found.head != *head {
        return Err(ChecksError::Moved { number: found.number, judged: head.clone(), now: found.head });
    }
    Ok(found)
}

/// Refuses the token of a workflow, unless it is asked for.
pub(super) async fn check_app(registry: &Registry, app: u64, allow_actions_app: bool) -> Result<(), ChecksError> {
    let is_actions = app == ACTIONS_APP || registry.account().await?.login == "github-actions[bot]";
    if is_actions && !allow_actions_app { Err(ChecksError::ActionsToken) } else { Ok(()) }
}

/// Makes GitHub say what is wanted. Killed at any point and run again, it ends where one undisturbed run would have.
///
/// # Errors
/// When the pull request is not what was judged, or GitHub does not do its part.
pub(crate) async fn publish(registry: &Registry, request: &Request) -> Result<Published, ChecksError> {
    registry.open().await?;
    check_app(registry, request.app, request.allow_actions_app).await?;
    let pull = standing(registry, request.pull, &request.head).await?;
    let mut runner = Runner::new(registry, request.dry_run);
    let found = registry.check_runs(&request.head, None, request.app).await?;
    let mut said = Vec::new();
    for wanted in &request.wanted {
        let written = runs::settle(registry, &mut runner, wanted, (&request.head, request.app), Some(&found)).await?;
        let (conclusion, title) = (wanted.outcome.conclusion, wanted.outcome.title.clone());
        said.push(Said { name: wanted.name(), conclusion, title, written });
    }
    let labels = label(registry, request, &pull, &mut runner).await?;
    let commented = say(registry, request, &pull, &mut runner).await?;
    Ok(Published { pull: pull.number, said, labels, commented })
}

/// Labels follow from verdicts: where a review is still under way nothing is changed.
async fn label(
    registry: &Registry,
    request: &Request,
    pull: &Standing,
    runner: &mut Runner<'_>,
) -> Result<(Vec<String>, Vec<String>), ChecksError> {
    let of_reviews: Vec<&Wanted> =
        request.wanted.iter().filter(|it| it.of.as_ref().is_some_and(|(of, _)| *of == Analysis::Review)).collect();
    let reviews: Option<Vec<labels::Reviewed>> = of_reviews
        .iter()
        .map(|wanted| {
            let complete = wanted.outcome.conclusion? != Conclusion::ActionRequired;
            Some(labels::Reviewed { risk: wanted.outcome.risk.unwrap_or(Risk::Info), complete })
        })
        .collect();
    let Some(reviews) = reviews.filter(|reviews| !reviews.is_empty()) else { return Ok(Default::default()) };
    let wanted = labels::wanted(&reviews);
    let idle = labels::changes(&wanted, &pull.labels) == (Vec::new(), Vec::new());
    let settled = runner.settle(idle, async |round| {
        let found = if round == 0 { pull.labels.clone() } else { registry.labels_of(pull.number).await? };
        let (add, remove) = labels::changes(&wanted, &found);
        if add.is_empty() && remove.is_empty() {
            return Ok(Intent::none((add, remove)));
        }
        let (number, head) = (pull.number, request.head.clone());
        let write = Write::Labels { number, head, add: add.clone(), remove: remove.clone() };
        Ok(Intent { writes: vec![write], done: (add, remove) })
    });
    Ok(settled.await.done()?)
}

/// Writes the comment, or keeps it up to date. Where there is none and everything passed there is nothing to say.
async fn say(
    registry: &Registry,
    request: &Request,
    pull: &Standing,
    runner: &mut Runner<'_>,
) -> Result<bool, ChecksError> {
    if request.wanted.iter().any(|wanted| wanted.outcome.conclusion.is_none()) {
        return Ok(false);
    }
    let waits = request.wanted.iter().any(|wanted| {
        wanted.outcome.conclusion == Some(Conclusion::Neutral)
            && wanted.outcome.risk.is_some_and(|risk| risk > request.gate_risk)
    });
    let body = comment::text(&request.head, &request.wanted, waits);
    let is_worth_it = comment::is_worth_it(&request.wanted);
    Ok(comment::keep::<comment::Block>(registry, runner, pull, &body, is_worth_it).await?)
}
