//! From reports of scanners to one of ours, and an exit status.

use super::{ScanArgs, Scanned};
use crate::cli::Global;
use crate::cli::subjects::{self, Named};
use crate::context::Context;
use crate::error::{CommandError, exit};
use crate::finding::{Finding, Report, Severity};
use crate::output::{self, Format, RenderOptions};
use crate::policy::Policy;
use crate::route;
use crate::rules::Obeying;
use crate::scan::judge::Judge;
use crate::scan::rules::{self, UNSCANNED};
use crate::ui::Ui;
use std::collections::HashMap;
use std::sync::Arc;

/// Findings of scans in the order in which they are to be shown: what can be fixed first.
#[derive(Debug, Default)]
pub(in crate::cli) struct Found {
    pub(in crate::cli) findings: Vec<Finding>,
    /// Whether something was not scanned.
    pub(in crate::cli) unfinished: bool,
}

/// What was found in an image.
pub(in crate::cli) fn findings(
    into: &mut Found,
    named: &Named,
    scanned: Result<Scanned, CommandError>,
    judge: Judge,
    obeying: &Obeying<'_>,
    ui: &Ui,
) {
    let Scanned { report, known } = match scanned {
        Ok(scanned) => scanned,
        Err(error) => {
            // A finding has no place for the last lines of the scanner.
            if !error.excerpt.is_empty() {
                ui.say(&format!("the last lines of the scanner about `{}`:", named.shown));
                error.excerpt.iter().for_each(|line| ui.say(&format!("  | {line}")));
            }
            let causes = error.causes.iter().map(|cause| format!(": {cause}"));
            let message: String = std::iter::once(error.message.clone()).chain(causes).collect();
            let mut finding = named.finding(UNSCANNED, Severity::Error, route!["image"], &message);
            finding.help = Some(error.hints.join("; ")).filter(|help| !help.is_empty());
            into.findings.push(finding);
            into.unfinished = true;
            return;
        }
    };
    let entry = named.entry.as_ref().map(|of| &*of.name);
    for judged in judge.judge(&report, &known) {
        let Some(severity) = obeying.severity(judged.rule, judged.severity) else { continue };
        // What the policy makes worse stays no more than a warning where nothing can be done.
        let severity = if judged.capped { severity.min(Severity::Warning) } else { severity };
        let id = judged.message.split([' ', ',', ':']).next();
        let waived = judged.excused.or_else(|| obeying.waiver(judged.rule, entry, id));
        let mut finding = named.finding(judged.rule, severity, route!["image"], &judged.message);
        finding.help = Some(judged.help);
        finding.waived = waived;
        into.findings.push(finding);
    }
}

/// Puts the findings of scans in the order that they were found in, after whatever else is about the same image.
pub(in crate::cli) fn first_fixable(report: &mut Report, order: &[(Arc<str>, String)]) {
    let places: HashMap<&(Arc<str>, String), usize> =
        order.iter().enumerate().map(|(place, finding)| (finding, place + 1)).collect();
    report.findings.sort_by_cached_key(|finding| {
        let place = places.get(&(finding.path.clone(), finding.message.clone())).copied().unwrap_or(0);
        (finding.path.clone(), place)
    });
}

/// Shows what was found, and says how it ended.
pub(super) fn show(
    args: &ScanArgs,
    global: &Global,
    context: &Context,
    policy: &Policy,
    subjects: &[Named],
    scanned: Vec<Result<Scanned, CommandError>>,
    ui: &Ui,
) -> Result<u8, CommandError> {
    let obeying = Obeying::new(policy, context.today());
    let judge = args.scanner.judge(policy)?;
    let mut found = Found::default();
    for (named, scanned) in subjects.iter().zip(scanned) {
        findings(&mut found, named, scanned, judge, &obeying, ui);
    }
    let order: Vec<(Arc<str>, String)> =
        found.findings.iter().map(|finding| (finding.path.clone(), finding.message.clone())).collect();
    // People need not see the same line of a manifest a hundred times.
    let sources = if global.format == Format::Human { Default::default() } else { subjects::sources(subjects) };
    let mut report = Report::new("scan", subjects.len(), found.findings, sources);
    first_fixable(&mut report, &order);
    let options = RenderOptions {
        color: ui.stdout_color,
        width: ui.width,
        show_waived: false,
        quiet: global.quiet,
        rules: rules::all(),
    };
    ui.result(&output::render(&report, global.format, &options))?;
    let least = match args.fail_on {
        Some(fail_on) => fail_on.severity(),
        None => policy.settings.scan.fail_on.severity(),
    };
    let fails = |finding: &&Finding| {
        finding.rule != UNSCANNED && finding.waived.is_none() && least.is_some_and(|least| finding.severity >= least)
    };
    Ok(if report.findings.iter().any(|finding| fails(&finding)) {
        exit::FINDINGS
    } else if found.unfinished {
        exit::UNFINISHED
    } else {
        exit::CLEAN
    })
}
