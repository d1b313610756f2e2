//! `undescribed-argument`

use super::{Check, Rule, Sink, Subject, excerpt};
use crate::document::{Document, Node, Value};
use crate::entry::{Tool, ToolArgument};
use crate::finding::{Anchor, Severity};
use std::collections::BTreeMap;
use std::sync::Arc;

pub(super) static RULE: Rule = Rule {
    id: "undescribed-argument",
    summary: "an argument of a tool has no description",
    explanation: "\
## What
An item of `arguments` in `tools.json` has no `desc`. A warning: a `desc` that is there and empty, and a property of an
`inputSchema` without `description`.

## Why
A model decides what to put into an argument by its description, and a reviewer what may go out through it. The name
alone does not say in which form, of what kind, or within which limits.

## How to fix
Add `\"desc\": \"…\"` to the argument: one sentence on what it is and in which form. In an `inputSchema` the key is
`description`.

## Source
The reference validator's `validateTools`, which looks at `arguments` only and takes an empty `desc`.
",
    severity: Severity::Error,
    needs: &[],
    check: Check::Entry(check),
    fix: None,
};

/// How many further arguments of a tool are marked.
const MAX_LABELS: usize = 8;

/// What is wrong with the description of an argument.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Fault {
    /// An item of `arguments` without `desc`.
    Missing,
    /// The same, but it has a `description`, which nobody reads there.
    Misnamed,
    /// An empty text.
    Empty,
    /// A property of an `inputSchema` without `description`.
    InSchema,
}

fn check(subject: &Subject<'_>, sink: &mut Sink<'_>) {
    let file = &subject.entry.tools_file;
    let Some(document) = file.document() else { return };
    for tool in &subject.entry.tools {
        let mut faults: BTreeMap<Fault, Vec<&ToolArgument>> = BTreeMap::new();
        for argument in &tool.arguments {
            if let Some(fault) = document.at(&argument.route).and_then(|node| fault(argument, node)) {
                faults.entry(fault).or_default().push(argument);
            }
        }
        for (fault, arguments) in faults {
            report(tool, fault, &arguments, document, &file.path, sink);
        }
    }
}

fn fault(argument: &ToolArgument, node: &Node) -> Option<Fault> {
    // What is no object is reported by `invalid-tools-json`. A JSON Schema may also be `true`.
    if !matches!(node.value, Value::Mapping(_)) {
        return None;
    }
    match argument.description.as_deref() {
        Some(text) => text.trim().is_empty().then_some(Fault::Empty),
        None if !argument.listed => Some(Fault::InSchema),
        None if node.get("description").is_some() => Some(Fault::Misnamed),
        None => Some(Fault::Missing),
    }
}

/// One finding for the arguments of a tool that lack the same.
fn report(
    tool: &Tool,
    fault: Fault,
    arguments: &[&ToolArgument],
    document: &Document,
    path: &Arc<str>,
    sink: &mut Sink<'_>,
) {
    let Some((first, others)) = arguments.split_first() else { return };
    let key = if first.listed { "desc" } else { "description" };
    let help = match fault {
        Fault::Missing | Fault::InSchema => format!("add `\"{key}\": \"…\"` with what the argument is"),
        Fault::Misnamed => "`description` is not read here: name the key `desc`".to_owned(),
        Fault::Empty => format!("say in `{key}` what the argument is"),
    };
    let what = if fault == Fault::Empty { "is empty" } else { "is missing" };
    let named =
        first.name.as_deref().map_or("an argument".to_owned(), |name| format!("the argument `{}`", excerpt(name)));
    let which = match others.len() {
        0 => format!("{named} of {} is", of(tool)),
        1 => format!("{named} and another of {} are", of(tool)),
        more => format!("{named} and {more} others of {} are", of(tool)),
    };
    let mut said = sink.at(path, place(first, document), format!("{which} not described: `{key}` {what}")).help(help);
    for other in others.iter().take(MAX_LABELS) {
        said = said.also(place(other, document), "");
    }
    // The reference asks only for a `desc`, even an empty one.
    if matches!(fault, Fault::Empty | Fault::InSchema) {
        said.at_most(Severity::Warning);
    }
}

fn of(tool: &Tool) -> String {
    tool.name.as_deref().map_or("a tool".to_owned(), |name| format!("the tool `{}`", excerpt(name)))
}

/// The argument's name, rather than the whole object, which may go on for lines.
fn place(argument: &ToolArgument, document: &Document) -> Anchor {
    let name = argument.route.then("name");
    if argument.listed && document.at(&name).is_some() {
        Anchor::Value(name)
    } else {
        Anchor::Key(argument.route.clone())
    }
}

#[cfg(test)]
mod tests {
    use crate::finding::Severity;
    use crate::validate::testing::{Case, case};

    fn with(argument: &str) -> Case {
        let tools =
            format!("[\n  {{\n    \"name\": \"find\",\n    \"arguments\": [\n      {argument}\n    ]\n  }}\n]\n");
        case("undescribed-argument", "x", "name: x\n").tools(&tools)
    }

    fn severities(case: &Case) -> Vec<Severity> {
        case.findings().iter().map(|finding| finding.severity).collect()
    }

    #[test]
    fn an_argument_has_a_desc() {
        insta::assert_snapshot!(with(r#"{ "name": "query", "type": "string" }"#).rendered(), @r#"
        error[undescribed-argument]: the argument `query` of the tool `find` is not described: `desc` is missing
         --> servers/x/tools.json:5:17
          |
        5 |       { "name": "query", "type": "string" }
          |                 ^^^^^^^
          |
          = help: add `"desc": "…"` with what the argument is
        "#);
        insta::assert_snapshot!(with(r#"{ "name": "query", "description": "What to find" }"#).rendered(), @r#"
        error[undescribed-argument]: the argument `query` of the tool `find` is not described: `desc` is missing
         --> servers/x/tools.json:5:17
          |
        5 |       { "name": "query", "description": "What to find" }
          |                 ^^^^^^^
          |
          = help: `description` is not read here: name the key `desc`
        "#);
        let all = with("{\"name\": \"a\", \"desc\": null},\n      {\"name\": \"b\"},\n      {\"name\": \"c\"}");
        insta::assert_snapshot!(all.rendered(), @r#"
        error[undescribed-argument]: the argument `a` and 2 others of the tool `find` are not described: `desc` is missing
         --> servers/x/tools.json:5:16
          |
        5 |       {"name": "a", "desc": null},
          |                ^^^
        6 |       {"name": "b"},
          |                ---
        7 |       {"name": "c"}
          |                ---
          |
          = help: add `"desc": "…"` with what the argument is
        "#);
        assert_eq!(severities(&all), [Severity::Error]);
    }

    #[test]
    fn an_empty_desc_is_a_warning() {
        let empty = with(r#"{ "name": "query", "desc": " " }"#);
        insta::assert_snapshot!(empty.rendered(), @r#"
        warning[undescribed-argument]: the argument `query` of the tool `find` is not described: `desc` is empty
         --> servers/x/tools.json:5:17
          |
        5 |       { "name": "query", "desc": " " }
          |                 ^^^^^^^
          |
          = help: say in `desc` what the argument is
        "#);
        assert_eq!(severities(&empty), [Severity::Warning]);
    }

    #[test]
    fn so_is_a_property_without_description() {
        let schema = r#"[{"name": "find", "inputSchema": {"properties": {"a": {"type": "string"}, "b": true}}}]"#;
        let case = case("undescribed-argument", "x", "name: x\n").tools(schema);
        insta::assert_snapshot!(case.rendered(), @r#"
        warning[undescribed-argument]: the argument `a` of the tool `find` is not described: `description` is missing
         --> servers/x/tools.json:1:50
          |
        1 | [{"name": "find", "inputSchema": {"properties": {"a": {"type": "string"}, "b": true}}}]
          |                                                  ^^^
          |
          = help: add `"description": "…"` with what the argument is
        "#);
        assert_eq!(severities(&case), [Severity::Warning]);
    }

    #[test]
    fn described_arguments_and_tools_without_any_are_fine() {
        assert_eq!(with(r#"{ "name": "query", "desc": "What to find" }"#).count(), 0);
        assert_eq!(with("").count(), 0);
        let schema = r#"[{"name": "find", "inputSchema": {"properties": {"a": {"description": "What to find"}}}}]"#;
        assert_eq!(case("undescribed-argument", "x", "name: x\n").tools(schema).count(), 0);
    }

    #[test]
    fn a_broken_list_is_another_rules_matter() {
        assert_eq!(with("1, null, []").count(), 0);
        assert_eq!(case("undescribed-argument", "x", "name: x\n").tools("[").count(), 0);
    }
}
