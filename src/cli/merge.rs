//! `merge`: the pull request of a pin that nobody has to look at is merged.

use super::on_github::GithubArgs;
use super::{Global, policy, units};
use crate::checks::merge::{Came, Request, merge};
use crate::context::Context;
use crate::error::{CommandError, exit};
use crate::output::{Format, escape};
use crate::ui::Ui;
use clap::Args;
use serde_json::json;
use std::time::Duration;

/// Merge the pull request of a pin, if everything that asks for a person is out of the way.
#[derive(Debug, Clone, Args)]
#[command(after_help = "Examples:
  mcp-registry merge --pr 7
  mcp-registry merge --pr 7 --dry-run       say which condition does not hold

It must be ours: opened by this token's account, from a branch of `update-pins`, with the one commit that the program makes,
so that nothing but `source.commit` differs. The gate, `validate/<name>`, `build/<name>` if there is one, and
`security-review/<name>` must have passed on its head, made by the registry's App, with a risk of `merge-risk` of the policy
at most; a ruleset must ask for the gate. Labels that stop it: skip-auto-merge. It is squashed, and its branch removed.

Exit status: 0 merged, now or before; 1 a condition does not hold, which a comment says once; 3 that could not be found out.")]
pub(super) struct MergeArgs {
    /// The pull request.
    #[arg(long, value_name = "NUMBER", value_parser = clap::value_parser!(u64).range(1..))]
    pr: u64,
    /// How long to wait for what passes by itself: GitHub «expects» a check for a while after it succeeded.
    #[arg(long, value_name = "TIME", default_value = "1m", value_parser = units::pause)]
    patience: Duration,
    #[command(flatten)]
    github: GithubArgs,
}

pub(super) fn run(args: &MergeArgs, global: &Global, context: &Context, ui: &Ui) -> Result<u8, CommandError> {
    args.github.check("merge", global, context)?;
    let policy = policy::load(&global.root, None)?;
    let request = Request {
        pull: args.pr,
        app: args.github.app(&policy)?,
        allow_actions_app: args.github.allow_actions_app,
        merge_risk: policy.settings.github.merge_risk,
        patience: args.patience,
        // As often as it may be written.
        interval: args.github.write_interval.max(Duration::from_millis(50)).saturating_mul(5),
        dry_run: args.github.dry_run,
    };
    let came = args.github.with("merge", &policy, context, async |registry| merge(registry, &request).await)?;
    let (word, why) = match &came {
        Came::Merged if args.github.dry_run => ("mergeable", None),
        Came::Merged => ("merged", None),
        Came::WasMerged => ("merged", Some("before this run")),
        Came::Not(unmet) => (if unmet.waits { "waits" } else { "not-merged" }, Some(unmet.why.as_str())),
    };
    if global.format == Format::Json {
        ui.result(&escape::visible_json(&json!({ "version": 1, "pull": args.pr, "came": word, "why": why })))?;
    } else {
        let said = match &came {
            Came::Merged if args.github.dry_run => "would be merged".to_owned(),
            Came::Merged => "merged".to_owned(),
            Came::WasMerged => "was merged before".to_owned(),
            Came::Not(unmet) => format!("not merged: {}", unmet.why),
        };
        ui.result(&format!("{}\n", escape::terminal(&format!("#{} {said}", args.pr))))?;
    }
    Ok(if matches!(came, Came::Not(_)) { exit::FINDINGS } else { exit::CLEAN })
}
