//! A filter's words to what they mean.

use super::words::{Kind, Token, tokens};
use super::{Filter, FilterError, Key, Order, Word};
use crate::policy::Trust;
use crate::text::Span;
use crate::validate::rules::nearest_of;
use crate::verdict::Risk;

/// The longest filter, in bytes.
const MAX_LENGTH: usize = 4096;
/// Brackets and `not` inside each other.
const MAX_DEPTH: usize = 32;
/// What an entry can be asked for.
const KEYS: [&str; 7] = ["category", "max-risk", "name", "publisher", "tag", "trust", "type"];

/// Reads a filter.
///
/// # Errors
/// With the first thing that is wrong, and where it is.
pub(crate) fn parse(text: &str) -> Result<Filter, FilterError> {
    if text.len() > MAX_LENGTH {
        let message = format!("the filter has more than {MAX_LENGTH} bytes");
        return Err(FilterError { message, span: Span::new(0, 0), hint: None });
    }
    let tokens = tokens(text)?;
    let mut parser = Parser { tokens: &tokens, at: 0, end: text.len() };
    let filter = parser.any(0)?;
    match parser.peek() {
        None => Ok(filter),
        Some(Token { kind: Kind::Close, span }) => Err(error("nothing opened this bracket", *span)),
        Some(token) => Err(FilterError {
            message: "here `and` or `or` is missing".to_owned(),
            span: token.span,
            hint: Some("put words with spaces in quotes".to_owned()),
        }),
    }
}

fn error(message: impl Into<String>, span: Span) -> FilterError {
    FilterError { message: message.into(), span, hint: None }
}

struct Parser<'t> {
    tokens: &'t [Token],
    at: usize,
    /// One past the last byte.
    end: usize,
}

impl<'t> Parser<'t> {
    fn peek(&self) -> Option<&'t Token> {
        self.tokens.get(self.at)
    }

    fn next(&mut self) -> Option<&'t Token> {
        let token = self.peek();
        self.at += 1;
        token
    }

    /// Whether the next word is this one; if so it is taken.
    fn takes(&mut self, word: &str) -> bool {
        let is = matches!(self.peek(), Some(Token { kind: Kind::Word(found), .. }) if found.eq_ignore_ascii_case(word));
        self.at += usize::from(is);
        is
    }

    fn here(&self) -> Span {
        self.peek().map_or(Span::new(self.end, self.end), |token| token.span)
    }

    fn any(&mut self, depth: usize) -> Result<Filter, FilterError> {
        let mut parts = vec![self.all(depth)?];
        while self.takes("or") {
            parts.push(self.all(depth)?);
        }
        Ok(one_or(parts, Filter::Any))
    }

    fn all(&mut self, depth: usize) -> Result<Filter, FilterError> {
        let mut parts = vec![self.one(depth)?];
        while self.takes("and") {
            parts.push(self.one(depth)?);
        }
        Ok(one_or(parts, Filter::All))
    }

    fn one(&mut self, depth: usize) -> Result<Filter, FilterError> {
        if depth > MAX_DEPTH {
            return Err(error(format!("brackets and `not` are more than {MAX_DEPTH} deep"), self.here()));
        }
        if self.takes("not") {
            return Ok(Filter::Not(Box::new(self.one(depth + 1)?)));
        }
        let Some(token) = self.next() else { return Err(error("here a condition is missing", self.here())) };
        match &token.kind {
            Kind::Open => {
                let inside = self.any(depth + 1)?;
                match self.next() {
                    Some(Token { kind: Kind::Close, .. }) => Ok(inside),
                    _ => Err(error("nothing closes this bracket", token.span)),
                }
            }
            Kind::Word(key) => self.condition(key, token.span),
            _ => Err(FilterError {
                message: "a condition begins with what is asked for".to_owned(),
                span: token.span,
                hint: Some(format!("one of {}", KEYS.join(", "))),
            }),
        }
    }

    fn condition(&mut self, key: &str, span: Span) -> Result<Filter, FilterError> {
        let lower = key.to_ascii_lowercase();
        if !KEYS.contains(&lower.as_str()) {
            let known = || format!("entries are asked for {}", KEYS.join(", "));
            let hint = nearest_of(&lower, KEYS).map_or_else(known, |nearest| format!("did you mean `{nearest}`?"));
            return Err(FilterError { message: format!("nobody can ask for `{key}`"), span, hint: Some(hint) });
        }
        let Some(Token { kind: Kind::Sign(sign), span: sign_at }) = self.peek() else {
            return Err(error(format!("here `=` or another comparison of `{key}` is missing"), self.here()));
        };
        self.at += 1;
        let words = self.words()?;
        let own = match lower.as_str() {
            "name" => Key::Name,
            "category" => Key::Category,
            "tag" => Key::Tag,
            "publisher" => Key::Publisher,
            "type" => Key::Kind,
            "trust" => {
                return level(order(sign), &words, Trust::ALL, Trust::as_str)
                    .map(|(order, it)| Filter::Trust(order, it));
            }
            _ => {
                return level(order(sign), &words, Risk::ALL, Risk::as_str)
                    .map(|(order, it)| Filter::MaxRisk(order, it));
            }
        };
        match order(sign) {
            Order::Equal => Ok(Filter::Is { key: own, words, is_not: false }),
            Order::NotEqual => Ok(Filter::Is { key: own, words, is_not: true }),
            _ => Err(FilterError {
                message: format!("`{key}` has no order that `{sign}` could compare"),
                span: *sign_at,
                hint: Some("use `=` or `!=`".to_owned()),
            }),
        }
    }

    /// One word, or several with commas between them.
    fn words(&mut self) -> Result<Vec<Word>, FilterError> {
        let mut words = Vec::new();
        loop {
            let here = self.here();
            match self.next() {
                Some(Token { kind: Kind::Word(text) | Kind::Quoted(text), span }) => {
                    words.push(Word { text: text.clone(), span: *span });
                }
                _ => return Err(error("here a word is missing", here)),
            }
            if !matches!(self.peek(), Some(Token { kind: Kind::Comma, .. })) {
                return Ok(words);
            }
            self.at += 1;
        }
    }
}

fn one_or(mut parts: Vec<Filter>, several: impl Fn(Vec<Filter>) -> Filter) -> Filter {
    match parts.pop() {
        Some(only) if parts.is_empty() => only,
        last => {
            parts.extend(last);
            several(parts)
        }
    }
}

fn order(sign: &str) -> Order {
    match sign {
        "!=" => Order::NotEqual,
        "<" => Order::Less,
        "<=" => Order::LessOrEqual,
        ">" => Order::Greater,
        ">=" => Order::GreaterOrEqual,
        _ => Order::Equal,
    }
}

/// One of the words of a scale.
fn level<T: Copy, const N: usize>(
    order: Order,
    words: &[Word],
    all: [T; N],
    name: fn(T) -> &'static str,
) -> Result<(Order, T), FilterError> {
    let scale = || all.map(name).join(" < ");
    match words {
        [Word { text, span }] => match all.into_iter().find(|level| name(*level).eq_ignore_ascii_case(text)) {
            Some(level) => Ok((order, level)),
            None => {
                let meant = nearest_of(text, all.map(name)).map(|nearest| format!("did you mean `{nearest}`?"));
                let hint = meant.unwrap_or_else(|| format!("it is one of {}", scale()));
                Err(FilterError { message: format!("`{text}` is not on the scale"), span: *span, hint: Some(hint) })
            }
        },
        [_, second, ..] => Err(FilterError {
            message: "only one level can be compared".to_owned(),
            span: second.span,
            hint: Some(format!("they have an order: {}", scale())),
        }),
        [] => Err(error("here a word is missing", Span::new(0, 0))),
    }
}
