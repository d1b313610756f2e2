//! Model providers: the wire formats of Anthropic's Messages, OpenAI's Responses and OpenAI's chat completions, as far as this
//! project uses them.
//!
//! Requests are allow-lists: every field that may be sent is a field of a type here, everything else fails to parse. So a
//! request that was parsed and is written again holds nothing that was not looked at: no server-side tools, no connectors, no
//! files, no addresses to fetch, no stored responses. Answers are read leniently, because providers add to them.
//!
//! Both the proxy, which must not trust what it is sent, and the agent that is its client, build on these types.

pub(crate) mod anthropic;
pub(crate) mod chat;
pub(crate) mod dropped;
pub(crate) mod json;
pub(crate) mod models;
pub(crate) mod openai;
pub(crate) mod sse;

use serde::{Deserialize, Deserializer, Serialize};
use serde_json::Value;
use std::fmt;

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Provider {
    Anthropic,
    #[serde(rename = "openai")]
    OpenAi,
}

impl Provider {
    pub(crate) const ALL: [Self; 2] = [Self::Anthropic, Self::OpenAi];

    #[must_use]
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Anthropic => "anthropic",
            Self::OpenAi => "openai",
        }
    }

    /// The provider's own base address.
    #[must_use]
    pub(crate) fn default_base_url(self) -> &'static str {
        match self {
            Self::Anthropic => "https://api.anthropic.com",
            Self::OpenAi => "https://api.openai.com/v1",
        }
    }
}

impl fmt::Display for Provider {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// A wire format: one kind of request that a provider, or who takes its place, answers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Api {
    /// Anthropic's Messages.
    Messages,
    /// OpenAI's Responses.
    Responses,
    /// OpenAI's chat completions.
    Chat,
}

impl Api {
    pub(crate) const ALL: [Self; 3] = [Self::Messages, Self::Responses, Self::Chat];

    /// The word for it on command lines.
    #[must_use]
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Messages => "anthropic",
            Self::Responses => "openai",
            Self::Chat => "openai-chat",
        }
    }

    /// Whose key it takes.
    #[must_use]
    pub(crate) fn provider(self) -> Provider {
        match self {
            Self::Messages => Provider::Anthropic,
            Self::Responses | Self::Chat => Provider::OpenAi,
        }
    }

    /// The one path of the proxy that leads to it.
    #[must_use]
    pub(crate) fn proxy_path(self) -> &'static str {
        match self {
            Self::Messages => "/anthropic/v1/messages",
            Self::Responses => "/openai/v1/responses",
            Self::Chat => "/openai/v1/chat/completions",
        }
    }

    /// What comes after the base address. The bases are those that the providers' own clients take in `ANTHROPIC_BASE_URL`
    /// and `OPENAI_BASE_URL`: the latter has the version in it.
    #[must_use]
    pub(crate) fn endpoint(self) -> &'static str {
        match self {
            Self::Messages => "v1/messages",
            Self::Responses => "responses",
            Self::Chat => "chat/completions",
        }
    }
}

/// What a provider counted for one call, in tokens.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub(crate) struct Usage {
    /// Read, in all: those written to and read from a cache are among them.
    pub(crate) input_tokens: u64,
    /// Of those, written to a cache: they cost more than others.
    pub(crate) cache_write_tokens: u64,
    /// Written, those of hidden reasoning included.
    pub(crate) output_tokens: u64,
}

impl Usage {
    /// The greater of each: what is left when a stream says its usage several times, each time as the whole so far.
    #[must_use]
    pub(crate) fn max(self, other: Self) -> Self {
        Self {
            input_tokens: self.input_tokens.max(other.input_tokens),
            cache_write_tokens: self.cache_write_tokens.max(other.cache_write_tokens),
            output_tokens: self.output_tokens.max(other.output_tokens),
        }
    }
}

/// What in a request is not allowed. For people and audit lines; what decides is whether the request parses.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Disallowed {
    /// It is not JSON, or has a key twice, or is too deep.
    Json,
    /// A tool that the provider runs, or a connector to one.
    Tool,
    /// Content that is not inline text: an image, a document, a file id, an address.
    Content,
    /// Something that would be kept, or that refers to something kept: a stored or background response, a container.
    Stored,
    /// A field or value that is not on the list.
    Field,
}

/// Why a request was not taken. The message may repeat words of the request.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub(crate) struct RequestError {
    /// What kind of thing is not allowed.
    pub(crate) what: Disallowed,
    /// In words, with the name of the field where it is known.
    pub(crate) message: String,
}

/// Text as a string, or as a list of blocks `B`: both are the same to a provider.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(untagged)]
pub(crate) enum TextOr<B> {
    Text(String),
    Blocks(Vec<B>),
}

/// By hand, because derived untagged enums cannot say what is wrong inside.
impl<'de, B: serde::de::DeserializeOwned> Deserialize<'de> for TextOr<B> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        match Value::deserialize(deserializer)? {
            Value::String(text) => Ok(Self::Text(text)),
            other => serde_json::from_value(other).map(Self::Blocks).map_err(serde::de::Error::custom),
        }
    }
}

impl<B> From<String> for TextOr<B> {
    fn from(text: String) -> Self {
        Self::Text(text)
    }
}

impl<B> From<&str> for TextOr<B> {
    fn from(text: &str) -> Self {
        Self::Text(text.to_owned())
    }
}

/// Leaves false out of what is written.
fn is_false(flag: &bool) -> bool {
    !flag
}

/// Parses a request of type `T` strictly: JSON without duplicate keys, of bounded depth, with known fields only, but for those
/// that are dropped.
fn parse<T: serde::de::DeserializeOwned>(
    body: &[u8],
    dropped: &[&str],
    classify: fn(&Value) -> Disallowed,
) -> Result<T, RequestError> {
    let mut value =
        json::parse(body).map_err(|error| RequestError { what: Disallowed::Json, message: error.to_string() })?;
    let what = classify(&value);
    dropped::remove(&mut value, dropped);
    serde_json::from_value(value).map_err(|error| RequestError { what, message: error.to_string() })
}
