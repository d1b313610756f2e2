#![allow(clippy::unwrap_used)]

use super::{Look, render};
use crate::ids::CommitSha;
use crate::pins::plan::{Action, Decision, Plan, Pull, VERSION};
use crate::pins::reason::Reason;

fn decision(entry: &str, reason: Reason, detail: &str) -> Decision {
    let sha = |digit: &str| CommitSha::parse(&digit.repeat(40)).ok();
    let behind = reason != Reason::Current;
    Decision {
        entry: entry.to_owned(),
        path: format!("servers/{entry}/server.yaml"),
        reason,
        detail: detail.to_owned(),
        project: Some(format!("https://git.example/{}", entry.split('-').next().unwrap())),
        branch: Some("refs/heads/main".to_owned()),
        directory: String::new(),
        old: sha("1"),
        new: behind.then(|| sha("2")).flatten(),
        tip: None,
        first_seen: None,
        urgent: false,
        change: None,
        check: None,
        pull: None,
    }
}

fn plan(decisions: Vec<Decision>) -> Plan {
    Plan { version: VERSION, time: chrono::DateTime::UNIX_EPOCH, complete: true, decisions }
}

const PLAIN: Look = Look { color: false, width: 100, all: false, dry_run: false };

fn night() -> Plan {
    let pull = |action| Some(Pull { number: 7, url: "https://git.example/pull/7".to_owned(), action });
    plan(vec![
        decision("air", Reason::Current, "`refs/heads/main` is at the pin"),
        Decision { urgent: true, ..decision("curl", Reason::Updated, "1 commit changed 1 file") },
        Decision { pull: pull(Action::Close), ..decision("dig", Reason::Current, "`refs/heads/main` is at the pin") },
        decision("evil\u{1b}[31m", Reason::NotAncestor, &"history was rewritten, \u{202e}and more ".repeat(5)),
        Decision {
            pull: pull(Action::Open),
            ..decision("fetch", Reason::Opened, "2 commits by 2 authors changed 7 files")
        },
        decision("git", Reason::DirectoryMissing, "there is no directory `src` at 222222222222"),
        decision("mono-a", Reason::Unreachable, "there is no host git.example"),
        decision("mono-b", Reason::Unreachable, "there is no host git.example"),
        decision("mono-c", Reason::Unreachable, "there is no host git.example"),
        decision("mono-d", Reason::Unreachable, "there is no host git.example"),
        decision("mono-e", Reason::Unreachable, "there is no host git.example"),
        decision("old", Reason::Gone, "there is no public repository at https://git.example/old"),
        decision("xml", Reason::OutsideDirectory, "`src` is the same at both commits: tree aaaaaaaaaaaa"),
    ])
}

#[test]
fn what_moves_comes_first_then_what_needs_somebody() {
    insta::assert_snapshot!(render(&night(), &["`git`: not asked\u{7}".to_owned()], PLAIN), @r#"
    curl            111111111111 -> 222222222222  updated            urgent: 1 commit changed 1 file
    evil\u{1b}[31m  111111111111 -> 222222222222  not-ancestor
        history was rewritten, \u{202e}and more history was rewritten, \u{202e}and more history was
        rewritten, \u{202e}and more history was rewritten, \u{202e}and more history was rewritten,
        \u{202e}and more
    fetch           111111111111 -> 222222222222  opened
        2 commits by 2 authors changed 7 files; opened https://git.example/pull/7
    git             111111111111 -> 222222222222  directory-missing
        there is no directory `src` at 222222222222
    unreachable  git.example/mono: there is no host git.example (mono-a, mono-b, mono-c and 2 more)
    gone  git.example/old: there is no public repository at https://git.example/old (old)
    dig             111111111111                  current
        `refs/heads/main` is at the pin; closed https://git.example/pull/7
    left: `git`: not asked\u{7}

    13 entries: 1 not-ancestor, 1 opened, 1 updated, 1 directory-missing, 1 gone, 5 unreachable, 2
        current, 1 outside-directory
    "#);
}

#[test]
fn everything_is_shown_on_demand() {
    insta::assert_snapshot!(render(&night(), &[], Look { all: true, width: 200, ..PLAIN }), @r#"
        curl            111111111111 -> 222222222222  updated            urgent: 1 commit changed 1 file
        evil\u{1b}[31m  111111111111 -> 222222222222  not-ancestor
            history was rewritten, \u{202e}and more history was rewritten, \u{202e}and more history was rewritten, \u{202e}and more history was rewritten, \u{202e}and more history was rewritten, \u{202e}and
            more
        fetch           111111111111 -> 222222222222  opened             2 commits by 2 authors changed 7 files; opened https://git.example/pull/7
        git             111111111111 -> 222222222222  directory-missing  there is no directory `src` at 222222222222
        unreachable  git.example/mono: there is no host git.example (mono-a, mono-b, mono-c and 2 more)
        gone  git.example/old: there is no public repository at https://git.example/old (old)
        air             111111111111                  current            `refs/heads/main` is at the pin
        dig             111111111111                  current            `refs/heads/main` is at the pin; closed https://git.example/pull/7
        xml             111111111111 -> 222222222222  outside-directory  `src` is the same at both commits: tree aaaaaaaaaaaa

        13 entries: 1 not-ancestor, 1 opened, 1 updated, 1 directory-missing, 1 gone, 5 unreachable, 2 current, 1 outside-directory
        "#);
}

#[test]
fn narrow_terminals_are_not_overrun_by_sentences() {
    insta::assert_snapshot!(render(&night(), &[], Look { width: 48, ..PLAIN }), @r#"
    curl  111111111111 -> 222222222222  updated
        urgent: 1 commit changed 1 file
    evil\u{1b}[31m  111111111111 -> 222222222222  not-ancestor
        history was rewritten, \u{202e}and more
        history was rewritten, \u{202e}and more
        history was rewritten, \u{202e}and more
        history was rewritten, \u{202e}and more
        history was rewritten, \u{202e}and more
    fetch  111111111111 -> 222222222222  opened
        2 commits by 2 authors changed 7 files;
        opened https://git.example/pull/7
    git  111111111111 -> 222222222222  directory-missing
        there is no directory `src` at 222222222222
    unreachable  git.example/mono: there is no host
        git.example (mono-a, mono-b, mono-c and 2
        more)
    gone  git.example/old: there is no public
        repository at https://git.example/old (old)
    dig  111111111111  current
        `refs/heads/main` is at the pin; closed
        https://git.example/pull/7

    13 entries: 1 not-ancestor, 1 opened, 1 updated,
        1 directory-missing, 1 gone, 5 unreachable,
        2 current, 1 outside-directory
    "#);
}

#[test]
fn reasons_have_colours() {
    let text = render(&night(), &[], Look { color: true, ..PLAIN });
    for painted in ["\u{1b}[31munreachable\u{1b}[0m", "\u{1b}[32mupdated\u{1b}[0m", "\u{1b}[33mgone\u{1b}[0m"] {
        assert!(text.contains(painted), "{text:?}");
    }
}

#[test]
fn a_night_without_news_is_one_line() {
    assert_eq!(render(&plan(vec![decision("air", Reason::Current, "")]), &[], PLAIN), "1 entry: 1 current\n");
    assert_eq!(render(&plan(Vec::new()), &[], PLAIN), "no entries with a pin\n");
}
