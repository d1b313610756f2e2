//! `invalid-branch`

use super::{Check, Rule, Sink, Subject, excerpt};
use crate::document::Document;
use crate::finding::Severity;
use crate::route;
use crate::validate::branch::{fault, pull_request};

pub(super) static RULE: Rule = Rule {
    id: "invalid-branch",
    summary: "`source.branch` is a text that no branch can be called",
    explanation: "\
## What
`source.branch` is not a name that Git accepts for a branch: it begins with `-`, has a blank, a control character, `..`, `@{`
or one of `~ ^ : ? * [ \\` in it, begins or ends with a slash, or breaks another rule of Git's.

## Why
Programs give the name to Git. What is no name means something else there: `--upload-pack=x` is an option that runs a
program, `+refs/…` and `main:x` write to refs, `main^` and `a..b` are other commits.

## How to fix
Write the name as the host shows it in its list of branches, or remove the line to follow the default branch.

## Source
`git help check-ref-format`, as `git check-ref-format --branch` applies it.
",
    severity: Severity::Error,
    needs: &[],
    check: Check::Manifest(check),
    fix: None,
};

fn check(subject: &Subject<'_>, _: &Document, sink: &mut Sink<'_>) {
    let Some(branch) = &subject.manifest().source.branch else { return };
    // Without a name the default branch is followed.
    if branch.is_empty() || pull_request(branch).is_some() {
        return;
    }
    if let Some(why) = fault(branch) {
        sink.value(route!["source", "branch"], format!("`{}` cannot be the name of a branch: {why}", excerpt(branch)))
            .help("write the name as the host lists it, or remove the line to follow the default branch");
    }
}

#[cfg(test)]
mod tests {
    use crate::validate::testing::{findings, rendered};

    fn of(branch: &str) -> usize {
        findings("invalid-branch", "x", &format!("source: {{branch: {branch:?}}}\n"))
    }

    #[test]
    fn options_and_refspecs_are_no_names() {
        let shown = |branch: &str| rendered("invalid-branch", "x", &format!("name: x\nsource:\n  branch: {branch}\n"));
        insta::assert_snapshot!(shown("--upload-pack=x"), @"
        error[invalid-branch]: `--upload-pack=x` cannot be the name of a branch: with `-` it begins like an option
         --> servers/x/server.yaml:3:11
          |
        3 |   branch: --upload-pack=x
          |           ^^^^^^^^^^^^^^^
          |
          = help: write the name as the host lists it, or remove the line to follow the default branch
        ");
        insta::assert_snapshot!(shown("\"a\\n::error::b\""), @r#"
        error[invalid-branch]: `a\n::error::b` cannot be the name of a branch: it has a control character
         --> servers/x/server.yaml:3:11
          |
        3 |   branch: "a\n::error::b"
          |           ^^^^^^^^^^^^^^^
          |
          = help: write the name as the host lists it, or remove the line to follow the default branch
        "#);
    }

    #[test]
    fn what_git_refuses_is_found() {
        let refused = [
            "main:x",
            "main^",
            "main~1",
            "a b",
            "*",
            "a?",
            "[a",
            "a\\b",
            "a..b",
            "a//b",
            "/a",
            "a/",
            "a.",
            ".a",
            "a/.b",
            "a.lock",
            "a.lock/b",
            "a@{1}",
            "@",
            "HEAD",
            "+a:b",
            "refs/heads/../pull/1/head",
        ];
        for branch in refused {
            assert_eq!(of(branch), 1, "{branch}");
        }
    }

    #[test]
    fn names_that_git_takes_are_fine() {
        for branch in ["main", "release/2.0", "a-b_c.d", "+a", "a@b", "feature/#1", "é", "head", "a.locked", "x{y}", ""]
        {
            assert_eq!(of(branch), 0, "{branch}");
        }
    }

    #[test]
    fn pull_requests_have_their_own_rule() {
        for branch in ["refs/pull/1/head", "+refs/pull/1/head", "/refs/pull/1/head", " refs/pull/1/head"] {
            assert_eq!(of(branch), 0, "{branch}");
        }
    }
}
