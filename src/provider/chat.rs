//! OpenAI's chat completions, which most programs that serve models of one's own speak, and often nothing else: requests as an
//! allow-list, answers leniently.
//!
//! Requests bound what is written by exactly one of two numbers: newer models of OpenAI take `max_completion_tokens` only, many
//! others know `max_tokens` only.

pub(crate) mod stream;

use super::openai::{Effort, ErrorDetail, ToolMode};
use super::{Disallowed, RequestError, TextOr, dropped, is_false};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

/// A request: `POST /v1/chat/completions`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Request {
    pub(crate) model: String,
    pub(crate) messages: Vec<Message>,
    /// The tools that the client runs.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) tools: Vec<Tool>,
    /// Whether tools must be used.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) tool_choice: Option<ToolChoice>,
    /// Whether several calls may come at once.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) parallel_tool_calls: Option<bool>,
    /// The most tokens to write.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) max_tokens: Option<u32>,
    /// The same, those of reasoning included; never both.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) max_completion_tokens: Option<u32>,
    /// From 0 to 2.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) temperature: Option<f64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) reasoning_effort: Option<Effort>,
    /// Whether the answer comes as events.
    #[serde(default, skip_serializing_if = "is_false")]
    pub(crate) stream: bool,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) stream_options: Option<StreamOptions>,
}

impl Request {
    /// Parses a request that somebody else wrote.
    ///
    /// # Errors
    /// When it is not strict JSON, has anything that is not on the list, or bounds what is written twice.
    pub(crate) fn parse(body: &[u8]) -> Result<Self, RequestError> {
        let request: Self = super::parse(body, dropped::CHAT, classify)?;
        if request.max_tokens.is_some() && request.max_completion_tokens.is_some() {
            let message = "`max_tokens` and `max_completion_tokens` cannot go together".to_owned();
            return Err(RequestError { what: Disallowed::Field, message });
        }
        Ok(request)
    }
}

/// What comes with an answer in events.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct StreamOptions {
    /// Whether the last event counts the tokens.
    #[serde(default)]
    pub(crate) include_usage: bool,
}

/// A part of the conversation. Only inline text.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "role", rename_all = "lowercase", deny_unknown_fields)]
pub(crate) enum Message {
    System {
        content: TextOr<Text>,
    },
    /// The same, in a newer word.
    Developer {
        content: TextOr<Text>,
    },
    User {
        content: TextOr<Text>,
    },
    Assistant {
        /// Written as null when there is none: some programs want the field.
        #[serde(default)]
        content: Option<TextOr<Text>>,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        refusal: Option<String>,
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        tool_calls: Vec<ToolCall>,
    },
    /// The result of a call.
    Tool {
        tool_call_id: String,
        content: TextOr<Text>,
    },
}

/// A part of a message.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case", deny_unknown_fields)]
pub(crate) enum Text {
    Text { text: String },
}

/// The model calls a tool.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "lowercase", deny_unknown_fields)]
pub(crate) enum ToolCall {
    Function {
        /// What the result refers to.
        id: String,
        function: CalledFunction,
    },
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct CalledFunction {
    pub(crate) name: String,
    /// JSON, as text, as the model wrote it.
    pub(crate) arguments: String,
}

/// A tool that the client runs.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "lowercase", deny_unknown_fields)]
pub(crate) enum Tool {
    Function { function: Function },
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Function {
    /// What the model calls it.
    pub(crate) name: String,
    /// When and how to use it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) description: Option<String>,
    /// The JSON Schema of its arguments.
    pub(crate) parameters: Map<String, Value>,
    /// Whether the model must keep to the schema.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) strict: Option<bool>,
}

/// Whether tools must be used.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub(crate) enum ToolChoice {
    Mode(ToolMode),
    Function(FunctionChoice),
}

/// A tool that must be used.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "lowercase", deny_unknown_fields)]
pub(crate) enum FunctionChoice {
    Function { function: FunctionName },
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct FunctionName {
    pub(crate) name: String,
}

#[derive(Debug, Clone, PartialEq, Default, Deserialize)]
pub(crate) struct Response {
    /// One: more cannot be asked for.
    #[serde(default)]
    pub(crate) choices: Vec<Choice>,
    #[serde(default)]
    pub(crate) usage: Option<WireUsage>,
    /// What some gateways say in place of an answer, with status 200.
    #[serde(default)]
    pub(crate) error: Option<Value>,
}

/// An answer.
#[derive(Debug, Clone, PartialEq, Default, Deserialize)]
pub(crate) struct Choice {
    #[serde(default)]
    pub(crate) message: Answer,
    /// Why it stopped: `stop`, `tool_calls`, `length`, `content_filter` and what may come.
    #[serde(default)]
    pub(crate) finish_reason: Option<String>,
}

#[derive(Debug, Clone, PartialEq, Default, Deserialize)]
pub(crate) struct Answer {
    /// Text. Of some programs, parts with text.
    #[serde(default)]
    pub(crate) content: Option<Value>,
    #[serde(default)]
    pub(crate) refusal: Option<String>,
    #[serde(default)]
    pub(crate) tool_calls: Option<Vec<AnswerCall>>,
}

impl Answer {
    /// Its text; empty without any.
    #[must_use]
    pub(crate) fn text(&self) -> String {
        match &self.content {
            Some(Value::String(text)) => text.clone(),
            Some(Value::Array(parts)) => {
                parts.iter().filter_map(|part| part.get("text").and_then(Value::as_str)).collect()
            }
            _ => String::new(),
        }
    }
}

/// A call of a tool.
#[derive(Debug, Clone, PartialEq, Default, Deserialize)]
pub(crate) struct AnswerCall {
    /// What the result has to refer to. Some programs give none.
    #[serde(default)]
    pub(crate) id: Option<String>,
    #[serde(default)]
    pub(crate) function: AnswerFunction,
}

#[derive(Debug, Clone, PartialEq, Default, Deserialize)]
pub(crate) struct AnswerFunction {
    /// The tool, as the model named it.
    #[serde(default)]
    pub(crate) name: String,
    /// Its arguments: JSON, as text. Of some programs, the JSON itself.
    #[serde(default)]
    pub(crate) arguments: Value,
}

impl AnswerFunction {
    /// The arguments as text.
    #[must_use]
    pub(crate) fn text(&self) -> String {
        arguments(&self.arguments)
    }
}

/// Arguments as text; empty without any.
fn arguments(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Null => String::new(),
        other => other.to_string(),
    }
}

/// Usage as it is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
pub(crate) struct WireUsage {
    /// Read, what a cache had included.
    #[serde(default)]
    pub(crate) prompt_tokens: Option<u64>,
    /// Written, reasoning included.
    #[serde(default)]
    pub(crate) completion_tokens: Option<u64>,
}

impl WireUsage {
    /// In the words of all providers. None when either count is missing.
    #[must_use]
    pub(crate) fn usage(&self) -> Option<super::Usage> {
        let (input_tokens, output_tokens) = (self.prompt_tokens?, self.completion_tokens?);
        Some(super::Usage { input_tokens, cache_write_tokens: 0, output_tokens })
    }
}

/// An error, in whatever shape a gateway gives it.
#[must_use]
pub(crate) fn error_detail(error: &Value) -> ErrorDetail {
    let text = |key: &str| error.get(key).and_then(Value::as_str).map(str::to_owned);
    ErrorDetail {
        message: text("message").or_else(|| error.as_str().map(str::to_owned)),
        kind: text("type"),
        param: None,
        code: error.get("code").cloned(),
    }
}

/// What a request that does not parse most likely asked for.
fn classify(request: &Value) -> Disallowed {
    let list = |holder: &Value, key: &str| holder.get(key).and_then(Value::as_array).cloned().unwrap_or_default();
    let kind = |value: &Value| value.get("type").and_then(Value::as_str).unwrap_or_default().to_owned();
    if list(request, "tools").iter().any(|tool| kind(tool) != "function") || request.get("web_search_options").is_some()
    {
        return Disallowed::Tool;
    }
    let messages = list(request, "messages");
    if request.get("store").is_some() || messages.iter().any(|message| message.get("audio").is_some()) {
        return Disallowed::Stored;
    }
    let foreign = |message: &Value| list(message, "content").iter().any(|part| kind(part) != "text");
    let heard = ["modalities", "audio"].iter().any(|key| request.get(key).is_some());
    if heard || messages.iter().any(foreign) { Disallowed::Content } else { Disallowed::Field }
}

#[cfg(test)]
mod tests;
