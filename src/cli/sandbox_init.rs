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
    /// The container has a network.
    #[arg(long)]
    network: bool,
    /// A variable of the program's environment; may be repeated.
    #[arg(long = "variable", value_name = "NAME=VALUE", value_parser = super::sign::annotation)]
    variables: Vec<(String, String)>,
    /// The folder whose plain files are the output, as an archive.
    #[arg(long, value_name = "DIR")]
    results: Option<PathBuf>,
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
        network: args.network,
        variables: args.variables,
        results: args.results,
        directory: args.directory,
        command: args.command,
    })
}
