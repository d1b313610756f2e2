#![allow(clippy::unwrap_used)]

use crate::pins::plan::Plan;
use serde_json::{Value, json};

fn decision(entry: &str) -> Value {
    json!({
        "entry": entry,
        "path": format!("servers/{entry}/server.yaml"),
        "reason": "updated",
        "detail": "3 commits changed 1 file",
        "project": "https://git.example/acme/weather",
        "branch": "refs/heads/main",
        "directory": "src/weather",
        "old": "1".repeat(40),
        "new": "2".repeat(40),
        "first_seen": null,
        "change": {
            "ancestor": true, "pin_known": true, "contained": null, "directory": true, "dockerfile": true,
            "old_tree": "a".repeat(40), "new_tree": "b".repeat(40), "archived": false,
            "license": {"change": "same"}, "commits": [], "commits_total": 3, "commits_cut": false,
            "files": {"total": 1, "cut": false, "paths": ["src/weather/x"], "dockerfiles": [], "locks": [], "install": [], "ci": []}
        }
    })
}

fn plan(decisions: Vec<Value>) -> Value {
    json!({"version": 1, "time": "2026-11-21T10:00:00Z", "complete": true, "decisions": decisions})
}

fn refusal(plan: &Value) -> String {
    Plan::parse(&plan.to_string()).unwrap_err().to_string()
}

#[test]
fn a_plan_that_was_made_is_read() {
    let text = plan(vec![decision("curl"), decision("weather")]).to_string();
    let plan = Plan::parse(&text).unwrap();
    assert_eq!(plan.decisions.len(), 2);
    assert_eq!(Plan::parse(&plan.to_json()).unwrap(), plan);
}

#[test]
fn what_does_not_hold_together_is_refused_as_a_whole() {
    let with = |path: &str, value: Value| {
        let mut one = decision("weather");
        *one.pointer_mut(path).unwrap() = value;
        refusal(&plan(vec![decision("curl"), one]))
    };
    let line = json!({"id": "3".repeat(40), "author": "x".repeat(201), "date": null, "subject": "", "signed": false});
    let many: Vec<String> = (0..101).map(|number| number.to_string()).collect();
    let mut said = vec![
        with("/entry", json!("../weather")),
        with("/entry", json!("")),
        with("/path", json!("servers/curl/server.yaml")),
        with("/path", json!("/etc/passwd")),
        with("/reason", json!("moved-on")),
        with("/reason", json!("opened")),
        with("/reason", json!("over-limit")),
        with("/detail", json!("x".repeat(5000))),
        with("/project", json!("http://git.example/acme/weather")),
        with("/project", json!("https://user:word@git.example/acme/weather")),
        with("/project", json!("/srv/weather")),
        with("/project", Value::Null),
        with("/branch", json!("main")),
        with("/branch", json!("refs/heads/a\nb")),
        with("/branch", Value::Null),
        with("/directory", json!("../src")),
        with("/directory", json!("src/")),
        with("/old", json!("main")),
        with("/old", Value::Null),
        with("/new", json!("1".repeat(40))),
        with("/change", Value::Null),
        with("/change/new_tree", json!("--upload-pack")),
        with("/change/commits", json!([line])),
        with("/change/files/paths", json!(many)),
        with("/change/license", json!({"change": "changed", "path": "x".repeat(5000)})),
        refusal(&plan(vec![decision("weather"), decision("curl")])),
        refusal(&plan(vec![decision("weather"), decision("weather")])),
        refusal(&json!({"version": 2})),
        refusal(&json!([])),
        Plan::parse("").unwrap_err().to_string(),
    ];
    let mut more = plan(Vec::new());
    more["token"] = json!("x");
    said.push(refusal(&more));
    let mut pulled = decision("weather");
    pulled["pull"] = json!({"number": 1, "url": "https://git.example/1", "action": "leave"});
    said.push(refusal(&plan(vec![pulled])));
    insta::assert_snapshot!(said.join("\n"), @r"
    decision 2 (../weather): decisions are sorted by entry, and each entry has one
    decision 2 (): decisions are sorted by entry, and each entry has one
    decision 2 (weather): `path` is not the entry's manifest
    decision 2 (weather): `path` is not the entry's manifest
    it is not a plan of `update-pins`: unknown variant `moved-on`, expected one of `current`, `outside-directory`, `cooling-down`, `not-ancestor`, `impostor`, `directory-missing`, `dockerfile-missing`, `branch-missing`, `branch-is-tag`, `archived`, `moved`, `gone`, `license-changed`, `human-edits`, `closed-by-human`, `rate-limited`, `opened`, `updated`, `unchanged`, `off`, `too-soon`, `over-limit`, `unreachable`, `invalid-entry`, `outdated-plan` at line 1 column 874
    it was published already: decision 2 (weather) is `opened`, which is what came of it
    it was published already: decision 2 (weather) is `over-limit`, which is what came of it
    decision 2 (weather): `detail` is too long
    decision 2 (weather): `project` is not the https address of a repository
    decision 2 (weather): `project` is not the https address of a repository
    decision 2 (weather): `project` is not the https address of a repository
    decision 2 (weather): the pin moves, and `project`, `branch`, `old`, `new` or `change` is missing
    decision 2 (weather): `branch` is not the full name of a ref
    decision 2 (weather): `branch` is not the full name of a ref
    decision 2 (weather): the pin moves, and `project`, `branch`, `old`, `new` or `change` is missing
    decision 2 (weather): `directory` is not a path in a repository
    decision 2 (weather): `directory` is not a path in a repository
    it is not a plan of `update-pins`: a commit is 40 lower-case hexadecimal digits at line 1 column 1020
    decision 2 (weather): the pin moves, and `project`, `branch`, `old`, `new` or `change` is missing
    decision 2 (weather): the pin moves, and `old` and `new` are the same
    decision 2 (weather): the pin moves, and `project`, `branch`, `old`, `new` or `change` is missing
    decision 2 (weather): `old_tree` and `new_tree` are ids of 40 digits
    decision 2 (weather): an author or subject is too long
    decision 2 (weather): `files` names too many paths, or too long ones
    decision 2 (weather): the licence's path is too long
    decision 2 (curl): decisions are sorted by entry, and each entry has one
    decision 2 (weather): decisions are sorted by entry, and each entry has one
    it is of version 2; this program reads version 1
    it is not a plan of `update-pins`: invalid length 0, expected struct Head with 1 element at line 1 column 2
    it is not a plan of `update-pins`: EOF while parsing a value at line 1 column 0
    it is not a plan of `update-pins`: unknown field `token`, expected one of `version`, `time`, `complete`, `decisions` at line 1 column 81
    it was published already: decision 1 (weather) is `updated`, which is what came of it
    ");
}
