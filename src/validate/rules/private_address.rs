//! `private-address`

use super::{Check, Rule, Sink, Subject, excerpt};
use crate::document::Document;
use crate::finding::Severity;
use crate::net::address::Address;
use crate::net::{Special, effective, special};
use crate::route;
use ipnet::IpNet;
use std::net::IpAddr;
use url::Host;

pub(super) static RULE: Rule = Rule {
    id: "private-address",
    summary: "an address is the user's own machine, a private network or reserved",
    explanation: "\
## What
`remote.url`, `about.icon`, `source.project` or `source.upstream` names `localhost`, a name that ends with `.localhost`,
`.local` or `.internal`, or an IP address at which no public service can be, however it is written (`127.0.0.1`, `0x7f.1`,
`169.254.169.254`, `[::1]`, `[64:ff9b::10.0.0.1]`). These are the addresses that `--online` refuses to contact. Networks that
the policy allows in `network.allow` are not reported.

## Why
Such an address is another machine for everybody: for a user whatever listens on theirs, for a program in a cloud the service
that hands out the machine's own keys (`169.254.169.254`).

## How to fix
Name the public host of the service. A server that runs on the user's machine is an entry of type `server`. A company whose
registry lists services of its own network adds that to `network.allow` in `mcp-registry.toml`, or waives the finding.

## Source
RFC 6761 and RFC 6762 (names); IANA's registries of special-purpose IPv4 and IPv6 addresses (RFC 6890).
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
        Host::Ipv6(address) => address.into(),
    };
    let is_allowed = |address: IpAddr| allowed.iter().any(|network| network.contains(&address));
    let what = special(address).filter(|_| !is_allowed(address) && !is_allowed(effective(address)))?;
    Some(match what {
        Special::Loopback => "the user's own machine",
        Special::Unspecified => "an unspecified address, which most systems take for the user's own machine",
        Special::Private | Special::Shared => "an address in a private network",
        Special::LinkLocal => "a link-local address, where clouds keep a machine's keys",
        Special::Cloud => "an address at which a cloud serves a machine its own secrets",
        Special::Documentation => "an address for documentation, which no host has",
        Special::Benchmarking => "an address for benchmarks of networks",
        Special::Multicast => "a multicast address",
        Special::Reserved => "a reserved address, which no public host has",
    })
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
        // The same addresses that `--online` refuses to contact.
        let cases = [
            ("168.63.129.16", "an address at which a cloud serves a machine its own secrets"),
            ("[64:ff9b::a00:1]", "an address in a private network"),
            ("[2002:a00:1::]", "an address in a private network"),
            ("192.0.0.8", "a reserved address, which no public host has"),
            ("0.1.2.3", "an unspecified address, which most systems take for the user's own machine"),
            ("240.0.0.1", "a reserved address, which no public host has"),
            ("224.0.0.1", "a multicast address"),
        ];
        for (host, what) in cases {
            let shown = rendered("private-address", "x", &yaml(host));
            assert!(shown.starts_with(&format!("error[private-address]: `{host}` is {what}\n")), "{shown}");
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
