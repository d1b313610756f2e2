//! Anthropic's Messages: what requests must be, and what answers look like.

use super::script::{Script, Step};
use super::server::{Refusal, Reply};
use axum::http::HeaderMap;
use serde_json::{Value, json};
use std::collections::BTreeSet;

/// The fields that a request may have, as far as we know them.
const FIELDS: &[&str] = &[
    "model",
    "max_tokens",
    "messages",
    "system",
    "tools",
    "tool_choice",
    "temperature",
    "top_p",
    "top_k",
    "stop_sequences",
    "stream",
    "thinking",
    "metadata",
    "service_tier",
    "output_config",
];

pub(super) fn error(kind: &str, message: &str) -> Value {
    json!({"type": "error", "error": {"type": kind, "message": message}, "request_id": "req_test"})
}

fn word(text: &Value, most: usize) -> bool {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_' || byte == b'-';
    text.as_str().is_some_and(|text| (1..=most).contains(&text.len()) && text.bytes().all(plain))
}

fn refuse<T>(message: impl Into<String>) -> Result<T, Refusal> {
    Err(Refusal::invalid(message))
}

/// What the real API answers with an error, in its words.
pub(super) fn check(script: &Script, headers: &HeaderMap, body: &Value) -> Result<(), Refusal> {
    if headers.get("x-api-key").is_none_or(|key| key.as_bytes() != script.key.as_bytes()) {
        return Err(Refusal { status: 401, kind: "authentication_error", message: "invalid x-api-key".to_owned() });
    }
    if headers.get("anthropic-version").is_none_or(|version| version != "2023-06-01") {
        return refuse("anthropic-version: header is required");
    }
    if let Some(field) = body.as_object().unwrap().keys().find(|field| !FIELDS.contains(&field.as_str())) {
        return refuse(format!("{field}: Extra inputs are not permitted"));
    }
    if body["model"].as_str().is_none_or(str::is_empty) {
        return refuse("model: Field required");
    }
    if body["max_tokens"].as_u64().is_none_or(|tokens| tokens == 0) {
        return refuse("max_tokens: Field required");
    }
    let marks = body.to_string().matches("\"cache_control\":{\"type\":\"ephemeral\"}").count();
    if marks > 4 {
        return refuse(format!("A maximum of 4 blocks with cache_control may be provided. Found {marks}."));
    }
    let names = tools(&body["tools"])?;
    if body["tool_choice"]["type"] == "tool"
        && !names.contains(body["tool_choice"]["name"].as_str().unwrap_or_default())
    {
        return refuse(format!("Tool '{}' not found in provided tools", body["tool_choice"]["name"]));
    }
    messages(&body["messages"])
}

fn tools(tools: &Value) -> Result<BTreeSet<&str>, Refusal> {
    let mut names = BTreeSet::new();
    for (index, tool) in tools.as_array().into_iter().flatten().enumerate() {
        if !word(&tool["name"], 128) {
            return refuse(format!(
                "tools.{index}.custom.name: String should match pattern '^[a-zA-Z0-9_-]{{1,128}}$'"
            ));
        }
        if tool["input_schema"]["type"] != "object" || !jsonschema::meta::is_valid(&tool["input_schema"]) {
            return refuse(format!("tools.{index}.custom.input_schema: JSON schema is invalid."));
        }
        if !names.insert(tool["name"].as_str().unwrap()) {
            return refuse("tools: Tool names must be unique.");
        }
    }
    Ok(names)
}

fn messages(messages: &Value) -> Result<(), Refusal> {
    let Some(messages) = messages.as_array().filter(|messages| !messages.is_empty()) else {
        return refuse("messages: at least one message is required");
    };
    if messages[0]["role"] != "user" {
        return refuse("messages: first message must use the \"user\" role");
    }
    let mut ids = BTreeSet::new();
    // The calls that the message before has made.
    let mut open: Vec<String> = Vec::new();
    // Instructions on the way are text, and do not count among the turns.
    let instructs = |message: &Value| message["role"] == "system";
    let texts = |message: &Value| {
        let blocks = message["content"].as_array();
        message["content"].is_string()
            || blocks.is_some_and(|blocks| blocks.iter().all(|block| block["type"] == "text"))
    };
    if let Some(at) = messages.iter().position(|message| instructs(message) && !texts(message)) {
        return refuse(format!("messages.{at}: system messages may only hold text"));
    }
    let messages: Vec<&Value> = messages.iter().filter(|message| !instructs(message)).collect();
    for (index, message) in messages.iter().enumerate() {
        let role = message["role"].as_str().unwrap_or_default();
        if index > 0 && messages[index - 1]["role"] == message["role"] {
            return refuse(format!(
                "messages: roles must alternate between \"user\" and \"assistant\", but found multiple \"{role}\" roles in a row"
            ));
        }
        let blocks = match &message["content"] {
            Value::String(text) => vec![json!({"type": "text", "text": text})],
            Value::Array(blocks) => blocks.clone(),
            _ => return refuse(format!("messages.{index}.content: Input should be a valid list")),
        };
        if blocks.is_empty() {
            return refuse(format!("messages.{index}: all messages must have non-empty content"));
        }
        let mut calls = Vec::new();
        let mut texts = false;
        for (at, block) in blocks.iter().enumerate() {
            let place = format!("messages.{index}.content.{at}");
            match (block["type"].as_str().unwrap_or_default(), role) {
                ("text", _) => {
                    texts = true;
                    if block["text"].as_str().is_none_or(|text| text.trim().is_empty()) {
                        return refuse("messages: text content blocks must contain non-whitespace text");
                    }
                }
                ("tool_use", "assistant") => {
                    let id = block["id"].as_str().unwrap_or_default().to_owned();
                    if !word(&block["id"], 128) || !word(&block["name"], 200) || !block["input"].is_object() {
                        return refuse(format!("{place}.tool_use: Input should be a valid dictionary"));
                    }
                    if !ids.insert(id.clone()) {
                        return refuse("messages: `tool_use` ids must be unique");
                    }
                    calls.push(id);
                }
                ("tool_result", "user") => {
                    let id = block["tool_use_id"].as_str().unwrap_or_default();
                    if texts {
                        return refuse(format!("{place}: `tool_result` blocks must come before other content"));
                    }
                    let Some(found) = open.iter().position(|open| open == id) else {
                        return refuse(format!(
                            "{place}: unexpected `tool_use_id` found in `tool_result` blocks: {id}. Each `tool_result` block \
                             must have a corresponding `tool_use` block in the previous message."
                        ));
                    };
                    open.remove(found);
                }
                ("thinking" | "redacted_thinking", "assistant") => {}
                (kind, _) => return refuse(format!("{place}: Input tag '{kind}' found using 'type' does not match")),
            }
        }
        if role == "user" && !open.is_empty() {
            return refuse(format!(
                "messages.{}: `tool_use` ids were found without `tool_result` blocks immediately after: {}. Each `tool_use` \
                 block must have a corresponding `tool_result` block in the next message.",
                index - 1,
                open.join(", ")
            ));
        }
        open = calls;
    }
    if messages.last().unwrap()["role"] != "user" {
        return refuse(
            "This model does not support assistant message prefill. The conversation must end with a user message.",
        );
    }
    Ok(())
}

/// The parts of an answer, and why it stops. `cut` is whether the last call's arguments end in the middle.
struct Answer {
    parts: Vec<Value>,
    stop: String,
    cut: bool,
}

fn answer(count: usize, step: &Step) -> Answer {
    let call = |at: usize, name: &str, input: &Value| json!({"type": "tool_use", "id": format!("toolu_{count}_{at}"), "name": name, "input": input});
    let mut cut = false;
    let (parts, stop) = match step {
        Step::Say { text, calls } => {
            let mut parts: Vec<Value> = text.iter().map(|text| json!({"type": "text", "text": text})).collect();
            parts.extend(calls.iter().enumerate().map(|(at, (name, input))| call(at, name, input)));
            (parts, if calls.is_empty() { "end_turn" } else { "tool_use" })
        }
        Step::CallWith { name, arguments } => {
            (vec![call(0, name, &serde_json::from_str(arguments).unwrap_or(json!(arguments)))], "tool_use")
        }
        Step::Refuse => (Vec::new(), "refusal"),
        Step::RunOut => {
            cut = true;
            (vec![call(0, "finish", &json!({"summary": "This goes on and on"}))], "max_tokens")
        }
        Step::StopFor(reason) => (Vec::new(), reason.as_str()),
        _ => (Vec::new(), "end_turn"),
    };
    Answer { parts, stop: stop.to_owned(), cut }
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
    let Answer { parts, stop, cut } = answer(count, step);
    let usage = json!({
        "input_tokens": script.usage.0, "cache_creation_input_tokens": 0, "cache_read_input_tokens": 0,
        "output_tokens": script.usage.1
    });
    let message = |content: &[Value], stop: Value, usage: &Value| {
        json!({
            "id": format!("msg_{count}"), "type": "message", "role": "assistant", "model": script.model,
            "content": content, "stop_reason": stop, "stop_sequence": null, "usage": usage
        })
    };
    let dies = matches!(step, Step::Die);
    if !stream {
        return Reply { dies, ..Reply::json(200, &message(&parts, json!(stop), &usage)) };
    }
    let mut text = String::new();
    let mut event = |name: &str, mut value: Value| {
        value["type"] = json!(name);
        text.push_str(&format!("event: {name}\ndata: {value}\n\n"));
    };
    let mut early = usage.clone();
    early["output_tokens"] = json!(1);
    event("message_start", json!({"message": message(&[], Value::Null, &early)}));
    event("ping", json!({}));
    for (index, part) in parts.iter().enumerate() {
        let mut start = part.clone();
        let deltas: Vec<Value> = if part["type"] == "text" {
            start["text"] = json!("");
            pieces(part["text"].as_str().unwrap()).map(|text| json!({"type": "text_delta", "text": text})).collect()
        } else {
            start["input"] = json!({});
            let input = part["input"].to_string();
            let input = if cut { &input[..input.len() / 2] } else { &input };
            pieces(input).map(|json| json!({"type": "input_json_delta", "partial_json": json})).collect()
        };
        event("content_block_start", json!({"index": index, "content_block": start}));
        for delta in deltas {
            event("content_block_delta", json!({"index": index, "delta": delta}));
        }
        event("ping", json!({}));
        event("content_block_stop", json!({"index": index}));
    }
    if let Step::FailLate { kind, message } = step {
        event("error", json!({"error": {"type": kind, "message": message}}));
        return Reply::events(text);
    }
    let output = json!({"output_tokens": script.usage.1});
    event("message_delta", json!({"delta": {"stop_reason": stop, "stop_sequence": null}, "usage": output}));
    event("message_stop", json!({}));
    Reply { dies, ..Reply::events(text) }
}

/// Text in pieces of a few characters, an empty one first, as the real ones begin.
pub(super) fn pieces(text: &str) -> impl Iterator<Item = String> {
    let characters: Vec<char> = text.chars().collect();
    let pieces: Vec<String> = characters.chunks(40).map(|piece| piece.iter().collect()).collect();
    std::iter::once(String::new()).chain(pieces)
}
