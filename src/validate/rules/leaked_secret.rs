//! `leaked-secret`

use super::{Check, Rule, Sink, Subject};
use crate::finding::{Anchor, Severity};
use crate::validate::text::secrets;

pub(super) static RULE: Rule = Rule {
    id: "leaked-secret",
    summary: "there is a real credential in a file of the entry",
    explanation: "\
## What
`server.yaml` (comments included), `tools.json` or the readme holds a text with the form of a credential that some
issuer gives out (GitHub, npm, AWS, Google, Azure, Slack, Stripe, model providers and others), a private key, a signed web
token, or an address with a password. It is taken for real when its checksum is right, its structure can be read, or it is
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
    for file in subject.entry.files() {
        let Some(text) = file.text() else { continue };
        for secret in secrets::find(text) {
            let shown =
                if secret.beginning.is_empty() { String::new() } else { format!(", `{}…`", secret.beginning) };
            sink.at(
                &file.path,
                Anchor::Bytes(secret.span),
                format!("this is {}{shown}: {}", secret.kind, secret.evidence),
            )
            .help("revoke it now: it is public with this file; then write a placeholder such as `<API_KEY>`")
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
    fn a_file_that_does_not_compose_leaks_too() {
        assert_eq!(findings("leaked-secret", "x", &format!("a: [\n{}\n", token())), 1);
    }
}
