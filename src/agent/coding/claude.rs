//! Claude Code: how it is started, and what its events say.

use super::child;
use super::{Heard, Start, schema};
use crate::text::cut;
use serde_json::Value;
use std::path::Path;

/// What a tool's result may not be, because it reaches the model as more than text: `Read` answers with pictures, documents and
/// notebooks as such, the proxy refuses them, and the program ends at the first refusal.
const NOT_TEXT: &[&str] = &["png", "jpg", "jpeg", "gif", "webp", "pdf", "ipynb"];
/// What it may have beside nothing, as its first event names it.
pub(super) const TOOLS: &[&str] = &["Glob", "Grep", "Read", "StructuredOutput"];

/// Its flags, without values: part of what a capability file says.
pub(super) const FLAGS: &[&str] = &[
    "--print",
    "--output-format",
    "--verbose",
    "--restricted",
    "--setting-sources",
    "--strict-mcp-config",
    "--disable-slash-commands",
    "--no-session-persistence",
    "--permission-mode",
    "--permission-prompts",
    "--tools",
    "--add-dir",
    "--disallowed-tools",
    "--json-schema",
    "--model",
];

/// Environment variables, besides those with the address of the model.
const VARIABLES: &[(&str, &str)] = &[
    ("CLAUDE_CODE_DISABLE_EXPERIMENTAL_BETAS", "1"),
    ("CLAUDE_CODE_MAX_OUTPUT_TOKENS", "32000"),
    ("CLAUDE_CODE_ATTRIBUTION_HEADER", "0"),
    // Each after twice the wait of the one before: some ten seconds in all.
    ("CLAUDE_CODE_MAX_RETRIES", "4"),
    ("CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC", "1"),
    ("DISABLE_TELEMETRY", "1"),
    ("DISABLE_ERROR_REPORTING", "1"),
    ("DISABLE_AUTOUPDATER", "1"),
];

pub(super) fn command(start: &Start<'_>, socket: &Path) -> child::Start {
    let request = start.request;
    let text = |value: &str| value.to_owned();
    let mut arguments = Vec::new();
    for flag in FLAGS {
        arguments.push(text(flag));
        match *flag {
            "--output-format" => arguments.push(text("stream-json")),
            // None: neither the user's nor a project's settings are read.
            "--setting-sources" => arguments.push(String::new()),
            "--permission-mode" => arguments.push(text("dontAsk")),
            "--permission-prompts" => arguments.push(text("none")),
            "--tools" => arguments.push(text("Read,Grep,Glob")),
            "--add-dir" => arguments.push(request.input.display().to_string()),
            "--disallowed-tools" => arguments.extend(NOT_TEXT.iter().map(|kind| format!("Read(//**/*.{kind})"))),
            "--json-schema" => arguments.push(schema::whole().to_string()),
            "--model" => arguments.push(request.model.clone()),
            _ => {}
        }
    }
    let variable = |name: &str, value: &str| (name.to_owned(), value.to_owned());
    let mut environment = vec![
        variable("PATH", &request.programs),
        variable("HOME", &start.home.display().to_string()),
        variable("TMPDIR", &request.temporary.display().to_string()),
        variable("LANG", "C.UTF-8"),
        variable("ANTHROPIC_UNIX_SOCKET", &socket.display().to_string()),
        // Plain, because it goes into the socket as it is.
        variable("ANTHROPIC_BASE_URL", "http://proxy/anthropic"),
        variable("ANTHROPIC_AUTH_TOKEN", start.token),
    ];
    environment.extend(VARIABLES.iter().map(|(name, value)| variable(name, value)));
    child::Start { program: "/bin/claude".to_owned(), arguments, environment }
}

/// Takes one event.
///
/// # Errors
/// When it started with anything that it was not given.
pub(super) fn hear(event: &Value, version: &str, heard: &mut Heard<'_>) -> Result<(), String> {
    let kind = event["type"].as_str().unwrap_or_default();
    if kind == "system" && event["subtype"] == "init" {
        check(event, version)?;
        heard.started = true;
        return Ok(());
    }
    if !heard.started && matches!(kind, "assistant" | "user" | "stream_event") {
        return Err("Claude Code began before it said what it was started with".to_owned());
    }
    match kind {
        "assistant" => assistant(&event["message"], heard),
        "user" => results(&event["message"], heard),
        "result" => result(event, heard),
        _ => {}
    }
    Ok(())
}

fn assistant(message: &Value, heard: &mut Heard<'_>) {
    let usage = |name: &str| message["usage"][name].as_u64().unwrap_or(0);
    // Each part of an answer comes as an event of its own, with the id of the answer.
    let id = message["id"].as_str().unwrap_or_default();
    if heard.is_new(id) {
        heard.turns += 1;
        let read = ["input_tokens", "cache_creation_input_tokens", "cache_read_input_tokens"].map(usage);
        heard.input_tokens = heard.input_tokens.saturating_add(read.iter().sum());
        heard.output_tokens = heard.output_tokens.saturating_add(usage("output_tokens"));
    }
    for part in message["content"].as_array().into_iter().flatten() {
        if part["type"] == "tool_use" && part["name"] == "Read" {
            let (id, path) = (part["id"].as_str(), part["input"]["file_path"].as_str());
            if let Some((id, path)) = id.zip(path) {
                heard.opening(id, path);
            }
        }
    }
}

fn results(message: &Value, heard: &mut Heard<'_>) {
    for part in message["content"].as_array().into_iter().flatten() {
        if part["type"] == "tool_result" {
            heard.opened(part["tool_use_id"].as_str().unwrap_or_default(), part["is_error"] != true);
        }
    }
}

fn result(event: &Value, heard: &mut Heard<'_>) {
    let usage = |name: &str| event["usage"][name].as_u64().unwrap_or(0);
    let read = ["input_tokens", "cache_creation_input_tokens", "cache_read_input_tokens"].map(usage);
    heard.input_tokens = heard.input_tokens.max(read.iter().sum());
    heard.output_tokens = heard.output_tokens.max(usage("output_tokens"));
    let subtype = event["subtype"].as_str().unwrap_or_default();
    if event["is_error"] != true && subtype == "success" && event["structured_output"].is_object() {
        heard.said = Some(event["structured_output"].clone());
        return;
    }
    // Its first line: what follows is advice for people at a terminal.
    let said = event["result"].as_str().unwrap_or_default().lines().next().unwrap_or_default();
    if event["is_error"] == true && !said.is_empty() {
        heard.trouble(&spoken(said));
    }
    let first = event["errors"][0].as_str().unwrap_or_default();
    let why = match subtype {
        "success" => "the model ended without findings".to_owned(),
        "error_max_structured_output_retries" => {
            "the model's findings were not in the form that they must have".to_owned()
        }
        "error_max_turns" => "all turns were used up".to_owned(),
        "error_max_budget_usd" => "the budget of Claude Code was used up".to_owned(),
        other => format!("Claude Code ended with {}", cut(other, 60)),
    };
    heard.trouble(&if first.is_empty() { why } else { format!("{why}: {first}") });
}

/// What an error says: the message of a JSON body in it, if there is one.
pub(super) fn spoken(text: &str) -> String {
    let Some(at) = text.find('{') else { return text.to_owned() };
    let (before, body) = text.split_at(at);
    let body: Value = serde_json::from_str(body.trim()).unwrap_or_default();
    match body["error"]["message"].as_str().or(body["message"].as_str()) {
        Some(message) => format!("{} {message}", before.trim_end()).trim_start().to_owned(),
        None => text.to_owned(),
    }
}

/// What it says that it was started with must be what it was started with.
fn check(event: &Value, version: &str) -> Result<(), String> {
    let mut wrong = Vec::new();
    let names = |key: &str| -> Vec<&str> {
        event[key].as_array().map_or(vec!["?"], |list| list.iter().map(|item| item.as_str().unwrap_or("?")).collect())
    };
    let more: Vec<&str> = names("tools").into_iter().filter(|tool| !TOOLS.contains(tool)).collect();
    if !more.is_empty() {
        wrong.push(format!("the tools {}", more.join(", ")));
    }
    for (key, what) in [("mcp_servers", "MCP servers"), ("skills", "skills"), ("slash_commands", "commands")] {
        if !event[key].as_array().is_some_and(Vec::is_empty) {
            wrong.push(what.to_owned());
        }
    }
    if event["permissionMode"] != "dontAsk" {
        wrong.push("another permission mode".to_owned());
    }
    let built_in = |plugin: &Value| {
        plugin["path"] == "builtin" && plugin["source"].as_str().is_some_and(|source| source.ends_with("@builtin"))
    };
    if !event["plugins"].as_array().is_some_and(|plugins| plugins.iter().all(built_in)) {
        wrong.push("plugins that are not built in".to_owned());
    }
    if !version.is_empty() && event["claude_code_version"] != version {
        wrong.push(format!("another version than {version}"));
    }
    if wrong.is_empty() { Ok(()) } else { Err(format!("Claude Code was started with {}", wrong.join("; "))) }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::{check, spoken};
    use serde_json::{Value, json};

    fn init() -> Value {
        json!({
            "type": "system", "subtype": "init", "tools": ["Glob", "Grep", "Read", "StructuredOutput"], "mcp_servers": [],
            "skills": [], "slash_commands": [], "permissionMode": "dontAsk", "claude_code_version": "2.1.332",
            "agents": ["claude", "Plan"],
            "plugins": [{"name": "cc-plugin-agents-md", "path": "builtin", "source": "cc-plugin-agents-md@builtin"}]
        })
    }

    #[test]
    fn it_must_have_been_started_with_what_it_was_given_and_nothing_else() {
        assert_eq!(check(&init(), "2.1.332"), Ok(()));
        let mut said = String::new();
        let changes: [fn(&mut Value); 9] = [
            |init| init["tools"] = json!(["Read", "Bash", "Agent"]),
            |init| init["tools"] = json!("all"),
            |init| init["mcp_servers"] = json!([{"name": "weather"}]),
            |init| init["skills"] = Value::Null,
            |init| init["slash_commands"] = json!(["deploy"]),
            |init| init["permissionMode"] = json!("bypassPermissions"),
            |init| init["plugins"] = json!([{"path": "/input/head/.claude", "source": "x@builtin"}]),
            |init| init["plugins"] = json!([{"path": "builtin", "source": "x@market"}]),
            |init| init["claude_code_version"] = json!("2.1.333"),
        ];
        for change in changes {
            let mut init = init();
            change(&mut init);
            said += &check(&init, "2.1.332").unwrap_err();
            said.push('\n');
        }
        insta::assert_snapshot!(said, @r"
        Claude Code was started with the tools Bash, Agent
        Claude Code was started with the tools ?
        Claude Code was started with MCP servers
        Claude Code was started with skills
        Claude Code was started with commands
        Claude Code was started with another permission mode
        Claude Code was started with plugins that are not built in
        Claude Code was started with plugins that are not built in
        Claude Code was started with another version than 2.1.332
        ");
    }

    #[test]
    fn an_error_is_said_in_the_words_of_whoever_refused() {
        let body = r#"API Error: 403 {"type":"error","error":{"type":"permission_error","message":"mcp-registry proxy: budget-cost: spent"}}"#;
        assert_eq!(spoken(body), "API Error: 403 mcp-registry proxy: budget-cost: spent");
        assert_eq!(spoken("Credit balance is too low"), "Credit balance is too low");
        assert_eq!(spoken("{x"), "{x");
    }
}
