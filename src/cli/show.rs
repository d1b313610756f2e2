//! `show`: an entry as people read it.

use super::published::{self, KnownArgs, Unpinned};
use super::{Global, refuse};
use crate::catalog::tools::Tool;
use crate::catalog::{Published, describe};
use crate::context::Context;
use crate::error::{CommandError, exit};
use crate::output::{Format, escape};
use crate::text::cut;
use crate::ui::Ui;
use clap::Args;

/// Show an entry: what it is, whose, what it can reach, what it needs, and its tools.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  mcp-registry show weather
  mcp-registry show weather --digests digests.json --verify verified.json --reviews reviews
  mcp-registry show weather --format json | jq .tools")]
pub(super) struct ShowArgs {
    /// The entry, by folder name.
    #[arg(value_name = "NAME")]
    name: String,
    #[command(flatten)]
    known: KnownArgs,
}

pub(super) fn run(args: &ShowArgs, global: &Global, context: &Context, ui: &Ui) -> Result<u8, CommandError> {
    if !matches!(global.format, Format::Human | Format::Json) {
        return Err(refuse("`show` is written as human or json").hint("use `--format json`"));
    }
    let names = [args.name.clone()];
    let unpinned = Unpinned { ask: None, keep: true };
    let gathered = published::gather(&names, &args.known, unpinned, global, context, ui)?;
    let entry = published::only(&gathered, &args.name)?;
    let text = match global.format {
        Format::Json => escape::visible_json(&describe::json(entry)),
        _ => human(entry),
    };
    ui.result(&text)?;
    Ok(exit::CLEAN)
}

fn human(entry: &Published) -> String {
    let mut lines = vec![format!("{}  {}", entry.name, entry.title), format!("  {}", entry.description), String::new()];
    let mut row = |what: &str, value: String| {
        if !value.is_empty() {
            lines.push(format!("  {what:<10} {value}"));
        }
    };
    let standing = &entry.standing;
    row("type", entry.kind().to_owned());
    row(
        "trust",
        match &standing.publisher {
            Some(publisher) => format!("{}, by {publisher}", standing.level.as_str()),
            None => standing.level.as_str().to_owned(),
        },
    );
    row("category", entry.category.clone().unwrap_or_default());
    row("tags", entry.tags.join(", "));
    row("source", entry.source.as_ref().map(|source| source.page()).unwrap_or_default());
    row(
        "image",
        match &entry.image {
            Some(image) if image.pinned => image.reference.clone(),
            Some(image) => format!("{} (no digest: give --digests FILE)", image.reference),
            None => String::new(),
        },
    );
    row("signature", entry.verified.map(|it| it.as_str().to_owned()).unwrap_or_default());
    row(
        "review",
        match &entry.review {
            Some(review) => match review.risk {
                Some(risk) => format!("{risk} risk, at {}", review.commit.short()),
                None => format!("not complete, at {}", review.commit.short()),
            },
            None => String::new(),
        },
    );
    row("added", entry.added.map(|it| it.date_naive().to_string()).unwrap_or_default());
    row("changed", entry.changed.map(|it| it.date_naive().to_string()).unwrap_or_default());
    row("reaches", describe::reach(entry).join("; "));
    let logins: Vec<&str> = entry.oauth.iter().map(|it| it.provider.as_str()).collect();
    row("logs in", logins.join(", "));
    section(
        &mut lines,
        "secrets",
        entry.secrets.iter().map(|it| {
            let mark = if it.required { " (required)" } else { "" };
            (format!("{}{mark}", it.env), it.description.clone().unwrap_or_default())
        }),
    );
    let config = entry.config.as_ref();
    let properties = config.map(|config| &config.properties).into_iter().flatten();
    section(
        &mut lines,
        "settings",
        properties.map(|(name, schema)| {
            let is_required = config.is_some_and(|config| config.required.contains(name));
            let about = schema["description"].as_str().unwrap_or_default().to_owned();
            (format!("{name}{}", if is_required { " (required)" } else { "" }), about)
        }),
    );
    section(&mut lines, "tools", entry.tools.iter().map(|tool| (signature(tool), tool.description.clone())));
    if entry.dynamic_tools {
        lines.push("  its tools are known only once somebody has logged in".to_owned());
    }
    lines.into_iter().map(|line| format!("{}\n", escape::terminal(line.trim_end()))).collect()
}

/// `query(sql, values?)`
fn signature(tool: &Tool) -> String {
    let arguments = tool.arguments.iter().flatten();
    let mut names: Vec<String> =
        arguments.map(|it| format!("{}{}", it.name, if it.optional { "?" } else { "" })).collect();
    let parameters = tool.parameters.as_ref().and_then(|it| it["properties"].as_object());
    names.extend(parameters.into_iter().flat_map(|properties| properties.keys().cloned()));
    format!("{}({})", tool.name, names.join(", "))
}

/// A list with a heading; nothing for an empty one.
fn section(lines: &mut Vec<String>, heading: &str, items: impl Iterator<Item = (String, String)>) {
    for (index, (name, about)) in items.enumerate() {
        if index == 0 {
            lines.push(String::new());
            lines.push(format!("  {heading}"));
        }
        let first = about.lines().map(str::trim).find(|line| !line.is_empty()).unwrap_or_default();
        let text = if first.is_empty() { name } else { format!("{name}: {first}") };
        lines.push(format!("    {}", cut(&text, 200)));
    }
}
