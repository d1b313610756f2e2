//! How the model is asked: through the proxy's Unix socket, again when the provider says to come back.

use super::event::Event;
use super::wire::{self, Ask, Reply, Stop};
use crate::fetch::{install_crypto, retry};
use crate::provider::sse::Decoder;
use crate::provider::{Api, anthropic, chat, openai};
use crate::text::cut;
use reqwest::header::CONTENT_TYPE;
use secrecy::{ExposeSecret, SecretString};
use std::path::Path;
use std::time::Duration;
use tokio::time::Instant;

/// The most bytes of an answer: its events say everything twice, and the last of OpenAI's once more.
const MAX_ANSWER_BYTES: usize = 32 * 1024 * 1024;
/// The most bytes of an error that are read.
const MAX_ERROR_BYTES: usize = 64 * 1024;
/// The most characters of a provider's own words in a reason.
const MAX_WORDS: usize = 300;

/// How long to wait and how often to try.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Patience {
    pub(crate) retries: u32,
    /// The wait before the second attempt; it doubles with each.
    pub(crate) base: Duration,
    /// The longest wait. A provider that asks for a longer one is not asked again.
    pub(crate) longest: Duration,
    /// The longest silence in an answer; without streaming, the longest answer.
    pub(crate) silence: Duration,
}

impl Default for Patience {
    fn default() -> Self {
        Self {
            retries: 5,
            base: Duration::from_secs(1),
            longest: Duration::from_secs(120),
            silence: Duration::from_secs(600),
        }
    }
}

/// Why there is no answer.
#[derive(Debug)]
pub(super) enum Failure {
    /// In a sentence. Asking again does not help.
    Final(String),
    /// The conversation is longer than the model can read.
    TooLong(String),
    /// The model cannot give its thoughts to be given back.
    NoThoughts,
    /// The model wants the limit of what it writes under its other name.
    OtherLimit,
}

/// What went wrong with one attempt.
#[derive(Debug)]
enum Problem {
    Status { status: u16, after: Option<Duration>, kind: String, words: String },
    Connection(String),
    Timeout,
    Cut,
    Malformed(String),
    Provider { kind: String, words: String },
}

impl Problem {
    fn why(&self) -> &'static str {
        match self {
            Self::Status { .. } => "status",
            Self::Connection(_) => "connection",
            Self::Timeout => "timeout",
            Self::Cut => "cut",
            Self::Malformed(_) => "malformed",
            Self::Provider { .. } => "provider",
        }
    }

    fn may_pass(&self) -> bool {
        match self {
            Self::Status { status, .. } => matches!(status, 408 | 409 | 429 | 500..=599),
            Self::Provider { kind, .. } => kind != "invalid_request_error" && kind != "permission_error",
            Self::Connection(_) | Self::Timeout | Self::Cut | Self::Malformed(_) => true,
        }
    }

    fn sentence(&self) -> String {
        let said = |kind: &str, words: &str| {
            let words = if words.is_empty() { kind } else { words };
            // The proxy says who it is; the sentence does so already.
            let words = words.strip_prefix("mcp-registry proxy: ").unwrap_or(words);
            if words.is_empty() { String::new() } else { format!(": {}", cut(words, MAX_WORDS)) }
        };
        match self {
            Self::Status { status: 403, kind, words, .. } => {
                format!("the proxy refused the call (403){}", said(kind, words))
            }
            Self::Status { status, kind, words, .. } => format!("the provider answered {status}{}", said(kind, words)),
            Self::Connection(words) => format!("the proxy cannot be reached{}", said("", words)),
            Self::Timeout => "the provider did not answer in time".to_owned(),
            Self::Cut => "the provider's answer broke off".to_owned(),
            Self::Malformed(words) => format!("the provider's answer cannot be read{}", said("", words)),
            Self::Provider { kind, words } => format!("the provider failed while it answered{}", said(kind, words)),
        }
    }

    fn is_too_long(&self) -> bool {
        let Self::Status { status: status @ (400 | 413), kind, words, .. } = self else { return false };
        let words = words.to_ascii_lowercase();
        *status == 413
            || kind == "context_length_exceeded"
            || ["too long", "context window", "context length", "context_length", "context size"]
                .iter()
                .any(|sign| words.contains(sign))
    }

    fn is_about_the_limit(&self) -> bool {
        matches!(self, Self::Status { status: 400, words, .. } if words.contains("max_completion_tokens"))
    }

    fn is_about_thoughts(&self) -> bool {
        matches!(self, Self::Status { status: 400, words, .. } if words.to_ascii_lowercase().contains("encrypted content"))
    }
}

/// The way to the model.
#[derive(Debug)]
pub(super) struct Client {
    http: reqwest::Client,
    api: Api,
    token: SecretString,
    patience: Patience,
    /// Requests so far: makes waits differ from each other, and the same in every run.
    asked: u64,
}

impl Client {
    /// A client that speaks to the proxy behind a socket, and to nobody else.
    ///
    /// # Errors
    /// When the HTTP client cannot be made.
    pub(super) fn new(
        api: Api,
        socket: &Path,
        token: SecretString,
        patience: Patience,
    ) -> Result<Self, reqwest::Error> {
        install_crypto();
        let http = reqwest::Client::builder()
            .unix_socket(socket)
            .user_agent(crate::fetch::USER_AGENT)
            .tls_certs_only([])
            .redirect(reqwest::redirect::Policy::none())
            .referer(false)
            .no_proxy()
            .read_timeout(patience.silence)
            .build()?;
        Ok(Self { http, api, token, patience, asked: 0 })
    }

    /// Asks, and asks again while that may help and `until` has not come.
    ///
    /// # Errors
    /// When there is no answer in the end.
    pub(super) async fn ask(
        &mut self,
        ask: &Ask<'_>,
        until: Instant,
        tell: &mut dyn FnMut(&Event),
    ) -> Result<Reply, Failure> {
        let body = match self.api {
            Api::Messages => serde_json::to_vec(&wire::anthropic::request(ask)),
            Api::Responses => serde_json::to_vec(&wire::openai::request(ask)),
            Api::Chat => serde_json::to_vec(&wire::chat::request(ask)),
        }
        .map_err(|error| Failure::Final(format!("the request cannot be written: {error}")))?;
        let mut attempt = 0_u32;
        loop {
            self.asked += 1;
            let problem = match self.attempt(body.clone(), ask.stream).await {
                Ok(reply) => return Ok(reply),
                Err(problem) => problem,
            };
            if problem.is_too_long() {
                return Err(Failure::TooLong(problem.sentence()));
            }
            if ask.thoughts && problem.is_about_thoughts() {
                return Err(Failure::NoThoughts);
            }
            if self.api == Api::Chat && !ask.completion_tokens && problem.is_about_the_limit() {
                return Err(Failure::OtherLimit);
            }
            if !problem.may_pass() {
                return Err(Failure::Final(problem.sentence()));
            }
            let Some(wait) = self.wait(attempt, &problem) else {
                let more = match (&problem, attempt + 1) {
                    (Problem::Status { after: Some(after), .. }, _) if *after > self.patience.longest => {
                        format!(" (it wants to be asked again in {} seconds, which is too long)", after.as_secs())
                    }
                    (_, 1) => String::new(),
                    (_, times) => format!(" (asked {times} times)"),
                };
                return Err(Failure::Final(format!("{}{more}", problem.sentence())));
            };
            attempt += 1;
            // Whoever waits outside would end it meanwhile, and nobody would know why.
            if Instant::now() + wait >= until {
                let times = if attempt == 1 { "asked once".to_owned() } else { format!("asked {attempt} times") };
                let why = problem.sentence();
                return Err(Failure::Final(format!("{why} ({times}; there is no time to ask again)")));
            }
            let status = if let Problem::Status { status, .. } = problem { Some(status) } else { None };
            let wait_ms = u64::try_from(wait.as_millis()).unwrap_or(u64::MAX);
            tell(&Event::Retry { status, why: problem.why(), attempt, wait_ms });
            tokio::time::sleep(wait).await;
        }
    }

    /// How long to wait after attempt number `attempt`, from 0; none to give up.
    fn wait(&self, attempt: u32, problem: &Problem) -> Option<Duration> {
        let Patience { retries, base, longest, .. } = self.patience;
        if attempt >= retries {
            return None;
        }
        let own = base.saturating_mul(1 << attempt.min(16)).min(longest);
        let asked = if let Problem::Status { after: Some(after), .. } = problem { *after } else { Duration::ZERO };
        if asked > longest {
            return None;
        }
        // Up to a quarter more, so that many agents do not come back together. A hash of the count: runs can be repeated.
        let quarter = u64::try_from((own / 4).as_millis()).unwrap_or(u64::MAX);
        let spread = self.asked.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 32;
        Some(own.max(asked) + Duration::from_millis(spread % quarter.saturating_add(1)))
    }

    async fn attempt(&self, body: Vec<u8>, stream: bool) -> Result<Reply, Problem> {
        let token = self.token.expose_secret();
        // The host is not looked up: every connection goes to the socket.
        let request =
            self.http.post(format!("http://proxy{}", self.api.proxy_path())).header(CONTENT_TYPE, "application/json");
        let request = match self.api {
            Api::Messages => request.header("x-api-key", token).header("anthropic-version", anthropic::VERSION),
            Api::Responses | Api::Chat => request.bearer_auth(token),
        };
        let mut response = request.body(body).send().await.map_err(|error| problem(&error))?;
        let status = response.status().as_u16();
        if status != 200 {
            let after = retry::after(response.headers());
            let body = read(&mut response, MAX_ERROR_BYTES).await.unwrap_or_default();
            let (kind, words) = error_words(&body);
            return Err(Problem::Status { status, after, kind, words });
        }
        if stream { self.events(&mut response).await } else { self.whole(&mut response).await }
    }

    async fn whole(&self, response: &mut reqwest::Response) -> Result<Reply, Problem> {
        let body = read(response, MAX_ANSWER_BYTES).await?;
        let malformed = |error: serde_json::Error| Problem::Malformed(error.to_string());
        match self.api {
            Api::Messages => serde_json::from_slice(&body).map(wire::anthropic::reply).map_err(malformed),
            Api::Responses => serde_json::from_slice(&body).map_err(malformed).and_then(openai_reply),
            Api::Chat => serde_json::from_slice(&body).map_err(malformed).and_then(chat_reply),
        }
    }

    async fn events(&self, response: &mut reqwest::Response) -> Result<Reply, Problem> {
        let mut decoder = Decoder::default();
        let mut events = match self.api {
            Api::Messages => Events::Anthropic(anthropic::stream::Assembler::default(), false),
            Api::Responses => Events::OpenAi(Box::default()),
            Api::Chat => Events::Chat(Box::default()),
        };
        let mut bytes = 0_usize;
        while let Some(chunk) = response.chunk().await.map_err(|error| problem(&error))? {
            bytes += chunk.len();
            if bytes > MAX_ANSWER_BYTES {
                return Err(Problem::Malformed("it has too many bytes".to_owned()));
            }
            for event in decoder.push(&chunk).map_err(|error| Problem::Malformed(error.to_string()))? {
                events.push(&event)?;
            }
        }
        events.finish()
    }
}

/// An answer that comes as events.
enum Events {
    /// And whether it is cut at its limit of tokens: then a call's arguments may end anywhere.
    Anthropic(anthropic::stream::Assembler, bool),
    OpenAi(Box<openai::stream::Assembler>),
    Chat(Box<chat::stream::Assembler>),
}

impl Events {
    fn push(&mut self, event: &crate::provider::sse::Event) -> Result<(), Problem> {
        match self {
            Self::Anthropic(assembler, is_cut) => {
                let event = anthropic::stream::StreamEvent::parse(event).map_err(anthropic_problem)?;
                if let anthropic::stream::StreamEvent::MessageDelta { delta, .. } = &event {
                    *is_cut |= delta.stop_reason.as_deref() == Some("max_tokens");
                }
                assembler.push(event).map_err(anthropic_problem)
            }
            Self::OpenAi(assembler) => {
                let event = openai::stream::StreamEvent::parse(event).map_err(openai_problem)?;
                assembler.push(event).map_err(openai_problem)
            }
            Self::Chat(assembler) => {
                let event = chat::stream::StreamEvent::parse(event).map_err(openai_problem)?;
                assembler.push(event).map_err(openai_problem)
            }
        }
    }

    fn finish(self) -> Result<Reply, Problem> {
        match self {
            Self::Anthropic(assembler, is_cut) => match assembler.finish() {
                Ok(response) => Ok(wire::anthropic::reply(response)),
                Err(anthropic::stream::StreamError::Malformed(_)) if is_cut => {
                    Ok(Reply { parts: Vec::new(), stop: Stop::MaxTokens, usage: crate::provider::Usage::default() })
                }
                Err(error) => Err(anthropic_problem(error)),
            },
            Self::OpenAi(assembler) => assembler.finish().map_err(openai_problem).and_then(openai_reply),
            Self::Chat(assembler) => assembler.finish().map_err(openai_problem).and_then(chat_reply),
        }
    }
}

fn anthropic_problem(error: anthropic::stream::StreamError) -> Problem {
    use anthropic::stream::StreamError;
    match error {
        StreamError::Cut => Problem::Cut,
        StreamError::Malformed(words) => Problem::Malformed(words),
        StreamError::Provider(detail) => Problem::Provider { kind: detail.kind, words: detail.message },
    }
}

fn openai_problem(error: openai::stream::StreamError) -> Problem {
    use openai::stream::StreamError;
    match error {
        StreamError::Cut => Problem::Cut,
        StreamError::Malformed(words) => Problem::Malformed(words),
        StreamError::Provider(detail) => openai_failed(Some(*detail)),
    }
}

fn openai_failed(detail: Option<openai::ErrorDetail>) -> Problem {
    let detail = detail.unwrap_or_default();
    let code = detail.code.as_ref().and_then(serde_json::Value::as_str).map(str::to_owned);
    Problem::Provider { kind: detail.kind.or(code).unwrap_or_default(), words: detail.message.unwrap_or_default() }
}

/// An answer that failed is none, although it is well formed.
fn openai_reply(response: openai::Response) -> Result<Reply, Problem> {
    if response.status == "failed" { Err(openai_failed(response.error)) } else { Ok(wire::openai::reply(response)) }
}

/// The same: an error with the status of an answer.
fn chat_reply(response: chat::Response) -> Result<Reply, Problem> {
    match &response.error {
        Some(error) => Err(openai_failed(Some(chat::error_detail(error)))),
        None => Ok(wire::chat::reply(response)),
    }
}

fn problem(error: &reqwest::Error) -> Problem {
    if error.is_timeout() {
        Problem::Timeout
    } else if error.is_connect() {
        let mut cause: &dyn std::error::Error = error;
        while let Some(next) = cause.source() {
            cause = next;
        }
        Problem::Connection(cause.to_string())
    } else {
        Problem::Cut
    }
}

async fn read(response: &mut reqwest::Response, limit: usize) -> Result<Vec<u8>, Problem> {
    let mut body = Vec::new();
    while let Some(chunk) = response.chunk().await.map_err(|error| problem(&error))? {
        if body.len() + chunk.len() > limit {
            return Err(Problem::Malformed("it has too many bytes".to_owned()));
        }
        body.extend_from_slice(&chunk);
    }
    Ok(body)
}

/// What kind of error it is, and what it says: both providers, and the proxy, have `{"error": {"type", "message"}}`.
fn error_words(body: &[u8]) -> (String, String) {
    let Ok(value) = serde_json::from_slice::<serde_json::Value>(body) else { return Default::default() };
    let word = |key: &str| value.pointer(key).and_then(serde_json::Value::as_str).map(str::to_owned);
    let kind = word("/error/code").or_else(|| word("/error/type")).unwrap_or_default();
    (kind, word("/error/message").or_else(|| word("/error")).unwrap_or_default())
}
