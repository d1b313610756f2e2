//! The report as one JSON document, described by `schemas/report.json`.

use super::escape::visible_json;
use crate::document::Position;
use crate::finding::{Anchor, Finding, Report, Severity, Summary};
use serde::Serialize;

/// The version of the document's shape. It changes when a reader of the old shape would be wrong about the new one.
pub(crate) const VERSION: u32 = 1;

#[derive(Serialize)]
struct Document<'a> {
    version: u32,
    tool: Tool,
    command: &'a str,
    entries: usize,
    findings: Vec<FindingDocument<'a>>,
    summary: Summary,
}

#[derive(Serialize)]
struct Tool {
    name: &'static str,
    version: &'static str,
}

#[derive(Serialize)]
struct FindingDocument<'a> {
    rule: &'a str,
    severity: Severity,
    entry: Option<&'a str>,
    path: &'a str,
    #[serde(flatten)]
    region: Region,
    message: &'a str,
    label: &'a str,
    help: Option<&'a str>,
    labels: Vec<LabelDocument<'a>>,
    fixable: bool,
    waived: Option<&'a str>,
}

#[derive(Serialize)]
struct LabelDocument<'a> {
    path: &'a str,
    #[serde(flatten)]
    region: Region,
    text: &'a str,
}

/// Lines and columns from 1, columns in characters, the end after the last character; all null for a whole file.
#[derive(Serialize, Default)]
struct Region {
    line: Option<usize>,
    column: Option<usize>,
    end_line: Option<usize>,
    end_column: Option<usize>,
}

impl Region {
    fn of(report: &Report, path: &str, anchor: &Anchor) -> Self {
        let Some((Position { line, column }, end)) = report.positions_in(path, anchor) else {
            return Self::default();
        };
        Self { line: Some(line), column: Some(column), end_line: Some(end.line), end_column: Some(end.column) }
    }
}

/// The document, indented. Invisible characters are escaped, so that it can be shown.
#[must_use]
pub(crate) fn render(report: &Report) -> String {
    visible_json(&Document {
        version: VERSION,
        tool: Tool { name: env!("CARGO_PKG_NAME"), version: env!("CARGO_PKG_VERSION") },
        command: report.command,
        entries: report.entries,
        findings: report.findings.iter().map(|finding| finding_document(report, finding)).collect(),
        summary: report.summary(),
    })
}

fn finding_document<'a>(report: &Report, finding: &'a Finding) -> FindingDocument<'a> {
    FindingDocument {
        rule: finding.rule,
        severity: finding.severity,
        entry: finding.entry.as_deref(),
        path: &finding.path,
        region: Region::of(report, &finding.path, &finding.anchor),
        message: &finding.message,
        label: &finding.label,
        help: finding.help.as_deref(),
        labels: finding
            .labels
            .iter()
            .map(|label| LabelDocument {
                path: &label.path,
                region: Region::of(report, &label.path, &label.anchor),
                text: &label.text,
            })
            .collect(),
        fixable: finding.fixable,
        waived: finding.waived.as_deref(),
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::expect_used)]
mod tests {
    use super::super::Format;
    use super::super::samples::{
        WEATHER, WEATHER_TEXT, assert_visible, at, everything, finding, hostile, rendered, sources,
    };
    use crate::finding::{Report, Severity};
    use serde_json::Value;

    fn assert_valid(text: &str) -> Value {
        let schema: Value = serde_json::from_str(include_str!("../../schemas/report.json")).unwrap();
        let validator = jsonschema::draft202012::options().should_validate_formats(true).build(&schema).unwrap();
        let document: Value = serde_json::from_str(text).unwrap();
        let errors: Vec<String> =
            validator.iter_errors(&document).map(|error| format!("{}: {error}", error.instance_path())).collect();
        assert_eq!(errors, Vec::<String>::new());
        document
    }

    #[test]
    fn documents_match_their_schema() {
        assert_valid(&rendered(&everything(), Format::Json));
        assert_valid(&rendered(&Report::new("validate", 0, Vec::new(), sources(&[])), Format::Json));
        let document = assert_valid(&rendered(&hostile(), Format::Json));
        assert_eq!(document["findings"][0]["message"], hostile().findings[0].message);
    }

    #[test]
    fn the_schema_refuses_what_is_not_a_report() {
        let schema: Value = serde_json::from_str(include_str!("../../schemas/report.json")).unwrap();
        let good: Value = serde_json::from_str(&rendered(&everything(), Format::Json)).unwrap();
        for (pointer, value) in [
            ("/version", Value::from(2)),
            ("/findings/0/severity", Value::from("fatal")),
            ("/findings/0/line", Value::from(0)),
            ("/findings/0/rule", Value::from("Not A Rule")),
            ("/summary", Value::from(serde_json::Map::new())),
        ] {
            let mut bad = good.clone();
            *bad.pointer_mut(pointer).expect("the sample has this") = value;
            assert!(!jsonschema::draft202012::is_valid(&schema, &bad), "{pointer}");
        }
    }

    #[test]
    fn hostile_text_is_escaped() {
        assert_visible(&rendered(&hostile(), Format::Json));
    }

    #[test]
    fn a_document_is_this() {
        let findings =
            vec![finding("title-style", Severity::Note, WEATHER, at(WEATHER_TEXT, "日本"), "`日本` is not English")];
        let report = Report::new("validate", 1, findings, sources(&[(WEATHER, WEATHER_TEXT)]));
        insta::assert_snapshot!(rendered(&report, Format::Json), @r#"
        {
          "version": 1,
          "tool": {
            "name": "mcp-registry",
            "version": "0.1.0"
          },
          "command": "validate",
          "entries": 1,
          "findings": [
            {
              "rule": "title-style",
              "severity": "note",
              "entry": "weather",
              "path": "servers/weather/server.yaml",
              "line": 5,
              "column": 21,
              "end_line": 5,
              "end_column": 23,
              "message": "`日本` is not English",
              "label": "",
              "help": null,
              "labels": [],
              "fixable": false,
              "waived": null
            }
          ],
          "summary": {
            "error": 0,
            "warning": 0,
            "note": 1,
            "waived": 0
          }
        }
        "#);
    }
}
