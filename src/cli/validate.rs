//! `validate`: arguments to a request, a report to a rendering.

mod fixing;
mod online;
mod scope;
mod watch;

use super::fail_on::FailOn;
use super::{Global, entries, policy, refuse, rules};
use crate::context::Context;
use crate::entry::Entry;
use crate::error::{CommandError, exit};
use crate::finding::{Report, Severity};
use crate::output::{self, Format, RenderOptions};
use crate::policy::{POLICY, Policy};
use crate::ui::Ui;
use crate::validate::facts::Facts;
use crate::validate::policy_change::PolicyChange;
use crate::validate::{self, Request, waivers};
use clap::Args;
use online::Online;
use std::collections::BTreeSet;
use std::path::PathBuf;
use std::sync::Arc;

/// Check entries: every problem of every entry at once.
#[derive(Debug, Clone, Args)]
#[command(after_help = "Examples:
  mcp-registry validate                          check every entry, offline
  mcp-registry validate github-official          check one entry
  mcp-registry validate --fix --dry-run          show what --fix would change, as a patch
  mcp-registry validate --diff origin/main..HEAD check only what a branch changed
  mcp-registry validate --online --cache .cache  also check upstreams, icons, images and remotes
  mcp-registry validate --format github          annotate a pull request in GitHub Actions
  mcp-registry validate --explain unpinned-source")]
pub(super) struct ValidateArgs {
    /// Only these entries, by folder name.
    #[arg(value_name = "NAME", conflicts_with = "diff")]
    pub(super) names: Vec<String>,
    /// Only the entries that `head` changed since it left `base`, as they are at `head`. The policy is taken from `base`,
    /// so that a change cannot excuse itself.
    #[arg(long, value_name = "BASE..HEAD", conflicts_with_all = ["fix", "watch", "write_waivers"])]
    pub(super) diff: Option<String>,
    /// Also ask the outside: repositories, icons, images, remote servers.
    #[arg(long, conflicts_with = "offline")]
    online: bool,
    /// Keep answers of --online here, and ask next time only what changed.
    #[arg(long, value_name = "DIR", requires = "online")]
    cache: Option<PathBuf>,
    /// A fact that cannot be had is an error, not a note.
    #[arg(long, requires = "online")]
    strict: bool,
    /// A private network that --online may reach all the same, beside those of the policy.
    #[arg(long, value_name = "CIDR", requires = "online")]
    allow_network: Vec<ipnet::IpNet>,
    /// Fix what has only one right answer; comments stay.
    #[arg(long)]
    fix: bool,
    /// With --fix or --write-waivers: print the changes as a patch, and change nothing. Findings go to standard error.
    #[arg(long)]
    dry_run: bool,
    /// Check again whenever a file of the registry is saved. Ctrl-C ends it.
    #[arg(long, conflicts_with_all = ["fix", "write_waivers", "explain"])]
    watch: bool,
    /// Explain a rule: what it finds, why that matters, how to fix it.
    #[arg(long, value_name = "RULE", conflicts_with_all = ["names", "diff", "fix", "write_waivers", "online"])]
    explain: Option<String>,
    /// Append a waiver to the policy for everything that fails now, so that only new problems do.
    #[arg(long, conflicts_with = "fix")]
    write_waivers: bool,
    /// The reason of the waivers that --write-waivers makes. Without it, you are asked to fill in each.
    #[arg(long, value_name = "TEXT", requires = "write_waivers")]
    reason: Option<String>,
    /// The policy to use in place of the registry's own.
    #[arg(long, value_name = "FILE")]
    policy: Option<PathBuf>,
    /// The least severity that fails the run.
    #[arg(long, value_enum, default_value_t = FailOn::Error)]
    fail_on: FailOn,
    /// Also show findings that a waiver excuses.
    #[arg(long)]
    show_waived: bool,
}

/// Everything that a run judges with, read once.
struct Loaded {
    entries: Vec<Entry>,
    only: Option<BTreeSet<Arc<str>>>,
    policy: Policy,
    facts: Vec<Facts>,
    /// What a change makes of the policy; none when it leaves it alone or when no change is judged.
    policy_change: Option<PolicyChange>,
    /// Under `--write-waivers --reason`: what was filled in since the policy was read.
    filled: Option<Filled>,
}

/// Reasons that were filled into waivers that had none.
struct Filled {
    /// The policy as it is on disk.
    on_disk: Arc<str>,
    reasons: usize,
}

impl Loaded {
    fn request(&self, args: &ValidateArgs, context: &Context) -> Request<'_> {
        Request {
            entries: &self.entries,
            facts: &self.facts,
            only: self.only.clone(),
            policy: &self.policy,
            today: context.today(),
            strict: args.strict,
        }
    }
}

pub(super) fn run(args: &ValidateArgs, global: &Global, context: &Context, ui: &Ui) -> Result<u8, CommandError> {
    if let Some(id) = &args.explain {
        ui.result(&rules::explained(id)?)?;
        return Ok(exit::CLEAN);
    }
    if args.dry_run && !args.fix && !args.write_waivers {
        return Err(refuse("`--dry-run` goes with `--fix` or `--write-waivers`"));
    }
    if args.reason.as_deref().is_some_and(|reason| reason.trim().is_empty()) {
        return Err(refuse("`--reason` is empty: say why the findings are acceptable"));
    }
    // A change is read from Git's objects: a bare clone has no work tree.
    if args.diff.is_none() {
        policy::check_root(&global.root)?;
    }
    if args.watch {
        return watch::run(args, global, context, ui);
    }
    let online = args.online.then(Online::start).transpose()?;
    once(args, global, context, ui, online.as_ref())
}

/// One run from reading to rendering; `online` is there if the outside is to be asked.
fn once(
    args: &ValidateArgs,
    global: &Global,
    context: &Context,
    ui: &Ui,
    online: Option<&Online>,
) -> Result<u8, CommandError> {
    let mut loaded = scope::load(args, global)?;
    if let Some(online) = online {
        loaded.facts = online.facts(&loaded, args, context, ui)?;
    }
    let request = loaded.request(args, context);
    let mut report = validate::judge(&request);
    if let Some(change) = &loaded.policy_change {
        report = change.add_to(report, request.policy);
    }
    if args.write_waivers {
        return write_waivers(args, global, &loaded, &report, ui);
    }
    let report = if args.fix { fixing::run(args, global, &request, report, ui)? } else { report };
    let status = show(args, global, &report, ui);
    if !args.watch {
        // The program ends here. Taking thousands of documents apart first would only make somebody wait.
        std::mem::forget((loaded, report));
    }
    status
}

fn show(args: &ValidateArgs, global: &Global, report: &Report, ui: &Ui) -> Result<u8, CommandError> {
    let descriptors = validate::rules::descriptors();
    let shows_patch = shows_patch(args, global);
    let options = RenderOptions {
        color: if shows_patch { ui.stderr_color } else { ui.stdout_color },
        width: ui.width,
        show_waived: args.show_waived,
        quiet: global.quiet,
        rules: &descriptors,
    };
    let text = output::render(report, global.format, &options);
    if shows_patch {
        ui.beside(&text);
    } else if !text.is_empty() {
        ui.result(&text)?;
    }
    let fails = args.fail_on.severity().is_some_and(|least| report.worst().is_some_and(|worst| worst >= least));
    Ok(if fails { exit::FINDINGS } else { exit::CLEAN })
}

fn write_waivers(
    args: &ValidateArgs,
    global: &Global,
    loaded: &Loaded,
    report: &Report,
    ui: &Ui,
) -> Result<u8, CommandError> {
    let policy = &loaded.policy;
    let on_disk = loaded.filled.as_ref().map_or(&policy.text, |filled| &filled.on_disk);
    let filled = loaded.filled.as_ref().map_or(0, |filled| filled.reasons);
    let least = args.fail_on.severity().unwrap_or(Severity::Error);
    let path = args.policy.clone().unwrap_or_else(|| global.root.join(POLICY));
    let (text, count) = waivers::write(policy, report, least, args.reason.as_deref())?;
    if args.dry_run {
        let before = path.exists().then_some(&**on_disk);
        ui.result(&entries::diff(&policy::shown(args.policy.as_deref()), before, &text, ui))?;
        return Ok(exit::CLEAN);
    }
    if count + filled > 0 {
        crate::files::write_whole(&path, text.as_bytes())
            .map_err(|error| CommandError::unfinished(format!("cannot write {}", path.display())).because(&error))?;
    }
    let waivers = if count == 1 { "waiver" } else { "waivers" };
    let advice = match (count, &args.reason) {
        (0, _) | (_, Some(_)) => "",
        _ => "; fill in each `reason` before the next run",
    };
    ui.say(&format!("{count} {waivers} appended to {POLICY}{advice}"));
    if filled > 0 {
        let reasons = if filled == 1 { "1 reason".to_owned() } else { format!("{filled} reasons") };
        ui.say(&format!("{reasons} filled in"));
    }
    Ok(exit::CLEAN)
}

/// Whether the result is a patch, so that findings belong beside it.
fn shows_patch(args: &ValidateArgs, global: &Global) -> bool {
    args.fix && args.dry_run && global.format == Format::Human
}
