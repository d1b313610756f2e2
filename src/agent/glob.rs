//! Patterns for paths: `*` and `?` within a name, `**` across folders, `{a,b}`. Brackets are themselves, as in `[id].ts`.

use regex::{Regex, RegexBuilder};

/// The most characters of a pattern.
const MAX_PATTERN: usize = 256;
/// The most bytes of a compiled pattern.
const MAX_COMPILED: usize = 1 << 20;

/// A pattern that paths are held against.
#[derive(Debug)]
pub(super) struct Glob(Regex);

impl Glob {
    /// Reads a pattern. One without `/` is held against the last part of a path.
    ///
    /// # Errors
    /// What is wrong with it, in our words.
    pub(super) fn new(pattern: &str) -> Result<Self, &'static str> {
        if pattern.is_empty() || pattern.chars().count() > MAX_PATTERN {
            return Err("A glob has 1 to 256 characters.");
        }
        let pattern = pattern.strip_prefix("./").unwrap_or(pattern);
        let pattern = pattern.strip_prefix('/').unwrap_or(pattern);
        let mut regex = String::from(r"\A");
        if !pattern.contains('/') {
            regex.push_str("(?:.*/)?");
        }
        let mut rest = pattern;
        let mut groups = 0_usize;
        while let Some(character) = rest.chars().next() {
            let (meaning, length) = match character {
                '*' if rest.starts_with("**/") => ("(?:.*/)?", 3),
                '*' if rest.starts_with("**") => (".*", 2),
                '*' => ("[^/]*", 1),
                '?' => ("[^/]", 1),
                '{' => {
                    groups += 1;
                    ("(?:", 1)
                }
                '}' if groups > 0 => {
                    groups -= 1;
                    (")", 1)
                }
                ',' if groups > 0 => ("|", 1),
                _ => ("", character.len_utf8()),
            };
            let (here, after) = rest.split_at(length);
            if meaning.is_empty() {
                regex.push_str(&regex::escape(here));
            } else {
                regex.push_str(meaning);
            }
            rest = after;
        }
        if groups > 0 {
            return Err("A `{` of the glob is not closed.");
        }
        regex.push_str(r"\z");
        RegexBuilder::new(&regex)
            .dot_matches_new_line(true)
            .size_limit(MAX_COMPILED)
            .build()
            .map(Self)
            .map_err(|_| "The glob is too complex.")
    }

    /// Whether a path is meant.
    pub(super) fn matches(&self, path: &str) -> bool {
        self.0.is_match(path)
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::Glob;

    #[test]
    fn patterns_mean_what_people_think() {
        for (glob, path, matches) in [
            ("*.ts", "src/a/b.ts", true),
            ("*.ts", "src/a/b.tsx", false),
            ("src/*.ts", "src/b.ts", true),
            ("src/*.ts", "src/a/b.ts", false),
            ("src/**/*.ts", "src/b.ts", true),
            ("src/**/*.ts", "src/a/c/b.ts", true),
            ("src/**", "src/a/c/b.ts", true),
            ("/src/?.ts", "src/b.ts", true),
            ("*.{js,ts}", "b.js", true),
            ("*.{js,ts}", "b.jsx", false),
            ("pages/[id].ts", "pages/[id].ts", true),
            ("a+b.(c)", "a+b.(c)", true),
            ("package.json", "x/package.json", true),
            ("**", "any/thing", true),
        ] {
            assert_eq!(Glob::new(glob).unwrap().matches(path), matches, "{glob} {path}");
        }
    }

    #[test]
    fn what_is_no_pattern_is_said() {
        assert!(Glob::new("").is_err());
        assert!(Glob::new("{a").is_err());
        assert!(Glob::new(&"*".repeat(300)).is_err());
        assert!(Glob::new("a}").unwrap().matches("a}"));
    }
}
