//! What GitHub does by itself, and what it refuses.

use super::{ask, commit, get, hub, main, pull, send, write};
use crate::hub::people::MARIA;
use serde_json::json;

const REPO: &str = "acme/registry";

#[test]
fn refs_are_made_once_and_moved_forward() {
    let hub = hub();
    let first = main(&hub);
    let (one, two) = (commit(&hub, &first, "one"), commit(&hub, &first, "two"));
    let make = |name: &str, sha: &str| write(&hub, "POST", "/git/refs", json!({ "ref": name, "sha": sha }));
    let patch =
        |sha: &str, force: bool| write(&hub, "PATCH", "/git/refs/heads/topic/a", json!({ "sha": sha, "force": force }));
    assert_eq!(make("refs/heads/topic/a", &one).status, 201);
    let said = [
        make("refs/heads/topic/a", &one).error(),
        make("refs/heads/topic", &one).error(),
        make("refs/heads/topic/a/b", &one).error(),
        make("topic", &one).error(),
        make("refs/heads/other", &"0".repeat(40)).error(),
        patch(&two, false).error(),
        patch(&"0".repeat(40), true).error(),
        ask(&hub, "DELETE", "/repos/acme/registry/git/refs/heads/nowhere", None).error(),
    ];
    insta::assert_snapshot!(said.join("\n"), @r"
    422 Reference already exists
    422 Reference update failed
    422 Reference update failed
    422 Reference name must start with 'refs/' and contain at least two slashes.
    422 Object does not exist
    422 Update is not a fast forward
    422 Object does not exist
    422 Reference does not exist
    ");
    let three = commit(&hub, &one, "three");
    assert_eq!((patch(&three, false).status, patch(&two, true).status), (200, 200));
    assert_eq!(get(&hub, "/git/ref/heads/topic/a").at("/object/sha"), two);
}

#[test]
fn a_pull_request_needs_a_branch_with_something_of_its_own() {
    let hub = hub();
    let open =
        |head: &str, base: &str| write(&hub, "POST", "/pulls", json!({ "title": "t", "head": head, "base": base }));
    pull(&hub, "one");
    hub.human_branches(REPO, "main", "same");
    let said = [
        open("one", "main").error(),
        open("acme:one", "main").error(),
        open("same", "main").error(),
        open("nowhere", "main").error(),
        open("one", "nowhere").error(),
        open("eve:nowhere", "main").error(),
        open("stranger:main", "main").error(),
    ];
    insta::assert_snapshot!(said.join("\n"), @r"
    422 Validation Failed ( A pull request already exists for acme:one.)
    422 Validation Failed ( A pull request already exists for acme:one.)
    422 Validation Failed ( No commits between main and same)
    422 Validation Failed (head invalid)
    422 Validation Failed (base invalid)
    422 Validation Failed (head invalid)
    422 Validation Failed (head invalid)
    ");
    // From a fork, a branch of the same name is another one.
    hub.change(|world| world.push("eve/registry", "main", "eve", "Mine", &[("x", Some("y"))]));
    assert_eq!(open("eve:main", "main").status, 201);
}

#[test]
fn a_pull_request_follows_its_branch_and_ends_with_it() {
    let hub = hub();
    let number = pull(&hub, "one");
    let state = |number: u64| {
        let got = get(&hub, &format!("/pulls/{number}"));
        (got.at("/state").to_owned(), got.at("/head/sha").to_owned(), got.body["merged"].as_bool().unwrap())
    };
    let pushed = hub.human_pushes(REPO, "one", &[("README.md", "# Mine\n")]);
    assert_eq!(state(number), ("open".into(), pushed.clone(), false));
    assert_eq!(ask(&hub, "DELETE", "/repos/acme/registry/git/refs/heads/one", None).status, 204);
    assert_eq!(state(number), ("closed".into(), pushed.clone(), false));
    let reopen = || write(&hub, "PATCH", &format!("/pulls/{number}"), json!({ "state": "open" }));
    let mut said = vec![reopen().error()];
    // A branch of that name with another history is not that branch.
    let other = commit(&hub, &main(&hub), "other");
    write(&hub, "POST", "/git/refs", json!({ "ref": "refs/heads/one", "sha": other }));
    said.push(reopen().error());
    insta::assert_snapshot!(said.join("\n"), @r"
    422 Validation Failed (state state cannot be changed. The one branch has been deleted.)
    422 Validation Failed (state state cannot be changed. The one branch was force-pushed or recreated.)
    ");
    write(&hub, "PATCH", "/git/refs/heads/one", json!({ "sha": pushed, "force": true }));
    assert_eq!((reopen().status, state(number).0), (200, "open".into()));
    // And one that is put back to its base has nothing left to ask for.
    write(&hub, "PATCH", "/git/refs/heads/one", json!({ "sha": main(&hub), "force": true }));
    assert_eq!(state(number).0, "closed");
}

#[test]
fn a_pull_request_is_merged_when_its_base_has_all_of_it() {
    let hub = hub();
    let (one, two) = (pull(&hub, "one"), pull(&hub, "two"));
    hub.human_merges(REPO, one, true);
    assert_eq!(hub.look(|world| world.read(REPO, "main", "servers/a/server.yaml")).unwrap(), "one");
    assert_eq!(get(&hub, "/git/ref/heads/one").status, 404);
    let merged = get(&hub, &format!("/pulls/{one}"));
    assert_eq!((merged.body["merged"].as_bool(), merged.at("/merged_by/login")), (Some(true), MARIA));
    let head = get(&hub, &format!("/pulls/{two}")).at("/head/sha").to_owned();
    write(&hub, "PATCH", "/git/refs/heads/main", json!({ "sha": head, "force": true }));
    assert_eq!(get(&hub, &format!("/pulls/{two}")).body["merged"].as_bool(), Some(true));
}

#[test]
fn a_deleted_fork_leaves_pull_requests_without_a_repository() {
    let hub = hub();
    hub.change(|world| world.push("eve/registry", "main", "eve", "Mine", &[("x", Some("y"))]));
    let number = hub.human_opens(REPO, "eve/registry", "main", "From a fork", "…");
    hub.change(|world| world.delete("eve/registry", "eve"));
    let got = get(&hub, &format!("/pulls/{number}"));
    assert_eq!(
        (got.at("/state"), got.at("/head/label"), got.body["head"]["repo"].is_null()),
        ("closed", "eve:main", true)
    );
    assert!(get(&hub, "/pulls?state=all").body[0]["head"]["repo"].is_null());
}

#[test]
fn lists_are_filtered_as_github_filters_them() {
    let hub = hub();
    let (one, two) = (pull(&hub, "one"), pull(&hub, "two"));
    hub.human_closes(REPO, one);
    hub.change(|world| {
        world.push("eve/registry", "main", "eve", "Mine", &[("x", Some("y"))]);
        let tip = world.tip("eve/registry", "main").unwrap().clone();
        world.set_ref("eve/registry", "refs/heads/two", Some(&tip), "eve");
    });
    let fork = hub.human_opens(REPO, "eve/registry", "two", "From a fork", "…");
    let numbers = |path: &str| {
        let got = get(&hub, path);
        got.body.as_array().unwrap().iter().map(|pull| pull["number"].as_u64().unwrap()).collect::<Vec<_>>()
    };
    assert_eq!(numbers("/pulls"), [fork, two]);
    assert_eq!(numbers("/pulls?state=closed"), [one]);
    assert_eq!(numbers("/pulls?state=all&direction=asc"), [one, two, fork]);
    assert_eq!(numbers("/pulls?head=acme:two"), [two]);
    assert_eq!(numbers("/pulls?head=eve:two"), [fork]);
    assert_eq!(numbers("/pulls?head=two"), [fork, two], "without an owner the filter is none");
    assert_eq!(numbers("/issues"), [fork, two], "pull requests are issues, too");
    write(&hub, "POST", &format!("/issues/{two}/labels"), json!({ "labels": ["pins"] }));
    assert_eq!(numbers("/issues?labels=pins&state=all"), [two]);
}

#[test]
fn a_renamed_repository_sends_its_visitors_on() {
    let hub = hub();
    let number = pull(&hub, "one");
    hub.change(|world| world.rename(REPO, "acme/catalog"));
    // The client follows.
    assert_eq!(get(&hub, "").at("/full_name"), "acme/catalog");
    assert_eq!(get(&hub, &format!("/pulls/{number}")).at("/head/repo/full_name"), "acme/catalog");
    assert_eq!(get(&hub, "/pulls?head=acme:one").body.as_array().unwrap().len(), 1);
    let statuses: Vec<_> = hub.calls().iter().rev().take(6).rev().map(|call| call.status.unwrap()).collect();
    assert_eq!(statuses, [301, 200, 301, 200, 301, 200]);
    assert_eq!(write(&hub, "POST", "/issues", json!({ "title": "t" })).status, 201);
}

#[test]
fn who_may_not_write_is_told_so() {
    let hub = hub();
    let body = json!({ "title": "t" });
    let as_whom = |path: &str, who: &[(&str, &str)]| {
        let mut headers = vec![("user-agent", "test")];
        headers.extend(who);
        send(&hub, "POST", path, Some(&body), &headers).unwrap().error()
    };
    let mut said = vec![
        as_whom("/repos/acme/registry/issues", &[]),
        as_whom("/repos/acme/registry/issues", &[("authorization", "Bearer other")]),
    ];
    said.push(ask(&hub, "POST", "/repos/acme/nowhere/issues", Some(&body)).error());
    said.push(ask(&hub, "POST", "/repos/eve/registry/issues", Some(&body)).error());
    hub.forbid("issues");
    said.push(write(&hub, "POST", "/issues", body.clone()).error());
    hub.change(|world| world.repo_mut(REPO).archived = true);
    said.push(write(&hub, "POST", "/git/blobs", json!({ "content": "" })).error());
    hub.change(|world| world.repo_mut(REPO).private = true);
    said.push(send(&hub, "GET", "/repos/acme/registry", None, &[("user-agent", "test")]).unwrap().error());
    insta::assert_snapshot!(said.join("\n"), @r"
    401 Requires authentication
    401 Bad credentials
    404 Not Found
    403 Resource not accessible by integration
    403 Resource not accessible by integration
    403 Repository was archived so is read-only.
    404 Not Found
    ");
}

#[test]
fn equal_states_have_equal_pictures() {
    let (one, two) = (hub(), hub());
    pull(&one, "a");
    pull(&one, "b");
    pull(&two, "b");
    assert_ne!(one.picture(REPO), two.picture(REPO));
    pull(&two, "a");
    assert_eq!(one.picture(REPO), two.picture(REPO));
    two.human_closes(REPO, 1);
    assert_ne!(one.picture(REPO), two.picture(REPO));
    insta::assert_snapshot!(two.picture(REPO), @r"
    a: 1 ahead, 0 behind
      acme-pins[bot], signed by GitHub: a
      servers/a/server.yaml: ab80a7e61108 -> 2e65efe2a145
    b: 1 ahead, 0 behind
      acme-pins[bot], signed by GitHub: b
      servers/a/server.yaml: ab80a7e61108 -> 63d8dbd40c23
    main: 0 ahead, 0 behind
    pull request acme:a into main, open, of acme-pins[bot]: Pull a
      head: tree fc72d8327f5c
      | Words.
    pull request acme:b into main, closed by maria, of acme-pins[bot]: Pull b
      head: tree 0bafc1784b39
      | Words.
    ");
}
