//! Image registries: whether an image exists, asked without credentials.
//!
//! The client crate cannot be told how to resolve names, follows redirects by itself and honours proxies of the environment.
//! An entry chooses the image registry's name, so it must pass the same guard as every address: the two requests of the OCI
//! distribution specification (v2) that this needs are made with [`crate::fetch`]. References are parsed by the crate.

use crate::fetch::{Answer, FetchError, Fetcher, Request};
use crate::ids::Digest;
use http::Method;
use http::header::{self, HeaderName, HeaderValue};
use oci_client::Reference;
use url::Url;

/// The most bytes of a token's answer: real ones are 5 kB.
const MAX_TOKEN_BYTES: u64 = 64 * 1024;
/// The most bytes of a manifest, which a registry may send although only its head is asked for.
const MAX_MANIFEST_BYTES: u64 = 4 * 1024 * 1024;
/// What may be behind a name: an image or an index of images, in OCI's or Docker's form.
const MANIFESTS: &str = "application/vnd.oci.image.index.v1+json, application/vnd.oci.image.manifest.v1+json, \
     application/vnd.docker.distribution.manifest.list.v2+json, application/vnd.docker.distribution.manifest.v2+json";

/// What an image registry says of an image.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Existence {
    /// It is there; its digest, if the registry named one.
    Found(Option<Digest>),
    /// It is not, or not for everybody.
    Missing,
}

/// Why an image registry did not say.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum OciError {
    /// Not a reference to an image.
    #[error("it is not a reference to an image")]
    Reference,
    /// No answer.
    #[error(transparent)]
    Fetch(#[from] FetchError),
    /// An answer that says neither yes nor no.
    #[error("{host} answered {status}")]
    Status {
        /// The image registry.
        host: String,
        /// What it answered.
        status: u16,
    },
    /// A way to get a token that this program does not know.
    #[error("{0} asks for credentials in an unknown way")]
    Challenge(String),
}

/// Asks whether `image` exists: `name`, `name:tag` or `name@digest`, on Docker Hub when no registry is named.
///
/// # Errors
/// When the image registry does not say.
pub async fn exists(fetcher: &Fetcher, image: &str) -> Result<Existence, OciError> {
    let reference: Reference = image.parse().map_err(|_| OciError::Reference)?;
    let wanted = reference.digest().or(reference.tag()).unwrap_or("latest");
    let (registry, repository) = (reference.resolve_registry(), reference.repository());
    let url = Url::parse(&format!("https://{registry}/v2/{repository}/manifests/{wanted}"))
        .map_err(|_| OciError::Reference)?;
    let mut request = Request::get(url, MAX_MANIFEST_BYTES).header(header::ACCEPT, HeaderValue::from_static(MANIFESTS));
    request.method = Method::HEAD;
    let mut answer = fetcher.fetch(&request).await?;
    if answer.status.as_u16() == 401 {
        let Some(token) = token(fetcher, &answer, repository).await? else { return Ok(Existence::Missing) };
        answer = fetcher.fetch(&request.header(header::AUTHORIZATION, token)).await?;
    }
    match answer.status.as_u16() {
        200 => {
            let digest = answer.headers.get(HeaderName::from_static("docker-content-digest"));
            Ok(Existence::Found(digest.and_then(|digest| Digest::parse(digest.to_str().ok()?).ok())))
        }
        // Registries do not tell strangers whether a private image exists.
        401 | 403 | 404 => Ok(Existence::Missing),
        status => Err(OciError::Status { host: registry.to_owned(), status }),
    }
}

/// Gets the token that a registry gives to everybody; none when it gives none.
async fn token(fetcher: &Fetcher, refused: &Answer, repository: &str) -> Result<Option<HeaderValue>, OciError> {
    let host = crate::fetch::host_of(&refused.url);
    let challenge = refused.headers.get(header::WWW_AUTHENTICATE).and_then(|value| value.to_str().ok());
    let challenge = challenge.ok_or_else(|| OciError::Challenge(host.clone()))?;
    // A registry that wants a password has nothing for everybody.
    if challenge.get(..5).is_some_and(|scheme| scheme.eq_ignore_ascii_case("basic")) {
        return Ok(None);
    }
    let parameters = bearer(challenge).ok_or_else(|| OciError::Challenge(host.clone()))?;
    let value = |name: &str| parameters.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str());
    let realm = value("realm").and_then(|realm| Url::parse(realm).ok());
    let mut url = realm.ok_or_else(|| OciError::Challenge(host.clone()))?;
    {
        let mut query = url.query_pairs_mut();
        if let Some(service) = value("service") {
            query.append_pair("service", service);
        }
        // Asked for by our own words: a registry cannot make this program ask for more.
        query.append_pair("scope", &format!("repository:{repository}:pull"));
    }
    let answer = fetcher.fetch(&Request::get(url, MAX_TOKEN_BYTES)).await?;
    match answer.status.as_u16() {
        200 => {}
        401 | 403 => return Ok(None),
        status => return Err(OciError::Status { host: crate::fetch::host_of(&answer.url), status }),
    }
    let body: serde_json::Value =
        serde_json::from_slice(&answer.body).map_err(|_| OciError::Challenge(host.clone()))?;
    let token = ["token", "access_token"].into_iter().find_map(|key| body.get(key)?.as_str());
    let token = token.and_then(|token| HeaderValue::from_str(&format!("Bearer {token}")).ok());
    let mut token = token.ok_or(OciError::Challenge(host))?;
    token.set_sensitive(true);
    Ok(Some(token))
}

/// The parameters of `Bearer key="value", …` (RFC 9110, section 11.6.1).
fn bearer(challenge: &str) -> Option<Vec<(String, String)>> {
    let (scheme, mut rest) = challenge.trim().split_once(' ')?;
    if !scheme.eq_ignore_ascii_case("bearer") {
        return None;
    }
    let mut parameters = Vec::new();
    loop {
        rest = rest.trim_start_matches([' ', ',', '\t']);
        let Some((key, after)) = rest.split_once('=') else { return Some(parameters) };
        let (value, after) = match after.strip_prefix('"') {
            Some(quoted) => quoted.split_once('"')?,
            None => after.split_once(',').unwrap_or((after, "")),
        };
        parameters.push((key.trim().to_ascii_lowercase(), value.to_owned()));
        rest = after;
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::bearer;

    #[test]
    fn challenges_are_read() {
        let text = r#"Bearer realm="https://auth.docker.io/token",service="registry.docker.io",scope="repository:a/b:pull,push""#;
        let read = bearer(text).unwrap();
        assert_eq!(read[0], ("realm".into(), "https://auth.docker.io/token".into()));
        assert_eq!(read[2], ("scope".into(), "repository:a/b:pull,push".into()));
        assert_eq!(bearer("bearer Realm=x, a=b").unwrap(), [("realm".into(), "x".into()), ("a".into(), "b".into())]);
        for wrong in ["", "Bearer", "Basic realm=\"x\"", "Bearer realm=\"x"] {
            assert_eq!(bearer(wrong), None, "{wrong}");
        }
    }
}
