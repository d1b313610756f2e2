//! Icons, and what holds for gathering as a whole.

use super::{facts, fetch_options, gather_options};
use crate::tls_server::{Reply, Seen, TlsServer, reply};
use mcp_registry::entry::Entry;
use mcp_registry::fetch::{FetchOptions, SetupError};
use mcp_registry::policy::Policy;
use mcp_registry::validate::facts::{Fact, Facts, Icon};
use mcp_registry::validate::gather::{GatherError, GatherOptions, MAX_ICON_BYTES, Progress, gather};
use std::sync::{Arc, Mutex};
use std::time::Duration;

pub(super) fn png(width: u32, height: u32) -> Vec<u8> {
    [b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR", &width.to_be_bytes()[..], &height.to_be_bytes(), &[8, 6, 0, 0, 0]].concat()
}

fn icon(url: &str) -> String {
    format!("name: x\nabout:\n  icon: {url}\n")
}

async fn one(server: &TlsServer, path: &str) -> Fact<Icon> {
    facts(&[&icon(&server.url(path))], &gather_options(server)).await.remove(0).icon
}

fn read(bytes: u64, format: &str, size: (u32, u32)) -> Fact<Icon> {
    Fact::Known(Icon::Read { bytes, format: Some(format.into()), size: Some(size) })
}

#[tokio::test]
async fn icons_are_judged_by_their_bytes() {
    let server = TlsServer::start(|seen: &Seen| match seen.path.as_str() {
        "/large" => reply(200, &[("content-type", "text/html")], png(513, 512)),
        "/svg" => reply(200, &[("content-type", "image/png")], "<svg viewBox='0 0 24 24'/>"),
        "/page" => reply(200, &[("content-type", "image/png")], "<!DOCTYPE html><html><body><svg/></body></html>"),
        "/noise" => reply(200, &[("content-type", "image/png")], [0xff; 64]),
        "/endless" => Reply::Endless(b"HTTP/1.1 200 OK\r\n\r\n\x89PNG\r\n\x1a\n".to_vec(), vec![0; 65536]),
        "/lies" => Reply::Endless(b"HTTP/1.1 200 OK\r\ncontent-length: 99999999999\r\n\r\n".to_vec(), vec![0; 65536]),
        _ => reply(404, &[], ""),
    })
    .await;
    assert_eq!(one(&server, "/large").await, read(29, "png", (513, 512)));
    assert_eq!(one(&server, "/svg").await, read(26, "svg", (24, 24)));
    assert_eq!(one(&server, "/page").await, Fact::Known(Icon::Read { bytes: 47, format: None, size: None }));
    assert_eq!(one(&server, "/noise").await, Fact::Known(Icon::Read { bytes: 64, format: None, size: None }));
    assert_eq!(one(&server, "/endless").await, Fact::Known(Icon::TooLarge { limit: MAX_ICON_BYTES }));
    assert_eq!(one(&server, "/lies").await, Fact::Known(Icon::TooLarge { limit: MAX_ICON_BYTES }));
}

#[tokio::test]
async fn what_is_for_good_is_known_and_what_passes_is_unavailable() {
    let server = TlsServer::start(|seen: &Seen| {
        let status = seen.path.trim_start_matches('/').parse().unwrap_or(200);
        if status == 302 { reply(302, &[("location", "http://127.0.0.1/")], "") } else { reply(status, &[], "") }
    })
    .await;
    for status in [401, 403, 404, 410, 302] {
        let fact = one(&server, &format!("/{status}")).await;
        assert!(matches!(fact, Fact::Known(Icon::Unreachable(_))), "{status}: {fact:?}");
    }
    for status in [429, 500, 503] {
        let fact = one(&server, &format!("/{status}")).await;
        assert!(matches!(fact, Fact::Unavailable(_)), "{status}: {fact:?}");
    }
    for (address, why) in [
        ("not a url", "`not a url` is not a URL"),
        ("http://acme.example/i.png", "only https is fetched, not http"),
        ("https://192.168.0.1/i.png", "192.168.0.1 has the private address 192.168.0.1"),
    ] {
        let found = facts(&[&icon(address)], &gather_options(&server)).await.remove(0).icon;
        assert_eq!(found, Fact::Known(Icon::Unreachable(why.into())));
    }
}

#[tokio::test]
async fn each_address_is_asked_once_and_the_order_of_entries_is_kept() {
    let server = TlsServer::start(|seen: &Seen| {
        let side = seen.path.trim_start_matches('/').parse().unwrap_or(1);
        reply(200, &[], png(side, side))
    })
    .await;
    let manifests: Vec<String> = (0..60).map(|number| icon(&server.url(&format!("/{}", number % 3 + 1)))).collect();
    let done = Arc::new(Mutex::new(Vec::new()));
    let log = done.clone();
    let progress = Progress::new(move |done, all| log.lock().unwrap().push((done, all)));
    let options = GatherOptions { progress: Some(progress), ..gather_options(&server) };
    let found = facts(&manifests.iter().map(String::as_str).collect::<Vec<_>>(), &options).await;
    for (number, facts) in (0..).zip(&found) {
        assert_eq!(facts.icon, read(29, "png", (number % 3 + 1, number % 3 + 1)));
    }
    assert_eq!(server.seen().len(), 3);
    let mut done = done.lock().unwrap().clone();
    done.sort_unstable();
    assert_eq!(done, (1..=60).map(|number| (number, 60)).collect::<Vec<_>>());
}

#[tokio::test]
async fn a_cache_asks_whether_an_icon_changed_and_survives_being_spoiled() {
    let server = TlsServer::start(|seen: &Seen| match seen.header("if-none-match") {
        "\"1\"" => reply(304, &[], ""),
        _ => reply(200, &[("etag", "\"1\"")], png(64, 64)),
    })
    .await;
    let directory = tempfile::tempdir().unwrap();
    let options = GatherOptions { cache: Some(directory.path().into()), ..gather_options(&server) };
    let manifest = icon(&server.url("/i.png"));
    let first = facts(&[&manifest], &options).await;
    assert_eq!(facts(&[&manifest], &options).await, first);
    assert_eq!(server.seen()[1].header("if-none-match"), "\"1\"");
    for file in std::fs::read_dir(directory.path()).unwrap() {
        std::fs::write(file.unwrap().path(), "{\"key\":").unwrap();
    }
    assert_eq!(facts(&[&manifest], &options).await, first);
    assert_eq!(server.seen()[2].header("if-none-match"), "");
    assert_eq!(first[0].icon, read(29, "png", (64, 64)));
}

#[tokio::test]
async fn when_the_time_is_up_what_is_known_stays_and_the_rest_is_unavailable() {
    let server =
        TlsServer::start(
            |seen: &Seen| {
                if seen.path == "/fast" { reply(200, &[], png(1, 1)) } else { Reply::Stall(Vec::new()) }
            },
        )
        .await;
    let options = GatherOptions { deadline: Duration::from_secs(8), ..gather_options(&server) };
    let found = facts(&[&icon(&server.url("/fast")), &icon(&server.url("/slow"))], &options).await;
    assert_eq!(found[0].icon, read(29, "png", (1, 1)));
    assert_eq!(found[1].icon, Fact::Unavailable("the time for all questions was up".into()));
}

#[tokio::test]
async fn the_policy_may_open_a_network() {
    let server = TlsServer::start(|_| reply(200, &[], png(1, 1))).await;
    let fetch = FetchOptions { allow: Vec::new(), ..fetch_options(&server) };
    let options = GatherOptions { fetch, ..gather_options(&server) };
    let entry = Entry::from_texts("x", Some(&icon(&server.url("/"))), None, None);
    let closed = gather(&[&entry], &Policy::default(), &options).await.unwrap();
    assert!(matches!(closed[0].icon, Fact::Known(Icon::Unreachable(_))), "{closed:?}");
    let policy = Policy::parse("[network]\nallow = [\"127.0.0.0/8\"]\n").unwrap();
    let open = gather(&[&entry], &policy, &options).await.unwrap();
    assert_eq!(open[0].icon, read(29, "png", (1, 1)));
}

#[tokio::test]
async fn entries_that_name_nothing_are_asked_about_nothing() {
    let server = TlsServer::start(|_| reply(200, &[], "")).await;
    let manifests =
        ["", "[]", "type: server\nimage: mcp/x\n", "type: remote\nremote: {url: 'https://{{x.host}}/mcp'}\n"];
    let found = facts(&manifests, &gather_options(&server)).await;
    assert_eq!(found, vec![Facts::default(); manifests.len()]);
}

#[tokio::test]
async fn what_cannot_be_set_up_is_an_error_of_the_run() {
    let server = TlsServer::start(|_| reply(200, &[], "")).await;
    for pem in ["", "what?", "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n", "-----BEGIN CERTIFICATE"]
    {
        let fetch = FetchOptions { roots_pem: Some(pem.into()), ..fetch_options(&server) };
        let options = GatherOptions { fetch, ..gather_options(&server) };
        let error = gather(&[], &Policy::default(), &options).await.unwrap_err();
        assert!(matches!(error, GatherError::Setup(SetupError::Roots)), "{pem}: {error:?}");
    }
    let file = tempfile::NamedTempFile::new().unwrap();
    let options = GatherOptions { cache: Some(file.path().into()), ..gather_options(&server) };
    let error = gather(&[], &Policy::default(), &options).await.unwrap_err();
    assert!(matches!(error, GatherError::Cache { .. }), "{error:?}");
}
