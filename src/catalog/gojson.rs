//! JSON as Go's `encoding/json` writes it: the Gateway writes a catalog anew to know its digest, and every byte counts.

use serde_json::Value;
use std::fmt::Write as _;

/// The value without spaces and without a line end. Objects keep their order, which is that of the struct's fields in Go.
#[must_use]
pub(crate) fn compact(value: &Value) -> String {
    let mut out = String::new();
    write(value, &mut out);
    out
}

/// The value with the keys of all its objects sorted by their bytes, as Go writes maps.
#[must_use]
pub(crate) fn sorted(value: &Value) -> Value {
    match value {
        Value::Object(fields) => {
            let mut pairs: Vec<(&String, &Value)> = fields.iter().collect();
            pairs.sort_by_key(|(key, _)| *key);
            pairs.into_iter().map(|(key, value)| (key.clone(), sorted(value))).collect()
        }
        Value::Array(items) => items.iter().map(sorted).collect(),
        other => other.clone(),
    }
}

fn write(value: &Value, out: &mut String) {
    match value {
        Value::Object(fields) => {
            out.push('{');
            for (index, (key, value)) in fields.iter().enumerate() {
                if index > 0 {
                    out.push(',');
                }
                string(key, out);
                out.push(':');
                write(value, out);
            }
            out.push('}');
        }
        Value::Array(items) => {
            out.push('[');
            for (index, item) in items.iter().enumerate() {
                if index > 0 {
                    out.push(',');
                }
                write(item, out);
            }
            out.push(']');
        }
        Value::String(text) => string(text, out),
        Value::Number(number) => out.push_str(&self::number(number)),
        other => out.push_str(&other.to_string()),
    }
}

/// Escapes what HTML or JavaScript would take for something else, and control characters; nothing more (Go 1.22 and later).
fn string(text: &str, out: &mut String) {
    out.push('"');
    for character in text.chars() {
        match character {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\u{8}' => out.push_str("\\b"),
            '\u{c}' => out.push_str("\\f"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            '\0'..='\u{1f}' | '<' | '>' | '&' | '\u{2028}' | '\u{2029}' => {
                // Writing to a String cannot fail.
                let _ = write!(out, "\\u{:04x}", u32::from(character));
            }
            other => out.push(other),
        }
    }
    out.push('"');
}

/// Numbers in a catalog go through Go's `any`, where each is a `float64`: whole ones have no point, and those from 1e21 on, or below
/// 1e-6, an exponent of at least two digits, as in ECMAScript but for a zero that Go cuts.
fn number(number: &serde_json::Number) -> String {
    let Some(value) = number.as_f64() else { return number.to_string() };
    let size = value.abs();
    if size != 0.0 && !(1e-6..1e21).contains(&size) {
        // `1e21` is `1e+21` in Go; `1e-7` is `1e-07`, of which Go cuts the zero.
        let text = format!("{value:e}");
        return match text.split_once('e') {
            Some((digits, power)) if !power.starts_with('-') => format!("{digits}e+{power}"),
            _ => text,
        };
    }
    format!("{value}")
}

#[cfg(test)]
mod tests {
    use super::{compact, sorted};
    use serde_json::json;

    #[test]
    fn every_byte_is_gos() {
        // What `json.Marshal` of Go 1.24 gives for the same.
        let text = "\"\\/\u{8}\u{c}\n\r\t\u{0}\u{1f}\u{7f}<>&'\u{80}\u{2027}\u{2028}\u{2029}\u{202a}\u{feff}é\u{1f600}";
        assert_eq!(
            compact(&json!(text)),
            "\"\\\"\\\\/\\b\\f\\n\\r\\t\\u0000\\u001f\u{7f}\\u003c\\u003e\\u0026'\u{80}\u{2027}\\u2028\\u2029\u{202a}\u{feff}é\u{1f600}\""
        );
        let numbers =
            json!([0, -1, 1.5, 100000000000000000000.0, 1e21, 1.25e-7, 0.000001, 9007199254740993_i64, true, null]);
        assert_eq!(
            compact(&numbers),
            "[0,-1,1.5,100000000000000000000,1e+21,1.25e-7,0.000001,9007199254740992,true,null]"
        );
    }

    #[test]
    fn maps_are_sorted_by_bytes() {
        let value = json!({ "b": { "é": 1, "z": 2, "Z": 3 }, "a": [{ "y": 1, "x": 2 }], "B": 0 });
        assert_eq!(compact(&sorted(&value)), "{\"B\":0,\"a\":[{\"x\":2,\"y\":1}],\"b\":{\"Z\":3,\"z\":2,\"é\":1}}");
    }
}
