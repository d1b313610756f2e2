//! Gateways, and models of one's own: other headers for the key, versions in the address, keys that are no secret.

use super::world::{
    ANTHROPIC, ANTHROPIC_KEY, CHAT, FORMATS, JSON, OPENAI, OPENAI_KEY, Proxy, STREAM_HEAD, Setup, TOKEN, Upstream,
    answer, anthropic, chat, header, with,
};
use serde_json::{Value, json};

/// How a key is shown: all headers that could, of the last call.
fn shown(upstream: &Upstream) -> Vec<(&'static str, String)> {
    let head = upstream.seen().pop().unwrap().head;
    ["x-api-key", "api-key", "authorization"]
        .into_iter()
        .filter_map(|name| Some((name, header(&head, name)?)))
        .collect()
}

#[test]
fn the_key_is_shown_in_the_header_that_was_asked_for_and_in_no_other() {
    let upstream = Upstream::new();
    let bearer = |key: &str| format!("Bearer {key}");
    for (arguments, anthropic, openai) in [
        (&[][..], ("x-api-key", ANTHROPIC_KEY.to_owned()), ("authorization", bearer(OPENAI_KEY))),
        (
            &["--anthropic-auth=bearer", "--openai-auth=api-key"],
            ("authorization", bearer(ANTHROPIC_KEY)),
            ("api-key", OPENAI_KEY.to_owned()),
        ),
        (
            &["--anthropic-auth=x-api-key", "--openai-auth=bearer"],
            ("x-api-key", ANTHROPIC_KEY.to_owned()),
            ("authorization", bearer(OPENAI_KEY)),
        ),
    ] {
        let proxy = Proxy::with(&upstream, arguments);
        for format in FORMATS {
            assert_eq!(proxy.post(format.path, &format.request()).status, 200);
            let expected = if format.path == ANTHROPIC { &anthropic } else { &openai };
            assert_eq!(shown(&upstream).as_slice(), std::slice::from_ref(expected), "{arguments:?} {}", format.path);
        }
        // The version of Anthropic's API goes with its format, however the key is shown.
        let head = |path: &str| upstream.seen().into_iter().rfind(|seen| seen.head.contains(path)).unwrap().head;
        assert_eq!(header(&head("/v1/messages"), "anthropic-version").as_deref(), Some("2023-06-01"));
        assert_eq!(header(&head("/v1/responses"), "anthropic-version"), None);
    }
}

#[test]
fn azures_version_is_added_to_calls_for_openai_only() {
    let upstream = Upstream::new();
    let proxy = Proxy::with(&upstream, &["--api-version=2025-04-01-preview"]);
    let lines: Vec<String> = FORMATS
        .into_iter()
        .map(|format| {
            assert_eq!(proxy.post(format.path, &format.request()).status, 200);
            upstream.seen().pop().unwrap().head.lines().next().unwrap().to_owned()
        })
        .collect();
    insta::assert_snapshot!(lines.join("\n"), @r"
    POST /v1/messages HTTP/1.1
    POST /v1/responses?api-version=2025-04-01-preview HTTP/1.1
    POST /v1/chat/completions?api-version=2025-04-01-preview HTTP/1.1
    ");
    // A client cannot say another one.
    for format in FORMATS {
        let answer = proxy.post(&format!("{}?api-version=2024-01-01", format.path), &format.request());
        assert_eq!(answer.reason(), "query-not-allowed");
    }
}

/// A proxy for a provider that asks for no key: whoever set it up wrote something.
fn with_placeholder(upstream: &Upstream, key: &str) -> Proxy {
    let mut setup = Setup::new(upstream, &[]);
    setup.keys = json!({"client_token": TOKEN, "openai_key": key, "anthropic_key": key}).to_string();
    setup.start()
}

#[test]
fn a_key_that_is_no_secret_may_be_in_answers() {
    for key in ["x", "ollama", "1234567"] {
        let text = format!("I am {key}, an {key} of 1234567");
        let whole = json!({"choices": [{"message": {"content": text}, "finish_reason": "stop"}],
                           "usage": {"prompt_tokens": 10, "completion_tokens": 5}});
        let upstream = Upstream::writing(answer(200, &[JSON, "retry-after: 1234567"], whole.to_string()));
        let mut proxy = with_placeholder(&upstream, key);
        let said = proxy.post(CHAT, &chat());
        assert_eq!((said.status, said.json()), (200, whole), "{key}");
        assert_eq!(shown(&upstream), [("authorization", format!("Bearer {key}"))]);
        assert_eq!(proxy.line()["outcome"], "answered");
        let events = format!("data: {}\n\ndata: [DONE]\n\n", json!({"choices": [{"delta": {"content": text}}]}));
        let proxy = with_placeholder(&Upstream::writing(format!("{STREAM_HEAD}{events}")), key);
        let said = proxy.post(CHAT, &with(chat(), "stream", json!(true)));
        assert_eq!((said.whole, String::from_utf8(said.body).unwrap()), (true, events), "{key}");
    }
    // The shortest that is one.
    let echo = json!({"error": {"message": "wrong key: 12345678"}}).to_string();
    let proxy = with_placeholder(&Upstream::writing(answer(401, &[JSON], echo)), "12345678");
    assert_eq!(proxy.post(ANTHROPIC, &anthropic()).reason(), "key-echoed");
}

#[test]
fn a_key_that_is_no_secret_is_refused_for_the_providers_themselves() {
    let start = |keys: Value| {
        let mut setup = Setup::new(&Upstream::new(), &[]).without("--anthropic-base-url");
        setup.command.arg("--anthropic-base-url=https://api.anthropic.com/");
        let mut child = setup.command.spawn().unwrap();
        std::io::Write::write_all(&mut child.stdin.take().unwrap(), keys.to_string().as_bytes()).unwrap();
        let output = child.wait_with_output().unwrap();
        assert_eq!(output.status.code(), Some(2));
        String::from_utf8(output.stderr).unwrap()
    };
    insta::assert_snapshot!(start(json!({"anthropic_key": "short"})), @r#"
    error: there are no keys
      because: `anthropic_key` has fewer than 8 characters, and no key of this provider has
      hint: give them on standard input: `mcp-registry proxy … < keys.json`, with {"anthropic_key": "…"} in the file
    "#);
    insta::assert_snapshot!(start(json!({"openai_key": ""})), @r#"
    error: there are no keys
      because: `openai_key` must have 1 to 4096 visible ASCII characters
      hint: give them on standard input: `mcp-registry proxy … < keys.json`, with {"anthropic_key": "…"} in the file
    "#);
}

#[test]
fn options_that_cannot_be_are_refused() {
    let start = |arguments: &[&str]| {
        let output = Setup::new(&Upstream::new(), arguments).command.output().unwrap();
        assert_eq!(output.status.code(), Some(2), "{arguments:?}");
        String::from_utf8(output.stderr).unwrap()
    };
    insta::assert_snapshot!(start(&["--anthropic-auth=api-key"]), @r"
    error: invalid value 'api-key' for '--anthropic-auth <HEADER>'
      [possible values: x-api-key, bearer]

      tip: a similar value exists: 'x-api-key'

    For more information, try '--help'.
    ");
    insta::assert_snapshot!(start(&["--openai-auth=x-api-key"]), @r"
    error: invalid value 'x-api-key' for '--openai-auth <HEADER>'
      [possible values: bearer, api-key]

      tip: a similar value exists: 'api-key'

    For more information, try '--help'.
    ");
    insta::assert_snapshot!(start(&["--api-version=1&x=y"]), @r"
    error: invalid value '1&x=y' for '--api-version <VALUE>': write 1 to 64 letters, digits and `-._`, like `2025-04-01-preview`

    For more information, try '--help'.
    ");
}

#[test]
fn the_log_says_which_provider_cannot_be_reached_and_the_client_is_not_told_where_it_is() {
    let proxy = Proxy::with(&Upstream::at("127.0.0.1:1".parse().unwrap()), &["-v"]);
    let said = proxy.post(OPENAI, &json!({"model": "m-1", "input": "x"}));
    assert!(!String::from_utf8(said.body).unwrap().contains("127.0.0.1"));
    let stderr = proxy.stop().stderr;
    let line = stderr.lines().find(|line| line.contains("the provider cannot be reached")).expect(&stderr);
    assert!(line.contains("openai") && line.contains("127.0.0.1:1") && line.contains("refused"), "{line}");
}
