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
    pub(crate) path: Arc<str>,
    pub(crate) entry: Arc<str>,
    /// Its text as it is.
    pub(crate) before: Arc<str>,
    /// Its text as it would be.
    pub after: Arc<str>,
    /// The ids of the rules that were applied.
    pub(crate) rules: Vec<&'static str>,
}

/// A file with fixable findings that was left as it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Left {
    pub(crate) path: Arc<str>,
    /// The rule whose fix was not applied.
    pub rule: &'static str,
    pub reason: String,
}

/// What `--fix` would do.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Plan {
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
        fix_entry(request, entry, rules, &mut plan);
    }
    plan
}

fn is_fixable(finding: &Finding) -> bool {
    finding.fixable && finding.waived.is_none()
}

/// The first value whose type is wrong: what it should say is not known.
pub(super) fn not_understood(violations: &[schema::Violation]) -> Option<&schema::Violation> {
    violations.iter().find(|violation| matches!(violation.kind, schema::ViolationKind::WrongType { .. }))
}

/// One fix can call for another: a key that was added at the end is out of order. What was wrong before and is not
/// wanted stays.
fn fix_entry(request: &Request<'_>, entry: &Entry, mut wanted: BTreeSet<&'static str>, plan: &mut Plan) {
    let Some(document) = entry.document().filter(|_| !wanted.is_empty()) else { return };
    let path = &entry.manifest_file.path;
    let violations = schema::violations(document);
    let not_understood = not_understood(&violations);
    let mut left = |rule: &Rule, reason: String| plan.left.push(Left { path: path.clone(), rule: rule.id, reason });
    let before = document.text().clone();
    let mut text = before.clone();
    let formats = |id: &&'static str| super::rules::find(id).is_some_and(|rule| matches!(rule.fix, Some(Fix::Format)));
    let formatting: Vec<&'static str> = wanted.iter().copied().filter(formats).collect();
    let (mut known, mut applied) = (BTreeSet::new(), Vec::new());
    while !wanted.is_empty() {
        // Formatting comes last, since it tidies what the others wrote.
        let (last, first): (Vec<&Rule>, Vec<&Rule>) = RULES
            .iter()
            .filter(|rule| wanted.contains(rule.id))
            .partition(|rule| matches!(rule.fix, Some(Fix::Format)));
        for rule in first.into_iter().chain(last) {
            if let Some(violation) = not_understood {
                left(rule, format!("`{}` has the wrong type: mend that first", violation.route));
                continue;
            }
            match apply(request, entry, rule, &text) {
                Ok(Some(next)) => {
                    text = next;
                    if !applied.contains(&rule.id) {
                        applied.push(rule.id);
                    }
                }
                Ok(None) => {}
                Err(reason) => left(rule, reason),
            }
        }
        if text == before {
            break;
        }
        if known.is_empty() {
            known = fixable(request, entry, &before);
        }
        known.append(&mut wanted);
        wanted = fixable(request, entry, &text).difference(&known).copied().collect();
        if !wanted.is_empty() {
            wanted.extend(&formatting);
        }
    }
    if text != before {
        let (path, entry) = (path.clone(), entry.name.clone());
        plan.fixed.push(Fixed { path, entry, before, after: text, rules: applied });
    }
}

/// The entry with another text.
fn with_text(entry: &Entry, text: &Arc<str>) -> Entry {
    let mut manifest_file = entry.manifest_file.clone();
    manifest_file.content = crate::entry::load::content_of(crate::entry::MANIFEST, text.clone());
    let (tools, readme) = (entry.tools_file.clone(), entry.readme_file.clone());
    let mut with = Entry::from_files(entry.name.clone(), entry.folder_problem.clone(), manifest_file, tools, readme);
    with.strays.clone_from(&entry.strays);
    with
}

/// The rules that could mend something in the entry if it had this text.
fn fixable(request: &Request<'_>, entry: &Entry, text: &Arc<str>) -> BTreeSet<&'static str> {
    let entries = [with_text(entry, text)];
    let report = judge(&Request { entries: &entries, facts: &[], only: None, ..*request });
    report.findings.iter().filter(|finding| is_fixable(finding)).map(|finding| finding.rule).collect()
}

/// The text with one rule's fix applied; `None` when that changes nothing.
fn apply(request: &Request<'_>, entry: &Entry, rule: &Rule, text: &Arc<str>) -> Result<Option<Arc<str>>, String> {
    let current = with_text(entry, text);
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
            let facts = super::Facts::default();
            let subject = Subject { entry: &current, policy: request.policy, facts: &facts, violations: &violations };
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
            Some(fixed) => with_text(entry, &fixed.after),
        })
        .collect();
    judge(&Request { entries: &entries, only: request.only.clone(), ..*request })
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::plan;
    use crate::entry::Entry;
    use crate::policy::Policy;
    use crate::validate::{Request, judge};
    use chrono::NaiveDate;

    /// The brackets are as wide as they may be.
    const ENTRY: &str = "name: x
type: remote
about:
  title: X
  description: Keeps what you tell it.
meta:
  tags: [abcdefghijklmnopqrstuvwx, abcdefghijklmnopqrstuvwx, abcdefghijklm, 012]
remote:
  transport_type: sse
  url: https://a.example
";

    fn fixed(manifest: &str, wanted: &str) -> (String, Vec<&'static str>) {
        let entries = [Entry::from_texts("x", Some(manifest), None, Some("# X\n"))];
        let policy = Policy::default();
        let today = NaiveDate::from_ymd_opt(2026, 1, 2).unwrap();
        let request = Request { entries: &entries, facts: &[], only: None, policy: &policy, today, strict: false };
        let mut report = judge(&request);
        report.findings.retain(|finding| finding.rule == wanted);
        let plan = plan(&request, &report);
        assert_eq!(plan.left, []);
        assert_eq!(plan.fixed.len(), 1, "{:?}", judge(&request).findings);
        (plan.fixed[0].after.to_string(), plan.fixed[0].rules.clone())
    }

    #[test]
    fn what_a_fix_makes_necessary_is_fixed_too() {
        let (after, rules) = fixed(ENTRY, "ambiguous-scalar");
        // Quotes make the line too long.
        assert_eq!(rules, ["ambiguous-scalar", "formatting"]);
        insta::assert_snapshot!(after, @r#"
        name: x
        type: remote
        about:
          title: X
          description: Keeps what you tell it.
        meta:
          tags:
            [abcdefghijklmnopqrstuvwx, abcdefghijklmnopqrstuvwx, abcdefghijklm, "012"]
        remote:
          transport_type: sse
          url: https://a.example
        "#);
    }

    #[test]
    fn what_was_wrong_before_and_is_not_wanted_stays() {
        let misplaced = ENTRY.replace("type: remote\n", "").replace("meta:", "type: remote\nmeta:");
        let (after, rules) = fixed(&misplaced, "ambiguous-scalar");
        assert_eq!(rules, ["ambiguous-scalar", "formatting"]);
        assert!(after.contains("tell it.\ntype: remote\n"), "{after}");
    }
}
