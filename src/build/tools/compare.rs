//! What a server lists beside what `tools.json` says.

use super::rules::{ADDED, CHANGED, MISSING, REMOVED};
use super::shape::{Argument, RegistryTool, arguments};
use crate::build::plan::Subject;
use crate::document::Route;
use crate::entry::{Content, TOOLS, load};
use crate::error::CommandError;
use crate::files::write_whole;
use crate::finding::{Anchor, Finding, Severity};
use crate::route;
use serde_json::Value;
use std::path::Path;

/// The findings about a server's tools: what it lists and `tools.json` does not have, the other way around, and what is not
/// the same in both.
#[must_use]
pub(crate) fn compare(subject: &Subject, tools: &[RegistryTool]) -> Vec<Finding> {
    let file = &subject.tools_file;
    let finding = |rule, severity, anchor, message: String| Finding {
        help: Some("`build --write-tools` writes what the server lists".to_owned()),
        ..Finding::new(rule, severity, Some(subject.entry.clone()), file.path.clone(), anchor, message)
    };
    let known: Vec<Value> = match &file.content {
        Content::Absent => {
            let message = format!("there is no tools.json, and the server lists {} tools", tools.len());
            return vec![finding(MISSING, Severity::Note, Anchor::File, message)];
        }
        Content::Document(document) => serde_json::from_str(document.text()).unwrap_or_default(),
        // What is wrong with the file is for `validate` to say.
        _ => Vec::new(),
    };
    let name_of = |tool: &Value| tool.get("name").and_then(Value::as_str).unwrap_or_default().to_owned();
    let mut findings = Vec::new();
    for (index, old) in known.iter().enumerate() {
        let name = name_of(old);
        let here = || Anchor::Value(route![index, "name"]);
        match tools.iter().find(|tool| tool.name == name) {
            None => {
                let message = format!("the server does not list the tool `{name}`");
                findings.push(finding(REMOVED, Severity::Error, here(), message));
            }
            Some(new) => findings.extend(differences(old, new).into_iter().map(|(route, message)| {
                let anchor = Anchor::Value(route.map_or_else(|| route![index, "name"], |key| route![index, key]));
                finding(CHANGED, Severity::Warning, anchor, format!("the tool `{name}` has {message}"))
            })),
        }
    }
    for new in tools.iter().filter(|new| !known.iter().any(|old| name_of(old) == new.name)) {
        let message = format!("the server lists the tool `{}`, which is not in tools.json", new.name);
        findings.push(finding(ADDED, Severity::Warning, Anchor::Value(Route::default()), message));
    }
    findings
}

/// What is not the same in both, with the key that has it. What `tools.json` does not say it does not say wrongly.
fn differences(old: &Value, new: &RegistryTool) -> Vec<(Option<&'static str>, String)> {
    let mut found = Vec::new();
    let description = old.get("description").and_then(Value::as_str);
    if description.is_some_and(|old| old.trim() != new.description) {
        found.push((Some("description"), "another description".to_owned()));
    }
    let (key, listed) = match (old.get("arguments").and_then(Value::as_array), old.get("inputSchema")) {
        (Some(listed), _) => ("arguments", listed.iter().map(argument).collect()),
        (None, Some(Value::Object(schema))) => ("inputSchema", arguments(schema, description.unwrap_or_default())),
        _ => return found,
    };
    let find = |all: &[Argument], name: &str| all.iter().find(|argument| argument.name == name).cloned();
    for old in &listed {
        match find(&new.arguments, &old.name) {
            None => found.push((Some(key), format!("no argument `{}` any more", old.name))),
            Some(new) if new != *old => found.push((Some(key), format!("another argument `{}`", old.name))),
            Some(_) => {}
        }
    }
    for new in new.arguments.iter().filter(|new| find(&listed, &new.name).is_none()) {
        found.push((Some(key), format!("a new argument `{}`", new.name)));
    }
    found
}

/// An argument as `tools.json` has it.
fn argument(value: &Value) -> Argument {
    let text = |value: &Value, key: &str| value.get(key).and_then(Value::as_str).map(str::to_owned);
    let kind = text(value, "type").unwrap_or_else(|| "string".to_owned());
    let items = value.get("items").and_then(|items| text(items, "type")).unwrap_or_else(|| "string".to_owned());
    Argument {
        name: text(value, "name").unwrap_or_default(),
        items: (kind == "array").then_some(super::shape::Items { kind: items }),
        kind,
        desc: text(value, "desc").unwrap_or_default(),
        optional: value.get("optional").and_then(Value::as_bool).unwrap_or(false),
    }
}

/// Writes `tools.json` with what the server lists, if it is not there already. Says whether it wrote.
///
/// # Errors
/// When the file changed since it was read, is not a file, or cannot be written.
pub(crate) fn write(root: &Path, subject: &Subject, tools: &[RegistryTool]) -> Result<bool, CommandError> {
    let path = &subject.tools_file.path;
    if let Content::Unreadable(problem) = &subject.tools_file.content {
        return Err(CommandError::usage(format!("`{path}` {problem}")).hint(format!("make {TOOLS} a plain file")));
    }
    let cannot =
        |error: &dyn std::error::Error| CommandError::unfinished(format!("cannot write {path}")).because(error);
    let mut text = serde_json::to_string_pretty(tools).map_err(|error| cannot(&error))?;
    text.push('\n');
    let file = root.join(&**path);
    let now = load::read_text(&file).ok().flatten();
    if now.as_deref() == Some(text.as_str()) {
        return Ok(false);
    }
    if now.as_deref() != subject.tools_file.text().map(|text| &**text) {
        return Err(CommandError::unfinished(format!("{path} changed since it was read")).hint("run the command again"));
    }
    write_whole(&file, text.as_bytes()).map_err(|error| cannot(&error))?;
    Ok(true)
}
