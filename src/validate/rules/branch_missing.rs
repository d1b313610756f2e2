//! `branch-missing`

use super::{Check, Rule, Sink, Subject};
use crate::document::Document;
use crate::finding::Severity;
use crate::route;
use crate::validate::facts::{Branch, Fact, Need};

pub(super) static RULE: Rule = Rule {
    id: "branch-missing",
    summary: "the branch that the pin follows does not exist",
    explanation: "\
## What
The repository has no branch, and no tag either, of the name in `source.branch`.

## Why
The image is built from the pinned commit, so nothing breaks today. But the pin follows the branch: without one it never
moves again, and security fixes never arrive.

## How to fix
Name a branch that exists, or remove `source.branch` to follow the repository's default branch.

## Source
Docker's registry has entries whose pins froze in this way without anybody noticing.
",
    severity: Severity::Warning,
    needs: &[Need::Branch],
    check: Check::Manifest(check),
    fix: None,
};

fn check(subject: &Subject<'_>, _: &Document, sink: &mut Sink<'_>) {
    if subject.facts.branch == Fact::Known(Branch::Missing) {
        let branch = subject.manifest().source.branch.as_deref().unwrap_or_default();
        sink.value(route!["source", "branch"], format!("the repository has no branch `{branch}`"))
            .help("name a branch that exists, or remove the line to follow the default branch");
    }
}

#[cfg(test)]
mod tests {
    use crate::validate::facts::{Branch, Fact, Facts};
    use crate::validate::testing::{Case, PINNED, case};

    fn judged(fact: Fact<Branch>) -> Case {
        case("branch-missing", "x", PINNED).facts(Facts { branch: fact, ..Facts::default() })
    }

    #[test]
    fn a_name_that_names_nothing_is_found() {
        insta::assert_snapshot!(judged(Fact::Known(Branch::Missing)).rendered(), @"
        warning[branch-missing]: the repository has no branch `stable`
         --> servers/x/server.yaml:5:11
          |
        5 |   branch: stable
          |           ^^^^^^
          |
          = help: name a branch that exists, or remove the line to follow the default branch
        ");
    }

    #[test]
    fn a_branch_is_fine() {
        assert_eq!(judged(Fact::Known(Branch::Branch)).count(), 0);
    }

    #[test]
    fn a_tag_is_not_missing_and_neither_is_what_nobody_knows() {
        assert_eq!(judged(Fact::Known(Branch::Tag)).count(), 0);
        assert_eq!(judged(Fact::Unavailable("timeout".into())).count(), 0);
    }
}
