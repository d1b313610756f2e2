//! `foreign-parameter`

use super::{Check, Rule, Sink, Subject, excerpt};
use crate::document::Document;
use crate::entry::template;
use crate::finding::{Anchor, Severity};
use crate::route;
use crate::validate::names::Called;

pub(super) static RULE: Rule = Rule {
    id: "foreign-parameter",
    summary: "a template names a parameter of another entry, or of none",
    explanation: "\
## What
A `{{prefix.parameter}}` template in `run`, `config.env` or `remote` does not begin with the entry's own name and a
dot. In the `tools` of a `poci` entry templates name arguments of the tool, and are not looked at.

## Why
A template is replaced by what the user set for *this* entry. One with another prefix is never replaced: the server gets
an empty text, or the template itself. At worst it reads what the user trusted to another server.

## How to fix
Begin the template with the entry's `name`, without blanks: `{{example.api_key}}`.

## Source
The reference validator's `isConfigEnvValid`, which looks only at the beginning of `config.env[].value`.
",
    severity: Severity::Error,
    needs: &[],
    check: Check::Manifest(check),
    fix: None,
};

fn check(subject: &Subject<'_>, document: &Document, sink: &mut Sink<'_>) {
    // While folder and manifest disagree, `name-mismatch` says which name will count.
    let called = Called::of(subject.entry);
    let name = called.prefix();
    let named = subject.manifest().name.as_deref() == Some(name);
    for found in template::in_document(document) {
        let of_tool = found.route.steps().first() == Some(&"tools".into());
        if of_tool || called.may_begin(&found.written) {
            continue;
        }
        let (written, prefix) = (excerpt(&found.written), excerpt(&found.prefix));
        let (message, help) = match found.parameter.as_deref().map(excerpt) {
            None if found.prefix == name => {
                (format!("`{written}` names no parameter"), format!("write which one: `{{{{{name}.parameter}}}}`"))
            }
            None => (
                format!("`{written}` does not say whose parameter it is"),
                format!("begin it with the entry's name: `{{{{{name}.{prefix}}}}}`"),
            ),
            Some(parameter) if found.prefix.is_empty() => (
                format!("`{written}` does not say whose parameter it is"),
                format!("begin it with the entry's name: `{{{{{name}.{parameter}}}}}`"),
            ),
            Some(parameter) if found.prefix == name => (
                format!("`{written}` has blanks around the entry's name"),
                format!("write `{{{{{name}.{parameter}}}}}`"),
            ),
            Some(parameter) => (
                format!("`{written}` is a parameter of `{prefix}`, not of this entry"),
                format!("begin it with the entry's name: `{{{{{name}.{parameter}}}}}`"),
            ),
        };
        let said = sink.value(found.route, message).help(help);
        if named {
            said.also(Anchor::Value(route!["name"]), "the entry's name");
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::validate::testing::{findings, rendered};

    fn env(value: &str) -> String {
        format!("name: example\nconfig:\n  env:\n    - name: URL\n      value: \"{value}\"\n")
    }

    #[test]
    fn a_parameter_is_the_entrys_own() {
        insta::assert_snapshot!(rendered("foreign-parameter", "example", &env("{{other.url}}")), @r#"
        error[foreign-parameter]: `{{other.url}}` is a parameter of `other`, not of this entry
         --> servers/example/server.yaml:5:14
          |
        1 | name: example
          |       ------- the entry's name
        ...
        5 |       value: "{{other.url}}"
          |              ^^^^^^^^^^^^^^^
          |
          = help: begin it with the entry's name: `{{example.url}}`
        "#);
    }

    #[test]
    fn a_parameter_says_whose_it_is() {
        insta::assert_snapshot!(rendered("foreign-parameter", "example", &env("{{url}}")), @r#"
        error[foreign-parameter]: `{{url}}` does not say whose parameter it is
         --> servers/example/server.yaml:5:14
          |
        1 | name: example
          |       ------- the entry's name
        ...
        5 |       value: "{{url}}"
          |              ^^^^^^^^^
          |
          = help: begin it with the entry's name: `{{example.url}}`
        "#);
        insta::assert_snapshot!(rendered("foreign-parameter", "example", &env("{{example}}")), @r#"
        error[foreign-parameter]: `{{example}}` names no parameter
         --> servers/example/server.yaml:5:14
          |
        1 | name: example
          |       ------- the entry's name
        ...
        5 |       value: "{{example}}"
          |              ^^^^^^^^^^^^^
          |
          = help: write which one: `{{example.parameter}}`
        "#);
        insta::assert_snapshot!(rendered("foreign-parameter", "example", &env("{{ example.url }}")), @r#"
        error[foreign-parameter]: `{{ example.url }}` has blanks around the entry's name
         --> servers/example/server.yaml:5:14
          |
        1 | name: example
          |       ------- the entry's name
        ...
        5 |       value: "{{ example.url }}"
          |              ^^^^^^^^^^^^^^^^^^^
          |
          = help: write `{{example.url}}`
        "#);
    }

    #[test]
    fn every_place_counts_and_every_template_in_it() {
        let places = "\
name: example
run:
  command: ['--a={{other.a}}', '{{example.b}} {{exampl.c}}']
  volumes: ['{{other.d|volume}}:/d']
  env: {E: '{{other.e}}'}
remote:
  headers: {Authorization: 'Bearer {{other.f}}'}
";
        assert_eq!(findings("foreign-parameter", "example", places), 5);
    }

    #[test]
    fn own_parameters_and_plain_texts_are_fine() {
        for right in ["{{example.url}}", "x{{example.a}}y{{example.b.c|volume}}", "{url}", "{{"] {
            assert_eq!(findings("foreign-parameter", "example", &env(right)), 0, "{right}");
        }
        let tool = "name: example\ntype: poci\ntools: [{name: a, container: {command: ['{{args|into}}']}}]\n";
        assert_eq!(findings("foreign-parameter", "example", tool), 0);
        let described = "name: example\nconfig: {env: [{name: A, example: '{{other.url}}', value: a}]}\n";
        assert_eq!(findings("foreign-parameter", "example", described), 0);
    }

    #[test]
    fn a_template_without_a_name_is_nobodys() {
        let findings = crate::validate::testing::case("foreign-parameter", "example", &env("{{.url}}")).findings();
        assert_eq!(findings[0].message, "`{{.url}}` does not say whose parameter it is");
    }

    #[test]
    fn a_name_in_dispute_is_not_held_against_templates() {
        let named = |name: &str, prefix: &str| {
            env(&format!("{{{{{prefix}.url}}}}")).replace("name: example", &format!("name: {name}"))
        };
        // The folder's name is the one that will count, and then either may be.
        assert_eq!(findings("foreign-parameter", "acme-weather", &named("acme_weather", "acme-weather")), 0);
        assert_eq!(findings("foreign-parameter", "acme-weather", &named("acme_weather", "acme_weather")), 1);
        assert_eq!(findings("foreign-parameter", "Acme_Weather", &named("weather", "weather")), 0);
        assert_eq!(findings("foreign-parameter", "acme-weather", &named("weather", "weather")), 0);
        assert_eq!(findings("foreign-parameter", "acme-weather", &named("weather", "acme-weather")), 0);
    }

    #[test]
    fn the_name_that_an_invalid_one_is_to_become_may_begin_a_template() {
        let named = |prefix: &str| env(&format!("{{{{{prefix}.url}}}}")).replace("name: example", "name: Acme_Weather");
        for (prefix, count) in [("Acme_Weather", 0), ("acme-weather", 0), ("acme_weather", 1)] {
            assert_eq!(findings("foreign-parameter", "Acme_Weather", &named(prefix)), count, "{prefix}");
        }
    }

    #[test]
    fn a_name_that_only_begins_like_it_is_another() {
        assert_eq!(findings("foreign-parameter", "example", &env("{{example-2.url}}")), 1);
    }
}
