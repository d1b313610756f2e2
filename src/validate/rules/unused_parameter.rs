//! `unused-parameter`

use super::undefined_parameter::is_own;
use super::{Check, Rule, Sink, Subject, excerpt};
use crate::document::Document;
use crate::document::limits::MAX_DEPTH;
use crate::entry::manifest::Parameter;
use crate::entry::template;
use crate::finding::Severity;
use crate::route;
use crate::validate::names::Called;
use std::collections::HashMap;

pub(super) static RULE: Rule = Rule {
    id: "unused-parameter",
    summary: "a parameter is declared and no template uses it",
    explanation: "\
## What
`config.parameters.properties` declares a parameter that no `{{name.parameter}}` in `run`, `remote` or `config.env` names.

## Why
Users are asked for a value, set it, and nothing happens: parameters reach a server through templates only.

## How to fix
Use it, for instance in an environment variable: `value: \"{{name.parameter}}\"`. Or remove it.

## Source
How the MCP Gateway replaces templates; it does nothing else with parameters.
",
    severity: Severity::Warning,
    needs: &[],
    check: Check::Manifest(check),
    fix: None,
};

fn check(subject: &Subject<'_>, document: &Document, sink: &mut Sink<'_>) {
    let templates = template::in_document(document);
    let mut used = Used::default();
    for template in &templates {
        if let Some(way) = template.parameter.as_ref().filter(|_| is_own(subject.entry, &template.prefix)) {
            used.add(way);
        }
    }
    let parameters = &subject.manifest().config.parameters;
    walk(parameters, &used, &Way { name: Called::of(subject.entry).likely(), parts: Vec::new() }, sink);
}

/// The parameters that templates name, as a tree: `db.host` is `host` in `db`.
#[derive(Default)]
struct Used<'a> {
    parts: HashMap<&'a str, Used<'a>>,
    /// Whether a template ends here, and so takes everything below.
    whole: bool,
}

impl<'a> Used<'a> {
    fn add(&mut self, way: &'a str) {
        // No declared parameter is deeper than a document may be.
        way.split('.').take(MAX_DEPTH).fold(self, |place, part| place.parts.entry(part).or_default()).whole = true;
    }
}

/// The way from an entry's name to a parameter.
struct Way<'a> {
    name: &'a str,
    parts: Vec<&'a str>,
}

/// Depth is bounded by the document's own limit.
fn walk(place: &Parameter, used: &Used<'_>, way: &Way<'_>, sink: &mut Sink<'_>) {
    for (name, parameter) in &place.properties {
        let here = || Way { name: way.name, parts: way.parts.iter().copied().chain([name.as_str()]).collect() };
        match used.parts.get(name.as_str()) {
            Some(used) if used.whole => {}
            Some(used) => walk(parameter, used, &here(), sink),
            None => report(&here(), sink),
        }
    }
}

fn report(way: &Way<'_>, sink: &mut Sink<'_>) {
    let mut route = route!["config", "parameters"];
    for part in &way.parts {
        route = route.then("properties").then((*part).to_owned());
    }
    let name = way.parts.join(".");
    let template = excerpt(&format!("{{{{{}.{name}}}}}", way.name));
    sink.key(route, format!("nothing uses the parameter `{}`", excerpt(&name))).help(format!(
        "use `{template}` where the server takes it (an environment variable, an argument, a volume), or remove it"
    ));
}

#[cfg(test)]
mod tests {
    use crate::validate::testing::{findings, rendered};

    const ENTRY: &str = "name: x
run:
  volumes:
    - \"{{x.dir|volume|into}}\"
config:
  env:
    - name: HOST
      value: \"{{x.db.host}}\"
  parameters:
    type: object
    properties:
      dir: {type: string}
      db:
        type: object
        properties:
          host: {type: string}
";

    #[test]
    fn a_parameter_without_a_template_is_reported() {
        let entry = format!("{ENTRY}          port: {{type: integer}}\n      token: {{type: string}}\n");
        insta::assert_snapshot!(rendered("unused-parameter", "x", &entry), @"
        warning[unused-parameter]: nothing uses the parameter `db.port`
          --> servers/x/server.yaml:17:11
           |
        17 |           port: {type: integer}
           |           ^^^^
           |
           = help: use `{{x.db.port}}` where the server takes it (an environment variable, an argument, a volume), or remove it

        warning[unused-parameter]: nothing uses the parameter `token`
          --> servers/x/server.yaml:18:7
           |
        18 |       token: {type: string}
           |       ^^^^^
           |
           = help: use `{{x.token}}` where the server takes it (an environment variable, an argument, a volume), or remove it
        ");
    }

    #[test]
    fn used_parameters_are_fine_wherever_the_template_stands() {
        assert_eq!(findings("unused-parameter", "x", ENTRY), 0);
        let remote =
            "remote: {url: 'https://{{x.a}}.example'}\nconfig: {parameters: {properties: {a: {type: string}}}}\n";
        assert_eq!(findings("unused-parameter", "x", remote), 0);
        let whole = "run: {command: ['{{x.a}}']}\nconfig: {parameters: {properties: {a: {properties: {b: {}}}}}}\n";
        assert_eq!(findings("unused-parameter", "x", whole), 0);
    }

    #[test]
    fn a_mention_in_a_text_and_a_longer_name_are_no_use() {
        let mentioned = "about: {description: '{{x.a}}'}\nrun: {command: ['{{x.ab}}']}\n\
                         config: {parameters: {properties: {a: {type: string}}}}\n";
        assert_eq!(findings("unused-parameter", "x", mentioned), 1);
    }
}
