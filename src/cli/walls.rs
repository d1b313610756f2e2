//! `walls`: what a program of the PATH is started behind. Not for people: `scan` and `attest` start it.

use crate::tool::walls::{self, EXIT_NOT_STARTED, Walls};
use crate::ui::Ui;
use clap::Args;
use std::ffi::OsString;

/// Give up sockets and memory, then become a program.
#[derive(Debug, Args)]
#[command(hide = true)]
pub(super) struct WallsArgs {
    /// The address space of each process, in bytes.
    #[arg(long)]
    memory: u64,
    /// It may have a network.
    #[arg(long)]
    network: bool,
    /// The program and its arguments.
    #[arg(last = true, required = true)]
    command: Vec<OsString>,
}

pub(super) fn run(args: WallsArgs, ui: &Ui) -> u8 {
    let WallsArgs { memory, network, command } = args;
    ui.say(&walls::enter(&Walls { memory, network, command }));
    EXIT_NOT_STARTED
}
