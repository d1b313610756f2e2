//! `leaked-secret`

use super::{Check, Rule, Sink, Subject, excerpt};
use crate::document::Span;
use crate::finding::{Anchor, Severity};
use crate::route;
use crate::text::secrets::{self, Secret};
use crate::validate::written;
use std::sync::Arc;

pub(super) static RULE: Rule = Rule {
    id: "leaked-secret",
    summary: "there is a real credential in a file of the entry",
    explanation: "\
## What
`server.yaml` (comments included), `tools.json` or the readme holds a text with the form of a credential that some
issuer gives out (GitHub, npm, AWS, Google, Azure, Slack, Stripe, model providers and others), a private key, a signed web
token, or an address with a password; or a variable with a name such as `DB_PASSWORD` or `X_API_KEY` has a random value.
It is taken for real when its checksum is right, its structure can be read, or it is
random; `YOUR_KEY`, `ghp_xxxx` and the examples of the issuers' documentation are not.

## Why
The registry is public and its history stays. Whoever finds the credential can use it, and there are programs that do
nothing but look.

## How to fix
Revoke it first: removing it from the file does not take it back. Then write a placeholder, `<API_KEY>`, and let users
give their own with `config.secrets`.

## Source
The issuers' documentation of their formats; GitHub's describes the checksum
(`github.blog/engineering`, \"Behind GitHub's new authentication token formats\"). The finding shows only the first characters,
and no output quotes the place.
",
    severity: Severity::Error,
    needs: &[],
    check: Check::Entry(check),
    fix: None,
};

fn check(subject: &Subject<'_>, sink: &mut Sink<'_>) {
    let entry = subject.entry;
    for secret in secrets::find(&entry.name) {
        let message = format!("the folder's name holds {}: {}", secret.kind, secret.evidence);
        sink.at(&entry.path, Anchor::File, message).help("revoke it now: it is public; then rename the folder");
    }
    for file in entry.files() {
        let Some(text) = file.text() else { continue };
        let found = secrets::find(text);
        for secret in &found {
            report(&file.path, secret.span, secret, sink);
        }
        let Some(document) = file.document() else { continue };
        written::visit(document.root(), |decoded, span| {
            // Escapes and line ends inside of quotes take a credential apart, and readers put it together again.
            // Between quotes, or without any: only what is neither has to be searched for.
            let is_all = |raw: &str| raw == decoded || raw.get(1..raw.len().saturating_sub(1)) == Some(decoded);
            let is_as_written = text.get(span.range()).is_none_or(|raw| is_all(raw) || raw.contains(decoded));
            let is_known = || found.iter().any(|secret| secret.span.start < span.end && span.start < secret.span.end);
            if !is_as_written && !is_known() {
                for secret in secrets::find(decoded) {
                    report(&file.path, span, &secret, sink);
                }
            }
        });
    }
    check_variables(subject, sink);
}

fn report(path: &Arc<str>, span: Span, secret: &Secret, sink: &mut Sink<'_>) {
    let shown = if secret.beginning.is_empty() { String::new() } else { format!(", `{}…`", secret.beginning) };
    sink.at(path, Anchor::Bytes(span), format!("this is {}{shown}: {}", secret.kind, secret.evidence))
        .help("revoke it now: it is public with this file; then write a placeholder such as `<API_KEY>`")
        .sensitive();
}

/// Values that the entry itself sets for variables whose names say that they hold a secret.
fn check_variables(subject: &Subject<'_>, sink: &mut Sink<'_>) {
    let Some(document) = subject.entry.document() else { return };
    let manifest = subject.manifest();
    let env = manifest
        .config
        .env
        .iter()
        .enumerate()
        .map(|(index, env)| (env.name.as_deref(), env.value.as_deref(), route!["config", "env", index, "value"]));
    let run = manifest
        .run
        .env
        .iter()
        .map(|(name, value)| (Some(name.as_str()), value.as_deref(), route!["run", "env", name.clone()]));
    for (name, value, route) in env.chain(run) {
        let (Some(name), Some(value)) = (name, value) else { continue };
        let Some(span) = document.at(&route).map(|node| node.span) else { continue };
        let text = document.text().get(span.range()).unwrap_or_default();
        // A credential of a known issuer was reported by its form, AWS' after the name of its variable.
        if secrets::find(value).is_empty() && secrets::find(text).is_empty() && secrets::is_secret_value(name, value) {
            sink.value(route, format!("the value of `{}` is random, as a secret is", excerpt(name)))
                .help("if it is one, revoke it: it is public with this file; let users give their own with `config.secrets`")
                .sensitive();
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::validate::testing::{case, findings};

    /// Put together here, because hosts refuse a push with a whole one: random, and its checksum is right.
    fn token() -> String {
        ["ghp", "_zQWBuTSOoRi4A9spHcVY5ncnsDkxkJ", "0mLq17"].concat()
    }

    #[test]
    fn a_credential_is_found_in_every_file_and_never_shown() {
        let manifest = format!("name: x\n# ask me for {}\nconfig:\n  secrets:\n    - example: {0}\n", token());
        let tools = format!("[{{\"description\": \"uses {}\"}}]", token());
        let judged = case("leaked-secret", "x", &manifest).tools(&tools).readme(&format!("export T={}\n", token()));
        let shown = judged.rendered();
        assert!(!shown.contains("spHcVY5"), "{shown}");
        insta::assert_snapshot!(shown, @r#"
        error[leaked-secret]: this is a GitHub personal access token, `ghp_zQWB…`: its checksum is right
         --> servers/x/readme.md:1:10
          |
        1 | export T=••••••••••••••••••••••••••••••••••••••••
          |          ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
          |
          = help: revoke it now: it is public with this file; then write a placeholder such as `<API_KEY>`

        error[leaked-secret]: this is a GitHub personal access token, `ghp_zQWB…`: its checksum is right
         --> servers/x/server.yaml:2:14
          |
        2 | # ask me for ••••••••••••••••••••••••••••••••••••••••
          |              ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
          |
          = help: revoke it now: it is public with this file; then write a placeholder such as `<API_KEY>`

        error[leaked-secret]: this is a GitHub personal access token, `ghp_zQWB…`: its checksum is right
         --> servers/x/server.yaml:5:16
          |
        5 |     - example: ••••••••••••••••••••••••••••••••••••••••
          |                ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
          |
          = help: revoke it now: it is public with this file; then write a placeholder such as `<API_KEY>`

        error[leaked-secret]: this is a GitHub personal access token, `ghp_zQWB…`: its checksum is right
         --> servers/x/tools.json:1:24
          |
        1 | [{"description": "uses ••••••••••••••••••••••••••••••••••••••••"}]
          |                        ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
          |
          = help: revoke it now: it is public with this file; then write a placeholder such as `<API_KEY>`
        "#);
    }

    #[test]
    fn placeholders_are_fine() {
        for example in ["<API_KEY>", "ghp_xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx", "AKIAIOSFODNN7EXAMPLE", "sk-…"] {
            assert_eq!(
                findings("leaked-secret", "x", &format!("config: {{secrets: [{{example: '{example}'}}]}}\n")),
                0
            );
        }
    }

    #[test]
    fn a_token_with_a_wrong_checksum_is_none() {
        let wrong = token().replace("0mLq17", "0mLq18");
        assert_eq!(findings("leaked-secret", "x", &format!("# {wrong}\n")), 0);
    }

    #[test]
    fn escapes_and_line_ends_do_not_take_one_apart() {
        let token = token();
        let (first, last) = token.split_at(20);
        for written in [format!("\"{first}\\\n    {last}\""), format!("\"\\x67{}\"", &token[1..])] {
            let judged = case("leaked-secret", "x", &format!("config:\n  description: {written}\n"));
            assert_eq!(judged.count(), 1, "{written}");
            assert!(!judged.rendered().contains("spHcVY5"), "{written}");
        }
        assert_eq!(findings("leaked-secret", "x", &format!("config: {{required: [b-{}]}}\n", token)), 1);
        assert_eq!(findings("leaked-secret", &format!("x-{}", token), "name: x\n"), 1);
    }

    #[test]
    fn no_other_rule_shows_one_that_is_written_with_escapes() {
        let yaml = format!("name: x\nabout:\n  title: \"\\x67{}\"\n  icon: \"\\x67{0}\"\n", &token()[1..]);
        let entry = crate::entry::Entry::from_texts("x", Some(&yaml), None, None);
        let request = crate::validate::Request {
            today: chrono::NaiveDate::default(),
            entries: &[entry],
            facts: &[],
            only: None,
            policy: &crate::policy::Policy::default(),
            strict: false,
        };
        let report = crate::validate::judge(&request);
        assert!(report.findings.len() > 4);
        let shown = format!("{:?}", report.findings).to_lowercase();
        assert!(!shown.contains("sphcvy5"), "{shown}");
    }

    #[test]
    fn variables_with_random_values_are_reported_by_their_names() {
        let env = |name: &str, value: &str| {
            findings("leaked-secret", "x", &format!("config:\n  env:\n    - name: {name}\n      value: '{value}'\n"))
        };
        let random = "kR3vTq9ZpLx2WmYc7NbJd5HsFgQa8UeXo4ViDz1B";
        let yaml = format!("config:\n  env:\n    - name: DB_PASSWORD\n      value: '{random}'\n");
        insta::assert_snapshot!(case("leaked-secret", "x", &yaml).rendered(), @"
        error[leaked-secret]: the value of `DB_PASSWORD` is random, as a secret is
         --> servers/x/server.yaml:4:14
          |
        4 |       value: ••••••••••••••••••••••••••••••••••••••••••
          |              ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
          |
          = help: if it is one, revoke it: it is public with this file; let users give their own with `config.secrets`
        ");
        assert_eq!(env("AWS_SECRET_ACCESS_KEY", random), 1);
        assert_eq!(env("MY_API_KEY", "9f3c1a7be04d52c86e1fb7a3d9024c5e"), 1);
        assert_eq!(env("DB_PASSWORD", "kX9!vQ2#mZ7@"), 1);
        for (name, value) in [
            ("API_KEY", "{{x.api_key}}"),
            ("API_KEY", "<your key>"),
            ("DB_PASSWORD", "postgres"),
            ("DB_PASSWORD", "correct-horse-battery"),
            ("MAX_TOKENS", random),
            ("TOKEN_FILE", "/run/secrets/Tk9vQ2mZ7pL4"),
            ("KEYBOARD", random),
        ] {
            assert_eq!(env(name, value), 0, "{name}={value}");
        }
    }

    #[test]
    fn a_file_that_does_not_compose_leaks_too() {
        assert_eq!(findings("leaked-secret", "x", &format!("a: [\n{}\n", token())), 1);
    }
}
