//! What was said on GitHub, for people and for programs; and the summary of the job.

use crate::checks::gate::Gate;
use crate::checks::publish::Published;
use crate::cli::Global;
use crate::context::Context;
use crate::error::CommandError;
use crate::output::{Format, escape};
use crate::ui::Ui;
use crate::verdict::Conclusion;
use serde_json::{Value, json};
use std::fmt::Write as _;
use std::io::Write as _;

fn word(conclusion: Option<Conclusion>) -> &'static str {
    conclusion.map_or("in_progress", Conclusion::as_str)
}

/// Writes what `checks start` and `checks publish` did.
pub(super) fn published(
    published: &Published,
    dry_run: bool,
    global: &Global,
    context: &Context,
    ui: &Ui,
) -> Result<(), CommandError> {
    let Published { pull, said, labels: (added, removed), commented } = published;
    if global.format == Format::Json {
        let checks: Vec<Value> = said
            .iter()
            .map(|said| {
                json!({ "name": said.name, "conclusion": word(said.conclusion), "title": said.title,
                    "written": said.written })
            })
            .collect();
        let labels = json!({ "added": added, "removed": removed });
        let result = json!({ "version": 1, "pull": pull, "checks": checks, "labels": labels, "commented": commented });
        ui.result(&escape::visible_json(&result))?;
    } else {
        let mut text = String::new();
        let width = said.iter().map(|said| said.name.len()).max().unwrap_or_default().min(60);
        for said in said {
            let same = if said.written { "" } else { " (unchanged)" };
            let line = format!("{:width$}  {:<15}  {}{same}", said.name, word(said.conclusion), said.title);
            let _ = writeln!(text, "{}", escape::terminal(&line));
        }
        if said.is_empty() {
            text.push_str("nothing to check: no entry changed\n");
        }
        for (verb, labels) in [("set", added), ("took away", removed)].iter().filter(|(_, labels)| !labels.is_empty()) {
            let _ = writeln!(text, "{}", escape::terminal(&format!("labels {verb}: {}", labels.join(", "))));
        }
        ui.result(&text)?;
    }
    if dry_run {
        ui.say("this was a dry run: nothing was written");
    } else {
        summarize(published, context)?;
    }
    Ok(())
}

/// Adds a table to the job's summary, where there is one.
fn summarize(published: &Published, context: &Context) -> Result<(), CommandError> {
    let Some(file) = &context.github_step_summary else { return Ok(()) };
    let mut text = String::from("| check | conclusion | |\n|---|---|---|\n");
    for said in published.said.iter().take(1_000) {
        let (name, title) = (escape::markdown_code(&said.name), escape::markdown(&said.title));
        let _ = writeln!(text, "| {name} | {} | {title} |", word(said.conclusion));
    }
    let opened = std::fs::OpenOptions::new().append(true).create(true).open(file);
    opened
        .and_then(|mut opened| opened.write_all(text.as_bytes()))
        .map_err(|error| CommandError::unfinished("cannot write the job's summary").because(&error))
}

/// Writes what the gate says.
pub(super) fn gate(gate: &Gate, dry_run: bool, global: &Global, ui: &Ui) -> Result<(), CommandError> {
    if global.format == Format::Json {
        let lines: Vec<Value> = gate
            .lines
            .iter()
            .map(|line| json!({ "name": line.name, "state": line.state.word(), "why": line.why }))
            .collect();
        let word_of = gate.word.as_ref().map(ToString::to_string);
        let result = json!({ "version": 1, "pull": gate.pull, "conclusion": word(gate.conclusion), "asked": lines,
            "word": word_of, "written": gate.written });
        ui.result(&escape::visible_json(&result))?;
    } else {
        let mut text = String::new();
        let width = gate.lines.iter().map(|line| line.name.len()).max().unwrap_or_default().min(60);
        for line in &gate.lines {
            let line = format!("{:width$}  {:<20}  {}", line.name, line.state.word(), line.why);
            let _ = writeln!(text, "{}", escape::terminal(line.trim_end()));
        }
        if let Some(word) = &gate.word {
            let _ = writeln!(text, "{}", escape::terminal(&word.to_string()));
        }
        let verdict = match gate.conclusion {
            Some(Conclusion::Success) => "may be merged",
            None => "waits",
            Some(Conclusion::ActionRequired) => "waits for a maintainer",
            Some(_) => "may not be merged",
        };
        let _ = writeln!(text, "#{} {verdict}", gate.pull);
        ui.result(&text)?;
    }
    if dry_run {
        ui.say("this was a dry run: nothing was written");
    }
    Ok(())
}
