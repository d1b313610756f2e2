#![allow(clippy::unwrap_used)]

use super::super::samples::{
    WEATHER, WEATHER_TEXT, assert_visible, at, everything, finding, hostile, rendered, sources,
};
use super::super::{Format, RenderOptions};
use crate::document::{Route, Step};
use crate::finding::{Anchor, Finding, Report, RuleDescriptor, Severity};
use serde_json::Value;

/// The standard's schema, with the one pattern in it that is not a regular expression (a stray `]`) mended.
fn schema() -> Value {
    let text = include_str!("../../../fixtures/sarif-2.1.0.json");
    serde_json::from_str(&text.replace("[a-zA-Z]{2}]?$", "[a-zA-Z]{2}$")).unwrap()
}

fn assert_valid(text: &str) -> Value {
    let schema = schema();
    let validator = jsonschema::options().should_validate_formats(true).build(&schema).unwrap();
    let log: Value = serde_json::from_str(text).unwrap();
    let errors: Vec<String> =
        validator.iter_errors(&log).map(|error| format!("{}: {error}", error.instance_path())).collect();
    assert_eq!(errors, Vec::<String>::new());
    log
}

fn fingerprints(report: &Report) -> Vec<String> {
    let log = assert_valid(&rendered(report, Format::Sarif));
    let results = log["runs"][0]["results"].as_array().unwrap();
    results.iter().map(|result| result["partialFingerprints"][super::fingerprint::NAME].to_string()).collect()
}

#[test]
fn logs_match_the_standards_schema() {
    assert_valid(&rendered(&everything(), Format::Sarif));
    assert_valid(&rendered(&Report::new("validate", 0, Vec::new(), sources(&[])), Format::Sarif));
    let text = rendered(&hostile(), Format::Sarif);
    assert_visible(&text);
    let log = assert_valid(&text);
    let uri = &log["runs"][0]["results"][0]["locations"][0]["physicalLocation"]["artifactLocation"]["uri"];
    assert_eq!(uri, "servers/x%0A%3A%3Aerror%20file%3Da%3A%3Ab%250A%2C%3A/server.yaml");
}

#[test]
fn the_schema_is_not_blind() {
    let schema = schema();
    let mut log: Value = serde_json::from_str(&rendered(&everything(), Format::Sarif)).unwrap();
    log["runs"][0]["results"][0]["level"] = Value::from("fatal");
    assert!(!jsonschema::is_valid(&schema, &log));
}

#[test]
fn a_log_is_this() {
    let descriptors = [RuleDescriptor {
        id: "unpinned-source",
        summary: "a local server does not name the commit that was audited",
        explanation: "## What\nNo commit.\n",
        severity: Severity::Error,
        help_uri: Some("https://registry.example/rules#unpinned-source".to_owned()),
    }];
    let mut report = everything();
    report.findings.retain(|finding| finding.rule == "unpinned-source" || finding.waived.is_some());
    let options = RenderOptions { rules: &descriptors, ..RenderOptions::default() };
    let log = super::render(&report, &options);
    assert_valid(&log);
    insta::assert_snapshot!(log, @r###"
    {
      "$schema": "https://json.schemastore.org/sarif-2.1.0.json",
      "version": "2.1.0",
      "runs": [
        {
          "tool": {
            "driver": {
              "name": "mcp-registry",
              "semanticVersion": "0.1.0",
              "rules": [
                {
                  "id": "unpinned-source",
                  "shortDescription": {
                    "text": "a local server does not name the commit that was audited"
                  },
                  "help": {
                    "text": "## What\nNo commit.\n",
                    "markdown": "## What\nNo commit.\n"
                  },
                  "helpUri": "https://registry.example/rules#unpinned-source",
                  "defaultConfiguration": {
                    "level": "error"
                  }
                },
                {
                  "id": "invalid-name"
                }
              ]
            }
          },
          "automationDetails": {
            "id": "mcp-registry/validate/"
          },
          "invocations": [
            {
              "executionSuccessful": true
            }
          ],
          "columnKind": "unicodeCodePoints",
          "originalUriBaseIds": {
            "REGISTRY_ROOT": {
              "description": {
                "text": "the folder that holds `servers/`"
              }
            }
          },
          "results": [
            {
              "ruleId": "invalid-name",
              "ruleIndex": 1,
              "level": "error",
              "message": {
                "text": "`forecast` is a poor name"
              },
              "locations": [
                {
                  "physicalLocation": {
                    "artifactLocation": {
                      "uri": "servers/forecast/server.yaml",
                      "uriBaseId": "REGISTRY_ROOT"
                    },
                    "region": {
                      "startLine": 1,
                      "startColumn": 7,
                      "endLine": 1,
                      "endColumn": 15
                    }
                  },
                  "logicalLocations": [
                    {
                      "name": "forecast",
                      "kind": "module"
                    }
                  ]
                }
              ],
              "partialFingerprints": {
                "mcpRegistryFinding/v1": "5fab7ad6ab99979df4e1538fc4d0fb12"
              },
              "suppressions": [
                {
                  "kind": "external",
                  "status": "accepted",
                  "justification": "named before the rule"
                }
              ],
              "properties": {
                "fixable": false
              }
            },
            {
              "ruleId": "unpinned-source",
              "ruleIndex": 0,
              "level": "error",
              "message": {
                "text": "`main` is not a commit\nhelp: write the 40 digits of the commit that was audited"
              },
              "locations": [
                {
                  "physicalLocation": {
                    "artifactLocation": {
                      "uri": "servers/weather/server.yaml",
                      "uriBaseId": "REGISTRY_ROOT"
                    },
                    "region": {
                      "startLine": 8,
                      "startColumn": 11,
                      "endLine": 8,
                      "endColumn": 15
                    }
                  },
                  "logicalLocations": [
                    {
                      "name": "weather",
                      "kind": "module"
                    }
                  ]
                }
              ],
              "relatedLocations": [
                {
                  "id": 1,
                  "physicalLocation": {
                    "artifactLocation": {
                      "uri": "servers/weather/server.yaml",
                      "uriBaseId": "REGISTRY_ROOT"
                    },
                    "region": {
                      "startLine": 3,
                      "startColumn": 1,
                      "endLine": 3,
                      "endColumn": 13
                    }
                  },
                  "message": {
                    "text": "this entry is built from source"
                  }
                }
              ],
              "partialFingerprints": {
                "mcpRegistryFinding/v1": "f6fc79e8afcddcc3d484a46f5b47f604"
              },
              "suppressions": [],
              "properties": {
                "fixable": true
              }
            }
          ]
        }
      ]
    }
    "###);
}

#[test]
fn fingerprints_survive_moved_lines() {
    let in_text = |text: &str| {
        let part = |part| at(text, part);
        let route = Anchor::Value(Route::new(vec![Step::from("about"), Step::from("title")]));
        let findings = vec![
            finding("unpinned-source", Severity::Error, WEATHER, part("main"), "no commit"),
            finding("title-style", Severity::Note, WEATHER, route, "no style"),
            finding("hidden-text", Severity::Error, WEATHER, part("weather"), "one"),
            finding("hidden-text", Severity::Error, WEATHER, part("weather"), "two"),
        ];
        fingerprints(&Report::new("validate", 1, findings, sources(&[(WEATHER, text)])))
    };
    let before = in_text(WEATHER_TEXT);
    let mut different = before.clone();
    different.sort();
    different.dedup();
    assert_eq!(different.len(), 4, "two findings have one fingerprint: {before:?}");
    let mut after = in_text(&format!("# a comment\n\n{WEATHER_TEXT}"));
    after.sort();
    assert_eq!(after, different);
}

#[test]
fn unknown_rules_and_missing_files_are_named() {
    let report = everything();
    let log = assert_valid(&rendered(&report, Format::Sarif));
    let run = &log["runs"][0];
    for (result, finding) in run["results"].as_array().unwrap().iter().zip(&report.findings) {
        let rule = usize::try_from(result["ruleIndex"].as_u64().unwrap()).unwrap();
        assert_eq!(run["tool"]["driver"]["rules"][rule]["id"], finding.rule);
        let region = &result["locations"][0]["physicalLocation"]["region"];
        assert_eq!(region.is_null(), finding.anchor == Anchor::File, "{}", finding.rule);
    }
}

#[test]
fn without_waivers_nothing_is_said_of_suppressions() {
    let clean = Finding { waived: None, ..finding("title-style", Severity::Note, WEATHER, Anchor::File, "x") };
    let report = Report::new("validate", 1, vec![clean], sources(&[]));
    assert!(!rendered(&report, Format::Sarif).contains("suppressions"));
    assert!(rendered(&everything(), Format::Sarif).contains("\"suppressions\": []"));
}
