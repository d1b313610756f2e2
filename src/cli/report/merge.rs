//! `report merge`: the reports of the shards of one command become one, as if one job had done all of it.

use crate::cli::fail_on::FailOn;
use crate::cli::{Global, refuse, saved_files};
use crate::error::{CommandError, exit};
use crate::finding::{Severity, Summary};
use crate::ids::Digest;
use crate::output::{Format, escape, summary_line};
use crate::ui::Ui;
use clap::Args;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::path::{Path, PathBuf};

/// The most bytes of one report: an audit of 10,000 entries with ten findings each has 60 MB.
const MAX_BYTES: u64 = 256 << 20;
/// The most findings that are shown for people.
const MOST_SHOWN: usize = 50;

/// Put the reports of several jobs together: one report, as if one job had judged everything.
#[derive(Debug, Clone, Args)]
#[command(after_help = "Examples:
  mcp-registry report merge shards/*.json --format json -o audit.json
  mcp-registry report merge shards/*.json                       how many of what, and the gravest

The reports are those of one command, written with `--format json`: of `validate`, `verify` or `scan`. The same finding in
two of them counts once, and so does a report that is named twice. `plan --audit --jobs N` makes the shards.")]
pub(super) struct MergeArgs {
    /// The reports.
    #[arg(value_name = "REPORT", required = true)]
    reports: Vec<PathBuf>,
    /// Exit with status 1 if there is a finding of at least this severity.
    #[arg(long, value_enum, default_value_t = FailOn::Error)]
    fail_on: FailOn,
}

/// A report, all of it: nothing is lost on the way.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Saved {
    version: u32,
    tool: Tool,
    command: String,
    entries: usize,
    findings: Vec<Found>,
    summary: Summary,
}

#[derive(Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Tool {
    name: String,
    version: String,
}

#[derive(Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Found {
    rule: String,
    severity: Severity,
    entry: Option<String>,
    path: String,
    line: Option<u64>,
    column: Option<u64>,
    end_line: Option<u64>,
    end_column: Option<u64>,
    message: String,
    label: String,
    help: Option<String>,
    labels: Vec<Label>,
    fixable: bool,
    waived: Option<String>,
}

impl Found {
    /// The order of reports: path, position, rule, message.
    fn key(&self) -> impl Ord {
        (&self.path, self.line, self.column, &self.rule, &self.message, &self.entry, &self.waived)
    }
}

#[derive(Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Label {
    path: String,
    line: Option<u64>,
    column: Option<u64>,
    end_line: Option<u64>,
    end_column: Option<u64>,
    text: String,
}

pub(super) fn run(args: &MergeArgs, global: &Global, ui: &Ui) -> Result<u8, CommandError> {
    if !matches!(global.format, Format::Human | Format::Json) {
        return Err(refuse("`report merge` is written as human or json").hint("use `--format json`"));
    }
    let mut merged: Option<(Saved, &Path)> = None;
    let mut seen = BTreeSet::new();
    for file in &args.reports {
        let (mut next, digest) = read(file)?;
        // The report of a job that was run again is not another job's.
        if !seen.insert(digest) {
            continue;
        }
        match &mut merged {
            None => merged = Some((next, file)),
            Some((all, first)) => {
                if all.command != next.command || all.tool != next.tool {
                    let of = |it: &Saved| format!("`{}` of {} {}", it.command, it.tool.name, it.tool.version);
                    return Err(refuse(format!(
                        "{} is a report of {}, and {} one of {}",
                        file.display(),
                        of(&next),
                        first.display(),
                        of(all)
                    ))
                    .hint("merge the reports of one command, made by one version"));
                }
                all.entries += next.entries;
                all.findings.append(&mut next.findings);
            }
        }
    }
    let Some((mut all, _)) = merged else { return Err(refuse("no report is named")) };
    all.findings.sort_by(|one, other| one.key().cmp(&other.key()));
    all.findings.dedup();
    all.summary = Summary::of(all.findings.iter().map(|found| (found.severity, found.waived.is_some())));
    let text = match global.format {
        Format::Json => escape::visible_json(&all),
        _ => human(&all),
    };
    ui.result(&text)?;
    let worst = all.findings.iter().filter(|found| found.waived.is_none()).map(|found| found.severity).max();
    let fails = args.fail_on.severity().is_some_and(|least| worst.is_some_and(|worst| worst >= least));
    Ok(if fails { exit::FINDINGS } else { exit::CLEAN })
}

/// A report, and the digest of its file.
fn read(file: &Path) -> Result<(Saved, Digest), CommandError> {
    let shown = file.display();
    let bytes = saved_files::bytes(file, MAX_BYTES)?;
    let saved: Saved = serde_json::from_slice(&bytes).map_err(|error| {
        refuse(format!("{shown} is not a report of this program"))
            .because(&error)
            .hint("it takes what `validate`, `verify` and `scan` write with `--format json`")
    })?;
    if saved.version != 1 {
        return Err(refuse(format!("{shown} is of version {}, and this program reads version 1", saved.version)));
    }
    Ok((saved, Digest::of(&bytes)))
}

/// How many of each rule, the gravest findings, and a sentence.
fn human(all: &Saved) -> String {
    let mut rules: BTreeMap<(std::cmp::Reverse<Severity>, &str), usize> = BTreeMap::new();
    let counted = || all.findings.iter().filter(|found| found.waived.is_none());
    for found in counted() {
        *rules.entry((std::cmp::Reverse(found.severity), &found.rule)).or_default() += 1;
    }
    let mut text = String::new();
    for ((severity, rule), number) in &rules {
        let line = format!("{number:>7}  {:<8} {rule}", severity.0.to_string());
        let _ = writeln!(text, "{}", escape::terminal(&line));
    }
    let errors = || counted().filter(|found| found.severity == Severity::Error);
    if errors().next().is_some() {
        text.push('\n');
    }
    for found in errors().take(MOST_SHOWN) {
        let line = found.line.map(|line| format!(":{line}")).unwrap_or_default();
        let line = format!("{}{line}: {} [{}]", found.path, found.message, found.rule);
        let _ = writeln!(text, "{}", escape::terminal_within(&line, 400));
    }
    let more = errors().count().saturating_sub(MOST_SHOWN);
    if more > 0 {
        let _ = writeln!(text, "… and {more} more errors");
    }
    if !text.is_empty() {
        text.push('\n');
    }
    let _ = writeln!(text, "{}", summary_line(&all.summary, all.entries));
    text
}
