//! `unknown-key`

use super::{Check, Rule, Sink, Subject, excerpt, nearest_of};
use crate::document::{Document, Node, Route, Step};
use crate::entry::template;
use crate::finding::Severity;
use crate::validate::schema::{ViolationKind, keys_of};

pub(super) static RULE: Rule = Rule {
    id: "unknown-key",
    summary: "a key is not part of the format, and is silently dropped",
    explanation: "\
## What
A key that the format of `server.yaml` does not have at this place: misspelt, in the wrong section, or invented.

## Why
Programs that read entries drop it without a word, so what it says does not happen: a default that is never used, a
port that is never opened, a parameter that nobody can set.

## How to fix
Follow the suggestion: most are one letter or one level off. What the format cannot say belongs into a description or
the readme. Words that JSON Schema has and the format lacks (`enum`, `pattern`, `title`) are notes: what they say is
lost, though nothing breaks.

## Source
The Go structs of the reference, which has no check for this. Its entries carry `config.env[].default`,
`config.properties`, `run.ports` and more, none of which has ever had an effect.
",
    severity: Severity::Warning,
    needs: &[],
    check: Check::Manifest(check),
    fix: None,
};

/// Words of JSON Schema that authors rightly expect in a schema, and that the format does not carry.
const SCHEMA_WORDS: &[&str] = &[
    "$ref",
    "additionalProperties",
    "allOf",
    "anyOf",
    "const",
    "default",
    "deprecated",
    "enum",
    "example",
    "examples",
    "exclusiveMaximum",
    "exclusiveMinimum",
    "format",
    "items",
    "maxItems",
    "maxLength",
    "maximum",
    "minItems",
    "minLength",
    "minimum",
    "multipleOf",
    "nullable",
    "oneOf",
    "pattern",
    "properties",
    "readOnly",
    "required",
    "title",
    "uniqueItems",
    "writeOnly",
];

/// Sections in which a misplaced key may be at home, the likeliest first.
const SECTIONS: &[&str] = &["about", "source", "run", "meta", "remote", "config"];

fn check(subject: &Subject<'_>, document: &Document, sink: &mut Sink<'_>) {
    for violation in subject.violations {
        let ViolationKind::UnknownKey { known } = &violation.kind else { continue };
        let route = &violation.route;
        let keys: Vec<&str> =
            route.steps().iter().map(|step| if let Step::Key(key) = step { key } else { "" }).collect();
        let Some((key, parents)) = keys.split_last() else { continue };
        let place = match parents {
            [] => "an entry".to_owned(),
            _ => format!("`{}`", excerpt(&route.parent().unwrap_or_default().to_string())),
        };
        let message = format!("`{}` is not a key of {place}, and is silently dropped", excerpt(key));
        let said = sink.key(route.clone(), message);
        if is_schema(parents) && SCHEMA_WORDS.contains(key) {
            said.at_most(Severity::Note).help("the format does not carry it: say it in the `description`");
        } else {
            said.help(help(document, route, &keys, known));
        }
    }
}

/// Whether the mapping at this place is a schema of a parameter or an argument.
fn is_schema(parents: &[&str]) -> bool {
    matches!(parents, ["config", "parameters", ..] | ["tools", "", "parameters", ..])
}

fn help(document: &Document, route: &Route, keys: &[&str], known: &[&str]) -> String {
    let Some((key, parents)) = keys.split_last() else { return String::new() };
    match keys {
        ["config", "env", "", "default" | "description" | "type"] => {
            return format!("it belongs to the parameter: move it to {}", parameter(document, route, key));
        }
        ["config", "env", "", "required"] => {
            return "name the parameter in `config.parameters.required` if it must be set".to_owned();
        }
        ["config", "env", "", "env"] => {
            return "the variable's own name goes into `name`; if this is a secret, move it to `config.secrets`"
                .to_owned();
        }
        ["config", "env", "", "secret"] => return "move a secret to `config.secrets`".to_owned(),
        ["config", "type" | "properties" | "required"] => {
            return format!("it belongs one level deeper: `config.parameters.{key}`");
        }
        ["run" | "config", "ports"] | ["ports"] => {
            return "the format cannot publish ports: a local server speaks through standard input and output"
                .to_owned();
        }
        ["source", "source" | "url" | "repo" | "repository" | "git"] => return "did you mean `project`?".to_owned(),
        ["source", "sha" | "rev" | "revision" | "hash"] => return "did you mean `commit`?".to_owned(),
        ["source", "ref"] => return "did you mean `branch`? The id of the commit goes into `commit`".to_owned(),
        ["source", "path" | "dir" | "folder" | "subdirectory" | "subdir" | "context"] => {
            return "did you mean `directory`?".to_owned();
        }
        ["run" | "remote", "environment"] => return "did you mean `env`?".to_owned(),
        _ => {}
    }
    if let Some(nearest) = nearest_of(key, known.iter().copied()) {
        return format!("did you mean `{nearest}`?");
    }
    if parents.len() <= 1
        && let Some(section) = SECTIONS.iter().find(|section| keys_of(section).any(|home| home == *key))
    {
        return format!("it belongs elsewhere: `{section}.{key}`");
    }
    let listed: Vec<String> = known.iter().map(|key| format!("`{key}`")).collect();
    format!("remove it; the keys here are {}", listed.join(", "))
}

/// Where in `config.parameters` the parameter of an environment variable is described.
fn parameter(document: &Document, route: &Route, key: &str) -> String {
    let item = route.parent().and_then(|parent| document.at(&parent));
    let value = item.and_then(|item| item.get("value")).and_then(Node::scalar).map_or("", |scalar| &scalar.text);
    let name = template::in_text(route, value).into_iter().find_map(|template| template.parameter);
    let way = name.unwrap_or_else(|| "<parameter>".to_owned()).replace('.', ".properties.");
    format!("`config.parameters.properties.{}.{key}`", excerpt(&way))
}

#[cfg(test)]
mod tests {
    use crate::validate::testing::{findings, rendered};

    #[test]
    fn a_misspelt_key_gets_a_suggestion() {
        insta::assert_snapshot!(rendered("unknown-key", "x", "name: x\nsource:\n  comit: abc\n"), @"
        warning[unknown-key]: `comit` is not a key of `source`, and is silently dropped
         --> servers/x/server.yaml:3:3
          |
        3 |   comit: abc
          |   ^^^^^
          |
          = help: did you mean `commit`?
        ");
    }

    #[test]
    fn mistakes_that_real_entries_make_get_their_own_help() {
        let entry = "icon: https://a.example/x.png
run:
  ports:
    - 80:80
config:
  env:
    - name: A
      value: '{{x.db.host}}'
      default: b
      required: true
  properties:
    a:
      type: string
source:
  source: https://a.example
";
        insta::assert_snapshot!(rendered("unknown-key", "x", entry), @"
        warning[unknown-key]: `icon` is not a key of an entry, and is silently dropped
         --> servers/x/server.yaml:1:1
          |
        1 | icon: https://a.example/x.png
          | ^^^^
          |
          = help: it belongs elsewhere: `about.icon`

        warning[unknown-key]: `ports` is not a key of `run`, and is silently dropped
         --> servers/x/server.yaml:3:3
          |
        3 |   ports:
          |   ^^^^^
          |
          = help: the format cannot publish ports: a local server speaks through standard input and output

        warning[unknown-key]: `default` is not a key of `config.env[0]`, and is silently dropped
         --> servers/x/server.yaml:9:7
          |
        9 |       default: b
          |       ^^^^^^^
          |
          = help: it belongs to the parameter: move it to `config.parameters.properties.db.properties.host.default`

        warning[unknown-key]: `required` is not a key of `config.env[0]`, and is silently dropped
          --> servers/x/server.yaml:10:7
           |
        10 |       required: true
           |       ^^^^^^^^
           |
           = help: name the parameter in `config.parameters.required` if it must be set

        warning[unknown-key]: `properties` is not a key of `config`, and is silently dropped
          --> servers/x/server.yaml:11:3
           |
        11 |   properties:
           |   ^^^^^^^^^^
           |
           = help: it belongs one level deeper: `config.parameters.properties`

        warning[unknown-key]: `source` is not a key of `source`, and is silently dropped
          --> servers/x/server.yaml:15:3
           |
        15 |   source: https://a.example
           |   ^^^^^^
           |
           = help: did you mean `project`?
        ");
    }

    #[test]
    fn words_of_json_schema_are_notes() {
        let entry = "config:\n  parameters:\n    properties:\n      a:\n        enum: [b]\n        defualt: c\n";
        insta::assert_snapshot!(rendered("unknown-key", "x", entry), @"
        note[unknown-key]: `enum` is not a key of `config.parameters.properties.a`, and is silently dropped
         --> servers/x/server.yaml:5:9
          |
        5 |         enum: [b]
          |         ^^^^
          |
          = help: the format does not carry it: say it in the `description`

        warning[unknown-key]: `defualt` is not a key of `config.parameters.properties.a`, and is silently dropped
         --> servers/x/server.yaml:6:9
          |
        6 |         defualt: c
          |         ^^^^^^^
          |
          = help: did you mean `default`?
        ");
    }

    #[test]
    fn every_key_of_the_format_is_known() {
        let entry = "name: x\nlongLived: true\nmeta: {highlighted: false}\nsource: {buildTarget: a, upstream: b}\n\
                     run: {allowHosts: [], disableNetwork: true}\ndynamic: {tools: true}\nrequirement: y\n\
                     config: {anyOf: [{required: [a]}], secrets: [{name: a, env: B, required: true}]}\n";
        assert_eq!(findings("unknown-key", "x", entry), 0);
    }

    #[test]
    fn names_that_authors_choose_are_no_keys() {
        let entry = "run: {env: {ANYTHING: x}}\nremote: {headers: {X-Any: y}}\n\
                     config: {env: [{name: A, example: {any: thing}}], parameters: {properties: {enum: {type: string}}}}\n";
        assert_eq!(findings("unknown-key", "x", entry), 0);
    }

    #[test]
    fn an_unknown_key_without_a_value_is_still_unknown() {
        assert_eq!(findings("unknown-key", "x", "name: x\nports:\n"), 1);
    }
}
