//! What a run may use, and that it cannot use more.

use super::world::{
    ANTHROPIC, CHAT, FORMATS, OPENAI, Proxy, STREAM_HEAD, Upstream, answer, anthropic, anthropic_start, refused,
    request, usual, with,
};
use serde_json::{Value, json};
use std::io::Write;
use std::sync::mpsc;
use std::sync::{Arc, Mutex};

fn wire(body: &Value) -> Vec<u8> {
    request(ANTHROPIC, "", body.to_string().as_bytes())
}

#[test]
fn the_budget_of_requests_holds() {
    let upstream = Upstream::new();
    let mut proxy = Proxy::with(&upstream, &["--max-requests=3"]);
    for (path, body) in FORMATS.map(|format| (format.path, format.request())) {
        assert_eq!(proxy.post(path, &body).status, 200);
        proxy.line();
    }
    for _ in 0..2 {
        refused(&mut proxy, &upstream, &wire(&anthropic()), 403, "budget-requests");
    }
}

#[test]
fn the_budget_of_output_tokens_holds() {
    for format in FORMATS {
        let upstream = Upstream::new();
        let mut proxy = Proxy::with(&upstream, &["--max-output-tokens=104"]);
        assert_eq!(proxy.post(format.path, &format.request()).status, 200);
        assert_eq!(proxy.line()["output_tokens"], 5);
        // 5 are used, and 100 asked for.
        let wire = request(format.path, "", format.request().to_string().as_bytes());
        refused(&mut proxy, &upstream, &wire, 403, "budget-output-tokens");
        assert_eq!(proxy.post(format.path, &with(format.request(), format.limit, json!(99))).status, 200);
    }
}

#[test]
fn the_budget_of_input_tokens_holds() {
    let upstream = Upstream::answering(|_, stream| {
        let body = json!({"usage": {"input_tokens": 1000, "cache_read_input_tokens": 900, "output_tokens": 1}});
        stream.write_all(&answer(200, &["content-type: application/json"], body.to_string())).unwrap();
    });
    let mut proxy = Proxy::with(&upstream, &["--max-input-tokens=1910"]);
    assert_eq!(proxy.post(ANTHROPIC, &anthropic()).status, 200);
    assert_eq!(proxy.line()["input_tokens"], 1900);
    refused(&mut proxy, &upstream, &wire(&anthropic()), 403, "budget-input-tokens");
}

#[test]
fn the_budget_of_money_holds() {
    let upstream = Upstream::new();
    // 10 tokens read and 5 written are 10 * 3 + 5 * 15 = 105 millionths; at the worst 27 * 3 * 1.25 + 100 * 15 = 1602.
    let prices = ["--input-price=3", "--output-price=15", "--max-cost=0.0017"];
    let mut proxy = Proxy::with(&upstream, &prices);
    assert_eq!(proxy.post(ANTHROPIC, &anthropic()).status, 200);
    assert_eq!(proxy.line()["cost_micros"], 105);
    refused(&mut proxy, &upstream, &wire(&anthropic()), 403, "budget-cost");
    assert_eq!(proxy.post(ANTHROPIC, &with(anthropic(), "max_tokens", json!(99))).status, 200);
}

#[test]
fn one_call_cannot_ask_for_too_much() {
    let upstream = Upstream::new();
    let mut proxy = Proxy::with(&upstream, &["--max-tokens-per-call=100"]);
    for tokens in [0_u32, 101, u32::MAX] {
        for format in FORMATS {
            let body = with(format.request(), format.limit, json!(tokens)).to_string();
            refused(&mut proxy, &upstream, &request(format.path, "", body.as_bytes()), 403, "max-tokens-too-high");
        }
        let body = json!({"model": "m-1", "messages": [], "max_completion_tokens": tokens}).to_string();
        refused(&mut proxy, &upstream, &request(CHAT, "", body.as_bytes()), 403, "max-tokens-too-high");
    }
    // Who says nothing gets the most, and not all that there is.
    assert_eq!(proxy.post(OPENAI, &json!({"model": "m-1", "input": "hello"})).status, 200);
    assert_eq!(upstream.seen()[0].json()["max_output_tokens"], 100);
    assert_eq!(proxy.post(CHAT, &json!({"model": "m-1", "messages": []})).status, 200);
    assert_eq!(upstream.seen()[1].json()["max_tokens"], 100);
}

/// A provider that answers a call only when the test says so.
fn waiting() -> (Upstream, mpsc::Receiver<()>, mpsc::Sender<()>) {
    let (came, coming) = mpsc::channel();
    let (go, going) = mpsc::channel();
    let channels = Mutex::new((came, going));
    let channels = Arc::new(channels);
    let upstream = Upstream::answering(move |seen, stream| {
        let channels = channels.lock().unwrap();
        channels.0.send(()).unwrap();
        channels.1.recv().unwrap();
        stream.write_all(&usual(seen)).unwrap();
    });
    (upstream, coming, go)
}

#[test]
fn the_budget_of_calls_at_once_holds() {
    let (upstream, coming, go) = waiting();
    let mut proxy = Proxy::with(&upstream, &["--max-concurrent=1"]);
    let mut first = proxy.connect();
    first.write_all(&wire(&anthropic())).unwrap();
    coming.recv().unwrap();
    refused(&mut proxy, &upstream, &wire(&anthropic()), 403, "too-many-at-once");
    go.send(()).unwrap();
    assert_eq!(super::world::read_answer(&mut first).status, 200);
    proxy.line();
    go.send(()).unwrap();
    assert_eq!(proxy.post(ANTHROPIC, &anthropic()).status, 200);
}

#[test]
fn calls_at_once_cannot_use_more_than_one_after_the_other() {
    let (upstream, coming, go) = waiting();
    let mut proxy = Proxy::with(&upstream, &["--max-output-tokens=199"]);
    let mut first = proxy.connect();
    first.write_all(&wire(&anthropic())).unwrap();
    coming.recv().unwrap();
    // Nobody knows yet that the first needs 5 tokens of its 100.
    refused(&mut proxy, &upstream, &wire(&anthropic()), 403, "budget-output-tokens");
    go.send(()).unwrap();
    assert_eq!(super::world::read_answer(&mut first).status, 200);
    assert_eq!(proxy.line()["output_tokens"], 5);
    go.send(()).unwrap();
    assert_eq!(proxy.post(ANTHROPIC, &anthropic()).status, 200);
}

#[test]
fn a_call_that_nobody_counted_is_charged_the_worst() {
    let upstream = Upstream::answering(|_, stream| {
        stream.write_all(&answer(200, &["content-type: application/json"], "{\"content\": []}")).unwrap();
    });
    let mut proxy = Proxy::with(&upstream, &["--max-output-tokens=199"]);
    assert_eq!(proxy.post(ANTHROPIC, &anthropic()).status, 200);
    let line = proxy.line();
    let input = anthropic().to_string().len().div_ceil(3);
    assert_eq!((&line["estimated"], &line["output_tokens"]), (&json!(true), &json!(100)), "{line}");
    assert_eq!(line["input_tokens"], json!(input), "{line}");
    refused(&mut proxy, &upstream, &wire(&anthropic()), 403, "budget-output-tokens");
}

#[test]
fn a_stream_that_dies_is_charged_the_worst_of_what_it_did_not_say() {
    let upstream = Upstream::writing(format!("{STREAM_HEAD}{}", anthropic_start()));
    let mut proxy = Proxy::with(&upstream, &["--max-output-tokens=199"]);
    let answer = proxy.post(ANTHROPIC, &with(anthropic(), "stream", json!(true)));
    assert!(!answer.whole);
    let line = proxy.line();
    assert_eq!((&line["outcome"], &line["reason"]), (&json!("failed"), &json!("upstream-cut")), "{line}");
    assert_eq!((&line["input_tokens"], &line["output_tokens"]), (&json!(10), &json!(100)), "{line}");
    assert_eq!(line["estimated"], true);
    refused(&mut proxy, &upstream, &wire(&anthropic()), 403, "budget-output-tokens");
}

#[test]
fn a_call_that_the_provider_refuses_costs_a_request_and_no_tokens() {
    // The connection stays open: the next call may go over it.
    let upstream = Upstream::answering(|_, stream| {
        stream.write_all(&answer(529, &["content-type: application/json"], "{}")).unwrap();
    });
    let mut proxy = Proxy::with(&upstream, &["--max-output-tokens=100", "--max-requests=3"]);
    for _ in 0..3 {
        assert_eq!(proxy.post(ANTHROPIC, &anthropic()).status, 529);
        let line = proxy.line();
        assert_eq!((&line["input_tokens"], &line["output_tokens"]), (&json!(0), &json!(0)), "{line}");
    }
    refused(&mut proxy, &upstream, &wire(&anthropic()), 403, "budget-requests");
}
