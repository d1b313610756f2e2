//! Where an image reference leads: the host of the API, and the repository in it.

use crate::ids::ImageReference;

/// A repository of an image registry.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct Place {
    /// The registry as references name it: `docker.io`, `127.0.0.1:5000`.
    pub(crate) host: String,
    /// The host that answers for it: `registry-1.docker.io`.
    pub(crate) api: String,
    /// The repository: `library/busybox`.
    pub(crate) repository: String,
}

impl Place {
    /// Where `reference` leads. What is left out of a reference means Docker Hub, and its `library`.
    #[must_use]
    pub(crate) fn of(reference: &ImageReference) -> Self {
        let (host, repository) = (reference.registry().to_owned(), reference.repository().into_owned());
        let api = if host == "docker.io" { "registry-1.docker.io".to_owned() } else { host.clone() };
        Self { host, api, repository }
    }

    /// `HOST/REPOSITORY`. Docker Hub is `index.docker.io` there, as cosign and its libraries spell it.
    #[must_use]
    pub(crate) fn name(&self) -> String {
        let host = if self.host == "docker.io" { "index.docker.io" } else { &self.host };
        format!("{host}/{}", self.repository)
    }
}

/// `localhost`, `127.0.0.0/8` and `::1`, with a port or without.
pub(super) fn is_loopback(host: &str) -> bool {
    let name = match host.rsplit_once(':') {
        Some((name, port)) if port.bytes().all(|byte| byte.is_ascii_digit()) && !name.ends_with(':') => name,
        _ => host,
    };
    let name = name.trim_start_matches('[').trim_end_matches(']');
    name == "localhost" || name.parse::<std::net::IpAddr>().is_ok_and(|address| address.is_loopback())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::{Place, is_loopback};
    use crate::ids::ImageReference;

    #[test]
    fn what_is_left_out_means_docker_hub() {
        let name = |text: &str| Place::of(&ImageReference::parse(text).unwrap()).name();
        assert_eq!(name("busybox"), "index.docker.io/library/busybox");
        assert_eq!(name("mcp/x:1"), "index.docker.io/mcp/x");
        assert_eq!(name("docker.io/mcp/x"), "index.docker.io/mcp/x");
        assert_eq!(name("127.0.0.1:5000/mcp/x"), "127.0.0.1:5000/mcp/x");
    }

    #[test]
    fn loopback_is_known_with_a_port_and_without() {
        for host in ["localhost", "localhost:5000", "127.0.0.1:5000", "127.1.2.3", "[::1]:5000", "::1"] {
            assert!(is_loopback(host), "{host}");
        }
        for host in ["localhost.example", "10.0.0.1:5000", "registry.example:127", "1.127.0.0"] {
            assert!(!is_loopback(host), "{host}");
        }
    }
}
