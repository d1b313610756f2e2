//! Where calls go, and how keys are shown there.

use crate::provider::{Api, Provider};
use http::HeaderName;
use http::header::AUTHORIZATION;
use std::fmt;
use url::Url;

/// How a provider is shown its key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Auth {
    /// `x-api-key: KEY`: Anthropic.
    XApiKey,
    /// `api-key: KEY`: Azure.
    ApiKey,
    /// `authorization: Bearer KEY`: OpenAI and nearly everybody else.
    Bearer,
}

impl Auth {
    /// The name of the header.
    #[must_use]
    pub(crate) fn header(self) -> HeaderName {
        match self {
            Self::XApiKey => HeaderName::from_static("x-api-key"),
            Self::ApiKey => HeaderName::from_static("api-key"),
            Self::Bearer => AUTHORIZATION,
        }
    }

    /// What comes before the key in its value.
    #[must_use]
    pub(crate) fn scheme(self) -> &'static str {
        match self {
            Self::XApiKey | Self::ApiKey => "",
            Self::Bearer => "Bearer ",
        }
    }
}

impl fmt::Display for Auth {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::XApiKey => "x-api-key",
            Self::ApiKey => "api-key",
            Self::Bearer => "bearer",
        })
    }
}

/// Why there are no such providers.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum UpstreamsError {
    /// A base address is no base address.
    #[error("the base address of {0} must be an address without user, query and fragment")]
    BaseUrl(Provider),
    /// A base address is not https.
    #[error("the base address of {0} is not https; `--allow-http-upstream` allows that")]
    NotHttps(Provider),
}

/// The providers of a run: their own addresses, or those of gateways and of models of one's own.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Upstreams {
    /// `v1/messages` is added to it.
    pub(crate) anthropic_base_url: Url,
    pub(crate) anthropic_auth: Auth,
    /// `responses` or `chat/completions` is added to it.
    pub(crate) openai_base_url: Url,
    pub(crate) openai_auth: Auth,
    /// Azure's `?api-version=`, for calls to OpenAI.
    pub(crate) api_version: Option<String>,
    /// Whether a base address may be http.
    pub(crate) allow_http: bool,
}

/// Reads a provider's base address, with or without a `/` at its end.
///
/// # Errors
/// When it is not one.
pub(crate) fn base_url(provider: Provider, text: &str) -> Result<Url, UpstreamsError> {
    let url: Url = text.trim_end_matches('/').parse().map_err(|_| UpstreamsError::BaseUrl(provider))?;
    let plain =
        url.username().is_empty() && url.password().is_none() && url.query().is_none() && url.fragment().is_none();
    if !plain || url.host_str().is_none() || !matches!(url.scheme(), "http" | "https") {
        return Err(UpstreamsError::BaseUrl(provider));
    }
    Ok(url)
}

/// Reads a version for `?api-version=`: 1 to 64 letters, digits and `-._`.
///
/// # Errors
/// When it is something else; in words.
pub(crate) fn api_version(text: &str) -> Result<String, String> {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-._".contains(&byte);
    if (1..=64).contains(&text.len()) && text.bytes().all(plain) {
        return Ok(text.to_owned());
    }
    Err("write 1 to 64 letters, digits and `-._`, like `2025-04-01-preview`".to_owned())
}

impl Upstreams {
    /// The address that calls go to.
    #[must_use]
    pub(crate) fn url(&self, api: Api) -> Url {
        let mut url = self.base_url(api.provider()).clone();
        if let Ok(mut path) = url.path_segments_mut() {
            path.pop_if_empty().extend(api.endpoint().split('/'));
        }
        if let (Provider::OpenAi, Some(version)) = (api.provider(), &self.api_version) {
            url.query_pairs_mut().append_pair("api-version", version);
        }
        url
    }

    /// The base address of a provider.
    #[must_use]
    pub(crate) fn base_url(&self, provider: Provider) -> &Url {
        match provider {
            Provider::Anthropic => &self.anthropic_base_url,
            Provider::OpenAi => &self.openai_base_url,
        }
    }

    /// How a provider is shown its key.
    #[must_use]
    pub(crate) fn auth(&self, provider: Provider) -> Auth {
        match provider {
            Provider::Anthropic => self.anthropic_auth,
            Provider::OpenAi => self.openai_auth,
        }
    }

    /// Whether calls go to the provider itself, and not to a gateway or a model of one's own.
    #[must_use]
    pub(crate) fn is_original(&self, provider: Provider) -> bool {
        base_url(provider, provider.default_base_url()).as_ref() == Ok(self.base_url(provider))
    }

    /// Whether all of it can be.
    ///
    /// # Errors
    /// With the first thing that cannot.
    pub(crate) fn check(&self) -> Result<(), UpstreamsError> {
        for provider in Provider::ALL {
            let url = self.base_url(provider);
            if base_url(provider, url.as_str())?.scheme() != "https" && !self.allow_http {
                return Err(UpstreamsError::NotHttps(provider));
            }
        }
        Ok(())
    }

    /// Says it as arguments of the command line: name and value.
    pub(super) fn say(&self, say: &mut dyn FnMut(&str, &dyn fmt::Display)) {
        say("anthropic-base-url", &self.anthropic_base_url);
        say("anthropic-auth", &self.anthropic_auth);
        say("openai-base-url", &self.openai_base_url);
        say("openai-auth", &self.openai_auth);
        if let Some(version) = &self.api_version {
            say("api-version", version);
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::{Auth, Upstreams, UpstreamsError, api_version, base_url};
    use crate::provider::{Api, Provider};

    #[test]
    fn a_base_address_is_plain() {
        for text in ["https://user@x/", "https://x/?q", "https://x/#f", "ftp://x/", "unix:/x", "x", ""] {
            assert_eq!(base_url(Provider::OpenAi, text), Err(UpstreamsError::BaseUrl(Provider::OpenAi)), "{text}");
        }
        assert_eq!(base_url(Provider::OpenAi, "https://x/v1/").unwrap().as_str(), "https://x/v1");
    }

    #[test]
    fn calls_go_below_the_base_address() {
        let upstreams = |anthropic: &str, openai: &str, version: Option<&str>| Upstreams {
            anthropic_base_url: base_url(Provider::Anthropic, anthropic).unwrap(),
            anthropic_auth: Auth::XApiKey,
            openai_base_url: base_url(Provider::OpenAi, openai).unwrap(),
            openai_auth: Auth::ApiKey,
            api_version: version.map(|text| api_version(text).unwrap()),
            allow_http: false,
        };
        let all = |upstreams: &Upstreams| Api::ALL.map(|api| upstreams.url(api).to_string()).join("\n");
        let usual = upstreams("https://api.anthropic.com", "https://api.openai.com/v1/", None);
        insta::assert_snapshot!(all(&usual), @"
        https://api.anthropic.com/v1/messages
        https://api.openai.com/v1/responses
        https://api.openai.com/v1/chat/completions
        ");
        assert!(Provider::ALL.into_iter().all(|provider| usual.is_original(provider)));
        let azure = upstreams("https://x/a/", "https://x/openai/deployments/d", Some("2024-10-21"));
        insta::assert_snapshot!(all(&azure), @"
        https://x/a/v1/messages
        https://x/openai/deployments/d/responses?api-version=2024-10-21
        https://x/openai/deployments/d/chat/completions?api-version=2024-10-21
        ");
        assert!(!Provider::ALL.into_iter().any(|provider| azure.is_original(provider)));
    }

    #[test]
    fn a_version_is_a_word() {
        assert_eq!(api_version("2025-04-01-preview"), Ok("2025-04-01-preview".to_owned()));
        for text in ["", "a b", "a&b=c", "a#", "é", &"x".repeat(65)] {
            assert!(api_version(text).is_err(), "{text}");
        }
    }
}
