//! What is against GitHub's description is found.

use super::{ask, hub, send, write};
use crate::hub::TOKEN;
use crate::hub::description::Description;
use serde_json::{Value, json};

#[test]
fn requests_that_github_does_not_describe_are_offences() {
    if Description::get().is_none() {
        return;
    }
    let hub = hub();
    for (method, path, body) in [
        ("GET", "/pulls?stat=open", None),
        ("GET", "/pulls?page=first", None),
        ("GET", "/pulls?page=1&page=2", None),
        ("GET", "/issues?direction=down", None),
        ("GET", "/pulls/one", None),
        ("GET", "/pulls/1/comments", None),
        ("POST", "/git/refs", None),
        ("POST", "/git/refs", Some(json!({ "ref": "refs/heads/x" }))),
        ("POST", "/git/refs", Some(json!({ "ref": "refs/heads/x", "sha": 7 }))),
        ("POST", "/pulls", Some(json!({ "title": "t", "head": "x", "base": "main", "draf": true }))),
        ("POST", "/git/trees", Some(json!({ "tree": [{ "path": "a", "mode": "644", "content": "" }] }))),
        ("PATCH", "/pulls/1", Some(json!({ "state": "merged" }))),
        ("DELETE", "/git/refs/heads/x", Some(json!({ "force": true }))),
    ] {
        ask(&hub, method, &format!("{}{path}", super::REPO), body.as_ref());
    }
    insta::assert_snapshot!(hub.verdict().join("\n"), @r#"
    GET /repos/acme/registry/pulls?stat=open: no parameter `stat`
    GET /repos/acme/registry/pulls?page=first: `page` is `first`
    GET /repos/acme/registry/pulls?page=1&page=2: `page` twice
    GET /repos/acme/registry/issues?direction=down: `direction` is `down`
    GET /repos/acme/registry/pulls/one: `pull_number` is `one`
    GET /repos/acme/registry/pulls/1/comments: the hub has no such endpoint
    POST /repos/acme/registry/git/refs: no body
    POST /repos/acme/registry/git/refs: "sha" is a required property at ``
    POST /repos/acme/registry/git/refs: 7 is not of type "string" at `/sha`
    POST /repos/acme/registry/pulls: Additional properties are not allowed ('draf' was unexpected) at ``
    POST /repos/acme/registry/git/trees: "644" is not one of "100644", "100755" or 3 other candidates at `/tree/0/mode`
    PATCH /repos/acme/registry/pulls/1: "merged" is not one of "open" or "closed" at `/state`
    DELETE /repos/acme/registry/git/refs/heads/x: a body where none is described
    "#);
}

#[test]
fn a_token_anywhere_but_in_its_header_is_an_offence() {
    let hub = hub();
    let token = format!("Bearer {TOKEN}");
    let headers = [("user-agent", "test"), ("x-other", TOKEN)];
    send(&hub, "GET", super::REPO, None, &headers).unwrap();
    send(&hub, "GET", super::REPO, None, &[("authorization", &token)]).unwrap();
    ask(&hub, "GET", &format!("{}/labels/{TOKEN}", super::REPO), None);
    write(&hub, "POST", "/issues", json!({ "title": "t", "body": format!("Made with {TOKEN}.") }));
    insta::assert_snapshot!(hub.verdict().join("\n").replace(TOKEN, "[TOKEN]"), @r"
    GET /repos/acme/registry: the token is where it does not belong
    GET /repos/acme/registry: no user-agent: GitHub refuses that
    GET /repos/acme/registry/labels/[TOKEN]: the token is where it does not belong
    POST /repos/acme/registry/issues: the token is where it does not belong
    ");
}

#[test]
fn answers_that_github_does_not_describe_are_offences() {
    let Some(description) = Description::get() else { return };
    let (get, refs) = ("/repos/{owner}/{repo}/git/ref/{ref}", "/repos/{owner}/{repo}/git/refs");
    let object = json!({ "type": "commit", "sha": "0".repeat(40), "url": "https://api.github.com/x" });
    let good = json!({ "ref": "refs/heads/x", "node_id": "", "url": "https://api.github.com/x", "object": object });
    assert_eq!(description.response("GET", get, 200, Some(&good)), Vec::<String>::new());
    let mut wrong = Vec::new();
    let changes: [fn(&mut Value); 5] = [
        |body| drop(body.as_object_mut().unwrap().remove("node_id")),
        |body| body["more"] = json!(1),
        |body| body["object"]["sha"] = json!("0"),
        |body| body["url"] = json!("no address"),
        |body| body["ref"] = json!(null),
    ];
    for change in changes {
        let mut body = good.clone();
        change(&mut body);
        wrong.extend(description.response("GET", get, 200, Some(&body)));
    }
    wrong.extend(description.response("GET", get, 200, None));
    wrong.extend(description.response("GET", get, 204, None));
    wrong.extend(description.response("POST", refs, 422, Some(&json!({ "message": "m" }))));
    insta::assert_snapshot!(wrong.join("\n"), @r#"
    "node_id" is a required property at ``
    Additional properties are not allowed ('more' was unexpected) at ``
    "0" is shorter than 40 characters at `/object/sha`
    "no address" is not a "uri" at `/url`
    null is not of type "string" at `/ref`
    200 without a body
    204 is not described
    "documentation_url" is a required property at ``
    "#);
}

#[test]
#[should_panic(expected = "the hub has no such endpoint")]
fn an_offence_that_nobody_reads_fails_the_test() {
    ask(&hub(), "GET", "/user/repos", None);
}
