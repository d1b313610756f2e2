//! The command: how it starts, what it says, how it ends.

use super::world::{
    ANTHROPIC, ANTHROPIC_KEY, Proxy, STREAM_HEAD, Setup, TOKEN, Upstream, anthropic, anthropic_start, request, with,
};
use crate::runner::Runner;
use serde_json::{Value, json};
use std::io::{Read, Write};
use std::os::unix::fs::PermissionsExt;

#[test]
fn help() {
    insta::assert_snapshot!(Runner::new().run(["proxy", "--help"]).stdout.split("\nGlobal options:").next().unwrap(), @r#"
    Run the proxy that holds a provider's key, so that an agent needs none.

    Clients send `POST /anthropic/v1/messages`, `POST /openai/v1/responses` and `POST
    /openai/v1/chat/completions` with the run's client token in place of the key. Requests are parsed
    and made anew from the fields that are allowed: named models, function tools, inline text.
    Everything else is 403 with a reason.

    Standard input gives the keys, as one JSON object: {"anthropic_key": "…", "openai_key": "…",
    "client_token": "…"}. One key is enough; without `client_token` one is made. The first line on
    standard output says that the proxy is ready, with the token if it was made; then comes one JSON
    line a call. SIGTERM and Ctrl-C end it, and so do 1000 refused calls that show the token. Calls that
    do not show it end nothing: the first 1000 have lines, and one line stands for all others.

    Usage: mcp-registry proxy [OPTIONS] --model <NAME> <--socket <PATH>|--listen <ADDRESS:PORT>>

    Options:
          --socket <PATH>
              Listen on this Unix socket. Any user may connect; its folder decides who can reach it

          --listen <ADDRESS:PORT>
              Listen on this loopback address; port 0 is any free one

          --model <NAME>
              A model that may be asked for; may be repeated

          --model-alias <NAME=MODEL>
              A name that requests may call a model by, for clients that treat a name they know in
              another way; may be repeated

          --audit <FILE>
              Append the line of each call to this file and not to standard output

      -h, --help
              Print help (see a summary with '-h')

      -V, --version
              Print version

    Budget:
          --max-requests <N>
              Calls to providers in all
              
              [default: 200]

          --max-input-tokens <N>
              Tokens read in all
              
              [default: 5000000]

          --max-output-tokens <N>
              Tokens written in all
              
              [default: 500000]

          --max-tokens-per-call <N>
              Tokens that one call may ask to be written
              
              [default: 64000]

          --max-cost <USD>
              Money in all; needs both prices

          --input-price <USD>
              What a million tokens read cost

          --output-price <USD>
              What a million tokens written cost

          --max-concurrent <N>
              Calls at the same time
              
              [default: 4]

          --max-body <BYTES>
              Bytes of one request
              
              [default: 4194304]

          --timeout <SECONDS>
              Time that one call may take
              
              [default: 600]

          --lifetime <SECONDS>
              Time after which every call is refused
              
              [default: 3600]

          --read-timeout <SECONDS>
              Time that a request's headers may take to arrive, and then its body
              
              [default: 10]

    Providers:
          --anthropic-base-url <URL>
              Where calls for Anthropic go, without `/v1/messages`; also ANTHROPIC_BASE_URL

          --anthropic-auth <HEADER>
              The header that shows the key there

              Possible values:
              - x-api-key: `x-api-key: KEY`
              - bearer:    `authorization: Bearer KEY`
              
              [default: x-api-key]

          --openai-base-url <URL>
              Where calls for OpenAI go, without `/responses` or `/chat/completions`; also
              OPENAI_BASE_URL

          --openai-auth <HEADER>
              The header that shows the key there

              Possible values:
              - bearer:  `authorization: Bearer KEY`
              - api-key: `api-key: KEY`
              
              [default: bearer]

          --api-version <VALUE>
              Azure's version of the API: added to the address of calls for OpenAI as `?api-version=`

          --allow-http-upstream
              Let these addresses be http: a model of your own
    "#);
}

#[test]
fn what_cannot_be_is_refused_at_once() {
    let base = ["proxy", "--model=m"];
    let socket = ["proxy", "--model=m", "--socket=s"];
    for (arguments, more) in [
        (&["proxy", "--socket=s"][..], &[][..]),
        (&base, &[]),
        (&base, &["--socket=s", "--listen=127.0.0.1:0"]),
        (&base, &["--listen=0.0.0.0:0"]),
        (&base, &["--listen=[::]:0"]),
        (&base, &["--listen=192.0.2.1:80"]),
        (&socket, &["--model=a b"]),
        (&socket, &["--max-cost=3"]),
        (&socket, &["--max-concurrent=0"]),
        (&socket, &["--max-concurrent=18446744073709551615"]),
        (&socket, &["--timeout=18446744073709551615"]),
        (&socket, &["--read-timeout=18446744073709551615"]),
        (&socket, &["--input-price=3"]),
        (&socket, &["--input-price=-3", "--output-price=1"]),
        (&socket, &["--anthropic-base-url=http://127.0.0.1:1"]),
        (&socket, &["--openai-base-url=https://user:password@127.0.0.1:1"]),
        (&socket, &["--openai-base-url=https://127.0.0.1:1/?a=b"]),
        (&socket, &["--openai-base-url=file:///etc/passwd", "--allow-http-upstream"]),
        (&socket, &["--offline"]),
        (&socket, &["--output=x"]),
        (&socket, &[]),
    ] {
        let all = [arguments, more].concat();
        let output = Runner::new().run(&all);
        assert_eq!((output.status, output.stdout.as_str()), (2, ""), "{all:?}: {}", output.stderr);
    }
    let errors = |more: &str| Runner::new().run([&socket[..], &[more]].concat()).stderr;
    insta::assert_snapshot!(errors("--max-cost=3"), @"error: `--max-cost` needs `--input-price` and `--output-price`");
    insta::assert_snapshot!(errors("--openai-base-url=http://127.0.0.1:1"), @"error: the base address of openai is not https; `--allow-http-upstream` allows that");
    insta::assert_snapshot!(errors("--max-requests=1"), @r#"
    error: there are no keys
      because: the keys' document must be one JSON object with `anthropic_key`, `openai_key`, `client_token` and nothing else, each a text
      hint: give them on standard input: `mcp-registry proxy … < keys.json`, with {"anthropic_key": "…"} in the file
    "#);
    insta::assert_snapshot!(Runner::new().run(["proxy", "--model=m", "--listen=0.0.0.0:80"]).stderr, @"error: 0.0.0.0:80 is not a loopback address; the proxy listens on this machine only");
}

#[test]
fn it_says_when_it_is_ready() {
    let upstream = Upstream::new();
    let proxy = Proxy::new(&upstream);
    insta::assert_snapshot!(proxy.ready, @r#"{"event":"ready","version":1,"socket":"proxy.sock","providers":["anthropic","openai"],"models":["m-1","m-2"]}"#);
    let socket = std::fs::metadata(proxy.directory.path().join("proxy.sock")).unwrap();
    assert_eq!(socket.permissions().mode() & 0o777, 0o666);
}

#[test]
fn it_makes_a_token_when_it_gets_none() {
    let upstream = Upstream::new();
    let mut setup = Setup::new(&upstream, &[]);
    setup.keys = json!({"anthropic_key": ANTHROPIC_KEY}).to_string();
    let proxy = setup.start();
    let mut ready = proxy.ready.clone();
    let token = ready["client_token"].take();
    assert!(token.as_str().is_some_and(|token| token.len() == 64), "{token}");
    assert_eq!(ready["providers"], json!(["anthropic"]));
}

#[test]
fn it_listens_on_a_port_of_this_machine() {
    let upstream = Upstream::new();
    let proxy = Setup::new(&upstream, &["--listen=127.0.0.1:0"]).without("--socket").start();
    let mut stream = std::net::TcpStream::connect(proxy.ready["listen"].as_str().unwrap()).unwrap();
    stream.write_all(&request(ANTHROPIC, "", anthropic().to_string().as_bytes())).unwrap();
    let mut said = String::new();
    stream.read_to_string(&mut said).unwrap();
    assert!(said.starts_with("HTTP/1.1 200 OK\r\n"), "{said}");
}

#[test]
fn base_addresses_are_taken_from_the_environment_too() {
    let upstream = Upstream::new();
    let gateway = Upstream::new();
    let mut setup = Setup::new(&upstream, &[]).without("--anthropic-base-url");
    setup.command.env("ANTHROPIC_BASE_URL", format!("http://{}/a/b/", gateway.address));
    let proxy = setup.start();
    proxy.post(ANTHROPIC, &anthropic());
    assert!(upstream.seen().is_empty());
    assert!(gateway.seen()[0].head.starts_with("POST /a/b/v1/messages HTTP/1.1\r\n"), "{}", gateway.seen()[0].head);
}

#[test]
fn it_ends_cleanly_when_told_to() {
    use rustix::process::Signal;
    let upstream = Upstream::new();
    for signal in [Signal::TERM, Signal::INT] {
        let proxy = Proxy::new(&upstream);
        let idle = proxy.connect();
        proxy.post(ANTHROPIC, &anthropic());
        let socket = proxy.directory.path().join("proxy.sock");
        assert!(socket.exists());
        proxy.signal(signal);
        let left = proxy.ended_and(|| assert!(!socket.exists()));
        assert_eq!((left.status, left.stderr.as_str(), left.lines.len()), (Some(0), "", 1));
        drop(idle);
    }
}

#[test]
fn a_call_that_is_being_made_when_it_ends_is_audited() {
    let upstream = Upstream::answering(|_, stream| {
        stream.write_all(format!("{STREAM_HEAD}{}", anthropic_start()).as_bytes()).unwrap();
    });
    let proxy = Proxy::new(&upstream);
    let mut stream = proxy.connect();
    let body = with(anthropic(), "stream", json!(true)).to_string();
    stream.write_all(&request(ANTHROPIC, "", body.as_bytes())).unwrap();
    stream.read_exact(&mut [0; 200]).unwrap();
    let left = proxy.stop();
    let line = left.lines.first().unwrap();
    assert_eq!((left.status, left.lines.len()), (Some(0), 1));
    assert_eq!((&line["outcome"], &line["reason"]), (&json!("failed"), &json!("stopped")), "{line}");
    assert_eq!((&line["estimated"], &line["output_tokens"]), (&json!(true), &json!(100)), "{line}");
}

#[test]
fn no_call_is_made_without_its_line() {
    let upstream = Upstream::new();
    let proxy = Proxy::with(&upstream, &["--audit=/dev/full"]);
    proxy.post(ANTHROPIC, &anthropic());
    let left = proxy.ended();
    assert_eq!(left.status, Some(3));
    insta::assert_snapshot!(left.stderr, @"
    error: the proxy ended
      because: the audit lines cannot be written
    ");
    assert_eq!(upstream.seen().len(), 1);
}

#[test]
fn audit_lines_are_appended_to_a_file() {
    let upstream = Upstream::new();
    let setup = Setup::new(&upstream, &["--audit=calls.jsonl"]);
    let path = setup.directory.path().join("calls.jsonl");
    std::fs::write(&path, "{\"before\": 1}\n").unwrap();
    let proxy = setup.start();
    proxy.post(ANTHROPIC, &anthropic());
    proxy.post("/", &anthropic());
    let left = proxy.stop_and(|| {
        let lines = std::fs::read_to_string(&path).unwrap();
        let lines: Vec<Value> = lines.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
        assert_eq!(lines.len(), 3);
        assert_eq!((&lines[1]["status"], &lines[2]["status"]), (&json!(200), &json!(403)));
    });
    assert!(left.lines.is_empty());
}

#[test]
fn a_client_that_is_refused_too_often_ends_it() {
    let upstream = Upstream::new();
    let proxy = Proxy::new(&upstream);
    let wrong = request("/", "", b"{}");
    let mut sent = 0;
    while let Ok(mut stream) = std::os::unix::net::UnixStream::connect(proxy.directory.path().join("proxy.sock")) {
        let _ = stream.write_all(&wrong);
        let _ = stream.read_to_end(&mut Vec::new());
        sent += 1;
        assert!(sent < 3000);
    }
    let left = proxy.ended();
    assert_eq!(left.status, Some(3));
    assert!((1000..1000 + 256).contains(&left.lines.len()), "{}", left.lines.len());
    insta::assert_snapshot!(left.stderr, @"
    error: the proxy ended
      because: 1000 calls with the client token were refused
    ");
}

#[test]
fn whoever_has_no_token_cannot_end_it() {
    let upstream = Upstream::new();
    let proxy = Proxy::new(&upstream);
    let wrong = String::from_utf8(request(ANTHROPIC, "", b"{}")).unwrap().replace(TOKEN, "0123456789abcdef0123");
    for number in 0..1500 {
        let mut stream = proxy.connect();
        let bytes = if number % 2 == 0 { b"x\n" } else { wrong.as_bytes() };
        stream.write_all(bytes).unwrap();
        stream.read_to_end(&mut Vec::new()).unwrap();
    }
    assert_eq!(proxy.post(ANTHROPIC, &anthropic()).status, 200);
    let left = proxy.stop();
    assert_eq!((left.status, left.stderr.as_str()), (Some(0), ""));
    let (last, others) = left.lines.split_last().unwrap();
    let (more, listed) = others.split_last().unwrap();
    assert_eq!(listed.len(), 1000);
    assert!(listed.iter().all(|line| line["event"] == "call" && line["outcome"] == "refused"));
    assert_eq!((&more["event"], &more["reason"]), (&json!("more"), &json!("more-without-token")), "{more}");
    assert_eq!(last["outcome"], "answered", "{last}");
}

#[test]
fn a_socket_that_was_left_behind_is_replaced_and_one_in_use_is_not() {
    let upstream = Upstream::new();
    let setup = Setup::new(&upstream, &[]);
    let path = setup.directory.path().join("proxy.sock");
    drop(std::os::unix::net::UnixListener::bind(&path).unwrap());
    assert!(path.exists());
    let proxy = setup.start();
    assert_eq!(proxy.post(ANTHROPIC, &anthropic()).status, 200);
    // A second proxy at the same place.
    let mut second = Setup::new(&upstream, &[]);
    second.command.current_dir(proxy.directory.path());
    let mut child = second.command.spawn().unwrap();
    child.stdin.take().unwrap().write_all(second.keys.as_bytes()).unwrap();
    let output = child.wait_with_output().unwrap();
    assert_eq!((output.status.code(), output.stdout.len()), (Some(3), 0));
    assert_eq!(proxy.post(ANTHROPIC, &anthropic()).status, 200);
}
