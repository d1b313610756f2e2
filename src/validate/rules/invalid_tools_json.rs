//! `invalid-tools-json`

use super::{Check, Rule, Sink, Subject, excerpt};
use crate::document::{Node, Route, ScalarStyle, Span, Value};
use crate::entry::{Content, TOOLS};
use crate::finding::{Anchor, Severity};
use crate::route;

pub(super) static RULE: Rule = Rule {
    id: "invalid-tools-json",
    summary: "tools.json is not a list of tools",
    explanation: "\
## What
`tools.json` is not JSON (comments and trailing commas are not), has a key twice, is not a list, or has a tool without
a `name`, or a part of the wrong type.

## Why
Programs that read the list skip such an entry or stop. The tools of a server are also what a reviewer reads: a list
that only some programs can read hides them.

## How to fix
The file is a list of

```json
{ \"name\": \"…\", \"description\": \"…\", \"arguments\": [{ \"name\": \"…\", \"type\": \"string\", \"desc\": \"…\" }] }
```

An argument may have `\"optional\": true` and, if it is an array, `\"items\": {\"type\": \"…\"}`. An `inputSchema` as the
Model Context Protocol has it may stand in place of `arguments`. A server without tools has `[]`.

## Source
The reference reads the file into its type `mcp.Tool` (`internal/mcp/types.go`); it takes a missing name for an empty
one, and the last of two equal keys.
",
    severity: Severity::Error,
    needs: &[],
    check: Check::Entry(check),
    fix: None,
};

fn check(subject: &Subject<'_>, sink: &mut Sink<'_>) {
    let file = &subject.entry.tools_file;
    match &file.content {
        Content::Malformed(_, _, error) => {
            let help = match error.message.as_str() {
                mark if mark.contains("byte order mark") => "save the file as UTF-8 without a byte order mark",
                twice if twice.starts_with("duplicate key") => {
                    "remove one of the two: programs disagree about which counts"
                }
                conflict if conflict.starts_with("unresolved merge conflict") => {
                    "fix this first; the rest of the file was not checked"
                }
                "the text is empty" => "a server without tools has `[]`; or remove the file",
                _ => "correct it here: `python3 -m json.tool` or an editor that knows JSON shows when it is right",
            };
            let said = sink.at(&file.path, Anchor::Bytes(error.span), error.message.clone()).help(help);
            if let Some((span, text)) = &error.related {
                said.also(Anchor::Bytes(*span), text.clone());
            }
        }
        Content::Document(document) => {
            let mut faults = Faults::default();
            faults.list(document.root());
            for (anchor, message, help) in faults.found {
                sink.at(&file.path, anchor, message).help(help);
            }
        }
        Content::Absent | Content::Unreadable(_) | Content::Text(..) => {}
    }
}

/// What a value must be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Text,
    Flag,
    Number,
    List,
    Object,
    Null,
}

impl Kind {
    fn words(self) -> &'static str {
        match self {
            Self::Text => "a text",
            Self::Flag => "true or false",
            Self::Number => "a number",
            Self::List => "a list",
            Self::Object => "an object",
            Self::Null => "null",
        }
    }

    fn remedy(self) -> &'static str {
        match self {
            Self::Text => "write a text in double quotes",
            Self::Flag => "write `true` or `false`, without quotes",
            Self::Number => "write a number, without quotes",
            Self::List => "write a list: `[…]`",
            Self::Object => "write an object: `{ \"key\": … }`",
            Self::Null => "write `null`",
        }
    }

    fn of(node: &Node) -> Self {
        match &node.value {
            Value::Mapping(_) => Self::Object,
            Value::Sequence(_) => Self::List,
            Value::Scalar(scalar) if scalar.style == ScalarStyle::DoubleQuoted => Self::Text,
            Value::Scalar(scalar) => match &*scalar.text {
                "null" => Self::Null,
                "true" | "false" => Self::Flag,
                _ => Self::Number,
            },
        }
    }
}

/// Collects what is wrong in one file.
#[derive(Default)]
struct Faults {
    /// Where, what is wrong, and how to mend it.
    found: Vec<(Anchor, String, String)>,
}

impl Faults {
    fn list(&mut self, root: &Node) {
        if Kind::of(root) != Kind::List {
            let wrapped = root.get("tools").is_some_and(|tools| Kind::of(tools) == Kind::List);
            let message = if wrapped {
                format!("{TOOLS} is an object: only the list in its `tools` should be in the file")
            } else {
                format!("{TOOLS} is {}, not a list of tools", Kind::of(root).words())
            };
            let help = if wrapped {
                "write the list alone: `[…]`"
            } else {
                "write a list: `[{ \"name\": \"…\" }]`, or `[]`"
            };
            self.found.push((start(root), message, help.to_owned()));
            return;
        }
        for (index, tool) in root.items().iter().enumerate() {
            self.tool(&route![index], tool, &format!("tool {}", index + 1));
        }
    }

    fn tool(&mut self, route: &Route, tool: &Node, position: &str) {
        if !self.is(route, tool, Kind::Object, position) {
            return;
        }
        let name = self.name(route, tool, "tool").unwrap_or_else(|| position.to_owned());
        self.member(route, tool, "description", Kind::Text, &name);
        if let Some(arguments) = self.member(route, tool, "arguments", Kind::List, &name) {
            for (index, argument) in arguments.items().iter().enumerate() {
                let position = format!("argument {} of {name}", index + 1);
                self.argument(&route.then("arguments").then(index), argument, &position);
            }
        }
        if let Some(annotations) = self.member(route, tool, "annotations", Kind::Object, &name) {
            let route = route.then("annotations");
            self.member(&route, annotations, "title", Kind::Text, &name);
            for hint in ["readOnlyHint", "destructiveHint", "idempotentHint", "openWorldHint"] {
                self.member(&route, annotations, hint, Kind::Flag, &name);
            }
        }
        if let Some(schema) = self.member(route, tool, "inputSchema", Kind::Object, &name) {
            self.member(&route.then("inputSchema"), schema, "properties", Kind::Object, &name);
        }
    }

    fn argument(&mut self, route: &Route, argument: &Node, position: &str) {
        if !self.is(route, argument, Kind::Object, position) {
            return;
        }
        let name = self.name(route, argument, "argument").unwrap_or_else(|| position.to_owned());
        for (key, kind) in [("type", Kind::Text), ("desc", Kind::Text), ("optional", Kind::Flag)] {
            self.member(route, argument, key, kind, &name);
        }
        if let Some(items) = self.member(route, argument, "items", Kind::Object, &name) {
            self.member(&route.then("items"), items, "type", Kind::Text, &name);
        }
    }

    /// What to call a tool or argument: its name, which must be there and say something. None when it has none.
    fn name(&mut self, route: &Route, node: &Node, what: &str) -> Option<String> {
        let Some(name) = node.get("name").filter(|name| Kind::of(name) != Kind::Null) else {
            let help = format!("add its name as the server gives it: `\"name\": \"…\"`, or remove the {what}");
            self.found.push((start(node), format!("the {what} has no `name`"), help));
            return None;
        };
        let at = route.then("name");
        if !self.is(&at, name, Kind::Text, &format!("the `name` of the {what}")) {
            return None;
        }
        let name = name.scalar().map(|name| name.text.trim()).filter(|name| !name.is_empty());
        if name.is_none() {
            let help = format!("write the name that the server gives, or remove the {what}");
            self.found.push((Anchor::Value(at), format!("the `name` of the {what} is empty"), help));
        }
        name.map(|name| format!("`{}`", excerpt(name)))
    }

    /// The value of a key, if it is there and of its kind. Null counts as absent, as in Go.
    fn member<'n>(&mut self, at: &Route, node: &'n Node, key: &'static str, kind: Kind, of: &str) -> Option<&'n Node> {
        let value = node.get(key).filter(|value| Kind::of(value) != Kind::Null)?;
        self.is(&at.then(key), value, kind, &format!("the `{key}` of {of}")).then_some(value)
    }

    /// Whether a value is of its kind.
    fn is(&mut self, route: &Route, node: &Node, kind: Kind, what: &str) -> bool {
        let found = Kind::of(node);
        if found != kind {
            let anchor = if node.scalar().is_some() { Anchor::Value(route.clone()) } else { start(node) };
            let message = format!("{what} should be {}, not {}", kind.words(), found.words());
            self.found.push((anchor, message, kind.remedy().to_owned()));
        }
        found == kind
    }
}

/// The opening bracket of a list or object, which may go on for pages.
fn start(node: &Node) -> Anchor {
    Anchor::Bytes(Span::new(node.span.start, node.span.end.min(node.span.start + 1)))
}

#[cfg(test)]
mod tests {
    use crate::validate::MAX_PER_RULE;
    use crate::validate::testing::{Case, case};

    fn with(tools: &str) -> Case {
        case("invalid-tools-json", "x", "name: x\n").tools(tools)
    }

    #[test]
    fn what_is_no_json_is_shown_where_it_breaks() {
        insta::assert_snapshot!(with("[\n  { \"name\": \"find\", }\n]\n").rendered(), @r#"
        error[invalid-tools-json]: trailing commas are not allowed
         --> servers/x/tools.json:2:19
          |
        2 |   { "name": "find", }
          |                   ^
          |
          = help: correct it here: `python3 -m json.tool` or an editor that knows JSON shows when it is right
        "#);
        for broken in ["", "[", "// tools\n[]", "['a']", "[]]", "[{\"name\": \"a\", \"name\": \"b\"}]"] {
            assert_eq!(with(broken).count(), 1, "{broken}");
        }
    }

    #[test]
    fn the_file_is_a_list() {
        insta::assert_snapshot!(with("{\"tools\": [{\"name\": \"find\"}]}").rendered(), @r#"
        error[invalid-tools-json]: tools.json is an object: only the list in its `tools` should be in the file
         --> servers/x/tools.json:1:1
          |
        1 | {"tools": [{"name": "find"}]}
          | ^
          |
          = help: write the list alone: `[…]`
        "#);
        insta::assert_snapshot!(with("null").rendered(), @r#"
        error[invalid-tools-json]: tools.json is null, not a list of tools
         --> servers/x/tools.json:1:1
          |
        1 | null
          | ^
          |
          = help: write a list: `[{ "name": "…" }]`, or `[]`
        "#);
    }

    #[test]
    fn every_tool_and_argument_has_a_name() {
        let nameless = r#"[
  { "description": "Finds" },
  { "name": "find", "arguments": [{ "type": "string" }, { "name": "" }] }
]"#;
        insta::assert_snapshot!(with(nameless).rendered(), @r#"
        error[invalid-tools-json]: the tool has no `name`
         --> servers/x/tools.json:2:3
          |
        2 |   { "description": "Finds" },
          |   ^
          |
          = help: add its name as the server gives it: `"name": "…"`, or remove the tool

        error[invalid-tools-json]: the argument has no `name`
         --> servers/x/tools.json:3:35
          |
        3 |   { "name": "find", "arguments": [{ "type": "string" }, { "name": "" }] }
          |                                   ^
          |
          = help: add its name as the server gives it: `"name": "…"`, or remove the argument

        error[invalid-tools-json]: the `name` of the argument is empty
         --> servers/x/tools.json:3:67
          |
        3 |   { "name": "find", "arguments": [{ "type": "string" }, { "name": "" }] }
          |                                                                   ^^
          |
          = help: write the name that the server gives, or remove the argument
        "#);
    }

    #[test]
    fn every_part_has_its_type() {
        let wrong = r#"[
  "find",
  {
    "name": 1,
    "description": ["Finds"],
    "arguments": {},
    "annotations": { "readOnlyHint": "yes" },
    "inputSchema": "{}"
  },
  { "name": "get", "arguments": [null, { "name": "a", "type": ["string"], "optional": 0, "items": "string" }] }
]"#;
        insta::assert_snapshot!(with(wrong).rendered(), @r#"
        error[invalid-tools-json]: tool 1 should be an object, not a text
         --> servers/x/tools.json:2:3
          |
        2 |   "find",
          |   ^^^^^^
          |
          = help: write an object: `{ "key": … }`

        error[invalid-tools-json]: the `name` of the tool should be a text, not a number
         --> servers/x/tools.json:4:13
          |
        4 |     "name": 1,
          |             ^
          |
          = help: write a text in double quotes

        error[invalid-tools-json]: the `description` of tool 2 should be a text, not a list
         --> servers/x/tools.json:5:20
          |
        5 |     "description": ["Finds"],
          |                    ^
          |
          = help: write a text in double quotes

        error[invalid-tools-json]: the `arguments` of tool 2 should be a list, not an object
         --> servers/x/tools.json:6:18
          |
        6 |     "arguments": {},
          |                  ^
          |
          = help: write a list: `[…]`

        error[invalid-tools-json]: the `readOnlyHint` of tool 2 should be true or false, not a text
         --> servers/x/tools.json:7:38
          |
        7 |     "annotations": { "readOnlyHint": "yes" },
          |                                      ^^^^^
          |
          = help: write `true` or `false`, without quotes

        error[invalid-tools-json]: the `inputSchema` of tool 2 should be an object, not a text
         --> servers/x/tools.json:8:20
          |
        8 |     "inputSchema": "{}"
          |                    ^^^^
          |
          = help: write an object: `{ "key": … }`

        error[invalid-tools-json]: argument 1 of `get` should be an object, not null
          --> servers/x/tools.json:10:34
           |
        10 |   { "name": "get", "arguments": [null, { "name": "a", "type": ["string"], "optional": 0, "items": "string" }] }
           |                                  ^^^^
           |
           = help: write an object: `{ "key": … }`

        error[invalid-tools-json]: the `type` of `a` should be a text, not a list
          --> servers/x/tools.json:10:63
           |
        10 |   { "name": "get", "arguments": [null, { "name": "a", "type": ["string"], "optional": 0, "items": "string" }] }
           |                                                               ^
           |
           = help: write a text in double quotes

        error[invalid-tools-json]: the `optional` of `a` should be true or false, not a number
          --> servers/x/tools.json:10:87
           |
        10 |   { "name": "get", "arguments": [null, { "name": "a", "type": ["string"], "optional": 0, "items": "string" }] }
           |                                                                                       ^
           |
           = help: write `true` or `false`, without quotes

        error[invalid-tools-json]: the `items` of `a` should be an object, not a text
          --> servers/x/tools.json:10:99
           |
        10 |   { "name": "get", "arguments": [null, { "name": "a", "type": ["string"], "optional": 0, "items": "string" }] }
           |                                                                                                   ^^^^^^^^
           |
           = help: write an object: `{ "key": … }`
        "#);
    }

    #[test]
    fn a_fault_that_is_everywhere_is_reported_a_few_times() {
        let many = format!("[{}{{}}]", "{},".repeat(99));
        let findings = with(&many).findings();
        assert_eq!(findings.len(), MAX_PER_RULE);
        let said = "50 more findings of this rule in this entry are not shown";
        assert_eq!(findings.iter().filter(|finding| finding.message.ends_with(said)).count(), 1);
    }

    #[test]
    fn both_shapes_are_fine_and_so_is_nothing() {
        let listed = r#"[{"name": "a", "description": null, "arguments": [{"name": "b", "type": "array", "desc": "c",
            "items": {"type": "string"}, "optional": true}], "annotations": {"title": "A", "readOnlyHint": true}}]"#;
        let schema = r#"[{"name": "a", "inputSchema": {"type": "object", "properties": {"b": true}}, "more": 1}]"#;
        for right in [listed, schema, "[]", "[{\"name\": \"a\", \"arguments\": null}]"] {
            assert_eq!(with(right).count(), 0, "{right}");
        }
        assert_eq!(case("invalid-tools-json", "x", "name: x\n").count(), 0);
    }
}
