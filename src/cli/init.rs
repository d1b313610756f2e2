//! `init`: writes a registry's skeleton, and moves it forward after an upgrade.

mod ask;
mod show;

use super::{Global, entries, policy, refuse};
use crate::context::Context;
use crate::error::{CommandError, exit};
use crate::init::skeleton::{CATEGORIES, CODEOWNERS, EXAMPLE_NAME};
use crate::init::{Choices, Fate, Place, Planned, Tool, plan, skeleton};
use crate::output::Format;
use crate::policy::{POLICY, Policy};
use crate::ui::Ui;
use clap::{Args, ValueEnum};

/// Write the skeleton of a registry: policy, an example, and the workflows that run it on GitHub.
///
/// Only what is missing is written. Run again after an upgrade, it moves the files that it wrote and nobody edited; all others stay.
#[derive(Debug, Clone, Args)]
#[command(after_help = "Examples:
  mcp-registry init                                  asks what it cannot know, on a terminal
  mcp-registry init --preset docker --owners @acme/maintainers
  mcp-registry init --dry-run                        what would be written, as a patch for `git apply`
  mcp-registry init --tool acme/mcp-registry@COMMIT  pin workflows to this commit of the tool

docs/github.md goes from an empty repository to the first merged pin.")]
pub(super) struct InitArgs {
    /// Choices that another registry made.
    #[arg(long, value_enum, value_name = "PRESET")]
    preset: Option<Preset>,
    /// What the names of images begin with that the registry builds, such as `mcp/`. Without this: asked for, or `mcp/`.
    #[arg(long, value_name = "PREFIX", value_parser = namespace)]
    namespace: Option<String>,
    /// A Git host that entries may name; may be repeated. Without this: asked for, or github.com.
    #[arg(long = "host", value_name = "HOST")]
    hosts: Vec<String>,
    /// A category that entries may have; may be repeated. Without this: any.
    #[arg(long = "category", value_name = "NAME")]
    categories: Vec<String>,
    /// Who must approve changes of policy and workflows: @USER or @ORGANIZATION/TEAM; may be repeated. Without any, there is no
    /// CODEOWNERS.
    #[arg(long, value_name = "OWNER", value_parser = owner)]
    owners: Vec<String>,
    /// The id of the registry's own GitHub App, whose checks count.
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..))]
    app_id: Option<u64>,
    /// The commit of this tool that workflows run. Without this: the one that this program was built from.
    #[arg(long, value_name = "OWNER/NAME@COMMIT", value_parser = Tool::parse)]
    tool: Option<Tool>,
    /// Show what would be written, and write nothing.
    #[arg(long)]
    dry_run: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Preset {
    /// The namespace, hosts and categories of Docker's registry
    Docker,
}

fn namespace(text: &str) -> Result<String, String> {
    let known = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || b"-_./:".contains(&byte);
    let fits = text.len() <= 200 && text.ends_with('/') && !text.starts_with('/') && text.bytes().all(known);
    if fits { Ok(text.to_owned()) } else { Err("an image namespace is lowercase and ends with `/`: `mcp/`".to_owned()) }
}

fn owner(text: &str) -> Result<String, String> {
    let plain = |part: &str| {
        !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte))
    };
    let name = text.strip_prefix('@').unwrap_or_default();
    let fits = name.split('/').count() <= 2 && name.split('/').all(plain);
    if fits { Ok(text.to_owned()) } else { Err("an owner is `@user` or `@organization/team`".to_owned()) }
}

pub(super) fn run(args: &InitArgs, global: &Global, context: &Context, ui: &Ui) -> Result<u8, CommandError> {
    if !matches!(global.format, Format::Human | Format::Json) {
        return Err(refuse("`init` is written as human or json").hint("use `--format json`"));
    }
    let root = &global.root;
    if !root.is_dir() {
        return Err(
            refuse(format!("there is no folder `{}`", root.display())).hint("make it, and `git init` it, first")
        );
    }
    let tool = args.tool.clone().or_else(Tool::of_this_program).ok_or_else(|| {
        refuse("this program was not built by a release: it does not know the commit that workflows should run")
            .hint("name it: `--tool OWNER/mcp-registry@COMMIT`")
    })?;
    let (choices, has_entries) = choices(args, global, context)?;
    let place = Place::new(root);
    let mut planned = plan(&place, skeleton(&choices, &tool, has_entries));
    if !args.dry_run {
        for one in planned.iter_mut().filter(|one| one.writes()) {
            if let Err(problem) = place.write(&one.file.path, one.before.as_deref(), &one.file.text) {
                one.reason = Some(problem.to_string());
                one.fate = Fate::Refused;
            }
        }
    }
    let keeps_policy = planned.iter().any(|one| one.file.path == POLICY && one.fate == Fate::Yours);
    notes(args, global, &place, &choices, keeps_policy, ui);
    show::all(&planned, args.dry_run, global, ui)?;
    let refused: Vec<&Planned> = planned.iter().filter(|one| one.fate == Fate::Refused).collect();
    if let Some(first) = refused.first() {
        let reason = first.reason.clone().unwrap_or_default();
        let more = refused.len().saturating_sub(1);
        let others = if more > 0 { format!(", and {more} more") } else { String::new() };
        return Err(CommandError::unfinished(format!("`{}` was left alone{others}: {reason}", first.file.path)));
    }
    if !args.dry_run && planned.iter().any(Planned::writes) {
        ui.say(&format!("next: {}, and `mcp-registry doctor` says what is missing", tool.guide()));
    }
    Ok(exit::CLEAN)
}

/// What the new files say; and whether there are entries already. A policy that is there decides.
fn choices(args: &InitArgs, global: &Global, context: &Context) -> Result<(Choices, bool), CommandError> {
    let has_entries = match global.root.join(crate::entry::SERVERS).symlink_metadata() {
        // A run that was ended may have left half of the example.
        Ok(found) if found.is_dir() => entries::list(&global.root)?.iter().any(|name| name != EXAMPLE_NAME),
        Ok(_) => true,
        Err(_) => false,
    };
    let mut choices = Choices { owners: args.owners.clone(), app_id: args.app_id, ..Choices::default() };
    // A link is refused later, with all others; it is not read through.
    let there = global.root.join(POLICY).symlink_metadata().is_ok_and(|found| found.is_file());
    if there {
        let registry = policy::load(&global.root, None)?.settings.registry;
        choices = Choices {
            namespace: registry.namespace,
            hosts: registry.hosts,
            categories: registry.categories,
            ..choices
        };
        return Ok((choices, has_entries));
    }
    if args.preset == Some(Preset::Docker) {
        choices.categories = CATEGORIES.map(str::to_owned).to_vec();
    }
    let ask = args.preset.is_none() && ask::can(context);
    if let Some(namespace) = &args.namespace {
        choices.namespace.clone_from(namespace);
    } else if ask {
        choices.namespace = ask::one(
            "What do the names of images begin with that this registry builds?",
            &choices.namespace,
            namespace,
        )?;
    }
    if !args.hosts.is_empty() {
        choices.hosts.clone_from(&args.hosts);
    } else if ask {
        choices.hosts =
            ask::many("On which Git hosts may the code of entries be?", &choices.hosts, |host| Ok(host.to_owned()))?;
    }
    if !args.categories.is_empty() {
        choices.categories.clone_from(&args.categories);
    }
    if choices.owners.is_empty() && ask {
        choices.owners =
            ask::many("Who approves changes of policy and workflows (@user, @organization/team)?", &[], owner)?;
    }
    // What the policy would refuse, nobody gets written.
    let text = skeleton(&choices, &Tool::example(), true).into_iter().next().map(|file| file.text).unwrap_or_default();
    Policy::parse(&text).map_err(|error| refuse(format!("these choices make no policy: {}", error.message)))?;
    Ok((choices, has_entries))
}

fn notes(args: &InitArgs, global: &Global, place: &Place, choices: &Choices, keeps_policy: bool, ui: &Ui) {
    let given = [args.namespace.is_some(), !args.hosts.is_empty(), !args.categories.is_empty(), args.app_id.is_some()];
    if keeps_policy && given.contains(&true) {
        ui.say("mcp-registry.toml is yours already: options do not change it");
    }
    if choices.owners.is_empty() && !CODEOWNERS.iter().any(|file| place.has(file)) {
        ui.say("no CODEOWNERS without `--owners`: nobody has to approve changes of policy and workflows");
    }
    let root = std::path::absolute(&global.root).unwrap_or_else(|_| global.root.clone());
    let top = root.ancestors().find(|folder| folder.join(".git").symlink_metadata().is_ok());
    match top {
        Some(top) if top != root => {
            ui.say(&format!("GitHub runs workflows of a repository's top folder only, which is `{}`", top.display()))
        }
        _ => {}
    }
}
