//! What the proxy adds: latency against a direct connection, the time to the first streamed byte, calls a second with many
//! clients, and the memory it takes. A harness of its own, because these are percentiles over real sockets and not
//! times of a function: `cargo bench --bench proxy`, or with `-- CALLS`.
//!
//! The provider is a server in this process that answers at once; the proxy is the real program, over its Unix socket.

#![allow(missing_docs, clippy::unwrap_used, clippy::expect_used, clippy::print_stdout, clippy::panic)]

use serde_json::json;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::os::unix::net::UnixStream;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

const TOKEN: &str = "the-client-token-of-this-run";
const CLIENTS: usize = 64;

fn reads_requests(stream: &mut (impl Read + Write), answer: impl Fn(&[u8]) -> Vec<u8>) {
    let (mut buffer, mut chunk) = (Vec::new(), [0; 64 * 1024]);
    loop {
        let Ok(read @ 1..) = stream.read(&mut chunk) else { return };
        buffer.extend_from_slice(&chunk[..read]);
        let Some(end) = buffer.windows(4).position(|window| window == b"\r\n\r\n") else { continue };
        let head = String::from_utf8_lossy(&buffer[..end]).to_lowercase();
        let length = head.split("content-length: ").nth(1).and_then(|rest| rest.lines().next()).unwrap();
        let length: usize = length.trim().parse().unwrap();
        if buffer.len() < end + 4 + length {
            continue;
        }
        let wire = answer(&buffer[end + 4..]);
        buffer.clear();
        if stream.write_all(&wire).is_err() {
            return;
        }
    }
}

/// A provider that answers at once, with a text of about four kilobytes, whole or as a hundred events.
fn upstream() -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let usage = json!({"input_tokens": 10, "output_tokens": 5});
    let whole = json!({"content": [{"type": "text", "text": "x".repeat(4000)}], "usage": usage}).to_string();
    let whole =
        format!("HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: {}\r\n\r\n{whole}", whole.len());
    let mut events = format!("data: {}\n\n", json!({"type": "message_start", "message": {"usage": usage}}));
    let delta =
        json!({"type": "content_block_delta", "index": 0, "delta": {"type": "text_delta", "text": "x".repeat(40)}});
    (0..100).for_each(|_| events.push_str(&format!("data: {delta}\n\n")));
    events.push_str(&format!("data: {}\n\n", json!({"type": "message_delta", "usage": usage})));
    events.push_str("data: {\"type\":\"message_stop\"}\n\n");
    let events = format!(
        "HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ncontent-length: {}\r\n\r\n{events}",
        events.len()
    );
    std::thread::spawn(move || {
        for stream in listener.incoming().map_while(Result::ok) {
            let (whole, events) = (whole.clone(), events.clone());
            std::thread::spawn(move || {
                let mut stream = stream;
                stream.set_nodelay(true).unwrap();
                let streamed = |body: &[u8]| body.windows(13).any(|window| window == b"\"stream\":true");
                reads_requests(&mut stream, |body| {
                    if streamed(body) { events.clone() } else { whole.clone() }.into_bytes()
                });
            });
        }
    });
    address
}

struct Proxy {
    child: Child,
    directory: tempfile::TempDir,
}

impl Proxy {
    fn start(upstream: SocketAddr) -> Self {
        let directory = tempfile::tempdir().unwrap();
        let mut child = Command::new(env!("CARGO_BIN_EXE_mcp-registry"))
            .args(["proxy", "--socket=proxy.sock", "--model=m", "--allow-http-upstream", "--audit=audit.jsonl"])
            .args(["--max-requests=100000000", "--max-input-tokens=1000000000000", "--max-output-tokens=1000000000000"])
            .args([format!("--anthropic-base-url=http://{upstream}"), format!("--max-concurrent={CLIENTS}")])
            .current_dir(directory.path())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let keys = json!({"anthropic_key": "sk-ant-a-key-of-the-bench", "client_token": TOKEN}).to_string();
        child.stdin.take().unwrap().write_all(keys.as_bytes()).unwrap();
        let mut ready = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut ready).unwrap();
        assert!(ready.contains("ready"), "{ready}");
        Self { child, directory }
    }

    fn connect(&self) -> UnixStream {
        UnixStream::connect(self.directory.path().join("proxy.sock")).unwrap()
    }

    /// Resident memory, now and at its most, in kilobytes.
    fn memory(&self) -> (u64, u64) {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.child.id())).unwrap();
        let of = |name: &str| {
            let line = status.lines().find(|line| line.starts_with(name)).unwrap();
            line.split_whitespace().nth(1).unwrap().parse().unwrap()
        };
        (of("VmRSS:"), of("VmHWM:"))
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn request(path: &str, stream: bool) -> Vec<u8> {
    let text = "y".repeat(8000);
    let messages = json!([{"role": "user", "content": text}]);
    let body = json!({"model": "m", "max_tokens": 100, "messages": messages, "stream": stream}).to_string();
    let head = format!("POST {path} HTTP/1.1\r\nhost: x\r\nx-api-key: {TOKEN}\r\ncontent-type: application/json");
    format!("{head}\r\ncontent-length: {}\r\n\r\n{body}", body.len()).into_bytes()
}

/// One call: the time to the first byte of its body, and to its last.
fn call(stream: &mut (impl Read + Write), wire: &[u8], end: &[u8]) -> (Duration, Duration) {
    let start = Instant::now();
    stream.write_all(wire).unwrap();
    let (mut said, mut chunk, mut first) = (Vec::new(), [0; 64 * 1024], None);
    loop {
        let read = stream.read(&mut chunk).unwrap();
        assert!(read > 0, "{}", String::from_utf8_lossy(&said));
        said.extend_from_slice(&chunk[..read]);
        let body = said.windows(4).position(|window| window == b"\r\n\r\n").map(|at| at + 4);
        if first.is_none() && body.is_some_and(|at| said.len() > at) {
            first = Some(start.elapsed());
        }
        if said.ends_with(end) {
            assert!(said.starts_with(b"HTTP/1.1 200"), "{}", String::from_utf8_lossy(&said));
            return (first.unwrap(), start.elapsed());
        }
    }
}

fn percentile(times: &mut [Duration], part: f64) -> f64 {
    times.sort_unstable();
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, clippy::cast_precision_loss)]
    let at = ((times.len() - 1) as f64 * part) as usize;
    times[at].as_secs_f64() * 1000.0
}

fn main() {
    let count = std::env::args().filter_map(|word| word.parse().ok()).next().unwrap_or(3000_usize);
    let address = upstream();
    let proxy = Proxy::start(address);
    let (idle, _) = proxy.memory();
    for (what, streamed, end) in
        [("whole answer", false, &b"}}"[..]), ("100 events", true, &b"message_stop\"}\n\n"[..])]
    {
        let mut direct = TcpStream::connect(address).unwrap();
        direct.set_nodelay(true).unwrap();
        let mut through = proxy.connect();
        let (wire, proxied) = (request("/v1/messages", streamed), request("/anthropic/v1/messages", streamed));
        let chunked = [end, b"\r\n0\r\n\r\n"].concat();
        let proxied_end = if streamed { &chunked[..] } else { end };
        let (mut plain, mut added) = ((Vec::new(), Vec::new()), (Vec::new(), Vec::new()));
        // By turns, so that whatever else the machine does disturbs both.
        for number in 0..count + 100 {
            let (one, other) = (call(&mut direct, &wire, end), call(&mut through, &proxied, proxied_end));
            if number >= 100 {
                plain.0.push(one.0);
                plain.1.push(one.1);
                added.0.push(other.0);
                added.1.push(other.1);
            }
        }
        for (word, plain, through) in
            [("first byte", &mut plain.0, &mut added.0), ("last byte", &mut plain.1, &mut added.1)]
        {
            let pair = [0.5, 0.99].map(|part| (percentile(plain, part), percentile(through, part)));
            println!(
                "{what}, {word}: median {:.3} ms direct, {:.3} ms through, added {:.3} ms; \
                 99th percentile {:.3} ms, {:.3} ms, added {:.3} ms",
                pair[0].0,
                pair[0].1,
                pair[0].1 - pair[0].0,
                pair[1].0,
                pair[1].1,
                pair[1].1 - pair[1].0
            );
        }
    }
    let each = count.div_ceil(CLIENTS) * 4;
    let start = Instant::now();
    std::thread::scope(|scope| {
        for _ in 0..CLIENTS {
            scope.spawn(|| {
                let (mut stream, wire) = (proxy.connect(), request("/anthropic/v1/messages", false));
                for _ in 0..each {
                    call(&mut stream, &wire, b"}}");
                }
            });
        }
    });
    #[expect(clippy::cast_precision_loss)]
    let rate = (CLIENTS * each) as f64 / start.elapsed().as_secs_f64();
    println!("{CLIENTS} clients: {rate:.0} calls a second, client and provider on the same machine");
    let (now, most) = proxy.memory();
    println!("resident memory: {idle} kB at the start, {now} kB now, {most} kB at the most");
}
