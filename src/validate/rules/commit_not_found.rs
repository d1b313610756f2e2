//! `commit-not-found`

use super::{Check, Rule, Sink, Subject};
use crate::document::Document;
use crate::finding::{Anchor, Severity};
use crate::route;
use crate::validate::facts::{Commit, Fact, Need, Repository};

pub(super) static RULE: Rule = Rule {
    id: "commit-not-found",
    summary: "the repository, or the pinned commit in it, does not exist",
    explanation: "\
## What
The host of `source.project` has no such repository, or the repository does not have the commit that `source.commit`
names. A repository that is not public counts as none.

## Why
Nothing can be built from it, and nobody can look at what was audited. It happens when a repository is deleted or made
private, when its history is rewritten, and when a commit id is copied with a mistake.

## How to fix
Open the repository in a browser. If it is gone, remove the entry or name the repository that took its place. If only
the commit is gone, audit a commit that exists and pin that one.

## Source
GitHub's `GET /repos/{owner}/{repo}/git/commits/{sha}`, which, unlike `commits/{ref}`, takes no branch names.
",
    severity: Severity::Error,
    needs: &[Need::Repository, Need::Commit],
    check: Check::Manifest(check),
    fix: None,
};

fn check(subject: &Subject<'_>, _: &Document, sink: &mut Sink<'_>) {
    let source = &subject.manifest().source;
    if subject.facts.repository == Fact::Known(Repository::Missing) {
        let project = source.project.as_deref().unwrap_or_default();
        sink.value(route!["source", "project"], format!("there is no public repository at {project}"))
            .help("correct the address, or remove the entry if the repository is gone");
    } else if subject.facts.commit == Fact::Known(Commit::Missing) {
        let commit = source.commit.as_deref().unwrap_or_default();
        sink.value(route!["source", "commit"], format!("the repository does not have the commit {commit}"))
            .label("not in the repository")
            .also(Anchor::Value(route!["source", "project"]), "this repository was asked")
            .help("pin a commit that exists: audit the newest one and write its id here");
    }
}

#[cfg(test)]
mod tests {
    use crate::validate::facts::{Commit, Fact, Facts, Repository};
    use crate::validate::testing::{Case, PINNED, case};

    fn judged(repository: Fact<Repository>, commit: Fact<Commit>) -> Case {
        case("commit-not-found", "x", PINNED).facts(Facts { repository, commit, ..Facts::default() })
    }

    #[test]
    fn a_commit_that_nobody_has_is_found() {
        insta::assert_snapshot!(judged(Fact::NotGathered, Fact::Known(Commit::Missing)).rendered(), @"
        error[commit-not-found]: the repository does not have the commit b4ee623039a6c60053ce67269701ad9e95073306
         --> servers/x/server.yaml:8:11
          |
        4 |   project: https://github.com/acme/x
          |            ------------------------- this repository was asked
        ...
        8 |   commit: b4ee623039a6c60053ce67269701ad9e95073306
          |           ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ not in the repository
          |
          = help: pin a commit that exists: audit the newest one and write its id here
        ");
    }

    #[test]
    fn a_repository_that_is_gone_is_found_once() {
        let gone = judged(Fact::Known(Repository::Missing), Fact::Known(Commit::Missing));
        insta::assert_snapshot!(gone.rendered(), @"
        error[commit-not-found]: there is no public repository at https://github.com/acme/x
         --> servers/x/server.yaml:4:12
          |
        4 |   project: https://github.com/acme/x
          |            ^^^^^^^^^^^^^^^^^^^^^^^^^
          |
          = help: correct the address, or remove the entry if the repository is gone
        ");
    }

    #[test]
    fn a_commit_on_a_branch_is_fine() {
        assert_eq!(judged(Fact::NotGathered, Fact::Known(Commit::OnRef("main".into()))).count(), 0);
    }

    #[test]
    fn not_knowing_is_not_missing() {
        assert_eq!(judged(Fact::Unavailable("rate limit".into()), Fact::Unavailable("rate limit".into())).count(), 0);
        assert_eq!(judged(Fact::NotGathered, Fact::Known(Commit::Impostor)).count(), 0);
    }
}
