//! What a scalar means: the types that Go's yaml.v3 (v3.0.1, `resolve.go` and `decode.go`) gives to a plain text,
//! which is neither YAML 1.1 nor 1.2: `yes` is a text, `012` is ten, `2024-01-02` is a date.

mod number;
mod timestamp;

use super::{Node, Scalar, ScalarStyle, Value};
use std::borrow::Cow;

const CORE: &str = "tag:yaml.org,2002:";

/// The type and value of a scalar.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Resolved {
    /// Absent, `~` or `null`.
    Null,
    /// `true` or `false`; not `yes` and its kin, which are texts.
    Bool(bool),
    /// From `i64::MIN` to `u64::MAX`.
    Int(i128),
    /// Also an integer too large for [`Resolved::Int`]; may be infinite or not a number.
    Float(f64),
    /// A date or a time.
    Timestamp,
    /// Tagged `!!binary`.
    Binary,
    Text,
}

/// Resolves a scalar as yaml.v3 does when it decodes into `any`.
#[must_use]
pub fn resolve(scalar: &Scalar) -> Resolved {
    if is_text_by_form(scalar) {
        return Resolved::Text;
    }
    match core_tag(scalar) {
        CoreTag::Str | CoreTag::Other => Resolved::Text,
        CoreTag::Binary => Resolved::Binary,
        CoreTag::Float => match resolve_text(&scalar.text, false) {
            #[allow(clippy::cast_precision_loss)] // as Go converts
            Resolved::Int(value) => Resolved::Float(value as f64),
            other => other,
        },
        CoreTag::None | CoreTag::Timestamp => resolve_text(&scalar.text, true),
        CoreTag::Null | CoreTag::Bool | CoreTag::Int => resolve_text(&scalar.text, false),
    }
}

/// Whether a scalar's explicit tag agrees with its text.
///
/// # Errors
/// The message to show when it does not: yaml.v3 refuses such a text as a whole.
pub(super) fn check_tag(scalar: &Scalar) -> Result<(), String> {
    let resolved = resolve(scalar);
    let (agrees, name) = match core_tag(scalar) {
        CoreTag::None | CoreTag::Str | CoreTag::Other => return Ok(()),
        CoreTag::Binary => (base64(&scalar.text).is_some(), "binary"),
        CoreTag::Null => (resolved == Resolved::Null, "null"),
        CoreTag::Bool => (matches!(resolved, Resolved::Bool(_)), "bool"),
        CoreTag::Int => (matches!(resolved, Resolved::Int(_)), "int"),
        // yaml.v3 converts only what fits its signed integer.
        CoreTag::Float => (
            matches!(resolved, Resolved::Float(_))
                && !matches!(resolve_text(&scalar.text, false), Resolved::Int(value) if i64::try_from(value).is_err()),
            "float",
        ),
        CoreTag::Timestamp => (resolved == Resolved::Timestamp, "timestamp"),
    };
    if agrees { Ok(()) } else { Err(format!("the value is not what its tag `!!{name}` says")) }
}

/// What decoding into a Go `string` gives: nothing for null (Go leaves the field empty), the decoded bytes for
/// `!!binary` (with replacement characters for what is not UTF-8), and the text as written for everything else.
#[must_use]
pub fn go_string(scalar: &Scalar) -> Option<Cow<'_, str>> {
    match resolve(scalar) {
        Resolved::Null => None,
        Resolved::Binary => base64(&scalar.text).map(|bytes| Cow::Owned(String::from_utf8_lossy(&bytes).into_owned())),
        _ => Some(Cow::Borrowed(&scalar.text)),
    }
}

/// What decoding into a Go `bool` gives: null is false, and here, unlike in [`resolve`], the words of
/// YAML 1.1 count, quoted or not. None when Go would refuse the scalar.
#[must_use]
pub fn go_bool(scalar: &Scalar) -> Option<bool> {
    match resolve(scalar) {
        Resolved::Null => Some(false),
        Resolved::Bool(value) => Some(value),
        Resolved::Text => match &*scalar.text {
            "y" | "Y" | "yes" | "Yes" | "YES" | "on" | "On" | "ON" => Some(true),
            "n" | "N" | "no" | "No" | "NO" | "off" | "Off" | "OFF" => Some(false),
            _ => None,
        },
        _ => None,
    }
}

/// The tree as JSON, for a JSON Schema: numbers, booleans and nulls by [`resolve`]; dates, binary texts and
/// numbers that JSON lacks (`.inf`, `.nan`) by their text.
#[must_use]
pub fn to_json(node: &Node) -> serde_json::Value {
    match &node.value {
        Value::Sequence(items) => items.iter().map(to_json).collect(),
        Value::Mapping(pairs) => pairs.iter().map(|pair| (pair.key.text.to_string(), to_json(&pair.value))).collect(),
        Value::Scalar(scalar) => scalar_to_json(scalar),
    }
}

fn scalar_to_json(scalar: &Scalar) -> serde_json::Value {
    let text = || serde_json::Value::String(scalar.text.to_string());
    match resolve(scalar) {
        Resolved::Null => serde_json::Value::Null,
        Resolved::Bool(value) => value.into(),
        Resolved::Int(value) => match (i64::try_from(value), u64::try_from(value)) {
            (Ok(value), _) => value.into(),
            (_, Ok(value)) => value.into(),
            _ => text(),
        },
        Resolved::Float(value) => serde_json::Number::from_f64(value).map_or_else(text, serde_json::Value::Number),
        Resolved::Timestamp | Resolved::Binary | Resolved::Text => text(),
    }
}

/// The tags that yaml.v3 knows how to decode.
#[derive(Clone, Copy)]
enum CoreTag {
    None,
    Str,
    Null,
    Bool,
    Int,
    Float,
    Timestamp,
    Binary,
    Other,
}

fn core_tag(scalar: &Scalar) -> CoreTag {
    match scalar.tag.as_deref() {
        None | Some("!" | "") => CoreTag::None,
        Some(tag) => match tag.strip_prefix(CORE) {
            Some("str") => CoreTag::Str,
            Some("null") => CoreTag::Null,
            Some("bool") => CoreTag::Bool,
            Some("int") => CoreTag::Int,
            Some("float") => CoreTag::Float,
            Some("timestamp") => CoreTag::Timestamp,
            Some("binary") => CoreTag::Binary,
            _ => CoreTag::Other,
        },
    }
}

/// Quotes and block styles make a text, unless a tag says otherwise.
fn is_text_by_form(scalar: &Scalar) -> bool {
    scalar.style != ScalarStyle::Plain && matches!(core_tag(scalar), CoreTag::None)
}

fn resolve_text(text: &str, timestamps: bool) -> Resolved {
    match text {
        "" | "~" | "null" | "Null" | "NULL" => Resolved::Null,
        "true" | "True" | "TRUE" => Resolved::Bool(true),
        "false" | "False" | "FALSE" => Resolved::Bool(false),
        ".nan" | ".NaN" | ".NAN" => Resolved::Float(f64::NAN),
        ".inf" | ".Inf" | ".INF" | "+.inf" | "+.Inf" | "+.INF" => Resolved::Float(f64::INFINITY),
        "-.inf" | "-.Inf" | "-.INF" => Resolved::Float(f64::NEG_INFINITY),
        _ => match text.as_bytes().first() {
            Some(b'.') => number::float(text).map_or(Resolved::Text, Resolved::Float),
            Some(b'0'..=b'9' | b'+' | b'-') if timestamps && timestamp::is_timestamp(text) => Resolved::Timestamp,
            Some(b'0'..=b'9' | b'+' | b'-') => number::resolve(text),
            _ => Resolved::Text,
        },
    }
}

/// Decodes padded standard base64; line ends are skipped, as Go's decoder does.
fn base64(text: &str) -> Option<Vec<u8>> {
    let symbols: Vec<u8> = text.bytes().filter(|byte| !matches!(byte, b'\r' | b'\n')).collect();
    if !symbols.len().is_multiple_of(4) {
        return None;
    }
    let padding = symbols.iter().rev().take_while(|byte| **byte == b'=').count();
    if padding > 2 {
        return None;
    }
    let mut bytes = Vec::with_capacity(symbols.len() / 4 * 3);
    for group in symbols.chunks(4) {
        let mut bits: u32 = 0;
        for symbol in group {
            let value = match symbol {
                b'A'..=b'Z' => symbol - b'A',
                b'a'..=b'z' => symbol - b'a' + 26,
                b'0'..=b'9' => symbol - b'0' + 52,
                b'+' => 62,
                b'/' => 63,
                b'=' => 0,
                _ => return None,
            };
            bits = bits << 6 | u32::from(value);
        }
        bytes.extend(bits.to_be_bytes().into_iter().skip(1));
    }
    let data = symbols.len() - padding;
    if symbols.iter().take(data).any(|byte| *byte == b'=') {
        return None;
    }
    bytes.truncate(bytes.len() - padding);
    Some(bytes)
}
