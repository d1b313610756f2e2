//! The build itself: the archive goes to the engine, the log comes back, and the image is what was asked for or does not stay.

use super::context::Context;
use super::log::{Event, Log};
use super::{Built, Options, Plan};
use crate::dockerfile::Dockerfile;
use crate::engine::build::{Build, Builder, Progress, Step};
use crate::engine::publish::Login;
use crate::engine::{Engine, EngineError, TarStream};
use crate::error::CommandError;
use crate::fetch::retry::jitter;
use crate::ids::{Digest, ImageReference};
use bytes::Bytes;
use std::collections::{BTreeMap, HashSet};
use std::io;
use std::path::Path;
use std::time::Duration;
use tokio::io::AsyncReadExt;
use tokio::time::Instant;

/// Bytes of the archive that are read at a time.
const PIECE: usize = 256 * 1024;
/// How long the engine may have no step under way before it is taken to wait for another build. Between steps it hashes what they
/// made, which takes seconds for large contexts.
const QUIET: Duration = Duration::from_secs(10);

/// What the engine is asked for.
pub(super) fn request(
    plan: &Plan,
    options: &Options,
    context: &Context,
    labels: BTreeMap<String, String>,
    logins: Vec<(String, Login)>,
) -> Build {
    Build {
        builder: options.builder,
        dockerfile: context.dockerfile.clone(),
        target: plan.source.build_target.clone(),
        platform: options.platform.clone(),
        labels: labels.into_iter().collect(),
        arguments: options.arguments.clone().into_iter().collect(),
        network: options.network,
        // Cache mounts are shared by all builds of an engine, those of other entries too: without the cache they begin empty.
        no_cache: options.no_cache || has_cache_mount(&context.dockerfile_text),
        pull: options.pull,
        memory: Some(options.limits.memory),
        logins,
    }
}

fn has_cache_mount(text: &[u8]) -> bool {
    let is_mount = |flag: &String| {
        let flag = flag.to_ascii_lowercase();
        flag.starts_with("--mount=") && (flag.contains("cache") || flag.contains('$'))
    };
    Dockerfile::parse(text).instructions.iter().any(|instruction| instruction.flags.iter().any(is_mount))
}

/// Builds an image and checks its labels.
pub(super) async fn build(
    engine: &Engine,
    plan: &Plan,
    options: &Options,
    context: &Context,
    request: &Build,
    engine_platform: &str,
    show: &mut (dyn FnMut(&Event<'_>) + Send),
) -> Result<Built, CommandError> {
    let entry = &plan.subject.entry;
    let labels: BTreeMap<String, String> = request.labels.clone().into_iter().collect();
    let file_error = |error: &io::Error| {
        let path = options.log_file.as_deref().unwrap_or(Path::new("the log"));
        CommandError::unfinished(format!("cannot write {}", path.display())).because(error)
    };
    let mut log =
        Log::new(show, options.log_file.as_deref(), options.limits.log).map_err(|error| file_error(&error))?;
    let began = Instant::now();
    let ended = tokio::time::timeout(options.limits.time, follow(engine, request, &context.path, &mut log)).await;
    let took = began.elapsed();
    // So that nobody who starts it again meets what is left of it.
    engine.canceled().await;
    let failed = |what: String, log: &Log<'_>| {
        let mut error = CommandError::unfinished(format!("`{entry}` was not built: {what}"));
        error.excerpt = log.tail();
        error
    };
    let id = match ended {
        Err(_) => {
            let time = options.limits.time.as_secs();
            return Err(failed(format!("the build took longer than {time} seconds and was canceled"), &log)
                .hint("`--timeout` sets the limit"));
        }
        Ok(Err(error)) => return Err(failed("the build failed".to_owned(), &log).because(&error)),
        Ok(Ok(_)) if log.is_too_long() => {
            let limit = options.limits.log;
            return Err(failed(format!("the build wrote more than {limit} bytes of log and was canceled"), &log)
                .hint("`--max-log` sets the limit"));
        }
        Ok(Ok(None)) => return Err(failed("the engine ended the build without an image".to_owned(), &log)),
        Ok(Ok(Some(id))) => id,
    };
    let names = log.names().to_vec();
    let log_digest = log.finish().map_err(|error| file_error(&error))?;
    check_labels(engine, entry, &id, &labels).await?;
    Ok(Built {
        id,
        commit: plan.source.commit.clone(),
        tree: context.tree.clone(),
        context_digest: context.digest.clone(),
        files: context.files,
        bytes: context.bytes,
        ignored: context.ignored,
        platform: options.platform.clone().unwrap_or_else(|| engine_platform.to_owned()),
        base_images: base_images(engine, context, &names).await,
        log_digest,
        took,
        labels,
    })
}

/// Follows a build to its end, or until its log is too long. To drop this cancels it.
///
/// BuildKit joins equal steps of two builds. With Engine 20 the second build is not told what a joined step does, and its
/// log lacks what the step wrote: nothing is under way for it until the first one ends. So it is started again, and either it
/// does the step itself or finds its result in the cache.
async fn follow(
    engine: &Engine,
    request: &Build,
    context: &Path,
    log: &mut Log<'_>,
) -> Result<Option<String>, EngineError> {
    let (mut quiet, mut again) = (QUIET, false);
    loop {
        let mut building = engine.build(request, archive(context));
        let mut steps = UnderWay::default();
        let mut id = None;
        loop {
            let next = building.recv();
            let progress = if request.builder == Builder::BuildKit && steps.none() {
                match tokio::time::timeout(quiet, next).await {
                    Ok(progress) => progress,
                    Err(_) => break,
                }
            } else {
                next.await
            };
            match progress.transpose()? {
                None => return Ok(id),
                Some(Progress::Step(step)) => {
                    steps.see(&step);
                    log.step(&step);
                }
                Some(Progress::Output { step, bytes }) => log.output(&step, &bytes),
                Some(Progress::Image(image)) => id = Some(image),
            }
            if log.is_too_long() {
                return Ok(id);
            }
        }
        drop(building);
        engine.canceled().await;
        log.output("", b"the engine is busy with the same steps for another build: starting again\n");
        if again {
            // A step whose own build is gone lives on while anybody waits for it. Two that wait must both let go of it.
            tokio::time::sleep(jitter(quiet)).await;
        }
        again = true;
        // A slow engine may have good reasons to be quiet.
        quiet = quiet.saturating_mul(2);
    }
}

/// The steps that have begun and are not over.
#[derive(Default)]
struct UnderWay(HashSet<String>);

impl UnderWay {
    fn see(&mut self, step: &Step) {
        if step.started && !step.completed {
            self.0.insert(step.id.clone());
        } else {
            self.0.remove(&step.id);
        }
    }

    fn none(&self) -> bool {
        self.0.is_empty()
    }
}

/// A file as a stream.
fn archive(path: &Path) -> TarStream {
    let path = path.to_owned();
    let pieces = futures_util::stream::try_unfold(None, move |file| {
        let path = path.clone();
        async move {
            let mut file = match file {
                Some(file) => file,
                None => tokio::fs::File::open(path).await?,
            };
            let mut piece = Vec::with_capacity(PIECE);
            let read = (&mut file).take(PIECE as u64).read_to_end(&mut piece).await?;
            Ok((read > 0).then(|| (Bytes::from(piece), Some(file))))
        }
    });
    Box::pin(pieces)
}

/// Reads the labels back: the image says what it was built from, or it does not stay.
async fn check_labels(
    engine: &Engine,
    entry: &str,
    id: &str,
    wanted: &BTreeMap<String, String>,
) -> Result<(), CommandError> {
    let failed = |error: EngineError| CommandError::unfinished("the image cannot be read back").because(&error);
    let image = engine.inspect_image(id).await.map_err(failed)?;
    let labels = image.map(|image| image.labels).unwrap_or_default();
    let Some((name, _)) = wanted.iter().find(|(name, value)| labels.get(*name) != Some(value)) else { return Ok(()) };
    engine.discard_image(id).await.map_err(failed)?;
    let is = labels.get(name).map_or_else(|| "is missing".to_owned(), |value| format!("is `{value}`"));
    Err(CommandError::unfinished(format!("`{entry}` was not built: the image's label {name} {is}, and should not be")))
}

/// The images that the build started from, with their digests: as the builder resolved them, else as the engine knows them.
/// One that was made on this machine and never published has none.
async fn base_images(engine: &Engine, context: &Context, steps: &[String]) -> Vec<(String, Digest)> {
    let mut found: BTreeMap<String, (ImageReference, Digest)> = BTreeMap::new();
    for word in steps.iter().flat_map(|name| name.split_whitespace()) {
        let Ok(mut image) = ImageReference::parse(word) else { continue };
        if let Some(digest) = image.digest.take().and_then(|digest| Digest::parse(&digest).ok()) {
            found.insert(image.to_string(), (image, digest));
        }
    }
    let dockerfile = Dockerfile::parse(&context.dockerfile_text);
    for (_, image) in dockerfile.images() {
        // One with variables is not a reference, and is what the builder resolved.
        let Ok(named) = ImageReference::parse(&image) else { continue };
        if named.digest.is_some() || found.values().any(|(known, _)| known.is_same(&named)) {
            continue;
        }
        let known = engine.inspect_image(&image).await.ok().flatten();
        let digests = known.iter().flat_map(|known| &known.digests).filter_map(|name| ImageReference::parse(name).ok());
        let digest = digests.filter_map(|name| name.digest).find_map(|digest| Digest::parse(&digest).ok());
        found.extend(digest.map(|digest| (image, (named, digest))));
    }
    found.into_iter().map(|(name, (_, digest))| (name, digest)).collect()
}
