//! A table of everything that may be found, and what is done then.

#![allow(clippy::unwrap_used)]

use super::{Branch, Left, Missing, Place, Push, Remote, Todo, Wanted, reconcile};
use crate::github::registry::{Account, PullRequest};
use crate::ids::CommitSha;
use crate::pins::publish::block::Block;
use crate::pins::publish::name::{Step, branch};
use crate::sync::block::write;
use crate::sync::head::Head;

/// A commit, by one digit.
fn id(digit: char) -> CommitSha {
    CommitSha::parse(&digit.to_string().repeat(40)).unwrap()
}

/// From commit `1` to this one of upstream.
fn step(new: char) -> Step {
    Step { old: id('1'), new: id(new) }
}

fn wanted(new: char) -> Wanted {
    Wanted::Move { step: step(new), text: "t".to_owned(), flag: "" }
}

/// The block of a pull request to upstream's `2`.
fn block() -> Block {
    Block::new("weather", &step('2'), "t".to_owned())
}

fn account(login: &str) -> Account {
    Account { id: login.len() as u64, login: login.to_owned() }
}

fn pull(number: u64, block: &Block) -> PullRequest {
    PullRequest {
        number,
        url: String::new(),
        open: true,
        merged: false,
        title: String::new(),
        body: format!("{}\n\nwords", write(block)),
        branch: branch("weather"),
        head: id('a'),
        base: "main".to_owned(),
        author: account("acme-pins[bot]"),
    }
}

fn closed(number: u64, block: &Block) -> PullRequest {
    PullRequest { open: false, ..pull(number, block) }
}

fn merged(number: u64, block: &Block) -> PullRequest {
    PullRequest { merged: true, ..closed(number, block) }
}

/// A branch at this commit, with an open pull request if there is one; nothing else was asked for yet.
fn unknown(branch: Option<char>, open: Option<PullRequest>) -> Remote {
    Remote { branch: branch.map(id), open, ..Remote::default() }
}

/// The same, where it is known that the commit `a` is ours and moves to `2`, and that `f` is somebody else's.
fn remote(branch: Option<char>, open: Option<PullRequest>) -> Remote {
    let ours = Head { step: step('2'), merged: false };
    Remote { made: [(id('a'), Some(ours)), (id('f'), None)].into(), ..unknown(branch, open) }
}

fn with_closed(remote: Remote, closed: Vec<PullRequest>) -> Remote {
    Remote { closed: Some(closed), ..remote }
}

/// The commit `a` makes this step, or is not of ours; whether the base was merged into it.
fn made(remote: Remote, step: Option<Step>, merged: bool) -> Remote {
    let closed = remote.closed.clone().or(Some(Vec::new()));
    Remote { made: [(id('a'), step.map(|step| Head { step, merged }))].into(), closed, ..remote }
}

fn said(wanted: &Wanted, remote: &Remote) -> String {
    let commit = |id: &CommitSha| id.as_str().chars().next().unwrap();
    let account = account("acme-pins[bot]");
    match reconcile("weather", wanted, remote, Place { base: "main", account: &account }) {
        Err(Missing::Closed) => "ask for closed pull requests".to_owned(),
        Err(Missing::Made(id)) => format!("ask for the commit {}", commit(&id)),
        Ok(Todo::Leave(Left { reason, why, pull })) => {
            let reason = reason.map_or("as decided".to_owned(), |reason| reason.to_string());
            let pull = pull.map(|pull| format!(" #{}", pull.number)).unwrap_or_default();
            format!("leave{pull}: {reason}{}", why.map(|why| format!(" ({why})")).unwrap_or_default())
        }
        Ok(Todo::Open(Branch::Create)) => "open from a new branch".to_owned(),
        Ok(Todo::Open(Branch::Keep)) => "open from the branch as it is".to_owned(),
        Ok(Todo::Open(Branch::Replace(head))) => format!("open, the branch moved from {}", commit(&head)),
        Ok(Todo::Update(Push::TextOnly)) => "update the text".to_owned(),
        Ok(Todo::Update(Push::NewCommit { in_place_of: from })) => {
            format!("update with a new commit in place of {}", from.as_ref().map_or('-', commit))
        }
        Ok(Todo::Disown) => "say that it is of others, too".to_owned(),
        Ok(Todo::Close) => "close".to_owned(),
        Ok(Todo::RemoveBranch) => "remove the branch".to_owned(),
    }
}

fn table(rows: &[(&str, Wanted, Remote)]) -> String {
    let width = rows.iter().map(|(what, ..)| what.len()).max().unwrap_or_default();
    rows.iter().map(|(what, wanted, remote)| format!("{what:width$}  {}\n", said(wanted, remote))).collect()
}

#[test]
fn a_pin_moves_and_there_is_no_pull_request() {
    let by_us = Block { closed: Some("off".to_owned()), ..block() };
    let none = || remote(None, None);
    let left = || remote(Some('a'), None);
    let without_block = || PullRequest { body: String::new(), ..closed(7, &block()) };
    let strangers = || PullRequest { author: account("maria"), ..closed(7, &block()) };
    insta::assert_snapshot!(table(&[
        ("nothing is known yet", wanted('2'), none()),
        ("nothing is there", wanted('2'), with_closed(none(), vec![])),
        ("a human closed it for this commit", wanted('2'), with_closed(none(), vec![closed(7, &block())])),
        ("a human closed it for an earlier commit", wanted('3'), with_closed(none(), vec![closed(7, &block())])),
        ("so, and the branch is left", wanted('3'), with_closed(left(), vec![closed(7, &block())])),
        ("we closed it", wanted('2'), with_closed(none(), vec![closed(7, &by_us)])),
        ("we closed it and were killed", wanted('2'), with_closed(left(), vec![closed(7, &by_us)])),
        ("so, and upstream moved", wanted('3'), with_closed(left(), vec![closed(7, &by_us)])),
        ("merged, and the branch is left", wanted('3'), with_closed(left(), vec![merged(7, &block())])),
        ("so, and the same move again", wanted('2'), with_closed(left(), vec![merged(7, &block())])),
        ("merged with a human's commits", wanted('3'), made(with_closed(left(), vec![merged(7, &block())]), None, false)),
        ("a branch, and nothing else is known", wanted('2'), with_closed(unknown(Some('a'), None), vec![])),
        ("killed before the pull request", wanted('2'), with_closed(left(), vec![])),
        ("so, and upstream moved", wanted('3'), with_closed(left(), vec![])),
        ("so, and the base was merged into it", wanted('2'), made(left(), Some(step('2')), true)),
        ("a branch of somebody else", wanted('2'), made(left(), None, false)),
        ("so, and a stranger's closed pull request", wanted('2'), made(with_closed(left(), vec![strangers()]), None, false)),
        ("a closed one of a stranger", wanted('2'), with_closed(none(), vec![strangers()])),
        ("a closed one without a block", wanted('2'), with_closed(unknown(None, None), vec![without_block()])),
        ("so, and its commit is for this one", wanted('2'), with_closed(none(), vec![without_block()])),
        ("so, and its commit is for another one", wanted('3'), with_closed(none(), vec![without_block()])),
        ("so, and its commit is somebody else's", wanted('2'), made(with_closed(none(), vec![without_block()]), None, false)),
        (
            "so, and its title names this commit",
            wanted('2'),
            with_closed(none(), vec![PullRequest { title: id('2').short().to_owned(), ..without_block() }]),
        ),
        ("a closed one of another entry's block", wanted('3'), with_closed(none(), vec![closed(7, &Block { entry: "x".to_owned(), ..block() })])),
    ]), @r"
    nothing is known yet                      ask for closed pull requests
    nothing is there                          open from a new branch
    a human closed it for this commit         leave #7: closed-by-human (#7 was closed for this commit)
    a human closed it for an earlier commit   open from a new branch
    so, and the branch is left                open, the branch moved from a
    we closed it                              open from a new branch
    we closed it and were killed              open from the branch as it is
    so, and upstream moved                    open, the branch moved from a
    merged, and the branch is left            open, the branch moved from a
    so, and the same move again               open, the branch moved from a
    merged with a human's commits             open, the branch moved from a
    a branch, and nothing else is known       ask for the commit a
    killed before the pull request            open from the branch as it is
    so, and upstream moved                    open, the branch moved from a
    so, and the base was merged into it       open, the branch moved from a
    a branch of somebody else                 leave: human-edits (the branch `automation/update-pin-weather` is not of this program)
    so, and a stranger's closed pull request  leave: human-edits (the branch `automation/update-pin-weather` is not of this program)
    a closed one of a stranger                open from a new branch
    a closed one without a block              ask for the commit a
    so, and its commit is for this one        leave #7: closed-by-human (#7 was closed for this commit)
    so, and its commit is for another one     open from a new branch
    so, and its commit is somebody else's     open from a new branch
    so, and its title names this commit       leave #7: closed-by-human (#7 was closed for this commit)
    a closed one of another entry's block     open from a new branch
    ");
}

#[test]
fn a_pin_moves_and_there_is_a_pull_request() {
    let changed = Block { text: "other".to_owned(), ..block() };
    let interrupted = Block { new: id('3'), ..block() };
    let by_us = Block { closed: Some("off".to_owned()), ..block() };
    let strangers = PullRequest { author: account("maria"), ..pull(7, &block()) };
    let told = Block { pushed: true, ..block() };
    let rebased = Wanted::Move { step: Step { old: id('9'), new: id('2') }, text: "t".to_owned(), flag: "" };
    let flagged = Wanted::Move { step: step('2'), text: "t".to_owned(), flag: "(look)" };
    let open = |block: &Block| remote(Some('a'), Some(pull(7, block)));
    insta::assert_snapshot!(table(&[
        ("the same night again", wanted('2'), open(&block())),
        ("a human wrote into the text", wanted('2'), remote(Some('a'), Some(PullRequest { body: pull(7, &block()).body + "\nOK", ..pull(7, &block()) }))),
        ("the evidence changed", wanted('2'), open(&changed)),
        ("upstream moved, closed ones not known", wanted('3'), open(&block())),
        ("upstream moved", wanted('3'), with_closed(open(&block()), vec![])),
        ("so, to a commit that a human refused", wanted('3'), with_closed(open(&block()), vec![closed(5, &Block { new: id('3'), ..block() })])),
        ("the registry's pin was changed", rebased, with_closed(open(&block()), vec![])),
        ("killed between text and branch", wanted('3'), open(&interrupted)),
        ("so, and upstream moved back", wanted('2'), with_closed(open(&interrupted), vec![])),
        ("the base was merged into it", wanted('2'), made(open(&block()), Some(step('2')), true)),
        ("nothing is known of the branch", wanted('2'), unknown(Some('a'), Some(pull(7, &block())))),
        ("somebody else opened it", wanted('2'), remote(Some('a'), Some(strangers))),
        ("a human pushed", wanted('2'), remote(Some('f'), Some(pull(7, &block())))),
        ("a human pushed, upstream moved", wanted('3'), remote(Some('f'), Some(pull(7, &block())))),
        ("so, and the text says so", wanted('3'), remote(Some('f'), Some(pull(7, &told)))),
        ("so, and the branch is ours again", wanted('2'), open(&told)),
        ("a title lost its flag", flagged.clone(), open(&block())),
        ("a title with its flag", flagged, remote(Some('a'), Some(PullRequest { title: "x (look)".to_owned(), ..pull(7, &block()) }))),
        ("the branch is gone", wanted('2'), remote(None, Some(pull(7, &block())))),
        ("the block is gone", wanted('2'), remote(Some('a'), Some(PullRequest { body: "words".to_owned(), ..pull(7, &block()) }))),
        ("a block of another entry", wanted('2'), open(&Block { entry: "x".to_owned(), ..block() })),
        ("a human chose another base", wanted('2'), remote(Some('a'), Some(PullRequest { base: "next".to_owned(), ..pull(7, &block()) }))),
        ("we closed it, a human opened it", wanted('2'), open(&by_us)),
        ("so, and upstream moved", wanted('3'), with_closed(open(&by_us), vec![])),
    ]), @r"
    the same night again                   leave #7: unchanged
    a human wrote into the text            leave #7: unchanged
    the evidence changed                   update the text
    upstream moved, closed ones not known  ask for closed pull requests
    upstream moved                         update with a new commit in place of a
    so, to a commit that a human refused   leave #7: closed-by-human (#5 was closed for this commit)
    the registry's pin was changed         update with a new commit in place of a
    killed between text and branch         update with a new commit in place of a
    so, and upstream moved back            update the text
    the base was merged into it            update with a new commit in place of a
    nothing is known of the branch         ask for the commit a
    somebody else opened it                leave #7: human-edits (#7 was opened by `maria`, not by `acme-pins[bot]`)
    a human pushed                         say that it is of others, too
    a human pushed, upstream moved         say that it is of others, too
    so, and the text says so               leave #7: human-edits (somebody pushed to the branch of #7)
    so, and the branch is ours again       update the text
    a title lost its flag                  update the text
    a title with its flag                  leave #7: unchanged
    the branch is gone                     update with a new commit in place of -
    the block is gone                      leave #7: human-edits (the text of #7 was changed: what this program keeps there is not)
    a block of another entry               leave #7: human-edits (the text of #7 was changed: what this program keeps there is not)
    a human chose another base             leave #7: human-edits (#7 goes to the branch `next` and not to `main`)
    we closed it, a human opened it        update the text
    so, and upstream moved                 update with a new commit in place of a
    ");
}

#[test]
fn a_pull_request_is_not_wanted_any_more() {
    let by_us = Block { closed: Some("off".to_owned()), ..block() };
    let kept = Block { kept: true, ..block() };
    let interrupted = Block { new: id('3'), ..block() };
    let open = |block: &Block| remote(Some('a'), Some(pull(7, block)));
    let left = || remote(Some('a'), None);
    insta::assert_snapshot!(table(&[
        ("ours", Wanted::Close, open(&block())),
        ("ours, killed in an update", Wanted::Close, open(&interrupted)),
        ("ours, without its branch", Wanted::Close, remote(None, Some(pull(7, &block())))),
        ("a human pushed", Wanted::Close, remote(Some('f'), Some(pull(7, &block())))),
        ("we closed it, a human opened it", Wanted::Close, open(&by_us)),
        ("so, and we wrote to it since", Wanted::Close, open(&kept)),
        ("the block is gone", Wanted::Close, remote(Some('a'), Some(PullRequest { body: "words".to_owned(), ..pull(7, &block()) }))),
        ("nothing is there", Wanted::Close, remote(None, None)),
        ("a branch, and nothing else is known", Wanted::Close, left()),
        ("killed before the branch was removed", Wanted::Close, with_closed(left(), vec![closed(7, &by_us)])),
        ("merged, and the branch is left", Wanted::Close, with_closed(left(), vec![merged(7, &block())])),
        ("a human closed it, and the branch is left", Wanted::Close, with_closed(left(), vec![closed(7, &block())])),
        ("killed before the pull request", Wanted::Close, with_closed(left(), vec![])),
        ("a branch of somebody else", Wanted::Close, made(left(), None, false)),
        ("nobody knows", Wanted::Nothing, open(&block())),
        ("nobody knows, a branch is left", Wanted::Nothing, left()),
    ]), @r"
    ours                                       close
    ours, killed in an update                  close
    ours, without its branch                   close
    a human pushed                             leave #7: as decided
    we closed it, a human opened it            leave #7: as decided
    so, and we wrote to it since               leave #7: as decided
    the block is gone                          leave #7: as decided
    nothing is there                           leave: as decided
    a branch, and nothing else is known        ask for closed pull requests
    killed before the branch was removed       remove the branch
    merged, and the branch is left             remove the branch
    a human closed it, and the branch is left  leave: as decided
    killed before the pull request             remove the branch
    a branch of somebody else                  leave: as decided
    nobody knows                               leave #7: as decided
    nobody knows, a branch is left             leave: as decided
    ");
}
