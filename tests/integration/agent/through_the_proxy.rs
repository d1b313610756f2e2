//! The agent, our proxy and a provider, as in a review but for the containers.

use super::{Api, Run, Sandbox};
use crate::provider::{Provider, Script};
use serde_json::{Value, json};
use std::io::{BufRead, BufReader, Write};
use std::process::{Child, Command, Stdio};

/// What the agent shows the proxy, in place of the key.
const TOKEN: &str = "the-client-token-of-this-run";

/// A proxy that is killed when the test ends, however it ends.
struct Proxy(Child);

impl Drop for Proxy {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// Runs a review through a proxy; returns also the lines of its audit.
fn review(api: Api, arguments: &[&str], budget: &[&str]) -> (Run, Vec<Value>) {
    let sandbox = Sandbox::weather();
    let provider = Provider::on_loopback(Script::finds_one());
    let (socket, audit) = (sandbox.runner.home().join("proxy.sock"), sandbox.runner.home().join("audit.jsonl"));
    let mut child = Command::new(env!("CARGO_BIN_EXE_mcp-registry"))
        .args(["proxy", "--model", "test-model", "--allow-http-upstream", "--socket", socket.to_str().unwrap()])
        .args(["--audit", audit.to_str().unwrap(), "--anthropic-base-url", &provider.url])
        .args(["--openai-base-url", &format!("{}/v1", provider.url)])
        .args(budget)
        .env_clear()
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let keys = json!({"anthropic_key": "sk-test-key", "openai_key": "sk-test-key", "client_token": TOKEN});
    child.stdin.take().unwrap().write_all(keys.to_string().as_bytes()).unwrap();
    let mut ready = String::new();
    BufReader::new(child.stdout.take().unwrap()).read_line(&mut ready).unwrap();
    let mut proxy = Proxy(child);
    let output = sandbox.start(api, TOKEN, arguments);
    // Asked to end, it writes the lines that it still has.
    let Proxy(child) = &mut proxy;
    rustix::process::kill_process(rustix::process::Pid::from_child(child), rustix::process::Signal::TERM).unwrap();
    child.wait().unwrap();
    let audit = std::fs::read_to_string(audit).unwrap();
    let lines = audit.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    (Run { output, seen: provider.seen() }, lines)
}

#[test]
fn a_review_through_the_proxy_ends_as_one_without_it() {
    for api in Api::ALL {
        for way in [&[][..], &["--no-stream"]] {
            let (run, audit) = review(api, way, &[]);
            assert_eq!(run.document()["status"], "complete", "{}{audit:?}", run.output.stderr);
            assert_eq!(run.document()["findings"], json!([Script::finding()]));
            let outcomes: Vec<&Value> = audit.iter().map(|line| &line["outcome"]).collect();
            assert_eq!(outcomes, ["answered"; 4], "{audit:?}");
            assert!(audit.iter().all(|line| line["input_tokens"] == 1_000 && line["output_tokens"] == 50), "{audit:?}");
            // The key is put in by the proxy; what the agent showed does not get through.
            assert!(run.seen.iter().all(|seen| seen.refused.is_none() && !format!("{seen:?}").contains(TOKEN)));
        }
    }
}

#[test]
fn a_review_whose_budget_is_spent_says_so() {
    let (run, audit) = review(Api::Anthropic, &[], &["--max-requests", "2"]);
    insta::assert_snapshot!(run.reason(), @"the proxy refused the call (403): budget-requests: this run has made all its calls");
    assert_eq!((run.seen.len(), audit.len()), (2, 3));
    let (run, _) = review(Api::OpenAi, &[], &["--max-output-tokens", "60"]);
    insta::assert_snapshot!(run.reason(), @"the proxy refused the call (403): budget-output-tokens: this run has written all its tokens, or this call might write more than are left");
}
