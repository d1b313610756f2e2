//! From plain values to image registries and a log, so that a command need not know how they are reached.

use super::Log;
use crate::fetch::{FetchOptions, Fetcher, NamedHost, SetupError, host_of};
use crate::ids::ImageReference;
use crate::net::is_loopback;
use crate::oci::{OciOptions, Place, Registries};
use ipnet::IpNet;
use std::path::PathBuf;
use std::time::Duration;
use url::Url;

#[derive(Debug, Clone, Default)]
pub struct Reach {
    /// Certificates to trust beside the built-in ones, PEM.
    pub roots_pem: Option<Vec<u8>>,
    /// Private networks that may be reached.
    pub allow: Vec<IpNet>,
    /// Registries that are spoken to without TLS.
    pub insecure: Vec<String>,
    /// Docker's `config.json`.
    pub docker_config: Option<PathBuf>,
}

impl Reach {
    fn fetch(&self) -> FetchOptions {
        FetchOptions {
            allow: self.allow.clone(),
            roots_pem: self.roots_pem.clone(),
            timeout: Duration::from_secs(30),
            ..FetchOptions::default()
        }
    }
}

/// Image registries. Those of `images`, which the operator named, may have private addresses.
///
/// # Errors
/// When the certificates cannot be read.
pub fn registries(reach: &Reach, images: &[&ImageReference]) -> Result<Registries, SetupError> {
    Registries::new(&OciOptions {
        fetch: reach.fetch(),
        named: images.iter().map(|image| Place::of(image).api).collect(),
        insecure: reach.insecure.clone(),
        docker_config: reach.docker_config.clone(),
    })
}

/// A transparency log at an address that the operator named. On loopback it may be plain http.
///
/// # Errors
/// When the certificates cannot be read.
pub(crate) fn log(reach: &Reach, url: Url) -> Result<Log, SetupError> {
    let plain = url.host_str().is_some_and(is_loopback);
    let named = vec![NamedHost { host: host_of(&url), plain }];
    let fetcher = Fetcher::new(&FetchOptions { named, ..reach.fetch() })?;
    Ok(Log { url, fetcher })
}
