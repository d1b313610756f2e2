//! `catalog diff`: what users will notice.

use super::write::load;
use crate::catalog::diff::{self, Change, Kind};
use crate::catalog::read;
use crate::cli::{Global, refuse};
use crate::error::{CommandError, exit};
use crate::output::{Format, escape};
use crate::ui::Ui;
use clap::Args;
use serde_json::json;
use std::path::{Path, PathBuf};

/// Say what users will notice when one catalog takes the place of another.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  mcp-registry catalog diff old.yaml catalog.yaml
  mcp-registry catalog diff old.yaml catalog.yaml --format json")]
pub(super) struct DiffArgs {
    /// The catalog that users have: a file, or the layer of an artifact.
    #[arg(value_name = "BEFORE")]
    before: PathBuf,
    /// The catalog that they will have.
    #[arg(value_name = "AFTER")]
    after: PathBuf,
}

pub(super) fn run(args: &DiffArgs, global: &Global, ui: &Ui) -> Result<u8, CommandError> {
    if !matches!(global.format, Format::Human | Format::Json) {
        return Err(refuse("`catalog diff` is written as human or json").hint("use `--format json`"));
    }
    let (before, after) = (entries(&args.before)?, entries(&args.after)?);
    let changes = diff::compare(&before, &after);
    let text = match global.format {
        Format::Json => escape::visible_json(&json!({ "version": 1, "changes": changes })),
        _ => human(&changes, before.len(), after.len()),
    };
    ui.result(&text)?;
    Ok(exit::CLEAN)
}

fn entries(file: &Path) -> Result<read::Entries, CommandError> {
    let shown = file.display().to_string();
    read::read(&load(file, &shown)?).map_err(|why| refuse(format!("{shown} is not a catalog: {why}")))
}

fn human(changes: &[Change], before: usize, after: usize) -> String {
    let mut text = String::new();
    let count = |kind: Kind| changes.iter().filter(|change| change.change == kind).count();
    for Change { name, change, notices } in changes {
        let sign = match change {
            Kind::Added => '+',
            Kind::Removed => '-',
            Kind::Changed => '~',
        };
        match (change, notices.as_slice()) {
            (Kind::Changed, notices) => {
                text.push_str(&format!("{sign} {}\n", escape::terminal(name)));
                notices.iter().for_each(|notice| text.push_str(&format!("    {}\n", escape::terminal(notice))));
            }
            (_, notices) => {
                let title = notices.first().map(|title| format!("  {title}")).unwrap_or_default();
                text.push_str(&format!("{sign} {}\n", escape::terminal(&format!("{name}{title}"))));
            }
        }
    }
    let [added, removed, changed] = [Kind::Added, Kind::Removed, Kind::Changed].map(count);
    text.push_str(&match changes {
        [] => format!("users notice nothing: {after} entries\n"),
        _ => format!("{added} added, {removed} removed, {changed} changed: {before} entries before, {after} after\n"),
    });
    text
}
