//! JSON data as YAML in block style, which every reader of YAML 1.1 and 1.2 takes for the same data.

use crate::document::edit::written;
use serde_json::Value;

/// The data as a document with LF at its end. Keys keep their order.
#[must_use]
pub(crate) fn document(value: &Value) -> String {
    let mut out = String::new();
    block(value, 0, &mut out);
    out
}

/// A value at the beginning of a line.
fn block(value: &Value, indent: usize, out: &mut String) {
    match value {
        Value::Object(fields) if !fields.is_empty() => {
            for (index, (key, value)) in fields.iter().enumerate() {
                if index > 0 {
                    pad(indent, out);
                }
                out.push_str(&written(key));
                out.push(':');
                after_key(value, indent, out);
            }
        }
        Value::Array(items) if !items.is_empty() => {
            for (index, item) in items.iter().enumerate() {
                if index > 0 {
                    pad(indent, out);
                }
                out.push_str("- ");
                block(item, indent + 2, out);
            }
        }
        other => {
            out.push_str(&scalar(other));
            out.push('\n');
        }
    }
}

/// A value after `key:`.
fn after_key(value: &Value, indent: usize, out: &mut String) {
    let is_block = match value {
        Value::Object(fields) => !fields.is_empty(),
        Value::Array(items) => !items.is_empty(),
        _ => false,
    };
    if is_block {
        out.push('\n');
        pad(indent + 2, out);
        block(value, indent + 2, out);
    } else {
        out.push(' ');
        out.push_str(&scalar(value));
        out.push('\n');
    }
}

fn scalar(value: &Value) -> String {
    match value {
        Value::String(text) => written(text),
        Value::Array(_) => "[]".to_owned(),
        Value::Object(_) => "{}".to_owned(),
        other => other.to_string(),
    }
}

fn pad(indent: usize, out: &mut String) {
    out.extend(std::iter::repeat_n(' ', indent));
}

#[cfg(test)]
mod tests {
    use super::document;
    use crate::document::{compose, scalar::to_json};
    use proptest::prelude::*;
    use serde_json::{Value, json};

    fn again(text: &str) -> Value {
        to_json(&compose(text).unwrap_or_else(|error| panic!("{error}: {text}")))
    }

    #[test]
    fn data_is_written_as_people_would() {
        let data = json!({
            "name": "x", "empty": {}, "none": [], "on": "on", "n": 3, "yes": true, "no": null, "text": "a: b # c\nd",
            "list": ["--port", "{{x.port}}", ["a", {"b": 1, "c": [2]}], {}], "map": {"a b": {"c": "2026-01-02"}},
        });
        insta::assert_snapshot!(document(&data), @r#"
        name: x
        empty: {}
        none: []
        "on": "on"
        "n": 3
        "yes": true
        "no": null
        text: "a: b # c\nd"
        list:
          - --port
          - "{{x.port}}"
          - - a
            - b: 1
              c:
                - 2
          - {}
        map:
          a b:
            c: "2026-01-02"
        "#);
        assert_eq!(again(&document(&data)), data);
    }

    fn data() -> impl Strategy<Value = Value> {
        let key = "[ -~\u{80}-\u{a0}\u{2028}\u{1f600}]{0,6}";
        let leaf = prop_oneof![
            any::<bool>().prop_map(Value::from),
            any::<i64>().prop_map(Value::from),
            "\\PC{0,12}".prop_map(Value::from),
            ".{0,12}".prop_map(Value::from),
            "[-+0-9.:_eE xo]{1,8}".prop_map(Value::from),
        ];
        leaf.prop_recursive(4, 24, 4, move |inner| {
            prop_oneof![
                prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
                prop::collection::btree_map(key, inner, 0..4).prop_map(|map| map.into_iter().collect::<Value>()),
            ]
        })
    }

    proptest! {
        #[test]
        fn whatever_is_written_is_read_as_the_same(data in data()) {
            prop_assert_eq!(again(&document(&data)), data);
        }
    }
}
