//! `moved-repository`

use super::{Check, Rule, Sink, Subject};
use crate::document::Document;
use crate::finding::Severity;
use crate::route;
use crate::validate::facts::{Fact, Need, Repository};

pub(super) static RULE: Rule = Rule {
    id: "moved-repository",
    summary: "the repository has moved to another address",
    explanation: "\
## What
The host answers for `source.project` with a repository of another owner or name. A difference in letter case, in a
final `/` or in `.git` is none.

## Why
The old address works only until somebody else takes the old name. From then on the entry names a stranger's
repository, and pins would follow it.

## How to fix
Find out whether the move was meant: a project that changed hands is worth a new audit. Then write the new address in
`source.project`.

## Source
GitHub answers `GET /repos/{owner}/{repo}` with a redirect after a rename or transfer. Taking over old names is known as
repo jacking.
",
    severity: Severity::Warning,
    needs: &[Need::Repository],
    check: Check::Manifest(check),
    fix: None,
};

fn check(subject: &Subject<'_>, _: &Document, sink: &mut Sink<'_>) {
    let Fact::Known(Repository::Found { url, .. }) = &subject.facts.repository else { return };
    let Some(project) = subject.manifest().source.project.as_deref() else { return };
    if address(project) != address(url) {
        sink.value(route!["source", "project"], format!("the repository has moved to {url}"))
            .label("the old address")
            .help("check that the new owner is meant, then write the new address here");
    }
}

/// What of an address names the repository.
fn address(url: &str) -> String {
    let url = url.trim_end_matches('/').to_ascii_lowercase();
    let url = url.strip_suffix(".git").unwrap_or(&url);
    url.replacen("://www.github.com/", "://github.com/", 1)
}

#[cfg(test)]
mod tests {
    use crate::validate::facts::{Fact, Facts, Repository};
    use crate::validate::testing::{Case, case};

    fn judged(project: &str, url: &str) -> Case {
        let repository =
            Repository::Found { url: url.into(), archived: false, license: None, default_branch: "main".into() };
        let yaml = format!("type: server\nsource:\n  project: {project}\n");
        case("moved-repository", "x", &yaml).facts(Facts { repository: Fact::Known(repository), ..Facts::default() })
    }

    #[test]
    fn another_owner_is_found() {
        let moved = judged("https://github.com/acme/x", "https://github.com/newcorp/x");
        insta::assert_snapshot!(moved.rendered(), @"
        warning[moved-repository]: the repository has moved to https://github.com/newcorp/x
         --> servers/x/server.yaml:3:12
          |
        3 |   project: https://github.com/acme/x
          |            ^^^^^^^^^^^^^^^^^^^^^^^^^ the old address
          |
          = help: check that the new owner is meant, then write the new address here
        ");
    }

    #[test]
    fn the_same_address_is_fine() {
        assert_eq!(judged("https://github.com/acme/x", "https://github.com/acme/x").count(), 0);
    }

    #[test]
    fn spelling_is_not_moving() {
        let today = "https://github.com/acme/x";
        for project in ["https://github.com/Acme/X", "https://github.com/acme/x/", "https://www.github.com/acme/x.git"]
        {
            assert_eq!(judged(project, today).count(), 0, "{project}");
        }
        assert_eq!(judged("https://github.com/acme/x.gitx", today).count(), 1);
    }
}
