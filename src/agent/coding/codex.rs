//! Codex: how it is started, and what its events say.

use super::child;
use super::claude::spoken;
use super::{Heard, Start, schema};
use serde_json::Value;
use std::net::SocketAddr;

/// Its flags, without values: part of what a capability file says.
pub(super) const FLAGS: &[&str] = &[
    "--skip-git-repo-check",
    "--ignore-user-config",
    "--ignore-rules",
    "--ephemeral",
    "--json",
    "--strict-config",
    // The container is the wall; its own needs rights that nothing in there has.
    "--dangerously-bypass-approvals-and-sandbox",
    "--output-schema",
    "--model",
];

/// Settings of ours, in the place of every file of settings.
pub(super) const SETTINGS: &[(&str, &str)] = &[
    ("model_provider", "\"proxy\""),
    ("project_doc_max_bytes", "0"),
    ("web_search", "\"disabled\""),
    ("shell_environment_policy", "{inherit=\"none\",set={PATH=\"/bin\"}}"),
    ("analytics.enabled", "false"),
    ("check_for_update_on_startup", "false"),
    ("history.persistence", "\"none\""),
];

/// What it can do beside running commands, all of it switched off.
pub(super) const DISABLED: &[&str] = &[
    "apps",
    "hooks",
    "plugins",
    "multi_agent",
    "goals",
    "image_generation",
    "view_image",
    "skill_search",
    "sleep_tool",
    "shell_snapshot",
    "browser_use",
    "browser_use_external",
    "browser_use_full_cdp_access",
    "computer_use",
    "in_app_browser",
    "remote_plugin",
    "skill_mcp_dependency_install",
    "plugin_sharing",
];

/// The variable that holds the client token.
const TOKEN: &str = "MCP_REVIEW_TOKEN";

/// A warning that says that the model's name is not known, as is meant.
const UNKNOWN_MODEL: &str = "Model metadata for";

pub(super) fn command(start: &Start<'_>, proxy: SocketAddr) -> Result<child::Start, String> {
    let request = start.request;
    let schema_file = start.home.join("findings.schema.json");
    std::fs::write(&schema_file, schema::strict().to_string())
        .map_err(|error| format!("cannot write the schema of findings: {error}"))?;
    let text = |value: &str| value.to_owned();
    let mut arguments = vec![text("exec")];
    for flag in FLAGS {
        arguments.push(text(flag));
        match *flag {
            "--output-schema" => arguments.push(schema_file.display().to_string()),
            "--model" => arguments.push(request.model.clone()),
            _ => {}
        }
    }
    let provider = format!(
        "model_providers.proxy={{name=\"proxy\",base_url=\"http://{proxy}/openai/v1\",env_key=\"{TOKEN}\",wire_api=\"responses\",request_max_retries=4,stream_max_retries=4}}"
    );
    let settings = SETTINGS.iter().map(|(name, value)| format!("{name}={value}"));
    for setting in settings.chain([provider]) {
        arguments.extend([text("-c"), setting]);
    }
    for feature in DISABLED {
        arguments.extend([text("--disable"), text(feature)]);
    }
    // The prompt is what it reads.
    arguments.push(text("-"));
    let variable = |name: &str, value: &str| (name.to_owned(), value.to_owned());
    let home = start.home.display().to_string();
    let environment = vec![
        variable("PATH", &request.programs),
        variable("HOME", &home),
        variable("CODEX_HOME", &home),
        variable("TMPDIR", &request.temporary.display().to_string()),
        variable("LANG", "C.UTF-8"),
        variable(TOKEN, start.token),
    ];
    Ok(child::Start { program: "/bin/codex".to_owned(), arguments, environment })
}

/// Takes one event.
///
/// # Errors
/// When it did something that it has no tool for.
pub(super) fn hear(event: &Value, heard: &mut Heard<'_>) -> Result<(), String> {
    match event["type"].as_str().unwrap_or_default() {
        "thread.started" => heard.started = true,
        "item.completed" => item(&event["item"], heard)?,
        "turn.completed" => {
            let usage = |name: &str| event["usage"][name].as_u64().unwrap_or(0);
            heard.input_tokens = heard.input_tokens.max(usage("input_tokens"));
            heard.output_tokens = heard.output_tokens.max(usage("output_tokens"));
            if heard.said.is_none() {
                heard.trouble("the model ended without findings");
            }
        }
        "turn.failed" => {
            heard.said = None;
            heard.trouble(&spoken(event["error"]["message"].as_str().unwrap_or("the turn failed")));
        }
        // The first one counts: those after it are tries that it makes again.
        "error" => heard.trouble(&spoken(event["message"].as_str().unwrap_or_default())),
        _ => {}
    }
    Ok(())
}

fn item(item: &Value, heard: &mut Heard<'_>) -> Result<(), String> {
    match item["type"].as_str().unwrap_or_default() {
        "command_execution" => {
            heard.turns += 1;
            if item["exit_code"] == 0 {
                heard.coverage.ran(item["command"].as_str().unwrap_or_default());
            }
        }
        "agent_message" => {
            heard.turns += 1;
            let text = item["text"].as_str().unwrap_or_default();
            // The last one counts. Before it, a model may say what it is about to do.
            heard.said = match serde_json::from_str::<Value>(text) {
                Ok(said) if said.is_object() => Some(said),
                _ => None,
            };
            if heard.said.is_some() {
                heard.trouble = None;
            }
        }
        "error" => {
            let words = item["message"].as_str().unwrap_or_default();
            if !words.starts_with(UNKNOWN_MODEL) {
                heard.trouble(&spoken(words));
            }
        }
        "reasoning" | "todo_list" => {}
        other => {
            let other: String = other.chars().filter(|c| c.is_ascii_lowercase() || *c == '_').collect();
            return Err(format!("Codex did something that it was given no tool for: {}", crate::text::cut(&other, 60)));
        }
    }
    Ok(())
}
