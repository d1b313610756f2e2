//! The command line: one file per command, each turning arguments into a request and a result into a rendering.

mod agent;
mod attest;
mod build;
mod catalog;
mod checks;
mod clock;
mod completions;
mod digests;
mod doctor;
mod entries;
mod fail_on;
mod generate_key_pair;
mod images;
mod init;
mod keys;
mod list;
mod man;
mod merge;
mod on_github;
mod outside;
mod places;
mod plan;
mod policy;
mod providers;
mod proxy;
mod published;
mod range;
mod report;
mod review;
mod roots;
mod rules;
mod sandbox_init;
mod saved_files;
mod scan;
mod schema;
mod show;
mod sign;
mod signing;
mod subjects;
mod tools;
mod units;
mod update_pins;
mod validate;
mod verify;
mod walls;

use crate::context::Context;
use crate::error::{CommandError, exit};
use crate::output::{Format, escape};
use crate::ui::{Color, LogFormat, Ui, UiOptions};
use clap::{Args, CommandFactory as _, Parser, Subcommand};
use std::ffi::OsString;
use std::io::{IsTerminal as _, Write as _};
use std::path::PathBuf;

/// Keeps a registry of MCP servers honest.
#[derive(Debug, Parser)]
#[command(
    name = "mcp-registry",
    version,
    propagate_version = true,
    max_term_width = 100,
    after_help = "Exit status: 0 nothing at or above --fail-on, 1 findings, 2 wrong usage or policy, 3 could not finish."
)]
pub(crate) struct Cli {
    #[command(flatten)]
    global: Global,
    #[command(subcommand)]
    command: Command,
}

/// Options of every command.
#[derive(Debug, Clone, Args)]
pub(crate) struct Global {
    /// The registry: the folder that holds `servers/`.
    #[arg(long, global = true, value_name = "DIR", default_value = ".", help_heading = "Global options")]
    pub(crate) root: PathBuf,
    /// How the result is written.
    #[arg(long, global = true, value_enum, default_value_t = Format::Human, help_heading = "Global options")]
    pub(crate) format: Format,
    /// Write the result to this file and not to standard output.
    #[arg(long, short, global = true, value_name = "FILE", help_heading = "Global options")]
    pub(crate) output: Option<PathBuf>,
    /// Refuse everything that needs a network.
    #[arg(long, global = true, help_heading = "Global options")]
    pub(crate) offline: bool,
    /// Colour in human output.
    #[arg(long, global = true, value_enum, default_value_t = Color::Auto, help_heading = "Global options")]
    pub(crate) color: Color,
    /// Say nothing but the result.
    #[arg(long, short, global = true, conflicts_with = "verbose", help_heading = "Global options")]
    pub(crate) quiet: bool,
    /// Log what is done to standard error; twice for more.
    #[arg(long, short, global = true, action = clap::ArgAction::Count, help_heading = "Global options")]
    pub(crate) verbose: u8,
    /// How log lines are written.
    #[arg(long, global = true, value_enum, default_value_t = LogFormat::Text, help_heading = "Global options")]
    pub(crate) log_format: LogFormat,
}

impl Global {
    fn ui_options(&self) -> UiOptions {
        UiOptions {
            color: self.color,
            quiet: self.quiet,
            verbose: self.verbose,
            log_format: self.log_format,
            output: self.output.clone(),
        }
    }
}

#[derive(Debug, Subcommand)]
enum Command {
    #[command(hide = true)]
    Agent(agent::AgentArgs),
    Build(Box<build::BuildArgs>),
    Catalog(Box<catalog::CatalogArgs>),
    Completions(completions::CompletionsArgs),
    Init(Box<init::InitArgs>),
    List(list::ListArgs),
    Man(man::ManArgs),
    Checks(Box<checks::ChecksArgs>),
    Doctor(Box<doctor::DoctorArgs>),
    Merge(Box<merge::MergeArgs>),
    Validate(Box<validate::ValidateArgs>),
    Report(report::ReportArgs),
    Review(Box<review::ReviewArgs>),
    Plan(plan::PlanArgs),
    Proxy(Box<proxy::ProxyArgs>),
    Rules(rules::RulesArgs),
    SandboxInit(sandbox_init::SandboxInitArgs),
    Schema(schema::SchemaArgs),
    Show(show::ShowArgs),
    UpdatePins(Box<update_pins::UpdatePinsArgs>),
    GenerateKeyPair(generate_key_pair::GenerateKeyPairArgs),
    Scan(Box<scan::ScanArgs>),
    Sign(Box<sign::SignArgs>),
    Attest(Box<attest::AttestArgs>),
    Verify(Box<verify::VerifyArgs>),
    Walls(walls::WallsArgs),
}

/// Runs the program. Returns its exit status.
#[must_use]
pub fn run(args: impl IntoIterator<Item = OsString>, context: &Context) -> u8 {
    let cli = match Cli::try_parse_from(args) {
        Ok(cli) => cli,
        Err(error) => {
            if error.use_stderr() && !std::io::stderr().is_terminal() {
                // It repeats arguments, of which a shell may have made some out of the names of folders.
                let text = error.render().to_string();
                let lines: Vec<String> = text.trim_end().lines().map(escape::terminal).collect();
                let _ = writeln!(std::io::stderr(), "{}", lines.join("\n"));
                return exit::USAGE;
            }
            // A reader that closed the pipe does not want to hear about it.
            let _ = error.print();
            return if error.use_stderr() { exit::USAGE } else { exit::CLEAN };
        }
    };
    let ui = Ui::new(context, &cli.global.ui_options());
    let place = cli.global.output.as_deref().map_or(Ok(()), |file| places::check_kind("--output", file));
    if let Err(error) = place {
        ui.error(&error);
        return error.exit_status();
    }
    let result = match cli.command {
        Command::Agent(args) => agent::run(&args, context, &ui),
        Command::Attest(args) => attest::run(&args, &cli.global, context, &ui),
        Command::GenerateKeyPair(args) => generate_key_pair::run(&args, &cli.global, context, &ui),
        Command::Build(args) => build::run(&args, &cli.global, context, &ui),
        Command::Catalog(args) => catalog::run(&args, &cli.global, context, &ui),
        Command::Completions(args) => completions::run(&args, &mut Cli::command(), &ui),
        Command::Init(args) => init::run(&args, &cli.global, context, &ui),
        Command::List(args) => list::run(&args, &cli.global, context, &ui),
        Command::Man(args) => man::run(&args, Cli::command(), &ui),
        Command::Checks(args) => checks::run(&args, &cli.global, context, &ui),
        Command::Doctor(args) => doctor::run(&args, &cli.global, context, &ui),
        Command::Merge(args) => merge::run(&args, &cli.global, context, &ui),
        Command::Validate(args) => validate::run(&args, &cli.global, context, &ui),
        Command::Report(args) => report::run(&args, &cli.global, &ui),
        Command::Review(args) => review::run(&args, &cli.global, context, &ui),
        Command::Plan(args) => plan::run(&args, &cli.global, &ui),
        Command::Proxy(args) => proxy::run(&args, &cli.global, context, &ui),
        Command::Rules(args) => rules::run(&args, &cli.global, &ui),
        Command::SandboxInit(args) => Ok(sandbox_init::run(args)),
        Command::Schema(args) => schema::run(&args, &ui),
        Command::Show(args) => show::run(&args, &cli.global, context, &ui),
        Command::Scan(args) => scan::run(&args, &cli.global, context, &ui),
        Command::Sign(args) => sign::run(&args, &cli.global, context, &ui),
        Command::UpdatePins(args) => update_pins::run(&args, &cli.global, context, &ui),
        Command::Verify(args) => verify::run(&args, &cli.global, context, &ui),
        Command::Walls(args) => Ok(walls::run(args, &ui)),
    };
    match result {
        Ok(status) => status,
        Err(error) => {
            ui.error(&error);
            error.exit_status()
        }
    }
}

/// Refuses a combination of options.
fn refuse(message: impl Into<String>) -> CommandError {
    CommandError::usage(message)
}

/// Does the command line make sense at all? Guarded here, and by snapshots of every help text.
#[cfg(test)]
mod tests {
    use super::Cli;
    use clap::CommandFactory;

    #[test]
    fn the_command_line_is_consistent() {
        Cli::command().debug_assert();
    }
}
