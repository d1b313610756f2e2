//! A model provider that plays a script: Anthropic's Messages, OpenAI's Responses and OpenAI's chat completions over real HTTP, as
//! events or whole.
//!
//! It is strict where the real ones are: a request that they would answer with 400 is answered so here, in their words, and
//! its step of the script is not used up. It runs
//!
//! - in the test's process, on a Unix socket or on loopback: [`Provider::on_socket`], [`Provider::on_loopback`];
//! - as its own container: [`container`] makes an image `FROM scratch` of this very test binary, which is linked statically.
//!   Started with [`VARIABLE`], the one test [`ENTRY`] becomes the server and never ends.
//!
//! Paths are the providers' own (`/v1/messages`, `/v1/responses`, `/v1/chat/completions`) and those of our proxy
//! (`/anthropic/v1/messages`, `/openai/v1/responses`, `/openai/v1/chat/completions`), so that an agent can speak to it with and without the proxy between them.

mod anthropic;
mod chat;
pub(crate) mod container;
mod openai;
mod script;
mod server;
mod strictness;

pub(crate) use script::{Script, Step};
pub(crate) use server::{Listen, Provider, Seen, Setup};

/// The variable that makes [`ENTRY`] a server: a [`Setup`] as JSON.
pub(crate) const VARIABLE: &str = "MCP_REGISTRY_TEST_PROVIDER";
/// The test that does so.
pub(crate) const ENTRY: &str = "provider::plays_its_script_when_it_is_started_to";

#[test]
fn plays_its_script_when_it_is_started_to() {
    if let Some(setup) = std::env::var_os(VARIABLE) {
        let setup: Setup = serde_json::from_str(setup.to_str().unwrap()).unwrap();
        server::serve_for_ever(setup);
    }
    // What a container is told must arrive as it was meant.
    let setup = Setup { listen: Listen::Tcp("127.0.0.1:8080".to_owned()), script: Script::finds_one() };
    let text = serde_json::to_string(&setup).unwrap();
    let again: Setup = serde_json::from_str(&text).unwrap();
    assert_eq!(serde_json::to_string(&again).unwrap(), text);
}
