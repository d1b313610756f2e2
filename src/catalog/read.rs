//! Catalogs that are there already: files for the Gateway, and the layers of artifacts.
//!
//! A file of many entries is larger than what a document of an entry may be, so that each entry in it is composed by itself.

use crate::document::compose;
use crate::document::scalar::to_json;
use serde_json::{Map, Value};
use std::collections::BTreeMap;

/// The largest catalog that is read, in bytes: some ten thousand entries.
pub(crate) const MAX_BYTES: u64 = 64 << 20;

/// The entries of a catalog by name, with the keys that a file has.
pub(crate) type Entries = BTreeMap<String, Map<String, Value>>;

/// Reads a catalog, whichever it is.
///
/// # Errors
/// With why it is none.
pub(crate) fn read(text: &str) -> Result<Entries, String> {
    if text.trim_start().starts_with('{') { layer(text) } else { file(text) }
}

/// The layer of an artifact: `{"title": …, "servers": [{…, "snapshot": {"server": {…}}}]}`.
pub(crate) fn layer(text: &str) -> Result<Entries, String> {
    let mut value: Value = serde_json::from_str(text).map_err(|error| format!("it is not JSON: {error}"))?;
    let Some(Value::Array(servers)) = value.get_mut("servers").map(Value::take) else {
        return Err("it has no list of `servers`".to_owned());
    };
    let mut entries = Entries::new();
    for mut server in servers {
        let snapshot = server.pointer_mut("/snapshot/server").map(Value::take);
        let Some(Value::Object(mut fields)) = snapshot else { return Err("a server has no snapshot".to_owned()) };
        let Some(Value::String(name)) = fields.shift_remove("name") else {
            return Err("a server has no name".to_owned());
        };
        if entries.insert(name.clone(), fields).is_some() {
            return Err(format!("it has two servers `{name}`"));
        }
    }
    Ok(entries)
}

/// A file: what is below `registry:`, entry by entry.
fn file(text: &str) -> Result<Entries, String> {
    let mut lines = text.split_inclusive('\n').scan(0, |at, line| {
        let start = *at;
        *at += line.len();
        Some((start, line))
    });
    let Some((_, heading)) = lines.find(|(_, line)| line.starts_with("registry:")) else {
        return Err("it has no `registry:`".to_owned());
    };
    let inline = heading.trim_end().trim_start_matches("registry:").trim();
    if !inline.is_empty() && !inline.starts_with('#') {
        return if inline == "{}" { Ok(Entries::new()) } else { Err("`registry` is not in block style".to_owned()) };
    }
    let mut starts: Vec<usize> = Vec::new();
    let (mut indent, mut end) = (None, text.len());
    for (at, line) in lines {
        let content = line.trim_start_matches(' ');
        if content.trim().is_empty() || content.starts_with('#') {
            continue;
        }
        let depth = line.len() - content.len();
        match *indent.get_or_insert(depth) {
            _ if depth == 0 => {
                end = at;
                break;
            }
            own if own == depth => starts.push(at),
            _ => {}
        }
    }
    let mut entries = Entries::new();
    for (index, start) in starts.iter().enumerate() {
        let stop = starts.get(index + 1).copied().unwrap_or(end);
        let part = text.get(*start..stop).unwrap_or_default();
        let line = || text.get(..*start).unwrap_or_default().matches('\n').count() + 1;
        let value =
            to_json(&compose(part).map_err(|error| format!("the entry in line {} cannot be read: {error}", line()))?);
        let pair = value.as_object().and_then(|value| value.iter().next());
        let Some((name, Value::Object(fields))) = pair else {
            return Err(format!("what is in line {} is not an entry", line()));
        };
        if entries.insert(name.clone(), fields.clone()).is_some() {
            return Err(format!("it has two entries `{name}`"));
        }
    }
    Ok(entries)
}

#[cfg(test)]
mod tests {
    use super::read;

    #[test]
    fn both_forms_are_read() {
        let file = "version: 2\nname: x\nregistry:\n  # ours\n  a:\n    image: mcp/a\n    description: |\n      two\n\n      lines\n  \"b c\":\n    tools: []\nother: 1\n";
        let names = |text: &str| read(text).map(|it| it.into_keys().collect::<Vec<_>>());
        assert_eq!(names(file), Ok(vec!["a".to_owned(), "b c".to_owned()]));
        let layer = r#"{"title":"x","servers":[{"type":"image","snapshot":{"server":{"name":"a","image":"x"}}}]}"#;
        assert_eq!(names(layer), Ok(vec!["a".to_owned()]));
        assert_eq!(names("registry: {}\n"), Ok(Vec::new()));
        let said = [
            "",
            "name: x\n",
            "registry: {a: 1}\n",
            "registry:\n  a: 1\n",
            "registry:\n  a: {}\n  a: {}\n",
            "registry:\n  a: [\n",
            "{",
            "{}",
            r#"{"servers":[{}]}"#,
            r#"{"servers":[{"snapshot":{"server":{}}}]}"#,
        ]
        .map(|text| read(text).unwrap_err());
        insta::assert_snapshot!(said.join("\n"), @r"
        it has no `registry:`
        it has no `registry:`
        `registry` is not in block style
        what is in line 2 is not an entry
        it has two entries `a`
        the entry in line 2 cannot be read: the `[` is never closed
        it is not JSON: EOF while parsing an object at line 1 column 1
        it has no list of `servers`
        a server has no snapshot
        a server has no name
        ");
    }
}
