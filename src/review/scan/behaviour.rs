//! What code does, by the calls and names in it: starts programs, reads secrets, runs text as code, stays.
//!
//! Why: most programs do some of it, and none of it proves anything; but a change that begins to do it deserves a look, and
//! some of it hardly ever has an honest reason. With a base every new place is said; without one each kind is summed up over
//! the repository, but for those kinds that are worth a finding each.

mod condensed;
mod patterns;
mod two_steps;

use super::analysis::{Kind, Spot};
use super::place::Place;
use super::sink::{Kept, Said, Sink};
use super::subject::Subject;
use crate::verdict::{Category, Confidence, Risk};
use aho_corasick::{AhoCorasick, MatchKind};
use patterns::{PATTERNS, WINDOW};
use regex::Regex;
use std::ops::Range;
use std::sync::LazyLock;

/// What is said about a kind.
struct Words {
    does: &'static str,
    /// The risk of one new place.
    new: Risk,
    /// The risk of all places together in a full review; each is said alone from `medium` on.
    full: Risk,
    category: Category,
    confidence: Confidence,
    impact: &'static str,
    recommendation: &'static str,
}

fn words(kind: Kind) -> Words {
    let words = |does, new, full, category, confidence, impact, recommendation| Words {
        does,
        new,
        full,
        category,
        confidence,
        impact,
        recommendation,
    };
    match kind {
        Kind::Spawn => words(
            "starts a program",
            Risk::Low,
            Risk::Info,
            Category::Behaviour,
            Confidence::High,
            "A program that is started does what this code cannot be read for.",
            "Check that the program is fixed and that no input becomes part of a command line unquoted.",
        ),
        Kind::DynamicCode => words(
            "runs text as code, or makes objects of data that says what they are",
            Risk::Low,
            Risk::Info,
            Category::Behaviour,
            Confidence::Medium,
            "Whoever decides the text decides what runs.",
            "Check where the text comes from; nothing that a user, a model or the network says may reach it.",
        ),
        Kind::DecodedCode => words(
            "runs code that is decoded, unpacked or downloaded first",
            Risk::High,
            Risk::High,
            Category::Obfuscation,
            Confidence::Medium,
            "What runs cannot be read here. Malicious packages hide their code this way, and honest code hardly ever does.",
            "Decode it without running it and review what comes out, or ask for the source.",
        ),
        Kind::TlsOff => words(
            "does not check who it talks to",
            Risk::Medium,
            Risk::Low,
            Category::AccessControl,
            Confidence::Medium,
            "Without the check of certificates anybody on the way can read and change what is sent, credentials included.",
            "Check that this is for tests or asked for by its user, and off by default.",
        ),
        Kind::Persistence => words(
            "touches what starts programs by itself",
            Risk::Medium,
            Risk::Low,
            Category::Behaviour,
            Confidence::Low,
            "Code that is entered there runs again after this program has ended, on a machine where it is not in a container.",
            "Check whether it writes there, and whether its user asked for it.",
        ),
        Kind::Secret => words(
            "reads a secret from its environment",
            Risk::Low,
            Risk::Info,
            Category::Behaviour,
            Confidence::High,
            "The secret can go wherever this program can.",
            "Compare with the secrets that the registry's entry declares, and follow where the value goes.",
        ),
        Kind::Environment => words(
            "takes its whole environment as data",
            Risk::Medium,
            Risk::Low,
            Category::CredentialTheft,
            Confidence::Medium,
            "Every secret that the program was given is in it.",
            "Follow where the data goes; log files and error reports count.",
        ),
        Kind::Credentials => words(
            "names a file or store where other programs keep credentials",
            Risk::Medium,
            Risk::Low,
            Category::CredentialTheft,
            Confidence::Low,
            "Keys for other systems can be read from there.",
            "Check that the purpose of the program needs it, and that the content goes to its own service only.",
        ),
        Kind::Store => words(
            "names a store of a browser's or wallet's secrets",
            Risk::High,
            Risk::High,
            Category::CredentialTheft,
            Confidence::Medium,
            "Passwords, sessions or money can be taken from there. Only browsers, wallets and those who steal from them read it.",
            "Reject it unless importing from a browser or wallet is what the program is for.",
        ),
        Kind::Metadata => words(
            "names the address at which a cloud gives credentials to its machines",
            Risk::Low,
            Risk::Info,
            Category::CredentialTheft,
            Confidence::Low,
            "A request to it returns credentials of the machine. A list of addresses that are refused names it, too.",
            "Check whether it is asked or refused.",
        ),
        Kind::Injection => words(
            "makes a command line of text and values",
            Risk::Medium,
            Risk::Low,
            Category::Injection,
            Confidence::Low,
            "A value with `;` or `$(…)` becomes a command. The arguments of an MCP tool come from a model that reads untrusted text.",
            "Give the program and its arguments as a list, without a shell.",
        ),
        Kind::Beyond => words(
            "repeats a word that is looked for more often than it is looked at",
            Risk::Medium,
            Risk::Medium,
            Category::Obfuscation,
            Confidence::High,
            "From here on this file was not searched for it. Nobody writes code like that; it hides what comes after it.",
            "Read what comes after this place, or ask for the source that the file is made of.",
        ),
    }
}

static WORDS: LazyLock<Option<AhoCorasick>> = LazyLock::new(|| {
    AhoCorasick::builder().match_kind(MatchKind::Standard).build(PATTERNS.iter().map(|pattern| pattern.word)).ok()
});

static EXPRESSIONS: LazyLock<Vec<Option<Regex>>> = LazyLock::new(|| {
    PATTERNS
        .iter()
        .map(|pattern| Regex::new(&format!("^{}(?:{})", regex::escape(pattern.word), pattern.expression)).ok())
        .collect()
});

/// The most places of one kind that are kept of one file.
const PER_KIND: usize = 200;
/// The most places of one word that are looked at in one file; what fits in 5 MB of code that people wrote.
const LOOKED_AT: usize = 20_000;

/// The places in a file's code where it does something, in the order of the file; of each kind the first [`PER_KIND`], and as
/// many that are new.
pub(super) fn find(subject: &Subject<'_>) -> Vec<Spot> {
    let mut found: Vec<Spot> = Vec::new();
    let Some(words) = WORDS.as_ref().filter(|_| subject.language.is_code()) else { return found };
    let condensed = condensed::Condensed::new(subject.code(), subject.language);
    let code = condensed.text.as_str();
    let mut looked_at = vec![0_usize; PATTERNS.len()];
    let mut kept = [0_usize; Kind::ALL.len()];
    let mut room = |kind: Kind, range: &Range<usize>| {
        let Some(count) = kept.get_mut(kind as usize) else { return false };
        // What the base had does not take the room of what is new.
        let limit = if *count >= PER_KIND && subject.is_differential() && !subject.is_old(range) {
            2 * PER_KIND
        } else {
            PER_KIND
        };
        let has_room = *count < limit;
        *count += usize::from(has_room);
        has_room
    };
    let mut beyond = None;
    for hit in words.find_overlapping_iter(code) {
        let at = hit.pattern().as_usize();
        let (Some(pattern), Some(looked_at)) = (PATTERNS.get(at), looked_at.get_mut(at)) else { continue };
        if !(pattern.languages.is_empty() || pattern.languages.contains(&subject.language)) {
            continue;
        }
        if *looked_at >= LOOKED_AT {
            beyond.get_or_insert(hit.start()..hit.end());
            continue;
        }
        *looked_at += 1;
        let Some(range) = matched(code, pattern, at, hit.start()) else { continue };
        let range = condensed.original(range);
        if found.iter().rev().take(8).any(|spot| spot.kind == pattern.kind && spot.range.start == range.start) {
            continue;
        }
        if room(pattern.kind, &range) {
            found.push(Spot { kind: pattern.kind, range });
        }
    }
    for (kind, range) in two_steps::find(code, subject.language) {
        let range = condensed.original(range);
        if room(kind, &range) {
            found.push(Spot { kind, range });
        }
    }
    found.extend(beyond.map(|range| Spot { kind: Kind::Beyond, range: condensed.original(range) }));
    found.sort_by_key(|spot| (spot.range.start, spot.kind));
    found
}

fn matched(code: &str, pattern: &patterns::Pattern, at: usize, start: usize) -> Option<Range<usize>> {
    let begins_name = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_';
    let before = start.checked_sub(1).and_then(|before| code.as_bytes().get(before)).copied().unwrap_or(b'\n');
    let first = pattern.word.bytes().next()?;
    // `powershell` is found without its first letter, whose case differs.
    let is_part = begins_name(first) && begins_name(before) && pattern.word != "owershell";
    // A method that has the name of a function is another thing: `model.eval()`, `regex.exec()`.
    let is_function = matches!(pattern.word, "eval(" | "exec(" | "eval" | "exec" | "system(" | "Function(");
    let text_before = code.get(..start).unwrap_or_default();
    let is_method = is_function && ((before == b'.' && !is_global(text_before)) || text_before.ends_with("->"));
    if is_part || is_method {
        return None;
    }
    let end = code.floor_char_boundary(start + WINDOW);
    let window = code.get(start..end)?;
    let found = EXPRESSIONS.get(at)?.as_ref()?.find(window)?;
    if !pattern.unless.is_empty() && window.lines().next().is_some_and(|line| line.contains(pattern.unless)) {
        return None;
    }
    Some(start..start + found.end())
}

/// Whether what a text ends with holds the functions that every program has: `globalThis.`.
fn is_global(before: &str) -> bool {
    const GLOBALS: [&str; 8] =
        ["globalThis", "window", "self", "global", "builtins", "__builtins__", "Kernel", "globals()"];
    let object = before.trim_end_matches(['.', '?']);
    GLOBALS.iter().any(|name| {
        object
            .strip_suffix(name)
            .is_some_and(|rest| !rest.ends_with(|c: char| c.is_alphanumeric() || matches!(c, '_' | '$' | '.')))
    })
}

/// Says every new place, when there is a base; without one, the places of the kinds that are grave by themselves.
pub(super) fn check(subject: &Subject<'_>, sink: &mut Sink<'_, '_>) {
    for spot in subject.spots() {
        let words = words(spot.kind);
        let risk = if subject.is_differential() { words.new } else { words.full };
        if subject.is_differential() || risk >= Risk::Medium {
            sink.at(spot.range.clone(), said(&words, risk, format!("This code {}", words.does), None));
        }
    }
}

fn said(words: &Words, risk: Risk, title: String, places: Option<String>) -> Said {
    Said {
        title,
        risk,
        category: words.category,
        confidence: words.confidence,
        impact: places.map_or_else(|| words.impact.to_owned(), |places| format!("{} Places: {places}.", words.impact)),
        recommendation: words.recommendation.to_owned(),
    }
}

/// The places of one kind over all files: how many, and the first few.
#[derive(Debug, Default, Clone)]
pub(super) struct Sum {
    places: usize,
    files: usize,
    first: Option<crate::verdict::ReviewFinding>,
    listed: Vec<String>,
}

/// The most places that a sum lists.
const LISTED: usize = 20;

/// All places in a file that a full review sums up, by kind.
pub(super) fn sums(subject: &Subject<'_>) -> [Sum; Kind::ALL.len()] {
    let mut sums = [const { Sum { places: 0, files: 0, first: None, listed: Vec::new() } }; Kind::ALL.len()];
    if subject.is_differential() || subject.place != Place::Product {
        return sums;
    }
    for spot in subject.spots() {
        let words = words(spot.kind);
        let Some(sum) = sums.get_mut(spot.kind as usize).filter(|_| words.full < Risk::Medium) else { continue };
        sum.places += 1;
        sum.files = 1;
        if sum.first.is_none() {
            sum.first = Some(super::sink::finding(
                subject,
                Some(spot.range.clone()),
                said(&words, words.full, String::new(), None),
            ));
        }
        if sum.listed.len() < 3 {
            sum.listed.push(format!("{}:{}", subject.path, subject.line(spot.range.start)));
        }
    }
    sums
}

/// Adds the places of one more file.
pub(super) fn add(all: &mut [Sum; Kind::ALL.len()], file: [Sum; Kind::ALL.len()]) {
    for (all, file) in all.iter_mut().zip(file) {
        all.places += file.places;
        all.files += file.files;
        all.first = all.first.take().or(file.first);
        let room = LISTED.saturating_sub(all.listed.len());
        all.listed.extend(file.listed.into_iter().take(room));
    }
}

/// One finding for each kind that a full review met.
pub(super) fn conclude(all: [Sum; Kind::ALL.len()], kept: &mut Kept, limit: usize) {
    for (kind, sum) in Kind::ALL.into_iter().zip(all) {
        let Some(mut finding) = sum.first else { continue };
        let words = words(kind);
        let (places, files) = (plural(sum.places, "place"), plural(sum.files, "file"));
        finding.title = format!("This code {}: {places} in {files}", words.does);
        if sum.places > 1 {
            let more = if sum.listed.len() < sum.places { " and others" } else { "" };
            finding.impact = format!("{} Places: {}{more}.", words.impact, sum.listed.join(", "));
        }
        kept.push(finding, limit);
    }
}

pub(super) fn plural(count: usize, what: &str) -> String {
    if count == 1 { format!("1 {what}") } else { format!("{count} {what}s") }
}

#[cfg(test)]
mod tests;
