//! What strangers, other Apps and clumsy hands do to have something merged: none of it opens the gate.

use super::{APP, Stage, reviewed};
use crate::hub::checked::APPS;
use crate::hub::people::MARIA;
use crate::publishing::{REPO, commit, manifest, path, said};
use serde_json::json;

/// The id of a check run as this program writes it, which everybody can compute.
fn id(risk: &str) -> String {
    format!("mcp-registry:1:{risk}:{}", "0".repeat(32))
}

/// All that the gate asks for, made by an App on a commit.
fn forge(stage: &Stage, app: u64, sha: &str) {
    stage.hub.change(|world| {
        for (name, risk) in [("validate/a", "-"), ("build/a", "-"), ("security-review/a", "info")] {
            world.forge_check(REPO, app, name, sha, &id(risk));
        }
    });
}

/// The gate stays shut, and nothing is merged.
#[track_caller]
fn is_shut(stage: &Stage) {
    let output = stage.gate();
    assert_eq!(output.status, 1, "{}", said(&output));
    let merged = stage.merge();
    assert_eq!(merged.status, 1, "{}", said(&merged));
    assert!(stage.hub.look(|world| world.repo(REPO).threads[&1].open));
}

#[test]
fn checks_of_the_right_names_by_another_app_do_not_count() {
    let stage = Stage::bumped();
    forge(&stage, APPS[2].id, &stage.head());
    is_shut(&stage);
}

#[test]
fn checks_of_a_forks_job_by_the_app_of_every_workflow_do_not_count() {
    let stage = Stage::bumped();
    forge(&stage, APPS[1].id, &stage.head());
    stage.hub.change(|world| {
        world.forge_check(REPO, APPS[1].id, "mcp-registry/gate", &super::head_in(world), &id("-"));
    });
    is_shut(&stage);
}

#[test]
fn checks_of_our_app_on_another_commit_do_not_count() {
    let stage = Stage::bumped();
    let old = stage.head();
    forge(&stage, APP, &old);
    stage.hub.human_pushes(REPO, &super::pin_branch(), &[("servers/a/readme.md", "# A\n")]);
    assert_ne!(stage.head(), old);
    is_shut(&stage);
}

#[test]
fn a_check_whose_name_only_begins_with_the_right_one_does_not_count() {
    let stage = Stage::bumped();
    stage.hub.change(|world| {
        for name in ["validate/a-b", "validate/a ", "build/ab", "security-review/a/x", "Security-Review/A"] {
            world.forge_check(REPO, APP, name, &super::head_in(world), &id("info"));
        }
    });
    is_shut(&stage);
}

#[test]
fn a_newer_failure_counts_also_when_it_is_on_the_second_page() {
    let stage = Stage::bumped();
    stage.reports("low");
    stage.publishes();
    assert_eq!(stage.gate().status, 0);
    stage.reports("critical");
    stage.publishes();
    // Other work of our App on the same commit, made later: the verdicts are not on the first page any more.
    stage.hub.change(|world| {
        for number in 0..150 {
            world.forge_check(REPO, APP, &format!("other/{number}"), &super::head_in(world), "x");
        }
    });
    is_shut(&stage);
}

#[test]
fn an_older_success_does_not_hide_a_newer_failure_of_more_than_a_thousand() {
    let stage = Stage::bumped();
    stage.reports("low");
    stage.publishes();
    stage.hub.change(|world| {
        for _ in 0..1_100 {
            world.forge_check(REPO, APP, "security-review/a", &super::head_in(world), &id("info"));
        }
    });
    stage.reports("critical");
    let output = stage.run(&super::PUBLISH);
    // So many are more than this program makes: it says so, and nothing passes.
    assert_eq!(output.status, 0, "{}", said(&output));
    is_shut(&stage);
}

#[test]
fn a_check_of_our_app_that_this_program_did_not_conclude_does_not_count() {
    let stage = Stage::bumped();
    stage.reports("low");
    stage.publishes();
    stage.hub.change(|world| {
        world.forge_check(REPO, APP, "security-review/a", &super::head_in(world), "made by other work");
    });
    is_shut(&stage);
}

fn high() -> Stage {
    let stage = Stage::bumped();
    stage.reports("high");
    stage.publishes();
    stage
}

#[test]
fn the_label_of_an_outsider_does_not_count() {
    for who in ["eve", "reader", APPS[2].login, APPS[0].login] {
        let stage = high();
        stage.hub.change(|world| world.repo_mut(REPO).people.insert("reader".to_owned(), "triage"));
        stage.hub.human_labels(REPO, 1, "security-ack", who);
        is_shut(&stage);
    }
}

#[test]
fn a_label_in_another_case_is_the_label_and_counts_by_who_set_it() {
    let stage = high();
    stage.hub.human_labels(REPO, 1, "SECURITY-ACK", "eve");
    is_shut(&stage);
    let stage = high();
    stage.hub.human_labels(REPO, 1, "Security-Ack", MARIA);
    assert_eq!(stage.gate().status, 0);
}

#[test]
fn a_label_that_was_set_before_the_push_does_not_count() {
    let stage = Stage::bumped();
    stage.reports("high");
    stage.publishes();
    stage.hub.human_labels(REPO, 1, "security-ack", MARIA);
    assert_eq!(stage.gate().status, 0);
    stage.hub.human_pushes(REPO, &super::pin_branch(), &[("servers/a/readme.md", "# A\n")]);
    stage.reports("high");
    stage.publishes();
    is_shut(&stage);
    // Taken away and set again it is another word.
    stage.hub.human_unlabels(REPO, 1, "security-ack");
    stage.hub.human_labels(REPO, 1, "security-ack", super::NORA);
    assert_eq!(stage.gate().status, 0);
}

#[test]
fn a_label_set_while_the_review_is_under_way_does_not_count() {
    let stage = Stage::bumped();
    stage.hub.human_labels(REPO, 1, "security-ack", MARIA);
    stage.reports("high");
    stage.publishes();
    is_shut(&stage);
}

#[test]
fn an_approval_of_an_older_commit_does_not_count() {
    let stage = Stage::bumped();
    stage.hub.human_reviews(REPO, 1, MARIA, "APPROVED");
    stage.hub.human_pushes(REPO, &super::pin_branch(), &[("servers/a/readme.md", "# A\n")]);
    stage.reports("high");
    stage.publishes();
    is_shut(&stage);
}

#[test]
fn an_approval_of_an_outsider_a_program_or_the_author_does_not_count() {
    for who in ["eve", APPS[2].login, APPS[0].login, "acme-pins"] {
        let stage = high();
        stage.hub.change(|world| {
            let people = &mut world.repo_mut(REPO).people;
            people.insert(APPS[2].login.to_owned(), "write");
            people.insert(APPS[0].login.to_owned(), "write");
        });
        stage.hub.human_reviews(REPO, 1, who, "APPROVED");
        is_shut(&stage);
    }
}

#[test]
fn an_approval_that_was_dismissed_does_not_count() {
    let stage = high();
    stage.hub.human_reviews(REPO, 1, MARIA, "APPROVED");
    stage.hub.human_reviews(REPO, 1, MARIA, "DISMISSED");
    is_shut(&stage);
}

#[test]
fn a_report_about_another_commit_another_place_or_another_entry_is_none() {
    let forged = |field: &str, value: serde_json::Value| {
        let mut report = reviewed("a", 2, "info");
        report["reviewed"][field] = value;
        report
    };
    for report in [
        forged("head", json!(commit("a", 3))),
        forged("head", json!(null)),
        forged("repository", json!("https://github.com/upstream/a.git")),
        forged("directory", json!("src")),
        forged("entry", json!("b")),
        forged("entry", json!(null)),
    ] {
        let stage = Stage::bumped();
        stage.reports("low");
        stage.report_of("reviews/a/report.json", &report);
        stage.publishes();
        assert!(stage.state().contains("security-review/a: action_required"), "{}", stage.state());
        is_shut(&stage);
    }
}

#[test]
fn a_report_that_concludes_less_than_it_found_is_taken_at_what_it_found() {
    let stage = Stage::bumped();
    stage.reports("low");
    let mut report = reviewed("a", 2, "critical");
    report["verdict"]["risk"] = json!("info");
    report["labels"] = json!(["security-risk:info"]);
    stage.report_of("reviews/a/report.json", &report);
    stage.publishes();
    assert!(stage.state().contains("security-review/a: failure"), "{}", stage.state());
    is_shut(&stage);
}

#[test]
fn of_two_reports_about_one_entry_the_worse_counts() {
    for better in ["a", "z"] {
        let stage = Stage::bumped();
        stage.reports("high");
        stage.report_of(&format!("reviews/{better}2/report.json"), &reviewed("a", 2, "info"));
        stage.publishes();
        is_shut(&stage);
    }
}

#[test]
fn a_report_that_is_oversized_no_file_or_a_link_is_refused() {
    let stage = Stage::bumped();
    stage.reports("low");
    let root = stage.machine.root();
    std::fs::remove_file(root.join("reviews/a/report.json")).unwrap();
    std::os::unix::fs::symlink("/proc/self/environ", root.join("reviews/a/report.json")).unwrap();
    stage.publishes();
    assert!(stage.state().contains("security-review/a: action_required"), "{}", stage.state());
    let large = std::fs::File::create(root.join("large.json")).unwrap();
    large.set_len(40 << 20).unwrap();
    let output = stage.run(&["checks", "publish", "--pr", "1", "--diff", "main..pull/1", "large.json"]);
    insta::assert_snapshot!(said(&output), @"
    status 2
    --- stdout
    --- stderr
    error: large.json has more than 32 MB
    ");
    rustix::fs::mknodat(
        rustix::fs::CWD,
        root.join("fifo.json"),
        rustix::fs::FileType::Fifo,
        rustix::fs::Mode::from_raw_mode(0o600),
        0,
    )
    .unwrap();
    let output = stage.run(&["checks", "publish", "--pr", "1", "--diff", "main..pull/1", "fifo.json"]);
    insta::assert_snapshot!(said(&output), @"
    status 2
    --- stdout
    --- stderr
    error: cannot read fifo.json
      because: it is not a regular file
    ");
}

#[test]
fn a_report_that_names_another_pull_request_changes_nothing_there() {
    let stage = Stage::bumped();
    stage.reports("critical");
    let output = stage.run(&["checks", "publish", "--pr", "2", "--diff", "main..pull/1", "reviews"]);
    assert_eq!(output.status, 3, "{}", said(&output));
    stage.hub.human_branches(REPO, "main", "topic");
    stage.hub.human_pushes(REPO, "topic", &[(&path("a"), &manifest("a", 1).replace("by hand", "by many"))]);
    stage.hub.human_opens(REPO, REPO, "topic", "Other", "");
    stage.hub.calls();
    let output = stage.run(&["checks", "publish", "--pr", "2", "--diff", "main..pull/1", "reviews"]);
    assert_eq!((output.status, stage.writes()), (3, Vec::new()), "{}", said(&output));
}

#[test]
fn the_token_of_a_workflow_makes_no_gate() {
    let stage = Stage::bumped();
    stage.reports("low");
    stage.hub.calls();
    let gate = ["checks", "gate", "--pr", "1", "--diff", "main..pull/1"];
    let output = stage.command(&gate).env("GITHUB_TOKEN", APPS[1].token).run();
    assert_eq!(stage.writes(), Vec::<String>::new());
    insta::assert_snapshot!(said(&output), @"
    status 3
    --- stdout
    --- stderr
    error: cannot judge the gate
      because: the token is that of a workflow, with which a stranger's pull request can say the same
      hint: use a token of the registry's own App, as `actions/create-github-app-token` makes one
      hint: `--allow-actions-app` takes it all the same: then the gate protects nothing from strangers
    ");
}

#[test]
fn the_token_of_another_app_concludes_nothing_that_counts() {
    let stage = Stage::bumped();
    stage.reports("low");
    let output = stage.command(&super::PUBLISH).env("GITHUB_TOKEN", APPS[2].token).run();
    insta::assert_snapshot!(said(&output), @"
    status 3
    --- stdout
    --- stderr
    error: cannot publish the checks
      because: GitHub's answer cannot be understood: the token is of another App than the one whose checks count
    ");
    is_shut(&stage);
}

#[test]
fn a_review_that_is_run_again_until_it_finds_nothing_does_not_open_the_gate() {
    for (first, status) in [("critical", 1), ("high", 1), ("medium", 0)] {
        let stage = Stage::bumped();
        stage.reports(first);
        stage.publishes();
        stage.reports("info");
        stage.publishes();
        let output = stage.gate();
        assert_eq!(output.status, status, "{first}: {}", said(&output));
        let merged = stage.merge();
        assert_eq!(merged.status, 1, "{first}: {}", said(&merged));
        stage.hub.human_reviews(REPO, 1, MARIA, "APPROVED");
        assert_eq!(stage.gate().status, 0, "{first}");
    }
}

#[test]
fn an_approval_that_is_taken_back_while_the_gate_is_written_does_not_open_it() {
    let stage = high();
    stage.gate();
    stage.hub.human_reviews(REPO, 1, MARIA, "APPROVED");
    stage.hub.before_write(1, |world| {
        let (time, id) = (world.tick(), world.next_id());
        let thread = world.repo_mut(REPO).threads.get_mut(&1).unwrap();
        let commit = thread.pull.as_ref().unwrap().head_sha.clone();
        let state = "DISMISSED";
        thread.reviews.push(crate::hub::checked::Review { id, user: MARIA.to_owned(), state, commit, time });
    });
    is_shut(&stage);
}

#[test]
fn an_image_of_others_in_place_of_ours_needs_a_maintainer() {
    let pin = commit("a", 1);
    for (what, with) in [
        ("image: mcp/a", "image: evilcorp/a"),
        ("type: server", "type: remote\nremote:\n  url: https://evil.example/"),
        ("type: server", "type: server\nrun:\n  volumes:\n    - /:/host"),
    ] {
        let stage = Stage::of(&["a"]);
        stage.hub.human_branches(REPO, "main", "topic");
        let text = manifest("a", 1).replace(what, with);
        assert!(text.contains(pin.as_str()) && text.contains(with), "{text}");
        stage.hub.change(|world| world.push(REPO, "topic", "eve", "Small change", &[(&path("a"), Some(&text))]));
        stage.hub.human_opens(REPO, REPO, "topic", "Small change", "");
        stage.reports("info");
        stage.publishes();
        is_shut(&stage);
        stage.hub.human_reviews(REPO, 1, super::NORA, "APPROVED");
        let output = stage.gate();
        assert_eq!(output.status, 0, "{}", said(&output));
    }
}
