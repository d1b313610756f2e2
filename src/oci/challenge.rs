//! What a registry asks for in `WWW-Authenticate`, and the token that its answer is.

use super::OciError;
use super::logins::Login;
use crate::fetch::{Answer, Fetcher, Request, host_of};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use http::header::{self, HeaderValue};
use http::{Method, StatusCode};
use url::Url;
use zeroize::Zeroizing;

/// The maximum size of a token's answer, in bytes: real ones have 5 kB.
const MAX_TOKEN_BYTES: u64 = 64 * 1024;

/// What may be done with the token.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum Access {
    Pull,
    Push,
    Delete,
}

impl Access {
    fn actions(self) -> &'static str {
        match self {
            Self::Pull => "pull",
            Self::Push => "pull,push",
            Self::Delete => "delete",
        }
    }
}

/// How a registry wants to be shown credentials.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Challenge {
    Basic,
    Bearer { realm: Url, service: Option<String> },
}

impl Challenge {
    /// The challenge of a 401.
    ///
    /// # Errors
    /// When it is of an unknown kind, or its realm is not an address.
    pub(super) fn of(refused: &Answer) -> Result<Self, OciError> {
        let unknown = || OciError::Challenge(host_of(&refused.url));
        let mut challenges =
            refused.headers.get_all(header::WWW_AUTHENTICATE).iter().filter_map(|value| value.to_str().ok());
        let challenge = challenges.find_map(|text| {
            if text.get(..5).is_some_and(|scheme| scheme.eq_ignore_ascii_case("basic")) {
                return Some(Self::Basic);
            }
            let parameters = bearer(text)?;
            let value = |name: &str| parameters.iter().find(|(key, _)| key == name).map(|(_, value)| value.clone());
            let realm = Url::parse(&value("realm")?).ok()?;
            Some(Self::Bearer { realm, service: value("service") })
        });
        challenge.ok_or_else(unknown)
    }
}

/// The value of `Authorization` for a user name and a password.
pub(super) fn basic(user: &str, password: &str) -> Option<HeaderValue> {
    let pair = Zeroizing::new(format!("{user}:{password}"));
    let mut value = HeaderValue::from_str(&format!("Basic {}", STANDARD.encode(pair.as_bytes()))).ok()?;
    value.set_sensitive(true);
    Some(value)
}

/// Gets a token; none when the realm gives none for this login.
///
/// # Errors
/// When the realm does not answer, or not with a token.
pub(super) async fn token(
    fetcher: &Fetcher,
    realm: &Url,
    service: Option<&str>,
    (repository, access): (&str, Access),
    login: Option<&Login>,
) -> Result<Option<HeaderValue>, OciError> {
    let host = host_of(realm);
    // Asked for in our own words: a registry cannot make this program ask for more.
    let scope = format!("repository:{repository}:{}", access.actions());
    let mut pairs = vec![("scope", scope.as_str())];
    pairs.extend(service.map(|service| ("service", service)));
    let request = match login {
        Some(Login::IdentityToken(secret)) => {
            // OAuth 2, as `docker login` keeps it for registries of clouds.
            pairs.extend([("grant_type", "refresh_token"), ("refresh_token", secret.as_str())]);
            pairs.push(("client_id", "mcp-registry"));
            let form = url::form_urlencoded::Serializer::new(String::new()).extend_pairs(pairs).finish();
            Request::write(Method::POST, realm.clone(), Bytes::from(form), MAX_TOKEN_BYTES)
                .header(header::CONTENT_TYPE, HeaderValue::from_static("application/x-www-form-urlencoded"))
        }
        login => {
            let mut url = realm.clone();
            url.query_pairs_mut().extend_pairs(pairs);
            let request = Request::get(url, MAX_TOKEN_BYTES);
            match login {
                Some(Login::Password { user, password }) => {
                    let value = basic(user, password).ok_or_else(|| OciError::Challenge(host.clone()))?;
                    // A realm that sends elsewhere is not shown the password there, and has no reason to.
                    request.header(header::AUTHORIZATION, value).stay()
                }
                _ => request,
            }
        }
    };
    let answer = fetcher.fetch(&request).await?;
    match answer.status {
        StatusCode::OK => {}
        StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN => return Ok(None),
        status => {
            return Err(OciError::Status {
                host: host_of(&answer.url),
                status: status.as_u16(),
                detail: String::new(),
            });
        }
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
