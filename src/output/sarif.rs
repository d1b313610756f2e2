//! SARIF 2.1.0, the form that code scanning services read.
//!
//! <https://docs.oasis-open.org/sarif/sarif/v2.1.0/>. Only what is used of it is written; a test checks the result
//! against the standard's own schema.

mod fingerprint;
mod log;

use super::RenderOptions;
use super::escape::{sarif_text, uri_path, visible_json};
use super::human::MAX_MESSAGE_CHARACTERS;
use crate::finding::{Anchor, Finding, Report, RuleDescriptor, Severity};
use fingerprint::Fingerprints;
use log::{
    ArtifactLocation, Automation, Configuration, Driver, Help, Invocation, Level, Location, Log, LogicalLocation,
    PhysicalLocation, Properties, Region, RelatedLocation, RuleObject, Run, SarifResult, Suppression, Text, Tool,
    UriBase,
};
use std::collections::{BTreeMap, BTreeSet};

/// What relative URIs are relative to. Its own URI is left out: who reads the log knows where the checkout is.
const ROOT: &str = "REGISTRY_ROOT";

/// The log: one run with every finding; waived ones are there as suppressed.
#[must_use]
pub(crate) fn render(report: &Report, options: &RenderOptions<'_>) -> String {
    let rules = rules(report, options.rules);
    let index: BTreeMap<&str, usize> = rules.iter().enumerate().map(|(at, rule)| (rule.id, at)).collect();
    // The standard wants the property on every result as soon as it is on one.
    let any_waived = report.findings.iter().any(|finding| finding.waived.is_some());
    let mut fingerprints = Fingerprints::default();
    let results = report
        .findings
        .iter()
        .map(|finding| SarifResult {
            rule_id: finding.rule,
            rule_index: index.get(finding.rule).copied(),
            level: level(finding.severity),
            message: Text { text: message(finding) },
            locations: vec![location(report, finding)],
            related_locations: related(report, finding),
            partial_fingerprints: BTreeMap::from([(fingerprint::NAME, fingerprints.of(report, finding))]),
            suppressions: any_waived.then(|| finding.waived.iter().map(|reason| suppression(reason)).collect()),
            properties: Properties { fixable: finding.fixable },
        })
        .collect();
    visible_json(&Log {
        schema: "https://json.schemastore.org/sarif-2.1.0.json",
        version: "2.1.0",
        runs: [Run {
            tool: Tool {
                driver: Driver { name: env!("CARGO_PKG_NAME"), semantic_version: env!("CARGO_PKG_VERSION"), rules },
            },
            automation_details: Automation { id: format!("{}/{}/", env!("CARGO_PKG_NAME"), report.command) },
            invocations: [Invocation { execution_successful: true }],
            column_kind: "unicodeCodePoints",
            original_uri_base_ids: BTreeMap::from([(
                ROOT,
                UriBase { description: Text { text: "the folder that holds `servers/`".to_owned() } },
            )]),
            results,
        }],
    })
}

/// The rules that are described, and those that only findings name.
fn rules<'a>(report: &Report, described: &'a [RuleDescriptor]) -> Vec<RuleObject<'a>> {
    let known: BTreeSet<&str> = described.iter().map(|rule| rule.id).collect();
    let named: BTreeSet<&'static str> = report.findings.iter().map(|finding| finding.rule).collect();
    let described = described.iter().map(|rule| RuleObject {
        id: rule.id,
        short_description: Some(Text { text: rule.summary.to_owned() }),
        help: Some(Help { text: rule.explanation, markdown: rule.explanation }),
        help_uri: rule.help_uri.as_deref(),
        default_configuration: Some(Configuration { level: level(rule.severity) }),
    });
    let named = named.into_iter().filter(|id| !known.contains(id)).map(|id| RuleObject {
        id,
        short_description: None,
        help: None,
        help_uri: None,
        default_configuration: None,
    });
    described.chain(named).collect()
}

fn level(severity: Severity) -> Level {
    match severity {
        Severity::Error => Level::Error,
        Severity::Warning => Level::Warning,
        Severity::Note => Level::Note,
    }
}

/// The message, and the remedy on a line of its own.
fn message(finding: &Finding) -> String {
    let mut text = sarif_text(&finding.message, MAX_MESSAGE_CHARACTERS);
    if let Some(help) = &finding.help {
        text.push_str("\nhelp: ");
        text.push_str(&sarif_text(help, MAX_MESSAGE_CHARACTERS));
    }
    text
}

fn suppression(reason: &str) -> Suppression {
    Suppression { kind: "external", status: "accepted", justification: reason.to_owned() }
}

fn location(report: &Report, finding: &Finding) -> Location {
    Location {
        physical_location: physical(report, &finding.path, &finding.anchor),
        logical_locations: finding
            .entry
            .iter()
            .map(|entry| LogicalLocation { name: entry.to_string(), kind: "module" })
            .collect(),
    }
}

fn related(report: &Report, finding: &Finding) -> Vec<RelatedLocation> {
    finding
        .labels
        .iter()
        .enumerate()
        .map(|(at, label)| RelatedLocation {
            id: at + 1,
            physical_location: physical(report, &label.path, &label.anchor),
            message: Text { text: sarif_text(&label.text, MAX_MESSAGE_CHARACTERS) },
        })
        .collect()
}

fn physical(report: &Report, path: &str, anchor: &Anchor) -> PhysicalLocation {
    PhysicalLocation {
        artifact_location: ArtifactLocation { uri: uri_path(path), uri_base_id: ROOT },
        region: report.positions_in(path, anchor).map(|(start, end)| Region {
            start_line: start.line,
            start_column: start.column,
            end_line: end.line,
            end_column: end.column,
        }),
    }
}

#[cfg(test)]
mod tests;
