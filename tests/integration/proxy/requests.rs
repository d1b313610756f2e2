//! What a client may ask for.

use super::world::{
    ANTHROPIC, ANTHROPIC_KEY, FORMATS, Format, OPENAI, OPENAI_KEY, Proxy, Setup, TOKEN, Upstream, anthropic, openai,
    refused, request, timeless, with,
};
use serde_json::{Value, json};

fn refused_request(proxy: &mut Proxy, upstream: &Upstream, path: &str, body: &Value, reason: &str) {
    refused(proxy, upstream, &request(path, "", body.to_string().as_bytes()), 403, reason);
}

#[test]
fn a_call_to_anthropic_is_made_with_the_key_and_answered() {
    let upstream = Upstream::new();
    let mut proxy = Proxy::new(&upstream);
    let answer = proxy.post(ANTHROPIC, &anthropic());
    insta::assert_snapshot!(answer.head.replace('\r', ""), @"
    HTTP/1.1 200 OK
    content-type: application/json
    connection: close
    content-length: 112
    ");
    insta::assert_snapshot!(String::from_utf8(answer.body).unwrap(), @r#"{"content":[{"type":"text","text":"hi"}],"stop_reason":"end_turn","usage":{"input_tokens":10,"output_tokens":5}}"#);
    let seen = upstream.seen().remove(0);
    let head = seen.head.replace('\r', "").replace(&upstream.address.to_string(), "[UPSTREAM]");
    assert!(head.contains(ANTHROPIC_KEY));
    insta::assert_snapshot!(head.replace(ANTHROPIC_KEY, "[KEY]").replace(env!("CARGO_PKG_VERSION"), "[VERSION]"), @"
    POST /v1/messages HTTP/1.1
    content-type: application/json
    accept: application/json
    accept-encoding: identity
    x-api-key: [KEY]
    anthropic-version: 2023-06-01
    user-agent: mcp-registry/[VERSION]
    host: [UPSTREAM]
    content-length: 79
    ");
    assert_eq!(seen.json(), anthropic());
    insta::assert_snapshot!(timeless(proxy.line()), @r#"{"event":"call","at_ms":0,"provider":"anthropic","model":"m-1","outcome":"answered","reason":null,"status":200,"input_tokens":10,"output_tokens":5,"estimated":false,"cost_micros":null,"bytes_in":79,"bytes_out":112,"duration_ms":0,"streamed":false}"#);
}

#[test]
fn a_call_to_openai_is_made_with_the_key_and_answered() {
    let upstream = Upstream::new();
    let mut proxy = Proxy::new(&upstream);
    let answer = proxy.post(OPENAI, &openai());
    insta::assert_snapshot!(String::from_utf8(answer.body).unwrap(), @r#"{"status":"completed","output":[],"usage":{"input_tokens":10,"output_tokens":5}}"#);
    let seen = upstream.seen().remove(0);
    let head = seen.head.replace('\r', "").replace(&upstream.address.to_string(), "[UPSTREAM]");
    assert!(head.contains(OPENAI_KEY));
    insta::assert_snapshot!(head.replace(OPENAI_KEY, "[KEY]").replace(env!("CARGO_PKG_VERSION"), "[VERSION]"), @"
    POST /v1/responses HTTP/1.1
    content-type: application/json
    accept: application/json
    accept-encoding: identity
    authorization: Bearer [KEY]
    user-agent: mcp-registry/[VERSION]
    host: [UPSTREAM]
    content-length: 69
    ");
    assert_eq!(seen.json(), with(openai(), "store", json!(false)));
    insta::assert_snapshot!(timeless(proxy.line()), @r#"{"event":"call","at_ms":0,"provider":"openai","model":"m-1","outcome":"answered","reason":null,"status":200,"input_tokens":10,"output_tokens":5,"estimated":false,"cost_micros":null,"bytes_in":55,"bytes_out":80,"duration_ms":0,"streamed":false}"#);
}

#[test]
fn what_is_sent_is_written_anew() {
    let upstream = Upstream::new();
    let proxy = Proxy::new(&upstream);
    let body = r#"  { "messages" : [ { "content":"h\u0065llo","role":"user" } ],
        "max_tokens":100, "mod\u0065l":"m-1" }  "#;
    let headers = "anthropic-beta: mcp-client-2025-04-04\r\nanthropic-version: 1999-01-01\r\ncookie: a=b\r\nuser-agent: evil\r\n\
                   x-forwarded-for: 1.2.3.4\r\nopenai-organization: x\r\naccept-encoding: gzip\r\nx-evil: 1\r\n";
    assert_eq!(proxy.send(&request(ANTHROPIC, headers, body.as_bytes())).status, 200);
    let seen = upstream.seen().remove(0);
    let expected = r#"{"model":"m-1","max_tokens":100,"messages":[{"role":"user","content":"hello"}]}"#;
    assert_eq!(String::from_utf8(seen.body).unwrap(), expected);
    let names = seen.head.lines().skip(1).filter_map(|line| line.split(':').next());
    let mut names: Vec<String> = names.map(str::to_lowercase).collect();
    names.sort();
    let allowed =
        ["accept", "accept-encoding", "anthropic-version", "content-length", "content-type", "host", "user-agent"];
    assert_eq!(names, [&allowed[..], &["x-api-key"]].concat());
    assert!(!seen.head.contains("evil") && !seen.head.contains("1999") && !seen.head.contains(TOKEN), "{}", seen.head);
}

#[test]
fn several_calls_may_follow_on_one_connection() {
    use std::io::{Read, Write};
    let upstream = Upstream::new();
    let mut proxy = Proxy::new(&upstream);
    let mut stream = proxy.connect();
    let wire = request(ANTHROPIC, "", anthropic().to_string().as_bytes());
    let kept = String::from_utf8(wire).unwrap().replace("connection: close\r\n", "");
    for _ in 0..3 {
        stream.write_all(kept.as_bytes()).unwrap();
        let mut bytes = [0; 1];
        let mut read = Vec::new();
        while !read.ends_with(b"\"output_tokens\":5}}") {
            stream.read_exact(&mut bytes).unwrap();
            read.push(bytes[0]);
        }
        assert_eq!(proxy.line()["status"], 200);
    }
}

#[test]
fn other_paths_and_methods_are_refused() {
    let upstream = Upstream::new();
    let mut proxy = Proxy::new(&upstream);
    let body = anthropic().to_string();
    for path in [
        "/",
        "*",
        "/anthropic/v1/messages/",
        "/anthropic/v1/messages/count_tokens",
        "/anthropic/v1/messages/batches",
        "/anthropic/v1/files",
        "/anthropic/v1/complete",
        "//anthropic/v1/messages",
        "/anthropic//v1/messages",
        "/anthropic/v1/../v1/messages",
        "/anthropic/v1/%6dessages",
        "/ANTHROPIC/v1/messages",
        "/anthropic/v1/messages;a=b",
        "/anthropic/v1/messages#a",
        "/v1/messages",
        "/openai/v1/responses/resp_1",
        "/openai/v1/chat/completions/",
        "/openai/v1/chat/completions/chatcmpl_1",
        "/openai/v1/completions",
        "/anthropic/v1/chat/completions",
        "/openai/v1/files",
        "http://127.0.0.1/anthropic/v1/messages",
    ] {
        refused(&mut proxy, &upstream, &request(path, "", body.as_bytes()), 403, "path-not-allowed");
    }
    for method in ["GET", "HEAD", "PUT", "DELETE", "PATCH", "OPTIONS", "TRACE", "post", "POSTX"] {
        let wire = String::from_utf8(request(ANTHROPIC, "", body.as_bytes())).unwrap();
        let wire = wire.replacen("POST", method, 1);
        refused(&mut proxy, &upstream, wire.as_bytes(), 403, "method-not-allowed");
    }
    refused(&mut proxy, &upstream, b"CONNECT 127.0.0.1:80 HTTP/1.1\r\nhost: x\r\n\r\n", 403, "path-not-allowed");
}

#[test]
fn a_query_is_refused() {
    let upstream = Upstream::new();
    let mut proxy = Proxy::new(&upstream);
    for query in ["?", "?beta=true&a=b", "?beta=true&beta=true", "?beta=false", "?beta", "?a=/anthropic/v1/messages"] {
        for Format { path, say, .. } in FORMATS {
            let wire = request(&format!("{path}{query}"), "", say("hello").to_string().as_bytes());
            refused(&mut proxy, &upstream, &wire, 403, "query-not-allowed");
        }
    }
    for Format { path, say, .. } in &FORMATS[1..] {
        let wire = request(&format!("{path}?beta=true"), "", say("hello").to_string().as_bytes());
        refused(&mut proxy, &upstream, &wire, 403, "query-not-allowed");
    }
}

/// A request with another credential, or none.
fn with_credential(header: &str) -> Vec<u8> {
    let wire = String::from_utf8(request(ANTHROPIC, "", anthropic().to_string().as_bytes())).unwrap();
    wire.replace(&format!("x-api-key: {TOKEN}\r\n"), header).into_bytes()
}

#[test]
fn the_token_is_taken_as_either_providers_clients_send_it() {
    let upstream = Upstream::new();
    let proxy = Proxy::new(&upstream);
    for header in [format!("X-Api-Key: {TOKEN}\r\n"), format!("authorization: Bearer {TOKEN}\r\n")] {
        assert_eq!(proxy.send(&with_credential(&header)).status, 200, "{header}");
    }
}

#[test]
fn a_missing_token_is_refused() {
    let upstream = Upstream::new();
    let mut proxy = Proxy::new(&upstream);
    refused(&mut proxy, &upstream, &with_credential(""), 403, "token-missing");
}

#[test]
fn a_wrong_token_is_refused() {
    let upstream = Upstream::new();
    let mut proxy = Proxy::new(&upstream);
    for token in ["", "x", &TOKEN[1..], &format!("{TOKEN}x"), &TOKEN.to_uppercase(), ANTHROPIC_KEY] {
        for header in [format!("x-api-key: {token}\r\n"), format!("authorization: Bearer {token}\r\n")] {
            refused(&mut proxy, &upstream, &with_credential(&header), 403, "token-wrong");
        }
    }
    let basic = format!("authorization: Basic {TOKEN}\r\n");
    refused(&mut proxy, &upstream, &with_credential(&basic), 403, "token-wrong");
    let both = format!("x-api-key: {TOKEN}\r\nauthorization: Bearer {TOKEN}\r\n");
    refused(&mut proxy, &upstream, &with_credential(&both), 400, "duplicate-header");
}

#[test]
fn a_token_of_another_run_is_refused() {
    let upstream = Upstream::new();
    let start = || {
        let mut setup = Setup::new(&upstream, &[]);
        setup.keys = json!({"anthropic_key": ANTHROPIC_KEY}).to_string();
        setup.start()
    };
    let (one, mut other) = (start(), start());
    let token = one.ready["client_token"].as_str().unwrap();
    assert_eq!(token.len(), 64);
    let wire = with_credential(&format!("x-api-key: {token}\r\n"));
    assert_eq!(one.send(&wire).status, 200);
    refused(&mut other, &upstream, &wire, 403, "token-wrong");
}

#[test]
fn an_expired_token_is_refused() {
    let upstream = Upstream::new();
    let mut proxy = Proxy::with(&upstream, &["--lifetime=1", "--max-requests=1000000"]);
    // Calls may be made until the time is over, and never again after it.
    loop {
        let answer = proxy.post(ANTHROPIC, &anthropic());
        proxy.line();
        if answer.status != 200 {
            break;
        }
    }
    refused_request(&mut proxy, &upstream, ANTHROPIC, &anthropic(), "expired");
}

#[test]
fn a_provider_without_a_key_is_refused() {
    let upstream = Upstream::new();
    let mut setup = Setup::new(&upstream, &[]);
    setup.keys = json!({"client_token": TOKEN, "anthropic_key": ANTHROPIC_KEY}).to_string();
    let mut proxy = setup.start();
    refused_request(&mut proxy, &upstream, OPENAI, &openai(), "no-provider-key");
}

#[test]
fn another_model_is_refused() {
    let upstream = Upstream::new();
    let mut proxy = Proxy::new(&upstream);
    for model in ["m-3", "", "M-1", " m-1", "m-1 ", "m-1\r\nx: y", "../m-1"] {
        for format in FORMATS {
            let body = with(format.request(), "model", json!(model));
            refused_request(&mut proxy, &upstream, format.path, &body, "model-not-allowed");
        }
    }
    assert_eq!(proxy.post(OPENAI, &with(openai(), "model", json!("m-2"))).status, 200);
}

#[test]
fn server_tools_of_anthropic_are_refused() {
    let upstream = Upstream::new();
    let mut proxy = Proxy::new(&upstream);
    for kind in
        ["web_search_20250305", "web_fetch_20250910", "code_execution_20250825", "memory_20250818", "bash_20250124"]
    {
        let tools = json!([{"name": "f", "input_schema": {}}, {"type": kind, "name": "x"}]);
        refused_request(&mut proxy, &upstream, ANTHROPIC, &with(anthropic(), "tools", tools), "tool-not-allowed");
    }
}

#[test]
fn server_tools_of_openai_are_refused() {
    let upstream = Upstream::new();
    let mut proxy = Proxy::new(&upstream);
    for kind in
        ["web_search", "file_search", "code_interpreter", "image_generation", "computer_use_preview", "local_shell"]
    {
        let tools = json!([{"type": kind, "container": {"type": "auto"}}]);
        refused_request(&mut proxy, &upstream, OPENAI, &with(openai(), "tools", tools), "tool-not-allowed");
    }
}

#[test]
fn mcp_connectors_are_refused() {
    let upstream = Upstream::new();
    let mut proxy = Proxy::new(&upstream);
    let servers = json!([{"type": "url", "url": "https://evil.example/mcp", "name": "evil"}]);
    refused_request(&mut proxy, &upstream, ANTHROPIC, &with(anthropic(), "mcp_servers", servers), "tool-not-allowed");
    let tools = json!([{"type": "mcp", "server_label": "evil", "server_url": "https://evil.example/mcp"}]);
    refused_request(&mut proxy, &upstream, OPENAI, &with(openai(), "tools", tools), "tool-not-allowed");
}

fn said(content: &Value) -> (Value, Value) {
    let content = json!([{"role": "user", "content": [content]}]);
    (with(anthropic(), "messages", content.clone()), with(openai(), "input", content))
}

#[test]
fn file_ids_are_refused() {
    let upstream = Upstream::new();
    let mut proxy = Proxy::new(&upstream);
    for block in [
        json!({"type": "document", "source": {"type": "file", "file_id": "file_1"}}),
        json!({"type": "container_upload", "file_id": "file_1"}),
    ] {
        refused_request(&mut proxy, &upstream, ANTHROPIC, &said(&block).0, "content-not-allowed");
    }
    for part in
        [json!({"type": "input_file", "file_id": "file_1"}), json!({"type": "input_image", "file_id": "file_1"})]
    {
        refused_request(&mut proxy, &upstream, OPENAI, &said(&part).1, "content-not-allowed");
    }
    refused_request(
        &mut proxy,
        &upstream,
        ANTHROPIC,
        &with(anthropic(), "container", json!("c_1")),
        "stored-not-allowed",
    );
}

#[test]
fn addresses_and_images_as_sources_are_refused() {
    let upstream = Upstream::new();
    let mut proxy = Proxy::new(&upstream);
    for source in [
        json!({"type": "url", "url": "https://evil.example/?secret"}),
        json!({"type": "base64", "media_type": "image/png", "data": "AAAA"}),
    ] {
        for kind in ["image", "document"] {
            let block = json!({"type": kind, "source": source});
            refused_request(&mut proxy, &upstream, ANTHROPIC, &said(&block).0, "content-not-allowed");
            let result = json!({"type": "tool_result", "tool_use_id": "x", "content": [block]});
            refused_request(&mut proxy, &upstream, ANTHROPIC, &said(&result).0, "content-not-allowed");
        }
    }
    for part in [
        json!({"type": "input_image", "image_url": "https://evil.example/?secret"}),
        json!({"type": "input_file", "file_url": "https://evil.example/?secret"}),
    ] {
        refused_request(&mut proxy, &upstream, OPENAI, &said(&part).1, "content-not-allowed");
    }
}

#[test]
fn stored_and_background_responses_are_refused() {
    let upstream = Upstream::new();
    let mut proxy = Proxy::new(&upstream);
    for (field, value) in [
        ("store", json!(true)),
        ("background", json!(true)),
        ("background", json!(false)),
        ("previous_response_id", json!("resp_1")),
        ("conversation", json!("conv_1")),
        ("prompt", json!({"id": "pmpt_1"})),
        ("input", json!([{"type": "item_reference", "id": "msg_1"}])),
        ("input", json!([{"type": "reasoning", "id": "rs_1", "summary": []}])),
    ] {
        refused_request(&mut proxy, &upstream, OPENAI, &with(openai(), field, value), "stored-not-allowed");
    }
}

#[test]
fn unknown_fields_are_refused() {
    let upstream = Upstream::new();
    let mut proxy = Proxy::new(&upstream);
    for field in ["metadata", "user", "service_tier", "inference_geo", "x"] {
        for format in FORMATS {
            let body = with(format.request(), field, json!({}));
            refused_request(&mut proxy, &upstream, format.path, &body, "field-not-allowed");
        }
    }
    let answer = proxy.post(OPENAI, &with(openai(), "metadata", json!({})));
    insta::assert_snapshot!(String::from_utf8(answer.body).unwrap(), @r#"{"error":{"message":"mcp-registry proxy: field-not-allowed: a field or value of the request is not allowed: unknown field `metadata`, expected one of `model`, `instructions`, `input`, `tools`, `tool_choice`, `parallel_tool_calls`, `max_output_tokens`, `temperature`, `reasoning`, `include`, `text`, `store`, `stream`","type":"permission_error","param":null,"code":"field-not-allowed","reason":"field-not-allowed"}}"#);
    let answer = proxy.post(ANTHROPIC, &with(anthropic(), "metadata", json!({})));
    insta::assert_snapshot!(String::from_utf8(answer.body).unwrap(), @r#"{"type":"error","error":{"type":"permission_error","message":"mcp-registry proxy: field-not-allowed: a field or value of the request is not allowed: unknown field `metadata`, expected one of `model`, `max_tokens`, `system`, `messages`, `tools`, `tool_choice`, `temperature`, `stop_sequences`, `thinking`, `output_config`, `stream`","reason":"field-not-allowed"}}"#);
}

#[test]
fn a_body_that_two_readers_might_read_differently_is_refused() {
    let upstream = Upstream::new();
    let mut proxy = Proxy::new(&upstream);
    for (format, good) in FORMATS.map(|format| (format, format.request().to_string())) {
        for body in [
            good.replacen('{', "{\"model\":\"m-2\",", 1),
            good.replacen('{', "{\"mod\\u0065l\":\"m-2\",", 1),
            good.replace("\"model\"", "\"model\":\"m-1\",\"model\""),
            format!("{good}{good}"),
            format!("\u{feff}{good}"),
            good.replace('"', "'"),
            good.replace("hello", "\\ud800"),
            good.replace("\"hello\"", &"[".repeat(100_000)),
            String::new(),
            "null".to_owned() + "x",
        ] {
            refused(&mut proxy, &upstream, &request(format.path, "", body.as_bytes()), 403, "not-json");
        }
    }
    let good = anthropic().to_string();
    let latin =
        request(ANTHROPIC, "", &good.bytes().map(|byte| if byte == b'h' { 0xe9 } else { byte }).collect::<Vec<_>>());
    refused(&mut proxy, &upstream, &latin, 403, "not-json");
    let wire = String::from_utf8(request(ANTHROPIC, "", good.as_bytes())).unwrap();
    for kind in ["text/plain", "application/jsonx", "multipart/form-data", ""] {
        let wire = wire.replace("content-type: application/json", &format!("content-type: {kind}"));
        refused(&mut proxy, &upstream, wire.as_bytes(), 403, "not-json");
    }
}
