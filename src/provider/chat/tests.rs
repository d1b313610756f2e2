#![allow(clippy::unwrap_used, clippy::expect_used)]

use super::stream::{Assembler, StreamError, StreamEvent};
use super::{Request, Response};
use crate::provider::Disallowed;
use crate::provider::sse::Decoder;
use serde_json::{Value, json};

fn whole() -> Value {
    json!({
        "model": "m",
        "messages": [
            {"role": "system", "content": "s"},
            {"role": "developer", "content": [{"type": "text", "text": "d"}]},
            {"role": "user", "content": "hello"},
            {"role": "assistant", "content": null, "tool_calls": [
                {"type": "function", "id": "call_1", "function": {"name": "grep", "arguments": "{\"pattern\": 1}"}}]},
            {"role": "tool", "tool_call_id": "call_1", "content": "r"},
            {"role": "assistant", "content": "a", "refusal": "no"}],
        "tools": [{"type": "function", "function": {
            "name": "grep", "description": "d", "parameters": {"type": "object"}, "strict": true}}],
        "tool_choice": {"type": "function", "function": {"name": "grep"}}, "parallel_tool_calls": false,
        "max_tokens": 100, "temperature": 0.5, "reasoning_effort": "high", "stream": true,
        "stream_options": {"include_usage": true}
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
        ("store", json!(true), Disallowed::Stored),
        ("store", json!(false), Disallowed::Stored),
        ("metadata", json!({}), Disallowed::Field),
        ("user", json!("x"), Disallowed::Field),
        ("n", json!(2), Disallowed::Field),
        ("best_of", json!(2), Disallowed::Field),
        ("service_tier", json!("auto"), Disallowed::Field),
        ("max_completion_tokens", json!(100), Disallowed::Field),
        ("max_tokens", json!(-1), Disallowed::Field),
        ("functions", json!([]), Disallowed::Field),
        ("function_call", json!("auto"), Disallowed::Field),
        ("web_search_options", json!({}), Disallowed::Tool),
        ("plugins", json!([{"id": "web"}]), Disallowed::Field),
        ("models", json!(["x"]), Disallowed::Field),
        ("modalities", json!(["audio"]), Disallowed::Content),
        ("stream_options", json!({"include_usage": true, "more": 1}), Disallowed::Field),
        ("tool_choice", json!({"type": "function", "function": {"name": "grep", "more": 1}}), Disallowed::Field),
        ("tool_choice", json!("any"), Disallowed::Field),
    ] {
        assert_eq!(refused(|request| request[field] = value.clone()), what, "{field}");
    }
    for kind in ["custom", "web_search", "mcp", "code_interpreter"] {
        assert_eq!(refused(|request| request["tools"][0] = json!({"type": kind})), Disallowed::Tool, "{kind}");
    }
    for part in [
        json!({"type": "image_url", "image_url": {"url": "https://x"}}),
        json!({"type": "image_url", "image_url": {"url": "data:image/png;base64,AAAA"}}),
        json!({"type": "input_audio", "input_audio": {"data": "", "format": "wav"}}),
        json!({"type": "file", "file": {"file_id": "file_1"}}),
    ] {
        for message in 0..6 {
            let put = |request: &mut Value| request["messages"][message]["content"] = json!([part.clone()]);
            assert_eq!(refused(put), Disallowed::Content, "{message} {part}");
        }
    }
    assert_eq!(refused(|request| request["messages"][5]["audio"] = json!({"id": "x"})), Disallowed::Stored);
    refused(|request| request["messages"][2]["role"] = json!("function"));
    refused(|request| request["messages"][2]["name"] = json!("x"));
    refused(|request| request["messages"][2]["tool_calls"] = json!([]));
    refused(|request| request["messages"][3]["tool_calls"][0]["type"] = json!("custom"));
    refused(|request| request["messages"][3]["tool_calls"][0]["function"]["arguments"] = json!({}));
    refused(|request| request["messages"][3]["tool_calls"][0]["function"]["more"] = json!(1));
    refused(|request| request["tools"][0]["function"]["more"] = json!(1));
    let twice = br#"{"model": "m", "messages": [], "model": "n"}"#;
    assert_eq!(Request::parse(twice).unwrap_err().what, Disallowed::Json);
}

const STREAM: &str = r#": a comment

data: {"choices":[{"index":0,"delta":{"role":"assistant","content":"","refusal":null},"finish_reason":null}],"usage":null}

data: {"choices":[{"index":0,"delta":{"content":"loo"},"finish_reason":null}]}

data: {"choices":[{"index":0,"delta":{"content":"k"}},{"index":1,"delta":{"content":"other"}}]}

data: {"choices":[{"index":0,"delta":{"tool_calls":[{"index":0,"id":"call_1","type":"function","function":{"name":"grep","arguments":""}}]}}]}

data: {"choices":[{"index":0,"delta":{"tool_calls":[{"index":0,"function":{"arguments":"{\"a\""}}]}}]}

data: {"choices":[{"index":0,"delta":{"tool_calls":[{"index":0,"function":{"arguments":": 1}"}},{"index":1,"id":"call_2","function":{"name":"list","arguments":"{}"}}]}}]}

data: {"choices":[{"index":0,"delta":{},"finish_reason":"tool_calls"}]}

data: {"choices":[],"usage":{"prompt_tokens":10,"completion_tokens":3,"total_tokens":13}}

data: [DONE]

"#;

fn assemble(stream: &str) -> Result<Response, StreamError> {
    let mut assembler = Assembler::default();
    for event in Decoder::default().push(stream.as_bytes()).unwrap() {
        assembler.push(StreamEvent::parse(&event)?)?;
    }
    assembler.finish()
}

/// The calls of an answer: id, name, arguments.
fn calls(response: &Response) -> Vec<(Option<&str>, &str, String)> {
    let calls = response.choices[0].message.tool_calls.iter().flatten();
    calls.map(|call| (call.id.as_deref(), call.function.name.as_str(), call.function.text())).collect()
}

#[test]
fn events_make_up_the_answer_that_would_have_come_whole() {
    let response = assemble(STREAM).unwrap();
    let expected = [(Some("call_1"), "grep", "{\"a\": 1}".to_owned()), (Some("call_2"), "list", "{}".to_owned())];
    assert_eq!(calls(&response), expected);
    assert_eq!(response.choices[0].message.text(), "look");
    assert_eq!(response.choices[0].finish_reason.as_deref(), Some("tool_calls"));
    let usage = response.usage.unwrap().usage().unwrap();
    assert_eq!((usage.input_tokens, usage.output_tokens), (10, 3));
}

#[test]
fn calls_that_come_in_one_piece_and_without_a_number_are_read() {
    let event = |call: &str| format!("data: {{\"choices\":[{{\"delta\":{{\"tool_calls\":[{call}]}}}}]}}\n\n");
    let stream = event(r#"{"function":{"name":"grep","arguments":{"a":1}}}"#)
        + &event(r#"{"id":"x","function":{"name":"list","arguments":"{\"b"}}"#)
        + &event(r#"{"function":{"arguments":"\":2}"}}"#)
        + "data: [DONE]\n\n";
    let response = assemble(&stream).unwrap();
    let expected = [(None, "grep", "{\"a\":1}".to_owned()), (Some("x"), "list", "{\"b\":2}".to_owned())];
    assert_eq!(calls(&response), expected);
}

#[test]
fn half_an_answer_is_none() {
    let cut = STREAM.split("data: [DONE]").next().unwrap();
    assert_eq!(assemble(cut), Err(StreamError::Cut));
    let error = "data: {\"error\":{\"message\":\"overloaded\",\"type\":\"server_error\",\"code\":503}}\n\n";
    assert!(
        matches!(assemble(&format!("{cut}{error}")), Err(StreamError::Provider(detail)) if detail.message.as_deref() == Some("overloaded"))
    );
    assert!(matches!(assemble("data: {\"error\":\"no\"}\n\n"), Err(StreamError::Provider(_))));
    assert!(matches!(assemble("data: {\"choices\":1}\n\n"), Err(StreamError::Malformed(_))));
}

#[test]
fn an_answer_with_unknown_parts_is_read() {
    let response: Response = serde_json::from_value(json!({
        "id": "x", "object": "chat.completion", "choices": [{"index": 0, "finish_reason": "stop", "logprobs": null, "message": {
            "role": "assistant", "content": [{"type": "text", "text": "a"}], "reasoning_content": "hm", "annotations": [],
            "tool_calls": null}}],
        "usage": {"prompt_tokens": 1, "completion_tokens": null}
    }))
    .unwrap();
    assert_eq!(response.choices[0].message.text(), "a");
    assert_eq!(response.usage.unwrap().usage(), None);
}
