//! Decides what is to become of a pin. Pure: facts in, one reason out, with the evidence in words.
//!
//! Two steps, because a change is only looked at where a pin may move: [`follow`] and [`choose`] need nothing but the
//! upstream's listing, [`judge`] the answers to what they ask.

pub(super) mod words;

use super::facts::{Change, License, Listing, Move, Refs, Trouble};
use super::pinned::{Invalid, Pinned};
use super::plan::Decision;
use super::reason::Reason;
use super::state::{Same, Sighting};
use crate::ids::CommitSha;
use chrono::{DateTime, TimeDelta, Utc};
use std::time::Duration;
use words::{changed, instant, spoken};

/// What a registry wants of an entry's pin.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Terms<'a> {
    /// The time of the run.
    pub(crate) now: DateTime<Utc>,
    /// How long a commit must have been known before a pin moves to it.
    pub(crate) cooldown: Duration,
    /// How long the entry keeps a pin at least.
    pub(crate) every: Option<Duration>,
    /// Since when it has its present one, if that is known.
    pub(crate) since: Option<DateTime<Utc>>,
    /// Why it is never moved, if so.
    pub(crate) off: Option<&'a str>,
    /// Whether it goes ahead of cooldown and interval.
    pub(crate) urgent: bool,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Followed {
    pub(crate) name: String,
    pub(crate) tip: CommitSha,
    /// Whether it is neither branch nor tag: what it points to need not be of this repository.
    pub(crate) look_for: bool,
}

/// What the listing of an upstream comes to.
#[derive(Debug, Clone)]
pub(crate) enum Choice {
    Settled(Box<Decision>),
    /// It depends on what is between commits.
    Ask(Box<Question>),
}

/// What is to be found out before anything is decided.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Question {
    pub(crate) followed: Followed,
    /// The commit that the pin may move to.
    pub(crate) new: CommitSha,
    /// When it was first seen, if that is kept.
    pub(crate) first_seen: Option<DateTime<Utc>>,
    /// What to ask, in this order: from the pin to `new`; and if that is not the tip, from `new` to the tip, and from `new`
    /// to the pin.
    pub(crate) moves: Vec<Move>,
}

/// The decision about an entry that is not read.
#[must_use]
pub(crate) fn invalid(invalid: &Invalid) -> Decision {
    Decision {
        entry: invalid.entry.to_string(),
        path: invalid.path.to_string(),
        reason: Reason::InvalidEntry,
        detail: invalid.problem.clone(),
        project: None,
        branch: None,
        directory: String::new(),
        old: None,
        new: None,
        tip: None,
        first_seen: None,
        urgent: false,
        change: None,
        check: None,
        pull: None,
    }
}

/// A decision about this entry for which nothing was looked at.
#[must_use]
pub(crate) fn settle(pinned: &Pinned, terms: &Terms<'_>, reason: Reason, detail: impl Into<String>) -> Decision {
    Decision {
        entry: pinned.entry.to_string(),
        path: pinned.path.to_string(),
        reason,
        detail: detail.into(),
        project: Some(pinned.upstream.to_string()),
        branch: None,
        directory: pinned.directory.clone(),
        old: Some(pinned.pin.clone()),
        new: None,
        tip: None,
        first_seen: None,
        urgent: terms.urgent,
        change: None,
        check: None,
        pull: None,
    }
}

/// The decision about an entry whose upstream need not be asked.
#[must_use]
pub(crate) fn unasked(pinned: &Pinned, terms: &Terms<'_>) -> Option<Decision> {
    let why = terms.off?;
    Some(settle(pinned, terms, Reason::Off, format!("the policy switches updates off: {why}")))
}

/// What an entry follows upstream.
///
/// # Errors
/// With the decision, when there is nothing that moves.
pub(crate) fn follow(pinned: &Pinned, listing: &Listing, terms: &Terms<'_>) -> Result<Followed, Box<Decision>> {
    let settled = |reason, detail: String| Err(Box::new(settle(pinned, terms, reason, detail)));
    let refs = match listing {
        Listing::Listed(refs) => refs,
        Listing::Moved(address) => return settled(Reason::Moved, format!("the repository is at {address} now")),
        Listing::Gone => return settled(Reason::Gone, "there is no public repository at this address".to_owned()),
        Listing::RateLimited(words) => return settled(Reason::RateLimited, words.clone()),
        Listing::Unreachable(words) => return settled(Reason::Unreachable, words.clone()),
    };
    let name = match &pinned.branch {
        None => match default_branch(refs) {
            Ok(name) => name,
            Err(why) => return settled(Reason::BranchMissing, why.to_owned()),
        },
        Some(branch) => match find(refs, branch) {
            Some(name) => name,
            None if CommitSha::parse(branch).is_ok() => {
                return settled(Reason::BranchIsTag, "`source.branch` is a commit, which never moves".to_owned());
            }
            None => return settled(Reason::BranchMissing, format!("there is no branch `{branch}` upstream")),
        },
    };
    let Some(tip) = refs.commits.get(&name).cloned() else {
        return settled(Reason::BranchMissing, format!("the default branch, `{name}`, has no commit"));
    };
    if let Some(tag) = name.strip_prefix("refs/tags/") {
        let mut decision = settle(pinned, terms, Reason::BranchIsTag, format!("`{tag}` is a tag, at {}", tip.short()));
        (decision.branch, decision.new) = (Some(name), Some(tip));
        return Err(Box::new(decision));
    }
    let look_for = !name.starts_with("refs/heads/");
    Ok(Followed { name, tip, look_for })
}

/// The most bytes of a ref's name; the filesystems that hosts keep them on allow less.
const MAX_NAME: usize = 1024;

/// The branch that upstream's `HEAD` stands for.
fn default_branch(refs: &Refs) -> Result<String, &'static str> {
    match &refs.head {
        Some(head) if head.len() <= MAX_NAME => Ok(head.clone()),
        Some(_) => Err("the default branch's name is too long"),
        None if refs.commits.is_empty() => Err("the repository is empty"),
        None => Err("upstream does not say which branch is its default: name one in `source.branch`"),
    }
}

/// The full name of the ref that an entry means: a branch before a tag, and before anything that is neither.
fn find(refs: &Refs, branch: &str) -> Option<String> {
    if branch.len() > MAX_NAME {
        return None;
    }
    let full = ["refs/heads/", "refs/tags/", "", "refs/"].into_iter().map(|start| format!("{start}{branch}"));
    full.into_iter().find(|name| name.starts_with("refs/") && refs.commits.contains_key(name))
}

/// Whether a pin may move, and to what: to the newest commit that has been known for long enough, so that a branch that
/// moves every hour is followed at a distance and not left alone for ever. `seen` are the commits of the branch, the tip
/// among them, the latest last; empty when nothing is kept.
#[must_use]
pub(crate) fn choose(
    pinned: &Pinned,
    followed: Followed,
    seen: &[Sighting],
    same: Option<&Same>,
    terms: &Terms<'_>,
) -> Choice {
    let tip = &followed.tip;
    let first_seen = |commit: &CommitSha| seen.iter().find(|it| it.commit == *commit).map(|it| it.seen);
    let settled = |reason, detail: String| {
        let decision = settle(pinned, terms, reason, detail);
        Choice::Settled(Box::new(Decision {
            branch: Some(followed.name.clone()),
            new: Some(tip.clone()),
            first_seen: first_seen(tip),
            ..decision
        }))
    };
    if *tip == pinned.pin {
        return settled(Reason::Current, format!("`{}` is at the pin", followed.name));
    }
    if let (Some(every), Some(since), false) = (terms.every, terms.since, terms.urgent) {
        let until = later(since, every);
        if terms.now < until {
            let detail = format!(
                "it has its pin since {}; the policy moves it every {} at most, so not before {}",
                instant(since),
                spoken(every),
                instant(until)
            );
            return settled(Reason::TooSoon, detail);
        }
    }
    let new = if terms.urgent || terms.cooldown.is_zero() {
        tip.clone()
    } else {
        match old_enough(&pinned.pin, seen, terms) {
            Some(sighting) => sighting.commit.clone(),
            None => {
                let seen = first_seen(tip).unwrap_or(terms.now);
                let detail = format!(
                    "{} was first seen at {}; with a cooldown of {} it is old enough at {}",
                    tip.short(),
                    instant(seen),
                    spoken(terms.cooldown),
                    instant(later(seen, terms.cooldown))
                );
                return settled(Reason::CoolingDown, detail);
            }
        }
    };
    // It was looked at before, and a commit never changes.
    if let Some(same) = same.filter(|same| same.commit == new) {
        let mut decision = settle(pinned, terms, Reason::OutsideDirectory, same_words(pinned, &same.tree));
        decision.branch = Some(followed.name.clone());
        decision.tip = Some(tip.clone()).filter(|tip| *tip != new);
        (decision.first_seen, decision.new) = (first_seen(&new), Some(new));
        return Choice::Settled(Box::new(decision));
    }
    let step = |old: &CommitSha, new: &CommitSha, look_for| Move {
        old: old.clone(),
        new: new.clone(),
        directory: pinned.directory.clone(),
        dockerfile: pinned.dockerfile.clone(),
        look_for,
    };
    let is_tip = new == *tip;
    let mut moves = vec![step(&pinned.pin, &new, followed.look_for || !is_tip)];
    if !is_tip {
        moves.extend([step(&new, tip, false), step(&new, &pinned.pin, false)]);
    }
    let first_seen = first_seen(&new);
    Choice::Ask(Box::new(Question { followed, new, first_seen, moves }))
}

/// The newest commit that is old enough, if the pin is not there or further already.
fn old_enough<'s>(pin: &CommitSha, seen: &'s [Sighting], terms: &Terms<'_>) -> Option<&'s Sighting> {
    let cooldown = TimeDelta::from_std(terms.cooldown).unwrap_or(TimeDelta::MAX);
    let at = seen.iter().rposition(|sighting| terms.now.signed_duration_since(sighting.seen) >= cooldown)?;
    let pin = seen.iter().rposition(|sighting| sighting.commit == *pin);
    if pin.is_some_and(|pin| pin >= at) { None } else { seen.get(at) }
}

/// The decision, given the answers to a question's moves, in their order.
#[must_use]
pub(crate) fn judge(
    pinned: &Pinned,
    question: &Question,
    answers: &[Result<Change, Trouble>],
    terms: &Terms<'_>,
) -> Decision {
    let Question { followed, new, first_seen, .. } = question;
    let mut change = None;
    let (reason, detail) = verdict(pinned, question, answers, &mut change);
    Decision {
        branch: Some(followed.name.clone()),
        new: Some(new.clone()),
        tip: Some(followed.tip.clone()).filter(|tip| tip != new),
        first_seen: *first_seen,
        change,
        ..settle(pinned, terms, reason, detail)
    }
}

type Answer = Result<Change, Trouble>;

fn verdict(pinned: &Pinned, question: &Question, answers: &[Answer], kept: &mut Option<Change>) -> (Reason, String) {
    let Question { followed, new, .. } = question;
    let answer = |index: usize| match answers.get(index) {
        Some(Ok(change)) => Ok(change),
        Some(Err(Trouble::RateLimited(words))) => Err((Reason::RateLimited, words.clone())),
        Some(Err(Trouble::Unreachable(words))) => Err((Reason::Unreachable, words.clone())),
        None => Err((Reason::Unreachable, "the question was not answered".to_owned())),
    };
    let change = match answer(0) {
        Ok(change) => change,
        Err(trouble) => {
            // It is not there any more: then the tip knows nothing of it either.
            let is_gone = answer(1).is_ok_and(|rest| !rest.pin_known);
            return if is_gone { taken_back(followed, new) } else { trouble };
        }
    };
    *kept = Some(change.clone());
    if *new != followed.tip {
        let rest = match answer(1) {
            Ok(rest) => rest,
            Err(trouble) => return trouble,
        };
        // Where what is built is the same at both, nobody looked whether one comes from the other, and it does not matter.
        let beside = !rest.ancestor && !rest.commits_cut && !is_same(rest);
        if beside || (change.contained == Some(false) && !followed.look_for) {
            return taken_back(followed, new);
        }
        if !change.ancestor && !is_same(change) {
            match answer(2) {
                Ok(back) if back.ancestor => {
                    let new = new.short();
                    return (Reason::CoolingDown, format!("the pin is ahead of {new}, and what is newer is too young"));
                }
                // Upstream has the pin, and what is between is not known.
                Err(trouble) if change.pin_known => return trouble,
                Ok(_) | Err(_) => {}
            }
        }
    }
    weigh(pinned, followed, new, change)
}

/// A commit that was a tip once, and is not on the branch any more, waits for what took its place.
fn taken_back(followed: &Followed, new: &CommitSha) -> (Reason, String) {
    let Followed { name, tip, .. } = followed;
    (Reason::CoolingDown, format!("{} was taken back: `{name}` is at {} without it", new.short(), tip.short()))
}

/// Whether what is built is the same at both commits.
fn is_same(change: &Change) -> bool {
    change.new_tree.is_some() && change.old_tree == change.new_tree
}

/// The reason that a change is, by the order of the design: what makes a move impossible comes before what makes it
/// needless, and that before what makes it suspect.
fn weigh(pinned: &Pinned, followed: &Followed, new: &CommitSha, change: &Change) -> (Reason, String) {
    let short_new = new.short();
    if change.archived == Some(true) {
        return (Reason::Archived, format!("{} is declared read-only: nothing more comes from it", pinned.upstream));
    }
    match change.contained {
        Some(false) => {
            return (Reason::Impostor, format!("{short_new} is on no branch and no tag of {}", pinned.upstream));
        }
        None if followed.look_for => {
            return (Reason::Unreachable, format!("nobody said whether {short_new} is on a branch or tag of upstream"));
        }
        Some(true) | None => {}
    }
    if !change.directory {
        let detail = format!("there is no directory `{}` at {short_new}", pinned.directory);
        return (Reason::DirectoryMissing, detail);
    }
    if change.dockerfile == Some(false) {
        let dockerfile = pinned.dockerfile.as_deref().unwrap_or_default();
        let path = [&*pinned.directory, dockerfile].into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>();
        return (Reason::DockerfileMissing, format!("there is no file `{}` at {short_new}", path.join("/")));
    }
    if let (true, Some(tree)) = (is_same(change), &change.new_tree) {
        return (Reason::OutsideDirectory, same_words(pinned, tree));
    }
    if !change.ancestor {
        let detail = match (change.pin_known, change.commits_cut) {
            (false, _) => {
                format!("history was rewritten: upstream does not have the pin any more, and {short_new} is new")
            }
            (true, true) => {
                format!("the pin was not found among the latest commits of {short_new}; {}", changed(pinned, change))
            }
            (true, false) => {
                format!("history was rewritten: the pin is no ancestor of {short_new}; {}", changed(pinned, change))
            }
        };
        return (Reason::NotAncestor, detail);
    }
    let license = match &change.license {
        License::Same => return (Reason::Updated, changed(pinned, change)),
        License::Added(path) => format!("there is a licence, `{path}`, where there was none"),
        License::Changed(path) => format!("the licence `{path}` says something else"),
        License::Removed(path) => format!("the licence `{path}` is gone"),
        License::Unknown(path) => format!("the licence `{path}` could not be read"),
    };
    (Reason::LicenseChanged, format!("{license}; {}", changed(pinned, change)))
}

fn same_words(pinned: &Pinned, tree: &str) -> String {
    let place = match &*pinned.directory {
        "" => "the repository's content".to_owned(),
        directory => format!("`{directory}`"),
    };
    format!("{place} is the same at both commits: tree {}", tree.get(..12).unwrap_or(tree))
}

/// The time after a span; the end of time when there is none.
pub(super) fn later(time: DateTime<Utc>, span: Duration) -> DateTime<Utc> {
    let span = TimeDelta::from_std(span).unwrap_or(TimeDelta::MAX);
    time.checked_add_signed(span).unwrap_or(DateTime::<Utc>::MAX_UTC)
}

#[cfg(test)]
mod tests;
