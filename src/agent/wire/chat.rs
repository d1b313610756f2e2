//! OpenAI's chat completions.

use super::{Ask, Reply, SILENCE, Stop, is_blank, schema};
use crate::agent::conversation::{Call, Part, Turn};
use crate::provider::TextOr;
use crate::provider::chat::{
    CalledFunction, Choice, Function, Message, Request, Response, StreamOptions, Tool, ToolCall, ToolChoice,
};
use crate::provider::openai::ToolMode;
use serde_json::Value;

pub(in crate::agent) fn request(ask: &Ask<'_>) -> Request {
    let system = Message::System { content: ask.conversation.system.as_str().into() };
    // To name the tool that must be called is not known everywhere. Of one tool, `required` says the same.
    let offered = ask.tools.iter().filter(|tool| ask.must_call.is_none_or(|name| name == tool.name));
    Request {
        model: ask.model.to_owned(),
        messages: std::iter::once(system).chain(ask.conversation.turns.iter().flat_map(messages)).collect(),
        tools: offered
            .map(|tool| Tool::Function {
                function: Function {
                    name: tool.name.to_owned(),
                    description: Some(tool.description.to_owned()),
                    parameters: schema(tool),
                    strict: None,
                },
            })
            .collect(),
        tool_choice: ask.must_call.map(|_| ToolChoice::Mode(ToolMode::Required)),
        parallel_tool_calls: None,
        max_tokens: (!ask.completion_tokens).then_some(ask.max_tokens),
        max_completion_tokens: ask.completion_tokens.then_some(ask.max_tokens),
        temperature: None,
        reasoning_effort: None,
        stream: ask.stream,
        stream_options: ask.stream.then_some(StreamOptions { include_usage: true }),
    }
}

fn messages(turn: &Turn) -> Vec<Message> {
    match turn {
        Turn::User(text) => vec![Message::User { content: text.as_str().into() }],
        Turn::Assistant(parts) => vec![said(parts)],
        Turn::Results(results, note) => {
            let results = results
                .iter()
                .map(|result| Message::Tool { tool_call_id: result.id.clone(), content: result.text.as_str().into() });
            results.chain(note.iter().map(|note| Message::User { content: note.as_str().into() })).collect()
        }
    }
}

fn said(parts: &[Part]) -> Message {
    let (mut texts, mut tool_calls) = (Vec::new(), Vec::new());
    for part in parts {
        match part {
            Part::Text(text) if is_blank(text) => {}
            Part::Text(text) => texts.push(text.as_str()),
            Part::Call(call) => tool_calls.push(ToolCall::Function {
                id: call.id.clone(),
                function: CalledFunction { name: call.safe_name(), arguments: arguments(call) },
            }),
            Part::Thought(_) => {}
        }
    }
    if texts.is_empty() && tool_calls.is_empty() {
        texts.push(SILENCE);
    }
    let content = (!texts.is_empty()).then(|| TextOr::Text(texts.join("\n")));
    Message::Assistant { content, refusal: None, tool_calls }
}

/// Many programs read the arguments of earlier calls as JSON, and fail when they are not. What was wrong with them is in the
/// result.
fn arguments(call: &Call) -> String {
    match serde_json::from_str(&call.arguments) {
        Ok(Value::Object(_)) => call.arguments.clone(),
        _ => "{}".to_owned(),
    }
}

/// The answer. Errors in its place are not among them: the caller looks at that first.
pub(in crate::agent) fn reply(response: Response) -> Reply {
    let usage = response.usage.and_then(|usage| usage.usage()).unwrap_or_default();
    let Some(Choice { message, finish_reason }) = response.choices.into_iter().next() else {
        return Reply { parts: Vec::new(), stop: Stop::Other("no answer".to_owned()), usage };
    };
    let stop = match finish_reason.as_deref() {
        _ if message.refusal.as_ref().is_some_and(|refusal| !is_blank(refusal)) => Stop::Refused,
        Some("stop" | "tool_calls") => Stop::Done,
        Some("length") => Stop::MaxTokens,
        Some("content_filter") => Stop::Refused,
        other => Stop::Other(other.unwrap_or("no reason").to_owned()),
    };
    let text = message.text();
    let mut parts: Vec<Part> = if text.is_empty() { Vec::new() } else { vec![Part::Text(text)] };
    for (index, call) in message.tool_calls.into_iter().flatten().enumerate() {
        let id = call.id.filter(|id| !id.is_empty()).unwrap_or_else(|| format!("call_{index}"));
        let arguments = call.function.text();
        parts.push(Part::Call(Call { id, name: call.function.name, arguments }));
    }
    Reply { parts, stop, usage }
}
