//! Model providers: the wire formats of Anthropic's Messages and OpenAI's Responses, as far as this project uses them.
//!
//! Requests are allow-lists: every field that may be sent is a field of a type here, everything else fails to parse. So a
//! request that was parsed and is written again holds nothing that was not looked at: no server-side tools, no connectors, no
//! files, no addresses to fetch, no stored responses. Answers are read leniently, because providers add to them.
//!
//! Both the proxy, which must not trust what it is sent, and the agent that is its client, build on these types.

pub mod anthropic;
pub mod json;
pub mod models;
pub mod openai;
pub mod sse;

use serde::{Deserialize, Deserializer, Serialize};
use serde_json::Value;
use std::fmt;

/// A model API.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Provider {
    /// Anthropic's Messages.
    Anthropic,
    /// OpenAI's Responses.
    #[serde(rename = "openai")]
    OpenAi,
}

impl Provider {
    /// Both.
    pub const ALL: [Self; 2] = [Self::Anthropic, Self::OpenAi];

    /// The word for it.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Anthropic => "anthropic",
            Self::OpenAi => "openai",
        }
    }

    /// The one path of the proxy that leads to it.
    #[must_use]
    pub fn proxy_path(self) -> &'static str {
        match self {
            Self::Anthropic => "/anthropic/v1/messages",
            Self::OpenAi => "/openai/v1/responses",
        }
    }

    /// What comes after the base address. The bases are those that the providers' own clients take in `ANTHROPIC_BASE_URL`
    /// and `OPENAI_BASE_URL`: the latter has the version in it.
    #[must_use]
    pub fn endpoint(self) -> &'static str {
        match self {
            Self::Anthropic => "v1/messages",
            Self::OpenAi => "responses",
        }
    }

    /// The provider's own base address.
    #[must_use]
    pub fn default_base_url(self) -> &'static str {
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

/// What a provider counted for one call, in tokens.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Usage {
    /// Read, in all: those written to and read from a cache are among them.
    pub input_tokens: u64,
    /// Of those, written to a cache: they cost more than others.
    pub cache_write_tokens: u64,
    /// Written, those of hidden reasoning included.
    pub output_tokens: u64,
}

impl Usage {
    /// The greater of each: what is left when a stream says its usage several times, each time as the whole so far.
    #[must_use]
    pub fn max(self, other: Self) -> Self {
        Self {
            input_tokens: self.input_tokens.max(other.input_tokens),
            cache_write_tokens: self.cache_write_tokens.max(other.cache_write_tokens),
            output_tokens: self.output_tokens.max(other.output_tokens),
        }
    }
}

/// What in a request is not allowed. For people and audit lines; what decides is whether the request parses.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Disallowed {
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
pub struct RequestError {
    /// What kind of thing is not allowed.
    pub what: Disallowed,
    /// In words, with the name of the field where it is known.
    pub message: String,
}

/// Text as a string, or as a list of blocks `B`: both are the same to a provider.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(untagged)]
pub enum TextOr<B> {
    /// A string.
    Text(String),
    /// Blocks.
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

/// Parses a request of type `T` strictly: JSON without duplicate keys, of bounded depth, with known fields only.
fn parse<T: serde::de::DeserializeOwned>(body: &[u8], classify: fn(&Value) -> Disallowed) -> Result<T, RequestError> {
    let value =
        json::parse(body).map_err(|error| RequestError { what: Disallowed::Json, message: error.to_string() })?;
    let what = classify(&value);
    serde_json::from_value(value).map_err(|error| RequestError { what, message: error.to_string() })
}
