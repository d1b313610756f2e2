//! Lock files: which hosts packages come from, and whether their content is still checked.

use super::super::sink::Sink;
use super::super::subject::{Base, Subject};
use super::{ODD, said};
use crate::verdict::Risk;
use std::collections::BTreeMap;
use std::ops::Range;

/// Lock files that say where each package comes from.
pub(super) fn is_lock(name: &str) -> bool {
    matches!(
        name,
        "package-lock.json"
            | "npm-shrinkwrap.json"
            | "yarn.lock"
            | "pnpm-lock.yaml"
            | "Cargo.lock"
            | "poetry.lock"
            | "uv.lock"
            | "pdm.lock"
            | "Gemfile.lock"
            | "Pipfile.lock"
    )
}

/// What a line begins with that says where a package comes from.
const KEYS: &[&str] = &[
    "\"resolved\":",
    "resolved ",
    "resolution:",
    "tarball:",
    "source =",
    "url =",
    "remote:",
    "\"url\":",
    "{ url =",
    "sdist =",
];

/// The most different hosts that are told apart.
const HOSTS: usize = 1_000;

/// The host of each line that says where a package comes from, with how often and where first.
fn sources(text: &str) -> BTreeMap<&str, (usize, Range<usize>)> {
    let mut found: BTreeMap<&str, (usize, Range<usize>)> = BTreeMap::new();
    let mut at = 0;
    for line in text.split_inclusive('\n') {
        let start = at;
        at += line.len();
        if !KEYS.iter().any(|key| line.trim_start().starts_with(key)) {
            continue;
        }
        let Some(scheme) = line.find("://") else { continue };
        let rest = line.get(scheme + 3..).unwrap_or_default();
        let end = rest
            .find(|c: char| !(c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '@' | ':' | '_' | '[' | ']')))
            .unwrap_or(rest.len());
        let host = rest.get(..end).unwrap_or_default();
        let host = host.rsplit('@').next().unwrap_or(host);
        if found.len() < HOSTS || found.contains_key(host) {
            found.entry(host).or_insert((0, start + scheme..start + scheme + 3 + end)).0 += 1;
        }
    }
    found
}

/// Says hosts that are not the usual one, ways that nothing protects, and checks that went away.
pub(super) fn check(subject: &Subject<'_>, sink: &mut Sink<'_, '_>) {
    let text = &subject.text;
    let all = sources(text);
    let base = match &subject.base {
        Base::Changed { bytes, .. } => String::from_utf8_lossy(bytes).into_owned(),
        _ => String::new(),
    };
    let known = sources(&base);
    // Ties go to the first name, so that the answer is always the same.
    let usual = all.iter().max_by_key(|(host, (count, _))| (*count, std::cmp::Reverse(**host))).map(|(host, _)| *host);
    let risk = if subject.is_differential() { Risk::Medium } else { Risk::Low };
    let odd =
        all.iter().filter(|(host, _)| !known.contains_key(**host) && (!known.is_empty() || Some(**host) != usual));
    for (host, (count, range)) in odd {
        let title = format!("{count} of the locked packages come from {host}, which is not where the others come from");
        sink.always(range.clone(), said(risk, title, ODD));
    }
    plain(subject, sink);
    unchecked(subject, &base, sink);
}

fn plain(subject: &Subject<'_>, sink: &mut Sink<'_, '_>) {
    let places = subject.text.match_indices("http://").map(|(at, word)| at..at + word.len()).take(10_000);
    let is_source = |range: &Range<usize>| {
        let line = subject.text.get(subject.line_at(range.start)).unwrap_or_default().trim_start();
        KEYS.iter().any(|key| line.starts_with(key))
    };
    if let Some(range) = places.filter(is_source).find(|range| !subject.is_old(range)) {
        sink.at(range, said(Risk::Medium, "a locked package comes from an unprotected address".to_owned(), ODD));
    }
}

/// Packages of npm's lock that have an address and no digest: more than there were.
fn unchecked(subject: &Subject<'_>, base: &str, sink: &mut Sink<'_, '_>) {
    let without = |text: &str| {
        let addresses = text.matches("\"resolved\": \"http").count();
        addresses.saturating_sub(text.matches("\"integrity\":").count())
    };
    if !subject.is_differential() || without(&subject.text) <= without(base) {
        return;
    }
    let first = (1..=subject.line_count()).find(|number| {
        let line = |number: usize| subject.text.get(subject.line_range(number)).unwrap_or_default();
        line(*number).contains("\"resolved\": \"http")
            && !line(number + 1).contains("\"integrity\":")
            && !line(number - 1).contains("\"integrity\":")
    });
    let Some(first) = first else { return };
    sink.always(
        subject.line_range(first),
        said(Risk::Medium, "a locked package has no digest by which its content is checked".to_owned(), ODD),
    );
}
