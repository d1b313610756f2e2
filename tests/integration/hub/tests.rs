//! Tests of the hub itself, through its HTTP: what is checked with it is worth what it is worth.

mod behaviour;
mod checks;
mod endpoints;
mod trouble;

use super::{Hub, TOKEN};
use reqwest::Method;
use reqwest::header::{HeaderMap, USER_AGENT};
use serde_json::{Value, json};

const REPO: &str = "/repos/acme/registry";

/// A registry of one entry, with a fork.
fn hub() -> Hub {
    let hub = Hub::start();
    hub.change(|world| {
        world.create("acme/registry", &[("servers/a/server.yaml", "name: a\n"), ("README.md", "# Registry\n")]);
        world.fork("acme/registry", "eve/registry");
    });
    hub
}

/// What came back.
struct Got {
    status: u16,
    headers: HeaderMap,
    /// Null when there is none; the text when it is no JSON.
    body: Value,
    /// How many bytes it has.
    length: usize,
}

impl Got {
    fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().unwrap())
    }

    /// The text at a pointer.
    fn at(&self, pointer: &str) -> &str {
        self.body.pointer(pointer).and_then(Value::as_str).unwrap_or_else(|| panic!("{pointer}: {:#}", self.body))
    }

    /// Status and words of an error.
    fn error(&self) -> String {
        let inner = self.body.pointer("/errors/0").map(|error| {
            let text = |field: &str| error.get(field).and_then(Value::as_str).unwrap_or_default();
            format!(" ({} {})", text("field"), if text("message").is_empty() { text("code") } else { text("message") })
        });
        format!("{} {}{}", self.status, self.at("/message"), inner.unwrap_or_default())
    }
}

fn client() -> reqwest::blocking::Client {
    mcp_registry::fetch::install_crypto();
    reqwest::blocking::Client::builder().no_proxy().tls_certs_only([]).build().unwrap()
}

/// Asks with these headers besides.
fn send(hub: &Hub, method: &str, path: &str, body: Option<&Value>, headers: &[(&str, &str)]) -> reqwest::Result<Got> {
    let method = Method::from_bytes(method.as_bytes()).unwrap();
    let mut request = client().request(method, format!("{}{path}", hub.url));
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    if let Some(body) = body {
        request = request.json(body);
    }
    let response = request.send()?;
    let (status, headers) = (response.status().as_u16(), response.headers().clone());
    let text = response.text()?;
    let length = text.len();
    Ok(Got { status, headers, body: serde_json::from_str(&text).unwrap_or(Value::String(text)), length })
}

fn ask(hub: &Hub, method: &str, path: &str, body: Option<&Value>) -> Got {
    let token = format!("Bearer {TOKEN}");
    send(hub, method, path, body, &[("authorization", &token), (USER_AGENT.as_str(), "test")]).unwrap()
}

fn get(hub: &Hub, path: &str) -> Got {
    ask(hub, "GET", &format!("{REPO}{path}"), None)
}

fn write(hub: &Hub, method: &str, path: &str, body: Value) -> Got {
    ask(hub, method, &format!("{REPO}{path}"), Some(&body))
}

/// What `main` points to.
fn main(hub: &Hub) -> String {
    hub.look(|world| world.tip("acme/registry", "main").unwrap().clone())
}

/// Makes a commit on top of another one, by the API; its id.
fn commit(hub: &Hub, parent: &str, text: &str) -> String {
    let files = json!([{ "path": "servers/a/server.yaml", "mode": "100644", "type": "blob", "content": text }]);
    let base = get(hub, &format!("/git/commits/{parent}")).at("/tree/sha").to_owned();
    let tree = write(hub, "POST", "/git/trees", json!({ "base_tree": base, "tree": files }));
    let body = json!({ "message": text, "tree": tree.at("/sha"), "parents": [parent] });
    write(hub, "POST", "/git/commits", body).at("/sha").to_owned()
}

/// Makes a branch with one commit on `main`, and a pull request of it; its number.
fn pull(hub: &Hub, branch: &str) -> u64 {
    let commit = commit(hub, &main(hub), branch);
    let made = write(hub, "POST", "/git/refs", json!({ "ref": format!("refs/heads/{branch}"), "sha": commit }));
    assert_eq!(made.status, 201);
    let body = json!({ "title": format!("Pull {branch}"), "head": branch, "base": "main", "body": "Words." });
    let made = write(hub, "POST", "/pulls", body);
    assert_eq!(made.status, 201, "{:#}", made.body);
    made.body["number"].as_u64().unwrap()
}
