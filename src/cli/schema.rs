//! `schema`: the JSON Schemas of everything that is read or written here, for editors and other tools.

use crate::error::{CommandError, exit};
use crate::ui::Ui;
use clap::{Args, ValueEnum};

/// Print the JSON Schema of a file or output.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  mcp-registry schema server > server.schema.json
  mcp-registry schema report")]
pub(super) struct SchemaArgs {
    /// Which one.
    #[arg(value_enum)]
    name: SchemaName,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum SchemaName {
    /// servers/<name>/server.yaml
    Server,
    /// servers/<name>/tools.json
    Tools,
    /// mcp-registry.toml
    Policy,
    /// What --format json writes
    Report,
    /// What an agent prints: the findings of one reviewer
    ReviewFindings,
    /// report.json of a review
    ReviewReport,
    /// What update-pins --plan writes, and --apply reads
    PinPlan,
    /// What update-pins --state remembers
    PinState,
    /// What build --record writes, and attest --record reads
    BuildRecord,
    /// What sign and attest write with --format json
    Signatures,
    /// What build --format json writes
    Build,
    /// What build --digests writes
    Digests,
    /// What plan --format json writes
    Jobs,
    /// What init --format json writes
    Init,
    /// What checks start and checks publish write with --format json
    Checks,
    /// What doctor --format json writes
    Doctor,
}

pub(super) fn run(args: &SchemaArgs, ui: &Ui) -> Result<u8, CommandError> {
    ui.result(match args.name {
        SchemaName::Server => include_str!("../../schemas/server.json"),
        SchemaName::Tools => include_str!("../../schemas/tools.json"),
        SchemaName::Policy => include_str!("../../schemas/policy.json"),
        SchemaName::Report => include_str!("../../schemas/report.json"),
        SchemaName::ReviewFindings => include_str!("../../schemas/review-findings.json"),
        SchemaName::ReviewReport => include_str!("../../schemas/review-report.json"),
        SchemaName::PinPlan => include_str!("../../schemas/pin-plan.json"),
        SchemaName::PinState => include_str!("../../schemas/pin-state.json"),
        SchemaName::BuildRecord => include_str!("../../schemas/build-record.json"),
        SchemaName::Signatures => include_str!("../../schemas/signatures.json"),
        SchemaName::Build => include_str!("../../schemas/build.json"),
        SchemaName::Digests => include_str!("../../schemas/digests.json"),
        SchemaName::Jobs => include_str!("../../schemas/jobs.json"),
        SchemaName::Init => include_str!("../../schemas/init.json"),
        SchemaName::Checks => include_str!("../../schemas/checks.json"),
        SchemaName::Doctor => include_str!("../../schemas/doctor.json"),
    })?;
    Ok(exit::CLEAN)
}
