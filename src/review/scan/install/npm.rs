//! The life-cycle scripts of `package.json`.

use super::super::sink::Sink;
use super::super::subject::Subject;
use super::{key_in, said};
use crate::verdict::Risk;
use regex::Regex;
use serde_json::Value;
use std::sync::LazyLock;

/// Run when the package is installed as a dependency.
const INSTALLED: [&str; 3] = ["preinstall", "install", "postinstall"];
/// Run when it is installed from its repository, by `npm install` in it or as a Git dependency; that is how images are built.
const PREPARED: [&str; 7] =
    ["prepare", "preprepare", "postprepare", "prepublish", "prepack", "postpack", "dependencies"];

/// Commands that fetch, decode or interpret what is written in them.
static GRAVE: LazyLock<Option<Regex>> = LazyLock::new(|| {
    Regex::new(
        r"(?i)\b(?:curl|wget|invoke-webrequest|iwr|certutil|bitsadmin|powershell|base64|eval|ncat?|/dev/tcp)\b|https?://|\b(?:node|bun|deno|python3?|perl|ruby|php)\s+(?:-\w*[ce]\b|-p\b|--eval)|\b(?:ba|z)?sh\s+-c\b",
    )
    .ok()
});

/// Commands that build, generate or set up hooks of Git, and nothing else: the usual ones.
static USUAL: LazyLock<Option<Regex>> = LazyLock::new(|| {
    Regex::new(concat!(
        r"^(?:npx (?:--no-install |-y |--yes )?)?(?:husky(?: install)?|is-ci \|\| husky install|patch-package|node-gyp(?:-build)?(?: rebuild)?|prebuild-install|tsc(?: -[-\w]+(?: \S+\.json)?)*|",
        r"simple-git-hooks|lefthook(?: install)?|ngcc|prisma generate|lerna bootstrap|rimraf \S+|shx chmod \+x \S+|chmod \+x \S+|turbo (?:run )?build|unbuild|tsup|rollup -c|vite build|",
        r"(?:npm|pnpm|yarn|bun)(?: run)?(?: -s| --silent)? (?:build|compile|generate|prepare|clean|tsc|dist|bundle)[\w:-]*|playwright install(?: [\w-]+)*|electron-builder install-app-deps|exit 0|true|echo [\w .'!-]*)$",
    ))
    .ok()
});

fn scripts(bytes: &[u8]) -> Vec<(String, String)> {
    let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
    // What is nested too deep for us is refused by the parser, whose stack is bounded so.
    let Ok(Value::Object(package)) = serde_json::from_slice(bytes) else { return Vec::new() };
    let Some(Value::Object(scripts)) = package.get("scripts") else { return Vec::new() };
    let text = |(key, value): (&String, &Value)| value.as_str().map(|value| (key.clone(), value.to_owned()));
    scripts.iter().filter_map(text).collect()
}

/// The files that the hooks of the package at `path` start, as far as their commands name them.
pub(super) fn started(path: &str, bytes: &[u8]) -> impl Iterator<Item = String> {
    let folder = path.rsplit_once('/').map_or("", |(folder, _)| folder).to_owned();
    let hooks = scripts(bytes)
        .into_iter()
        .filter(|(key, _)| INSTALLED.contains(&key.as_str()) || PREPARED.contains(&key.as_str()));
    hooks.take(10).flat_map(move |(_, command)| {
        let words: Vec<String> = command.split([' ', '&', '|', ';', '"', '\'']).take(50).map(str::to_owned).collect();
        let folder = folder.clone();
        words.into_iter().filter(|word| !word.is_empty() && !word.starts_with('-')).flat_map(move |word| {
            let word = word.trim_start_matches("./");
            let file = if folder.is_empty() { word.to_owned() } else { format!("{folder}/{word}") };
            [format!("{file}.js"), format!("{file}/index.js"), file]
        })
    })
}

/// Says each hook.
pub(super) fn check(subject: &Subject<'_>, sink: &mut Sink<'_, '_>) {
    for (key, command) in scripts(subject.bytes) {
        let installed = INSTALLED.contains(&key.as_str());
        if !installed && !PREPARED.contains(&key.as_str()) {
            continue;
        }
        let is = |pattern: &LazyLock<Option<Regex>>| {
            pattern.as_ref().is_some_and(|pattern| pattern.is_match(command.trim()))
        };
        let every_part_is_usual =
            command.split("&&").all(|part| USUAL.as_ref().is_some_and(|usual| usual.is_match(part.trim())));
        let (risk, what) = match (is(&GRAVE), every_part_is_usual, installed) {
            (true, _, true) => (Risk::High, "a command that fetches or runs something else when it is installed"),
            (true, _, false) => {
                (Risk::Medium, "a command that fetches or runs something else when it is installed from its repository")
            }
            (false, true, _) => (Risk::Info, "a usual command when it is installed or built"),
            (false, false, true) => (Risk::Medium, "a command when it is installed"),
            (false, false, false) => (Risk::Low, "a command when it is installed from its repository"),
        };
        sink.at(key_in(&subject.text, "scripts", &key), said(format!("package.json runs {what} (`{key}`)"), risk));
    }
}
