//! Chat completions: what is particular to them. What all wire formats have in common is said in every other module.

use super::world::{
    CHAT, JSON, OPENAI_KEY, Proxy, STREAM_HEAD, Upstream, answer, chat, refused, request, timeless, with,
};
use serde_json::{Value, json};

#[test]
fn a_call_is_made_with_the_key_and_answered() {
    let upstream = Upstream::new();
    let mut proxy = Proxy::new(&upstream);
    let answer = proxy.post(CHAT, &chat());
    insta::assert_snapshot!(String::from_utf8(answer.body).unwrap(), @r#"{"object":"chat.completion","choices":[{"index":0,"message":{"role":"assistant","content":"hi"},"finish_reason":"stop"}],"usage":{"prompt_tokens":10,"completion_tokens":5,"total_tokens":15}}"#);
    let seen = upstream.seen().remove(0);
    let head = seen.head.replace('\r', "").replace(&upstream.address.to_string(), "[UPSTREAM]");
    insta::assert_snapshot!(head.replace(OPENAI_KEY, "[KEY]").replace(env!("CARGO_PKG_VERSION"), "[VERSION]"), @r"
    POST /v1/chat/completions HTTP/1.1
    content-type: application/json
    accept: application/json
    accept-encoding: identity
    authorization: Bearer [KEY]
    user-agent: mcp-registry/[VERSION]
    host: [UPSTREAM]
    content-length: 79
    ");
    assert_eq!(seen.json(), chat());
    insta::assert_snapshot!(timeless(proxy.line()), @r#"{"event":"call","at_ms":0,"provider":"openai","model":"m-1","outcome":"answered","reason":null,"status":200,"input_tokens":10,"output_tokens":5,"estimated":false,"cost_micros":null,"bytes_in":79,"bytes_out":190,"duration_ms":0,"streamed":false}"#);
}

#[test]
fn what_is_written_is_bounded_under_the_name_that_the_client_chose() {
    let upstream = Upstream::new();
    let mut proxy = Proxy::with(&upstream, &["--max-tokens-per-call=200"]);
    let plain = json!({"model": "m-1", "messages": [{"role": "user", "content": "hello"}]});
    for (field, sent) in
        [("max_tokens", "max_tokens"), ("max_completion_tokens", "max_completion_tokens"), ("stream", "max_tokens")]
    {
        let value = if field == "stream" { json!(false) } else { json!(150) };
        assert_eq!(proxy.post(CHAT, &with(plain.clone(), field, value)).status, 200);
        let body = upstream.seen().pop().unwrap().json();
        let bounds: Vec<(&String, &Value)> =
            body.as_object().unwrap().iter().filter(|(name, _)| name.starts_with("max_")).collect();
        let most = if field == "stream" { 200 } else { 150 };
        assert_eq!(bounds, [(&sent.to_owned(), &json!(most))], "{field}");
        proxy.line();
    }
    let both = with(chat(), "max_completion_tokens", json!(100)).to_string();
    refused(&mut proxy, &upstream, &request(CHAT, "", both.as_bytes()), 403, "field-not-allowed");
}

#[test]
fn a_stream_is_always_asked_for_its_usage_and_nothing_else_is() {
    let upstream = Upstream::new();
    let proxy = Proxy::new(&upstream);
    let streamed = with(chat(), "stream", json!(true));
    for (body, sent) in [
        (streamed.clone(), json!({"include_usage": true})),
        (with(streamed.clone(), "stream_options", json!({"include_usage": false})), json!({"include_usage": true})),
        (with(streamed, "stream_options", json!({})), json!({"include_usage": true})),
        (with(chat(), "stream_options", json!({"include_usage": true})), Value::Null),
    ] {
        assert_eq!(proxy.post(CHAT, &body).status, 200);
        assert_eq!(upstream.seen().pop().unwrap().json()["stream_options"], sent, "{body}");
    }
}

#[test]
fn calls_of_tools_get_through_whole_and_in_events() {
    let call = json!({"id": "call_1", "type": "function", "function": {"name": "grep", "arguments": "{\"a\": 1}"}});
    let usage = json!({"prompt_tokens": 10, "completion_tokens": 5});
    let choice = json!({"index": 0, "message": {"role": "assistant", "content": null, "tool_calls": [call]},
                        "finish_reason": "tool_calls"});
    let whole = json!({"choices": [choice], "usage": usage}).to_string();
    let delta = |delta: Value| format!("data: {}\n\n", json!({"choices": [{"index": 0, "delta": delta}]}));
    let events = [
        delta(json!({"tool_calls": [{"index": 0, "id": "call_1", "function": {"name": "grep", "arguments": ""}}]})),
        delta(json!({"tool_calls": [{"index": 0, "function": {"arguments": "{\"a\": 1}"}}]})),
        format!("data: {}\n\n", json!({"choices": [], "usage": usage})),
        "data: [DONE]\n\n".to_owned(),
    ]
    .concat();
    let tools = json!([{"type": "function", "function": {"name": "grep", "parameters": {"type": "object"}}}]);
    // The whole turn, as it comes back with its result.
    let messages = json!([
        {"role": "system", "content": "s"},
        {"role": "user", "content": [{"type": "text", "text": "hello"}]},
        {"role": "assistant", "content": null, "tool_calls": [call]},
        {"role": "tool", "tool_call_id": "call_1", "content": "r"},
    ]);
    let body = with(with(chat(), "tools", tools), "messages", messages);
    for (wire, stream, expected) in
        [(answer(200, &[JSON], &whole), false, whole), (format!("{STREAM_HEAD}{events}").into_bytes(), true, events)]
    {
        let upstream = Upstream::writing(wire);
        let mut proxy = Proxy::new(&upstream);
        let said = proxy.post(CHAT, &with(body.clone(), "stream", json!(stream)));
        assert_eq!((said.status, String::from_utf8(said.body).unwrap()), (200, expected));
        let line = proxy.line();
        assert_eq!((&line["input_tokens"], &line["output_tokens"]), (&json!(10), &json!(5)), "{line}");
        let sent = upstream.seen()[0].json();
        assert_eq!((&sent["messages"], &sent["tools"]), (&body["messages"], &body["tools"]));
    }
}

#[test]
fn a_stream_without_its_end_or_its_count_is_charged_the_worst() {
    let text = "data: {\"choices\":[{\"index\":0,\"delta\":{\"content\":\"x\"},\"finish_reason\":\"stop\"}]}\n\n";
    for (events, outcome) in [(text.to_owned(), "failed"), (format!("{text}data: [DONE]\n\n"), "answered")] {
        let mut proxy = Proxy::new(&Upstream::writing(format!("{STREAM_HEAD}{events}")));
        proxy.post(CHAT, &with(chat(), "stream", json!(true)));
        let line = proxy.line();
        assert_eq!((&line["outcome"], &line["output_tokens"]), (&json!(outcome), &json!(100)), "{line}");
        assert_eq!(line["estimated"], true, "{line}");
    }
}

#[test]
fn what_is_not_on_the_list_is_refused() {
    let upstream = Upstream::new();
    let mut proxy = Proxy::new(&upstream);
    let said = |part: Value| json!([{"role": "user", "content": [part]}]);
    for (field, value, reason) in [
        ("tools", json!([{"type": "web_search"}]), "tool-not-allowed"),
        ("tools", json!([{"type": "mcp", "server_url": "https://evil.example"}]), "tool-not-allowed"),
        ("tools", json!([{"type": "custom", "custom": {"name": "x"}}]), "tool-not-allowed"),
        ("web_search_options", json!({}), "tool-not-allowed"),
        (
            "messages",
            said(json!({"type": "image_url", "image_url": {"url": "https://evil.example"}})),
            "content-not-allowed",
        ),
        (
            "messages",
            said(json!({"type": "image_url", "image_url": {"url": "data:image/png;base64,AA"}})),
            "content-not-allowed",
        ),
        ("messages", said(json!({"type": "file", "file": {"file_id": "file_1"}})), "content-not-allowed"),
        ("messages", said(json!({"type": "input_audio", "input_audio": {}})), "content-not-allowed"),
        ("messages", json!([{"role": "assistant", "audio": {"id": "audio_1"}}]), "stored-not-allowed"),
        ("modalities", json!(["text", "audio"]), "content-not-allowed"),
        ("store", json!(true), "stored-not-allowed"),
        ("functions", json!([]), "field-not-allowed"),
        ("n", json!(100), "field-not-allowed"),
        ("prediction", json!({"type": "content", "content": "x"}), "field-not-allowed"),
        ("response_format", json!({"type": "json_object"}), "field-not-allowed"),
        ("logit_bias", json!({}), "field-not-allowed"),
        // What gateways and programs of one's own add.
        ("models", json!(["other"]), "field-not-allowed"),
        ("route", json!("fallback"), "field-not-allowed"),
        ("provider", json!({"order": ["x"]}), "field-not-allowed"),
        ("plugins", json!([{"id": "web"}]), "field-not-allowed"),
        ("extra_body", json!({}), "field-not-allowed"),
        ("options", json!({"num_ctx": 1}), "field-not-allowed"),
        ("guided_regex", json!("(a+)+$"), "field-not-allowed"),
        ("chat_template", json!("{{ x }}"), "field-not-allowed"),
        ("grammar", json!("root ::= root"), "field-not-allowed"),
    ] {
        let body = with(chat(), field, value).to_string();
        refused(&mut proxy, &upstream, &request(CHAT, "", body.as_bytes()), 403, reason);
    }
    let answer = proxy.post(CHAT, &with(chat(), "n", json!(2)));
    insta::assert_snapshot!(String::from_utf8(answer.body).unwrap(), @r#"{"error":{"message":"mcp-registry proxy: field-not-allowed: a field or value of the request is not allowed: unknown field `n`, expected one of `model`, `messages`, `tools`, `tool_choice`, `parallel_tool_calls`, `max_tokens`, `max_completion_tokens`, `temperature`, `reasoning_effort`, `stream`, `stream_options`","type":"permission_error","param":null,"code":"field-not-allowed","reason":"field-not-allowed"}}"#);
}
