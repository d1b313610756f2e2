//! The strings of a lock file in JSON, decoded: `"\u0072esolved"` is `"resolved"`, and a pair may be spread over lines.

use std::borrow::Cow;
use std::ops::Range;

/// A string in an object.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Pair<'t> {
    pub(super) key: String,
    pub(super) value: Cow<'t, str>,
    /// The bytes of the value, with its quotes.
    pub(super) range: Range<usize>,
    /// Which object it is in.
    pub(super) object: usize,
}

/// What an object is in a lock file of npm.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Root,
    /// Packages by their names.
    Packages,
    Package,
    /// Where authors of a package want to be given money, which npm only shows.
    Funding,
    Other,
}

impl Kind {
    fn below(self, key: Option<&str>) -> Self {
        match (self, key) {
            (Self::Funding, _) | (Self::Package, Some("funding")) => Self::Funding,
            (Self::Root, Some("packages" | "dependencies")) | (Self::Package, Some("dependencies")) => Self::Packages,
            (Self::Packages, Some(_)) => Self::Package,
            _ => Self::Other,
        }
    }
}

/// What is open at a place.
struct Level {
    object: usize,
    kind: Kind,
    key: Option<String>,
}

/// The strings that objects have for some keys, in the order of the text. Any text can be read.
pub(super) fn pairs<'t>(text: &'t str, wanted: &[&str]) -> Vec<Pair<'t>> {
    let (mut found, mut levels, mut objects, mut at) = (Vec::new(), Vec::<Level>::new(), 0, 0);
    let bytes = text.as_bytes();
    while let Some(byte) = bytes.get(at) {
        let start = at;
        at += 1;
        match byte {
            b'{' | b'[' => {
                let above = levels.last();
                let kind = above.map_or(Kind::Root, |level| level.kind.below(level.key.as_deref()));
                objects += 1;
                levels.push(Level { object: objects, kind, key: None });
            }
            b'}' | b']' => drop(levels.pop()),
            b',' => {
                if let Some(level) = levels.last_mut() {
                    level.key = None;
                }
            }
            b'"' => {
                at = end_of(bytes, at);
                let range = start..at;
                let is_key = text.get(at..).is_some_and(|rest| rest.trim_start().starts_with(':'));
                let Some(level) = levels.last_mut() else { continue };
                if is_key {
                    level.key = Some(decoded(text, &range).into_owned());
                } else if let Some(key) = level.key.as_ref().filter(|key| wanted.contains(&key.as_str()))
                    && level.kind != Kind::Funding
                {
                    let (key, value) = (key.clone(), decoded(text, &range));
                    found.push(Pair { key, value, range, object: level.object });
                }
            }
            _ => {}
        }
    }
    found
}

/// Where a string ends that began before `at`: after its quote.
fn end_of(bytes: &[u8], mut at: usize) -> usize {
    while let Some(byte) = bytes.get(at) {
        match byte {
            b'\\' => at += 2,
            b'"' => return at + 1,
            _ => at += 1,
        }
    }
    bytes.len()
}

fn decoded<'t>(text: &'t str, range: &Range<usize>) -> Cow<'t, str> {
    let written = text.get(range.clone()).unwrap_or_default();
    let inside = written.strip_prefix('"').map(|rest| rest.strip_suffix('"').unwrap_or(rest)).unwrap_or_default();
    if !inside.contains('\\') {
        return Cow::Borrowed(inside);
    }
    serde_json::from_str(written).map_or(Cow::Borrowed(inside), Cow::Owned)
}

#[cfg(test)]
mod tests {
    use super::pairs;

    fn shown(text: &str) -> Vec<String> {
        pairs(text, &["resolved"]).iter().map(|pair| format!("{} {}", pair.object, pair.value)).collect()
    }

    #[test]
    fn strings_are_decoded_wherever_they_are_written() {
        assert_eq!(
            shown(
                "{\"packages\":{\"a\":{\"\\u0072esolved\"\n:\n\"http\\u0073:\\/\\/x.io\"}},\"b\":[{\"resolved\":\"y\"}]}"
            ),
            ["3 https://x.io", "5 y"]
        );
        assert_eq!(shown("{\"a\":\"resolved\",\"b\":\"\\\"resolved\\\":\"}"), [""; 0]);
        // Any text can be read.
        for text in ["", "\"", "{\"resolved\":\"\\", "]]}{\"resolved\":\"\\uZZ\"", "\"resolved\":\"x\""] {
            shown(text);
        }
    }

    #[test]
    fn what_is_only_shown_is_not_among_them() {
        let text = "{\"packages\":{\"a\":{\"funding\":{\"resolved\":\"https://x.io\"}}},\
            \"dependencies\":{\"funding\":{\"resolved\":\"https://y.io\"}}}";
        assert_eq!(shown(text), ["6 https://y.io"]);
    }
}
