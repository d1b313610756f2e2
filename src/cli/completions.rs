//! `completions`: what a shell needs to complete this program's command line.

use crate::error::{CommandError, exit};
use crate::ui::Ui;
use clap::{Args, Command};
use clap_complete::Shell;

/// Print completions for a shell.
#[derive(Debug, Clone, Args)]
#[command(after_help = "Examples:
  mcp-registry completions bash > ~/.local/share/bash-completion/completions/mcp-registry
  mcp-registry completions fish > ~/.config/fish/completions/mcp-registry.fish
  mcp-registry completions zsh > ~/.zfunc/_mcp-registry")]
pub(super) struct CompletionsArgs {
    /// The shell.
    #[arg(value_enum)]
    shell: Shell,
}

pub(super) fn run(args: &CompletionsArgs, command: &mut Command, ui: &Ui) -> Result<u8, CommandError> {
    let mut script = Vec::new();
    clap_complete::generate(args.shell, command, "mcp-registry", &mut script);
    ui.result(&String::from_utf8_lossy(&script))?;
    Ok(exit::CLEAN)
}
