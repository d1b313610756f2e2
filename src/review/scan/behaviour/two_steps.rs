//! What is done under another name: code that is decoded into a name and run by that name later, `const s = atob(x); eval(s)`;
//! modules that start programs and are imported as something else.

use super::super::analysis::Kind;
use crate::snapshot::language::Language;
use regex::Regex;
use std::collections::HashSet;
use std::ops::Range;
use std::sync::LazyLock;

/// A name that is given what was decoded or downloaded.
static DECODED: LazyLock<Option<Regex>> = LazyLock::new(|| {
    Regex::new(
        r#"\b([A-Za-z_$][\w$]{0,60})\s*=\s*(?:await\s+)?(?:atob\(|unescape\(|Buffer\.from\([^\n;]{0,500}?['"`](?:base64|hex)['"`]|String\.fromCharCode|zlib\.(?:\w+Sync|decompress)\(|(?:base64\.)?b64decode\(|marshal\.loads\(|codecs\.decode\(|bytes\.fromhex\(|(?:\w{1,40}\.){0,3}urlopen\()"#,
    )
    .ok()
});
/// A name that is run as code.
static RUN: LazyLock<Option<Regex>> = LazyLock::new(|| {
    Regex::new(r"\b(?:eval|Function|exec|vm\.runIn\w{1,30})\(\s*(?:compile\(\s*)?([A-Za-z_$][\w$]{0,60})\s*(?:\.(?:decode|toString)\([^)\n]{0,20}\)\s*)?[,)]").ok()
});

/// The most calls of one file.
const MOST_RUN: usize = 200;
/// The most names that are remembered of one file.
const MOST_NAMES: usize = 1_000;

/// Imports under another name of what starts programs.
static RENAMED: LazyLock<Option<Regex>> = LazyLock::new(|| {
    Regex::new(
        r#"(?m)(?:^|[;(]|\bimport )[ \t]?(?P<go>[A-Za-z_][A-Za-z0-9_]*|\.) ?"os/exec"|\bimport [^\n]{0,200}?\b(?:os|posix|pty) as (?P<py>[A-Za-z0-9_]+)|\bCommand as (?P<rs>[A-Za-z0-9_]+)"#,
    )
    .ok()
});
/// What starts programs in Python's `os`.
const STARTS: [&str; 5] = ["system(", "popen(", "exec", "spawn", "posix_spawn"];

/// Imports of what starts programs that are used under another name.
fn renamed(code: &str, language: Language) -> Vec<Range<usize>> {
    let Some(pattern) =
        RENAMED.as_ref().filter(|_| matches!(language, Language::Go | Language::Python | Language::Rust))
    else {
        return Vec::new();
    };
    let is_used = |found: &regex::Captures<'_>| match language {
        Language::Go => found.name("go").is_some_and(|name| !matches!(name.as_str(), "import" | "_")),
        Language::Rust => found.name("rs").is_some_and(|name| name.as_str() != "_" && code.contains("process")),
        _ => found
            .name("py")
            .is_some_and(|name| STARTS.iter().any(|call| code.contains(&format!("{}.{call}", name.as_str())))),
    };
    pattern
        .captures_iter(code)
        .filter(is_used)
        .filter_map(|found| Some(found.get(0)?.range()))
        .take(MOST_RENAMED)
        .collect()
}

/// More imports under another name than any file has.
const MOST_RENAMED: usize = 10;

/// What is done in two steps.
pub(super) fn find(code: &str, language: Language) -> Vec<(Kind, Range<usize>)> {
    let renamed = renamed(code, language).into_iter().map(|range| (Kind::Spawn, range));
    renamed.chain(decoded(code, language).into_iter().map(|range| (Kind::DecodedCode, range))).collect()
}

/// The calls that run what a name of the file was decoded into.
fn decoded(code: &str, language: Language) -> Vec<Range<usize>> {
    let runs = ["eval(", "Function(", "exec(", "vm.runIn"].iter().any(|word| code.contains(word));
    let (Some(decoded), Some(run)) = (DECODED.as_ref(), RUN.as_ref()) else { return Vec::new() };
    if !runs || !matches!(language, Language::JavaScript | Language::Python) {
        return Vec::new();
    }
    let names: HashSet<&str> = decoded
        .captures_iter(code)
        .filter_map(|found| found.get(1))
        .map(|name| name.as_str())
        .take(MOST_NAMES)
        .collect();
    if names.is_empty() {
        return Vec::new();
    }
    let is_method = |start: usize| code.get(..start).is_some_and(|before| before.ends_with('.'));
    run.captures_iter(code)
        .filter_map(|found| Some((found.get(0)?.range(), found.get(1)?.as_str())))
        .filter(|(range, name)| names.contains(name) && !is_method(range.start))
        .map(|(range, _)| range)
        .take(MOST_RUN)
        .collect()
}
