//! `validate --online`: gathering against services on loopback that misbehave in every way that is known.

mod command;
mod fetching;
mod gathering;
mod git_hosts;
mod github;
mod image_registry;
mod mcp;

use crate::tls_server::TlsServer;
use mcp_registry::entry::Entry;
use mcp_registry::fetch::FetchOptions;
use mcp_registry::fetch::retry::Retry;
use mcp_registry::github::GithubOptions;
use mcp_registry::policy::Policy;
use mcp_registry::validate::facts::Facts;
use mcp_registry::validate::gather::{GatherOptions, gather};
use std::time::Duration;

/// Options that reach loopback, trust `server`, and are short of patience where a test waits for it to end.
pub(crate) fn fetch_options(server: &TlsServer) -> FetchOptions {
    FetchOptions {
        allow: vec!["127.0.0.0/8".parse().unwrap(), "::1/128".parse().unwrap()],
        roots_pem: Some(server.ca.clone()),
        retry: Retry { times: 2, base: Duration::from_millis(1), longest: Duration::from_secs(5) },
        ..FetchOptions::default()
    }
}

/// Options for entries whose addresses lead to `server`. GitHub's API is an address where nothing listens.
pub(crate) fn gather_options(server: &TlsServer) -> GatherOptions {
    GatherOptions::new(fetch_options(server), GithubOptions::new("http://127.0.0.1:9".parse().unwrap()))
}

/// Gathers the facts of entries given by their `server.yaml`.
pub(crate) async fn facts(manifests: &[&str], options: &GatherOptions) -> Vec<Facts> {
    let entries: Vec<Entry> = manifests.iter().map(|yaml| Entry::from_texts("x", Some(yaml), None, None)).collect();
    gather(&entries.iter().collect::<Vec<_>>(), &Policy::default(), options).await.unwrap()
}
