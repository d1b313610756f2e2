//! Lock files: which hosts packages come from, and whether their content is still checked.

use super::super::sink::Sink;
use super::super::subject::{Base, Subject};
use super::{ODD, said};
use crate::verdict::Risk;
use std::collections::BTreeMap;
use std::ops::Range;

/// Lock files that say where each package comes from, and what a line begins with that does. Other addresses in them are for
/// people: where to read about a package, or to give its authors money.
const LOCKS: &[(&str, &[&str])] = &[
    ("package-lock.json", NPM),
    ("npm-shrinkwrap.json", NPM),
    ("yarn.lock", &["resolved ", "\"resolved\" ", "resolution:", "\"resolution\":"]),
    ("pnpm-lock.yaml", &["resolution:", "tarball:", "repo:"]),
    ("Cargo.lock", &["source ="]),
    ("poetry.lock", &["url ="]),
    ("uv.lock", &["source =", "{ url =", "sdist =", "url ="]),
    ("pdm.lock", &["url =", "{url =", "{ url ="]),
    ("Gemfile.lock", &["remote:"]),
    ("Pipfile.lock", &["\"url\":", "\"git\":", "\"file\":"]),
];
const NPM: &[&str] = &["\"resolved\":", "\"resolved\" :"];

/// What says in the lock file of this name where a package comes from; none for other files.
fn keys(path: &str) -> Option<&'static [&'static str]> {
    let name = path.rsplit('/').next().unwrap_or(path);
    LOCKS.iter().find(|(lock, _)| *lock == name).map(|(_, keys)| *keys)
}

pub(super) fn is_lock(path: &str) -> bool {
    keys(path).is_some()
}

/// The lines of a lock file; in JSON, whose writer need not break lines, what stands between commas and brackets.
fn lines(text: &str) -> impl Iterator<Item = &str> {
    let is_json = text.trim_start().starts_with('{');
    text.split_inclusive(move |c| c == '\n' || (is_json && matches!(c, ',' | '{')))
}

/// The most different hosts that are told apart.
const HOSTS: usize = 1_000;

/// The host of each line that says where a package comes from, with how often and where first.
fn sources<'t>(text: &'t str, keys: &[&str]) -> BTreeMap<&'t str, (usize, Range<usize>)> {
    let mut found: BTreeMap<&'t str, (usize, Range<usize>)> = BTreeMap::new();
    let mut at = 0;
    for line in lines(text) {
        let start = at;
        at += line.len();
        if !keys.iter().any(|key| line.trim_start().starts_with(key)) {
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

fn is_address(line: &str) -> bool {
    line.trim_start().strip_prefix("\"resolved\"").is_some_and(|rest| {
        rest.trim_start().strip_prefix(':').is_some_and(|rest| rest.trim_start().starts_with("\"http"))
    })
}

/// Says hosts that are not the usual one, ways that nothing protects, and checks that went away.
pub(super) fn check(subject: &Subject<'_>, sink: &mut Sink<'_, '_>) {
    let keys = keys(subject.path).unwrap_or_default();
    let all = sources(&subject.text, keys);
    let base = match &subject.base {
        Base::Changed { bytes, .. } => String::from_utf8_lossy(bytes).into_owned(),
        _ => String::new(),
    };
    let known = sources(&base, keys);
    // Ties go to the first name, so that the answer is always the same.
    let usual = all.iter().max_by_key(|(host, (count, _))| (*count, std::cmp::Reverse(**host))).map(|(host, _)| *host);
    let risk = if subject.is_differential() { Risk::Medium } else { Risk::Low };
    let odd =
        all.iter().filter(|(host, _)| !known.contains_key(**host) && (!known.is_empty() || Some(**host) != usual));
    for (host, (count, range)) in odd {
        let title = format!("{count} of the locked packages come from {host}, which is not where the others come from");
        sink.always(range.clone(), said(risk, title, ODD));
    }
    plain(subject, keys, sink);
    unchecked(subject, &base, sink);
}

fn plain(subject: &Subject<'_>, keys: &[&str], sink: &mut Sink<'_, '_>) {
    let mut at = 0;
    let places = lines(&subject.text).filter_map(|line| {
        let start = at;
        at += line.len();
        let found = line.find("http://").filter(|_| keys.iter().any(|key| line.trim_start().starts_with(key)))?;
        Some(start + found..start + found + "http://".len())
    });
    let place = { places }.take(10_000).find(|range| !subject.is_old(range));
    if let Some(range) = place {
        sink.at(range, said(Risk::Medium, "a locked package comes from an unprotected address".to_owned(), ODD));
    }
}

/// Packages of npm's lock that have an address and no digest: more than there were.
fn unchecked(subject: &Subject<'_>, base: &str, sink: &mut Sink<'_, '_>) {
    let without = |text: &str| {
        let addresses = lines(text).filter(|line| is_address(line)).count();
        addresses.saturating_sub(text.matches("\"integrity\":").count())
    };
    if !subject.is_differential() || without(&subject.text) <= without(base) {
        return;
    }
    let pieces: Vec<&str> = lines(&subject.text).collect();
    let piece = |at: Option<usize>| at.and_then(|at| pieces.get(at)).copied().unwrap_or_default();
    let has_digest = |at: usize| {
        // npm writes the digest after the address; what sorts keys, before it.
        let is_before = piece(at.checked_sub(1)).contains("\"integrity\"") && !is_address(piece(at.checked_sub(2)));
        is_before || piece(Some(at + 1)).contains("\"integrity\"")
    };
    let Some(first) = (0..pieces.len()).find(|at| is_address(piece(Some(*at))) && !has_digest(*at)) else { return };
    let start = pieces.iter().take(first).map(|piece| piece.len()).sum::<usize>();
    sink.always(
        start..start + piece(Some(first)).trim_end().len(),
        said(Risk::Medium, "a locked package has no digest by which its content is checked".to_owned(), ODD),
    );
}
