//! Merges a pin's pull request that nobody has to look at, if every condition holds, by the id of its head.
//!
//! The conditions are those of the design: ours, by account, branch, parent and tree, so that nothing but `source.commit` differs
//! and its old value is the base's; the gate and the checks that it stands for by the registry's own App, on this very head; no
//! flag, no label and no person against it; and a ruleset that names the gate with that App, for without one the platform would
//! merge over red.

use super::gate::{MOST_ASKED, State, decided, worst_of};
use super::names::{Analysis, GATE, SKIP_MERGE, is_label};
use super::outcome::risk_of;
use super::publish::check_app;
use super::{ChecksError, note};
use crate::github::GithubError;
use crate::github::registry::{CheckRun, Merged, Registry, Standing};
use crate::pins::publish::own::{Own, own};
use crate::sync::{Intent, Runner, Write};
use crate::verdict::Risk;
use std::time::Duration;

/// Looks at the conditions before one that does not hold is said under the pull request.
const LOOKS: usize = 3;

#[derive(Debug, Clone)]
pub(crate) struct Request {
    pub(crate) pull: u64,
    pub(crate) app: u64,
    pub(crate) allow_actions_app: bool,
    /// The highest risk with which a pin moves by itself.
    pub(crate) merge_risk: Risk,
    /// How long what passes by itself is waited for: GitHub «expects» a check for a while after it succeeded.
    pub(crate) patience: Duration,
    /// The time between two looks.
    pub(crate) interval: Duration,
    pub(crate) dry_run: bool,
}

/// What came of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Came {
    Merged,
    /// It was merged before this run.
    WasMerged,
    /// A condition does not hold: which, for people.
    Not(Unmet),
}

/// A condition that does not hold.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Unmet {
    pub(crate) why: String,
    /// Whether it may come to hold without anybody's doing: then nothing is said under the pull request.
    pub(crate) waits: bool,
    /// Whether the pull request is ours at all: what is not is none of our business.
    pub(crate) ours: bool,
}

impl Unmet {
    fn not(why: impl Into<String>) -> Self {
        Self { why: why.into(), waits: false, ours: true }
    }

    fn waits(why: impl Into<String>) -> Self {
        Self { waits: true, ..Self::not(why) }
    }

    fn theirs(why: impl Into<String>) -> Self {
        Self { ours: false, ..Self::not(why) }
    }
}

/// Merges, or says why not.
///
/// # Errors
/// When GitHub does not do its part.
pub(crate) async fn merge(registry: &Registry, request: &Request) -> Result<Came, ChecksError> {
    let home = registry.open().await?;
    check_app(registry, request.app, request.allow_actions_app).await?;
    let pull = registry.standing(request.pull).await?.ok_or(ChecksError::NoPull(request.pull))?;
    if pull.merged {
        remove_branch(registry, request, &pull).await?;
        return Ok(Came::WasMerged);
    }
    let found = match conditions(registry, request, &pull, &home.default_branch).await? {
        Ok(own) => attempt(registry, request, &pull, &own).await?,
        Err(unmet) => Err(unmet),
    };
    match found {
        Ok(()) => {
            remove_branch(registry, request, &pull).await?;
            Ok(Came::Merged)
        }
        Err(unmet) => {
            if unmet.ours && !unmet.waits {
                note::keep(registry, &pull, &unmet.why, request.dry_run).await?;
            }
            Ok(Came::Not(unmet))
        }
    }
}

/// Everything that must hold; what was asked first costs least. What GitHub's lists say is looked at again before a person reads
/// that it does not hold: GitHub answers with «not found» while a replica lags, and nobody comes back to take that comment away.
async fn conditions(
    registry: &Registry,
    request: &Request,
    pull: &Standing,
    base: &str,
) -> Result<Result<Own, Unmet>, ChecksError> {
    if let Err(unmet) = stands(pull, registry.account().await?.id, base) {
        return Ok(Err(unmet));
    }
    for _ in 1..LOOKS {
        match listed(registry, request, pull, base).await? {
            Err(unmet) if !unmet.waits => tokio::time::sleep(request.interval).await,
            found => return Ok(found),
        }
    }
    listed(registry, request, pull, base).await
}

/// What the pull request itself says.
fn stands(pull: &Standing, account: u64, base: &str) -> Result<(), Unmet> {
    if !pull.open {
        return Err(Unmet::theirs("it is closed"));
    }
    if !pull.own || pull.author.id != account {
        return Err(Unmet::theirs("this program did not open it"));
    }
    if pull.base != base {
        return Err(Unmet::not(format!("it goes to `{}` and not to `{base}`", pull.base)));
    }
    if let Some(label) = pull.labels.iter().find(|label| is_label(label, SKIP_MERGE)) {
        return Err(Unmet::not(format!("it has the label `{label}`")));
    }
    if pull.draft {
        return Err(Unmet::not("it is a draft"));
    }
    Ok(())
}

/// What GitHub's lists say about it.
async fn listed(
    registry: &Registry,
    request: &Request,
    pull: &Standing,
    base: &str,
) -> Result<Result<Own, Unmet>, ChecksError> {
    let own = match own(registry, pull).await? {
        Ok(own) => own,
        Err(why) => return Ok(Err(Unmet::not(why))),
    };
    let required = registry.required_checks(base).await?;
    if !required.iter().any(|check| check.context == GATE && check.integration_id == Some(request.app)) {
        return Ok(Err(Unmet::not(format!(
            "no ruleset of `{base}` asks for `{GATE}` of the App {}: `doctor` says how to set one",
            request.app
        ))));
    }
    let runs = registry.check_runs(&pull.head, None, request.app).await?;
    if let Err(unmet) = checked(&runs, &own.entry, request.merge_risk) {
        return Ok(Err(unmet));
    }
    Ok(against(registry, pull).await?.map_or(Ok(own), Err))
}

/// What the registry's own App says of the head.
fn checked(runs: &[CheckRun], entry: &str, merge_risk: Risk) -> Result<(), Unmet> {
    let newest = |name: &str| runs.iter().find(|run| run.name == name);
    let passed = |name: &str| match newest(name) {
        None => Err(Unmet::waits(format!("there is no check `{name}` yet"))),
        Some(run) if !run.is_completed() => Err(Unmet::waits(format!("`{name}` is under way"))),
        Some(run) => match (run.conclusion.as_deref(), risk_of(&run.external_id)) {
            (_, None) => Err(Unmet::not(format!("`{name}` was not made by this program"))),
            (Some("success"), Some(risk)) => Ok(risk),
            (Some("neutral"), Some(Some(risk))) => Ok(Some(risk)),
            _ => Err(Unmet::not(format!("`{name}` {}", State::Failed.word()))),
        },
    };
    passed(GATE)?;
    passed(&Analysis::Validate.check(entry))?;
    if newest(&Analysis::Build.check(entry)).is_some() {
        passed(&Analysis::Build.check(entry))?;
    }
    let name = Analysis::Review.check(entry);
    match passed(&name)?.max(worst_of(runs, &name)) {
        Some(risk) if risk <= merge_risk => Ok(()),
        Some(risk) => Err(Unmet::not(format!("`{name}` found a risk: {risk}; the policy merges {merge_risk} at most"))),
        None => Err(Unmet::not(format!("`{name}` says no risk"))),
    }
}

/// A person with write access who asked for changes.
async fn against(registry: &Registry, pull: &Standing) -> Result<Option<Unmet>, GithubError> {
    let mut objections = decided(registry, pull).await?;
    objections.retain(|review| review.state == "CHANGES_REQUESTED");
    if objections.len() > MOST_ASKED {
        return Ok(Some(Unmet::not("more people asked for changes than can be asked about")));
    }
    for review in objections {
        let login = review.author.login;
        if registry.may_write(&login).await? {
            return Ok(Some(Unmet::not(format!("`{login}` asked for changes"))));
        }
    }
    Ok(None)
}

/// Merges what all conditions hold for. What passes by itself is tried again for a while, and nothing else.
async fn attempt(
    registry: &Registry,
    request: &Request,
    pull: &Standing,
    own: &Own,
) -> Result<Result<(), Unmet>, ChecksError> {
    let end = tokio::time::Instant::now() + request.patience;
    loop {
        let now = registry.standing(request.pull).await?.ok_or(ChecksError::NoPull(request.pull))?;
        let same = Standing { mergeable: pull.mergeable, ..now.clone() } == *pull;
        let why = match (same, now.mergeable) {
            _ if now.merged => return Ok(Ok(())),
            (false, _) => return Ok(Err(Unmet::waits("it changed while it was looked at"))),
            (_, Some(false)) => return Ok(Err(Unmet::not("it conflicts with its base"))),
            (_, None) => "GitHub does not know yet whether it can be merged".to_owned(),
            (_, Some(true)) if request.dry_run => return Ok(Ok(())),
            (_, Some(true)) => {
                let title = format!("{} (#{})", own.title, request.pull);
                match registry.merge(request.pull, &pull.head, &title, &own.message).await? {
                    Merged::Done => return Ok(Ok(())),
                    Merged::Moved => return Ok(Err(Unmet::waits("somebody pushed to it"))),
                    Merged::NotYet(why) => why,
                }
            }
        };
        if tokio::time::Instant::now() + request.interval > end {
            return Ok(Err(Unmet::waits(format!("GitHub does not merge it yet: {why}"))));
        }
        tokio::time::sleep(request.interval).await;
    }
}

/// Only after it is merged for certain: closing would lose it.
async fn remove_branch(registry: &Registry, request: &Request, pull: &Standing) -> Result<(), ChecksError> {
    if !pull.own || !crate::pins::publish::own::is_branch(&pull.branch) {
        return Ok(());
    }
    let write = Write::DeleteBranch { name: pull.branch.clone(), at: pull.head.clone() };
    let mut runner = Runner::new(registry, request.dry_run);
    let settled = runner.settle(false, async |_| Ok(Intent { writes: vec![write.clone()], done: () }));
    Ok(settled.await.done()?)
}
