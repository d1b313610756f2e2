//! `license-forbidden`

use super::{Check, Rule, Sink, Subject};
use crate::document::Document;
use crate::finding::Severity;
use crate::route;
use crate::validate::facts::{Fact, Need, Repository};
use spdx::{Expression, LicenseReq, Licensee};
use std::borrow::Cow;

pub(super) static RULE: Rule = Rule {
    id: "license-forbidden",
    summary: "the repository's licence is not one that the registry allows",
    explanation: "\
## What
The licence of the repository is an SPDX expression that the licences in `[licenses] allow` of `mcp-registry.toml` do not
satisfy. `A OR B` needs one of them, `A AND B` both; an exception (`WITH`) only adds permissions, so it never forbids.
A licence file that the host does not recognise (GitHub says `NOASSERTION`) is at most a warning: a person has to read it.

## Why
The registry redistributes the code in its images. Copyleft licences (GPL, LGPL, AGPL) put duties on whoever does so, and
source-available ones (SSPL, BUSL) forbid some of what users do.

## How to fix
If the licence is acceptable for every entry, add it to `[licenses] allow`. If it is acceptable for this one, waive this
finding and say why. For a licence that was not recognised, read it and waive this finding, or add `NOASSERTION` to the list.

## Source
GitHub's `license.spdx_id` of a repository, and the SPDX licence list. The reference validator compares prefixes, which lets
LGPL, SSPL and BUSL through.
",
    severity: Severity::Error,
    needs: &[Need::Repository],
    check: Check::Manifest(check),
    fix: None,
};

/// What GitHub says when there is a licence file that it does not recognise.
const UNRECOGNISED: &str = "NOASSERTION";

/// What a host or policy calls a licence, in SPDX's present form: GitHub's `LGPL-3.0` is `LGPL-3.0-only` today.
fn current(text: &str) -> Cow<'_, str> {
    match Expression::canonicalize(text) {
        Ok(Some(canonical)) => Cow::Owned(canonical),
        Ok(None) | Err(_) => Cow::Borrowed(text),
    }
}

fn check(subject: &Subject<'_>, _: &Document, sink: &mut Sink<'_>) {
    let Fact::Known(Repository::Found { license: Some(license), url, .. }) = &subject.facts.repository else { return };
    let allow = &subject.policy.settings.licenses.allow;
    if allow.contains(license) {
        return;
    }
    let project = route!["source", "project"];
    if license == UNRECOGNISED {
        sink.value(project, format!("the licence of {url} is not one that its host recognises"))
            .help("read the licence, and waive this finding if the registry may redistribute the code")
            .at_most(Severity::Warning);
        return;
    }
    let Ok(expression) = Expression::parse(&current(license)) else {
        sink.value(project, format!("the licence `{license}` of {url} is not an SPDX expression"))
            .help("read the licence, and waive this finding if the registry may redistribute the code");
        return;
    };
    let allowed: Vec<Licensee> = allow.iter().filter_map(|id| Licensee::parse(&current(id)).ok()).collect();
    if let Err(failures) = expression.evaluate_with_failures(|required| is_allowed(&allowed, required)) {
        let mut names: Vec<String> = failures.iter().map(|failure| format!("`{}`", failure.req)).collect();
        names.sort();
        names.dedup();
        sink.value(project, format!("the licence `{license}` of {url} is not allowed here"))
            .label(format!("{} not in the policy's list", names.join(", ")))
            .help("allow it in `[licenses]` of mcp-registry.toml, or waive this finding for this entry");
    }
}

fn is_allowed(allowed: &[Licensee], required: &LicenseReq) -> bool {
    let satisfied = |required: &LicenseReq| allowed.iter().any(|license| license.satisfies(required));
    // An exception from SPDX's list adds permissions to a licence and takes none away; a text of somebody's own may.
    let known_exception = required.addition.as_ref().is_some_and(|addition| addition.id().is_some());
    satisfied(required) || (known_exception && satisfied(&LicenseReq { addition: None, ..required.clone() }))
}

#[cfg(test)]
mod tests {
    use crate::finding::Severity;
    use crate::validate::facts::{Fact, Facts, Repository};
    use crate::validate::testing::{Case, case};

    const YAML: &str = "type: server\nsource:\n  project: https://github.com/acme/x\n";

    fn judged(license: &str) -> Case {
        let repository = Repository::Found {
            url: "https://github.com/acme/x".into(),
            archived: false,
            license: Some(license.into()),
            default_branch: "main".into(),
        };
        case("license-forbidden", "x", YAML).facts(Facts { repository: Fact::Known(repository), ..Facts::default() })
    }

    #[test]
    fn copyleft_and_source_available_licences_are_found() {
        insta::assert_snapshot!(judged("LGPL-3.0-only").rendered(), @"
        error[license-forbidden]: the licence `LGPL-3.0-only` of https://github.com/acme/x is not allowed here
         --> servers/x/server.yaml:3:12
          |
        3 |   project: https://github.com/acme/x
          |            ^^^^^^^^^^^^^^^^^^^^^^^^^ `LGPL-3.0-only` not in the policy's list
          |
          = help: allow it in `[licenses]` of mcp-registry.toml, or waive this finding for this entry
        ");
        for license in
            ["GPL-3.0", "AGPL-3.0", "LGPL-2.1", "SSPL-1.0", "BUSL-1.1", "GPL-2.0-or-later", "GPL-2.0+", "Elastic-2.0"]
        {
            assert_eq!(judged(license).count(), 1, "{license}");
        }
    }

    #[test]
    fn permissive_licences_are_fine() {
        for license in ["MIT", "Apache-2.0", "MPL-2.0", "0BSD", "Apache-2.0 WITH LLVM-exception", "Apache-2.0+"] {
            assert_eq!(judged(license).count(), 0, "{license}");
        }
    }

    #[test]
    fn expressions_are_evaluated() {
        assert_eq!(judged("GPL-3.0-only OR MIT").count(), 0);
        assert_eq!(judged("(GPL-3.0-only OR MIT) AND Apache-2.0").count(), 0);
        insta::assert_snapshot!(judged("MIT AND (SSPL-1.0 OR GPL-2.0-only WITH Classpath-exception-2.0)").rendered(), @"
        error[license-forbidden]: the licence `MIT AND (SSPL-1.0 OR GPL-2.0-only WITH Classpath-exception-2.0)` of https://github.com/acme/x is not allowed here
         --> servers/x/server.yaml:3:12
          |
        3 |   project: https://github.com/acme/x
          |            ^^^^^^^^^^^^^^^^^^^^^^^^^ `GPL-2.0-only WITH Classpath-exception-2.0`, `SSPL-1.0` not in the policy's list
          |
          = help: allow it in `[licenses]` of mcp-registry.toml, or waive this finding for this entry
        ");
        assert_eq!(judged("MIT WITH AdditionRef-not-for-you").count(), 1);
    }

    #[test]
    fn an_unrecognised_licence_is_a_warning() {
        insta::assert_snapshot!(judged("NOASSERTION").rendered(), @"
        warning[license-forbidden]: the licence of https://github.com/acme/x is not one that its host recognises
         --> servers/x/server.yaml:3:12
          |
        3 |   project: https://github.com/acme/x
          |            ^^^^^^^^^^^^^^^^^^^^^^^^^
          |
          = help: read the licence, and waive this finding if the registry may redistribute the code
        ");
        assert_eq!(judged("NOASSERTION").findings().first().map(|finding| finding.severity), Some(Severity::Warning));
        assert_eq!(judged("my own words").findings().first().map(|finding| finding.severity), Some(Severity::Error));
    }

    #[test]
    fn the_policy_decides() {
        let policy = "[licenses]\nallow = [\"LGPL-3.0-only\", \"NOASSERTION\"]\n";
        assert_eq!(judged("LGPL-3.0").policy(policy).count(), 0);
        assert_eq!(judged("NOASSERTION").policy(policy).count(), 0);
        assert_eq!(judged("MIT").policy(policy).count(), 1);
    }

    #[test]
    fn no_licence_is_another_matter() {
        let (url, default_branch) = ("https://github.com/acme/x".into(), "main".into());
        let repository = Repository::Found { url, archived: false, license: None, default_branch };
        let facts = Facts { repository: Fact::Known(repository), ..Facts::default() };
        assert_eq!(case("license-forbidden", "x", YAML).facts(facts).count(), 0);
    }
}
