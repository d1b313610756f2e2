//! The container engine, spoken to over its API. The only user of `bollard`.
//!
//! Nothing here is general: a container that is made here has no capability, no privilege to gain, a root file system that
//! it cannot write, bounded memory, processes and processors, and no folder of the host ([`container`]). What is made
//! carries the caller's labels from the moment it exists, so that whatever a kill leaves behind can be found.

pub(crate) mod build;
pub(crate) mod container;
pub(crate) mod image;
mod owned;
pub(crate) mod publish;
pub(crate) mod server;

pub use owned::Kind;
pub(crate) use owned::Owned;

use bollard::Docker;
use bollard::models::{NetworkCreateRequest, VolumeCreateRequest};
use bytes::Bytes;
use futures_util::Stream;
use std::collections::HashMap;
use std::io;
use std::pin::Pin;
use std::sync::Arc;
use tokio::sync::watch;

/// Labels of a thing in the engine.
pub(crate) type Labels = HashMap<String, String>;

/// The bytes of a tar archive on their way to the engine.
pub(crate) type TarStream = Pin<Box<dyn Stream<Item = io::Result<Bytes>> + Send>>;

/// Where an engine listens unless `DOCKER_HOST` says otherwise.
pub(crate) const DEFAULT_ADDRESS: &str = "unix:///var/run/docker.sock";

/// How long the engine may take to begin an answer, in seconds. The longest is that to an upload, which comes when all of it
/// is written: 200 MB to a slow disk.
const TIMEOUT: u64 = 300;

#[derive(Debug, Clone)]
pub struct Engine {
    docker: Docker,
    /// Has a receiver for each build that is under way.
    builds: Arc<watch::Sender<()>>,
}

/// Why the engine did not do what it was asked.
#[derive(Debug, thiserror::Error)]
pub enum EngineError {
    #[error("no container engine answers at {address}")]
    NoAnswer {
        /// Where it was looked for.
        address: String,
        #[source]
        source: BoxError,
    },
    /// The address is of a kind that is not spoken.
    #[error("{address}: an engine is reached by unix://, npipe://, tcp:// or http://")]
    Address { address: String },
    /// It said no, or broke off.
    #[error("the container engine could not {action}")]
    Failed {
        /// What it was to do: "create the network x".
        action: String,
        /// The status of its answer, as in HTTP; none when there was no answer.
        status: Option<u16>,
        #[source]
        source: BoxError,
    },
}

impl EngineError {
    /// Whether the thing asked about does not exist.
    #[must_use]
    pub(crate) fn is_not_found(&self) -> bool {
        matches!(self, Self::Failed { status: Some(404), .. })
    }

    /// Whether the thing is in use, or somebody else is at it already.
    #[must_use]
    pub(crate) fn is_conflict(&self) -> bool {
        // A network that still has a container is refused with 403.
        matches!(self, Self::Failed { status: Some(403 | 409), .. })
    }
}

pub(crate) type BoxError = Box<dyn std::error::Error + Send + Sync>;

fn failed(action: impl Into<String>) -> impl FnOnce(bollard::errors::Error) -> EngineError {
    move |error| {
        let action = action.into();
        match error {
            bollard::errors::Error::DockerResponseServerError { status_code, message } => {
                EngineError::Failed { action, status: Some(status_code), source: message.into() }
            }
            other => EngineError::Failed { action, status: None, source: other.into() },
        }
    }
}

impl Engine {
    /// Finds the engine at `docker_host` (the value of `DOCKER_HOST`), or where engines usually listen.
    ///
    /// # Errors
    /// When the address is of an unknown kind, or nobody answers there.
    pub async fn connect(docker_host: Option<&str>) -> Result<Self, EngineError> {
        let address = docker_host.unwrap_or(DEFAULT_ADDRESS);
        let no_answer =
            |error: bollard::errors::Error| EngineError::NoAnswer { address: address.to_owned(), source: error.into() };
        let docker = match Docker::connect_with_host(address) {
            Ok(docker) => docker.with_timeout(std::time::Duration::from_secs(TIMEOUT)),
            Err(bollard::errors::Error::UnsupportedURISchemeError { .. }) => {
                return Err(EngineError::Address { address: address.to_owned() });
            }
            Err(error) => return Err(no_answer(error)),
        };
        Ok(Self { docker: docker.negotiate_version().await.map_err(no_answer)?, builds: Arc::default() })
    }

    /// Makes a bridge network: what is on it reaches the outside, and nothing on other networks.
    ///
    /// # Errors
    /// When the engine would not; among others when it has no address range left.
    pub(crate) async fn create_network(&self, name: &str, labels: &Labels) -> Result<(), EngineError> {
        let request = NetworkCreateRequest {
            name: name.to_owned(),
            driver: Some("bridge".to_owned()),
            labels: Some(labels.clone()),
            ..NetworkCreateRequest::default()
        };
        let made = self.docker.create_network(request).await;
        made.map(drop).map_err(failed(format!("create the network {name}")))
    }

    /// Makes an empty volume.
    ///
    /// # Errors
    /// When the engine would not.
    pub(crate) async fn create_volume(&self, name: &str, labels: &Labels) -> Result<(), EngineError> {
        let request = VolumeCreateRequest {
            name: Some(name.to_owned()),
            labels: Some(labels.clone()),
            ..VolumeCreateRequest::default()
        };
        let made = self.docker.create_volume(request).await;
        made.map(drop).map_err(failed(format!("create the volume {name}")))
    }
}
