//! A night: every upstream is asked once, and one decision is made for each entry.

use super::decide::{self, Choice, Question, Terms};
use super::facts::{Listing, Move, Refs, Trouble};
use super::pinned::{Pinned, pinned};
use super::plan::{Decision, Plan, VERSION};
use super::reason::Reason;
use super::resolve::Resolver;
use super::rewrite;
use super::shard::Shard;
use super::state::{self, Same, Sighting, State};
use crate::entry::Entry;
use crate::policy::Policy;
use chrono::{DateTime, Utc};
use futures_util::{StreamExt as _, stream};
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::pin::pin;
use std::time::Duration;

/// What a night is about.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Night<'a> {
    /// The entries, sorted by name.
    pub(crate) entries: &'a [Entry],
    /// Whether these are all of the registry.
    pub(crate) complete: bool,
    pub(crate) policy: &'a Policy,
    pub(crate) now: DateTime<Utc>,
    /// How long a commit must have been known. Nothing is known without a state.
    pub(crate) cooldown: Duration,
    /// Entries that go ahead of cooldown and interval.
    pub(crate) urgent: &'a BTreeSet<String>,
    /// Only the upstreams of this part.
    pub(crate) shard: Option<Shard>,
    /// Upstreams that are asked at the same time.
    pub(crate) concurrency: usize,
}

/// What a night comes to.
#[derive(Debug, Clone)]
pub(crate) struct Outcome {
    /// One decision for each entry that has a pin, or should.
    pub(crate) plan: Plan,
    /// Whether it was stopped before every upstream had answered.
    pub(crate) stopped: bool,
}

/// Runs a night. `state` is brought up to date, as far as upstreams answered. `progress` is told how many upstreams are
/// done, and how many there are. When `stop` ends, so does the asking: what is not known by then is unreachable.
pub(crate) async fn run(
    resolver: &Resolver,
    night: &Night<'_>,
    mut state: Option<&mut State>,
    progress: &(dyn Fn(usize, usize) + Sync),
    stop: impl Future<Output = ()>,
) -> Outcome {
    let (all, mut decisions) = read(night);
    let mut since = HashMap::new();
    if let Some(state) = state.as_deref_mut() {
        if night.complete && night.shard.is_none() {
            state.retain(&all);
        }
        for pinned in &all {
            since.insert(pinned.entry.clone(), state.keep_pin(pinned, night.now));
        }
    }
    let mut groups: BTreeMap<&str, Vec<(&Pinned, Terms<'_>)>> = BTreeMap::new();
    for pinned in &all {
        let terms = terms(night, pinned, since.get(&pinned.entry).copied());
        match decide::unasked(pinned, &terms) {
            Some(decision) => decisions.push(decision),
            None => groups.entry(&pinned.key).or_default().push((pinned, terms)),
        }
    }
    let total = groups.len();
    progress(0, total);
    let mut told: Vec<(&str, Told)> = Vec::new();
    let mut stopped = false;
    {
        let state = state.as_deref();
        let asked = groups.iter().map(|(key, group)| async move { (*key, ask(resolver, group, state).await) });
        let mut answers = stream::iter(asked).buffer_unordered(night.concurrency.max(1));
        let mut stop = pin!(stop);
        while told.len() < total {
            tokio::select! {
                answer = answers.next() => match answer {
                    Some(answer) => told.push(answer),
                    None => break,
                },
                () = &mut stop => {
                    stopped = true;
                    break;
                }
            }
            progress(told.len(), total);
        }
    }
    for (key, told) in told {
        groups.remove(key);
        if let Some(state) = state.as_deref_mut() {
            told.seen.into_iter().for_each(|(name, seen)| state.keep_seen(key, &name, seen));
            told.same.into_iter().for_each(|(entry, same)| state.keep_same(&entry, same));
        }
        decisions.extend(told.decisions);
    }
    for (pinned, terms) in groups.into_values().flatten() {
        decisions.push(decide::settle(pinned, &terms, Reason::Unreachable, "the run was stopped before it was asked"));
    }
    finish(night, &mut decisions);
    let complete = night.complete && night.shard.is_none();
    let mut plan = Plan { version: VERSION, time: night.now, complete, decisions };
    plan.fit();
    Outcome { plan, stopped }
}

/// The entries of this run that have a pin, and the decisions about those that should and have none.
fn read(night: &Night<'_>) -> (Vec<Pinned>, Vec<Decision>) {
    let namespace = &night.policy.settings.registry.namespace;
    let holds = |key: &str| night.shard.is_none_or(|shard| shard.holds(key));
    let (mut all, mut decisions) = (Vec::new(), Vec::new());
    for entry in night.entries {
        match pinned(entry, namespace) {
            Ok(Some(pinned)) if holds(&pinned.key) => all.push(pinned),
            Err(invalid) if holds(&invalid.entry) => decisions.push(decide::invalid(&invalid)),
            Ok(_) | Err(_) => {}
        }
    }
    (all, decisions)
}

fn terms<'a>(night: &Night<'a>, pinned: &Pinned, since: Option<DateTime<Utc>>) -> Terms<'a> {
    let rule = night.policy.settings.pins.entries.get(&*pinned.entry);
    Terms {
        now: night.now,
        cooldown: night.cooldown,
        every: rule.and_then(|rule| rule.every),
        since,
        off: rule.filter(|rule| rule.off).map(|rule| &*rule.reason),
        urgent: night.urgent.contains(&*pinned.entry),
    }
}

/// What came of one upstream.
#[derive(Debug, Default)]
struct Told {
    decisions: Vec<Decision>,
    /// What is to be remembered of its refs.
    seen: BTreeMap<String, Vec<Sighting>>,
    /// What is to be remembered of entries.
    same: Vec<(String, Same)>,
}

/// Asks one upstream everything that its entries need: where its branches are, and once for all entries together what is
/// between commits.
async fn ask(resolver: &Resolver, group: &[(&Pinned, Terms<'_>)], state: Option<&State>) -> Told {
    let mut told = Told::default();
    let Some((first, _)) = group.first() else { return told };
    let listing = resolver.list(&first.upstream).await;
    let mut open = Vec::new();
    for (pinned, terms) in group {
        match consider(pinned, terms, &listing, state, &mut told.seen) {
            Choice::Settled(decision) => told.decisions.push(*decision),
            Choice::Ask(question) => open.push((*pinned, terms, question)),
        }
    }
    if let (Listing::Listed(refs), false) = (&listing, open.is_empty()) {
        let answers = inspect(resolver, first, refs, open.iter().map(|(.., question)| &**question)).await;
        for (pinned, terms, question) in open {
            let of = |step: &Move| {
                let unanswered = || Err(Trouble::Unreachable("the question was not answered".to_owned()));
                answers.get(step).cloned().unwrap_or_else(unanswered)
            };
            let answers: Vec<_> = question.moves.iter().map(of).collect();
            let decision = decide::judge(pinned, &question, &answers, terms);
            told.same.extend(Same::of(&decision).map(|same| (decision.entry.clone(), same)));
            told.decisions.push(decision);
        }
    }
    told
}

fn consider(
    pinned: &Pinned,
    terms: &Terms<'_>,
    listing: &Listing,
    state: Option<&State>,
    seen: &mut BTreeMap<String, Vec<Sighting>>,
) -> Choice {
    let followed = match decide::follow(pinned, listing, terms) {
        Ok(followed) => followed,
        Err(decision) => return Choice::Settled(decision),
    };
    let known = match state {
        None => &[][..],
        Some(state) => seen
            .entry(followed.name.clone())
            .or_insert_with(|| state::record(state.seen(&pinned.key, &followed.name), &followed.tip, terms.now)),
    };
    decide::choose(pinned, followed, known, state.and_then(|state| state.same(pinned)), terms)
}

/// The answers to all moves of these questions; each is asked once.
async fn inspect<'q>(
    resolver: &Resolver,
    pinned: &Pinned,
    refs: &Refs,
    questions: impl Iterator<Item = &'q Question>,
) -> BTreeMap<Move, Result<super::facts::Change, Trouble>> {
    let moves: BTreeSet<Move> = questions.flat_map(|question| &question.moves).cloned().collect();
    let moves: Vec<Move> = moves.into_iter().collect();
    let answers = resolver.inspect(&pinned.upstream, refs, &moves).await;
    moves.into_iter().zip(answers).collect()
}

/// Sorts, and takes back what could not be done: a pin that cannot be set does not move.
fn finish(night: &Night<'_>, decisions: &mut Vec<Decision>) {
    let entries: HashMap<&str, &Entry> = night.entries.iter().map(|entry| (&*entry.name, entry)).collect();
    for decision in decisions.iter_mut() {
        let text = entries.get(&*decision.entry).and_then(|entry| entry.manifest_file.text());
        let (true, Some(text), Some(new)) = (decision.reason.moves(), text, &decision.new) else { continue };
        match rewrite::set_pin(text, new) {
            Ok(rewrite) => {
                if let Some(check) = rewrite.to_check() {
                    decision.detail = format!("{}; {check}", decision.detail);
                    decision.check = Some(check);
                }
            }
            Err(refusal) => {
                decision.detail = format!("its pin cannot be set to {}: {}:{refusal}", new.short(), decision.path);
                decision.reason = Reason::InvalidEntry;
            }
        }
    }
    decisions.sort_by(|one, other| one.entry.cmp(&other.entry));
    // Names that are not UTF-8 can look the same.
    decisions.dedup_by(|one, other| one.entry == other.entry);
}
