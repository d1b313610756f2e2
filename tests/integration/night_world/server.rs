//! A host of repositories, as a night meets it: HTTPS that keeps connections, the real `git http-backend`, and beside it the
//! API of a GitHub of one's own, which says what is archived.

use crate::git_server::http_backend;
use crate::tls_server::{Seen, certificates};
use bytes::Bytes;
use http_body_util::{BodyExt, Full};
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper::{Request, Response, StatusCode};
use hyper_util::rt::TokioIo;
use serde_json::json;
use std::collections::{BTreeMap, BTreeSet};
use std::convert::Infallible;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio::net::TcpListener;
use tokio::runtime::Runtime;
use tokio_rustls::TlsAcceptor;

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
        let port = listener.local_addr().unwrap().port();
        let shared = Arc::new(Shared { folder: folder.to_owned(), latency, ..Shared::default() });
        let of_all = shared.clone();
        runtime.spawn(async move {
            let acceptor = TlsAcceptor::from(Arc::new(config));
            let listener = TcpListener::from_std(listener).unwrap();
            while let Ok((socket, _)) = listener.accept().await {
                let (acceptor, shared) = (acceptor.clone(), of_all.clone());
                tokio::spawn(async move {
                    shared.connections.fetch_add(1, Ordering::Relaxed);
                    let _ = socket.set_nodelay(true);
                    tokio::time::sleep(shared.latency * 2).await;
                    let Ok(stream) = acceptor.accept(socket).await else { return };
                    let service = service_fn(|request| answer(shared.clone(), request));
                    // The client may be gone at any point.
                    let _ = hyper::server::conn::http1::Builder::new()
                        .serve_connection(TokioIo::new(stream), service)
                        .await;
                });
            }
        });
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

type Answer = Response<Full<Bytes>>;

fn status(code: u16, body: impl Into<Bytes>) -> Answer {
    let mut answer = Response::new(Full::new(body.into()));
    *answer.status_mut() = StatusCode::from_u16(code).unwrap();
    answer
}

fn with(mut answer: Answer, name: &'static str, value: &str) -> Answer {
    answer.headers_mut().insert(name, value.parse().unwrap());
    answer
}

async fn answer(shared: Arc<Shared>, request: Request<Incoming>) -> Result<Answer, Infallible> {
    let (parts, body) = request.into_parts();
    let header = |name: &http::HeaderName, value: &http::HeaderValue| {
        (name.as_str().to_owned(), value.to_str().unwrap_or_default().to_owned())
    };
    let seen = Seen {
        method: parts.method.to_string(),
        path: parts.uri.path_and_query().unwrap().to_string(),
        headers: parts.headers.iter().map(|(name, value)| header(name, value)).collect(),
        body: String::new(),
    };
    let Ok(body) = body.collect().await.map(http_body_util::Collected::to_bytes) else {
        return Ok(status(400, "no body"));
    };
    let version = if seen.header("git-protocol").is_empty() { "" } else { " v2" };
    shared.asked.lock().unwrap().push(format!("{} {}{version}", seen.method, parts.uri.path()));
    tokio::time::sleep(shared.latency).await;
    Ok(tokio::task::spawn_blocking(move || respond(&shared, &seen, &body)).await.unwrap())
}

fn respond(shared: &Shared, seen: &Seen, body: &[u8]) -> Answer {
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

fn git(shared: &Shared, seen: &Seen, body: &[u8]) -> Answer {
    let (code, headers, body) = http_backend(&shared.folder, seen, body);
    let mut answer = status(code, body);
    for (name, value) in headers {
        answer.headers_mut().insert(http::HeaderName::try_from(name).unwrap(), value.parse().unwrap());
    }
    answer
}

/// The one answer of the API that a plan needs.
fn api(shared: &Shared, repository: &str) -> Answer {
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
