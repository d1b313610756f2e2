//! Commands that run what the network answers, or send secrets there: in Dockerfiles, shell files, and strings that code
//! gives to a shell.
//!
//! Why: nothing of what runs was reviewed, and it can be another thing tomorrow. What is checked by a checksum or signature
//! first is fine.

mod files;
mod words;

use super::behaviour;
use super::sink::{Said, Sink};
use super::subject::Subject;
use crate::snapshot::language::Language;
use crate::verdict::{Category, Confidence, Risk};
use regex::Regex;
use std::ops::Range;
use std::sync::LazyLock;

pub(super) use files::Files;

/// The arguments of one command: quoted texts may have any character, and errors may be sent along.
const ARGUMENTS: &str = r#"(?:[\s=]"[^"\n]*"|[\s=]'[^'\n]*'|\d?>&\d|&>|\\\r?\n|[^|;&\n])*"#;
/// What runs what it reads: a shell, or an interpreter without a program of its own.
const RUNNER: &str = r#"\|&?(?:\s|\\\r?\n)*(?:\(\s*|\{\s+)?(?:(?:sudo|exec|nohup|command|busybox|xargs|(?:/\S{0,80}/)?env)\s+(?:-\S{0,40}\s+(?:\w{1,20}\s+)?)*)*(?:\w+=\S*\s+)*(?:/[^\s"'|;&]{0,80}/)?(?:(?:ba|z|da|k|a|fi)?sh\b|\$\{?(?:SHELL|BASH|0)\b|(?:bun|deno) run -|(?:python[\d.]*|node|perl|ruby|php|pwsh|lua)(?:\s+-[uBIEsS]+)*(?:\s+-(?:\s|$|["'])|\s*(?:$|[;&|)\n\]}])|["'`\\]))"#;

/// Downloads that are run: piped, substituted, or fetched by a program in the command.
static RUN: LazyLock<Option<Regex>> = LazyLock::new(|| {
    let piped = format!(r"\b(?:curl|wget)\b{ARGUMENTS}(?:\|&?[^|;&\n]{ARGUMENTS})*{RUNNER}");
    let substituted = r#"\b(?:(?:ba|z|da|k|a)?sh|python[\d.]*|node|perl|ruby|eval|source)\b["']?(?:[\s,"']+-[^\s"',]{0,40}["']?)*[\s,"'\\]+(?:\$\(|<\(|`)\s*(?:curl|wget)\b|<<<\s*["']?(?:\$\(|`)\s*(?:curl|wget)\b|(?:^|[\s;&|(])\.\s+<\(\s*(?:curl|wget)\b"#;
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
    // Both are asked: what is downloaded here may be run later.
    let by_file = files.run_in(text);
    let run = fitting(&RUN).or(by_file).map(|range| (Does::RunsDownload, range));
    run.into_iter().chain(fitting(&SENT).map(|range| (Does::SendsSecrets, range))).collect()
}

/// Whether a text can have any of it: what every command to find names.
fn can_have(text: &str) -> bool {
    ["curl", "wget", "aria2c", "urlopen", "requests.get", "fetch(", "nc "].iter().any(|word| text.contains(word))
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
        let found = if is_shell { find(line, &mut files) } else { find_in_code(line) };
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

/// The same in a line of code, whose strings may be texts for a shell.
fn find_in_code(line: &str) -> Vec<(Does, Range<usize>)> {
    let found = find(line, &mut Files::default());
    if !found.is_empty() {
        return found;
    }
    let in_string = strings(line).find_map(|string| {
        let text = line.get(string.clone()).filter(|text| can_have(text))?;
        find(text, &mut Files::default()).first().map(|(does, _)| (*does, string))
    });
    in_string.into_iter().filter(|(_, place)| place.len() <= LONGEST).collect()
}

/// What stands between quotes on a line.
fn strings(line: &str) -> impl Iterator<Item = Range<usize>> {
    let mut bytes = line.bytes().enumerate();
    std::iter::from_fn(move || {
        let (start, quote) = bytes.by_ref().find(|(_, byte)| matches!(byte, b'"' | b'\'' | b'`'))?;
        while let Some((at, byte)) = bytes.next() {
            match byte {
                b'\\' => drop(bytes.next()),
                _ if byte == quote => return Some(start + 1..at),
                _ => {}
            }
        }
        None
    })
}

/// The lines of a text; where `joined`, with those that continue them: after a backslash, a pipe or `&&`.
fn logical_lines(text: &str, joined: bool) -> Vec<Range<usize>> {
    let (mut found, mut start, mut at) = (Vec::new(), 0, 0);
    for line in text.split_inclusive('\n') {
        at += line.len();
        let ended = line.trim_end();
        let continues =
            line.trim_end_matches(['\n', '\r']).ends_with('\\') || ended.ends_with('|') || ended.ends_with("&&");
        if !(joined && continues) {
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
