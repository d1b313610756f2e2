//! The scripts of `package.json`, and which of them a hook leads to.
//!
//! Why: `"postinstall": "npm run setup"` runs what `setup` says, and a hook is judged by what runs in the end. Source: the
//! documentation of npm, Yarn, pnpm, Bun, npm-run-all and concurrently.

use crate::shell;
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};

/// Programs that run scripts by their names alone; with `npm`, one of [`VERBS`] comes first.
const RUNNERS: &[&str] = &[
    "yarn",
    "yarnpkg",
    "pnpm",
    "bun",
    "npm-run-all",
    "npm-run-all2",
    "run-s",
    "run-s2",
    "run-p",
    "run-p2",
    "concurrently",
    "nr",
];
/// What makes npm run a script, or is the name of one.
const VERBS: &[&str] = &["run", "run-script", "rum", "urn", "test", "t", "tst", "start", "stop", "restart"];
/// Options that change nothing about what runs.
const HARMLESS: &[&str] = &[
    "-s",
    "-p",
    "-l",
    "-c",
    "--silent",
    "--quiet",
    "--if-present",
    "--parallel",
    "--sequential",
    "--serial",
    "--print-label",
    "--continue-on-error",
    "--aggregate-output",
    "--names-only",
];
/// The most patterns for names (`build:*`) that are looked up for one hook: each is compared with every script. The last one
/// is taken for all names.
const MOST_PATTERNS: usize = 20;

/// The scripts of a package, by their names.
#[derive(Debug, Default)]
pub(super) struct Scripts(BTreeMap<String, String>);

/// A script that runs, and by which other.
#[derive(Debug)]
pub(super) struct Step<'s> {
    pub(super) name: &'s str,
    pub(super) command: &'s str,
    /// Where the script that runs it is in the list.
    pub(super) by: Option<usize>,
}

impl Scripts {
    /// The scripts of a `package.json`; none when it is no such file.
    pub(super) fn read(bytes: &[u8]) -> Self {
        let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
        // What is nested too deep for us is refused by the parser, whose stack is bounded so.
        let Ok(Value::Object(package)) = serde_json::from_slice(bytes) else { return Self::default() };
        let Some(Value::Object(scripts)) = package.get("scripts") else { return Self::default() };
        let text = |(key, value): (&String, &Value)| value.as_str().map(|value| (key.clone(), value.to_owned()));
        Self(scripts.iter().filter_map(text).collect())
    }

    /// Those with these names, in their order.
    pub(super) fn named<'s>(&'s self, names: impl Iterator<Item = &'s str>) -> impl Iterator<Item = &'s str> {
        names.filter(|name| self.0.contains_key(*name))
    }

    /// All scripts that run when `hook` does, itself first. Each is there once, however often it runs.
    pub(super) fn reached<'s>(&'s self, hook: &'s str) -> Vec<Step<'s>> {
        let mut patterns = MOST_PATTERNS;
        let mut seen = BTreeSet::from([hook]);
        let first = self.0.get(hook).map(|command| Step { name: hook, command, by: None });
        let mut steps: Vec<Step<'s>> = first.into_iter().collect();
        let mut at = 0;
        while let Some(command) = steps.get(at).map(|step| step.command) {
            for words in shell::flat(command) {
                let words: Vec<&str> = words.iter().map(|(word, _)| word.as_str()).collect();
                for name in self.calls(&words, &mut patterns) {
                    // What is before and after a script runs with it.
                    for wanted in [format!("pre{name}"), name.to_owned(), format!("post{name}")] {
                        let Some((name, command)) = self.0.get_key_value(&wanted) else { continue };
                        if seen.insert(name) {
                            steps.push(Step { name, command, by: Some(at) });
                        }
                    }
                }
            }
            at += 1;
        }
        steps
    }

    /// Whether a part of a command runs scripts of this package and does nothing else.
    pub(super) fn only_runs_scripts(&self, part: &str) -> bool {
        let is_script = |word: &str| self.0.contains_key(script_of(word)) || word.ends_with('*');
        let is_plain =
            |word: &str| is_runner(word) || VERBS.contains(&word) || HARMLESS.contains(&word) || is_script(word);
        let words = shell::flat(part);
        let words = || words.iter().flatten().map(|(word, _)| word.as_str());
        words().all(is_plain)
            && words().any(is_script)
            && !part.contains(['$', '`', '<', '>', '(', ')', ';', '|', '&', '\n'])
    }

    /// The scripts that a part of a command runs.
    fn calls<'s>(&'s self, words: &[&str], patterns: &mut usize) -> Vec<&'s str> {
        let (mut runs, mut npm, mut found) = (false, false, Vec::new());
        for word in words.iter().copied() {
            npm |= is_npm(word);
            runs |= (is_runner(word) && !is_npm(word)) || word.starts_with("--run") || (npm && VERBS.contains(&word));
            let name = match word {
                "t" | "tst" => "test",
                _ => script_of(word.strip_prefix("--run=").unwrap_or(word)),
            };
            // `npm:name` is what concurrently calls a script.
            if !runs && name == word {
                continue;
            }
            if let Some((name, _)) = self.0.get_key_value(name) {
                found.push(name.as_str());
            } else if name.contains('*') && *patterns > 0 {
                *patterns -= 1;
                let wanted = if *patterns == 0 { "*" } else { name };
                found.extend(self.0.keys().filter(|key| fits(wanted, key)).map(String::as_str));
            }
        }
        found
    }
}

/// The name of a script without what says who runs it.
fn script_of(word: &str) -> &str {
    ["npm:", "yarn:", "pnpm:", "bun:"].iter().find_map(|prefix| word.strip_prefix(prefix)).unwrap_or(word)
}

fn is_npm(word: &str) -> bool {
    program(word) == "npm" || word.contains("npm_execpath")
}

fn is_runner(word: &str) -> bool {
    is_npm(word) || RUNNERS.contains(&program(word))
}

fn program(word: &str) -> &str {
    let name = word.rsplit('/').next().unwrap_or(word);
    name.strip_suffix(".cmd").or_else(|| name.strip_suffix(".js")).unwrap_or(name)
}

/// Whether a name is one of those that a pattern means: `build:*` and `build:**`. What stands after the first star does not
/// count: rather a script too many than one too few.
fn fits(pattern: &str, name: &str) -> bool {
    let start = script_of(pattern).split('*').next().unwrap_or_default();
    name.starts_with(start)
}
