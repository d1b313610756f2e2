//! JSON text to tree, strictly: RFC 8259 and nothing more, and no key twice.

use super::limits::{MAX_BYTES, MAX_DEPTH, MAX_NODES};
use super::{DocumentError, Key, Lines, Node, Pair, Scalar, ScalarStyle, Span, Value};
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
pub fn compose(text: &str) -> Result<Node, DocumentError> {
    if text.len() > MAX_BYTES {
        return Err(error(format!("the text has {} bytes; at most {MAX_BYTES} are read", text.len()), Span::new(0, 0)));
    }
    // Both parsers below descend by calling themselves.
    bound_depth(text)?;
    let parsed = parse_to_ast(text, &CollectOptions::default(), &STRICT)
        .map_err(|refusal| error(lower_first(&refusal.kind().to_string()), span_of(refusal.range())))?;
    // The first parser is made for humans' configuration files and keeps some leniencies that cannot be
    // switched off (control characters in strings, leading zeros); the second has none, but knows no spans.
    serde_json::from_str::<IgnoredAny>(text).map_err(|refusal| strict_error(text, &refusal))?;
    let Some(value) = parsed.value else {
        return Err(error("the text is empty", Span::new(0, 0)));
    };
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

/// Counts open brackets outside strings; in a text that is not JSON the count may be off, but never low enough to
/// let a parser descend further than this.
fn bound_depth(text: &str) -> Result<(), DocumentError> {
    let (mut depth, mut in_string, mut escaped) = (0_usize, false, false);
    for (at, byte) in text.bytes().enumerate() {
        match byte {
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
        ast::Value::NumberLit(literal) => plain(literal.value),
        ast::Value::BooleanLit(literal) => plain(if literal.value { "true" } else { "false" }),
        ast::Value::NullKeyword(_) => plain("null"),
        ast::Value::Array(array) => {
            Value::Sequence(array.elements.into_iter().map(|item| node(item, nodes)).collect::<Result<_, _>>()?)
        }
        ast::Value::Object(object) => Value::Mapping(pairs(object, nodes)?),
    };
    Ok(Node { span, value })
}

fn pairs(object: ast::Object<'_>, nodes: &mut usize) -> Result<Vec<Pair>, DocumentError> {
    let mut first: HashMap<Box<str>, Span> = HashMap::with_capacity(object.properties.len());
    let mut pairs = Vec::with_capacity(object.properties.len());
    for property in object.properties {
        let span = span_of(property.name.range());
        let text: Box<str> = property.name.into_string().into_boxed_str();
        if let Some(earlier) = first.insert(text.clone(), span) {
            let mut refusal = error("duplicate key", span);
            refusal.related = Some((earlier, "first set here".to_owned()));
            return Err(refusal);
        }
        pairs.push(Pair { key: Key { text, span }, value: node(property.value, nodes)? });
    }
    Ok(pairs)
}
