//! `checks start` and `checks publish`: check runs, labels and the comment of a pull request.

use super::needs::{NeedsArgs, OnlyArgs, no_reports, number};
use super::outcomes::outcomes;
use super::{result, saved};
use crate::checks::outcome::{Outcome, Wanted};
use crate::checks::publish::{Request, publish as publish_checks};
use crate::cli::Global;
use crate::cli::on_github::GithubArgs;
use crate::context::Context;
use crate::error::{CommandError, exit};
use crate::ui::Ui;
use clap::Args;
use std::path::PathBuf;

/// Make the check runs of a pull request, as work that is under way.
#[derive(Debug, Clone, Args)]
#[command(after_help = "Examples:
  mcp-registry checks start --pr 7 --diff origin/main..HEAD
  mcp-registry checks start --pr 7 --diff origin/main..HEAD --only build,review

One for each analysis of each entry that the pull request changed: `validate/<name>`, `build/<name>` and
`security-review/<name>`. Where there is a verdict on this commit already, it stays.")]
pub(super) struct StartArgs {
    #[command(flatten)]
    pull: PullArgs,
}

/// Of which pull request, and what of it.
#[derive(Debug, Clone, Args)]
struct PullArgs {
    /// The pull request. Without it, the open one whose head is that of --diff.
    #[arg(long, value_name = "NUMBER", value_parser = number)]
    pr: Option<u64>,
    #[command(flatten)]
    needs: NeedsArgs,
    #[command(flatten)]
    only: OnlyArgs,
    #[command(flatten)]
    github: GithubArgs,
}

/// Conclude the check runs of a pull request from saved reports; set its labels, and write its comment.
#[derive(Debug, Clone, Args)]
#[command(after_help = "Examples:
  mcp-registry checks publish --pr 7 --diff origin/main..HEAD validate.json build.json reviews/
  mcp-registry checks publish --diff origin/main..HEAD --only review reviews/ --dry-run

Reports are the files that `validate --format json` and `build --format json` wrote, and report.json of each review; of a
folder, all of that name in it. A check that no report is about ends as `action_required`. Labels: one of
security-risk:info, :low, :medium, :high, :critical or :incomplete, and security-blocked; others are left alone.")]
pub(super) struct PublishArgs {
    /// The saved reports, and folders of them.
    #[arg(value_name = "REPORT")]
    reports: Vec<PathBuf>,
    #[command(flatten)]
    pull: PullArgs,
}

pub(super) fn start(args: &StartArgs, global: &Global, context: &Context, ui: &Ui) -> Result<u8, CommandError> {
    send("checks start", &args.pull, None, (global, context, ui))
}

pub(super) fn publish(args: &PublishArgs, global: &Global, context: &Context, ui: &Ui) -> Result<u8, CommandError> {
    if args.reports.is_empty() {
        return Err(no_reports());
    }
    let saved = saved::read(&args.reports)?;
    send("checks publish", &args.pull, Some(&saved), (global, context, ui))
}

fn send(
    command: &str,
    PullArgs { pr, needs, only, github }: &PullArgs,
    saved: Option<&[saved::Saved]>,
    (global, context, ui): (&Global, &Context, &Ui),
) -> Result<u8, CommandError> {
    github.check(command, global, context)?;
    let needs = needs.read(global, only.analyses())?;
    let wanted = match saved {
        Some(saved) => outcomes(&needs, saved),
        None => {
            let under_way = |(analysis, entry): &(_, _)| Wanted {
                of: Some((*analysis, std::sync::Arc::clone(entry))),
                outcome: Outcome::plain(None, "under way", "What comes of it stands here when the job has ended."),
            };
            needs.required.iter().map(under_way).collect()
        }
    };
    let request = Request {
        pull: *pr,
        head: needs.head.clone(),
        app: github.app(&needs.policy)?,
        allow_actions_app: github.allow_actions_app,
        wanted,
        gate_risk: needs.policy.settings.github.gate_risk,
        dry_run: github.dry_run,
    };
    let published = github.with("publish the checks", &needs.policy, context, async |registry| {
        publish_checks(registry, &request).await
    })?;
    result::published(&published, github.dry_run, global, context, ui)?;
    Ok(exit::CLEAN)
}
