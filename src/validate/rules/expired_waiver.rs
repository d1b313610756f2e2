//! `expired-waiver`: the findings are made by [`crate::validate::waivers`].

use super::{Check, Rule};
use crate::finding::Severity;

pub(super) static RULE: Rule = Rule {
    id: "expired-waiver",
    summary: "a waiver in mcp-registry.toml has passed its last day",
    explanation: "\
## What
The day in a waiver's `expires` is over. The waiver no longer excuses anything.

## Why
Somebody decided that the exception should end. From the next day on its findings count again, and the waiver itself
misleads whoever reads the policy.

## How to fix
Mend the entry and remove the `[[waivers]]` table; or decide anew, and set a later day with a reason that still holds.

## Source
Ours.
",
    severity: Severity::Error,
    needs: &[],
    check: Check::Run,
    fix: None,
};

#[cfg(test)]
mod tests {
    use crate::validate::testing::{Case, case};

    /// Today is 2026-01-02 in these tests.
    fn until(rule: &'static str, day: &str) -> Case {
        let policy =
            format!("[[waivers]]\nrule = \"title-style\"\nentry = \"x\"\nreason = \"its name\"\nexpires = \"{day}\"\n");
        case(rule, "x", "name: x\nabout:\n  title: curl\n").policy(&policy)
    }

    #[test]
    fn a_waiver_ends_after_its_last_day() {
        insta::assert_snapshot!(until("expired-waiver", "2026-01-01").rendered(), @"
        error[expired-waiver]: the waiver of `title-style` for `x` ended on 2026-01-01
         --> mcp-registry.toml:1:1
          |
        1 | [[waivers]]
          | ^^^^^^^^^^^
          |
          = help: mend the entry and remove the waiver, or decide anew and set a later `expires`
        ");
        assert!(until("title-style", "2026-01-01").findings().iter().all(|finding| finding.waived.is_none()));
    }

    #[test]
    fn on_its_last_day_it_counts() {
        assert_eq!(until("expired-waiver", "2026-01-02").count(), 0);
        assert!(until("title-style", "2026-01-02").findings().iter().all(|finding| finding.waived.is_some()));
    }

    #[test]
    fn an_expired_waiver_is_not_also_unused() {
        assert_eq!(until("unused-waiver", "2026-01-01").count(), 0);
    }
}
