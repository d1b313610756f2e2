//! `checks approval`: whether an event lets a stranger's commit be reviewed.

use crate::checks::approval::{Event, approval};
use crate::cli::on_github::GithubArgs;
use crate::cli::{Global, policy, refuse, saved_files};
use crate::context::Context;
use crate::error::{CommandError, exit};
use crate::ui::Ui;
use clap::Args;
use serde_json::json;
use std::path::PathBuf;

/// The most bytes of an event: GitHub sends 25 MB at most.
const MAX_BYTES: u64 = 32 << 20;

/// Say which commit of a fork's pull request a maintainer lets be reviewed, if the event is such a word.
#[derive(Debug, Clone, Args)]
#[command(after_help = "Examples:
  mcp-registry checks approval                    the event of this workflow, by GITHUB_EVENT_PATH
  mcp-registry checks approval --event event.json

A word is a new comment that begins with `/review` and at least 12 digits of the commit that was looked at, or the label
safe-to-review; and it counts from people with write access alone, for the head that it names. It is printed as one line of
JSON: {\"pull\":7,\"head\":\"…\",\"by\":\"maria\"}.

Exit status: 0 the commit may be reviewed, 1 the event is no such word, 3 that could not be found out.")]
pub(super) struct ApprovalArgs {
    /// The event, as GitHub hands it to a workflow.
    #[arg(long, value_name = "FILE")]
    event: Option<PathBuf>,
    #[command(flatten)]
    github: GithubArgs,
}

pub(super) fn run(args: &ApprovalArgs, global: &Global, context: &Context, ui: &Ui) -> Result<u8, CommandError> {
    args.github.check("checks approval", global, context)?;
    let file = args.event.as_ref().or(context.github_event.as_ref()).ok_or_else(|| {
        refuse("nothing says which event is meant")
            .hint("name its file: `--event FILE`; a workflow has it in GITHUB_EVENT_PATH")
    })?;
    let shown = file.display();
    let bytes = saved_files::bytes(file, MAX_BYTES)?;
    let event: Event = serde_json::from_slice(&bytes)
        .map_err(|error| refuse(format!("{shown} is not a GitHub event")).because(&error))?;
    let policy = policy::load(&global.root, None)?;
    let found = args
        .github
        .with("ask about the event", &policy, context, async |registry| Ok(approval(registry, &event).await?))?;
    match found {
        Ok(approval) => {
            let line = json!({ "pull": approval.pull, "head": approval.head, "by": approval.by });
            ui.result(&format!("{line}\n"))?;
            Ok(exit::CLEAN)
        }
        Err(why) => {
            ui.say(&format!("nothing is approved: {why}"));
            Ok(exit::FINDINGS)
        }
    }
}
