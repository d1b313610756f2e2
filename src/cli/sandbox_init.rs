//! `sandbox-init`: the first process of an agent container. Not for people: `review` starts it.

use crate::review::sandbox::inside::{self, Init};
use clap::Args;
use std::path::PathBuf;

/// Look whether the sandbox holds, then start the agent in it.
#[derive(Debug, Args)]
#[command(hide = true)]
pub(super) struct SandboxInitArgs {
    /// There is a proxy: its socket must be there, and the client token is the first line of standard input.
    #[arg(long)]
    proxy: bool,
    /// The engine's runtime is not its usual one.
    #[arg(long)]
    other_runtime: bool,
    /// Where the agent starts.
    #[arg(long, value_name = "DIR")]
    directory: Option<PathBuf>,
    /// The agent and its arguments.
    #[arg(last = true, required = true)]
    command: Vec<String>,
}

pub(super) fn run(args: SandboxInitArgs) -> u8 {
    inside::run(&Init {
        proxy: args.proxy,
        other_runtime: args.other_runtime,
        directory: args.directory,
        command: args.command,
    })
}
