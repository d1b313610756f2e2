//! Every endpoint, in its good answer and where it refuses: the verdict of GitHub's description is read at the end.

use super::{ask, commit, get, hub, main, pull, write};
use crate::hub::Hub;
use crate::hub::checked::Required;
use crate::hub::routes::ROUTES;
use crate::hub::settings::{Branches, Classic, Environment, Rules};
use serde_json::json;
use std::collections::BTreeSet;

#[test]
fn every_endpoint_answers_as_github_describes_it() {
    let hub = hub();
    let first = main(&hub);
    let number = pull(&hub, "one");
    let second = commit(&hub, &first, "two");
    hub.change(|world| world.push("eve/registry", "main", "eve", "Mine", &[("x", Some("y"))]));
    hub.human_opens("acme/registry", "eve/registry", "main", "From a fork", "");
    let mut said = Vec::new();
    let mut say = |method: &str, path: &str, body: Option<serde_json::Value>| {
        let got = ask(&hub, method, &format!("{}{path}", super::REPO), body.as_ref());
        said.push(format!("{method} {path}: {}", got.status).replace(&first, "FIRST").replace(&second, "SECOND"));
    };
    for path in [
        "",
        "/contents/servers/a/server.yaml?ref=one",
        "/contents/servers",
        "/contents/nowhere",
        "/contents/README.md?ref=nowhere",
        "/branches/main",
        "/branches/nowhere",
        "/commits?sha=one&per_page=1",
        "/commits?path=README.md",
        "/commits/one",
        "/commits/nowhere",
        "/compare/main...one",
        "/compare/one...main",
        "/compare/main...nowhere",
        "/git/ref/heads/main",
        "/git/ref/heads/nowhere",
        "/git/matching-refs/heads/o",
        "/git/matching-refs/heads/nowhere",
        "/git/trees/main",
        "/git/trees/main?recursive=1",
        "/git/trees/0000000000000000000000000000000000000000",
        &format!("/git/commits/{first}"),
        "/git/commits/0000000000000000000000000000000000000000",
        "/pulls",
        "/pulls?state=all&head=acme:one&base=main&sort=updated&direction=asc&per_page=100&page=1",
        &format!("/pulls/{number}"),
        "/pulls/2",
        "/pulls/999",
        &format!("/pulls/{number}/files"),
        "/issues?state=all&labels=pins&creator=maria",
        "/issues",
        "/issues/1",
        "/issues/999",
        "/issues/1/labels",
        "/labels",
        "/labels/pins",
    ] {
        say("GET", path, None);
    }
    let item = json!({ "path": "a", "mode": "100644", "type": "blob", "content": "x" });
    for (method, path, body) in [
        ("POST", "/git/refs", json!({ "ref": "refs/heads/two", "sha": second })),
        ("POST", "/git/refs", json!({ "ref": "refs/heads/two", "sha": second })),
        ("PATCH", "/git/refs/heads/two", json!({ "sha": second, "force": true })),
        ("PATCH", "/git/refs/heads/nowhere", json!({ "sha": second })),
        ("POST", "/git/blobs", json!({ "content": "eA==", "encoding": "base64" })),
        ("POST", "/git/blobs", json!({ "content": "?", "encoding": "base64" })),
        ("POST", "/git/trees", json!({ "tree": [item] })),
        ("POST", "/git/trees", json!({ "tree": [] })),
        ("POST", "/git/commits", json!({ "message": "m", "tree": first })),
        ("POST", "/pulls", json!({ "title": "t", "head": "two", "base": "main" })),
        ("POST", "/pulls", json!({ "title": "t", "head": "two", "base": "main" })),
        ("PATCH", "/pulls/1", json!({ "title": "T", "body": "B", "state": "closed" })),
        ("PATCH", "/pulls/999", json!({ "title": "T" })),
        ("POST", "/issues", json!({ "title": "Dashboard", "body": "…", "labels": ["pins", "b c"] })),
        ("POST", "/issues", json!({ "title": "" })),
        ("PATCH", "/issues/1", json!({ "body": "…", "labels": ["pins"] })),
        ("PATCH", "/issues/999", json!({ "body": "…" })),
        ("POST", "/issues/1/labels", json!({ "labels": ["d"] })),
        ("PUT", "/issues/1/labels", json!({ "labels": ["e"] })),
        ("POST", "/labels", json!({ "name": "f", "color": "ededed" })),
        ("POST", "/labels", json!({ "name": "f" })),
        ("GET", "/labels/f", json!(null)),
    ] {
        say(method, path, Some(body).filter(|body| !body.is_null()));
    }
    say("DELETE", "/git/refs/heads/two", None);
    say("DELETE", "/git/refs/heads/two", None);
    checks_and_merges(&hub, &second, &mut say);
    settings(&hub, &mut say);
    for app in ["acme-pins", "nobody"] {
        assert_eq!(ask(&hub, "GET", &format!("/apps/{app}"), None).status, if app == "nobody" { 404 } else { 200 });
    }
    assert_eq!(ask(&hub, "GET", "/rate_limit", None).status, 200);
    insta::assert_snapshot!(said.join("\n"), @"
    GET : 200
    GET /contents/servers/a/server.yaml?ref=one: 200
    GET /contents/servers: 200
    GET /contents/nowhere: 404
    GET /contents/README.md?ref=nowhere: 404
    GET /branches/main: 200
    GET /branches/nowhere: 404
    GET /commits?sha=one&per_page=1: 200
    GET /commits?path=README.md: 200
    GET /commits/one: 200
    GET /commits/nowhere: 422
    GET /compare/main...one: 200
    GET /compare/one...main: 200
    GET /compare/main...nowhere: 404
    GET /git/ref/heads/main: 200
    GET /git/ref/heads/nowhere: 404
    GET /git/matching-refs/heads/o: 200
    GET /git/matching-refs/heads/nowhere: 200
    GET /git/trees/main: 200
    GET /git/trees/main?recursive=1: 200
    GET /git/trees/0000000000000000000000000000000000000000: 404
    GET /git/commits/FIRST: 200
    GET /git/commits/0000000000000000000000000000000000000000: 404
    GET /pulls: 200
    GET /pulls?state=all&head=acme:one&base=main&sort=updated&direction=asc&per_page=100&page=1: 200
    GET /pulls/1: 200
    GET /pulls/2: 200
    GET /pulls/999: 404
    GET /pulls/1/files: 200
    GET /issues?state=all&labels=pins&creator=maria: 200
    GET /issues: 200
    GET /issues/1: 200
    GET /issues/999: 404
    GET /issues/1/labels: 200
    GET /labels: 200
    GET /labels/pins: 404
    POST /git/refs: 201
    POST /git/refs: 422
    PATCH /git/refs/heads/two: 200
    PATCH /git/refs/heads/nowhere: 422
    POST /git/blobs: 201
    POST /git/blobs: 422
    POST /git/trees: 201
    POST /git/trees: 422
    POST /git/commits: 422
    POST /pulls: 201
    POST /pulls: 422
    PATCH /pulls/1: 200
    PATCH /pulls/999: 404
    POST /issues: 201
    POST /issues: 422
    PATCH /issues/1: 200
    PATCH /issues/999: 404
    POST /issues/1/labels: 200
    PUT /issues/1/labels: 200
    POST /labels: 201
    POST /labels: 422
    GET /labels/f: 200
    DELETE /git/refs/heads/two: 204
    DELETE /git/refs/heads/two: 422
    POST /check-runs: 201
    GET /check-runs/12: 200
    GET /check-runs/12/annotations: 200
    PATCH /check-runs/12: 200
    GET /commits/SECOND/check-runs?filter=all&check_name=validate%2Fa&app_id=4242&per_page=100&page=1: 200
    GET /commits/SECOND/pulls: 200
    POST /issues/1/comments: 201
    POST /issues/1/comments: 422
    PATCH /issues/comments/13: 200
    GET /issues/comments/13: 200
    GET /issues/1/comments?per_page=100&page=1: 200
    DELETE /issues/comments/13: 204
    GET /issues/comments/13: 404
    DELETE /issues/1/labels/E: 200
    DELETE /issues/1/labels/e: 404
    GET /issues/1/events: 200
    GET /pulls/2/reviews: 200
    GET /pulls/2/commits: 200
    GET /collaborators/maria/permission: 200
    GET /collaborators/eve/permission: 200
    GET /rules/branches/main: 200
    GET /rules/branches/other: 200
    PUT /pulls/2/merge: 409
    PUT /pulls/999/merge: 404
    PUT /pulls/2/merge: 405
    PUT /pulls/2/merge: 200
    GET /rules/branches/main: 200
    GET /rulesets/42: 200
    GET /branches/main/protection: 404
    GET /actions/permissions: 200
    GET /actions/permissions/workflow: 200
    GET /actions/secrets: 200
    GET /actions/variables?per_page=100&page=1: 200
    GET /actions/workflows: 200
    GET /environments?per_page=100&page=1: 200
    GET /environments/publish/deployment-branch-policies: 404
    GET /environments/publish/secrets: 404
    GET /environments/publish/variables: 404
    GET /environments/any/deployment-branch-policies: 404
    GET /rules/branches/main: 200
    GET /rulesets/42: 200
    GET /branches/main/protection: 200
    GET /actions/permissions: 200
    GET /actions/permissions/workflow: 200
    GET /actions/secrets: 200
    GET /actions/variables?per_page=100&page=1: 200
    GET /actions/workflows: 200
    GET /environments?per_page=100&page=1: 200
    GET /environments/publish/deployment-branch-policies: 200
    GET /environments/publish/secrets: 200
    GET /environments/publish/variables: 200
    GET /environments/any/deployment-branch-policies: 200
    GET /actions/permissions/selected-actions: 200
    GET /rulesets/43: 404
    ");
    // Every one of them was asked, and once at least answered well.
    let good: BTreeSet<_> = hub
        .calls()
        .iter()
        .filter(|call| call.status.is_some_and(|status| status < 300))
        .filter_map(|call| crate::hub::routes::route(&call.method, call.path.split('?').next().unwrap()))
        .map(|(route, _)| (route.0, route.1))
        .collect();
    // The other API is not among those that the description is of.
    for route in ROUTES.iter().filter(|route| route.1 != "/graphql") {
        assert!(good.contains(&(route.0, route.1)), "{} {}", route.0, route.1);
    }
}

/// The endpoints of check runs, of what people say, and of merging.
fn checks_and_merges(hub: &Hub, head: &str, say: &mut dyn FnMut(&str, &str, Option<serde_json::Value>)) {
    let output = json!({ "title": "t", "summary": "s", "text": "x", "annotations": [
        { "path": "a", "start_line": 1, "end_line": 2, "annotation_level": "warning", "message": "m", "title": "t" }] });
    let check = json!({ "name": "validate/a", "head_sha": head, "external_id": "1", "status": "in_progress", "output": output });
    say("POST", "/check-runs", Some(check));
    let id = hub.look(|world| world.repo("acme/registry").checks[0].id);
    for path in ["", "/annotations"] {
        say("GET", &format!("/check-runs/{id}{path}"), None);
    }
    say("PATCH", &format!("/check-runs/{id}"), Some(json!({ "conclusion": "neutral", "output": { "summary": "s" } })));
    say(
        "GET",
        &format!("/commits/{head}/check-runs?filter=all&check_name=validate%2Fa&app_id=4242&per_page=100&page=1"),
        None,
    );
    say("GET", &format!("/commits/{head}/pulls"), None);
    say("POST", "/issues/1/comments", Some(json!({ "body": "Hello" })));
    say("POST", "/issues/1/comments", Some(json!({ "body": "" })));
    hub.human_labels("acme/registry", 1, "ours", "maria");
    hub.human_unlabels("acme/registry", 1, "ours");
    hub.human_reviews("acme/registry", 2, "maria", "APPROVED");
    let comment = hub.look(|world| world.repo("acme/registry").threads[&1].comments[0].id);
    let comment = format!("/issues/comments/{comment}");
    say("PATCH", &comment, Some(json!({ "body": "Hello again" })));
    say("GET", &comment, None);
    say("GET", "/issues/1/comments?per_page=100&page=1", None);
    say("DELETE", &comment, None);
    say("GET", &comment, None);
    say("DELETE", "/issues/1/labels/E", None);
    say("DELETE", "/issues/1/labels/e", None);
    say("GET", "/issues/1/events", None);
    say("GET", "/pulls/2/reviews", None);
    say("GET", "/pulls/2/commits", None);
    for login in ["maria", "eve"] {
        say("GET", &format!("/collaborators/{login}/permission"), None);
    }
    hub.change(|world| {
        let gate = Required { context: "gate".to_owned(), app: Some(4_242) };
        world.repo_mut("acme/registry").required = vec![gate, Required { context: "any".to_owned(), app: None }];
    });
    say("GET", "/rules/branches/main", None);
    say("GET", "/rules/branches/other", None);
    let merge = json!({ "sha": "0".repeat(40), "merge_method": "squash", "commit_title": "t", "commit_message": "m" });
    say("PUT", "/pulls/2/merge", Some(merge.clone()));
    say("PUT", "/pulls/999/merge", Some(merge));
    say("PUT", "/pulls/2/merge", Some(json!({ "merge_method": "squash" })));
    hub.change(|world| world.repo_mut("acme/registry").required.clear());
    say("PUT", "/pulls/2/merge", Some(json!({ "merge_method": "squash" })));
}

/// How the repository is set up: as it is new, and with everything that can be said.
fn settings(hub: &Hub, say: &mut dyn FnMut(&str, &str, Option<serde_json::Value>)) {
    let paths = [
        "/rules/branches/main",
        "/rulesets/42",
        "/branches/main/protection",
        "/actions/permissions",
        "/actions/permissions/workflow",
        "/actions/secrets",
        "/actions/variables?per_page=100&page=1",
        "/actions/workflows",
        "/environments?per_page=100&page=1",
        "/environments/publish/deployment-branch-policies",
        "/environments/publish/secrets",
        "/environments/publish/variables",
        "/environments/any/deployment-branch-policies",
    ];
    for path in paths {
        say("GET", path, None);
    }
    hub.change(|world| {
        let settings = &mut world.repo_mut("acme/registry").settings;
        let open = |branches| Environment { branches, ..Environment::of_main(&[], &[]) };
        settings.environments = [
            ("publish".to_owned(), Environment::of_main(&["A"], &["B"])),
            ("any".to_owned(), open(Branches::Any)),
            ("protected".to_owned(), open(Branches::Protected)),
        ]
        .into();
        (settings.secrets, settings.variables) = (vec!["C".to_owned()], vec!["D".to_owned()]);
        (settings.actions.allowed, settings.actions.pinned) = ("selected", None);
        settings.rules = Rules {
            pull_request: Some(true),
            queue: true,
            no_force_pushes: true,
            no_deletion: true,
            bypass: Some(1),
            own_bypass: Some("never"),
        };
        let check = Some(("gate".to_owned(), None));
        settings.classic = Some(Classic { check, code_owners: Some(true), loose: true });
    });
    hub.human_pushes("acme/registry", "main", &[(".github/workflows/a.yml", "on: push\n")]);
    for path in paths {
        say("GET", path, None);
    }
    say("GET", "/actions/permissions/selected-actions", None);
    say("GET", "/rulesets/43", None);
}

#[test]
fn files_are_answered_in_lines_of_base64() {
    use base64::Engine;
    let hub = hub();
    let text = "name: a\ntitle: a title that needs more than one line of sixty characters\n";
    hub.human_pushes("acme/registry", "main", &[("servers/a/server.yaml", text)]);
    let got = get(&hub, "/contents/servers/a/server.yaml");
    let content = got.at("/content");
    assert!(content.lines().count() > 1 && content.lines().all(|line| line.len() <= 60), "{content}");
    let bytes = base64::engine::general_purpose::STANDARD.decode(content.replace('\n', "")).unwrap();
    assert_eq!(String::from_utf8(bytes).unwrap(), text);
    assert_eq!(got.at("/sha"), git2::Oid::hash_object(git2::ObjectType::Blob, text.as_bytes()).unwrap().to_string());
}

#[test]
fn lists_come_in_pages_that_lead_to_each_other() {
    let hub = hub();
    for number in 0..5 {
        hub.change(|world| world.open_thread("acme/registry", "maria", &format!("Issue {number}"), None, None));
    }
    let first = get(&hub, "/issues?per_page=2&state=all");
    assert_eq!(first.body.as_array().unwrap().len(), 2);
    insta::assert_snapshot!(first.header("link").replace(&hub.url, ""), @r#"</repos/acme/registry/issues?per_page=2&state=all&page=2>; rel="next", </repos/acme/registry/issues?per_page=2&state=all&page=3>; rel="last""#);
    insta::assert_snapshot!(get(&hub, "/issues?per_page=2&page=3").header("link").replace(&hub.url, ""), @r#"</repos/acme/registry/issues?per_page=2&page=2>; rel="prev", </repos/acme/registry/issues?per_page=2&page=1>; rel="first""#);
    assert_eq!(get(&hub, "/issues").header("link"), "");
    // More than a hundred are not given at once, whatever is asked for.
    for number in 5..120 {
        hub.change(|world| world.open_thread("acme/registry", "maria", &format!("Issue {number}"), None, None));
    }
    assert_eq!(get(&hub, "/issues?per_page=1000").body.as_array().unwrap().len(), 100);
}

#[test]
fn an_answer_that_is_known_already_is_not_sent_again_and_costs_nothing() {
    let hub = hub();
    let first = get(&hub, "/pulls");
    let left = |got: &super::Got| got.header("x-ratelimit-remaining").parse::<u64>().unwrap();
    let headers = [
        ("authorization", format!("Bearer {}", super::TOKEN)),
        ("user-agent", "test".to_owned()),
        ("if-none-match", first.header("etag").to_owned()),
    ];
    let headers: Vec<(&str, &str)> = headers.iter().map(|(name, value)| (*name, value.as_str())).collect();
    let path = format!("{}/pulls", super::REPO);
    let again = super::send(&hub, "GET", &path, None, &headers).unwrap();
    assert_eq!((again.status, left(&again)), (304, left(&first)));
    pull(&hub, "one");
    assert_eq!(super::send(&hub, "GET", &path, None, &headers).unwrap().status, 200);
}

#[test]
fn a_commit_that_a_bot_leaves_to_github_is_signed() {
    let hub = hub();
    let first = main(&hub);
    let made = commit(&hub, &first, "text");
    let got = get(&hub, &format!("/git/commits/{made}"));
    assert_eq!((got.body["verification"]["verified"].as_bool(), got.at("/author/name")), (Some(true), crate::hub::BOT));
    let tree = got.at("/tree/sha");
    let author = json!({ "name": "Somebody", "email": "somebody@example.com", "date": "2026-01-01T00:00:00Z" });
    let body = json!({ "message": "m", "tree": tree, "parents": [first], "author": author });
    let own = write(&hub, "POST", "/git/commits", body);
    assert_eq!(
        (own.body["verification"]["verified"].as_bool(), own.at("/author/date")),
        (Some(false), "2026-01-01T00:00:00Z")
    );
}
