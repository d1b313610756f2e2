#![allow(clippy::unwrap_used, clippy::expect_used)]

use super::stream::{Assembler, StreamError, StreamEvent};
use super::{Output, OutputContent, Request, Response};
use crate::provider::Disallowed;
use crate::provider::sse::Decoder;
use serde_json::{Value, json};

fn whole() -> Value {
    json!({
        "model": "m", "instructions": "s",
        "input": [
            {"type": "message", "role": "developer", "content": "hello"},
            {"type": "message", "role": "user", "content": [{"type": "input_text", "text": "hello"}]},
            {"type": "reasoning", "summary": [{"type": "summary_text", "text": "t"}], "encrypted_content": "e"},
            {"type": "message", "role": "assistant", "content": [
                {"type": "output_text", "text": "a"}, {"type": "refusal", "refusal": "no"}]},
            {"type": "function_call", "call_id": "call_1", "name": "grep", "arguments": "{\"pattern\": 1}"},
            {"type": "function_call_output", "call_id": "call_1", "output": "r"}],
        "tools": [{"type": "function", "name": "grep", "description": "d", "parameters": {"type": "object"}, "strict": true}],
        "tool_choice": {"type": "function", "name": "grep"}, "parallel_tool_calls": false,
        "max_output_tokens": 100, "temperature": 0.5, "reasoning": {"effort": "high", "summary": "auto"},
        "include": ["reasoning.encrypted_content"],
        "text": {"verbosity": "low", "format": {
            "type": "json_schema", "name": "n", "description": "d", "schema": {"type": "object"}, "strict": true}},
        "store": false, "stream": true
    })
}

#[test]
fn what_is_on_the_list_is_written_as_it_was_read() {
    let request = Request::parse(whole().to_string().as_bytes()).unwrap();
    assert_eq!(serde_json::to_value(&request).unwrap(), whole());
}

#[test]
fn store_is_always_false_and_ids_are_left_out() {
    let request = json!({"model": "m", "tool_choice": "auto", "input": [
        {"role": "user", "content": "hello"},
        {"id": "rs_1", "type": "reasoning", "summary": [], "encrypted_content": "e", "status": null, "content": null},
        {"id": "msg_1", "type": "message", "role": "assistant", "status": "completed", "phase": "final_answer", "content": [
            {"type": "output_text", "text": "a", "annotations": [{"type": "url_citation", "url": "https://x"}], "logprobs": []}]},
        {"id": "fc_1", "type": "function_call", "call_id": "c", "name": "n", "arguments": "{}", "status": "completed"}]});
    let request = Request::parse(request.to_string().as_bytes()).unwrap();
    let expected = json!({"model": "m", "input": [
        {"type": "message", "role": "user", "content": "hello"},
        {"type": "reasoning", "summary": [], "encrypted_content": "e"},
        {"type": "message", "role": "assistant", "content": [{"type": "output_text", "text": "a"}]},
        {"type": "function_call", "call_id": "c", "name": "n", "arguments": "{}"}],
        "tool_choice": "auto", "store": false});
    assert_eq!(serde_json::to_value(&request).unwrap(), expected);
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
        ("store", json!(true), Disallowed::Stored),
        ("store", json!(null), Disallowed::Stored),
        ("background", json!(true), Disallowed::Stored),
        ("previous_response_id", json!("resp_1"), Disallowed::Stored),
        ("conversation", json!("conv_1"), Disallowed::Stored),
        ("prompt", json!({"id": "pmpt_1"}), Disallowed::Stored),
        ("metadata", json!({}), Disallowed::Field),
        ("user", json!("x"), Disallowed::Field),
        ("text", json!({"verbosity": "loud"}), Disallowed::Field),
        ("text", json!({"format": {"type": "json_object"}}), Disallowed::Field),
        ("text", json!({"format": {"type": "json_schema", "name": "n"}}), Disallowed::Field),
        ("text", json!({"more": 1}), Disallowed::Field),
        ("reasoning", json!({"context": "all"}), Disallowed::Field),
        ("include", json!(["file_search_call.results"]), Disallowed::Field),
        ("service_tier", json!("auto"), Disallowed::Field),
        ("tool_choice", json!({"type": "web_search"}), Disallowed::Field),
        ("tool_choice", json!({"type": "function", "name": "grep", "more": 1}), Disallowed::Field),
    ] {
        assert_eq!(refused(|request| request[field] = value), what, "{field}");
    }
    for kind in [
        "web_search",
        "file_search",
        "code_interpreter",
        "mcp",
        "image_generation",
        "computer_use_preview",
        "shell",
        "custom",
    ] {
        assert_eq!(refused(|request| request["tools"][0] = json!({"type": kind})), Disallowed::Tool, "{kind}");
    }
    for part in [
        json!({"type": "input_image", "image_url": "https://x"}),
        json!({"type": "input_image", "file_id": "file_1"}),
        json!({"type": "input_file", "file_id": "file_1"}),
        json!({"type": "input_file", "file_url": "https://x"}),
        json!({"type": "input_file", "file_data": "data:text/plain;base64,AA=="}),
    ] {
        assert_eq!(refused(|request| request["input"][1]["content"][0] = part.clone()), Disallowed::Content);
        assert_eq!(refused(|request| request["input"][5]["output"] = json!([part.clone()])), Disallowed::Content);
    }
    for item in
        ["web_search_call", "code_interpreter_call", "mcp_call", "computer_call_output", "mcp_approval_response"]
    {
        assert_eq!(refused(|request| request["input"][0] = json!({"type": item})), Disallowed::Content, "{item}");
    }
    let reference = json!({"type": "item_reference", "id": "msg_1"});
    assert_eq!(refused(|request| request["input"][0] = reference), Disallowed::Stored);
    let thought = json!({"type": "reasoning", "id": "rs_1", "summary": []});
    assert_eq!(refused(|request| request["input"][2] = thought), Disallowed::Stored);
}

const STREAM: &str = r#"event: response.created
data: {"type":"response.created","response":{"id":"resp_1","status":"in_progress","output":[],"usage":null}}

event: response.output_text.delta
data: {"type":"response.output_text.delta","delta":"a"}

event: response.completed
data: {"type":"response.completed","response":{"id":"resp_1","status":"completed","error":null,"incomplete_details":null,"output":[{"id":"rs_1","type":"reasoning","summary":[],"encrypted_content":"e"},{"id":"msg_1","type":"message","role":"assistant","status":"completed","content":[{"type":"output_text","text":"a","annotations":[]}]},{"id":"fc_1","type":"function_call","call_id":"call_1","name":"grep","arguments":"{}"},{"type":"hologram"}],"usage":{"input_tokens":10,"input_tokens_details":{"cached_tokens":4},"output_tokens":3,"total_tokens":13}}}

"#;

fn assemble(stream: &str) -> Result<Response, StreamError> {
    let mut assembler = Assembler::default();
    for event in Decoder::default().push(stream.as_bytes()).unwrap() {
        assembler.push(StreamEvent::parse(&event)?)?;
    }
    assembler.finish()
}

#[test]
fn the_last_event_is_the_answer() {
    let response = assemble(STREAM).unwrap();
    assert_eq!(response.status, "completed");
    assert_eq!(response.output.len(), 4);
    assert_eq!(response.output[1], Output::Message { content: vec![OutputContent::OutputText { text: "a".into() }] });
    assert_eq!(response.usage.unwrap().usage().unwrap().output_tokens, 3);
    let items: Vec<_> = response.output.iter().filter_map(Output::to_item).collect();
    assert_eq!(
        serde_json::to_value(&items).unwrap(),
        json!([
            {"type": "reasoning", "summary": [], "encrypted_content": "e"},
            {"type": "message", "role": "assistant", "content": [{"type": "output_text", "text": "a"}]},
            {"type": "function_call", "call_id": "call_1", "name": "grep", "arguments": "{}"}
        ])
    );
}

#[test]
fn half_an_answer_is_none() {
    let cut = STREAM.split("event: response.completed").next().unwrap();
    assert_eq!(assemble(cut), Err(StreamError::Cut));
    let error = "data: {\"type\":\"error\",\"code\":\"server_error\",\"message\":\"x\"}\n\n";
    assert!(matches!(assemble(&format!("{cut}{error}")), Err(StreamError::Provider(_))));
    let failed = STREAM
        .replace("response.completed", "response.failed")
        .replace("\"completed\",\"error\"", "\"failed\",\"error\"");
    assert_eq!(assemble(&failed).unwrap().status, "failed");
}
