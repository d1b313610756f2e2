//! The conversation in the words of each provider, and their answers in ours.

pub(super) mod anthropic;
pub(super) mod chat;
pub(super) mod openai;

use super::conversation::{Conversation, Part};
use super::tools::Tool;
use crate::provider::Usage;
use serde_json::{Map, Value};

/// What a request is made of.
#[derive(Debug, Clone, Copy)]
pub(super) struct Ask<'a> {
    pub(super) model: &'a str,
    /// The most tokens that it may write.
    pub(super) max_tokens: u32,
    /// Whether the answer comes as events.
    pub(super) stream: bool,
    pub(super) conversation: &'a Conversation,
    pub(super) tools: &'a [Tool],
    /// A tool that must be called.
    pub(super) must_call: Option<&'static str>,
    /// Whether thoughts are asked for, to be given back. Not every model of OpenAI can.
    pub(super) thoughts: bool,
    /// Whether the limit of a chat completion goes by its newer name. Some models know only that, and others only the older one.
    pub(super) completion_tokens: bool,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Stop {
    /// It said what it had to say, or calls tools.
    Done,
    /// It, or its provider, refuses to go on.
    Refused,
    /// Its answer is cut: there are no tokens left to write.
    MaxTokens,
    /// Something else, in the provider's word.
    Other(String),
}

#[derive(Debug, Clone, PartialEq)]
pub(super) struct Reply {
    pub(super) parts: Vec<Part>,
    pub(super) stop: Stop,
    pub(super) usage: Usage,
}

/// A schema as the object that it is.
fn schema(tool: &Tool) -> Map<String, Value> {
    match &tool.schema {
        Value::Object(schema) => schema.clone(),
        _ => Map::new(),
    }
}

/// Text that providers take: they refuse parts that are empty or blank.
fn is_blank(text: &str) -> bool {
    text.trim().is_empty()
}

/// What is given back when the model said nothing at all: its turn must not be missing.
const SILENCE: &str = "(no answer)";
