//! `license-missing`

use super::{Check, Rule, Sink, Subject};
use crate::document::Document;
use crate::finding::Severity;
use crate::route;
use crate::validate::facts::{Fact, Need, Repository};

pub(super) static RULE: Rule = Rule {
    id: "license-missing",
    summary: "the repository has no licence",
    explanation: "\
## What
The host of `source.project` finds no licence file in the repository.

## Why
Without a licence nobody but the author has a right to copy the code, and the registry's images are copies.

## How to fix
Ask the authors to add a licence file to the root of their repository: the entry can come back on that day. A licence
that is there but not recognised is a finding of `license-forbidden`.

## Source
GitHub's `license` of a repository, which is empty when there is no licence file. The reference validator lets such
repositories through.
",
    severity: Severity::Error,
    needs: &[Need::Repository],
    check: Check::Manifest(check),
    fix: None,
};

fn check(subject: &Subject<'_>, _: &Document, sink: &mut Sink<'_>) {
    if let Fact::Known(Repository::Found { license: None, url, .. }) = &subject.facts.repository {
        sink.value(route!["source", "project"], format!("the repository {url} has no licence"))
            .help("ask its authors to add a licence file; without one nobody may redistribute the code");
    }
}

#[cfg(test)]
mod tests {
    use crate::validate::facts::{Fact, Facts, Repository};
    use crate::validate::testing::{Case, PINNED, case};

    fn found(license: Option<&str>) -> Facts {
        let repository = Repository::Found {
            url: "https://github.com/acme/x".into(),
            archived: false,
            license: license.map(Into::into),
            default_branch: "main".into(),
        };
        Facts { repository: Fact::Known(repository), ..Facts::default() }
    }

    fn judged(license: Option<&str>) -> Case {
        case("license-missing", "x", PINNED).facts(found(license))
    }

    #[test]
    fn no_licence_is_found() {
        insta::assert_snapshot!(judged(None).rendered(), @"
        error[license-missing]: the repository https://github.com/acme/x has no licence
         --> servers/x/server.yaml:4:12
          |
        4 |   project: https://github.com/acme/x
          |            ^^^^^^^^^^^^^^^^^^^^^^^^^
          |
          = help: ask its authors to add a licence file; without one nobody may redistribute the code
        ");
    }

    #[test]
    fn a_licence_is_fine_whichever_it_is() {
        assert_eq!(judged(Some("MIT")).count(), 0);
        assert_eq!(judged(Some("AGPL-3.0-only")).count(), 0);
    }

    #[test]
    fn an_unrecognised_licence_is_not_a_missing_one_and_neither_is_that_of_a_missing_repository() {
        assert_eq!(judged(Some("NOASSERTION")).count(), 0);
        let gone = Facts { repository: Fact::Known(Repository::Missing), ..Facts::default() };
        assert_eq!(case("license-missing", "x", PINNED).facts(gone).count(), 0);
    }
}
