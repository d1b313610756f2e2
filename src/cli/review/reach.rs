//! Whether the proxy's container can reach a provider, as far as its address says so.

use crate::cli::refuse;
use crate::error::CommandError;
use crate::net::{Special, special};
use crate::proxy::Provider;
use crate::proxy::upstreams::Upstreams;
use std::net::IpAddr;
use url::{Host, Url};

/// The network of the engine that is its machine's own.
const HOST: &str = "host";

/// Refuses a provider on this machine, which the proxy's container takes for itself, unless it is on this machine's network.
pub(super) fn check(network: Option<&str>, used: &[Provider], upstreams: &Upstreams) -> Result<(), CommandError> {
    let here = |provider: &&Provider| is_this_machine(upstreams.base_url(**provider));
    let Some(provider) = used.iter().filter(|_| network != Some(HOST)).find(here) else { return Ok(()) };
    let (base, variable) = match provider {
        Provider::Anthropic => ("--anthropic-base-url", "ANTHROPIC_BASE_URL"),
        Provider::OpenAi => ("--openai-base-url", "OPENAI_BASE_URL"),
    };
    let address = upstreams.base_url(*provider);
    Err(refuse(format!(
        "{base} or {variable} is {address}, on this machine: the proxy cannot reach it from its container"
    ))
    .hint("`--provider-network host` lets the proxy, and nothing else of the sandbox, use this machine's network")
    .hint("or name the engine's network that the provider is on, and the provider by its name there"))
}

fn is_this_machine(url: &Url) -> bool {
    match url.host() {
        Some(Host::Domain(name)) => {
            let name = name.trim_end_matches('.').to_ascii_lowercase();
            name == "localhost" || name.ends_with(".localhost")
        }
        Some(Host::Ipv4(address)) => is_here(address.into()),
        Some(Host::Ipv6(address)) => is_here(address.into()),
        None => false,
    }
}

fn is_here(address: IpAddr) -> bool {
    matches!(special(address), Some(Special::Loopback | Special::Unspecified))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::is_this_machine;

    #[test]
    fn this_machine_has_many_names() {
        let here = |text: &str| is_this_machine(&text.parse().unwrap());
        for text in [
            "http://localhost:1",
            "http://LOCALHOST.",
            "http://a.localhost",
            "http://127.1",
            "http://[::1]:1",
            "http://0.0.0.0",
        ] {
            assert!(here(text), "{text}");
        }
        assert!(here("http://[::ffff:127.0.0.1]"));
        for text in ["http://10.0.0.1", "https://api.openai.com", "http://localhost.example", "http://[fd00::1]"] {
            assert!(!here(text), "{text}");
        }
    }
}
