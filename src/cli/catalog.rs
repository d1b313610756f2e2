//! `catalog`: the registry as its users get it.

mod diff;
mod explain;
mod folder;
mod labels;
mod push;
mod write;

use super::fail_on::FailOn;
use super::images::ImageArgs;
use super::published::{self, FromArgs, Gathered, KnownArgs, Unpinned};
use super::{Global, places, refuse};
use crate::catalog::{Published, file::Heading, read, rules};
use crate::context::Context;
use crate::document::Route;
use crate::entry::{MANIFEST, SERVERS};
use crate::error::{CommandError, exit};
use crate::finding::{Anchor, Finding, Report, Severity};
use crate::output::{self, Format, RenderOptions};
use crate::rules::Obeying;
use crate::ui::Ui;
use clap::{ArgGroup, Args, Subcommand};
use std::collections::BTreeSet;
use std::path::PathBuf;

/// Write a catalog of the registry: for the MCP Gateway a file, or an OCI artifact that it pulls; for other clients a folder.
///
/// The same entries give the same bytes, whenever and wherever: dates come from Git, images are by digest, and nothing is asked
/// unless `--online` is given. An entry without a digest is a finding and is left out.
#[derive(Debug, Args)]
#[command(
    group(ArgGroup::new("what").required(true).multiple(true).args(["out", "push", "explain"])),
    args_conflicts_with_subcommands = true,
    subcommand_negates_reqs = true,
    after_help = "Filters for --from:
  category, tag, publisher, type, name   with = and !=; several words with commas: category=ai,web
  trust                                  community < verified < official
  max-risk                               info < low < medium < high < critical; needs --reviews
  and, or, not, brackets; words with spaces in quotes

Examples:
  mcp-registry catalog --digests digests.json --out catalog.yaml
  mcp-registry catalog --digests digests.json --push ghcr.io/acme/catalog --title 'Acme servers'
  mcp-registry catalog --online --out data.yaml --from 'category=database and trust>=verified'
  mcp-registry catalog --for registry-api --namespace io.github.acme --online --out site
  mcp-registry catalog --explain weather
  mcp-registry catalog diff old.yaml catalog.yaml"
)]
pub(super) struct CatalogArgs {
    #[command(subcommand)]
    command: Option<Below>,
    /// Only these entries, by folder name.
    #[arg(value_name = "NAME")]
    names: Vec<String>,
    /// Write the MCP Gateway's file; with --for, a folder.
    #[arg(long, value_name = "PATH")]
    out: Option<PathBuf>,
    /// Write what others read.
    #[arg(long = "for", value_enum, requires_all = ["out", "namespace"])]
    whom: Option<folder::For>,
    /// What names begin with in the community registry: `io.github.OWNER`, or a host from its top on.
    #[arg(long, value_name = "NAMESPACE", requires = "whom")]
    namespace: Option<String>,
    /// With --for registry-api: entries in a page. Only a host that looks at `?cursor=` finds the others; by default all are in one.
    #[arg(long, value_name = "N", requires = "whom", value_parser = clap::value_parser!(u32).range(1..=10_000))]
    page_size: Option<u32>,
    /// Push an OCI artifact, which `docker mcp catalog pull` reads.
    #[arg(long, value_name = "REFERENCE", requires = "title")]
    push: Option<String>,
    /// Say how far an entry is trusted, and why.
    #[arg(long, value_name = "NAME", conflicts_with_all = ["out", "push", "names", "from"])]
    explain: Option<String>,
    /// What people see as the catalog's name.
    #[arg(long, value_name = "TEXT")]
    title: Option<String>,
    /// What the Gateway calls the catalog of a file.
    #[arg(long, value_name = "NAME", default_value = "mcp-registry")]
    name: String,
    /// Where readmes and lists of tools are published: entries then name `URL/readme/NAME.md` and `URL/tools/NAME.json`.
    #[arg(long, value_name = "URL")]
    assets: Option<String>,
    /// Replace a catalog that has more entries: more than a twentieth of them may go, and the file of digests may name entries
    /// that the registry does not have.
    #[arg(long)]
    allow_shrink: bool,
    /// The least severity that fails the run. A run that fails pushes nothing.
    #[arg(long, value_enum, default_value_t = FailOn::Error)]
    fail_on: FailOn,
    #[command(flatten)]
    from: FromArgs,
    /// Ask image registries for the digests that nobody gave: of the tag in the entry, or `latest`.
    #[arg(long)]
    online: bool,
    /// Keep entries whose image has no digest. A current MCP Gateway refuses those under `mcp/`.
    #[arg(long)]
    allow_unpinned: bool,
    #[command(flatten)]
    known: KnownArgs,
    #[command(flatten)]
    reach: ImageArgs,
}

impl CatalogArgs {
    fn unpinned(&self, keep: bool) -> Unpinned<'_> {
        Unpinned { ask: self.online.then_some(&self.reach), keep }
    }
}

#[derive(Debug, Subcommand)]
enum Below {
    Diff(diff::DiffArgs),
}

pub(super) fn run(args: &CatalogArgs, global: &Global, context: &Context, ui: &Ui) -> Result<u8, CommandError> {
    if let Some(Below::Diff(args)) = &args.command {
        return diff::run(args, global, ui);
    }
    if let Some(name) = &args.explain {
        return explain::run(name, args, global, context, ui);
    }
    let namespace = match args.whom {
        Some(_) => Some(folder::namespace(args)?),
        None => None,
    };
    if args.whom.is_none() {
        places::check_place("--out", args.out.as_ref())?;
    }
    let push = args.push.as_deref().map(|reference| push::prepare(reference, args, global, context)).transpose()?;
    let from = args.from.parse()?;
    let unpinned = args.unpinned(args.allow_unpinned);
    let mut gathered = published::gather(&args.names, &args.known, unpinned, global, context, ui)?;
    published::choose(&mut gathered, from.as_ref(), &args.known)?;
    check_strangers(args, &gathered)?;
    if let (Some(whom), Some(namespace), Some(out)) = (args.whom, &namespace, &args.out) {
        let servers = folder::servers(&mut gathered, namespace);
        if args.online {
            labels::check(&servers, args, &mut gathered, context)?;
        }
        folder::write(whom, out, &servers, args, &gathered, ui)?;
    } else if let Some(out) = &args.out {
        write::run(out, &heading(args), args.allow_shrink, &gathered, ui)?;
    }
    // What was found since is judged by the policy, too.
    Obeying::new(&gathered.policy, context.today()).obey(&mut gathered.findings);
    let mut status = show(args, &gathered, global, ui)?;
    if let Some(push) = push {
        if status == exit::CLEAN {
            push.run(&gathered, args.allow_shrink, ui)?;
        } else {
            ui.say("nothing was pushed");
            status = exit::FINDINGS;
        }
    }
    Ok(status)
}

fn heading(args: &CatalogArgs) -> Heading {
    Heading {
        name: args.name.clone(),
        title: args.title.clone().unwrap_or_else(|| args.name.clone()),
        assets: args.assets.as_ref().map(|url| url.trim_end_matches('/').to_owned()),
    }
}

/// Refuses digests of entries that the registry lacks: the file is another registry's, or entries went away.
fn check_strangers(args: &CatalogArgs, gathered: &Gathered) -> Result<(), CommandError> {
    match gathered.strangers.as_slice() {
        [first, rest @ ..] if !args.allow_shrink => {
            let more = if rest.is_empty() { String::new() } else { format!(" and {} more", rest.len()) };
            Err(refuse(format!("the file of `--digests` names `{first}`{more}, of which the registry has no entry"))
                .hint("is it this registry's? `--allow-shrink` goes on without them"))
        }
        _ => Ok(()),
    }
}

/// Refuses a catalog that would take many entries from those who use the one that it replaces.
fn check_shrink(
    before: &read::Entries,
    gathered: &Gathered,
    allow_shrink: bool,
    what: &str,
) -> Result<(), CommandError> {
    let after: BTreeSet<String> = gathered.published.iter().map(|entry| entry.name.to_string()).collect();
    match crate::catalog::diff::shrinks(before, &after) {
        Some(gone) if !allow_shrink => {
            let mut named: Vec<&str> = gone.iter().take(5).map(String::as_str).collect();
            if gone.len() > named.len() {
                named.push("…");
            }
            let message =
                format!("{what} would lose {} of its {} entries: {}", gone.len(), before.len(), named.join(", "));
            Err(CommandError::unfinished(message).hint("`--allow-shrink` replaces it all the same"))
        }
        _ => Ok(()),
    }
}

/// Something about the manifest of an entry that is published.
fn finding(
    entry: &Published,
    (rule, severity): (&'static str, Severity),
    route: Route,
    message: String,
    help: String,
) -> Finding {
    let path = format!("{SERVERS}/{}/{MANIFEST}", entry.name).into();
    let mut finding = Finding::new(rule, severity, Some(entry.name.clone()), path, Anchor::Value(route), message);
    finding.help = Some(help);
    finding
}

fn entries_of(entries: usize) -> String {
    if entries == 1 { "1 entry".to_owned() } else { format!("{entries} entries") }
}

/// Shows what is wrong, and says how it ended.
fn show(args: &CatalogArgs, gathered: &Gathered, global: &Global, ui: &Ui) -> Result<u8, CommandError> {
    let report = Report::new("catalog", gathered.entries, gathered.findings.clone(), gathered.sources.clone());
    let descriptors = rules::descriptors();
    let options = RenderOptions {
        color: ui.stdout_color,
        width: ui.width,
        show_waived: false,
        quiet: global.quiet || report.findings.is_empty(),
        rules: &descriptors,
    };
    let text = match (global.format, report.findings.is_empty()) {
        (Format::Human, true) => String::new(),
        _ => output::render(&report, global.format, &options),
    };
    // What was pushed is the result of a push, which scripts read.
    if args.push.is_some() && global.format == Format::Human {
        ui.beside(&text);
    } else {
        ui.result(&text)?;
    }
    let least = args.fail_on.severity();
    let fails = report.worst().is_some_and(|worst| least.is_some_and(|least| worst >= least));
    Ok(if fails { exit::FINDINGS } else { exit::CLEAN })
}
