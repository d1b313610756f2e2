//! `foreign-secret`

use super::{Check, RegistrySink, Rule, excerpt};
use crate::finding::{Anchor, Severity};
use crate::route;
use crate::validate::index::Index;
use crate::validate::names::Called;
use std::collections::HashMap;

pub(super) static RULE: Rule = Rule {
    id: "foreign-secret",
    summary: "an entry asks for a secret that another entry's name stands before",
    explanation: "\
## What
The prefix of a `config.secrets[].name` is the name of another entry of this registry: `example` asks for `other.api_key`.

## Why
All secrets of a user live in one store, and the prefix says whose they are. What the user entered for the other server is
handed to this one, without a question.

## How to fix
Name it after the entry that needs it: `example.api_key`. If both are servers of one service that are meant to share it, a
maintainer can waive this.

## Source
Ours. The reference validator's `areSecretsValid` looks at the form of the name only.
",
    severity: Severity::Warning,
    needs: &[],
    check: Check::Registry(check),
    fix: None,
};

fn check(index: &Index<'_>, sink: &mut RegistrySink<'_>) {
    let entries: HashMap<&str, _> = index.entries.iter().map(|entry| (&*entry.name, entry)).collect();
    for entry in index.entries.iter().filter(|entry| index.judged.contains(&entry.name)) {
        for (at, secret) in entry.manifest.config.secrets.iter().enumerate() {
            let Some((prefix, own)) = secret.name.as_deref().and_then(|name| name.split_once('.')) else { continue };
            if prefix == &*entry.name || entry.manifest.name.as_deref() == Some(prefix) {
                continue;
            }
            let Some(other) = entries.get(prefix) else { continue };
            let message = format!("`{}` is a secret of the entry `{prefix}`", excerpt(&format!("{prefix}.{own}")));
            let said = sink
                .at(entry, &entry.manifest_file.path, Anchor::Value(route!["config", "secrets", at, "name"]), message)
                .help(format!("name it `{}.{}`", Called::of(entry).likely(), excerpt(own)));
            let same = other.manifest.config.secrets.iter().position(|theirs| theirs.name == secret.name);
            if let Some(same) = same {
                let anchor = Anchor::Value(route!["config", "secrets", same, "name"]);
                said.also_in(&other.manifest_file.path, anchor, "asked for here too");
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::validate::testing::{Case, case, findings};

    fn yaml(name: &str, secret: &str) -> String {
        format!("name: {name}\nconfig:\n  secrets:\n    - name: {secret}\n      env: KEY\n")
    }

    fn with(secret: &str) -> Case {
        case("foreign-secret", "example", &yaml("example", secret)).beside(
            "other",
            &yaml("other", "other.api_key"),
            None,
        )
    }

    #[test]
    fn a_secret_of_another_entry_is_reported() {
        insta::assert_snapshot!(with("other.api_key").rendered(), @"
        warning[foreign-secret]: `other.api_key` is a secret of the entry `other`
         --> servers/example/server.yaml:4:13
          |
        4 |     - name: other.api_key
          |             ^^^^^^^^^^^^^
          |
         ::: servers/other/server.yaml:4:13
          |
        4 |     - name: other.api_key
          |             ------------- asked for here too
          |
          = help: name it `example.api_key`
        ");
        insta::assert_snapshot!(with("other.token").rendered(), @"
        warning[foreign-secret]: `other.token` is a secret of the entry `other`
         --> servers/example/server.yaml:4:13
          |
        4 |     - name: other.token
          |             ^^^^^^^^^^^
          |
          = help: name it `example.token`
        ");
    }

    #[test]
    fn own_secrets_and_prefixes_of_nobody_are_fine() {
        for right in ["example.api_key", "example.other.api_key", "others.api_key", "other", "Other.api_key"] {
            assert_eq!(with(right).count(), 0, "{right}");
        }
        assert_eq!(findings("foreign-secret", "example", &yaml("example", "other.api_key")), 0);
        // The folder and the manifest disagree: `name-mismatch` says so.
        assert_eq!(findings("foreign-secret", "a", &yaml("b", "b.key")), 0);
    }
}
