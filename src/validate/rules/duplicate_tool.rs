//! `duplicate-tool`

use super::{Check, Rule, Sink, Subject};
use crate::document::Route;
use crate::finding::{Anchor, Severity};
use crate::route;
use std::collections::HashMap;
use std::sync::Arc;

pub(super) static RULE: Rule = Rule {
    id: "duplicate-tool",
    summary: "one entry lists two tools of the same name",
    explanation: "\
## What
Two tools in `tools.json`, or two under `tools:` of a `poci` entry, have the same name. Letter case, hyphens and
underscores do not tell names apart: a warning.

## Why
A client calls a tool by its name. Of two tools with one name it can reach only one, and which one that is depends on
the client: a reviewer may have read the other.

## How to fix
Remove the one that the server does not offer, or give each the name that the server itself uses.

## Source
The Model Context Protocol, section Tools: a name is the unique identifier of a tool. The reference does not check it.
",
    severity: Severity::Error,
    needs: &[],
    check: Check::Entry(check),
    fix: None,
};

fn check(subject: &Subject<'_>, sink: &mut Sink<'_>) {
    let entry = subject.entry;
    let listed = entry.tools.iter().enumerate().map(|(index, tool)| (tool.name.as_deref(), route![index, "name"]));
    report(&entry.tools_file.path, listed, sink);
    let own = subject.manifest().tools.iter().enumerate();
    report(
        &entry.manifest_file.path,
        own.map(|(index, tool)| (tool.name.as_deref(), route!["tools", index, "name"])),
        sink,
    );
}

fn report<'a>(path: &Arc<str>, tools: impl Iterator<Item = (Option<&'a str>, Route)>, sink: &mut Sink<'_>) {
    let mut seen: HashMap<String, (&str, Route)> = HashMap::new();
    for (name, route) in tools {
        let Some(name) = name else { continue };
        match seen.get(&super::shadowed_tool::folded(name)) {
            None => {
                seen.insert(super::shadowed_tool::folded(name), (name, route));
            }
            Some((first, earlier)) => {
                let is_same = *first == name;
                let message = if is_same {
                    format!("two tools are named `{name}`")
                } else {
                    format!("the tools `{first}` and `{name}` differ in letter case or separators only")
                };
                let said = sink
                    .at(path, Anchor::Value(route), message)
                    .also(Anchor::Value(earlier.clone()), "the first one")
                    .help("remove one, or give each the name that the server uses for it");
                // The protocol tells these apart; people and models may not.
                if !is_same {
                    said.at_most(Severity::Warning);
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::validate::testing::case;

    fn of(tools: &str) -> crate::validate::testing::Case {
        case("duplicate-tool", "x", "name: x\n").tools(tools)
    }

    #[test]
    fn a_name_is_listed_once() {
        let twice = "[\n  {\"name\": \"search\"},\n  {\"name\": \"read\"},\n  {\"name\": \"search\"}\n]\n";
        insta::assert_snapshot!(of(twice).rendered(), @r#"
        error[duplicate-tool]: two tools are named `search`
         --> servers/x/tools.json:4:12
          |
        2 |   {"name": "search"},
          |            -------- the first one
        3 |   {"name": "read"},
        4 |   {"name": "search"}
          |            ^^^^^^^^
          |
          = help: remove one, or give each the name that the server uses for it
        "#);
        assert_eq!(of("[{\"name\": \"getUser\"}, {\"name\": \"get_user\"}]").count(), 1);
        let poci = "tools:\n  - name: a\n  - name: a\n";
        assert_eq!(case("duplicate-tool", "x", poci).count(), 1);
    }

    #[test]
    fn other_names_are_other_tools() {
        assert_eq!(of("[{\"name\": \"search\"}, {\"name\": \"search_all\"}, {\"name\": \"\"}, {}, {}]").count(), 0);
    }
}
