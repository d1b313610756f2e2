//! Whose word lets a stranger's commit be reviewed.

use super::Stage;
use crate::hub::people::MARIA;
use crate::publishing::{REPO, manifest, path, said};
use crate::runner::Output;
use serde_json::{Value, json};

/// A stranger's pull request 1.
fn stranger() -> Stage {
    let stage = Stage::of(&["b"]);
    stage.hub.change(|world| {
        world.fork(REPO, "eve/registry");
        let main = world.tip(REPO, "main").unwrap().clone();
        world.set_ref("eve/registry", "refs/heads/topic", Some(&main), "eve");
        world.push("eve/registry", "topic", "eve", "New", &[(&path("a"), Some(&manifest("a", 2)))]);
    });
    stage.hub.human_opens(REPO, "eve/registry", "topic", "New entry", "Hello");
    stage
}

fn asks(stage: &Stage, event: &Value) -> Output {
    stage.machine.write("event.json", event.to_string());
    stage.run(&["checks", "approval", "--event", "event.json"])
}

fn comments(stage: &Stage, who: &str, body: &str) -> Output {
    let id = stage.hub.human_comments(REPO, 1, who, body);
    asks(stage, &json!({ "action": "created", "issue": { "number": 1 }, "comment": { "id": id, "body": body } }))
}

fn labels(stage: &Stage, who: &str, label: &str) -> Output {
    stage.hub.human_labels(REPO, 1, label, who);
    asks(stage, &labeled(stage, who, label))
}

fn labeled(stage: &Stage, who: &str, label: &str) -> Value {
    json!({ "action": "labeled", "label": { "name": label }, "sender": { "login": who },
        "pull_request": { "number": 1, "head": { "sha": stage.head() } } })
}

fn pushes(stage: &Stage) {
    stage.hub.human_pushes("eve/registry", "topic", &[("servers/a/readme.md", "# Evil\n")]);
}

#[test]
fn a_maintainers_command_names_the_commit_that_is_reviewed() {
    let stage = stranger();
    let head = stage.head();
    let output = comments(&stage, MARIA, &format!("/review {}\nThanks!", &head[..12]));
    assert_eq!(output.status, 0, "{}", said(&output));
    let value: Value = serde_json::from_str(&output.stdout).unwrap();
    assert_eq!(value, json!({ "pull": 1, "head": head, "by": "maria" }));
}

#[test]
fn no_other_comment_approves_anything() {
    let stage = stranger();
    let head = stage.head();
    let mut shown = Vec::new();
    for (who, body) in [
        ("eve", format!("/review {}", &head[..12])),
        ("acme-pins[bot]", format!("/review {head}")),
        (MARIA, format!("/review {}", &head[..11])),
        (MARIA, "/review 000000000000".to_owned()),
        (MARIA, format!("/review {}", head[..12].to_uppercase())),
        (MARIA, format!("Do not /review {head}")),
        (MARIA, format!("/reviewed {head}")),
        (MARIA, format!("/review{head}")),
        (MARIA, "/review".to_owned()),
        (MARIA, format!("/review {head} --approve")),
    ] {
        let output = comments(&stage, who, &body);
        assert_eq!((output.status, output.stdout.as_str()), (1, ""), "{body}");
        shown.push(output.stderr.replace(&head[..12], "[HEAD]"));
    }
    insta::assert_snapshot!(shown.concat(), @"
    nothing is approved: `eve` has no write access to the registry
    nothing is approved: `acme-pins[bot]` has no write access to the registry
    nothing is approved: write `/review` and at least 12 digits of the commit that you looked at
    nothing is approved: the head of #1 is [HEAD] by now, and not 000000000000
    nothing is approved: write `/review` and at least 12 digits of the commit that you looked at
    nothing is approved: the comment does not begin with `/review`
    nothing is approved: write `/review` and at least 12 digits of the commit that you looked at
    nothing is approved: write `/review` and at least 12 digits of the commit that you looked at
    nothing is approved: write `/review` and at least 12 digits of the commit that you looked at
    nothing is approved: write `/review` and at least 12 digits of the commit that you looked at
    ");
}

#[test]
fn an_edited_comment_does_not_count() {
    let stage = stranger();
    let id = stage.hub.human_comments(REPO, 1, MARIA, "/review");
    stage.hub.change(|world| {
        let (now, head) = (world.tick(), super::head_in(world));
        let comment = &mut world.repo_mut(REPO).threads.get_mut(&1).unwrap().comments[0];
        (comment.body, comment.updated) = (format!("/review {head}"), now);
    });
    let output = asks(&stage, &json!({ "action": "created", "issue": { "number": 1 }, "comment": { "id": id } }));
    insta::assert_snapshot!(said(&output), @"
    status 1
    --- stdout
    --- stderr
    nothing is approved: the comment was edited: whoever may edit it could have written it; write a new one
    ");
}

#[test]
fn what_is_pushed_after_the_command_is_not_reviewed() {
    let stage = stranger();
    let head = stage.head();
    pushes(&stage);
    let output = comments(&stage, MARIA, &format!("/review {}", &head[..12]));
    assert_eq!(output.status, 1, "{}", said(&output));
    assert!(output.stderr.contains("the head of #1 is"), "{}", output.stderr);
}

#[test]
fn the_label_of_a_maintainer_is_for_the_head_at_that_moment() {
    let stage = stranger();
    let output = labels(&stage, MARIA, "Safe-To-Review");
    assert_eq!(output.status, 0, "{}", said(&output));
    let event = labeled(&stage, MARIA, "safe-to-review");
    pushes(&stage);
    let output = asks(&stage, &event);
    assert_eq!(output.status, 1, "{}", said(&output));
}

#[test]
fn no_other_label_approves_anything() {
    let stage = stranger();
    for (who, label) in [("eve", "safe-to-review"), ("acme-pins[bot]", "safe-to-review"), (MARIA, "safe")] {
        let output = labels(&stage, who, label);
        assert_eq!((output.status, output.stdout.as_str()), (1, ""), "{who} {label}");
        stage.hub.human_unlabels(REPO, 1, label);
    }
    // Set, and taken away before the job began.
    let output = asks(&stage, &labeled(&stage, MARIA, "safe-to-review"));
    insta::assert_snapshot!(said(&output), @"
    status 1
    --- stdout
    --- stderr
    nothing is approved: the label was taken away again
    ");
}

#[test]
fn an_event_that_is_none_is_refused() {
    let stage = stranger();
    let mut shown = Vec::new();
    for event in [json!({}), json!({ "action": "edited", "issue": { "number": 1 }, "comment": { "id": 1 } }), json!([])]
    {
        shown.push(said(&asks(&stage, &event)));
    }
    shown.push(said(&stage.run(&["checks", "approval"])));
    insta::assert_snapshot!(shown.join("\n"), @"
    status 2
    --- stdout
    --- stderr
    error: event.json is not a GitHub event
      because: missing field `action` at line 1 column 2

    status 1
    --- stdout
    --- stderr
    nothing is approved: `edited` of this kind approves nothing: a new comment or a label does

    status 2
    --- stdout
    --- stderr
    error: event.json is not a GitHub event
      because: invalid length 0, expected struct Event with 6 elements at line 1 column 2

    status 2
    --- stdout
    --- stderr
    error: nothing says which event is meant
      hint: name its file: `--event FILE`; a workflow has it in GITHUB_EVENT_PATH
    ");
}
