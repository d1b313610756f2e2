//! `insecure-url`

use super::{Check, Rule, Sink, Subject, excerpt};
use crate::document::{Document, Route};
use crate::finding::Severity;
use crate::net::address::Address;
use crate::route;
use crate::validate::place::inside;
use url::Url;

pub(super) static RULE: Rule = Rule {
    id: "insecure-url",
    summary: "an address is not https, or has credentials in it",
    explanation: "\
## What
`source.project`, `source.upstream`, `about.icon` or `remote.url` is not an `https://` address that can be opened, has a user name or password
before the host, or a token among its parameters. Addresses in descriptions and examples may be anything.

## Why
What comes over `http` or `git://` can be read and replaced on the way: the source that is built, or everything a user
tells a remote server. Credentials in an address are public as soon as the entry is, and end up in logs.

## How to fix
Write `https://host/…`. Remove the credentials and revoke them; a value that each user has belongs into `config.secrets`.

## Source
RFC 9110, section 4.2.2 on `https`, and RFC 3986, section 3.2.1, which calls passwords in addresses a security risk.
",
    severity: Severity::Error,
    needs: &[],
    check: Check::Manifest(check),
    fix: None,
};

fn check(subject: &Subject<'_>, document: &Document, sink: &mut Sink<'_>) {
    let manifest = subject.manifest();
    let addresses = [
        (&manifest.source.project, route!["source", "project"]),
        (&manifest.source.upstream, route!["source", "upstream"]),
        (&manifest.about.icon, route!["about", "icon"]),
        (&manifest.remote.url, route!["remote", "url"]),
    ];
    for (text, route) in addresses {
        if let Some(text) = text {
            check_address(document, text, route, sink);
        }
    }
}

fn check_address(document: &Document, text: &str, route: Route, sink: &mut Sink<'_>) {
    if let Some(found) = text.chars().find(|c| c.is_whitespace() || c.is_control() || *c == '\\') {
        let what = if found == '\\' { "a backslash" } else { "a blank or control character" };
        sink.value(route, format!("there is {what} in this address, which programs read differently"))
            .help("write the address on one line, with slashes and without blanks");
        return;
    }
    let Some(address) = Address::parse(text) else {
        // Such as `git@github.com:acme/x.git`, `github.com/acme/x`, `data:image/png;base64,…`.
        sink.value(route, format!("`{}` is not an https address", excerpt(text)))
            .help("write the whole address, beginning with `https://`");
        return;
    };
    // `ssh://git@host`: everybody's user name, and no secret.
    let is_ssh = address.scheme.to_ascii_lowercase().contains("ssh");
    let is_secret = |userinfo: &&str| !is_ssh || userinfo.contains(':');
    if let Some(userinfo) = address.userinfo.filter(is_secret) {
        let what = if userinfo.contains(':') { "a user name and password" } else { "a user name or token" };
        let anchor = inside(document, &route, userinfo);
        sink.anchored(anchor, format!("there is {what} in the address, before `@{}`", excerpt(address.host)))
            .help("remove them, and revoke them: they were published with this file")
            .sensitive();
    } else if let Some((parameter, value)) = credential(address.query.unwrap_or_default()) {
        let anchor = inside(document, &route, value);
        let message = format!("there is a credential in the address: its parameter `{parameter}` has a value");
        sink.anchored(anchor, message)
            .help("remove it and revoke it; take it from the user with `config.secrets`")
            .sensitive();
    } else if !address.scheme.eq_ignore_ascii_case("https") {
        let scheme = excerpt(address.scheme);
        // Others may be encrypted, or may not be; they are not what programs expect here.
        const OPEN: [&str; 7] = ["ftp", "git", "git+http", "http", "rsync", "svn", "ws"];
        let message = if OPEN.into_iter().any(|open| address.scheme.eq_ignore_ascii_case(open)) {
            format!("`{scheme}` is not secure: what it carries can be read and replaced on the way")
        } else {
            format!("this address begins with `{scheme}://`, where `https://` is expected")
        };
        let host = if address.host.is_empty() { "host/" } else { address.host };
        sink.value(route, message).help(format!("write `https://{}…`, if the host offers it", excerpt(host)));
    } else if let (false, Err(error)) = (text.contains(['{', '$', '<']), Url::parse(text)) {
        sink.value(route, format!("no program can open this address: {error}"))
            .help("write the address as a browser shows it, with the name of a host");
    }
}

/// The parameter of a query that holds a credential, by its name. A template is the user's own value, not a leak.
fn credential(query: &str) -> Option<(&str, &str)> {
    const NAMES: [&str; 9] =
        ["access_token", "api_key", "api-key", "apikey", "auth_token", "client_secret", "password", "secret", "token"];
    query.split('&').filter_map(|pair| pair.split_once('=')).find(|(name, value)| {
        let is_value = !value.is_empty() && !value.contains("{{") && !value.contains('$') && !value.contains('<');
        is_value && NAMES.into_iter().any(|known| name.eq_ignore_ascii_case(known))
    })
}

#[cfg(test)]
mod tests {
    use crate::validate::testing::{findings, rendered};

    #[test]
    fn addresses_that_nothing_can_open_are_found() {
        for icon in ["https://[zzz]/x.png", "https://[fe80::1%25eth0]/x.png", "https://a:99999/x.png"] {
            assert_eq!(findings("insecure-url", "x", &format!("about:\n  icon: \"{icon}\"\n")), 1, "{icon}");
        }
        for url in ["https://{{x.host}}/mcp", "https://[::1]:8443/mcp", "https://${HOST}/mcp"] {
            assert_eq!(findings("insecure-url", "x", &format!("remote:\n  url: \"{url}\"\n")), 0, "{url}");
        }
    }

    #[test]
    fn addresses_that_are_not_encrypted_are_found() {
        let yaml = "\
name: x
about:
  icon: http://x.example/icon.png
source:
  project: git@github.com:acme/x.git
remote:
  url: http://mcp.x.example
";
        insta::assert_snapshot!(rendered("insecure-url", "x", yaml), @"
        error[insecure-url]: `http` is not secure: what it carries can be read and replaced on the way
         --> servers/x/server.yaml:3:9
          |
        3 |   icon: http://x.example/icon.png
          |         ^^^^^^^^^^^^^^^^^^^^^^^^^
          |
          = help: write `https://x.example…`, if the host offers it

        error[insecure-url]: `git@github.com:acme/x.git` is not an https address
         --> servers/x/server.yaml:5:12
          |
        5 |   project: git@github.com:acme/x.git
          |            ^^^^^^^^^^^^^^^^^^^^^^^^^
          |
          = help: write the whole address, beginning with `https://`

        error[insecure-url]: `http` is not secure: what it carries can be read and replaced on the way
         --> servers/x/server.yaml:7:8
          |
        7 |   url: http://mcp.x.example
          |        ^^^^^^^^^^^^^^^^^^^^
          |
          = help: write `https://mcp.x.example…`, if the host offers it
        ");
    }

    #[test]
    fn credentials_are_found_and_not_repeated() {
        let shown = rendered("insecure-url", "x", "name: x\nsource:\n  project: https://me:hunter2@github.com/a/b\n");
        assert!(!shown.contains("hunter2"), "{shown}");
        insta::assert_snapshot!(shown, @"
        error[insecure-url]: there is a user name and password in the address, before `@github.com`
         --> servers/x/server.yaml:3:20
          |
        3 |   project: https://••••••••••@github.com/a/b
          |                    ^^^^^^^^^^
          |
          = help: remove them, and revoke them: they were published with this file
        ");
        let shown =
            rendered("insecure-url", "x", "name: x\nremote:\n  url: https://x.example/mcp?v=1&apiKey=hunter2\n");
        assert!(!shown.contains("hunter2"), "{shown}");
        insta::assert_snapshot!(shown, @"
        error[insecure-url]: there is a credential in the address: its parameter `apiKey` has a value
         --> servers/x/server.yaml:3:41
          |
        3 |   url: https://x.example/mcp?v=1&apiKey=•••••••
          |                                         ^^^^^^^
          |
          = help: remove it and revoke it; take it from the user with `config.secrets`
        ");
    }

    #[test]
    fn other_encrypted_addresses_are_not_called_open() {
        let yaml = "name: x\nsource:\n  project: ssh://git@github.com/a/b\nremote:\n  url: wss://x.example/mcp\n";
        insta::assert_snapshot!(rendered("insecure-url", "x", yaml), @"
        error[insecure-url]: this address begins with `ssh://`, where `https://` is expected
         --> servers/x/server.yaml:3:12
          |
        3 |   project: ssh://git@github.com/a/b
          |            ^^^^^^^^^^^^^^^^^^^^^^^^
          |
          = help: write `https://github.com…`, if the host offers it

        error[insecure-url]: this address begins with `wss://`, where `https://` is expected
         --> servers/x/server.yaml:5:8
          |
        5 |   url: wss://x.example/mcp
          |        ^^^^^^^^^^^^^^^^^^^
          |
          = help: write `https://x.example…`, if the host offers it
        ");
        let shown = rendered("insecure-url", "x", "source: {project: 'ssh://git:hunter2@github.com/a/b'}\n");
        assert!(shown.contains("user name and password") && !shown.contains("hunter2"), "{shown}");
    }

    #[test]
    fn https_addresses_are_fine_with_templates_and_parameters_too() {
        let yaml = "\
name: x
about:
  icon: https://avatars.githubusercontent.com/u/16928085?s=200&v=4
source:
  project: https://github.com/acme/x
  upstream: HTTPS://github.com/acme/x
remote:
  url: https://{{x.host}}/mcp?apiKey={{x.key}}
";
        assert_eq!(findings("insecure-url", "x", yaml), 0);
    }

    #[test]
    fn examples_and_descriptions_are_the_authors() {
        let yaml = "about: {description: 'see http://localhost:8080'}\nconfig: {env: [{example: 'http://x'}]}\n";
        assert_eq!(findings("insecure-url", "x", yaml), 0);
    }

    #[test]
    fn what_programs_read_differently_is_found() {
        for url in ["https:/x.example", "x.example/mcp", "https://x.example\\mcp", "https://x .example", "ftp://x", "a"]
        {
            assert_eq!(findings("insecure-url", "x", &format!("remote: {{url: '{url}'}}\n")), 1, "{url}");
        }
    }
}
