//! `branch-is-commit`

use super::{Check, Rule, Sink, Subject};
use crate::document::Document;
use crate::finding::Severity;
use crate::route;

pub(super) static RULE: Rule = Rule {
    id: "branch-is-commit",
    summary: "`source.branch` is a commit, so the pin never moves",
    explanation: "\
## What
`source.branch` is the id of a commit, in full (40 hexadecimal digits) or cut short (7 or more, with both letters and
digits among them).

## Why
The branch says where the pin goes next. A commit goes nowhere: no update is ever found, security fixes included, and
nobody is told.

## How to fix
Put the id into `source.commit`, and the branch it is on into `source.branch`; or remove `source.branch` to follow the
repository's default branch.

## Source
Git refuses to make a branch whose name is a whole commit id (`git help check-ref-format` and `git branch`).
",
    severity: Severity::Warning,
    needs: &[],
    check: Check::Manifest(check),
    fix: None,
};

fn check(subject: &Subject<'_>, _: &Document, sink: &mut Sink<'_>) {
    let Some(branch) = &subject.manifest().source.branch else { return };
    let message = match kind(branch) {
        Kind::Name => return,
        Kind::Commit => "`source.branch` is a commit and no branch: the pin never moves",
        Kind::ShortCommit => "`source.branch` looks like a commit that was cut short: the pin would never move",
    };
    sink.value(route!["source", "branch"], message).help(
        "name the branch that the commit is on, or remove the line to follow the default branch; \
         the commit belongs into `source.commit`",
    );
}

enum Kind {
    Name,
    Commit,
    ShortCommit,
}

fn kind(branch: &str) -> Kind {
    let is_hex = branch.bytes().all(|byte| byte.is_ascii_hexdigit());
    let is_mixed = || branch.bytes().any(|b| b.is_ascii_digit()) && branch.bytes().any(|b| b.is_ascii_alphabetic());
    match branch.len() {
        // SHA-1 and SHA-256.
        40 | 64 if is_hex => Kind::Commit,
        // Git shows at least seven. Digits alone are a date or a version, letters alone may be a word.
        7..40 if is_hex && is_mixed() => Kind::ShortCommit,
        _ => Kind::Name,
    }
}

#[cfg(test)]
mod tests {
    use crate::validate::testing::{findings, rendered};

    fn of(branch: &str) -> usize {
        findings("branch-is-commit", "x", &format!("source: {{branch: '{branch}'}}\n"))
    }

    #[test]
    fn commits_are_found() {
        let yaml = "name: x\nsource:\n  branch: b4ee623039a6c60053ce67269701ad9e95073306\n";
        insta::assert_snapshot!(rendered("branch-is-commit", "x", yaml), @"
        warning[branch-is-commit]: `source.branch` is a commit and no branch: the pin never moves
         --> servers/x/server.yaml:3:11
          |
        3 |   branch: b4ee623039a6c60053ce67269701ad9e95073306
          |           ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
          |
          = help: name the branch that the commit is on, or remove the line to follow the default branch; the commit belongs into `source.commit`
        ");
        insta::assert_snapshot!(rendered("branch-is-commit", "x", "name: x\nsource:\n  branch: b4ee623\n"), @"
        warning[branch-is-commit]: `source.branch` looks like a commit that was cut short: the pin would never move
         --> servers/x/server.yaml:3:11
          |
        3 |   branch: b4ee623
          |           ^^^^^^^
          |
          = help: name the branch that the commit is on, or remove the line to follow the default branch; the commit belongs into `source.commit`
        ");
        assert_eq!(of(&"0".repeat(40)), 1);
    }

    #[test]
    fn branches_are_fine() {
        for branch in ["main", "v0.4.0", "2025.4.24", "release/b4ee623"] {
            assert_eq!(of(branch), 0, "{branch}");
        }
    }

    #[test]
    fn dates_and_words_are_no_commits() {
        for branch in ["20250424", "deadbeef", "feedface", "b4ee62", "b4ee623039a6c60053ce67269701ad9e950733067"] {
            assert_eq!(of(branch), 0, "{branch}");
        }
    }
}
