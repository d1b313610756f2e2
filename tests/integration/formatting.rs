//! Formatting against prettier's verdicts on real entries.

use crate::corpus;
use mcp_registry::document::Document;
use mcp_registry::document::format::{Formatted, format};
use serde::Deserialize;

#[derive(Deserialize)]
struct Line {
    id: String,
    name: String,
    yaml: String,
    format: String,
}

#[test]
fn formatting_agrees_with_prettier() {
    let Some(lines) = corpus::lines::<Line>("entries.jsonl") else { return };
    let mut disagreements = Vec::new();
    let total = lines.len();
    for line in lines {
        let verdict = match Document::from_yaml(line.yaml.as_str()) {
            Err(_) => "parse-error",
            Ok(document) => match format(&line.yaml, &document) {
                Formatted::Already => "formatted",
                Formatted::Changed(text) => {
                    let again = Document::from_yaml(text.as_str()).unwrap();
                    assert_eq!(format(&text, &again), Formatted::Already, "{} is no fixed point", line.id);
                    "unformatted"
                }
                Formatted::Refused(reason) => reason,
            },
        };
        if verdict != line.format {
            disagreements.push(format!("{} {}: prettier {}, we {verdict}", line.id, line.name, line.format));
        }
    }
    println!("{} of {total} formatting verdicts are prettier's", total - disagreements.len());
    // Eleven entries of one commit have `tags` twice. prettier formats that; it is no document here, and gets
    // `invalid-yaml` in place of a verdict on its formatting.
    let (duplicate_keys, others): (Vec<String>, Vec<String>) =
        disagreements.into_iter().partition(|line| line.ends_with("prettier formatted, we parse-error"));
    assert_eq!(others, Vec::<String>::new());
    assert_eq!(duplicate_keys.len(), 11);
    assert!(duplicate_keys.len() * 200 <= total, "agreement is below 99.5%");
}
