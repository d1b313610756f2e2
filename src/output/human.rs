//! For people.
use crate::finding::Report;

/// The findings without colour or summary.
#[must_use]
pub fn findings_plain(report: &Report) -> String {
    let mut text = String::new();
    for finding in &report.findings {
        let at =
            report.positions(finding).map_or(String::new(), |(start, _)| format!(":{}:{}", start.line, start.column));
        text.push_str(&format!(
            "{}[{}]: {}\n  --> {}{at}\n",
            finding.severity, finding.rule, finding.message, finding.path
        ));
    }
    text
}
