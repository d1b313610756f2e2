//! A source file as the layering test reads it: its code without comments, strings and tests, and the paths in that.

use std::collections::BTreeSet;
use std::path::Path;

/// One file under `src/`.
#[derive(Debug)]
pub(super) struct Source {
    /// Relative to `src/`.
    pub(super) path: String,
    text: String,
    /// How many lines that has.
    pub(super) lines: usize,
    /// Every path of two names or more in the code, and every name that `use` brings, each as its names.
    pub(super) paths: BTreeSet<Vec<String>>,
    /// What `use` brings, in the order of the file.
    pub(super) imports: Vec<Import>,
    /// The code, without comments, strings and tests.
    code: String,
}

/// One name that `use` brings.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Import {
    /// What it is called here.
    pub(super) name: String,
    /// Where it comes from, as it is written.
    pub(super) path: Vec<String>,
    /// Whether others may take it from here: `pub use`, in any of its forms.
    pub(super) public: bool,
}

/// Every file under `src/` that is not a test of its own.
pub(super) fn sources() -> Vec<Source> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut found = Vec::new();
    let mut folders = vec![root.clone()];
    while let Some(folder) = folders.pop() {
        for item in std::fs::read_dir(&folder).unwrap() {
            let path = item.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                let text = std::fs::read_to_string(&path).unwrap();
                found.push(Source::new(path.strip_prefix(&root).unwrap().to_str().unwrap(), &text));
            }
        }
    }
    let tests: BTreeSet<String> = found.iter().flat_map(Source::test_files).collect();
    let is_test = |path: &str| {
        let stem = path.trim_end_matches(".rs");
        tests
            .iter()
            .any(|test| stem.strip_prefix(test.as_str()).is_some_and(|rest| rest.is_empty() || rest.starts_with('/')))
    };
    found.retain(|source| !is_test(&source.path));
    found.sort_by(|a, b| a.path.cmp(&b.path));
    assert!(found.len() > 20, "the sources are not where they were: {}", root.display());
    found
}

impl Source {
    pub(super) fn new(path: &str, text: &str) -> Self {
        let code = without_tests(&without_comments(text));
        let (paths, imports) = (paths(&code), imports(&tokens(&code)));
        Self { path: path.to_owned(), text: text.to_owned(), lines: text.lines().count(), paths, imports, code }
    }

    /// The code without whitespace.
    pub(super) fn squeezed(&self) -> String {
        self.code.chars().filter(|c| !c.is_whitespace()).collect()
    }

    /// What is written, strings included, without lines of comment and without the tests at the end.
    pub(super) fn written(&self) -> String {
        let text = self.text.split("#[cfg(test)]\nmod ").next().unwrap_or("");
        text.lines().filter(|line| !line.trim_start().starts_with("//")).collect::<Vec<_>>().join("\n")
    }

    /// The module that the file is, as its names from the root of the crate.
    pub(super) fn module(&self) -> Vec<String> {
        match self.path.trim_end_matches(".rs") {
            "lib" => Vec::new(),
            path => path.split('/').map(str::to_owned).collect(),
        }
    }

    /// Whether a path is in the code for nothing but to let others take a name from here.
    pub(super) fn only_passed_on(&self, path: &[String]) -> bool {
        let Some(import) = self.imports.iter().find(|import| import.public && import.path == path) else {
            return false;
        };
        tokens(&self.code).into_iter().filter(|token| *token == import.name).count() == 1
    }

    /// The module at the top that this file is part of.
    pub(super) fn top(&self) -> &str {
        self.path.split(['/', '.']).next().unwrap_or("")
    }

    /// Our own modules at the top that the code names.
    pub(super) fn own_modules(&self) -> BTreeSet<String> {
        // The file is the module: as many `super` lead out of it to the top as its path has names.
        let depth = if self.top() == "lib" { 0 } else { self.path.trim_end_matches("mod.rs").matches('/').count() + 1 };
        let module = |path: &Vec<String>| {
            let supers = path.iter().take_while(|name| *name == "super").count();
            match path.first().map(String::as_str) {
                Some("crate" | "mcp_registry") => path.get(1).cloned(),
                Some("super") if supers == depth => path.get(supers).cloned(),
                _ => None,
            }
        };
        self.paths.iter().filter_map(module).filter(|name| name.starts_with(|c: char| c.is_ascii_lowercase())).collect()
    }

    /// Whether the code has a path with these names, one after the other.
    pub(super) fn names(&self, wanted: &str) -> bool {
        let wanted: Vec<&str> = wanted.split("::").collect();
        self.paths.iter().any(|path| path.windows(wanted.len()).any(|names| names == wanted))
    }

    /// The files, without `.rs`, that hold tests of this one: `#[cfg(test)] mod tests;`.
    fn test_files(&self) -> Vec<String> {
        let folder = self.path.trim_end_matches(".rs");
        let folder = if matches!(folder, "lib" | "main") { String::new() } else { format!("{folder}/") };
        let code = without_comments(&self.text);
        let declared = code.split("#[cfg(test)]").skip(1).filter_map(|after| {
            let (head, _) = after.split_once(';')?;
            let name = head.trim_start().trim_start_matches("pub(crate) ").trim_start_matches("pub(super) ");
            let name = name.strip_prefix("mod ")?.trim();
            name.chars().all(is_name).then(|| format!("{folder}{name}"))
        });
        declared.collect()
    }
}

fn is_name(c: char) -> bool {
    c.is_alphanumeric() || c == '_'
}

/// The text with comments and the insides of strings and characters left out.
fn without_comments(text: &str) -> String {
    let mut code = String::new();
    let mut rest = text;
    while let Some(c) = rest.chars().next() {
        let raw = rest.trim_start_matches('b').strip_prefix('r').filter(|_| !code.ends_with(is_name));
        let hashes = raw.map_or(0, |raw| raw.len() - raw.trim_start_matches('#').len());
        let skipped = if rest.starts_with("//") {
            rest.find('\n').unwrap_or(rest.len())
        } else if rest.starts_with("/*") {
            block_comment(rest)
        } else if let Some(raw) = raw.filter(|raw| raw[hashes..].starts_with('"')) {
            let end = format!("\"{}", "#".repeat(hashes));
            let inside = &raw[hashes + 1..];
            let inside = inside.find(&end).map_or(inside.len(), |at| at + end.len());
            rest.len() - raw.len() + hashes + 1 + inside
        } else if c == '"' {
            quoted(rest, '"')
        } else if c == '\'' {
            character(rest)
        } else {
            0
        };
        if skipped == 0 {
            code.push(c);
            rest = &rest[c.len_utf8()..];
        } else {
            code.push(' ');
            rest = &rest[skipped..];
        }
    }
    code
}

/// The length of a comment that may hold comments.
fn block_comment(text: &str) -> usize {
    let (mut depth, mut at) = (0, 0);
    while at < text.len() {
        let rest = &text[at..];
        let step = if rest.starts_with("/*") {
            depth += 1;
            2
        } else if rest.starts_with("*/") {
            depth -= 1;
            2
        } else {
            rest.chars().next().map_or(1, char::len_utf8)
        };
        at += step;
        if depth == 0 {
            break;
        }
    }
    at
}

/// The length of a string or character, with its quotes.
fn quoted(text: &str, quote: char) -> usize {
    let mut escaped = false;
    for (at, c) in text.char_indices().skip(1) {
        match c {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            c if c == quote => return at + 1,
            _ => {}
        }
    }
    text.len()
}

/// The length of a character; a lifetime has none.
fn character(text: &str) -> usize {
    let mut inside = text.chars().skip(1);
    match (inside.next(), inside.next()) {
        (Some('\\'), _) | (Some(_), Some('\'')) => quoted(text, '\''),
        _ => 0,
    }
}

/// The code without `#[cfg(test)]` items.
fn without_tests(code: &str) -> String {
    let mut parts = code.split("#[cfg(test)]");
    let mut kept = parts.next().unwrap_or("").to_owned();
    for part in parts {
        let mut depth = 0_i32;
        let end = part.char_indices().find(|(_, c)| match c {
            '{' => {
                depth += 1;
                false
            }
            '}' => {
                depth -= 1;
                depth <= 0
            }
            ';' => depth == 0,
            _ => false,
        });
        kept.push_str(end.map_or("", |(at, _)| &part[at + 1..]));
    }
    kept
}

/// Names, `::` and single other characters.
fn tokens(code: &str) -> Vec<&str> {
    let mut tokens = Vec::new();
    let mut rest = code;
    while let Some(c) = rest.chars().next() {
        let length = if is_name(c) {
            rest.find(|c| !is_name(c)).unwrap_or(rest.len())
        } else if rest.starts_with("::") {
            2
        } else {
            c.len_utf8()
        };
        if !c.is_whitespace() {
            tokens.push(&rest[..length]);
        }
        rest = &rest[length..];
    }
    tokens
}

/// What every `use` in the code brings.
fn imports(tokens: &[&str]) -> Vec<Import> {
    let mut found = Vec::new();
    for (at, _) in tokens.iter().enumerate().filter(|(_, token)| **token == "use") {
        // `pub`, or the end of `pub(crate)`.
        let public = at.checked_sub(1).is_some_and(|before| matches!(tokens[before], "pub" | ")"));
        tree(tokens, at + 1, &[], public, &mut found);
    }
    found
}

/// Reads one tree of a `use`, below the names before it, and returns the token after it.
fn tree(tokens: &[&str], mut at: usize, above: &[String], public: bool, found: &mut Vec<Import>) -> usize {
    let mut path = above.to_vec();
    let mut name = None;
    while let Some(token) = tokens.get(at) {
        at += 1;
        match *token {
            "{" => {
                while tokens.get(at).is_some_and(|token| *token != "}") {
                    at = tree(tokens, at, &path, public, found);
                    if tokens.get(at) == Some(&",") {
                        at += 1;
                    }
                }
                return at + 1;
            }
            "as" => {
                name = tokens.get(at).map(|name| (*name).to_owned());
                at += 1;
            }
            "self" if !path.is_empty() => {}
            "::" => {}
            token if token.starts_with(is_name) => path.push(token.to_owned()),
            _ => {
                at -= 1;
                break;
            }
        }
    }
    if tokens.get(at) == Some(&"*") {
        return at + 1;
    }
    if let Some(name) = name.or_else(|| path.last().cloned()) {
        found.push(Import { name, path, public });
    }
    at
}

/// Every path in the code; `a::{b, c::d}` is `a::b` and `a::c::d`.
fn paths(code: &str) -> BTreeSet<Vec<String>> {
    let tokens = tokens(code);
    let mut found = BTreeSet::new();
    let mut at = 0;
    while at < tokens.len() {
        at = path(&tokens, at, &[], &mut found);
    }
    found
}

/// Reads the path at a token, below the names before it, and returns the token after it.
fn path(tokens: &[&str], mut at: usize, above: &[String], found: &mut BTreeSet<Vec<String>>) -> usize {
    let mut names = above.to_vec();
    while let Some(token) = tokens.get(at) {
        if token.starts_with(is_name) {
            names.push((*token).to_owned());
            at += 1;
            if tokens.get(at) == Some(&"::") {
                at += 1;
                continue;
            }
        } else if *token == "{" && names.len() > above.len() && tokens.get(at.wrapping_sub(1)) == Some(&"::") {
            at += 1;
            while tokens.get(at).is_some_and(|token| *token != "}") {
                at = path(tokens, at, &names, found);
            }
            return at + 1;
        } else if names.len() == above.len() {
            return at + 1;
        }
        break;
    }
    found.insert(names);
    at
}
