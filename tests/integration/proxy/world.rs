//! A proxy as it is run, a provider that does what a test says, and a client that sends what a test wrote, byte for byte.

use serde_json::{Value, json};
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::os::unix::net::UnixStream;
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tempfile::TempDir;

pub(super) const ANTHROPIC_KEY: &str = "sk-ant-api03-the-key-of-anthropic";
pub(super) const OPENAI_KEY: &str = "sk-proj-the-key-of-openai";
pub(super) const TOKEN: &str = "the-client-token-of-this-run";
pub(super) const ANTHROPIC: &str = "/anthropic/v1/messages";
pub(super) const OPENAI: &str = "/openai/v1/responses";
pub(super) const CHAT: &str = "/openai/v1/chat/completions";
/// Nothing takes as long; a test that waits for it has failed.
const FOREVER: Duration = Duration::from_secs(60);

/// Fails when a key is in the text.
pub(super) fn assert_no_key(what: &str, bytes: &[u8]) {
    for key in [ANTHROPIC_KEY, OPENAI_KEY] {
        let found = bytes.windows(key.len()).any(|window| window == key.as_bytes());
        assert!(!found, "a key is in {what}: {}", String::from_utf8_lossy(bytes));
    }
}

/// A request as it arrived at the provider.
#[derive(Debug, Clone)]
pub(super) struct Seen {
    /// The request line and the headers.
    pub(super) head: String,
    pub(super) body: Vec<u8>,
}

impl Seen {
    pub(super) fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap()
    }
}

/// A provider. Records everything that it gets.
#[derive(Debug)]
pub(super) struct Upstream {
    pub(super) address: SocketAddr,
    seen: Arc<Mutex<Vec<Seen>>>,
}

impl Upstream {
    /// A provider that answers as providers do.
    pub(super) fn new() -> Self {
        Self::answering(|seen, stream| stream.write_all(&usual(seen)).unwrap())
    }

    /// A provider that is not there.
    pub(super) fn at(address: SocketAddr) -> Self {
        Self { address, seen: Arc::default() }
    }

    /// A provider that always writes this and closes, for one call: the next one could go over the connection that ends.
    pub(super) fn writing(answer: impl Into<Vec<u8>>) -> Self {
        let answer = answer.into();
        Self::answering(move |_, stream| {
            // The proxy may have heard enough before the end.
            let _ = stream.write_all(&answer);
            let _ = stream.shutdown(Shutdown::Both);
        })
    }

    /// A provider that does this with each request.
    pub(super) fn answering(answer: impl Fn(&Seen, &mut TcpStream) + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let seen = Arc::new(Mutex::new(Vec::new()));
        let (record, answer) = (seen.clone(), Arc::new(answer));
        std::thread::spawn(move || {
            for stream in listener.incoming().map_while(Result::ok) {
                let (record, answer) = (record.clone(), answer.clone());
                std::thread::spawn(move || {
                    let (mut stream, mut buffer) = (stream, Vec::new());
                    while let Some(request) = read_request(&mut stream, &mut buffer) {
                        record.lock().unwrap().push(request.clone());
                        answer(&request, &mut stream);
                    }
                });
            }
        });
        Self { address, seen }
    }

    pub(super) fn seen(&self) -> Vec<Seen> {
        self.seen.lock().unwrap().clone()
    }
}

fn read_request(stream: &mut TcpStream, buffer: &mut Vec<u8>) -> Option<Seen> {
    let mut chunk = [0; 64 * 1024];
    loop {
        if let Some(end) = buffer.windows(4).position(|window| window == b"\r\n\r\n") {
            let head = String::from_utf8(buffer[..end].to_vec()).unwrap();
            let length = header(&head, "content-length").map_or(0, |value| value.parse().unwrap());
            if buffer.len() >= end + 4 + length {
                let body = buffer[end + 4..end + 4 + length].to_vec();
                buffer.drain(..end + 4 + length);
                return Some(Seen { head, body });
            }
        }
        match stream.read(&mut chunk) {
            Ok(read @ 1..) => buffer.extend_from_slice(&chunk[..read]),
            _ => return None,
        }
    }
}

/// A header's value in a head.
pub(super) fn header(head: &str, name: &str) -> Option<String> {
    let mut headers = head.lines().skip(1).filter_map(|line| line.split_once(':'));
    headers.find(|(found, _)| found.eq_ignore_ascii_case(name)).map(|(_, value)| value.trim().to_owned())
}

/// An answer of a provider, as it is on the wire.
pub(super) fn answer(status: u16, headers: &[&str], body: impl AsRef<[u8]>) -> Vec<u8> {
    let body = body.as_ref();
    let mut text = format!("HTTP/1.1 {status} Said\r\ncontent-length: {}\r\n", body.len());
    headers.iter().for_each(|header| text.push_str(&format!("{header}\r\n")));
    [text.as_bytes(), b"\r\n", body].concat()
}

pub(super) const JSON: &str = "content-type: application/json";

/// The beginning of a stream; its end is that of the connection.
pub(super) const STREAM_HEAD: &str = "HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\n\r\n";

pub(super) fn event(data: &Value) -> String {
    format!("event: {}\ndata: {data}\n\n", data["type"].as_str().unwrap())
}

/// What an Anthropic stream begins and ends with, counting 10 tokens read and 5 written.
pub(super) fn anthropic_start() -> String {
    event(&json!({"type": "message_start", "message": {"usage": {"input_tokens": 10, "output_tokens": 1}}}))
}

pub(super) fn anthropic_text(text: &str) -> String {
    event(&json!({"type": "content_block_delta", "index": 0, "delta": {"type": "text_delta", "text": text}}))
}

pub(super) fn anthropic_end() -> String {
    let delta = json!({"type": "message_delta", "delta": {"stop_reason": "end_turn"}, "usage": {"output_tokens": 5}});
    event(&delta) + &event(&json!({"type": "message_stop"}))
}

/// What providers say: 10 tokens read, 5 written.
pub(super) fn usual(seen: &Seen) -> Vec<u8> {
    let anthropic = seen.head.starts_with("POST /v1/messages ");
    if seen.head.contains("/chat/completions") {
        return usual_of_chat(seen.json()["stream"] == json!(true));
    }
    let usage = json!({"input_tokens": 10, "output_tokens": 5});
    match (anthropic, seen.json()["stream"] == json!(true)) {
        (true, false) => answer(
            200,
            &[JSON, "x-secret-of-upstream: 1"],
            json!({"content": [{"type": "text", "text": "hi"}], "stop_reason": "end_turn", "usage": usage}).to_string(),
        ),
        (false, false) => {
            answer(200, &[JSON], json!({"status": "completed", "output": [], "usage": usage}).to_string())
        }
        (true, true) => {
            let events = anthropic_start() + &anthropic_text("hi") + &anthropic_end();
            answer(200, &["content-type: text/event-stream; charset=utf-8"], events)
        }
        (false, true) => {
            let end = json!({"type": "response.completed", "response": {"status": "completed", "usage": usage}});
            let events = event(&json!({"type": "response.output_text.delta", "delta": "hi"})) + &event(&end);
            answer(200, &["content-type: text/event-stream"], events)
        }
    }
}

fn usual_of_chat(stream: bool) -> Vec<u8> {
    if stream {
        let events = chat_start() + &chat_text("hi") + &chat_end();
        return answer(200, &["content-type: text/event-stream"], events);
    }
    let choice = json!({"index": 0, "message": {"role": "assistant", "content": "hi"}, "finish_reason": "stop"});
    let usage = json!({"prompt_tokens": 10, "completion_tokens": 5, "total_tokens": 15});
    answer(200, &[JSON], json!({"object": "chat.completion", "choices": [choice], "usage": usage}).to_string())
}

fn chunk(data: &Value) -> String {
    format!("data: {data}\n\n")
}

fn chat_start() -> String {
    chunk(&json!({"choices": [{"index": 0, "delta": {"role": "assistant", "content": ""}, "finish_reason": null}]}))
}

fn chat_text(text: &str) -> String {
    chunk(&json!({"choices": [{"index": 0, "delta": {"content": text}, "finish_reason": null}]}))
}

fn chat_end() -> String {
    let usage = json!({"prompt_tokens": 10, "completion_tokens": 5, "total_tokens": 15});
    chunk(&json!({"choices": [{"index": 0, "delta": {}, "finish_reason": "stop"}]}))
        + &chunk(&json!({"choices": [], "usage": usage}))
        + "data: [DONE]\n\n"
}

fn openai_start() -> String {
    event(&json!({"type": "response.created", "response": {"status": "in_progress", "output": []}}))
}

fn openai_text(text: &str) -> String {
    event(&json!({"type": "response.output_text.delta", "delta": text}))
}

fn openai_end() -> String {
    let usage = json!({"input_tokens": 10, "output_tokens": 5});
    event(&json!({"type": "response.completed", "response": {"status": "completed", "output": [], "usage": usage}}))
}

/// One of the wire formats, and what it is made of. Streams count 10 tokens read and 5 written.
#[derive(Clone, Copy)]
pub(super) struct Format {
    pub(super) path: &'static str,
    pub(super) key: &'static str,
    /// A request that is allowed, with this text of the user.
    pub(super) say: fn(&str) -> Value,
    /// The field that bounds what is written.
    pub(super) limit: &'static str,
    /// What a stream begins with, has in its middle, and ends with.
    pub(super) start: fn() -> String,
    pub(super) text: fn(&str) -> String,
    pub(super) end: fn() -> String,
    /// An error in a stream.
    pub(super) error: fn() -> String,
}

impl Format {
    pub(super) fn request(&self) -> Value {
        (self.say)("hello")
    }
}

pub(super) const FORMATS: [Format; 3] = [
    Format {
        path: ANTHROPIC,
        key: ANTHROPIC_KEY,
        say: |text| json!({"model": "m-1", "max_tokens": 100, "messages": [{"role": "user", "content": text}]}),
        limit: "max_tokens",
        start: anthropic_start,
        text: anthropic_text,
        end: anthropic_end,
        error: || event(&json!({"type": "error", "error": {"type": "overloaded_error", "message": "Overloaded"}})),
    },
    Format {
        path: OPENAI,
        key: OPENAI_KEY,
        say: |text| json!({"model": "m-1", "max_output_tokens": 100, "input": text}),
        limit: "max_output_tokens",
        start: openai_start,
        text: openai_text,
        end: openai_end,
        error: || event(&json!({"type": "error", "code": "server_error", "message": "Overloaded"})),
    },
    Format {
        path: CHAT,
        key: OPENAI_KEY,
        say: |text| json!({"model": "m-1", "max_tokens": 100, "messages": [{"role": "user", "content": text}]}),
        limit: "max_tokens",
        start: chat_start,
        text: chat_text,
        end: chat_end,
        error: || chunk(&json!({"error": {"message": "Overloaded", "type": "server_error", "code": 503}})),
    },
];

/// A request of each provider that is allowed.
pub(super) fn anthropic() -> Value {
    json!({"model": "m-1", "max_tokens": 100, "messages": [{"role": "user", "content": "hello"}]})
}

pub(super) fn chat() -> Value {
    FORMATS[2].request()
}

pub(super) fn openai() -> Value {
    json!({"model": "m-1", "max_output_tokens": 100, "input": "hello"})
}

/// A request with one field more or other.
pub(super) fn with(mut request: Value, field: &str, value: Value) -> Value {
    request[field] = value;
    request
}

/// What the client got.
#[derive(Debug)]
pub(super) struct Answer {
    pub(super) status: u16,
    pub(super) head: String,
    /// Without the framing of chunks.
    pub(super) body: Vec<u8>,
    /// Whether the body is as long as it said.
    pub(super) whole: bool,
}

impl Answer {
    pub(super) fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap()
    }

    /// The word for why it was refused.
    pub(super) fn reason(&self) -> String {
        self.json()["error"]["reason"].as_str().unwrap_or_default().to_owned()
    }

    pub(super) fn parse(bytes: &[u8]) -> Self {
        let end = bytes.windows(4).position(|window| window == b"\r\n\r\n").unwrap_or_else(|| {
            panic!("no answer: {:?}", String::from_utf8_lossy(bytes));
        });
        let (head, rest) = (String::from_utf8(bytes[..end].to_vec()).unwrap(), &bytes[end + 4..]);
        let status = head.split(' ').nth(1).unwrap().parse().unwrap();
        let (body, whole) = if header(&head, "transfer-encoding").is_some() {
            unchunk(rest)
        } else {
            let length: usize = header(&head, "content-length").unwrap().parse().unwrap();
            assert!(rest.len() <= length, "more than one answer: {:?}", String::from_utf8_lossy(bytes));
            (rest.to_vec(), rest.len() == length)
        };
        Self { status, head, body, whole }
    }
}

fn unchunk(mut rest: &[u8]) -> (Vec<u8>, bool) {
    let mut body = Vec::new();
    while let Some(end) = rest.windows(2).position(|window| window == b"\r\n") {
        let length = usize::from_str_radix(std::str::from_utf8(&rest[..end]).unwrap(), 16).unwrap();
        if length == 0 {
            assert_eq!(&rest[end..], b"\r\n\r\n");
            return (body, true);
        }
        body.extend_from_slice(&rest[end + 2..end + 2 + length]);
        rest = &rest[end + 2 + length + 2..];
    }
    (body, false)
}

/// A request on the wire, with a token and a length.
pub(super) fn request(path: &str, headers: &str, body: &[u8]) -> Vec<u8> {
    let head = format!(
        "POST {path} HTTP/1.1\r\nhost: proxy\r\nx-api-key: {TOKEN}\r\ncontent-type: application/json\r\n\
         content-length: {}\r\nconnection: close\r\n{headers}\r\n",
        body.len()
    );
    [head.as_bytes(), body].concat()
}

fn program(path: &str, directory: &TempDir) -> Command {
    let mut command = Command::new(path);
    command.env_clear().current_dir(directory.path());
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    command
}

/// The proxy, about to be started.
#[derive(Debug)]
pub(super) struct Setup {
    pub(super) command: Command,
    pub(super) directory: TempDir,
    pub(super) keys: String,
}

impl Setup {
    pub(super) fn new(upstream: &Upstream, arguments: &[&str]) -> Self {
        let directory = tempfile::Builder::new().prefix("mcp-registry-proxy-").tempdir().unwrap();
        let mut command = program(env!("CARGO_BIN_EXE_mcp-registry"), &directory);
        command
            .args(["proxy", "--socket=proxy.sock", "--model=m-1", "--model=m-2", "--allow-http-upstream"])
            .arg(format!("--anthropic-base-url=http://{}", upstream.address))
            .arg(format!("--openai-base-url=http://{}/v1/", upstream.address))
            .args(arguments);
        let keys = json!({"client_token": TOKEN, "anthropic_key": ANTHROPIC_KEY, "openai_key": OPENAI_KEY});
        Self { command, directory, keys: keys.to_string() }
    }

    /// Without an argument: `--name=…`.
    pub(super) fn without(self, name: &str) -> Self {
        self.run_by(env!("CARGO_BIN_EXE_mcp-registry"), |argument| !argument.starts_with(name))
    }

    /// By a copy of the program that anybody may run.
    pub(super) fn by_a_copy(self) -> Self {
        let copy = self.directory.path().join("mcp-registry");
        std::fs::copy(env!("CARGO_BIN_EXE_mcp-registry"), &copy).unwrap();
        self.run_by(copy.to_str().unwrap(), |_| true)
    }

    fn run_by(mut self, path: &str, keep: impl Fn(&str) -> bool) -> Self {
        let mut command = program(path, &self.directory);
        command.args(self.command.get_args().filter(|argument| keep(argument.to_str().unwrap())));
        self.command = command;
        self
    }

    pub(super) fn start(mut self) -> Proxy {
        // A file that was just written cannot be run as long as a process that another test starts at that moment has it open.
        let busy = |error: &std::io::Error| error.kind() == std::io::ErrorKind::ExecutableFileBusy;
        let mut child = loop {
            match self.command.spawn() {
                Err(error) if busy(&error) => std::thread::sleep(Duration::from_millis(10)),
                spawned => break spawned.unwrap(),
            }
        };
        // Left open: the proxy must not wait for its end.
        let mut stdin = child.stdin.take().unwrap();
        stdin.write_all(self.keys.as_bytes()).unwrap();
        let mut stdout = BufReader::new(child.stdout.take().unwrap());
        let mut first = String::new();
        stdout.read_line(&mut first).unwrap();
        if first.is_empty() {
            let mut said = String::new();
            child.stderr.take().unwrap().read_to_string(&mut said).unwrap();
            panic!("the proxy did not start: {said}");
        }
        let ready = serde_json::from_str(&first).unwrap();
        Proxy { child, _stdin: stdin, stdout, ready, directory: self.directory, log: first.into_bytes() }
    }
}

/// A proxy that runs. Every answer, line and log that comes of it is searched for the keys.
#[derive(Debug)]
pub(super) struct Proxy {
    child: Child,
    _stdin: std::process::ChildStdin,
    stdout: BufReader<std::process::ChildStdout>,
    pub(super) ready: Value,
    pub(super) directory: TempDir,
    log: Vec<u8>,
}

/// What a proxy left behind.
#[derive(Debug)]
pub(super) struct Left {
    pub(super) status: Option<i32>,
    pub(super) lines: Vec<Value>,
    pub(super) stderr: String,
    /// All that it wrote.
    pub(super) log: Vec<u8>,
}

impl Drop for Proxy {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Proxy {
    pub(super) fn new(upstream: &Upstream) -> Self {
        Self::with(upstream, &[])
    }

    pub(super) fn with(upstream: &Upstream, arguments: &[&str]) -> Self {
        Setup::new(upstream, arguments).start()
    }

    pub(super) fn pid(&self) -> u32 {
        self.child.id()
    }

    pub(super) fn connect(&self) -> UnixStream {
        let stream = UnixStream::connect(self.directory.path().join("proxy.sock")).unwrap();
        stream.set_read_timeout(Some(FOREVER)).unwrap();
        stream.set_write_timeout(Some(FOREVER)).unwrap();
        stream
    }

    /// Sends bytes on a connection of their own, and reads to its end.
    pub(super) fn send(&self, bytes: &[u8]) -> Answer {
        let mut stream = self.connect();
        // The proxy may answer, and close, before it has read all of it.
        let _ = stream.write_all(bytes);
        read_answer(&mut stream)
    }

    /// Sends a request that is right but for what the test makes of it.
    pub(super) fn post(&self, path: &str, body: &Value) -> Answer {
        self.send(&request(path, "", body.to_string().as_bytes()))
    }

    /// The next audit line.
    pub(super) fn line(&mut self) -> Value {
        let mut line = String::new();
        self.stdout.read_line(&mut line).unwrap();
        assert_no_key("an audit line", line.as_bytes());
        self.log.extend_from_slice(line.as_bytes());
        serde_json::from_str(&line).unwrap_or_else(|error| panic!("{error}: {line:?}"))
    }

    pub(super) fn signal(&self, signal: rustix::process::Signal) {
        let pid = rustix::process::Pid::from_child(&self.child);
        rustix::process::kill_process(pid, signal).unwrap();
    }

    /// Tells it to end, and waits for that.
    pub(super) fn stop(self) -> Left {
        self.signal(rustix::process::Signal::TERM);
        self.ended()
    }

    /// Tells it to end, waits for that, and looks at its folder then.
    pub(super) fn stop_and(self, look: impl FnOnce()) -> Left {
        self.signal(rustix::process::Signal::TERM);
        self.ended_and(look)
    }

    /// Waits until it has ended.
    pub(super) fn ended(self) -> Left {
        self.ended_and(|| {})
    }

    /// Waits until it has ended, and looks at its folder then.
    pub(super) fn ended_and(mut self, look: impl FnOnce()) -> Left {
        let (mut stdout, mut stderr) = (Vec::new(), Vec::new());
        self.stdout.read_to_end(&mut stdout).unwrap();
        self.child.stderr.take().unwrap().read_to_end(&mut stderr).unwrap();
        let status = self.child.wait().unwrap().code();
        look();
        let text = String::from_utf8(stdout).unwrap();
        let lines = text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
        let mut log = std::mem::take(&mut self.log);
        log.extend_from_slice(text.as_bytes());
        log.extend_from_slice(&stderr);
        assert_no_key("what the proxy wrote", &log);
        Left { status, lines, stderr: String::from_utf8(stderr).unwrap(), log }
    }
}

/// Reads to the end of the connection.
pub(super) fn read_answer(stream: &mut UnixStream) -> Answer {
    let mut bytes = Vec::new();
    if let Err(error) = stream.read_to_end(&mut bytes) {
        // What was sent and not read resets the connection, once all is read.
        assert_eq!(error.kind(), std::io::ErrorKind::ConnectionReset, "{error}");
    }
    assert_no_key("an answer", &bytes);
    Answer::parse(&bytes)
}

/// An audit line without its times.
pub(super) fn timeless(mut line: Value) -> Value {
    for time in ["at_ms", "duration_ms"] {
        assert!(line[time].is_u64(), "{line}");
        line[time] = json!(0);
    }
    line
}

/// Sends a request that must be refused with this reason, and nothing of it reach the provider.
pub(super) fn refused(proxy: &mut Proxy, upstream: &Upstream, bytes: &[u8], status: u16, reason: &str) {
    let shown = String::from_utf8_lossy(&bytes[..bytes.len().min(400)]).into_owned();
    let before = upstream.seen().len();
    let answer = proxy.send(bytes);
    assert_eq!((answer.status, answer.reason().as_str()), (status, reason), "{shown}\n{answer:?}");
    let line = proxy.line();
    assert_eq!((line["outcome"].as_str(), line["reason"].as_str()), (Some("refused"), Some(reason)), "{shown}\n{line}");
    assert_eq!((&line["input_tokens"], &line["output_tokens"]), (&json!(0), &json!(0)), "{line}");
    assert_eq!(upstream.seen().len(), before, "{shown}");
}
