//! The use case: an image of an entry, built from exactly the commit that it pins.
//!
//! [`plan`] says what an entry is built from, [`context`] makes a deterministic archive of it, [`refuse`] reads the Dockerfile before
//! anything is sent, [`image`] has the engine build it and compares the labels, [`push`] publishes it, and [`tools`] asks the
//! server in it for its tools. Building runs code that nobody trusts: it gets no secret, no key agent, no folder and no
//! network of the host, and no more time, files and log than the limits say.

mod bases;
mod context;
mod image;
pub(crate) mod labels;
mod log;
mod plan;
mod push;
mod record;
mod refuse;
pub(crate) mod tools;
mod tree;

pub(crate) use crate::engine::build::Builder;
pub(crate) use context::Leniency;
pub(crate) use log::Event;
pub(crate) use plan::{Plan, Subject, Terms, What, plan};
pub(crate) use record::record;

use crate::engine::Engine;
use crate::error::CommandError;
use crate::fetch::Fetcher;
use crate::git::upstream::{self, Limits as FetchLimits, Upstream};
use crate::ids::{CommitSha, Digest};
use crate::oci::Registries;
use crate::review::prepare::Reach;
use crate::review::workspace::Workspace;
use context::Context;
use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::Mutex;
use tokio::time::Instant;

/// What may be in a build context.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct ContextLimits {
    /// Bytes of all files together.
    pub(crate) bytes: u64,
    /// Bytes of one file: it is in memory while it is sent.
    pub(crate) file: u64,
    /// Files, links and folders.
    pub(crate) files: usize,
}

/// What a build may use.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Limits {
    /// Time from the first byte sent to the last step.
    pub(crate) time: Duration,
    /// Memory of a step in bytes. Only the classic builder holds it: BuildKit has that of its engine.
    pub memory: u64,
    pub(crate) context: ContextLimits,
    /// Bytes of the log.
    pub(crate) log: u64,
}

impl Default for Limits {
    /// The largest real contexts have some ten megabytes, and the longest real builds take some minutes.
    fn default() -> Self {
        Self {
            time: Duration::from_mins(30),
            memory: 4 << 30,
            context: ContextLimits { bytes: 512 << 20, file: 256 << 20, files: 100_000 },
            log: 16 << 20,
        }
    }
}

#[derive(Debug, Clone)]
pub(crate) struct Options {
    pub(crate) builder: Builder,
    /// Whether the steps of the build have a network.
    pub(crate) network: bool,
    /// Whether steps are run again that the engine has in its cache.
    pub(crate) no_cache: bool,
    /// Whether base images are fetched again.
    pub(crate) pull: bool,
    /// The platform; the engine's own without one.
    pub(crate) platform: Option<String>,
    pub(crate) arguments: BTreeMap<String, String>,
    /// Whether a `# syntax` line may name any image.
    pub(crate) allow_syntax: bool,
    /// Whether `ADD` may download: the engine does that in its own network, which is the host's.
    pub(crate) allow_remote_add: bool,
    /// Whether base images may have the build do something: `ONBUILD`.
    pub(crate) allow_onbuild: bool,
    /// What is let pass of a context.
    pub(crate) leniency: Leniency,
    /// Limits.
    pub(crate) limits: Limits,
    /// The name of the server in the community registry, for a label.
    pub(crate) server_name: Option<String>,
    /// The license of the code as an SPDX expression, for a label.
    pub(crate) license: Option<String>,
    /// The file for the whole log.
    pub(crate) log_file: Option<PathBuf>,
    /// The image registries from which base images are fetched with the login of this machine. Nobody else's: a Dockerfile could
    /// have a private image published with its own.
    pub(crate) base_logins: Vec<String>,
}

#[derive(Debug, Clone)]
pub(crate) struct Place {
    pub(crate) reach: Reach,
    /// `DOCKER_HOST`.
    pub(crate) docker_host: Option<String>,
    pub(crate) temp_dir: PathBuf,
    /// With the logins of this machine.
    pub(crate) registries: Registries,
}

/// An image that was built.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Built {
    /// `sha256:…`, the id of its configuration.
    pub(crate) id: String,
    /// The commit it was built from.
    pub(crate) commit: CommitSha,
    /// The tree of the context's directory at that commit: 40 digits.
    pub(crate) tree: String,
    /// The digest of the context's archive.
    pub(crate) context_digest: Digest,
    /// Files and links in the context.
    pub(crate) files: usize,
    /// Bytes of the archive.
    pub(crate) bytes: u64,
    /// Files, links and folders that `.dockerignore` excludes.
    pub(crate) ignored: usize,
    /// `linux/amd64`.
    pub(crate) platform: String,
    /// The images it was built upon, with the digests that the builder or the engine knows.
    pub(crate) base_images: Vec<(String, Digest)>,
    /// The digest of the log.
    pub(crate) log_digest: Digest,
    /// How long the builder took.
    pub(crate) took: Duration,
    /// The labels that were set, and read back.
    pub(crate) labels: BTreeMap<String, String>,
}

/// A build's connection to the engine, and its folder.
#[derive(Debug)]
pub(crate) struct Session {
    engine: Engine,
    fetcher: Fetcher,
    registries: Registries,
    workspace: Workspace,
    /// The containers of servers, by name.
    containers: Mutex<Vec<String>>,
}

impl Session {
    /// Connects to the engine and makes a folder for temporary files, which is gone with this. What killed runs have left in
    /// folders and in the engine is removed.
    ///
    /// # Errors
    /// When no engine answers, or the folder cannot be made.
    pub(crate) async fn start(place: &Place) -> Result<Self, CommandError> {
        let engine = Engine::connect(place.docker_host.as_deref()).await.map_err(|error| {
            CommandError::unfinished("images are built by a container engine")
                .because(&error)
                .hint("start Docker, or set DOCKER_HOST to where it listens")
        })?;
        let fetcher = Fetcher::new(&place.reach.fetch_options())
            .map_err(|error| CommandError::usage("the network cannot be set up").because(&error))?;
        let workspace = Workspace::new(&place.temp_dir).map_err(|error| {
            CommandError::unfinished(format!("cannot make a folder in `{}`", place.temp_dir.display())).because(&error)
        })?;
        let registries = place.registries.clone();
        Ok(Self { engine, fetcher, registries, workspace, containers: Mutex::default() })
    }

    /// Builds an image. It has no name yet: [`Session::name`] gives it one.
    ///
    /// # Errors
    /// When the code cannot be had, is refused, or does not build. No image is left behind then.
    pub(crate) async fn build(
        &self,
        plan: &Plan,
        options: &Options,
        show: &mut (dyn FnMut(&Event<'_>) + Send),
    ) -> Result<Built, CommandError> {
        let failed = |what: &str| format!("`{}` was not built: {what}", plan.subject.entry);
        let version = self.engine.version().await;
        let version = version.map_err(|error| CommandError::unfinished(failed("the engine failed")).because(&error))?;
        let context = self.context(plan, options).await?;
        refuse::check(&plan.subject.entry, &context, options, plan.source.build_target.as_deref(), version.major)?;
        let labels = labels::labels(plan, &context, options);
        let mut logins = Vec::new();
        for host in &options.base_logins {
            let login = self.login(host).await?.ok_or_else(|| {
                CommandError::unfinished(failed(&format!("there is no login for {host}"))).hint("see `docker login`")
            })?;
            logins.push((host.clone(), login));
        }
        let fetched = bases::check(&self.engine, plan, &context, options, &version.platform, &logins).await?;
        let mut request = image::request(plan, options, &context, labels, logins);
        // What was looked at is what is built upon, whatever its tag leads to by now.
        request.pull &= !fetched;
        image::build(&self.engine, plan, options, &context, &request, &version.platform, show).await
    }

    /// Gives an image its names: the repository with each of these tags.
    ///
    /// # Errors
    /// When the engine would not.
    pub(crate) async fn name(&self, id: &str, repository: &str, tags: &[String]) -> Result<(), CommandError> {
        for tag in tags {
            let named = self.engine.tag_image(id, repository, tag).await;
            named.map_err(|error| CommandError::unfinished("the image has no name").because(&error))?;
        }
        Ok(())
    }

    /// Whether the engine has an image; with `pull`, it fetches one that it does not have.
    ///
    /// # Errors
    /// When the engine would not say, or cannot fetch it.
    pub(crate) async fn has(&self, image: &str, pull: bool) -> Result<bool, CommandError> {
        let failed = |error| CommandError::unfinished(format!("{image} cannot be used")).because(&error);
        if self.engine.inspect_image(image).await.map_err(failed)?.is_some() {
            return Ok(true);
        }
        if pull {
            self.engine.pull_image(image).await.map_err(failed)?;
        }
        Ok(pull)
    }

    async fn context(&self, plan: &Plan, options: &Options) -> Result<Context, CommandError> {
        let source = &plan.source;
        let upstream = Upstream::parse(&source.project).map_err(|error| {
            CommandError::usage(format!("`{}` was not built", plan.subject.entry))
                .because(&error)
                .hint("see `source.project`")
        })?;
        // What is larger than the context may be is not even fetched.
        let limits = FetchLimits { file: options.limits.context.file, ..FetchLimits::default() };
        let began = Instant::now();
        let folder = self.workspace.place(&format!("objects-{}", plan.subject.entry));
        let commits = [source.commit.clone()];
        let store = upstream::fetch(&self.fetcher, &upstream, &commits, &limits, &folder).await.map_err(|error| {
            let mut failed =
                CommandError::unfinished(format!("the code of `{}` cannot be fetched", plan.subject.entry));
            failed.hints.extend(error.hint());
            failed.because(&error)
        })?;
        tracing::debug!(elapsed = ?began.elapsed(), "the commit is here");
        let path = self.workspace.place(&format!("context-{}", plan.subject.entry));
        let (source, options) = (Arc::new(source.clone()), options.clone());
        let written = tokio::task::spawn_blocking(move || {
            context::write(&store, &source, &options.limits.context, options.leniency, &path)
        });
        let written =
            written.await.map_err(|error| CommandError::unfinished("the build context failed").because(&error))?;
        let context = written.map_err(|(problem, hint)| {
            let mut refused = CommandError::usage(format!("`{}` was not built: {problem}", plan.subject.entry));
            refused.hints.extend(hint);
            refused
        })?;
        tracing::debug!(elapsed = ?began.elapsed(), bytes = context.bytes, "the context is written");
        Ok(context)
    }
}
