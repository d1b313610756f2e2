//! `branch-is-pull-request`

use super::{Check, Rule, Sink, Subject, excerpt};
use crate::document::Document;
use crate::finding::Severity;
use crate::route;
use crate::validate::branch::{fault, pull_request};

pub(super) static RULE: Rule = Rule {
    id: "branch-is-pull-request",
    summary: "`source.branch` is a pull request or another ref that is no branch",
    explanation: "\
## What
`source.branch` is a pull or merge request (`refs/pull/7/merge`, `pull/7/head`, `merge-requests/7/head`), or a whole ref name
(`refs/…`) where the name of a branch is meant.

## Why
Anybody can open a pull request, and its author can push to it: the code behind such a ref was never accepted by the
repository's owners. `refs/pull/…/merge` is moreover a commit that GitHub makes anew whenever the base moves, and it
stops when the request is closed.

## How to fix
Name a branch of the repository. If the change is needed, wait until it is merged, or name the fork in `source.project` and
the original in `source.upstream`, so that everybody sees whose code it is.

## Source
GitHub's documentation on checking out pull requests: `refs/pull/` is read-only for the repository's owners and holds
what contributors push.
",
    severity: Severity::Error,
    needs: &[],
    check: Check::Manifest(check),
    fix: None,
};

fn check(subject: &Subject<'_>, _: &Document, sink: &mut Sink<'_>) {
    let Some(branch) = &subject.manifest().source.branch else { return };
    let shown = excerpt(branch);
    if let Some(number) = pull_request(branch) {
        sink.value(
            route!["source", "branch"],
            format!("`{shown}` is pull request {number}, not a branch: whoever opened it decides what is in it"),
        )
        .help("name a branch of the repository; if the change is needed, wait for its merge or name the fork as the project");
    } else if fault(branch).is_some() {
        // It names nothing at all: `invalid-branch` says why.
    } else if let Some(name) = branch.strip_prefix("refs/heads/").filter(|name| !name.starts_with("refs/")) {
        sink.value(route!["source", "branch"], format!("`{shown}` is a ref, where the name of a branch is meant"))
            .help(format!("write `{}`", excerpt(name)));
    } else if branch.starts_with("refs/") {
        sink.value(route!["source", "branch"], format!("`{shown}` is no branch"))
            .help("name a branch of the repository, or remove the line to follow the default branch");
    }
}

#[cfg(test)]
mod tests {
    use crate::validate::testing::{findings, rendered};

    fn of(branch: &str) -> usize {
        findings("branch-is-pull-request", "x", &format!("source: {{branch: '{branch}'}}\n"))
    }

    #[test]
    fn pull_requests_are_found() {
        let yaml = "name: x\nsource:\n  branch: refs/pull/7/merge\n";
        insta::assert_snapshot!(rendered("branch-is-pull-request", "x", yaml), @"
        error[branch-is-pull-request]: `refs/pull/7/merge` is pull request 7, not a branch: whoever opened it decides what is in it
         --> servers/x/server.yaml:3:11
          |
        3 |   branch: refs/pull/7/merge
          |           ^^^^^^^^^^^^^^^^^
          |
          = help: name a branch of the repository; if the change is needed, wait for its merge or name the fork as the project
        ");
        for branch in ["pull/24/head", "refs/pull/24", "merge-requests/3/head", "pull-requests/1/from"] {
            assert_eq!(of(branch), 1, "{branch}");
        }
    }

    #[test]
    fn what_stands_before_the_name_hides_no_pull_request() {
        for before in ["+", "^", "/", " ", "+/"] {
            assert_eq!(of(&format!("{before}refs/pull/1/head")), 1, "{before}");
        }
        assert_eq!(of("refs/heads/refs/pull/1/head"), 1);
        // `invalid-branch` says what is wrong.
        assert_eq!(of("refs/heads/../pull/1/head"), 0);
    }

    #[test]
    fn other_refs_are_no_branches() {
        let yaml = "name: x\nsource:\n  branch: refs/heads/main\n";
        insta::assert_snapshot!(rendered("branch-is-pull-request", "x", yaml), @"
        error[branch-is-pull-request]: `refs/heads/main` is a ref, where the name of a branch is meant
         --> servers/x/server.yaml:3:11
          |
        3 |   branch: refs/heads/main
          |           ^^^^^^^^^^^^^^^
          |
          = help: write `main`
        ");
        insta::assert_snapshot!(rendered("branch-is-pull-request", "x", "source: {branch: refs/tags/v1}\n"), @"
        error[branch-is-pull-request]: `refs/tags/v1` is no branch
         --> servers/x/server.yaml:1:18
          |
        1 | source: {branch: refs/tags/v1}
          |                  ^^^^^^^^^^^^
          |
          = help: name a branch of the repository, or remove the line to follow the default branch
        ");
    }

    #[test]
    fn branches_are_fine() {
        for branch in ["main", "docker-mcp-registry", "release/2.0"] {
            assert_eq!(of(branch), 0, "{branch}");
        }
    }

    #[test]
    fn branches_that_are_called_like_pull_requests_are_branches() {
        for branch in ["pull/7", "pull/x/head", "feature/pull/7/head", "pull/7/head/more", "refs-pull-7"] {
            assert_eq!(of(branch), 0, "{branch}");
        }
    }
}
