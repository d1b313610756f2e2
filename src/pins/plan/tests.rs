#![allow(clippy::unwrap_used)]

use super::{Decision, Plan, VERSION};
use crate::ids::CommitSha;
use crate::pins::decide::{Choice, Terms, choose, follow, judge};
use crate::pins::facts::{Change, CommitLine, Files, License, Listing, MAX_PATH, Refs, Trouble, named};
use crate::pins::pinned::Pinned;
use crate::pins::reason::Reason;
use chrono::{DateTime, Utc};
use proptest::prelude::*;

fn sha(digit: char) -> CommitSha {
    CommitSha::parse(&digit.to_string().repeat(40)).unwrap()
}

/// The decision about an entry, given what its upstream says; its pin is `1…`.
fn decided(entry: &str, listing: &Listing, answer: &Result<Change, Trouble>) -> Decision {
    let pinned = Pinned {
        entry: entry.into(),
        path: format!("servers/{entry}/server.yaml").into(),
        upstream: "https://git.example/acme/weather".parse().unwrap(),
        key: "git.example/acme/weather".to_owned(),
        branch: None,
        directory: "src".to_owned(),
        dockerfile: None,
        pin: sha('1'),
    };
    let terms = Terms::default();
    match follow(&pinned, listing, &terms).map(|followed| choose(&pinned, followed, &[], None, &terms)) {
        Err(decision) | Ok(Choice::Settled(decision)) => *decision,
        Ok(Choice::Ask(question)) => judge(&pinned, &question, &vec![answer.clone(); 3], &terms),
    }
}

fn plan(decisions: Vec<Decision>) -> Plan {
    let mut plan = Plan { version: VERSION, time: DateTime::UNIX_EPOCH, complete: true, decisions };
    plan.fit();
    plan
}

fn moved() -> Change {
    Change { ancestor: true, pin_known: true, directory: true, commits_total: 1, ..Change::default() }
}

fn at(head: &str) -> Listing {
    Listing::Listed(Refs { head: Some(head.to_owned()), commits: [(head.to_owned(), sha('2'))].into() })
}

fn any_text() -> impl Strategy<Value = String> {
    prop_oneof![
        ".{0,9}",
        any::<String>(),
        Just("refs/heads/\u{1b}[31mred\nFAKE".to_owned()),
        (any::<char>(), 0..5000_usize).prop_map(|(char, times)| char.to_string().repeat(times)),
        proptest::collection::vec(any::<u8>(), 0..5000).prop_map(|it| String::from_utf8_lossy(&it).into_owned()),
    ]
}

fn any_time() -> impl Strategy<Value = Option<DateTime<Utc>>> {
    prop_oneof![-99_999_999_999_999..99_999_999_999_999_i64, 0..2_000_000_000_i64]
        .prop_map(|seconds| DateTime::from_timestamp(seconds, 0))
}

fn any_change() -> impl Strategy<Value = Change> {
    let tree = || prop_oneof![Just(None), Just(Some("a".repeat(40))), any_text().prop_map(Some)];
    let license = prop_oneof![Just(License::Same), any_text().prop_map(License::Changed)];
    let line = (any_text(), any_time(), any_text(), any::<bool>()).prop_map(|(author, date, subject, signed)| {
        let id = sha('3');
        CommitLine { id, author, date, subject, signed }
    });
    let lists = proptest::collection::vec(proptest::collection::vec(any_text(), 0..3), 5);
    let flags = (any::<bool>(), any::<bool>(), any::<bool>());
    let lines = proptest::collection::vec(line, 0..3);
    (flags, tree(), tree(), license, lines, lists).prop_map(|(flags, old_tree, new_tree, license, commits, lists)| {
        let [paths, dockerfiles, locks, install, ci] = lists.try_into().unwrap();
        let files = Files { total: 1, cut: false, paths, dockerfiles, locks, install, ci };
        let (ancestor, pin_known, directory) = flags;
        Change { ancestor, pin_known, directory, old_tree, new_tree, license, commits, files, ..Change::default() }
    })
}

fn any_listing() -> impl Strategy<Value = Listing> {
    prop_oneof![
        4 => Just(at("refs/heads/main")),
        2 => any_text().prop_map(|name| at(&name)),
        1 => any_text().prop_map(Listing::Moved),
        1 => any_text().prop_map(Listing::Unreachable),
    ]
}

fn any_answer() -> impl Strategy<Value = Result<Change, Trouble>> {
    prop_oneof![8 => any_change().prop_map(Ok), 1 => any_text().prop_map(|words| Err(Trouble::RateLimited(words)))]
}

proptest! {
    /// Security: no upstream stops what is published for the others.
    #[test]
    fn whatever_an_upstream_says_the_plan_is_read_and_the_others_are_published(
        listing in any_listing(),
        answer in any_answer(),
        first_seen in any_time(),
    ) {
        let good = decided("b", &at("refs/heads/main"), &Ok(moved()));
        prop_assert_eq!(good.reason, Reason::Updated);
        let bad = Decision { first_seen, ..decided("a", &listing, &answer) };
        let before = bad.reason;
        let plan = plan(vec![bad, good.clone()]);
        prop_assert_eq!(Plan::parse(&plan.to_json()), Ok(plan.clone()));
        prop_assert_eq!(&plan.decisions[1], &good);
        let found = &plan.decisions[0];
        prop_assert!(found.reason == before || (found.reason == Reason::Unreachable && found.change.is_none()));
    }

    #[test]
    fn a_path_is_named_by_its_end(path in any_text()) {
        let name = named(&path);
        prop_assert!(name.len() <= MAX_PATH);
        prop_assert!(name == path || path.ends_with(name.strip_prefix('…').unwrap()));
    }
}

#[test]
fn a_decision_that_would_be_refused_says_so_in_words_of_ours() {
    let plan = plan(vec![decided("a", &at("refs/heads/\u{1b}[31mred\nFAKE"), &Ok(moved()))]);
    let found = &plan.decisions[0];
    assert_eq!((found.reason, &found.branch, &found.new, &found.change), (Reason::Unreachable, &None, &None, &None));
    insta::assert_snapshot!(found.detail, @"what is known of it does not fit into a plan: `branch` is not the full name of a ref");
}

#[test]
fn many_changes_of_the_longest_paths_are_read() {
    let long = || vec!["\u{1}".repeat(MAX_PATH)];
    let files =
        Files { paths: long(), dockerfiles: long(), locks: long(), install: long(), ci: long(), ..Files::default() };
    let change = Change { files, license: License::Changed("\u{1}".repeat(MAX_PATH)), ..moved() };
    let of = |number: u32| decided(&format!("entry-{number:03}"), &at("refs/heads/main"), &Ok(change.clone()));
    let plan = plan((0..300).map(of).collect());
    assert_eq!(Plan::parse(&plan.to_json()), Ok(plan.clone()));
    assert!(plan.decisions.iter().all(|decision| decision.reason == Reason::LicenseChanged));
    assert!(plan.decisions.iter().all(|decision| decision.change.as_ref().unwrap().files.dockerfiles.len() == 1));
}
