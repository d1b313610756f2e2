//! `missing-key`

use super::{Check, Rule, Sink, Subject};
use crate::document::edit::write_scalar;
use crate::document::{Document, Route, ScalarStyle};
use crate::entry::EntryType;
use crate::finding::{Anchor, Severity};
use crate::route;
use crate::validate::names;
use crate::validate::schema::ViolationKind;

pub(super) static RULE: Rule = Rule {
    id: "missing-key",
    summary: "a key that nothing works without is missing or empty",
    explanation: "\
## What
Every entry has `name`, `type` and `about.title`. A `server` also has `image` and `source.project`, a `remote`
`remote.url`, a `poci` its `tools`, each with a `name` and a `container.image`. A secret has `name` and `env`, an
environment variable `name`, a sign-in `provider`. A key with an empty value counts as missing.

## Why
Without it the entry cannot be listed, built, started or set up, and nobody is told: programs read an empty text.

## How to fix
Add the key. The schema of `server.yaml` (`mcp-registry schema server`) describes each and has examples; an editor
that uses it completes them.

## Source
What every entry of the reference registry has, and what its programs read without asking whether it is there.
",
    severity: Severity::Error,
    needs: &[],
    check: Check::Manifest(check),
    fix: None,
};

fn check(subject: &Subject<'_>, document: &Document, sink: &mut Sink<'_>) {
    for violation in subject.violations {
        let ViolationKind::MissingKey { key } = &violation.kind else { continue };
        let route = violation.route.then(key.clone());
        let (state, verb) = if document.at(&route).is_some() { ("empty", "set") } else { ("missing", "add") };
        let said = sink.value(route.clone(), format!("`{route}` is {state}"));
        let said = match reason(subject, &route) {
            Some(text) => said.also(Anchor::Value(route!["type"]), text),
            None => said,
        };
        match comment_in_its_place(document, &route) {
            true => said.help("a `#` after a blank begins a comment: put the text in quotes"),
            false => said.help(help(subject, &violation.route, key, verb)),
        };
    }
}

/// Whether a comment stands where the value of this key should: `title: #1 of its kind`.
fn comment_in_its_place(document: &Document, route: &Route) -> bool {
    let Some(node) = document.at(route).filter(|node| node.scalar().is_some_and(|scalar| scalar.text.is_empty()))
    else {
        return false;
    };
    let key = document.locate_key(route);
    let text = document.text();
    let written = text.get(node.span.range()).unwrap_or_default();
    let line = text.get(key.end..).and_then(|rest| rest.lines().next()).unwrap_or_default();
    written.is_empty() && line.strip_prefix(':').is_some_and(|rest| rest.trim_start().starts_with('#'))
}

/// What in the entry's type asks for the key, if that does.
fn reason(subject: &Subject<'_>, route: &Route) -> Option<&'static str> {
    match (subject.manifest().kind, route.to_string().as_str()) {
        (EntryType::Server, "image" | "source" | "source.project") => Some("a `server` needs it"),
        (EntryType::Remote, "remote" | "remote.url") => Some("a `remote` needs it"),
        (EntryType::Poci, "tools") => Some("a `poci` needs it"),
        _ => None,
    }
}

fn help(subject: &Subject<'_>, parent: &Route, key: &str, verb: &str) -> String {
    let manifest = subject.manifest();
    let elsewhere = match (key, manifest.kind) {
        ("image" | "source", EntryType::Server) if manifest.remote.url.is_some() => Some("remote"),
        ("image" | "source", EntryType::Server) if !manifest.tools.is_empty() => Some("poci"),
        ("remote", EntryType::Remote) if manifest.image.is_some() => Some("server"),
        _ => None,
    };
    if let Some(kind) = elsewhere {
        return format!("if this is a {kind} entry, write `type: {kind}`; otherwise {verb} `{key}`");
    }
    let what = match key {
        "name" if parent.steps().is_empty() && names::is_valid(&subject.entry.name) => {
            format!("`name: {}`, like the folder", write_scalar(&subject.entry.name, ScalarStyle::Plain, false))
        }
        "type" => "`type: server`, `type: remote` or `type: poci`".to_owned(),
        "about" => "`about:` with a `title`, a `description` and an `icon`".to_owned(),
        "image" if parent.steps().is_empty() && names::is_valid(&subject.entry.name) => {
            format!("`image: {}{}`", subject.policy.settings.registry.namespace, subject.entry.name)
        }
        "image" if parent.steps().is_empty() => {
            format!("`image: {}…`", subject.policy.settings.registry.namespace)
        }
        "source" => "`source:` with `project` and `commit`".to_owned(),
        "project" => "`project:` with the https address of the Git repository".to_owned(),
        "remote" => "`remote:` with `transport_type` and `url`".to_owned(),
        "url" => "`url:` with the https address of the MCP endpoint".to_owned(),
        "env" => "`env:` with the environment variable that the server reads".to_owned(),
        key => format!("`{key}:`"),
    };
    format!("{verb} {what}")
}

#[cfg(test)]
mod tests {
    use crate::validate::testing::{findings, rendered};

    #[test]
    fn a_comment_in_place_of_a_text_is_named() {
        let help = |title: &str| {
            let yaml = format!("name: x\nabout:\n  title: {title}\n  description: y\n  icon: z\n");
            let findings = crate::validate::testing::case("missing-key", "x", &yaml).findings();
            findings.iter().find(|finding| finding.message.contains("title")).and_then(|finding| finding.help.clone())
        };
        assert_eq!(help("#1 of all").as_deref(), Some("a `#` after a blank begins a comment: put the text in quotes"));
        assert_eq!(help("'' # later").as_deref(), Some("set `title:`"));
        assert_eq!(help("C#1"), None);
    }

    #[test]
    fn a_local_server_without_image_or_source_is_incomplete() {
        let entry = "name: x\ntype: server\nabout:\n  description: y\nsource:\n  commit: abc\n";
        insta::assert_snapshot!(rendered("missing-key", "x", entry), @"
        error[missing-key]: `image` is missing
         --> servers/x/server.yaml:1:1
          |
        1 | name: x
          | ^^^^
        2 | type: server
          |       ------ a `server` needs it
          |
          = help: add `image: mcp/x`

        error[missing-key]: `about.title` is missing
         --> servers/x/server.yaml:3:1
          |
        3 | about:
          | ^^^^^
          |
          = help: add `title:`

        error[missing-key]: `source.project` is missing
         --> servers/x/server.yaml:5:1
          |
        2 | type: server
          |       ------ a `server` needs it
        ...
        5 | source:
          | ^^^^^^
          |
          = help: add `project:` with the https address of the Git repository
        ");
    }

    #[test]
    fn a_remote_that_calls_itself_a_server_is_told_so() {
        let entry = "name: x\ntype: server\nabout: {title: X}\nremote: {url: https://a.example}\n";
        insta::assert_snapshot!(rendered("missing-key", "x", entry), @"
        error[missing-key]: `image` is missing
         --> servers/x/server.yaml:1:1
          |
        1 | name: x
          | ^^^^
        2 | type: server
          |       ------ a `server` needs it
          |
          = help: if this is a remote entry, write `type: remote`; otherwise add `image`

        error[missing-key]: `source` is missing
         --> servers/x/server.yaml:1:1
          |
        1 | name: x
          | ^^^^
        2 | type: server
          |       ------ a `server` needs it
          |
          = help: if this is a remote entry, write `type: remote`; otherwise add `source`
        ");
    }

    #[test]
    fn an_empty_value_is_none() {
        let entry = "name: ''\ntype: remote\nabout: {title: ~}\nremote: {url: }\nconfig: {secrets: [{name: x.a}]}\n";
        insta::assert_snapshot!(rendered("missing-key", "x", entry), @"
        error[missing-key]: `name` is empty
         --> servers/x/server.yaml:1:7
          |
        1 | name: ''
          |       ^^
          |
          = help: set `name: x`, like the folder

        error[missing-key]: `about.title` is empty
         --> servers/x/server.yaml:3:16
          |
        3 | about: {title: ~}
          |                ^
          |
          = help: set `title:`

        error[missing-key]: `remote.url` is empty
         --> servers/x/server.yaml:4:10
          |
        2 | type: remote
          |       ------ a `remote` needs it
        3 | about: {title: ~}
        4 | remote: {url: }
          |          ^^^
          |
          = help: set `url:` with the https address of the MCP endpoint

        error[missing-key]: `config.secrets[0].env` is missing
         --> servers/x/server.yaml:5:20
          |
        5 | config: {secrets: [{name: x.a}]}
          |                    ^^^^^^^^^^^
          |
          = help: add `env:` with the environment variable that the server reads
        ");
    }

    #[test]
    fn each_type_needs_its_own_keys_only() {
        for complete in [
            "name: x\ntype: server\nabout: {title: X}\nimage: mcp/x\nsource: {project: https://github.com/a/b}\n",
            "name: x\ntype: remote\nabout: {title: X}\nremote: {url: https://a.example}\n",
            "name: x\ntype: poci\nabout: {title: X}\ntools: [{name: a, container: {image: b}}]\n",
        ] {
            assert_eq!(findings("missing-key", "x", complete), 0, "{complete}");
        }
    }

    #[test]
    fn an_unknown_type_asks_for_nothing_more() {
        assert_eq!(findings("missing-key", "x", "name: x\ntype: sever\nabout: {title: X}\n"), 0);
    }
}
