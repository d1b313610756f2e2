//! A report against the image that it must be about. Pure.

use super::report::{Found, Kind, ScanReport};
use super::rules;
use crate::finding::Severity;
use std::collections::BTreeSet;

/// One thing to be said about an image.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Judged {
    pub(crate) rule: &'static str,
    pub(crate) severity: Severity,
    pub(crate) message: String,
    pub(crate) help: String,
    /// Whether it is a warning at most, whatever the policy says of its rule.
    pub(crate) capped: bool,
    pub(crate) excused: Option<String>,
}

/// How reports are judged.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Judge {
    /// What has no fixed version is a warning at most.
    pub(crate) only_fixable: bool,
    /// Whether the report was made elsewhere, so that it must say what it is about.
    pub(crate) elsewhere: bool,
}

impl Judge {
    /// What is to be said, what can be fixed first, and the worst of that first. `known` are the digests of the image: of its
    /// manifest, and of its configuration.
    pub(crate) fn judge(self, report: &ScanReport, known: &BTreeSet<String>) -> Vec<Judged> {
        let mut judged = Vec::new();
        if report.about.is_empty() && self.elsewhere {
            judged.push(about(rules::UNBOUND, "the report does not say which image it is about".to_owned()));
        }
        if self.elsewhere && !report.about.is_empty() && report.about.is_disjoint(known) {
            let named: Vec<&str> = report.about.iter().map(String::as_str).take(3).collect();
            judged
                .push(about(rules::FOREIGN, format!("the report is about {}, not about this image", named.join(", "))));
        }
        let mut found: Vec<&Found> = report.found.iter().collect();
        found.sort_by(|one, other| {
            let key = |found: &Found| (found.excused.is_some(), found.kind == Kind::Other, found.fixed.is_none());
            let by_key = key(one).cmp(&key(other));
            by_key
                .then(other.level.cmp(&one.level))
                .then_with(|| (&one.id, &one.package).cmp(&(&other.id, &other.package)))
        });
        judged.extend(found.into_iter().map(|found| self.one(found)));
        judged
    }

    fn one(self, found: &Found) -> Judged {
        let rule = rules::of(found);
        let capped = self.only_fixable && found.fixed.is_none() && found.kind == Kind::Vulnerability;
        let mut message = found.id.clone();
        if !found.package.is_empty() {
            message.push_str(&format!(" in {}", found.package));
            if !found.version.is_empty() {
                message.push_str(&format!(" {}", found.version));
            }
        }
        if !found.place.is_empty() {
            message.push_str(&format!(" at {}", found.place));
        }
        if let Some(fixed) = &found.fixed {
            message.push_str(&format!(", fixed in {fixed}"));
        }
        // Of a package everybody knows what to look up; what else it is, the scanner says.
        if !found.about.is_empty() && !found.about.starts_with(&found.id) {
            message.push_str(&format!(": {}", found.about));
        }
        let help = match (&found.fixed, found.kind) {
            (Some(fixed), _) if !found.package.is_empty() => {
                format!("upgrade {} to {fixed}, and build again", found.package)
            }
            (Some(fixed), _) => format!("upgrade to {fixed}, and build again"),
            (None, Kind::Vulnerability) => {
                "no fixed version is known: waive it with a day on which to look again, or do without the package"
                    .to_owned()
            }
            (None, Kind::Other) => "the scanner's own report says more".to_owned(),
        };
        Judged { rule: rule.id, severity: rule.severity, message, help, capped, excused: found.excused.clone() }
    }
}

fn about(id: &'static str, message: String) -> Judged {
    let rule = rules::find(id);
    Judged {
        rule: rule.id,
        severity: rule.severity,
        message,
        help: "have the scanner look at the image by its digest".to_owned(),
        capped: false,
        excused: None,
    }
}
