//! For the tests of rules: one entry from texts, judged by one rule.

#![allow(clippy::unwrap_used, clippy::expect_used)]

use super::facts::Facts;
use super::{Request, fix, judge, rules};
use crate::entry::Entry;
use crate::finding::{Finding, Report};
use crate::policy::Policy;
use chrono::NaiveDate;

/// The `server.yaml` of an entry `x` with everything that facts of a source are about.
pub(crate) const PINNED: &str = "\
name: x
type: server
source:
  project: https://github.com/acme/x
  branch: stable
  directory: servers/x
  dockerfile: docker/Dockerfile
  commit: b4ee623039a6c60053ce67269701ad9e95073306
";

/// An entry to judge by one rule.
#[derive(Debug)]
pub(crate) struct Case {
    rule: &'static str,
    name: String,
    manifest: String,
    tools: Option<String>,
    readme: Option<String>,
    beside: Vec<Entry>,
    policy: Policy,
    facts: Facts,
    strict: bool,
    loaded: Option<Entry>,
}

/// An entry `name` with this `server.yaml`, to judge by `rule`.
pub(crate) fn case(rule: &'static str, name: &str, manifest: &str) -> Case {
    assert!(rules::find(rule).is_some(), "there is no rule `{rule}`");
    Case {
        rule,
        name: name.to_owned(),
        manifest: manifest.to_owned(),
        tools: None,
        readme: None,
        beside: Vec::new(),
        policy: Policy::default(),
        facts: Facts::default(),
        strict: false,
        loaded: None,
    }
}

/// This entry, to judge by `rule`.
pub(crate) fn of_entry(rule: &'static str, entry: Entry) -> Case {
    let mut case = case(rule, &entry.name, "");
    case.loaded = Some(entry);
    case
}

/// How many findings the rule has in this entry.
pub(crate) fn findings(rule: &'static str, name: &str, manifest: &str) -> usize {
    case(rule, name, manifest).count()
}

/// The findings of the rule in this entry, as a terminal without colour shows them.
pub(crate) fn rendered(rule: &'static str, name: &str, manifest: &str) -> String {
    case(rule, name, manifest).rendered()
}

impl Case {
    /// With this `tools.json`.
    pub(crate) fn tools(mut self, text: &str) -> Self {
        self.tools = Some(text.to_owned());
        self
    }

    pub(crate) fn readme(mut self, text: &str) -> Self {
        self.readme = Some(text.to_owned());
        self
    }

    /// With another entry in the registry.
    pub(crate) fn beside(mut self, name: &str, manifest: &str, tools: Option<&str>) -> Self {
        self.beside.push(Entry::from_texts(name, Some(manifest), tools, None));
        self
    }

    /// With this `mcp-registry.toml`.
    pub(crate) fn policy(mut self, text: &str) -> Self {
        self.policy = Policy::parse(text).unwrap();
        self
    }

    pub(crate) fn facts(mut self, facts: Facts) -> Self {
        self.facts = facts;
        self
    }

    /// Judged with `--strict`.
    pub(crate) fn strict(mut self) -> Self {
        self.strict = true;
        self
    }

    fn with<T>(&self, use_it: impl FnOnce(&Request<'_>) -> T) -> T {
        let mut entries = self.beside.clone();
        entries.push(self.loaded.clone().unwrap_or_else(|| {
            Entry::from_texts(&self.name, Some(&self.manifest), self.tools.as_deref(), self.readme.as_deref())
        }));
        entries.sort_by(|a, b| a.name.cmp(&b.name));
        let facts: Vec<Facts> = entries
            .iter()
            .map(|entry| if *entry.name == *self.name { self.facts.clone() } else { Facts::default() })
            .collect();
        use_it(&Request {
            entries: &entries,
            facts: &facts,
            only: None,
            policy: &self.policy,
            today: NaiveDate::from_ymd_opt(2026, 1, 2).unwrap(),
            strict: self.strict,
        })
    }

    /// The report, with the findings of the rule only.
    pub(crate) fn report(&self) -> Report {
        let mut report = self.with(judge);
        report.findings.retain(|finding| finding.rule == self.rule);
        report
    }

    /// The findings of all rules.
    pub(crate) fn all(&self) -> Vec<Finding> {
        self.with(judge).findings
    }

    /// The findings of the rule.
    pub(crate) fn findings(&self) -> Vec<Finding> {
        self.report().findings
    }

    /// How many findings the rule has.
    pub(crate) fn count(&self) -> usize {
        self.findings().len()
    }

    /// The findings of the rule, as a terminal without colour shows them.
    pub(crate) fn rendered(&self) -> String {
        crate::output::human::findings_plain(&self.report())
    }

    /// `server.yaml` after the fix of this rule alone.
    pub(crate) fn fixed(&self) -> String {
        let report = self.report();
        let plan = self.with(|request| fix::plan(request, &report));
        assert_eq!(plan.left, [], "the fix was refused");
        plan.fixed.first().map_or_else(|| self.manifest.clone(), |fixed| fixed.after.to_string())
    }
}
