//! `unknown-key`

use super::{Check, Rule, Sink, Subject, excerpt, nearest_of};
use crate::document::{Document, Node, Route, Step};
use crate::entry::template;
use crate::finding::{Anchor, Severity};
use crate::route;
use crate::validate::outdented::{self, Outdented};
use crate::validate::schema::{ViolationKind, keys_at};

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
    let outdented = outdented::find(document, subject.violations);
    outdented.iter().for_each(|section| one_level_off(section, sink));
    for violation in subject.violations {
        let ViolationKind::UnknownKey { known } = &violation.kind else { continue };
        let route = &violation.route;
        if outdented.iter().any(|section| section.keys.contains(route)) {
            continue;
        }
        let keys: Vec<&str> =
            route.steps().iter().map(|step| if let Step::Key(key) = step { key } else { "" }).collect();
        let Some((key, parents)) = keys.split_last() else { continue };
        let place = place(&route.parent().unwrap_or_default());
        let message = format!("`{}` is not a key of {place}, and is silently dropped", excerpt(key));
        let said = sink.key(route.clone(), message);
        if is_schema(parents) && SCHEMA_WORDS.contains(key) {
            said.at_most(Severity::Note).help("the format does not carry it: say it in the `description`");
        } else {
            said.help(help(document, route, &keys, known));
        }
    }
}

/// The mapping that a key is in, in words.
fn place(route: &Route) -> String {
    if route.steps().is_empty() { "an entry".to_owned() } else { format!("`{}`", excerpt(&route.to_string())) }
}

/// One finding for all keys of a section that are beside it.
fn one_level_off(outdented: &Outdented, sink: &mut Sink<'_>) {
    let Outdented { section, is_written, keys } = outdented;
    let (Some(first), Some(parent)) = (keys.first(), section.parent()) else { return };
    let last = |route: &Route| match route.steps().last() {
        Some(Step::Key(key)) => format!("`{}`", excerpt(key)),
        _ => String::new(),
    };
    let named: Vec<String> = keys.iter().map(last).collect();
    let (place, section_key) = (place(&parent), last(section).replace('`', ""));
    let message = match named.split_last() {
        Some((last, [])) => format!("{last} is not a key of {place}, and is silently dropped"),
        Some((last, others)) => {
            format!("{} and {last} are not keys of {place}, and are silently dropped", others.join(", "))
        }
        None => return,
    };
    let them = if named.len() == 1 { "it" } else { "them" };
    let said = sink.key(first.clone(), message);
    if *is_written {
        said.also(Anchor::Key(section.clone()), "nothing is in it")
            .help(format!("indent {them} by one level, with all that is below, so that `{section_key}:` has {them}"));
    } else {
        said.help(format!(
            "write `{section_key}:` above {them}, and indent {them} by one level, with all that is below"
        ));
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
        ["$schema"] => {
            let schema = document.at(route).and_then(Node::scalar).map(|scalar| &*scalar.text);
            let is_plain =
                |schema: &&str| !schema.is_empty() && !schema.contains(|c: char| c.is_whitespace() || c.is_control());
            let schema = excerpt(schema.filter(is_plain).unwrap_or("../../schemas/server.json"));
            return format!(
                "remove it, and make this comment the first line, which editors read: `# yaml-language-server: $schema={schema}`"
            );
        }
        ["config", "env", "", "secret"] => return "move a secret to `config.secrets`".to_owned(),
        ["config", "type" | "properties" | "required"] => {
            return format!("it belongs one level deeper: `config.parameters.{key}`");
        }
        ["run" | "config", "ports"] | ["ports"] => {
            return "the format cannot publish ports: a local server speaks through standard input and output"
                .to_owned();
        }
        ["source", "source" | "url" | "repo" | "repository" | "git"] => return meant(document, route, "project"),
        ["source", "sha" | "rev" | "revision" | "hash"] => return meant(document, route, "commit"),
        ["source", "ref"] if document.at(&route!["source", "branch"]).is_none() => {
            return "did you mean `branch`? The id of the commit goes into `commit`".to_owned();
        }
        ["source", "ref"] => return meant(document, route, "branch"),
        ["source", "path" | "dir" | "folder" | "subdirectory" | "subdir" | "context"] => {
            return meant(document, route, "directory");
        }
        ["run" | "remote", "environment"] => return meant(document, route, "env"),
        _ => {}
    }
    if let Some(nearest) = nearest_of(key, known.iter().copied()) {
        return meant(document, route, nearest);
    }
    if parents.len() <= 1
        && let Some(section) = SECTIONS.iter().find(|section| keys_at(&route![(**section).to_owned()]).contains(key))
    {
        return match document.at(&route![(**section).to_owned(), (*key).to_owned()]) {
            Some(_) => format!("remove it: `{section}.{key}` is there already"),
            None => format!("it belongs elsewhere: `{section}.{key}`"),
        };
    }
    let listed: Vec<String> = known.iter().map(|key| format!("`{key}`")).collect();
    format!("remove it; the keys here are {}", listed.join(", "))
}

/// What was meant, if that is not there already: a key that stands twice is worse than one that nobody knows.
fn meant(document: &Document, route: &Route, key: &str) -> String {
    let is_there = route.parent().is_some_and(|parent| document.at(&parent.then(key.to_owned())).is_some());
    if is_there { format!("remove it: `{key}` is here already") } else { format!("did you mean `{key}`?") }
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
    fn a_key_that_is_there_is_not_suggested() {
        let help = |yaml: &str| {
            let findings = crate::validate::testing::case("unknown-key", "x", yaml).findings();
            findings[0].help.clone().unwrap_or_default()
        };
        assert_eq!(help("source:\n  comit: a\n  commit: b\n"), "remove it: `commit` is here already");
        assert_eq!(help("source:\n  url: a\n  project: b\n"), "remove it: `project` is here already");
        assert_eq!(help("icon: a\nabout:\n  icon: b\n"), "remove it: `about.icon` is there already");
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
    fn the_schema_of_an_editor_belongs_in_a_comment() {
        insta::assert_snapshot!(rendered("unknown-key", "x", "$schema: ../../schemas/server.json\nname: x\n"), @"
        warning[unknown-key]: `$schema` is not a key of an entry, and is silently dropped
         --> servers/x/server.yaml:1:1
          |
        1 | $schema: ../../schemas/server.json
          | ^^^^^^^
          |
          = help: remove it, and make this comment the first line, which editors read: `# yaml-language-server: $schema=../../schemas/server.json`
        ");
        let help = |schema: &str| {
            let findings =
                crate::validate::testing::case("unknown-key", "x", &format!("$schema: {schema}\n")).findings();
            findings[0].help.clone().unwrap_or_default()
        };
        assert!(
            help("https://a.example/s.json").ends_with("`# yaml-language-server: $schema=https://a.example/s.json`")
        );
        for other in ["[a]", "''", "a b", "\"a\\nname: evil\""] {
            assert!(help(other).ends_with("`# yaml-language-server: $schema=../../schemas/server.json`"), "{other}");
        }
    }

    #[test]
    fn keys_that_lack_one_indent_are_one_finding() {
        let entry = "config:
  env:
    - name: A
      value: '{{x.a}}'
    - name: B
      value: '{{x.b}}'
  parameters:
  type: object
  properties:
    a: {type: string}
  required: [a]
about:
title: X
";
        insta::assert_snapshot!(rendered("unknown-key", "x", entry), @"
        warning[unknown-key]: `type`, `properties` and `required` are not keys of `config`, and are silently dropped
         --> servers/x/server.yaml:8:3
          |
        7 |   parameters:
          |   ---------- nothing is in it
        8 |   type: object
          |   ^^^^
          |
          = help: indent them by one level, with all that is below, so that `parameters:` has them

        warning[unknown-key]: `title` is not a key of an entry, and is silently dropped
          --> servers/x/server.yaml:13:1
           |
        12 | about:
           | ----- nothing is in it
        13 | title: X
           | ^^^^^
           |
           = help: indent it by one level, with all that is below, so that `about:` has it
        ");
        let all = |policy: &str| {
            let case = crate::validate::testing::case("unknown-key", "x", entry).policy(policy);
            case.all().iter().map(|finding| finding.rule).collect::<Vec<_>>().join(" ")
        };
        // What follows from it is left out, unless it is worse, or this is not reported.
        let follow = |said: &str| ["undefined-parameter", "description-quality"].map(|rule| said.matches(rule).count());
        assert_eq!(follow(&all("")), [0, 0]);
        assert!(all("").contains("missing-key"), "an error is never left out for a warning");
        assert_eq!(follow(&all("[rules]\nunknown-key = \"off\"\n")), [2, 1]);
        assert_eq!(follow(&all("[rules]\nundefined-parameter = \"error\"\n")), [2, 0]);
    }

    #[test]
    fn parameters_without_their_section_are_one_finding() {
        let entry = "config:\n  type: object\n  properties:\n    a: {type: string}\nrun: {command: ['{{x.a}}']}\n";
        insta::assert_snapshot!(rendered("unknown-key", "x", entry), @"
        warning[unknown-key]: `type` and `properties` are not keys of `config`, and are silently dropped
         --> servers/x/server.yaml:2:3
          |
        2 |   type: object
          |   ^^^^
          |
          = help: write `parameters:` above them, and indent them by one level, with all that is below
        ");
        // A section that has something in it, keys of another section, and keys that something else is between.
        for other in [
            "config: {parameters: {type: object}, properties: {}, required: []}\n",
            "about:\nmeta: {category: a}\ntitle: X\n",
            "about:\nurl: a\n",
        ] {
            let said = rendered("unknown-key", "x", other);
            assert!(!said.contains("by one level"), "{said}");
        }
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
