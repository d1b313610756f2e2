//! `undefined-parameter`

use super::{Check, Rule, Sink, Subject, excerpt, nearest_of};
use crate::document::{Document, Node, Route, Step};
use crate::entry::template::{self, Template};
use crate::entry::{Entry, manifest::Parameter};
use crate::finding::{Anchor, Severity};
use crate::route;
use crate::validate::schema::ViolationKind;
use std::collections::HashMap;

pub(super) static RULE: Rule = Rule {
    id: "undefined-parameter",
    summary: "a template names a parameter that the entry does not declare",
    explanation: "\
## What
`{{name.parameter}}`, with the entry's own name, is used in `run`, `remote`, `config.env` or `tools`, and
`config.parameters.properties` has no such parameter. In the tools of a `poci` entry: `{{argument}}` is not in that tool's
`parameters`.

## Why
Clients ask users for the declared parameters only. Nobody is asked for this one, so the template becomes an empty
text, or the server does not start.

## How to fix
Declare the parameter, or correct its name. A secret is not a parameter: it reaches the server through the `env` of
`config.secrets`, without a template.

## Source
How the MCP Gateway replaces templates. Templates with another entry's name are what `foreign-parameter` reports.
",
    severity: Severity::Warning,
    needs: &[],
    check: Check::Manifest(check),
    fix: None,
};

fn check(subject: &Subject<'_>, document: &Document, sink: &mut Sink<'_>) {
    let parameters = route!["config", "parameters"];
    let not_understood = subject.violations.iter().any(|violation| {
        matches!(violation.kind, ViolationKind::WrongType { .. })
            && (violation.route == route!["config"] || violation.route.steps().starts_with(parameters.steps()))
    });
    let config = &subject.manifest().config;
    let secrets = config.secrets.iter().enumerate();
    let secrets = secrets.filter_map(|(index, secret)| Some((secret.name.as_deref()?, index))).collect();
    let declared = Config { parameters: Declared::new(&config.parameters), secrets };
    for template in template::in_document(document) {
        match &template.parameter {
            // One with blanks before its name is reported by `foreign-parameter`, which looks at no tool.
            Some(_) if template.written.starts_with("{{ ") && !is_of_tool(&template) => {}
            Some(way) if way.is_empty() && is_own(subject.entry, &template.prefix) => {
                let message = format!("`{}` names no parameter", excerpt(&template.written));
                let help = format!("write which one: `{{{{{}.parameter}}}}`", excerpt(&template.prefix));
                sink.value(template.route.clone(), message).help(help);
            }
            Some(way) if is_own(subject.entry, &template.prefix) && !not_understood => {
                own(document, &declared, &template, way, sink);
            }
            None => argument(document, &template, sink),
            Some(_) => {}
        }
    }
    for (route, start) in template::unclosed_in_document(document) {
        if start.split_once('.').is_some_and(|(prefix, _)| is_own(subject.entry, prefix.trim())) {
            sink.value(route, format!("`{{{{{}` has no closing `}}}}`, and is never replaced", excerpt(start)))
                .help("close it: two braces end a template");
        }
    }
}

fn is_of_tool(template: &Template) -> bool {
    template.route.steps().first() == Some(&"tools".into())
}

/// Whether a template's prefix is the entry's own name: the folder's, or the manifest's where they differ.
pub(super) fn is_own(entry: &Entry, prefix: &str) -> bool {
    prefix == &*entry.name || entry.manifest.name.as_deref() == Some(prefix)
}

fn own(document: &Document, declared: &Config<'_>, template: &Template, way: &str, sink: &mut Sink<'_>) {
    let Some((missing, place)) = declared.parameters.missing(way) else { return };
    let written = excerpt(&template.written);
    let said = sink
        .value(template.route.clone(), format!("`{written}` names `{}`, which is not declared", excerpt(missing)))
        .label("not in `config.parameters.properties`");
    let secret = format!("{}.{way}", template.prefix);
    if let Some(index) = declared.secrets.get(&*secret) {
        said.also(Anchor::Value(route!["config", "secrets", *index, "name"]), "a secret of this name")
            .help("a secret reaches the server by its `env`: remove this variable, or declare a parameter");
    } else if declared.parameters.properties.is_empty() && document.at(&route!["config", "properties"]).is_some() {
        // `unknown-key` reports this once for all parameters; see `outdented`.
        said.also(Anchor::Key(route!["config", "properties"]), "this is not read here")
            .help("indent `type`, `properties` and `required` by one level, under `config.parameters`");
    } else if let Some(nearest) = nearest_of(missing, place.names.iter().copied()) {
        said.help(format!("did you mean `{nearest}`?"));
    } else {
        said.help("declare it in `config.parameters.properties`, or correct the name");
    }
}

struct Config<'a> {
    parameters: Declared<'a>,
    /// Secrets by name, with their index.
    secrets: HashMap<&'a str, usize>,
}

/// Parameters by name: an entry may have as many as fit into it, and as many templates.
struct Declared<'a> {
    /// In the order of the file.
    names: Vec<&'a str>,
    properties: HashMap<&'a str, Declared<'a>>,
    /// An object without properties may hold anything.
    is_open: bool,
}

impl<'a> Declared<'a> {
    /// Depth is bounded by the document's own limit.
    fn new(place: &'a Parameter) -> Self {
        let properties: HashMap<_, _> =
            place.properties.iter().map(|(name, parameter)| (name.as_str(), Self::new(parameter))).collect();
        let is_open = properties.is_empty() && matches!(place.kind.as_deref(), Some("object") | None);
        let names = place.properties.iter().map(|(name, _)| name.as_str()).collect();
        Self { names, properties, is_open }
    }

    /// The first part of a way that leads nowhere, and where it should be. None when the whole way is declared.
    fn missing<'w>(&self, way: &'w str) -> Option<(&'w str, &Self)> {
        let mut place = self;
        for (position, part) in way.split('.').enumerate() {
            match place.properties.get(part) {
                Some(next) => place = next,
                None if place.is_open && position > 0 => return None,
                None => return Some((part, place)),
            }
        }
        None
    }
}

/// In the tools of an entry, a template without a dot names an argument of the tool.
fn argument(document: &Document, template: &Template, sink: &mut Sink<'_>) {
    let [Step::Key(tools), Step::Index(index), ..] = template.route.steps() else { return };
    let parameters = route![tools.clone().into_owned(), *index, "parameters"];
    let properties = document.at(&parameters.then("properties")).map_or(&[][..], Node::pairs);
    let declared = properties.iter().map(|pair| &*pair.key.text);
    if template.prefix.is_empty() || declared.clone().any(|name| name == template.prefix) {
        return;
    }
    let name = excerpt(&template.prefix);
    let message = format!("`{}` names `{name}`, which is no argument of this tool", excerpt(&template.written));
    let said =
        sink.value(template.route.clone(), message).also(Anchor::Key(anchor(document, parameters)), "its arguments");
    match nearest_of(&template.prefix, declared) {
        Some(nearest) => said.help(format!("did you mean `{nearest}`?")),
        None => said.help("declare it in the tool's `parameters.properties`, or correct the name"),
    };
}

/// The parameters of a tool, or the tool when it has none.
fn anchor(document: &Document, parameters: Route) -> Route {
    if document.at(&parameters).is_some() { parameters } else { parameters.parent().unwrap_or_default() }
}

#[cfg(test)]
mod tests {
    use crate::validate::testing::{case, findings, rendered};

    const PARAMETERS: &str = "config:
  parameters:
    type: object
    properties:
      base_url:
        type: string
      db:
        type: object
        properties:
          host:
            type: string
      any:
        type: object
";

    fn with(template: &str) -> String {
        format!("name: x\nrun:\n  command:\n    - \"{template}\"\n{PARAMETERS}")
    }

    #[test]
    fn a_parameter_that_nobody_declared_is_reported() {
        insta::assert_snapshot!(rendered("undefined-parameter", "x", &with("--url={{x.base_uri}}")), @r#"
        warning[undefined-parameter]: `{{x.base_uri}}` names `base_uri`, which is not declared
         --> servers/x/server.yaml:4:7
          |
        4 |     - "--url={{x.base_uri}}"
          |       ^^^^^^^^^^^^^^^^^^^^^^ not in `config.parameters.properties`
          |
          = help: did you mean `base_url`?
        "#);
        insta::assert_snapshot!(rendered("undefined-parameter", "x", &with("{{x.db.port|into}}")), @r#"
        warning[undefined-parameter]: `{{x.db.port|into}}` names `port`, which is not declared
         --> servers/x/server.yaml:4:7
          |
        4 |     - "{{x.db.port|into}}"
          |       ^^^^^^^^^^^^^^^^^^^^ not in `config.parameters.properties`
          |
          = help: declare it in `config.parameters.properties`, or correct the name
        "#);
    }

    #[test]
    fn a_secret_and_a_misplaced_schema_get_their_own_help() {
        let secret = "config:\n  secrets:\n    - name: x.key\n      env: KEY\n  env:\n    - name: KEY\n      value: '{{x.key}}'\n";
        insta::assert_snapshot!(rendered("undefined-parameter", "x", secret), @"
        warning[undefined-parameter]: `{{x.key}}` names `key`, which is not declared
         --> servers/x/server.yaml:7:14
          |
        3 |     - name: x.key
          |             ----- a secret of this name
        ...
        7 |       value: '{{x.key}}'
          |              ^^^^^^^^^^^ not in `config.parameters.properties`
          |
          = help: a secret reaches the server by its `env`: remove this variable, or declare a parameter
        ");
        let misplaced = "config:\n  env:\n    - name: A\n      value: '{{x.a}}'\n  parameters:\n  properties:\n    a: {type: string}\n";
        assert_eq!(findings("undefined-parameter", "x", misplaced), 0);
        let alone = case("undefined-parameter", "x", misplaced).policy("[rules]\nunknown-key = \"off\"\n");
        insta::assert_snapshot!(alone.rendered(), @"
        warning[undefined-parameter]: `{{x.a}}` names `a`, which is not declared
         --> servers/x/server.yaml:4:14
          |
        4 |       value: '{{x.a}}'
          |              ^^^^^^^^^ not in `config.parameters.properties`
        5 |   parameters:
        6 |   properties:
          |   ---------- this is not read here
          |
          = help: indent `type`, `properties` and `required` by one level, under `config.parameters`
        ");
    }

    #[test]
    fn a_tools_template_names_its_argument() {
        let tool = "tools:\n  - name: t\n    parameters:\n      properties:\n        path: {type: string}\n    container:\n      command: ['{{pth}}', '{{path|into}}']\n";
        insta::assert_snapshot!(rendered("undefined-parameter", "x", tool), @"
        warning[undefined-parameter]: `{{pth}}` names `pth`, which is no argument of this tool
         --> servers/x/server.yaml:7:17
          |
        3 |     parameters:
          |     ---------- its arguments
        ...
        7 |       command: ['{{pth}}', '{{path|into}}']
          |                 ^^^^^^^^^
          |
          = help: did you mean `path`?
        ");
    }

    #[test]
    fn declared_parameters_are_fine_at_any_depth() {
        for template in ["{{x.base_url}}", "{{ x.db.host |into}}", "{{x.db}}", "{{x.any.thing}}"] {
            assert_eq!(findings("undefined-parameter", "x", &with(template)), 0, "{template}");
        }
    }

    #[test]
    fn other_entries_templates_and_unreadable_schemas_are_for_other_rules() {
        assert_eq!(findings("undefined-parameter", "x", &with("{{y.base_uri}} {{base}}")), 0);
        let wrong = "run: {command: ['{{x.a}}']}\nconfig: {parameters: {properties: [a]}}\n";
        assert_eq!(findings("undefined-parameter", "x", wrong), 0);
        assert_eq!(findings("undefined-parameter", "x", "about: {description: '{{x.a}}'}\n"), 0);
    }

    #[test]
    fn a_template_names_a_parameter_and_ends() {
        insta::assert_snapshot!(rendered("undefined-parameter", "x", &with("{{x.}}")), @r#"
        warning[undefined-parameter]: `{{x.}}` names no parameter
         --> servers/x/server.yaml:4:7
          |
        4 |     - "{{x.}}"
          |       ^^^^^^^^
          |
          = help: write which one: `{{x.parameter}}`
        "#);
        insta::assert_snapshot!(rendered("undefined-parameter", "x", &with("a{{x.base_url}}{{x.base_url")), @r#"
        warning[undefined-parameter]: `{{x.base_url` has no closing `}}`, and is never replaced
         --> servers/x/server.yaml:4:7
          |
        4 |     - "a{{x.base_url}}{{x.base_url"
          |       ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
          |
          = help: close it: two braces end a template
        "#);
        for fine in ["{{ x.nothing}}", "{{base", "{{y.z", "{{", "{{x.base_url}} }}"] {
            assert_eq!(findings("undefined-parameter", "x", &with(fine)), 0, "{fine}");
        }
    }

    #[test]
    fn a_way_through_a_text_leads_nowhere() {
        assert_eq!(findings("undefined-parameter", "x", &with("{{x.base_url.host}}")), 1);
    }
}
