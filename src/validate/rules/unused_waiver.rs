//! `unused-waiver`: the findings are made by [`crate::validate::waivers`].

use super::{Check, Rule};
use crate::finding::Severity;

pub(super) static RULE: Rule = Rule {
    id: "unused-waiver",
    summary: "a waiver in mcp-registry.toml excuses nothing",
    explanation: "\
## What
A `[[waivers]]` table names a rule and an entry, and this run found nothing of that rule in that entry; or there is no
such entry, the rule is off, or an earlier waiver says the same. Not reported where the run could not know: the entry was
not judged, or the rule needs facts and the run is offline.

## Why
The reason for the exception is gone. Left in place, the waiver would silently excuse the next mistake of the kind.

## How to fix
Remove the `[[waivers]]` table.

## Source
Ours. The reference keeps its exceptions in its source code, where nobody sees that they are no longer needed.
",
    severity: Severity::Warning,
    needs: &[],
    check: Check::Run,
    fix: None,
};

#[cfg(test)]
mod tests {
    use crate::validate::testing::{Case, case};

    fn waiver(rule: &str, entry: &str) -> String {
        format!("[[waivers]]\nrule = \"{rule}\"\nentry = \"{entry}\"\nreason = \"as it was\"\n")
    }

    fn with(policy: &str) -> Case {
        case("unused-waiver", "x", "name: x\nabout:\n  title: curl\n").policy(policy)
    }

    #[test]
    fn a_waiver_without_a_finding_is_reported() {
        insta::assert_snapshot!(with(&waiver("name-mismatch", "x")).rendered(), @"
        warning[unused-waiver]: the waiver of `name-mismatch` for `x` excuses nothing: there is no such finding
         --> mcp-registry.toml:1:1
          |
        1 | [[waivers]]
          | ^^^^^^^^^^^
          |
          = help: remove the waiver
        ");
        insta::assert_snapshot!(with(&waiver("title-style", "y")).rendered(), @"
        warning[unused-waiver]: the waiver of `title-style` for `y` excuses nothing: there is no such entry
         --> mcp-registry.toml:1:1
          |
        1 | [[waivers]]
          | ^^^^^^^^^^^
          |
          = help: remove the waiver
        ");
    }

    #[test]
    fn a_waiver_that_excuses_something_is_fine() {
        assert_eq!(with(&waiver("title-style", "x")).count(), 0);
    }

    #[test]
    fn a_rule_that_is_off_finds_nothing_to_excuse() {
        let off = format!("{}[rules]\nname-mismatch = \"off\"\n", waiver("name-mismatch", "x"));
        insta::assert_snapshot!(with(&off).rendered(), @"
        warning[unused-waiver]: the waiver of `name-mismatch` for `x` excuses nothing: the rule is off
         --> mcp-registry.toml:1:1
          |
        1 | [[waivers]]
          | ^^^^^^^^^^^
          |
          = help: remove the waiver, or give the rule a level
        ");
        let note = off.replace("name-mismatch", "title-style").replace("off", "note");
        assert_eq!(with(&note).count(), 0);
    }

    #[test]
    fn a_waiver_is_written_once() {
        insta::assert_snapshot!(with(&waiver("title-style", "x").repeat(2)).rendered(), @"
        warning[unused-waiver]: the waiver of `title-style` for `x` is there already
         --> mcp-registry.toml:5:1
          |
        5 | [[waivers]]
          | ^^^^^^^^^^^
          |
          = help: remove one of the two
        ");
        let others = waiver("title-style", "x") + &waiver("title-style", "y");
        assert_eq!(with(&others).count(), 1, "there is no `y`");
    }
}
