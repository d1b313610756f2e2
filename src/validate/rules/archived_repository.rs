//! `archived-repository`

use super::{Check, Rule, Sink, Subject};
use crate::document::Document;
use crate::finding::Severity;
use crate::route;
use crate::validate::facts::{Fact, Need, Repository};

pub(super) static RULE: Rule = Rule {
    id: "archived-repository",
    summary: "the repository is archived: nobody maintains it",
    explanation: "\
## What
The owner of the repository declared it read-only.

## Why
There will be no fixes, security ones included. The pin never moves again.

## How to fix
Look for the project's successor and name that; its readme often does. Otherwise waive this for as long as the server is
worth keeping without maintenance, with an expiry.

## Source
GitHub's `archived` of a repository.
",
    severity: Severity::Warning,
    needs: &[Need::Repository],
    check: Check::Manifest(check),
    fix: None,
};

fn check(subject: &Subject<'_>, _: &Document, sink: &mut Sink<'_>) {
    if let Fact::Known(Repository::Found { archived: true, url, .. }) = &subject.facts.repository {
        sink.value(route!["source", "project"], format!("the repository {url} is archived"))
            .help("name its successor, if it has one; there will be no more fixes here");
    }
}

#[cfg(test)]
mod tests {
    use crate::validate::facts::{Fact, Facts, Repository};
    use crate::validate::testing::{Case, PINNED, case};

    fn judged(archived: bool) -> Case {
        let (url, default_branch) = ("https://github.com/acme/x".into(), "main".into());
        let repository = Repository::Found { url, archived, license: None, default_branch };
        case("archived-repository", "x", PINNED)
            .facts(Facts { repository: Fact::Known(repository), ..Facts::default() })
    }

    #[test]
    fn a_read_only_repository_is_found() {
        insta::assert_snapshot!(judged(true).rendered(), @"
        warning[archived-repository]: the repository https://github.com/acme/x is archived
         --> servers/x/server.yaml:4:12
          |
        4 |   project: https://github.com/acme/x
          |            ^^^^^^^^^^^^^^^^^^^^^^^^^
          |
          = help: name its successor, if it has one; there will be no more fixes here
        ");
    }

    #[test]
    fn a_repository_that_can_be_written_is_fine() {
        assert_eq!(judged(false).count(), 0);
    }

    #[test]
    fn a_missing_repository_is_another_matter() {
        let gone = Facts { repository: Fact::Known(Repository::Missing), ..Facts::default() };
        assert_eq!(case("archived-repository", "x", PINNED).facts(gone).count(), 0);
    }
}
