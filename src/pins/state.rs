//! What is remembered from night to night, in the file of `--state`: when each commit was first seen, and since when an
//! entry has its pin. Dates of commits say nothing, for whoever makes a commit chooses them.
//!
//! Losing the file costs waiting, never a wrong pin.

use super::pinned::Pinned;
use super::plan::Decision;
use super::reason::Reason;
use crate::escape::visible_json;
use crate::ids::CommitSha;
use crate::policy::Pins;
use chrono::{DateTime, Datelike as _, TimeDelta, Utc};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};

/// The version of the format.
pub(crate) const VERSION: u32 = 1;
/// The most bytes of a file that are read. 224 entries have 60 kB.
pub(crate) const MAX_BYTES: u64 = 16 << 20;
/// Commits that are kept of one branch.
pub(crate) const MAX_SIGHTINGS: usize = 256;

/// What was seen, and when.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct State {
    /// [`VERSION`]
    version: u32,
    /// By [`Pinned::key`], then by the ref's full name: the commits that it pointed to, the latest last.
    upstreams: BTreeMap<String, BTreeMap<String, Vec<Sighting>>>,
    entries: BTreeMap<String, Kept>,
}

/// A commit that a branch pointed to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Sighting {
    pub(crate) commit: CommitSha,
    /// When it was first seen there.
    pub(crate) seen: DateTime<Utc>,
}

/// What is kept of an entry.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Kept {
    pub(crate) pin: CommitSha,
    /// When it was first seen with this pin.
    pub(crate) since: DateTime<Utc>,
    /// Where the build context was found to be that of the pin.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) same: Option<Same>,
}

/// A commit at which nothing is to be built anew.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Same {
    pub(crate) commit: CommitSha,
    /// The build context that was compared.
    pub(crate) directory: String,
    /// The id of its tree, at both commits.
    pub(crate) tree: String,
}

impl Same {
    /// What need not be asked again after a decision.
    #[must_use]
    pub(crate) fn of(decision: &Decision) -> Option<Self> {
        let commit = decision.new.clone().filter(|_| decision.reason == Reason::OutsideDirectory)?;
        let tree = decision.change.as_ref()?.new_tree.clone()?;
        Some(Self { commit, directory: decision.directory.clone(), tree })
    }
}

/// Why a text is not a state.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum StateError {
    /// It is of another version.
    #[error("it is of version {0}; this program reads version {VERSION}")]
    Version(u64),
    /// It is something else, or damaged. The parser's words.
    #[error("it is not a state of `update-pins`: {0}")]
    Foreign(String),
}

impl Default for State {
    fn default() -> Self {
        Self { version: VERSION, upstreams: BTreeMap::new(), entries: BTreeMap::new() }
    }
}

impl State {
    /// Reads what [`State::to_json`] wrote. What claims to come from after `now` is taken as seen now: a clock that was wrong
    /// once must not hold a pin for years.
    ///
    /// # Errors
    /// When it is anything else.
    pub(crate) fn parse(text: &str, now: DateTime<Utc>) -> Result<Self, StateError> {
        #[derive(Deserialize)]
        struct Head {
            version: u64,
        }
        let foreign = |error: serde_json::Error| StateError::Foreign(error.to_string());
        let Head { version } = serde_json::from_str(text).map_err(foreign)?;
        if version != u64::from(VERSION) {
            return Err(StateError::Version(version));
        }
        let mut state: Self = serde_json::from_str(text).map_err(foreign)?;
        let wrong = |what: &str| Err(StateError::Foreign(what.to_owned()));
        if state.upstreams.values().flat_map(BTreeMap::values).any(|seen| seen.len() > MAX_SIGHTINGS) {
            return wrong("it has more commits of one branch than are kept");
        }
        let is_tree = |tree: &str| tree.len() == 40 && tree.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f'));
        if !state.entries.values().filter_map(|kept| kept.same.as_ref()).all(|same| is_tree(&same.tree)) {
            return wrong("a `tree` is 40 lower-case hexadecimal digits");
        }
        let sightings = state.upstreams.values().flat_map(BTreeMap::values).flatten().map(|sighting| sighting.seen);
        if sightings.chain(state.entries.values().map(|kept| kept.since)).any(|time| time.year() < 0) {
            return wrong("a time is before the year 0");
        }
        for sighting in state.upstreams.values_mut().flat_map(BTreeMap::values_mut).flatten() {
            sighting.seen = sighting.seen.min(now);
        }
        for kept in state.entries.values_mut() {
            kept.since = kept.since.min(now);
        }
        Ok(state)
    }

    #[must_use]
    pub(crate) fn to_json(&self) -> String {
        visible_json(self)
    }

    /// The commits that a ref of an upstream pointed to, the latest last.
    #[must_use]
    pub(crate) fn seen(&self, key: &str, name: &str) -> &[Sighting] {
        self.upstreams.get(key).and_then(|refs| refs.get(name)).map_or(&[], Vec::as_slice)
    }

    /// Keeps what [`record`] made of them.
    pub(crate) fn keep_seen(&mut self, key: &str, name: &str, seen: Vec<Sighting>) {
        self.upstreams.entry(key.to_owned()).or_default().insert(name.to_owned(), seen);
    }

    /// Since when an entry has this pin, if that is kept.
    #[must_use]
    pub(crate) fn since(&self, entry: &str, pin: &CommitSha) -> Option<DateTime<Utc>> {
        self.entries.get(entry).filter(|kept| kept.pin == *pin).map(|kept| kept.since)
    }

    /// Remembers the pin of an entry, if that is not the one it had. Since when it has it.
    pub(crate) fn keep_pin(&mut self, pinned: &Pinned, now: DateTime<Utc>) -> DateTime<Utc> {
        self.keep_pin_of(&pinned.entry, &pinned.pin, now)
    }

    /// The same, by name.
    pub(crate) fn keep_pin_of(&mut self, entry: &str, pin: &CommitSha, now: DateTime<Utc>) -> DateTime<Utc> {
        let new = || Kept { pin: pin.clone(), since: now, same: None };
        let kept = self.entries.entry(entry.to_owned()).or_insert_with(new);
        if kept.pin != *pin {
            *kept = new();
        }
        kept.since
    }

    /// The commit at which the build context of an entry was found to be that of its pin.
    #[must_use]
    pub(crate) fn same(&self, pinned: &Pinned) -> Option<&Same> {
        let kept = self.entries.get(&*pinned.entry).filter(|kept| kept.pin == pinned.pin)?;
        kept.same.as_ref().filter(|same| same.directory == pinned.directory)
    }

    /// Remembers such a commit; [`State::keep_pin`] comes first.
    pub(crate) fn keep_same(&mut self, entry: &str, same: Same) {
        if let Some(kept) = self.entries.get_mut(entry) {
            kept.same = Some(same);
        }
    }

    /// Forgets upstreams and entries that are not among these: all that the registry has.
    pub(crate) fn retain(&mut self, pinned: &[Pinned]) {
        let keys: BTreeSet<&str> = pinned.iter().map(|pinned| &*pinned.key).collect();
        let names: BTreeSet<&str> = pinned.iter().map(|pinned| &*pinned.entry).collect();
        self.forget(|key| keys.contains(key), |name| names.contains(name));
    }

    /// Forgets the upstreams and entries that are not to be kept.
    pub(crate) fn forget(&mut self, key: impl Fn(&str) -> bool, entry: impl Fn(&str) -> bool) {
        self.upstreams.retain(|known, _| key(known));
        self.entries.retain(|known, _| entry(known));
    }
}

/// The commits that a ref pointed to, the latest last, with the one that it points to now.
///
/// A ref that is back at an earlier commit has left those that came after it: they are not the newer ones any more.
#[must_use]
pub(crate) fn record(seen: &[Sighting], tip: &CommitSha, now: DateTime<Utc>) -> Vec<Sighting> {
    let mut seen = seen.to_vec();
    match seen.iter().position(|sighting| sighting.commit == *tip) {
        Some(at) => seen.truncate(at + 1),
        None => seen.push(Sighting { commit: tip.clone(), seen: now }),
    }
    // Whatever the cooldown is, the newest commit that is old enough is not before one that has been known for longer than
    // any cooldown.
    let longest = TimeDelta::from_std(Pins::MAX_COOLDOWN).unwrap_or(TimeDelta::MAX);
    let known = seen.iter().rposition(|sighting| now - sighting.seen >= longest).unwrap_or(0);
    seen.drain(..known);
    // Of too many, those right before the last go: the first ones are about to be old enough.
    if seen.len() > MAX_SIGHTINGS {
        seen.drain(MAX_SIGHTINGS - 1..seen.len() - 1);
    }
    seen
}

#[cfg(test)]
mod tests;
