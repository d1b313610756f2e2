//! Many connections at the port of a proxy that listens on loopback.

use super::world::{ANTHROPIC, Answer, Proxy, Setup, Upstream, anthropic, request};
use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::{Duration, Instant};

/// Less than the time that a connection has for its first byte.
const AT_ONCE: Duration = Duration::from_secs(4);
const FOREVER: Duration = Duration::from_secs(60);

fn listening(upstream: &Upstream) -> Proxy {
    Setup::new(upstream, &["--listen=127.0.0.1:0"]).without("--socket").start()
}

fn connect(proxy: &Proxy) -> TcpStream {
    let stream = TcpStream::connect(proxy.ready["listen"].as_str().unwrap()).unwrap();
    stream.set_read_timeout(Some(FOREVER)).unwrap();
    stream
}

fn call(stream: &mut TcpStream) -> u16 {
    stream.write_all(&request(ANTHROPIC, "", anthropic().to_string().as_bytes())).unwrap();
    let mut bytes = Vec::new();
    stream.read_to_end(&mut bytes).unwrap();
    Answer::parse(&bytes).status
}

#[test]
fn idle_connections_without_the_token_do_not_keep_its_holder_out() {
    let upstream = Upstream::new();
    let proxy = listening(&upstream);
    let began = Instant::now();
    let mut crowd: Vec<TcpStream> = (0..400).map(|_| connect(&proxy)).collect();
    // Some have begun to speak, which gives them more time.
    for stream in crowd.iter_mut().skip(300) {
        stream.write_all(b"POST ").unwrap();
    }
    for _ in 0..3 {
        assert_eq!(call(&mut connect(&proxy)), 200);
    }
    assert!(began.elapsed() < AT_ONCE, "{:?}", began.elapsed());
    assert_eq!(upstream.seen().len(), 3);
}

#[test]
fn a_connection_that_says_nothing_ends_soon_and_one_of_the_holders_does_not() {
    let upstream = Upstream::new();
    let proxy = listening(&upstream);
    let mut holder = connect(&proxy);
    let kept = String::from_utf8(request(ANTHROPIC, "", anthropic().to_string().as_bytes())).unwrap();
    holder.write_all(kept.replace("connection: close\r\n", "").as_bytes()).unwrap();
    assert!(holder.read(&mut [0; 4096]).unwrap() > 0);
    let began = Instant::now();
    let mut idle = connect(&proxy);
    assert_eq!(idle.read(&mut [0; 16]).unwrap_or(0), 0);
    assert!(began.elapsed() >= Duration::from_secs(4) && began.elapsed() < FOREVER, "{:?}", began.elapsed());
    // However many strangers come, the connection of the holder stays.
    let crowd: Vec<TcpStream> = (0..400).map(|_| connect(&proxy)).collect();
    assert_eq!(call(&mut holder), 200);
    drop(crowd);
}
