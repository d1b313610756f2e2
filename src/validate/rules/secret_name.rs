//! `secret-name`

use super::{Check, Rule, Sink, Subject, excerpt};
use crate::document::Document;
use crate::finding::Severity;
use crate::route;
use crate::validate::names::{self, Called};

pub(super) static RULE: Rule = Rule {
    id: "secret-name",
    summary: "the name of a secret is not of the form prefix.name",
    explanation: "\
## What
A `config.secrets[].name` is not `prefix.name`: letters, digits, `_` and `-`, then a dot, then letters, digits, `.`,
`_` and `-` (`^[A-Za-z0-9_-]+\\.[A-Za-z0-9._-]+$`).

## Why
All secrets of a user live in one store. The prefix keeps those of one entry from those of another, and other
characters do not survive the store and the command lines that set them.

## How to fix
Put the entry's name and a dot before the secret's own name: `API_KEY` of the entry `example` becomes
`example.api_key`. The variable that the server reads, `env`, stays as it is.

## Source
The reference validator's `areSecretsValid`. Its two grandfathered secrets are waivers here.
",
    severity: Severity::Error,
    needs: &[],
    check: Check::Manifest(check),
    // Users have stored the secret under its old name.
    fix: None,
};

fn check(subject: &Subject<'_>, document: &Document, sink: &mut Sink<'_>) {
    for (index, secret) in subject.manifest().config.secrets.iter().enumerate() {
        let route = route!["config", "secrets", index, "name"];
        let name = secret.name.as_deref().unwrap_or_default();
        if is_valid(name) {
            continue;
        }
        if name.is_empty() {
            // An absent name is reported by `missing-key`, one that is no text by `wrong-type`.
            if document.at(&route).is_some_and(|node| node.scalar().is_some()) {
                sink.value(route, "the secret has an empty name").help(form(subject, "name"));
            }
            continue;
        }
        let why = match name.split_once('.') {
            None => "it has no prefix",
            Some(("", _)) => "its prefix is empty",
            Some((_, "")) => "nothing follows its prefix",
            Some(_) => "only letters, digits, `.`, `_` and `-` are allowed",
        };
        // What it is called, or the variable that it goes to, as far as either has letters that may stay.
        let own = match name.split_once('.') {
            Some((_, own)) => own,
            None => name.rsplit(['/', ':']).find(|part| !part.trim().is_empty()).unwrap_or_default(),
        };
        let own = [own, secret.env.as_deref().unwrap_or_default()].into_iter().find(|own| own.contains(is_word));
        sink.value(route, format!("`{}` is not a name for a secret: {why}", excerpt(name)))
            .help(form(subject, own.unwrap_or("api_key")));
    }
}

/// What the secret should be named, as far as its own part can be kept.
fn form(subject: &Subject<'_>, own: &str) -> String {
    let own = excerpt(own);
    let own = own.trim_end_matches('…').replace(|c: char| !is_word(c) && c != '.', " ").to_ascii_lowercase();
    let parts = own.split('.').map(|part| part.split_whitespace().collect::<Vec<_>>().join("_"));
    let own = parts.filter(|part| !part.is_empty()).collect::<Vec<_>>().join(".");
    let name = Called::of(subject.entry).likely();
    let name = if names::is_valid(name) { name.to_owned() } else { names::suggested(name).unwrap_or("example".into()) };
    format!("name it `{name}.{own}`; its `env` stays as it is")
}

fn is_word(character: char) -> bool {
    character.is_ascii_alphanumeric() || matches!(character, '_' | '-')
}

fn is_valid(name: &str) -> bool {
    name.split_once('.').is_some_and(|(prefix, own)| {
        !prefix.is_empty()
            && prefix.chars().all(is_word)
            && !own.is_empty()
            && own.chars().all(|c| is_word(c) || c == '.')
    })
}

#[cfg(test)]
mod tests {
    use crate::validate::testing::{case, findings, rendered};

    fn named(name: &str) -> String {
        format!("name: example\nconfig:\n  secrets:\n    - name: {name}\n      env: API_KEY\n")
    }

    #[test]
    fn a_secret_has_a_prefix() {
        insta::assert_snapshot!(rendered("secret-name", "example", &named("API_KEY")), @"
        error[secret-name]: `API_KEY` is not a name for a secret: it has no prefix
         --> servers/example/server.yaml:4:13
          |
        4 |     - name: API_KEY
          |             ^^^^^^^
          |
          = help: name it `example.api_key`; its `env` stays as it is
        ");
        insta::assert_snapshot!(rendered("secret-name", "example", &named("example.api key")), @"
        error[secret-name]: `example.api key` is not a name for a secret: only letters, digits, `.`, `_` and `-` are allowed
         --> servers/example/server.yaml:4:13
          |
        4 |     - name: example.api key
          |             ^^^^^^^^^^^^^^^
          |
          = help: name it `example.api_key`; its `env` stays as it is
        ");
        for wrong in ["''", ".key", "example.", "exämple.key", "a/b.key"] {
            assert_eq!(findings("secret-name", "example", &named(wrong)), 1, "{wrong}");
        }
    }

    #[test]
    fn the_remedy_keeps_what_can_be_kept() {
        let help =
            |name: &str| case("secret-name", "zs-1", &named(name)).findings()[0].help.clone().unwrap_or_default();
        let names = ["'zs-1.a b'", "zs-1.", "zs-1.é", "\"zs-1.x\\n\"", "'other:token'", "zs-1.a.é.b", "''"].map(help);
        insta::assert_snapshot!(names.join("\n"), @"
        name it `zs-1.a_b`; its `env` stays as it is
        name it `zs-1.api_key`; its `env` stays as it is
        name it `zs-1.api_key`; its `env` stays as it is
        name it `zs-1.x`; its `env` stays as it is
        name it `zs-1.token`; its `env` stays as it is
        name it `zs-1.a.b`; its `env` stays as it is
        name it `zs-1.name`; its `env` stays as it is
        ");
    }

    #[test]
    fn every_secret_is_looked_at() {
        let two = "config: {secrets: [{name: a}, {name: example.b}, {name: c}]}\n";
        assert_eq!(findings("secret-name", "example", two), 2);
    }

    #[test]
    fn the_prefix_may_be_anothers_and_the_rest_may_have_dots() {
        for right in ["example.api_key", "other-entry.key", "a.b.c", "A_1.-"] {
            assert_eq!(findings("secret-name", "example", &named(right)), 0, "{right}");
        }
    }
}
