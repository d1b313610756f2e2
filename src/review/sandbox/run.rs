//! One run: make, fill, start, hear out, remove.

use super::inside::{EXIT_OUT_OF_MEMORY, EXIT_PROBE, EXIT_TOO_MANY_PROCESSES};
use super::proxy::Running;
use super::{
    AGENT_USER, Agent, Cancel, Ended, INPUT, Mode, Outcome, PROXY_USER, Prepared, RESERVED, Request, SandboxError,
    archive, clean,
};
use crate::engine::container::{Attached, Chunk, Container, Mount, Resources};
use crate::engine::image::Image;
use crate::engine::{Engine, EngineError, Kind, Labels, TarStream};
use crate::ids::ImageReference;
use futures_util::StreamExt;
use futures_util::future::{join_all, try_join, try_join3};
use secrecy::ExposeSecret;
use std::sync::PoisonError;
use tokio::io::AsyncWriteExt;
use tokio::sync::oneshot;
use tokio::time::Instant;

/// What is kept of an agent's standard error: its end.
const STDERR_TAIL: usize = 16 << 10;
/// How long the engine may take to end a container that was killed.
const END_WITHIN: std::time::Duration = std::time::Duration::from_secs(30);

/// What a proxy may use: it holds a few bodies and connections, and its memory is measured in megabytes.
const PROXY: Resources = Resources { memory: 256 << 20, cpus: 1.0, pids: 64, tmp: 1 << 20 };
/// A container that never runs.
const LOADER: Resources = Resources { memory: 16 << 20, cpus: 0.1, pids: 4, tmp: 1 << 20 };

/// Runs an agent over an input. All that was made for it is gone when this returns, whatever it returns; when it is dropped,
/// the removal goes on in the background.
///
/// # Errors
/// When there was no sandbox, it does not hold, or the run was cancelled. How the agent itself ended is in the outcome.
pub async fn run(prepared: &Prepared, request: Request, cancel: &Cancel) -> Result<Outcome, SandboxError> {
    let id = &request.run_id;
    if !(8..=32).contains(&id.len()) || !id.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit()) {
        return Err(SandboxError::RunId(id.clone()));
    }
    let (alive, dropped) = oneshot::channel::<()>();
    let began = Instant::now();
    let task = tokio::spawn(supervise(prepared.clone(), request, cancel.clone(), dropped, began));
    let outcome = task.await;
    drop(alive);
    outcome.unwrap_or(Err(SandboxError::Cancelled))
}

async fn supervise(
    prepared: Prepared,
    mut request: Request,
    cancel: Cancel,
    dropped: oneshot::Receiver<()>,
    began: Instant,
) -> Result<Outcome, SandboxError> {
    let input = archive::input(std::mem::take(&mut request.input))?;
    let agent = AgentImage::find(&prepared, &request.agent, &request.extras.arguments).await?;
    let mut archives = vec![input];
    archives.append(request.extras.archives.get_mut().unwrap_or_else(PoisonError::into_inner));
    let made = Made::named(&prepared, &request);
    let give_up = async {
        tokio::select! {
            _ = cancel.cancelled() => {}
            _ = dropped => {}
        }
    };
    // Never broken off in the middle: the engine would go on making what nobody removes any more.
    let outcome = match made.make(&prepared, &request, &agent).await {
        Ok(()) => {
            tracing::debug!(elapsed = ?began.elapsed(), "the sandbox is made");
            tokio::select! {
                outcome = made.execute(&request, &agent, archives, began) => outcome,
                () = give_up => Err(SandboxError::Cancelled),
            }
        }
        Err(error) => Err(error.into()),
    };
    made.remove().await;
    // What the engine was still making for a process that was killed just before this one started is there by now.
    if let Err(error) = clean(&prepared.engine, Mode::Leftovers).await {
        tracing::warn!(%error, "leftovers of other runs stay behind");
    }
    tracing::debug!(elapsed = ?began.elapsed(), "the sandbox is removed");
    outcome
}

/// The image of an agent and what to start in it.
struct AgentImage {
    id: String,
    /// Of the container: our program, which starts the agent.
    command: Vec<String>,
    environment: Vec<String>,
    /// Whether the input must bring our program along.
    foreign: bool,
}

/// Where programs are looked for in an image that does not say.
const PATH: &str = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

impl AgentImage {
    async fn find(prepared: &Prepared, agent: &Agent, arguments: &[String]) -> Result<Self, SandboxError> {
        match agent {
            Agent::BuiltIn { args } => {
                let mut command = vec!["/mcp-registry".to_owned(), "sandbox-init".to_owned()];
                command.extend(["--".to_owned(), "/mcp-registry".to_owned()]);
                command.extend(args.iter().cloned());
                let environment = vec![format!("PATH={PATH}")];
                Ok(Self { id: prepared.image.to_string(), command, environment, foreign: false })
            }
            Agent::Image { reference } => {
                Self::foreign(reference, Self::inspect(&prepared.engine, reference).await?, arguments)
            }
        }
    }

    /// Asks the engine, and has it fetch the image if its name says from where.
    async fn inspect(engine: &Engine, reference: &str) -> Result<Image, SandboxError> {
        if let Some(image) = engine.inspect_image(reference).await? {
            return Ok(image);
        }
        if !ImageReference::parse(reference).is_ok_and(|image| image.host.is_some()) {
            return Err(SandboxError::NoImage(reference.to_owned()));
        }
        engine.pull_image(reference).await?;
        let image = engine.inspect_image(reference).await?;
        image.ok_or_else(|| SandboxError::NoImage(reference.to_owned()))
    }

    fn foreign(reference: &str, mut image: Image, arguments: &[String]) -> Result<Self, SandboxError> {
        let refused = |why: String| Err(SandboxError::Image { reference: reference.to_owned(), why });
        if !arguments.is_empty() {
            // An image without an entry point names its program first.
            image.command.truncate(image.entry_words.max(1));
            image.command.extend(arguments.iter().cloned());
        }
        if image.command.is_empty() {
            return refused("it has no entry point and no command".to_owned());
        }
        if !image.volumes.is_empty() {
            return refused(format!("it declares volumes, which could be written: {}", image.volumes.join(", ")));
        }
        // Nothing of its environment but where programs are: the rest could steer our own first process.
        let mut path = PATH.to_owned();
        let mut environment = Vec::new();
        for variable in &image.environment {
            match variable.split_once('=') {
                Some(("PATH", value)) => path = value.to_owned(),
                Some((name, _)) => environment.push(name.to_owned()),
                None => {}
            }
        }
        environment.push(format!("PATH={path}"));
        let mut command = vec![format!("{INPUT}/{RESERVED}/mcp-registry"), "sandbox-init".to_owned()];
        if image.directory.starts_with('/') {
            command.push(format!("--directory={}", image.directory));
        }
        command.push("--".to_owned());
        command.extend(image.command);
        Ok(Self { id: image.id, command, environment, foreign: true })
    }
}

/// The things of one run, by their names.
struct Made {
    engine: Engine,
    labels: Labels,
    agent: String,
    proxy: String,
    loader: String,
    input: String,
    socket: String,
    network: String,
}

impl Made {
    fn named(prepared: &Prepared, request: &Request) -> Self {
        let name = |what: &str| format!("mcp-registry-{}-{what}", request.run_id);
        Self {
            engine: prepared.engine.clone(),
            labels: prepared.owner.labels(&request.run_id, prepared.started, request.limits.deadline),
            agent: name("agent"),
            proxy: name("proxy"),
            loader: name("loader"),
            input: name("input"),
            socket: name("socket"),
            network: name("network"),
        }
    }

    /// Makes everything, as much of it at a time as goes. All of it is tried even when some of it fails: what was begun
    /// has ended when this returns.
    async fn make(&self, prepared: &Prepared, request: &Request, agent: &AgentImage) -> Result<(), EngineError> {
        let socket = async {
            match request.proxy {
                Some(_) => self.engine.create_volume(&self.socket, &self.labels).await,
                None => Ok(()),
            }
        };
        let network = async {
            match &request.proxy {
                Some(proxy) if proxy.network.is_none() => self.engine.create_network(&self.network, &self.labels).await,
                None if request.extras.network => self.engine.create_network(&self.network, &self.labels).await,
                _ => Ok(()),
            }
        };
        let containers = self.containers(prepared, request, agent);
        let create = async |with_network: bool| {
            let these = containers.iter().filter(|container| container.network.is_some() == with_network);
            let made = join_all(these.map(|container| self.engine.create_container(container))).await;
            made.into_iter().collect::<Result<(), EngineError>>()
        };
        // A network takes longest: what has none does not wait for it.
        let without = async {
            let (input, socket) = tokio::join!(self.engine.create_volume(&self.input, &self.labels), socket);
            input.and(socket)?;
            create(false).await
        };
        let (without, network) = tokio::join!(without, network);
        without.and(network)?;
        create(true).await
    }

    fn containers(&self, prepared: &Prepared, request: &Request, agent: &AgentImage) -> Vec<Container> {
        let mount = |volume: &str, target: &str, writable: bool, filled: bool| Mount {
            volume: volume.to_owned(),
            target: target.to_owned(),
            writable,
            filled,
        };
        let ours = |name: &str, resources: Resources, user: u32| Container {
            name: name.to_owned(),
            image: prepared.image.to_string(),
            command: vec!["/mcp-registry".to_owned()],
            user,
            environment: Vec::new(),
            network: None,
            mounts: Vec::new(),
            resources,
            runtime: None,
            labels: self.labels.clone(),
        };
        let limits = &request.limits;
        let resources = Resources { memory: limits.memory, cpus: limits.cpus, pids: limits.pids, tmp: limits.tmp };
        let mut command = agent.command.clone();
        let mut mounts = vec![mount(&self.input, INPUT, false, false)];
        let mut flags = Vec::new();
        if request.proxy.is_some() {
            mounts.push(mount(&self.socket, "/proxy", false, false));
            flags.push("--proxy".to_owned());
        }
        if request.runtime.is_some() {
            flags.push("--other-runtime".to_owned());
        }
        let extras = &request.extras;
        if extras.network {
            flags.push("--network".to_owned());
        }
        flags.extend(extras.results.iter().map(|folder| format!("--results={folder}")));
        flags.extend(extras.variables.iter().map(|(name, value)| format!("--variable={name}={value}")));
        command.splice(2..2, flags);
        let mut containers = vec![
            Container {
                mounts: vec![mount(&self.input, INPUT, true, agent.foreign)],
                ..ours(&self.loader, LOADER, AGENT_USER)
            },
            Container {
                image: agent.id.clone(),
                command,
                environment: agent.environment.clone(),
                mounts,
                runtime: request.runtime.clone(),
                network: extras.network.then(|| self.network.clone()),
                ..ours(&self.agent, resources, AGENT_USER)
            },
        ];
        if let Some(proxy) = &request.proxy {
            let program = std::iter::once("/mcp-registry".to_owned());
            let command = program.chain(proxy.args.iter().cloned()).collect();
            containers.push(Container {
                command,
                network: Some(proxy.network.clone().unwrap_or_else(|| self.network.clone())),
                mounts: vec![mount(&self.socket, "/proxy", true, true)],
                ..ours(&self.proxy, PROXY, PROXY_USER)
            });
        }
        containers
    }

    async fn execute(
        &self,
        request: &Request,
        agent: &AgentImage,
        archives: Vec<TarStream>,
        began: Instant,
    ) -> Result<Outcome, SandboxError> {
        let upload = async {
            for archive in archives {
                self.engine.upload(&self.loader, INPUT, archive).await?;
            }
            Ok(())
        };
        let attach = async {
            let attached = self.engine.attach(&self.agent).await?;
            // Its first process waits for the token: starting takes as long as the proxy's start, beside it.
            if request.proxy.is_some() {
                self.engine.start(&self.agent).await?;
            }
            Ok(attached)
        };
        let (attached, proxy) = match &request.proxy {
            None => (try_join(upload, attach).await?.1, None),
            Some(proxy) => {
                let running = Running::start(&self.engine, &self.proxy, proxy);
                let ((), attached, running) = try_join3(upload, attach, running).await?;
                (attached, Some(running))
            }
        };
        tracing::debug!(elapsed = ?began.elapsed(), "the input is written and the proxy ready");
        let heard = self.hear(request, attached).await?;
        let (audit, audit_incomplete) = match proxy {
            Some(running) => running.stop().await,
            None => (Vec::new(), None),
        };
        let ended = match heard.ended {
            Ended::Exited(EXIT_PROBE) => return Err(SandboxError::Probe(super::inside::failures(&heard.stderr))),
            Ended::Exited(EXIT_OUT_OF_MEMORY) => Ended::OutOfMemory,
            Ended::Exited(EXIT_TOO_MANY_PROCESSES) => Ended::TooManyProcesses,
            other => other,
        };
        Ok(Outcome {
            ended,
            stdout: heard.stdout,
            stderr_tail: heard.stderr,
            audit,
            audit_incomplete,
            image: agent.id.clone(),
            first_output: heard.first.map(|first| first.duration_since(began)),
        })
    }

    /// Starts the agent, or lets it begin where it is started, and hears it out.
    async fn hear(&self, request: &Request, mut attached: Attached) -> Result<Heard, SandboxError> {
        if request.proxy.is_none() {
            self.engine.start(&self.agent).await?;
        }
        let started = Instant::now();
        if let Some(proxy) = &request.proxy {
            // That nobody reads it is said by how the container ends.
            let mut token = zeroize::Zeroizing::new(proxy.client_token.expose_secret().as_bytes().to_vec());
            token.push(b'\n');
            let _ = attached.input.write_all(&token).await;
        }
        let _ = attached.input.shutdown().await;
        let mut heard = Heard { ended: Ended::Exited(-1), stdout: Vec::new(), stderr: Vec::new(), first: None };
        let cut = tokio::time::timeout_at(started + request.limits.deadline, async {
            while let Some(chunk) = attached.output.next().await {
                let chunk = chunk?;
                if let (Chunk::Stderr(bytes), Some(watch)) = (&chunk, &request.extras.watch) {
                    (watch.0)(bytes);
                }
                if heard.is_too_much(chunk, request.limits.output) {
                    return Ok(Some(Ended::OutputTooLarge));
                }
            }
            Ok::<_, EngineError>(None)
        });
        let cut = match cut.await {
            Ok(cut) => cut?,
            Err(_) => {
                let full_of_processes = self.engine.is_full_of_processes(&self.agent).await;
                Some(Ended::DeadlinePassed { full_of_processes })
            }
        };
        if let Some(ended) = cut {
            // Let go first: the engine cannot end a container while somebody is attached who does not read.
            drop(attached);
            self.engine.signal(&self.agent, "SIGKILL").await?;
            heard.ended = ended;
            return Ok(heard);
        }
        let end = tokio::time::timeout(END_WITHIN, self.engine.wait(&self.agent)).await;
        let end = end.unwrap_or_else(|_| {
            let why = "its output ended and it did not".into();
            Err(EngineError::Failed { action: "wait for the agent".to_owned(), status: None, source: why })
        })?;
        heard.ended = match end.status {
            status if end.out_of_memory && status != 0 => Ended::OutOfMemory,
            status => Ended::Exited(status),
        };
        Ok(heard)
    }

    /// Removes everything. What cannot be removed is left to the next run, and said in the log.
    async fn remove(&self) {
        let remove = |kind, name| async move {
            if let Err(error) = self.engine.remove(kind, name).await {
                tracing::warn!(%error, "something of a run stays behind");
            }
        };
        join_all([&self.agent, &self.proxy, &self.loader].map(|name| remove(Kind::Container, name))).await;
        let volumes = join_all([&self.input, &self.socket].map(|name| remove(Kind::Volume, name)));
        tokio::join!(volumes, remove(Kind::Network, &self.network));
    }
}

/// What an agent has written, and how it ended.
struct Heard {
    ended: Ended,
    stdout: Vec<u8>,
    stderr: Vec<u8>,
    first: Option<Instant>,
}

impl Heard {
    /// Takes a piece of output. Says whether standard output has become more than it may be; it is cut there.
    fn is_too_much(&mut self, chunk: Chunk, limit: usize) -> bool {
        self.first.get_or_insert_with(Instant::now);
        match chunk {
            Chunk::Stdout(bytes) => {
                let room = limit.saturating_sub(self.stdout.len());
                self.stdout.extend_from_slice(&bytes[..bytes.len().min(room)]);
                bytes.len() > room
            }
            Chunk::Stderr(bytes) => {
                self.stderr.extend_from_slice(&bytes);
                let excess = self.stderr.len().saturating_sub(STDERR_TAIL);
                self.stderr.drain(..excess);
                false
            }
        }
    }
}
