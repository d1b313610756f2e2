//! `unavailable-fact`: the findings are made by [`crate::validate::judge`].

use super::{Check, Rule};
use crate::finding::Severity;

pub(super) static RULE: Rule = Rule {
    id: "unavailable-fact",
    summary: "something that `--online` asked about an entry was not answered",
    explanation: "\
## What
A service did not answer, or answered with an error that may pass: a time-out, a rate limit, a status of 500 and above.

## Why
The rules that need the answer said nothing about the entry. That must not look like a pass, and one service that is
down must not fail every entry either: so it is a note, and an error under `--strict`.

## How to fix
Run again later. For rate limits, set `GITHUB_TOKEN`.

## Source
Ours. The reference's checks stop at the first answer that does not come, or take it for a pass.
",
    severity: Severity::Note,
    needs: &[],
    check: Check::Run,
    fix: None,
};

#[cfg(test)]
mod tests {
    use crate::finding::Severity;
    use crate::validate::facts::{Branch, Fact, Facts};
    use crate::validate::testing::case;

    fn facts() -> Facts {
        Facts {
            icon: Fact::Unavailable("timed out after 20 s".into()),
            image: Fact::Unavailable("status 503".into()),
            branch: Fact::Known(Branch::Missing),
            ..Facts::default()
        }
    }

    #[test]
    fn every_answer_that_did_not_come_is_a_note() {
        let case = case("unavailable-fact", "x", "name: x\n").facts(facts());
        insta::assert_snapshot!(case.rendered(), @"
        note[unavailable-fact]: could not find out about the icon: timed out after 20 s
        --> servers/x/server.yaml
         = help: run again later; what depends on this was not judged

        note[unavailable-fact]: could not find out about the image: status 503
        --> servers/x/server.yaml
         = help: run again later; what depends on this was not judged
        ");
        assert!(case.findings().iter().all(|finding| finding.severity == Severity::Note));
    }

    #[test]
    fn strict_runs_do_not_accept_it() {
        let case = case("unavailable-fact", "x", "name: x\n").facts(facts()).strict();
        assert_eq!(case.findings().iter().filter(|finding| finding.severity == Severity::Error).count(), 2);
    }

    #[test]
    fn what_nobody_asked_is_not_missing() {
        assert_eq!(case("unavailable-fact", "x", "name: x\n").count(), 0);
    }
}
