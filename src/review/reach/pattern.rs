//! Patterns of paths as Docker reads them in sources of `COPY`, where a variable can be anything: many at once, in time that grows
//! with the path alone.

use regex::{RegexSet, RegexSetBuilder};

/// Patterns of one file. A hand-written one has some dozens.
const MAX_PATTERNS: usize = 2_000;
/// Bytes of one pattern.
const MAX_PATTERN: usize = 4_096;
/// Bytes of the compiled set.
const MAX_COMPILED: usize = 64 << 20;

/// Patterns in their order. What matches a folder matches all that is in it.
#[derive(Debug)]
pub(super) struct Patterns(RegexSet);

impl Patterns {
    /// These; none when they are too many.
    pub(super) fn new(patterns: &[String]) -> Option<Self> {
        if patterns.len() > MAX_PATTERNS || patterns.iter().any(|pattern| pattern.len() > MAX_PATTERN) {
            return None;
        }
        let expressions = patterns.iter().map(|pattern| expression(pattern));
        RegexSetBuilder::new(expressions).size_limit(MAX_COMPILED).build().ok().map(Self)
    }

    /// The first pattern that matches.
    pub(super) fn first(&self, path: &str) -> Option<usize> {
        self.0.matches(path).iter().next()
    }
}

/// A path without `.`, empty parts, and `..` where it can be undone.
fn clean(path: &str) -> String {
    let mut parts: Vec<&str> = Vec::new();
    for part in path.split('/') {
        match part {
            "" | "." => {}
            ".." => {
                parts.pop();
            }
            part => parts.push(part),
        }
    }
    parts.join("/")
}

/// `*` is anything but `/`, `**` anything, `?` one character, `[a-z]` one of them, `\` takes the next as it is. A variable can be
/// anything.
fn expression(pattern: &str) -> String {
    let pattern = clean(pattern);
    if pattern.is_empty() {
        return "(?s)^.*$".to_owned();
    }
    let mut expression = "(?s)^(?:".to_owned();
    let mut rest = pattern.as_str();
    while let Some(character) = rest.chars().next() {
        let mut used = character.len_utf8();
        match character {
            '*' if rest.starts_with("**") => {
                used = rest.len() - rest.trim_start_matches('*').len();
                if rest.get(used..).is_some_and(|next| next.starts_with('/')) {
                    used += 1;
                    expression.push_str("(?:.*/)?");
                } else {
                    expression.push_str(".*");
                }
            }
            '*' => expression.push_str("[^/]*"),
            '?' => expression.push_str("[^/]"),
            '$' => {
                expression.push_str(".*");
                used = variable(rest);
            }
            '[' => match class(rest) {
                Some((text, length)) => {
                    expression.push_str(&text);
                    used = length;
                }
                None => expression.push_str("\\["),
            },
            '\\' => {
                let next = rest.get(1..).and_then(|rest| rest.chars().next());
                used += next.map_or(0, char::len_utf8);
                expression.push_str(&regex::escape(&next.unwrap_or('\\').to_string()));
            }
            other => expression.push_str(&regex::escape(&other.to_string())),
        }
        rest = rest.get(used..).unwrap_or_default();
    }
    expression + ")(?:/.*)?$"
}

/// Bytes of `$NAME` or `${…}`.
fn variable(text: &str) -> usize {
    if text.starts_with("${") {
        return text.find('}').map_or(text.len(), |end| end + 1);
    }
    let name = text.get(1..).unwrap_or_default();
    1 + name.find(|c: char| !c.is_ascii_alphanumeric() && c != '_').unwrap_or(name.len())
}

/// `[a-z]` or `[^a-z]` as a class, and its bytes; none when it has no end or cannot be one.
fn class(text: &str) -> Option<(String, usize)> {
    let end = text.get(1..)?.find(']')? + 1;
    let inside = text.get(1..end)?;
    let (not, inside) = inside.strip_prefix('^').map_or(("", inside), |rest| ("^", rest));
    let plain = !inside.is_empty() && inside.chars().all(|c| c.is_alphanumeric() || matches!(c, '-' | '_' | '.'));
    let text = format!("[{not}{}]", inside.replace('.', "\\."));
    (plain && regex::Regex::new(&text).is_ok()).then_some((text, end + 1))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::Patterns;

    #[test]
    fn patterns_match_as_docker_says() {
        let matches = |pattern: &str, path: &str| Patterns::new(&[pattern.to_owned()]).unwrap().first(path).is_some();
        for (pattern, path, expected) in [
            ("*/temp*", "some/temporary.txt", true),
            ("*/temp*", "a/b/temp", false),
            ("*/*/temp*", "a/b/temp/c", true),
            ("temp?", "tempa", true),
            ("temp?", "temp", false),
            ("**/*.go", "a/b.go", true),
            ("**/*.go", "b.go", true),
            ("a/**", "a/b/c", true),
            ("a/**/z", "a/z", true),
            ("/a", "a/b", true),
            (".", "a/b", true),
            ("./a/../b/", "b/c", true),
            ("a", "ab", false),
            ("a.b", "axb", false),
            ("[ab]c", "ac", true),
            ("[^ab]c", "ac", false),
            ("[ab", "[ab", true),
            ("$DIR/x", "a/b/x", true),
            ("${DIR:-a}", "b", true),
            ("a\u{e9}(+)", "a\u{e9}(+x", false),
        ] {
            assert_eq!(matches(pattern, path), expected, "{pattern:?} {path:?}");
        }
    }
}
