//! Anthropic's Messages: requests as an allow-list, answers leniently.

pub(crate) mod stream;

use super::{Disallowed, RequestError, TextOr, dropped, is_false};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

/// The version of the API that these types are of: the header `anthropic-version`.
pub(crate) const VERSION: &str = "2023-06-01";

/// The trial features that a client may ask for, as the header `anthropic-beta` names them. None lets a model reach anything.
pub(crate) const BETAS: &[&str] = &["claude-code-20250219", "interleaved-thinking-2025-05-14", "effort-2025-11-24"];

/// Those of a header's features that are on the list, in its order. The others are left out, and nobody is told: clients name what
/// they might use.
#[must_use]
pub(crate) fn betas(header: &str) -> Vec<&'static str> {
    let asked = |feature: &str| header.split(',').any(|asked| asked.trim_matches([' ', '\t']) == feature);
    BETAS.iter().copied().filter(|feature| asked(feature)).collect()
}

/// A request: `POST /v1/messages`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Request {
    pub(crate) model: String,
    /// The most tokens to write.
    pub(crate) max_tokens: u32,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) system: Option<TextOr<TextBlock>>,
    pub(crate) messages: Vec<Message>,
    /// The tools that the client runs.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) tools: Vec<Tool>,
    /// Whether tools must be used.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) tool_choice: Option<ToolChoice>,
    /// From 0 to 1.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) temperature: Option<f64>,
    /// Texts that end the answer.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) stop_sequences: Vec<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) thinking: Option<Thinking>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) output_config: Option<OutputConfig>,
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
        let request: Self = super::parse(body, dropped::ANTHROPIC, classify)?;
        let text_only = |message: &Message| match &message.content {
            TextOr::Text(_) => true,
            TextOr::Blocks(blocks) => blocks.iter().all(|block| matches!(block, Block::Text { .. })),
        };
        match request.messages.iter().all(|message| message.role != Role::System || text_only(message)) {
            true => Ok(request),
            false => {
                let message = "a message of the role `system` may only hold text".to_owned();
                Err(RequestError { what: Disallowed::Content, message })
            }
        }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Role {
    User,
    Assistant,
    /// Instructions on the way: text only.
    System,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Message {
    pub(crate) role: Role,
    pub(crate) content: TextOr<Block>,
}

/// A part of a message. Only inline text, whatever its purpose.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case", deny_unknown_fields)]
pub(crate) enum Block {
    Text {
        text: String,
        /// Whether what came so far is to be kept for the next request.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        cache_control: Option<CacheControl>,
    },
    /// The model calls a tool.
    ToolUse {
        /// What the result refers to.
        id: String,
        name: String,
        input: Map<String, Value>,
        /// Whether what came so far is to be kept for the next request.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        cache_control: Option<CacheControl>,
    },
    ToolResult {
        tool_use_id: String,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        content: Option<TextOr<TextBlock>>,
        #[serde(default, skip_serializing_if = "is_false")]
        is_error: bool,
        /// Whether what came so far is to be kept for the next request.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        cache_control: Option<CacheControl>,
    },
    /// What the model thought, given back as it came.
    Thinking {
        thinking: String,
        /// The provider's proof that it is the model's.
        signature: String,
    },
    /// The same, encrypted by the provider.
    RedactedThinking { data: String },
}

impl Block {
    #[must_use]
    pub(crate) fn text(text: impl Into<String>) -> Self {
        Self::Text { text: text.into(), cache_control: None }
    }
}

/// Text alone: in system prompts and results of tools.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case", deny_unknown_fields)]
pub(crate) enum TextBlock {
    Text {
        text: String,
        /// Whether what came so far is to be kept for the next request.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        cache_control: Option<CacheControl>,
    },
}

/// Keeps what came so far for five minutes, for this organisation only.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case", deny_unknown_fields)]
pub(crate) enum CacheControl {
    /// For five minutes.
    Ephemeral {},
}

/// A tool that the client runs.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Tool {
    /// Nothing, or the word for tools of the client. The provider's own tools have other words.
    #[serde(rename = "type", default, skip_serializing_if = "Option::is_none")]
    pub(crate) kind: Option<ToolKind>,
    /// What the model calls it.
    pub(crate) name: String,
    /// When and how to use it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) description: Option<String>,
    /// The JSON Schema of its arguments.
    pub(crate) input_schema: Map<String, Value>,
    /// Whether what came so far is to be kept for the next request.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) cache_control: Option<CacheControl>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum ToolKind {
    Custom,
}

/// Whether tools must be used.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "lowercase", deny_unknown_fields)]
pub(crate) enum ToolChoice {
    Auto {
        /// At most one call at a time.
        #[serde(default, skip_serializing_if = "is_false")]
        disable_parallel_tool_use: bool,
    },
    Any {
        /// At most one call at a time.
        #[serde(default, skip_serializing_if = "is_false")]
        disable_parallel_tool_use: bool,
    },
    Tool {
        name: String,
        /// At most one call at a time.
        #[serde(default, skip_serializing_if = "is_false")]
        disable_parallel_tool_use: bool,
    },
    /// None.
    None {},
}

/// Whether to think first. Thoughts are tokens written: `max_tokens` bounds them too.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "lowercase", deny_unknown_fields)]
pub(crate) enum Thinking {
    /// Up to a number of tokens.
    Enabled {
        /// The number; less than `max_tokens`.
        budget_tokens: u32,
    },
    /// As much as the model likes.
    Adaptive {},
    /// No.
    Disabled {},
}

/// How to answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct OutputConfig {
    pub(crate) effort: Effort,
}

/// How hard to try. It costs tokens written: `max_tokens` bounds them too.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Effort {
    Low,
    Medium,
    High,
    Xhigh,
    Max,
}

#[derive(Debug, Clone, PartialEq, Deserialize)]
pub(crate) struct Response {
    #[serde(default)]
    pub(crate) content: Vec<Content>,
    /// Why it stopped: `end_turn`, `tool_use`, `max_tokens`, `stop_sequence`, `refusal`, `pause_turn` and what may come.
    #[serde(default)]
    pub(crate) stop_reason: Option<String>,
    #[serde(default)]
    pub(crate) usage: WireUsage,
}

/// A part of an answer.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub(crate) enum Content {
    Text {
        text: String,
    },
    /// A call of a tool.
    ToolUse {
        /// What the result has to refer to.
        id: String,
        /// The tool, as the model named it.
        name: String,
        /// Its arguments. An object, if the model kept to the schema.
        #[serde(default)]
        input: Value,
    },
    Thinking {
        #[serde(default)]
        thinking: String,
        #[serde(default)]
        signature: String,
    },
    /// The same, encrypted.
    RedactedThinking {
        data: String,
    },
    /// Something that is not known here.
    #[serde(other)]
    Other,
}

impl Content {
    /// The block that gives it back to the provider in the next request. None for what is not known here, and for a call whose
    /// arguments are not an object.
    #[must_use]
    pub(crate) fn to_block(&self) -> Option<Block> {
        match self {
            Self::Text { text } => Some(Block::text(text)),
            Self::ToolUse { id, name, input: Value::Object(input) } => {
                Some(Block::ToolUse { id: id.clone(), name: name.clone(), input: input.clone(), cache_control: None })
            }
            Self::Thinking { thinking, signature } => {
                Some(Block::Thinking { thinking: thinking.clone(), signature: signature.clone() })
            }
            Self::RedactedThinking { data } => Some(Block::RedactedThinking { data: data.clone() }),
            Self::ToolUse { .. } | Self::Other => None,
        }
    }
}

/// Usage as it is written. All of it may be missing, or null.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
pub(crate) struct WireUsage {
    /// Read, without what a cache had or took.
    #[serde(default)]
    pub(crate) input_tokens: Option<u64>,
    /// Read and put in a cache.
    #[serde(default)]
    pub(crate) cache_creation_input_tokens: Option<u64>,
    #[serde(default)]
    pub(crate) cache_read_input_tokens: Option<u64>,
    #[serde(default)]
    pub(crate) output_tokens: Option<u64>,
}

impl WireUsage {
    /// In the words of all providers. None when either count is missing.
    #[must_use]
    pub(crate) fn usage(&self) -> Option<super::Usage> {
        self.output_tokens?;
        self.input_tokens?;
        Some(self.at_least())
    }

    /// What is there of it.
    #[must_use]
    pub(crate) fn at_least(&self) -> super::Usage {
        let (written, read) =
            (self.cache_creation_input_tokens.unwrap_or(0), self.cache_read_input_tokens.unwrap_or(0));
        super::Usage {
            input_tokens: self.input_tokens.unwrap_or(0).saturating_add(written).saturating_add(read),
            cache_write_tokens: written,
            output_tokens: self.output_tokens.unwrap_or(0),
        }
    }
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct ErrorDetail {
    /// `overloaded_error`, `rate_limit_error`, `permission_error` and others.
    #[serde(rename = "type", default)]
    pub(crate) kind: String,
    #[serde(default)]
    pub(crate) message: String,
}

/// What a request that does not parse most likely asked for.
fn classify(request: &Value) -> Disallowed {
    let has = |keys: &[&str]| keys.iter().any(|key| request.get(key).is_some());
    let tools = request.get("tools").and_then(Value::as_array).into_iter().flatten();
    let server_tool = |tool: &Value| tool.get("type").is_some_and(|kind| kind != "custom" && !kind.is_null());
    if has(&["mcp_servers"]) || tools.into_iter().any(server_tool) {
        return Disallowed::Tool;
    }
    if has(&["container", "context_management"]) {
        return Disallowed::Stored;
    }
    let blocks = |holder: &Value| holder.get("content").and_then(Value::as_array).cloned().unwrap_or_default();
    let known = ["text", "tool_use", "tool_result", "thinking", "redacted_thinking"];
    let foreign = |block: &Value| {
        let kind = block.get("type").and_then(Value::as_str).unwrap_or_default();
        block.get("source").is_some() || !known.contains(&kind)
    };
    let messages = request.get("messages").and_then(Value::as_array).into_iter().flatten();
    let foreign_content = messages.flat_map(blocks).any(|block| foreign(&block) || blocks(&block).iter().any(foreign));
    if foreign_content { Disallowed::Content } else { Disallowed::Field }
}

#[cfg(test)]
mod tests;
