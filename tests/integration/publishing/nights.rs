//! Night after night, with nobody in between but upstreams and the registry itself.

use super::{Night, REPO, assert_same, branch, commit, manifest, moves, path, plan, said, stays};
use mcp_registry::pins::facts::{CommitLine, Files};
use mcp_registry::pins::reason::Reason;

fn first() -> (Night, mcp_registry::pins::plan::Plan) {
    let night = Night::of(&["a", "b", "c"]);
    let plan = plan(vec![moves("a", 1, 2), moves("b", 1, 2), stays("c", 1, Reason::Current)]);
    (night, plan)
}

#[test]
fn the_first_night_opens_one_pull_request_for_each_entry_that_moves() {
    let (night, plan) = first();
    let writes = night.publishes(&plan);
    insta::assert_snapshot!(writes.join("\n"), @r"
    POST /repos/acme/registry/git/trees
    POST /repos/acme/registry/git/commits
    POST /repos/acme/registry/git/refs
    POST /repos/acme/registry/pulls
    POST /repos/acme/registry/git/trees
    POST /repos/acme/registry/git/commits
    POST /repos/acme/registry/git/refs
    POST /repos/acme/registry/pulls
    ");
    insta::assert_snapshot!(night.state(), @r"
    #1 a: open, day 2, 1 commits
    #2 b: open, day 2, 1 commits
    branches: a, b
    ");
    insta::assert_snapshot!(night.hub.picture(REPO), @r#"
    automation/update-pin-a: 1 ahead, 0 behind
      acme-pins[bot], signed by GitHub: Update pin of a to 19709c25938b
        
        Pin-Update: a d1a472dc3572e507b8c0573f25619c4d405e0af4..19709c25938bd1d7742830faf5de35864cfad763
      servers/a/server.yaml: 74afca791be1 -> 07847be69808
    automation/update-pin-b: 1 ahead, 0 behind
      acme-pins[bot], signed by GitHub: Update pin of b to 1d21401de493
        
        Pin-Update: b 782b45271c9d6c0876556789f1ad1f0b2b96df59..1d21401de493f84eba8a13ce77c69340a42f6411
      servers/b/server.yaml: 5d0de2eb0da0 -> fbdde0e1c712
    main: 0 ahead, 0 behind
    pull request acme:automation/update-pin-a into main, open, of acme-pins[bot]: Update pin of a to 19709c25938b
      head: tree d537c64516ed
      | <!-- mcp-registry:pin {"version":1,"entry":"a","old":"d1a472dc3572e507b8c0573f25619c4d405e0af4","new":"19709c25938bd1d7742830faf5de35864cfad763","text":"a770b332312b76e6258c7747955b7f95","closed":null,"kept":false} -->
      | 
      | Moves the pin of `a`. Only `source.commit` in `servers/a/server.yaml` changes.
      | 
      | | | |
      | |---|---|
      | | Repository | [`https://github.com/upstream/a`](https://github.com/upstream/a) |
      | | Branch | `main` |
      | | Directory | the whole repository |
      | | Old pin | [`d1a472dc3572e507b8c0573f25619c4d405e0af4`](https://github.com/upstream/a/commit/d1a472dc3572e507b8c0573f25619c4d405e0af4) |
      | | New pin | [`19709c25938bd1d7742830faf5de35864cfad763`](https://github.com/upstream/a/commit/19709c25938bd1d7742830faf5de35864cfad763) |
      | | Changes | [`d1a472dc3572...19709c25938b`](https://github.com/upstream/a/compare/d1a472dc3572e507b8c0573f25619c4d405e0af4...19709c25938bd1d7742830faf5de35864cfad763) |
      | | History | continues the old pin |
      | | Licence | the same |
      | | Dockerfiles | the same |
      | | Lock files | the same |
      | | Install scripts | the same |
      | | Continuous integration | the same |
      | 
      | ### Commits
      | 
      | 1 since the old pin. Authors, dates and signatures are what the commits claim; nothing of it was verified.
      | 
      | - [`19709c25938b`](https://github.com/upstream/a/commit/19709c25938bd1d7742830faf5de35864cfad763) 2026-01-01, Ada, signed: Work of day 2
      | 
      | ### Files of the directory
      | 
      | 1 changed.
      | 
      | - `src/index.ts`
      | 
      | ### What to do
      | 
      | - Read the changes, and what the checks of this pull request say about the new commit. Merge it if both are fine.
      | - Close it to refuse this commit: a later one gets another pull request.
      | - Push to the branch to take it over: then this program leaves it alone.
    pull request acme:automation/update-pin-b into main, open, of acme-pins[bot]: Update pin of b to 1d21401de493
      head: tree 8e3dfa1c0560
      | <!-- mcp-registry:pin {"version":1,"entry":"b","old":"782b45271c9d6c0876556789f1ad1f0b2b96df59","new":"1d21401de493f84eba8a13ce77c69340a42f6411","text":"a0f80f19bc9861196ba70c3704b67963","closed":null,"kept":false} -->
      | 
      | Moves the pin of `b`. Only `source.commit` in `servers/b/server.yaml` changes.
      | 
      | | | |
      | |---|---|
      | | Repository | [`https://github.com/upstream/b`](https://github.com/upstream/b) |
      | | Branch | `main` |
      | | Directory | the whole repository |
      | | Old pin | [`782b45271c9d6c0876556789f1ad1f0b2b96df59`](https://github.com/upstream/b/commit/782b45271c9d6c0876556789f1ad1f0b2b96df59) |
      | | New pin | [`1d21401de493f84eba8a13ce77c69340a42f6411`](https://github.com/upstream/b/commit/1d21401de493f84eba8a13ce77c69340a42f6411) |
      | | Changes | [`782b45271c9d...1d21401de493`](https://github.com/upstream/b/compare/782b45271c9d6c0876556789f1ad1f0b2b96df59...1d21401de493f84eba8a13ce77c69340a42f6411) |
      | | History | continues the old pin |
      | | Licence | the same |
      | | Dockerfiles | the same |
      | | Lock files | the same |
      | | Install scripts | the same |
      | | Continuous integration | the same |
      | 
      | ### Commits
      | 
      | 1 since the old pin. Authors, dates and signatures are what the commits claim; nothing of it was verified.
      | 
      | - [`1d21401de493`](https://github.com/upstream/b/commit/1d21401de493f84eba8a13ce77c69340a42f6411) 2026-01-01, Ada, signed: Work of day 2
      | 
      | ### Files of the directory
      | 
      | 1 changed.
      | 
      | - `src/index.ts`
      | 
      | ### What to do
      | 
      | - Read the changes, and what the checks of this pull request say about the new commit. Merge it if both are fine.
      | - Close it to refuse this commit: a later one gets another pull request.
      | - Push to the branch to take it over: then this program leaves it alone.
    "#);
}

#[test]
fn a_pull_request_is_one_commit_that_github_signs_and_changes_forty_characters() {
    let (night, plan) = first();
    night.publishes(&plan);
    night.hub.look(|world| {
        let tip = world.tip(REPO, &branch("a")).unwrap();
        let made = &world.objects.commits[tip];
        assert!(made.verified);
        assert_eq!(&made.parents, &[world.tip(REPO, "main").unwrap().clone()]);
        assert_eq!(world.read(REPO, &branch("a"), &path("a")).unwrap(), manifest("a", 2));
        let before = world.objects.commits[&made.parents[0]].tree.clone();
        let changed = world.objects.differences(&before, &made.tree);
        assert_eq!(changed.iter().map(|(path, ..)| path.as_str()).collect::<Vec<_>>(), [path("a")]);
    });
}

#[test]
fn a_second_night_without_change_writes_nothing() {
    let (night, plan) = first();
    night.publishes(&plan);
    let before = night.hub.picture(REPO);
    night.hub.calls();
    let output = night.run(&plan);
    let calls = night.hub.calls();
    assert_same(&night.hub.picture(REPO), &before, "");
    let mut asked: Vec<String> = calls.iter().map(|call| format!("{} {}", call.method, call.path)).collect();
    // Entries are looked at together.
    asked.sort();
    insta::assert_snapshot!(asked.join("\n"), @r"
    GET /repos/acme/registry
    GET /repos/acme/registry/contents/servers/a/server.yaml?ref=476b4efb96e78b77a50cfb6f961b832abeabbb41
    GET /repos/acme/registry/contents/servers/b/server.yaml?ref=476b4efb96e78b77a50cfb6f961b832abeabbb41
    GET /repos/acme/registry/git/commits/476b4efb96e78b77a50cfb6f961b832abeabbb41
    GET /repos/acme/registry/git/commits/67ceb6b6532e1a5aa77e547886ee4d9b217693b9
    GET /repos/acme/registry/git/commits/9118fb3d3c333378969281cc1461087ca23f2d1b
    GET /repos/acme/registry/git/matching-refs/heads/automation/update-pin-
    GET /repos/acme/registry/git/ref/heads/main
    GET /repos/acme/registry/git/trees/b3378801a6de0d4e200e1b3500a1b04215d7250a
    GET /repos/acme/registry/git/trees/c21519abf9c513188cdedbecbb9e0fd17e8d0984
    GET /repos/acme/registry/git/trees/cd02ccb065b8ef845811f7ecd1d5a3548c98a0f9
    GET /repos/acme/registry/git/trees/f3bd4aa371839aa31722df5b07ad700d71e20e99
    GET /repos/acme/registry/pulls?state=open&sort=created&direction=asc&per_page=50&page=1
    POST /graphql
    ");
    insta::assert_snapshot!(said(&output), @r"
    status 0
    --- stdout
    3 entries: 1 current, 2 unchanged
    --- stderr
    ");
}

#[test]
fn when_upstream_moves_again_the_pull_request_moves_with_it() {
    let (night, plan_of_day_2) = first();
    night.publishes(&plan_of_day_2);
    let plan = plan(vec![moves("a", 1, 3), moves("b", 1, 2), stays("c", 1, Reason::Current)]);
    let writes = night.publishes(&plan);
    insta::assert_snapshot!(writes.join("\n"), @r"
    POST /repos/acme/registry/git/trees
    POST /repos/acme/registry/git/commits
    PATCH /repos/acme/registry/pulls/1
    PATCH /repos/acme/registry/git/refs/heads/automation/update-pin-a
    ");
    insta::assert_snapshot!(night.state(), @r"
    #1 a: open, day 3, 1 commits
    #2 b: open, day 2, 1 commits
    branches: a, b
    ");
    // As if there had been no second day.
    let fresh = Night::of(&["a", "b", "c"]);
    fresh.publishes(&plan);
    assert_same(&night.hub.picture(REPO), &fresh.hub.picture(REPO), "");
    let title = night.hub.look(|world| world.repo(REPO).threads[&1].title.clone());
    assert!(title.contains(&commit("a", 3).to_string()[..7]), "{title}");
}

#[test]
fn a_base_that_moved_elsewhere_is_no_reason_to_push() {
    let (night, plan) = first();
    night.publishes(&plan);
    night.hub.human_pushes(REPO, "main", &[("README.md", "# Registry\n")]);
    assert_eq!(night.publishes(&plan), Vec::<String>::new());
}

#[test]
fn an_entry_that_was_edited_on_the_base_keeps_that_edit() {
    let (night, of_day_2) = first();
    night.publishes(&of_day_2);
    let edited = manifest("a", 1).replace("by hand", "by another hand");
    night.hub.human_pushes(REPO, "main", &[(&path("a"), &edited)]);
    night.publishes(&plan(vec![moves("a", 1, 3), moves("b", 1, 2), stays("c", 1, Reason::Current)]));
    let text = night.hub.look(|world| world.read(REPO, &branch("a"), &path("a"))).unwrap();
    assert_eq!(text, manifest("a", 3).replace("by hand", "by another hand"));
    assert_eq!(night.hub.look(|world| world.repo(REPO).threads.len()), 2);
}

#[test]
fn what_is_not_wanted_any_more_is_closed_and_its_branch_removed() {
    for reason in [Reason::Current, Reason::OutsideDirectory, Reason::Impostor, Reason::Archived, Reason::Off] {
        let (night, of_day_2) = first();
        night.publishes(&of_day_2);
        let plan = plan(vec![stays("a", 1, reason), moves("b", 1, 2), stays("c", 1, Reason::Current)]);
        night.publishes(&plan);
        let state = night.state();
        assert!(
            state.contains("#1 a: closed by acme-pins[bot]") && state.ends_with("branches: b"),
            "{reason}\n{state}"
        );
        assert_eq!(night.publishes(&plan), Vec::<String>::new(), "{reason}");
        // It was not a human who closed it: when it is wanted again it comes again.
        night.publishes(&of_day_2);
        let state = night.state();
        assert!(state.contains(" a: open") && state.ends_with("branches: a, b"), "{reason}\n{state}");
    }
}

#[test]
fn what_nobody_knows_anything_about_is_left_as_it_is() {
    for reason in [Reason::Unreachable, Reason::RateLimited, Reason::CoolingDown, Reason::TooSoon, Reason::Gone] {
        let (night, of_day_2) = first();
        night.publishes(&of_day_2);
        night.hub.calls();
        let before = night.hub.picture(REPO);
        let plan = plan(vec![stays("a", 1, reason), moves("b", 1, 2), stays("c", 1, Reason::Current)]);
        let output = night.run(&plan);
        assert_eq!(output.status, if reason.unfinished() { 3 } else { 0 }, "{reason}\n{}", said(&output));
        assert_eq!((night.hub.writes(), night.hub.picture(REPO)), (Vec::new(), before), "{reason}");
    }
}

#[test]
fn the_pull_request_of_an_entry_that_is_gone_is_closed_when_the_whole_registry_was_looked_at() {
    let (night, of_day_2) = first();
    night.publishes(&of_day_2);
    night.hub.human_removes(REPO, "main", &path("a"));
    let mut plan = plan(vec![moves("b", 1, 2), stays("c", 1, Reason::Current)]);
    plan.complete = false;
    assert_eq!(night.publishes(&plan), Vec::<String>::new());
    plan.complete = true;
    insta::assert_snapshot!(night.publishes(&plan).join("\n"), @r"
    PATCH /repos/acme/registry/pulls/1
    DELETE /repos/acme/registry/git/refs/heads/automation/update-pin-a
    ");
    insta::assert_snapshot!(night.state(), @r"
    #1 a: closed by acme-pins[bot], day 2, 1 commits
    #2 b: open, day 2, 1 commits
    branches: b
    ");
}

/// A plan from which decisions were cut says that they are gone; the base says what is there.
#[test]
fn the_pull_request_of_an_entry_that_only_the_plan_lacks_is_left() {
    let (night, of_day_2) = first();
    night.publishes(&of_day_2);
    let before = night.hub.picture(REPO);
    let cut = plan(vec![stays("c", 1, Reason::Current)]);
    night.hub.calls();
    let output = night.run(&cut);
    assert_eq!((night.hub.writes(), night.hub.picture(REPO)), (Vec::new(), before));
    insta::assert_snapshot!(said(&output), @r"
    status 3
    --- stdout
    left: a: `main` has the entry and the plan does not: what is open stays so
    left: b: `main` has the entry and the plan does not: what is open stays so

    1 entry: 1 current
    --- stderr
    ");
    // Plans name no entries without a source.
    let without = manifest("a", 1).split_once("source:").unwrap().0.to_owned();
    night.hub.human_pushes(REPO, "main", &[(&path("a"), &without)]);
    night.run(&cut);
    insta::assert_snapshot!(night.state(), @r"
    #1 a: closed by acme-pins[bot], day 2, 1 commits
    #2 b: open, day 2, 1 commits
    branches: b
    ");
}

#[test]
fn after_a_merge_the_next_move_is_a_new_pull_request() {
    for delete_branch in [true, false] {
        let (night, of_day_2) = first();
        night.publishes(&of_day_2);
        night.hub.human_merges(REPO, 1, delete_branch);
        night.publishes(&plan(vec![stays("a", 2, Reason::Current), moves("b", 1, 2), stays("c", 1, Reason::Current)]));
        assert!(night.hub.look(|world| world.repo(REPO).threads[&1].pull.as_ref().unwrap().merged.is_some()));
        night.publishes(&plan(vec![moves("a", 2, 3), moves("b", 1, 2), stays("c", 1, Reason::Current)]));
        insta::allow_duplicates! { insta::assert_snapshot!(night.state(), @r"
        #1 a: merged, day 2, 1 commits
        #2 b: open, day 2, 1 commits
        #3 a: open, day 3, 1 commits
        branches: a, b
        "); }
    }
}

#[test]
fn a_plan_that_the_registry_has_overtaken_is_not_carried_out() {
    let night = Night::of(&["a", "b"]);
    night.hub.human_pushes(REPO, "main", &[(&path("a"), &manifest("a", 4))]);
    let output = night.run(&plan(vec![moves("a", 1, 2), moves("b", 1, 2)]));
    insta::assert_snapshot!(said(&output), @r"
    status 3
    --- stdout
    b  782b45271c9d -> 1d21401de493  opened         1 commit, 1 file changed; opened https://github.com/acme/registry/pull/1
    a  d1a472dc3572 -> 19709c25938b  outdated-plan  its pin on `main` is not the one of the plan

    2 entries: 1 opened, 1 outdated-plan
    --- stderr
    ");
    insta::assert_snapshot!(night.state(), @r"
    #1 b: open, day 2, 1 commits
    branches: b
    ");
}

#[test]
fn a_pin_that_somebody_else_moved_already_leaves_nothing_to_do() {
    let (night, of_day_2) = first();
    night.publishes(&of_day_2);
    night.hub.human_pushes(REPO, "main", &[(&path("a"), &manifest("a", 2))]);
    let output = night.run(&of_day_2);
    insta::assert_snapshot!(said(&output), @r"
    status 0
    --- stdout
    3 entries: 1 current, 2 unchanged
    --- stderr
    ");
    insta::assert_snapshot!(night.state(), @r"
    #1 a: open, day 2, 1 commits
    #2 b: open, day 2, 1 commits
    branches: a, b
    ");
}

#[test]
fn among_many_other_pull_requests_ours_are_found() {
    let (night, plan) = first();
    night.publishes(&plan);
    night.hub.human_branches(REPO, "main", "other");
    night.hub.human_pushes(REPO, "other", &[("README.md", "# Other\n")]);
    for number in 0..120 {
        night.hub.human_opens(REPO, REPO, "other", &format!("Other {number}"), "Words.");
    }
    assert_eq!(night.publishes(&plan), Vec::<String>::new());
}

#[test]
fn a_registry_that_was_renamed_is_found_under_its_new_name() {
    let (night, of_day_2) = first();
    night.publishes(&of_day_2);
    night.hub.change(|world| world.rename(REPO, "acme/catalog"));
    let of_day_3 = plan(vec![moves("a", 1, 3), stays("b", 1, Reason::Current), moves("c", 1, 2)]);
    let writes = night.publishes(&of_day_3);
    assert!(writes.iter().all(|write| write.contains(" /repos/acme/catalog/")), "{writes:#?}");
    assert_eq!(night.publishes(&of_day_3), Vec::<String>::new());
}

#[test]
fn two_runs_at_once_make_nothing_twice() {
    let (night, plan) = first();
    let one = night.command(&plan, &[]).start();
    let other = night.command(&plan, &[]).start();
    let statuses = [one.wait().status, other.wait().status];
    assert!(statuses.iter().all(|status| [0, 3].contains(status)), "{statuses:?}");
    night.publishes(&plan);
    let (alone, plan) = first();
    alone.publishes(&plan);
    assert_same(&night.hub.picture(REPO), &alone.hub.picture(REPO), "");
}

#[test]
fn however_much_upstream_has_to_say_github_takes_the_text() {
    let night = Night::of(&["a"]);
    let mut decision = moves("a", 1, 2);
    let change = decision.change.as_mut().unwrap();
    let line = change.commits[0].clone();
    let long = "<&|`*_[\u{1F600}".repeat(25);
    change.commits = (0..50)
        .map(|number| CommitLine {
            id: commit("x", number),
            author: long.clone(),
            subject: long.clone(),
            ..line.clone()
        })
        .collect();
    change.commits_total = 1_000_000;
    let paths: Vec<String> = (0..100).map(|number| format!("{number:03}/{}", "<`".repeat(2_000))).collect();
    let lists = (paths.clone(), paths.clone(), paths.clone(), paths.clone());
    change.files = Files { total: 1_000_000, cut: true, paths, ..Files::default() };
    (change.files.dockerfiles, change.files.locks, change.files.install, change.files.ci) = lists;
    let plan = plan(vec![decision]);
    night.publishes(&plan);
    assert_eq!(night.publishes(&plan), Vec::<String>::new());
}

/// The words of a pull request name the repository of the plan: reviewers would look at another one than is built.
#[test]
fn a_plan_of_another_repository_or_directory_than_the_entrys_is_not_carried_out() {
    let night = Night::of(&["a", "b", "c"]);
    let (mut elsewhere, mut inside) = (moves("a", 1, 2), moves("b", 1, 2));
    elsewhere.project = Some("https://github.com/evil/a".to_owned());
    inside.directory = "src".to_owned();
    night.publishes(&plan(vec![moves("c", 1, 2)]));
    // And where there is one already, of which only the words would be others.
    let mut words = moves("c", 1, 2);
    words.project = Some("https://github.com/evil/c".to_owned());
    let before = night.hub.picture(REPO);
    night.hub.calls();
    let output = night.run(&plan(vec![elsewhere, inside, words]));
    assert_eq!((night.hub.writes(), night.hub.picture(REPO)), (Vec::new(), before));
    insta::assert_snapshot!(said(&output), @r"
    status 3
    --- stdout
    a  d1a472dc3572 -> 19709c25938b  outdated-plan  the entry has another source than when the plan was made
    b  782b45271c9d -> 1d21401de493  outdated-plan  the entry has another source than when the plan was made
    c  8636cef44a5f -> ab9a15a33c33  outdated-plan  the entry has another source than when the plan was made; see https://github.com/acme/registry/pull/1

    3 entries: 3 outdated-plan
    --- stderr
    ");
}
