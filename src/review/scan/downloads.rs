//! Commands that run what the network answers, or send secrets there: in Dockerfiles, shell files, and strings that code
//! gives to a shell.
//!
//! Why: nothing of what runs was reviewed, and it can be another thing tomorrow. What is checked by a checksum or signature
//! first is fine, and so is text that is printed: what a here-document or `echo` says is code only where a shell is given it, or a
//! file that it was written to is run.

mod files;
mod script;

use super::analysis::Kind;
use super::comments;
use super::sink::{Said, Sink};
use super::subject::Subject;
use crate::shell::names::DOWNLOADERS;
use crate::snapshot::language::Language;
use crate::verdict::{Category, Confidence, Risk};
use std::collections::HashSet;
use std::ops::Range;

pub(super) use files::Files;

/// The longest place that is shown: of a longer one, the command at its end is.
const LONGEST: usize = 2_000;

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum Does {
    /// It runs what an address answers.
    RunsDownload,
    /// It sends secrets to an address.
    SendsSecrets,
    /// It has more texts for shells within each other than are read.
    Beyond,
}

/// What a text that a shell runs does, each with its place, in the order of the text.
pub(super) fn find(text: &str, files: &mut Files) -> Vec<(Does, Range<usize>)> {
    script::read(text, files).0
}

/// Whether a text can have any of it: what every command to find names.
fn can_have(text: &str) -> bool {
    let others = ["urlopen", "requests.get", "fetch(", "nc ", "ncat "];
    DOWNLOADERS.iter().chain(&others).any(|word| text.contains(word))
}

/// Says them of shell files, and of strings that code gives to a shell.
pub(super) fn check(subject: &Subject<'_>, sink: &mut Sink<'_, '_>) {
    if subject.language == Language::Shell {
        return shell(subject, sink);
    }
    if !subject.language.is_code() || subject.language == Language::Dockerfile || !can_have(subject.code()) {
        return;
    }
    let spawns = subject.spots().iter().any(|spot| spot.kind == Kind::Spawn);
    for range in lines(subject.code(), false) {
        let line = subject.code().get(range.clone()).filter(|line| can_have(line)).unwrap_or_default();
        for (does, place) in find_in_code(line) {
            if is_run(line.get(..place.start).unwrap_or_default(), spawns) {
                say(subject, does, range.start + place.start..range.start + place.end, sink);
            }
        }
    }
}

/// A file of a shell is read as a whole, and line by line where its rules are not known: a quote that was read wrongly then ends
/// with its line.
fn shell(subject: &Subject<'_>, sink: &mut Sink<'_, '_>) {
    let code = subject.code();
    let is_posix = comments::is_posix(&subject.text, subject.path);
    let (mut found, is_certain) =
        if is_posix { script::read(code, &mut Files::of_file(&subject.text)) } else { (Vec::new(), false) };
    if !is_certain {
        let mut files = Files::of_file(&subject.text);
        for range in lines(code, true) {
            let line = code.get(range.clone()).unwrap_or_default();
            let here = find(line, &mut files).into_iter();
            found.extend(here.map(|(does, place)| (does, range.start + place.start..range.start + place.end)));
        }
    }
    let mut seen = HashSet::new();
    for (does, place) in found {
        if seen.insert((does, subject.line(place.end.saturating_sub(1)))) {
            say(subject, does, place, sink);
        }
    }
}

/// The same in a line of code, whose strings may be texts for a shell.
fn find_in_code(line: &str) -> Vec<(Does, Range<usize>)> {
    let in_string = strings(line).find_map(|string| {
        let text = line.get(string.clone()).filter(|text| can_have(text))?;
        find(text, &mut Files::default()).first().map(|(does, _)| (*does, string))
    });
    let found = in_string.map_or_else(|| find(line, &mut Files::default()), |found| vec![found]);
    // Two words of a minified line that are farther from each other say nothing.
    found.into_iter().filter(|(_, place)| place.len() <= LONGEST).collect()
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
fn lines(text: &str, joined: bool) -> Vec<Range<usize>> {
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

fn say(subject: &Subject<'_>, does: Does, place: Range<usize>, sink: &mut Sink<'_, '_>) {
    let text = subject.code().get(place.clone()).unwrap_or_default();
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
        Does::Beyond => (
            "Shell text within shell text exceeds what the scanner reads",
            Risk::Medium,
            Category::Obfuscation,
            "What this command gives to a shell was not searched for downloads. Nobody writes scripts like that; it hides what runs.",
            "Read it by hand, or ask for the commands without the nesting.",
        ),
    };
    let said = Said {
        title: title.to_owned(),
        risk,
        category,
        confidence: Confidence::High,
        impact: impact.to_owned(),
        recommendation: recommendation.to_owned(),
    };
    sink.at(place, said);
}

#[cfg(test)]
mod tests;
