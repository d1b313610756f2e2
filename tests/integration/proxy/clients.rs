//! What the coding agents of both providers send of their own accord: what of it is taken, what is dropped, what is refused.

use super::world::{
    ANTHROPIC, OPENAI, Proxy, Seen, Upstream, anthropic, header, openai, refused, request, timeless, with,
};
use serde_json::{Value, json};

/// The last request that the provider got.
fn last(upstream: &Upstream) -> Seen {
    upstream.seen().pop().unwrap()
}

#[test]
fn the_query_of_anthropics_clients_is_taken_and_not_sent_on() {
    let upstream = Upstream::new();
    let proxy = Proxy::new(&upstream);
    assert_eq!(proxy.post(&format!("{ANTHROPIC}?beta=true"), &anthropic()).status, 200);
    assert!(last(&upstream).head.starts_with("POST /v1/messages HTTP/1.1\r\n"), "{}", last(&upstream).head);
}

#[test]
fn trial_features_are_sent_on_from_a_list() {
    let upstream = Upstream::new();
    let mut proxy = Proxy::new(&upstream);
    let mut sent = |path: &str, body: &Value, beta: &str| {
        let answer = proxy.send(&request(path, &format!("anthropic-beta: {beta}\r\n"), body.to_string().as_bytes()));
        assert_eq!((answer.status, &proxy.line()["outcome"]), (200, &json!("answered")), "{beta}");
        header(&last(&upstream).head, "anthropic-beta")
    };
    let all = "claude-code-20250219,interleaved-thinking-2025-05-14,effort-2025-11-24";
    for (asked, sent_on) in [
        (all, Some(all)),
        ("mcp-client-2025-04-04,effort-2025-11-24, context-management-2025-06-27", Some("effort-2025-11-24")),
        ("effort-2025-11-24,effort-2025-11-24\t", Some("effort-2025-11-24")),
        ("EFFORT-2025-11-24", None),
        ("files-api-2025-04-14", None),
        ("effort-2025-11-24;q=1", None),
        ("", None),
    ] {
        assert_eq!(sent(ANTHROPIC, &anthropic(), asked).as_deref(), sent_on, "{asked}");
        assert_eq!(sent(OPENAI, &openai(), asked), None, "{asked}");
    }
    let twice = "anthropic-beta: effort-2025-11-24\r\nanthropic-beta: mcp-client-2025-04-04\r\n";
    let wire = request(ANTHROPIC, twice, anthropic().to_string().as_bytes());
    refused(&mut proxy, &upstream, &wire, 400, "duplicate-header");
}

#[test]
fn what_claude_code_sends_is_taken_and_who_sends_it_is_not_said() {
    let upstream = Upstream::new();
    let proxy = Proxy::new(&upstream);
    let messages = json!([
        {"role": "user", "content": "hello"},
        {"role": "system", "content": [{"type": "text", "text": "note"}]},
    ]);
    let plain = with(with(anthropic(), "messages", messages), "output_config", json!({"effort": "max"}));
    let body = with(plain.clone(), "metadata", json!({"user_id": "user_1_account__session_2"}));
    assert_eq!(proxy.post(ANTHROPIC, &body).status, 200);
    assert_eq!(last(&upstream).json(), plain);
}

#[test]
fn what_claude_code_sends_beyond_that_is_refused() {
    let upstream = Upstream::new();
    let mut proxy = Proxy::new(&upstream);
    let image = json!({"type": "image", "source": {"type": "base64", "media_type": "image/png", "data": "AAAA"}});
    for (field, value, reason) in [
        ("context_management", json!({"edits": []}), "stored-not-allowed"),
        ("thinking", json!({"type": "adaptive", "display": "omitted"}), "field-not-allowed"),
        ("output_config", json!({"effort": "low", "format": {"type": "json_schema"}}), "field-not-allowed"),
        ("metadata", json!({"user_id": "x", "trace": "y"}), "field-not-allowed"),
        (
            "messages",
            json!([{"role": "user", "content": "x", "output_config": {"effort": "low"}}]),
            "field-not-allowed",
        ),
        ("messages", json!([{"role": "system", "content": [image]}]), "content-not-allowed"),
        ("tools", json!([{"name": "x", "input_schema": {}, "defer_loading": true}]), "field-not-allowed"),
        ("max_tokens", json!(128_000), "max-tokens-too-high"),
    ] {
        let body = with(anthropic(), field, value).to_string();
        refused(&mut proxy, &upstream, &request(ANTHROPIC, "", body.as_bytes()), 403, reason);
    }
    for path in
        ["/anthropic/v1/messages/count_tokens?beta=true", "/anthropic/api/hello", "/anthropic/api/event_logging"]
    {
        refused(&mut proxy, &upstream, &request(path, "", b"{}"), 403, "path-not-allowed");
    }
}

#[test]
fn what_codex_sends_is_taken_and_where_it_comes_from_is_not_said() {
    let upstream = Upstream::new();
    let proxy = Proxy::new(&upstream);
    let text = json!({"verbosity": "low", "format": {
        "type": "json_schema", "name": "codex_output_schema", "schema": {"type": "object"}, "strict": true}});
    let input = |phase: Value| {
        let mut said =
            json!({"type": "message", "role": "assistant", "content": [{"type": "output_text", "text": "hi"}]});
        if phase.is_string() {
            said["phase"] = phase;
        }
        json!([{"type": "message", "role": "user", "content": "hello"}, said])
    };
    let plain = with(with(openai(), "text", text), "store", json!(false));
    let body = with(plain.clone(), "input", input(json!("commentary")));
    let body = with(with(body, "prompt_cache_key", json!("0190")), "client_metadata", json!({"installation": "x"}));
    assert_eq!(proxy.post(OPENAI, &body).status, 200);
    assert_eq!(last(&upstream).json(), with(plain, "input", input(Value::Null)));
}

#[test]
fn what_codex_sends_beyond_that_is_refused() {
    let upstream = Upstream::new();
    let mut proxy = Proxy::new(&upstream);
    let message = |more: Value| {
        let mut message = json!({"type": "message", "role": "assistant", "content": "x", "phase": "final_answer"});
        message.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        json!([message])
    };
    for (field, value, reason) in [
        ("reasoning", json!({"effort": "low", "context": "auto"}), "field-not-allowed"),
        ("additional_tools", json!([]), "field-not-allowed"),
        ("tools", json!([{"type": "custom", "name": "exec", "format": {"type": "grammar"}}]), "tool-not-allowed"),
        ("tools", json!([{"type": "namespace", "name": "x", "tools": []}]), "tool-not-allowed"),
        ("prompt_cache_retention", json!("24h"), "field-not-allowed"),
        ("metadata", json!({"x": "y"}), "field-not-allowed"),
        ("input", message(json!({"more": 1})), "field-not-allowed"),
        ("text", json!({"format": {"type": "json_object"}}), "field-not-allowed"),
    ] {
        let body = with(openai(), field, value).to_string();
        refused(&mut proxy, &upstream, &request(OPENAI, "", body.as_bytes()), 403, reason);
    }
}

#[test]
fn an_alias_stands_for_a_model_and_nothing_else_does() {
    let upstream = Upstream::new();
    let price = ["--input-price=1", "--output-price=1"];
    let arguments = [&["--model-alias=mcp-review=m-2", "--model-alias=other=m-1"], &price[..]].concat();
    let mut proxy = Proxy::with(&upstream, &arguments);
    for (path, body) in [(ANTHROPIC, anthropic()), (OPENAI, openai())] {
        assert_eq!(proxy.post(path, &with(body.clone(), "model", json!("mcp-review"))).status, 200);
        assert_eq!(last(&upstream).json()["model"], "m-2");
        let line = timeless(proxy.line());
        assert_eq!((&line["model"], &line["cost_micros"]), (&json!("m-2"), &json!(15)), "{line}");
        for model in ["mcp-review=m-2", "mcp-review2", "MCP-REVIEW", "m-3", ""] {
            let wire = request(path, "", with(body.clone(), "model", json!(model)).to_string().as_bytes());
            refused(&mut proxy, &upstream, &wire, 403, "model-not-allowed");
        }
    }
}

#[test]
fn an_alias_that_cannot_be_is_refused_at_the_start() {
    let start = |arguments: &[&str]| {
        let mut setup = super::world::Setup::new(&Upstream::new(), arguments);
        let output = setup.command.output().unwrap();
        assert_eq!(output.status.code(), Some(2));
        String::from_utf8(output.stderr).unwrap()
    };
    insta::assert_snapshot!(start(&["--model-alias=x=m-3"]), @"error: `--model-alias x=m-3`: name the model with `--model`, too");
    insta::assert_snapshot!(start(&["--model-alias=m-2=m-1"]), @"error: `--model-alias m-2=m-1`: another model or alias has this name");
    insta::assert_snapshot!(start(&["--model-alias=x=m-1", "--model-alias=x=m-2"]), @"error: `--model-alias x=m-2`: another model or alias has this name");
    insta::assert_snapshot!(start(&["--model-alias==m-1"]), @"error: a model's name has 1 to 200 letters, digits and `-._:/@`");
    insta::assert_snapshot!(start(&["--model-alias=x"]), @r"
    error: invalid value 'x' for '--model-alias <NAME=MODEL>': write `NAME=MODEL`: what requests say, and what is sent on

    For more information, try '--help'.
    ");
}
