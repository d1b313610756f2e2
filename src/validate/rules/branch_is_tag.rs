//! `branch-is-tag`

use super::{Check, Rule, Sink, Subject};
use crate::document::Document;
use crate::finding::Severity;
use crate::route;
use crate::validate::facts::{Branch, Fact, Need};

pub(super) static RULE: Rule = Rule {
    id: "branch-is-tag",
    summary: "`source.branch` names a tag, so the pin never moves",
    explanation: "\
## What
The name in `source.branch` is no branch of the repository, but a tag.

## Why
A tag stays where it is. The pin follows the branch, so with a tag in its place it never moves again, and security fixes
never arrive.

## How to fix
Name the branch that releases are made from, or remove `source.branch` to follow the default branch. `source.commit`
already says which commit is built.

## Source
Docker's registry has entries whose pins froze in this way without anybody noticing.
",
    severity: Severity::Warning,
    needs: &[Need::Branch],
    check: Check::Manifest(check),
    fix: None,
};

fn check(subject: &Subject<'_>, _: &Document, sink: &mut Sink<'_>) {
    if subject.facts.branch == Fact::Known(Branch::Tag) {
        let branch = subject.manifest().source.branch.as_deref().unwrap_or_default();
        sink.value(route!["source", "branch"], format!("`{branch}` is a tag, not a branch: the pin never moves"))
            .help("name the branch that releases are made from, or remove the line to follow the default branch");
    }
}

#[cfg(test)]
mod tests {
    use crate::validate::facts::{Branch, Fact, Facts};
    use crate::validate::testing::{Case, PINNED, case};

    fn judged(fact: Fact<Branch>) -> Case {
        case("branch-is-tag", "x", PINNED).facts(Facts { branch: fact, ..Facts::default() })
    }

    #[test]
    fn a_tag_is_found() {
        insta::assert_snapshot!(judged(Fact::Known(Branch::Tag)).rendered(), @"
        warning[branch-is-tag]: `stable` is a tag, not a branch: the pin never moves
         --> servers/x/server.yaml:5:11
          |
        5 |   branch: stable
          |           ^^^^^^
          |
          = help: name the branch that releases are made from, or remove the line to follow the default branch
        ");
    }

    #[test]
    fn a_branch_is_fine() {
        assert_eq!(judged(Fact::Known(Branch::Branch)).count(), 0);
    }

    #[test]
    fn a_missing_branch_is_another_matter() {
        assert_eq!(judged(Fact::Known(Branch::Missing)).count(), 0);
        assert_eq!(judged(Fact::NotGathered).count(), 0);
    }
}
