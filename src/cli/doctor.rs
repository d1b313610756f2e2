//! `doctor`: whether a registry's repository on GitHub is set up.

use super::on_github::PlaceArgs;
use super::{Global, units};
use crate::checks::Pace;
use crate::context::Context;
use crate::doctor::{Check, Judged, Request, Status, examine, gather};
use crate::error::{CommandError, exit};
use crate::init::Tool;
use crate::output::{Format, escape};
use crate::policy::Policy;
use crate::ui::Ui;
use anstyle::{AnsiColor, Style};
use clap::Args;
use serde::Serialize;
use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::time::Duration;

/// Say what is missing before a registry on GitHub runs itself, and where to click.
#[derive(Debug, Clone, Args)]
#[command(after_help = "Examples:
  mcp-registry doctor --repository acme/registry     with GITHUB_TOKEN=\"$(gh auth token)\", say
  mcp-registry doctor --format json                  in a workflow, with the App's own token

It reads the default branch and the settings on GitHub, and writes nothing. What a token is not shown is unknown, and the
line names the permission that is missing: `Administration`, `Actions`, `Environments`, `Secrets` and `Variables`, all
read-only. An administrator's own token has all of them. Only the names of secrets are read.
docs/github.md has the steps that it checks.

Exit status: 0 all is well, 1 something is missing or wrong, 3 something could not be found out.")]
pub(super) struct DoctorArgs {
    #[command(flatten)]
    place: PlaceArgs,
    /// The commit of this tool that workflows should run. Without this: the one that this program was built from, or else the
    /// one that they name.
    #[arg(long, value_name = "OWNER/NAME@COMMIT", value_parser = Tool::parse)]
    tool: Option<Tool>,
    /// Wait at most this long when GitHub asks to be left alone.
    #[arg(long, value_name = "TIME", default_value = "1m", value_parser = units::pause, help_heading = "GitHub")]
    max_wait: Duration,
}

pub(super) fn run(args: &DoctorArgs, global: &Global, context: &Context, ui: &Ui) -> Result<u8, CommandError> {
    args.place.check("doctor", global, context)?;
    let request = Request { app: args.place.app_id, tool: args.tool.clone().or_else(Tool::of_this_program) };
    let pace = Pace { longest: args.max_wait, ..Pace::default() };
    let look = async |registry: &_| Ok(examine(&gather(registry, &request).await?));
    let found = args.place.with("look at the repository", &Policy::default(), context, pace, look)?;
    ui.result(&match global.format {
        Format::Json => json(&found),
        _ => human(&found, ui),
    })?;
    let has = |status: Status| found.iter().any(|(_, judged)| judged.status == status);
    Ok(match () {
        () if has(Status::Missing) || has(Status::Wrong) => exit::FINDINGS,
        () if has(Status::Unknown) => exit::UNFINISHED,
        () => exit::CLEAN,
    })
}

fn human(found: &[(Check, Judged)], ui: &Ui) -> String {
    let paint = |status: Status| {
        let color = match status {
            Status::Ok => AnsiColor::Green,
            Status::Missing | Status::Wrong => AnsiColor::Red,
            Status::Unknown => AnsiColor::Yellow,
        };
        let style = if ui.stdout_color { Style::new().bold().fg_color(Some(color.into())) } else { Style::new() };
        format!("{style}{:<8}{style:#}", status.word())
    };
    let mut lines = String::new();
    for (check, judged) in found {
        // Writing to a String cannot fail.
        let _ = writeln!(lines, "{} {:<20} {}", paint(judged.status), check.id, escape::terminal(&judged.says));
        for detail in &judged.details {
            let _ = writeln!(lines, "{:29} - {}", "", escape::terminal(detail));
        }
        if let Some(fix) = &judged.fix {
            let _ = writeln!(lines, "{:29} fix: {} (step {})", "", escape::terminal(fix), check.step);
        }
    }
    let counts = counts(found);
    let of = |status: Status| counts.get(status.word()).copied().unwrap_or_default();
    let rest: Vec<String> = Status::ALL
        .into_iter()
        .filter(|status| *status != Status::Ok && of(*status) > 0)
        .map(|status| format!("{} {}", of(status), status.word()))
        .collect();
    let _ = match rest.is_empty() {
        true => writeln!(lines, "\nall {} checks are ok: this registry runs itself", found.len()),
        false => writeln!(lines, "\n{} ok, {}: docs/github.md has the steps", of(Status::Ok), rest.join(", ")),
    };
    lines
}

fn counts(found: &[(Check, Judged)]) -> BTreeMap<&'static str, usize> {
    let count = |status: Status| found.iter().filter(|(_, judged)| judged.status == status).count();
    Status::ALL.into_iter().map(|status| (status.word(), count(status))).collect()
}

fn json(found: &[(Check, Judged)]) -> String {
    #[derive(Serialize)]
    struct Document<'a> {
        version: u32,
        checks: Vec<CheckDocument<'a>>,
        summary: BTreeMap<&'static str, usize>,
    }
    #[derive(Serialize)]
    struct CheckDocument<'a> {
        id: &'static str,
        step: u8,
        status: Status,
        says: &'a str,
        details: &'a [String],
        fix: Option<&'a str>,
    }
    let checks = found.iter().map(|(check, judged)| CheckDocument {
        id: check.id,
        step: check.step,
        status: judged.status,
        says: &judged.says,
        details: &judged.details,
        fix: judged.fix.as_deref(),
    });
    escape::visible_json(&Document { version: 1, checks: checks.collect(), summary: counts(found) })
}
