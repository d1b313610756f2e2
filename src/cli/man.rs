//! `man`: manual pages, made from the same text as `--help`.

use super::refuse;
use crate::error::{CommandError, exit};
use crate::files;
use crate::ui::Ui;
use clap::{Args, Command};
use clap_mangen::Man;
use std::path::PathBuf;

/// Print the manual page, or write one for each command.
#[derive(Debug, Clone, Args)]
#[command(after_help = "Examples:
  mcp-registry man | man -l -
  mcp-registry man --out ~/.local/share/man/man1")]
pub(super) struct ManArgs {
    /// Write a page for each command to this folder.
    #[arg(long, value_name = "DIR")]
    out: Option<PathBuf>,
}

pub(super) fn run(args: &ManArgs, mut command: Command, ui: &Ui) -> Result<u8, CommandError> {
    // Commands get the names and the options that they share.
    command.build();
    let Some(folder) = &args.out else {
        ui.result(&String::from_utf8_lossy(&page(command)?))?;
        return Ok(exit::CLEAN);
    };
    if !folder.is_dir() {
        return Err(refuse(format!("there is no folder `{}`", folder.display())));
    }
    let shown = |command: &&Command| !command.is_hide_set() && command.get_name() != "help";
    let pages =
        command.get_subcommands().filter(shown).map(|one| (format!("mcp-registry-{}", one.get_name()), one.clone()));
    let pages: Vec<_> = pages.chain([("mcp-registry".to_owned(), command.clone())]).collect();
    for (name, one) in pages {
        let file = folder.join(format!("{name}.1"));
        files::write_whole(&file, &page(one.display_name(name.clone()))?)
            .map_err(|error| CommandError::unfinished(format!("cannot write `{}`", file.display())).because(&error))?;
    }
    Ok(exit::CLEAN)
}

fn page(command: Command) -> Result<Vec<u8>, CommandError> {
    let mut page = Vec::new();
    Man::new(command)
        .render(&mut page)
        .map_err(|error| CommandError::unfinished("cannot make the manual page").because(&error))?;
    Ok(page)
}
