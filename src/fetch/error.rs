//! Why something could not be fetched, and whether that is for good.

use std::error::Error;
use std::fmt;
use std::io;
use std::net::IpAddr;
use std::time::Duration;

/// Why something could not be fetched. Texts name hosts, never whole addresses: those may hold secrets. They may hold
/// anything that an entry or a server said: escape before showing.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum FetchError {
    /// Not an address at all.
    #[error("`{0}` is not a URL")]
    NotAUrl(String),
    /// An address whose scheme is not `https`, given or redirected to.
    #[error("only https is fetched, not {0}")]
    NotHttps(String),
    /// An address with a user name or password in it.
    #[error("an address must not hold credentials")]
    Credentials,
    /// An address that is not public.
    #[error("{host} has the {kind} address {address}")]
    NotPublic {
        /// The host as the address names it.
        host: String,
        address: IpAddr,
        /// What kind of address that is.
        kind: &'static str,
    },
    /// The name does not exist.
    #[error("there is no host {0}")]
    NoSuchHost(String),
    /// The name could not be looked up now.
    #[error("the name {host} could not be looked up: {reason}")]
    Lookup { host: String, reason: String },
    /// The machine is there and refuses connections.
    #[error("{0} refuses connections")]
    Refused(String),
    /// The certificate is not valid for the host.
    #[error("the certificate of {host} is not valid: {reason}")]
    Certificate {
        host: String,
        /// What is wrong with it.
        reason: String,
    },
    /// More redirects than are followed.
    #[error("more than {0} redirects")]
    TooManyRedirects(usize),
    /// A redirect to something that is not an address.
    #[error("a redirect of {0} leads nowhere")]
    BadRedirect(String),
    /// More bytes than the caller wants.
    #[error("more than {limit} bytes")]
    TooLarge {
        /// The limit, in bytes.
        limit: u64,
    },
    /// Encoded in a way that was not asked for. Nothing is ever decompressed, so that nothing can expand.
    #[error("{host} compresses its answer although it was asked not to")]
    Encoded { host: String },
    /// No connection, or no whole answer, within the time.
    #[error("{host} did not answer within {} seconds", after.as_secs())]
    Timeout { host: String, after: Duration },
    /// The connection failed or broke, or what came is not HTTP.
    #[error("the connection to {host} failed: {reason}")]
    Connection { host: String, reason: String },
}

impl FetchError {
    /// Whether asking again later would most likely end the same: then it is a finding, and not only a fact that is not
    /// available.
    #[must_use]
    pub fn for_good(&self) -> bool {
        match self {
            Self::NotAUrl(_)
            | Self::NotHttps(_)
            | Self::Credentials
            | Self::NotPublic { .. }
            | Self::NoSuchHost(_)
            | Self::Refused(_)
            | Self::Certificate { .. }
            | Self::TooManyRedirects(_)
            | Self::BadRedirect(_)
            | Self::TooLarge { .. } => true,
            Self::Lookup { .. } | Self::Encoded { .. } | Self::Timeout { .. } | Self::Connection { .. } => false,
        }
    }

    /// Whether it is worth another attempt at once: the connection was never made, so nothing was sent twice.
    pub(super) fn retried(&self) -> bool {
        matches!(self, Self::Lookup { .. } | Self::Refused(_) | Self::Connection { .. })
    }

    /// Finds what went wrong in the errors that reqwest wraps. `reqwest::Error`'s own text repeats the address, so the
    /// innermost error's is taken.
    pub(super) fn from_client(error: &reqwest::Error, host: &str, after: Duration) -> Self {
        let mut found = Found::default();
        search(error, &mut found, 0);
        if let Some(stop) = found.stop {
            return stop;
        }
        if error.is_timeout() || found.timed_out {
            return Self::Timeout { host: host.to_owned(), after };
        }
        if let Some(reason) = found.certificate {
            return Self::Certificate { host: host.to_owned(), reason };
        }
        if found.refused {
            return Self::Refused(host.to_owned());
        }
        Self::Connection { host: host.to_owned(), reason: found.innermost }
    }
}

#[derive(Default)]
struct Found {
    stop: Option<FetchError>,
    certificate: Option<String>,
    refused: bool,
    timed_out: bool,
    innermost: String,
}

/// Walks the chain of sources. An `io::Error` made from another error hides it from `source`, so it is opened.
fn search(error: &(dyn Error + 'static), found: &mut Found, depth: usize) {
    // Chains are short; the bound only keeps a wrong `source` from looping.
    if depth > 16 {
        return;
    }
    found.innermost = error.to_string();
    if let Some(stop) = error.downcast_ref::<Stop>() {
        found.stop = Some(stop.0.clone());
    }
    if let Some(rustls::Error::InvalidCertificate(reason)) = error.downcast_ref::<rustls::Error>() {
        found.certificate = Some(reason.to_string());
    }
    if let Some(io) = error.downcast_ref::<io::Error>() {
        found.refused |= io.kind() == io::ErrorKind::ConnectionRefused;
        found.timed_out |= io.kind() == io::ErrorKind::TimedOut;
        if let Some(inner) = io.get_ref() {
            search(inner, found, depth + 1);
        }
    }
    if let Some(source) = error.source() {
        search(source, found, depth + 1);
    }
}

/// Carries a [`FetchError`] of the resolver through reqwest's boxed errors.
#[derive(Debug)]
pub(super) struct Stop(pub(super) FetchError);

impl fmt::Display for Stop {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl Error for Stop {}
