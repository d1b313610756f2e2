//! `wrong-type`

use super::{Check, Rule, Sink, Subject, excerpt};
use crate::document::{Document, Node, Route, Step, scalar};
use crate::finding::Severity;
use crate::validate::schema::ViolationKind;

pub(super) static RULE: Rule = Rule {
    id: "wrong-type",
    summary: "a value has a type that programs refuse to read there",
    explanation: "\
## What
A value is a list where the format has a mapping, a text where it has a list, and so on. A number or a date where the
format has a text is not meant: programs take its text.

## Why
Programs that read entries refuse the whole file, not only this value: the server vanishes from the catalog.

## How to fix
Write the type that the message names: `run.env` is a mapping (`NAME: value`), not a list (`- NAME=value`). The other
rules treat such a value as absent, so run again afterwards.

## Source
The Go structs of the reference, and how yaml.v3 decodes into them.
",
    severity: Severity::Error,
    needs: &[],
    check: Check::Manifest(check),
    fix: None,
};

fn check(subject: &Subject<'_>, document: &Document, sink: &mut Sink<'_>) {
    for violation in subject.violations {
        let ViolationKind::WrongType { expected, found } = violation.kind else { continue };
        let route = &violation.route;
        sink.value(route.clone(), format!("`{route}` must be {expected}, but is {found}"))
            .label(format!("{found}, not {expected}"))
            .help(required(document, route).unwrap_or_else(|| help(route, expected)));
    }
}

/// What to do about `required: true` beside a property's `type`: `required` is a list of names, one level up.
fn required(document: &Document, route: &Route) -> Option<String> {
    let [above @ .., Step::Key(properties), Step::Key(name), Step::Key(required)] = route.steps() else { return None };
    if (&**properties, &**required) != ("properties", "required") || above.len() < 2 {
        return None;
    }
    let list = Route::new(above.to_vec()).then("required");
    let written = document.at(route)?.scalar()?;
    // In quotes it is a text to every reader, and whoever wrote it meant the same.
    let is_true = scalar::go_bool(written).or_else(|| written.text.parse().ok())?;
    let is_listed = document.at(&list).is_some_and(|list| {
        list.items().iter().filter_map(Node::scalar).any(|item| item.text.as_ref() == name.as_ref())
    });
    let (name, list) = (excerpt(name), excerpt(&list.to_string()));
    Some(match (is_true, is_listed) {
        (true, false) => format!("remove it, and list `{name}` in `{list}`"),
        (true, true) => format!("remove it: `{list}` lists `{name}` already"),
        (false, false) => format!("remove it: only what `{list}` lists is required"),
        (false, true) => format!("remove it, and take `{name}` out of `{list}`"),
    })
}

fn help(route: &Route, expected: &str) -> String {
    let keys: Vec<&str> = route.steps().iter().map(|step| if let Step::Key(key) = step { key } else { "" }).collect();
    match (keys.as_slice(), expected) {
        (["run", "env"] | ["remote", "headers"], "a mapping") => "write one `NAME: value` per line, without `-`",
        (["run", "env", _] | ["remote", "headers", _], _) => "write one `NAME: value` per line",
        (_, "a list") => "write each item on a line of its own, after `- `",
        (keys, "a mapping") => {
            let key = keys.iter().rev().find(|key| !key.is_empty()).copied().unwrap_or_default();
            return format!("indent the keys under `{}:`, without `- `", excerpt(key));
        }
        (_, "true or false") => "write `true` or `false`, without quotes",
        _ => "write a single value in one line, or in a block after `>-`",
    }
    .to_owned()
}

#[cfg(test)]
mod tests {
    use crate::validate::testing::{findings, rendered};

    #[test]
    fn a_list_where_a_mapping_belongs_is_refused() {
        insta::assert_snapshot!(rendered("wrong-type", "x", "name: x\nrun:\n  env:\n    - A=b\n"), @"
        error[wrong-type]: `run.env` must be a mapping, but is a list
         --> servers/x/server.yaml:4:5
          |
        4 |     - A=b
          |     ^^^^^ a list, not a mapping
          |
          = help: write one `NAME: value` per line, without `-`
        ");
        insta::assert_snapshot!(rendered("wrong-type", "x", "longLived: \"true\"\nmeta: {tags: a}\nname: [x]\n"), @r#"
        error[wrong-type]: `longLived` must be true or false, but is a text
         --> servers/x/server.yaml:1:12
          |
        1 | longLived: "true"
          |            ^^^^^^ a text, not true or false
          |
          = help: write `true` or `false`, without quotes

        error[wrong-type]: `meta.tags` must be a list, but is a text
         --> servers/x/server.yaml:2:14
          |
        2 | meta: {tags: a}
          |              ^ a text, not a list
          |
          = help: write each item on a line of its own, after `- `

        error[wrong-type]: `name` must be a text, but is a list
         --> servers/x/server.yaml:3:7
          |
        3 | name: [x]
          |       ^^^ a list, not a text
          |
          = help: write a single value in one line, or in a block after `>-`
        "#);
    }

    #[test]
    fn a_required_property_is_named_one_level_up() {
        let help = |yaml: &str| {
            let findings = crate::validate::testing::case("wrong-type", "x", yaml).findings();
            assert_eq!(findings.len(), 1, "{yaml}");
            findings[0].help.clone().unwrap_or_default()
        };
        let parameters = |required: &str, listed: &str| {
            format!(
                "config:\n  parameters:\n    properties:\n      units: {{type: string, required: {required}}}\n{listed}"
            )
        };
        let listed = "    required: [units]\n";
        assert_eq!(help(&parameters("true", "")), "remove it, and list `units` in `config.parameters.required`");
        assert_eq!(help(&parameters("'true'", "")), "remove it, and list `units` in `config.parameters.required`");
        assert_eq!(help(&parameters("true", listed)), "remove it: `config.parameters.required` lists `units` already");
        assert_eq!(
            help(&parameters("false", "")),
            "remove it: only what `config.parameters.required` lists is required"
        );
        assert_eq!(help(&parameters("no", listed)), "remove it, and take `units` out of `config.parameters.required`");
        let deep = "config: {parameters: {properties: {db: {properties: {host: {required: true}}}}}}\n";
        assert_eq!(help(deep), "remove it, and list `host` in `config.parameters.properties.db.required`");
        // A list that is written as a text, and a parameter that is called so.
        assert_eq!(help(&parameters("units", "")), "write each item on a line of its own, after `- `");
        let named = "config: {parameters: {properties: {required: true}}}\n";
        assert_eq!(help(named), "indent the keys under `required:`, without `- `");
    }

    #[test]
    fn the_right_types_are_fine() {
        assert_eq!(findings("wrong-type", "x", "name: x\nrun: {env: {A: b}, command: [a], disableNetwork: true}\n"), 0);
    }

    #[test]
    fn what_go_converts_is_fine() {
        let lenient = "name: 8080\nlongLived: yes\nrun: {env: {A: 1, B: true, C: }, user: 1000}\nmeta: ~\n";
        assert_eq!(findings("wrong-type", "x", lenient), 0);
    }
}
