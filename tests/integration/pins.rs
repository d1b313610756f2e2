//! Setting a pin in generated texts: the parsed document differs in that one value, the bytes in one place; anything else is
//! refused.

use crate::properties::{config, text};
use mcp_registry::document::Document;
use mcp_registry::document::edit::verify_same_data_except;
use mcp_registry::ids::CommitSha;
use mcp_registry::pins::rewrite::set_pin;
use mcp_registry::route;
use proptest::prelude::*;
use proptest::sample::select;

/// Commits, some of which look like numbers.
fn commit() -> impl Strategy<Value = String> {
    prop_oneof!["[0-9a-f]{40}", "[0-9]{40}", "[0-9]{2}e[0-9]{37}", "0b[01]{38}"]
}

/// What may stand before and behind a `source`, with texts that look like its pin.
const AROUND: &[&str] = &[
    "",
    "# source: {commit: x}\n",
    "name: n\n",
    "about:\n  description: |+\n    source:\n      commit: x\n\n",
    "config: {commit: x, source: {commit: x}}\n",
    "tools: &all [a]\n\n",
];

/// A `source` with `@` where its pin is.
const SOURCES: &[&str] = &[
    "source:\n  project: p\n  commit: @\n",
    "source:\n      commit:   @   # commit: @x, audited\n      project: p\n",
    "source: &s\n  # why\n  \"commit\": @\n  project: >-\n    p\n",
    "source: {project: p,commit: @}\n",
    "source: { commit: @, project: p } # commit: x\n",
    "source: {\n  'project': 'p', # x\n  'commit': @,\n}\n",
    "source:\n  project: p\n  ? commit\n  : @\n",
];

proptest! {
    #![proptest_config(config())]

    #[test]
    fn a_pin_moves_alone(
        before in select(AROUND), source in select(SOURCES), behind in select(&["", "run: {}\n", "# commit: x\n"][..]),
        quote in select(&["'", "\""][..]), old in commit(), new in commit(), crlf: bool, bom: bool, cut: bool,
    ) {
        let template = format!("{}{before}{source}{behind}", if bom { "\u{feff}" } else { "" });
        let template = if crlf { template.replace('\n', "\r\n") } else { template };
        let template = if cut { template.trim_end() } else { &template };
        let with = |commit: &str| template.replacen('@', &format!("{quote}{commit}{quote}"), 1);
        let rewrite = set_pin(&with(&old), &CommitSha::parse(&new).unwrap()).unwrap();
        prop_assert_eq!(rewrite.old, Some(old.clone()));
        prop_assert_eq!(rewrite.text, (old != new).then(|| with(&new)));
    }

    #[test]
    fn one_value_differs_or_nothing_is_done(text in text(), new in commit()) {
        match set_pin(&text, &CommitSha::parse(&new).unwrap()) {
            Err(refusal) => {
                let said = refusal.to_string();
                prop_assert!(!said.ends_with([':', ' ']) && refusal.position.line <= text.matches('\n').count() + 1);
            }
            Ok(rewrite) => {
                let before = Document::from_yaml(text.as_str()).unwrap();
                let after = rewrite.text.unwrap_or_else(|| text.clone());
                let document = Document::from_yaml(after.as_str()).unwrap();
                let pin = route!["source", "commit"];
                prop_assert_eq!(&*document.at(&pin).unwrap().scalar().unwrap().text, &new);
                prop_assert!(verify_same_data_except(before.root(), document.root(), &[pin]));
            }
        }
    }
}
