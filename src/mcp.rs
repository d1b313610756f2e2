//! A client of the Model Context Protocol, as far as it takes to see that a server is alive and to list its tools.
//!
//! Speaks streamable HTTP (one address, answers as JSON or as a stream of events) without credentials. Of the older transport
//! (`sse`) only the opening is spoken, which shows that the server is alive. Everything a server says is counted.

mod events;
pub(crate) mod stdio;

use crate::fetch::{FetchError, Fetcher, Incoming, Request};
use crate::text::cut;
use bytes::Bytes;
use events::Events;
use http::Method;
use http::header::{self, HeaderName, HeaderValue};
use serde_json::{Value, json};
use url::Url;

/// The most bytes of one answer: the largest real list of tools is 300 kB.
const MAX_ANSWER_BYTES: u64 = 4 * 1024 * 1024;
/// Pages of tools; a server that has more goes on for ever.
const MAX_PAGES: usize = 20;
const MAX_TOOLS: usize = 5_000;
/// Bytes of a tool's name, and of a session's id.
const MAX_NAME_BYTES: usize = 1024;
/// The revision of the protocol that is offered; servers answer with the one that they speak.
const REVISION: &str = "2025-06-18";

/// How a remote server says that it is reached: `remote.transport_type`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Transport {
    /// `streamable-http`
    StreamableHttp,
    /// `sse`, the older one
    Sse,
}

/// What a server showed of itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Probe {
    pub(crate) alive: Alive,
    /// Its tools, if they were asked for.
    pub(crate) tools: Option<Tools>,
}

/// Whether a server is there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Alive {
    /// It answered, with this status.
    Yes(u16),
    /// It answered what only an address without a server answers: 404, 410, or a server error on every attempt.
    No(u16),
    /// It did not answer.
    NoAnswer(FetchError),
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Tools {
    Listed(Vec<String>),
    /// It answered 401 or 403.
    NeedsCredentials,
    /// It could not list them, and says why.
    Failed(String),
    /// The connection broke, or time was up.
    NoAnswer(FetchError),
}

/// Why a conversation ended early.
enum Stop {
    Status(u16),
    Fetch(FetchError),
    Wrong(String),
}

impl From<FetchError> for Stop {
    fn from(error: FetchError) -> Self {
        Self::Fetch(error)
    }
}

impl Stop {
    fn into_tools(self) -> Tools {
        match self {
            Self::Status(401 | 403) => Tools::NeedsCredentials,
            Self::Status(status) => Tools::Failed(format!("it answered {status}")),
            Self::Fetch(error @ FetchError::TooLarge { .. }) => Tools::Failed(error.to_string()),
            Self::Fetch(error) => Tools::NoAnswer(error),
            Self::Wrong(why) => Tools::Failed(why),
        }
    }
}

/// Asks a server whether it is alive, and for its tools if `tools` is set.
pub(crate) async fn probe(fetcher: &Fetcher, url: &Url, transport: Transport, tools: bool) -> Probe {
    let mut session = Session { fetcher, url: url.clone(), id: None, revision: None, next: 1 };
    if transport == Transport::Sse {
        let tools = tools.then(|| Tools::Failed("it speaks the older transport `sse`".into()));
        let alive = session.listen().await;
        let wants_credentials = matches!(alive, Alive::Yes(401 | 403));
        return Probe {
            tools: tools.map(|failed| if wants_credentials { Tools::NeedsCredentials } else { failed }),
            alive,
        };
    }
    match session.initialize().await {
        Ok(()) => {
            let tools = if tools { Some(session.list_tools().await.unwrap_or_else(Stop::into_tools)) } else { None };
            Probe { alive: Alive::Yes(200), tools }
        }
        Err(stop) => {
            let alive = match &stop {
                // Some servers answer only those that listen: the older transport at the same address.
                Stop::Status(404 | 405 | 410) => session.listen().await,
                Stop::Status(status) => judge(*status),
                Stop::Fetch(FetchError::TooLarge { .. }) | Stop::Wrong(_) => Alive::Yes(200),
                Stop::Fetch(error) => Alive::NoAnswer(error.clone()),
            };
            Probe { alive, tools: tools.then(|| stop.into_tools()) }
        }
    }
}

fn judge(status: u16) -> Alive {
    match status {
        404 | 410 | 500..=599 => Alive::No(status),
        status => Alive::Yes(status),
    }
}

struct Session<'a> {
    fetcher: &'a Fetcher,
    url: Url,
    id: Option<HeaderValue>,
    revision: Option<HeaderValue>,
    next: u64,
}

impl Session<'_> {
    /// Opens a stream of events and looks at nothing but the status.
    async fn listen(&self) -> Alive {
        let accept = HeaderValue::from_static("text/event-stream");
        let request = Request::get(self.url.clone(), MAX_ANSWER_BYTES).header(header::ACCEPT, accept);
        match self.fetcher.open(&request).await {
            Ok(incoming) => judge(incoming.status.as_u16()),
            Err(error) => Alive::NoAnswer(error),
        }
    }

    async fn initialize(&mut self) -> Result<(), Stop> {
        let client = json!({ "name": "mcp-registry", "version": env!("CARGO_PKG_VERSION") });
        let parameters = json!({ "protocolVersion": REVISION, "capabilities": {}, "clientInfo": client });
        let result = self.call("initialize", parameters).await?;
        let revision = result.get("protocolVersion").and_then(Value::as_str).unwrap_or_default();
        self.revision = HeaderValue::from_str(revision).ok().filter(|value| !value.is_empty() && value.len() <= 32);
        let notification = json!({ "jsonrpc": "2.0", "method": "notifications/initialized" });
        // Whether it was taken shows with the next question; some servers answer it oddly.
        self.post(&notification).await?;
        Ok(())
    }

    async fn list_tools(&mut self) -> Result<Tools, Stop> {
        let mut names = Vec::new();
        let mut cursor: Option<String> = None;
        for _ in 0..MAX_PAGES {
            let parameters = match &cursor {
                Some(cursor) => json!({ "cursor": cursor }),
                None => json!({}),
            };
            let result = self.call("tools/list", parameters).await?;
            let tools = result.get("tools").and_then(Value::as_array);
            let tools = tools.ok_or_else(|| Stop::Wrong("its answer has no list of tools".into()))?;
            for tool in tools {
                let name = tool.get("name").and_then(Value::as_str).filter(|name| name.len() <= MAX_NAME_BYTES);
                names.push(name.ok_or_else(|| Stop::Wrong("one of its tools has no usable name".into()))?.to_owned());
            }
            if names.len() > MAX_TOOLS {
                return Err(Stop::Wrong(format!("it lists more than {MAX_TOOLS} tools")));
            }
            match result.get("nextCursor").and_then(Value::as_str) {
                Some(next) if cursor.as_deref() != Some(next) => cursor = Some(next.to_owned()),
                _ => return Ok(Tools::Listed(names)),
            }
        }
        Err(Stop::Wrong(format!("its list of tools has more than {MAX_PAGES} pages")))
    }

    /// Asks and waits for the answer with the same id.
    async fn call(&mut self, method: &str, parameters: Value) -> Result<Value, Stop> {
        let id = self.next;
        self.next += 1;
        let question = json!({ "jsonrpc": "2.0", "id": id, "method": method, "params": parameters });
        let mut incoming = self.post(&question).await?;
        let status = incoming.status.as_u16();
        if status != 200 {
            return Err(Stop::Status(status));
        }
        if let Some(session) = incoming.headers.get(HeaderName::from_static("mcp-session-id"))
            && session.len() <= MAX_NAME_BYTES
        {
            self.id = Some(session.clone());
        }
        // Keeps the address that redirects led to, so that a session stays where it began.
        self.url = incoming.url.clone();
        let kind = incoming.headers.get(header::CONTENT_TYPE).and_then(|kind| kind.to_str().ok()).unwrap_or_default();
        let kind = kind.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
        let answer = match kind.as_str() {
            "application/json" => read_json(&mut incoming, id).await?,
            "text/event-stream" => read_events(&mut incoming, id).await?,
            _ => return Err(Stop::Wrong("its answer is neither JSON nor a stream of events".into())),
        };
        match (answer.get("result"), answer.get("error")) {
            (Some(result), None) => Ok(result.clone()),
            (_, Some(error)) => {
                let code = error.get("code").and_then(Value::as_i64).unwrap_or_default();
                let text = error.get("message").and_then(Value::as_str).unwrap_or("");
                Err(Stop::Wrong(format!("it answered error {code}: {}", cut(text, 200))))
            }
            (None, None) => Err(Stop::Wrong("its answer has neither a result nor an error".into())),
        }
    }

    async fn post(&self, message: &Value) -> Result<Incoming, Stop> {
        let accept = HeaderValue::from_static("application/json, text/event-stream");
        let json = HeaderValue::from_static("application/json");
        let mut request = Request::get(self.url.clone(), MAX_ANSWER_BYTES)
            .header(header::ACCEPT, accept)
            .header(header::CONTENT_TYPE, json);
        request.method = Method::POST;
        request.body = Bytes::from(message.to_string());
        if let Some(id) = &self.id {
            request = request.header(HeaderName::from_static("mcp-session-id"), id.clone());
        }
        if let Some(revision) = &self.revision {
            request = request.header(HeaderName::from_static("mcp-protocol-version"), revision.clone());
        }
        Ok(self.fetcher.open(&request).await?)
    }
}

async fn read_json(incoming: &mut Incoming, id: u64) -> Result<Value, Stop> {
    let mut body = Vec::new();
    while let Some(chunk) = incoming.chunk().await? {
        body.extend_from_slice(&chunk);
    }
    match serde_json::from_slice(&body) {
        Ok(answer) if answers(&answer, id) => Ok(answer),
        Ok(_) => Err(Stop::Wrong("its answer is to another question".into())),
        Err(_) => Err(Stop::Wrong("its answer is not JSON".into())),
    }
}

/// Reads events until one is the answer; others (notifications, questions to the client) are passed over.
async fn read_events(incoming: &mut Incoming, id: u64) -> Result<Value, Stop> {
    let mut events = Events::default();
    while let Some(chunk) = incoming.chunk().await? {
        for data in events.take(&chunk) {
            if let Ok(answer) = serde_json::from_slice::<Value>(&data)
                && answers(&answer, id)
            {
                return Ok(answer);
            }
        }
    }
    Err(Stop::Wrong("its stream of events ended without an answer".into()))
}

fn answers(message: &Value, id: u64) -> bool {
    message.get("id").and_then(Value::as_u64) == Some(id) && message.get("method").is_none()
}
