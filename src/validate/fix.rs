//! `--fix`: applies the fixes of rules to the texts of entries. Pure: it makes new texts, and writes nothing.

use super::rules::{Fix, RULES, Rule, Subject};
use super::{Request, judge, schema};
use crate::document::{Document, edit, format};
use crate::entry::Entry;
use crate::finding::{Finding, Report};
use std::collections::BTreeSet;
use std::sync::Arc;

/// A file that `--fix` would write anew.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fixed {
    /// The file, relative to the registry's root.
    pub path: Arc<str>,
    /// The entry.
    pub entry: Arc<str>,
    /// Its text as it is.
    pub before: Arc<str>,
    /// Its text as it would be.
    pub after: Arc<str>,
    /// The ids of the rules that were applied.
    pub rules: Vec<&'static str>,
}

/// A file with fixable findings that was left as it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Left {
    /// The file.
    pub path: Arc<str>,
    /// The rule whose fix was not applied.
    pub rule: &'static str,
    /// Why.
    pub reason: String,
}

/// What `--fix` would do.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Plan {
    /// The files to write.
    pub fixed: Vec<Fixed>,
    /// What could not be mended.
    pub left: Vec<Left>,
}

/// Plans the fixes of everything fixable in a report. A file that does not compose, or departs from the schema in its types,
/// is never touched: what cannot be understood cannot be mended.
#[must_use]
pub fn plan(request: &Request<'_>, report: &Report) -> Plan {
    let mut plan = Plan::default();
    for entry in request.entries {
        let rules: BTreeSet<&'static str> = report
            .findings
            .iter()
            .filter(|finding| finding.entry.as_ref() == Some(&entry.name) && is_fixable(finding))
            .map(|finding| finding.rule)
            .collect();
        if !rules.is_empty() {
            fix_entry(request, entry, &rules, &mut plan);
        }
    }
    plan
}

fn is_fixable(finding: &Finding) -> bool {
    finding.fixable && finding.waived.is_none()
}

fn fix_entry(request: &Request<'_>, entry: &Entry, wanted: &BTreeSet<&'static str>, plan: &mut Plan) {
    let Some(document) = entry.document() else { return };
    let path = &entry.manifest_file.path;
    let not_understood = schema::violations(document)
        .into_iter()
        .find(|violation| matches!(violation.kind, schema::ViolationKind::WrongType { .. }));
    let mut left = |rule: &Rule, reason: String| plan.left.push(Left { path: path.clone(), rule: rule.id, reason });
    let before = document.text().clone();
    let mut text = before.clone();
    let mut applied = Vec::new();
    // Formatting comes last, since it tidies what the others wrote.
    let (last, first): (Vec<&Rule>, Vec<&Rule>) =
        RULES.iter().filter(|rule| wanted.contains(rule.id)).partition(|rule| matches!(rule.fix, Some(Fix::Format)));
    for rule in first.into_iter().chain(last) {
        if let Some(violation) = &not_understood {
            left(rule, format!("`{}` has the wrong type: mend that first", violation.route));
            continue;
        }
        match apply(request, entry, rule, &text) {
            Ok(Some(next)) => {
                text = next;
                applied.push(rule.id);
            }
            Ok(None) => {}
            Err(reason) => left(rule, reason),
        }
    }
    if text != before {
        let (path, entry) = (path.clone(), entry.name.clone());
        plan.fixed.push(Fixed { path, entry, before, after: text, rules: applied });
    }
}

/// The text with one rule's fix applied; `None` when that changes nothing.
fn apply(request: &Request<'_>, entry: &Entry, rule: &Rule, text: &Arc<str>) -> Result<Option<Arc<str>>, String> {
    let readme = entry.readme_file.text().map(|text| &**text);
    let tools = entry.tools_file.text().map(|text| &**text);
    let current = Entry::from_texts(&entry.name, Some(text), tools, readme);
    let Some(document) = current.document() else { return Err("an earlier fix broke the file".to_owned()) };
    let next: Arc<str> = match rule.fix {
        None => return Ok(None),
        Some(Fix::Format) => match format::format(text, document) {
            format::Formatted::Already => return Ok(None),
            format::Formatted::Changed(next) => next.into(),
            format::Formatted::Refused(reason) => return Err(reason.to_string()),
        },
        Some(Fix::Edit(make)) => {
            let violations = schema::violations(document);
            let (policy, today) = (request.policy, request.today);
            let facts = super::Facts::default();
            let subject = Subject { entry: &current, policy, facts: &facts, today, violations: &violations };
            let edits = make(&subject, document).map_err(|error| error.to_string())?;
            edit::apply(text, edits).map_err(|error| error.to_string())?.into()
        }
    };
    // A fix that leaves a document which cannot be read is worse than none.
    Document::from_yaml(next.clone()).map_err(|error| format!("the fix would break the file: {error}"))?;
    Ok((next != *text).then_some(next))
}

/// Judges the entries as they would be after the plan: what is left to do by hand.
#[must_use]
pub fn judge_after(request: &Request<'_>, plan: &Plan) -> Report {
    let entries: Vec<Entry> = request
        .entries
        .iter()
        .map(|entry| match plan.fixed.iter().find(|fixed| fixed.entry == entry.name) {
            None => entry.clone(),
            Some(fixed) => {
                let mut manifest_file = entry.manifest_file.clone();
                manifest_file.content = crate::entry::load::content_of(crate::entry::MANIFEST, fixed.after.clone());
                let (tools, readme) = (entry.tools_file.clone(), entry.readme_file.clone());
                Entry::from_files(entry.name.clone(), entry.folder_problem.clone(), manifest_file, tools, readme)
            }
        })
        .collect();
    judge(&Request { entries: &entries, only: request.only.clone(), ..*request })
}
