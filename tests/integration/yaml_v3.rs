//! Agreement with Go's yaml.v3, by which Docker's registry and gateway read entries: 205 texts with its own answers.

use crate::corpus::{self, GoYaml};
use mcp_registry::document::scalar::{self, Resolved};
use mcp_registry::document::{Document, Node, Scalar, Value};
use serde_json::Value as Json;

/// Texts that yaml.v3 takes and we refuse, on purpose: id, the start of our message, why.
const REFUSED: &[(&str, &str, &str)] = &[
    ("d004", "aliases are not read", "no entry uses aliases, and they can be expanded without end"),
    ("d057", "aliases are not read", "as d004"),
    ("d058", "aliases are not read", "as d004"),
    ("d055", "merge keys are not read", "YAML 1.2 has no merge keys; readers disagree about them"),
    ("d005", "merge keys are not read", "as d055"),
    ("d006", "merge keys are not read", "as d055"),
    ("d007", "merge keys are not read", "as d055"),
    ("d048", "character U+0085 ends a line", "a line end in YAML 1.1 and not in 1.2: a comment could hide a key"),
    ("d008", "a second document", "yaml.v3 silently reads the first only, so people see what programs do not"),
    ("d085", "a second document", "as d008"),
    ("d086", "a second document", "as d008"),
];

/// The recording of these answers ended at a tab.
const CUT_AT_TAB: &[&str] = &["s080"];

#[test]
fn every_text_means_what_it_means_to_go() {
    let Some(texts) = corpus::lines::<GoYaml>("yaml-v3.jsonl") else { return };
    let mut disagreements = Vec::new();
    for text in &texts {
        if let Err(why) = compare(text) {
            disagreements.push(format!("{} {:?}: {why}", text.id, text.yaml));
        }
    }
    let agreeing = texts.len() - disagreements.len();
    println!("yaml.v3: {agreeing} of {} agree, {} of them refused on purpose", texts.len(), REFUSED.len());
    assert!(disagreements.is_empty(), "{}", disagreements.join("\n"));
}

fn compare(text: &GoYaml) -> Result<(), String> {
    let ours = Document::from_yaml(text.yaml.as_str());
    let on_purpose = REFUSED.iter().find(|(id, ..)| *id == text.id);
    let go_refused = text.go.starts_with("ERR");
    let document = match (ours, on_purpose) {
        (Err(refusal), Some((_, message, _))) if refusal.message.starts_with(message) && !go_refused => return Ok(()),
        (ours, Some(_)) => return Err(format!("the table says refused, but: {ours:?}")),
        (Err(_), None) if go_refused => return Ok(()),
        (Err(refusal), None) => return Err(format!("Go has {}, we refuse: {refusal}", text.go)),
        (Ok(_), None) if go_refused => return Err(format!("Go refuses: {}", text.go)),
        (Ok(document), None) => document,
    };
    same(document.root(), &serde_json::from_str(&text.go).unwrap())?;
    let Some(value) = document.root().get("v").and_then(Node::scalar) else { return Ok(()) };
    if let Some(expected) = &text.go_string {
        let string = scalar::go_string(value).unwrap_or_default().replace('\n', "\\n");
        let string = if CUT_AT_TAB.contains(&&*text.id) { string.split('\t').next().unwrap() } else { &string };
        if string != expected {
            return Err(format!("as a string Go has {expected:?}, we {string:?}"));
        }
    }
    if let Some(expected) = &text.go_bool {
        let bool = scalar::go_bool(value).map_or_else(|| "ERR".to_owned(), |value| value.to_string());
        if bool != *expected {
            return Err(format!("as a bool Go has {expected}, we {bool}"));
        }
    }
    Ok(())
}

fn same(node: &Node, go: &Json) -> Result<(), String> {
    let agree = match (&node.value, go) {
        (Value::Scalar(scalar), go) => same_scalar(scalar, go),
        (Value::Sequence(items), Json::Array(expected)) => {
            items.iter().zip(expected).try_for_each(|(item, expected)| same(item, expected))?;
            items.len() == expected.len()
        }
        (Value::Mapping(pairs), Json::Object(expected)) => {
            for (key, value) in expected {
                // Keys that are not texts were recorded as `<type>text`.
                let ours = match key.strip_prefix('<').and_then(|key| key.rsplit_once('>')) {
                    Some(("<nil>><nil", _)) => node.get("null").or_else(|| node.get("~")),
                    Some((_, text)) => node.get(text),
                    None => node.get(key),
                };
                same(ours.ok_or_else(|| format!("no key {key}"))?, value)?;
            }
            pairs.len() == expected.len()
        }
        _ => false,
    };
    if agree { Ok(()) } else { Err(format!("Go has {go}, we {node:?}")) }
}

fn same_scalar(scalar: &Scalar, go: &Json) -> bool {
    match (scalar::resolve(scalar), go) {
        (Resolved::Null, Json::Null) => true,
        (Resolved::Bool(ours), Json::Bool(go)) => ours == *go,
        (Resolved::Int(ours), Json::String(go)) => *go == format!("int:{ours}"),
        (Resolved::Float(ours), Json::String(go)) => match go.strip_prefix("f64:") {
            Some(number) => number.parse() == Ok(ours),
            None if ours.is_nan() => go == "FLOAT(NaN)",
            None => *go == format!("FLOAT({}Inf)", if ours > 0.0 { '+' } else { '-' }),
        },
        (Resolved::Timestamp, Json::String(go)) => go.starts_with(&format!("TIME({}", scalar.text.get(..10).unwrap())),
        (Resolved::Text | Resolved::Binary, Json::String(go)) => scalar::go_string(scalar).as_deref() == Some(go),
        _ => false,
    }
}
