//! Remote servers: a fake one that speaks the Model Context Protocol well, badly, or not at all.

use super::{facts, gather_options};
use crate::tls_server::{Reply, Seen, TlsServer, reply};
use mcp_registry::entry::Entry;
use mcp_registry::policy::Policy;
use mcp_registry::validate::facts::{Fact, Remote, RemoteTools};
use mcp_registry::validate::gather::gather;
use serde_json::{Value, json};

type Found = (Fact<Remote>, Fact<RemoteTools>);

async fn probe(server: &TlsServer, path: &str, transport: &str) -> Found {
    let manifest = format!("type: remote\nremote:\n  transport_type: {transport}\n  url: {}\n", server.url(path));
    let found = facts(&[&manifest], &gather_options(server)).await.remove(0);
    (found.remote, found.remote_tools)
}

fn listed(names: &[&str]) -> Found {
    let names = names.iter().map(|name| (*name).to_owned()).collect();
    (Fact::Known(Remote::Alive(200)), Fact::Known(RemoteTools::Listed(names)))
}

fn failed(why: &str) -> Found {
    (Fact::Known(Remote::Alive(200)), Fact::Known(RemoteTools::Failed(why.into())))
}

fn as_json(message: &Value) -> Reply {
    reply(200, &[("content-type", "application/json; charset=utf-8"), ("mcp-session-id", "s1")], message.to_string())
}

fn as_events(message: &Value) -> Reply {
    let noise = json!({ "jsonrpc": "2.0", "method": "notifications/message", "params": {} });
    let body =
        format!(": hello\r\n\r\nevent: message\r\ndata: {noise}\r\n\r\nevent: message\r\ndata: {message}\r\n\r\n");
    let head = "HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\nmcp-session-id: s1\r\n\r\n";
    // The stream stays open behind the answer, as it may.
    Reply::Stall([head.as_bytes(), body.as_bytes()].concat())
}

/// Speaks the protocol with a session, and gives the tools in pages.
fn server(seen: &Seen, answer: impl Fn(&Value) -> Reply, pages: impl Fn(u64) -> Value) -> Reply {
    if seen.method != "POST" {
        return reply(405, &[], "");
    }
    let Ok(question) = serde_json::from_str::<Value>(&seen.body) else { return reply(400, &[], "") };
    let method = question["method"].as_str().unwrap_or_default();
    if method == "initialize" {
        let result = json!({ "protocolVersion": "2025-03-26", "capabilities": {}, "serverInfo": { "name": "f" } });
        return answer(&json!({ "jsonrpc": "2.0", "id": question["id"], "result": result }));
    }
    if seen.header("mcp-session-id") != "s1" || seen.header("mcp-protocol-version") != "2025-03-26" {
        return reply(400, &[], "");
    }
    match method {
        "notifications/initialized" => reply(202, &[], ""),
        "tools/list" => {
            let page = question["params"]["cursor"].as_str().and_then(|page| page.parse().ok()).unwrap_or(0);
            answer(&json!({ "jsonrpc": "2.0", "id": question["id"], "result": pages(page) }))
        }
        _ => reply(400, &[], ""),
    }
}

fn two_pages(page: u64) -> Value {
    match page {
        0 => json!({ "tools": [{ "name": "a" }, { "name": "b" }], "nextCursor": "1" }),
        _ => json!({ "tools": [{ "name": "c" }] }),
    }
}

#[tokio::test]
async fn tools_are_listed_from_json_and_from_events_page_by_page() {
    let json = TlsServer::start(|seen: &Seen| server(seen, as_json, two_pages)).await;
    assert_eq!(probe(&json, "/mcp", "streamable-http").await, listed(&["a", "b", "c"]));
    assert_eq!(json.seen().len(), 4);
    let events = TlsServer::start(|seen: &Seen| server(seen, as_events, two_pages)).await;
    assert_eq!(probe(&events, "/mcp", "streamable-http").await, listed(&["a", "b", "c"]));
}

#[tokio::test]
async fn a_server_that_wants_credentials_is_alive() {
    for status in [401, 403] {
        let server = TlsServer::start(move |_| reply(status, &[("www-authenticate", "Bearer")], "")).await;
        let found = (Fact::Known(Remote::Alive(status)), Fact::Known(RemoteTools::NeedsCredentials));
        assert_eq!(probe(&server, "/mcp", "streamable-http").await, found);
        assert_eq!(probe(&server, "/sse", "sse").await, found);
    }
}

#[tokio::test]
async fn a_server_that_is_not_there_is_unreachable_for_a_reason() {
    let server =
        TlsServer::start(|seen: &Seen| reply(seen.path.trim_start_matches('/').parse().unwrap_or(200), &[], "")).await;
    for (path, why) in [
        ("/404", "it answered 404 Not Found"),
        ("/410", "it answered 410 Gone"),
        ("/500", "it answered 500 Internal Server Error"),
        ("/503", "it answered 503 Service Unavailable"),
    ] {
        let found = (Fact::Known(Remote::Unreachable(why.into())), Fact::NotGathered);
        assert_eq!(probe(&server, path, "streamable-http").await, found);
        assert_eq!(probe(&server, path, "sse").await, found);
    }
}

#[tokio::test]
async fn a_server_that_only_listens_is_alive() {
    let old = TlsServer::start(|seen: &Seen| {
        if seen.method == "GET" && seen.header("accept") == "text/event-stream" {
            Reply::Stall(b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\n\r\n".to_vec())
        } else {
            reply(404, &[], "")
        }
    })
    .await;
    let (remote, tools) = probe(&old, "/sse", "sse").await;
    assert_eq!(remote, Fact::Known(Remote::Alive(200)));
    assert_eq!(tools, Fact::Known(RemoteTools::Failed("it speaks the older transport `sse`".into())));
    let (remote, tools) = probe(&old, "/sse", "streamable-http").await;
    assert_eq!(remote, Fact::Known(Remote::Alive(200)));
    assert_eq!(tools, Fact::Known(RemoteTools::Failed("it answered 404".into())));
}

#[tokio::test]
async fn endless_answers_end() {
    let events = b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\n\r\n";
    let server_of =
        |head: &'static [u8], part: Vec<u8>| TlsServer::start(move |_| Reply::Endless(head.to_vec(), part.clone()));
    let comments = server_of(events, b": still here\n\n".repeat(1000)).await;
    assert_eq!(probe(&comments, "/", "streamable-http").await, failed("more than 4194304 bytes"));
    let line = server_of(events, vec![b'x'; 65536]).await;
    assert_eq!(probe(&line, "/", "streamable-http").await, failed("more than 4194304 bytes"));
    let json = server_of(b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\n\r\n[", b"[".repeat(65536)).await;
    assert_eq!(probe(&json, "/", "streamable-http").await, failed("more than 4194304 bytes"));
    let pages = |page: u64| json!({ "tools": [], "nextCursor": (page + 1).to_string() });
    let pages = TlsServer::start(move |seen: &Seen| server(seen, as_json, pages)).await;
    assert_eq!(probe(&pages, "/", "streamable-http").await, failed("its list of tools has more than 20 pages"));
    let many = |_| json!({ "tools": vec![json!({ "name": "t" }); 6000] });
    let many = TlsServer::start(move |seen: &Seen| server(seen, as_json, many)).await;
    assert_eq!(probe(&many, "/", "streamable-http").await, failed("it lists more than 5000 tools"));
}

#[tokio::test]
async fn answers_that_are_none_are_failures_with_a_reason() {
    let json =
        |body: &'static str| TlsServer::start(move |_| reply(200, &[("content-type", "application/json")], body));
    for (body, why) in [
        ("", "its answer is not JSON"),
        ("\u{0}", "its answer is not JSON"),
        ("[]", "its answer is to another question"),
        ("{\"id\":1}", "its answer has neither a result nor an error"),
        ("{\"id\":1,\"error\":{\"code\":-32601,\"message\":\"no\"}}", "it answered error -32601: no"),
    ] {
        assert_eq!(probe(&json(body).await, "/", "streamable-http").await, failed(why), "{body}");
    }
    let page = TlsServer::start(|_| reply(200, &[("content-type", "text/html")], "<html>")).await;
    assert_eq!(probe(&page, "/", "streamable-http").await, failed("its answer is neither JSON nor a stream of events"));
    for (tools, why) in [
        (json!({}), "its answer has no list of tools"),
        (json!({ "tools": [{ "title": "x" }] }), "one of its tools has no usable name"),
        (json!({ "tools": [{ "name": "x".repeat(2000) }] }), "one of its tools has no usable name"),
    ] {
        let odd = TlsServer::start(move |seen: &Seen| server(seen, as_json, |_| tools.clone())).await;
        assert_eq!(probe(&odd, "/", "streamable-http").await, failed(why));
    }
}

#[tokio::test]
async fn tools_are_asked_for_only_when_a_rule_could_need_them() {
    let server = TlsServer::start(|seen: &Seen| server(seen, as_json, two_pages)).await;
    let manifest = format!("type: remote\nremote: {{url: '{}'}}\n", server.url("/mcp"));
    let dynamic = format!("{manifest}dynamic: {{tools: true}}\n");
    let entries =
        [Entry::from_texts("a", Some(&manifest), Some("[]"), None), Entry::from_texts("b", Some(&dynamic), None, None)];
    let found =
        gather(&entries.iter().collect::<Vec<_>>(), &Policy::default(), &gather_options(&server)).await.unwrap();
    for facts in found {
        assert_eq!((facts.remote, facts.remote_tools), (Fact::Known(Remote::Alive(200)), Fact::NotGathered));
    }
    assert!(server.seen().iter().all(|seen| !seen.body.contains("tools/list")));
}
