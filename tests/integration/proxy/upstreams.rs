//! Providers that misbehave, and what of their answers gets through.

use super::world::{
    ANTHROPIC, ANTHROPIC_KEY, Answer, FORMATS, Format, JSON, Proxy, Setup, Upstream, answer, anthropic, with,
};
use serde_json::{Value, json};
use std::io::Write;

/// What becomes of a call to a provider that answers so: the answer, and the audit line.
fn called(wire: impl Into<Vec<u8>>) -> (Answer, Value) {
    called_in(FORMATS[0], wire.into())
}

fn called_in(format: Format, wire: Vec<u8>) -> (Answer, Value) {
    let mut proxy = Proxy::new(&Upstream::writing(wire));
    let answer = proxy.post(format.path, &format.request());
    let line = proxy.line();
    assert_eq!(line["status"], answer.status);
    (answer, line)
}

/// The same, where the call must fail: in every wire format.
fn failed(wire: impl Into<Vec<u8>>, status: u16, reason: &str) {
    let wire = wire.into();
    for format in FORMATS {
        let (answer, line) = called_in(format, wire.clone());
        assert_eq!((answer.status, answer.reason().as_str()), (status, reason), "{}", format.path);
        assert_eq!((&line["outcome"], &line["reason"]), (&json!("failed"), &json!(reason)));
    }
}

#[test]
fn redirects_are_not_followed() {
    let other = Upstream::new();
    for status in [300, 301, 302, 303, 307, 308] {
        let location = format!("location: http://{}/v1/messages", other.address);
        failed(answer(status, &[JSON, &location], "{}"), 502, "upstream-redirect");
    }
    assert!(other.seen().is_empty());
}

#[test]
fn what_a_busy_provider_says_gets_through_with_the_time_to_wait() {
    for (status, wait) in [(429, "7"), (529, "Wed, 21 Oct 2026 07:28:00 GMT"), (503, "0.5")] {
        let body = json!({"type": "error", "error": {"type": "rate_limit_error", "message": "slow down"}}).to_string();
        let headers = [JSON, &format!("retry-after: {wait}"), "x-secret: 1", "set-cookie: a=b", "connection: close"];
        let (said, line) = called(answer(status, &headers, &body));
        assert_eq!((said.status, String::from_utf8(said.body).unwrap()), (status, body));
        let head = said.head.to_lowercase();
        assert!(head.contains(&format!("retry-after: {}", wait.to_lowercase())), "{head}");
        assert!(!head.contains("secret") && !head.contains("cookie"), "{head}");
        assert_eq!((&line["outcome"], &line["reason"]), (&json!("failed"), &json!("upstream-error")));
    }
    let odd = called(answer(429, &[JSON, "retry-after: 1; x=\"y\""], "{}")).0;
    assert!(!odd.head.contains("retry-after"), "{}", odd.head);
}

#[test]
fn a_page_of_a_gateway_is_replaced() {
    let (said, _) = called(answer(502, &["content-type: text/html"], "<html>internal.example</html>"));
    assert_eq!((said.status, said.reason().as_str()), (502, "upstream-error"));
    let (said, _) = called(answer(500, &[JSON], "not JSON"));
    assert_eq!((said.status, said.reason().as_str()), (500, "upstream-error"));
    let (said, _) = called(answer(400, &[JSON], format!("\"{}\"", "x".repeat(100_000))));
    assert_eq!((said.status, said.reason().as_str()), (400, "upstream-error"));
}

#[test]
fn encoded_answers_are_refused() {
    use flate2::{Compression, write::GzEncoder};
    let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
    encoder.write_all(&vec![b' '; 100 * 1024 * 1024]).unwrap();
    let bomb = encoder.finish().unwrap();
    for encoding in ["gzip", "br", "zstd", "deflate", "identity, gzip"] {
        failed(answer(200, &[JSON, &format!("content-encoding: {encoding}")], &bomb), 502, "upstream-encoded");
    }
    // Nor are they decoded when they do not say what they are.
    failed(answer(200, &[JSON], &bomb), 502, "upstream-malformed");
}

#[test]
fn answers_that_are_none_are_refused() {
    failed(answer(200, &["content-type: text/html"], "{}"), 502, "upstream-malformed");
    failed(answer(200, &[], "{}"), 502, "upstream-malformed");
    failed(answer(200, &[JSON], "{"), 502, "upstream-malformed");
    failed(answer(200, &["content-type: text/event-stream"], "data: {}\n\n"), 502, "upstream-malformed");
    failed("HTTP/1.1 101 Switching Protocols\r\nconnection: upgrade\r\nupgrade: x\r\n\r\n", 502, "upstream-malformed");
    failed("no HTTP\r\n\r\n", 502, "upstream-malformed");
    failed("", 502, "upstream-malformed");
    let long = format!("HTTP/1.1 200 OK\r\nx: {}\r\n\r\n", "y".repeat(10_000_000));
    failed(long, 502, "upstream-malformed");
}

#[test]
fn truncated_answers_are_refused() {
    let whole = answer(200, &[JSON], "{\"usage\": {\"input_tokens\": 1, \"output_tokens\": 1}}");
    failed(&whole[..whole.len() - 1], 502, "upstream-cut");
}

#[test]
fn oversized_answers_are_refused() {
    failed(answer(200, &[JSON], format!("\"{}\"", "x".repeat(8 * 1024 * 1024))), 502, "upstream-too-large");
}

#[test]
fn slow_answers_are_refused() {
    for begun in ["", "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: 2\r\n\r\n{"] {
        let upstream = Upstream::answering(move |_, stream| stream.write_all(begun.as_bytes()).unwrap());
        let mut proxy = Proxy::with(&upstream, &["--timeout=3"]);
        let said = proxy.post(ANTHROPIC, &anthropic());
        assert_eq!((said.status, said.reason().as_str()), (504, "upstream-timeout"));
        let line = proxy.line();
        assert_eq!((&line["estimated"], &line["output_tokens"]), (&json!(true), &json!(100)), "{line}");
    }
    let head = super::world::STREAM_HEAD;
    let upstream = Upstream::answering(move |_, stream| stream.write_all(head.as_bytes()).unwrap());
    let mut proxy = Proxy::with(&upstream, &["--timeout=3"]);
    assert!(!proxy.post(ANTHROPIC, &with(anthropic(), "stream", json!(true))).whole);
    assert_eq!(proxy.line()["reason"], "upstream-timeout");
}

#[test]
fn a_provider_that_is_not_there_is_said_to_be() {
    let mut proxy = Proxy::new(&Upstream::at("127.0.0.1:1".parse().unwrap()));
    let said = proxy.post(ANTHROPIC, &anthropic());
    assert_eq!((said.status, said.reason().as_str()), (502, "upstream-unreachable"));
    let line = proxy.line();
    assert_eq!((&line["estimated"], &line["output_tokens"]), (&json!(false), &json!(0)), "{line}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_provider_is_asked_only_when_its_certificate_is_trusted() {
    use crate::tls_server::{TlsServer, reply};
    let body = json!({"usage": {"input_tokens": 10, "output_tokens": 5}}).to_string();
    let server = TlsServer::start(move |_| reply(200, &[("content-type", "application/json")], &body)).await;
    let start = |trusted: bool| {
        let upstream = Upstream::at(([127, 0, 0, 1], server.port).into());
        let mut setup = Setup::new(&upstream, &[]).without("--a").without("--o");
        setup.command.args([format!("--anthropic-base-url={}", server.url(""))]);
        let path = setup.directory.path().join("ca.pem");
        std::fs::write(&path, &server.ca).unwrap();
        if trusted {
            setup.command.env("SSL_CERT_FILE", &path);
        }
        setup.start()
    };
    let said = start(false).post(ANTHROPIC, &anthropic());
    assert_eq!((said.status, said.reason().as_str()), (502, "upstream-unreachable"));
    assert!(server.seen().is_empty());
    assert_eq!(start(true).post(ANTHROPIC, &anthropic()).status, 200);
    assert_eq!(server.seen()[0].header("x-api-key"), ANTHROPIC_KEY);
}

#[test]
fn a_provider_that_repeats_its_key_is_kept_from_the_client() {
    for format in FORMATS {
        let key = format.key;
        let echo = format!("{{\"error\": {{\"message\": \"wrong key: {key}\"}}}}");
        let headers = [JSON, &format!("x-key: {key}"), &format!("retry-after: {key}")];
        for status in [200, 401, 500] {
            let mut proxy = Proxy::new(&Upstream::writing(answer(status, &headers, &echo)));
            // The client's bytes are searched for keys wherever they are read.
            let said = proxy.post(format.path, &format.request());
            assert_eq!((said.status, said.reason().as_str()), (502, "key-echoed"));
            assert_eq!(proxy.line()["reason"], "key-echoed");
        }
    }
}
