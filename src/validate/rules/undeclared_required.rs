//! `undeclared-required`

use super::{Check, Rule, Sink, Subject, excerpt, nearest_of};
use crate::document::{Document, Node, Route, scalar};
use crate::finding::{Anchor, Severity};
use crate::route;
use std::collections::BTreeSet;

pub(super) static RULE: Rule = Rule {
    id: "undeclared-required",
    summary: "`required` names a property that is not declared beside it",
    explanation: "\
## What
A list `required` in `config.parameters`, at any level and in `anyOf`, or in the parameters of a tool, names something that
`properties` of the same schema does not have.

## Why
Clients let users set what is declared, and refuse to start a server before what is required is set: a name that is
required and not declared can never be set.

## How to fix
Declare it in `properties`, or correct or remove the name. A secret is no parameter; whether it is required is said in
`config.secrets`.

## Source
JSON Schema 2020-12, `required`, and what the reference's structs keep of it.
",
    severity: Severity::Warning,
    needs: &[],
    check: Check::Manifest(check),
    fix: None,
};

fn check(_: &Subject<'_>, document: &Document, sink: &mut Sink<'_>) {
    let parameters = route!["config", "parameters"];
    if let Some(node) = document.at(&parameters) {
        walk(node, &parameters, sink);
        // `config.anyOf` is about the same parameters.
        if let Some(alternatives) = document.at(&route!["config", "anyOf"]) {
            Declared::new(node, &parameters).any_of(alternatives, &route!["config", "anyOf"], sink);
        }
    }
    for (index, tool) in document.at(&route!["tools"]).map_or(&[][..], Node::items).iter().enumerate() {
        if let Some(node) = tool.get("parameters") {
            walk(node, &route!["tools", index, "parameters"], sink);
        }
    }
}

/// Depth is bounded by the document's own limit.
fn walk(schema: &Node, route: &Route, sink: &mut Sink<'_>) {
    let declared = Declared::new(schema, route);
    if let Some(required) = schema.get("required") {
        declared.names(required, &route.then("required"), sink);
    }
    if let Some(alternatives) = schema.get("anyOf") {
        declared.any_of(alternatives, &route.then("anyOf"), sink);
    }
    for pair in schema.get("properties").map_or(&[][..], Node::pairs) {
        // Most parameters are texts and numbers.
        if !pair.value.pairs().is_empty() {
            walk(&pair.value, &route.then("properties").then(pair.key.text.to_string()), sink);
        }
    }
}

struct Declared<'a> {
    names: BTreeSet<&'a str>,
    /// Of its `properties`, which may be absent.
    route: Route,
    exists: bool,
}

impl<'a> Declared<'a> {
    fn new(schema: &'a Node, route: &Route) -> Self {
        let properties = schema.get("properties");
        let names = properties.map_or(&[][..], Node::pairs).iter().map(|pair| &*pair.key.text).collect();
        Self { names, route: route.then("properties"), exists: properties.is_some() }
    }

    fn any_of(&self, alternatives: &Node, at: &Route, sink: &mut Sink<'_>) {
        for (index, alternative) in alternatives.items().iter().enumerate() {
            if let Some(required) = alternative.get("required") {
                self.names(required, &at.then(index).then("required"), sink);
            }
        }
    }

    /// Reports the names in the list `required` at this route that are not declared.
    fn names(&self, required: &Node, at: &Route, sink: &mut Sink<'_>) {
        let texts = || required.items().iter().map(|item| item.scalar().and_then(scalar::go_string));
        let required: BTreeSet<_> = texts().flatten().collect();
        for (index, name) in texts().enumerate() {
            let Some(name) = name else { continue };
            if self.names.contains(&*name) {
                continue;
            }
            let message = format!("`{}` is required, but is not declared", excerpt(&name));
            let mut said = sink.value(at.then(index), message);
            if self.exists {
                said = said.also(Anchor::Key(self.route.clone()), "what is declared");
            }
            // What is required already is not what this name was meant to be.
            match nearest_of(&name, self.names.iter().copied().take(100).filter(|name| !required.contains(*name))) {
                Some(nearest) => said.help(format!("did you mean `{nearest}`?")),
                None => said.help(format!("declare it in `{}`, or remove it", self.route)),
            };
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::validate::testing::{findings, rendered};

    #[test]
    fn a_required_name_must_be_declared() {
        let entry = "config:
  parameters:
    type: object
    properties:
      base_url:
        type: string
    required:
      - base_uri
      - token
";
        insta::assert_snapshot!(rendered("undeclared-required", "x", entry), @"
        warning[undeclared-required]: `base_uri` is required, but is not declared
         --> servers/x/server.yaml:8:9
          |
        4 |     properties:
          |     ---------- what is declared
        ...
        8 |       - base_uri
          |         ^^^^^^^^
          |
          = help: did you mean `base_url`?

        warning[undeclared-required]: `token` is required, but is not declared
         --> servers/x/server.yaml:9:9
          |
        4 |     properties:
          |     ---------- what is declared
        ...
        9 |       - token
          |         ^^^^^
          |
          = help: declare it in `config.parameters.properties`, or remove it
        ");
    }

    #[test]
    fn every_level_counts() {
        let entry = "config:
  parameters:
    properties:
      db:
        properties: {host: {type: string}}
        required: [host, port]
    required: [db]
    anyOf:
      - required: [db]
      - required: [uri]
  anyOf:
    - required: [other]
tools:
  - parameters:
      required: [args]
";
        assert_eq!(findings("undeclared-required", "x", entry), 4);
    }

    #[test]
    fn declared_names_are_fine() {
        let entry =
            "config: {parameters: {properties: {a: {}, '8080': {}}, required: [a, 8080], anyOf: [{required: [a]}]}}\n";
        assert_eq!(findings("undeclared-required", "x", entry), 0);
    }

    #[test]
    fn lists_elsewhere_and_other_types_do_not_count() {
        let entry = "config: {secrets: [{required: true}], required: [a], parameters: {required: true, properties: {required: {type: string}}}}\n";
        assert_eq!(findings("undeclared-required", "x", entry), 0);
    }
}
