//! Blobs that are too large for memory: read piece by piece, and hashed on the way.

use super::challenge::Access;
use super::{Descriptor, OciError, Repository};
use crate::fetch::{Incoming, Request};
use crate::ids::{Digest, hex};
use bytes::Bytes;
use ring::digest::{Context, SHA256};
use std::time::Duration;

/// How long a layer may take.
const TIMEOUT: Duration = Duration::from_secs(1800);

/// A blob on its way. Its bytes are those of its digest only if the end was reached.
pub(crate) struct Download {
    incoming: Incoming,
    hash: Context,
    expected: Digest,
    host: String,
}

impl Repository {
    /// Starts to read a blob.
    ///
    /// # Errors
    /// When it is not there, or the registry does not say.
    pub(crate) async fn download(&self, descriptor: &Descriptor) -> Result<Download, OciError> {
        let absent = || OciError::NoBlob { host: self.host(), digest: descriptor.digest.clone() };
        if !self.has_blob(&descriptor.digest).await? {
            return Err(absent());
        }
        let url = self.url(&format!("blobs/{}", descriptor.digest))?;
        let incoming = self.open(Request::get(url, descriptor.size).within(TIMEOUT), Access::Pull).await?;
        match incoming.status.as_u16() {
            200 => {}
            404 => return Err(absent()),
            status => return Err(OciError::Status { host: self.host(), status, detail: String::new() }),
        }
        let (hash, expected) = (Context::new(&SHA256), descriptor.digest.clone());
        Ok(Download { incoming, hash, expected, host: self.host() })
    }
}

impl Download {
    /// The next bytes; none at the end.
    ///
    /// # Errors
    /// When it breaks off, is larger than its descriptor says, or has other bytes.
    pub(crate) async fn chunk(&mut self) -> Result<Option<Bytes>, OciError> {
        if let Some(bytes) = self.incoming.chunk().await? {
            self.hash.update(&bytes);
            return Ok(Some(bytes));
        }
        let found = format!("sha256:{}", hex(self.hash.clone().finish().as_ref()));
        match Digest::parse(&found) {
            Ok(found) if found == self.expected => Ok(None),
            Ok(found) => Err(OciError::Content { host: self.host.clone(), expected: self.expected.clone(), found }),
            Err(_) => Err(OciError::Form { host: self.host.clone(), what: "a blob without a digest".to_owned() }),
        }
    }
}
