//! `malformed-commit`

use super::{Check, Fix, Rule, Sink, Subject, excerpt};
use crate::document::edit::{self, Edit, EditError};
use crate::document::{Document, Route, ScalarStyle};
use crate::finding::Severity;
use crate::ids::CommitSha;
use crate::route;

pub(super) static RULE: Rule = Rule {
    id: "malformed-commit",
    summary: "`source.commit` is not a full commit id",
    explanation: "\
## What
`source.commit` is something else than the 40 hexadecimal digits of a commit, in lower case.

## Why
Only the full id names one commit for ever. A branch or tag can be moved to other code after the audit, an abbreviated
id can come to mean another commit, and programs that compare ids byte by byte miss one in capitals.

## How to fix
Write the full id: `git rev-parse <what is there now>` in a clone prints it. If all its characters are digits, put it
in quotes, or other readers of YAML take it for a number. `validate --fix` mends capitals and quotes.

## Source
The reference validator's `isCommitPinnedIfNecessary`, which lets capitals pass and looks at entries of type `server`
only.
",
    severity: Severity::Error,
    needs: &[],
    check: Check::Manifest(check),
    fix: Some(Fix::Edit(fix)),
};

fn commit_route() -> Route {
    route!["source", "commit"]
}

fn check(subject: &Subject<'_>, document: &Document, sink: &mut Sink<'_>) {
    let Some(commit) = subject.manifest().source.commit.as_deref() else { return };
    if CommitSha::parse(commit).is_ok() {
        if commit.bytes().all(|digit| digit == b'0') {
            sink.value(commit_route(), "no commit has this id: Git writes it where there is none")
                .help("write the 40 digits of the audited commit; `git rev-parse` prints them")
                .not_fixable();
            return;
        }
        if lacks_quotes(document, commit) {
            sink.value(commit_route(), "without quotes, many readers of YAML take this commit for a number")
                .help(format!("write `commit: \"{commit}\"`"))
                .at_most(Severity::Warning);
        }
        return;
    }
    if CommitSha::parse(&commit.to_ascii_lowercase()).is_ok() {
        sink.value(commit_route(), "the commit is written in capitals")
            .help(format!("write `commit: {}`", commit.to_ascii_lowercase()));
        return;
    }
    sink.value(commit_route(), format!("`{}` is not a commit: {}", excerpt(commit), what_it_is(commit)))
        .help("write the 40 digits of the audited commit; `git rev-parse` prints them")
        .not_fixable();
}

/// What stands where a commit should: the most likely mistake, in words.
fn what_it_is(commit: &str) -> String {
    let is_hex = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_hexdigit());
    let digits = commit.chars().count();
    if is_hex(commit) {
        return match digits {
            ..7 => format!("it has {digits} digits of 40"),
            7..40 => format!("it is abbreviated to {digits} digits, and may come to mean another one"),
            64 => "it has 64 digits, as the id of an image or a file has".to_owned(),
            _ => format!("it has {digits} digits, not 40"),
        };
    }
    if commit.starts_with("sha256:") {
        return "it is the digest of an image".to_owned();
    }
    if commit.contains("://") {
        return "it is an address".to_owned();
    }
    if commit.starts_with('-') {
        return "it is an option for a command".to_owned();
    }
    if commit.trim() != commit && is_hex(commit.trim()) {
        return "there are blanks around it".to_owned();
    }
    if digits == 40
        && let Some((at, wrong)) = commit.chars().enumerate().find(|(_, character)| !character.is_ascii_hexdigit())
        && commit.chars().all(|character| character.is_ascii_alphanumeric())
    {
        return format!("character {} is `{wrong}`, which is no hexadecimal digit", at + 1);
    }
    let version = commit.strip_prefix('v').unwrap_or(commit);
    if commit.starts_with("refs/tags/") || version.starts_with(|c: char| c.is_ascii_digit()) && version.contains('.') {
        return "it is a tag, which can be moved".to_owned();
    }
    if is_name(commit) {
        return "it is the name of a branch or tag, which moves".to_owned();
    }
    "a commit has 40 hexadecimal digits".to_owned()
}

/// Whether Git would take it for the name of a branch or tag, roughly.
fn is_name(text: &str) -> bool {
    text.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.' | '/'))
}

/// Whether some reader of YAML takes a commit without quotes for a number: decimal, with an exponent, or binary.
fn looks_like_number(commit: &str) -> bool {
    let digits = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    let (mantissa, exponent) = commit.split_once('e').unwrap_or((commit, "0"));
    let is_binary = commit.strip_prefix("0b").is_some_and(|bits| bits.bytes().all(|bit| matches!(bit, b'0' | b'1')));
    digits(mantissa) && digits(exponent) || is_binary
}

/// Whether the commit is written without quotes and looks like a number.
fn lacks_quotes(document: &Document, commit: &str) -> bool {
    let scalar = document.at(&commit_route()).and_then(|node| node.scalar());
    scalar.is_some_and(|scalar| scalar.style == ScalarStyle::Plain && scalar.tag.is_none()) && looks_like_number(commit)
}

fn fix(subject: &Subject<'_>, document: &Document) -> Result<Vec<Edit>, EditError> {
    let Some(commit) = subject.manifest().source.commit.as_deref() else { return Ok(Vec::new()) };
    let lower = commit.to_ascii_lowercase();
    if CommitSha::parse(&lower).is_err() {
        return Ok(Vec::new());
    }
    Ok(match (lower == commit, lacks_quotes(document, &lower)) {
        (true, false) => Vec::new(),
        (true, true) => vec![edit::quote_scalar(document, &commit_route())?],
        // Writes quotes where the text would be a number without them.
        (false, _) => vec![edit::replace_scalar(document, &commit_route(), &lower)?],
    })
}

#[cfg(test)]
mod tests {
    use super::what_it_is;
    use crate::validate::testing::{case, findings, rendered};

    fn pinned(commit: &str) -> String {
        format!("name: x\ntype: server\nsource:\n  project: https://github.com/a/b\n  commit: {commit} # audited\n")
    }

    const SHA: &str = "b4ee623039a6c60053ce67269701ad9e95073306";

    #[test]
    fn a_branch_is_no_commit() {
        insta::assert_snapshot!(rendered("malformed-commit", "x", &pinned("latest")), @"
        error[malformed-commit]: `latest` is not a commit: it is the name of a branch or tag, which moves
         --> servers/x/server.yaml:5:11
          |
        5 |   commit: latest # audited
          |           ^^^^^^
          |
          = help: write the 40 digits of the audited commit; `git rev-parse` prints them
        ");
        insta::assert_snapshot!(rendered("malformed-commit", "x", &pinned("b4ee623")), @"
        error[malformed-commit]: `b4ee623` is not a commit: it is abbreviated to 7 digits, and may come to mean another one
         --> servers/x/server.yaml:5:11
          |
        5 |   commit: b4ee623 # audited
          |           ^^^^^^^
          |
          = help: write the 40 digits of the audited commit; `git rev-parse` prints them
        ");
    }

    #[test]
    fn the_id_of_no_commit_is_none() {
        let none = "0".repeat(40);
        for written in [none.clone(), format!("\"{none}\"")] {
            let said = rendered("malformed-commit", "x", &pinned(&written));
            assert!(said.starts_with("error[malformed-commit]: no commit has this id"), "{said}");
        }
    }

    #[test]
    fn capitals_and_numbers_are_mended() {
        let capitals = pinned(&SHA.to_uppercase());
        insta::assert_snapshot!(rendered("malformed-commit", "x", &capitals), @"
        error[malformed-commit]: the commit is written in capitals
         --> servers/x/server.yaml:5:11
          |
        5 |   commit: B4EE623039A6C60053CE67269701AD9E95073306 # audited
          |           ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
          |
          = help: write `commit: b4ee623039a6c60053ce67269701ad9e95073306`
        ");
        assert_eq!(case("malformed-commit", "x", &capitals).fixed(), pinned(SHA));

        let digits = "1".repeat(40);
        insta::assert_snapshot!(rendered("malformed-commit", "x", &pinned(&digits)), @r#"
        warning[malformed-commit]: without quotes, many readers of YAML take this commit for a number
         --> servers/x/server.yaml:5:11
          |
        5 |   commit: 1111111111111111111111111111111111111111 # audited
          |           ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
          |
          = help: write `commit: "1111111111111111111111111111111111111111"`
        "#);
        assert_eq!(case("malformed-commit", "x", &pinned(&digits)).fixed(), pinned(&format!("\"{digits}\"")));
        for number in [format!("12e{}", "4".repeat(37)), format!("0b{}", "10".repeat(19))] {
            let quoted = pinned(&format!("\"{number}\""));
            assert_eq!(case("malformed-commit", "x", &pinned(&number)).fixed(), quoted);
            assert_eq!(
                case("malformed-commit", "x", &pinned(&number.to_uppercase().replace('B', "b"))).fixed(),
                quoted
            );
        }
    }

    #[test]
    fn what_cannot_be_a_commit_is_not_touched() {
        let case = case("malformed-commit", "x", &pinned("main"));
        assert!(case.findings().iter().all(|finding| !finding.fixable));
        assert_eq!(case.fixed(), pinned("main"));
    }

    #[test]
    fn the_message_says_what_it_is_instead() {
        let said: Vec<String> = [
            "abc",
            "b4ee623",
            &SHA[1..],
            &format!("{SHA}0"),
            &"0".repeat(64),
            "sha256:00",
            "https://github.com/a/b",
            "--upload-pack=x",
            " b4ee623",
            &SHA.replace("39", "3g"),
            "v1.2.3",
            "2025.4.24",
            "refs/tags/x",
            "main",
            "HEAD^1",
            "ünïcode",
        ]
        .map(what_it_is)
        .into();
        insta::assert_snapshot!(said.join("\n"), @"
        it has 3 digits of 40
        it is abbreviated to 7 digits, and may come to mean another one
        it is abbreviated to 39 digits, and may come to mean another one
        it has 41 digits, not 40
        it has 64 digits, as the id of an image or a file has
        it is the digest of an image
        it is an address
        it is an option for a command
        there are blanks around it
        character 10 is `g`, which is no hexadecimal digit
        it is a tag, which can be moved
        it is a tag, which can be moved
        it is a tag, which can be moved
        it is the name of a branch or tag, which moves
        a commit has 40 hexadecimal digits
        a commit has 40 hexadecimal digits
        ");
    }

    #[test]
    fn a_full_commit_is_fine_however_it_is_quoted() {
        for right in [SHA, &format!("'{SHA}'"), &format!("\"{}\"", "1".repeat(40))] {
            assert_eq!(findings("malformed-commit", "x", &pinned(right)), 0, "{right}");
        }
        // Whether there must be one is the matter of `unpinned-source`.
        assert_eq!(findings("malformed-commit", "x", "type: server\nsource: {commit: ''}\n"), 0);
        assert_eq!(findings("malformed-commit", "x", "type: remote\n"), 0);
    }

    #[test]
    fn a_pin_that_nobody_needs_must_still_be_one() {
        assert_eq!(findings("malformed-commit", "x", "type: remote\nsource: {commit: main}\n"), 1);
    }
}
