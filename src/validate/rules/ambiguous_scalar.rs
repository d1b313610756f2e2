//! `ambiguous-scalar`

use super::{Check, Fix, Rule, Sink, Subject, excerpt};
use crate::document::edit::{Edit, EditError, quote_scalar};
use crate::document::scalar::{Resolved, resolve};
use crate::document::{Document, Scalar, ScalarStyle};
use crate::finding::Severity;
use crate::validate::schema::{self, Passed};

pub(super) static RULE: Rule = Rule {
    id: "ambiguous-scalar",
    summary: "an unquoted text is another type or value to other readers of YAML",
    explanation: "\
## What
A text field holds an unquoted word that YAML can take for something else: `yes`, `no`, `on`, `off`, `true`, `null`,
`012`, `1_000`, `1e3`, `1.10`, `22:22`, a date. A number that reads the same either way (`8080`, `0.5`) is fine.

## Why
Programs disagree: Go, which the reference is written in, takes the text `012`; YAML 1.1 readers take 10 and YAML 1.2
readers 12. A version `1.10` becomes 1.1, a country `NO` becomes false, a commit `1234567e8…` becomes infinity.

## How to fix
Put quotes around it: `\"012\"`. `--fix` does. An unquoted `null` or `~` is left to you: leave the key out, or quote the
word if you mean the word.

## Source
YAML 1.1 types (https://yaml.org/type/), the core schema of YAML 1.2.2 section 10.3, and yaml.v3's resolver.
",
    severity: Severity::Warning,
    needs: &[],
    check: Check::Manifest(check),
    fix: Some(Fix::Edit(fix)),
};

fn check(_: &Subject<'_>, document: &Document, sink: &mut Sink<'_>) {
    schema::visit_texts(document, &mut |way, scalar| {
        // `malformed-commit` mends one that looks like a number, and `unpinned-source` reports one that is nothing.
        let Some(reading) = other_reading(scalar).filter(|_| !is_commit(way)) else { return };
        let text = excerpt(&scalar.text);
        let said = sink
            .value(schema::route_of(way), format!("the text `{text}` has no quotes: {}", reading.in_words))
            .label(reading.label);
        match reading.lost {
            true => said.help("leave the key out, or put quotes around the word if you mean the word").not_fixable(),
            false => said.help("put quotes around it"),
        };
    });
}

fn fix(_: &Subject<'_>, document: &Document) -> Result<Vec<Edit>, EditError> {
    let mut edits = Vec::new();
    schema::visit_texts(document, &mut |way, scalar| {
        if !is_commit(way) && other_reading(scalar).is_some_and(|reading| !reading.lost) {
            edits.push(quote_scalar(document, &schema::route_of(way)));
        }
    });
    edits.into_iter().collect()
}

fn is_commit(way: &[Passed<'_>]) -> bool {
    way == [Passed::Key("source"), Passed::Key("commit")]
}

/// What else a text can be taken for.
struct Reading {
    in_words: &'static str,
    label: &'static str,
    /// Whether it is nothing to every reader, so that quotes would change what the entry says.
    lost: bool,
}

fn other_reading(scalar: &Scalar) -> Option<Reading> {
    if scalar.style != ScalarStyle::Plain || scalar.tag.is_some() || scalar.text.is_empty() {
        return None;
    }
    let some = |in_words, label| Some(Reading { in_words, label, lost: false });
    match resolve(scalar) {
        Resolved::Null => {
            Some(Reading { in_words: "every reader takes it for nothing", label: "nothing, not a text", lost: true })
        }
        Resolved::Bool(_) => some("some readers take it for true or false", "true or false to some"),
        Resolved::Timestamp => some("some readers take it for a date", "a date to some"),
        Resolved::Int(_) | Resolved::Float(_) if is_same_as_number(&scalar.text) => None,
        Resolved::Int(_) | Resolved::Float(_) => {
            some("some readers take it for a number, and lose how it is written", "a number to some")
        }
        Resolved::Text if is_boolean_in_yaml_1_1(&scalar.text) => {
            some("some readers take it for true or false", "true or false to some")
        }
        Resolved::Text if is_base_60(&scalar.text) => {
            some("some readers take it for a number in base 60", "a number to some")
        }
        Resolved::Text | Resolved::Binary => None,
    }
}

/// Whether a number, read and written again, has the same text everywhere: a plain decimal that a double holds exactly.
fn is_same_as_number(text: &str) -> bool {
    // The largest integer up to which doubles, which JavaScript has only, hold every integer: 2^53.
    const EXACT: f64 = 9_007_199_254_740_992.0;
    text.parse::<f64>().is_ok_and(|value| value.abs() <= EXACT && value.to_string() == text)
}

/// The words of https://yaml.org/type/bool.html beside `true` and `false`.
fn is_boolean_in_yaml_1_1(text: &str) -> bool {
    const WORDS: [&str; 6] = ["y", "n", "yes", "no", "on", "off"];
    if text.len() > "off".len() {
        return false;
    }
    let (lower, upper) = (text.to_lowercase(), text.to_uppercase());
    let mut capitalised = text.chars();
    let is_capitalised = capitalised.next().is_some_and(char::is_uppercase) && !capitalised.any(char::is_uppercase);
    WORDS.contains(&lower.as_str()) && (text == lower || text == upper || is_capitalised)
}

/// `22:22`: https://yaml.org/type/int.html, `[-+]?[1-9][0-9_]*(:[0-5]?[0-9])+`, and the same with a fraction.
fn is_base_60(text: &str) -> bool {
    let unsigned = text.strip_prefix(['-', '+']).unwrap_or(text);
    let whole = unsigned.split_once('.').map_or(unsigned, |(whole, fraction)| {
        if fraction.bytes().all(|byte| byte.is_ascii_digit() || byte == b'_') { whole } else { "" }
    });
    let Some((first, rest)) = whole.split_once(':') else { return false };
    let starts = first.bytes().next().is_some_and(|byte| matches!(byte, b'1'..=b'9'));
    let is_sixtieth = |part: &str| match part.as_bytes() {
        [digit] => digit.is_ascii_digit(),
        [tens, digit] => (b'0'..=b'5').contains(tens) && digit.is_ascii_digit(),
        _ => false,
    };
    starts && first.bytes().all(|byte| byte.is_ascii_digit() || byte == b'_') && rest.split(':').all(is_sixtieth)
}

#[cfg(test)]
mod tests {
    use crate::validate::testing::{case, findings, rendered};

    #[test]
    fn a_commit_has_its_own_rules() {
        for commit in [&"1".repeat(40), "null"] {
            let yaml = format!("type: server\nsource:\n  commit: {commit}\n");
            assert_eq!(findings("ambiguous-scalar", "x", &yaml), 0, "{commit}");
            let own = findings("malformed-commit", "x", &yaml) + findings("unpinned-source", "x", &yaml);
            assert_eq!(own, 1, "{commit}");
        }
    }

    const EXAMPLE: &str = "name: x
meta:
  tags: [yes, sql]
about:
  title: null
run:
  user: 012
  env:
    SINCE: 2024-01-02
  command:
    - on # a comment
";

    #[test]
    fn words_that_readers_disagree_about_are_shown() {
        insta::assert_snapshot!(rendered("ambiguous-scalar", "x", EXAMPLE), @"
        warning[ambiguous-scalar]: the text `yes` has no quotes: some readers take it for true or false
         --> servers/x/server.yaml:3:10
          |
        3 |   tags: [yes, sql]
          |          ^^^ true or false to some
          |
          = help: put quotes around it

        warning[ambiguous-scalar]: the text `null` has no quotes: every reader takes it for nothing
         --> servers/x/server.yaml:5:10
          |
        5 |   title: null
          |          ^^^^ nothing, not a text
          |
          = help: leave the key out, or put quotes around the word if you mean the word

        warning[ambiguous-scalar]: the text `012` has no quotes: some readers take it for a number, and lose how it is written
         --> servers/x/server.yaml:7:9
          |
        7 |   user: 012
          |         ^^^ a number to some
          |
          = help: put quotes around it

        warning[ambiguous-scalar]: the text `2024-01-02` has no quotes: some readers take it for a date
         --> servers/x/server.yaml:9:12
          |
        9 |     SINCE: 2024-01-02
          |            ^^^^^^^^^^ a date to some
          |
          = help: put quotes around it

        warning[ambiguous-scalar]: the text `on` has no quotes: some readers take it for true or false
          --> servers/x/server.yaml:11:7
           |
        11 |     - on # a comment
           |       ^^ true or false to some
           |
           = help: put quotes around it
        ");
    }

    #[test]
    fn the_fix_quotes_what_is_a_text_and_leaves_null_alone() {
        insta::assert_snapshot!(case("ambiguous-scalar", "x", EXAMPLE).fixed(), @r#"
        name: x
        meta:
          tags: ["yes", sql]
        about:
          title: null
        run:
          user: "012"
          env:
            SINCE: "2024-01-02"
          command:
            - "on" # a comment
        "#);
    }

    #[test]
    fn each_form_counts() {
        for text in [
            "yes",
            "No",
            "OFF",
            "y",
            "true",
            "False",
            "012",
            "0x1F",
            "1_000",
            "1e3",
            "1.10",
            ".5",
            "+1",
            "22:22",
            "-1:30.5",
            "2024-1-2",
            ".inf",
            "9007199254740993",
            "1234567890123456789012345678901234567890",
        ] {
            assert_eq!(findings("ambiguous-scalar", "x", &format!("image: {text}\n")), 1, "{text}");
        }
    }

    #[test]
    fn numbers_that_read_the_same_and_other_words_are_fine() {
        for text in [
            "8080",
            "-1",
            "0",
            "0.5",
            "1.25",
            "yEs",
            "yess",
            "nope",
            "1.2.3",
            "80:80",
            "22:77",
            "0:30",
            "'012'",
            "\"no\"",
            "a1e3",
            "2024-13-01",
            "!!str 012",
            "",
            "Yes, it is",
            "08:3O",
        ] {
            assert_eq!(findings("ambiguous-scalar", "x", &format!("image: {text}\n")), 0, "{text}");
        }
    }

    #[test]
    fn only_text_fields_count() {
        let entry = "longLived: yes\ndynamic: {tools: on}\nunknown: no\nconfig:\n  env: [{name: A, example: 012}]\n  \
                     parameters: {properties: {a: {default: off}}}\n  secrets: [{required: yes}]\n";
        assert_eq!(findings("ambiguous-scalar", "x", entry), 0);
    }
}
