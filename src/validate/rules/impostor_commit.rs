//! `impostor-commit`

use super::{Check, Rule, Sink, Subject};
use crate::document::Document;
use crate::finding::{Anchor, Severity};
use crate::route;
use crate::validate::facts::{Commit, Fact, Need};

pub(super) static RULE: Rule = Rule {
    id: "impostor-commit",
    summary: "the pinned commit is on no branch or tag of the repository",
    explanation: "\
## What
The host serves the pinned commit under the repository's name, but no branch or tag of the repository contains it.

## Why
GitHub keeps a repository and its forks in one store: anybody can fork a well-known repository, commit what they like,
and the commit can be fetched under the well-known name. A pin to such a commit builds a stranger's code while the entry
names a trusted project. The harmless case is a commit that was force-pushed away; it will be deleted some day.

## How to fix
Find out where the commit came from. If it is from a pull request that was merged by squashing, pin the commit that the
merge made. If it is from a fork that is meant, name the fork in `source.project`.

## Source
The attack is known as an imposter commit; GitHub shows such commits with the warning that it \"does not belong to
any branch on this repository\". It is decided by GitHub's compare API against every branch and tag, up to a bound; beyond
the bound nothing is claimed.
",
    severity: Severity::Error,
    needs: &[Need::Commit],
    check: Check::Manifest(check),
    fix: None,
};

fn check(subject: &Subject<'_>, _: &Document, sink: &mut Sink<'_>) {
    if subject.facts.commit == Fact::Known(Commit::Impostor) {
        let commit = subject.manifest().source.commit.as_deref().unwrap_or_default();
        sink.value(route!["source", "commit"], format!("the commit {commit} is on no branch or tag of the repository"))
            .label("a fork's commit, or one that was force-pushed away")
            .also(Anchor::Value(route!["source", "project"]), "none of the branches and tags here contains it")
            .help("find out whose commit this is, and pin one that the repository itself has");
    }
}

#[cfg(test)]
mod tests {
    use crate::validate::facts::{Commit, Fact, Facts};
    use crate::validate::testing::{Case, PINNED, case};

    fn judged(fact: Fact<Commit>) -> Case {
        case("impostor-commit", "x", PINNED).facts(Facts { commit: fact, ..Facts::default() })
    }

    #[test]
    fn a_commit_of_a_fork_is_found() {
        insta::assert_snapshot!(judged(Fact::Known(Commit::Impostor)).rendered(), @"
        error[impostor-commit]: the commit b4ee623039a6c60053ce67269701ad9e95073306 is on no branch or tag of the repository
         --> servers/x/server.yaml:8:11
          |
        4 |   project: https://github.com/acme/x
          |            ------------------------- none of the branches and tags here contains it
        ...
        8 |   commit: b4ee623039a6c60053ce67269701ad9e95073306
          |           ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ a fork's commit, or one that was force-pushed away
          |
          = help: find out whose commit this is, and pin one that the repository itself has
        ");
    }

    #[test]
    fn a_commit_on_a_tag_alone_is_fine() {
        assert_eq!(judged(Fact::Known(Commit::OnRef("v1.0.0".into()))).count(), 0);
    }

    #[test]
    fn a_commit_that_was_not_found_or_not_searched_to_the_end_is_no_impostor() {
        assert_eq!(judged(Fact::Known(Commit::Missing)).count(), 0);
        assert_eq!(judged(Fact::Unavailable("not on the first 50 branches and tags".into())).count(), 0);
        assert_eq!(judged(Fact::NotGathered).count(), 0);
    }
}
