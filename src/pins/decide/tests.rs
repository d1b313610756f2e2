#![allow(clippy::unwrap_used, clippy::panic)]

use super::{Choice, Followed, Question, Terms, choose, follow, invalid, judge, unasked};
use crate::ids::CommitSha;
use crate::pins::facts::{Change, CommitLine, Files, License, Listing, Move, Refs, Trouble};
use crate::pins::pinned::{Invalid, Pinned};
use crate::pins::plan::Decision;
use crate::pins::reason::Reason;
use crate::pins::state::{Same, Sighting};
use chrono::{DateTime, Utc};
use proptest::prelude::*;
use std::collections::BTreeSet;
use std::time::Duration;

const HOUR: Duration = Duration::from_secs(3600);
const MAIN: &str = "refs/heads/main";

fn sha(digit: char) -> CommitSha {
    CommitSha::parse(&digit.to_string().repeat(40)).unwrap()
}

fn now() -> DateTime<Utc> {
    "2026-11-21T10:00:00Z".parse().unwrap()
}

/// `hours` before now.
fn ago(hours: i64) -> DateTime<Utc> {
    now() - chrono::TimeDelta::hours(hours)
}

fn pinned(branch: Option<&str>) -> Pinned {
    Pinned {
        entry: "weather".into(),
        path: "servers/weather/server.yaml".into(),
        upstream: "https://git.example/acme/weather".parse().unwrap(),
        key: "git.example/acme/weather".to_owned(),
        branch: branch.map(ToOwned::to_owned),
        directory: "src/weather".to_owned(),
        dockerfile: Some("Dockerfile".to_owned()),
        pin: sha('1'),
    }
}

fn terms() -> Terms<'static> {
    Terms { now: now(), ..Terms::default() }
}

fn refs(head: Option<&str>, commits: &[(&str, char)]) -> Listing {
    let commits = commits.iter().map(|(name, digit)| ((*name).to_owned(), sha(*digit))).collect();
    Listing::Listed(Refs { head: head.map(ToOwned::to_owned), commits })
}

fn seen(commits: &[(char, i64)]) -> Vec<Sighting> {
    commits.iter().map(|(digit, hours)| Sighting { commit: sha(*digit), seen: ago(*hours) }).collect()
}

/// A change that moves the pin, with nothing to say about it.
fn change() -> Change {
    Change {
        ancestor: true,
        pin_known: true,
        directory: true,
        dockerfile: Some(true),
        old_tree: Some("a".repeat(40)),
        new_tree: Some("b".repeat(40)),
        commits: ["Ada", "Bob", "Ada"]
            .map(|author| CommitLine {
                id: sha('2'),
                author: author.to_owned(),
                date: None,
                subject: "a subject".to_owned(),
                signed: false,
            })
            .into(),
        commits_total: 3,
        files: Files { total: 1, paths: vec!["src/weather/x.py".to_owned()], ..Files::default() },
        ..Change::default()
    }
}

fn shown(decision: &Decision) -> String {
    let short = |commit: &Option<CommitSha>| commit.as_ref().map_or("-", |commit| &commit.as_str()[..2]).to_owned();
    let branch = decision.branch.as_deref().unwrap_or("-");
    format!("{} {branch} {} {}: {}", decision.reason, short(&decision.old), short(&decision.new), decision.detail)
}

/// What is decided with nothing but a listing.
fn listed(pinned: &Pinned, listing: &Listing, seen: &[Sighting], terms: &Terms<'_>) -> String {
    if let Some(decision) = unasked(pinned, terms) {
        return shown(&decision);
    }
    match follow(pinned, listing, terms).map(|followed| choose(pinned, followed, seen, None, terms)) {
        Err(decision) | Ok(Choice::Settled(decision)) => shown(&decision),
        Ok(Choice::Ask(question)) => {
            let short = |commit: &CommitSha| commit.as_str()[..2].to_owned();
            let step = |step: &Move| {
                format!(
                    "{} -> {}{}",
                    short(&step.old),
                    short(&step.new),
                    if step.look_for { " (look for)" } else { "" }
                )
            };
            let moves: Vec<String> = question.moves.iter().map(step).collect();
            format!("ask {} {}: {}", question.followed.name, short(&question.new), moves.join(", "))
        }
    }
}

#[test]
fn what_is_followed() {
    let hex = "f".repeat(40);
    let long = "x".repeat(2000);
    let at = |branch: Option<&str>, head: Option<&str>, commits: &[(&str, char)]| {
        listed(&pinned(branch), &refs(head, commits), &[], &terms())
    };
    let said = [
        at(None, Some(MAIN), &[(MAIN, '1')]),
        at(None, Some("refs/heads/master"), &[(MAIN, '1'), ("refs/heads/master", '2')]),
        at(None, Some(MAIN), &[("refs/heads/other", '2')]),
        at(None, None, &[(MAIN, '2')]),
        at(None, None, &[]),
        at(Some("next"), Some(MAIN), &[(MAIN, '1'), ("refs/heads/next", '2'), ("refs/tags/next", '3')]),
        at(Some("refs/heads/next"), Some(MAIN), &[("refs/heads/next", '2')]),
        at(Some("heads/next"), Some(MAIN), &[("refs/heads/next", '2')]),
        at(Some("v1"), Some(MAIN), &[(MAIN, '2'), ("refs/tags/v1", '1')]),
        at(Some("refs/tags/v1"), Some(MAIN), &[("refs/tags/v1", '3')]),
        at(Some("gone"), Some(MAIN), &[(MAIN, '2')]),
        at(Some("pull/7/head"), Some(MAIN), &[(MAIN, '1'), ("refs/pull/7/head", '2')]),
        at(Some("refs/pull/7/head"), Some(MAIN), &[("refs/pull/7/head", '2')]),
        at(Some("pull/8/head"), Some(MAIN), &[("refs/pull/7/head", '2')]),
        at(Some(&hex), Some(MAIN), &[(MAIN, '2')]),
        at(Some(&hex), Some(MAIN), &[(&format!("refs/heads/{hex}"), '2')]),
        at(Some("HEAD"), Some(MAIN), &[("HEAD", '2')]),
        at(Some(&long), Some(MAIN), &[(&format!("refs/heads/{long}"), '2')]).replace(&long, "[long]"),
        at(None, Some(&format!("refs/heads/{long}")), &[(&format!("refs/heads/{long}"), '2')]),
    ];
    insta::assert_snapshot!(said.join("\n"), @r"
    current refs/heads/main 11 11: `refs/heads/main` is at the pin
    ask refs/heads/master 22: 11 -> 22
    branch-missing - 11 -: the default branch, `refs/heads/main`, has no commit
    branch-missing - 11 -: upstream does not say which branch is its default: name one in `source.branch`
    branch-missing - 11 -: the repository is empty
    ask refs/heads/next 22: 11 -> 22
    ask refs/heads/next 22: 11 -> 22
    ask refs/heads/next 22: 11 -> 22
    branch-is-tag refs/tags/v1 11 11: `v1` is a tag, at 111111111111
    branch-is-tag refs/tags/v1 11 33: `v1` is a tag, at 333333333333
    branch-missing - 11 -: there is no branch `gone` upstream
    ask refs/pull/7/head 22: 11 -> 22 (look for)
    ask refs/pull/7/head 22: 11 -> 22 (look for)
    branch-missing - 11 -: there is no branch `pull/8/head` upstream
    branch-is-tag - 11 -: `source.branch` is a commit, which never moves
    ask refs/heads/ffffffffffffffffffffffffffffffffffffffff 22: 11 -> 22
    branch-missing - 11 -: there is no branch `HEAD` upstream
    branch-missing - 11 -: there is no branch `[long]` upstream
    branch-missing - 11 -: the default branch's name is too long
    ");
}

#[test]
fn what_listings_decide() {
    let at = |listing| listed(&pinned(None), &listing, &[], &terms());
    let said = [
        at(Listing::Moved("https://git.example/new/weather".to_owned())),
        at(Listing::Gone),
        at(Listing::RateLimited("git.example asked to be left alone".to_owned())),
        at(Listing::Unreachable("there is no host git.example".to_owned())),
    ];
    insta::assert_snapshot!(said.join("\n"), @r"
    moved - 11 -: the repository is at https://git.example/new/weather now
    gone - 11 -: there is no public repository at this address
    rate-limited - 11 -: git.example asked to be left alone
    unreachable - 11 -: there is no host git.example
    ");
}

#[test]
fn what_the_policy_decides() {
    let behind = refs(Some(MAIN), &[(MAIN, '2')]);
    let current = refs(Some(MAIN), &[(MAIN, '1')]);
    let every = Terms { every: Some(24 * HOUR * 7), since: Some(ago(24)), ..terms() };
    let off = Terms { off: Some("we keep a fork"), ..terms() };
    let said = [
        listed(&pinned(None), &behind, &[], &off),
        listed(&pinned(None), &behind, &[], &Terms { urgent: true, ..off }),
        listed(&pinned(None), &behind, &[], &every),
        listed(&pinned(None), &behind, &[], &Terms { urgent: true, ..every }),
        listed(&pinned(None), &behind, &[], &Terms { since: Some(ago(24 * 7)), ..every }),
        listed(&pinned(None), &behind, &[], &Terms { since: None, ..every }),
        listed(&pinned(None), &current, &[], &every),
    ];
    insta::assert_snapshot!(said.join("\n"), @r"
    off - 11 -: the policy switches updates off: we keep a fork
    off - 11 -: the policy switches updates off: we keep a fork
    too-soon refs/heads/main 11 22: it has its pin since 2026-11-20 10:00 UTC; the policy moves it every 7d at most, so not before 2026-11-27 10:00 UTC
    ask refs/heads/main 22: 11 -> 22
    ask refs/heads/main 22: 11 -> 22
    ask refs/heads/main 22: 11 -> 22
    current refs/heads/main 11 11: `refs/heads/main` is at the pin
    ");
}

#[test]
fn a_cooldown_is_counted_from_first_sight_and_starves_nobody() {
    let listing = refs(Some(MAIN), &[(MAIN, '9')]);
    let day = Terms { cooldown: 24 * HOUR, ..terms() };
    let at = |commits: &[(char, i64)], terms: &Terms<'_>| listed(&pinned(None), &listing, &seen(commits), terms);
    let said = [
        at(&[('9', 0)], &day),
        at(&[('9', 24)], &day),
        at(&[('9', 23)], &Terms { urgent: true, ..day }),
        at(&[('9', 0)], &terms()),
        // The branch moves all the time: the newest that is old enough.
        at(&[('7', 50), ('8', 30), ('9', 3)], &day),
        // That is the pin, or the pin is further.
        at(&[('1', 30), ('9', 3)], &day),
        at(&[('8', 30), ('1', 20), ('9', 3)], &day),
        at(&[('8', 30), ('1', 40), ('9', 3)], &day),
        // A clock that went back.
        at(&[('9', -5)], &day),
        at(&[], &day),
    ];
    insta::assert_snapshot!(said.join("\n"), @r"
    cooling-down refs/heads/main 11 99: 999999999999 was first seen at 2026-11-21 10:00 UTC; with a cooldown of 24h it is old enough at 2026-11-22 10:00 UTC
    ask refs/heads/main 99: 11 -> 99
    ask refs/heads/main 99: 11 -> 99
    ask refs/heads/main 99: 11 -> 99
    ask refs/heads/main 88: 11 -> 88 (look for), 88 -> 99, 88 -> 11
    cooling-down refs/heads/main 11 99: 999999999999 was first seen at 2026-11-21 07:00 UTC; with a cooldown of 24h it is old enough at 2026-11-22 07:00 UTC
    cooling-down refs/heads/main 11 99: 999999999999 was first seen at 2026-11-21 07:00 UTC; with a cooldown of 24h it is old enough at 2026-11-22 07:00 UTC
    cooling-down refs/heads/main 11 99: 999999999999 was first seen at 2026-11-21 07:00 UTC; with a cooldown of 24h it is old enough at 2026-11-22 07:00 UTC
    cooling-down refs/heads/main 11 99: 999999999999 was first seen at 2026-11-21 15:00 UTC; with a cooldown of 24h it is old enough at 2026-11-22 15:00 UTC
    cooling-down refs/heads/main 11 99: 999999999999 was first seen at 2026-11-21 10:00 UTC; with a cooldown of 24h it is old enough at 2026-11-22 10:00 UTC
    ");
}

#[test]
fn a_build_context_that_was_found_to_be_the_same_is_not_asked_about_again() {
    let followed = || Followed { name: MAIN.to_owned(), tip: sha('2'), look_for: false };
    let same = Same { commit: sha('2'), directory: "src/weather".to_owned(), tree: "c".repeat(40) };
    let Choice::Settled(decision) = choose(&pinned(None), followed(), &[], Some(&same), &terms()) else { panic!() };
    insta::assert_snapshot!(shown(&decision), @"outside-directory refs/heads/main 11 22: `src/weather` is the same at both commits: tree cccccccccccc");
    let other = Same { commit: sha('3'), ..same };
    assert!(matches!(choose(&pinned(None), followed(), &[], Some(&other), &terms()), Choice::Ask(_)));
}

/// What a change is judged to be, at the tip of a branch.
fn judged(change: Change) -> String {
    answered(&question('2', '2', false), &[Ok(change)])
}

fn question(new: char, tip: char, look_for: bool) -> Question {
    let name = if look_for { "refs/pull/7/head" } else { MAIN };
    let followed = Followed { name: name.to_owned(), tip: sha(tip), look_for };
    Question { followed, new: sha(new), first_seen: None, moves: Vec::new() }
}

fn answered(question: &Question, answers: &[Result<Change, Trouble>]) -> String {
    shown(&judge(&pinned(None), question, answers, &terms()))
}

#[test]
fn what_changes_decide() {
    let tree = || Some("b".repeat(40));
    let files = Files {
        total: 12,
        cut: true,
        dockerfiles: vec!["Dockerfile".to_owned()],
        locks: vec!["uv.lock".to_owned()],
        install: vec!["setup.py".to_owned()],
        ci: vec![".github/workflows/x.yml".to_owned()],
        ..Files::default()
    };
    let said = [
        judged(change()),
        judged(Change { commits_total: 70, commits_cut: true, files, ..change() }),
        judged(Change { archived: Some(true), directory: false, ..change() }),
        judged(Change { contained: Some(false), directory: false, ..change() }),
        judged(Change { directory: false, dockerfile: Some(false), new_tree: None, ..change() }),
        judged(Change { dockerfile: Some(false), old_tree: tree(), ..change() }),
        judged(Change { old_tree: tree(), ancestor: false, ..change() }),
        judged(Change { old_tree: None, new_tree: None, ..change() }),
        judged(Change { ancestor: false, license: License::Removed("LICENSE".to_owned()), ..change() }),
        judged(Change { ancestor: false, pin_known: false, old_tree: None, ..change() }),
        judged(Change { ancestor: false, commits_cut: true, ..change() }),
        judged(Change { license: License::Added("LICENSE".to_owned()), ..change() }),
        judged(Change { license: License::Changed("LICENSE".to_owned()), ..change() }),
        judged(Change { license: License::Removed("LICENSE".to_owned()), ..change() }),
        judged(Change { license: License::Unknown("LICENSE".to_owned()), ..change() }),
        answered(&question('2', '2', false), &[Err(Trouble::RateLimited("wait".to_owned()))]),
        answered(&question('2', '2', false), &[Err(Trouble::Unreachable("it broke off".to_owned()))]),
        answered(&question('2', '2', false), &[]),
        answered(&question('2', '2', true), &[Ok(Change { contained: Some(true), ..change() })]),
        answered(&question('2', '2', true), &[Ok(Change { contained: Some(false), ..change() })]),
        answered(&question('2', '2', true), &[Ok(change())]),
    ];
    insta::assert_snapshot!(said.join("\n"), @r"
    updated refs/heads/main 11 22: 3 commits by 2 authors changed 1 file in `src/weather`
    updated refs/heads/main 11 22: at least 70 commits by at least 2 authors changed at least 12 files in `src/weather`; of note: Dockerfile, lock files, install scripts, CI
    archived refs/heads/main 11 22: https://git.example/acme/weather is declared read-only: nothing more comes from it
    impostor refs/heads/main 11 22: 222222222222 is on no branch and no tag of https://git.example/acme/weather
    directory-missing refs/heads/main 11 22: there is no directory `src/weather` at 222222222222
    dockerfile-missing refs/heads/main 11 22: there is no file `src/weather/Dockerfile` at 222222222222
    outside-directory refs/heads/main 11 22: `src/weather` is the same at both commits: tree bbbbbbbbbbbb
    updated refs/heads/main 11 22: 3 commits by 2 authors changed 1 file in `src/weather`
    not-ancestor refs/heads/main 11 22: history was rewritten: the pin is no ancestor of 222222222222; 3 commits by 2 authors changed 1 file in `src/weather`
    not-ancestor refs/heads/main 11 22: history was rewritten: upstream does not have the pin any more, and 222222222222 is new
    not-ancestor refs/heads/main 11 22: the pin was not found among the latest commits of 222222222222; at least 3 commits by at least 2 authors changed 1 file in `src/weather`
    license-changed refs/heads/main 11 22: there is a licence, `LICENSE`, where there was none; 3 commits by 2 authors changed 1 file in `src/weather`
    license-changed refs/heads/main 11 22: the licence `LICENSE` says something else; 3 commits by 2 authors changed 1 file in `src/weather`
    license-changed refs/heads/main 11 22: the licence `LICENSE` is gone; 3 commits by 2 authors changed 1 file in `src/weather`
    license-changed refs/heads/main 11 22: the licence `LICENSE` could not be read; 3 commits by 2 authors changed 1 file in `src/weather`
    rate-limited refs/heads/main 11 22: wait
    unreachable refs/heads/main 11 22: it broke off
    unreachable refs/heads/main 11 22: the question was not answered
    updated refs/pull/7/head 11 22: 3 commits by 2 authors changed 1 file in `src/weather`
    impostor refs/pull/7/head 11 22: 222222222222 is on no branch and no tag of https://git.example/acme/weather
    unreachable refs/pull/7/head 11 22: nobody said whether 222222222222 is on a branch or tag of upstream
    ");
}

#[test]
fn a_commit_that_is_not_the_tip_must_still_be_of_the_branch_and_ahead_of_the_pin() {
    let not = || Change { ancestor: false, ..change() };
    let gone = || Change { pin_known: false, commits_cut: true, old_tree: None, ..not() };
    let same = || Change { old_tree: change().new_tree, ..not() };
    let broken = || Err(Trouble::Unreachable("it broke off".to_owned()));
    let at = |answers: [Result<Change, Trouble>; 3]| answered(&question('2', '9', false), &answers);
    let said = [
        // From the pin to it, from it to the tip, from it to the pin.
        at([Ok(change()), Ok(change()), Ok(not())]),
        // Taken back: beside the branch, on none, not there at all.
        at([Ok(change()), Ok(not()), Ok(not())]),
        at([Ok(Change { contained: Some(false), ..change() }), Ok(change()), Ok(not())]),
        at([broken(), Ok(gone()), broken()]),
        // What is built is the same at the tip: nobody looked.
        at([Ok(change()), Ok(same()), Ok(not())]),
        // The pin is ahead; history was rewritten; upstream lost the pin.
        at([Ok(not()), Ok(change()), Ok(change())]),
        at([Ok(not()), Ok(change()), Ok(not())]),
        at([Ok(gone()), Ok(change()), broken()]),
        at([Ok(not()), Ok(change()), broken()]),
        at([broken(), Ok(change()), Ok(not())]),
        at([Ok(change()), broken(), Ok(not())]),
    ];
    insta::assert_snapshot!(said.join("\n"), @r"
    updated refs/heads/main 11 22: 3 commits by 2 authors changed 1 file in `src/weather`
    cooling-down refs/heads/main 11 22: 222222222222 was taken back: `refs/heads/main` is at 999999999999 without it
    cooling-down refs/heads/main 11 22: 222222222222 was taken back: `refs/heads/main` is at 999999999999 without it
    cooling-down refs/heads/main 11 22: 222222222222 was taken back: `refs/heads/main` is at 999999999999 without it
    updated refs/heads/main 11 22: 3 commits by 2 authors changed 1 file in `src/weather`
    cooling-down refs/heads/main 11 22: the pin is ahead of 222222222222, and what is newer is too young
    not-ancestor refs/heads/main 11 22: history was rewritten: the pin is no ancestor of 222222222222; 3 commits by 2 authors changed 1 file in `src/weather`
    not-ancestor refs/heads/main 11 22: history was rewritten: upstream does not have the pin any more, and 222222222222 is new
    unreachable refs/heads/main 11 22: it broke off
    unreachable refs/heads/main 11 22: it broke off
    unreachable refs/heads/main 11 22: it broke off
    ");
}

#[test]
fn an_entry_that_is_not_read_is_invalid() {
    let problem = "server.yaml does not parse".to_owned();
    let it = Invalid { entry: "weather".into(), path: "servers/weather/server.yaml".into(), problem };
    insta::assert_snapshot!(shown(&invalid(&it)), @"invalid-entry - - -: server.yaml does not parse");
}

fn any_change() -> impl Strategy<Value = Change> {
    let flag = any::<bool>;
    let tree = || prop_oneof![Just(None), Just(Some("a".repeat(40))), Just(Some("b".repeat(40)))];
    let license = prop_oneof![Just(License::Same), Just(License::Unknown("L".to_owned()))];
    let maybe = || proptest::option::of(any::<bool>());
    ((flag(), flag(), maybe(), flag(), maybe()), (tree(), tree()), (maybe(), license, any::<u64>(), flag())).prop_map(
        |((ancestor, pin_known, contained, directory, dockerfile), (old_tree, new_tree), rest)| {
            let (archived, license, commits_total, commits_cut) = rest;
            Change {
                ancestor,
                pin_known,
                contained,
                directory,
                dockerfile,
                old_tree,
                new_tree,
                archived,
                license,
                commits_total,
                commits_cut,
                ..change()
            }
        },
    )
}

fn any_answer() -> impl Strategy<Value = Result<Change, Trouble>> {
    prop_oneof![
        4 => any_change().prop_map(Ok),
        1 => ".{0,9}".prop_map(|words| Err(Trouble::Unreachable(words))),
        1 => ".{0,9}".prop_map(|words| Err(Trouble::RateLimited(words))),
    ]
}

fn any_listing() -> impl Strategy<Value = Listing> {
    let name = prop_oneof![Just(MAIN), Just("refs/tags/main"), Just("refs/pull/7/head"), Just("HEAD"), Just("")];
    let digit = proptest::char::range('1', '4');
    let refs = (proptest::option::of(name.clone()), proptest::collection::vec((name, digit), 0..4))
        .prop_map(|(head, commits)| refs(head, &commits));
    prop_oneof![
        6 => refs,
        1 => ".{0,9}".prop_map(Listing::Moved),
        1 => Just(Listing::Gone),
        1 => ".{0,9}".prop_map(Listing::RateLimited),
        1 => ".{0,9}".prop_map(Listing::Unreachable),
    ]
}

proptest! {
    /// Whatever upstream says, there is one decision, it is consistent, and a pin moves only to what upstream listed once.
    #[test]
    fn every_entry_gets_one_reason(
        listing in any_listing(),
        branch in proptest::option::of(prop_oneof![Just("main".to_owned()), Just("pull/7/head".to_owned()), ".{0,9}"]),
        sightings in proptest::collection::vec((proptest::char::range('1', '4'), -9_i64..99), 0..5),
        answers in proptest::collection::vec(any_answer(), 0..4),
        (cooldown, every, since) in (0_u64..99, proptest::option::of(0_u64..99), proptest::option::of(-9_i64..99)),
        (off, urgent) in (any::<bool>(), any::<bool>()),
    ) {
        let pinned = pinned(branch.as_deref());
        let seen = seen(&sightings);
        let terms = Terms {
            now: now(),
            cooldown: HOUR * u32::try_from(cooldown).unwrap(),
            every: every.map(|hours| HOUR * u32::try_from(hours).unwrap()),
            since: since.map(ago),
            off: off.then_some("because"),
            urgent,
        };
        let decision = unasked(&pinned, &terms).unwrap_or_else(|| {
            match follow(&pinned, &listing, &terms).map(|followed| choose(&pinned, followed, &seen, None, &terms)) {
                Err(decision) | Ok(Choice::Settled(decision)) => *decision,
                Ok(Choice::Ask(question)) => judge(&pinned, &question, &answers, &terms),
            }
        });
        prop_assert!(!decision.detail.is_empty() || decision.reason.unfinished());
        prop_assert_eq!(decision.old.as_ref(), Some(&pinned.pin));
        prop_assert_eq!(decision.urgent, urgent);
        if decision.reason.moves() {
            let Listing::Listed(refs) = &listing else { panic!("{decision:?}") };
            let new = decision.new.clone().unwrap();
            let known: BTreeSet<_> = refs.commits.values().chain(seen.iter().map(|it| &it.commit)).collect();
            prop_assert!(known.contains(&new) && new != pinned.pin);
            prop_assert!(decision.change.is_some() && decision.branch.is_some());
            prop_assert!(!off);
            let fresh = seen.iter().any(|it| it.commit == new && now() - it.seen < chrono::TimeDelta::hours(cooldown as i64));
            prop_assert!(urgent || !fresh || sightings.iter().filter(|(digit, _)| sha(*digit) == new).count() > 1);
        }
        if decision.reason == Reason::Opened {
            prop_assert!(false, "only publishing opens");
        }
    }
}
