#![allow(clippy::unwrap_used, clippy::expect_used)]

use super::stream::{Assembler, StreamError, StreamEvent};
use super::{Content, Request, Response};
use crate::provider::sse::Decoder;
use crate::provider::{Disallowed, Usage};
use serde_json::{Value, json};

fn whole() -> Value {
    json!({
        "model": "m", "max_tokens": 100,
        "system": [{"type": "text", "text": "s", "cache_control": {"type": "ephemeral"}}],
        "messages": [
            {"role": "user", "content": "hello"},
            {"role": "system", "content": "s"},
            {"role": "assistant", "content": [
                {"type": "thinking", "thinking": "t", "signature": "sig"},
                {"type": "redacted_thinking", "data": "d"},
                {"type": "text", "text": "a"},
                {"type": "tool_use", "id": "toolu_1", "name": "grep", "input": {"pattern": "x"}}]},
            {"role": "user", "content": [
                {"type": "tool_result", "tool_use_id": "toolu_1", "content": "r", "is_error": true},
                {"type": "tool_result", "tool_use_id": "toolu_1", "content": [{"type": "text", "text": "r"}]}]}],
        "tools": [
            {"name": "grep", "description": "d", "input_schema": {"type": "object"}},
            {"type": "custom", "name": "finish", "input_schema": {"type": "object"},
             "cache_control": {"type": "ephemeral"}}],
        "tool_choice": {"type": "auto", "disable_parallel_tool_use": true},
        "temperature": 0.5, "stop_sequences": ["x"],
        "thinking": {"type": "enabled", "budget_tokens": 50}, "output_config": {"effort": "xhigh"}, "stream": true
    })
}

#[test]
fn what_is_on_the_list_is_written_as_it_was_read() {
    let request = Request::parse(whole().to_string().as_bytes()).unwrap();
    assert_eq!(serde_json::to_value(&request).unwrap(), whole());
}

/// The request with one thing more or other.
fn refused(change: impl FnOnce(&mut Value)) -> Disallowed {
    let mut request = whole();
    change(&mut request);
    Request::parse(request.to_string().as_bytes()).expect_err("it is not on the list").what
}

#[test]
fn what_is_not_on_the_list_is_refused() {
    for (field, value, what) in [
        ("mcp_servers", json!([{"type": "url", "url": "https://x", "name": "x"}]), Disallowed::Tool),
        ("container", json!("container_1"), Disallowed::Stored),
        ("context_management", json!({}), Disallowed::Stored),
        ("metadata", json!({}), Disallowed::Field),
        ("metadata", json!({"user_id": "x", "more": 1}), Disallowed::Field),
        ("output_config", json!({}), Disallowed::Field),
        ("output_config", json!({"effort": "more"}), Disallowed::Field),
        ("output_config", json!({"effort": "low", "format": {}}), Disallowed::Field),
        ("thinking", json!({"type": "adaptive", "display": "omitted"}), Disallowed::Field),
        ("service_tier", json!("auto"), Disallowed::Field),
        ("betas", json!([]), Disallowed::Field),
    ] {
        assert_eq!(refused(|request| request[field] = value), what, "{field}");
    }
    for kind in ["web_search_20250305", "web_fetch_20250910", "code_execution_20250522", "bash_20250124", "mcp_toolset"]
    {
        assert_eq!(refused(|request| request["tools"][0]["type"] = json!(kind)), Disallowed::Tool, "{kind}");
    }
    for block in [
        json!({"type": "image", "source": {"type": "url", "url": "https://x"}}),
        json!({"type": "image", "source": {"type": "base64", "media_type": "image/png", "data": ""}}),
        json!({"type": "document", "source": {"type": "file", "file_id": "file_1"}}),
        json!({"type": "container_upload", "file_id": "file_1"}),
        json!({"type": "server_tool_use", "id": "x", "name": "web_search", "input": {}}),
        json!({"type": "search_result", "source": "https://x", "title": "x", "content": []}),
    ] {
        assert_eq!(refused(|request| request["messages"][2]["content"][0] = block.clone()), Disallowed::Content);
        let inside = |request: &mut Value| request["messages"][3]["content"][1]["content"][0] = block.clone();
        assert_eq!(refused(inside), Disallowed::Content);
        refused(|request| request["system"][0] = block.clone());
    }
    refused(|request| request["messages"][0]["role"] = json!("developer"));
    refused(|request| request["messages"][0]["output_config"] = json!({"effort": "low"}));
    refused(|request| request["tools"][0]["defer_loading"] = json!(true));
    // Whose voice instructions are, no tool and no thought has.
    for message in [2, 3] {
        let system = |request: &mut Value| request["messages"][message]["role"] = json!("system");
        assert_eq!(refused(system), Disallowed::Content);
    }
    refused(|request| request["messages"][2]["content"][2]["citations"] = json!([]));
    refused(|request| request["tools"][0]["allowed_callers"] = json!(["code_execution"]));
    refused(|request| request["tool_choice"]["more"] = json!(1));
    refused(|request| request["tool_choice"] = json!({"type": "none", "more": 1}));
    refused(|request| request["system"][0]["cache_control"]["ttl"] = json!("1h"));
    refused(|request| request["max_tokens"] = json!(-1));
    let twice = br#"{"model": "m", "max_tokens": 1, "messages": [], "model": "n"}"#;
    assert_eq!(Request::parse(twice).unwrap_err().what, Disallowed::Json);
}

const STREAM: &str = r#"event: message_start
data: {"type":"message_start","message":{"id":"msg_1","type":"message","role":"assistant","model":"m","content":[],"stop_reason":null,"usage":{"input_tokens":10,"cache_creation_input_tokens":5,"cache_read_input_tokens":7,"output_tokens":1}}}

event: content_block_start
data: {"type":"content_block_start","index":0,"content_block":{"type":"thinking","thinking":"","signature":""}}

event: ping
data: {"type": "ping"}

event: content_block_delta
data: {"type":"content_block_delta","index":0,"delta":{"type":"thinking_delta","thinking":"hm"}}

event: content_block_delta
data: {"type":"content_block_delta","index":0,"delta":{"type":"signature_delta","signature":"sig"}}

event: content_block_stop
data: {"type":"content_block_stop","index":0}

event: content_block_start
data: {"type":"content_block_start","index":1,"content_block":{"type":"tool_use","id":"toolu_1","name":"grep","input":{}}}

event: content_block_delta
data: {"type":"content_block_delta","index":1,"delta":{"type":"input_json_delta","partial_json":"{\"a\": "}}

event: content_block_delta
data: {"type":"content_block_delta","index":1,"delta":{"type":"input_json_delta","partial_json":"1}"}}

event: something_new
data: {"type":"something_new","index":"x"}

event: message_delta
data: {"type":"message_delta","delta":{"stop_reason":"tool_use","stop_sequence":null},"usage":{"output_tokens":42}}

event: message_stop
data: {"type":"message_stop"}

"#;

fn assemble(stream: &str) -> Result<Response, StreamError> {
    let mut assembler = Assembler::default();
    for event in Decoder::default().push(stream.as_bytes()).unwrap() {
        assembler.push(StreamEvent::parse(&event)?)?;
    }
    assembler.finish()
}

#[test]
fn events_make_up_the_answer_that_would_have_come_whole() {
    let response = assemble(STREAM).unwrap();
    assert_eq!(
        response.content,
        [
            Content::Thinking { thinking: "hm".into(), signature: "sig".into() },
            Content::ToolUse { id: "toolu_1".into(), name: "grep".into(), input: json!({"a": 1}) },
        ]
    );
    assert_eq!(response.stop_reason.as_deref(), Some("tool_use"));
    let usage = Usage { input_tokens: 22, cache_write_tokens: 5, output_tokens: 42 };
    assert_eq!(response.usage.usage(), Some(usage));
}

#[test]
fn half_an_answer_is_none() {
    let cut = STREAM.split("event: message_stop").next().unwrap();
    assert_eq!(assemble(cut), Err(StreamError::Cut));
    let error = "data: {\"type\":\"error\",\"error\":{\"type\":\"overloaded_error\",\"message\":\"Overloaded\"}}\n\n";
    assert!(matches!(assemble(&format!("{cut}{error}")), Err(StreamError::Provider(_))));
    assert!(matches!(assemble(&STREAM.replace("\"1}\"", "\"\"")), Err(StreamError::Malformed(_))));
    assert!(matches!(assemble(&STREAM.replace("\"index\":1", "\"index\":9")), Err(StreamError::Malformed(_))));
    assert!(matches!(assemble("data: [DONE]\n\n"), Err(StreamError::Malformed(_))));
}

#[test]
fn an_answer_with_unknown_parts_is_read() {
    let response: Response = serde_json::from_value(json!({
        "id": "msg_1", "content": [{"type": "hologram", "x": 1}, {"type": "text", "text": "a", "citations": null}],
        "stop_reason": "end_turn", "usage": {"input_tokens": 1, "cache_read_input_tokens": null, "output_tokens": 2}
    }))
    .unwrap();
    assert_eq!(response.content, [Content::Other, Content::Text { text: "a".into() }]);
    assert_eq!(response.usage.usage().unwrap().input_tokens, 1);
}
