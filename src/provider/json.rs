//! JSON from somebody who is not trusted: no key twice at any depth, and no more depth than anybody needs. Two readers that
//! take different ones of two equal keys would see two different requests.

use serde::de::{DeserializeSeed, Deserializer, Error as _, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Number, Value};
use std::cell::Cell;
use std::fmt;

/// The most arrays and objects inside each other. The deepest of ours, a tool's schema in a request, needs about twenty.
pub(crate) const MAX_DEPTH: usize = 64;
/// The most values. Two bytes of text can be a value, which takes thirty in memory; a long conversation has some thousand.
pub(crate) const MAX_VALUES: usize = 100_000;

/// Why bytes are not strict JSON.
#[derive(Debug, thiserror::Error)]
#[error("the body is not strict JSON: {0}")]
pub(crate) struct JsonError(#[from] serde_json::Error);

/// Parses one JSON document with nothing but white space around it.
///
/// # Errors
/// When it is not RFC 8259 JSON in UTF-8, has a key twice in an object, is deeper than [`MAX_DEPTH`], or has more than
/// [`MAX_VALUES`].
pub(crate) fn parse(bytes: &[u8]) -> Result<Value, JsonError> {
    let mut deserializer = serde_json::Deserializer::from_slice(bytes);
    let left = Cell::new(MAX_VALUES);
    let value = Strict { depth: 0, left: &left }.deserialize(&mut deserializer)?;
    deserializer.end()?;
    Ok(value)
}

/// A value at a depth.
#[derive(Clone, Copy)]
struct Strict<'a> {
    depth: usize,
    /// How many more values there may be.
    left: &'a Cell<usize>,
}

impl Strict<'_> {
    fn deeper<E: serde::de::Error>(self) -> Result<Self, E> {
        if self.depth >= MAX_DEPTH {
            return Err(E::custom(format_args!("it is nested more than {MAX_DEPTH} deep")));
        }
        Ok(Self { depth: self.depth + 1, left: self.left })
    }
}

impl<'de> DeserializeSeed<'de> for Strict<'_> {
    type Value = Value;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Value, D::Error> {
        match self.left.get().checked_sub(1) {
            Some(left) => self.left.set(left),
            None => return Err(D::Error::custom(format_args!("it has more than {MAX_VALUES} values"))),
        }
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Strict<'_> {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON value")
    }

    fn visit_bool<E>(self, value: bool) -> Result<Value, E> {
        Ok(Value::Bool(value))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Value, E> {
        Ok(Value::Number(value.into()))
    }

    fn visit_u64<E>(self, value: u64) -> Result<Value, E> {
        Ok(Value::Number(value.into()))
    }

    fn visit_f64<E: serde::de::Error>(self, value: f64) -> Result<Value, E> {
        Number::from_f64(value).map(Value::Number).ok_or_else(|| E::custom("a number is too large"))
    }

    fn visit_str<E>(self, value: &str) -> Result<Value, E> {
        Ok(Value::String(value.to_owned()))
    }

    fn visit_string<E>(self, value: String) -> Result<Value, E> {
        Ok(Value::String(value))
    }

    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Value, A::Error> {
        let inner = self.deeper()?;
        let mut list = Vec::new();
        while let Some(item) = items.next_element_seed(inner)? {
            list.push(item);
        }
        Ok(Value::Array(list))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut pairs: A) -> Result<Value, A::Error> {
        let inner = self.deeper()?;
        let mut map = Map::new();
        while let Some(key) = pairs.next_key::<String>()? {
            if map.contains_key(&key) {
                return Err(A::Error::custom("a key is there twice in one object"));
            }
            let value = pairs.next_value_seed(inner)?;
            map.insert(key, value);
        }
        Ok(Value::Object(map))
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used)]

    use super::{MAX_DEPTH, MAX_VALUES, parse};

    #[test]
    fn what_other_readers_might_read_otherwise_is_refused() {
        for text in [
            "",
            "{} {}",
            "{\"a\": 1, \"a\": 2}",
            "{\"a\": 1, \"\\u0061\": 2}",
            "[{\"b\": {\"a\": 1, \"a\": 1}}]",
            "[1,]",
            "{'a': 1}",
            "[NaN]",
            "[1e999]",
            "[\"\\ud800\"]",
            "\u{feff}{}",
            "// c\n{}",
        ] {
            assert!(parse(text.as_bytes()).is_err(), "{text}");
        }
        assert!(parse(b"\"\xff\"").is_err());
        for (open, close) in [("[", "]"), ("{\"a\":", "}")] {
            let deep = |depth: usize| format!("{}1{}", open.repeat(depth), close.repeat(depth));
            assert!(parse(deep(MAX_DEPTH).as_bytes()).is_ok());
            assert!(parse(deep(MAX_DEPTH + 1).as_bytes()).is_err());
            assert!(parse(open.repeat(1_000_000).as_bytes()).is_err());
        }
        let wide = |values: usize| format!("[{}0]", "0,".repeat(values - 2));
        assert!(parse(wide(MAX_VALUES).as_bytes()).is_ok());
        assert!(parse(wide(MAX_VALUES + 1).as_bytes()).is_err());
    }

    #[test]
    fn what_is_taken_is_as_it_was() {
        let text = r#"{"b":[1,-2,0.5,18446744073709551615,true,null,"é\n"],"a":{}}"#;
        assert_eq!(parse(text.as_bytes()).unwrap().to_string(), text);
    }
}
