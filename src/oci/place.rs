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

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::Place;
    use crate::ids::ImageReference;

    #[test]
    fn what_is_left_out_means_docker_hub() {
        let name = |text: &str| Place::of(&ImageReference::parse(text).unwrap()).name();
        assert_eq!(name("busybox"), "index.docker.io/library/busybox");
        assert_eq!(name("mcp/x:1"), "index.docker.io/mcp/x");
        assert_eq!(name("docker.io/mcp/x"), "index.docker.io/mcp/x");
        assert_eq!(name("127.0.0.1:5000/mcp/x"), "127.0.0.1:5000/mcp/x");
    }
}
