//! Whether an image exists, asked without credentials.

use super::challenge::{Access, Challenge, token};
use super::manifest::accepted;
use super::{MAX_MANIFEST_BYTES, OciError, Place};
use crate::fetch::{Fetcher, Request};
use crate::ids::{Digest, ImageReference};
use http::Method;
use http::header;
use url::Url;

/// What an image registry says of an image.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Existence {
    /// It is there; its digest, if the registry named one.
    Found(Option<Digest>),
    /// It is not, or not for everybody.
    Missing,
}

/// Asks whether `image` exists: `name`, `name:tag` or `name@digest`, on Docker Hub when no registry is named.
///
/// # Errors
/// When the image registry does not say.
pub(crate) async fn exists(fetcher: &Fetcher, image: &str) -> Result<Existence, OciError> {
    let reference = ImageReference::parse(image).map_err(|_| OciError::Reference)?;
    let wanted = reference.version();
    let Place { api, repository, .. } = Place::of(&reference);
    let url = Url::parse(&format!("https://{api}/v2/{repository}/manifests/{wanted}"));
    let url = url.map_err(|_| OciError::Reference)?;
    let mut request = Request::get(url, MAX_MANIFEST_BYTES).header(header::ACCEPT, accepted());
    request.method = Method::HEAD;
    let mut answer = fetcher.fetch(&request).await?;
    if answer.status.as_u16() == 401 {
        let token = match Challenge::of(&answer)? {
            // A registry that wants a password has nothing for everybody.
            Challenge::Basic => None,
            Challenge::Bearer { realm, service } => {
                token(fetcher, &realm, service.as_deref(), (&repository, Access::Pull), None).await?
            }
        };
        let Some(token) = token else { return Ok(Existence::Missing) };
        answer = fetcher.fetch(&request.header(header::AUTHORIZATION, token)).await?;
    }
    match answer.status.as_u16() {
        200 => {
            let digest = answer.headers.get("docker-content-digest");
            Ok(Existence::Found(digest.and_then(|digest| Digest::parse(digest.to_str().ok()?).ok())))
        }
        // Registries do not tell strangers whether a private image exists.
        401 | 403 | 404 => Ok(Existence::Missing),
        status => Err(OciError::Status { host: api, status, detail: String::new() }),
    }
}
