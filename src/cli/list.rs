//! `list`: the entries of the registry, one a line.

use super::published::{self, FromArgs, KnownArgs, Unpinned};
use super::{Global, refuse};
use crate::catalog::{Published, describe};
use crate::context::Context;
use crate::error::{CommandError, exit};
use crate::output::{Format, escape};
use crate::text::cut;
use crate::ui::Ui;
use clap::Args;
use serde_json::{Value, json};

/// List entries: name, type, trust, category and title of each.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  mcp-registry list
  mcp-registry list --from 'category=database and trust>=verified'
  mcp-registry list --from 'max-risk<=low' --reviews reviews
  mcp-registry list --format json | jq -r '.entries[].name'

`mcp-registry catalog --help` lists what filters can ask for.")]
pub(super) struct ListArgs {
    /// Only these entries, by folder name.
    #[arg(value_name = "NAME")]
    names: Vec<String>,
    #[command(flatten)]
    from: FromArgs,
    #[command(flatten)]
    known: KnownArgs,
}

pub(super) fn run(args: &ListArgs, global: &Global, context: &Context, ui: &Ui) -> Result<u8, CommandError> {
    if !matches!(global.format, Format::Human | Format::Json) {
        return Err(refuse("`list` is written as human or json").hint("use `--format json`"));
    }
    let from = args.from.parse()?;
    let unpinned = Unpinned { ask: None, keep: true };
    let mut gathered = published::gather(&args.names, &args.known, unpinned, global, context, ui)?;
    published::choose(&mut gathered, from.as_ref(), &args.known)?;
    let entries = &gathered.published;
    let text = match global.format {
        Format::Json => {
            let all: Vec<Value> = entries.iter().map(describe::json).collect();
            escape::visible_json(&json!({ "version": 1, "entries": all }))
        }
        _ => human(entries, ui.width),
    };
    ui.result(&text)?;
    Ok(exit::CLEAN)
}

/// As wide as the longest of each column, and no wider than the terminal.
fn human(entries: &[Published], width: usize) -> String {
    let row = |entry: &Published| -> Vec<String> {
        let risk = entry.risk().map_or("-", |risk| risk.as_str());
        let all = [
            &*entry.name,
            entry.kind(),
            entry.standing.level.as_str(),
            entry.category.as_deref().unwrap_or("-"),
            entry.verified.map_or("-", |it| it.as_str()),
            risk,
            entry.title.as_str(),
        ];
        all.map(escape::terminal).to_vec()
    };
    let rows: Vec<Vec<String>> = entries.iter().map(row).collect();
    // Columns that say nothing of any entry are left out.
    let says = |column: usize| rows.iter().any(|row| row.get(column).is_some_and(|cell| cell != "-"));
    let columns: Vec<usize> = (0..7).filter(|column| says(*column)).collect();
    let wide = |column: usize| {
        rows.iter().filter_map(|row| row.get(column)).map(|cell| cell.chars().count()).max().unwrap_or(0).min(40)
    };
    let mut text = String::new();
    for row in &rows {
        let mut line = String::new();
        for column in &columns {
            let cell = row.get(*column).map(String::as_str).unwrap_or_default();
            line.push_str(&format!("{cell:width$}  ", width = wide(*column)));
        }
        text.push_str(&cut(line.trim_end(), width));
        text.push('\n');
    }
    text
}
