//! Anthropic's Messages.

use super::{Ask, Reply, SILENCE, Stop, is_blank, schema};
use crate::agent::conversation::{Call, CallResult, Part, Thought, Turn};
use crate::provider::TextOr;
use crate::provider::anthropic::{
    Block, CacheControl, Content, Message, Request, Response, Role, TextBlock, Tool, ToolChoice,
};
use serde_json::{Map, Value};

pub(in crate::agent) fn request(ask: &Ask<'_>) -> Request {
    let cached = Some(CacheControl::Ephemeral {});
    let mut messages: Vec<Message> = ask.conversation.turns.iter().map(message).collect();
    // Two marks of the four that there may be: what never changes, and all that has been said so far.
    if let Some(Message { content: TextOr::Blocks(blocks), .. }) = messages.last_mut()
        && let Some(Block::Text { cache_control, .. } | Block::ToolResult { cache_control, .. }) = blocks.last_mut()
    {
        *cache_control = cached;
    }
    let system = TextBlock::Text { text: ask.conversation.system.clone(), cache_control: cached };
    Request {
        model: ask.model.to_owned(),
        max_tokens: ask.max_tokens,
        system: Some(TextOr::Blocks(vec![system])),
        messages,
        tools: ask
            .tools
            .iter()
            .map(|tool| Tool {
                kind: None,
                name: tool.name.to_owned(),
                description: Some(tool.description.to_owned()),
                input_schema: schema(tool),
                cache_control: None,
            })
            .collect(),
        tool_choice: ask
            .must_call
            .map(|name| ToolChoice::Tool { name: name.to_owned(), disable_parallel_tool_use: false }),
        temperature: None,
        stop_sequences: Vec::new(),
        thinking: None,
        output_config: None,
        stream: ask.stream,
    }
}

fn message(turn: &Turn) -> Message {
    let (role, blocks) = match turn {
        Turn::User(text) => (Role::User, vec![Block::text(text)]),
        Turn::Assistant(parts) => (Role::Assistant, said(parts)),
        Turn::Results(results, note) => {
            let mut blocks: Vec<Block> = results.iter().map(result).collect();
            blocks.extend(note.as_ref().map(Block::text));
            (Role::User, blocks)
        }
    };
    Message { role, content: TextOr::Blocks(blocks) }
}

fn said(parts: &[Part]) -> Vec<Block> {
    let mut blocks: Vec<Block> = parts.iter().filter_map(block).collect();
    if blocks.is_empty() {
        blocks.push(Block::text(SILENCE));
    }
    blocks
}

fn block(part: &Part) -> Option<Block> {
    match part {
        Part::Text(text) if is_blank(text) => None,
        Part::Text(text) => Some(Block::text(text)),
        Part::Call(call) => Some(Block::ToolUse {
            id: call.id.clone(),
            name: call.safe_name(),
            // Arguments that are no object cannot be given back; what was wrong with them is in the result.
            input: match serde_json::from_str(&call.arguments) {
                Ok(Value::Object(input)) => input,
                _ => Map::new(),
            },
            cache_control: None,
        }),
        Part::Thought(Thought::Anthropic(block)) => Some(block.clone()),
        Part::Thought(Thought::OpenAi(_)) => None,
    }
}

fn result(result: &CallResult) -> Block {
    Block::ToolResult {
        tool_use_id: result.id.clone(),
        content: Some(TextOr::Text(result.text.clone())),
        is_error: result.error,
        cache_control: None,
    }
}

pub(in crate::agent) fn reply(response: Response) -> Reply {
    let stop = match response.stop_reason.as_deref() {
        Some("end_turn" | "tool_use" | "stop_sequence" | "pause_turn") => Stop::Done,
        Some("max_tokens" | "model_context_window_exceeded") => Stop::MaxTokens,
        Some("refusal") => Stop::Refused,
        other => Stop::Other(other.unwrap_or("no reason").to_owned()),
    };
    let usage = response.usage.at_least();
    let parts = response.content.into_iter().filter_map(|content| match content {
        Content::Text { text } => Some(Part::Text(text)),
        Content::ToolUse { id, name, input } => Some(Part::Call(Call { id, name, arguments: input.to_string() })),
        thought @ (Content::Thinking { .. } | Content::RedactedThinking { .. }) => {
            thought.to_block().map(|block| Part::Thought(Thought::Anthropic(block)))
        }
        Content::Other => None,
    });
    Reply { parts: parts.collect(), stop, usage }
}
