//! `catalog --explain`: how far an entry is trusted, and why.

use super::CatalogArgs;
use crate::catalog::Published;
use crate::cli::published;
use crate::cli::{Global, refuse};
use crate::context::Context;
use crate::error::{CommandError, exit};
use crate::output::{Format, escape};
use crate::ui::Ui;
use serde_json::json;

pub(super) fn run(
    name: &str,
    args: &CatalogArgs,
    global: &Global,
    context: &Context,
    ui: &Ui,
) -> Result<u8, CommandError> {
    if !matches!(global.format, Format::Human | Format::Json) {
        return Err(refuse("`catalog --explain` is written as human or json").hint("use `--format json`"));
    }
    let names = [name.to_owned()];
    let gathered = published::gather(&names, &args.known, args.unpinned(true), global, context, ui)?;
    let entry = published::only(&gathered, name)?;
    let text = match global.format {
        Format::Json => escape::visible_json(&json!({
            "version": 1,
            "name": &*entry.name,
            "trust": entry.standing.level.as_str(),
            "publisher": entry.standing.publisher,
            "because": entry.standing.because,
            "verification": entry.verified.map(|it| it.as_str()),
            "risk": entry.risk().map(|risk| risk.as_str()),
        })),
        _ => human(entry),
    };
    ui.result(&text)?;
    Ok(exit::CLEAN)
}

fn human(entry: &Published) -> String {
    let mut lines = vec![format!("{} is {}", entry.name, entry.standing.level.as_str())];
    lines.extend(entry.standing.because.iter().map(|because| format!("  {because}")));
    lines
        .push(format!("  signature: {}", entry.verified.map_or("not looked at: give --verify FILE", |it| it.as_str())));
    lines.push(match &entry.review {
        None => "  review: not looked at: give --reviews DIR".to_owned(),
        Some(review) => match review.risk {
            Some(risk) => format!("  review: {risk} risk, at {}", review.commit.short()),
            None => format!("  review: not complete, at {}", review.commit.short()),
        },
    });
    lines.into_iter().map(|line| format!("{}\n", escape::terminal(&line))).collect()
}
