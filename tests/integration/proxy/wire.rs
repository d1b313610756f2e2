//! Requests that two programs might read differently, and bodies that are not what they say: in every wire format.

use super::world::{FORMATS, Format, Proxy, TOKEN, Upstream, read_answer, refused, request};
use std::io::Write;
use std::net::Shutdown;

fn good(format: Format, headers: &str) -> String {
    String::from_utf8(request(format.path, headers, format.request().to_string().as_bytes())).unwrap()
}

#[test]
fn connection_cannot_strip_the_key() {
    for format in FORMATS {
        let upstream = Upstream::new();
        let mut proxy = Proxy::new(&upstream);
        for value in
            ["Upgrade, Authorization", "x-api-key", "close, x-api-key", "authorization", "keep-alive, upgrade", ""]
        {
            let wire = good(format, "").replace("connection: close", &format!("Connection: {value}"));
            refused(&mut proxy, &upstream, wire.as_bytes(), 403, "header-not-allowed");
        }
        let twice = good(format, "connection: x-api-key\r\n");
        refused(&mut proxy, &upstream, twice.as_bytes(), 400, "duplicate-header");
    }
}

#[test]
fn a_websocket_is_refused() {
    for format in FORMATS {
        let path = format.path;
        let upstream = Upstream::new();
        let mut proxy = Proxy::new(&upstream);
        let upgrade =
            "upgrade: websocket\r\nsec-websocket-version: 13\r\nsec-websocket-key: AAAAAAAAAAAAAAAAAAAAAA==\r\n";
        refused(&mut proxy, &upstream, good(format, upgrade).as_bytes(), 403, "header-not-allowed");
        let get =
            format!("GET {path} HTTP/1.1\r\nhost: x\r\nx-api-key: {TOKEN}\r\nconnection: Upgrade\r\n{upgrade}\r\n");
        refused(&mut proxy, &upstream, get.as_bytes(), 403, "header-not-allowed");
        let h2c = good(format, "upgrade: h2c\r\nhttp2-settings: AAMAAABkAARAAAAAAAIAAAAA\r\n");
        refused(&mut proxy, &upstream, h2c.as_bytes(), 403, "header-not-allowed");
        refused(&mut proxy, &upstream, b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 400, "malformed-http");
    }
}

#[test]
fn two_lengths_are_refused() {
    for format in FORMATS {
        let upstream = Upstream::new();
        let mut proxy = Proxy::new(&upstream);
        let length = format.request().to_string().len();
        for header in
            ["content-length: 0".to_owned(), format!("content-length: {length}"), format!("Content-Length : {length}")]
        {
            let reason = if header.contains(" :") { "malformed-http" } else { "duplicate-header" };
            refused(&mut proxy, &upstream, good(format, &format!("{header}\r\n")).as_bytes(), 400, reason);
        }
        for value in [
            format!("{length}, {length}"),
            format!("+{length}"),
            format!("0x{length}"),
            format!("{length} 0"),
            "-1".into(),
        ] {
            let wire =
                good(format, "").replace(&format!("content-length: {length}"), &format!("content-length: {value}"));
            refused(&mut proxy, &upstream, wire.as_bytes(), 400, "malformed-http");
        }
    }
}

#[test]
fn a_chunked_body_is_refused() {
    for format in FORMATS {
        let upstream = Upstream::new();
        let mut proxy = Proxy::new(&upstream);
        for value in ["chunked", "identity", "gzip, chunked", "xchunked", "chunked, chunked", ""] {
            let wire = good(format, &format!("transfer-encoding: {value}\r\n"));
            refused(&mut proxy, &upstream, wire.as_bytes(), 403, "header-not-allowed");
        }
        let body = format.request().to_string();
        let chunked = good(format, "transfer-encoding: chunked\r\n")
            .replace(&format!("content-length: {}\r\n", body.len()), "")
            .replace(&body, &format!("{:x}\r\n{body}\r\n0\r\n\r\n", body.len()));
        refused(&mut proxy, &upstream, chunked.as_bytes(), 403, "header-not-allowed");
        let without = good(format, "").replace(&format!("content-length: {}\r\n", body.len()), "");
        refused(&mut proxy, &upstream, without.as_bytes(), 403, "length-missing");
    }
}

#[test]
fn bare_line_feeds_are_refused() {
    for format in FORMATS {
        let upstream = Upstream::new();
        let mut proxy = Proxy::new(&upstream);
        for wire in [
            good(format, "").replace("\r\n", "\n"),
            good(format, "").replacen("\r\n", "\n", 1),
            good(format, "x: y\n"),
            good(format, "x: y\r"),
            good(format, "").replace("\r\n\r\n", "\r\n\n"),
            good(format, "").replace("\r\n\r\n", "\n\r\n"),
            format!("\r\n{}", good(format, "")),
        ] {
            refused(&mut proxy, &upstream, wire.as_bytes(), 400, "malformed-http");
        }
    }
}

#[test]
fn headers_cannot_be_injected() {
    for format in FORMATS {
        let path = format.path;
        let upstream = Upstream::new();
        let mut proxy = Proxy::new(&upstream);
        for header in
            ["x: y\r\n folded: z", "x: y\r\n\tz", "x: a\0b", "x: a\rb", "x\u{e9}: y", "x: \u{7f}", "x y: z", "x", ": x"]
        {
            refused(&mut proxy, &upstream, good(format, &format!("{header}\r\n")).as_bytes(), 400, "malformed-http");
        }
        for line in
            [format!("POST {path} x HTTP/1.1"), format!("POST {path} HTTP/1.0"), "POST /a\tb HTTP/1.1".to_owned()]
        {
            let wire = good(format, "").replacen(&format!("POST {path} HTTP/1.1"), &line, 1);
            refused(&mut proxy, &upstream, wire.as_bytes(), 400, "malformed-http");
        }
        let evil = "hello\r\nx-evil: 1\r\n\r\nPOST / HTTP/1.1\r\n";
        assert_eq!(proxy.post(format.path, &(format.say)(evil)).status, 200);
        let seen = upstream.seen();
        assert_eq!((seen.len(), seen[0].head.contains("evil")), (1, false));
    }
}

#[test]
fn a_second_request_behind_the_first_is_not_read() {
    for format in FORMATS {
        let upstream = Upstream::new();
        let mut proxy = Proxy::new(&upstream);
        let first = good(format, "").replace("connection: close\r\n", "");
        let answer = proxy.send(format!("{first}{first}").as_bytes());
        assert_eq!((answer.status, upstream.seen().len()), (200, 1));
        assert!(answer.head.contains("connection: close"), "{}", answer.head);
        assert_eq!(proxy.line()["status"], 200);
        // A body of nothing, and what looks like a request behind it.
        let body = format.request().to_string();
        let hidden = first.replace(&format!("content-length: {}", body.len()), "content-length: 0");
        let hidden = hidden.replace(&body, &first);
        refused(&mut proxy, &upstream, hidden.as_bytes(), 403, "not-json");
        assert_eq!(proxy.stop().lines, Vec::<serde_json::Value>::new());
    }
}

#[test]
fn oversized_requests_are_refused() {
    for format in FORMATS {
        let upstream = Upstream::new();
        let mut proxy = Proxy::with(&upstream, &["--max-body=1000"]);
        let long = request(format.path, "", " ".repeat(1001).as_bytes());
        refused(&mut proxy, &upstream, &long, 403, "body-too-large");
        // Nobody waits for what is announced.
        let huge = good(format, "").replace(
            &format!("content-length: {}", format.request().to_string().len()),
            "content-length: 999999999999",
        );
        refused(&mut proxy, &upstream, huge.as_bytes(), 403, "body-too-large");
        let head = good(format, &format!("x: {}\r\n", "y".repeat(16 * 1024)));
        refused(&mut proxy, &upstream, head.as_bytes(), 400, "head-too-large");
        refused(&mut proxy, &upstream, good(format, &"x: y\r\n".repeat(64)).as_bytes(), 400, "head-too-large");
        let endless = format!("POST /{}", "a".repeat(1024 * 1024));
        refused(&mut proxy, &upstream, endless.as_bytes(), 400, "head-too-large");
    }
}

#[test]
fn a_large_request_that_is_allowed_is_taken() {
    for format in FORMATS {
        let upstream = Upstream::new();
        let proxy = Proxy::new(&upstream);
        let text = "x".repeat(4 * 1024 * 1024 - 200);
        assert_eq!(proxy.post(format.path, &(format.say)(&text)).status, 200);
        assert!(upstream.seen()[0].body.len() > text.len());
    }
}

#[test]
fn slow_headers_are_refused() {
    for format in FORMATS {
        let upstream = Upstream::new();
        let mut proxy = Proxy::with(&upstream, &["--read-timeout=1"]);
        let wire = good(format, "");
        refused(&mut proxy, &upstream, &wire.as_bytes()[..20], 408, "too-slow");
    }
}

#[test]
fn slow_bodies_are_refused() {
    for format in FORMATS {
        let upstream = Upstream::new();
        let mut proxy = Proxy::with(&upstream, &["--read-timeout=1"]);
        let wire = good(format, "");
        refused(&mut proxy, &upstream, &wire.as_bytes()[..wire.len() - 1], 408, "too-slow");
    }
}

#[test]
fn truncated_requests_are_refused() {
    for format in FORMATS {
        let upstream = Upstream::new();
        let mut proxy = Proxy::new(&upstream);
        let wire = good(format, "");
        for end in [10, wire.len() - 1] {
            let mut stream = proxy.connect();
            stream.write_all(&wire.as_bytes()[..end]).unwrap();
            stream.shutdown(Shutdown::Write).unwrap();
            assert_eq!(read_answer(&mut stream).reason(), "body-truncated");
            assert_eq!(proxy.line()["reason"], "body-truncated");
        }
        assert!(upstream.seen().is_empty());
    }
}

#[test]
fn a_compressed_request_is_refused() {
    use flate2::{Compression, write::GzEncoder};
    let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
    encoder.write_all(&vec![b' '; 100 * 1024 * 1024]).unwrap();
    let bomb = encoder.finish().unwrap();
    for format in FORMATS {
        let upstream = Upstream::new();
        let mut proxy = Proxy::new(&upstream);
        refused(
            &mut proxy,
            &upstream,
            &request(format.path, "content-encoding: gzip\r\n", &bomb),
            403,
            "header-not-allowed",
        );
        refused(&mut proxy, &upstream, &request(format.path, "", &bomb), 403, "not-json");
    }
}

#[test]
fn a_client_that_waits_to_be_asked_for_its_body_is_asked() {
    for format in FORMATS {
        use std::io::Read;
        let upstream = Upstream::new();
        let proxy = Proxy::new(&upstream);
        let wire = good(format, "expect: 100-continue\r\n");
        let (head, body) = wire.split_at(wire.find("\r\n\r\n").unwrap() + 4);
        let mut stream = proxy.connect();
        stream.write_all(head.as_bytes()).unwrap();
        let mut asked = [0; 25];
        stream.read_exact(&mut asked).unwrap();
        assert_eq!(&asked, b"HTTP/1.1 100 Continue\r\n\r\n");
        stream.write_all(body.as_bytes()).unwrap();
        assert_eq!(read_answer(&mut stream).status, 200);
        // Who may not send one is not asked.
        let answer = proxy.send(wire.replace(TOKEN, "another-token").as_bytes());
        assert_eq!(answer.reason(), "token-wrong");
    }
}
