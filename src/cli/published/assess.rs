//! What was found out about entries by other commands, from the files that they left: signatures and reviews.

use super::{Gathered, KnownArgs};
use crate::catalog::published::{Review, Verification};
use crate::cli::checks::saved::{self, FindingsReport, Saved};
use crate::cli::refuse;
use crate::error::CommandError;
use crate::finding::Severity;
use crate::ids::ImageReference;
use crate::verdict::ReviewReport;
use crate::verify::rules::UNVERIFIED_IMAGE;
use std::collections::BTreeMap;
use std::path::Path;

/// Notes what was found out.
///
/// # Errors
/// When a file cannot be read, or is of something else.
pub(super) fn assess(
    gathered: &mut Gathered,
    args: &KnownArgs,
    published: &BTreeMap<String, ImageReference>,
) -> Result<(), CommandError> {
    if let Some(file) = &args.verify {
        verified(gathered, file, published)?;
    }
    if let Some(folder) = &args.reviews {
        reviewed(gathered, folder)?;
    }
    Ok(())
}

/// The report says how many images were looked at and not which. Where that is all that the registry builds, or all that were
/// published, those without a finding are verified; else nobody knows it of any that has none.
fn verified(
    gathered: &mut Gathered,
    file: &Path,
    published: &BTreeMap<String, ImageReference>,
) -> Result<(), CommandError> {
    let shown = file.display();
    let report = match saved::read(&[file.to_owned()])?.pop() {
        Some(Saved::Findings(report)) if report.command == "verify" => report,
        _ => return Err(refuse(format!("{shown} is not what `verify --format json` writes"))),
    };
    let all = gathered.built.len();
    let covers = |name: &str| {
        (report.entries == all && gathered.built.contains(name))
            || (report.entries == published.len() && published.contains_key(name))
    };
    let found: Vec<Verification> =
        gathered.published.iter().map(|entry| verification(&report, &entry.name, covers(&entry.name))).collect();
    for (entry, found) in gathered.published.iter_mut().zip(found) {
        entry.verified = entry.image.is_some().then_some(found);
    }
    Ok(())
}

fn verification(report: &FindingsReport, name: &str, is_covered: bool) -> Verification {
    let own = || report.findings.iter().filter(|finding| finding.entry.as_deref() == Some(name));
    if own().any(|finding| finding.rule == UNVERIFIED_IMAGE.id) {
        return Verification::Unknown;
    }
    let worst: Option<Severity> = own().filter(|it| it.waived.is_none()).map(|finding| finding.severity).max();
    match worst {
        Some(Severity::Error) => Verification::Verified(worst),
        _ if is_covered => Verification::Verified(worst),
        _ => Verification::Unknown,
    }
}

/// Reviews of the commits that are pinned now. Of several of one commit, the greatest risk counts, and one that is not complete
/// counts for nothing good.
fn reviewed(gathered: &mut Gathered, folder: &Path) -> Result<(), CommandError> {
    let mut reports: Vec<Box<ReviewReport>> = Vec::new();
    for saved in saved::read(&[folder.to_owned()])? {
        match saved {
            Saved::Review(report) => reports.push(report),
            _ => return Err(refuse(format!("{} has a report that is not of a review", folder.display()))),
        }
    }
    for entry in &mut gathered.published {
        let Some(commit) = entry.commit() else { continue };
        let own = reports.iter().filter(|report| {
            let reviewed = &report.reviewed;
            reviewed.entry.as_deref() == Some(&*entry.name) && reviewed.head.as_ref() == Some(&commit)
        });
        let own: Vec<&Box<ReviewReport>> = own.collect();
        if own.is_empty() {
            continue;
        }
        let is_complete = own.iter().all(|report| report.verdict.incomplete.is_empty());
        let worst = own.iter().map(|report| report.verdict.risk).max();
        entry.review = Some(Review { risk: worst.filter(|_| is_complete), commit });
    }
    Ok(())
}
