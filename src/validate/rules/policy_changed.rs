//! `policy-changed`: the finding is made by [`crate::validate::policy_change`].

use super::{Check, Rule};
use crate::finding::Severity;

pub(super) static RULE: Rule = Rule {
    id: "policy-changed",
    summary: "a change also changes the policy that later changes are judged by",
    explanation: "\
## What
Under `--diff`, the change adds, edits or deletes `mcp-registry.toml`. The finding lists the rules that become milder, the
waivers that are new, and other tables that change.

## Why
A change is judged by the policy of its base, so it cannot excuse itself; but from its merge on the new policy counts for
everybody. A line that turns off a rule is easily missed among many entries.

## How to fix
If the change is about an entry, leave the policy alone. If it is about the policy, let a maintainer decide about it, best in a
change of its own. A registry whose changes are reviewed for this already sets `policy-changed = \"off\"` in `[rules]`.

## Source
Ours. The reference has no policy.
",
    severity: Severity::Warning,
    needs: &[],
    check: Check::Run,
    fix: None,
};

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use crate::finding::{Report, Sources};
    use crate::output::human::findings_plain;
    use crate::policy::Policy;
    use crate::validate::policy_change::PolicyChange;

    fn shown(before: Option<&str>, after: Option<&str>) -> String {
        let policy = |text: Option<&str>| text.map(|text| Policy::parse(text).unwrap());
        let base = policy(before).unwrap_or_default();
        let empty = Report::new("validate", 0, Vec::new(), Sources::default());
        findings_plain(&PolicyChange::between(policy(before), policy(after)).add_to(empty, &base))
    }

    #[test]
    fn what_becomes_milder_is_said_first() {
        let after = "[rules]\ntitle-style = 'off'\nmissing-readme = 'error'\n[registry]\nhosts = ['evil.example']\n\
                     [[waivers]]\nrule = 'leaked-secret'\nentry = 'x'\nreason = 'mine'\n";
        insta::assert_snapshot!(shown(Some("[rules]\n"), Some(after)), @"
        warning[policy-changed]: this change also edits the policy: from its merge on that counts for everybody
        --> mcp-registry.toml
         = help: a maintainer has to decide about it: milder: `title-style` (error to off); newly waived: `leaked-secret` for `x`; stricter: `missing-readme` (note to error); different: `[registry]`
        ");
    }

    #[test]
    fn a_policy_that_comes_or_goes_is_said_too() {
        insta::assert_snapshot!(shown(Some("[rules]\nmissing-readme = 'error'\n"), None), @"
        warning[policy-changed]: this change also deletes the policy: from its merge on the defaults count for everybody
        --> mcp-registry.toml
         = help: a maintainer has to decide about it: milder: `missing-readme` (error to note)
        ");
        insta::assert_snapshot!(shown(None, Some("# ours\n")), @"
        warning[policy-changed]: this change also adds a policy: from its merge on that counts for everybody
        --> mcp-registry.toml
         = help: nothing that counts is different
        ");
    }

    #[test]
    fn the_policy_of_the_base_decides_whether_it_is_said() {
        assert_eq!(shown(Some("[rules]\npolicy-changed = 'off'\n"), Some("")), "");
        assert!(
            shown(Some(""), Some("[rules]\npolicy-changed = 'off'\n")).contains("`policy-changed` (warning to off)")
        );
    }
}
