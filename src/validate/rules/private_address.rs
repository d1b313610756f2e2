//! `private-address`

use super::{Check, Rule, Sink, Subject, excerpt};
use crate::document::Document;
use crate::finding::Severity;
use crate::net::address::Address;
use crate::route;
use core::net::{IpAddr, Ipv4Addr};
use ipnet::IpNet;
use url::Host;

pub(super) static RULE: Rule = Rule {
    id: "private-address",
    summary: "an address leads to the user's own machine or a private network",
    explanation: "\
## What
`remote.url`, `about.icon`, `source.project` or `source.upstream` names `localhost`, a name that ends with `.localhost`,
`.local` or `.internal`, or an IP address that is not public, however it is written (`127.0.0.1`, `0x7f.1`,
`169.254.169.254`, `[::1]`). Networks that the policy allows in `network.allow` do not count.

## Why
Such an address is another machine for everybody: for a user whatever listens on theirs, for a program in a cloud the service
that hands out the machine's own keys (`169.254.169.254`).

## How to fix
Name the public host of the service. A server that runs on the user's machine is an entry of type `server`. A company whose
registry lists services of its own network adds that to `network.allow` in `mcp-registry.toml`, or waives the finding.

## Source
RFC 6761 and RFC 6762 (names), RFC 6890 (special-purpose addresses).
",
    severity: Severity::Error,
    needs: &[],
    check: Check::Manifest(check),
    fix: None,
};

fn check(subject: &Subject<'_>, _: &Document, sink: &mut Sink<'_>) {
    let manifest = subject.manifest();
    let allowed = &subject.policy.settings.network.allow;
    for (url, route) in [
        (&manifest.about.icon, route!["about", "icon"]),
        (&manifest.source.project, route!["source", "project"]),
        (&manifest.source.upstream, route!["source", "upstream"]),
        (&manifest.remote.url, route!["remote", "url"]),
    ] {
        if let Some(address) = url.as_deref().and_then(Address::parse)
            && let Some(what) = private(address.host, allowed)
        {
            sink.value(route, format!("`{}` is {what}", excerpt(address.host))).help(
                "name a host that everybody reaches; what runs on the user's machine is an entry of type `server`",
            );
        }
    }
}

/// What a host is, if it is not public.
fn private(host: &str, allowed: &[IpNet]) -> Option<&'static str> {
    let address: IpAddr = match Host::parse(host).ok()? {
        Host::Domain(name) => {
            let name = name.trim_end_matches('.');
            let ends =
                |ending: &str| name.strip_suffix(ending).is_some_and(|rest| rest.is_empty() || rest.ends_with('.'));
            return if ends("localhost") {
                Some("the user's own machine")
            } else if ends("local") || ends("internal") {
                Some("a name of a private network")
            } else {
                None
            };
        }
        Host::Ipv4(address) => address.into(),
        Host::Ipv6(address) => address.to_ipv4_mapped().map_or(IpAddr::V6(address), IpAddr::V4),
    };
    if allowed.iter().any(|network| network.contains(&address)) {
        return None;
    }
    match address {
        _ if address.is_loopback() || address.is_unspecified() => Some("the user's own machine"),
        IpAddr::V4(address) if address.is_link_local() => {
            Some("a link-local address, where clouds keep a machine's keys")
        }
        IpAddr::V4(address) if address.is_private() || is_shared(address) => Some("an address in a private network"),
        IpAddr::V6(address) if address.is_unique_local() => Some("an address in a private network"),
        IpAddr::V6(address) if address.is_unicast_link_local() => Some("a link-local address"),
        _ => None,
    }
}

/// `100.64.0.0/10`, which carriers and overlay networks use.
fn is_shared(address: Ipv4Addr) -> bool {
    let [first, second, ..] = address.octets();
    first == 100 && (64..128).contains(&second)
}

#[cfg(test)]
mod tests {
    use crate::validate::testing::{case, findings, rendered};

    fn yaml(host: &str) -> String {
        format!("name: x\nremote:\n  url: https://{host}/mcp\n")
    }

    #[test]
    fn addresses_that_are_not_public_are_found() {
        insta::assert_snapshot!(rendered("private-address", "x", &yaml("169.254.169.254")), @"
        error[private-address]: `169.254.169.254` is a link-local address, where clouds keep a machine's keys
         --> servers/x/server.yaml:3:8
          |
        3 |   url: https://169.254.169.254/mcp
          |        ^^^^^^^^^^^^^^^^^^^^^^^^^^^
          |
          = help: name a host that everybody reaches; what runs on the user's machine is an entry of type `server`
        ");
        for host in [
            "localhost",
            "LOCALHOST:8080",
            "x.localhost.",
            "printer.local",
            "metadata.google.internal",
            "127.0.0.1",
            "0x7f.1",
            "2130706433",
            "0.0.0.0",
            "10.0.0.1",
            "192.168.1.1:443",
            "100.64.0.1",
            "[::1]",
            "[::ffff:10.0.0.1]",
            "[fd00::1]",
            "[fe80::1]",
        ] {
            assert_eq!(findings("private-address", "x", &yaml(host)), 1, "{host}");
        }
        let others = "about: {icon: 'https://localhost/x.png'}\nsource: {project: 'https://10.0.0.1/a/b'}\n";
        assert_eq!(findings("private-address", "x", others), 2);
    }

    #[test]
    fn public_hosts_are_fine() {
        for host in
            ["x.example", "localhost.example", "mylocal", "internal.example", "8.8.8.8", "[2606:4700::1]", "{{x.host}}"]
        {
            assert_eq!(findings("private-address", "x", &yaml(host)), 0, "{host}");
        }
    }

    #[test]
    fn networks_that_the_policy_allows_are_fine() {
        let judge =
            |host: &str| case("private-address", "x", &yaml(host)).policy("[network]\nallow = ['10.1.0.0/16']\n");
        assert_eq!(judge("10.1.2.3").count(), 0);
        assert_eq!(judge("10.2.2.3").count(), 1);
    }
}
