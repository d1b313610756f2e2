//! Containers of MCP servers, started as the MCP Gateway starts them: the image's own entry point, an init process, no privilege
//! to gain, one processor and 2 GB of memory. Files are those of the image, and no folder of the host is there.

use super::{Engine, EngineError, Labels, failed};
use bollard::models::{
    ContainerCreateBody, HealthConfig, HostConfig, HostConfigLogConfig, ResourcesUlimits, RestartPolicy,
    RestartPolicyNameEnum,
};
use bollard::query_parameters::CreateContainerOptions;

/// The Gateway's `--memory 2Gb`, in bytes.
const MEMORY: i64 = 2 << 30;
/// The Gateway's `--cpus 1`, as the share of a period in microseconds.
const CPU_PERIOD: i64 = 100_000;
/// Processes. The Gateway sets no limit; a server that needs more is out of hand.
const PIDS: i64 = 1024;

/// A server to be started.
#[derive(Debug, Clone)]
pub(crate) struct ServerContainer {
    pub(crate) name: String,
    pub(crate) image: String,
    /// Arguments in place of the image's own.
    pub(crate) command: Vec<String>,
    /// The user in place of the image's own.
    pub(crate) user: Option<String>,
    /// Variables: `NAME=value`.
    pub(crate) environment: Vec<String>,
    /// Whether it has a network: the engine's default bridge.
    pub(crate) network: bool,
    pub(crate) labels: Labels,
}

impl Engine {
    /// Makes the container of a server. It does not run yet.
    ///
    /// # Errors
    /// When the engine would not: among others when it does not have the image, which it never fetches here.
    pub(crate) async fn create_server(&self, server: &ServerContainer) -> Result<(), EngineError> {
        let core = ResourcesUlimits { name: Some("core".to_owned()), soft: Some(0), hard: Some(0) };
        let host_config = HostConfig {
            network_mode: (!server.network).then(|| "none".to_owned()),
            security_opt: Some(vec!["no-new-privileges".to_owned()]),
            privileged: Some(false),
            publish_all_ports: Some(false),
            init: Some(true),
            memory: Some(MEMORY),
            memory_swap: Some(MEMORY),
            cpu_period: Some(CPU_PERIOD),
            cpu_quota: Some(CPU_PERIOD),
            pids_limit: Some(PIDS),
            ulimits: Some(vec![core]),
            log_config: Some(HostConfigLogConfig { typ: Some("none".to_owned()), config: None }),
            restart_policy: Some(RestartPolicy { name: Some(RestartPolicyNameEnum::NO), maximum_retry_count: None }),
            auto_remove: Some(false),
            ..HostConfig::default()
        };
        let body = ContainerCreateBody {
            image: Some(server.image.clone()),
            cmd: (!server.command.is_empty()).then(|| server.command.clone()),
            user: server.user.clone(),
            env: Some(server.environment.clone()),
            labels: Some(server.labels.clone()),
            healthcheck: Some(HealthConfig { test: Some(vec!["NONE".to_owned()]), ..HealthConfig::default() }),
            attach_stdin: Some(true),
            attach_stdout: Some(true),
            attach_stderr: Some(true),
            open_stdin: Some(true),
            stdin_once: Some(true),
            tty: Some(false),
            host_config: Some(host_config),
            ..ContainerCreateBody::default()
        };
        let options = CreateContainerOptions { name: Some(server.name.clone()), ..CreateContainerOptions::default() };
        let made = self.docker.create_container(Some(options), body).await;
        made.map(drop).map_err(failed(format!("make a container of {}", server.image)))
    }
}
