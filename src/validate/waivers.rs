//! Waivers: exceptions that maintainers made in `mcp-registry.toml`, and what is wrong with them.

use super::facts::Need;
use super::rules::{self, RegistrySink};
use super::{Active, Request};
use crate::document::Span;
use crate::error::CommandError;
use crate::finding::{Anchor, Finding, Report, Severity};
use crate::policy::{POLICY, Policy, UNFILLED_REASON, Waiver};
use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::sync::Arc;

/// Marks the findings that a waiver excuses, and reports waivers that excuse nothing or have run out.
pub(super) fn apply(request: &Request<'_>, active: &[Active], findings: &mut Vec<Finding>) {
    let waivers = &request.policy.settings.waivers;
    let path: Arc<str> = POLICY.into();
    let mut about = Vec::new();
    let mut seen = BTreeSet::new();
    for waiver in waivers {
        let span = waiver.span();
        let anchor = Anchor::Bytes(Span::new(span.start, span.end));
        let waiver = waiver.get_ref();
        if let Some(day) = waiver.expires
            && day < request.today
        {
            report(active, "expired-waiver", &mut about, |sink| {
                let message = format!("the waiver of `{}` for `{}` ended on {day}", waiver.rule, waiver.entry);
                sink.at_file(&path, anchor.clone(), message)
                    .help("mend the entry and remove the waiver, or decide anew and set a later `expires`");
            });
            continue;
        }
        if !seen.insert((&waiver.rule, &waiver.entry, &waiver.vulnerability)) {
            report(active, "unused-waiver", &mut about, |sink| {
                let message = format!("the waiver of `{}` for `{}` is there already", waiver.rule, waiver.entry);
                sink.at_file(&path, anchor.clone(), message).help("remove one of the two");
            });
            continue;
        }
        // Whether it excuses something in an image, the commands know that look at images.
        if rules::find(&waiver.rule).is_none() {
            continue;
        }
        if active.iter().all(|(rule, _)| rule.id != waiver.rule) {
            report(active, "unused-waiver", &mut about, |sink| {
                let message =
                    format!("the waiver of `{}` for `{}` excuses nothing: the rule is off", waiver.rule, waiver.entry);
                sink.at_file(&path, anchor.clone(), message).help("remove the waiver, or give the rule a level");
            });
            continue;
        }
        let mut used = false;
        for finding in findings.iter_mut().filter(|finding| covers(waiver, finding)) {
            finding.waived = Some(waiver.reason.clone());
            used = true;
        }
        if !used && could_be_used(request, active, waiver) {
            report(active, "unused-waiver", &mut about, |sink| {
                let exists = request.entries.iter().any(|entry| *entry.name == *waiver.entry);
                let why = if exists { "there is no such finding" } else { "there is no such entry" };
                let message = format!("the waiver of `{}` for `{}` excuses nothing: {why}", waiver.rule, waiver.entry);
                sink.at_file(&path, anchor.clone(), message).help("remove the waiver");
            });
        }
    }
    findings.append(&mut about);
}

fn report(active: &[Active], id: &str, findings: &mut Vec<Finding>, say: impl FnOnce(&mut RegistrySink<'_>)) {
    if let Some((rule, severity)) = active.iter().find(|(rule, _)| rule.id == id) {
        say(&mut RegistrySink::new(rule, *severity, findings));
    }
}

fn covers(waiver: &Waiver, finding: &Finding) -> bool {
    finding.rule == waiver.rule && finding.entry.as_deref() == Some(waiver.entry.as_str())
}

/// A waiver is unused only if this run would have made the finding: its rule counts, its entry was judged, and the
/// facts that the rule needs were gathered.
fn could_be_used(request: &Request<'_>, active: &[Active], waiver: &Waiver) -> bool {
    let Some((rule, _)) = active.iter().find(|(rule, _)| rule.id == waiver.rule) else { return false };
    let in_scope = request.only.as_ref().is_none_or(|only| only.contains(waiver.entry.as_str()));
    let needs: &[Need] = rule.needs;
    in_scope && (needs.is_empty() || !request.facts.is_empty())
}

/// The policy's text with a waiver appended for every finding that fails a run at `fail_on` and is not waived yet, and how
/// many were added. One waiver serves all findings of a rule in an entry.
///
/// # Errors
/// When the result would not be a policy: the file defines `waivers` in another way.
pub(crate) fn write(
    policy: &Policy,
    report: &Report,
    fail_on: Severity,
    reason: Option<&str>,
) -> Result<(String, usize), CommandError> {
    let wanted: BTreeSet<(&str, &str)> = report
        .findings
        .iter()
        .filter(|finding| finding.waived.is_none() && finding.severity >= fail_on)
        .filter_map(|finding| Some((finding.entry.as_deref()?, finding.rule)))
        .collect();
    let mut text = policy.text.to_string();
    if !text.is_empty() && !text.ends_with('\n') {
        text.push('\n');
    }
    let reason = toml::Value::from(reason.unwrap_or(UNFILLED_REASON));
    for (entry, rule) in &wanted {
        let entry = toml::Value::from(*entry);
        // Writing to a String cannot fail.
        let blank = if text.is_empty() { "" } else { "\n" };
        let _ = write!(text, "{blank}[[waivers]]\nrule = \"{rule}\"\nentry = {entry}\nreason = {reason}\n");
    }
    let readable = toml::from_str::<toml::Table>(&text);
    match readable {
        Ok(_) => Ok((text, wanted.len())),
        Err(error) => Err(CommandError::unfinished(format!("cannot append waivers to {POLICY}"))
            .because(&error)
            .hint("write existing waivers as `[[waivers]]` tables")),
    }
}
