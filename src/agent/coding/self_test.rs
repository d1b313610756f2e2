//! Tests a version of a coding agent: runs it as a review would, against a provider that plays a script, and says what it did.
//! `review --build-agents` does so in the sandbox, with a task of one file.

use super::capability::{self, Capability};
use super::forward::{self, Request as Sent};
use super::{Coder, Request, attempt};
use crate::agent::input::Input;
use crate::provider::{anthropic, openai};
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::io::{self, Write};
use std::os::unix::net::UnixListener;
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;

/// The file that the task of a self-test must have, below `head`.
pub(crate) const TASK_FILE: &str = "server.js";
/// The socket of the scripted provider.
const SOCKET: &str = "self-test.sock";
/// What takes the place of a client token.
const TOKEN: &str = "the-token-of-a-self-test";

/// What the model concludes.
fn conclusion() -> Value {
    json!({"version": 1, "status": "complete", "reason": null, "summary": "A self-test.", "findings": []})
}

/// What was seen of requests.
#[derive(Debug, Default)]
struct Seen {
    requests: usize,
    headers: BTreeSet<String>,
    fields: BTreeSet<String>,
    tools: BTreeSet<String>,
    /// The version in `user-agent`.
    version: String,
    refused: Option<String>,
}

/// Runs the self-test in the sandbox.
///
/// # Errors
/// When the agent does not do what a review needs, with why.
pub(crate) fn run(mut request: Request) -> Result<Capability, String> {
    let coder = request.coder;
    let input = Input::open(&request.input).map_err(|error| error.to_string())?;
    let socket = request.temporary.join(SOCKET);
    let seen = Arc::new(Mutex::new(Seen::default()));
    let file = request.input.join("head").join(TASK_FILE).display().to_string();
    provider(coder, &socket, &file, seen.clone()).map_err(|error| format!("the provider cannot be played: {error}"))?;
    request.socket = socket;
    request.token = Some(TOKEN.into());
    let heard = attempt(&request, &input, "", &mut |_| {})?;
    let mut seen = seen.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(refused) = seen.refused.take() {
        return Err(format!("{} sends what the proxy refuses: {refused}", coder.title()));
    }
    if let Some(trouble) = &heard.trouble {
        return Err(format!("{} reports trouble: {trouble}", coder.title()));
    }
    let said = heard.said.as_ref().map(|said| (said["summary"].clone(), said["status"].clone()));
    if said != Some((conclusion()["summary"].clone(), "complete".into())) {
        return Err(format!("{} did not hand on what the model concluded", coder.title()));
    }
    if (heard.coverage.read(), heard.coverage.of()) != (1, 1) {
        return Err(format!("{} did not read the file that the model asked for", coder.title()));
    }
    Ok(Capability {
        format: 1,
        agent: coder.as_str().to_owned(),
        version: std::mem::take(&mut seen.version),
        flags: capability::flags(coder),
        headers: std::mem::take(&mut seen.headers),
        fields: std::mem::take(&mut seen.fields),
        tools: std::mem::take(&mut seen.tools),
    })
}

/// Plays the provider on a socket until the process ends.
fn provider(coder: Coder, socket: &Path, file: &str, seen: Arc<Mutex<Seen>>) -> io::Result<()> {
    let listener = UnixListener::bind(socket)?;
    let file = file.to_owned();
    thread::spawn(move || {
        for client in listener.incoming() {
            let Ok(mut client) = client else { continue };
            let (file, seen) = (file.clone(), seen.clone());
            thread::spawn(move || {
                // One request for each connection: that is how the forwarder asks.
                if let Ok(sent) = forward::request(&mut client) {
                    let body: Value = serde_json::from_slice(&sent.body).unwrap_or_default();
                    note(coder, &sent, &body, &mut seen.lock().unwrap_or_else(PoisonError::into_inner));
                    let events = match coder {
                        Coder::Claude => anthropic_events(&body, &file),
                        Coder::Codex => openai_events(&body, &file),
                    };
                    let head = format!(
                        "HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ncontent-length: {}\r\n\r\n",
                        events.len()
                    );
                    // An agent that goes away is known by its end.
                    drop(client.write_all(head.as_bytes()).and_then(|()| client.write_all(events.as_bytes())));
                }
            });
        }
    });
    Ok(())
}

fn note(coder: Coder, sent: &Sent, body: &Value, seen: &mut Seen) {
    seen.requests += 1;
    let head = String::from_utf8_lossy(&sent.head);
    let mut lines = head.lines();
    let first = lines.next().unwrap_or_default();
    let path = coder.api().proxy_path();
    let query = if coder == Coder::Claude { "?beta=true" } else { "" };
    if first != format!("POST {path}{query} HTTP/1.1") {
        seen.refused.get_or_insert_with(|| format!("a request to another place: {}", crate::text::cut(first, 100)));
    }
    for (name, value) in lines.filter_map(|line| line.split_once(':')) {
        if name.eq_ignore_ascii_case("user-agent") {
            let word = value.split_once('/').map_or("", |(_, rest)| rest);
            word.split(' ').next().unwrap_or_default().clone_into(&mut seen.version);
        }
        // That one is the forwarder's.
        if !name.eq_ignore_ascii_case("connection") {
            seen.headers.insert(name.to_ascii_lowercase());
        }
    }
    fields(body, "", &mut seen.fields);
    let tools = body["tools"].as_array().into_iter().flatten();
    seen.tools.extend(tools.map(|tool| tool["name"].as_str().unwrap_or("?").to_owned()));
    let parsed = match coder {
        Coder::Claude => anthropic::Request::parse(&sent.body).map(drop),
        Coder::Codex => openai::Request::parse(&sent.body).map(drop),
    };
    if let Err(error) = parsed {
        seen.refused.get_or_insert_with(|| error.to_string());
    }
}

/// Fields whose content is a matter of the tool.
const LEAVES: &[&str] = &[
    "tools[].input_schema",
    "tools[].parameters",
    "messages[].content[].input",
    "text.format.schema",
    "client_metadata",
];

/// All fields of a body, each once: those in lists are one.
fn fields(value: &Value, path: &str, found: &mut BTreeSet<String>) {
    if LEAVES.contains(&path) {
        found.insert(path.to_owned());
        return;
    }
    match value {
        Value::Object(map) => {
            for (name, value) in map {
                fields(value, &if path.is_empty() { name.clone() } else { format!("{path}.{name}") }, found);
            }
        }
        Value::Array(items) => items.iter().for_each(|item| fields(item, &format!("{path}[]"), found)),
        _ => drop(found.insert(path.to_owned())),
    }
}

fn event(out: &mut String, name: &str, mut value: Value) {
    value["type"] = name.into();
    out.push_str(&format!("event: {name}\ndata: {value}\n\n"));
}

fn anthropic_events(body: &Value, file: &str) -> String {
    let turns =
        body["messages"].as_array().into_iter().flatten().filter(|message| message["role"] == "assistant").count();
    let calls = match turns {
        0 => vec![
            ("Read", json!({"file_path": file})),
            ("Grep", json!({"pattern": "listen", "path": file, "output_mode": "content"})),
        ],
        _ => vec![("StructuredOutput", conclusion())],
    };
    let usage = json!({
        "input_tokens": 100, "cache_creation_input_tokens": 0, "cache_read_input_tokens": 0, "output_tokens": 1
    });
    let mut out = String::new();
    let message = json!({
        "id": format!("msg_{turns}"), "type": "message", "role": "assistant", "model": body["model"], "content": [],
        "stop_reason": null, "stop_sequence": null, "usage": usage
    });
    event(&mut out, "message_start", json!({"message": message}));
    for (index, (name, input)) in calls.into_iter().enumerate() {
        let block = json!({"type": "tool_use", "id": format!("toolu_{turns}_{index}"), "name": name, "input": {}});
        event(&mut out, "content_block_start", json!({"index": index, "content_block": block}));
        let delta = json!({"type": "input_json_delta", "partial_json": input.to_string()});
        event(&mut out, "content_block_delta", json!({"index": index, "delta": delta}));
        event(&mut out, "content_block_stop", json!({"index": index}));
    }
    let end = json!({"delta": {"stop_reason": "tool_use", "stop_sequence": null}, "usage": {"output_tokens": 10}});
    event(&mut out, "message_delta", end);
    event(&mut out, "message_stop", json!({}));
    out
}

fn openai_events(body: &Value, file: &str) -> String {
    let input = body["input"].as_array().into_iter().flatten();
    let turns = input.filter(|item| item["type"] == "function_call_output").count();
    let item = match turns {
        0 => json!({
            "id": "fc_1", "type": "function_call", "status": "completed", "call_id": "call_1", "name": "exec_command",
            "arguments": json!({"cmd": format!("cat {file}; rg -n listen {file}")}).to_string()
        }),
        _ => json!({
            "id": "msg_1", "type": "message", "status": "completed", "role": "assistant",
            "content": [{"type": "output_text", "text": conclusion().to_string(), "annotations": []}]
        }),
    };
    let usage = json!({
        "input_tokens": 100, "input_tokens_details": {"cached_tokens": 0}, "output_tokens": 10,
        "output_tokens_details": {"reasoning_tokens": 0}, "total_tokens": 110
    });
    let mut out = String::new();
    event(&mut out, "response.created", json!({"response": {"id": "resp_1", "status": "in_progress", "output": []}}));
    event(&mut out, "response.output_item.added", json!({"output_index": 0, "item": item}));
    event(&mut out, "response.output_item.done", json!({"output_index": 0, "item": item}));
    let end = json!({"id": "resp_1", "status": "completed", "output": [item], "usage": usage});
    event(&mut out, "response.completed", json!({"response": end}));
    out
}
