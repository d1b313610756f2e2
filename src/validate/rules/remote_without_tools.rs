//! `remote-without-tools`

use super::{Check, Rule, Sink, Subject};
use crate::document::Document;
use crate::entry::TOOLS;
use crate::finding::Severity;
use crate::route;
use crate::validate::facts::{Fact, RemoteTools};

pub(super) static RULE: Rule = Rule {
    id: "remote-without-tools",
    summary: "nothing in a remote entry says which tools it has",
    explanation: "\
## What
The entry has a `remote.url`, but neither a `tools.json` nor `dynamic.tools: true`.

## Why
The tools then come from whatever the service answers on the day the catalog is made: nobody reviewed them, a change of
their descriptions goes unseen, and a service that is down or wants a login leaves the entry without tools.

## How to fix
Put the tools the server lists into a `tools.json` beside `server.yaml`. If it lists them only after a login, or they
differ from user to user, say so with `dynamic: {tools: true}`.

## Source
The reference validator's `hasValidTools`, which asks the service when both are absent.
",
    // The reference takes such an entry as long as the service answers, which nobody can know offline.
    severity: Severity::Warning,
    needs: &[],
    check: Check::Manifest(check),
    fix: None,
};

fn check(subject: &Subject<'_>, _: &Document, sink: &mut Sink<'_>) {
    let manifest = subject.manifest();
    // What the service answered is the matter of `remote-tools-unavailable`.
    let refused =
        matches!(subject.facts.remote_tools, Fact::Known(RemoteTools::NeedsCredentials | RemoteTools::Failed(_)));
    // With OAuth there is only one of the two ways, and `oauth-without-dynamic-tools` names it.
    let silent = refused || manifest.remote.url.is_none() || manifest.dynamic_tools || !manifest.oauth.is_empty();
    if !silent && !subject.entry.tools_file.exists() {
        let message = format!("the remote's tools are not known: there is no {TOOLS} and no `dynamic.tools: true`");
        sink.value(route!["remote", "url"], message)
            .help(format!("list its tools in {TOOLS}, or add `dynamic: {{tools: true}}` if they need a login first"));
    }
}

#[cfg(test)]
mod tests {
    use crate::validate::facts::{Fact, Facts, RemoteTools};
    use crate::validate::testing::{case, findings, rendered};

    const REMOTE: &str = "name: x\ntype: remote\nremote:\n  transport_type: sse\n  url: https://mcp.example.com/sse\n";

    #[test]
    fn a_remote_says_which_tools_it_has() {
        insta::assert_snapshot!(rendered("remote-without-tools", "x", REMOTE), @"
        warning[remote-without-tools]: the remote's tools are not known: there is no tools.json and no `dynamic.tools: true`
         --> servers/x/server.yaml:5:8
          |
        5 |   url: https://mcp.example.com/sse
          |        ^^^^^^^^^^^^^^^^^^^^^^^^^^^
          |
          = help: list its tools in tools.json, or add `dynamic: {tools: true}` if they need a login first
        ");
        assert_eq!(findings("remote-without-tools", "x", &format!("{REMOTE}dynamic:\n  tools: false\n")), 1);
    }

    #[test]
    fn a_list_or_dynamic_tools_will_do() {
        assert_eq!(case("remote-without-tools", "x", REMOTE).tools("[]").count(), 0);
        assert_eq!(findings("remote-without-tools", "x", &format!("{REMOTE}dynamic:\n  tools: true\n")), 0);
    }

    #[test]
    fn what_another_rule_says_is_not_said_twice() {
        let facts = Facts { remote_tools: Fact::Known(RemoteTools::NeedsCredentials), ..Facts::default() };
        assert_eq!(case("remote-without-tools", "x", REMOTE).facts(facts).count(), 0);
        // A broken list is `invalid-tools-json`, missing dynamic tools with OAuth are `oauth-without-dynamic-tools`.
        assert_eq!(case("remote-without-tools", "x", REMOTE).tools("[").count(), 0);
        assert_eq!(findings("remote-without-tools", "x", &format!("{REMOTE}oauth: [{{provider: x}}]\n")), 0);
    }

    #[test]
    fn a_local_server_is_asked_when_it_is_built() {
        assert_eq!(findings("remote-without-tools", "x", "name: x\ntype: server\n"), 0);
    }
}
