//! `checks`: what the registry's own App says on GitHub about a pull request.

mod approval;
mod gate;
mod needs;
mod outcomes;
mod publish;
mod result;
pub(super) mod saved;

use super::Global;
use crate::context::Context;
use crate::error::CommandError;
use crate::ui::Ui;
use clap::{Args, Subcommand};

/// Say on GitHub what was found about a pull request, and whether it may be merged.
#[derive(Debug, Clone, Args)]
#[command(after_help = "Examples:
  mcp-registry checks start --pr 7 --diff origin/main..HEAD
  mcp-registry checks publish --pr 7 --diff origin/main..HEAD validate.json build.json reviews/
  mcp-registry checks gate --pr 7 --diff origin/main..HEAD
  mcp-registry checks approval --event \"$GITHUB_EVENT_PATH\"

All of them can be killed at any point and run again. They run nothing of what they judge: reports are files that other jobs
made, and only those about the commits of the pull request count.")]
pub(super) struct ChecksArgs {
    #[command(subcommand)]
    command: ChecksCommand,
}

#[derive(Debug, Clone, Subcommand)]
enum ChecksCommand {
    Start(publish::StartArgs),
    Publish(publish::PublishArgs),
    Gate(gate::GateArgs),
    Approval(approval::ApprovalArgs),
}

pub(super) fn run(args: &ChecksArgs, global: &Global, context: &Context, ui: &Ui) -> Result<u8, CommandError> {
    match &args.command {
        ChecksCommand::Start(args) => publish::start(args, global, context, ui),
        ChecksCommand::Publish(args) => publish::publish(args, global, context, ui),
        ChecksCommand::Gate(args) => gate::run(args, global, context, ui),
        ChecksCommand::Approval(args) => approval::run(args, global, context, ui),
    }
}
