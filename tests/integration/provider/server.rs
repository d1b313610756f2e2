//! The server: takes a request, has it checked, and plays the next step.

use super::script::{Script, Step};
use super::{anthropic, chat, openai};
use axum::body::Body;
use axum::extract::{Request, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::Response;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use std::io::Write;
use std::path::Path;
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;
use tokio::sync::oneshot;

/// The most bytes of a request: the real limit of Anthropic's.
const MAX_REQUEST: usize = 32 * 1024 * 1024;
/// Bytes of a piece of an answer: events come in pieces that do not end where they do.
const PIECE: usize = 61;
/// Pieces of one answer, about: a long one is cut into longer ones.
const MOST_PIECES: usize = 2_000;

/// Where the server listens.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) enum Listen {
    /// An address with port.
    Tcp(String),
    /// A path for a Unix socket.
    Unix(String),
}

/// What a server of its own process is told.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Setup {
    pub(crate) listen: Listen,
    pub(crate) script: Script,
}

/// One request and what came of it. In a container, each is a line `PROVIDER {…}` of standard output.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Seen {
    pub(crate) path: String,
    /// All headers, in the order in which they came.
    pub(crate) headers: Vec<(String, String)>,
    /// The body; null when it is no JSON.
    pub(crate) body: Value,
    /// Why it was refused, in the provider's words; none when a step was played.
    pub(crate) refused: Option<String>,
    /// The step that was played.
    pub(crate) step: Option<Step>,
}

/// What a provider has to answer.
pub(super) struct Reply {
    pub(super) status: u16,
    pub(super) headers: Vec<(String, String)>,
    pub(super) body: Vec<u8>,
    /// Whether the body is events.
    pub(super) events: bool,
    /// Whether the connection breaks after half of the body.
    pub(super) dies: bool,
}

impl Reply {
    pub(super) fn json(status: u16, value: &Value) -> Self {
        Self { status, headers: Vec::new(), body: value.to_string().into_bytes(), events: false, dies: false }
    }

    pub(super) fn events(text: String) -> Self {
        Self { status: 200, headers: Vec::new(), body: text.into_bytes(), events: true, dies: false }
    }
}

/// What is wrong with a request.
pub(super) struct Refusal {
    pub(super) status: u16,
    pub(super) kind: &'static str,
    pub(super) message: String,
}

impl Refusal {
    pub(super) fn invalid(message: impl Into<String>) -> Self {
        Self { status: 400, kind: "invalid_request_error", message: message.into() }
    }
}

/// How far the script is, and what was asked.
#[derive(Debug)]
struct Play {
    script: Script,
    next: [usize; 2],
    seen: Vec<Seen>,
    print: bool,
}

type Shared = Arc<Mutex<Play>>;

/// A server in this process; it ends with this value.
#[derive(Debug)]
pub(crate) struct Provider {
    play: Shared,
    /// `http://…` for one on loopback; empty otherwise.
    pub(crate) url: String,
    stop: Option<oneshot::Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl Provider {
    /// A server on a Unix socket.
    pub(crate) fn on_socket(path: &Path, script: Script) -> Self {
        Self::start(Listen::Unix(path.to_str().unwrap().to_owned()), script)
    }

    /// A server on a free port of loopback.
    pub(crate) fn on_loopback(script: Script) -> Self {
        Self::start(Listen::Tcp("127.0.0.1:0".to_owned()), script)
    }

    fn start(listen: Listen, script: Script) -> Self {
        let play = Arc::new(Mutex::new(Play { script, next: [0; 2], seen: Vec::new(), print: false }));
        let (stop, stopped) = oneshot::channel();
        let (ready, is_ready) = std::sync::mpsc::channel();
        let shared = play.clone();
        let thread = std::thread::spawn(move || {
            block_on(async move {
                let ready = move |url| ready.send(url).unwrap();
                tokio::select! {
                    () = serve(listen, shared, ready) => {}
                    _ = stopped => {}
                }
            });
        });
        let url = is_ready.recv().expect("the server listens");
        Self { play, url, stop: Some(stop), thread: Some(thread) }
    }

    /// Every request so far.
    pub(crate) fn seen(&self) -> Vec<Seen> {
        self.play.lock().unwrap().seen.clone()
    }
}

impl Drop for Provider {
    fn drop(&mut self) {
        drop(self.stop.take());
        drop(self.thread.take().map(JoinHandle::join));
    }
}

/// Serves until the process is killed. Says `PROVIDER ready` when it listens.
pub(super) fn serve_for_ever(setup: Setup) -> ! {
    let play = Play { script: setup.script, next: [0; 2], seen: Vec::new(), print: true };
    block_on(serve(setup.listen, Arc::new(Mutex::new(play)), |_| print("ready")));
    std::process::exit(1);
}

/// Not by `println!`, which the test harness keeps to itself.
fn print(text: &str) {
    let mut out = std::io::stdout();
    drop(writeln!(out, "\nPROVIDER {text}"));
    drop(out.flush());
}

fn block_on<F: Future>(future: F) -> F::Output {
    tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(future)
}

async fn serve(listen: Listen, play: Shared, ready: impl FnOnce(String)) {
    let router = axum::Router::new().fallback(answer).with_state(play);
    match listen {
        Listen::Tcp(address) => {
            let listener = tokio::net::TcpListener::bind(address).await.unwrap();
            ready(format!("http://{}", listener.local_addr().unwrap()));
            axum::serve(listener, router).await.unwrap();
        }
        Listen::Unix(path) => {
            let listener = tokio::net::UnixListener::bind(path).unwrap();
            ready(String::new());
            axum::serve(listener, router).await.unwrap();
        }
    }
}

/// Which API a path leads to.
#[derive(Clone, Copy)]
enum Api {
    Messages,
    Responses,
    Chat,
}

impl Api {
    fn of(path: &str) -> Option<Self> {
        let apis = [
            ("/v1/messages", Self::Messages),
            ("/v1/responses", Self::Responses),
            ("/v1/chat/completions", Self::Chat),
        ];
        apis.into_iter().find(|(end, _)| path.ends_with(end)).map(|(_, api)| api)
    }
}

async fn answer(State(play): State<Shared>, request: Request) -> Response {
    let (parts, body) = request.into_parts();
    let path = parts.uri.to_string();
    let text = |value: &axum::http::HeaderValue| String::from_utf8_lossy(value.as_bytes()).into_owned();
    let headers = parts.headers.iter().map(|(name, value)| (name.to_string(), text(value))).collect();
    let bytes = axum::body::to_bytes(body, MAX_REQUEST).await;
    let (reply, wait) = decide(&play, &parts, path, headers, bytes.ok().as_deref());
    tokio::time::sleep(wait).await;
    response(reply)
}

/// Checks a request, and plays the next step if it is one that is answered. The answer comes after the time.
fn decide(
    play: &Shared,
    parts: &axum::http::request::Parts,
    path: String,
    headers: Vec<(String, String)>,
    bytes: Option<&[u8]>,
) -> (Reply, std::time::Duration) {
    let mut play = play.lock().unwrap();
    let mut seen = Seen { path: path.clone(), headers, body: Value::Null, refused: None, step: None };
    let api = Api::of(&path).filter(|_| parts.method == "POST");
    let checked = match bytes {
        _ if api.is_none() => Err(Refusal { status: 404, kind: "not_found_error", message: "Not found".to_owned() }),
        None => {
            Err(Refusal { status: 413, kind: "request_too_large", message: "Request exceeds the maximum size".into() })
        }
        Some(bytes) => {
            seen.body = serde_json::from_slice(bytes).unwrap_or_default();
            check(api, &play.script, &parts.headers, &seen.body)
        }
    };
    let mut wait = std::time::Duration::ZERO;
    let reply = match checked {
        Ok(()) => {
            let own = matches!(api, Some(Api::Responses)) && !play.script.openai_steps.is_empty();
            let steps = if own { &play.script.openai_steps } else { &play.script.steps };
            let step = steps.get(play.next[usize::from(own)]).or(steps.last()).cloned().expect("a step");
            play.next[usize::from(own)] += 1;
            let count = play.next[usize::from(own)];
            if let Step::Wait(milliseconds) = step {
                wait = std::time::Duration::from_millis(milliseconds);
            }
            seen.step = Some(step.clone());
            let step = with_word(step, &seen.body);
            match api {
                Some(Api::Chat) => chat::play(&play.script, count, &step, &seen.body),
                Some(Api::Responses) => openai::play(&play.script, count, &step, &seen.body),
                _ => anthropic::play(&play.script, count, &step, &seen.body),
            }
        }
        Err(Refusal { status, kind, message }) => {
            seen.refused = Some(message.clone());
            let error = match api {
                Some(Api::Chat | Api::Responses) => openai::error(kind, &message),
                _ => anthropic::error(kind, &message),
            };
            Reply::json(status, &error)
        }
    };
    if play.print {
        print(&serde_json::to_string(&seen).unwrap());
    }
    play.seen.push(seen);
    (reply, wait)
}

fn check(api: Option<Api>, script: &Script, headers: &HeaderMap, body: &Value) -> Result<(), Refusal> {
    let json = headers.get(header::CONTENT_TYPE).is_some_and(|kind| kind.as_bytes().starts_with(b"application/json"));
    if !json || !body.is_object() {
        return Err(Refusal::invalid("We could not parse the JSON body of your request."));
    }
    match api {
        Some(Api::Chat) => chat::check(script, headers, body),
        Some(Api::Responses) => openai::check(script, headers, body),
        _ => anthropic::check(script, headers, body),
    }?;
    if body["model"] != json!(script.model) {
        let message = format!("model: {}", body["model"]);
        return Err(Refusal { status: 404, kind: "not_found_error", message });
    }
    Ok(())
}

/// Puts the delimiter's word where a step asks for it.
fn with_word(step: Step, body: &Value) -> Step {
    let system = format!("{}{}{}", body["system"], body["instructions"], body["messages"][0]["content"]);
    let word: String = system
        .split_once("<data-")
        .map(|(_, after)| after.chars().take_while(char::is_ascii_hexdigit).collect())
        .unwrap_or_default();
    serde_json::from_str(&serde_json::to_string(&step).unwrap().replace("{{word}}", &word)).unwrap()
}

fn response(reply: Reply) -> Response {
    let kind = if reply.events { "text/event-stream; charset=utf-8" } else { "application/json" };
    let mut response = Response::builder()
        .status(StatusCode::from_u16(reply.status).unwrap())
        .header(header::CONTENT_TYPE, kind)
        .header("request-id", "req_test");
    for (name, value) in &reply.headers {
        response = response.header(name, value);
    }
    let half = if reply.dies { reply.body.len() / 2 } else { reply.body.len() };
    let mut pieces: Vec<Result<Vec<u8>, std::io::Error>> =
        reply.body[..half].chunks(PIECE.max(half / MOST_PIECES)).map(|piece| Ok(piece.to_vec())).collect();
    if reply.dies {
        pieces.push(Err(std::io::Error::other("the connection breaks")));
    }
    if reply.events || reply.dies {
        return response.body(Body::from_stream(futures_util::stream::iter(pieces))).unwrap();
    }
    response.body(Body::from(reply.body)).unwrap()
}
