//! Reading manifests and blobs. Everything that is asked for by digest is hashed.

use super::challenge::Access;
use super::manifest::{accepted, media_types};
use super::registries::MAX_ERROR_BYTES;
use super::{Descriptor, ImageIndex, ImageManifest, MAX_MANIFEST_BYTES, OciError, Repository};
use crate::fetch::{Answer, FetchError, Request};
use crate::ids::Digest;
use http::Method;
use http::header;
use std::time::Duration;

/// How long a large blob may take.
const BLOB_TIMEOUT: Duration = Duration::from_secs(300);

/// A manifest as it came.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Found {
    /// SHA-256 of the bytes.
    pub(crate) digest: Digest,
    /// What the registry says it is, without parameters.
    pub(crate) media_type: String,
    /// The bytes.
    pub(crate) bytes: Vec<u8>,
}

impl Found {
    /// Whether it is an index of manifests.
    #[must_use]
    pub(crate) fn is_index(&self) -> bool {
        matches!(self.media_type.as_str(), media_types::INDEX | media_types::DOCKER_INDEX)
    }

    #[must_use]
    pub(crate) fn descriptor(&self) -> Descriptor {
        Descriptor::of(&self.media_type, &self.bytes)
    }

    /// The image manifest that it is.
    ///
    /// # Errors
    /// When it is not one, with the reason.
    pub(crate) fn image(&self) -> Result<ImageManifest, String> {
        serde_json::from_slice(&self.bytes).map_err(|error| format!("a manifest that cannot be read: {error}"))
    }

    /// The index that it is.
    ///
    /// # Errors
    /// When it is not one, with the reason.
    pub(crate) fn index(&self) -> Result<ImageIndex, String> {
        serde_json::from_slice(&self.bytes).map_err(|error| format!("an index that cannot be read: {error}"))
    }
}

impl Repository {
    /// The manifest behind a tag, if there is one.
    ///
    /// # Errors
    /// When the registry does not say.
    pub async fn by_tag(&self, tag: &str) -> Result<Option<Found>, OciError> {
        self.manifest(tag, Access::Pull).await
    }

    /// The same with the rights of a push: some registries tell nobody else that a repository is not there yet.
    pub(crate) async fn by_tag_to_push(&self, tag: &str) -> Result<Option<Found>, OciError> {
        self.manifest(tag, Access::Push).await
    }

    /// The manifest with this digest, if there is one.
    ///
    /// # Errors
    /// When the registry does not say, or answers with another manifest.
    pub(crate) async fn by_digest(&self, digest: &Digest) -> Result<Option<Found>, OciError> {
        let found = self.manifest(digest.as_str(), Access::Pull).await?;
        match found {
            Some(found) if found.digest != *digest => {
                Err(OciError::Content { host: self.host(), expected: digest.clone(), found: found.digest })
            }
            found => Ok(found),
        }
    }

    async fn manifest(&self, reference: &str, access: Access) -> Result<Option<Found>, OciError> {
        let request = Request::get(self.url(&format!("manifests/{reference}"))?, MAX_MANIFEST_BYTES);
        let answer = self.send(request.header(header::ACCEPT, accepted()), access).await;
        let answer = answer.map_err(|error| self.oversized(error, "a manifest"))?;
        match answer.status.as_u16() {
            200 => Ok(Some(found(&answer))),
            404 => Ok(None),
            _ => Err(self.refusal(&answer)),
        }
    }

    /// A blob, with at most `limit` bytes.
    ///
    /// # Errors
    /// When it is not there, is larger, or has other bytes than its descriptor says.
    pub(crate) async fn blob(&self, descriptor: &Descriptor, limit: u64) -> Result<Vec<u8>, OciError> {
        if descriptor.size > limit {
            return Err(self.form(format!("a blob of {} bytes where at most {limit} are read", descriptor.size)));
        }
        let url = self.url(&format!("blobs/{}", descriptor.digest))?;
        let answer = self.send(Request::get(url, descriptor.size).within(BLOB_TIMEOUT), Access::Pull).await;
        let answer = answer.map_err(|error| self.oversized(error, &format!("the blob {}", descriptor.digest)))?;
        match answer.status.as_u16() {
            200 => {}
            404 => return Err(OciError::NoBlob { host: self.host(), digest: descriptor.digest.clone() }),
            _ => return Err(self.refusal(&answer)),
        }
        let found = Digest::of(&answer.body);
        if found != descriptor.digest {
            return Err(OciError::Content { host: self.host(), expected: descriptor.digest.clone(), found });
        }
        let (size, said) = (answer.body.len(), descriptor.size);
        if size as u64 != said {
            // Other readers compare it, too.
            return Err(self.form(format!("{size} bytes for {found}, which a manifest lists with a size of {said}")));
        }
        Ok(answer.body)
    }

    /// More than was asked for is not a registry that is away: it has something else than it says.
    fn oversized(&self, error: OciError, what: &str) -> OciError {
        match error {
            OciError::Fetch(FetchError::TooLarge { limit }) => {
                self.form(format!("{what} with more than {limit} bytes"))
            }
            error => error,
        }
    }

    /// Whether a blob is there.
    ///
    /// # Errors
    /// When the registry does not say.
    pub(crate) async fn has_blob(&self, digest: &Digest) -> Result<bool, OciError> {
        let mut request = Request::get(self.url(&format!("blobs/{digest}"))?, MAX_ERROR_BYTES);
        request.method = Method::HEAD;
        let answer = self.send(request, Access::Pull).await?;
        match answer.status.as_u16() {
            200 => Ok(true),
            404 => Ok(false),
            _ => Err(self.refusal(&answer)),
        }
    }
}

pub(super) fn found(answer: &Answer) -> Found {
    let media_type = answer.headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or("");
    let media_type = media_type.split(';').next().unwrap_or("").trim().to_owned();
    Found { digest: Digest::of(&answer.body), media_type, bytes: answer.body.clone() }
}
