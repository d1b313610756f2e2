//! An answer that comes as events, and how they make up a whole one.

use super::{Content, ErrorDetail, Response, WireUsage};
use crate::provider::Usage;
use crate::provider::sse::Event;
use serde::Deserialize;
use serde_json::Value;

/// The most parts of an answer. More is not an answer of a model.
const MAX_PARTS: usize = 10_000;

#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub(crate) enum StreamEvent {
    MessageStart {
        /// The answer so far: its usage is what matters.
        message: Response,
    },
    ContentBlockStart {
        index: usize,
        /// The part, mostly empty.
        content_block: Content,
    },
    ContentBlockDelta {
        index: usize,
        delta: Delta,
    },
    ContentBlockStop {
        index: usize,
    },
    /// The answer is about to end.
    MessageDelta {
        delta: MessageDelta,
        /// Its usage as a whole.
        #[serde(default)]
        usage: WireUsage,
    },
    MessageStop,
    /// The answer failed; nothing more comes.
    Error {
        error: ErrorDetail,
    },
    /// A sign of life, or something that is not known here.
    #[serde(other)]
    Other,
}

/// How a part goes on.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
#[expect(clippy::enum_variant_names, reason = "the provider's words")]
pub(crate) enum Delta {
    TextDelta {
        text: String,
    },
    /// More of a call's arguments.
    InputJsonDelta {
        /// A piece of JSON text.
        partial_json: String,
    },
    ThinkingDelta {
        thinking: String,
    },
    /// The provider's proof of a thought.
    SignatureDelta {
        signature: String,
    },
    /// Something that is not known here.
    #[serde(other)]
    Other,
}

#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub(crate) struct MessageDelta {
    /// See [`Response::stop_reason`].
    #[serde(default)]
    pub(crate) stop_reason: Option<String>,
}

/// Why events are not an answer.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum StreamError {
    /// An event is not what it should be.
    #[error("an event of the stream cannot be read: {0}")]
    Malformed(String),
    /// The provider says that it failed.
    #[error("the provider failed while it answered: {}: {}", .0.kind, .0.message)]
    Provider(ErrorDetail),
    /// The stream ended before the answer did.
    #[error("the stream ended before the answer did")]
    Cut,
}

impl StreamEvent {
    /// Reads an event.
    ///
    /// # Errors
    /// When it is not JSON, or an event that is known here is of another shape.
    pub(crate) fn parse(event: &Event) -> Result<Self, StreamError> {
        serde_json::from_str(&event.data).map_err(|error| StreamError::Malformed(error.to_string()))
    }
}

/// Puts an answer together. Its memory is bounded by what is fed to it.
#[derive(Debug, Default)]
pub(crate) struct Assembler {
    parts: Vec<Part>,
    stop_reason: Option<String>,
    usage: Usage,
    usage_whole: bool,
    stopped: bool,
}

#[derive(Debug)]
struct Part {
    content: Content,
    /// The arguments of a call, as text.
    arguments: String,
}

impl Assembler {
    /// Takes the next event.
    ///
    /// # Errors
    /// When it makes no sense, or says that the provider failed.
    pub(crate) fn push(&mut self, event: StreamEvent) -> Result<(), StreamError> {
        let malformed = |why: &str| Err(StreamError::Malformed(why.to_owned()));
        match event {
            StreamEvent::MessageStart { message } => self.usage = self.usage.max(message.usage.at_least()),
            StreamEvent::ContentBlockStart { index, content_block } => {
                if index != self.parts.len() || index >= MAX_PARTS {
                    return malformed("its parts are not in order");
                }
                self.parts.push(Part { content: content_block, arguments: String::new() });
            }
            StreamEvent::ContentBlockDelta { index, delta } => match self.parts.get_mut(index) {
                Some(part) => part.extend(delta)?,
                None => return malformed("a part goes on that did not begin"),
            },
            StreamEvent::MessageDelta { delta, usage } => {
                self.stop_reason = delta.stop_reason.or(self.stop_reason.take());
                self.usage = self.usage.max(usage.at_least());
                self.usage_whole |= usage.output_tokens.is_some();
            }
            StreamEvent::MessageStop => self.stopped = true,
            StreamEvent::Error { error } => return Err(StreamError::Provider(error)),
            StreamEvent::ContentBlockStop { .. } | StreamEvent::Other => {}
        }
        Ok(())
    }

    /// The whole answer.
    ///
    /// # Errors
    /// When it has not ended, or a call's arguments are not JSON.
    pub(crate) fn finish(self) -> Result<Response, StreamError> {
        if !self.stopped {
            return Err(StreamError::Cut);
        }
        let content = self.parts.into_iter().map(Part::finish).collect::<Result<_, _>>()?;
        let usage = WireUsage {
            input_tokens: Some(self.usage.input_tokens.saturating_sub(self.usage.cache_write_tokens)),
            cache_creation_input_tokens: Some(self.usage.cache_write_tokens),
            cache_read_input_tokens: None,
            output_tokens: self.usage_whole.then_some(self.usage.output_tokens),
        };
        Ok(Response { content, stop_reason: self.stop_reason, usage })
    }
}

impl Part {
    fn extend(&mut self, delta: Delta) -> Result<(), StreamError> {
        match (&mut self.content, delta) {
            (Content::Text { text }, Delta::TextDelta { text: more }) => text.push_str(&more),
            (Content::ToolUse { .. }, Delta::InputJsonDelta { partial_json }) => self.arguments.push_str(&partial_json),
            (Content::Thinking { thinking, .. }, Delta::ThinkingDelta { thinking: more }) => thinking.push_str(&more),
            (Content::Thinking { signature, .. }, Delta::SignatureDelta { signature: more }) => {
                signature.push_str(&more)
            }
            (Content::Other, _) | (_, Delta::Other) => {}
            _ => return Err(StreamError::Malformed("a part goes on as another kind".to_owned())),
        }
        Ok(())
    }

    fn finish(self) -> Result<Content, StreamError> {
        let Self { mut content, arguments } = self;
        if let Content::ToolUse { input, .. } = &mut content
            && !arguments.is_empty()
        {
            *input = serde_json::from_str::<Value>(&arguments)
                .map_err(|error| StreamError::Malformed(format!("the arguments of a call are not JSON: {error}")))?;
        }
        Ok(content)
    }
}
