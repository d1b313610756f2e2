//! Whether a commit may be merged, by facts alone. Pure.

use crate::checks::names::{ACKNOWLEDGED, Analysis};
use crate::checks::outcome::risk_of;
use crate::github::registry::CheckRun;
use crate::verdict::{Conclusion, Risk};
use std::sync::Arc;

/// How one thing that is asked for stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum State {
    Passed,
    /// Not there yet, or under way.
    Waits,
    /// A maintainer decides.
    Asks,
    Failed,
}

impl State {
    pub(crate) fn word(self) -> &'static str {
        match self {
            Self::Passed => "passed",
            Self::Waits => "waits",
            Self::Asks => "a maintainer decides",
            Self::Failed => "failed",
        }
    }
}

/// One thing that is asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Line {
    pub(crate) name: String,
    pub(crate) state: State,
    /// In words that follow a name.
    pub(crate) why: String,
}

#[derive(Debug)]
pub(super) struct Facts<'a> {
    pub(super) required: &'a [(Analysis, Arc<str>)],
    /// Those of our App on the commit that was looked at, the newest first.
    pub(super) runs: &'a [CheckRun],
    pub(super) outside: &'a [(String, &'static str)],
    /// Entries that are not what was looked at any more.
    pub(super) moved: &'a [Arc<str>],
    /// Whether a maintainer spoke for this very commit.
    pub(super) is_spoken_for: bool,
    pub(super) gate_risk: Risk,
}

pub(super) fn judge(facts: &Facts<'_>) -> Vec<Line> {
    let mut lines: Vec<Line> = facts.required.iter().map(|(analysis, entry)| one(facts, *analysis, entry)).collect();
    if let Some((first, what)) = facts.outside.first() {
        let more = facts.outside.len() - 1;
        let name = if more == 0 { first.clone() } else { format!("{first} and {more} more") };
        let (state, why) = match facts.is_spoken_for {
            true => (State::Passed, format!("{what}; a maintainer spoke for it")),
            false => (State::Asks, format!("{what}: a maintainer has to approve this commit")),
        };
        lines.push(Line { name, state, why });
    }
    lines
}

fn one(facts: &Facts<'_>, analysis: Analysis, entry: &Arc<str>) -> Line {
    let name = analysis.check(entry);
    let line = |state, why: &str| Line { name: name.clone(), state, why: why.to_owned() };
    if facts.moved.contains(entry) {
        return line(State::Failed, "the entry is another one in the merge queue than the one that was looked at");
    }
    let Some(run) = facts.runs.iter().find(|run| run.name == name) else {
        return line(State::Waits, "there is no such check yet");
    };
    if !run.is_completed() {
        return line(State::Waits, "under way");
    }
    // Our App can be given other work: only what this program concluded counts.
    let Some(risk) = risk_of(&run.external_id) else {
        return line(State::Failed, "not a check run of this program");
    };
    match (run.conclusion.as_deref(), risk, analysis) {
        (Some("success"), None, Analysis::Validate | Analysis::Build) => line(State::Passed, "passed"),
        (Some("success" | "neutral"), Some(risk), Analysis::Review) => {
            reviewed(facts, risk, worst_of(facts.runs, &name), &line)
        }
        (Some("failure"), Some(Risk::Critical), _) => line(State::Failed, "something malicious was found"),
        (Some("failure"), ..) => line(State::Failed, "failed"),
        (Some("action_required"), ..) => line(State::Failed, "no verdict: see why, and run it again"),
        _ => line(State::Failed, "ended without a verdict: run it again"),
    }
}

/// The highest risk that any review of this commit was concluded with. A model says something else each time, and whoever may run
/// it again may do so until it says what they like.
pub(crate) fn worst_of(runs: &[CheckRun], name: &str) -> Option<Risk> {
    let of_name = runs.iter().filter(|run| run.name == name && run.is_completed());
    of_name
        .filter(|run| run.conclusion.as_deref() != Some("action_required"))
        .filter_map(|run| risk_of(&run.external_id)?)
        .max()
}

fn reviewed(facts: &Facts<'_>, risk: Risk, worst: Option<Risk>, line: &dyn Fn(State, &str) -> Line) -> Line {
    if let Some(worst) = worst.filter(|worst| *worst > risk && *worst > facts.gate_risk && !facts.is_spoken_for) {
        let why =
            format!("risk: {risk}, and an earlier review of this commit found {worst}: a maintainer has to approve it");
        return line(State::Asks, &why);
    }
    match (risk <= facts.gate_risk, facts.is_spoken_for) {
        _ if risk == Risk::Critical => line(State::Failed, "something malicious was found"),
        (true, _) => line(State::Passed, &format!("risk: {risk}")),
        (false, true) => line(State::Passed, &format!("risk: {risk}; a maintainer accepts it")),
        (false, false) => line(
            State::Asks,
            &format!("risk: {risk}; a maintainer has to approve this commit or set the label `{ACKNOWLEDGED}`"),
        ),
    }
}

/// None while something is awaited and nothing has failed.
pub(super) fn conclusion(lines: &[Line]) -> Option<Conclusion> {
    let has = |state| lines.iter().any(|line| line.state == state);
    match (has(State::Failed), has(State::Waits), has(State::Asks)) {
        (true, ..) => Some(Conclusion::Failure),
        (_, true, _) => None,
        (_, _, true) => Some(Conclusion::ActionRequired),
        _ => Some(Conclusion::Success),
    }
}
