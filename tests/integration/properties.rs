//! What holds of every text, however it came about: composing, formatting and editing never panic, spans fit the text, and
//! what an edit does not name does not change. And a second reader of YAML agrees about every real entry.

use crate::corpus;
use mcp_registry::document::edit::{
    apply, insert_key, remove_pair, reorder_top_level, replace_scalar, same_data, sort_sequence,
    verify_same_data_except,
};
use mcp_registry::document::format::{Formatted, format};
use mcp_registry::document::scalar::{self, Resolved};
use mcp_registry::document::{Document, Node, Route, Span, Step, Value};
use mcp_registry::route;
use proptest::prelude::*;
use proptest::sample::{Index, select};
use serde::Deserialize;
use std::sync::OnceLock;

/// What YAML, and readers that get it wrong, take notice of.
const PIECES: &[&str] = &[
    "a",
    "b: ",
    "key:",
    ": ",
    ":",
    "- ",
    "-",
    "? ",
    "?",
    "\n",
    "\n  ",
    "\n    ",
    "\r\n",
    "\r",
    " ",
    "\t",
    "[",
    "]",
    "{",
    "}",
    ",",
    ", ",
    "'",
    "''",
    "\"",
    "\\",
    "\\\"",
    "\\n",
    "\\u00e9",
    "#",
    " # c",
    "|",
    "|+\n",
    "|2-",
    ">",
    ">-\n",
    "&x ",
    "*x",
    "!!str ",
    "!t ",
    "!!int ",
    "<<: ",
    "---",
    "...",
    "%YAML 1.1\n",
    "%",
    "@",
    "`",
    "~",
    "null",
    "true",
    "yes",
    "012",
    "1e3",
    ".inf",
    "2024-01-02",
    "é",
    "👍",
    "日本",
    "\u{feff}",
    "\u{85}",
    "\u{2028}",
    "\u{202e}",
    "\0",
    "\u{7f}",
    "{{x}}",
    "name: n",
    "type: t",
    "tags:\n- b\n- a\n",
    "source:\n  commit: c\n",
    "dynamic:\n",
    "# prettier-ignore\n",
];

/// Entries to break: this repository's own, and a tenth of the corpus where it is present.
fn entries() -> &'static [String] {
    static ENTRIES: OnceLock<Vec<String>> = OnceLock::new();
    ENTRIES.get_or_init(|| {
        #[derive(Deserialize)]
        struct Line {
            yaml: String,
        }
        let own = std::fs::read_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/servers")).unwrap();
        let own = own.filter_map(|entry| std::fs::read_to_string(entry.unwrap().path().join("server.yaml")).ok());
        let corpus = corpus::lines::<Line>("entries.jsonl").unwrap_or_default();
        let entries: Vec<String> = own.chain(corpus.into_iter().step_by(10).map(|line| line.yaml)).collect();
        assert!(!entries.is_empty());
        entries
    })
}

fn soup() -> impl Strategy<Value = String> {
    prop::collection::vec(select(PIECES), 0..40).prop_map(|pieces| pieces.concat())
}

/// An entry with a few places overwritten, cut out or doubled.
fn broken_entry() -> impl Strategy<Value = String> {
    let change = (any::<Index>(), 0_usize..30, select(PIECES), any::<bool>());
    (any::<Index>(), prop::collection::vec(change, 1..4)).prop_map(|(entry, changes)| {
        let mut text = entry.get(entries()).clone();
        for (place, length, piece, double) in changes {
            let places: Vec<usize> = text.char_indices().map(|(at, _)| at).chain([text.len()]).collect();
            let from = place.index(places.len());
            let (start, end) = (places[from], places[(from + length).min(places.len() - 1)]);
            let kept = if double { text[start..end].to_owned() } else { String::new() };
            text.replace_range(start..end, &format!("{kept}{piece}{kept}"));
        }
        text
    })
}

pub(crate) fn text() -> impl Strategy<Value = String> {
    prop_oneof![3 => soup(), 1 => any::<String>(), 4 => broken_entry()]
}

/// Fails when a span is out of the text, inside a character, or outside of its parent's.
fn check_spans(text: &str, node: &Node, within: Span) {
    assert!(within.start <= node.span.start && node.span.end <= within.end, "{node:?} in {within:?}\n{text}");
    assert!(text.get(node.span.range()).is_some(), "{node:?}\n{text}");
    let mut seen_to = node.span.start;
    for item in node.items() {
        check_spans(text, item, Span::new(seen_to, node.span.end));
        seen_to = item.span.end;
    }
    for pair in node.pairs() {
        assert!(seen_to <= pair.key.span.start && text.get(pair.key.span.range()).is_some(), "{pair:?}\n{text}");
        check_spans(text, &pair.value, Span::new(pair.key.span.end, node.span.end));
        seen_to = pair.value.span.end;
    }
}

/// All routes of a tree.
fn routes(root: &Node) -> Vec<Route> {
    let mut routes = vec![Route::default()];
    let mut next = 0;
    while let Some(route) = routes.get(next).cloned() {
        match &root.at(&route).unwrap().value {
            Value::Mapping(pairs) => {
                routes.extend(pairs.iter().map(|pair| route.then(Step::from(pair.key.text.to_string()))));
            }
            Value::Sequence(items) => routes.extend((0..items.len()).map(|index| route.then(index))),
            Value::Scalar(_) => {}
        }
        next += 1;
    }
    routes
}

/// The document after one edit, which must have changed nothing but `changed`.
fn after(before: &Document, edit: mcp_registry::document::edit::Edit, changed: &[Route]) -> Document {
    let text = apply(before.text(), [edit]).unwrap();
    let after = Document::from_yaml(text.as_str());
    let after = after.unwrap_or_else(|error| panic!("{error}\n{:?}\n{text:?}", before.text()));
    assert!(verify_same_data_except(before.root(), after.root(), changed), "{:?}\n{text:?}", before.text());
    after
}

/// `PROPTEST_CASES` sets another number of cases.
pub(crate) fn config() -> ProptestConfig {
    let cases = std::env::var("PROPTEST_CASES").ok().and_then(|cases| cases.parse().ok()).unwrap_or(1_500);
    ProptestConfig { failure_persistence: None, cases, ..ProptestConfig::default() }
}

proptest! {
    #![proptest_config(config())]

    #[test]
    fn yaml_spans_fit_the_text(text in text()) {
        match Document::from_yaml(text.as_str()) {
            Ok(document) => {
                check_spans(&text, document.root(), Span::new(0, text.len()));
                let _ = scalar::to_json(document.root());
            }
            Err(refusal) => {
                prop_assert!(text.get(refusal.span.range()).is_some(), "{refusal:?}");
                prop_assert!(refusal.related.is_none_or(|(span, _)| text.get(span.range()).is_some()));
                prop_assert!(!refusal.message.is_empty() && !refusal.message.ends_with('.'));
                prop_assert!(!refusal.message.contains('\n'));
            }
        }
    }

    #[test]
    fn json_is_what_serde_reads(text in prop_oneof![text(), json()]) {
        // A negative zero is a float to serde_json and an integer to yaml.v3.
        if text.contains("-0") {
            return Ok(());
        }
        match Document::from_json(text.as_str()) {
            Ok(document) => {
                check_spans(&text, document.root(), Span::new(0, text.len()));
                let read: serde_json::Value = serde_json::from_str(&text).unwrap();
                prop_assert_eq!(scalar::to_json(document.root()), read);
            }
            Err(refusal) => prop_assert!(text.get(refusal.span.range()).is_some(), "{refusal:?}"),
        }
    }

    #[test]
    fn formatting_keeps_the_data_and_comes_to_rest(text in text()) {
        let Ok(document) = Document::from_yaml(text.as_str()) else { return Ok(()) };
        if let Formatted::Changed(formatted) = format(&text, &document) {
            let again = Document::from_yaml(formatted.as_str()).unwrap();
            prop_assert!(same_data(document.root(), again.root()));
            prop_assert_eq!(format(&formatted, &again), Formatted::Already);
        }
    }

    #[test]
    fn a_written_scalar_is_read_back(
        old in select(&["{a: x}", "[x]", "a: x", "a: 'x'", "a: \"x\" # c", "- x", "- 'x'", "a:\n", "{\"a\":x}"][..]),
        new in prop_oneof![any::<String>(), soup(), "[-+.:0-9a-fx_ ]{0,12}"],
    ) {
        let before = Document::from_yaml(old).unwrap();
        let route = if before.root().pairs().is_empty() { route![0] } else { route!["a"] };
        let edit = replace_scalar(&before, &route, &new).unwrap();
        let after = after(&before, edit, std::slice::from_ref(&route));
        let read = after.at(&route).unwrap().scalar().unwrap();
        prop_assert_eq!(&*read.text, &new);
        prop_assert_eq!(scalar::resolve(read), Resolved::Text);
    }

    #[test]
    fn edits_change_what_they_say(text in text(), place in any::<Index>(), order in Just(["name", "type", "source"])) {
        let Ok(before) = Document::from_yaml(text.as_str()) else { return Ok(()) };
        let routes = routes(before.root());
        let route = place.get(&routes);
        if let Ok(edit) = replace_scalar(&before, route, "new text") {
            let after = after(&before, edit, std::slice::from_ref(route));
            prop_assert_eq!(&*after.at(route).unwrap().scalar().unwrap().text, "new text");
        }
        let added = route.then("added");
        if let Ok(edit) = insert_key(&before, route, "added", "[1]") {
            // An absent parent becomes a mapping.
            let is_mapping = before.at(route).is_some_and(|node| matches!(node.value, Value::Mapping(_)));
            let changed = if is_mapping { added.clone() } else { route.clone() };
            prop_assert!(after(&before, edit, &[changed]).at(&added).is_some());
        }
        if let Ok(edit) = insert_key(&before, &route!["fresh"], "added", "true") {
            prop_assert!(after(&before, edit, &[route!["fresh"]]).at(&route!["fresh", "added"]).is_some());
        }
        if let Ok(edit) = remove_pair(&before, route) {
            prop_assert!(after(&before, edit, std::slice::from_ref(route)).at(route).is_none());
        }
        if let Ok(Some(edit)) = reorder_top_level(&before, &order) {
            prop_assert_eq!(reorder_top_level(&after(&before, edit, &[]), &order), Ok(None));
        }
        if let Ok(Some(edit)) = sort_sequence(&before, route) {
            let after = after(&before, edit, std::slice::from_ref(route));
            prop_assert_eq!(sort_sequence(&after, route), Ok(None));
            prop_assert_eq!(after.at(route).unwrap().items().len(), before.at(route).unwrap().items().len());
        }
    }
}

fn json() -> impl Strategy<Value = String> {
    let pieces = [
        "{",
        "}",
        "[",
        "]",
        ",",
        ":",
        "\"a\"",
        "\"b\":",
        "\"",
        "\\",
        "\\u0061",
        "\\ud83d\\udc4d",
        "\\ud83d",
        "1",
        "-",
        "0",
        ".5",
        "e3",
        "true",
        "null",
        " ",
        "\n",
        "//",
        "'",
        "é",
        "\u{1}",
    ];
    let leaf = select(&["1", "-1", "1.50", "1e5", "\"a\"", "\"\\n\\u00e9\"", "true", "null", "{}", "[]"][..]);
    let valid = leaf.prop_map(str::to_owned).prop_recursive(4, 24, 4, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(|items| format!("[{}]", items.join(", "))),
            prop::collection::vec(inner, 0..4).prop_map(|values| {
                let pairs: Vec<String> =
                    values.iter().enumerate().map(|(key, value)| format!("\"k{key}\": {value}")).collect();
                format!("{{{}}}", pairs.join(","))
            }),
        ]
    });
    prop_oneof![valid, prop::collection::vec(select(pieces.to_vec()), 0..12).prop_map(|pieces| pieces.concat())]
}

/// serde-saphyr shares our parser of events and nothing else: it has its own composer and its own idea of types.
#[test]
fn a_second_reader_sees_the_same_data() {
    let mut compared = 0;
    for text in entries() {
        let Ok(document) = Document::from_yaml(text.as_str()) else { continue };
        let theirs: serde_json::Value = serde_saphyr::from_str(text).unwrap_or_else(|error| panic!("{error}\n{text}"));
        assert_eq!(scalar::to_json(document.root()), theirs, "{text}");
        compared += 1;
    }
    assert!(compared > 0);
}
