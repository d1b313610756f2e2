//! A host of repositories, as a night meets it: HTTPS that keeps connections, the real `git http-backend`, and beside it the
//! API of a GitHub of one's own, which says what is archived.

use crate::git_server::http_backend;
use crate::tls_server::{Seen, certificates};
use axum::Router;
use axum::body::{Body, to_bytes};
use axum::extract::{Request, State};
use axum::http::{HeaderName, HeaderValue, StatusCode};
use axum::response::Response;
use axum::serve::Listener;
use serde_json::json;
use std::collections::{BTreeMap, BTreeSet};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio::net::{TcpListener, TcpStream};
use tokio::runtime::Runtime;
use tokio::sync::mpsc::{Receiver, channel};
use tokio_rustls::TlsAcceptor;
use tokio_rustls::server::TlsStream;

/// What a repository's address answers in place of Git.
#[derive(Debug, Clone)]
pub(crate) enum Instead {
    /// That it is elsewhere: at this path of the server, or this address.
    Moved(String),
    /// This status, and when to come back.
    Status(u16, Option<u32>),
    /// A page for people.
    Page,
    /// What is at this path.
    As(String),
}

/// What can be changed while it runs, and what was asked.
#[derive(Debug, Default)]
struct Shared {
    folder: PathBuf,
    latency: Duration,
    instead: Mutex<BTreeMap<String, Instead>>,
    archived: Mutex<BTreeSet<String>>,
    asked: Mutex<Vec<String>>,
    connections: AtomicUsize,
}

/// The host. It ends when it is dropped.
#[derive(Debug)]
pub(crate) struct NightServer {
    pub(crate) port: u16,
    /// The certificate to trust, PEM.
    pub(crate) ca: Vec<u8>,
    shared: Arc<Shared>,
    runtime: Option<Runtime>,
}

impl NightServer {
    /// Serves the repositories in a folder. Every answer takes this much longer, and a new connection twice of it.
    pub(crate) fn start(folder: &Path, latency: Duration) -> Self {
        mcp_registry::fetch::install_crypto();
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
        let (ca, config) = certificates();
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        listener.set_nonblocking(true).unwrap();
        let address = listener.local_addr().unwrap();
        let port = address.port();
        let shared = Arc::new(Shared { folder: folder.to_owned(), latency, ..Shared::default() });
        let (sender, greeted) = channel(64);
        let of_all = shared.clone();
        runtime.spawn(async move {
            let acceptor = TlsAcceptor::from(Arc::new(config));
            let listener = TcpListener::from_std(listener).unwrap();
            while let Ok((socket, _)) = listener.accept().await {
                let (acceptor, shared, sender) = (acceptor.clone(), of_all.clone(), sender.clone());
                // Nobody waits for somebody else's greeting.
                tokio::spawn(async move {
                    shared.connections.fetch_add(1, Ordering::Relaxed);
                    let _ = socket.set_nodelay(true);
                    tokio::time::sleep(shared.latency * 2).await;
                    if let Ok(stream) = acceptor.accept(socket).await {
                        let _ = sender.send(stream).await;
                    }
                });
            }
        });
        let app = Router::new().fallback(answer).with_state(shared.clone());
        runtime.spawn(async move { axum::serve(Greeted { greeted, address }, app).await.unwrap() });
        Self { port, ca, shared, runtime: Some(runtime) }
    }

    /// An address on this server.
    pub(crate) fn url(&self, path: &str) -> String {
        format!("https://127.0.0.1:{}{path}", self.port)
    }

    /// From now on the address of a repository answers something else than Git.
    pub(crate) fn instead(&self, path: &str, instead: Instead) {
        self.shared.instead.lock().unwrap().insert(path.to_owned(), instead);
    }

    /// From now on a repository is archived.
    pub(crate) fn archive(&self, path: &str) {
        self.shared.archived.lock().unwrap().insert(path.to_owned());
    }

    /// The requests since the last call, as `method path`; with `v2` where the newer protocol was asked for.
    pub(crate) fn asked(&self) -> Vec<String> {
        std::mem::take(&mut self.shared.asked.lock().unwrap())
    }

    /// How many connections there were.
    pub(crate) fn connections(&self) -> usize {
        self.shared.connections.load(Ordering::Relaxed)
    }
}

impl Drop for NightServer {
    fn drop(&mut self) {
        if let Some(runtime) = self.runtime.take() {
            runtime.shutdown_background();
        }
    }
}

/// Connections after TLS's greeting.
struct Greeted {
    greeted: Receiver<TlsStream<TcpStream>>,
    address: SocketAddr,
}

impl Listener for Greeted {
    type Io = TlsStream<TcpStream>;
    type Addr = SocketAddr;

    async fn accept(&mut self) -> (Self::Io, Self::Addr) {
        match self.greeted.recv().await {
            Some(stream) => (stream, self.address),
            None => std::future::pending().await,
        }
    }

    fn local_addr(&self) -> std::io::Result<Self::Addr> {
        Ok(self.address)
    }
}

fn status(code: u16, body: impl Into<Body>) -> Response {
    let mut answer = Response::new(body.into());
    *answer.status_mut() = StatusCode::from_u16(code).unwrap();
    answer
}

fn with(mut answer: Response, name: &'static str, value: &str) -> Response {
    answer.headers_mut().insert(name, value.parse().unwrap());
    answer
}

async fn answer(State(shared): State<Arc<Shared>>, request: Request) -> Response {
    let (parts, body) = request.into_parts();
    let header = |name: &HeaderName, value: &HeaderValue| {
        (name.as_str().to_owned(), value.to_str().unwrap_or_default().to_owned())
    };
    let seen = Seen {
        method: parts.method.to_string(),
        path: parts.uri.path_and_query().unwrap().to_string(),
        headers: parts.headers.iter().map(|(name, value)| header(name, value)).collect(),
        body: String::new(),
    };
    let body = to_bytes(body, 1 << 20).await.unwrap();
    let version = if seen.header("git-protocol").is_empty() { "" } else { " v2" };
    shared.asked.lock().unwrap().push(format!("{} {}{version}", seen.method, parts.uri.path()));
    tokio::time::sleep(shared.latency).await;
    tokio::task::spawn_blocking(move || respond(&shared, &seen, &body)).await.unwrap()
}

fn respond(shared: &Shared, seen: &Seen, body: &[u8]) -> Response {
    let (path, query) = seen.path.split_once('?').unwrap_or((&seen.path, ""));
    if let Some(repository) = path.strip_prefix("/api/v3/repos") {
        return api(shared, repository);
    }
    let repository = path.strip_suffix("/info/refs").or_else(|| path.strip_suffix("/git-upload-pack")).unwrap_or(path);
    let rest = &path[repository.len()..];
    let instead = shared.instead.lock().unwrap().get(repository).cloned();
    match instead {
        Some(Instead::Moved(to)) => with(status(301, "moved"), "location", &format!("{to}{rest}?{query}")),
        Some(Instead::As(other)) => {
            let seen = Seen { path: format!("{other}{rest}?{query}"), ..seen.clone() };
            git(shared, &seen, body)
        }
        Some(Instead::Status(code, after)) => match after {
            Some(after) => with(status(code, ""), "retry-after", &after.to_string()),
            None => status(code, ""),
        },
        Some(Instead::Page) => with(status(200, "<html>hello"), "content-type", "text/html"),
        None => git(shared, seen, body),
    }
}

fn git(shared: &Shared, seen: &Seen, body: &[u8]) -> Response {
    let (code, headers, body) = http_backend(&shared.folder, seen, body);
    let mut answer = status(code, body);
    for (name, value) in headers {
        answer.headers_mut().insert(HeaderName::try_from(name).unwrap(), value.parse().unwrap());
    }
    answer
}

/// The one answer of the API that a plan needs.
fn api(shared: &Shared, repository: &str) -> Response {
    if !shared.folder.join(repository.trim_start_matches('/')).is_dir() {
        return with(status(404, r#"{"message": "Not Found"}"#), "content-type", "application/json");
    }
    let name = repository.rsplit('/').next().unwrap_or_default();
    let full_name = repository.trim_start_matches('/');
    let body = json!({ "id": 1, "node_id": "R_1", "name": name, "full_name": full_name, "private": false, "fork": false,
        "html_url": format!("https://127.0.0.1/{full_name}"), "default_branch": "main", "license": null,
        "archived": shared.archived.lock().unwrap().contains(repository) });
    with(status(200, body.to_string()), "content-type", "application/json")
}
