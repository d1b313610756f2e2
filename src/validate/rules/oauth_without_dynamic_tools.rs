//! `oauth-without-dynamic-tools`

use super::{Check, Rule, Sink, Subject};
use crate::document::Document;
use crate::finding::{Anchor, Severity};
use crate::route;

pub(super) static RULE: Rule = Rule {
    id: "oauth-without-dynamic-tools",
    summary: "an entry with OAuth does not say that its tools are dynamic",
    explanation: "\
## What
The entry has an `oauth` section, but not `dynamic.tools: true`.

## Why
A server that wants its user to log in lists its tools only afterwards, so nobody can list them when the catalog is
made. `dynamic.tools` tells the gateway to ask the server once the user has logged in. Without it the catalog shows an
entry without tools, or the build of the catalog fails.

## How to fix
Add

```yaml
dynamic:
  tools: true
```

`validate --fix` leaves this to you: the catalog then stops listing the tools by name. A server that lists its tools
without a sign-in loses by it; a maintainer can waive the rule for that entry.

## Source
The reference validator's `isOAuthDynamicValid`. Its grandfathered entry is a waiver here.
",
    severity: Severity::Error,
    needs: &[],
    check: Check::Manifest(check),
    // Whether the catalog should stop listing the tools is a decision.
    fix: None,
};

/// What there is to decide.
const DECISION: &str =
    "; if the server lists its tools without a sign-in, a maintainer can waive this in `mcp-registry.toml` instead";

fn check(subject: &Subject<'_>, document: &Document, sink: &mut Sink<'_>) {
    if is_wrong(subject) {
        let message = "the entry has OAuth, but its tools are not marked as dynamic";
        let oauth = Anchor::Key(route!["oauth"]);
        let why = "its tools can be listed only after this login";
        if document.at(&route!["dynamic"]).is_some() {
            let said = sink.value(route!["dynamic", "tools"], message).also(oauth, why);
            said.help(format!("write `tools: true` below `dynamic:`{DECISION}"));
        } else {
            let said = sink.key(route!["oauth"], message).label(why);
            said.help(format!("add `dynamic:` with `tools: true` below it{DECISION}"));
        }
    }
}

fn is_wrong(subject: &Subject<'_>) -> bool {
    let manifest = subject.manifest();
    !manifest.oauth.is_empty() && !manifest.dynamic_tools
}

#[cfg(test)]
mod tests {
    use crate::validate::testing::{case, findings, rendered};

    const OAUTH: &str = "name: x\ntype: remote\noauth:\n  - provider: x\n    secret: x.token\n    env: TOKEN\n";

    #[test]
    fn oauth_makes_tools_dynamic() {
        insta::assert_snapshot!(rendered("oauth-without-dynamic-tools", "x", OAUTH), @"
        error[oauth-without-dynamic-tools]: the entry has OAuth, but its tools are not marked as dynamic
         --> servers/x/server.yaml:3:1
          |
        3 | oauth:
          | ^^^^^ its tools can be listed only after this login
          |
          = help: add `dynamic:` with `tools: true` below it; if the server lists its tools without a sign-in, a maintainer can waive this in `mcp-registry.toml` instead
        ");
    }

    #[test]
    fn saying_no_is_not_saying_yes() {
        let no = format!("{OAUTH}dynamic:\n  tools: false\n");
        insta::assert_snapshot!(rendered("oauth-without-dynamic-tools", "x", &no), @"
        error[oauth-without-dynamic-tools]: the entry has OAuth, but its tools are not marked as dynamic
         --> servers/x/server.yaml:8:10
          |
        3 | oauth:
          | ----- its tools can be listed only after this login
        ...
        8 |   tools: false
          |          ^^^^^
          |
          = help: write `tools: true` below `dynamic:`; if the server lists its tools without a sign-in, a maintainer can waive this in `mcp-registry.toml` instead
        ");
    }

    #[test]
    fn dynamic_tools_and_entries_without_oauth_are_fine() {
        for right in ["dynamic:\n  tools: true\n", "dynamic: {tools: yes}\n"] {
            assert_eq!(findings("oauth-without-dynamic-tools", "x", &format!("{OAUTH}{right}")), 0);
        }
        assert_eq!(findings("oauth-without-dynamic-tools", "x", "name: x\noauth: []\n"), 0);
    }

    #[test]
    fn it_is_a_decision_that_fix_does_not_make() {
        let case = case("oauth-without-dynamic-tools", "x", OAUTH);
        assert_eq!((case.findings()[0].fixable, case.fixed()), (false, OAUTH.to_owned()));
    }
}
