//! OpenAI's chat completions: what requests must be, and what answers look like.

use super::anthropic::pieces;
use super::openai::is_name;
use super::script::{Script, Step};
use super::server::{Refusal, Reply};
use axum::http::{HeaderMap, header};
use serde_json::{Value, json};
use std::collections::BTreeSet;

/// The fields that a request may have, as far as we know them.
const FIELDS: &[&str] = &[
    "model",
    "messages",
    "tools",
    "tool_choice",
    "parallel_tool_calls",
    "max_tokens",
    "max_completion_tokens",
    "temperature",
    "reasoning_effort",
    "stream",
    "stream_options",
    "top_p",
    "stop",
    "n",
    "response_format",
];

fn refuse<T>(message: impl Into<String>) -> Result<T, Refusal> {
    Err(Refusal::invalid(message))
}

/// What the real API answers with an error, in its words.
pub(super) fn check(script: &Script, headers: &HeaderMap, body: &Value) -> Result<(), Refusal> {
    let expected = format!("Bearer {}", script.key);
    if headers.get(header::AUTHORIZATION).is_none_or(|key| key.as_bytes() != expected.as_bytes()) {
        let message = "Incorrect API key provided".to_owned();
        return Err(Refusal { status: 401, kind: "invalid_request_error", message });
    }
    if let Some(field) = body.as_object().unwrap().keys().find(|field| !FIELDS.contains(&field.as_str())) {
        return refuse(format!("Unrecognized request argument supplied: {field}"));
    }
    if script.completion_tokens && body.get("max_tokens").is_some() {
        return refuse(
            "Unsupported parameter: 'max_tokens' is not supported with this model. Use 'max_completion_tokens' instead.",
        );
    }
    if body.get("stream_options").is_some() && body["stream"] != true {
        return refuse("The 'stream_options' parameter is only allowed when 'stream' is enabled.");
    }
    let mut names = BTreeSet::new();
    for (index, tool) in body["tools"].as_array().into_iter().flatten().enumerate() {
        let function = &tool["function"];
        if tool["type"] != "function" || !is_name(&function["name"]) {
            return refuse(format!("Invalid 'tools[{index}].function.name': string does not match pattern."));
        }
        if function["parameters"]["type"] != "object" || !jsonschema::meta::is_valid(&function["parameters"]) {
            return refuse(format!("Invalid schema for function {}.", function["name"]));
        }
        names.insert(function["name"].as_str().unwrap());
    }
    let choice = &body["tool_choice"];
    if !choice.is_null() && names.is_empty() {
        return refuse("'tool_choice' is only allowed when 'tools' are specified.");
    }
    if choice.is_object() && !names.contains(choice["function"]["name"].as_str().unwrap_or_default()) {
        return refuse("Invalid value for 'tool_choice': 'function' not found in 'tools'.");
    }
    messages(&body["messages"])
}

fn messages(messages: &Value) -> Result<(), Refusal> {
    let Some(messages) = messages.as_array().filter(|messages| !messages.is_empty()) else {
        return refuse("Invalid 'messages': empty array. Expected an array with minimum length 1.");
    };
    let unanswered = |open: &BTreeSet<&str>| {
        let ids: Vec<&str> = open.iter().copied().collect();
        refuse(format!(
            "An assistant message with 'tool_calls' must be followed by tool messages responding to each 'tool_call_id'. The \
             following tool_call_ids did not have response messages: {}",
            ids.join(", ")
        ))
    };
    let (mut open, mut all) = (BTreeSet::new(), BTreeSet::new());
    for (index, message) in messages.iter().enumerate() {
        let role = message["role"].as_str().unwrap_or_default();
        if role != "tool" && !open.is_empty() {
            return unanswered(&open);
        }
        let calls = message["tool_calls"].as_array();
        match &message["content"] {
            Value::String(_) => {}
            Value::Array(parts) if parts.iter().all(|part| part["type"] == "text" && part["text"].is_string()) => {}
            Value::Null if role == "assistant" && calls.is_some_and(|calls| !calls.is_empty()) => {}
            _ => {
                return refuse(format!(
                    "Invalid value for 'content': expected a string, got null. (messages.[{index}])"
                ));
            }
        }
        match role {
            "system" | "developer" | "user" => {}
            "assistant" => {
                if calls.is_some_and(Vec::is_empty) {
                    return refuse(format!("Invalid 'messages[{index}].tool_calls': empty array."));
                }
                for call in calls.into_iter().flatten() {
                    let id = call["id"].as_str().unwrap_or_default();
                    let arguments = call["function"]["arguments"].as_str();
                    // The real one takes any text; those that serve models of one's own read it.
                    let read =
                        arguments.is_some_and(|text| serde_json::from_str::<Value>(text).is_ok_and(|v| v.is_object()));
                    if call["type"] != "function" || !is_name(&call["function"]["name"]) || !read || !all.insert(id) {
                        return refuse(format!("Invalid 'messages[{index}].tool_calls'."));
                    }
                    open.insert(id);
                }
            }
            "tool" => {
                if !open.remove(message["tool_call_id"].as_str().unwrap_or_default()) {
                    return refuse(
                        "Invalid parameter: messages with role 'tool' must be a response to a preceeding message with \
                         'tool_calls'.",
                    );
                }
            }
            role => return refuse(format!("Invalid value: '{role}'. Supported values are: 'system', 'assistant' …")),
        }
    }
    if open.is_empty() { Ok(()) } else { unanswered(&open) }
}

/// An answer's message, and why it stops.
fn answer(count: usize, step: &Step) -> (Value, String) {
    let call = |at: usize, name: &str, arguments: String| json!({"id": format!("call_{count}_{at}"), "type": "function", "function": {"name": name, "arguments": arguments}});
    let message = |content: Value, calls: Vec<Value>| {
        let mut message = json!({"role": "assistant", "content": content, "refusal": null, "annotations": []});
        if !calls.is_empty() {
            message["tool_calls"] = json!(calls);
        }
        message
    };
    let (message, stop) = match step {
        Step::Say { text, calls } => {
            let calls: Vec<Value> =
                calls.iter().enumerate().map(|(at, (name, input))| call(at, name, input.to_string())).collect();
            let stop = if calls.is_empty() { "stop" } else { "tool_calls" };
            (message(json!(text), calls), stop)
        }
        Step::CallWith { name, arguments } => {
            (message(Value::Null, vec![call(0, name, arguments.clone())]), "tool_calls")
        }
        Step::Refuse => {
            let mut message = message(Value::Null, Vec::new());
            message["refusal"] = json!("I can't help with that.");
            (message, "stop")
        }
        Step::RunOut => {
            (message(Value::Null, vec![call(0, "finish", "{\"summary\": \"This goes o".to_owned())]), "length")
        }
        Step::StopFor(reason) => (message(json!(""), Vec::new()), reason.as_str()),
        _ => (message(json!(""), Vec::new()), "stop"),
    };
    (message, stop.to_owned())
}

/// Plays one step.
pub(super) fn play(script: &Script, count: usize, step: &Step, body: &Value) -> Reply {
    let stream = body["stream"] == true;
    let dies = matches!(step, Step::Die);
    match step {
        Step::Fail { status, headers, kind, message } => {
            let error = super::openai::error(kind, message);
            return Reply { headers: headers.clone(), ..Reply::json(*status, &error) };
        }
        Step::Garbage(text) => {
            return Reply { body: text.clone().into_bytes(), events: stream, ..Reply::json(200, &Value::Null) };
        }
        // As gateways do that have begun to answer.
        Step::FailLate { kind, message } if !stream => {
            return Reply::json(200, &super::openai::error(kind, message));
        }
        _ => {}
    }
    let (message, stop) = answer(count, step);
    let (input, output) = script.usage;
    let usage = json!({"prompt_tokens": input, "completion_tokens": output, "total_tokens": input + output});
    let id = format!("chatcmpl-{count}");
    if !stream {
        let choice = json!({"index": 0, "message": message, "logprobs": null, "finish_reason": stop});
        let whole = json!({"id": id, "object": "chat.completion", "created": 0, "model": script.model, "choices": [choice],
                           "usage": usage});
        return Reply { dies, ..Reply::json(200, &whole) };
    }
    let counts = body["stream_options"]["include_usage"] == true;
    let mut text = ": a sign of life\n\n".to_owned();
    let mut event = |choices: Value, usage: Value| {
        let mut chunk = json!({"id": id, "object": "chat.completion.chunk", "created": 0, "model": script.model, "choices": choices});
        if counts {
            chunk["usage"] = usage;
        }
        text.push_str(&format!("data: {chunk}\n\n"));
    };
    let delta = |delta: Value| json!([{"index": 0, "delta": delta, "logprobs": null, "finish_reason": null}]);
    event(delta(json!({"role": "assistant", "content": "", "refusal": null})), Value::Null);
    for piece in message["content"].as_str().into_iter().flat_map(pieces) {
        event(delta(json!({"content": piece})), Value::Null);
    }
    if let Some(refusal) = message["refusal"].as_str() {
        event(delta(json!({"refusal": refusal})), Value::Null);
    }
    for (index, call) in message["tool_calls"].as_array().into_iter().flatten().enumerate() {
        let mut start = call.clone();
        start["index"] = json!(index);
        start["function"]["arguments"] = json!("");
        event(delta(json!({"tool_calls": [start]})), Value::Null);
        for piece in pieces(call["function"]["arguments"].as_str().unwrap()) {
            let more = json!({"index": index, "function": {"arguments": piece}});
            event(delta(json!({"tool_calls": [more]})), Value::Null);
        }
    }
    if let Step::FailLate { kind, message } = step {
        text.push_str(&format!("data: {}\n\n", super::openai::error(kind, message)));
        return Reply::events(text);
    }
    event(json!([{"index": 0, "delta": {}, "logprobs": null, "finish_reason": stop}]), Value::Null);
    if counts {
        event(json!([]), usage);
    }
    text.push_str("data: [DONE]\n\n");
    Reply { dies, ..Reply::events(text) }
}
