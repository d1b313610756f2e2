//! `oauth-without-dynamic-tools`

use super::{Check, Fix, Rule, Sink, Subject};
use crate::document::edit::{self, Edit, EditError};
use crate::document::{Document, Node, Route};
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

`validate --fix` does it.

## Source
The reference validator's `isOAuthDynamicValid`. Its grandfathered entry is a waiver here.
",
    severity: Severity::Error,
    needs: &[],
    check: Check::Manifest(check),
    fix: Some(Fix::Edit(fix)),
};

fn check(subject: &Subject<'_>, document: &Document, sink: &mut Sink<'_>) {
    if is_wrong(subject) {
        let message = "the entry has OAuth, but its tools are not marked as dynamic";
        let oauth = Anchor::Key(route!["oauth"]);
        let why = "its tools can be listed only after this login";
        if document.at(&route!["dynamic"]).is_some() {
            let said = sink.value(route!["dynamic", "tools"], message).also(oauth, why);
            said.help("write `tools: true` below `dynamic:`");
        } else {
            let said = sink.key(route!["oauth"], message).label(why);
            said.help("add `dynamic:` with `tools: true` below it");
        }
    }
}

fn is_wrong(subject: &Subject<'_>) -> bool {
    let manifest = subject.manifest();
    !manifest.oauth.is_empty() && !manifest.dynamic_tools
}

fn fix(subject: &Subject<'_>, document: &Document) -> Result<Vec<Edit>, EditError> {
    if !is_wrong(subject) {
        return Ok(Vec::new());
    }
    let tools = route!["dynamic", "tools"];
    let edit = match document.at(&tools) {
        Some(node) => set_true(document, &tools, node)?,
        None => edit::insert_key(document, &route!["dynamic"], "tools", "true")?,
    };
    Ok(vec![edit])
}

/// Replaces `false` or nothing by `true`. `replace_scalar` would write the text `"true"`.
fn set_true(document: &Document, route: &Route, node: &Node) -> Result<Edit, EditError> {
    if node.span.start < node.span.end {
        return match node.scalar() {
            Some(scalar) if scalar.tag.is_none() => Ok(Edit { span: node.span, replacement: "true".to_owned() }),
            _ => Err(EditError::Unsupported(route.clone(), "it is not a plain value")),
        };
    }
    let before = document.text().get(..node.span.start).unwrap_or_default();
    if before.ends_with(':') {
        Ok(Edit { span: node.span, replacement: " true".to_owned() })
    } else {
        Err(EditError::Unsupported(route.clone(), "it has no value and no colon"))
    }
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
          = help: add `dynamic:` with `tools: true` below it
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
          = help: write `tools: true` below `dynamic:`
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
    fn the_fix_adds_the_section_or_turns_it_on() {
        let fixed = |dynamic: &str| case("oauth-without-dynamic-tools", "x", &format!("{OAUTH}{dynamic}")).fixed();
        // A section that was not there is put where it belongs.
        assert_eq!(fixed(""), OAUTH.replace("oauth:", "dynamic:\n  tools: true\noauth:"));
        for dynamic in ["dynamic:\n", "dynamic:\n  tools: false\n", "dynamic:\n  tools:\n"] {
            assert_eq!(fixed(dynamic), format!("{OAUTH}dynamic:\n  tools: true\n"), "{dynamic}");
        }
        assert_eq!(fixed("dynamic: {tools: no} # later\n"), format!("{OAUTH}dynamic: {{tools: true}} # later\n"));
    }
}
