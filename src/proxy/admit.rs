//! From a client's body to the request that is sent in its place: parsed strictly, held against the run's options, and
//! written anew from the fields that are allowed.

use super::options::Options;
use super::refusal::Refusal;
use crate::provider::{Api, RequestError, Usage, anthropic, chat, openai};

/// A request that may be sent.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Admitted {
    /// The model: one of the run's.
    pub(super) model: String,
    /// The body, written here.
    pub(super) body: Vec<u8>,
    /// The most that it can use.
    pub(super) worst: Usage,
    /// Whether the answer was asked for as events.
    pub(super) stream: bool,
    /// The trial features to ask Anthropic for.
    pub(super) betas: Vec<&'static str>,
}

/// Why a request may not be sent, and what of it, in words.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Refused {
    pub(super) why: Refusal,
    pub(super) detail: Option<String>,
    /// The model, if it is one of the run's.
    pub(super) model: Option<String>,
}

/// Bytes a token has at the least, where nobody counted: English has four, code three, and a run's budget of input is not a
/// wall that must hold to the last token.
const BYTES_PER_TOKEN: u64 = 3;

/// Makes the request to send.
pub(super) fn admit(api: Api, options: &Options, body: &[u8]) -> Result<Admitted, Refused> {
    match api {
        Api::Messages => {
            let mut request = anthropic::Request::parse(body).map_err(not_parsed)?;
            let model = pinned(options, &request.model)?;
            request.model.clone_from(&model);
            let output = bounded(options, Some(request.max_tokens), &model)?;
            write(&request, model, output, request.stream)
        }
        Api::Responses => {
            let mut request = openai::Request::parse(body).map_err(not_parsed)?;
            let model = pinned(options, &request.model)?;
            request.model.clone_from(&model);
            let output = bounded(options, request.max_output_tokens, &model)?;
            // Without a number of its own a call could write without end.
            request.max_output_tokens = Some(output);
            write(&request, model, output, request.stream)
        }
        Api::Chat => {
            let mut request = chat::Request::parse(body).map_err(not_parsed)?;
            let model = pinned(options, &request.model)?;
            request.model.clone_from(&model);
            let output = bounded(options, request.max_tokens.or(request.max_completion_tokens), &model)?;
            if request.max_completion_tokens.is_none() {
                request.max_tokens = Some(output);
            }
            // Without this a stream does not say what it cost.
            request.stream_options = request.stream.then_some(chat::StreamOptions { include_usage: true });
            write(&request, model, output, request.stream)
        }
    }
}

fn not_parsed(error: RequestError) -> Refused {
    Refused { why: error.what.into(), detail: Some(error.message), model: None }
}

/// The model that a request means, by its own name or an alias.
fn pinned(options: &Options, model: &str) -> Result<String, Refused> {
    let alias = options.aliases.iter().find(|alias| alias.name == model);
    let model = alias.map_or(model, |alias| &alias.model);
    let known = options.models.iter().find(|known| *known == model).cloned();
    known.ok_or(Refused { why: Refusal::ModelNotAllowed, detail: None, model: None })
}

fn bounded(options: &Options, asked: Option<u32>, model: &str) -> Result<u32, Refused> {
    let most = options.limits.tokens_per_call;
    match asked.unwrap_or(most) {
        asked if (1..=most).contains(&asked) => Ok(asked),
        _ => Err(Refused {
            why: Refusal::MaxTokensTooHigh,
            detail: Some(format!("1 to {most} are allowed")),
            model: Some(model.to_owned()),
        }),
    }
}

fn write(request: &impl serde::Serialize, model: String, output: u32, stream: bool) -> Result<Admitted, Refused> {
    let body = serde_json::to_vec(request).map_err(|_| Refused {
        why: Refusal::FieldNotAllowed,
        detail: None,
        model: Some(model.clone()),
    })?;
    let input_tokens = (body.len() as u64).div_ceil(BYTES_PER_TOKEN);
    let worst = Usage { input_tokens, cache_write_tokens: input_tokens, output_tokens: output.into() };
    Ok(Admitted { model, body, worst, stream, betas: Vec::new() })
}
