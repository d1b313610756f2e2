//! Lock files: which hosts packages come from, and whether their content is still checked.

mod json;

use super::super::sink::Sink;
use super::super::subject::{Base, Subject};
use super::{ODD, said};
use crate::verdict::Risk;
use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;

/// What in a lock file says where a package comes from. Other addresses in it are for people: where to read about a package, or to
/// give its authors money.
#[derive(Debug, Clone, Copy)]
enum Keys {
    /// Names of strings in JSON.
    Json(&'static [&'static str]),
    /// What a line begins with.
    Lines(&'static [&'static str]),
}

/// Lock files that say where each package comes from.
const LOCKS: &[(&str, Keys)] = &[
    ("package-lock.json", Keys::Json(&["resolved"])),
    ("npm-shrinkwrap.json", Keys::Json(&["resolved"])),
    ("yarn.lock", Keys::Lines(&["resolved ", "\"resolved\" ", "resolution:", "\"resolution\":"])),
    ("pnpm-lock.yaml", Keys::Lines(&["resolution:", "tarball:", "repo:"])),
    ("Cargo.lock", Keys::Lines(&["source ="])),
    ("poetry.lock", Keys::Lines(&["url ="])),
    ("uv.lock", Keys::Lines(&["source =", "{ url =", "sdist =", "url ="])),
    ("pdm.lock", Keys::Lines(&["url =", "{url =", "{ url ="])),
    ("Gemfile.lock", Keys::Lines(&["remote:"])),
    ("Pipfile.lock", Keys::Json(&["url", "git", "file"])),
];

/// What says in the lock file of this name where a package comes from; none for other files.
fn keys(path: &str) -> Option<Keys> {
    let name = path.rsplit('/').next().unwrap_or(path);
    LOCKS.iter().find(|(lock, _)| *lock == name).map(|(_, keys)| *keys)
}

pub(super) fn is_lock(path: &str) -> bool {
    keys(path).is_some()
}

/// The most different hosts that are told apart, and how many lines a value may begin after its key.
const HOSTS: usize = 1_000;
const LINES: usize = 3;

/// Where a package comes from.
struct Source<'t> {
    /// With its scheme.
    address: Cow<'t, str>,
    /// Where it is written.
    range: Range<usize>,
}

impl Source<'_> {
    fn host(&self) -> &str {
        let rest = self.address.split_once("://").map_or("", |(_, rest)| rest);
        let is_other = |c: char| !(c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '@' | ':' | '_' | '[' | ']'));
        let host = rest.get(..rest.find(is_other).unwrap_or(rest.len())).unwrap_or_default();
        host.rsplit('@').next().unwrap_or(host)
    }
}

fn sources(text: &str, keys: Keys) -> Vec<Source<'_>> {
    match keys {
        Keys::Json(names) => {
            let pairs = json::pairs(text, names).into_iter().filter(|pair| pair.value.contains("://"));
            pairs.map(|pair| Source { address: pair.value, range: pair.range }).collect()
        }
        Keys::Lines(starts) => in_lines(text, starts),
    }
}

/// The addresses of lines with one of the keys, or after such a line if it has no value.
fn in_lines<'t>(text: &'t str, starts: &[&str]) -> Vec<Source<'t>> {
    let (mut found, mut at, mut open) = (Vec::new(), 0, 0_usize);
    for line in text.split_inclusive('\n') {
        let start = at;
        at += line.len();
        let plain = decoded(line);
        let trimmed = plain.trim();
        let key =
            starts.iter().find(|key| trimmed.starts_with(key.trim_end()) && plain.trim_start().starts_with(**key));
        let key = key.or_else(|| starts.iter().find(|key| trimmed == key.trim_end()));
        if let Some(key) = key {
            let rest = trimmed.get(key.trim_end().len()..).unwrap_or_default().trim();
            let is_open =
                matches!(rest, "" | ">" | ">-" | "|" | "|-" | "{" | "[" | "\"" | "'" | "\"\"\"" | "'''" | "\\");
            open = if is_open { LINES } else { 0 };
        } else if open == 0 {
            continue;
        } else {
            open -= 1;
        }
        let Some(scheme) = plain.find("://") else { continue };
        open = 0;
        let word = plain.get(..scheme).unwrap_or_default();
        let first = word.rfind(|c: char| !(c.is_ascii_alphanumeric() || c == '+')).map_or(0, |at| at + 1);
        match plain {
            Cow::Borrowed(plain) => {
                let address = plain.get(first..).unwrap_or_default().trim_end();
                let end = address.find(['"', '\'', ' ', '\t', ',', '}', ']', ')']).unwrap_or(address.len());
                let address = address.get(..end).unwrap_or_default();
                let range = start + first..start + first + address.len();
                found.push(Source { address: Cow::Borrowed(address), range });
            }
            Cow::Owned(plain) => {
                let address = Cow::Owned(plain.get(first..).unwrap_or_default().trim_end().to_owned());
                found.push(Source { address, range: start..start + line.trim_end().len() });
            }
        }
    }
    found
}

/// A line without the escapes of strings in quotes: `\/`, `\u0073`, `\x73`.
fn decoded(line: &str) -> Cow<'_, str> {
    if !line.contains('\\') {
        return Cow::Borrowed(line);
    }
    let (mut plain, mut rest) = (String::with_capacity(line.len()), line);
    while let Some((before, after)) = rest.split_once('\\') {
        plain.push_str(before);
        let digits = match after.bytes().next() {
            Some(b'x') => 2,
            Some(b'u') => 4,
            Some(b'U') => 8,
            _ => 0,
        };
        let number =
            after.get(1..=digits).filter(|_| digits > 0).and_then(|number| u32::from_str_radix(number, 16).ok());
        rest = match (number.and_then(char::from_u32), after.chars().next()) {
            (Some(c), _) => {
                plain.push(c);
                after.get(digits + 1..).unwrap_or_default()
            }
            (None, Some('/')) => after,
            _ => {
                plain.push('\\');
                after
            }
        };
    }
    plain.push_str(rest);
    Cow::Owned(plain)
}

/// The hosts, with how often each is and where first.
fn hosts<'s>(sources: &'s [Source<'_>]) -> BTreeMap<&'s str, (usize, Range<usize>)> {
    let mut found: BTreeMap<&str, (usize, Range<usize>)> = BTreeMap::new();
    for source in sources {
        let host = source.host();
        if found.len() < HOSTS || found.contains_key(host) {
            found.entry(host).or_insert((0, source.range.clone())).0 += 1;
        }
    }
    found
}

/// Says hosts that are not the usual one, ways that nothing protects, and checks that went away.
pub(super) fn check(subject: &Subject<'_>, sink: &mut Sink<'_, '_>) {
    let Some(keys) = keys(subject.path) else { return };
    let all = sources(&subject.text, keys);
    let base = match &subject.base {
        Base::Changed { bytes, .. } => String::from_utf8_lossy(bytes).into_owned(),
        _ => String::new(),
    };
    let known = sources(&base, keys);
    let (named, known) = (hosts(&all), hosts(&known));
    // Ties go to the first name, so that the answer is always the same.
    let usual =
        named.iter().max_by_key(|(host, (count, _))| (*count, std::cmp::Reverse(**host))).map(|(host, _)| *host);
    let risk = if subject.is_differential() { Risk::Medium } else { Risk::Low };
    let odd =
        named.iter().filter(|(host, _)| !known.contains_key(**host) && (!known.is_empty() || Some(**host) != usual));
    for (host, (count, range)) in odd {
        let title = format!("{count} of the locked packages come from {host}, which is not where the others come from");
        sink.always(range.clone(), said(risk, title, ODD));
    }
    let plain = all.iter().filter(|source| source.address.contains("http://")).take(10_000);
    if let Some(source) = { plain }.find(|source| !subject.is_old(&source.range)) {
        sink.at(
            source.range.clone(),
            said(Risk::Medium, "a locked package comes from an unprotected address".to_owned(), ODD),
        );
    }
    if matches!(keys, Keys::Json(["resolved"])) {
        unchecked(subject, &base, sink);
    }
}

/// Packages of npm's lock that have an address and no digest: more than there were.
fn unchecked(subject: &Subject<'_>, base: &str, sink: &mut Sink<'_, '_>) {
    fn without(text: &str) -> Vec<Range<usize>> {
        let pairs = json::pairs(text, &["resolved", "integrity"]);
        let has_digest: BTreeSet<usize> =
            pairs.iter().filter(|pair| pair.key == "integrity").map(|pair| pair.object).collect();
        let addresses = pairs.into_iter().filter(|pair| pair.key == "resolved" && pair.value.starts_with("http"));
        addresses.filter(|pair| !has_digest.contains(&pair.object)).map(|pair| pair.range).collect()
    }
    if !subject.is_differential() {
        return;
    }
    let here = without(&subject.text);
    if here.len() <= without(base).len() {
        return;
    }
    let Some(first) = here.into_iter().next() else { return };
    sink.always(
        first,
        said(Risk::Medium, "a locked package has no digest by which its content is checked".to_owned(), ODD),
    );
}
