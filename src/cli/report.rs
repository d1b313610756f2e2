//! `report`: what is done with saved reports.

mod merge;

use super::Global;
use crate::error::CommandError;
use crate::ui::Ui;
use clap::{Args, Subcommand};

/// Work with saved reports.
#[derive(Debug, Clone, Args)]
#[command(after_help = "Examples:
  mcp-registry report merge shards/*.json --format json -o audit.json")]
pub(super) struct ReportArgs {
    #[command(subcommand)]
    command: ReportCommand,
}

#[derive(Debug, Clone, Subcommand)]
enum ReportCommand {
    Merge(merge::MergeArgs),
}

pub(super) fn run(args: &ReportArgs, global: &Global, ui: &Ui) -> Result<u8, CommandError> {
    match &args.command {
        ReportCommand::Merge(args) => merge::run(args, global, ui),
    }
}
