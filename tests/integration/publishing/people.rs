//! What people do between two nights counts more than what the program would do.

use super::{Night, REPO, assert_same, branch, commit, manifest, moves, path, plan, said};
use crate::hub::people::MARIA;
use crate::hub::world::Thread;

fn after_a_night() -> Night {
    let night = Night::of(&["a"]);
    night.publishes(&plan(vec![moves("a", 1, 2)]));
    night
}

/// Publishes the move to this day's commit; what was written and said.
fn next(night: &Night, day: u32) -> (Vec<String>, String) {
    night.hub.calls();
    let output = night.run(&plan(vec![moves("a", 1, day)]));
    (night.hub.writes(), said(&output))
}

#[test]
fn closing_a_pull_request_means_not_this_commit() {
    let night = after_a_night();
    night.hub.human_closes(REPO, 1);
    let (writes, said) = next(&night, 2);
    insta::assert_snapshot!(said, @r"
    status 0
    --- stdout
    1 entry: 1 closed-by-human
    --- stderr
    ");
    // Whether the branch stays is nobody's business any more; no pull request comes of it.
    let state = night.state();
    assert!(state.starts_with("#1 a: closed by maria, day 2") && !state.contains("#2"), "{state}\n{writes:?}");
    assert_eq!(next(&night, 2).0, Vec::<String>::new());
    next(&night, 3);
    insta::assert_snapshot!(night.state(), @r"
    #1 a: closed by maria, day 2, 1 commits
    #2 a: open, day 3, 1 commits
    branches: a
    ");
}

#[test]
fn closing_one_counts_whatever_its_title_and_text_were_changed_to() {
    let night = after_a_night();
    night.hub.change(|world| {
        let thread = world.repo_mut(REPO).threads.get_mut(&1).unwrap();
        (thread.title, thread.body) = ("No".to_owned(), Some("Not this one.".to_owned()));
    });
    night.hub.human_closes(REPO, 1);
    for _ in 0..2 {
        let (_, said) = next(&night, 2);
        assert!(said.contains("1 entry: 1 closed-by-human"), "{said}");
    }
    next(&night, 3);
    insta::assert_snapshot!(night.state(), @r"
    #1 a: closed by maria, day 2, 1 commits
    #2 a: open, day 3, 1 commits
    branches: a
    ");
}

#[test]
fn a_branch_that_a_human_pushed_to_is_left_alone() {
    let night = after_a_night();
    night.hub.human_pushes(REPO, &branch("a"), &[("servers/a/readme.md", "# A\n")]);
    assert_eq!(next(&night, 2).0, ["PATCH /repos/acme/registry/pulls/1"], "its text says so, once");
    let before = night.hub.picture(REPO);
    for day in [2, 3] {
        let (writes, said) = next(&night, day);
        assert_eq!((writes, night.hub.picture(REPO)), (Vec::new(), before.clone()));
        insta::allow_duplicates! { insta::assert_snapshot!(said, @r"
        status 0
        --- stdout
        1 entry: 1 human-edits
        --- stderr
        "); }
    }
}

#[test]
fn a_commit_of_a_human_in_place_of_ours_is_left_alone_too() {
    let night = after_a_night();
    night.hub.change(|world| {
        let main = world.tip(REPO, "main").unwrap().clone();
        world.set_ref(REPO, "refs/heads/scratch", Some(&main), MARIA);
        let own = world.push(REPO, "scratch", MARIA, "My own", &[(&path("a"), Some(&manifest("a", 2)))]);
        world.set_ref(REPO, "refs/heads/scratch", None, MARIA);
        world.set_ref(REPO, &format!("refs/heads/{}", branch("a")), Some(&own), MARIA);
    });
    assert_eq!(next(&night, 2).0, ["PATCH /repos/acme/registry/pulls/1"], "its text says so, once");
    let before = night.hub.picture(REPO);
    assert_eq!((next(&night, 3).0, night.hub.picture(REPO)), (Vec::new(), before));
}

#[test]
fn a_pull_request_that_a_human_opens_again_goes_on() {
    let night = after_a_night();
    night.hub.human_closes(REPO, 1);
    night.hub.human_reopens(REPO, 1);
    assert_eq!(next(&night, 2).0, Vec::<String>::new());
    next(&night, 3);
    insta::assert_snapshot!(night.state(), @r"
    #1 a: open, day 3, 1 commits
    branches: a
    ");
}

#[test]
fn a_pull_request_whose_text_or_base_a_human_changed_is_theirs() {
    for change in [
        |thread: &mut Thread| thread.body = Some("My own words.".to_owned()),
        |thread: &mut Thread| thread.pull.as_mut().unwrap().base = "release".to_owned(),
    ] {
        let night = after_a_night();
        night.hub.human_branches(REPO, "main", "release");
        night.hub.change(|world| change(world.repo_mut(REPO).threads.get_mut(&1).unwrap()));
        let before = night.hub.picture(REPO);
        for day in [2, 3] {
            let (writes, said) = next(&night, day);
            assert_eq!((writes, night.hub.picture(REPO)), (Vec::new(), before.clone()), "{said}");
            assert!(said.contains("1 human-edits"), "{said}");
        }
    }
}

#[test]
fn words_that_a_human_adds_to_the_text_are_no_reason_to_write() {
    let night = after_a_night();
    night.hub.change(|world| {
        let thread = world.repo_mut(REPO).threads.get_mut(&1).unwrap();
        // Forms on the web write other line ends.
        thread.body = thread.body.take().map(|body| format!("{body}\nLooks good to me.\n").replace('\n', "\r\n"));
    });
    assert_eq!(next(&night, 2).0, Vec::<String>::new());
}

#[test]
fn a_branch_without_a_pull_request_gets_one() {
    // As a night that was killed leaves it.
    let night = after_a_night();
    let left = Night::of(&["a"]);
    let tip = night.hub.look(|world| world.tip(REPO, &branch("a")).unwrap().clone());
    left.hub.change(|world| {
        world.objects = night.hub.world().objects;
        world.set_ref(REPO, &format!("refs/heads/{}", branch("a")), Some(&tip), crate::hub::BOT);
    });
    next(&left, 2);
    assert_same(&left.hub.picture(REPO), &night.hub.picture(REPO), "");
}

#[test]
fn a_branch_of_our_name_that_a_human_made_is_left_alone() {
    let night = Night::of(&["a"]);
    night.hub.human_branches(REPO, "main", &branch("a"));
    night.hub.human_pushes(REPO, &branch("a"), &[("servers/a/readme.md", "# A\n")]);
    let before = night.hub.picture(REPO);
    let (writes, said) = next(&night, 2);
    assert_eq!((writes, night.hub.picture(REPO)), (Vec::new(), before));
    insta::assert_snapshot!(said, @r"
    status 0
    --- stdout
    1 entry: 1 human-edits
    --- stderr
    ");
}

#[test]
fn a_branch_that_a_human_deletes_closes_its_pull_request_for_that_commit() {
    let night = after_a_night();
    night.hub.human_deletes_branch(REPO, &branch("a"));
    assert_eq!(next(&night, 2).0, Vec::<String>::new());
    next(&night, 3);
    insta::assert_snapshot!(night.state(), @r"
    #1 a: closed by maria, day 2, 1 commits
    #2 a: open, day 3, 1 commits
    branches: a
    ");
}

#[test]
fn a_fork_with_our_branchs_name_is_not_ours() {
    let night = Night::of(&["a"]);
    night.hub.change(|world| {
        world.fork(REPO, "eve/registry");
        let main = world.tip(REPO, "main").unwrap().clone();
        world.set_ref("eve/registry", &format!("refs/heads/{}", branch("a")), Some(&main), "eve");
        let text = manifest("a", 1).replace(&commit("a", 1).to_string(), &"e".repeat(40));
        world.push("eve/registry", &branch("a"), "eve", "Update pin", &[(&path("a"), Some(&text))]);
    });
    let title = "Update the pin of a";
    night.hub.human_opens(REPO, "eve/registry", &branch("a"), title, "Looks like the real one.");
    let eves = |night: &Night| night.hub.look(|world| world.repo(REPO).threads[&1].clone());
    let before = eves(&night);
    next(&night, 2);
    insta::assert_snapshot!(night.state(), @r"
    #1 a: open of eve, another text, 1 commits
    #2 a: open, day 2, 1 commits
    branches: a
    ");
    // Also not when the fork is gone, and when there is nothing to do.
    assert_eq!(eves(&night), before);
    night.hub.change(|world| world.delete("eve/registry", "eve"));
    assert_eq!(next(&night, 2).0, Vec::<String>::new());
    next(&night, 3);
    insta::assert_snapshot!(night.state(), @r"
    #1 a: closed by eve of eve, another text, 1 commits
    #2 a: open, day 3, 1 commits
    branches: a
    ");
}

#[test]
fn a_machine_block_in_a_strangers_pull_request_is_not_believed() {
    let night = after_a_night();
    let body = night.hub.look(|world| world.repo(REPO).threads[&1].body.clone()).unwrap();
    let fresh = Night::of(&["a"]);
    fresh.hub.change(|world| {
        world.fork(REPO, "eve/registry");
        world.push("eve/registry", "main", "eve", "Mine", &[("x", Some("y"))]);
    });
    let number = fresh.hub.human_opens(REPO, "eve/registry", "main", "Update the pin of a", &body);
    fresh.hub.human_closes(REPO, number);
    next(&fresh, 2);
    let state = fresh.state();
    assert!(state.contains("#2 a: open, day 2, 1 commits"), "{state}");
}
