//! `rules`: the list of rules, for people, documents and tools.

use super::{Global, refuse};
use crate::error::{CommandError, exit};
use crate::output::Format;
use crate::ui::Ui;
use crate::validate::facts::Need;
use crate::validate::rules::{RULES, Rule, find, nearest};
use clap::Args;
use serde::Serialize;
use std::fmt::Write as _;

/// List the rules that `validate` checks.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  mcp-registry rules
  mcp-registry rules --format markdown
  mcp-registry rules --format json | jq '.rules[].id'")]
pub(super) struct RulesArgs {}

/// One rule in `rules --format json`.
#[derive(Debug, Serialize)]
struct RuleJson {
    id: &'static str,
    severity: String,
    summary: &'static str,
    needs: Vec<&'static str>,
    fixable: bool,
    explanation: &'static str,
}

#[derive(Debug, Serialize)]
struct RulesJson {
    version: u32,
    rules: Vec<RuleJson>,
}

pub(super) fn run(_: &RulesArgs, global: &Global, ui: &Ui) -> Result<u8, CommandError> {
    let text = match global.format {
        Format::Human => human(),
        Format::Markdown => markdown(),
        Format::Json => json()?,
        Format::Sarif | Format::Github => {
            return Err(refuse("`rules` is written as human, json or markdown").hint("use `--format json`"));
        }
    };
    ui.result(&text)?;
    Ok(exit::CLEAN)
}

fn human() -> String {
    let width = RULES.iter().map(|rule| rule.id.len()).max().unwrap_or(0);
    let mut text = String::new();
    for rule in RULES {
        let _ = writeln!(text, "{:width$}  {:7}  {}", rule.id, rule.severity.to_string(), rule.summary);
    }
    let _ = writeln!(text, "\n{} rules. `mcp-registry validate --explain RULE` says more about one.", RULES.len());
    text
}

/// The table in the README is made from this, and a test holds them equal.
fn markdown() -> String {
    let mut text = String::from("| rule | severity | finds | `--fix` | `--online` |\n|---|---|---|---|---|\n");
    for rule in RULES {
        let mark = |yes: bool| if yes { "yes" } else { "" };
        let _ = writeln!(
            text,
            "| `{}` | {} | {} | {} | {} |",
            rule.id,
            rule.severity,
            rule.summary,
            mark(rule.fix.is_some()),
            mark(!rule.needs.is_empty()),
        );
    }
    text
}

fn json() -> Result<String, CommandError> {
    let rules = RULES
        .iter()
        .map(|rule| RuleJson {
            id: rule.id,
            severity: rule.severity.to_string(),
            summary: rule.summary,
            needs: rule.needs.iter().map(|need| Need::name(*need)).collect(),
            fixable: rule.fix.is_some(),
            explanation: rule.explanation,
        })
        .collect();
    let mut text = serde_json::to_string_pretty(&RulesJson { version: 1, rules })
        .map_err(|error| CommandError::unfinished("cannot write the rules as JSON").because(&error))?;
    text.push('\n');
    Ok(text)
}

/// The rule of this id, for `--explain`.
///
/// # Errors
/// When there is none; with the nearest that there is.
pub(super) fn named(id: &str) -> Result<&'static Rule, CommandError> {
    find(id).ok_or_else(|| {
        let error = refuse(format!("there is no rule `{id}`"));
        match nearest(id) {
            Some(nearest) => error.hint(format!("did you mean `{nearest}`?")),
            None => error.hint("`mcp-registry rules` lists them all"),
        }
    })
}

/// What `--explain` prints.
pub(super) fn explain(rule: &Rule) -> String {
    let mut text = format!("# {}\n\n{}.\n\nSeverity: {}", rule.id, sentence(rule.summary), rule.severity);
    if rule.fix.is_some() {
        text.push_str(" · `--fix` mends it");
    }
    if !rule.needs.is_empty() {
        text.push_str(" · needs `--online`");
    }
    let _ = write!(text, "\n\n{}", rule.explanation);
    text
}

fn sentence(summary: &str) -> String {
    let mut chars = summary.chars();
    chars.next().map_or_else(String::new, |first| first.to_uppercase().chain(chars).collect())
}
