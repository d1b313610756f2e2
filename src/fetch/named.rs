//! Hosts that the operator named, on the command line or in the policy.

use super::host_of;
use url::Url;

/// A host that the operator named. It may have a private address, and may be spoken to without TLS where that was asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NamedHost {
    /// The host, with its port unless that is the scheme's default: `registry.example`, `127.0.0.1:5000`.
    pub(crate) host: String,
    /// Whether plain http is allowed.
    pub(crate) plain: bool,
}

impl NamedHost {
    /// Whether `url` is on this host.
    pub(super) fn is(&self, url: &Url) -> bool {
        host_of(url).eq_ignore_ascii_case(&self.host)
    }

    /// Whether this is the host's name, whatever the port: names are looked up without one.
    pub(super) fn has_name(&self, name: &str) -> bool {
        let host = self.host.rsplit_once(':').map_or(self.host.as_str(), |(host, _)| host);
        host.eq_ignore_ascii_case(name)
    }
}
