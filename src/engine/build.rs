//! Building images: an archive and a few options go in, a log and an image come out.
//!
//! BuildKit is spoken to over the engine's own session, which carries nothing to the build: no secret, no key agent, no
//! credentials. A build that is no longer listened to is canceled by the engine.

use super::{Engine, EngineError, Labels, TarStream, failed};
use bollard::body_try_stream;
use bollard::moby::buildkit::v1::StatusResponse;
use bollard::models::{BuildInfo, BuildInfoAux};
use bollard::query_parameters::{BuildImageOptions, BuilderVersion};
use futures_util::{Stream, StreamExt};
use std::collections::HashMap;
use std::pin::Pin;

/// Who builds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Builder {
    /// BuildKit.
    BuildKit,
    /// The engine's older builder.
    Classic,
}

/// What is to be built of an archive.
#[derive(Debug, Clone)]
pub struct Build {
    /// Who builds.
    pub builder: Builder,
    /// The Dockerfile's path in the archive.
    pub dockerfile: String,
    /// The stage to stop at.
    pub target: Option<String>,
    /// The platform, as `linux/amd64`; the engine's own without one.
    pub platform: Option<String>,
    /// Labels; they win over those of the Dockerfile.
    pub labels: Labels,
    /// Build arguments.
    pub arguments: HashMap<String, String>,
    /// Whether the steps of the build have a network: the engine's default bridge.
    pub network: bool,
    /// Whether steps are run again that the engine has in its cache.
    pub no_cache: bool,
    /// Whether base images are fetched again.
    pub pull: bool,
    /// The memory of a step in bytes. Only the classic builder holds it.
    pub memory: Option<u64>,
    /// A name for the session that no other build has.
    pub session: String,
}

/// What a builder says while it works. Every text may hold anything.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Progress {
    /// A step, again whenever something about it changes.
    Step(Step),
    /// Bytes that a step wrote; not whole lines.
    Output {
        /// The step's id; empty where the builder does not say.
        step: String,
        /// The bytes.
        bytes: Vec<u8>,
    },
    /// The id of the image that was built.
    Image(String),
}

/// A step of a build.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Step {
    /// Its id.
    pub id: String,
    /// What it is called: `[2/4] RUN make`.
    pub name: String,
    /// Whether it has started.
    pub started: bool,
    /// Whether it is over.
    pub completed: bool,
    /// Whether its result came from the cache.
    pub cached: bool,
    /// Why it failed; empty when it did not.
    pub error: String,
}

/// A build that is under way. To drop it cancels it.
pub type Building<'e> = Pin<Box<dyn Stream<Item = Result<Progress, EngineError>> + Send + 'e>>;

/// What an engine is.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Version {
    /// As it calls itself: `20.10.24`.
    pub version: String,
    /// The number before the first dot; 0 when there is none.
    pub major: u32,
    /// Its system and processor: `linux/amd64`.
    pub platform: String,
}

impl Engine {
    /// What the engine says of itself.
    ///
    /// # Errors
    /// When it would not answer.
    pub async fn version(&self) -> Result<Version, EngineError> {
        let answer = self.docker.version().await.map_err(failed("say its version"))?;
        let version = answer.version.unwrap_or_default();
        let major = version.split('.').next().and_then(|major| major.parse().ok()).unwrap_or(0);
        let (os, arch) = (answer.os.unwrap_or_default(), answer.arch.unwrap_or_default());
        Ok(Version { version, major, platform: format!("{os}/{arch}") })
    }

    /// Builds an image. It has no name yet.
    #[must_use]
    pub fn build(&self, build: &Build, context: TarStream) -> Building<'_> {
        let memory = build.memory.map(|bytes| i32::try_from(bytes).unwrap_or(i32::MAX));
        let options = BuildImageOptions {
            dockerfile: build.dockerfile.clone(),
            target: build.target.clone().unwrap_or_default(),
            platform: build.platform.clone().unwrap_or_default(),
            labels: Some(build.labels.clone()),
            buildargs: Some(build.arguments.clone()),
            networkmode: (!build.network).then(|| "none".to_owned()),
            nocache: build.no_cache,
            pull: build.pull.then(|| "1".to_owned()),
            memory,
            memswap: memory,
            rm: true,
            forcerm: true,
            version: match build.builder {
                Builder::BuildKit => BuilderVersion::BuilderBuildKit,
                Builder::Classic => BuilderVersion::BuilderV1,
            },
            session: (build.builder == Builder::BuildKit).then(|| build.session.clone()),
            ..BuildImageOptions::default()
        };
        let answers = self.docker.build_image(options, None, Some(body_try_stream(context)));
        let progress = answers.flat_map(|answer| {
            let said = match answer {
                Ok(info) => progress(info).into_iter().map(Ok).collect(),
                Err(error) => vec![Err(failed("build the image")(error))],
            };
            futures_util::stream::iter(said)
        });
        Box::pin(progress)
    }
}

fn progress(info: BuildInfo) -> Vec<Progress> {
    let mut said = Vec::new();
    match info.aux {
        Some(BuildInfoAux::BuildKit(status)) => said.extend(of_buildkit(status)),
        Some(BuildInfoAux::Default(image)) => said.extend(image.id.map(Progress::Image)),
        None => {}
    }
    for text in [info.stream, info.status].into_iter().flatten() {
        said.push(Progress::Output { step: String::new(), bytes: text.into_bytes() });
    }
    said
}

fn of_buildkit(status: StatusResponse) -> impl Iterator<Item = Progress> {
    let steps = status.vertexes.into_iter().map(|vertex| {
        Progress::Step(Step {
            id: vertex.digest,
            name: vertex.name,
            started: vertex.started.is_some(),
            completed: vertex.completed.is_some(),
            cached: vertex.cached,
            error: vertex.error,
        })
    });
    let output = status.logs.into_iter().map(|log| Progress::Output { step: log.vertex, bytes: log.msg });
    steps.chain(output)
}
