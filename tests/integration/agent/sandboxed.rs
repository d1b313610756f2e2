//! The provider as a container: what acceptance tests of the whole path build on.

use crate::container::engine_answers;
use crate::provider::{Script, container};
use serde_json::json;
use std::process::{Command, Stdio};

const LABEL: &str = "mcp-registry-test=provider";

fn docker(arguments: &[&str]) -> String {
    let output = Command::new("docker").args(arguments).stdin(Stdio::null()).output().unwrap();
    assert!(output.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap().trim().to_owned()
}

/// A container that is removed when the test ends, however it ends.
struct Running(String);

impl Drop for Running {
    fn drop(&mut self) {
        let _ = Command::new("docker").args(["rm", "--force", &self.0]).stdin(Stdio::null()).output();
    }
}

#[test]
fn the_scripted_provider_runs_as_a_container_of_its_own() {
    if !engine_answers() {
        return;
    }
    let image = container::image(LABEL);
    let (name, value) = container::setup(Script::finds_one());
    let port = container::PORT.to_string();
    let running = Running(docker(&[
        "run",
        "--detach",
        "--label",
        LABEL,
        "--read-only",
        "--user",
        "65534:65534",
        "--cap-drop=ALL",
        "--security-opt=no-new-privileges",
        "--publish",
        &format!("127.0.0.1::{port}"),
        "--env",
        &format!("{name}={value}"),
        &image.0,
    ]));
    let address = docker(&["port", &running.0, &port]);
    let body = json!({"model": "test-model", "max_tokens": 100, "messages": [{"role": "user", "content": "hello"}]});
    let ask = |key: &str| -> Option<String> {
        let (key, body) = (key.to_owned(), body.to_string());
        let url = format!("http://{address}/v1/messages");
        std::thread::spawn(move || {
            mcp_registry::fetch::install_crypto();
            let client = reqwest::blocking::Client::builder().no_proxy().tls_certs_only([]).build().unwrap();
            let request = client.post(url).header("x-api-key", key).header("anthropic-version", "2023-06-01");
            request.header("content-type", "application/json").body(body).send().ok()?.text().ok()
        })
        .join()
        .unwrap()
    };
    // The engine's own forwarder may take connections before the container does; it is there when it says so.
    while !docker(&["logs", &running.0]).contains("PROVIDER ready") {
        assert_eq!(docker(&["inspect", "--format", "{{.State.Running}}", &running.0]), "true");
        std::thread::yield_now();
    }
    assert!(ask("sk-wrong").unwrap().contains("invalid x-api-key"));
    assert!(ask("sk-test-key").unwrap().contains("\"name\":\"list_files\""));
    let seen = container::seen(&docker(&["logs", &running.0]));
    let refused: Vec<Option<&str>> = seen.iter().map(|seen| seen.refused.as_deref()).collect();
    assert_eq!(refused, [Some("invalid x-api-key"), None]);
    assert_eq!(seen[1].body, body);
}
