//! The rules of all commands, and what a policy makes of the findings of those that are not `validate`, which has its own.

use crate::build::tools;
use crate::document::Lines;
use crate::error::CommandError;
use crate::finding::{Finding, RuleDescriptor, Severity};
use crate::policy::{POLICY, Policy, Waiver};
use crate::validate::rules::nearest_among;
use crate::{catalog, scan, validate, verify};
use chrono::NaiveDate;

/// Every rule with the command that judges by it. Ids are unique over all commands: policies name rules by them.
pub(crate) fn all() -> Vec<(&'static str, RuleDescriptor)> {
    let of = |command: &'static str, rules: Vec<RuleDescriptor>| rules.into_iter().map(move |rule| (command, rule));
    of("validate", validate::rules::descriptors())
        .chain(of("build --tools", tools::rules()))
        .chain(of("verify", verify::rules::descriptors()))
        .chain(of("scan", scan::rules::all().to_vec()))
        .chain(of("catalog", catalog::rules::descriptors()))
        .collect()
}

/// What a policy says of the findings of a run.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Obeying<'a> {
    policy: &'a Policy,
    today: NaiveDate,
}

impl<'a> Obeying<'a> {
    pub(crate) fn new(policy: &'a Policy, today: NaiveDate) -> Self {
        Self { policy, today }
    }

    /// The severity of a rule's findings; none when the policy switches it off.
    pub(crate) fn severity(&self, rule: &str, default: Severity) -> Option<Severity> {
        let level = self.policy.settings.rules.iter().find(|(id, _)| id.get_ref() == rule);
        level.map_or(Some(default), |(_, level)| level.get_ref().severity())
    }

    /// The reason of the waiver that excuses a finding, if one does.
    pub(crate) fn waiver(&self, rule: &str, entry: Option<&str>, vulnerability: Option<&str>) -> Option<String> {
        let covers = |waiver: &&Waiver| {
            waiver.rule == rule
                && Some(waiver.entry.as_str()) == entry
                && waiver.expires.is_none_or(|day| day >= self.today)
                && waiver.vulnerability.as_deref().is_none_or(|id| Some(id) == vulnerability)
        };
        let mut waivers = self.policy.settings.waivers.iter().map(|waiver| waiver.get_ref());
        waivers.find(covers).map(|waiver| waiver.reason.clone())
    }

    /// Gives findings the policy's levels and waivers, and takes out those of rules that are off.
    pub(crate) fn obey(&self, findings: &mut Vec<Finding>) {
        findings.retain_mut(|finding| {
            // A severity that is not the rule's own, as the policy does not know it, is no less.
            let Some(severity) = self.severity(finding.rule, finding.severity) else { return false };
            finding.severity = severity;
            if finding.waived.is_none() {
                finding.waived = self.waiver(finding.rule, finding.entry.as_deref(), None);
            }
            true
        });
    }
}

/// Checks that every rule the policy names exists, and that only waivers of vulnerabilities name one.
///
/// # Errors
/// When one does not; with the nearest that does.
pub(crate) fn check_ids(policy: &Policy) -> Result<(), CommandError> {
    let rules = all();
    let line = |start: usize| Lines::new(&policy.text).position(&policy.text, start).line;
    let levels = policy.settings.rules.keys().map(|id| (id.get_ref().as_str(), id.span().start));
    let waivers = policy.settings.waivers.iter().map(|waiver| (waiver.get_ref().rule.as_str(), waiver.span().start));
    for (id, start) in levels.chain(waivers) {
        if !rules.iter().any(|(_, rule)| rule.id == id) {
            let error = CommandError::usage(format!("{POLICY}:{}: there is no rule `{id}`", line(start)));
            return Err(match nearest_among(id, rules.iter().map(|(_, rule)| rule.id)) {
                Some(nearest) => error.hint(format!("did you mean `{nearest}`?")),
                None => error.hint("`mcp-registry rules` lists them all"),
            });
        }
    }
    let is_of_scan = |id: &str| scan::rules::all().iter().any(|rule| rule.id == id);
    match policy.settings.waivers.iter().find(|waiver| {
        let waiver = waiver.get_ref();
        waiver.vulnerability.is_some() && !is_of_scan(&waiver.rule)
    }) {
        Some(waiver) => Err(CommandError::usage(format!(
            "{POLICY}:{}: `vulnerability` is for rules of `scan`, and `{}` is not one",
            line(waiver.span().start),
            waiver.get_ref().rule
        ))),
        None => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::{Obeying, all, check_ids};
    use crate::finding::Severity;
    use crate::policy::Policy;
    use std::collections::BTreeSet;

    #[test]
    fn no_two_rules_have_one_id() {
        let ids: Vec<&str> = all().iter().map(|(_, rule)| rule.id).collect();
        assert_eq!(ids.iter().collect::<BTreeSet<_>>().len(), ids.len());
    }

    #[test]
    fn levels_and_waivers_count_until_their_last_day() {
        let text = "[rules]\nsingle-layout = \"off\"\nhigh-vulnerability = \"note\"\n\
            [[waivers]]\nrule = \"high-vulnerability\"\nentry = \"curl\"\nvulnerability = \"CVE-1\"\nreason = \"not reached\"\n\
            expires = 2026-06-30\n";
        let policy = Policy::parse(text).unwrap();
        check_ids(&policy).unwrap();
        let on = |day: &str| {
            Obeying::new(&policy, day.parse().unwrap()).waiver("high-vulnerability", Some("curl"), Some("CVE-1"))
        };
        assert_eq!((on("2026-06-30").as_deref(), on("2026-07-01")), (Some("not reached"), None));
        let obeying = Obeying::new(&policy, "2026-01-01".parse().unwrap());
        assert_eq!(obeying.severity("single-layout", Severity::Warning), None);
        assert_eq!(obeying.severity("high-vulnerability", Severity::Error), Some(Severity::Note));
        for (rule, entry, id) in [
            ("high-vulnerability", "curl", "CVE-2"),
            ("high-vulnerability", "other", "CVE-1"),
            ("low-vulnerability", "curl", "CVE-1"),
        ] {
            assert_eq!(obeying.waiver(rule, Some(entry), Some(id)), None, "{rule} {entry} {id}");
        }
    }

    #[test]
    fn what_the_policy_names_must_exist() {
        let said = |text: &str| check_ids(&Policy::parse(text).unwrap()).unwrap_err().to_string();
        let texts = [
            said("[rules]\nsingle-layouts = \"off\"\n"),
            said("[[waivers]]\nrule = \"title-style\"\nentry = \"x\"\nreason = \"r\"\nvulnerability = \"CVE-1\"\n"),
        ];
        insta::assert_snapshot!(texts.join("\n"), @r"
        mcp-registry.toml:2: there is no rule `single-layouts`
          hint: did you mean `single-layout`?
        mcp-registry.toml:1: `vulnerability` is for rules of `scan`, and `title-style` is not one
        ");
    }
}
