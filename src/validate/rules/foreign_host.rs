//! `foreign-host`

use super::{Check, Rule, Sink, Subject, excerpt};
use crate::document::{Document, Route};
use crate::finding::Severity;
use crate::net::address::{Address, is_ip_literal};
use crate::route;

pub(super) static RULE: Rule = Rule {
    id: "foreign-host",
    summary: "a repository is on a host that the policy does not allow, or is not named plainly",
    explanation: "\
## What
`source.project` or `source.upstream` is not exactly `https://host/owner/repository`, with an optional `.git` and a host of
`registry.hosts` in `mcp-registry.toml`.

## Why
The registry's checks, of commits, branches, licences and owners, work on the hosts that it knows. A host that only looks
like one of them (`github.com.evil.example`, `xn--…`, `github.com@evil.example`) serves whatever its owner likes. And two
spellings of one repository (`www.`, a final slash, capital letters) are two repositories to every tool that
compares text.

## How to fix
Write the address as the host shows it, without a final slash, `www.`, port or `/tree/…`; what is below the repository's root
belongs into `source.directory`. If the host is one to allow, a maintainer adds it to `registry.hosts`.

## Source
The reference accepts only GitHub, and tells owner and repository apart by their place in the address.
",
    severity: Severity::Error,
    needs: &[],
    check: Check::Manifest(check),
    fix: None,
};

fn check(subject: &Subject<'_>, _: &Document, sink: &mut Sink<'_>) {
    let source = &subject.manifest().source;
    for (text, route) in
        [(&source.project, route!["source", "project"]), (&source.upstream, route!["source", "upstream"])]
    {
        // What is no address at all is reported by `insecure-url`.
        if let Some(address) = text.as_deref().and_then(Address::parse)
            && !check_host(&address, subject, route.clone(), sink)
        {
            check_path(&address, route, sink);
        }
    }
}

/// Reports what is wrong with the host; whether something was.
fn check_host(address: &Address<'_>, subject: &Subject<'_>, route: Route, sink: &mut Sink<'_>) -> bool {
    let by = if subject.policy.text.is_empty() { "by default" } else { "by the policy" };
    let wrong = refused(address, &subject.policy.settings.registry.hosts, by);
    let is_wrong = wrong.is_some();
    if let Some((message, help)) = wrong {
        sink.value(route, message).help(help);
    }
    is_wrong
}

/// What is wrong with the host of an address where these are allowed, and what to do.
pub(crate) fn refused(address: &Address<'_>, hosts: &[String], by: &str) -> Option<(String, String)> {
    let host = address.host;
    let with_port = address.port.map(|port| format!("{host}:{port}"));
    // Credentials for an allowed host are reported by `insecure-url`.
    if hosts.iter().any(|known| known == with_port.as_deref().unwrap_or(host)) {
        return None;
    }
    let plain = host.to_lowercase();
    let plain = plain.trim_end_matches('.');
    let plain = plain.strip_prefix("www.").unwrap_or(plain);
    let shown = excerpt(host);
    if host.is_empty() {
        return Some(("this address names no host".to_owned(), "write `https://HOST/OWNER/REPOSITORY`".to_owned()));
    }
    Some(if address.userinfo.is_some() {
        (
            format!("this address leads to `{shown}`: what stands before the `@` is a user name"),
            "remove everything between `https://` and the host".to_owned(),
        )
    } else if matches!(address.port, None | Some("" | "443")) && hosts.iter().any(|known| known == plain) {
        (
            format!("the host is not spelled plainly: `{}`", excerpt(&authority(address))),
            format!("write `https://{plain}/…`, so that the same repository has the same address everywhere"),
        )
    } else {
        let (shown, what) = match address.port {
            Some(_) if hosts.iter().any(|known| known == plain) => {
                (excerpt(&authority(address)), "; another port is another server".to_owned())
            }
            _ => (shown, describe(host, plain, hosts)),
        };
        (
            format!("`{shown}` is not a host that this registry takes source from{what}"),
            format!("allowed {by}: {}", list(hosts)),
        )
    })
}

fn authority(address: &Address<'_>) -> String {
    match address.port {
        Some(port) => format!("{}:{port}", address.host),
        None => address.host.to_owned(),
    }
}

fn list(hosts: &[String]) -> String {
    hosts.iter().map(|host| format!("`{host}`")).collect::<Vec<_>>().join(", ")
}

/// Hosts that are what they say, although their names are two letters away from another's.
const WELL_KNOWN: [&str; 4] = ["gitlab.com", "github.com", "github.io", "gitlab.io"];

/// What a foreign host is, when that is worth saying: an address, a host written in other letters, or one that looks
/// like an allowed one.
fn describe(host: &str, plain: &str, hosts: &[String]) -> String {
    if is_ip_literal(host) {
        return ", but an IP address".to_owned();
    }
    let (unicode, _) = idna::domain_to_unicode(plain);
    let written = if unicode == plain { String::new() } else { format!("; it is written `{}`", excerpt(&unicode)) };
    let looks: String = unicode_security::skeleton(&unicode).collect();
    for known in hosts {
        let skeleton: String = unicode_security::skeleton(known).collect();
        if looks == skeleton {
            return format!("{written}; it only looks like `{known}`");
        }
        let (inside, ending) = (format!("{known}."), format!("-{known}"));
        if plain.starts_with(&inside) || plain.contains(&format!(".{inside}")) {
            return format!("; it begins like `{known}`, but only the end of a name says whose it is");
        }
        let is_near = || match strsim::damerau_levenshtein(&unicode, known) {
            0 | 1 => true,
            2 => !WELL_KNOWN.contains(&plain),
            _ => false,
        };
        if plain.ends_with(&ending) || is_near() {
            return format!("{written}; it only looks like `{known}`");
        }
    }
    written
}

/// Reports what is wrong after the host.
fn check_path(address: &Address<'_>, route: Route, sink: &mut Sink<'_>) {
    let extra = if address.query.is_some() {
        Some("parameters after `?`")
    } else if address.fragment.is_some() {
        Some("fragment after `#`")
    } else {
        None
    };
    let path = address.path.strip_prefix('/').unwrap_or_default();
    let parts: Vec<&str> = path.split('/').collect();
    // GitLab has groups in groups; GitHub has owner and repository, and pages below them.
    let is_github = address.host == "github.com";
    let problem = if let Some(extra) = extra {
        format!("a repository's address has no {extra}")
    } else if path.ends_with('/') && parts.len() > 2 {
        "a repository's address has no slash at its end".to_owned()
    } else if parts.len() < 2 || parts.iter().any(|part| part.is_empty()) {
        "this is not the address of a repository: owner and name are needed".to_owned()
    } else if is_github && parts.len() > 2 {
        "this is a page inside a repository, and not the repository".to_owned()
    } else if let Some(part) = parts.iter().find(|part| !is_name(part)) {
        format!("`{}` is not a name of an owner or a repository", excerpt(part))
    } else {
        return;
    };
    let repository: Vec<&str> = parts.into_iter().filter(|part| is_name(part)).take(2).collect();
    let help = match repository.as_slice() {
        [owner, name] => format!("write `https://{}/{owner}/{name}`", address.host),
        _ => format!("write `https://{}/owner/repository`", address.host),
    };
    let inside = if is_github && path.contains("/tree/") { "; the folder belongs into `source.directory`" } else { "" };
    sink.value(route, problem).help(format!("{help}{inside}"));
}

/// What hosts allow in the names of owners and repositories.
fn is_name(part: &str) -> bool {
    let is_allowed = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.');
    !part.is_empty() && !matches!(part, "." | "..") && !part.starts_with('-') && part.bytes().all(is_allowed)
}

#[cfg(test)]
mod tests {
    use crate::validate::testing::{case, findings, rendered};

    fn yaml(project: &str) -> String {
        format!("name: x\nsource:\n  project: {project}\n")
    }

    fn of(project: &str) -> usize {
        findings("foreign-host", "x", &yaml(project))
    }

    fn shown(project: &str) -> String {
        rendered("foreign-host", "x", &yaml(project))
    }

    #[test]
    fn other_hosts_are_found() {
        insta::assert_snapshot!(shown("https://git.acme.example/a/b"), @"
        error[foreign-host]: `git.acme.example` is not a host that this registry takes source from
         --> servers/x/server.yaml:3:12
          |
        3 |   project: https://git.acme.example/a/b
          |            ^^^^^^^^^^^^^^^^^^^^^^^^^^^^
          |
          = help: allowed by default: `github.com`
        ");
        assert_eq!(findings("foreign-host", "x", "source: {upstream: 'https://gitlab.com/a/b'}\n"), 1);
    }

    #[test]
    fn hosts_that_look_like_an_allowed_one_are_called_so() {
        insta::assert_snapshot!(shown("https://github.com.evil.example/a/b"), @"
        error[foreign-host]: `github.com.evil.example` is not a host that this registry takes source from; it begins like `github.com`, but only the end of a name says whose it is
         --> servers/x/server.yaml:3:12
          |
        3 |   project: https://github.com.evil.example/a/b
          |            ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
          |
          = help: allowed by default: `github.com`
        ");
        insta::assert_snapshot!(shown("https://github.com@evil.example/a/b"), @"
        error[foreign-host]: this address leads to `evil.example`: what stands before the `@` is a user name
         --> servers/x/server.yaml:3:12
          |
        3 |   project: https://github.com@evil.example/a/b
          |            ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
          |
          = help: remove everything between `https://` and the host
        ");
        insta::assert_snapshot!(shown("https://xn--gthub-n4a.com/a/b"), @"
        error[foreign-host]: `xn--gthub-n4a.com` is not a host that this registry takes source from; it is written `gıthub.com`; it only looks like `github.com`
         --> servers/x/server.yaml:3:12
          |
        3 |   project: https://xn--gthub-n4a.com/a/b
          |            ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
          |
          = help: allowed by default: `github.com`
        ");
        insta::assert_snapshot!(shown("https://githiub.com/a/b"), @"
        error[foreign-host]: `githiub.com` is not a host that this registry takes source from; it only looks like `github.com`
         --> servers/x/server.yaml:3:12
          |
        3 |   project: https://githiub.com/a/b
          |            ^^^^^^^^^^^^^^^^^^^^^^^
          |
          = help: allowed by default: `github.com`
        ");
        insta::assert_snapshot!(shown("https://140.82.121.4/a/b"), @"
        error[foreign-host]: `140.82.121.4` is not a host that this registry takes source from, but an IP address
         --> servers/x/server.yaml:3:12
          |
        3 |   project: https://140.82.121.4/a/b
          |            ^^^^^^^^^^^^^^^^^^^^^^^^
          |
          = help: allowed by default: `github.com`
        ");
    }

    #[test]
    fn other_spellings_of_an_allowed_host_are_found() {
        insta::assert_snapshot!(shown("https://www.GitHub.com/a/b"), @"
        error[foreign-host]: the host is not spelled plainly: `www.GitHub.com`
         --> servers/x/server.yaml:3:12
          |
        3 |   project: https://www.GitHub.com/a/b
          |            ^^^^^^^^^^^^^^^^^^^^^^^^^^
          |
          = help: write `https://github.com/…`, so that the same repository has the same address everywhere
        ");
        for project in ["https://github.com:443/a/b", "https://github.com./a/b", "https://GitHub.com/a/b"] {
            assert_eq!(of(project), 1, "{project}");
        }
    }

    #[test]
    fn another_port_is_another_server() {
        insta::assert_snapshot!(shown("https://github.com:8443/a/b"), @"
        error[foreign-host]: `github.com:8443` is not a host that this registry takes source from; another port is another server
         --> servers/x/server.yaml:3:12
          |
        3 |   project: https://github.com:8443/a/b
          |            ^^^^^^^^^^^^^^^^^^^^^^^^^^^
          |
          = help: allowed by default: `github.com`
        ");
    }

    #[test]
    fn real_hosts_are_not_said_to_look_like_another() {
        for host in ["gitlab.com", "github.io"] {
            let shown = shown(&format!("https://{host}/a/b"));
            assert!(shown.contains("is not a host that") && !shown.contains("looks like"), "{shown}");
        }
    }

    #[test]
    fn pages_are_no_repositories() {
        insta::assert_snapshot!(shown("https://github.com/acme/x/tree/main/src"), @"
        error[foreign-host]: this is a page inside a repository, and not the repository
         --> servers/x/server.yaml:3:12
          |
        3 |   project: https://github.com/acme/x/tree/main/src
          |            ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
          |
          = help: write `https://github.com/acme/x`; the folder belongs into `source.directory`
        ");
        for path in [
            "",
            "/",
            "/acme",
            "/acme/",
            "/acme/x/",
            "/acme/x?tab=readme",
            "/acme/x#readme",
            "/acme/..",
            "/acme/x%2Fy",
            "/-acme/x",
        ] {
            assert_eq!(of(&format!("'https://github.com{path}'")), 1, "{path}");
        }
    }

    #[test]
    fn repositories_are_fine() {
        for project in ["https://github.com/acme/x", "https://github.com/acme/x.git", "https://github.com/a-c/.x_y"] {
            assert_eq!(of(project), 0, "{project}");
        }
    }

    #[test]
    fn the_hosts_are_the_policys() {
        let policy = "[registry]\nhosts = ['gitlab.com', 'git.acme.example:8443']\n";
        let of = |project: &str| case("foreign-host", "x", &yaml(project)).policy(policy).count();
        assert_eq!(of("https://gitlab.com/group/sub/x"), 0);
        assert_eq!(of("https://git.acme.example:8443/a/x"), 0);
        assert_eq!(of("https://git.acme.example/a/x"), 1);
        assert_eq!(of("https://github.com/a/x"), 1);
    }

    #[test]
    fn what_is_no_address_is_left_to_another_rule() {
        assert_eq!(of("git@github.com:acme/x.git"), 0);
        assert_eq!(of("acme/x"), 0);
    }
}
