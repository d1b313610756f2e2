//! `merge`: what is merged by itself, and every condition that keeps it from that.

use super::{APP, Stage, built, reviewed, validated};
use crate::hub::checked::Required;
use crate::hub::people::MARIA;
use crate::publishing::{REPO, manifest, path, said};

/// A pin that all has passed of.
fn ready() -> Stage {
    let stage = Stage::bumped();
    stage.reports("low");
    stage.publishes();
    assert_eq!(stage.gate().status, 0);
    stage
}

fn comments(stage: &Stage) -> Vec<String> {
    stage.hub.look(|world| {
        let comments = world.repo(REPO).threads[&1].comments.iter();
        comments.filter_map(|it| it.body.split_once("\n\n").map(|(_, text)| text.trim().to_owned())).collect()
    })
}

/// It is not merged, for this reason; said once however often it is tried.
#[track_caller]
fn refuses(stage: &Stage, why: &str) {
    let before = comments(stage).len();
    for _ in 0..2 {
        let output = stage.merge();
        assert_eq!(
            (output.status, output.stdout.as_str()),
            (1, format!("#1 not merged: {why}\n").as_str()),
            "{}",
            said(&output)
        );
    }
    assert!(comments(stage).len() <= before + 1);
    assert!(stage.hub.look(|world| world.repo(REPO).threads[&1].pull.as_ref().unwrap().merged.is_none()));
}

#[test]
fn a_pin_that_passed_is_merged_as_one_commit_and_its_branch_removed() {
    let stage = ready();
    let output = stage.merge();
    insta::assert_snapshot!(said(&output), @"
    status 0
    --- stdout
    #1 merged
    --- stderr
    ");
    let (text, message, branches) = stage.hub.look(|world| {
        let tip = world.tip(REPO, "main").unwrap();
        let branches: Vec<String> = world.repo(REPO).refs.keys().cloned().collect();
        (world.read(REPO, "main", &path("a")).unwrap(), world.objects.commits[tip].message.clone(), branches)
    });
    assert_eq!(text, manifest("a", 2));
    insta::assert_snapshot!(message, @"Update pin of a to 19709c25938b (#1)");
    assert_eq!(branches, ["refs/heads/main"]);
    let output = stage.merge();
    insta::assert_snapshot!(said(&output), @"
    status 0
    --- stdout
    #1 was merged before
    --- stderr
    ");
}

#[test]
fn a_dry_run_says_that_it_would_be_merged() {
    let stage = ready();
    stage.hub.calls();
    let output = stage.run(&["merge", "--pr", "1", "--dry-run"]);
    insta::assert_snapshot!(said(&output), @"
    status 0
    --- stdout
    #1 would be merged
    --- stderr
    ");
    assert_eq!(stage.writes(), Vec::<String>::new());
}

#[test]
fn what_passes_by_itself_is_tried_again() {
    let stage = ready();
    stage.hub.change(|world| {
        world.repo_mut(REPO).mergeable = vec![None, None];
        world.repo_mut(REPO).merge_trouble = vec![409, 405];
    });
    let output = stage.run(&["merge", "--pr", "1", "--patience", "20s"]);
    assert_eq!(output.status, 0, "{}", said(&output));
    assert!(stage.hub.look(|world| world.repo(REPO).threads[&1].pull.as_ref().unwrap().merged.is_some()));
}

#[test]
fn what_does_not_pass_in_time_waits_and_nothing_is_said_about_it() {
    let stage = ready();
    stage.hub.change(|world| world.repo_mut(REPO).merge_trouble = vec![405; 500]);
    let output = stage.merge();
    assert_eq!(output.status, 1, "{}", said(&output));
    assert_eq!(comments(&stage), Vec::<String>::new());
}

#[test]
fn a_check_that_is_missing_or_under_way_is_waited_for_and_nothing_is_said() {
    let stage = Stage::bumped();
    let output = stage.merge();
    insta::assert_snapshot!(said(&output), @"
    status 1
    --- stdout
    #1 not merged: there is no check `mcp-registry/gate` yet
    --- stderr
    ");
    assert_eq!(stage.run(&["checks", "start", "--pr", "1", "--diff", "main..pull/1"]).status, 0);
    stage.gate();
    let output = stage.merge();
    insta::assert_snapshot!(said(&output), @"
    status 1
    --- stdout
    #1 not merged: `mcp-registry/gate` is under way
    --- stderr
    ");
    assert_eq!(comments(&stage), Vec::<String>::new());
}

#[test]
fn a_risk_above_what_the_policy_merges_waits_for_a_person() {
    let stage = Stage::bumped();
    stage.reports("medium");
    stage.publishes();
    assert_eq!(stage.gate().status, 0);
    let output = stage.merge();
    insta::assert_snapshot!(said(&output), @"
    status 1
    --- stdout
    #1 not merged: `security-review/a` found a risk: medium; the policy merges low at most
    --- stderr
    ");
    assert_eq!(comments(&stage).len(), 2, "{:?}", comments(&stage));
}

#[test]
fn the_label_of_a_person_keeps_it_from_being_merged_in_any_case() {
    let stage = ready();
    stage.hub.human_labels(REPO, 1, "Skip-Auto-Merge", "eve");
    refuses(&stage, "it has the label `Skip-Auto-Merge`");
    insta::assert_snapshot!(comments(&stage).join("\n"), @"**Not merged by itself**: it has the label `Skip-Auto-Merge`. A maintainer can merge it.");
}

#[test]
fn a_person_who_asks_for_changes_keeps_it_from_being_merged() {
    let stage = ready();
    stage.hub.human_reviews(REPO, 1, MARIA, "CHANGES_REQUESTED");
    refuses(&stage, "`maria` asked for changes");
    // What an outsider wants decides nothing.
    let stage = ready();
    stage.hub.human_reviews(REPO, 1, "eve", "CHANGES_REQUESTED");
    assert_eq!(stage.merge().status, 0);
}

#[test]
fn without_a_ruleset_that_names_the_gate_of_our_app_nothing_is_merged() {
    for required in [
        Vec::new(),
        vec![Required { context: "mcp-registry/gate".to_owned(), app: None }],
        vec![Required { context: "mcp-registry/gate".to_owned(), app: Some(15_368) }],
        vec![Required { context: "mcp-registry/gates".to_owned(), app: Some(APP) }],
    ] {
        let stage = ready();
        stage.hub.change(|world| world.repo_mut(REPO).required = required);
        refuses(
            &stage,
            "no ruleset of `main` asks for `mcp-registry/gate` of the App 4242: `doctor` says how to set one",
        );
    }
}

#[test]
fn one_byte_more_or_a_second_file_is_not_merged() {
    let second = ("servers/a/tools.json".to_owned(), "[]\n".to_owned());
    let more = (path("a"), manifest("a", 2).replace("by hand", "by Hand"));
    for (file, text) in [second, more] {
        let stage = Stage::bumped();
        stage.hub.human_pushes(REPO, &super::pin_branch(), &[(&file, &text)]);
        stage.reports("low");
        stage.publishes();
        stage.gate();
        refuses(&stage, "its head is not the one commit that this program makes");
    }
}

#[test]
fn a_pull_request_whose_entry_changed_on_the_base_is_not_merged() {
    let stage = ready();
    stage.hub.human_pushes(REPO, "main", &[("servers/a/tools.json", "[]\n")]);
    refuses(&stage, "files of the entry changed on `main` since");
    let stage = ready();
    stage.hub.human_pushes(REPO, "main", &[(&path("a"), &manifest("a", 1).replace("by hand", "by many"))]);
    refuses(&stage, "the entry changed on `main` since");
    // What changed elsewhere is no matter.
    let stage = ready();
    stage.hub.human_pushes(REPO, "main", &[("README.md", "# Registry\n")]);
    assert_eq!(stage.merge().status, 0);
}

#[test]
fn a_pull_request_of_a_person_from_a_branch_of_our_name_is_not_merged() {
    let stage = Stage::of(&["a"]);
    stage.hub.human_branches(REPO, "main", &super::pin_branch());
    stage.hub.human_pushes(REPO, &super::pin_branch(), &[(&path("a"), &manifest("a", 2))]);
    stage.hub.human_opens(REPO, REPO, &super::pin_branch(), "Update pin of a", "");
    stage.reports("low");
    stage.publishes();
    assert_eq!(stage.gate().status, 0);
    refuses(&stage, "this program did not open it");
    assert_eq!(comments(&stage), Vec::<String>::new(), "what is not ours is none of our business");
}

#[test]
fn the_same_name_without_the_marks_of_a_program_is_another_account() {
    let stage = Stage::of(&["a"]);
    stage.night(2);
    stage.hub.change(|world| world.repo_mut(REPO).threads.get_mut(&1).unwrap().user = "acme-pins".to_owned());
    stage.reports("low");
    stage.publishes();
    stage.gate();
    refuses(&stage, "this program did not open it");
}

#[test]
fn a_flag_for_people_in_the_title_keeps_it_from_being_merged() {
    let stage = ready();
    stage.hub.change(|world| {
        world.repo_mut(REPO).threads.get_mut(&1).unwrap().title.push_str(" (history rewritten)");
    });
    refuses(&stage, "a person has to look: (history rewritten)");
}

#[test]
fn what_moves_while_it_is_merged_is_not_merged() {
    let stage = ready();
    stage.hub.before_write(1, |world| {
        world.push(REPO, &super::pin_branch(), MARIA, "Mine", &[("servers/a/readme.md", Some("# A\n"))]);
    });
    let output = stage.merge();
    insta::assert_snapshot!(said(&output), @"
    status 1
    --- stdout
    #1 not merged: somebody pushed to it
    --- stderr
    ");
    assert!(stage.hub.look(|world| world.repo(REPO).threads[&1].pull.as_ref().unwrap().merged.is_none()));
}

#[test]
fn an_answer_that_gets_lost_is_not_taken_for_a_failure() {
    let stage = ready();
    stage.hub.inject(crate::hub::faults::Fault::once(
        crate::hub::faults::Kind::CloseAfter,
        crate::hub::faults::At::Write(1),
    ));
    let output = stage.merge();
    assert_eq!(output.status, 0, "{}", said(&output));
}

#[test]
fn a_night_a_day_and_a_merge_end_in_a_silent_second_night() {
    let stage = ready();
    assert_eq!(stage.merge().status, 0);
    stage.hub.calls();
    let machine = crate::runner::Runner::new();
    let plan =
        crate::publishing::plan(vec![crate::publishing::stays("a", 2, mcp_registry::pins::reason::Reason::Current)]);
    machine.write("plan.json", serde_json::to_string(&plan).unwrap());
    let night = ["update-pins", "--apply", "plan.json", "--open-prs", "--repository", REPO, "--write-interval", "0"];
    assert_eq!(stage.wired(machine.command(night)).run().status, 0);
    assert_eq!(stage.writes(), Vec::<String>::new());
}

#[test]
fn the_reports_of_another_pin_do_not_merge_this_one() {
    let stage = Stage::bumped();
    stage.report_of("validate.json", &validated(&[]));
    stage.report_of("build.json", &built("a", 3, "built"));
    stage.report_of("reviews/a/report.json", &reviewed("a", 3, "info"));
    stage.publishes();
    stage.gate();
    let output = stage.merge();
    assert_eq!(output.status, 1, "{}", said(&output));
}
