//! Commands that run what the network answers, or send secrets there: in Dockerfiles, shell files, and strings that code
//! gives to a shell.
//!
//! Why: nothing of what runs was reviewed, and it can be another thing tomorrow. What is checked by a checksum or signature
//! first is fine.

use super::behaviour;
use super::language::Language;
use super::sink::{Said, Sink};
use super::subject::Subject;
use crate::verdict::{Category, Confidence, Risk};
use regex::Regex;
use std::collections::HashSet;
use std::ops::Range;
use std::sync::LazyLock;

/// The arguments of one command: quoted texts may have any character, and errors may be sent along.
const ARGUMENTS: &str = r#"(?:[\s=]"[^"\n]*"|[\s=]'[^'\n]*'|\d?>&\d|&>|\\\r?\n|[^|;&\n])*"#;
/// What runs what it reads: a shell, or an interpreter without a program of its own.
const RUNNER: &str = r#"\|&?\s*(?:\(\s*|\{\s+)?(?:(?:sudo|exec|nohup|command|busybox|xargs|(?:/\S{0,80}/)?env)\s+(?:-\S{0,40}\s+(?:\w{1,20}\s+)?)*)*(?:\w+=\S*\s+)*(?:/[^\s"'|;&]{0,80}/)?(?:(?:ba|z|da|k|a|fi)?sh\b|(?:python[\d.]*|node|perl|ruby|php)(?:\s+-[uBIEsS]+)*(?:\s+-(?:\s|$|["'])|\s*(?:$|[;&|)\n\]}])|["'`\\]))"#;

/// Downloads that are run: piped, substituted, or fetched by a program in the command.
static RUN: LazyLock<Option<Regex>> = LazyLock::new(|| {
    let piped = format!(r"\b(?:curl|wget)\b{ARGUMENTS}(?:\|&?[^|;&\n]{ARGUMENTS})*{RUNNER}");
    let substituted = r#"\b(?:(?:ba|z|da|k|a)?sh|python[\d.]*|node|perl|ruby|eval|source)\b["']?(?:[\s,"']+-[^\s"',]{0,40}["']?)*[\s,"'\\]+(?:\$\(|<\(|`)\s*(?:curl|wget)\b|(?:^|[\s;&|(])\.\s+<\(\s*(?:curl|wget)\b"#;
    let inline = r"\b(?:python[\d.]*|node|perl|ruby)\s+-\w*[ce]\b[^\n]*\b(?:exec|eval)\b[^\n]*(?:\burlopen\(|\brequests\.get\(|\bfetch\(|\bhttps?\.get\()";
    Regex::new(&format!("{piped}|{substituted}|{inline}")).ok()
});
/// Secrets, as commands name them.
const SECRETS: &str = r"(?:\.ssh|\.aws|\.gnupg|\.kube|\.netrc|\.git-credentials|\.docker/config\.json|/proc/(?:self|1)/environ|\bid_(?:rsa|ed25519))\b";
/// The environment or a store of secrets, sent to an address.
static SENT: LazyLock<Option<Regex>> = LazyLock::new(|| {
    let asked = format!(
        r#"\b(?:curl|wget)\b[^|;&\n]*(?:\s-[dFT]|\s--(?:data|form|upload|post|json)[\w-]*)[^|;&\n]*(?:(?:\$\(|`)\s*(?:(?:env|printenv|export\s+-p)\s*(?:[)`|]|$)|[^)`\n]*{SECRETS})|@[^\s|;&]*{SECRETS})"#
    );
    let piped = format!(
        r"(?:\b(?:tar|zip|cat|base64|gzip|find)\b{ARGUMENTS}{SECRETS}{ARGUMENTS}|(?:^|[\s;&|(])(?:env|printenv)\s*)(?:\|&?[^|;&\n]{ARGUMENTS})*\|&?\s*(?:curl\b|wget\b|nc(?:at)?\s)"
    );
    Regex::new(&format!("{asked}|{piped}")).ok()
});

/// The longest command that is one: two words of a minified line that are farther from each other say nothing.
const LONGEST: usize = 2_000;

/// What a command does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Does {
    /// It runs what an address answers.
    RunsDownload,
    /// It sends secrets to an address.
    SendsSecrets,
}

/// The first of each in a text that a shell runs.
pub(super) fn find(text: &str, files: &mut Files) -> Vec<(Does, Range<usize>)> {
    let fitting = |pattern: &LazyLock<Option<Regex>>| {
        pattern.as_ref().and_then(|p| p.find(text)).map(|found| found.range()).filter(|range| range.len() <= LONGEST)
    };
    let run = fitting(&RUN).or_else(|| files.run_in(text)).map(|range| (Does::RunsDownload, range));
    run.into_iter().chain(fitting(&SENT).map(|range| (Does::SendsSecrets, range))).collect()
}

/// Whether a text can have any of it: what every command to find names.
fn can_have(text: &str) -> bool {
    ["curl", "wget", "urlopen", "requests.get", "fetch(", "nc "].iter().any(|word| text.contains(word))
}

/// The files that commands downloaded so far, and nobody checked.
#[derive(Debug, Default)]
pub(super) struct Files {
    names: HashSet<String>,
}

/// The most files that are remembered.
const MOST_FILES: usize = 1_000;

impl Files {
    /// The first command of `text` that runs a file that was downloaded; remembers those that it downloads.
    fn run_in(&mut self, text: &str) -> Option<Range<usize>> {
        let mut found = None;
        for (words, range) in commands(text) {
            let skipped = |word: &&String| {
                matches!(word.as_str(), "sudo" | "exec" | "then" | "do" | "if" | "time" | "nohup") || word.contains('=')
            };
            let mut words = words.iter().skip_while(skipped);
            let Some(program) = words.next() else { continue };
            let name = program.rsplit('/').next().unwrap_or(program);
            let script = words.clone().find(|word| !word.starts_with('-'));
            let names_one = found.is_none() && script.is_some_and(|word| self.has(word));
            match name {
                "sha256sum" | "sha512sum" | "sha1sum" | "shasum" | "gpg" | "gpgv" | "cosign" | "minisign"
                | "openssl" => {
                    self.names.clear();
                    found = None;
                }
                "curl" | "wget" => self.downloaded(name == "wget", words),
                "sh" | "bash" | "zsh" | "dash" | "ash" | "python" | "python3" | "node" | "perl" | "ruby" | "php"
                | "." | "source"
                    if names_one =>
                {
                    found = Some(range)
                }
                _ if found.is_none() && program.contains('/') && self.has(program) => found = Some(range),
                _ => {}
            }
        }
        found
    }

    fn has(&self, word: &str) -> bool {
        self.names.contains(word.trim_start_matches("./"))
    }

    fn downloaded<'w>(&mut self, wget: bool, words: impl Iterator<Item = &'w String>) {
        let (mut target, mut address, mut by_address, mut next_is) = (None, None, wget, false);
        for word in words {
            if next_is {
                target = Some(word.as_str());
                next_is = false;
            } else if let Some(name) =
                word.strip_prefix("--output=").or_else(|| word.strip_prefix("--output-document="))
            {
                target = Some(name);
            } else if let Some(name) = word.strip_prefix('>').filter(|name| !name.is_empty()) {
                target = Some(name);
            } else if matches!(word.as_str(), ">" | "--output" | "--output-document") {
                next_is = true;
            } else if word.starts_with('-') && !word.starts_with("--") {
                // Letters of several options may stand together: `-sSLo x`, `-qO x`.
                next_is = word.ends_with(if wget { 'O' } else { 'o' });
                by_address |= !wget && word.contains('O');
            } else if word.contains("://") {
                address = Some(word.as_str());
            }
        }
        let last = address.and_then(|address| address.split(['?', '#']).next()?.rsplit('/').next());
        let name = target.or(last.filter(|_| by_address)).unwrap_or_default().trim_start_matches("./");
        if !name.is_empty() && name != "-" && !name.starts_with("/dev/") && self.names.len() < MOST_FILES {
            self.names.insert(name.to_owned());
        }
    }
}

/// The commands of a text, as words without quotes. Not a shell: what is nested or expanded stays as it is.
fn commands(text: &str) -> Vec<(Vec<String>, Range<usize>)> {
    let (mut found, mut words, mut word) = (Vec::new(), Vec::new(), String::new());
    let (mut quote, mut start, mut escaped) = (None, 0, false);
    for (at, c) in text.char_indices() {
        if std::mem::take(&mut escaped) {
            if c != '\n' {
                word.push(c);
            }
            continue;
        }
        match (quote, c) {
            (None | Some('"'), '\\') => escaped = true,
            (Some(open), _) if open == c => quote = None,
            (Some(_), _) => word.push(c),
            (None, '"' | '\'') => quote = Some(c),
            (None, ';' | '&' | '|' | '\n' | '(' | ')') => {
                words.extend(Some(std::mem::take(&mut word)).filter(|word| !word.is_empty()));
                if !words.is_empty() {
                    found.push((std::mem::take(&mut words), trimmed(text, start..at)));
                }
                start = at + c.len_utf8();
            }
            (None, c) if c.is_whitespace() => {
                words.extend(Some(std::mem::take(&mut word)).filter(|word| !word.is_empty()));
            }
            (None, c) => word.push(c),
        }
    }
    words.extend(Some(word).filter(|word| !word.is_empty()));
    if !words.is_empty() {
        found.push((words, trimmed(text, start..text.len())));
    }
    found
}

fn trimmed(text: &str, range: Range<usize>) -> Range<usize> {
    let piece = text.get(range.clone()).unwrap_or_default();
    let start = range.start + (piece.len() - piece.trim_start().len());
    start..start + piece.trim().len()
}

/// Says them of shell files, and of strings that code gives to a shell.
pub(super) fn check(subject: &Subject<'_>, sink: &mut Sink<'_, '_>) {
    if !subject.language.is_code() || subject.language == Language::Dockerfile || !can_have(subject.code()) {
        return;
    }
    let is_shell = subject.language == Language::Shell;
    let spawns = || subject.spots().iter().any(|spot| spot.kind == behaviour::Kind::Spawn);
    let spawns = !is_shell && spawns();
    let mut files = Files::default();
    for range in logical_lines(subject.code(), is_shell) {
        let line = subject.code().get(range.clone()).unwrap_or_default();
        if !is_shell && !can_have(line) {
            continue;
        }
        let found = if is_shell { find(line, &mut files) } else { find(line, &mut Files::default()) };
        for (does, place) in found {
            let before = line.get(..place.start).unwrap_or_default();
            let runs = if is_shell { !is_said(before) } else { is_run(before, spawns) };
            if runs {
                let text = line.get(place.clone()).unwrap_or_default();
                sink.at(range.start + place.start..range.start + place.end, said(subject, does, text));
            }
        }
    }
}

/// The lines of a text; where `joined`, with those that continue them.
fn logical_lines(text: &str, joined: bool) -> Vec<Range<usize>> {
    let (mut found, mut start, mut at) = (Vec::new(), 0, 0);
    for line in text.split_inclusive('\n') {
        at += line.len();
        if !(joined && line.trim_end_matches(['\n', '\r']).ends_with('\\')) {
            found.push(start..at);
            start = at;
        }
    }
    found.push(start..at);
    found
}

/// Whether what follows on a line of a shell is told to a person.
fn is_said(before: &str) -> bool {
    let first = before.split_whitespace().next().unwrap_or_default().trim_start_matches('@');
    let tells = ["echo", "printf", "log", "info", "warn", "error", "msg", "die", "fail", "print", "say", "cat"];
    tells.iter().any(|name| first.starts_with(name)) && !before.contains([';', '|', '&'])
}

/// Whether what follows on a line of code is given to a shell: by the call before it or, in a file that starts programs, a
/// string that begins with it.
fn is_run(before: &str, spawns: bool) -> bool {
    const CALLS: &[&str] = &[
        "exec",
        "spawn",
        "system(",
        "system ",
        "popen",
        "run(",
        "Popen(",
        "call(",
        "check_output(",
        "Command",
        "\"-c\"",
        "'-c'",
        "Process",
        "$`",
        "getoutput(",
    ];
    let near = before.get(before.ceil_char_boundary(before.len().saturating_sub(200))..).unwrap_or_default();
    let tells = ["print", "console.", "log", "throw ", "Error(", "echo"].iter().any(|word| near.contains(word));
    !tells && (CALLS.iter().any(|call| near.contains(call)) || (spawns && near.ends_with(['"', '\'', '`'])))
}

/// What is said of a command.
fn said(subject: &Subject<'_>, does: Does, text: &str) -> Said {
    let grave = text.contains("http://") || subject.runs_at_installation();
    let (title, risk, category, impact, recommendation) = match does {
        Does::RunsDownload => (
            "This code runs what an address answers",
            if grave { Risk::High } else { Risk::Medium },
            Category::Behaviour,
            "Whoever answers at that address decides what runs, today and at every start; nothing of it was reviewed.",
            "Take a package or a file with a checksum in place of it.",
        ),
        Does::SendsSecrets => (
            "A command sends the environment or a store of secrets to an address",
            Risk::High,
            Category::DataExfiltration,
            "Every secret in it is known to whoever has the address.",
            "Reject it unless its author can say what it is for.",
        ),
    };
    Said {
        title: title.to_owned(),
        risk,
        category,
        confidence: Confidence::High,
        impact: impact.to_owned(),
        recommendation: recommendation.to_owned(),
    }
}

#[cfg(test)]
mod tests;
