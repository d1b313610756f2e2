//! The rules of `scan`. A finding of a vulnerability begins with its id, which waivers may name.

use super::report::{Found, Kind, Level};
use crate::finding::{RuleDescriptor, Severity};

/// For which a run could not finish, whatever the policy makes of it.
pub(crate) const UNSCANNED: &str = "unscanned-image";
pub(super) const FOREIGN: &str = "foreign-report";
pub(super) const UNBOUND: &str = "unbound-report";

const VULNERABLE: &str = "**What**: a scanner knows a vulnerability of a package in the image, of this severity or one that it calls \
so.\n\n**Why**: what runs in the image may be attacked through it.\n\n**How to fix**: with a fixed version, move the pin to a commit \
that has it, or build again on a newer base image. Without one, decide whether the server can be reached through it, and waive it \
with a day on which to look again: `[[waivers]]` with `vulnerability`.";

static RULES: &[RuleDescriptor] = &[
    rule(
        "critical-vulnerability",
        Severity::Error,
        "the image has a known vulnerability of critical severity",
        VULNERABLE,
    ),
    rule(
        FOREIGN,
        Severity::Error,
        "the report is about another image",
        "**What**: the report names digests, and none of them is the image's.\n\n**Why**: it says nothing about this image.\n\n\
         **How to fix**: scan the image that is meant.",
    ),
    rule("high-vulnerability", Severity::Error, "the image has a known vulnerability of high severity", VULNERABLE),
    rule("low-vulnerability", Severity::Note, "the image has a known vulnerability of low severity", VULNERABLE),
    rule(
        "medium-vulnerability",
        Severity::Warning,
        "the image has a known vulnerability of medium severity",
        VULNERABLE,
    ),
    rule(
        "other-scan-result",
        Severity::Warning,
        "the report has something that is not a vulnerability",
        "**What**: a secret, a configuration or a license that the scanner found.\n\n**Why**: whoever has the image has it.\n\n\
         **How to fix**: look at the scanner's own report.",
    ),
    rule(
        UNBOUND,
        Severity::Note,
        "the report does not say which image it is about",
        "**What**: a report that was made elsewhere names no digest.\n\n**Why**: it may be of another image, or of an older one.\n\n\
         **How to fix**: have the scanner look at the image by its digest.",
    ),
    rule(
        "unrated-vulnerability",
        Severity::Warning,
        "the image has a known vulnerability of unknown severity",
        VULNERABLE,
    ),
    rule(
        UNSCANNED,
        Severity::Error,
        "the image could not be scanned",
        "**What**: the image or the scanner was not there, or the scanner did not finish.\n\n**Why**: what was not looked at is not \
         clean. The exit status is 3, whatever the policy says.\n\n**How to fix**: standard error says what happened.",
    ),
];

const fn rule(
    id: &'static str,
    severity: Severity,
    summary: &'static str,
    explanation: &'static str,
) -> RuleDescriptor {
    RuleDescriptor { id, summary, explanation, severity, help_uri: None }
}

/// All of them, by id.
pub(crate) fn all() -> &'static [RuleDescriptor] {
    RULES
}

/// The rule of this id.
pub(super) fn find(id: &str) -> &'static RuleDescriptor {
    // The ids are those of the table, which a test holds.
    RULES.iter().find(|rule| rule.id == id).unwrap_or(&RULES[0])
}

/// The rule that a result falls under.
pub(super) fn of(found: &Found) -> &'static RuleDescriptor {
    find(match (found.kind, found.level) {
        (Kind::Other, _) => "other-scan-result",
        (_, Some(Level::Critical)) => "critical-vulnerability",
        (_, Some(Level::High)) => "high-vulnerability",
        (_, Some(Level::Medium)) => "medium-vulnerability",
        (_, Some(Level::Low)) => "low-vulnerability",
        (_, None) => "unrated-vulnerability",
    })
}

#[cfg(test)]
mod tests {
    use super::{FOREIGN, RULES, UNBOUND, UNSCANNED, find};

    #[test]
    fn every_id_is_in_the_table_once() {
        let ids: Vec<&str> = RULES.iter().map(|rule| rule.id).collect();
        assert!(ids.is_sorted_by(|one, other| one < other), "{ids:?}");
        for id in [FOREIGN, UNBOUND, UNSCANNED, "low-vulnerability", "unrated-vulnerability", "other-scan-result"] {
            assert_eq!(find(id).id, id);
        }
    }
}
