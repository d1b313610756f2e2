//! Building images: an archive and a few options go in, a log and an image come out.
//!
//! BuildKit is spoken to over the engine's own session, which carries nothing to the build: no secret, no key agent, no
//! credentials.
//!
//! A build that is no longer listened to is canceled, and [`Engine::canceled`] waits for its end. That matters: BuildKit joins
//! equal steps of two builds, and that of Engine 20 reports a joined step only to the build that had it first. Whoever
//! starts a build again while the canceled one is still being taken down would share its steps and see nothing of them.

use super::publish::Login;
use super::{Engine, EngineError, Labels, TarStream, failed};
use crate::ids::hex;
use bollard::auth::DockerCredentials;
use bollard::moby::buildkit::v1::StatusResponse;
use bollard::models::{BuildInfo, BuildInfoAux};
use bollard::query_parameters::{BuildImageOptions, BuilderVersion};
use bollard::{BollardRequest, body_try_stream};
use futures_util::StreamExt;
use http::Uri;
use std::collections::HashMap;
use std::time::Duration;
use tokio::sync::mpsc;

/// How long the engine may take to end a build that is canceled. It kills the step's processes and unmounts their files.
const CANCEL_WITHIN: Duration = Duration::from_secs(30);
/// Pieces of progress that wait to be looked at.
const PROGRESS: usize = 64;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Builder {
    BuildKit,
    Classic,
}

/// What is to be built of an archive.
#[derive(Debug, Clone)]
pub(crate) struct Build {
    pub(crate) builder: Builder,
    /// The Dockerfile's path in the archive.
    pub(crate) dockerfile: String,
    /// The stage to stop at.
    pub(crate) target: Option<String>,
    /// The platform, as `linux/amd64`; the engine's own without one.
    pub(crate) platform: Option<String>,
    /// Labels; they win over those of the Dockerfile.
    pub(crate) labels: Labels,
    pub(crate) arguments: HashMap<String, String>,
    /// Whether the steps of the build have a network: the engine's default bridge.
    pub(crate) network: bool,
    /// Whether steps are run again that the engine has in its cache.
    pub(crate) no_cache: bool,
    /// Whether base images are fetched again.
    pub(crate) pull: bool,
    /// The memory of a step in bytes. Only the classic builder holds it.
    pub(crate) memory: Option<u64>,
    /// Logins with which the builder fetches base images, by image registry. No step of the build sees them.
    pub(crate) logins: Vec<(String, Login)>,
}

/// What a builder says while it works. Every text may hold anything.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Progress {
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
pub(crate) struct Step {
    pub(crate) id: String,
    /// What it is called: `[2/4] RUN make`.
    pub(crate) name: String,
    pub(crate) started: bool,
    pub(crate) completed: bool,
    /// Whether its result came from the cache.
    pub(crate) cached: bool,
    /// Why it failed; empty when it did not.
    pub(crate) error: String,
}

/// A build that is under way. To drop it cancels it.
pub(crate) type Building = mpsc::Receiver<Result<Progress, EngineError>>;

#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Version {
    /// As it calls itself: `20.10.24`.
    pub(crate) version: String,
    /// The number before the first dot; 0 when there is none.
    pub(crate) major: u32,
    /// Its system and processor: `linux/amd64`.
    pub(crate) platform: String,
}

impl Engine {
    /// What the engine says of itself.
    ///
    /// # Errors
    /// When it would not answer.
    pub(crate) async fn version(&self) -> Result<Version, EngineError> {
        let answer = self.docker.version().await.map_err(failed("say its version"))?;
        let version = answer.version.unwrap_or_default();
        let major = version.split('.').next().and_then(|major| major.parse().ok()).unwrap_or(0);
        let (os, arch) = (answer.os.unwrap_or_default(), answer.arch.unwrap_or_default());
        Ok(Version { version, major, platform: format!("{os}/{arch}") })
    }

    /// Starts to build an image. It has no name yet.
    pub(crate) fn build(&self, build: &Build, context: TarStream) -> Building {
        let memory = build.memory.map(|bytes| i32::try_from(bytes).unwrap_or(i32::MAX));
        let (tell, listen) = mpsc::channel(PROGRESS);
        // A name that no other build has, for its session and to cancel it.
        let mut random = [0; 16];
        if let Err(error) = getrandom::fill(&mut random) {
            let failed = EngineError::Failed {
                action: "build the image".to_owned(),
                status: None,
                source: error.to_string().into(),
            };
            drop(tell.try_send(Err(failed)));
            return listen;
        }
        let session = (build.builder == Builder::BuildKit).then(|| hex(&random));
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
            session: session.clone(),
            ..BuildImageOptions::default()
        };
        let (engine, under_way, logins) = (self.clone(), self.builds.subscribe(), credentials(&build.logins));
        tokio::spawn(async move {
            engine.follow(options, logins, context, tell, session.as_deref()).await;
            drop(under_way);
        });
        listen
    }

    /// Waits until the engine has ended all builds that nobody listens to any more; not for ever.
    pub(crate) async fn canceled(&self) {
        if tokio::time::timeout(CANCEL_WITHIN, self.builds.closed()).await.is_err() {
            tracing::warn!("the engine did not end a canceled build in time");
        }
    }

    /// Passes on the progress of a build until it ends. When nobody listens any more, cancels it and waits for its end: the
    /// classic builder's by closing the connection, BuildKit's by its id, because the engine answers then when all is over.
    async fn follow(
        &self,
        options: BuildImageOptions,
        logins: HashMap<String, DockerCredentials>,
        context: TarStream,
        tell: mpsc::Sender<Result<Progress, EngineError>>,
        id: Option<&str>,
    ) {
        let named = id.unwrap_or_default().to_owned();
        let docker = self.docker.clone().with_request_modifier(move |request| with_id(request, &named));
        let mut answers = std::pin::pin!(docker.build_image(options, Some(logins), Some(body_try_stream(context))));
        loop {
            let answer = tokio::select! {
                answer = answers.next() => answer,
                () = tell.closed() => break,
            };
            let said = match answer {
                None => return,
                Some(Ok(info)) => progress(info).into_iter().map(Ok).collect(),
                Some(Err(error)) => vec![Err(failed("build the image")(error))],
            };
            for said in said {
                // That nobody listens is seen above.
                drop(tell.send(said).await);
            }
        }
        let Some(id) = id else { return };
        if let Err(error) = self.cancel(id).await {
            tracing::warn!(%error, "the build is canceled by closing the connection");
            return;
        }
        let end = async { while answers.next().await.is_some() {} };
        drop(tokio::time::timeout(CANCEL_WITHIN, end).await);
    }

    /// Cancels a build. The client crate does not know this request: another one without a body and an answer is sent there.
    async fn cancel(&self, id: &str) -> Result<(), EngineError> {
        let target = format!("/build/cancel?id={id}");
        let docker = self.docker.clone().with_request_modifier(move |request| moved(request, &target));
        docker.pause_container("build").await.map_err(failed("cancel the build"))
    }
}

/// Logins as the builders ask for them: Docker Hub is called by its old address in one and by its host in the other.
fn credentials(logins: &[(String, Login)]) -> HashMap<String, DockerCredentials> {
    let names = |host: &str| match host {
        "docker.io" => vec!["https://index.docker.io/v1/".to_owned(), "registry-1.docker.io".to_owned()],
        host => vec![host.to_owned()],
    };
    logins.iter().flat_map(|(host, login)| names(host).into_iter().map(|name| (name, login.credentials()))).collect()
}

/// Gives a build the id by which it can be canceled, which the client crate does not know of.
fn with_id(request: BollardRequest, id: &str) -> BollardRequest {
    match request.uri().path_and_query().map(http::uri::PathAndQuery::as_str) {
        Some(target) if request.uri().path().ends_with("/build") => {
            let target = format!("{target}&buildid={id}");
            moved(request, &target)
        }
        _ => request,
    }
}

/// Sends a request to another path.
fn moved(mut request: BollardRequest, target: &str) -> BollardRequest {
    let mut parts = request.uri().clone().into_parts();
    parts.path_and_query = target.parse().ok();
    if let Ok(uri) = Uri::from_parts(parts) {
        *request.uri_mut() = uri;
    }
    request
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
