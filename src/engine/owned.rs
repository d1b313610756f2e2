//! Finding and removing what carries a label.

use super::{Engine, EngineError, Labels, failed};
use bollard::query_parameters::{
    ListContainersOptions, ListNetworksOptions, ListVolumesOptions, RemoveContainerOptions, RemoveVolumeOptions,
};
use chrono::DateTime;
use std::collections::HashMap;
use std::time::Duration;

/// What kind of thing it is. The order is that of removal: containers hold the others.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Kind {
    /// A container, in whatever state.
    Container,
    Network,
    Volume,
}

impl Kind {
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Container => "container",
            Self::Network => "network",
            Self::Volume => "volume",
        }
    }
}

/// A thing in the engine that carries our label.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Owned {
    pub kind: Kind,
    /// Its name, or the id where it has none.
    pub name: String,
    pub labels: Labels,
    /// When the engine made it, by the engine's clock: seconds since 1970, 0 when it does not say.
    pub(crate) created: i64,
}

/// How often, and after how long, a removal is tried again that somebody else is at, or that waits for a container to be gone.
const RETRIES: u32 = 20;
const RETRY_AFTER: Duration = Duration::from_millis(100);

impl Engine {
    /// Everything that carries a label: `name`, or `name=value`.
    ///
    /// # Errors
    /// When the engine would not list it.
    pub async fn owned(&self, label: &str) -> Result<Vec<Owned>, EngineError> {
        let filters: HashMap<String, Vec<String>> = [("label".to_owned(), vec![label.to_owned()])].into();
        let containers =
            ListContainersOptions { all: true, filters: Some(filters.clone()), ..ListContainersOptions::default() };
        let networks = ListNetworksOptions { filters: Some(filters.clone()) };
        let volumes = ListVolumesOptions { filters: Some(filters) };
        let containers = self.docker.list_containers(Some(containers)).await.map_err(failed("list containers"))?;
        let networks = self.docker.list_networks(Some(networks)).await.map_err(failed("list networks"))?;
        let volumes = self.docker.list_volumes(Some(volumes)).await.map_err(failed("list volumes"))?;
        let seconds = |time: Option<DateTime<chrono::Utc>>| time.map_or(0, |time| time.timestamp());
        let mut found = Vec::new();
        for container in containers {
            found.push(Owned {
                kind: Kind::Container,
                name: container.id.unwrap_or_default(),
                labels: container.labels.unwrap_or_default(),
                created: container.created.unwrap_or(0),
            });
        }
        for network in networks {
            found.push(Owned {
                kind: Kind::Network,
                name: network.id.unwrap_or_default(),
                labels: network.labels.unwrap_or_default(),
                created: seconds(network.created),
            });
        }
        for volume in volumes.volumes.unwrap_or_default() {
            found.push(Owned {
                kind: Kind::Volume,
                name: volume.name,
                labels: volume.labels,
                created: seconds(volume.created_at),
            });
        }
        Ok(found)
    }

    /// The time by the engine's own clock, in seconds since 1970; none when it does not say.
    ///
    /// # Errors
    /// When the engine would not answer.
    pub(crate) async fn now(&self) -> Result<Option<i64>, EngineError> {
        let info = self.docker.info().await.map_err(failed("say what time it is"))?;
        let time = info.system_time.and_then(|time| DateTime::parse_from_rfc3339(&time).ok());
        Ok(time.map(|time| time.timestamp()))
    }

    /// Removes one thing, whatever it is doing. That it is gone already is no error.
    ///
    /// # Errors
    /// When the engine would not, also after some tries.
    pub async fn remove(&self, kind: Kind, name: &str) -> Result<(), EngineError> {
        let mut tries = 0;
        loop {
            match self.try_to_remove(kind, name).await {
                Err(error) if error.is_not_found() => return Ok(()),
                Err(error) if error.is_conflict() && tries < RETRIES => {
                    tries += 1;
                    tokio::time::sleep(RETRY_AFTER).await;
                }
                other => return other,
            }
        }
    }

    async fn try_to_remove(&self, kind: Kind, name: &str) -> Result<(), EngineError> {
        let removed = match kind {
            Kind::Container => {
                let options = RemoveContainerOptions { force: true, v: true, ..RemoveContainerOptions::default() };
                self.docker.remove_container(name, Some(options)).await
            }
            Kind::Network => self.docker.remove_network(name).await,
            Kind::Volume => {
                let options = RemoveVolumeOptions { force: true };
                self.docker.remove_volume(name, Some(options)).await
            }
        };
        removed.map_err(failed(format!("remove the {} {name}", kind.as_str())))
    }
}
