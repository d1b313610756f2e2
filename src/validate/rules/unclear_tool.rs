//! `unclear-tool`

use super::{Check, Rule, Sink, Subject, excerpt, nearest_of};
use crate::document::{Node, Route};
use crate::finding::{Anchor, Severity};
use crate::route;
use std::collections::HashMap;
use std::sync::Arc;

pub(super) static RULE: Rule = Rule {
    id: "unclear-tool",
    summary: "a tool in tools.json has no description, a key that is dropped, or a name clients refuse",
    explanation: "\
## What
A tool in `tools.json` has no `description`; a tool or argument has a key that the format does not have (`descripton`); two
arguments of a tool have the same name; or a tool's name has other characters than letters, digits, `_`, `-`, `.` and `/`, or
more than 128 of them.

## Why
A model chooses a tool by its name and description, and reviewers judge by them. What stands under a misspelt key reaches
neither, and many clients refuse a tool, or a whole server, for a blank in a name.

## How to fix
Copy the name and the description from the server's own list of tools. Say in `optional`, not in `required`, which
arguments may be left out.

## Source
The Model Context Protocol, section Tools (names), and the keys of the reference's type `mcp.Tool`, which drops all others.
",
    severity: Severity::Warning,
    needs: &[],
    check: Check::Entry(check),
    fix: None,
};

const TOOL: [&str; 11] = [
    "name",
    "title",
    "description",
    "arguments",
    "inputSchema",
    "outputSchema",
    "annotations",
    "icons",
    "execution",
    "_meta",
    "container",
];
const ARGUMENT: [&str; 5] = ["name", "type", "desc", "optional", "items"];

/// The longest name that the protocol allows, in characters.
const LONGEST: usize = 128;

fn check(subject: &Subject<'_>, sink: &mut Sink<'_>) {
    let file = &subject.entry.tools_file;
    let Some(document) = file.document() else { return };
    for (index, tool) in document.root().items().iter().enumerate() {
        let route = route![index];
        keys(&file.path, tool, || route.clone(), ("a tool", &TOOL), sink);
        let read = subject.entry.tools.get(index);
        // One without a name, or that is no object, is reported by `invalid-tools-json`.
        let Some(name) = read.and_then(|tool| tool.name.as_deref()).filter(|name| !name.trim().is_empty()) else {
            continue;
        };
        let shown = excerpt(name);
        let is_allowed = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '.' | '/');
        if !name.chars().all(is_allowed) || name.len() > LONGEST {
            sink.at(
                &file.path,
                Anchor::Value(route.then("name")),
                format!("clients may refuse the tool name `{shown}`"),
            )
            .help("write the name that the server itself gives: letters, digits, `_`, `-`, `.`");
        }
        let has_text = tool.get("description").is_some_and(|description| {
            description.scalar().is_none_or(|text| !matches!(text.text.trim(), "" | "null"))
        });
        if !has_text {
            let anchor = Anchor::Value(route.then("name"));
            sink.at(&file.path, anchor, format!("the tool `{shown}` has no description"))
                .help("say in `description` what it does; the server's own list of tools has a text");
        }
        arguments(&file.path, tool, &route.then("arguments"), &shown, sink);
    }
}

fn arguments(path: &Arc<str>, tool: &Node, route: &Route, of: &str, sink: &mut Sink<'_>) {
    let arguments = tool.get("arguments").map_or(&[][..], Node::items);
    let mut seen: HashMap<&str, usize> = HashMap::with_capacity(arguments.len());
    for (index, argument) in arguments.iter().enumerate() {
        keys(path, argument, || route.then(index), ("an argument", &ARGUMENT), sink);
        let Some(name) = argument.get("name").and_then(Node::scalar).map(|name| &*name.text) else { continue };
        if let Some(first) = seen.insert(name, index) {
            let message = format!("two arguments of `{of}` are named `{}`", excerpt(name));
            sink.at(path, Anchor::Value(route.then(index).then("name")), message)
                .also(Anchor::Value(route.then(first).then("name")), "the first one")
                .help("remove one, or write the name that the server itself gives");
        }
    }
}

/// Reports the keys that nobody reads. Where the node is, is asked only when there is something to report: lists of tools
/// have thousands of nodes.
fn keys(path: &Arc<str>, node: &Node, route: impl Fn() -> Route, (what, known): (&str, &[&str]), sink: &mut Sink<'_>) {
    for pair in node.pairs() {
        let key = &*pair.key.text;
        if known.contains(&key) {
            continue;
        }
        let said = sink.at(
            path,
            Anchor::Key(route().then(key.to_owned())),
            format!("`{}` is not a key of {what}, and is silently dropped", excerpt(key)),
        );
        match (key, nearest_of(key, known.iter().copied())) {
            ("required", _) => said.help("an argument is required unless it has `\"optional\": true`: remove the key"),
            ("description", _) => said.help("the text of an argument stands in `desc`"),
            (_, Some(nearest)) => said.help(format!("did you mean `{nearest}`?")),
            (_, None) => said.help("remove it"),
        };
    }
}

#[cfg(test)]
mod tests {
    use crate::validate::testing::{Case, case};

    fn with(tools: &str) -> Case {
        case("unclear-tool", "x", "name: x\n").tools(tools)
    }

    #[test]
    fn a_tool_says_what_it_does() {
        insta::assert_snapshot!(with("[{\"name\": \"find\", \"descripton\": \"Finds\"}]").rendered(), @r#"
        warning[unclear-tool]: the tool `find` has no description
         --> servers/x/tools.json:1:11
          |
        1 | [{"name": "find", "descripton": "Finds"}]
          |           ^^^^^^
          |
          = help: say in `description` what it does; the server's own list of tools has a text

        warning[unclear-tool]: `descripton` is not a key of a tool, and is silently dropped
         --> servers/x/tools.json:1:19
          |
        1 | [{"name": "find", "descripton": "Finds"}]
          |                   ^^^^^^^^^^^^
          |
          = help: did you mean `description`?
        "#);
        for silent in [
            "{\"name\": \"a\"}",
            "{\"name\": \"a\", \"description\": \" \"}",
            "{\"name\": \"a\", \"description\": null}",
        ] {
            assert_eq!(with(&format!("[{silent}]")).count(), 1, "{silent}");
        }
    }

    #[test]
    fn names_are_those_that_clients_take() {
        insta::assert_snapshot!(with("[{\"name\": \"x y;rm\", \"description\": \"Finds\"}]").rendered(), @r#"
        warning[unclear-tool]: clients may refuse the tool name `x y;rm`
         --> servers/x/tools.json:1:11
          |
        1 | [{"name": "x y;rm", "description": "Finds"}]
          |           ^^^^^^^^
          |
          = help: write the name that the server itself gives: letters, digits, `_`, `-`, `.`
        "#);
        for name in ["ünï", "a:b", "a\\nb", &"a".repeat(129)] {
            assert_eq!(with(&format!("[{{\"name\": \"{name}\", \"description\": \"d\"}}]")).count(), 1, "{name}");
        }
    }

    #[test]
    fn arguments_have_known_keys_and_one_name_each() {
        let twice = r#"[
  { "name": "find", "description": "Finds", "arguments": [{ "name": "q", "required": true }, { "name": "q" }] }
]"#;
        insta::assert_snapshot!(with(twice).rendered(), @r#"
        warning[unclear-tool]: `required` is not a key of an argument, and is silently dropped
         --> servers/x/tools.json:2:74
          |
        2 |   { "name": "find", "description": "Finds", "arguments": [{ "name": "q", "required": true }, { "name": "q" }] }
          |                                                                          ^^^^^^^^^^
          |
          = help: an argument is required unless it has `"optional": true`: remove the key

        warning[unclear-tool]: two arguments of `find` are named `q`
         --> servers/x/tools.json:2:104
          |
        2 |   { "name": "find", "description": "Finds", "arguments": [{ "name": "q", "required": true }, { "name": "q" }] }
          |                                                                     --- the first one                  ^^^
          |
          = help: remove one, or write the name that the server itself gives
        "#);
        let described =
            with(r#"[{"name":"a","description":"d","arguments":[{"name":"q","description":"x"}]}]"#).findings();
        assert_eq!(described[0].help.as_deref(), Some("the text of an argument stands in `desc`"));
    }

    #[test]
    fn clear_tools_and_what_is_no_tool_are_fine() {
        for right in [
            "[]",
            "[5, [], {}]",
            r#"[{"name":"a.b-c/D_1","description":"d","arguments":[{"name":"q"},{"name":"Q","type":"string","desc":"d"}]}]"#,
            r#"[{"name":"a","description":"d","inputSchema":{"type":"object","required":[]},"annotations":{"title":"A"}}]"#,
            r#"[{"name":"a","description":5}]"#,
        ] {
            assert_eq!(with(right).count(), 0, "{right}");
        }
    }
}
