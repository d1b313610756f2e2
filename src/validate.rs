//! `validate`: judges entries by the rules. Facts are gathered first; then everything here is synchronous and pure.

pub(crate) mod branch;
pub mod facts;
pub mod fix;
pub mod gather;
pub(crate) mod index;
pub(crate) mod mount;
pub(crate) mod names;
mod outdented;
pub(crate) mod place;
pub(crate) mod policy_change;
pub mod rules;
pub mod schema;
#[cfg(test)]
pub(crate) mod testing;
pub(crate) mod waivers;
pub(crate) mod written;

use crate::entry::Entry;
use crate::finding::{Finding, Report, Secrets, Severity, SourceText, Sources};
use crate::policy::{POLICY, Policy};
use chrono::NaiveDate;
use facts::{Fact, Facts};
use index::Index;
use rayon::prelude::*;
use rules::{Check, RULES, RegistrySink, Rule, Sink, Subject};
use std::collections::BTreeSet;
use std::sync::Arc;

#[derive(Debug)]
pub struct Request<'a> {
    /// Every entry of the registry, sorted by folder name.
    pub entries: &'a [Entry],
    /// The facts of each, in the same order; empty when the run is offline.
    pub facts: &'a [Facts],
    /// The names of the entries to judge; none judges all.
    pub only: Option<BTreeSet<Arc<str>>>,
    pub policy: &'a Policy,
    /// The day of the run.
    pub today: NaiveDate,
    /// Whether a fact that is not available is an error and not a note.
    pub strict: bool,
}

/// A rule and the severity that the policy gave it.
type Active = (&'static Rule, Severity);

/// The rules that count, after the policy's levels.
fn active(policy: &Policy) -> Vec<Active> {
    let level =
        |id: &str| policy.settings.rules.iter().find(|(rule, _)| rule.get_ref() == id).map(|(_, l)| *l.get_ref());
    RULES
        .iter()
        .filter_map(|rule| match level(rule.id) {
            Some(level) => level.severity().map(|severity| (*rule, severity)),
            None => Some((*rule, rule.severity)),
        })
        .collect()
}

/// The credentials in a text, as `leaked-secret` finds them.
#[must_use]
pub(crate) fn secrets_in(text: &str) -> Secrets {
    crate::text::secrets::find(text).into_iter().map(|secret| secret.span).collect()
}

#[must_use]
pub fn judge(request: &Request<'_>) -> Report {
    let active = active(request.policy);
    let offline = Facts::default();
    let judged: BTreeSet<Arc<str>> = match &request.only {
        Some(only) => only.clone(),
        None => request.entries.iter().map(|entry| entry.name.clone()).collect(),
    };
    let mut findings: Vec<Finding> = request
        .entries
        .par_iter()
        .enumerate()
        .filter(|(_, entry)| judged.contains(&entry.name))
        .flat_map_iter(|(position, entry)| {
            let facts = request.facts.get(position).unwrap_or(&offline);
            let violations = entry.document().map(|document| schema::violations(document)).unwrap_or_default();
            let subject = Subject { entry, policy: request.policy, facts, violations: &violations };
            let mut findings = judge_entry(&active, &subject);
            unavailable(&active, &subject, request.strict, &mut findings);
            findings
        })
        .collect();

    let index = Index { entries: request.entries, judged: &judged };
    for (rule, severity) in &active {
        if let Check::Registry(check) = rule.check {
            check(&index, &mut RegistrySink::new(rule, *severity, &mut findings));
        }
    }
    findings.retain(|finding| finding.entry.as_ref().is_none_or(|entry| judged.contains(entry)));
    waivers::apply(request, &active, &mut findings);
    Report::new("validate", judged.len(), findings, sources(request))
}

fn judge_entry(active: &[Active], subject: &Subject<'_>) -> Vec<Finding> {
    let mut findings = Vec::new();
    let document = subject.entry.document();
    for (rule, severity) in active {
        let before = findings.len();
        let mut sink = Sink::new(rule, *severity, subject.entry, &mut findings);
        match (rule.check, document) {
            (Check::Entry(check), _) => check(subject, &mut sink),
            (Check::Manifest(check), Some(document)) => check(subject, document, &mut sink),
            (Check::Manifest(_), None) | (Check::Registry(_) | Check::Run, _) => {}
        }
        let not_kept = sink.not_kept();
        shorten(&mut findings, before, not_kept);
    }
    hold_back_fixes(subject, &mut findings);
    if let Some(document) = document {
        outdented::hold_back(document, subject.violations, &mut findings);
    }
    findings
}

/// `--fix` does not touch a file that it does not understand: nothing in it is fixable until that is mended.
fn hold_back_fixes(subject: &Subject<'_>, findings: &mut [Finding]) {
    let Some(wrong) = fix::not_understood(subject.violations) else { return };
    for finding in findings.iter_mut().filter(|finding| finding.fixable) {
        finding.fixable = false;
        let help = finding.help.take().map_or(String::new(), |help| format!("{help}; "));
        finding.help = Some(format!("{help}`--fix` waits until `{}` has the right type", wrong.route));
    }
}

/// The most findings of one rule in one entry that are reported. A generated file has the same fault a thousand times,
/// and a hostile one a hundred thousand times; nobody reads more than a screen of them.
pub(crate) const MAX_PER_RULE: usize = 50;

/// Keeps [`MAX_PER_RULE`] findings from `start` on, the gravest first, and says how many were left out.
fn shorten(findings: &mut Vec<Finding>, start: usize, not_kept: usize) {
    let left_out = findings.len().saturating_sub(start + MAX_PER_RULE) + not_kept;
    if left_out == 0 {
        return;
    }
    if let Some(of_rule) = findings.get_mut(start..) {
        of_rule.sort_by_key(|finding| std::cmp::Reverse(finding.severity));
    }
    findings.truncate(start + MAX_PER_RULE);
    if let Some(last) = findings.last_mut() {
        // In the message, which every format shows.
        last.message = format!("{}; {left_out} more findings of this rule in this entry are not shown", last.message);
    }
}

/// One note for each fact that was asked for and not given, whichever rules wanted it.
fn unavailable(active: &[Active], subject: &Subject<'_>, strict: bool, findings: &mut Vec<Finding>) {
    let Some((rule, severity)) = active.iter().find(|(rule, _)| rule.id == "unavailable-fact") else { return };
    let severity = if strict { Severity::Error } else { *severity };
    let facts = subject.facts;
    let reason = |fact: Option<&String>, name: &'static str| fact.map(|why| (name, why.clone()));
    fn why<T>(fact: &Fact<T>) -> Option<&String> {
        match fact {
            Fact::Unavailable(why) => Some(why),
            Fact::NotGathered | Fact::Known(_) => None,
        }
    }
    let all = [
        reason(why(&facts.repository), facts::Need::Repository.name()),
        reason(why(&facts.commit), facts::Need::Commit.name()),
        reason(why(&facts.branch), facts::Need::Branch.name()),
        reason(why(&facts.directory), facts::Need::Directory.name()),
        reason(why(&facts.dockerfile), facts::Need::Dockerfile.name()),
        reason(why(&facts.icon), facts::Need::Icon.name()),
        reason(why(&facts.image), facts::Need::Image.name()),
        reason(why(&facts.remote), facts::Need::Remote.name()),
        reason(why(&facts.remote_tools), facts::Need::RemoteTools.name()),
    ];
    let mut sink = Sink::new(rule, severity, subject.entry, findings);
    for (name, why) in all.into_iter().flatten() {
        sink.at(
            &subject.entry.manifest_file.path,
            crate::finding::Anchor::File,
            format!("could not find out about the {name}: {why}"),
        )
        .help("run again later; what depends on this was not judged");
    }
}

/// Every text a finding or label may point into. Labels may name entries that are not judged themselves. The texts are
/// shared, not copied.
fn sources(request: &Request<'_>) -> Sources {
    let files = request.entries.iter().flat_map(Entry::files);
    let mut sources: Sources =
        files.filter_map(|file| file.source().map(|source| (file.path.clone(), source))).collect();
    if !request.policy.text.is_empty() {
        sources.insert(POLICY.into(), SourceText::plain(request.policy.text.clone()));
    }
    sources
}
