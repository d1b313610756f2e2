//! OpenAI's Responses: requests as an allow-list, answers leniently.
//!
//! Nothing is stored and nothing stored is referred to: `store` is always written as false, the ids of items are read and
//! left out, and a thought is given back only with its encrypted content.

pub(crate) mod stream;

use super::{Disallowed, RequestError, TextOr, dropped, is_false};
use serde::{Deserialize, Deserializer, Serialize};
use serde_json::{Map, Value};

/// A request: `POST /v1/responses`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Request {
    pub(crate) model: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) instructions: Option<String>,
    pub input: Input,
    /// The tools that the client runs.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) tools: Vec<Tool>,
    /// Whether tools must be used.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) tool_choice: Option<ToolChoice>,
    /// Whether several calls may come at once.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) parallel_tool_calls: Option<bool>,
    /// The most tokens to write, those of reasoning included.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) max_output_tokens: Option<u32>,
    /// From 0 to 2.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) temperature: Option<f64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) reasoning: Option<Reasoning>,
    /// What else the answer should hold.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) include: Vec<Include>,
    /// How to write.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) text: Option<Writing>,
    /// Never.
    #[serde(default)]
    pub(crate) store: Never,
    /// Whether the answer comes as events.
    #[serde(default, skip_serializing_if = "is_false")]
    pub(crate) stream: bool,
}

impl Request {
    /// Parses a request that somebody else wrote.
    ///
    /// # Errors
    /// When it is not strict JSON or has anything that is not on the list.
    pub(crate) fn parse(body: &[u8]) -> Result<Self, RequestError> {
        super::parse(body, dropped::OPENAI, classify)
    }
}

/// A switch that is off: false when written, and nothing but false is read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Never;

impl Serialize for Never {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_bool(false)
    }
}

impl<'de> Deserialize<'de> for Never {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        if bool::deserialize(deserializer)? {
            return Err(serde::de::Error::custom("`store` may only be false"));
        }
        Ok(Self)
    }
}

/// The conversation: a text of the user, or items.
pub(crate) type Input = TextOr<Item>;

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Role {
    User,
    Assistant,
    Developer,
    /// The same, in an older word.
    System,
}

/// A part of the conversation. Only inline text.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub(crate) enum Item {
    Message(Message),
    /// The model calls a tool.
    FunctionCall(FunctionCall),
    FunctionCallOutput(FunctionCallOutput),
    /// What the model thought, given back as it came.
    Reasoning(ReasoningItem),
}

/// By hand: a message may come without its type.
impl<'de> Deserialize<'de> for Item {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        use serde::de::Error;
        let mut map = Map::deserialize(deserializer)?;
        let kind = match map.shift_remove("type") {
            Some(Value::String(kind)) => kind,
            None if map.contains_key("role") => "message".to_owned(),
            _ => return Err(D::Error::missing_field("type")),
        };
        let rest = Value::Object(map);
        match kind.as_str() {
            "message" => serde_json::from_value(rest).map(Self::Message),
            "function_call" => serde_json::from_value(rest).map(Self::FunctionCall),
            "function_call_output" => serde_json::from_value(rest).map(Self::FunctionCallOutput),
            "reasoning" => serde_json::from_value(rest).map(Self::Reasoning),
            _ => {
                let known = &["message", "function_call", "function_call_output", "reasoning"];
                return Err(D::Error::unknown_variant(&kind, known));
            }
        }
        .map_err(D::Error::custom)
    }
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Message {
    pub(crate) role: Role,
    pub(crate) content: TextOr<Text>,
}

/// A call of a tool.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct FunctionCall {
    /// What the output refers to.
    pub(crate) call_id: String,
    pub(crate) name: String,
    /// Its arguments: JSON, as text, as the model wrote it.
    pub(crate) arguments: String,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct FunctionCallOutput {
    pub(crate) call_id: String,
    pub(crate) output: TextOr<Text>,
}

/// What the model thought. Without the encrypted content it would be a reference to something stored.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct ReasoningItem {
    /// What of it may be shown.
    pub(crate) summary: Vec<Summary>,
    /// All of it, for the provider alone.
    pub(crate) encrypted_content: String,
}

impl Item {
    #[must_use]
    pub(crate) fn message(role: Role, text: impl Into<String>) -> Self {
        Self::Message(Message { role, content: TextOr::Text(text.into()) })
    }

    /// A call of a tool, given back.
    #[must_use]
    pub(crate) fn function_call(
        call_id: impl Into<String>,
        name: impl Into<String>,
        arguments: impl Into<String>,
    ) -> Self {
        let (call_id, name, arguments) = (call_id.into(), name.into(), arguments.into());
        Self::FunctionCall(FunctionCall { call_id, name, arguments })
    }

    #[must_use]
    pub(crate) fn function_call_output(call_id: impl Into<String>, output: impl Into<String>) -> Self {
        let (call_id, output) = (call_id.into(), TextOr::Text(output.into()));
        Self::FunctionCallOutput(FunctionCallOutput { call_id, output })
    }

    /// What the model thought, given back.
    #[must_use]
    pub(crate) fn reasoning(summary: Vec<Summary>, encrypted_content: impl Into<String>) -> Self {
        let encrypted_content = encrypted_content.into();
        Self::Reasoning(ReasoningItem { summary, encrypted_content })
    }
}

/// A part of a message or an output.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case", deny_unknown_fields)]
#[expect(clippy::enum_variant_names, reason = "the provider's words")]
pub(crate) enum Text {
    InputText { text: String },
    OutputText { text: String },
    Refusal { refusal: String },
}

/// What of a thought may be shown.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case", deny_unknown_fields)]
pub(crate) enum Summary {
    SummaryText { text: String },
}

/// A tool that the client runs.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case", deny_unknown_fields)]
pub(crate) enum Tool {
    Function {
        /// What the model calls it.
        name: String,
        /// When and how to use it.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        description: Option<String>,
        /// The JSON Schema of its arguments.
        parameters: Map<String, Value>,
        /// Whether the model must keep to the schema.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        strict: Option<bool>,
    },
}

/// Whether tools must be used.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub(crate) enum ToolChoice {
    Mode(ToolMode),
    Function(FunctionChoice),
}

/// Whether tools must be used, in general.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum ToolMode {
    Auto,
    /// None.
    None,
    Required,
}

/// A tool that must be used.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "lowercase", deny_unknown_fields)]
pub(crate) enum FunctionChoice {
    Function { name: String },
}

/// How much to reason. The tokens of it are written ones: `max_output_tokens` bounds them too.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Reasoning {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) effort: Option<Effort>,
    /// Whether to say what was thought.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) summary: Option<SummaryMode>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Effort {
    None,
    Minimal,
    Low,
    Medium,
    High,
    Xhigh,
}

/// Whether to say what was thought.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum SummaryMode {
    Auto,
    Concise,
    Detailed,
}

/// What else an answer should hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Include {
    /// Thoughts, encrypted, to be given back: nothing is stored, so they must be.
    #[serde(rename = "reasoning.encrypted_content")]
    EncryptedReasoning,
}

/// How to write.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Writing {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) verbosity: Option<Verbosity>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) format: Option<Format>,
}

/// How much to write.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Verbosity {
    Low,
    Medium,
    High,
}

/// The form of what is written.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case", deny_unknown_fields)]
pub(crate) enum Format {
    /// JSON of a schema.
    JsonSchema {
        /// What the model calls it.
        name: String,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        description: Option<String>,
        schema: Map<String, Value>,
        /// Whether the model must keep to the schema.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        strict: Option<bool>,
    },
}

#[derive(Debug, Clone, PartialEq, Deserialize)]
pub(crate) struct Response {
    /// `completed`, `incomplete`, `failed` and what may come.
    #[serde(default)]
    pub(crate) status: String,
    #[serde(default)]
    pub(crate) incomplete_details: Option<IncompleteDetails>,
    #[serde(default)]
    pub(crate) error: Option<ErrorDetail>,
    #[serde(default)]
    pub(crate) output: Vec<Output>,
    #[serde(default)]
    pub(crate) usage: Option<WireUsage>,
}

/// Why an answer is incomplete.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub(crate) struct IncompleteDetails {
    /// `max_output_tokens`, `content_filter` and what may come.
    #[serde(default)]
    pub(crate) reason: Option<String>,
}

/// A part of an answer.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub(crate) enum Output {
    Message {
        #[serde(default)]
        content: Vec<OutputContent>,
    },
    /// A call of a tool.
    FunctionCall {
        /// What the output has to refer to.
        call_id: String,
        /// The tool, as the model named it.
        name: String,
        /// Its arguments: JSON, as text, as the model wrote it.
        #[serde(default)]
        arguments: String,
    },
    Reasoning {
        /// What of it may be shown.
        #[serde(default)]
        summary: Vec<Summary>,
        /// All of it, for the provider alone; only if it was asked for.
        #[serde(default)]
        encrypted_content: Option<String>,
    },
    /// Something that is not known here.
    #[serde(other)]
    Other,
}

/// A part of a message in an answer.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub(crate) enum OutputContent {
    OutputText {
        text: String,
    },
    Refusal {
        refusal: String,
    },
    /// Something that is not known here.
    #[serde(other)]
    Other,
}

impl Output {
    /// The item that gives it back to the provider in the next request. None for what is not known here, and for a thought
    /// whose encrypted content was not asked for.
    #[must_use]
    pub(crate) fn to_item(&self) -> Option<Item> {
        match self {
            Self::Message { content } => {
                let parts = content.iter().filter_map(|part| match part {
                    OutputContent::OutputText { text } => Some(Text::OutputText { text: text.clone() }),
                    OutputContent::Refusal { refusal } => Some(Text::Refusal { refusal: refusal.clone() }),
                    OutputContent::Other => None,
                });
                let content = TextOr::Blocks(parts.collect());
                Some(Item::Message(Message { role: Role::Assistant, content }))
            }
            Self::FunctionCall { call_id, name, arguments } => Some(Item::function_call(call_id, name, arguments)),
            Self::Reasoning { summary, encrypted_content } => {
                encrypted_content.as_ref().map(|content| Item::reasoning(summary.clone(), content))
            }
            Self::Other => None,
        }
    }
}

/// Usage as it is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
pub(crate) struct WireUsage {
    /// Read, what a cache had included.
    #[serde(default)]
    pub(crate) input_tokens: Option<u64>,
    /// Written, reasoning included.
    #[serde(default)]
    pub(crate) output_tokens: Option<u64>,
}

impl WireUsage {
    /// In the words of all providers. None when either count is missing.
    #[must_use]
    pub(crate) fn usage(&self) -> Option<super::Usage> {
        let (input_tokens, output_tokens) = (self.input_tokens?, self.output_tokens?);
        Some(super::Usage { input_tokens, cache_write_tokens: 0, output_tokens })
    }
}

#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub(crate) struct ErrorDetail {
    #[serde(default)]
    pub(crate) message: Option<String>,
    /// What kind: `invalid_request_error`, `server_error` and others.
    #[serde(rename = "type", default)]
    pub(crate) kind: Option<String>,
    /// The parameter that is wrong.
    #[serde(default)]
    pub(crate) param: Option<Value>,
    #[serde(default)]
    pub(crate) code: Option<Value>,
}

/// What a request that does not parse most likely asked for.
fn classify(request: &Value) -> Disallowed {
    let has = |keys: &[&str]| keys.iter().any(|key| request.get(key).is_some());
    let list = |key: &str| request.get(key).and_then(Value::as_array).into_iter().flatten();
    let kind = |value: &Value| value.get("type").and_then(Value::as_str).unwrap_or_default().to_owned();
    if list("tools").any(|tool| kind(tool) != "function") {
        return Disallowed::Tool;
    }
    let stored = request.get("store").is_some_and(|store| store != false);
    let referred = |item: &Value| {
        kind(item) == "item_reference" || (kind(item) == "reasoning" && item.get("encrypted_content").is_none())
    };
    if stored || has(&["background", "previous_response_id", "conversation", "prompt"]) || list("input").any(referred) {
        return Disallowed::Stored;
    }
    let items = ["", "message", "function_call", "function_call_output", "reasoning"];
    let parts = ["input_text", "output_text", "refusal", "reasoning_text"];
    let foreign = |item: &Value| {
        let inside = ["content", "output"].iter().filter_map(|key| item.get(key)?.as_array()).flatten();
        !items.contains(&kind(item).as_str()) || inside.into_iter().any(|part| !parts.contains(&kind(part).as_str()))
    };
    if list("input").any(foreign) { Disallowed::Content } else { Disallowed::Field }
}

#[cfg(test)]
mod tests;
