//! JSON text to tree, strictly: RFC 8259 and nothing more, and no key twice.

use super::limits::{MAX_BYTES, MAX_DEPTH, MAX_NODES};
use super::{DocumentError, Key, Lines, Node, Pair, Scalar, ScalarStyle, Span, Value};
use crate::text::cut;
use jsonc_parser::ast;
use jsonc_parser::common::{Range, Ranged};
use jsonc_parser::{CollectOptions, ParseOptions, parse_to_ast};
use serde::de::IgnoredAny;
use std::collections::HashMap;

/// All leniencies off: what an MCP client would not read is not JSON here either.
const STRICT: ParseOptions = ParseOptions {
    allow_comments: false,
    allow_loose_object_property_names: false,
    allow_trailing_commas: false,
    allow_missing_commas: false,
    allow_single_quoted_strings: false,
    allow_hexadecimal_numbers: false,
    allow_unary_plus_numbers: false,
};

/// Composes JSON to a tree. Strings become double-quoted scalars, numbers and words plain ones; keys and
/// values have the spans of their tokens, quotes included.
///
/// # Errors
/// When the text is not strict JSON, is more than the [`super::limits`] allow, or has a duplicate key.
pub(crate) fn compose(text: &str) -> Result<Node, DocumentError> {
    if text.len() > MAX_BYTES {
        return Err(error(format!("the text has {} bytes; at most {MAX_BYTES} are read", text.len()), Span::new(0, 0)));
    }
    if text.starts_with('\u{feff}') {
        return Err(error("the text begins with a byte order mark, which JSON has none of", Span::new(0, 3)));
    }
    look_ahead(text)?;
    let parsed = parse_to_ast(text, &CollectOptions::default(), &STRICT)
        .map_err(|refusal| error(lower_first(&refusal.kind().to_string()), span_of(refusal.range())))?;
    // The first parser is made for humans' configuration files and keeps some leniencies that cannot be
    // switched off (spaces that are not JSON's, say); the second has none, but knows no spans.
    let Some(value) = parsed.value else {
        return Err(error("the text is empty", Span::new(0, 0)));
    };
    serde_json::from_str::<IgnoredAny>(text).map_err(|refusal| strict_error(text, &refusal))?;
    let mut nodes = 0;
    node(value, &mut nodes)
}

fn error(message: impl Into<String>, span: Span) -> DocumentError {
    DocumentError { message: message.into(), span, related: None }
}

fn span_of(range: Range) -> Span {
    Span::new(range.start, range.end)
}

fn lower_first(message: &str) -> String {
    let mut characters = message.chars();
    characters.next().map(|first| first.to_lowercase().chain(characters).collect()).unwrap_or_default()
}

/// serde_json says line and column (in bytes) inside its message; only the words before are kept.
fn strict_error(text: &str, refusal: &serde_json::Error) -> DocumentError {
    let words = refusal.to_string();
    let message = words.rsplit_once(" at line ").map_or(words.as_str(), |(message, _)| message);
    let start = Lines::new(text).start(refusal.line()).unwrap_or(0);
    let mut at = (start + refusal.column().saturating_sub(1)).min(text.len());
    while !text.is_char_boundary(at) {
        at -= 1;
    }
    let width = text.get(at..).and_then(|rest| rest.chars().next()).map_or(0, char::len_utf8);
    error(lower_first(message), Span::new(at, at + width))
}

/// Bounds the depth, because both parsers descend by calling themselves, and finds control characters in strings,
/// which one parser takes and the other places inexactly. In a text that is not JSON the count of open brackets may
/// be off, but a parser stops where the text stops being JSON.
fn look_ahead(text: &str) -> Result<(), DocumentError> {
    let (mut depth, mut in_string, mut escaped) = (0_usize, false, false);
    for (at, byte) in text.bytes().enumerate() {
        match byte {
            0..0x20 if in_string => {
                return Err(error(
                    "a control character in a string must be written as an escape",
                    Span::new(at, at + 1),
                ));
            }
            _ if escaped => escaped = false,
            b'\\' if in_string => escaped = true,
            b'"' => in_string = !in_string,
            b'[' | b'{' if !in_string => {
                depth += 1;
                if depth > MAX_DEPTH {
                    return Err(error(
                        format!("collections are nested more than {MAX_DEPTH} deep"),
                        Span::new(at, at + 1),
                    ));
                }
            }
            b']' | b'}' if !in_string => depth = depth.saturating_sub(1),
            _ => {}
        }
    }
    Ok(())
}

fn node(value: ast::Value<'_>, nodes: &mut usize) -> Result<Node, DocumentError> {
    let span = span_of(value.range());
    *nodes += 1;
    if *nodes > MAX_NODES {
        return Err(error(format!("the text has more than {MAX_NODES} values"), span));
    }
    let plain = |text: &str| Value::Scalar(Scalar { text: text.into(), style: ScalarStyle::Plain, tag: None });
    let value = match value {
        ast::Value::StringLit(literal) => Value::Scalar(Scalar {
            text: literal.value.into_owned().into_boxed_str(),
            style: ScalarStyle::DoubleQuoted,
            tag: None,
        }),
        ast::Value::NumberLit(literal) => {
            // JSON has no limit; every reader of it has: Go refuses such a number, JavaScript makes it infinite.
            if literal.value.parse::<f64>().is_ok_and(f64::is_infinite) {
                return Err(error("the number is too large", span));
            }
            plain(literal.value)
        }
        ast::Value::BooleanLit(literal) => plain(if literal.value { "true" } else { "false" }),
        ast::Value::NullKeyword(_) => plain("null"),
        ast::Value::Array(array) => {
            Value::Sequence(array.elements.into_iter().map(|item| node(item, nodes)).collect::<Result<_, _>>()?)
        }
        ast::Value::Object(object) => Value::Mapping(pairs(object, nodes)?),
    };
    Ok(Node { span, value })
}

/// So much of a key as tells which one it is.
fn shown(key: &str) -> String {
    // Who shows the refusal of a program's answer does not expect the program's own words in it.
    cut(key, 80).escape_debug().to_string()
}

fn pairs(object: ast::Object<'_>, nodes: &mut usize) -> Result<Vec<Pair>, DocumentError> {
    let mut first: HashMap<Box<str>, Span> = HashMap::with_capacity(object.properties.len());
    let mut pairs = Vec::with_capacity(object.properties.len());
    for property in object.properties {
        let span = span_of(property.name.range());
        let text: Box<str> = property.name.into_string().into_boxed_str();
        if let Some(earlier) = first.insert(text.clone(), span) {
            let mut refusal = error(format!("duplicate key `{}`", shown(&text)), span);
            refusal.related = Some((earlier, "first set here".to_owned()));
            return Err(refusal);
        }
        pairs.push(Pair { key: Key { text, span }, value: node(property.value, nodes)? });
    }
    Ok(pairs)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

    use super::super::limits::{MAX_DEPTH, MAX_NODES};
    use super::compose;
    use crate::document::scalar::to_json;
    use crate::route;
    use std::fmt::Write as _;

    #[test]
    fn only_json_is_json() {
        let texts = [
            "",
            " \n",
            "{} // c",
            "/* c */ {}",
            "[1,]",
            "{\"a\": 1,}",
            "[1 2]",
            "{\"a\": 1 \"b\": 2}",
            "{a: 1}",
            "{1: 1}",
            "['a']",
            "[0xff]",
            "[+1]",
            "[01]",
            "[-01]",
            "[1.]",
            "[.5]",
            "[1e]",
            "[NaN]",
            "[tru]",
            "[True]",
            "[\"a\nb\"]",
            "[\"a\u{1}b\"]",
            "[\"\\x41\"]",
            "[\"\\ud800\"]",
            "[\"\\udc00x\"]",
            "[\"\\u12\"]",
            "[\"a]",
            "[1",
            "{\"a\"",
            "{\"a\":",
            "{\"a\": 1",
            "[}",
            "]",
            "[] []",
            "[1e999]",
            "[-1e3012]",
            "[\u{a0}1]",
            "\u{feff}[]",
            "{\"a\": 1, \"\\u0061\": 2}",
        ];
        let mut shown = String::new();
        for text in texts {
            let refusal = compose(text).expect_err(text);
            let marked = &text[refusal.span.range()];
            writeln!(shown, "{text:?}: {marked:?} {}", refusal.message).unwrap();
            if let Some((span, label)) = refusal.related {
                writeln!(shown, "  {:?}: {label}", &text[span.range()]).unwrap();
            }
        }
        insta::assert_snapshot!(shown, @r#"
        "": "" the text is empty
        " \n": "" the text is empty
        "{} // c": "// c" comments are not allowed
        "/* c */ {}": "/* c */" comments are not allowed
        "[1,]": "," trailing commas are not allowed
        "{\"a\": 1,}": "," trailing commas are not allowed
        "[1 2]": "" expected comma
        "{\"a\": 1 \"b\": 2}": "" expected comma
        "{a: 1}": "a" expected string for object property
        "{1: 1}": "1" expected string for object property
        "['a']": "'" single-quoted strings are not allowed
        "[0xff]": "0" hexadecimal numbers are not allowed
        "[+1]": "+" unary plus on numbers is not allowed
        "[01]": "" expected comma
        "[-01]": "" expected comma
        "[1.]": "]" expected digit
        "[.5]": "." unexpected token
        "[1e]": "]" expected plus, minus, or digit in number literal
        "[NaN]": "NaN" unexpected token
        "[tru]": "tru" unexpected token
        "[True]": "True" unexpected token
        "[\"a\nb\"]": "\n" a control character in a string must be written as an escape
        "[\"a\u{1}b\"]": "\u{1}" a control character in a string must be written as an escape
        "[\"\\x41\"]": "\\x" invalid escape
        "[\"\\ud800\"]": "\\ud800\"" invalid unicode escape sequence. 'd800 (unpaired high surrogate)' is not a valid UTF8 character
        "[\"\\udc00x\"]": "\\udc00" invalid unicode escape sequence. 'dc00 (unpaired low surrogate)' is not a valid UTF8 character
        "[\"\\u12\"]": "\\u12\"" expected four hex digits
        "[\"a]": "\"a]" unterminated string literal
        "[1": "[1" unterminated array
        "{\"a\"": "" expected colon after the string or word in object property
        "{\"a\":": "" expected value after colon in object property
        "{\"a\": 1": "{\"a\": 1" unterminated object
        "[}": "}" unexpected close brace
        "]": "]" unexpected close bracket
        "[] []": "[" text cannot contain more than one JSON value
        "[1e999]": "1e999" the number is too large
        "[-1e3012]": "-1e3012" the number is too large
        "[\u{a0}1]": "\u{a0}" expected value
        "\u{feff}[]": "\u{feff}" the text begins with a byte order mark, which JSON has none of
        "{\"a\": 1, \"\\u0061\": 2}": "\"\\u0061\"" duplicate key `a`
          "\"a\"": first set here
        "#);
    }

    #[test]
    fn values_and_spans_are_those_of_the_text() {
        let text = r#" {"é": [1, -0.5e3, "a\n\ud83d\udc4d", true, null], "b": {}} "#;
        let root = compose(text).unwrap();
        assert_eq!(to_json(&root), serde_json::from_str::<serde_json::Value>(text).unwrap());
        let marked = |route| &text[root.at(&route).unwrap().span.range()];
        assert_eq!(marked(route![]), text.trim());
        assert_eq!(marked(route!["é", 2]), r#""a\n\ud83d\udc4d""#);
        assert_eq!(marked(route!["é", 1]), "-0.5e3");
        assert_eq!(&text[root.pair("é").unwrap().key.span.range()], "\"é\"");
    }

    #[test]
    fn limits_are_refused_by_name() {
        let message = |text: &str| compose(text).unwrap_err().message;
        let deep = format!("collections are nested more than {MAX_DEPTH} deep");
        assert_eq!(message(&"[".repeat(100_000)), deep);
        assert_eq!(message(&"{\"a\":".repeat(100_000)), deep);
        assert!(compose(&format!("{}{}", "[".repeat(MAX_DEPTH), "]".repeat(MAX_DEPTH))).is_ok());
        let many = format!("[{}0]", "0,".repeat(MAX_NODES));
        assert_eq!(message(&many), format!("the text has more than {MAX_NODES} values"));
    }
}
