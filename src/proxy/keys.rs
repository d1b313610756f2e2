//! The secrets of a proxy: how they come, and how they are kept.

use super::upstreams::{Auth, Upstreams};
use crate::ids::hex;
use crate::provider::Provider;
use http::{HeaderName, HeaderValue};
use secrecy::{ExposeSecret, SecretString};
use serde::Deserialize;
use sha2::{Digest, Sha256};
use std::fmt;
use std::io::Read;
use zeroize::{Zeroize, Zeroizing};

/// The most bytes of the document with the keys.
const MAX_BYTES: usize = 64 * 1024;
/// The fewest characters of a client token: fewer can be guessed.
const MIN_TOKEN: usize = 16;
/// The fewest characters of a provider's key that is a secret. One of fewer is a placeholder, such as `ollama`, for a provider that
/// asks for none: anybody can guess it, and it is looked for in no answer, because it might be a part of any.
pub(crate) const MIN_SECRET: usize = 8;
/// The most characters of a token or key.
pub(crate) const MAX_SECRET: usize = 4096;

/// Why there are no keys.
#[derive(Debug, thiserror::Error)]
pub(crate) enum KeysError {
    /// Standard input cannot be read.
    #[error("the keys cannot be read")]
    Read(#[source] std::io::Error),
    #[error("the keys' document has more than {MAX_BYTES} bytes")]
    TooLong,
    /// It is not the document. What is wrong is not said, because it might repeat a key.
    #[error(
        "the keys' document must be one JSON object with `anthropic_key`, `openai_key`, `client_token` and nothing else, \
         each a text"
    )]
    Malformed,
    /// No key is in it.
    #[error("the keys' document has no key of a provider")]
    NoKey,
    /// A secret cannot be sent in a header.
    #[error("`{0}` must have {1} to {MAX_SECRET} visible ASCII characters")]
    Unusable(&'static str, usize),
    /// A placeholder for a provider that gives keys to whom it bills.
    #[error("`{0}_key` has fewer than {MIN_SECRET} characters, and no key of this provider has")]
    Placeholder(Provider),
    /// The system has no random numbers.
    #[error("a client token cannot be made")]
    Random(#[source] getrandom::Error),
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Document {
    #[serde(default)]
    client_token: Option<SecretString>,
    #[serde(default)]
    anthropic_key: Option<SecretString>,
    #[serde(default)]
    openai_key: Option<SecretString>,
}

/// The keys of the providers, and the client token. Their memory is overwritten when they are dropped, but for the copies that
/// the HTTP client makes when it sends a header.
pub(crate) struct Keys {
    anthropic: Option<ProviderKey>,
    openai: Option<ProviderKey>,
    token: ClientToken,
    /// The token, if it was made here: to be shown once.
    generated: Option<SecretString>,
}

impl fmt::Debug for Keys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names = Provider::ALL.into_iter().filter(|provider| self.of(*provider).is_some());
        f.debug_set().entries(names).finish()
    }
}

impl Keys {
    /// Reads the document. It ends where its object does: whoever writes it need not close the pipe.
    ///
    /// # Errors
    /// When it is not the document, or a secret in it cannot be one.
    pub(crate) fn read(mut from: impl Read, upstreams: &Upstreams) -> Result<Self, KeysError> {
        // Never grows: a vector that grows leaves copies behind.
        let mut buffer = Zeroizing::new(vec![0_u8; MAX_BYTES]);
        let mut length = 0;
        loop {
            let room = buffer.get_mut(length..).filter(|room| !room.is_empty()).ok_or(KeysError::TooLong)?;
            let read = match from.read(room) {
                Err(error) if error.kind() == std::io::ErrorKind::Interrupted => continue,
                read => read.map_err(KeysError::Read)?,
            };
            length += read;
            let mut documents = serde_json::Deserializer::from_slice(&buffer[..length]).into_iter::<Document>();
            match documents.next() {
                Some(Ok(document)) => {
                    let rest = documents.byte_offset();
                    if !buffer[rest..length].trim_ascii().is_empty() {
                        return Err(KeysError::Malformed);
                    }
                    let Document { client_token, anthropic_key, openai_key } = document;
                    return Self::new(client_token, anthropic_key, openai_key, upstreams);
                }
                Some(Err(error)) if error.is_eof() && read > 0 => {}
                None if read > 0 => {}
                _ => return Err(KeysError::Malformed),
            }
        }
    }

    /// Keys that are here already. Makes a client token when there is none.
    ///
    /// # Errors
    /// When there is no key, or a secret cannot be one.
    pub(crate) fn new(
        token: Option<SecretString>,
        anthropic: Option<SecretString>,
        openai: Option<SecretString>,
        upstreams: &Upstreams,
    ) -> Result<Self, KeysError> {
        if anthropic.is_none() && openai.is_none() {
            return Err(KeysError::NoKey);
        }
        let key = |name: &'static str, provider: Provider, key: Option<SecretString>| {
            let key = key.map(|key| ProviderKey::new(name, key, upstreams.auth(provider))).transpose()?;
            match &key {
                Some(key) if key.secret().is_none() && upstreams.is_original(provider) => {
                    Err(KeysError::Placeholder(provider))
                }
                _ => Ok(key),
            }
        };
        let anthropic = key("anthropic_key", Provider::Anthropic, anthropic)?;
        let openai = key("openai_key", Provider::OpenAi, openai)?;
        let (token, generated) = match token {
            Some(token) => (ClientToken::new(&token)?, None),
            None => {
                let token = generate_token()?;
                (ClientToken::new(&token)?, Some(token))
            }
        };
        Ok(Self { anthropic, openai, token, generated })
    }

    /// The key of a provider, if there is one.
    pub(super) fn of(&self, provider: Provider) -> Option<&ProviderKey> {
        match provider {
            Provider::Anthropic => self.anthropic.as_ref(),
            Provider::OpenAi => self.openai.as_ref(),
        }
    }

    /// The providers that there are keys of.
    #[must_use]
    pub(crate) fn providers(&self) -> Vec<Provider> {
        Provider::ALL.into_iter().filter(|provider| self.of(*provider).is_some()).collect()
    }

    pub(super) fn token(&self) -> &ClientToken {
        &self.token
    }

    /// The client token, if it was made here. Gone after this call.
    pub(crate) fn take_generated_token(&mut self) -> Option<SecretString> {
        self.generated.take()
    }
}

/// A client token of 256 random bits, as 64 hexadecimal digits.
///
/// # Errors
/// When the system has no random numbers.
pub(crate) fn generate_token() -> Result<SecretString, KeysError> {
    let mut random = Zeroizing::new([0_u8; 32]);
    getrandom::fill(random.as_mut_slice()).map_err(KeysError::Random)?;
    Ok(SecretString::from(hex(random.as_slice())))
}

/// Whether a text can be a provider's key: 1 to [`MAX_SECRET`] visible ASCII characters.
#[must_use]
pub(crate) fn can_be_key(key: &SecretString) -> bool {
    check("", key, 1).is_ok()
}

/// Whether a key is none but a placeholder: see [`MIN_SECRET`].
#[must_use]
pub(crate) fn is_placeholder(key: &SecretString) -> bool {
    key.expose_secret().len() < MIN_SECRET
}

fn check(name: &'static str, secret: &SecretString, least: usize) -> Result<(), KeysError> {
    let text = secret.expose_secret();
    if (least..=MAX_SECRET).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_graphic()) {
        return Ok(());
    }
    Err(KeysError::Unusable(name, least))
}

/// A provider's key, ready to be sent.
pub(super) struct ProviderKey {
    name: HeaderName,
    header: HeaderValue,
    text: SecretString,
}

impl ProviderKey {
    fn new(name: &'static str, text: SecretString, auth: Auth) -> Result<Self, KeysError> {
        check(name, &text, 1)?;
        let mut value = format!("{}{}", auth.scheme(), text.expose_secret());
        let header = HeaderValue::from_str(&value).map_err(|_| KeysError::Unusable(name, 1));
        value.zeroize();
        let mut header = header?;
        header.set_sensitive(true);
        Ok(Self { name: auth.header(), header, text })
    }

    /// The header that shows it. Logs show its value as `Sensitive`.
    pub(super) fn header(&self) -> (HeaderName, HeaderValue) {
        (self.name.clone(), self.header.clone())
    }

    /// The key itself, to look for; none if it is a placeholder.
    pub(super) fn secret(&self) -> Option<&[u8]> {
        (!is_placeholder(&self.text)).then(|| self.text.expose_secret().as_bytes())
    }
}

/// What a client has to show, kept as its digest.
pub(super) struct ClientToken {
    digest: [u8; 32],
}

impl ClientToken {
    fn new(token: &SecretString) -> Result<Self, KeysError> {
        check("client_token", token, MIN_TOKEN)?;
        Ok(Self { digest: Sha256::digest(token.expose_secret().as_bytes()).into() })
    }

    /// Whether this is the digest of the token. Takes the same time whatever it is; and what could be learned from the time would
    /// be about a digest.
    pub(super) fn matches(&self, digest: &[u8; 32]) -> bool {
        let difference = self.digest.iter().zip(digest).fold(0, |difference, (a, b)| difference | (a ^ b));
        std::hint::black_box(difference) == 0
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used)]

    use super::super::upstreams::{Auth, Upstreams};
    use super::{Keys, KeysError};
    use crate::provider::Provider;
    use sha2::{Digest, Sha256};
    use std::io::Read;

    fn upstreams(anthropic: &str) -> Upstreams {
        Upstreams {
            anthropic_base_url: anthropic.parse().unwrap(),
            anthropic_auth: Auth::XApiKey,
            openai_base_url: "https://x".parse().unwrap(),
            openai_auth: Auth::Bearer,
            api_version: None,
            allow_http: false,
        }
    }

    #[test]
    fn a_placeholder_is_a_key_where_none_is_given_out_and_is_looked_for_nowhere() {
        let read = |key: &str, upstreams: &Upstreams| {
            Keys::read(format!("{{\"anthropic_key\": \"{key}\"}}").as_bytes(), upstreams)
        };
        for key in ["x", "ollama", "1234567"] {
            let keys = read(key, &upstreams("http://127.0.0.1:11434")).unwrap();
            assert_eq!(keys.of(Provider::Anthropic).unwrap().secret(), None, "{key}");
            let refused = read(key, &upstreams("https://api.anthropic.com"));
            assert!(matches!(refused, Err(KeysError::Placeholder(Provider::Anthropic))), "{key}");
        }
        assert!(read("12345678", &upstreams("http://x")).unwrap().of(Provider::Anthropic).unwrap().secret().is_some());
    }

    /// Never ends, as a pipe that nobody closes; gives one byte at a time.
    struct Open<'a>(&'a [u8]);

    impl Read for Open<'_> {
        fn read(&mut self, room: &mut [u8]) -> std::io::Result<usize> {
            let (first, rest) = self.0.split_first().expect("nothing is read after the document");
            self.0 = rest;
            room[0] = *first;
            Ok(1)
        }
    }

    #[test]
    fn the_document_ends_where_its_object_does() {
        let text = br#"{"anthropic_key": "sk-ant-secret", "client_token": "0123456789abcdef"}"#;
        let keys = Keys::read(Open(text), &upstreams("https://api.anthropic.com")).unwrap();
        assert_eq!(format!("{keys:?}"), "{Anthropic}");
        assert_eq!(keys.of(Provider::Anthropic).unwrap().secret(), Some(&b"sk-ant-secret"[..]));
        assert!(keys.token().matches(&Sha256::digest(b"0123456789abcdef").into()));
        assert!(!keys.token().matches(&Sha256::digest(b"0123456789abcdeg").into()));
    }

    #[test]
    fn a_token_is_made_when_there_is_none_and_never_twice_the_same() {
        let token = || {
            let mut keys = Keys::read(&br#"{"openai_key": "sk-secret"}"#[..], &upstreams("https://x")).unwrap();
            secrecy::ExposeSecret::expose_secret(&keys.take_generated_token().unwrap()).to_owned()
        };
        assert_eq!(token().len(), 64);
        assert_ne!(token(), token());
    }

    #[test]
    fn a_document_that_is_wrong_is_refused_without_repeating_it() {
        for text in [
            "",
            "{}",
            "[]",
            "sk-ant-secret",
            "{\"anthropic_key\": \"sk-ant-secret\"",
            "{\"anthropic_key\": \"sk-ant-secret\", \"anthropic_key\": \"sk-ant-secret\"}",
            "{\"anthropic_key\": \"sk-ant-secret\"} sk-ant-secret",
            "{\"sk-ant-secret\": \"\"}",
            "{\"anthropic_key\": [\"sk-ant-secret\"]}",
            "{\"anthropic_key\": \"sk-ant-secret\\n\"}",
            "{\"anthropic_key\": \"sk-ant-secret \u{e9}\"}",
            "{\"anthropic_key\": \"short\"}",
            "{\"anthropic_key\": \"\"}",
            "{\"anthropic_key\": \"sk-ant-secret\", \"client_token\": \"short\"}",
        ] {
            let error = Keys::read(text.as_bytes(), &upstreams("https://api.anthropic.com")).expect_err(text);
            assert!(!format!("{error} {error:?}").contains("sk-ant-secret"), "{text}: {error:?}");
        }
        let long = format!("{{\"openai_key\": \"{}\"}}", "x".repeat(70_000));
        assert!(matches!(Keys::read(long.as_bytes(), &upstreams("https://x")), Err(KeysError::TooLong)));
    }
}
