//! `.dockerignore`, with the meaning that Docker gives it (`moby/patternmatcher`): lines of patterns, the last match decides,
//! `!` brings back, and what matches a folder matches everything below it.

use regex::{Regex, RegexBuilder};

/// Bytes of a `.dockerignore`; real ones have a few kilobytes.
pub(crate) const MAX_BYTES: u64 = 256 * 1024;
/// Patterns; real files have some hundred.
const MAX_PATTERNS: usize = 1_000;
/// Bytes of one pattern.
const MAX_PATTERN: usize = 1_000;
/// Bytes of one compiled pattern: some hundred wildcards.
const MAX_COMPILED: usize = 64 * 1024;
/// Work that matching may take, in bytes of paths times wildcards: seconds.
const MAX_WORK: u64 = 2_000_000_000;

/// The patterns of a file.
#[derive(Debug, Default)]
pub(crate) struct Ignore {
    patterns: Vec<Pattern>,
    work: std::cell::Cell<u64>,
}

#[derive(Debug)]
struct Pattern {
    brings_back: bool,
    matcher: Matcher,
}

#[derive(Debug)]
enum Matcher {
    Exact(String),
    Prefix(String),
    Suffix(String),
    /// With the number of its wildcards.
    Regex(Regex, u64),
}

/// Which patterns match a folder or one above it.
pub(crate) type Above = Vec<bool>;

impl Ignore {
    /// Reads a file.
    ///
    /// # Errors
    /// With a sentence that names the line.
    pub(crate) fn parse(text: &str) -> Result<Self, String> {
        let mut patterns = Vec::new();
        let text = text.strip_prefix('\u{feff}').unwrap_or(text);
        for (number, line) in text.lines().enumerate() {
            let wrong = |why: &str| Err(format!("line {}: {why}", number + 1));
            if line.starts_with('#') || line.trim().is_empty() {
                continue;
            }
            let (brings_back, pattern) = match line.trim().strip_prefix('!') {
                Some(pattern) => (true, pattern.trim()),
                None => (false, line.trim()),
            };
            if pattern.is_empty() {
                return wrong("`!` is followed by no pattern");
            }
            if pattern.len() > MAX_PATTERN {
                return wrong(&format!("the pattern is longer than {MAX_PATTERN} bytes"));
            }
            if patterns.len() == MAX_PATTERNS {
                return wrong(&format!("more than {MAX_PATTERNS} patterns"));
            }
            let cleaned = clean(pattern);
            let cleaned = cleaned.strip_prefix('/').filter(|rest| !rest.is_empty()).unwrap_or(&cleaned);
            match Matcher::compile(cleaned) {
                Some(matcher) => patterns.push(Pattern { brings_back, matcher }),
                None => return wrong("the pattern is malformed or has too many wildcards"),
            }
        }
        Ok(Self { patterns, work: std::cell::Cell::default() })
    }

    /// What is above the top folder: nothing.
    pub(crate) fn top(&self) -> Above {
        vec![false; self.patterns.len()]
    }

    /// The patterns that match a folder, given those that match the one above it.
    pub(crate) fn folder(&self, path: &str, above: &Above) -> Above {
        let matches = |(pattern, above): (&Pattern, &bool)| *above || self.matches(pattern, path);
        self.patterns.iter().zip(above).map(matches).collect()
    }

    /// Whether a file is excluded, by what matches it or a folder above it.
    pub(crate) fn excludes_file(&self, path: &str) -> bool {
        let mut above = self.top();
        for (at, _) in path.match_indices('/') {
            above = self.folder(path.get(..at).unwrap_or_default(), &above);
        }
        self.excludes(path, &above)
    }

    /// Whether a path is excluded.
    pub(crate) fn excludes(&self, path: &str, above: &Above) -> bool {
        let mut excluded = false;
        for (pattern, above) in self.patterns.iter().zip(above) {
            if pattern.brings_back == excluded && (*above || self.matches(pattern, path)) {
                excluded = !pattern.brings_back;
            }
        }
        excluded
    }

    fn matches(&self, pattern: &Pattern, path: &str) -> bool {
        let wildcards = if let Matcher::Regex(_, wildcards) = pattern.matcher { wildcards } else { 1 };
        self.work.set(self.work.get().saturating_add(wildcards.saturating_mul(path.len() as u64)));
        match &pattern.matcher {
            Matcher::Exact(text) => path == text,
            Matcher::Prefix(start) => path.starts_with(start.as_str()),
            Matcher::Suffix(end) => path.ends_with(end.as_str()) || end.strip_prefix('/') == Some(path),
            Matcher::Regex(regex, _) => regex.is_match(path),
        }
    }

    /// Whether matching has become more work than a build is worth.
    pub(crate) fn is_exhausted(&self) -> bool {
        self.work.get() > MAX_WORK
    }
}

/// A path without `.`, `..` and doubled slashes, as Go's `filepath.Clean` has it.
fn clean(path: &str) -> String {
    let rooted = path.starts_with('/');
    let mut parts: Vec<&str> = Vec::new();
    for part in path.split('/') {
        match part {
            "" | "." => {}
            ".." if parts.last().is_some_and(|last| *last != "..") => drop(parts.pop()),
            ".." if rooted => {}
            part => parts.push(part),
        }
    }
    match (rooted, parts.join("/")) {
        (true, joined) => format!("/{joined}"),
        (false, joined) if joined.is_empty() => ".".to_owned(),
        (false, joined) => joined,
    }
}

impl Matcher {
    /// A pattern as the matcher that Docker makes of it; none when it is malformed.
    fn compile(pattern: &str) -> Option<Self> {
        let mut regex = "^".to_owned();
        let (mut wildcards, mut is_regex, mut prefix, mut suffix) = (1, false, false, false);
        let mut characters = pattern.char_indices().peekable();
        while let Some((at, character)) = characters.next() {
            let is_wild = matches!(character, '*' | '?' | '[' | '\\');
            is_regex |= is_wild;
            wildcards += u64::from(is_wild);
            match character {
                '*' if characters.next_if(|(_, next)| *next == '*').is_some() => {
                    let _ = characters.next_if(|(_, next)| *next == '/');
                    let at_end = characters.peek().is_none();
                    // `**` is a plain beginning or end only where nothing else in the pattern is wild.
                    prefix |= at_end;
                    suffix |= at == 0;
                    regex.push_str(if at_end { ".*" } else { "(?:.*/)?" });
                }
                '*' => regex.push_str("[^/]*"),
                '?' => regex.push_str("[^/]"),
                '[' => class(&mut characters, &mut regex)?,
                '\\' => regex.push_str(&regex::escape(&characters.next()?.1.to_string())),
                other => regex.push_str(&regex::escape(other.encode_utf8(&mut [0; 4]))),
            }
        }
        regex.push('$');
        let is_plain = |text: &str| !text.contains(['*', '?', '[', '\\']);
        if suffix && let Some(rest) = pattern.strip_prefix("**").filter(|rest| is_plain(rest)) {
            return Some(Self::Suffix(rest.to_owned()));
        }
        if prefix && let Some(rest) = pattern.strip_suffix("**").filter(|rest| is_plain(rest)) {
            return Some(Self::Prefix(rest.to_owned()));
        }
        if !is_regex {
            return Some(Self::Exact(pattern.to_owned()));
        }
        let regex = RegexBuilder::new(&regex).size_limit(MAX_COMPILED).dfa_size_limit(1 << 20).build().ok()?;
        Some(Self::Regex(regex, wildcards))
    }
}

/// What follows a `[`, up to its `]`.
fn class(characters: &mut std::iter::Peekable<std::str::CharIndices<'_>>, regex: &mut String) -> Option<()> {
    let one = |characters: &mut std::iter::Peekable<std::str::CharIndices<'_>>| match characters.next()?.1 {
        '\\' => characters.next().map(|(_, escaped)| escaped),
        '-' | ']' => None,
        other => Some(other),
    };
    regex.push('[');
    if characters.next_if(|(_, next)| *next == '^').is_some() {
        regex.push('^');
    }
    let mut is_empty = true;
    while is_empty || characters.peek().is_some_and(|(_, next)| *next != ']') {
        is_empty = false;
        let low = one(characters)?;
        let high = if characters.next_if(|(_, next)| *next == '-').is_some() { one(characters)? } else { low };
        if low > high {
            return None;
        }
        for (end, between) in [(low, "-"), (high, "")] {
            regex.push_str(&format!("\\x{{{:x}}}{between}", u32::from(end)));
        }
    }
    characters.next().map(|_| regex.push(']'))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::Ignore;
    use proptest::prelude::*;

    fn excludes(patterns: &str, path: &str) -> bool {
        Ignore::parse(patterns).unwrap().excludes_file(path)
    }

    /// From the tests of `moby/patternmatcher`: pattern, path, whether it matches.
    #[test]
    fn patterns_mean_what_docker_says() {
        for (pattern, path, expected) in [
            ("**", "file", true),
            ("**", "dir/file", true),
            ("**/", "file", true),
            ("**/**", "dir/file", true),
            ("dir/**", "dir/dir2/file", true),
            ("**/dir", "dir/file", true),
            ("**/dir2/*", "dir/dir2/file", true),
            ("**/dir2/*", "dir/dir2/dir2/file", true),
            ("**/dir2/**", "dir/dir2/dir2/file", true),
            ("**file", "dir/file", true),
            ("**file", "dirfile", true),
            ("**/file", "dirfile", false),
            ("**/file", "dir/file", true),
            ("**/file*.txt", "dir/dir/file.txt", true),
            ("**/**/*.txt", "dir/dir/file.txt", true),
            ("a**/*.txt", "a/file.txt", true),
            ("a**/*.txt", "a/dir/dir/file.txt", true),
            ("a/*.txt", "a/dir/file.txt", false),
            ("a[b-d]e", "ace", true),
            ("a[b-d]e", "aae", false),
            ("a[^b-d]e", "aze", true),
            ("a[\\]]e", "a]e", true),
            ("a[&&~~]e", "a&e", true),
            (".*", ".foo", true),
            (".*", "foo", false),
            ("abc.def", "abcdef", false),
            ("abc?def", "abc/def", false),
            ("a\\*b", "a*b", true),
            ("a\\*b", "axb", false),
            ("dir", "dir/dir2/file", true),
            ("/dir/", "dir/x", true),
            ("./a/../dir", "dir/x", true),
            ("  dir  ", "dir", true),
            ("#dir", "#dir", false),
            (" #dir", "#dir", true),
            ("é*", "école", true),
            ("*\n!b", "b", false),
            ("*\n!b", "a", true),
            ("dir\n!dir/keep", "dir/keep", false),
            ("dir\n!dir/keep", "dir/keep/below", false),
            ("dir\n!dir/keep\ndir/keep/not", "dir/keep/not", true),
            ("!dir", "dir", false),
            ("(a|b){2}$", "(a|b){2}$", true),
        ] {
            assert_eq!(excludes(pattern, path), expected, "{pattern:?} {path:?}");
        }
    }

    #[test]
    fn a_file_that_cannot_be_read_is_refused_with_its_line() {
        let wrong = |text: &str| Ignore::parse(text).unwrap_err();
        assert_eq!(wrong("a\n!"), "line 2: `!` is followed by no pattern");
        for malformed in ["a[", "a[]", "a[b", "[b-a]", "[-]", "\\", &"*a".repeat(499)] {
            assert_eq!(wrong(malformed), "line 1: the pattern is malformed or has too many wildcards", "{malformed}");
        }
        assert_eq!(wrong(&"x".repeat(1001)), "line 1: the pattern is longer than 1000 bytes");
        assert_eq!(wrong(&"x\n".repeat(1001)), "line 1001: more than 1000 patterns");
    }

    #[test]
    fn a_dockerignore_bomb_is_given_up_on() {
        let ignore = Ignore::parse(&"**/a*b*c*d*e*f\n".repeat(1000)).unwrap();
        let (path, above) = ("a".repeat(4000), ignore.top());
        let files = std::iter::repeat_with(|| ignore.excludes(&path, &above)).take_while(|_| !ignore.is_exhausted());
        assert!(files.count() < 100, "the build of a context of so many files would never end");
    }

    proptest! {
        #[test]
        fn any_text_is_read_or_refused(text in "[*?\\[\\]!#a/.\\\\^\n -]{0,60}", path in "[a-c/]{1,12}") {
            if let Ok(ignore) = Ignore::parse(&text) {
                ignore.excludes(&path, &ignore.folder(&path, &ignore.top()));
            }
        }
    }
}
