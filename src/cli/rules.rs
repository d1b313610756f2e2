//! `rules`: the list of rules, for people, documents and tools.

use super::{Global, refuse};
use crate::error::{CommandError, exit};
use crate::finding::RuleDescriptor;
use crate::output::Format;
use crate::rules;
use crate::ui::Ui;
use crate::validate::facts::Need;
use crate::validate::rules::{Rule, find, nearest_among};
use clap::{Args, ValueEnum};
use serde::Serialize;
use std::fmt::Write as _;

/// List the rules of all commands, or of one.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  mcp-registry rules
  mcp-registry rules scan
  mcp-registry rules validate --format markdown
  mcp-registry rules --format json | jq '.rules[].id'")]
pub(super) struct RulesArgs {
    /// The command that judges by them.
    #[arg(value_enum)]
    command: Option<RulesOf>,
}

/// A command with rules.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum RulesOf {
    /// Entries
    Validate,
    /// Tools of servers, by build --tools
    Build,
    /// Signatures and attestations
    Verify,
    /// Known vulnerabilities
    Scan,
    /// Entries as published
    Catalog,
}

impl RulesOf {
    fn is(self, command: &str) -> bool {
        let own = match self {
            Self::Validate => "validate",
            Self::Build => "build --tools",
            Self::Verify => "verify",
            Self::Scan => "scan",
            Self::Catalog => "catalog",
        };
        own == command
    }
}

/// One rule in `rules --format json`.
#[derive(Debug, Serialize)]
struct RuleJson {
    id: &'static str,
    command: &'static str,
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

pub(super) fn run(args: &RulesArgs, global: &Global, ui: &Ui) -> Result<u8, CommandError> {
    let rules = rules::all().into_iter();
    let rules: Vec<Listed> = rules.filter(|(command, _)| args.command.is_none_or(|of| of.is(command))).collect();
    let text = match global.format {
        Format::Human => human(&rules),
        Format::Markdown => markdown(&rules),
        Format::Json => json(&rules)?,
        Format::Sarif | Format::Github => {
            return Err(refuse("`rules` is written as human, json or markdown").hint("use `--format json`"));
        }
    };
    ui.result(&text)?;
    Ok(exit::CLEAN)
}

/// A rule, and the command that judges by it.
type Listed = (&'static str, RuleDescriptor);

/// What only rules of `validate` have.
fn own(rule: &RuleDescriptor) -> (bool, Vec<&'static str>) {
    match find(rule.id) {
        Some(rule) => (rule.fix.is_some(), rule.needs.iter().map(|need| Need::name(*need)).collect()),
        None => (false, Vec::new()),
    }
}

fn human(rules: &[Listed]) -> String {
    let width = rules.iter().map(|(_, rule)| rule.id.len()).max().unwrap_or(0);
    let mut text = String::new();
    for of_command in rules.chunk_by(|(one, _), (other, _)| one == other) {
        if let Some((command, _)) = of_command.first() {
            let blank = if text.is_empty() { "" } else { "\n" };
            let _ = writeln!(text, "{blank}{command}");
        }
        for (_, rule) in of_command {
            let _ = writeln!(text, "  {:width$}  {:7}  {}", rule.id, rule.severity.to_string(), rule.summary);
        }
    }
    let _ = writeln!(text, "\n{} rules. `mcp-registry validate --explain RULE` says more about one.", rules.len());
    text
}

/// The tables in the README and in docs are made from this, and tests hold them equal.
fn markdown(rules: &[Listed]) -> String {
    let mut text = String::new();
    for of_command in rules.chunk_by(|(one, _), (other, _)| one == other) {
        let Some((command, _)) = of_command.first() else { continue };
        if of_command.len() < rules.len() {
            let blank = if text.is_empty() { "" } else { "\n" };
            let _ = writeln!(text, "{blank}## {command}\n");
        }
        if *command == "validate" {
            text.push_str("| rule | severity | finds | `--fix` | `--online` |\n|---|---|---|---|---|\n");
        } else {
            text.push_str("| rule | severity | finds |\n|---|---|---|\n");
        }
        for (_, rule) in of_command {
            let _ = write!(text, "| `{}` | {} | {} |", rule.id, rule.severity, rule.summary);
            if *command == "validate" {
                let (fixable, needs) = own(rule);
                let mark = |yes: bool| if yes { "yes" } else { "" };
                let _ = write!(text, " {} | {} |", mark(fixable), mark(!needs.is_empty()));
            }
            text.push('\n');
        }
    }
    text
}

fn json(rules: &[Listed]) -> Result<String, CommandError> {
    let rule = |(command, rule): &Listed| {
        let (fixable, needs) = own(rule);
        RuleJson {
            id: rule.id,
            command,
            severity: rule.severity.to_string(),
            summary: rule.summary,
            needs,
            fixable,
            explanation: rule.explanation,
        }
    };
    let rules = rules.iter().map(rule).collect();
    let mut text = serde_json::to_string_pretty(&RulesJson { version: 1, rules })
        .map_err(|error| CommandError::unfinished("cannot write the rules as JSON").because(&error))?;
    text.push('\n');
    Ok(text)
}

/// What `--explain` prints of a rule.
///
/// # Errors
/// When there is none of this id; with the nearest that there is.
pub(super) fn explained(id: &str) -> Result<String, CommandError> {
    if let Some(rule) = find(id) {
        return Ok(explain(rule));
    }
    let rules = rules::all();
    if let Some((command, rule)) = rules.iter().find(|(_, rule)| rule.id == id) {
        return Ok(format!(
            "# {id}\n\n{}.\n\nSeverity: {} · of `{command}`\n\n{}\n",
            sentence(rule.summary),
            rule.severity,
            rule.explanation
        ));
    }
    let error = refuse(format!("there is no rule `{id}`"));
    Err(match nearest_among(id, rules.iter().map(|(_, rule)| rule.id)) {
        Some(nearest) => error.hint(format!("did you mean `{nearest}`?")),
        None => error.hint("`mcp-registry rules` lists them all"),
    })
}

fn explain(rule: &Rule) -> String {
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
