//! Hosts without a scheme before them: the parts of an address that is put together, and what sockets are opened to.

use super::super::analysis::HostKind as Kind;
use super::kind;
use super::lists::{CATCHERS, SHARES};
use aho_corasick::{AhoCorasick, MatchKind};
use regex::Regex;
use std::ops::Range;
use std::sync::LazyLock;

/// Names that files and modules have, too.
const AMBIGUOUS: [&str; 4] = ["temp.sh", "file.io", "ix.io", "postb.in"];

static NAMES: LazyLock<Option<AhoCorasick>> = LazyLock::new(|| {
    let names = CATCHERS.iter().chain(SHARES).filter(|name| !AMBIGUOUS.contains(name));
    AhoCorasick::builder().match_kind(MatchKind::LeftmostLongest).ascii_case_insensitive(true).build(names).ok()
});

/// An address without a name where its port is next to it, or what is done with it.
static SOCKETS: LazyLock<Option<Regex>> = LazyLock::new(|| {
    let ip = r"(\d{1,3}\.\d{1,3}\.\d{1,3}\.\d{1,3})";
    Regex::new(&format!(
        r#"["'`]{ip}(?:["'`]\s{{0,9}},\s{{0,9}}\d{{2,5}}\b|:\d{{2,5}}\b)|\b\d{{2,5}}\s{{0,9}},\s{{0,9}}["'`]{ip}["'`]|/dev/(?:tcp|udp)/{ip}/|\b(?:nc|ncat|telnet)\s(?:-\S{{1,20}}\s){{0,5}}{ip}\s|\bhost(?:name)?["']?\s{{0,9}}[:=]\s{{0,9}}["'`]{ip}["'`]"#
    ))
    .ok()
});

/// Hosts of a telling kind.
pub(super) fn find(code: &str) -> impl Iterator<Item = (String, Kind, Range<usize>)> {
    let names =
        NAMES.iter().flat_map(move |names| names.find_iter(code)).filter_map(move |found| named(code, found.range()));
    let sockets = SOCKETS.iter().flat_map(move |sockets| sockets.captures_iter(code)).filter_map(|found| {
        let ip = found.iter().skip(1).flatten().next()?;
        let kind = kind(ip.as_str(), ip.as_str()).filter(|kind| *kind == Kind::Address)?;
        Some((ip.as_str().to_owned(), kind, ip.range()))
    });
    names.chain(sockets)
}

/// The host that ends with a known name, if it stands where hosts stand: at the begin of a text or part of an address, and to
/// its end.
fn named(code: &str, name: Range<usize>) -> Option<(String, Kind, Range<usize>)> {
    let before = code.as_bytes().get(name.start.saturating_sub(100)..name.start)?;
    let is_part = |byte: &&u8| byte.is_ascii_alphanumeric() || matches!(**byte, b'.' | b'-' | b'_');
    let length = before.iter().rev().take_while(is_part).count();
    let start = name.start - length;
    let host = code.get(start..name.end)?;
    let is_whole = length == 0 || code.as_bytes().get(name.start - 1) == Some(&b'.');
    let begins = start.checked_sub(1).and_then(|at| code.as_bytes().get(at));
    let begins = matches!(begins, Some(b'"' | b'\'' | b'`' | b'/' | b':' | b'@' | b'\\'));
    let ends = matches!(
        code.as_bytes().get(name.end),
        Some(b'"' | b'\'' | b'`' | b'/' | b':' | b'?' | b'#' | b'\\' | b'$' | b'{') | None
    );
    let host = host.trim_start_matches(['.', '-', '_']).to_ascii_lowercase();
    (is_whole && begins && ends).then(|| Some((host.clone(), kind(&host, &host)?, start..name.end)))?
}
