//! An answer that comes as events. The last one holds the whole answer, so the others need not be put together.

use super::{ErrorDetail, Output, Response};
use crate::provider::sse::Event;
use serde::Deserialize;

#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(tag = "type")]
pub(crate) enum StreamEvent {
    #[serde(rename = "response.output_item.done")]
    ItemDone { item: Output },
    #[serde(rename = "response.completed", alias = "response.incomplete", alias = "response.failed")]
    Ended {
        /// All of it: its status says how it ended.
        response: Box<Response>,
    },
    /// The answer failed; nothing more comes.
    #[serde(rename = "error")]
    Error {
        #[serde(default)]
        code: Option<String>,
        #[serde(default)]
        message: Option<String>,
    },
    /// Something on the way, or something that is not known here.
    #[serde(other)]
    Other,
}

/// Why events are not an answer.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum StreamError {
    /// An event is not what it should be.
    #[error("an event of the stream cannot be read: {0}")]
    Malformed(String),
    /// The provider says that it failed.
    #[error("the provider failed while it answered: {}", .0.message.as_deref().unwrap_or("no reason given"))]
    Provider(Box<ErrorDetail>),
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
        // What some gateways send at the end.
        if event.data == "[DONE]" {
            return Ok(Self::Other);
        }
        serde_json::from_str(&event.data).map_err(|error| StreamError::Malformed(error.to_string()))
    }
}

/// Waits for the answer. Its memory is bounded by what is fed to it.
#[derive(Debug, Default)]
pub(crate) struct Assembler {
    parts: Vec<Output>,
    response: Option<Response>,
}

impl Assembler {
    /// Takes the next event.
    ///
    /// # Errors
    /// When it says that the provider failed.
    pub(crate) fn push(&mut self, event: StreamEvent) -> Result<(), StreamError> {
        match event {
            StreamEvent::ItemDone { item } => self.parts.push(item),
            StreamEvent::Ended { response } => self.response = Some(*response),
            StreamEvent::Error { code, message } => {
                let code = code.map(Into::into);
                let detail = ErrorDetail { message, code, ..ErrorDetail::default() };
                return Err(StreamError::Provider(Box::new(detail)));
            }
            StreamEvent::Other => {}
        }
        Ok(())
    }

    /// The whole answer, whatever its status.
    ///
    /// # Errors
    /// When it has not ended.
    pub(crate) fn finish(self) -> Result<Response, StreamError> {
        let mut response = self.response.ok_or(StreamError::Cut)?;
        if response.output.is_empty() {
            response.output = self.parts;
        }
        Ok(response)
    }
}
