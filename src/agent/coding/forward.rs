//! The way from a coding agent to the proxy's socket: a TCP port on the container's own loopback, or a socket beside, for what each of
//! them speaks. Each connection carries one request, so that every request is looked at: the tools that it offers a model must be
//! those that are known. What a refusal or error says is kept, because agents tell it in words of their own.

use crate::text::cut;
use serde_json::Value;
use std::collections::BTreeSet;
use std::io::{self, Read, Write};
use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;

/// Bytes of a request's head, and of its body. The proxy takes less.
const MAX_HEAD: usize = 64 << 10;
const MAX_BODY: usize = 64 << 20;
/// Bytes of an error that are kept.
const MAX_ERROR: usize = 16 << 10;
/// Characters of its message that are repeated.
const MAX_WORDS: usize = 300;
/// How the proxy begins what it says itself.
const PROXY: &str = "mcp-registry proxy: ";

/// What was seen on the way.
#[derive(Debug, Default)]
pub(super) struct Watched {
    /// Why a request was not let through, if one was not.
    pub(super) refused: Option<String>,
    /// The first error since an answer that was none.
    pub(super) failed: Option<String>,
}

/// The way of one agent. It is open until the process ends.
#[derive(Debug, Clone)]
pub(super) struct Forwarder {
    socket: PathBuf,
    tools: Arc<BTreeSet<String>>,
    watched: Arc<Mutex<Watched>>,
}

impl Forwarder {
    /// To the proxy's socket, with these tools.
    pub(super) fn new(socket: PathBuf, tools: BTreeSet<String>) -> Self {
        Self { socket, tools: Arc::new(tools), watched: Arc::default() }
    }

    /// What was seen so far.
    pub(super) fn watched(&self) -> Watched {
        std::mem::take(&mut *self.watched.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Opens a free port.
    pub(super) fn on_port(&self) -> io::Result<SocketAddr> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
        let address = listener.local_addr()?;
        let forwarder = self.clone();
        thread::spawn(move || listener.incoming().flatten().for_each(|client| forwarder.spawn(client)));
        Ok(address)
    }

    /// Opens a socket.
    pub(super) fn on_socket(&self, path: &Path) -> io::Result<()> {
        let listener = UnixListener::bind(path)?;
        let forwarder = self.clone();
        thread::spawn(move || listener.incoming().flatten().for_each(|client| forwarder.spawn(client)));
        Ok(())
    }

    fn spawn(&self, mut client: impl Read + Write + Send + 'static) {
        let forwarder = self.clone();
        thread::spawn(move || {
            if let Err(Some(why)) = forwarder.pass(&mut client) {
                forwarder.watch(|watched| {
                    watched.refused.get_or_insert(why);
                });
            }
        });
    }

    fn watch(&self, change: impl FnOnce(&mut Watched)) {
        change(&mut self.watched.lock().unwrap_or_else(PoisonError::into_inner));
    }

    /// Passes one request and its answer on. An error with words is a refusal; without, the connection broke.
    fn pass(&self, client: &mut (impl Read + Write)) -> Result<(), Option<String>> {
        let broke = |_: io::Error| None;
        let request = request(client)?;
        check(&request.body, &self.tools).map_err(Some)?;
        let mut proxy = UnixStream::connect(&self.socket).map_err(|error| {
            self.watch(|watched| {
                watched.failed.get_or_insert(format!("the proxy cannot be reached: {error}"));
            });
            None
        })?;
        proxy.write_all(&closing(&request.head)).and_then(|()| proxy.write_all(&request.body)).map_err(broke)?;
        let (mut begin, mut piece) = (Vec::new(), [0; 16 << 10]);
        let mut known = false;
        loop {
            let read = proxy.read(&mut piece).map_err(broke)?;
            if read == 0 {
                break;
            }
            let bytes = piece.get(..read).unwrap_or_default();
            let room = MAX_ERROR.saturating_sub(begin.len()).min(read);
            begin.extend_from_slice(bytes.get(..room).unwrap_or_default());
            if !known && status(&begin).is_some_and(|status| status < 400) {
                known = true;
                self.watch(|watched| watched.failed = None);
            }
            client.write_all(bytes).and_then(|()| client.flush()).map_err(broke)?;
        }
        if let Some(status) = status(&begin).filter(|status| *status >= 400) {
            self.watch(|watched| {
                watched.failed.get_or_insert_with(|| words(status, &begin));
            });
        }
        Ok(())
    }
}

/// A request as it came.
pub(super) struct Request {
    /// Its first line and headers, with the empty line.
    pub(super) head: Vec<u8>,
    pub(super) body: Vec<u8>,
}

/// Reads one request with a `content-length`. An error with words says what is wrong with it.
pub(super) fn request(stream: &mut impl Read) -> Result<Request, Option<String>> {
    let (mut head, mut byte) = (Vec::new(), [0]);
    while !head.ends_with(b"\r\n\r\n") {
        match stream.read(&mut byte) {
            Ok(1) if head.len() < MAX_HEAD => head.extend(byte),
            Ok(1) => return Err(Some("the agent sent a request whose headers are too long".to_owned())),
            _ => return Err(None),
        }
    }
    let text = String::from_utf8_lossy(&head);
    let length = text.lines().filter_map(|line| line.split_once(':')).find_map(|(name, value)| {
        name.eq_ignore_ascii_case("content-length").then(|| value.trim().parse::<usize>().ok()).flatten()
    });
    let Some(length) = length.filter(|length| *length <= MAX_BODY) else {
        return Err(Some("the agent sent a request that does not say its length, or is too long".to_owned()));
    };
    let mut body = vec![0; length];
    stream.read_exact(&mut body).map_err(|_| None)?;
    Ok(Request { head, body })
}

/// The head of a request after whose answer the connection ends.
fn closing(head: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(head.len());
    let is_connection = |line: &[u8]| line.get(..11).is_some_and(|name| name.eq_ignore_ascii_case(b"connection:"));
    for line in head.split_inclusive(|byte| *byte == b'\n').filter(|line| !is_connection(line)) {
        if line == b"\r\n" {
            out.extend_from_slice(b"connection: close\r\n");
        }
        out.extend_from_slice(line);
    }
    out
}

fn check(body: &[u8], tools: &BTreeSet<String>) -> Result<(), String> {
    let body: Value =
        serde_json::from_slice(body).map_err(|_| "the agent sent a request that is not JSON".to_owned())?;
    let offered = body["tools"].as_array().into_iter().flatten().map(|tool| tool["name"].as_str().unwrap_or("?"));
    let more: Vec<&str> = offered.filter(|name| !tools.contains(*name)).collect();
    if more.is_empty() {
        return Ok(());
    }
    Err(cut(&format!("the agent offered the model tools that it was not given: {}", more.join(", ")), MAX_WORDS)
        .into_owned())
}

/// The status of an answer whose first line is there.
fn status(answer: &[u8]) -> Option<u16> {
    let line = answer.split(|byte| *byte == b'\n').next()?;
    let text = std::str::from_utf8(line).ok()?.strip_prefix("HTTP/1.1 ")?;
    text.get(..3)?.parse().ok()
}

/// What an error says: the message of its body.
fn words(status: u16, answer: &[u8]) -> String {
    let text = String::from_utf8_lossy(answer);
    let body = text.find('{').zip(text.rfind('}')).and_then(|(from, to)| text.get(from..=to)).unwrap_or_default();
    let body: Value = serde_json::from_str(body).unwrap_or_default();
    let message = body["error"]["message"].as_str().unwrap_or_default();
    match message.strip_prefix(PROXY) {
        Some(why) => format!("the proxy refused its call: {}", cut(why, MAX_WORDS)),
        None if message.is_empty() => format!("the provider answered {status}"),
        None => format!("the provider answered {status}: {}", cut(message, MAX_WORDS)),
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::{Forwarder, closing};
    use std::io::{Read, Write};
    use std::net::TcpStream;
    use std::os::unix::net::{UnixListener, UnixStream};

    #[test]
    fn every_request_passes_only_with_the_tools_that_are_known_and_errors_are_kept() {
        let folder = tempfile::tempdir().unwrap();
        let socket = folder.path().join("proxy.sock");
        let listener = UnixListener::bind(&socket).unwrap();
        std::thread::spawn(move || {
            for client in listener.incoming() {
                let mut client = client.unwrap();
                let request = super::request(&mut client).unwrap();
                client.write_all(&request.body).unwrap();
            }
        });
        let forwarder = Forwarder::new(socket, ["exec_command".to_owned()].into());
        let address = forwarder.on_port().unwrap();
        let beside = folder.path().join("beside.sock");
        forwarder.on_socket(&beside).unwrap();
        fn ask(mut stream: impl Read + Write, body: &str) -> String {
            write!(stream, "POST / HTTP/1.1\r\nContent-Length: {}\r\nConnection: keep-alive\r\n\r\n{body}", body.len())
                .unwrap();
            let mut answer = String::new();
            drop(stream.read_to_string(&mut answer));
            answer
        }
        let over_tcp = |body: &str| ask(TcpStream::connect(address).unwrap(), body);
        let good = r#"{"tools":[{"name":"exec_command"}]}"#;
        assert_eq!(over_tcp(good), good);
        assert_eq!(ask(UnixStream::connect(&beside).unwrap(), good), good);
        assert_eq!(forwarder.watched().refused, None);
        assert_eq!(over_tcp(r#"{"tools":[{"name":"exec_command"},{"type":"web_search"},{"name":"spawn_agent"}]}"#), "");
        let refused = "the agent offered the model tools that it was not given: ?, spawn_agent";
        assert_eq!(forwarder.watched().refused.as_deref(), Some(refused));
    }

    #[test]
    fn what_an_error_says_is_kept_in_its_own_words() {
        let said = |text: &str| super::words(404, text.as_bytes());
        assert_eq!(
            said("HTTP/1.1 404 x\r\n\r\n5\r\n{\"error\":{\"message\":\"model: gone\"}}\r\n0"),
            "the provider answered 404: model: gone"
        );
        assert_eq!(said("HTTP/1.1 404 x\r\n\r\n<html>"), "the provider answered 404");
        let proxy = "HTTP/1.1 403 x\r\n\r\n{\"error\":{\"message\":\"mcp-registry proxy: budget-cost: this run has spent all its money\"}}";
        assert_eq!(said(proxy), "the proxy refused its call: budget-cost: this run has spent all its money");
        assert_eq!(super::status(b"HTTP/1.1 503 Service Unavailable\r\n"), Some(503));
        let head = closing(b"POST / HTTP/1.1\r\nA: b\r\nCONNECTION: keep-alive\r\n\r\n");
        assert_eq!(String::from_utf8(head).unwrap(), "POST / HTTP/1.1\r\nA: b\r\nconnection: close\r\n\r\n");
    }
}
