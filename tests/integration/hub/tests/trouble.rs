//! Faults come where they are put, and limits are held.

use super::{Got, ask, get, hub, main, send, write};
use crate::hub::faults::{At, Fault, Kind};
use crate::hub::limits::Limits;
use crate::hub::{Hub, TOKEN};
use serde_json::json;
use std::process::Command;
use std::time::Duration;

/// What a client sees of a write that something is wrong with, and whether it was done.
fn seen(kind: Kind) -> String {
    let hub = hub();
    let body = json!({ "ref": "refs/heads/x", "sha": main(&hub) });
    hub.inject(Fault::once(kind, At::Write(1)));
    let token = format!("Bearer {TOKEN}");
    let path = format!("{}/git/refs", super::REPO);
    let got = send(&hub, "POST", &path, Some(&body), &[("authorization", &token), ("user-agent", "test")]);
    let said = match got {
        Ok(got) => {
            let words = got.body.pointer("/message").or(got.body.pointer("/ref")).unwrap_or(&got.body);
            let mut said = format!("{} {words}, {} bytes", got.status, got.length);
            for limit in ["retry-after", "x-ratelimit-remaining"] {
                let value = got.header(limit);
                if limit == "retry-after" && !value.is_empty() || value == "0" {
                    said.push_str(&format!(", {limit}: {value}"));
                }
            }
            said
        }
        Err(error) if error.is_timeout() => "nothing".to_owned(),
        Err(_) => "the connection ends".to_owned(),
    };
    let done = hub.look(|world| world.tip("acme/registry", "x").is_some());
    format!("{kind:?}: {said}{}", if done { ", done" } else { "" })
}

#[test]
fn each_fault_is_what_it_is_called() {
    let said: Vec<String> = Kind::QUICK.iter().map(|kind| seen(*kind)).collect();
    insta::assert_snapshot!(said.join("\n"), @r#"
    Error: 500 "Server Error", 92 bytes
    Gateway: 502 "Server Error", 92 bytes
    GatewayAfter: 502 "Server Error", 92 bytes, done
    Close: the connection ends
    CloseAfter: the connection ends, done
    Unauthorized: 401 "Bad credentials", 95 bytes
    Forbidden: 403 "Resource not accessible by integration", 118 bytes
    Secondary(403, 1): 403 "You have exceeded a secondary rate limit. Please wait a few minutes before you try again.", 169 bytes, retry-after: 1
    Secondary(429, 1): 429 "You have exceeded a secondary rate limit. Please wait a few minutes before you try again.", 169 bytes, retry-after: 1
    SecondaryMute: 403 "You have exceeded a secondary rate limit. Please wait a few minutes before you try again.", 169 bytes
    Primary(1): 403 "API rate limit exceeded for installation ID 1.", 126 bytes, x-ratelimit-remaining: 0
    NotFound: 404 "Not Found", 89 bytes
    Race: 422 "Reference already exists", 89 bytes, done
    HalfJson: 201 "{\"ref\":\"refs/heads/x\",\"node_id\":\"cmVmcy9oZWFkcy94\",\"url\":\"https://api.github.com/repos/acme/registry/git/refs/heads/x\",\"object\":{\"type\":\"commit\",\"sha", 149 bytes, done
    CutBody: the connection ends, done
    Html: 200 "<!DOCTYPE html><title>Unicorn!</title>", 38 bytes
    Huge: 201 "refs/heads/x", 27262976 bytes, done
    "#);
}

#[test]
fn silence_is_never_broken() {
    for kind in Kind::SLOW {
        let hub = hub();
        let body = json!({ "ref": "refs/heads/x", "sha": main(&hub) });
        hub.inject(Fault::once(*kind, At::Write(1)));
        let request = super::client().post(format!("{}{}/git/refs", hub.url, super::REPO));
        let request = request.bearer_auth(TOKEN).header("user-agent", "test").timeout(Duration::from_secs(2));
        assert!(request.json(&body).send().unwrap_err().is_timeout());
        let done = hub.look(|world| world.tip("acme/registry", "x").is_some());
        assert_eq!(done, *kind == Kind::SilenceAfter);
    }
}

#[test]
fn faults_strike_where_they_are_put() {
    let hub = hub();
    let read = |hub: &Hub| get(hub, "").status;
    let write = |hub: &Hub| write(hub, "POST", "/git/blobs", json!({ "content": "" })).status;
    hub.inject(Fault::once(Kind::Error, At::Call(2)));
    assert_eq!([read(&hub), write(&hub), read(&hub)], [200, 500, 200]);
    hub.inject(Fault::once(Kind::Error, At::Read(2)));
    assert_eq!([read(&hub), write(&hub), read(&hub), read(&hub)], [200, 201, 500, 200]);
    hub.inject(Fault::from(Kind::Error, At::Write(2)));
    assert_eq!([write(&hub), read(&hub), write(&hub), read(&hub), write(&hub)], [201, 200, 500, 200, 500]);
    hub.heal();
    assert_eq!(write(&hub), 201);
}

#[test]
fn more_writes_than_github_allows_are_refused_until_the_time_is_over() {
    let hub = hub();
    let write = || write(&hub, "POST", "/git/blobs", json!({ "content": "" }));
    let shown = |got: &Got| (got.status, got.header("retry-after").to_owned());
    hub.limit(Limits { per_minute: 3, per_hour: 5, minute: Duration::from_secs(600), ..Limits::default() });
    assert_eq!([write().status, write().status, write().status], [201; 3]);
    assert_eq!(shown(&write()), (403, "600".into()));
    assert_eq!(get(&hub, "").status, 200, "reading is another matter");
    let short = Duration::from_millis(1);
    hub.limit(Limits { per_minute: 3, per_hour: 5, minute: short, ..Limits::default() });
    std::thread::sleep(short);
    assert_eq!([write().status, write().status], [201; 2]);
    let late = write();
    let wait: u64 = late.header("retry-after").parse().unwrap();
    assert!(late.status == 403 && (3500..=3600).contains(&wait), "{wait}");
    hub.limit(Limits { calls: 1, ..Limits::default() });
    let over = get(&hub, "");
    assert_eq!((over.status, over.header("x-ratelimit-remaining")), (403, "0"));
}

#[test]
fn a_process_is_killed_at_the_write_that_was_named() {
    for after in [false, true] {
        let hub = hub();
        hub.kill_at(2, after);
        let mut child = Command::new("sleep").arg("60").spawn().unwrap();
        hub.victim(&child);
        let write = |name: &str| {
            let body = json!({ "ref": format!("refs/heads/{name}"), "sha": main(&hub) });
            let request = super::client().post(format!("{}{}/git/refs", hub.url, super::REPO)).bearer_auth(TOKEN);
            request.header("user-agent", "test").json(&body).timeout(Duration::from_secs(3)).send().is_ok()
        };
        assert!(write("one"));
        assert!(child.try_wait().unwrap().is_none());
        assert!(!write("two"));
        use std::os::unix::process::ExitStatusExt;
        assert_eq!(child.wait().unwrap().signal(), Some(9));
        assert_eq!(hub.look(|world| world.tip("acme/registry", "two").is_some()), after);
        assert!(write("three"), "the next one lives");
    }
}

#[test]
fn a_race_is_what_a_second_run_of_the_same_program_does() {
    let hub = hub();
    let body = json!({ "ref": "refs/heads/x", "sha": main(&hub) });
    hub.inject(Fault::once(Kind::Race, At::Write(1)));
    assert_eq!(write(&hub, "POST", "/git/refs", body).error(), "422 Reference already exists");
    assert_eq!(ask(&hub, "GET", "/repos/acme/registry/git/ref/heads/x", None).status, 200);
}
