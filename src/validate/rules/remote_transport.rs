//! `remote-transport`

use super::{Check, Rule, Sink, Subject, excerpt, nearest_of};
use crate::document::Document;
use crate::finding::Severity;
use crate::route;

/// The transports that lead to an address.
const TRANSPORTS: [&str; 2] = ["streamable-http", "sse"];

pub(super) static RULE: Rule = Rule {
    id: "remote-transport",
    summary: "a remote entry does not name a transport that reaches its address",
    explanation: "\
## What
The entry has a `remote.url`, but its `remote.transport_type` is missing or is neither `streamable-http` nor
`sse`. `stdio`, which the reference takes and which speaks to a process and not to an address, is a warning.

## Why
The address alone does not say how to speak to the server. A client that does not know the transport cannot connect.

## How to fix
Write `transport_type: streamable-http`, the transport of the Model Context Protocol today; or `sse` for a server that
only has the older one, often at an address that ends with `/sse`.

## Source
The reference validator's `isRemoteValid`; the transports are those of the Model Context Protocol's specification.
",
    severity: Severity::Error,
    needs: &[],
    check: Check::Manifest(check),
    fix: None,
};

fn check(subject: &Subject<'_>, document: &Document, sink: &mut Sink<'_>) {
    let remote = &subject.manifest().remote;
    if remote.url.is_none() {
        return;
    }
    let route = route!["remote", "transport_type"];
    match remote.transport_type.as_deref() {
        Some(transport) if TRANSPORTS.contains(&transport) => {}
        Some("stdio") => {
            sink.value(route, "`stdio` speaks to a process on the same machine, and not to `remote.url`")
                .help("write `transport_type: streamable-http`, or `sse` if the server only has that")
                .at_most(Severity::Warning);
        }
        Some(transport) => {
            let said = sink.value(route, format!("`{}` is not a transport", excerpt(transport)));
            match meant(transport) {
                Some(meant) => said.help(format!("write `transport_type: {meant}`")),
                None => said.help("the transports are `streamable-http` and `sse`"),
            };
        }
        // A list or a mapping is reported by `wrong-type`.
        None if document.at(&route).is_some_and(|node| node.scalar().is_none()) => {}
        None => {
            sink.value(route, "the remote has a URL but no transport: `remote.transport_type` is missing")
                .help("add `transport_type: streamable-http` under `remote:`, or `sse` if the server only has that");
        }
    }
}

fn meant(transport: &str) -> Option<&'static str> {
    match transport.to_ascii_lowercase().as_str() {
        "http" | "https" | "streamable" => Some("streamable-http"),
        other => nearest_of(other, TRANSPORTS),
    }
}

#[cfg(test)]
mod tests {
    use crate::validate::testing::{findings, rendered};

    fn with(transport: &str) -> String {
        format!("name: x\ntype: remote\nremote:\n  {transport}\n  url: https://mcp.example.com\n")
    }

    #[test]
    fn the_transport_is_one_of_three() {
        insta::assert_snapshot!(rendered("remote-transport", "x", &with("transport_type: streamable")), @"
        error[remote-transport]: `streamable` is not a transport
         --> servers/x/server.yaml:4:19
          |
        4 |   transport_type: streamable
          |                   ^^^^^^^^^^
          |
          = help: write `transport_type: streamable-http`
        ");
        insta::assert_snapshot!(rendered("remote-transport", "x", &with("transport_type: mcp")), @"
        error[remote-transport]: `mcp` is not a transport
         --> servers/x/server.yaml:4:19
          |
        4 |   transport_type: mcp
          |                   ^^^
          |
          = help: the transports are `streamable-http` and `sse`
        ");
        assert_eq!(findings("remote-transport", "x", &with("transport_type: SSE")), 1);
        insta::assert_snapshot!(rendered("remote-transport", "x", &with("transport_type: stdio")), @"
        warning[remote-transport]: `stdio` speaks to a process on the same machine, and not to `remote.url`
         --> servers/x/server.yaml:4:19
          |
        4 |   transport_type: stdio
          |                   ^^^^^
          |
          = help: write `transport_type: streamable-http`, or `sse` if the server only has that
        ");
        for right in ["sse", "streamable-http"] {
            assert_eq!(findings("remote-transport", "x", &with(&format!("transport_type: {right}"))), 0);
        }
    }

    #[test]
    fn a_url_needs_a_transport() {
        insta::assert_snapshot!(rendered("remote-transport", "x", &with("headers: {}")), @"
        error[remote-transport]: the remote has a URL but no transport: `remote.transport_type` is missing
         --> servers/x/server.yaml:3:1
          |
        3 | remote:
          | ^^^^^^
          |
          = help: add `transport_type: streamable-http` under `remote:`, or `sse` if the server only has that
        ");
        assert_eq!(findings("remote-transport", "x", &with("transport_type: ''")), 1);
    }

    #[test]
    fn without_a_url_there_is_nothing_to_transport() {
        assert_eq!(findings("remote-transport", "x", "type: remote\nremote: {transport_type: pigeon}\n"), 0);
        assert_eq!(findings("remote-transport", "x", "type: remote\nremote: {url: ''}\n"), 0);
    }
}
