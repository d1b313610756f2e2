//! OpenAI's Responses.

use super::{Ask, Reply, SILENCE, Stop, is_blank, schema};
use crate::agent::conversation::{Call, Part, Thought, Turn};
use crate::provider::TextOr;
use crate::provider::openai::{
    FunctionChoice, Include, Item, Never, Output, OutputContent, Request, Response, Role, Tool, ToolChoice,
};

pub(in crate::agent) fn request(ask: &Ask<'_>) -> Request {
    Request {
        model: ask.model.to_owned(),
        instructions: Some(ask.conversation.system.clone()),
        input: TextOr::Blocks(ask.conversation.turns.iter().flat_map(items).collect()),
        tools: ask
            .tools
            .iter()
            .map(|tool| Tool::Function {
                name: tool.name.to_owned(),
                description: Some(tool.description.to_owned()),
                parameters: schema(tool),
                // Strict schemas may not have optional fields.
                strict: Some(false),
            })
            .collect(),
        tool_choice: ask.must_call.map(|name| ToolChoice::Function(FunctionChoice::Function { name: name.to_owned() })),
        parallel_tool_calls: None,
        max_output_tokens: Some(ask.max_tokens),
        temperature: None,
        reasoning: None,
        include: if ask.thoughts { vec![Include::EncryptedReasoning] } else { Vec::new() },
        text: None,
        store: Never,
        stream: ask.stream,
    }
}

fn items(turn: &Turn) -> Vec<Item> {
    match turn {
        Turn::User(text) => vec![Item::message(Role::User, text)],
        Turn::Assistant(parts) => {
            let items: Vec<Item> = parts.iter().filter_map(item).collect();
            if items.is_empty() { vec![Item::message(Role::Assistant, SILENCE)] } else { items }
        }
        Turn::Results(results, note) => results
            .iter()
            .map(|result| Item::function_call_output(&result.id, &result.text))
            .chain(note.as_ref().map(|note| Item::message(Role::User, note)))
            .collect(),
    }
}

fn item(part: &Part) -> Option<Item> {
    match part {
        Part::Text(text) if is_blank(text) => None,
        Part::Text(text) => Some(Item::message(Role::Assistant, text)),
        Part::Call(call) => Some(Item::function_call(&call.id, call.safe_name(), &call.arguments)),
        Part::Thought(Thought::OpenAi(item)) => Some(item.clone()),
        Part::Thought(Thought::Anthropic(_)) => None,
    }
}

/// The answer. `failed` is not among them: the caller looks at that first.
pub(in crate::agent) fn reply(response: Response) -> Reply {
    let reason = response.incomplete_details.and_then(|details| details.reason);
    let mut stop = match (response.status.as_str(), reason.as_deref()) {
        ("completed", _) => Stop::Done,
        ("incomplete", Some("max_output_tokens")) => Stop::MaxTokens,
        ("incomplete", Some("content_filter")) => Stop::Refused,
        (status, reason) => Stop::Other(reason.unwrap_or(status).to_owned()),
    };
    let mut parts = Vec::new();
    for output in response.output {
        match output {
            Output::Message { content } => {
                for content in content {
                    match content {
                        OutputContent::OutputText { text } => parts.push(Part::Text(text)),
                        OutputContent::Refusal { .. } => stop = Stop::Refused,
                        OutputContent::Other => {}
                    }
                }
            }
            Output::FunctionCall { call_id, name, arguments } => {
                parts.push(Part::Call(Call { id: call_id, name, arguments }));
            }
            thought @ Output::Reasoning { .. } => {
                parts.extend(thought.to_item().map(|item| Part::Thought(Thought::OpenAi(item))));
            }
            Output::Other => {}
        }
    }
    let usage = response.usage.and_then(|usage| usage.usage()).unwrap_or_default();
    Reply { parts, stop, usage }
}
