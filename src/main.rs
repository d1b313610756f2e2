//! The program: parses the command line, runs one command, shows its result, and turns it into an exit status.

use mcp_registry::{cli, context::Context};
use std::process::ExitCode;

fn main() -> ExitCode {
    ExitCode::from(cli::run(std::env::args_os(), &Context::from_process()))
}
