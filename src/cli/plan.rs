//! `plan`: what a change or an audit needs done, for the jobs of a CI.

use super::{Global, clock, entries, policy, range, refuse};
use crate::entry::load;
use crate::error::{CommandError, exit};
use crate::history::{Comparison, History};
use crate::jobs::{self, Jobs, MAX_JOBS, Need, Shard};
use crate::output::{Format, count, escape};
use crate::policy::{POLICY, Policy};
use crate::ui::Ui;
use clap::builder::PossibleValuesParser;
use clap::{ArgGroup, Args};
use std::collections::BTreeSet;
use std::fmt::Write as _;

/// Say what a change, or an audit of the registry, needs done, and divide it among jobs.
#[derive(Debug, Clone, Args)]
#[command(
    group = ArgGroup::new("what").required(true).args(["diff", "audit"]),
    after_help = "Examples:
  mcp-registry plan --diff origin/main..HEAD                  what each changed entry needs, and why
  mcp-registry plan --diff origin/main..HEAD --matrix review  one line of JSON for `strategy.matrix`
  mcp-registry plan --audit --jobs 40 --matrix review         the whole registry, in 40 jobs
  mcp-registry plan --audit --shard 2/5 --format json         the second fifth of it

In GitHub Actions, a job whose matrix may be empty needs `if: fromJSON(…).count > 0`. Each job gets `matrix.names`: names of
entries, separated by spaces, which have letters, digits and hyphens only."
)]
pub(super) struct PlanArgs {
    /// With --audit: only these entries, by folder name.
    #[arg(value_name = "NAME", conflicts_with = "diff")]
    names: Vec<String>,
    /// The entries that `head` changed since it left `base`. What is built is decided by the policy of `base`.
    #[arg(long, value_name = "BASE..HEAD")]
    diff: Option<String>,
    /// The whole registry, or the entries named.
    #[arg(long)]
    audit: bool,
    /// The most jobs for each thing to do. Fewer are made where there is less to do.
    #[arg(long, value_name = "N", default_value_t = MAX_JOBS as u64, value_parser = clap::value_parser!(u64).range(1..=MAX_JOBS as u64))]
    jobs: u64,
    /// One of N parts that take about the same time; every entry is in exactly one.
    #[arg(long, value_name = "I/N", value_parser = shard)]
    shard: Option<Shard>,
    /// Print only the matrix of one thing to do, as one line of JSON.
    #[arg(long, value_name = "WHAT", value_parser = PossibleValuesParser::new(Need::IN_JOBS.map(Need::as_str)))]
    matrix: Option<String>,
}

fn shard(text: &str) -> Result<Shard, String> {
    let numbers = text.split_once('/').and_then(|(number, of)| Some((number.parse().ok()?, of.parse().ok()?)));
    match numbers {
        Some((number, of)) if (1..=of).contains(&number) && of <= 10_000 => Ok(Shard { number, of }),
        _ => Err("write it as 2/5: the second of five, of 10,000 at most".to_owned()),
    }
}

pub(super) fn run(args: &PlanArgs, global: &Global, ui: &Ui) -> Result<u8, CommandError> {
    if !matches!(global.format, Format::Human | Format::Json) {
        return Err(refuse("`plan` is written as human or json").hint("use `--format json`"));
    }
    let mut jobs = match &args.diff {
        Some(range) => {
            let (range, global) = (range.clone(), global.clone());
            clock::within(clock::HISTORY, "the registry's history", move || Ok(changed(&range, &global)?.jobs))?
        }
        None => audited(args, global)?,
    };
    if let Some(shard) = args.shard {
        jobs = jobs.shard(shard);
    }
    let most = usize::try_from(args.jobs).unwrap_or(MAX_JOBS);
    let jobs = jobs.into_jobs(most).map_err(|error| {
        refuse(format!("the work cannot be divided among {most} jobs")).because(&error).hint("allow more with `--jobs`")
    })?;
    ui.result(&rendered(args, global, &jobs)?)?;
    Ok(exit::CLEAN)
}

/// What a range of commits changed.
pub(super) struct Changed {
    pub(super) history: History,
    pub(super) compared: Comparison,
    /// Of the base: it decides what is built.
    pub(super) policy: Policy,
    pub(super) jobs: Jobs,
}

/// Reads what a range of commits changed.
///
/// # Errors
/// When it is no range, or history cannot be read.
pub(super) fn changed(text: &str, global: &Global) -> Result<Changed, CommandError> {
    let range = range::parse(text)?;
    let history = History::open(&global.root)?;
    let compared = history.compare(&range)?;
    history.check_registry(&compared.head)?;
    let policy = range::policy_at(&history, &compared.base)?;
    let jobs = jobs::change(&history, &compared, &policy.settings.registry.namespace)?;
    Ok(Changed { history, compared, policy, jobs })
}

fn audited(args: &PlanArgs, global: &Global) -> Result<Jobs, CommandError> {
    policy::check_root(&global.root)?;
    let mut names = entries::list(&global.root)?;
    if !args.names.is_empty() {
        let wanted = args.names.iter().map(|name| entries::named(name, &names).cloned());
        names = wanted.collect::<Result<BTreeSet<_>, _>>()?.into_iter().collect();
    }
    Ok(jobs::audit(&load::load_all(&global.root, &names)))
}

fn rendered(args: &PlanArgs, global: &Global, jobs: &Jobs) -> Result<String, CommandError> {
    let failed = |error: serde_json::Error| CommandError::unfinished("cannot write JSON").because(&error);
    let of = |need: Need| jobs.matrix.get(&need);
    if let Some(word) = &args.matrix {
        let matrix = Need::IN_JOBS.into_iter().find(|need| need.as_str() == word).and_then(of);
        return Ok(serde_json::to_string(&matrix).map_err(failed)? + "\n");
    }
    if global.format == Format::Json {
        return Ok(escape::visible_json(&serde_json::to_value(jobs).map_err(failed)?));
    }
    let mut text = String::new();
    let width = jobs.entries.iter().map(|planned| planned.name.len()).max().unwrap_or_default().min(40);
    for planned in jobs.entries.iter().filter(|planned| args.diff.is_some() || planned.needs.len() < 2) {
        let needs: Vec<&str> = planned.needs.iter().map(|need| need.as_str()).collect();
        let why: Vec<&str> = planned.change.into_iter().chain(planned.why.iter().map(String::as_str)).collect();
        let needs = if needs.is_empty() { "nothing to do".to_owned() } else { needs.join(", ") };
        let line = format!("{:width$}  {needs} ({})", planned.name, why.join("; "));
        let _ = writeln!(text, "{}", escape::terminal(&line));
    }
    if jobs.policy_changed {
        let _ = writeln!(text, "{POLICY} changed: a maintainer decides");
    }
    let counts = Need::IN_JOBS.into_iter().filter_map(|need| {
        let number = jobs.entries.iter().filter(|planned| planned.needs.contains(&need)).count();
        let jobs = of(need).map_or(0, |matrix| matrix.count);
        (number > 0).then(|| format!("{}: {} in {}", need.as_str(), counted(number), count(jobs, "job")))
    });
    let counts: Vec<String> = counts.collect();
    let all = counted(jobs.entries.len());
    let _ = match counts.is_empty() {
        true => writeln!(text, "{all}: nothing to build, review or publish"),
        false => writeln!(text, "{all}. {}", counts.join(". ")),
    };
    Ok(text)
}

fn counted(entries: usize) -> String {
    if entries == 1 { "1 entry".to_owned() } else { format!("{entries} entries") }
}
