//! The gate, and whose word opens it.

use super::{APP, Stage};
use crate::hub::people::MARIA;
use crate::publishing::{REPO, manifest, path, said};

/// What the gate's check run says.
fn gate_of(stage: &Stage) -> String {
    stage.hub.look(|world| {
        let check = world.check(REPO, &super::head_in(world), "mcp-registry/gate", APP).expect("a gate");
        format!("{}: {}", check.conclusion.as_deref().unwrap_or(&check.status), check.title.as_deref().unwrap())
    })
}

#[test]
fn it_waits_for_what_is_not_there_and_opens_when_all_has_passed() {
    let stage = Stage::bumped();
    let output = stage.gate();
    insta::assert_snapshot!(said(&output), @"
    status 1
    --- stdout
    validate/a         waits                 there is no such check yet
    build/a            waits                 there is no such check yet
    security-review/a  waits                 there is no such check yet
    #1 waits
    --- stderr
    ");
    insta::assert_snapshot!(gate_of(&stage), @"in_progress: validate/a: there is no such check yet; and 2 more");
    stage.reports("low");
    stage.publishes();
    let output = stage.gate();
    insta::assert_snapshot!(said(&output), @"
    status 0
    --- stdout
    validate/a         passed                passed
    build/a            passed                passed
    security-review/a  passed                risk: low
    #1 may be merged
    --- stderr
    ");
    insta::assert_snapshot!(gate_of(&stage), @"success: everything that is asked for has passed");
    stage.hub.calls();
    assert_eq!(stage.gate().status, 0);
    assert_eq!(stage.writes(), Vec::<String>::new(), "an unchanged gate is not written again");
}

#[test]
fn each_verdict_of_a_review_opens_it_or_does_not() {
    let mut shown = Vec::new();
    for risk in ["info", "low", "medium", "high", "critical", "incomplete"] {
        let stage = Stage::bumped();
        stage.reports(risk);
        stage.publishes();
        let output = stage.gate();
        shown.push(format!("{risk}: status {}, {}", output.status, gate_of(&stage)));
    }
    insta::assert_snapshot!(shown.join("\n"), @"
    info: status 0, success: everything that is asked for has passed
    low: status 0, success: everything that is asked for has passed
    medium: status 0, success: everything that is asked for has passed
    high: status 1, action_required: security-review/a: risk: high; a maintainer has to approve this commit or set the label `security-ack`
    critical: status 1, failure: security-review/a: something malicious was found
    incomplete: status 1, failure: security-review/a: no verdict: see why, and run it again
    ");
}

fn high() -> Stage {
    let stage = Stage::bumped();
    stage.reports("high");
    stage.publishes();
    assert_eq!(stage.gate().status, 1);
    stage
}

#[test]
fn a_maintainers_approval_of_this_commit_accepts_a_high_risk() {
    let stage = high();
    stage.hub.human_reviews(REPO, 1, MARIA, "APPROVED");
    let output = stage.gate();
    insta::assert_snapshot!(said(&output), @"
    status 0
    --- stdout
    validate/a         passed                passed
    build/a            passed                passed
    security-review/a  passed                risk: high; a maintainer accepts it
    maria approved this commit.
    #1 may be merged
    --- stderr
    ");
    // And a word taken back is none.
    stage.hub.human_reviews(REPO, 1, MARIA, "CHANGES_REQUESTED");
    assert_eq!(stage.gate().status, 1);
}

#[test]
fn the_label_of_a_maintainer_after_the_review_accepts_a_high_risk() {
    let stage = high();
    stage.hub.human_labels(REPO, 1, "security-ack", MARIA);
    let output = stage.gate();
    insta::assert_snapshot!(said(&output), @"
    status 0
    --- stdout
    validate/a         passed                passed
    build/a            passed                passed
    security-review/a  passed                risk: high; a maintainer accepts it
    maria set security-ack after this commit was reviewed.
    #1 may be merged
    --- stderr
    ");
    stage.hub.human_unlabels(REPO, 1, "security-ack");
    assert_eq!(stage.gate().status, 1);
}

#[test]
fn nobody_accepts_what_is_malicious_or_was_not_reviewed_to_the_end() {
    for risk in ["critical", "incomplete"] {
        let stage = Stage::bumped();
        stage.reports(risk);
        stage.publishes();
        stage.hub.human_labels(REPO, 1, "security-ack", MARIA);
        stage.hub.human_reviews(REPO, 1, MARIA, "APPROVED");
        assert_eq!(stage.gate().status, 1, "{risk}");
    }
}

#[test]
fn files_outside_of_entries_need_a_maintainer() {
    let stage = Stage::bumped();
    let files = [(".github/workflows/validate.yml", "on: push\n"), ("mcp-registry.toml", "[github]\napp-id = 777\n")];
    stage.hub.human_pushes(REPO, &super::pin_branch(), &files);
    stage.reports("low");
    stage.publishes();
    let output = stage.gate();
    insta::assert_snapshot!(said(&output), @"
    status 1
    --- stdout
    validate/a                                 passed                passed
    build/a                                    passed                passed
    security-review/a                          passed                risk: low
    .github/workflows/validate.yml and 1 more  a maintainer decides  outside of entries: a maintainer has to approve this commit
    #1 waits for a maintainer
    --- stderr
    ");
    // Nobody speaks for their own commit, whoever opened the pull request.
    stage.hub.human_reviews(REPO, 1, MARIA, "APPROVED");
    assert_eq!(stage.gate().status, 1);
    stage.hub.human_reviews(REPO, 1, super::NORA, "APPROVED");
    assert_eq!(stage.gate().status, 0, "the policy of the base counts, and a maintainer spoke");
}

#[test]
fn an_entry_that_goes_away_needs_a_maintainer() {
    let stage = Stage::of(&["a", "b"]);
    stage.hub.human_branches(REPO, "main", "topic");
    stage.hub.human_removes(REPO, "topic", &path("b"));
    stage.hub.human_opens(REPO, REPO, "topic", "Away with b", "");
    assert_eq!(stage.gate().status, 1);
    insta::assert_snapshot!(gate_of(&stage), @"action_required: servers/b: the entry goes away: a maintainer has to approve this commit");
}

#[test]
fn a_change_of_words_needs_no_build_and_no_review() {
    let stage = Stage::of(&["a"]);
    stage.hub.human_branches(REPO, "main", "topic");
    let text = manifest("a", 1).replace("by hand", "by many");
    stage.hub.human_pushes(REPO, "topic", &[(&path("a"), &text)]);
    stage.hub.human_opens(REPO, REPO, "topic", "Words", "");
    stage.report_of("validate.json", &super::validated(&[]));
    stage.report_of("build.json", &super::built("a", 1, "built"));
    stage.machine.write("reviews/none", "");
    stage.publishes();
    let output = stage.gate();
    insta::assert_snapshot!(said(&output), @"
    status 0
    --- stdout
    validate/a  passed                passed
    #1 may be merged
    --- stderr
    ");
}

/// A group of the merge queue with pull request 1 in it, on the base as it is now.
fn group(stage: &Stage, more: &[(&str, &str)]) -> String {
    let head = stage.head();
    stage.hub.human_branches(REPO, "main", "queue");
    let text = stage.hub.look(|world| world.read(REPO, &super::pin_branch(), &path("a")).unwrap());
    let mut files = vec![(path("a"), text)];
    files.extend(more.iter().map(|(path, text)| ((*path).to_owned(), (*text).to_owned())));
    let files: Vec<(&str, &str)> = files.iter().map(|(path, text)| (path.as_str(), text.as_str())).collect();
    stage.hub.human_pushes(REPO, "queue", &files);
    format!("refs/heads/gh-readonly-queue/main/pr-1-{head}")
}

fn gate_group(stage: &Stage, group: &str) -> (i32, String) {
    let output = stage.run(&["checks", "gate", "--merge-group", group, "--diff", "main..queue"]);
    let gate = stage.hub.look(|world| {
        let head = world.tip(REPO, "queue").unwrap().clone();
        let check = world.check(REPO, &head, "mcp-registry/gate", APP).cloned();
        check.map(|check| format!("{}: {}", check.conclusion.unwrap_or(check.status), check.title.unwrap()))
    });
    (output.status, gate.unwrap_or(output.stderr))
}

#[test]
fn in_the_merge_queue_the_verdict_of_the_head_counts_as_long_as_the_entry_is_the_same() {
    let stage = Stage::bumped();
    stage.reports("low");
    stage.publishes();
    stage.hub.human_pushes(REPO, "main", &[("README.md", "# Moved on\n")]);
    let group = group(&stage, &[]);
    let (status, gate) = gate_group(&stage, &group);
    assert_eq!((status, gate.as_str()), (0, "success: everything that is asked for has passed"));
}

#[test]
fn a_merge_group_that_changes_an_entrys_tree_does_not_pass() {
    let stage = Stage::bumped();
    stage.reports("low");
    stage.publishes();
    let group = group(&stage, &[("servers/a/tools.json", "[]\n")]);
    let (status, gate) = gate_group(&stage, &group);
    assert_eq!(status, 1);
    insta::assert_snapshot!(gate, @"failure: validate/a: the entry is another one in the merge queue than the one that was looked at; and 2 more");
}

#[test]
fn a_group_that_failed_before_is_told_so_and_waits_for_nothing() {
    let stage = Stage::bumped();
    stage.reports("low");
    stage.publishes();
    let group = group(&stage, &[]);
    let output =
        stage.run(&["checks", "gate", "--merge-group", &group, "--diff", "main..queue", "--failed", "validate"]);
    assert_eq!(output.status, 1, "{}", said(&output));
    let title = stage.hub.look(|world| {
        let head = world.tip(REPO, "queue").unwrap().clone();
        world.check(REPO, &head, "mcp-registry/gate", APP).unwrap().title.clone()
    });
    assert_eq!(title.as_deref(), Some("validate: failed before the gate was asked"));
}

#[test]
fn what_is_no_branch_of_the_queue_is_refused() {
    let stage = Stage::bumped();
    let output = stage.run(&["checks", "gate", "--merge-group", "refs/heads/main", "--diff", "main..pull/1"]);
    insta::assert_snapshot!(said(&output), @"
    status 2
    --- stdout
    --- stderr
    error: `--merge-group` is not the branch of a merge group: `refs/heads/main`
      hint: as in `refs/heads/gh-readonly-queue/main/pr-7-` and 40 digits; the event has it in `merge_group.head_ref`
    ");
}
