//! What of a plan counts that another job made: the registry's own policy, and what was kept by who applies it, say so.
//!
//! The job that asks upstreams reads what strangers wrote, so its plan is a proposal. What it says of an upstream cannot be
//! checked without asking it (whether history was rewritten, whether a commit is somebody's fork): that is for who reviews
//! the pull request. What only the registry decides is checked here.

use super::decide::later;
use super::decide::words::{instant, spoken};
use super::plan::{Decision, Plan};
use super::reason::Reason;
use super::state::{self, Same, State};
use crate::git::upstream::Upstream;
use crate::ids::CommitSha;
use crate::policy::Policy;
use chrono::{DateTime, TimeDelta, Utc};
use std::collections::BTreeSet;
use std::time::Duration;

/// What the one who applies a plan knows.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Terms<'a> {
    pub(crate) policy: &'a Policy,
    pub(crate) now: DateTime<Utc>,
    /// How long a commit must have been known.
    pub(crate) cooldown: Duration,
    /// Entries that go ahead of cooldown, interval and limit.
    pub(crate) urgent: &'a BTreeSet<String>,
    /// When commits were first seen, as this side keeps it; without it the plan's word counts.
    pub(crate) seen: Option<&'a State>,
}

impl Plan {
    /// Takes back what the policy does not allow. What was taken back that no honest run plans, a line each.
    pub(crate) fn hold_to(&mut self, terms: &Terms<'_>) -> Vec<String> {
        let mut notes = Vec::new();
        for decision in &mut self.decisions {
            if decision.urgent && !terms.urgent.contains(&decision.entry) {
                decision.urgent = false;
                notes.push(format!(
                    "the plan calls `{0}` urgent, and this run does not: `--urgent {0}` would",
                    decision.entry
                ));
            }
            if let Some((reason, detail)) = refusal(decision, terms) {
                (decision.reason, decision.detail) = (reason, detail);
                if matches!(reason, Reason::Off | Reason::InvalidEntry) {
                    (decision.new, decision.tip, decision.change) = (None, None, None);
                }
            }
        }
        notes
    }
}

fn refusal(decision: &Decision, terms: &Terms<'_>) -> Option<(Reason, String)> {
    let settings = &terms.policy.settings;
    let rule = settings.pins.entries.get(&decision.entry);
    if let Some(rule) = rule.filter(|rule| rule.off && decision.reason != Reason::InvalidEntry) {
        return Some((Reason::Off, format!("the policy switches updates off: {}", rule.reason)));
    }
    if !decision.reason.moves() {
        return None;
    }
    let Some(Ok(Upstream::Remote(project))) = decision.project.as_deref().map(Upstream::parse) else {
        return Some((Reason::InvalidEntry, "the plan names no repository".to_owned()));
    };
    let host = project.host_str().unwrap_or_default();
    let place = project.port().map_or(host.to_owned(), |port| format!("{host}:{port}"));
    if !settings.registry.hosts.contains(&place) {
        return Some((Reason::InvalidEntry, format!("`registry.hosts` of the policy does not have `{place}`")));
    }
    if decision.urgent {
        return None;
    }
    let key = Upstream::Remote(project).key();
    let (branch, old, new) = (decision.branch.as_deref()?, decision.old.as_ref()?, decision.new.as_ref()?);
    let since = terms.seen.and_then(|seen| seen.since(&decision.entry, old));
    if let (Some(every), Some(since)) = (rule.and_then(|rule| rule.every), since)
        && terms.now < later(since, every)
    {
        let (since, every, until) = (instant(since), spoken(every), instant(later(since, every)));
        let detail =
            format!("it has its pin since {since}; the policy moves it every {every} at most, so not before {until}");
        return Some((Reason::TooSoon, detail));
    }
    if terms.cooldown.is_zero() {
        return None;
    }
    let first = match terms.seen {
        Some(seen) => seen.seen(&key, branch).iter().find(|sighting| sighting.commit == *new).map(|it| it.seen),
        None => decision.first_seen,
    };
    let (short, cooldown) = (new.short(), spoken(terms.cooldown));
    match first {
        Some(first) if terms.now >= later(first, terms.cooldown) => None,
        Some(first) => {
            let (first, until) = (instant(first), instant(later(first, terms.cooldown)));
            let detail =
                format!("{short} was first seen at {first}; with a cooldown of {cooldown} it is old enough at {until}");
            Some((Reason::CoolingDown, detail))
        }
        None => Some((
            Reason::CoolingDown,
            format!("nothing is kept of when {short} was first seen; the cooldown is {cooldown}"),
        )),
    }
}

/// How long a plan may be on its way to who keeps the state: a job of an hour. Nothing is dated back further.
const ON_ITS_WAY: TimeDelta = TimeDelta::hours(1);

impl State {
    /// Remembers what a plan tells of upstreams, as seen when the plan was made; and that not more than an hour ago, since
    /// whoever made the plan also chose its time. What is remembered already stays as it is.
    ///
    /// `is_pin` is whether an entry may have this pin, as far as this side knows: a pin that it has not would make it forget
    /// since when it has the one that it has.
    pub(crate) fn learn(&mut self, plan: &Plan, now: DateTime<Utc>, is_pin: impl Fn(&str, &CommitSha) -> bool) {
        let time = plan.time.clamp(now - ON_ITS_WAY, now);
        let (mut keys, mut entries) = (BTreeSet::new(), BTreeSet::new());
        for decision in &plan.decisions {
            let key = match decision.project.as_deref().map(Upstream::parse) {
                Some(Ok(upstream @ Upstream::Remote(_))) => upstream.key(),
                _ => continue,
            };
            if let Some(pin) = &decision.old {
                if is_pin(&decision.entry, pin) {
                    self.keep_pin_of(&decision.entry, pin, now);
                }
                entries.insert(&*decision.entry);
            }
            if let (Some(branch), Some(tip)) = (&decision.branch, decision.tip.as_ref().or(decision.new.as_ref())) {
                let seen = state::record(self.seen(&key, branch), tip, time);
                self.keep_seen(&key, branch, seen);
            }
            if let Some(same) = Same::of(decision) {
                self.keep_same(&decision.entry, same);
            }
            keys.insert(key);
        }
        if plan.complete {
            self.forget(|key| keys.contains(key), |entry| entries.contains(entry));
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::Terms;
    use crate::ids::CommitSha;
    use crate::pins::facts::Change;
    use crate::pins::plan::{Decision, Plan, VERSION};
    use crate::pins::reason::Reason;
    use crate::pins::state::State;
    use crate::policy::Policy;
    use chrono::{DateTime, TimeDelta, Utc};
    use std::collections::BTreeSet;
    use std::time::Duration;

    fn noon() -> DateTime<Utc> {
        DateTime::from_timestamp(1_800_000_000, 0).unwrap()
    }

    fn any(_: &str, _: &CommitSha) -> bool {
        true
    }

    fn id(digit: char) -> CommitSha {
        CommitSha::parse(&digit.to_string().repeat(40)).unwrap()
    }

    fn plan(time: DateTime<Utc>, first_seen: Option<DateTime<Utc>>) -> Plan {
        let decision = Decision {
            entry: "weather".to_owned(),
            path: "servers/weather/server.yaml".to_owned(),
            reason: Reason::Updated,
            detail: "1 commit".to_owned(),
            project: Some("https://github.com/acme/weather".to_owned()),
            branch: Some("refs/heads/main".to_owned()),
            directory: String::new(),
            old: Some(id('1')),
            new: Some(id('2')),
            tip: None,
            first_seen,
            urgent: true,
            change: Some(Change::default()),
            check: None,
            pull: None,
        };
        Plan { version: VERSION, time, complete: true, decisions: vec![decision] }
    }

    /// What is left of the plan's one decision.
    fn left(mut plan: Plan, policy: &str, cooldown: u64, urgent: &[&str], seen: Option<&State>) -> String {
        let policy = Policy::parse(policy).unwrap();
        let urgent: BTreeSet<String> = urgent.iter().map(|name| (*name).to_owned()).collect();
        let cooldown = Duration::from_secs(3600 * cooldown);
        let notes = plan.hold_to(&Terms { policy: &policy, now: noon(), cooldown, urgent: &urgent, seen });
        let decision = &plan.decisions[0];
        format!("{} ({}) {}", decision.reason, decision.detail, notes.join("; ")).trim_end().to_owned()
    }

    #[test]
    fn the_policy_decides_and_not_the_plan() {
        let off = "[pins.entries.weather]\noff = true\nreason = 'ask us'\n";
        let hosts = "[registry]\nhosts = ['git.acme.io']\n";
        let ago = |hours| Some(noon() - TimeDelta::hours(hours));
        let of = |first| plan(noon(), first);
        insta::assert_snapshot!([
            left(of(None), off, 0, &["weather"], None),
            left(of(None), hosts, 0, &["weather"], None),
            left(of(None), "", 0, &["weather"], None),
            left(of(None), "", 24, &["weather"], None),
            left(of(None), "", 24, &[], None),
            left(of(ago(23)), "", 24, &[], None),
            left(of(ago(24)), "", 24, &[], None),
            // What this side keeps counts more.
            left(of(ago(24)), "", 24, &[], Some(&State::default())),
        ].join("\n"), @r"
        off (the policy switches updates off: ask us)
        invalid-entry (`registry.hosts` of the policy does not have `github.com`)
        updated (1 commit)
        updated (1 commit)
        cooling-down (nothing is kept of when 222222222222 was first seen; the cooldown is 24h) the plan calls `weather` urgent, and this run does not: `--urgent weather` would
        cooling-down (222222222222 was first seen at 2027-01-14 09:00 UTC; with a cooldown of 24h it is old enough at 2027-01-15 09:00 UTC) the plan calls `weather` urgent, and this run does not: `--urgent weather` would
        updated (1 commit) the plan calls `weather` urgent, and this run does not: `--urgent weather` would
        cooling-down (nothing is kept of when 222222222222 was first seen; the cooldown is 24h) the plan calls `weather` urgent, and this run does not: `--urgent weather` would
        ");
    }

    #[test]
    fn a_plan_cannot_date_back_when_a_commit_was_first_seen() {
        let mut state = State::default();
        state.learn(&plan(noon() - TimeDelta::days(90), Some(noon() - TimeDelta::days(90))), noon(), any);
        let at = |hours| {
            let mut later = state.clone();
            later.learn(&plan(noon() - TimeDelta::days(90), None), noon() + TimeDelta::hours(hours), any);
            let seen = later.seen("github.com/acme/weather", "refs/heads/main");
            (seen.len(), seen[0].seen)
        };
        assert_eq!((at(0), at(48)), ((1, noon() - TimeDelta::hours(1)), (1, noon() - TimeDelta::hours(1))));
        let mut state = State::default();
        state.learn(&plan(noon() + TimeDelta::days(90), None), noon(), any);
        assert_eq!(state.seen("github.com/acme/weather", "refs/heads/main")[0].seen, noon());
    }

    #[test]
    fn what_a_commit_waits_for_is_kept_by_who_applies() {
        let mut state = State::default();
        state.learn(&plan(noon() - TimeDelta::hours(30), None), noon() - TimeDelta::hours(30), any);
        let seen = left(plan(noon(), None), "", 24, &[], Some(&state));
        assert!(seen.starts_with("updated"), "{seen}");
        state.learn(&Plan { decisions: Vec::new(), ..plan(noon(), None) }, noon(), any);
        assert_eq!(state, State::default(), "what the registry has no more is forgotten");
    }

    #[test]
    fn a_forged_pin_does_not_restart_the_time_that_an_entry_has_its_own() {
        let (mut state, day) = (State::default(), TimeDelta::days(1));
        let is_pin = |_: &str, pin: &CommitSha| *pin == id('1');
        state.learn(&plan(noon() - day, None), noon() - day, is_pin);
        let mut forged = plan(noon(), None);
        forged.decisions[0].old = Some(id('7'));
        state.learn(&forged, noon(), is_pin);
        assert_eq!(state.since("weather", &id('1')), Some(noon() - day));
        assert_eq!(state.since("weather", &id('7')), None);
    }
}
