//! The arguments of `update-pins`, and what of them can be said wrongly.

use crate::cli::{Global, on_github, refuse, units};
use crate::context::Context;
use crate::error::CommandError;
use crate::output::Format;
use crate::pins::shard::Shard;
use clap::Args;
use std::path::PathBuf;
use std::time::Duration;

/// Move pins to what upstreams have now, where that changes what is built.
#[derive(Debug, Clone, Args)]
#[command(after_help = "Examples:
  mcp-registry update-pins --dry-run          show what would move, and why the rest stays
  mcp-registry update-pins                    move pins in the files of the work tree
  mcp-registry update-pins weather curl       only these entries
  mcp-registry update-pins weather --to \"$(git -C ../weather rev-parse HEAD)\"

A night in two parts: the first asks upstreams and needs no token, the second has the token and
asks no upstream.
  mcp-registry update-pins --dry-run --state pins.json --cooldown 24h --plan plan.json
  mcp-registry update-pins --apply plan.json --open-prs --repository acme/registry

Every entry gets one reason; the README lists them. Exit status 3 when an upstream or GitHub did not
answer, an entry could not be read, or something is left to do: run it again.")]
pub(in crate::cli) struct UpdatePinsArgs {
    /// Only these entries, by folder name.
    #[arg(value_name = "NAME")]
    pub(super) names: Vec<String>,
    /// Set the pin of one entry to this commit, all 40 digits. No upstream is asked, not even whether the commit exists:
    /// `validate --online` does.
    #[arg(long, value_name = "SHA")]
    pub(super) to: Option<String>,
    /// Show what would be done, and do nothing to the registry or on GitHub. The files of --plan and --state are written all
    /// the same.
    #[arg(long)]
    pub(super) dry_run: bool,
    /// Also write the plan to this file, as JSON: `mcp-registry schema pin-plan`. With --open-prs it has what came of it.
    #[arg(long, value_name = "FILE", conflicts_with = "to")]
    pub(super) plan: Option<PathBuf>,
    /// Take the plan from this file, and ask no upstream.
    #[arg(long, value_name = "FILE", conflicts_with_all = ["to", "names"])]
    pub(super) apply: Option<PathBuf>,
    /// The policy to use in place of the registry's own.
    #[arg(long, value_name = "FILE", conflicts_with = "to")]
    pub(super) policy: Option<PathBuf>,

    /// Remember here when each commit was first seen, and since when an entry has its pin: what cooldown and intervals are
    /// counted by. Made if it is not there; written under --dry-run, too. With --apply it is what this side knows, and counts
    /// more than the plan.
    #[arg(long, value_name = "FILE", conflicts_with = "to", help_heading = "What moves")]
    pub(super) state: Option<PathBuf>,
    /// Move a pin only to commits that were first seen this long ago; 0 for no wait. Without this: what the policy says.
    #[arg(long, value_name = "TIME", requires = "state", value_parser = units::cooldown, help_heading = "What moves")]
    pub(super) cooldown: Option<Duration>,
    /// A security update: this entry goes ahead of cooldown, interval and --max-new-prs. May be repeated. With --apply, only
    /// entries that are named here go ahead, whatever the plan says.
    #[arg(long, value_name = "NAME", conflicts_with = "to", help_heading = "What moves")]
    pub(super) urgent: Vec<String>,
    /// Only the upstreams of this part of the registry, 1/4 for the first of four. All entries of one upstream are in one part.
    #[arg(long, value_name = "I/N", conflicts_with_all = ["to", "apply"], value_parser = Shard::parse, help_heading = "What moves")]
    pub(super) shard: Option<Shard>,

    /// Open, update and close pull requests, and leave the work tree alone. Needs GITHUB_TOKEN.
    #[arg(long, conflicts_with = "to", help_heading = "Pull requests")]
    pub(super) open_prs: bool,
    /// The registry on GitHub; GITHUB_REPOSITORY without this.
    #[arg(long, value_name = "OWNER/NAME", requires = "open_prs", help_heading = "Pull requests")]
    pub(super) repository: Option<String>,
    /// The branch that pull requests are for; the repository's default branch without this.
    #[arg(long, value_name = "BRANCH", requires = "open_prs", help_heading = "Pull requests")]
    pub(super) base: Option<String>,
    /// Open at most this many; the others wait for the next run. Without this: what the policy says.
    #[arg(long, value_name = "N", requires = "open_prs", help_heading = "Pull requests")]
    pub(super) max_new_prs: Option<usize>,
    /// Keep one issue with the state of every entry.
    #[arg(long, requires = "open_prs", help_heading = "Pull requests")]
    pub(super) dashboard: bool,
    /// Wait at most this long when GitHub asks to be left alone.
    #[arg(long, value_name = "TIME", default_value = "10m", requires = "open_prs", value_parser = units::pause, help_heading = "Pull requests")]
    pub(super) max_wait: Duration,
    /// The time between two writes: GitHub asks for a second.
    #[arg(long, value_name = "TIME", default_value = "1s", requires = "open_prs", value_parser = units::pause, help_heading = "Pull requests")]
    pub(super) write_interval: Duration,

    /// How many upstreams are asked at a time.
    #[arg(long, value_name = "N", default_value_t = 16, value_parser = clap::value_parser!(u16).range(1..=64), help_heading = "Upstreams")]
    pub(super) concurrency: u16,
    /// A private network that upstreams may be in all the same, beside those of the policy.
    #[arg(long, value_name = "CIDR", conflicts_with_all = ["to", "apply"], help_heading = "Upstreams")]
    pub(super) allow_network: Vec<ipnet::IpNet>,
}

impl UpdatePinsArgs {
    /// Refuses what makes no sense together, before anything is read.
    pub(super) fn check(&self, global: &Global) -> Result<(), CommandError> {
        if !matches!(global.format, Format::Human | Format::Json) {
            return Err(refuse("`update-pins` is written as human or json").hint("use `--format json`"));
        }
        if self.plan.is_some() && self.plan == self.apply {
            return Err(refuse("`--plan` and `--apply` name the same file")
                .hint("the plan of `--plan` has results in it, and cannot be applied again"));
        }
        let files = [("--plan", &self.plan), ("--apply", &self.apply), ("--state", &self.state)];
        for (index, (option, file)) in files.iter().enumerate() {
            let same = files.iter().skip(index + 1).find(|(_, other)| file.is_some() && *other == *file);
            if let Some((other, _)) = same {
                return Err(refuse(format!("`{option}` and `{other}` name the same file")));
            }
        }
        if !global.offline || self.to.is_some() || (self.apply.is_some() && !self.open_prs) {
            return Ok(());
        }
        if self.open_prs {
            return Err(refuse("`--open-prs` needs GitHub, and this run is offline").hint("leave out `--offline`"));
        }
        Err(refuse("`update-pins` asks upstreams where they are, and this run is offline")
            .hint("`--apply FILE` takes a plan that was made before")
            .hint("`update-pins NAME --to SHA` sets a pin that you know"))
    }

    /// Owner and name of the registry on GitHub.
    pub(super) fn repository(&self, context: &Context) -> Result<(String, String), CommandError> {
        on_github::repository(self.repository.as_deref(), context)
    }
}
