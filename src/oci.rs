//! Image registries, by the OCI distribution specification 1.1: manifests, blobs, tags and referrers.
//!
//! The client crate cannot be told how to resolve names, follows redirects with credentials, reads answers of any size and
//! honors proxies of the environment. What an entry names must pass the same guard as every address, and credentials must not
//! leave the host that they belong to, so all requests are made with [`crate::fetch`].

mod challenge;
mod download;
mod exists;
mod logins;
mod loose;
mod manifest;
mod place;
mod push;
mod read;
mod referrers;
mod registries;

pub(crate) use exists::{Existence, exists};
pub(crate) use logins::Login;
pub(crate) use loose::Loose;
pub(crate) use manifest::MAX_MANIFEST_BYTES;
pub use manifest::{Descriptor, IMAGE_MANIFEST, ImageIndex, ImageManifest, media_types};
pub(crate) use place::Place;
pub(crate) use read::Found;
pub(crate) use registries::OciOptions;
pub use registries::{Registries, Repository};

use crate::fetch::FetchError;
use crate::ids::Digest;

/// Why an image registry did not do what was asked. Texts may hold anything that a registry said: escape before showing.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum OciError {
    /// Not a reference to an image.
    #[error("it is not a reference to an image")]
    Reference,
    /// No answer.
    #[error(transparent)]
    Fetch(#[from] FetchError),
    /// An answer that says neither yes nor no.
    #[error("{host} answered {status}{}", said(detail))]
    Status {
        host: String,
        status: u16,
        /// The error that it named, if it did: `DENIED: requested access is denied`.
        detail: String,
    },
    /// A way to get a token that this program does not know.
    #[error("{0} asks for credentials in an unknown way")]
    Challenge(String),
    /// The login is not sufficient, or there is none.
    #[error("{host} refuses access to {repository}{}", said(detail))]
    Denied {
        host: String,
        repository: String,
        /// The error that it named, if it did.
        detail: String,
    },
    /// Docker's configuration, or a credential helper that it names, gives no credentials.
    #[error("no login for {host}: {reason}")]
    Login { host: String, reason: String },
    /// What was asked for by digest has other bytes.
    #[error("{host} answered with other content than {expected}: what it sent is {found}")]
    Content { host: String, expected: Digest, found: Digest },
    /// An answer that is not what the specification says.
    #[error("{host} sent {what}")]
    Form {
        host: String,
        /// What is wrong, after "sent".
        what: String,
    },
    /// A blob that its manifest names is not there.
    #[error("{host} does not have the blob {digest}")]
    NoBlob { host: String, digest: Digest },
}

impl OciError {
    /// Whether asking again later may end better.
    #[must_use]
    pub(crate) fn may_pass(&self) -> bool {
        match self {
            Self::Fetch(FetchError::Refused(_)) => true,
            Self::Fetch(error) => !error.for_good(),
            Self::Status { status, .. } => matches!(status, 408 | 425 | 429 | 500..=599),
            _ => false,
        }
    }
}

fn said(detail: &str) -> String {
    if detail.is_empty() { String::new() } else { format!(" ({detail})") }
}
