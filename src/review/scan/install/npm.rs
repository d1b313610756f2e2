//! The life-cycle scripts of `package.json`.

use super::super::sink::Sink;
use super::super::subject::Subject;
use super::scripts::{Scripts, Step};
use super::{key_in, said};
use crate::shell::{
    self,
    names::{DOWNLOADERS, INTERPRETERS},
};
use crate::verdict::Risk;
use regex::Regex;
use std::collections::BTreeSet;
use std::sync::LazyLock;

/// Run when the package is installed as a dependency.
const INSTALLED: [&str; 3] = ["preinstall", "install", "postinstall"];
/// Run when it is installed from its repository, by `npm install` in it or as a Git dependency; that is how images are built.
const PREPARED: [&str; 8] =
    ["prepare", "preprepare", "postprepare", "prepublish", "prepack", "postpack", "dependencies", "pnpm:devPreinstall"];
/// The most words of a command that are taken for names of files.
const MOST_WORDS: usize = 200;
/// The most ways from a hook to a command that are looked at for one that is new, and the most scripts on one: looking up a
/// script's line takes a walk through the file.
const MOST_CHAINS: usize = 5;
const MOST_CHAIN: usize = 10;

/// Commands that fetch, decode or interpret what is written in them.
static GRAVE: LazyLock<Option<Regex>> = LazyLock::new(|| {
    let (fetchers, interpreters) = (DOWNLOADERS.join("|"), INTERPRETERS.join("|"));
    Regex::new(&format!(
        r"(?i)\b(?:{fetchers}|invoke-webrequest|iwr|certutil|bitsadmin|powershell|base64|eval|ncat?)\b|/dev/tcp/|https?://|\b(?:{interpreters})\s+(?:-\w*[ce]\b|-p\b|--eval)|\b(?:ba|z)?sh\s+-c\b",
    ))
    .ok()
});

/// Commands that build, generate or set up hooks of Git, and nothing else: the usual ones.
static USUAL: LazyLock<Option<Regex>> = LazyLock::new(|| {
    Regex::new(concat!(
        r"^(?:npx (?:--no-install |-y |--yes )?)?(?:husky(?: install)?|is-ci \|\| husky install|patch-package|node-gyp(?:-build)?(?: rebuild)?|prebuild-install|tsc(?: -[-\w]+(?: [\w./-]+)?)*|",
        r"simple-git-hooks|lefthook(?: install)?|ngcc|prisma generate|lerna bootstrap|rimraf [\w./*@ -]+|(?:shx )?chmod \+x [\w./*@ -]+|turbo (?:run )?build|unbuild|tsup|rollup -c|vite build|",
        r"(?:npm|pnpm|yarn|bun)(?: run)?(?: -s| --silent)? (?:build|compile|generate|prepare|clean|tsc|dist|bundle)[\w:-]*|playwright install(?: [\w-]+)*|electron-builder install-app-deps|exit 0|true|echo [\w .'!-]*)$",
    ))
    .ok()
});

/// The files that the hooks of the package at `path` start, as far as the commands that run name them.
pub(super) fn started(path: &str, bytes: &[u8]) -> impl Iterator<Item = String> {
    let folder = path.rsplit_once('/').map_or("", |(folder, _)| folder).to_owned();
    let scripts = Scripts::read(bytes);
    let hooks = hooks(&scripts).flat_map(|hook| scripts.reached(hook));
    let words: BTreeSet<String> = hooks.flat_map(|step| words(step.command)).collect();
    words.into_iter().flat_map(move |word| {
        let word = word.trim_start_matches("./");
        let file = if folder.is_empty() { word.to_owned() } else { format!("{folder}/{word}") };
        [format!("{file}.js"), format!("{file}/index.js"), file]
    })
}

/// The words of a command that may name a file.
fn words(command: &str) -> impl Iterator<Item = String> {
    let words = shell::flat(command).into_iter().flatten();
    let words = words
        .flat_map(|(word, _)| word.split(['=', '"', '\'', '`', '(', ')', ';']).map(str::to_owned).collect::<Vec<_>>());
    words.filter(|word| !word.is_empty() && !word.starts_with('-')).take(MOST_WORDS)
}

fn hooks(scripts: &Scripts) -> impl Iterator<Item = &str> {
    scripts.named(INSTALLED.into_iter().chain(PREPARED))
}

/// How a script is to be judged by its own words.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Judged {
    /// Everything it does is usual, or said by the scripts that it runs.
    Usual,
    Own,
    Grave,
}

fn judge(scripts: &Scripts, command: &str) -> Judged {
    let is = |pattern: &LazyLock<Option<Regex>>, text: &str| {
        pattern.as_ref().is_some_and(|pattern| pattern.is_match(text.trim()))
    };
    if is(&GRAVE, command) {
        Judged::Grave
    } else if shell::chained(command).into_iter().all(|part| is(&USUAL, part) || scripts.only_runs_scripts(part)) {
        Judged::Usual
    } else {
        Judged::Own
    }
}

/// Says each hook, by what runs in the end.
pub(super) fn check(subject: &Subject<'_>, sink: &mut Sink<'_, '_>) {
    let scripts = Scripts::read(subject.bytes);
    for hook in hooks(&scripts) {
        let steps = scripts.reached(hook);
        let judged: Vec<Judged> = steps.iter().map(|step| judge(&scripts, step.command)).collect();
        let gravest = judged.iter().copied().max().unwrap_or(Judged::Usual);
        let (risk, what) = match (gravest, INSTALLED.contains(&hook)) {
            (Judged::Grave, true) => (Risk::High, "a command that fetches or runs something else when it is installed"),
            (Judged::Grave, false) => {
                (Risk::Medium, "a command that fetches or runs something else when it is installed from its repository")
            }
            (Judged::Usual, _) => (Risk::Info, "a usual command when it is installed or built"),
            (Judged::Own, true) => (Risk::Medium, "a command when it is installed"),
            (Judged::Own, false) => (Risk::Low, "a command when it is installed from its repository"),
        };
        let all = (0..steps.len()).filter(|at| judged.get(*at) == Some(&gravest));
        let chains = all.take(MOST_CHAINS).map(|at| chain(&steps, at));
        // What runs is new when any script on the way to it is.
        let place = |name: &str| key_in(&subject.text, "scripts", name);
        let chain = chains.into_iter().find(|chain| chain.iter().any(|name| !sink.is_old(&place(name))));
        let Some(chain) = chain else { continue };
        let end = chain.first().copied().unwrap_or(hook);
        let way = if end == hook { String::new() } else { format!(", which leads to `{end}`") };
        sink.always(place(end), said(format!("package.json runs {what} (`{hook}`{way})"), risk));
    }
}

/// The names of a script and those that led to it, the hook last.
fn chain<'s>(steps: &[Step<'s>], at: usize) -> Vec<&'s str> {
    let mut names = Vec::new();
    let mut next = steps.get(at);
    // A step is always run by an earlier one.
    while let Some(step) = next.filter(|_| names.len() < MOST_CHAIN) {
        names.push(step.name);
        next = step.by.and_then(|by| steps.get(by));
    }
    names
}
