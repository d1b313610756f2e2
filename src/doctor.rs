//! The use case: whether a registry's repository on GitHub is set up as `docs/github.md` says.
//!
//! Everything is read first ([`gather`]), and nothing is ever written; then each [`Check`] judges the facts, as a pure function. A
//! fact that GitHub did not tell, or does not show to this token, is [`Unseen`]: a check that needs it is `unknown`, never `ok`.

pub(crate) mod facts;
mod gather;
mod judge;
mod needs;
mod owners;

pub(crate) use gather::{Request, gather};

use crate::text::shorten;
use facts::{Facts, Then, Unseen};
use serde::Serialize;

/// Maximum number of characters of one text of a [`Judged`].
const MAX_TEXT: usize = 1_000;

/// How a thing that the setup needs stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Status {
    Ok,
    /// It is not there.
    Missing,
    /// It is there, and not as it should be.
    Wrong,
    /// It could not be found out.
    Unknown,
}

impl Status {
    pub(crate) const ALL: [Self; 4] = [Self::Ok, Self::Missing, Self::Wrong, Self::Unknown];

    pub(crate) fn word(self) -> &'static str {
        match self {
            Self::Ok => "ok",
            Self::Missing => "missing",
            Self::Wrong => "wrong",
            Self::Unknown => "unknown",
        }
    }
}

/// What a check found. Texts hold names that others chose: escape before showing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Judged {
    pub(crate) status: Status,
    /// One sentence.
    pub(crate) says: String,
    /// The single things, where there are several.
    pub(crate) details: Vec<String>,
    /// Where to click, or what to write; none for what is right.
    pub(crate) fix: Option<String>,
}

impl Judged {
    fn ok(says: impl Into<String>) -> Self {
        Self { status: Status::Ok, says: says.into(), details: Vec::new(), fix: None }
    }

    fn not(status: Status, says: impl Into<String>, fix: impl Into<String>) -> Self {
        Self { status, says: says.into(), details: Vec::new(), fix: Some(fix.into()) }
    }

    fn missing(says: impl Into<String>, fix: impl Into<String>) -> Self {
        Self::not(Status::Missing, says, fix)
    }

    fn wrong(says: impl Into<String>, fix: impl Into<String>) -> Self {
        Self::not(Status::Wrong, says, fix)
    }

    /// Names on GitHub, and what is wrong with a file there, can be of any length.
    fn bounded(mut self) -> Self {
        let texts = self.details.iter_mut().chain([&mut self.says]).chain(&mut self.fix);
        texts.for_each(|text| shorten(text, MAX_TEXT));
        self
    }

    fn with(self, details: Vec<String>) -> Self {
        Self { details, ..self }
    }
}

impl From<Unseen> for Judged {
    fn from(Unseen { why, then }: Unseen) -> Self {
        let fix = match then {
            Then::Permission(needs) => {
                format!("ask with a token that has the permission `{needs}`, an administrator's for example")
            }
            Then::Again => "run it again".to_owned(),
            Then::Do(what) => what.to_owned(),
        };
        Self::not(Status::Unknown, format!("not known: {why}"), fix)
    }
}

/// One thing that the setup needs.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Check {
    pub(crate) id: &'static str,
    /// The step of `docs/github.md` that it belongs to.
    pub(crate) step: u8,
    judge: fn(&Facts) -> Result<Judged, Unseen>,
}

macro_rules! checks {
    ($($step:literal $id:literal $judge:path;)+) => {
        /// Every check, in the order of the steps. `docs/github.md` names them, and a test holds it to this table.
        pub(crate) const CHECKS: &[Check] = &[$(Check { id: $id, step: $step, judge: $judge }),+];
    };
}

checks! {
    1 "policy" judge::files::policy;
    1 "workflows" judge::files::workflows;
    1 "codeowners" judge::files::codeowners;
    2 "token" judge::app::token;
    2 "app-permissions" judge::app::permissions;
    3 "app-id" judge::app::id;
    4 "app-environment" judge::environments::app;
    4 "app-key" judge::names::app;
    5 "review-environment" judge::environments::review;
    5 "review-key" judge::names::review;
    6 "actions-enabled" judge::actions::enabled;
    6 "allowed-actions" judge::actions::allowed;
    6 "pinned-actions" judge::actions::pinned;
    6 "workflow-token" judge::actions::token;
    6 "squash-merge" judge::actions::squash;
    7 "first-checks" judge::app::first_checks;
    8 "gate-required" judge::branch::gate;
    8 "bypass" judge::branch::bypass;
    8 "pull-request-rule" judge::branch::pull_request;
    8 "branch-history" judge::branch::history;
    8 "merge-queue" judge::queue::queue;
    9 "publish-environment" judge::environments::publish;
    9 "publish-keys" judge::names::publish;
    10 "workflows-enabled" judge::files::enabled;
}

/// What every check says of these facts.
pub(crate) fn examine(facts: &Facts) -> Vec<(Check, Judged)> {
    CHECKS.iter().map(|check| (*check, (check.judge)(facts).unwrap_or_else(Judged::from).bounded())).collect()
}

#[cfg(test)]
mod tests;
