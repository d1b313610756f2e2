//! `checks gate`: whether a pull request, or its group in the merge queue, may be merged.

use super::needs::{NeedsArgs, number};
use super::result;
use crate::checks::gate::{Place, Request, gate};
use crate::cli::on_github::GithubArgs;
use crate::cli::{Global, refuse};
use crate::context::Context;
use crate::error::{CommandError, exit};
use crate::ui::Ui;
use crate::verdict::Conclusion;
use clap::Args;
use std::collections::BTreeSet;

/// Judge whether a pull request may be merged, and say so as the one check that branch protection asks for.
#[derive(Debug, Clone, Args)]
#[command(after_help = "Examples:
  mcp-registry checks gate --pr 7 --diff origin/main..HEAD
  mcp-registry checks gate --merge-group refs/heads/gh-readonly-queue/main/pr-7-… --diff \"$BASE..$HEAD\"

The check is `mcp-registry/gate`. It succeeds when every check that the change needs was made by the registry's own App on
this very commit and passed; where a review found a risk above `gate-risk` of the policy, or files outside of entries
changed, a maintainer has to approve this commit, or to set the label security-ack after it was reviewed.

Exit status: 0 it may be merged, 1 it may not or not yet, 3 that could not be found out.")]
pub(super) struct GateArgs {
    /// The pull request. Without it, the open one whose head is that of --diff.
    #[arg(long, value_name = "NUMBER", value_parser = number, conflicts_with = "merge_group")]
    pr: Option<u64>,
    /// The branch of a group in the merge queue, as the event `merge_group` names it in `head_ref`.
    #[arg(long, value_name = "REF")]
    merge_group: Option<String>,
    /// Something that failed before the gate is asked, which it then says at once: a merge group waits for it.
    #[arg(long, value_name = "WHAT")]
    failed: Option<String>,
    #[command(flatten)]
    needs: NeedsArgs,
    #[command(flatten)]
    github: GithubArgs,
}

/// The pull request of a group: GitHub names its branch `gh-readonly-queue/<base>/pr-<number>-<commit>`.
fn pull_of(group: &str) -> Result<u64, CommandError> {
    let name = group.strip_prefix("refs/heads/").unwrap_or(group);
    let last = name.strip_prefix("gh-readonly-queue/").and_then(|rest| rest.rsplit('/').next());
    let parts = last.and_then(|last| last.strip_prefix("pr-")).and_then(|rest| rest.split_once('-'));
    let number = parts.filter(|(_, commit)| commit.len() == 40).and_then(|(number, _)| number.parse().ok());
    number.filter(|number| *number > 0).ok_or_else(|| {
        refuse(format!("`--merge-group` is not the branch of a merge group: `{group}`")).hint(
            "as in `refs/heads/gh-readonly-queue/main/pr-7-` and 40 digits; the event has it in `merge_group.head_ref`",
        )
    })
}

pub(super) fn run(args: &GateArgs, global: &Global, context: &Context, ui: &Ui) -> Result<u8, CommandError> {
    args.github.check("checks gate", global, context)?;
    let place = match &args.merge_group {
        Some(group) => Place::Group(pull_of(group)?),
        None => Place::Pull(args.pr),
    };
    let needs = args.needs.read(global, BTreeSet::new())?;
    let request = Request {
        place,
        head: needs.head.clone(),
        app: args.github.app(&needs.policy)?,
        allow_actions_app: args.github.allow_actions_app,
        required: needs.required,
        outside: needs.outside,
        failed: args.failed.clone(),
        gate_risk: needs.policy.settings.github.gate_risk,
        dry_run: args.github.dry_run,
    };
    let judged =
        args.github.with("judge the gate", &needs.policy, context, async |registry| gate(registry, &request).await)?;
    result::gate(&judged, args.github.dry_run, global, ui)?;
    Ok(if judged.conclusion == Some(Conclusion::Success) { exit::CLEAN } else { exit::FINDINGS })
}
