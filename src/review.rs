//! `review`: looks at the code that a registry's entries pin, with agents that cannot do harm, and concludes a verdict.
//!
//! [`target`] says what is to be reviewed; [`prepare`] fetches each repository once, exports what agents may see and compares it with
//! what was reviewed before; [`ask`] puts it before the agents: the deterministic checks of [`scan`] always, in this
//! process, and everything with a model, or made by others, in the [`sandbox`]. What is concluded is concluded by
//! [`crate::verdict`], from all that was said. Nothing here knows GitHub: what a verdict means there is a matter of other commands,
//! which get it as a file.

mod ask;
pub(crate) mod brief;
pub(crate) mod cache;
mod clean;
pub(crate) mod estimate;
pub mod export;
pub(crate) mod images;
pub(crate) mod prepare;
mod reach;
mod run;
pub mod sandbox;
pub mod scan;
pub(crate) mod target;
pub(crate) mod workspace;

use crate::agent::coding::Coder;
use crate::error::CommandError;
use crate::fetch::Fetcher;
use crate::git::upstream::Upstream;
use crate::provider::Api;
use crate::verdict::judge::unjudged;
use crate::verdict::report::ReviewReport;
use ask::Agents;
use cache::Cache;
use futures_util::future::join_all;
use prepare::{PrepareLimits, Reach};
use run::{Run, nothing};
use sandbox::{Cancel, Stop};
use std::collections::BTreeMap;
use std::fmt;
use std::path::PathBuf;
use std::sync::Arc;
use target::{Target, Work};
use tokio::sync::Semaphore;
use workspace::Workspace;

pub(crate) use ask::SandboxOptions;
pub(crate) use clean::clean;

/// Someone to ask beside the static checks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum AgentChoice {
    /// Our own loop, with a model.
    BuiltIn {
        api: Api,
        model: String,
        /// Whether answers come as events.
        stream: bool,
    },
    /// A coding agent of others, locked down, in an image of ours.
    Coder {
        coder: Coder,
        model: String,
        /// The image's name.
        image: String,
    },
    Image {
        reference: String,
    },
}

/// What to review, and how.
#[derive(Debug)]
pub(crate) struct Request {
    pub(crate) targets: Vec<Target>,
    pub(crate) agents: Vec<AgentChoice>,
    pub(crate) reach: Reach,
    pub limits: PrepareLimits,
    /// Where and within which bounds agents run; none when only the static checks are wanted.
    pub(crate) sandbox: Option<SandboxOptions>,
    pub(crate) cache: Option<PathBuf>,
    /// Ask again, whatever is kept.
    pub(crate) force: bool,
    /// How many targets at a time.
    pub(crate) jobs: usize,
    pub(crate) temp_dir: PathBuf,
}

/// What happens to a target.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Phase {
    Fetching,
    /// Its files are exported and compared.
    Exporting,
    /// An agent looks at it.
    Asking(String),
    /// What an agent has done so far.
    Looking {
        agent: String,
        turns: u64,
        /// Files that it opened, of so many.
        read: u64,
        of: u64,
        /// Tokens read and written.
        tokens: u64,
    },
    Done,
}

impl fmt::Display for Phase {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Fetching => f.write_str("fetching"),
            Self::Exporting => f.write_str("exporting"),
            Self::Asking(agent) => write!(f, "asking {agent}"),
            Self::Looking { agent, turns, read, of, tokens } => {
                write!(f, "{agent}: turn {turns}, {read} of {of} files read, {tokens} tokens")
            }
            Self::Done => f.write_str("done"),
        }
    }
}

/// Is told what happens to which target (by its position in the request), from any thread.
#[derive(Clone)]
pub(crate) struct Progress(Arc<dyn Fn(usize, Phase) + Send + Sync>);

impl Progress {
    pub(crate) fn new(report: impl Fn(usize, Phase) + Send + Sync + 'static) -> Self {
        Self(Arc::new(report))
    }

    fn report(&self, targets: &[usize], phase: &Phase) {
        targets.iter().for_each(|target| (self.0)(*target, phase.clone()));
    }
}

impl fmt::Debug for Progress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Progress")
    }
}

/// Reviews all targets. The reports are in the order of the targets, one each: what could not be reviewed has an incomplete
/// verdict and never none; so has what was not finished when the time of the run was up. Must run inside a tokio runtime with time and I/O.
///
/// # Errors
/// When nothing can be reviewed at all: no client, no folder, no engine; or it was cancelled.
pub(crate) async fn run(
    request: &Request,
    progress: &Progress,
    cancel: &Cancel,
) -> Result<Vec<ReviewReport>, CommandError> {
    let workspace = Workspace::new(&request.temp_dir).map_err(|error| {
        CommandError::unfinished(format!("cannot make a folder in `{}`", request.temp_dir.display())).because(&error)
    })?;
    let cache = request
        .cache
        .as_deref()
        .map(Cache::open)
        .transpose()
        .map_err(|error| CommandError::unfinished("the cache cannot be used").because(&error))?;
    let fetcher = Fetcher::new(&request.reach.fetch_options())
        .map_err(|error| CommandError::usage("repositories cannot be fetched").because(&error))?;
    let targets = request.targets.len();
    let agents = Agents::new(&request.agents, request.sandbox.as_ref(), cache, request.force, targets).await?;
    let run =
        Run { request, progress, cancel, workspace, fetcher, agents, permits: Semaphore::new(request.jobs.max(1)) };

    // Equal work is done once, whoever asks for it, and a repository is fetched once for all work on it.
    let mut works: BTreeMap<&Work, Vec<usize>> = BTreeMap::new();
    for (position, target) in request.targets.iter().enumerate() {
        if let Ok(work) = &target.work {
            works.entry(work).or_default().push(position);
        }
    }
    let mut repositories: BTreeMap<String, Vec<(&Work, Vec<usize>)>> = BTreeMap::new();
    for (work, targets) in works {
        let key = Upstream::parse(&work.repository).map_or_else(|_| work.repository.clone(), |upstream| upstream.key());
        repositories.entry(key).or_default().push((work, targets));
    }
    let groups = repositories.into_values().enumerate().map(|(number, works)| run.repository(number, works));
    let mut reports: BTreeMap<usize, ReviewReport> = join_all(groups).await.into_iter().flatten().collect();
    if cancel.stopped() == Some(Stop::Interrupted) {
        return Err(
            CommandError::unfinished("interrupted").hint("with `--cache DIR` the next run does only what is missing")
        );
    }
    let targets = request.targets.iter().enumerate();
    Ok(targets
        .map(|(position, target)| {
            let reason = || target.work.as_ref().err().cloned().unwrap_or_else(|| "it was not reviewed".to_owned());
            let mut report = reports.remove(&position).unwrap_or_else(|| unjudged(nothing(), vec![reason()]));
            report.reviewed.entry = target.entry.as_ref().map(ToString::to_string);
            report
        })
        .collect())
}
