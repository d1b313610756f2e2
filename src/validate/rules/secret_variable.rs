//! `secret-variable`

use super::{Check, Rule, Sink, Subject, excerpt};
use crate::document::Document;
use crate::finding::{Anchor, Severity};
use crate::route;
use std::collections::HashMap;

pub(super) static RULE: Rule = Rule {
    id: "secret-variable",
    summary: "the variable of a secret cannot hold it, or is set twice",
    explanation: "\
## What
A `config.secrets[].env` is not the name of a variable (letters, digits and `_`, no digit first); names one that the
container's own programs need (`PATH`, `HOME`, `LD_PRELOAD` …); or is also set by another secret or by `config.env`. A secret
that is listed twice is a note.

## Why
The secret reaches the server by this variable. One that cannot be set, or is set to something else, leaves the server without
its key, and a blank or `=` in it can come out as another option of a command. A key in `PATH` starts no program at all.

## How to fix
Write the name of the variable that the server's documentation gives, once: `API_KEY`.

## Source
POSIX, Base Definitions, section 8.1 (names of environment variables). The reference does not check it.
",
    severity: Severity::Error,
    needs: &[],
    check: Check::Manifest(check),
    fix: None,
};

/// Variables that decide where programs, libraries and a home are found.
const TAKEN: [&str; 9] =
    ["PATH", "HOME", "SHELL", "PWD", "IFS", "LD_PRELOAD", "LD_LIBRARY_PATH", "NODE_OPTIONS", "PYTHONPATH"];

fn check(subject: &Subject<'_>, _: &Document, sink: &mut Sink<'_>) {
    let config = &subject.manifest().config;
    let mut variables: HashMap<&str, usize> = HashMap::new();
    let mut names: HashMap<&str, usize> = HashMap::new();
    for (index, secret) in config.secrets.iter().enumerate() {
        if let Some(name) = secret.name.as_deref()
            && let Some(first) = names.insert(name, index)
        {
            sink.value(route!["config", "secrets", index, "name"], format!("`{}` is listed twice", excerpt(name)))
                .also(Anchor::Value(route!["config", "secrets", first, "name"]), "the first time")
                .help("users are asked for it once: keep one, unless the server reads it from two variables")
                .at_most(Severity::Note);
        }
        let Some(variable) = secret.env.as_deref() else { continue };
        let route = route!["config", "secrets", index, "env"];
        let shown = excerpt(variable);
        if !is_variable(variable) {
            sink.value(route, format!("`{shown}` is not the name of a variable"))
                .help("write letters, digits and `_`, and no digit first: `API_KEY`");
            continue;
        }
        if TAKEN.contains(&variable) {
            sink.value(
                route.clone(),
                format!("`{shown}` is a variable that programs in the container need themselves"),
            )
            .help("name the variable that the server reads its key from");
        }
        if let Some(first) = variables.insert(variable, index) {
            sink.value(route.clone(), format!("two secrets are put into `{shown}`"))
                .also(Anchor::Value(route!["config", "secrets", first, "env"]), "the first one")
                .help("give each the variable that the server reads it from, or remove one");
        }
        let set = config.env.iter().position(|env| env.name.as_deref() == Some(variable));
        if let Some(set) = set {
            sink.value(route, format!("`{shown}` is set by `config.env` too"))
                .also(Anchor::Value(route!["config", "env", set, "name"]), "here")
                .help("remove it from `config.env`: the secret sets it");
        }
    }
}

fn is_variable(name: &str) -> bool {
    !name.starts_with(|c: char| c.is_ascii_digit())
        && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
}

#[cfg(test)]
mod tests {
    use crate::validate::testing::{findings, rendered};

    fn env(env: &str) -> String {
        format!("name: x\nconfig:\n  secrets:\n    - name: x.key\n      env: {env}\n")
    }

    #[test]
    fn a_variable_has_a_name_that_can_be_set() {
        insta::assert_snapshot!(rendered("secret-variable", "x", &env("'9 bad=x'")), @"
        error[secret-variable]: `9 bad=x` is not the name of a variable
         --> servers/x/server.yaml:5:12
          |
        5 |       env: '9 bad=x'
          |            ^^^^^^^^^
          |
          = help: write letters, digits and `_`, and no digit first: `API_KEY`
        ");
        insta::assert_snapshot!(rendered("secret-variable", "x", &env("PATH")), @"
        error[secret-variable]: `PATH` is a variable that programs in the container need themselves
         --> servers/x/server.yaml:5:12
          |
        5 |       env: PATH
          |            ^^^^
          |
          = help: name the variable that the server reads its key from
        ");
        for wrong in ["1A", "A-B", "'A '", "Ä", "A.B", "'A=--privileged'"] {
            assert_eq!(findings("secret-variable", "x", &env(wrong)), 1, "{wrong}");
        }
    }

    #[test]
    fn a_variable_holds_one_secret() {
        let two = format!("{}    - name: x.other\n      env: KEY\n", env("KEY"));
        insta::assert_snapshot!(rendered("secret-variable", "x", &two), @"
        error[secret-variable]: two secrets are put into `KEY`
         --> servers/x/server.yaml:7:12
          |
        5 |       env: KEY
          |            --- the first one
        6 |     - name: x.other
        7 |       env: KEY
          |            ^^^
          |
          = help: give each the variable that the server reads it from, or remove one
        ");
        let set = format!("{}  env:\n    - name: KEY\n      value: a\n", env("KEY"));
        insta::assert_snapshot!(rendered("secret-variable", "x", &set), @"
        error[secret-variable]: `KEY` is set by `config.env` too
         --> servers/x/server.yaml:5:12
          |
        5 |       env: KEY
          |            ^^^
        6 |   env:
        7 |     - name: KEY
          |             --- here
          |
          = help: remove it from `config.env`: the secret sets it
        ");
    }

    #[test]
    fn a_secret_in_two_variables_is_a_note() {
        let twice = format!("{}    - name: x.key\n      env: OTHER\n", env("KEY"));
        insta::assert_snapshot!(rendered("secret-variable", "x", &twice), @"
        note[secret-variable]: `x.key` is listed twice
         --> servers/x/server.yaml:6:13
          |
        4 |     - name: x.key
          |             ----- the first time
        5 |       env: KEY
        6 |     - name: x.key
          |             ^^^^^
          |
          = help: users are asked for it once: keep one, unless the server reads it from two variables
        ");
    }

    #[test]
    fn usual_variables_are_fine() {
        for right in ["KEY", "_KEY", "key_2", "MY_PATH", "''"] {
            assert_eq!(findings("secret-variable", "x", &env(right)), 0, "{right}");
        }
        let two = format!("{}    - name: x.other\n      env: KEY_2\n  env:\n    - name: KEY_3\n", env("KEY"));
        assert_eq!(findings("secret-variable", "x", &two), 0);
    }
}
