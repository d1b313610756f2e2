//! Containers, all of them walled in the same way; a caller chooses what differs and cannot choose less.

use super::{Engine, EngineError, Labels, TarStream, failed};
use bollard::body_try_stream;
use bollard::container::LogOutput;
use bollard::models::{
    ContainerCreateBody, HealthConfig, HostConfig, HostConfigLogConfig, Mount as EngineMount, MountType,
    MountVolumeOptions, ResourcesUlimits, RestartPolicy, RestartPolicyNameEnum,
};
use bollard::query_parameters::{
    AttachContainerOptions, CreateContainerOptions, KillContainerOptions, StatsOptions, UploadToContainerOptions,
    WaitContainerOptions,
};
use bytes::Bytes;
use futures_util::{Stream, StreamExt};
use std::pin::Pin;
use tokio::io::AsyncWrite;

/// A volume in a container.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Mount {
    pub(crate) volume: String,
    pub(crate) target: String,
    /// Whether it can be written.
    pub(crate) writable: bool,
    /// Whether an empty volume takes what the image has at that place, and its owner.
    pub(crate) filled: bool,
}

/// What a container may use. All of it is enforced by the kernel.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Resources {
    /// Memory in bytes, with the pages of `/tmp`; there is no swap beside it.
    pub(crate) memory: u64,
    /// Processors; 0.5 is half of one.
    pub(crate) cpus: f64,
    pub(crate) pids: u32,
    /// Bytes in `/tmp`.
    pub(crate) tmp: u64,
}

/// A container to be made.
#[derive(Debug, Clone)]
pub(crate) struct Container {
    pub(crate) name: String,
    /// The id of its image.
    pub(crate) image: String,
    /// What it starts, with its arguments. The image's own entry point is not used.
    pub(crate) command: Vec<String>,
    /// User and group, both by this number.
    pub(crate) user: u32,
    /// Variables: `NAME=value`, and a bare `NAME` to take away one that the image sets.
    pub(crate) environment: Vec<String>,
    /// The name of the network; none for no network at all.
    pub(crate) network: Option<String>,
    pub(crate) mounts: Vec<Mount>,
    /// Limits.
    pub(crate) resources: Resources,
    /// The engine's runtime to use in place of its default.
    pub(crate) runtime: Option<String>,
    pub(crate) labels: Labels,
}

/// A piece of what a container writes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Chunk {
    Stdout(Bytes),
    Stderr(Bytes),
}

/// The other end of a container's standard streams.
pub(crate) struct Attached {
    /// What it writes, until it ends.
    pub(crate) output: Pin<Box<dyn Stream<Item = Result<Chunk, EngineError>> + Send>>,
    pub(crate) input: Pin<Box<dyn AsyncWrite + Send>>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct End {
    /// The exit status of its first process; 137 when it was killed.
    pub(crate) status: i64,
    /// Whether the kernel killed something in it for want of memory.
    pub(crate) out_of_memory: bool,
}

/// Open files a process may have. Enough for a program that walks a tree, and far from what a kernel has.
const OPEN_FILES: i64 = 4096;
/// The period over which processor time is counted, in microseconds: the kernel's usual one.
pub(super) const CPU_PERIOD: f64 = 100_000.0;

pub(super) fn limit(name: &str, number: i64) -> ResourcesUlimits {
    ResourcesUlimits { name: Some(name.to_owned()), soft: Some(number), hard: Some(number) }
}

/// What every container has: no privilege to gain, no port, no swap beside its memory, no core file, and no second life. What it writes is
/// read by whoever is attached, and kept by nobody.
pub(super) fn walls(memory: i64, pids: i64) -> HostConfig {
    HostConfig {
        security_opt: Some(vec!["no-new-privileges".to_owned()]),
        privileged: Some(false),
        publish_all_ports: Some(false),
        memory: Some(memory),
        memory_swap: Some(memory),
        // Not `nano_cpus`: an engine refuses more of them than it has processors.
        cpu_period: Some(CPU_PERIOD as i64),
        pids_limit: Some(pids),
        ulimits: Some(vec![limit("core", 0)]),
        log_config: Some(HostConfigLogConfig { typ: Some("none".to_owned()), config: None }),
        restart_policy: Some(RestartPolicy { name: Some(RestartPolicyNameEnum::NO), maximum_retry_count: None }),
        auto_remove: Some(false),
        ..HostConfig::default()
    }
}

/// A container that somebody talks to over its standard streams, and that the engine starts nothing in by itself.
pub(super) fn attended() -> ContainerCreateBody {
    ContainerCreateBody {
        healthcheck: Some(HealthConfig { test: Some(vec!["NONE".to_owned()]), ..HealthConfig::default() }),
        attach_stdin: Some(true),
        attach_stdout: Some(true),
        attach_stderr: Some(true),
        open_stdin: Some(true),
        stdin_once: Some(true),
        tty: Some(false),
        ..ContainerCreateBody::default()
    }
}

fn host_config(container: &Container) -> HostConfig {
    let memory = i64::try_from(container.resources.memory).unwrap_or(i64::MAX);
    let mounts = container.mounts.iter().map(|mount| EngineMount {
        target: Some(mount.target.clone()),
        source: Some(mount.volume.clone()),
        typ: Some(MountType::VOLUME),
        read_only: Some(!mount.writable),
        volume_options: Some(MountVolumeOptions { no_copy: Some(!mount.filled), ..MountVolumeOptions::default() }),
        ..EngineMount::default()
    });
    let tmp = format!(
        "rw,noexec,nosuid,nodev,size={},mode=0700,uid={user},gid={user}",
        container.resources.tmp,
        user = container.user
    );
    let offline = container.network.is_none();
    HostConfig {
        network_mode: Some(container.network.clone().unwrap_or_else(|| "none".to_owned())),
        // Without a network the engine would still copy the host's list of name servers into the container.
        dns: offline.then(|| vec!["127.0.0.1".to_owned()]),
        dns_search: offline.then(|| vec![".".to_owned()]),
        readonly_rootfs: Some(true),
        cap_drop: Some(vec!["ALL".to_owned()]),
        // Private, and without the shared memory that is otherwise one more place to write to.
        ipc_mode: Some("none".to_owned()),
        oom_kill_disable: Some(false),
        cpu_quota: Some(((CPU_PERIOD * container.resources.cpus) as i64).max(1_000)),
        ulimits: Some(vec![limit("nofile", OPEN_FILES), limit("core", 0)]),
        tmpfs: Some([("/tmp".to_owned(), tmp)].into()),
        mounts: Some(mounts.collect()),
        init: Some(false),
        runtime: container.runtime.clone(),
        ..walls(memory, i64::from(container.resources.pids))
    }
}

impl Engine {
    /// Makes a container. It does not run yet.
    ///
    /// # Errors
    /// When the engine would not.
    pub(crate) async fn create_container(&self, container: &Container) -> Result<(), EngineError> {
        let (entrypoint, arguments) = container.command.split_at(container.command.len().min(1));
        let body = ContainerCreateBody {
            hostname: Some("sandbox".to_owned()),
            user: Some(format!("{user}:{user}", user = container.user)),
            image: Some(container.image.clone()),
            entrypoint: Some(entrypoint.to_vec()),
            cmd: Some(arguments.to_vec()),
            env: Some(container.environment.clone()),
            working_dir: Some("/".to_owned()),
            labels: Some(container.labels.clone()),
            stop_signal: Some("SIGTERM".to_owned()),
            host_config: Some(host_config(container)),
            ..attended()
        };
        let options =
            CreateContainerOptions { name: Some(container.name.clone()), ..CreateContainerOptions::default() };
        let made = self.docker.create_container(Some(options), body).await;
        made.map(drop).map_err(failed(format!("create the container {}", container.name)))
    }

    /// Unpacks an archive into a folder of a container that need not run. It can write where a volume is writable.
    ///
    /// # Errors
    /// When the engine would not, or the archive breaks off.
    pub(crate) async fn upload(&self, container: &str, folder: &str, archive: TarStream) -> Result<(), EngineError> {
        let options = UploadToContainerOptions { path: folder.to_owned(), ..UploadToContainerOptions::default() };
        let done = self.docker.upload_to_container(container, Some(options), body_try_stream(archive)).await;
        done.map_err(failed(format!("write to {folder} of {container}")))
    }

    /// Takes hold of a container's standard streams. Before it starts, or its first words are lost.
    ///
    /// # Errors
    /// When the engine would not.
    pub(crate) async fn attach(&self, container: &str) -> Result<Attached, EngineError> {
        let options = AttachContainerOptions {
            stream: true,
            stdin: true,
            stdout: true,
            stderr: true,
            ..AttachContainerOptions::default()
        };
        let attached = self.docker.attach_container(container, Some(options)).await;
        let attached = attached.map_err(failed(format!("attach to the container {container}")))?;
        let output = attached.output.filter_map(|piece| async {
            match piece {
                Ok(LogOutput::StdOut { message } | LogOutput::Console { message }) => Some(Ok(Chunk::Stdout(message))),
                Ok(LogOutput::StdErr { message }) => Some(Ok(Chunk::Stderr(message))),
                Ok(LogOutput::StdIn { .. }) => None,
                Err(error) => Some(Err(failed("pass on what a container writes")(error))),
            }
        });
        Ok(Attached { output: Box::pin(output), input: attached.input })
    }

    /// Starts a container.
    ///
    /// # Errors
    /// When the engine would not: among others when the program is not there or not for this machine.
    pub(crate) async fn start(&self, container: &str) -> Result<(), EngineError> {
        let started = self.docker.start_container(container, None).await;
        started.map_err(failed(format!("start the container {container}")))
    }

    /// Sends a signal to a container's first process. That it has ended already is no error.
    ///
    /// # Errors
    /// When the engine would not.
    pub(crate) async fn signal(&self, container: &str, signal: &str) -> Result<(), EngineError> {
        let options = KillContainerOptions { signal: signal.to_owned() };
        match self.docker.kill_container(container, Some(options)).await.map_err(failed(format!("stop {container}"))) {
            Err(error) if error.is_not_found() || error.is_conflict() => Ok(()),
            other => other,
        }
    }

    /// Waits until a container has ended.
    ///
    /// # Errors
    /// When the engine would not say.
    pub(crate) async fn wait(&self, container: &str) -> Result<End, EngineError> {
        let options = WaitContainerOptions { condition: "not-running".to_owned() };
        let mut answers = std::pin::pin!(self.docker.wait_container(container, Some(options)));
        let action = || failed(format!("wait for the container {container}"));
        let status = match answers.next().await {
            Some(Ok(answer)) => answer.status_code,
            Some(Err(bollard::errors::Error::DockerContainerWaitError { code, .. })) => code,
            Some(Err(error)) => return Err(action()(error)),
            None => -1,
        };
        let state = self.docker.inspect_container(container, None).await.map_err(action())?.state.unwrap_or_default();
        Ok(End { status, out_of_memory: state.oom_killed.unwrap_or(false) })
    }

    /// Whether a container that runs has as many processes as it may have. Nobody knows for one that does not run.
    pub(crate) async fn is_full_of_processes(&self, container: &str) -> bool {
        let options = StatsOptions { stream: false, one_shot: true };
        let mut answers = std::pin::pin!(self.docker.stats(container, Some(options)));
        let Some(Ok(stats)) = answers.next().await else {
            return false;
        };
        let pids = stats.pids_stats.unwrap_or_default();
        // A process that is being made may not be counted yet.
        matches!((pids.current, pids.limit), (Some(current), Some(limit)) if limit > 0 && current + 1 >= limit)
    }
}
