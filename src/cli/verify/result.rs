//! From what was found to a report and an exit status.

use super::entries::{Named, Of};
use super::{VerifyArgs, is_human};
use crate::cli::Global;
use crate::error::{CommandError, exit};
use crate::finding::{Anchor, Finding, Report, Severity, SourceText, Sources};
use crate::output::{self, RenderOptions, escape};
use crate::route;
use crate::ui::Ui;
use crate::verify::Problem;
use crate::verify::all::Verified;
use crate::verify::rules::{self, Id};

/// Shows what was found, and says how it ended.
pub(super) fn show(
    args: &VerifyArgs,
    global: &Global,
    subjects: &[Named],
    verified: &[Result<Verified, String>],
    ui: &Ui,
) -> Result<u8, CommandError> {
    let mut findings = Vec::new();
    let mut good = String::new();
    for (named, result) in subjects.iter().zip(verified) {
        match result {
            Ok(verified) => {
                let at = |problem: &Problem| finding(named, problem.rule, problem.severity, &problem.message);
                findings.extend(verified.judged.problems.iter().map(at));
                if verified.judged.problems.iter().all(|problem| problem.severity < Severity::Error) {
                    good.push_str(&line(verified));
                }
                if let Some(tag) = verified.tag.as_ref().filter(|_| !args.all) {
                    ui.say(&format!("the tag `{tag}` led to {}", verified.reference));
                }
            }
            Err(reason) => findings.push(finding(named, &rules::UNVERIFIED_IMAGE, Severity::Error, reason)),
        }
    }
    let report = Report::new("verify", subjects.len(), findings, sources(subjects));
    let descriptors = rules::descriptors();
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
    let unverified = |finding: &&Finding| finding.rule == rules::UNVERIFIED_IMAGE.id;
    let fails = |finding: &&Finding| least.is_some_and(|least| finding.severity >= least);
    if report.findings.iter().filter(|finding| !unverified(finding)).any(|finding| fails(&finding)) {
        exit::FINDINGS
    } else if report.findings.iter().any(|finding| unverified(&finding)) {
        exit::UNFINISHED
    } else {
        exit::CLEAN
    }
}

fn finding(named: &Named, rule: &'static Id, severity: Severity, message: &str) -> Finding {
    let (entry, path, anchor) = match &named.entry {
        Some(of) => {
            let route = if *rule == rules::COMMIT_MISMATCH { route!["source", "commit"] } else { route!["image"] };
            (Some(of.name.clone()), of.path.clone(), Anchor::Value(route))
        }
        None => (None, named.shown.as_str().into(), Anchor::File),
    };
    Finding {
        rule: rule.id,
        severity,
        entry,
        path,
        anchor,
        message: message.to_owned(),
        label: String::new(),
        help: Some(rule.help.to_owned()),
        labels: Vec::new(),
        fixable: false,
        waived: None,
        sensitive: false,
    }
}

/// The manifests that findings point into.
fn sources(subjects: &[Named]) -> Sources {
    let of = subjects.iter().filter_map(|named| named.entry.as_ref());
    of.filter_map(|Of { path, manifest, .. }| Some((path.clone(), SourceText::Document(manifest.clone()?)))).collect()
}
