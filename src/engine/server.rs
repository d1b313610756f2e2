//! Containers of MCP servers, started as the MCP Gateway starts them: the image's own entry point, an init process, no privilege
//! to gain, one processor and 2 GB of memory. Files are those of the image, and no folder of the host is there.

use super::container::{CPU_PERIOD, attended, walls};
use super::{Engine, EngineError, Labels, failed};
use bollard::models::{ContainerCreateBody, HostConfig};
use bollard::query_parameters::CreateContainerOptions;

/// The Gateway's `--memory 2Gb`, in bytes.
const MEMORY: i64 = 2 << 30;
/// The Gateway's `--cpus 1`.
const CPUS: f64 = 1.0;
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
        let host_config = HostConfig {
            network_mode: (!server.network).then(|| "none".to_owned()),
            init: Some(true),
            cpu_quota: Some((CPU_PERIOD * CPUS) as i64),
            ..walls(MEMORY, PIDS)
        };
        let body = ContainerCreateBody {
            image: Some(server.image.clone()),
            cmd: (!server.command.is_empty()).then(|| server.command.clone()),
            user: server.user.clone(),
            env: Some(server.environment.clone()),
            labels: Some(server.labels.clone()),
            host_config: Some(host_config),
            ..attended()
        };
        let options = CreateContainerOptions { name: Some(server.name.clone()), ..CreateContainerOptions::default() };
        let made = self.docker.create_container(Some(options), body).await;
        made.map(drop).map_err(failed(format!("make a container of {}", server.image)))
    }
}
