//! The scripted provider refuses what the real ones refuse: otherwise tests against it would prove nothing.

use super::{Provider, Script};
use serde_json::{Value, json};

/// What a request is answered with: its status and the words of the error.
fn ask(url: &str, path: &str, headers: &[(&str, &str)], body: &Value) -> (u16, String) {
    mcp_registry::fetch::install_crypto();
    let client = reqwest::blocking::Client::builder().no_proxy().tls_certs_only([]).build().unwrap();
    let mut request = client.post(format!("{url}{path}")).header("content-type", "application/json");
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    let response = request.body(body.to_string()).send().unwrap();
    let status = response.status().as_u16();
    let body: Value = serde_json::from_str(&response.text().unwrap()).unwrap();
    (status, body["error"]["message"].as_str().unwrap_or_default().to_owned())
}

/// A change to a request.
type Change = fn(&mut Value);

/// Makes each change to the request; returns what was answered.
fn answers(path: &str, headers: &[(&str, &str)], good: &Value, changes: &[Change]) -> String {
    let provider = Provider::on_loopback(Script::finds_one());
    assert_eq!(ask(&provider.url, path, headers, good), (200, String::new()));
    let mut said = Vec::new();
    for change in changes {
        let mut body = good.clone();
        change(&mut body);
        let (status, words) = ask(&provider.url, path, headers, &body);
        said.push(format!("{status} {words}"));
    }
    let seen = provider.seen();
    assert_eq!(seen.iter().filter(|seen| seen.step.is_some()).count(), 1, "a refused request uses no step up");
    said.join("\n")
}

#[test]
fn requests_that_anthropic_would_refuse_are_refused() {
    let good = json!({
        "model": "test-model", "max_tokens": 100, "tools": [{"name": "grep", "input_schema": {"type": "object"}}],
        "messages": [
            {"role": "user", "content": "hello"},
            {"role": "assistant", "content": [{"type": "tool_use", "id": "toolu_1", "name": "grep", "input": {}}]},
            {"role": "user", "content": [{"type": "tool_result", "tool_use_id": "toolu_1", "content": "x"}]}
        ]
    });
    let changes: &[Change] = &[
        |body| body["model"] = json!("other"),
        |body| body["max_tokens"] = json!(0),
        |body| body["betas"] = json!([]),
        |body| body["messages"] = json!([]),
        |body| body["messages"][1]["role"] = json!("user"),
        |body| body["messages"][0]["role"] = json!("assistant"),
        |body| body["messages"][0]["content"] = json!(" "),
        |body| body["messages"][2]["content"][0]["tool_use_id"] = json!("toolu_2"),
        |body| body["messages"][2]["content"] = json!("later"),
        |body| body["messages"].as_array_mut().unwrap().truncate(2),
        |body| body["messages"][1]["content"][0]["input"] = json!("{}"),
        |body| body["messages"][2]["content"][0]["type"] = json!("image"),
        |body| body["tools"][0]["name"] = json!("no spaces"),
        |body| body["tools"][0]["input_schema"] = json!({"type": "array"}),
        |body| body["tool_choice"] = json!({"type": "tool", "name": "finish"}),
    ];
    let headers = [("x-api-key", "sk-test-key"), ("anthropic-version", "2023-06-01")];
    insta::assert_snapshot!(answers("/v1/messages", &headers, &good, changes), @r#"
    404 model: "other"
    400 max_tokens: Field required
    400 betas: Extra inputs are not permitted
    400 messages: at least one message is required
    400 messages: roles must alternate between "user" and "assistant", but found multiple "user" roles in a row
    400 messages: first message must use the "user" role
    400 messages: text content blocks must contain non-whitespace text
    400 messages.2.content.0: unexpected `tool_use_id` found in `tool_result` blocks: toolu_2. Each `tool_result` block must have a corresponding `tool_use` block in the previous message.
    400 messages.1: `tool_use` ids were found without `tool_result` blocks immediately after: toolu_1. Each `tool_use` block must have a corresponding `tool_result` block in the next message.
    400 This model does not support assistant message prefill. The conversation must end with a user message.
    400 messages.1.content.0.tool_use: Input should be a valid dictionary
    400 messages.2.content.0: Input tag 'image' found using 'type' does not match
    400 tools.0.custom.name: String should match pattern '^[a-zA-Z0-9_-]{1,128}$'
    400 tools.0.custom.input_schema: JSON schema is invalid.
    400 Tool '"finish"' not found in provided tools
    "#);
    let provider = Provider::on_loopback(Script::finds_one());
    assert_eq!(ask(&provider.url, "/v1/messages", &headers[1..], &good), (401, "invalid x-api-key".to_owned()));
    assert_eq!(ask(&provider.url, "/v1/messages", &headers[..1], &good).0, 400);
    assert_eq!(ask(&provider.url, "/v1/models", &headers, &good).0, 404);
}

#[test]
fn requests_that_openai_would_refuse_are_refused() {
    let good = json!({
        "model": "test-model", "max_output_tokens": 100, "include": ["reasoning.encrypted_content"], "store": false,
        "tools": [{"type": "function", "name": "grep", "parameters": {"type": "object"}, "strict": false}],
        "input": [
            {"role": "user", "content": "hello"},
            {"type": "reasoning", "summary": [], "encrypted_content": "x"},
            {"type": "function_call", "call_id": "call_1", "name": "grep", "arguments": "{}"},
            {"type": "function_call_output", "call_id": "call_1", "output": "x"}
        ]
    });
    let changes: &[Change] = &[
        |body| body["model"] = json!("other"),
        |body| body["max_output_tokens"] = json!(1),
        |body| body["max_tokens"] = json!(100),
        |body| body["input"] = json!([]),
        |body| body["input"][0]["content"] = json!([{"type": "output_text", "text": "x"}]),
        |body| body["input"][1]["encrypted_content"] = Value::Null,
        |body| drop(body["input"].as_array_mut().unwrap().remove(2)),
        |body| drop(body["input"].as_array_mut().unwrap().remove(3)),
        |body| body["input"][2]["arguments"] = json!({}),
        |body| body["input"][2]["name"] = json!("no spaces"),
        |body| body["input"][3]["type"] = json!("item_reference"),
        |body| body["tools"][0]["type"] = json!("web_search"),
        |body| {
            body["tools"][0] =
                json!({"type": "function", "name": "x", "strict": true, "parameters": {"type": "object"}})
        },
        |body| body["tool_choice"] = json!({"type": "function", "name": "finish"}),
    ];
    let headers = [("authorization", "Bearer sk-test-key")];
    insta::assert_snapshot!(answers("/v1/responses", &headers, &good, changes), @r#"
    404 model: "other"
    400 Invalid 'max_output_tokens': integer below minimum value. Expected a value >= 16.
    400 Unknown parameter: 'max_tokens'.
    400 One of "input" or "previous_response_id" must be provided.
    400 Invalid value: 'input[0].content'.
    400 Missing required parameter: 'input[1].summary'.
    400 Item of type 'reasoning' was provided without its required following item.
    400 No tool output found for function call call_1.
    400 Invalid 'input[2]'.
    400 Invalid 'input[2].name': string does not match pattern.
    400 Invalid value: 'item_reference'. Supported values are: 'message' …
    400 Invalid 'tools[0].name': string does not match pattern.
    400 Invalid schema for function "x".
    400 Tool choice 'function' not found in 'tools' parameter.
    "#);
    let provider = Provider::on_loopback(Script { thinks: false, ..Script::finds_one() });
    assert_eq!(ask(&provider.url, "/v1/responses", &[], &good).0, 401);
    let (status, words) = ask(&provider.url, "/v1/responses", &headers, &good);
    assert_eq!((status, words.as_str()), (400, "Encrypted content is not supported with this model."));
}

#[test]
fn chat_completions_that_openai_would_refuse_are_refused() {
    let call = json!({"id": "call_1", "type": "function", "function": {"name": "grep", "arguments": "{}"}});
    let good = json!({
        "model": "test-model", "max_tokens": 100,
        "tools": [{"type": "function", "function": {"name": "grep", "parameters": {"type": "object"}}}],
        "messages": [
            {"role": "system", "content": "hello"},
            {"role": "user", "content": "hello"},
            {"role": "assistant", "content": null, "tool_calls": [call]},
            {"role": "tool", "tool_call_id": "call_1", "content": "x"}
        ]
    });
    let changes: &[Change] = &[
        |body| body["model"] = json!("other"),
        |body| body["max_output_tokens"] = json!(1),
        |body| body["stream_options"] = json!({"include_usage": true}),
        |body| body["messages"] = json!([]),
        |body| body["messages"][1]["role"] = json!("function"),
        |body| body["messages"][1]["content"] = Value::Null,
        |body| body["messages"][1]["content"] = json!([{"type": "image_url"}]),
        |body| drop(body["messages"].as_array_mut().unwrap().remove(2)),
        |body| drop(body["messages"].as_array_mut().unwrap().remove(3)),
        |body| body["messages"][2]["tool_calls"] = json!([]),
        |body| body["messages"][2]["tool_calls"][0]["function"]["arguments"] = json!("no JSON"),
        |body| body["messages"][2]["tool_calls"][0]["function"]["name"] = json!("no spaces"),
        |body| body["messages"][3]["tool_call_id"] = json!("call_2"),
        |body| body["messages"][3]["role"] = json!("user"),
        |body| body["tools"][0]["type"] = json!("web_search"),
        |body| body["tools"][0]["function"]["parameters"] = json!({"type": "array"}),
        |body| body["tool_choice"] = json!({"type": "function", "function": {"name": "finish"}}),
    ];
    let headers = [("authorization", "Bearer sk-test-key")];
    insta::assert_snapshot!(answers("/v1/chat/completions", &headers, &good, changes), @r#"
    404 model: "other"
    400 Unrecognized request argument supplied: max_output_tokens
    400 The 'stream_options' parameter is only allowed when 'stream' is enabled.
    400 Invalid 'messages': empty array. Expected an array with minimum length 1.
    400 Invalid value: 'function'. Supported values are: 'system', 'assistant' …
    400 Invalid value for 'content': expected a string, got null. (messages.[1])
    400 Invalid value for 'content': expected a string, got null. (messages.[1])
    400 Invalid parameter: messages with role 'tool' must be a response to a preceeding message with 'tool_calls'.
    400 An assistant message with 'tool_calls' must be followed by tool messages responding to each 'tool_call_id'. The following tool_call_ids did not have response messages: call_1
    400 Invalid value for 'content': expected a string, got null. (messages.[2])
    400 Invalid 'messages[2].tool_calls'.
    400 Invalid 'messages[2].tool_calls'.
    400 Invalid parameter: messages with role 'tool' must be a response to a preceeding message with 'tool_calls'.
    400 An assistant message with 'tool_calls' must be followed by tool messages responding to each 'tool_call_id'. The following tool_call_ids did not have response messages: call_1
    400 Invalid 'tools[0].function.name': string does not match pattern.
    400 Invalid schema for function "grep".
    400 Invalid value for 'tool_choice': 'function' not found in 'tools'.
    "#);
    let provider = Provider::on_loopback(Script { completion_tokens: true, ..Script::finds_one() });
    assert_eq!(ask(&provider.url, "/v1/chat/completions", &[], &good).0, 401);
    insta::assert_snapshot!(ask(&provider.url, "/v1/chat/completions", &headers, &good).1, @"Unsupported parameter: 'max_tokens' is not supported with this model. Use 'max_completion_tokens' instead.");
}
