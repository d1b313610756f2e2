//! Edits of real entries: 2,045 pin changes that people and bots made, and every entry written in other ways.

use crate::corpus;
use crate::slow::is_skipped;
use mcp_registry::document::edit::{
    Edit, apply, insert_key, quote_scalar, reorder_top_level, replace_scalar, sort_sequence, verify_same_data_except,
};
use mcp_registry::document::{Document, Route, ScalarStyle, Step, Value};
use mcp_registry::ids::CommitSha;
use mcp_registry::pins::rewrite::set_pin;
use mcp_registry::route;
use serde::Deserialize;

#[derive(Deserialize)]
struct Bump {
    name: String,
    before: String,
    after: String,
    old: String,
    new: String,
}

#[derive(Deserialize)]
struct Entry {
    id: String,
    yaml: String,
}

/// Entries that compose, with what they compose to.
fn entries() -> Option<Vec<(String, Document)>> {
    let entries = corpus::lines::<Entry>("entries.jsonl")?;
    Some(entries.into_iter().filter_map(|entry| Some((entry.id, Document::from_yaml(entry.yaml).ok()?))).collect())
}

fn pin() -> Route {
    route!["source", "commit"]
}

/// The same text with all its pins in quotes.
fn quoted(text: &str, pins: [&str; 2], quote: char) -> String {
    pins.iter().fold(text.to_owned(), |text, pin| text.replace(pin, &format!("{quote}{pin}{quote}")))
}

#[test]
fn moving_a_pin_changes_nothing_else() {
    if is_skipped("edits of every entry") {
        return;
    }
    let Some(bumps) = corpus::lines::<Bump>("pin-bumps.jsonl") else { return };
    for bump in &bumps {
        let pins = [bump.old.as_str(), bump.new.as_str()];
        let new = CommitSha::parse(&bump.new).unwrap();
        let old = CommitSha::parse(&bump.old).unwrap();
        let comment = |text: &str, pin: &str| text.replace(pin, &format!("{pin}  # not {}, reviewed", bump.old));
        let [before, after] = [&*bump.before, &*bump.after];
        for (before, after) in [
            (before.to_owned(), after.to_owned()),
            (before.replace('\n', "\r\n"), after.replace('\n', "\r\n")),
            (quoted(before, pins, '\''), quoted(after, pins, '\'')),
            (quoted(before, pins, '"'), quoted(after, pins, '"')),
            (comment(before, &bump.old), comment(after, &bump.new)),
            (before.trim_end().to_owned(), after.trim_end().to_owned()),
            (format!("\u{feff}{before}"), format!("\u{feff}{after}")),
        ] {
            let moved = set_pin(&before, &new).unwrap_or_else(|refusal| panic!("{}:{refusal}", bump.name));
            assert_eq!(
                (moved.old.as_deref(), moved.text.as_deref()),
                (Some(&*bump.old), Some(&*after)),
                "{}",
                bump.name
            );
            assert_eq!(set_pin(&after, &new).unwrap().text, None, "{}", bump.name);
            assert_eq!(set_pin(&after, &old).unwrap().text, Some(before), "{}", bump.name);
        }
    }
    println!("pins: {} changes in 7 forms, there and back", bumps.len());
    assert!(bumps.len() >= 2_045);
}

/// The same entry as somebody else might have written it. Each leaves one place where the pin is written.
fn rewritten(text: &str, pin: &str) -> Vec<String> {
    let line = format!("commit: {pin}");
    let mut texts = vec![
        text.replace('\n', "\r\n"),
        text.replace(&line, &format!("commit: '{pin}'")),
        text.replace(&line, &format!("commit: \"{pin}\"")),
        text.replace(&line, &format!("commit:   {pin}   # audited on the 1st")),
        text.replace(&line, &format!("\"commit\": {pin}\n\n  # ünïcode")),
        format!("# ☂ before\n{text}"),
        format!("\u{feff}{text}"),
        format!("---\n{text}...\n"),
    ];
    if let Some(source) = text.find("\nsource:\n") {
        let rest = &text[source + 1..];
        let end = rest
            .match_indices('\n')
            .map(|(at, _)| at + 1)
            .find(|at| *at > "source:\n".len() && !rest[*at..].starts_with(' '));
        let end = source + 1 + end.unwrap_or(rest.len());
        let flow = format!("source: {{ project: \"x\", commit: {pin}, branch: main }} # why\n");
        texts.push(format!("{}{flow}{}", &text[..=source], &text[end..]));
    }
    texts
}

#[test]
fn a_pin_moves_in_whatever_way_it_is_written() {
    if is_skipped("edits of every entry") {
        return;
    }
    let Some(entries) = entries() else { return };
    let new = "0123456789abcdef0123456789abcdef01234567";
    let mut replaced = 0;
    for (id, document) in entries.iter().step_by(4) {
        let Some(scalar) = document.at(&pin()).and_then(|node| node.scalar()) else { continue };
        let old = scalar.text.to_string();
        if old.len() != 40 || document.text().matches(&old).count() != 1 {
            continue;
        }
        for text in rewritten(document.text(), &old) {
            let Ok(before) = Document::from_yaml(text.as_str()) else { panic!("{id}: {text}") };
            let edited = apply(&text, [replace_scalar(&before, &pin(), new).unwrap()]).unwrap();
            assert_eq!(edited, text.replace(&old, new), "{id}");
            let after = Document::from_yaml(edited).unwrap();
            assert!(verify_same_data_except(before.root(), after.root(), &[pin()]), "{id}");
            replaced += 1;
        }
    }
    println!("pins: moved in {replaced} rewritten entries");
    assert!(replaced > 5_000);
}

/// Applies an edit to a real entry and shows that nothing but `changed` differs.
fn edited(id: &str, before: &Document, edit: Edit, changed: &[Route]) -> Document {
    let text = apply(before.text(), [edit]).unwrap();
    let after = Document::from_yaml(text.as_str()).unwrap_or_else(|error| panic!("{id}: {error}\n{text}"));
    assert!(verify_same_data_except(before.root(), after.root(), changed), "{id}:\n{text}");
    assert!(!verify_same_data_except(before.root(), after.root(), &[]) || changed.is_empty(), "{id}:\n{text}");
    after
}

#[test]
fn every_entry_can_be_put_in_order() {
    if is_skipped("edits of every entry") {
        return;
    }
    let Some(entries) = entries() else { return };
    let order = ["name", "image", "type", "meta", "about", "source", "run", "config", "oauth", "dynamic"];
    let reversed: Vec<&str> = order.iter().rev().copied().collect();
    let comments = |text: &str| text.matches('#').count();
    for (id, document) in &entries {
        for order in [order.as_slice(), reversed.as_slice()] {
            let Some(edit) = reorder_top_level(document, order).unwrap_or_else(|error| panic!("{id}: {error}")) else {
                continue;
            };
            let after = edited(id, document, edit, &[]);
            assert_eq!(comments(after.text()), comments(document.text()), "{id}");
            assert_eq!(reorder_top_level(&after, order), Ok(None), "{id}");
        }
    }
}

#[test]
fn every_entry_takes_a_new_key() {
    if is_skipped("edits of every entry") {
        return;
    }
    let Some(entries) = entries() else { return };
    let (mut inserted, mut refused) = (0, Vec::new());
    for (id, document) in entries.iter().step_by(4) {
        for (parent, key) in [
            (route!["dynamic"], "tools"),
            (route!["source"], "new-key"),
            (route!["run"], "new-key"),
            (route!["config", "env", 0], "new-key"),
        ] {
            match insert_key(document, &parent, key, "true") {
                Ok(edit) => {
                    let route = if document.at(&parent).is_some() { parent.then(key) } else { parent.clone() };
                    let after = edited(id, document, edit, &[route]);
                    assert!(after.at(&parent.then(key)).is_some(), "{id}");
                    inserted += 1;
                }
                Err(refusal) => {
                    let missing = document.at(&parent).is_none();
                    let exists = document.at(&parent.then(key)).is_some();
                    if !missing && !exists {
                        refused.push(format!("{id}: {refusal}"));
                    }
                }
            }
        }
    }
    println!("keys: {inserted} inserted, {} refused", refused.len());
    assert!(refused.is_empty(), "{}", refused.join("\n"));
}

#[test]
fn every_list_of_tags_can_be_sorted() {
    if is_skipped("edits of every entry") {
        return;
    }
    let Some(entries) = entries() else { return };
    let route = route!["meta", "tags"];
    let (mut sorted, mut refused) = (0, Vec::new());
    for (id, document) in &entries {
        if !document.at(&route).is_some_and(|node| matches!(node.value, Value::Sequence(_))) {
            continue;
        }
        match sort_sequence(document, &route) {
            Ok(None) => {}
            Ok(Some(edit)) => {
                let text = apply(document.text(), [edit]).unwrap();
                let after = Document::from_yaml(text.as_str()).unwrap();
                assert!(verify_same_data_except(document.root(), after.root(), std::slice::from_ref(&route)), "{id}");
                let items = |document: &Document| -> Vec<String> {
                    let items = document.at(&route).unwrap().items().iter();
                    let mut items: Vec<String> = items.map(|item| item.scalar().unwrap().text.to_lowercase()).collect();
                    items.sort();
                    items
                };
                assert_eq!(items(document), items(&after), "{id}");
                assert_eq!(sort_sequence(&after, &route), Ok(None), "{id}");
                sorted += 1;
            }
            Err(refusal) => refused.push(format!("{id}: {refusal}")),
        }
    }
    println!("tags: {sorted} sorted, {} refused: {refused:?}", refused.len());
    assert!(refused.len() * 100 < sorted);
}

#[test]
fn every_plain_scalar_can_be_quoted() {
    if is_skipped("edits of every entry") {
        return;
    }
    let Some(entries) = entries() else { return };
    for (id, document) in entries.iter().step_by(10) {
        let mut edits = Vec::new();
        let mut routes = vec![Route::default()];
        while let Some(route) = routes.pop() {
            match &document.at(&route).unwrap().value {
                Value::Mapping(pairs) => {
                    routes.extend(pairs.iter().map(|pair| route.then(Step::from(pair.key.text.to_string()))));
                }
                Value::Sequence(items) => routes.extend((0..items.len()).map(|index| route.then(index))),
                Value::Scalar(scalar) if scalar.style == ScalarStyle::Plain => {
                    edits.extend(quote_scalar(document, &route));
                }
                Value::Scalar(_) => {}
            }
        }
        let text = apply(document.text(), edits).unwrap();
        let after = Document::from_yaml(text.as_str()).unwrap();
        // All types are text now, so the trees differ in types only: with quotes everywhere they have the same texts.
        let texts = |document: &Document| {
            let mut texts = Vec::new();
            let mut nodes = vec![document.root()];
            while let Some(node) = nodes.pop() {
                texts.extend(node.scalar().map(|scalar| scalar.text.to_string()));
                nodes.extend(node.items());
                nodes.extend(node.pairs().iter().map(|pair| &pair.value));
            }
            texts
        };
        assert_eq!(texts(document), texts(&after), "{id}");
    }
}
