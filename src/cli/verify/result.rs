//! From what was found to a report and an exit status.

use super::{VerifyArgs, is_human};
use crate::cli::Global;
use crate::cli::scan::{self, Scanned};
use crate::cli::subjects::{self, Named};
use crate::error::{CommandError, exit};
use crate::finding::{Finding, Report, Severity};
use crate::output::{self, RenderOptions, escape};
use crate::policy::Policy;
use crate::route;
use crate::rules::Obeying;
use crate::scan::rules::UNSCANNED;
use crate::ui::Ui;
use crate::verify::Problem;
use crate::verify::all::{Unverified, Verified};
use crate::verify::rules::{self, Id};
use chrono::NaiveDate;
use std::sync::Arc;

/// What a run is about.
pub(super) struct About<'a> {
    pub(super) args: &'a VerifyArgs,
    pub(super) global: &'a Global,
    pub(super) policy: &'a Policy,
    pub(super) today: NaiveDate,
}

/// Shows what was found, and says how it ended.
pub(super) fn show(
    about: &About<'_>,
    subjects: &[Named],
    verified: &[Result<Verified, Unverified>],
    scanned: Vec<(Named, Result<Scanned, CommandError>)>,
    ui: &Ui,
) -> Result<u8, CommandError> {
    let About { args, global, policy, today } = *about;
    let obeying = Obeying::new(policy, today);
    let mut findings = Vec::new();
    let mut good = String::new();
    for (named, result) in subjects.iter().zip(verified) {
        match result {
            Ok(verified) => {
                let problems = &verified.judged.problems;
                let one = |one: &Problem| {
                    let help = one.help.as_deref().unwrap_or(one.rule.help);
                    finding(named, one.rule, one.severity, (&one.message, help))
                };
                let mut found: Vec<Finding> = problems.iter().map(one).collect();
                obeying.obey(&mut found);
                if found.iter().all(|finding| finding.waived.is_some() || finding.severity < Severity::Error) {
                    good.push_str(&line(verified));
                }
                findings.append(&mut found);
                if let Some(tag) = verified.tag.as_ref().filter(|_| !args.all) {
                    ui.say(&format!("the tag `{tag}` led to {}", verified.reference));
                }
            }
            // Whatever the policy says: what was not looked at has not passed.
            Err(Unverified { reason, help }) => {
                findings.push(finding(named, &rules::UNVERIFIED_IMAGE, Severity::Error, (reason, help)));
            }
        }
    }
    let mut found = scan::Found::default();
    if !scanned.is_empty() {
        let judge = args.scanner.judge(policy)?;
        for (named, report) in scanned {
            scan::findings(&mut found, &named, report, judge, &obeying, ui);
        }
    }
    let order: Vec<(Arc<str>, String)> =
        found.findings.iter().map(|finding| (finding.path.clone(), finding.message.clone())).collect();
    findings.append(&mut found.findings);
    let mut report = Report::new("verify", subjects.len(), findings, subjects::sources(subjects));
    scan::first_fixable(&mut report, &order);
    let mut descriptors = rules::descriptors();
    if args.scan {
        descriptors.extend(crate::scan::rules::all().iter().cloned());
    }
    let options = RenderOptions {
        color: ui.stdout_color,
        width: ui.width,
        show_waived: false,
        quiet: global.quiet || !args.all,
        rules: &descriptors,
    };
    let mut text = String::new();
    if is_human(global) && !args.all {
        text.push_str(&good);
    }
    text.push_str(&output::render(&report, global.format, &options));
    ui.result(&text)?;
    Ok(status(args, &report))
}

fn line(verified: &Verified) -> String {
    let places = match (verified.judged.in_tag, verified.judged.in_bundles) {
        (0, _) => "bundle",
        (_, 0) => "tag .sig",
        _ => "tag .sig and bundle",
    };
    let mut line = format!("{}  signed ({places})", escape::terminal(&verified.reference));
    for kind in &verified.judged.types {
        line.push_str(&format!("\n  attested: {}", escape::terminal(kind)));
    }
    line.push('\n');
    line
}

/// Mismatches first: they are certain. Then whatever could not be reached.
fn status(args: &VerifyArgs, report: &Report) -> u8 {
    let least = args.fail_on.severity();
    let unknown = |finding: &&Finding| finding.rule == rules::UNVERIFIED_IMAGE.id || finding.rule == UNSCANNED;
    let fails = |finding: &&Finding| finding.waived.is_none() && least.is_some_and(|least| finding.severity >= least);
    if report.findings.iter().filter(|finding| !unknown(finding)).any(|finding| fails(&finding)) {
        exit::FINDINGS
    } else if report.findings.iter().any(|finding| unknown(&finding)) {
        exit::UNFINISHED
    } else {
        exit::CLEAN
    }
}

fn finding(named: &Named, rule: &'static Id, severity: Severity, (message, help): (&str, &str)) -> Finding {
    let route = if *rule == rules::COMMIT_MISMATCH { route!["source", "commit"] } else { route!["image"] };
    let mut finding = named.finding(rule.id, severity, route, message);
    finding.help = Some(help.to_owned());
    finding
}
