//! Answers that come as events.

use super::world::{
    ANTHROPIC, Answer, FORMATS, Proxy, STREAM_HEAD, Upstream, anthropic, anthropic_end, anthropic_start,
    anthropic_text, assert_no_key, request, timeless, with,
};
use serde_json::{Value, json};
use std::io::{Read, Write};
use std::sync::{Mutex, mpsc};

fn streamed(request: Value) -> Value {
    with(request, "stream", json!(true))
}

#[test]
fn an_event_reaches_the_client_before_the_provider_sends_the_next() {
    let (go, going) = mpsc::channel::<()>();
    let going = Mutex::new(going);
    let upstream = Upstream::answering(move |_, stream| {
        stream.write_all(format!("{STREAM_HEAD}{}", anthropic_start()).as_bytes()).unwrap();
        for number in 0..5 {
            // Only the client, having read what came before, lets this go on.
            going.lock().unwrap().recv().unwrap();
            stream.write_all(anthropic_text(&format!("<{number}>")).as_bytes()).unwrap();
        }
        going.lock().unwrap().recv().unwrap();
        stream.write_all(anthropic_end().as_bytes()).unwrap();
        stream.shutdown(std::net::Shutdown::Both).unwrap();
    });
    let mut proxy = Proxy::new(&upstream);
    let mut stream = proxy.connect();
    stream.write_all(&request(ANTHROPIC, "", streamed(anthropic()).to_string().as_bytes())).unwrap();
    let mut bytes = Vec::new();
    let mut wait_for = |text: &str| {
        let mut byte = [0];
        while !String::from_utf8_lossy(&bytes).contains(text) {
            stream.read_exact(&mut byte).unwrap();
            bytes.push(byte[0]);
        }
    };
    wait_for("message_start");
    for number in 0..5 {
        go.send(()).unwrap();
        wait_for(&format!("<{number}>"));
    }
    go.send(()).unwrap();
    stream.read_to_end(&mut bytes).unwrap();
    let answer = Answer::parse(&bytes);
    assert!(answer.whole);
    insta::assert_snapshot!(answer.head.replace('\r', ""), @"
    HTTP/1.1 200 OK
    content-type: text/event-stream
    connection: close
    cache-control: no-store
    transfer-encoding: chunked
    ");
    let texts: String = (0..5).map(|number| anthropic_text(&format!("<{number}>"))).collect();
    assert_eq!(String::from_utf8(answer.body).unwrap(), anthropic_start() + &texts + &anthropic_end());
    insta::assert_snapshot!(timeless(proxy.line()), @r#"{"event":"call","at_ms":0,"provider":"anthropic","model":"m-1","outcome":"answered","reason":null,"status":200,"input_tokens":10,"output_tokens":5,"estimated":false,"cost_micros":null,"bytes_in":93,"bytes_out":868,"duration_ms":0,"streamed":true}"#);
}

#[test]
fn every_wire_format_streams() {
    let upstream = Upstream::new();
    let mut proxy = Proxy::new(&upstream);
    for format in FORMATS {
        let answer = proxy.post(format.path, &streamed(format.request()));
        assert!(answer.whole && answer.status == 200);
        assert!(answer.head.contains("content-type: text/event-stream"));
        assert!(upstream.seen().last().unwrap().head.contains("accept: text/event-stream"));
        let line = proxy.line();
        assert_eq!((&line["input_tokens"], &line["output_tokens"]), (&json!(10), &json!(5)), "{line}");
        assert_eq!((&line["streamed"], &line["estimated"]), (&json!(true), &json!(false)), "{line}");
        assert_eq!((&line["outcome"], &line["bytes_out"]), (&json!("answered"), &json!(answer.body.len())), "{line}");
    }
}

#[test]
fn a_provider_that_dies_in_a_stream_is_noticed() {
    for (begun, head) in
        [(anthropic_start() + &anthropic_text("hi"), STREAM_HEAD), (anthropic_start() + "data: {\"ty", STREAM_HEAD)]
    {
        let upstream = Upstream::writing(format!("{head}{begun}"));
        let mut proxy = Proxy::new(&upstream);
        let answer = proxy.post(ANTHROPIC, &streamed(anthropic()));
        assert_eq!((answer.status, answer.whole), (200, false), "the client must see that the end is missing");
        assert_eq!(String::from_utf8(answer.body).unwrap(), begun);
        let line = proxy.line();
        assert_eq!((&line["outcome"], &line["reason"]), (&json!("failed"), &json!("upstream-cut")), "{line}");
    }
    for format in FORMATS {
        let begun = (format.start)() + &(format.text)("hi");
        let upstream = Upstream::writing(format!("{STREAM_HEAD}{begun}"));
        let mut proxy = Proxy::new(&upstream);
        let answer = proxy.post(format.path, &streamed(format.request()));
        assert_eq!((String::from_utf8(answer.body).unwrap(), answer.whole), (begun, false));
        let line = proxy.line();
        assert_eq!((&line["reason"], &line["output_tokens"]), (&json!("upstream-cut"), &json!(100)), "{line}");
    }
    // Cut inside a chunk.
    let head = "HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\n\r\n1000\r\n";
    let upstream = Upstream::writing(format!("{head}{}", anthropic_start()));
    let mut proxy = Proxy::new(&upstream);
    assert!(!proxy.post(ANTHROPIC, &streamed(anthropic())).whole);
    assert_eq!(proxy.line()["reason"], "upstream-cut");
}

#[test]
fn an_error_in_a_stream_reaches_the_client_and_the_audit() {
    for format in FORMATS {
        let error = (format.error)();
        let upstream = Upstream::writing(format!("{STREAM_HEAD}{}{error}", (format.start)()));
        let mut proxy = Proxy::new(&upstream);
        let answer = proxy.post(format.path, &streamed(format.request()));
        assert!(String::from_utf8(answer.body).unwrap().ends_with(&error));
        let line = proxy.line();
        assert_eq!((&line["outcome"], &line["reason"]), (&json!("failed"), &json!("upstream-failed")), "{line}");
        assert_eq!((&line["estimated"], &line["output_tokens"]), (&json!(true), &json!(100)), "{line}");
    }
}

#[test]
fn a_key_in_a_stream_is_kept_back_however_it_is_cut() {
    for (format, at) in FORMATS.into_iter().flat_map(|format| [1, 5, format.key.len() - 1].map(|at| (format, at))) {
        let (first, second) = format.key.split_at(at);
        let (go, going) = mpsc::channel::<()>();
        let going = Mutex::new(going);
        let upstream = Upstream::answering(move |_, stream| {
            stream.write_all(format!("{STREAM_HEAD}{}data: {first}", (format.start)()).as_bytes()).unwrap();
            // The proxy has had the first half: what came before it is at the client.
            going.lock().unwrap().recv().unwrap();
            let _ = stream.write_all(format!("{second}\n\n{}", (format.end)()).as_bytes());
            let _ = stream.shutdown(std::net::Shutdown::Both);
        });
        let mut proxy = Proxy::new(&upstream);
        let mut stream = proxy.connect();
        stream.write_all(&request(format.path, "", streamed(format.request()).to_string().as_bytes())).unwrap();
        let mut bytes = Vec::new();
        while !bytes.ends_with(b"\n\ndata: ") {
            let mut byte = [0];
            stream.read_exact(&mut byte).unwrap();
            bytes.push(byte[0]);
        }
        go.send(()).unwrap();
        stream.read_to_end(&mut bytes).unwrap();
        assert_no_key("a stream", &bytes);
        let answer = Answer::parse(&bytes);
        assert!(!answer.whole);
        assert!(answer.body.ends_with(b"\n\ndata: "), "{}", String::from_utf8_lossy(&answer.body));
        assert_eq!(proxy.line()["reason"], "key-echoed");
    }
}

#[test]
fn a_client_that_goes_away_is_audited_and_charged() {
    let upstream = Upstream::answering(|_, stream| {
        stream.write_all(format!("{STREAM_HEAD}{}", anthropic_start()).as_bytes()).unwrap();
        // Until the proxy hangs up, because its own client did.
        while stream.write_all(anthropic_text(&"x".repeat(1000)).as_bytes()).is_ok() {}
    });
    let mut proxy = Proxy::new(&upstream);
    let mut stream = proxy.connect();
    stream.write_all(&request(ANTHROPIC, "", streamed(anthropic()).to_string().as_bytes())).unwrap();
    stream.read_exact(&mut [0; 200]).unwrap();
    drop(stream);
    let line = proxy.line();
    assert_eq!((&line["outcome"], &line["reason"]), (&json!("failed"), &json!("client-gone")), "{line}");
    assert_eq!((&line["input_tokens"], &line["output_tokens"]), (&json!(10), &json!(100)), "{line}");
}

#[test]
fn a_stream_without_end_is_cut() {
    let upstream = Upstream::answering(|_, stream| {
        stream.write_all(format!("{STREAM_HEAD}{}", anthropic_start()).as_bytes()).unwrap();
        let event = anthropic_text(&"x".repeat(100_000));
        while stream.write_all(event.as_bytes()).is_ok() {}
    });
    let mut proxy = Proxy::new(&upstream);
    let answer = proxy.post(ANTHROPIC, &streamed(anthropic()));
    assert!(!answer.whole && answer.body.len() <= 64 * 1024 * 1024, "{}", answer.body.len());
    assert_eq!(proxy.line()["reason"], "upstream-too-large");
    let upstream = Upstream::answering(|_, stream| {
        stream.write_all(format!("{STREAM_HEAD}data: ").as_bytes()).unwrap();
        while stream.write_all(&[b'x'; 100_000]).is_ok() {}
    });
    let mut proxy = Proxy::new(&upstream);
    assert!(!proxy.post(ANTHROPIC, &streamed(anthropic())).whole);
    assert_eq!(proxy.line()["reason"], "upstream-too-large");
}
