//! What the provider saw, as people read it.

use crate::provider::Seen;
use serde_json::Value;
use std::fmt::Write;

/// The random word of a run's delimiter, out of its system prompt.
pub(super) fn word(seen: &Seen) -> String {
    let system = format!("{}{}{}", seen.body["system"], seen.body["instructions"], seen.body["messages"][0]["content"]);
    let after = system.split_once("<data-").expect("the delimiter is announced").1;
    after.chars().take_while(char::is_ascii_hexdigit).collect()
}

/// The items of a request's conversation: who, what kind, what.
fn items(seen: &Seen) -> Vec<String> {
    let text = |value: &Value| match value {
        Value::String(text) => text.clone(),
        Value::Array(parts) => parts.iter().filter_map(|part| part["text"].as_str()).collect(),
        _ => String::new(),
    };
    let mut items = Vec::new();
    for message in seen.body["messages"].as_array().into_iter().flatten() {
        let role = message["role"].as_str().unwrap();
        if seen.path.ends_with("/chat/completions") {
            items.extend(of_chat(role, message, &text));
            continue;
        }
        for block in message["content"].as_array().unwrap() {
            let marked = if block.get("cache_control").is_some() { " [cache]" } else { "" };
            let failed = if block["is_error"] == true { " [error]" } else { "" };
            items.push(match block["type"].as_str().unwrap() {
                "tool_use" => format!(
                    "{role} calls {} {} {}",
                    block["name"].as_str().unwrap(),
                    block["id"].as_str().unwrap(),
                    block["input"]
                ),
                "tool_result" => {
                    format!(
                        "result of {}{failed}{marked}:\n{}",
                        block["tool_use_id"].as_str().unwrap(),
                        text(&block["content"])
                    )
                }
                _ => format!("{role}{marked}:\n{}", text(&block["text"])),
            });
        }
    }
    for item in seen.body["input"].as_array().into_iter().flatten() {
        items.push(match item["type"].as_str().unwrap() {
            "function_call" => format!(
                "assistant calls {} {} {}",
                item["name"].as_str().unwrap(),
                item["call_id"].as_str().unwrap(),
                item["arguments"].as_str().unwrap()
            ),
            "function_call_output" => {
                format!("result of {}:\n{}", item["call_id"].as_str().unwrap(), text(&item["output"]))
            }
            "reasoning" => format!("thought {}", item["encrypted_content"].as_str().unwrap()),
            _ => format!("{}:\n{}", item["role"].as_str().unwrap(), text(&item["content"])),
        });
    }
    items
}

/// The items of a message of a chat completion. The system prompt is shown elsewhere.
fn of_chat(role: &str, message: &Value, text: &dyn Fn(&Value) -> String) -> Vec<String> {
    let said = text(&message["content"]);
    match role {
        "system" => Vec::new(),
        "tool" => vec![format!("result of {}:\n{said}", message["tool_call_id"].as_str().unwrap())],
        _ => {
            let calls = message["tool_calls"].as_array().into_iter().flatten().map(|call| {
                let word = |pointer: &str| call.pointer(pointer).and_then(Value::as_str).unwrap();
                format!("{role} calls {} {} {}", word("/function/name"), word("/id"), word("/function/arguments"))
            });
            let said = (!message["content"].is_null()).then(|| format!("{role}:\n{said}"));
            said.into_iter().chain(calls).collect()
        }
    }
}

/// The requests, each with what is new in it.
pub(super) fn transcript(seen: &[Seen]) -> String {
    let mut out = String::new();
    let mut known: Vec<String> = Vec::new();
    for (index, request) in seen.iter().enumerate() {
        let _ = writeln!(out, "=== {}: POST {}", index + 1, request.path);
        if let Some(refused) = &request.refused {
            let _ = writeln!(out, "refused: {refused}");
        }
        // The mark of the cache wanders; apart from it, what was said is never said otherwise.
        let items = items(request);
        let plain = |item: &String| item.replace(" [cache]", "");
        let same = known.iter().zip(&items).take_while(|(one, other)| plain(one) == plain(other)).count();
        if same < known.len() {
            let _ = writeln!(out, "(from item {} on, the conversation is another one)", same + 1);
        }
        for item in items.iter().skip(same) {
            let _ = writeln!(out, "--- {}", item.trim_end());
        }
        known = items;
    }
    match seen.first() {
        Some(first) => out.replace(&word(first), "WORD"),
        None => out,
    }
}

/// What a request says besides the conversation.
pub(super) fn envelope(seen: &Seen) -> String {
    let mut body = seen.body.clone();
    let fields = body.as_object_mut().unwrap();
    fields["tools"] = fields["tools"]
        .as_array()
        .unwrap()
        .iter()
        .map(|tool| tool.pointer("/function/name").unwrap_or(&tool["name"]).clone())
        .collect();
    for (field, shown) in [("messages", "(messages)"), ("input", "(items)"), ("instructions", "(the system prompt)")] {
        if let Some(value) = fields.get_mut(field) {
            *value = shown.into();
        }
    }
    if let Some(system) = body.pointer_mut("/system/0/text") {
        *system = "(the system prompt)".into();
    }
    let headers = seen.headers.iter().filter(|(name, _)| name != "content-length" && name != "user-agent");
    let headers: Vec<String> = headers.map(|(name, value)| format!("{name}: {value}")).collect();
    format!("POST {}\n{}\n\n{body:#}", seen.path, headers.join("\n"))
}

/// The first result of each turn, without the call's id; the delimiter's word is `WORD`.
pub(super) fn results(seen: &[Seen]) -> Vec<String> {
    let word = word(&seen[0]);
    let last = items(seen.last().unwrap());
    let results = last.iter().filter(|item| item.starts_with("result of toolu_"));
    results.map(|item| item.split_once(":\n").unwrap().1.replace(&word, "WORD")).collect()
}
