//! Where keys and tokens must not be.

use super::world::{
    ANTHROPIC, ANTHROPIC_KEY, FORMATS, OPENAI, OPENAI_KEY, Proxy, STREAM_HEAD, Setup, TOKEN, Upstream, answer,
    anthropic, assert_no_key, openai, request, with,
};
use rustix::process::geteuid;
use serde_json::json;
use std::io::{Read, Write};
use std::os::unix::fs::MetadataExt;
use std::os::unix::process::CommandExt;

fn contains(bytes: &[u8], part: &str) -> bool {
    bytes.windows(part.len()).any(|window| window == part.as_bytes())
}

/// Calls of every kind: answered, streamed, refused, failed.
fn calls(proxy: &Proxy) {
    for (path, body) in FORMATS.map(|format| (format.path, format.request())) {
        proxy.post(path, &body);
        proxy.post(path, &with(body.clone(), "stream", json!(true)));
        proxy.post(path, &with(body.clone(), "model", json!("m-3")));
        proxy.post("/x", &body);
        proxy.send(&request(path, &format!("x: {ANTHROPIC_KEY}\r\n"), b"{"));
        proxy.send(&request(path, &format!("connection: {OPENAI_KEY}\r\n"), b"{"));
        proxy.send(b"POST\n");
    }
}

#[test]
fn proxy_never_logs_provider_key() {
    let upstream = Upstream::new();
    for arguments in [&["-vvv"][..], &["-vvv", "--log-format=json"], &["--audit=audit.jsonl"]] {
        let proxy = Proxy::with(&upstream, arguments);
        calls(&proxy);
        let audit = proxy.directory.path().join("audit.jsonl");
        let lines = std::fs::read(&audit).ok();
        // Searches all that it wrote.
        let left = proxy.stop();
        assert_eq!(left.status, Some(0), "{}", left.stderr);
        assert_eq!(left.stderr.is_empty(), !arguments.contains(&"-vvv"), "the log must be there to be searched");
        assert_no_key("the audit", &lines.unwrap_or_default());
        assert!(upstream.seen().iter().any(|seen| seen.head.contains(ANTHROPIC_KEY)), "the key must have been used");
    }
}

#[test]
fn proxy_never_logs_the_client_token() {
    let upstream = Upstream::new();
    let proxy = Proxy::with(&upstream, &["-vvv"]);
    calls(&proxy);
    let left = proxy.stop();
    assert!(!contains(&left.log, TOKEN), "{}", String::from_utf8_lossy(&left.log));
    assert!(upstream.seen().iter().all(|seen| !seen.head.contains(TOKEN) && !contains(&seen.body, TOKEN)));
}

#[test]
fn proxy_never_audits_what_was_sent() {
    let upstream = Upstream::new();
    let proxy = Proxy::with(&upstream, &[]);
    let secret = "a-word-of-the-client";
    proxy.post(ANTHROPIC, &with(anthropic(), "system", json!(secret)));
    proxy.post(ANTHROPIC, &with(anthropic(), "model", json!(secret)));
    proxy.post(ANTHROPIC, &with(anthropic(), secret, json!(secret)));
    proxy.post(&format!("/{secret}"), &anthropic());
    proxy.post(&format!("{ANTHROPIC}?{secret}"), &anthropic());
    proxy.send(&request(ANTHROPIC, &format!("{secret}: {secret}\r\n"), secret.as_bytes()));
    proxy.send(format!("{secret} / HTTP/1.1\r\nhost: {secret}\r\n\r\n").as_bytes());
    let left = proxy.stop();
    assert_eq!(left.lines.len(), 7);
    assert!(!contains(&left.log, secret), "{}", String::from_utf8_lossy(&left.log));
}

#[test]
fn keys_are_in_no_environment_or_argument() {
    let upstream = Upstream::new();
    let proxy = Proxy::new(&upstream);
    calls(&proxy);
    for file in ["environ", "cmdline", "status", "maps"] {
        let path = format!("/proc/{}/{file}", proxy.pid());
        match std::fs::read(&path) {
            Ok(bytes) => {
                assert_no_key(&path, &bytes);
                assert!(!contains(&bytes, TOKEN), "{path}");
            }
            // Nor could another process of this user.
            Err(error) => assert_eq!(error.kind(), std::io::ErrorKind::PermissionDenied, "{path}"),
        }
    }
}

#[test]
fn keys_in_the_environment_are_not_read() {
    let upstream = Upstream::new();
    let mut setup = Setup::new(&upstream, &[]);
    setup.command.env("ANTHROPIC_API_KEY", "sk-ant-another").env("OPENAI_API_KEY", "sk-another");
    setup.command.env("HTTP_PROXY", "http://127.0.0.1:1").env("http_proxy", "http://127.0.0.1:1");
    setup.command.env("ALL_PROXY", "http://127.0.0.1:1");
    setup.keys = json!({"client_token": TOKEN, "anthropic_key": ANTHROPIC_KEY}).to_string();
    let proxy = setup.start();
    assert_eq!(proxy.post(OPENAI, &openai()).reason(), "no-provider-key");
    assert_eq!(proxy.post(ANTHROPIC, &anthropic()).status, 200);
    assert!(!upstream.seen()[0].head.contains("sk-ant-another"));
}

#[test]
fn other_processes_cannot_look_into_the_proxy() {
    if !geteuid().is_root() {
        // Then the system itself shows it.
        let proxy = Proxy::new(&Upstream::new());
        assert!(std::fs::read(format!("/proc/{}/environ", proxy.pid())).is_err());
        return;
    }
    let mut setup = Setup::new(&Upstream::new(), &[]).by_a_copy();
    let nobody = 65_534;
    std::os::unix::fs::chown(setup.directory.path(), Some(nobody), Some(nobody)).unwrap();
    setup.command.uid(nobody).gid(nobody);
    let proxy = setup.start();
    // The files of a process that can be dumped and traced belong to its user; of one that cannot, to root.
    let owner = |file: &str| std::fs::metadata(format!("/proc/{}/{file}", proxy.pid())).unwrap().uid();
    assert_eq!((owner("environ"), owner("mem")), (0, 0));
    let limits = std::fs::read_to_string(format!("/proc/{}/limits", proxy.pid())).unwrap();
    let core = limits.lines().find(|line| line.starts_with("Max core file size")).unwrap();
    assert_eq!(core.split_whitespace().skip(4).take(2).collect::<Vec<_>>(), ["0", "0"]);
}

#[test]
fn a_wrong_key_document_is_not_repeated() {
    let upstream = Upstream::new();
    for keys in [
        format!("{{\"anthropic_key\": \"{ANTHROPIC_KEY}\", \"more\": 1}}"),
        format!("{{\"anthropic_key\": \"{ANTHROPIC_KEY}\n\"}}"),
        format!("{{\"{ANTHROPIC_KEY}\": \"\"}}"),
        format!("{{\"anthropic_key\": [\"{ANTHROPIC_KEY}\"]}}"),
        format!("{{\"anthropic_key\": \"{ANTHROPIC_KEY}\"}} {OPENAI_KEY}"),
        ANTHROPIC_KEY.to_owned(),
    ] {
        let mut setup = Setup::new(&upstream, &["-vvv"]);
        let mut child = setup.command.spawn().unwrap();
        std::io::Write::write_all(&mut child.stdin.take().unwrap(), keys.as_bytes()).unwrap();
        let output = child.wait_with_output().unwrap();
        assert_eq!(output.status.code(), Some(2), "{keys}");
        assert_no_key("an error", &[output.stdout, output.stderr].concat());
    }
}

#[test]
fn a_key_in_json_escapes_does_not_pass() {
    let (first, rest) = ANTHROPIC_KEY.split_at(1);
    let escaped = format!("\\u{:04x}{rest}", u32::from(first.as_bytes()[0]));
    let json = "content-type: application/json";
    for (status, body) in [
        (401, format!("{{\"error\": {{\"message\": \"wrong key: {escaped}\"}}}}")),
        (
            200,
            format!("{{\"a\": \"{escaped}\", \"a\": \"\", \"usage\": {{\"input_tokens\": 1, \"output_tokens\": 1}}}}"),
        ),
    ] {
        let upstream = Upstream::writing(answer(status, &[json], body));
        let proxy = Proxy::new(&upstream);
        assert_eq!(proxy.post(ANTHROPIC, &anthropic()).reason(), "key-echoed", "{status}");
    }
    let upstream = Upstream::writing(format!("{STREAM_HEAD}data: {{\"x\": \"{escaped}\"}}\n\n"));
    let proxy = Proxy::new(&upstream);
    let body = with(anthropic(), "stream", json!(true)).to_string();
    let mut stream = proxy.connect();
    stream.write_all(&request(ANTHROPIC, "", body.as_bytes())).unwrap();
    let mut got = Vec::new();
    let _ = stream.read_to_end(&mut got);
    assert!(!contains(&got, rest), "{}", String::from_utf8_lossy(&got));
    assert_eq!(proxy.stop().lines[0]["reason"], "key-echoed");
}

#[test]
fn a_key_in_an_error_of_the_provider_is_not_audited() {
    let echo = format!("{{\"error\": {{\"message\": \"wrong key: {ANTHROPIC_KEY}\"}}}}");
    let upstream = Upstream::writing(answer(401, &["content-type: application/json"], echo));
    let proxy = Proxy::with(&upstream, &["-vvv"]);
    assert_eq!(proxy.post(ANTHROPIC, &anthropic()).reason(), "key-echoed");
    assert_eq!(proxy.stop().status, Some(0));
}
