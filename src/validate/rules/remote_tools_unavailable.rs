//! `remote-tools-unavailable`

use super::{Check, Rule, Sink, Subject};
use crate::document::Document;
use crate::finding::Severity;
use crate::route;
use crate::validate::facts::{Fact, Need, RemoteTools};

pub(super) static RULE: Rule = Rule {
    id: "remote-tools-unavailable",
    summary: "a remote server's tools are neither in the entry nor to be had from the server",
    explanation: "\
## What
The entry has no `tools.json` and does not say that its tools are dynamic, so the tools are read from the server; and the
server wants credentials first, or could not list them.

## Why
The catalog shows what a server can do. Without a list the entry is empty, and nobody can review what the tools tell a
model.

## How to fix
For a server that wants credentials, set `dynamic.tools: true`, or write its tools into `tools.json`. Otherwise find out
why the server cannot list them.

## Source
The Model Context Protocol: `initialize`, then `tools/list`, asked without credentials. The reference skips entries
whose server cannot be asked.
",
    severity: Severity::Warning,
    needs: &[Need::RemoteTools],
    check: Check::Manifest(check),
    fix: None,
};

fn check(subject: &Subject<'_>, _: &Document, sink: &mut Sink<'_>) {
    match &subject.facts.remote_tools {
        Fact::Known(RemoteTools::NeedsCredentials) => {
            let message = "the server lists its tools only with credentials, and the entry has no `tools.json`";
            sink.value(route!["remote", "url"], message)
                .help("set `dynamic.tools: true`, or write the tools into `tools.json`");
        }
        Fact::Known(RemoteTools::Failed(why)) => {
            sink.value(route!["remote", "url"], format!("the server did not list its tools: {why}"))
                .help("write the tools into `tools.json`, or set `dynamic.tools: true` if they depend on the user");
        }
        Fact::Known(RemoteTools::Listed(_)) | Fact::NotGathered | Fact::Unavailable(_) => {}
    }
}

#[cfg(test)]
mod tests {
    use crate::validate::facts::{Fact, Facts, RemoteTools};
    use crate::validate::testing::{Case, case};

    fn judged(fact: Fact<RemoteTools>) -> Case {
        let yaml =
            "name: x\ntype: remote\nremote:\n  transport_type: streamable-http\n  url: https://mcp.acme.example/mcp\n";
        case("remote-tools-unavailable", "x", yaml).facts(Facts { remote_tools: fact, ..Facts::default() })
    }

    #[test]
    fn a_server_that_wants_credentials_first_is_found() {
        insta::assert_snapshot!(judged(Fact::Known(RemoteTools::NeedsCredentials)).rendered(), @"
        warning[remote-tools-unavailable]: the server lists its tools only with credentials, and the entry has no `tools.json`
         --> servers/x/server.yaml:5:8
          |
        5 |   url: https://mcp.acme.example/mcp
          |        ^^^^^^^^^^^^^^^^^^^^^^^^^^^^
          |
          = help: set `dynamic.tools: true`, or write the tools into `tools.json`
        ");
    }

    #[test]
    fn a_server_that_cannot_list_is_found() {
        let failed = RemoteTools::Failed("it answered -32601: method not found".into());
        insta::assert_snapshot!(judged(Fact::Known(failed)).rendered(), @"
        warning[remote-tools-unavailable]: the server did not list its tools: it answered -32601: method not found
         --> servers/x/server.yaml:5:8
          |
        5 |   url: https://mcp.acme.example/mcp
          |        ^^^^^^^^^^^^^^^^^^^^^^^^^^^^
          |
          = help: write the tools into `tools.json`, or set `dynamic.tools: true` if they depend on the user
        ");
    }

    #[test]
    fn listed_tools_are_fine_even_when_there_are_none() {
        assert_eq!(judged(Fact::Known(RemoteTools::Listed(vec!["search".into()]))).count(), 0);
        assert_eq!(judged(Fact::Known(RemoteTools::Listed(Vec::new()))).count(), 0);
    }

    #[test]
    fn not_knowing_is_not_failing() {
        assert_eq!(judged(Fact::Unavailable("timeout".into())).count(), 0);
        assert_eq!(judged(Fact::NotGathered).count(), 0);
    }
}
