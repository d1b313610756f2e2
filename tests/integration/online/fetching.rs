//! The fetcher against a server that misbehaves.

use super::fetch_options;
use crate::tls_server::{Reply, Seen, TlsServer, reply};
use http::header::{AUTHORIZATION, HeaderValue};
use mcp_registry::fetch::{Answer, FetchError, FetchOptions, Fetcher, Lookup, Request};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

const LIMIT: u64 = 1000;

async fn get(options: &FetchOptions, url: &str) -> Result<Answer, FetchError> {
    Fetcher::new(options).unwrap().fetch(&Request::get(url.parse().unwrap(), LIMIT)).await
}

/// What comes of one request to a server that always answers so.
async fn outcome(answer: Reply) -> Result<Answer, FetchError> {
    let server = TlsServer::start(move |_| answer.clone()).await;
    get(&fetch_options(&server), &server.url("/")).await
}

/// The same for a fetcher that soon gives up.
async fn impatient(answer: Reply) -> FetchError {
    let server = TlsServer::start(move |_| answer.clone()).await;
    let options = FetchOptions { timeout: Duration::from_millis(400), ..fetch_options(&server) };
    get(&options, &server.url("/")).await.unwrap_err()
}

fn redirect(to: &str) -> Reply {
    reply(302, &[("location", to)], "")
}

const HEAD: &[u8] = b"HTTP/1.1 200 OK\r\nconnection: close\r\n\r\n";

#[tokio::test]
async fn a_body_without_a_length_is_read_to_its_end() {
    let answer = outcome(Reply::Whole([HEAD, b"hello"].concat())).await.unwrap();
    assert_eq!((answer.status.as_u16(), answer.body.as_slice()), (200, &b"hello"[..]));
}

#[tokio::test]
async fn slowness_ends_with_the_time_wherever_it_is() {
    for slow in [
        Reply::Stall(Vec::new()),
        Reply::Stall(b"HTTP/1.1 200 OK\r\nx: ".to_vec()),
        Reply::Stall(HEAD.to_vec()),
        Reply::Drip(HEAD.to_vec(), b"x".to_vec()),
        Reply::Drip(b"HTTP/1.1 200 OK\r\n".to_vec(), b"x: y\r\n".to_vec()),
    ] {
        let error = impatient(slow).await;
        assert!(matches!(error, FetchError::Timeout { .. }), "{error:?}");
        assert!(!error.for_good());
    }
}

#[tokio::test]
async fn bytes_are_counted_while_they_are_read() {
    let too_large = FetchError::TooLarge { limit: LIMIT };
    assert_eq!(outcome(Reply::Endless(HEAD.to_vec(), vec![0; 4096])).await.unwrap_err(), too_large);
    assert_eq!(outcome(reply(200, &[], vec![0; 1001])).await.unwrap_err(), too_large);
    assert_eq!(outcome(reply(200, &[], vec![0; 1000])).await.unwrap().body.len(), 1000);
}

#[tokio::test]
async fn a_body_shorter_than_its_length_is_no_answer() {
    let short = b"HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\nhello".to_vec();
    let error = outcome(Reply::Whole(short)).await.unwrap_err();
    assert!(matches!(error, FetchError::Connection { .. }) && !error.for_good(), "{error:?}");
    let long = b"HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\nhello, world".to_vec();
    assert_eq!(outcome(Reply::Whole(long)).await.unwrap().body, b"hello");
}

#[tokio::test]
async fn a_connection_that_is_cut_is_no_end() {
    let error = outcome(Reply::Cut([HEAD, b"hel"].concat())).await.unwrap_err();
    assert!(matches!(error, FetchError::Connection { .. }), "{error:?}");
}

#[tokio::test]
async fn nothing_is_decompressed() {
    let bomb = reply(200, &[("content-encoding", "gzip")], [0x1f, 0x8b, 8, 0]);
    let error = outcome(bomb).await.unwrap_err();
    assert!(matches!(error, FetchError::Encoded { .. }), "{error:?}");
}

#[tokio::test]
async fn the_server_is_asked_politely_and_told_nothing() {
    let server =
        TlsServer::start(
            |seen: &Seen| {
                if seen.path == "/a" { redirect("/b") } else { reply(200, &[("set-cookie", "a=b")], "") }
            },
        )
        .await;
    get(&fetch_options(&server), &server.url("/a")).await.unwrap();
    let seen = server.seen();
    assert_eq!(seen.len(), 2);
    for request in seen {
        assert_eq!(request.header("accept-encoding"), "identity");
        assert!(request.header("user-agent").starts_with("mcp-registry/"));
        for private in ["referer", "cookie", "authorization"] {
            assert!(!request.headers.contains_key(private), "{private}");
        }
    }
}

#[tokio::test]
async fn redirects_are_followed_to_a_bound() {
    let server = TlsServer::start(|seen: &Seen| match seen.path.trim_start_matches('/').parse::<u32>() {
        Ok(0) => reply(200, &[], "there"),
        Ok(left) => redirect(&format!("/{}", left - 1)),
        Err(_) => redirect(&seen.path),
    })
    .await;
    let options = fetch_options(&server);
    assert_eq!(get(&options, &server.url("/5")).await.unwrap().body, b"there");
    let error = get(&options, &server.url("/6")).await.unwrap_err();
    assert_eq!(error, FetchError::TooManyRedirects(5));
    assert_eq!(get(&options, &server.url("/loop")).await.unwrap_err(), error);
}

#[tokio::test]
async fn every_hop_is_checked() {
    for (target, message) in [
        ("http://127.0.0.1/", "only https is fetched, not http"),
        ("ftp://127.0.0.1/", "only https is fetched, not ftp"),
        ("data:image/png;base64,AAAA", "only https is fetched, not data"),
        ("file:///etc/passwd", "only https is fetched, not file"),
        ("https://10.0.0.1/", "10.0.0.1 has the private address 10.0.0.1"),
        ("https://169.254.169.254/latest/meta-data/", "169.254.169.254 has the link-local address 169.254.169.254"),
        ("https://2852039166/", "169.254.169.254 has the link-local address 169.254.169.254"),
        ("https://0xa9.0xfe.0xa9.0xfe/", "169.254.169.254 has the link-local address 169.254.169.254"),
        ("https://[::ffff:169.254.169.254]/", "[::ffff:a9fe:a9fe] has the link-local address ::ffff:169.254.169.254"),
        ("https://[fd00:ec2::254]/", "[fd00:ec2::254] has the private address fd00:ec2::254"),
        ("https://internal.example/", "internal.example has the private address 192.168.7.7"),
        ("https://user:secret@127.0.0.1/", "an address must not hold credentials"),
    ] {
        let server = TlsServer::start(move |_| redirect(target)).await;
        // Whatever was asked to be looked up, nothing outside of loopback is ever connected to: the guard says no first.
        let lookup = Lookup::new(|_| Box::pin(async { Ok(vec!["192.168.7.7".parse().unwrap()]) }));
        let options = FetchOptions { lookup, ..fetch_options(&server) };
        let error = get(&options, &server.url("/")).await.unwrap_err();
        assert_eq!(error.to_string(), message);
        assert!(error.for_good());
        assert_eq!(server.seen().len(), 1, "it is not tried again");
    }
}

#[tokio::test]
async fn loopback_needs_leave() {
    let server = TlsServer::start(|_| reply(200, &[], "secret")).await;
    let options = FetchOptions { allow: Vec::new(), ..fetch_options(&server) };
    let by_address = get(&options, &server.url("/")).await.unwrap_err();
    assert_eq!(by_address.to_string(), format!("127.0.0.1:{} has the loopback address 127.0.0.1", server.port));
    let by_name = get(&options, &format!("https://localhost:{}/", server.port)).await.unwrap_err();
    assert!(matches!(by_name, FetchError::NotPublic { kind: "loopback", .. }), "{by_name:?}");
    assert!(server.seen().is_empty());
}

#[tokio::test]
async fn credentials_stay_with_the_host_that_they_are_for() {
    let server = TlsServer::start(|seen: &Seen| match seen.path.as_str() {
        "/same" => redirect("/end"),
        "/other" => {
            let port = seen.header("host").split(':').next_back().unwrap_or_default();
            redirect(&format!("https://localhost:{port}/end"))
        }
        _ => reply(200, &[], ""),
    })
    .await;
    let lookup = Lookup::new(|_| Box::pin(async { Ok(vec!["127.0.0.1".parse().unwrap()]) }));
    let fetcher = Fetcher::new(&FetchOptions { lookup, ..fetch_options(&server) }).unwrap();
    for path in ["/same", "/other"] {
        let request = Request::get(server.url(path).parse().unwrap(), LIMIT)
            .header(AUTHORIZATION, HeaderValue::from_static("Bearer secret"));
        fetcher.fetch(&request).await.unwrap();
    }
    let sent: Vec<_> =
        server.seen().iter().map(|seen| (seen.path.clone(), seen.header("authorization").to_owned())).collect();
    let (secret, nothing) = ("Bearer secret".to_owned(), String::new());
    assert_eq!(
        sent,
        [
            ("/same".into(), secret.clone()),
            ("/end".into(), secret.clone()),
            ("/other".into(), secret),
            ("/end".into(), nothing)
        ]
    );
}

#[tokio::test]
async fn busy_servers_are_asked_again_and_others_are_not() {
    for (first, asked) in [
        (reply(503, &[], ""), 2),
        (reply(502, &[], ""), 2),
        (reply(429, &[("retry-after", "1")], ""), 2),
        (reply(429, &[("retry-after", "3600")], ""), 1),
        (reply(500, &[], ""), 1),
        (reply(404, &[], ""), 1),
        (reply(403, &[], ""), 1),
        (reply(401, &[], ""), 1),
    ] {
        let count = AtomicUsize::new(0);
        let server = TlsServer::start(move |_| {
            if count.fetch_add(1, Ordering::Relaxed) == 0 { first.clone() } else { reply(200, &[], "") }
        })
        .await;
        let answer = get(&fetch_options(&server), &server.url("/")).await.unwrap();
        assert_eq!(server.seen().len(), asked);
        assert_eq!(answer.status == 200, asked == 2);
    }
    let server = TlsServer::start(|_| reply(503, &[], "")).await;
    assert_eq!(get(&fetch_options(&server), &server.url("/")).await.unwrap().status, 503);
    assert_eq!(server.seen().len(), 3);
}

#[tokio::test]
async fn certificates_must_be_good_for_the_host() {
    let server = TlsServer::start(|_| reply(200, &[], "")).await;
    let stranger = FetchOptions { roots_pem: None, ..fetch_options(&server) };
    let error = get(&stranger, &server.url("/")).await.unwrap_err();
    assert!(matches!(&error, FetchError::Certificate { reason, .. } if reason == "UnknownIssuer"), "{error:?}");
    assert!(error.for_good());
    let lookup = Lookup::new(|_| Box::pin(async { Ok(vec!["127.0.0.1".parse().unwrap()]) }));
    let options = FetchOptions { lookup, ..fetch_options(&server) };
    let error = get(&options, &format!("https://other.example:{}/", server.port)).await.unwrap_err();
    assert!(matches!(error, FetchError::Certificate { .. }), "{error:?}");
    assert!(server.seen().is_empty());
}

#[tokio::test]
async fn headers_are_bounded() {
    let many = (0..200).map(|number| format!("x-{number}: y\r\n")).collect::<String>();
    for headers in [many, format!("x: {}\r\n", "y".repeat(1 << 20))] {
        let error = outcome(Reply::Whole(format!("HTTP/1.1 200 OK\r\n{headers}\r\n").into_bytes())).await.unwrap_err();
        assert!(matches!(error, FetchError::Connection { .. }), "{error:?}");
    }
}

#[tokio::test]
async fn what_is_not_http_is_no_answer() {
    for noise in [&b"SSH-2.0-OpenSSH_9.2\r\n"[..], b"\xff\xfe\xfd", b""] {
        let error = outcome(Reply::Whole(noise.to_vec())).await.unwrap_err();
        assert!(matches!(error, FetchError::Connection { .. }), "{error:?}");
    }
}

#[tokio::test]
async fn a_port_where_nobody_listens_refuses_for_good() {
    let server = TlsServer::start(|_| reply(200, &[], "")).await;
    let error = get(&fetch_options(&server), "https://127.0.0.1:1/").await.unwrap_err();
    assert_eq!(error, FetchError::Refused("127.0.0.1:1".to_owned()));
    assert!(error.for_good());
}

#[tokio::test]
async fn a_port_that_speaks_no_tls_is_no_answer() {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    tokio::spawn(async move {
        while let Ok((mut socket, _)) = listener.accept().await {
            let _ = tokio::io::AsyncWriteExt::write_all(&mut socket, b"HTTP/1.1 400 Bad Request\r\n\r\n").await;
        }
    });
    let server = TlsServer::start(|_| reply(200, &[], "")).await;
    let error = get(&fetch_options(&server), &format!("https://127.0.0.1:{port}/")).await.unwrap_err();
    assert!(matches!(error, FetchError::Connection { .. }), "{error:?}");
}
