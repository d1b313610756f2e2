//! Writing blobs and manifests. A blob is there as a whole or not at all, and writing it again changes nothing.

use super::challenge::Access;
use super::registries::MAX_ERROR_BYTES;
use super::{Descriptor, OciError, Repository};
use crate::fetch::retry::Retry;
use crate::fetch::{Answer, FetchError, Request};
use crate::ids::Digest;
use bytes::Bytes;
use http::Method;
use http::header::{self, HeaderValue};
use std::time::Duration;
use url::Url;

/// Blobs up to this size are sent in one request; larger ones in parts of it, so that a broken connection costs one part.
const PART_BYTES: usize = 4 * 1024 * 1024;
/// How often an upload is taken up again before it fails, whatever the single requests have tried already.
const AGAIN: Retry = Retry { times: 5, base: Duration::from_millis(200), longest: Duration::from_secs(10) };
/// How long one part may take.
const PART_TIMEOUT: Duration = Duration::from_secs(120);

/// What became of a manifest that was written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pushed {
    pub digest: Digest,
    /// Whether the registry said, with `OCI-Subject`, that it lists the manifest among the referrers of its subject.
    pub(crate) listed: bool,
}

impl Repository {
    /// Writes a blob, unless it is there.
    ///
    /// # Errors
    /// When the registry does not take it.
    pub async fn push_blob(&self, media_type: &str, bytes: &Bytes) -> Result<Descriptor, OciError> {
        self.put_blob(media_type, bytes, true).await
    }

    /// Writes a blob that cannot be there yet: it has a signature, or something else that is random. Nobody is asked for it.
    pub(crate) async fn push_new_blob(&self, media_type: &str, bytes: &Bytes) -> Result<Descriptor, OciError> {
        self.put_blob(media_type, bytes, false).await
    }

    /// Writes a blob that a manifest names and the registry did not have, or not with these bytes. Whether it has them now.
    ///
    /// # Errors
    /// When the registry does not take it.
    pub(crate) async fn give_back(&self, media_type: &str, bytes: &Bytes) -> Result<bool, OciError> {
        let descriptor = self.put_blob(media_type, bytes, false).await?;
        match self.blob(&descriptor, descriptor.size).await {
            Ok(_) => Ok(true),
            Err(OciError::Content { .. } | OciError::NoBlob { .. } | OciError::Form { .. }) => Ok(false),
            Err(error) => Err(error),
        }
    }

    async fn put_blob(&self, media_type: &str, bytes: &Bytes, ask: bool) -> Result<Descriptor, OciError> {
        let descriptor = Descriptor::of(media_type, bytes);
        let known = (self.place.clone(), descriptor.digest.clone());
        let cell = self.remembered().blobs.entry(known).or_default().clone();
        cell.get_or_try_init(|| self.write_blob(&descriptor.digest, bytes, ask)).await?;
        Ok(descriptor)
    }

    async fn write_blob(&self, digest: &Digest, bytes: &Bytes, mut ask: bool) -> Result<(), OciError> {
        let mut tries = Tries(0);
        loop {
            // A registry may be unable to say while somebody else writes the same blob: Debian's answers 500 then.
            let there = if ask { self.has_blob(digest).await } else { Ok(false) };
            let done = match there {
                Ok(true) => Ok(()),
                Ok(false) => self.upload(bytes, digest, &mut tries).await,
                Err(error) => Err(error),
            };
            match done {
                // The upload itself is lost: begin another.
                Err(error) => tries.again(error).await?,
                Ok(()) => return Ok(()),
            }
            ask = true;
        }
    }

    async fn upload(&self, bytes: &Bytes, digest: &Digest, tries: &mut Tries) -> Result<(), OciError> {
        let request = Request::write(Method::POST, self.url("blobs/uploads/")?, Bytes::new(), MAX_ERROR_BYTES);
        let answer = self.send(request, Access::Push).await?;
        if answer.status.as_u16() != 202 {
            return Err(self.refusal(&answer));
        }
        let mut location = self.location(&answer)?;
        let mut sent = 0;
        if bytes.len() > PART_BYTES {
            while sent < bytes.len() {
                let part = bytes.slice(sent..bytes.len().min(sent + PART_BYTES));
                let range = format!("{sent}-{}", sent + part.len() - 1);
                let expected = sent + part.len();
                match self.part(&location, part, &range).await {
                    Ok(next) => (location, sent) = (next, expected),
                    Err(error) => {
                        tries.again(error).await?;
                        (location, sent) = self.progress(&location, bytes.len()).await?;
                    }
                }
            }
        }
        location.query_pairs_mut().append_pair("digest", digest.as_str());
        let request = Request::write(Method::PUT, location, bytes.slice(sent..), MAX_ERROR_BYTES);
        let request = request.header(header::CONTENT_TYPE, HeaderValue::from_static("application/octet-stream"));
        // The registry moves an upload to its place: once it is there, asking again is answered with 404.
        let answer = self.send(request.within(PART_TIMEOUT).once(), Access::Push).await;
        match answer {
            Ok(answer) if answer.status.as_u16() == 201 => Ok(()),
            Ok(answer) => Err(self.refusal(&answer)),
            Err(error) if is_passing(&error) && self.has_blob(digest).await? => Ok(()),
            Err(error) => Err(error),
        }
    }

    async fn part(&self, location: &Url, part: Bytes, range: &str) -> Result<Url, OciError> {
        let range = HeaderValue::from_str(range).map_err(|_| OciError::Reference)?;
        let request = Request::write(Method::PATCH, location.clone(), part, MAX_ERROR_BYTES)
            .header(header::CONTENT_TYPE, HeaderValue::from_static("application/octet-stream"))
            .header(header::CONTENT_RANGE, range);
        // Sent again it would be another part.
        let answer = self.send(request.within(PART_TIMEOUT).once(), Access::Push).await?;
        match answer.status.as_u16() {
            202 => self.location(&answer),
            _ => Err(self.refusal(&answer)),
        }
    }

    /// Where an upload goes on, and how many bytes of it are there.
    async fn progress(&self, location: &Url, most: usize) -> Result<(Url, usize), OciError> {
        let answer = self.send(Request::get(location.clone(), MAX_ERROR_BYTES).stay(), Access::Push).await?;
        if answer.status.as_u16() != 204 {
            return Err(self.refusal(&answer));
        }
        let range = answer.headers.get(header::RANGE).and_then(|range| range.to_str().ok()).unwrap_or("");
        let last = range.trim_start_matches("bytes=").split_once('-').and_then(|(_, last)| last.parse::<usize>().ok());
        // Nothing yet is `0-0` with some registries, which is what one byte is, too; and no range at all with others.
        let sent = last.filter(|last| *last > 0).map_or(0, |last| last + 1);
        if sent > most {
            return Err(self.form("more of an upload than it was sent"));
        }
        Ok((self.location(&answer).unwrap_or_else(|_| location.clone()), sent))
    }

    /// Where an upload goes on.
    fn location(&self, answer: &Answer) -> Result<Url, OciError> {
        let location = answer.headers.get(header::LOCATION).and_then(|value| value.to_str().ok());
        let location = location.and_then(|location| answer.url.join(location).ok());
        location.ok_or_else(|| self.form("no address for an upload"))
    }

    /// Writes a manifest under a tag, or under its own digest without one.
    ///
    /// # Errors
    /// When the registry does not take it.
    pub async fn push_manifest(&self, tag: Option<&str>, media_type: &str, bytes: Bytes) -> Result<Pushed, OciError> {
        let digest = Digest::of(&bytes);
        let url = self.url(&format!("manifests/{}", tag.unwrap_or(digest.as_str())))?;
        let media_type = HeaderValue::from_str(media_type).map_err(|_| OciError::Reference)?;
        let request = Request::write(Method::PUT, url, bytes, MAX_ERROR_BYTES);
        let request = request.header(header::CONTENT_TYPE, media_type);
        let mut tries = Tries(0);
        // Written twice it is the same.
        let answer = loop {
            let refused = match self.send(request.clone(), Access::Push).await {
                Ok(answer) if matches!(answer.status.as_u16(), 200 | 201) => break answer,
                Ok(answer) => self.refusal(&answer),
                Err(error) => error,
            };
            tries.again(refused).await?;
        };
        let named = answer.headers.get("docker-content-digest").and_then(|value| value.to_str().ok());
        if let Some(named) = named.and_then(|named| Digest::parse(named).ok()).filter(|named| *named != digest) {
            return Err(OciError::Content { host: self.host(), expected: digest, found: named });
        }
        Ok(Pushed { digest, listed: answer.headers.contains_key("oci-subject") })
    }

    /// Deletes a manifest; one that is not there is deleted already.
    ///
    /// # Errors
    /// When the registry does not: many delete nothing.
    pub(crate) async fn delete_manifest(&self, digest: &Digest) -> Result<(), OciError> {
        let url = self.url(&format!("manifests/{digest}"))?;
        let request = Request::write(Method::DELETE, url, Bytes::new(), MAX_ERROR_BYTES);
        let answer = self.send(request, Access::Delete).await?;
        match answer.status.as_u16() {
            200 | 202 | 204 | 404 => Ok(()),
            _ => Err(self.refusal(&answer)),
        }
    }
}

/// Whether trying again may end better.
fn is_passing(error: &OciError) -> bool {
    match error {
        OciError::Fetch(error) => matches!(
            error,
            FetchError::Timeout { .. }
                | FetchError::Connection { .. }
                | FetchError::Lookup { .. }
                | FetchError::Refused(_)
        ),
        OciError::Status { status, .. } => matches!(status, 404 | 408 | 416 | 429 | 500..=599),
        _ => false,
    }
}

/// How often something was tried again.
struct Tries(u32);

impl Tries {
    /// Waits before the next attempt.
    ///
    /// # Errors
    /// With the error, when another attempt would not end better, or there were enough.
    async fn again(&mut self, error: OciError) -> Result<(), OciError> {
        let Some(wait) = AGAIN.wait(self.0).filter(|_| is_passing(&error)) else { return Err(error) };
        self.0 += 1;
        tokio::time::sleep(wait).await;
        Ok(())
    }
}
