//! `invalid-value`

use super::{Check, Rule, Sink, Subject, excerpt, nearest_of};
use crate::document::Document;
use crate::finding::Severity;
use crate::route;
use crate::validate::schema::ViolationKind;

pub(super) static RULE: Rule = Rule {
    id: "invalid-value",
    summary: "a value is none of those that the format lists",
    explanation: "\
## What
`type` is not `server`, `remote` or `poci`; or a parameter's `type` is not one that JSON Schema has (`string`,
`number`, `integer`, `boolean`, `array`, `object`).

## Why
An entry of another type is neither built nor listed as what it is, and a form for a parameter of another type cannot
be shown.

## How to fix
Use one of the values that the message lists.

## Source
The values that the reference's programs compare with. `remote.transport_type` has a rule of its own,
`remote-transport`.
",
    severity: Severity::Error,
    needs: &[],
    check: Check::Manifest(check),
    fix: None,
};

fn check(subject: &Subject<'_>, document: &Document, sink: &mut Sink<'_>) {
    for violation in subject.violations {
        let ViolationKind::NotAllowed { allowed } = &violation.kind else { continue };
        let route = &violation.route;
        if *route == route!["remote", "transport_type"] {
            continue;
        }
        let value = document.at(route).and_then(|node| node.scalar()).map_or("", |scalar| &scalar.text);
        let known = allowed.iter().map(String::as_str);
        let help = match nearest_of(value, known.clone()) {
            Some(nearest) => format!("did you mean `{nearest}`?"),
            None => "use one of the values that the format has".to_owned(),
        };
        let listed: Vec<String> = known.map(|value| format!("`{value}`")).collect();
        sink.value(route.clone(), format!("`{route}` is `{}`, which is none of {}", excerpt(value), listed.join(", ")))
            .help(help);
    }
}

#[cfg(test)]
mod tests {
    use crate::validate::testing::{findings, rendered};

    #[test]
    fn an_unknown_type_is_refused() {
        insta::assert_snapshot!(rendered("invalid-value", "x", "name: x\ntype: sever\n"), @"
        error[invalid-value]: `type` is `sever`, which is none of `server`, `remote`, `poci`
         --> servers/x/server.yaml:2:7
          |
        2 | type: sever
          |       ^^^^^
          |
          = help: did you mean `server`?
        ");
        let parameter = "config: {parameters: {type: object, properties: {a: {type: list}}}}\n";
        insta::assert_snapshot!(rendered("invalid-value", "x", parameter), @"
        error[invalid-value]: `config.parameters.properties.a.type` is `list`, which is none of `string`, `number`, `integer`, `boolean`, `array`, `object`
         --> servers/x/server.yaml:1:60
          |
        1 | config: {parameters: {type: object, properties: {a: {type: list}}}}
          |                                                            ^^^^
          |
          = help: use one of the values that the format has
        ");
    }

    #[test]
    fn the_known_values_are_fine() {
        for kind in ["server", "remote", "poci"] {
            assert_eq!(findings("invalid-value", "x", &format!("type: {kind}\n")), 0);
        }
        assert_eq!(findings("invalid-value", "x", "config: {parameters: {properties: {a: {type: array}}}}\n"), 0);
    }

    #[test]
    fn an_empty_type_and_a_transport_are_for_other_rules() {
        assert_eq!(findings("invalid-value", "x", "type: ''\nremote: {transport_type: streamable}\n"), 0);
        assert_eq!(findings("invalid-value", "x", "type: [server]\n"), 0);
    }
}
