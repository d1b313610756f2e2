//! An answer that comes as events, and how they make up a whole one. It is whole when `[DONE]` has come: the count of tokens comes
//! after the last word.

use super::{Answer, AnswerCall, AnswerFunction, Choice, Response, WireUsage, arguments, error_detail};
pub(crate) use crate::provider::openai::stream::StreamError;
use crate::provider::sse::Event;
use serde::Deserialize;
use serde_json::Value;

/// The most calls of an answer. More is not an answer of a model.
const MAX_CALLS: usize = 10_000;

#[derive(Debug, Clone, PartialEq)]
pub(crate) enum StreamEvent {
    Chunk(Chunk),
    /// Nothing more comes.
    Done,
}

/// More of an answer.
#[derive(Debug, Clone, PartialEq, Default, Deserialize)]
pub(crate) struct Chunk {
    #[serde(default)]
    pub(crate) choices: Vec<ChunkChoice>,
    /// So far, or as a whole.
    #[serde(default)]
    pub(crate) usage: Option<WireUsage>,
    /// The answer failed.
    #[serde(default)]
    pub(crate) error: Option<Value>,
}

#[derive(Debug, Clone, PartialEq, Default, Deserialize)]
pub(crate) struct ChunkChoice {
    /// Which answer: only the first was asked for.
    #[serde(default)]
    pub(crate) index: u64,
    #[serde(default)]
    pub(crate) delta: Option<Delta>,
    /// See [`Choice::finish_reason`].
    #[serde(default)]
    pub(crate) finish_reason: Option<String>,
}

/// How an answer goes on.
#[derive(Debug, Clone, PartialEq, Default, Deserialize)]
pub(crate) struct Delta {
    #[serde(default)]
    pub(crate) content: Option<String>,
    #[serde(default)]
    pub(crate) refusal: Option<String>,
    #[serde(default)]
    pub(crate) tool_calls: Option<Vec<CallDelta>>,
}

/// How a call goes on, or begins.
#[derive(Debug, Clone, PartialEq, Default, Deserialize)]
pub(crate) struct CallDelta {
    /// Which call. Some programs leave it out, and send each call in one piece.
    #[serde(default)]
    pub(crate) index: Option<usize>,
    #[serde(default)]
    pub(crate) id: Option<String>,
    #[serde(default)]
    pub(crate) function: Option<FunctionDelta>,
}

#[derive(Debug, Clone, PartialEq, Default, Deserialize)]
pub(crate) struct FunctionDelta {
    #[serde(default)]
    pub(crate) name: Option<String>,
    /// More of the text; of some programs, the JSON itself.
    #[serde(default)]
    pub(crate) arguments: Value,
}

impl StreamEvent {
    /// Reads an event.
    ///
    /// # Errors
    /// When it is not JSON, or of another shape.
    pub(crate) fn parse(event: &Event) -> Result<Self, StreamError> {
        if event.data.trim() == "[DONE]" {
            return Ok(Self::Done);
        }
        let chunk = serde_json::from_str(&event.data);
        chunk.map(Self::Chunk).map_err(|error| StreamError::Malformed(error.to_string()))
    }
}

/// Puts an answer together. Its memory is bounded by what is fed to it.
#[derive(Debug, Default)]
pub(crate) struct Assembler {
    text: String,
    refusal: Option<String>,
    calls: Vec<Call>,
    finish_reason: Option<String>,
    usage: Option<WireUsage>,
    done: bool,
}

#[derive(Debug, Default)]
struct Call {
    index: Option<usize>,
    id: Option<String>,
    name: String,
    arguments: String,
}

impl Assembler {
    /// Takes the next event.
    ///
    /// # Errors
    /// When it makes no sense, or says that the provider failed.
    pub(crate) fn push(&mut self, event: StreamEvent) -> Result<(), StreamError> {
        let StreamEvent::Chunk(chunk) = event else {
            self.done = true;
            return Ok(());
        };
        if let Some(error) = chunk.error {
            return Err(StreamError::Provider(Box::new(error_detail(&error))));
        }
        self.usage = chunk.usage.or(self.usage);
        for choice in chunk.choices.into_iter().filter(|choice| choice.index == 0) {
            self.finish_reason = choice.finish_reason.or(self.finish_reason.take());
            let Some(delta) = choice.delta else { continue };
            self.text.push_str(&delta.content.unwrap_or_default());
            if let Some(refusal) = delta.refusal {
                self.refusal.get_or_insert_default().push_str(&refusal);
            }
            for call in delta.tool_calls.into_iter().flatten() {
                self.extend(call)?;
            }
        }
        Ok(())
    }

    fn extend(&mut self, delta: CallDelta) -> Result<(), StreamError> {
        let function = delta.function.unwrap_or_default();
        let known = match delta.index {
            Some(index) => self.calls.iter().position(|call| call.index == Some(index)),
            // A piece that neither says which call it is of nor has a name of its own goes on with the last one.
            None if function.name.is_none() => self.calls.len().checked_sub(1),
            None => None,
        };
        let at = known.unwrap_or(self.calls.len());
        if at >= MAX_CALLS {
            return Err(StreamError::Malformed("it has too many calls".to_owned()));
        }
        if known.is_none() {
            self.calls.push(Call { index: delta.index, ..Call::default() });
        }
        let Some(call) = self.calls.get_mut(at) else { return Ok(()) };
        call.id = call.id.take().or(delta.id);
        call.name.push_str(&function.name.unwrap_or_default());
        call.arguments.push_str(&arguments(&function.arguments));
        Ok(())
    }

    /// The whole answer.
    ///
    /// # Errors
    /// When it has not ended.
    pub(crate) fn finish(self) -> Result<Response, StreamError> {
        if !self.done {
            return Err(StreamError::Cut);
        }
        let calls = self.calls.into_iter().map(|call| AnswerCall {
            id: call.id,
            function: AnswerFunction { name: call.name, arguments: Value::String(call.arguments) },
        });
        let message = Answer {
            content: Some(Value::String(self.text)),
            refusal: self.refusal,
            tool_calls: Some(calls.collect()),
        };
        let choice = Choice { message, finish_reason: self.finish_reason };
        Ok(Response { choices: vec![choice], usage: self.usage, error: None })
    }
}
