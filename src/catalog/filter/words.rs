//! A filter's text in words and signs.

use super::FilterError;
use crate::text::Span;

/// A word or sign, and where it is written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Token {
    pub(super) kind: Kind,
    pub(super) span: Span,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Kind {
    Word(String),
    /// In quotes: never `and`, `or` or `not`.
    Quoted(String),
    /// `=`, `==`, `!=`, `<`, `<=`, `>`, `>=`
    Sign(&'static str),
    Open,
    Close,
    Comma,
}

const SIGNS: [(&str, &str); 7] =
    [("==", "="), ("!=", "!="), ("<=", "<="), (">=", ">="), ("=", "="), ("<", "<"), (">", ">")];

/// Takes a text apart.
///
/// # Errors
/// When quotes are not closed, or there is a sign that means nothing here.
pub(super) fn tokens(text: &str) -> Result<Vec<Token>, FilterError> {
    let mut tokens = Vec::new();
    let mut at = 0;
    while let Some(rest) = text.get(at..).filter(|rest| !rest.is_empty()) {
        let Some(first) = rest.chars().next() else { break };
        let start = at;
        let kind = if first.is_whitespace() {
            at += first.len_utf8();
            continue;
        } else if let Some((sign, means)) = SIGNS.iter().find(|(sign, _)| rest.starts_with(sign)) {
            at += sign.len();
            Kind::Sign(means)
        } else if let Some(kind) = bracket(first) {
            at += 1;
            kind
        } else if matches!(first, '"' | '\'') {
            let inside = rest.get(1..).unwrap_or_default();
            let Some(end) = inside.find(first) else {
                let message = format!("nothing closes this {first}");
                return Err(FilterError { message, span: Span::new(at, at + 1), hint: None });
            };
            at += end + 2;
            Kind::Quoted(inside.get(..end).unwrap_or_default().to_owned())
        } else {
            let end = rest.find(ends_word).unwrap_or(rest.len());
            if end == 0 {
                let hint = (matches!(first, '&' | '|')).then(|| "write `and`, `or`, `not`".to_owned());
                let message = format!("`{first}` means nothing here");
                return Err(FilterError { message, span: Span::new(at, at + first.len_utf8()), hint });
            }
            at += end;
            Kind::Word(rest.get(..end).unwrap_or_default().to_owned())
        };
        tokens.push(Token { kind, span: Span::new(start, at) });
    }
    Ok(tokens)
}

fn bracket(sign: char) -> Option<Kind> {
    match sign {
        '(' => Some(Kind::Open),
        ')' => Some(Kind::Close),
        ',' => Some(Kind::Comma),
        _ => None,
    }
}

fn ends_word(sign: char) -> bool {
    sign.is_whitespace() || matches!(sign, '=' | '!' | '<' | '>' | '(' | ')' | ',' | '"' | '\'' | '&' | '|')
}
