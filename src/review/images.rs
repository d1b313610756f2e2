//! Images of coding agents: built through the engine out of a wheel whose checksum is known, tested, and named.
//!
//! The build runs nothing and has no network: it copies files. What the image is worth is found out afterwards, in the sandbox: the
//! agent reviews a task of one file with a model that plays a script, and what it did must be what is expected of its version.
//! What was found is put into the image; without it the entry point refuses to review.

mod context;
mod wheel;

use super::brief::{Brief, InputFile};
use super::prepare::Reach;
use super::sandbox::{self, Agent, Cancel, Ended, Extras, Limits, Prepared};
use crate::agent::coding::Coder;
use crate::agent::coding::capability::{self, Capability};
use crate::agent::coding::self_test::TASK_FILE;
use crate::engine::build::{Build, Builder, Progress};
use crate::engine::{Engine, EngineError, Labels, TarStream};
use crate::error::CommandError;
use crate::fetch::Fetcher;
use crate::ids::{CommitSha, hex};
use crate::snapshot::{File, Snapshot};
use sha2::{Digest as _, Sha256};
use std::collections::HashMap;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;
use url::Url;

pub(crate) use wheel::Pinned;

/// Says which agent an image is of.
const AGENT: &str = "org.mcp-registry.agent";
/// Says what an image was made of: a digest of everything that goes into it.
const RECIPE: &str = "org.mcp-registry.agent.recipe";
/// Time for a build: it copies a few hundred megabytes.
const BUILD_WITHIN: Duration = Duration::from_mins(20);
/// Time for a self-test. It takes seconds.
const TEST_WITHIN: Duration = Duration::from_mins(2);
/// Lines of the log that an error shows.
const TAIL: usize = 30;

/// What is to be built, and of what.
#[derive(Debug)]
pub(crate) struct Wanted {
    pub(crate) coders: Vec<Coder>,
    /// The base image, in place of that of the Dockerfile.
    pub(crate) base_image: Option<String>,
    /// A folder with wheels, and where fetched ones are kept.
    pub(crate) downloads: Option<PathBuf>,
    /// A Python package index.
    pub(crate) index: Option<Url>,
    pub(crate) temp_dir: PathBuf,
    /// How the index is reached.
    pub(crate) reach: Reach,
    /// Where the engine listens; the usual place without.
    pub(crate) docker_host: Option<String>,
    /// This program: the sandbox's image is made of it.
    pub(crate) executable: PathBuf,
    /// When the run counts as started, in seconds since 1970.
    pub(crate) started: i64,
}

/// An image that can review.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Built {
    pub(crate) coder: Coder,
    /// Its name on this machine.
    pub(crate) name: String,
    pub(crate) id: String,
    /// The agent's version.
    pub(crate) version: String,
    /// Whether it was there already.
    pub(crate) kept: bool,
}

/// The name of a coding agent's image, without tag.
fn repository(coder: Coder) -> String {
    format!("mcp-registry-agent-{}", coder.as_str())
}

/// What a locally built image of this agent is called.
///
/// # Errors
/// Never: a test reads the file with the version.
pub(crate) fn name(coder: Coder) -> Result<String, CommandError> {
    let expected = capability::expected(coder).map_err(CommandError::unfinished)?;
    Ok(format!("{}:{}", repository(coder), expected.version))
}

/// Builds and tests the images, one after the other. Those that are there are kept. `say` gets what happens, a line each.
///
/// # Errors
/// When one cannot be built, or does not do what is expected of it; it does not stay then.
pub(crate) async fn build(wanted: &Wanted, say: &(dyn Fn(&str) + Sync)) -> Result<Vec<Built>, CommandError> {
    let failed = |error: &dyn std::error::Error| {
        CommandError::unfinished("images of agents cannot be built without a container engine")
            .because(error)
            .hint("start the engine or set DOCKER_HOST")
    };
    let fetcher = Fetcher::new(&wanted.reach.fetch_options())
        .map_err(|error| CommandError::usage("nothing can be fetched").because(&error))?;
    let engine = Engine::connect(wanted.docker_host.as_deref()).await.map_err(|error| failed(&error))?;
    let prepared = Prepared::new(&engine, &wanted.executable, wanted.started).await.map_err(|error| failed(&error))?;
    let mut built = Vec::new();
    for coder in &wanted.coders {
        built.push(one(&prepared, &fetcher, wanted, *coder, say).await?);
    }
    Ok(built)
}

fn engine_failed(what: String) -> impl FnOnce(EngineError) -> CommandError {
    move |error| CommandError::unfinished(what).because(&error)
}

async fn one(
    prepared: &Prepared,
    fetcher: &Fetcher,
    wanted: &Wanted,
    coder: Coder,
    say: &(dyn Fn(&str) + Sync),
) -> Result<Built, CommandError> {
    let engine = prepared.engine();
    let title = coder.title();
    let failed = || engine_failed(format!("the image of {title} was not built"));
    let platform = engine.version().await.map_err(failed())?.platform;
    let pinned = Pinned::of(coder, &platform)?;
    let base = match &wanted.base_image {
        Some(base) => Some(base_id(engine, base).await.map_err(failed())?),
        None => None,
    };
    let expected = capability::expected(coder).map_err(CommandError::unfinished)?;
    let recipe = recipe(coder, &pinned, base.as_deref(), &expected);
    let name = name(coder)?;
    let version = expected.version.clone();
    if let Some(image) = engine.inspect_image(&name).await.map_err(failed())?
        && image.labels.get(RECIPE) == Some(&recipe)
    {
        return Ok(Built { coder, name, id: image.id, version, kept: true });
    }
    say(&format!("{title}: looking for {}", pinned.file));
    let wheel = pinned.find(fetcher, wanted).await?;
    say(&format!("{title}: building"));
    let mut arguments: HashMap<String, String> = pinned.arguments().into_iter().collect();
    arguments.extend(wanted.base_image.clone().map(|base| ("BASE_IMAGE".to_owned(), base)));
    let labels = |recipe: Option<&str>| -> Labels {
        let mut labels: Labels = [(AGENT.to_owned(), coder.as_str().to_owned())].into();
        labels.extend(recipe.map(|recipe| (RECIPE.to_owned(), recipe.to_owned())));
        labels
    };
    let (members, links) = (pinned.members(), context::links(coder));
    let archive = context::archive(context::dockerfile(coder), wheel.path(), members, links);
    let untested = run(engine, coder, arguments, labels(None), archive).await?;
    // A name, because a Dockerfile names what it begins with.
    let tag = format!("untested-{}", recipe.get(..12).unwrap_or_default());
    engine.tag_image(&untested, &repository(coder), &tag).await.map_err(failed())?;
    let from = format!("{}:{tag}", repository(coder));
    let tested = async {
        say(&format!("{title}: testing"));
        let found = test(prepared, coder, &untested).await?;
        let differences = capability::differences(&expected, &found);
        if !differences.is_empty() {
            let mut error = CommandError::unfinished(format!(
                "{title} {} is not what this program was made for, and is not used",
                found.version
            ));
            error.causes = differences;
            return Err(error.hint("use the version that this program names, or a later version of this program"));
        }
        let text = serde_json::to_vec(&found)
            .map_err(|error| CommandError::unfinished("the capability file cannot be written").because(&error))?;
        run(engine, coder, HashMap::new(), labels(Some(&recipe)), context::capability(&from, text)).await
    };
    let tested = tested.await;
    let untagged = engine.discard_image(&from).await;
    let id = tested?;
    untagged.map_err(failed())?;
    engine.tag_image(&id, &repository(coder), &version).await.map_err(failed())?;
    Ok(Built { coder, name, id, version, kept: false })
}

/// The id of a base image, which is fetched if its name says from where.
async fn base_id(engine: &Engine, base: &str) -> Result<String, EngineError> {
    if let Some(image) = engine.inspect_image(base).await? {
        return Ok(image.id);
    }
    engine.pull_image(base).await?;
    Ok(engine.inspect_image(base).await?.map(|image| image.id).unwrap_or_default())
}

/// The digest of everything that goes into an image.
fn recipe(coder: Coder, pinned: &Pinned, base: Option<&str>, expected: &Capability) -> String {
    let mut hash = Sha256::new();
    for part in [
        context::dockerfile(coder),
        &pinned.sha256,
        base.unwrap_or_default(),
        &context::links(coder).join(" "),
        &serde_json::to_string(expected).unwrap_or_default(),
    ] {
        hash.update((part.len() as u64).to_be_bytes());
        hash.update(part);
    }
    hex(&hash.finalize())
}

async fn run(
    engine: &Engine,
    coder: Coder,
    arguments: HashMap<String, String>,
    labels: Labels,
    archive: TarStream,
) -> Result<String, CommandError> {
    let build = Build {
        builder: Builder::BuildKit,
        dockerfile: context::DOCKERFILE.to_owned(),
        target: None,
        platform: None,
        labels,
        arguments,
        network: false,
        no_cache: false,
        pull: false,
        memory: None,
        logins: Vec::new(),
    };
    let mut building = engine.build(&build, archive);
    let (mut id, mut log) = (None, Vec::new());
    let follow = async {
        while let Some(progress) = building.recv().await {
            match progress? {
                Progress::Image(image) => id = Some(image),
                Progress::Output { bytes, .. } => {
                    log.extend(String::from_utf8_lossy(&bytes).lines().map(str::to_owned));
                    let excess = log.len().saturating_sub(TAIL);
                    log.drain(..excess);
                }
                Progress::Step(step) => tracing::debug!(step = step.name, error = step.error, "a step of the build"),
            }
        }
        Ok::<(), EngineError>(())
    };
    let ended = tokio::time::timeout(BUILD_WITHIN, follow).await;
    drop(building);
    engine.canceled().await;
    let mut error = CommandError::unfinished(format!("the image of {} was not built", coder.title()));
    match (ended, id) {
        (Ok(Ok(())), Some(id)) => return Ok(id),
        (Ok(Ok(())), None) => error.causes.push("the engine ended the build without an image".to_owned()),
        (Ok(Err(cause)), _) => error = error.because(&cause),
        (Err(_), _) => error.causes.push(format!("it took longer than {} seconds", BUILD_WITHIN.as_secs())),
    }
    error.excerpt = log;
    Err(error)
}

/// The task of the self-test: one file, in full.
fn task() -> Result<Vec<InputFile>, CommandError> {
    let content: Arc<[u8]> = b"const server = new Server();\nserver.listen(8080);\n".as_slice().into();
    let file = File { blob: "0".repeat(40).into(), content, executable: false, link: false, exported_as: None };
    let head_commit = CommitSha::parse(&"0".repeat(40))
        .map_err(|error| CommandError::unfinished("the self-test has no task").because(&error))?;
    let brief = Brief {
        repository: "self-test".to_owned(),
        head_commit,
        base_commit: None,
        directory: String::new(),
        dockerfile: None,
        head: Snapshot { files: [(TASK_FILE.into(), file)].into(), unreviewed: Vec::new(), tree: "0".repeat(40) },
        base: None,
        changes: Vec::new(),
    };
    brief.input().map_err(|error| CommandError::unfinished("the self-test has no task").because(&error))
}

/// Runs the self-test of an image in the sandbox, without a proxy and without a network.
async fn test(prepared: &Prepared, coder: Coder, image: &str) -> Result<Capability, CommandError> {
    let title = coder.title();
    let failed = |why: String| {
        let mut error = CommandError::unfinished(format!("the self-test of {title} did not pass, and it is not used"));
        error.causes = vec![why];
        error
    };
    let input = task()?.into_iter().map(|InputFile { path, content }| sandbox::InputFile {
        path: path.into(),
        content,
        executable: false,
    });
    let request = sandbox::Request {
        run_id: super::ask::run_id().map_err(&failed)?,
        input: input.collect(),
        agent: Agent::Image { reference: image.to_owned() },
        proxy: None,
        limits: Limits { deadline: TEST_WITHIN, ..Limits::default() },
        runtime: None,
        extras: Extras { arguments: vec!["--self-test".to_owned()], ..Extras::default() },
    };
    let outcome = sandbox::run(prepared, request, &Cancel::new()).await.map_err(|error| failed(error.to_string()))?;
    if outcome.ended != Ended::Exited(0) {
        let said = String::from_utf8_lossy(&outcome.stderr_tail);
        let last = said.lines().map(str::trim).rfind(|line| !line.is_empty()).unwrap_or_default();
        return Err(failed(format!("it {}: {last}", outcome.ended)));
    }
    let found: Capability = serde_json::from_slice(&outcome.stdout)
        .map_err(|error| failed(format!("what it printed is refused: {error}")))?;
    tracing::info!(capability = %String::from_utf8_lossy(&outcome.stdout), "the self-test passed");
    Ok(found)
}
