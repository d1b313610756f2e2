//! OpenAI's Responses: what requests must be, and what answers look like.

use super::anthropic::pieces;
use super::script::{Script, Step};
use super::server::{Refusal, Reply};
use axum::http::{HeaderMap, header};
use serde_json::{Value, json};
use std::collections::BTreeSet;

/// The fields that a request may have, as far as we know them.
const FIELDS: &[&str] = &[
    "model",
    "input",
    "instructions",
    "tools",
    "tool_choice",
    "parallel_tool_calls",
    "max_output_tokens",
    "temperature",
    "reasoning",
    "include",
    "store",
    "stream",
    "text",
    "top_p",
    "metadata",
    "truncation",
];

pub(super) fn error(kind: &str, message: &str) -> Value {
    json!({"error": {"message": message, "type": kind, "param": null, "code": null}})
}

fn refuse<T>(message: impl Into<String>) -> Result<T, Refusal> {
    Err(Refusal::invalid(message))
}

pub(super) fn is_name(name: &Value) -> bool {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_' || byte == b'-';
    name.as_str().is_some_and(|name| (1..=64).contains(&name.len()) && name.bytes().all(plain))
}

/// What the real API answers with an error, in its words.
pub(super) fn check(script: &Script, headers: &HeaderMap, body: &Value) -> Result<(), Refusal> {
    let expected = format!("Bearer {}", script.key);
    if headers.get(header::AUTHORIZATION).is_none_or(|key| key.as_bytes() != expected.as_bytes()) {
        return Err(Refusal {
            status: 401,
            kind: "invalid_request_error",
            message: "Incorrect API key provided".into(),
        });
    }
    if let Some(field) = body.as_object().unwrap().keys().find(|field| !FIELDS.contains(&field.as_str())) {
        return refuse(format!("Unknown parameter: '{field}'."));
    }
    if body["max_output_tokens"].as_u64().is_some_and(|tokens| tokens < 16) {
        return refuse("Invalid 'max_output_tokens': integer below minimum value. Expected a value >= 16.");
    }
    if body["include"].as_array().is_some_and(|include| !include.is_empty()) && !script.thinks {
        return refuse("Encrypted content is not supported with this model.");
    }
    let mut names = BTreeSet::new();
    for (index, tool) in body["tools"].as_array().into_iter().flatten().enumerate() {
        if tool["type"] != "function" || !is_name(&tool["name"]) {
            return refuse(format!("Invalid 'tools[{index}].name': string does not match pattern."));
        }
        let schema = &tool["parameters"];
        let keys: Vec<&String> = schema["properties"].as_object().into_iter().flat_map(|map| map.keys()).collect();
        let required = |key: &&String| schema["required"].as_array().is_some_and(|list| list.contains(&json!(key)));
        let is_strict = schema["additionalProperties"] == false && keys.iter().all(required);
        if !jsonschema::meta::is_valid(schema) || (tool["strict"] == true && !is_strict) {
            return refuse(format!("Invalid schema for function {}.", tool["name"]));
        }
        names.insert(tool["name"].as_str().unwrap());
    }
    if body["tool_choice"]["type"] == "function"
        && !names.contains(body["tool_choice"]["name"].as_str().unwrap_or_default())
    {
        return refuse("Tool choice 'function' not found in 'tools' parameter.");
    }
    items(&body["input"])
}

fn items(input: &Value) -> Result<(), Refusal> {
    let Some(items) = input.as_array().filter(|items| !items.is_empty()) else {
        return refuse("One of \"input\" or \"previous_response_id\" must be provided.");
    };
    let mut open = BTreeSet::new();
    let mut all = BTreeSet::new();
    for (index, item) in items.iter().enumerate() {
        match item["type"].as_str().unwrap_or("message") {
            "message" => {
                let role = item["role"].as_str().unwrap_or_default();
                let expected = if role == "assistant" { "output_text" } else { "input_text" };
                let wrong = |part: &Value| part["type"] != expected && part["type"] != "refusal";
                if !["user", "assistant", "developer", "system"].contains(&role)
                    || item["content"].as_array().is_some_and(|parts| parts.iter().any(wrong))
                    || item["content"].is_null()
                {
                    return refuse(format!("Invalid value: 'input[{index}].content'."));
                }
            }
            "function_call" => {
                let id = item["call_id"].as_str().unwrap_or_default();
                if !is_name(&item["name"]) {
                    return refuse(format!("Invalid 'input[{index}].name': string does not match pattern."));
                }
                if !item["arguments"].is_string() || !all.insert(id) {
                    return refuse(format!("Invalid 'input[{index}]'."));
                }
                open.insert(id);
            }
            "function_call_output" => {
                let id = item["call_id"].as_str().unwrap_or_default();
                if !open.remove(id) {
                    return refuse(format!("No tool call found for function call output with call_id {id}."));
                }
            }
            "reasoning" => {
                if !item["encrypted_content"].is_string() || !item["summary"].is_array() {
                    return refuse(format!("Missing required parameter: 'input[{index}].summary'."));
                }
                let next = items.get(index + 1).map(|next| next["type"].as_str().unwrap_or("message"));
                if !matches!(next, Some("function_call" | "message" | "reasoning")) {
                    return refuse("Item of type 'reasoning' was provided without its required following item.");
                }
            }
            kind => return refuse(format!("Invalid value: '{kind}'. Supported values are: 'message' …")),
        }
    }
    match open.into_iter().next() {
        Some(id) => refuse(format!("No tool output found for function call {id}.")),
        None => Ok(()),
    }
}

/// The parts of an answer, its status, and why it is incomplete.
fn answer(script: &Script, count: usize, step: &Step, body: &Value) -> (Vec<Value>, &'static str, Option<String>) {
    let message = |content: Value| json!({"id": format!("msg_{count}"), "type": "message", "status": "completed", "role": "assistant", "content": [content]});
    let call = |at: usize, name: &str, arguments: String| {
        json!({
            "id": format!("fc_{count}_{at}"), "type": "function_call", "status": "completed",
            "call_id": format!("call_{count}_{at}"), "name": name, "arguments": arguments
        })
    };
    let mut parts = Vec::new();
    if script.thinks && !matches!(step, Step::Silence) {
        let encrypted = body["include"].as_array().is_some_and(|include| !include.is_empty());
        let content = encrypted.then(|| format!("encrypted thought {count}"));
        parts.push(
            json!({"id": format!("rs_{count}"), "type": "reasoning", "summary": [], "encrypted_content": content}),
        );
    }
    match step {
        Step::Say { text, calls } => {
            let text = text
                .iter()
                .map(|text| message(json!({"type": "output_text", "text": text, "annotations": [], "logprobs": []})));
            parts.extend(text);
            parts.extend(calls.iter().enumerate().map(|(at, (name, input))| call(at, name, input.to_string())));
        }
        Step::CallWith { name, arguments } => parts.push(call(0, name, arguments.clone())),
        Step::Refuse => parts.push(message(json!({"type": "refusal", "refusal": "I can't help with that."}))),
        Step::RunOut => return (parts, "incomplete", Some("max_output_tokens".to_owned())),
        Step::StopFor(reason) => return (parts, "incomplete", Some(reason.clone())),
        _ => {}
    }
    (parts, "completed", None)
}

/// Plays one step.
pub(super) fn play(script: &Script, count: usize, step: &Step, body: &Value) -> Reply {
    let stream = body["stream"] == true;
    match step {
        Step::Fail { status, headers, kind, message } => {
            return Reply { headers: headers.clone(), ..Reply::json(*status, &error(kind, message)) };
        }
        Step::Garbage(text) => {
            return Reply { body: text.clone().into_bytes(), events: stream, ..Reply::json(200, &Value::Null) };
        }
        _ => {}
    }
    let (parts, status, reason) = answer(script, count, step, body);
    let (input, output) = script.usage;
    let response = |status: &str, parts: &[Value], usage: Value, error: Value| {
        json!({
            "id": format!("resp_{count}"), "object": "response", "created_at": 0, "status": status, "error": error,
            "incomplete_details": reason.as_ref().map(|reason| json!({"reason": reason})), "model": script.model,
            "output": parts, "parallel_tool_calls": true, "store": false, "usage": usage
        })
    };
    let usage = json!({
        "input_tokens": input, "input_tokens_details": {"cached_tokens": 0},
        "output_tokens": output, "output_tokens_details": {"reasoning_tokens": 0}, "total_tokens": input + output
    });
    let late = match step {
        Step::FailLate { kind, message } => json!({"code": kind, "message": message}),
        _ => Value::Null,
    };
    let status = if late.is_null() { status } else { "failed" };
    let end = response(status, &parts, usage, late);
    let dies = matches!(step, Step::Die);
    if !stream {
        return Reply { dies, ..Reply::json(200, &end) };
    }
    let mut text = String::new();
    let mut number = 0;
    let mut event = |name: &str, mut value: Value| {
        value["type"] = json!(name);
        value["sequence_number"] = json!(number);
        number += 1;
        text.push_str(&format!("event: {name}\ndata: {value}\n\n"));
    };
    let begun = response("in_progress", &[], Value::Null, Value::Null);
    event("response.created", json!({"response": begun}));
    event("response.in_progress", json!({"response": begun}));
    for (index, part) in parts.iter().enumerate() {
        let mut start = part.clone();
        start["status"] = json!("in_progress");
        let (field, name) = match part["type"].as_str().unwrap() {
            "function_call" => ("arguments", "response.function_call_arguments"),
            "message" => ("content", "response.output_text"),
            _ => ("summary", ""),
        };
        start[field] = if field == "arguments" { json!("") } else { json!([]) };
        event("response.output_item.added", json!({"output_index": index, "item": start}));
        let said = if field == "arguments" { part[field].as_str() } else { part[field][0]["text"].as_str() };
        for piece in said.into_iter().flat_map(pieces) {
            event(&format!("{name}.delta"), json!({"output_index": index, "item_id": part["id"], "delta": piece}));
        }
        if let Some(said) = said {
            event(&format!("{name}.done"), json!({"output_index": index, "item_id": part["id"], "text": said}));
        }
        event("response.output_item.done", json!({"output_index": index, "item": part}));
    }
    event(&format!("response.{status}"), json!({"response": end}));
    Reply { dies, ..Reply::events(text) }
}
