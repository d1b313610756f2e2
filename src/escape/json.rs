//! JSON that is safe to print: invisible characters are written as `\uXXXX`, which reads back as the same text.

use super::is_hidden;
use serde_json::ser::{Formatter, PrettyFormatter};
use std::io::{self, Write};

/// Indented JSON without a single invisible character but line ends and spaces, and without `##[` (see [`super`]).
#[derive(Debug, Default)]
struct VisibleJson {
    pretty: PrettyFormatter<'static>,
}

impl Formatter for VisibleJson {
    fn write_string_fragment<W: ?Sized + Write>(&mut self, writer: &mut W, fragment: &str) -> io::Result<()> {
        let mut plain_from = 0;
        for (at, character) in fragment.char_indices() {
            let runner_command = character == '[' && fragment.get(..at).is_some_and(|before| before.ends_with("##"));
            if runner_command || is_hidden(character) {
                writer.write_all(fragment.get(plain_from..at).unwrap_or_default().as_bytes())?;
                for unit in character.encode_utf16(&mut [0; 2]) {
                    write!(writer, "\\u{unit:04x}")?;
                }
                plain_from = at + character.len_utf8();
            }
        }
        writer.write_all(fragment.get(plain_from..).unwrap_or_default().as_bytes())
    }

    fn begin_array<W: ?Sized + Write>(&mut self, writer: &mut W) -> io::Result<()> {
        self.pretty.begin_array(writer)
    }

    fn end_array<W: ?Sized + Write>(&mut self, writer: &mut W) -> io::Result<()> {
        self.pretty.end_array(writer)
    }

    fn begin_array_value<W: ?Sized + Write>(&mut self, writer: &mut W, first: bool) -> io::Result<()> {
        self.pretty.begin_array_value(writer, first)
    }

    fn end_array_value<W: ?Sized + Write>(&mut self, writer: &mut W) -> io::Result<()> {
        self.pretty.end_array_value(writer)
    }

    fn begin_object<W: ?Sized + Write>(&mut self, writer: &mut W) -> io::Result<()> {
        self.pretty.begin_object(writer)
    }

    fn end_object<W: ?Sized + Write>(&mut self, writer: &mut W) -> io::Result<()> {
        self.pretty.end_object(writer)
    }

    fn begin_object_key<W: ?Sized + Write>(&mut self, writer: &mut W, first: bool) -> io::Result<()> {
        self.pretty.begin_object_key(writer, first)
    }

    fn begin_object_value<W: ?Sized + Write>(&mut self, writer: &mut W) -> io::Result<()> {
        self.pretty.begin_object_value(writer)
    }

    fn end_object_value<W: ?Sized + Write>(&mut self, writer: &mut W) -> io::Result<()> {
        self.pretty.end_object_value(writer)
    }
}

/// `value` as [`VisibleJson`], with a final line end.
///
/// Our documents are structs of texts and numbers, which always have a JSON form. Should one ever have none, the result
/// is an object with an `error`, which no schema of ours accepts, so that nobody takes it for an empty report.
pub(crate) fn visible_json(value: &impl serde::Serialize) -> String {
    let mut bytes = Vec::new();
    let written = value.serialize(&mut serde_json::Serializer::with_formatter(&mut bytes, VisibleJson::default()));
    let mut text = match written {
        Ok(()) => String::from_utf8_lossy(&bytes).into_owned(),
        Err(error) => serde_json::json!({ "error": error.to_string() }).to_string(),
    };
    text.push('\n');
    text
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    #[test]
    fn invisible_characters_are_escaped_and_read_back() {
        let value = serde_json::json!({"a\u{202e}": ["x\u{9b}##[error]\n\u{e0041}é", {}, []]});
        let text = super::visible_json(&value);
        insta::assert_snapshot!(text, @r#"
        {
          "a\u202e": [
            "x\u009b##\u005berror]\n\udb40\udc41é",
            {},
            []
          ]
        }
        "#);
        assert_eq!(serde_json::from_str::<serde_json::Value>(&text).unwrap(), value);
    }
}
