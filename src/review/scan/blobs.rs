//! Code that people cannot read: encoded, packed, machine-made, or pushed out of sight.
//!
//! Why: what cannot be read was not reviewed, and that is why malicious packages are written so. Much that is minified is honest; it is
//! `info` where its name says what it is. What packers and obfuscators leave behind is `high`: open-source servers have no use
//! for it. Sources: javascript-obfuscator, Packer and JSFuck themselves; published malicious packages.

use super::analysis::Kind;
use super::place::Place;
use super::sink::{Said, Sink};
use super::subject::Subject;
use crate::snapshot::language::Language;
use crate::verdict::{Category, Confidence, Risk};
use regex::Regex;
use std::ops::Range;
use std::sync::LazyLock;

/// From so many bytes on nobody reads a line.
const LONG_LINE: usize = 5_000;
/// From so many characters on, a run of base64 or hexadecimal digits is a blob and not a key, a digest or a certificate's line.
const BLOB: usize = 2_000;
/// So many blanks before code on a line that has code already push it out of the window.
const PUSHED: usize = 150;
/// So many names of the kind `_0x3fa2b1` come from an obfuscator.
const MANGLED: usize = 25;

static MANGLED_NAME: LazyLock<Option<Regex>> = LazyLock::new(|| Regex::new(r"\b_0x[0-9a-f]{4,6}\b").ok());
static JSFUCK: LazyLock<Option<Regex>> = LazyLock::new(|| Regex::new(r"[\[\]()!+]{300}").ok());

/// Says what cannot be read.
pub(super) fn check(subject: &Subject<'_>, sink: &mut Sink<'_, '_>) {
    if !subject.is_text {
        return;
    }
    if subject.language == Language::JavaScript {
        obfuscated(subject, sink);
    }
    if subject.language.is_code() {
        pushed(subject, sink);
        long_lines(subject, sink);
        blobs(subject, sink);
    }
}

fn obfuscated(subject: &Subject<'_>, sink: &mut Sink<'_, '_>) {
    let mangled = MANGLED_NAME.iter().flat_map(|name| name.find_iter(&subject.text));
    if let Some(last) = mangled.take(MANGLED).nth(MANGLED - 1) {
        sink.at(last.range(), said(Risk::High, "the code went through an obfuscator (`_0x…` names)"));
    }
    if let Some(found) = JSFUCK.as_ref().and_then(|jsfuck| jsfuck.find(&subject.text)) {
        sink.at(found.range(), said(Risk::High, "the code is written in brackets and signs only (JSFuck)"));
    }
}

/// Code that stands far to the right of other code on its line.
fn pushed(subject: &Subject<'_>, sink: &mut Sink<'_, '_>) {
    let (text, bytes) = (subject.code(), subject.code().as_bytes());
    let mut at = 0;
    while let Some(start) =
        text.get(at..).and_then(|rest| rest.find("                                ")).map(|start| at + start)
    {
        let blanks =
            bytes.get(start..).unwrap_or_default().iter().take_while(|byte| matches!(byte, b' ' | b'\t')).count();
        at = start + blanks.max(1);
        let original = subject.text.get(start..at).is_some_and(|blanks| blanks.trim().is_empty());
        let line = subject.line_at(start);
        let before = text.get(line.start..start).is_some_and(|before| !before.trim().is_empty());
        let after = text.get(at..line.end).unwrap_or_default();
        // A table's bar or a continued line's mark is no code.
        let is_code = || after.chars().take(200).filter(|c| c.is_alphanumeric()).count() >= 8;
        if blanks >= PUSHED && original && before && is_code() {
            sink.at(
                at..line.end,
                said(Risk::High, "code stands far to the right of its line, where editors do not show it"),
            );
        }
    }
}

fn is_named_minified(path: &str) -> bool {
    let name = path.rsplit('/').next().unwrap_or(path);
    let parts = [
        "dist",
        "build",
        "bundle",
        "vendor",
        "vendored",
        "third_party",
        "node_modules",
        "static",
        "public",
        "generated",
        "lib",
    ];
    name.contains(".min.")
        || name.contains("-min.")
        || name.contains("bundle")
        || name.contains(".generated.")
        || path.split('/').any(|part| parts.contains(&part))
}

fn long_lines(subject: &Subject<'_>, sink: &mut Sink<'_, '_>) {
    let long = (1..=subject.line_count()).map(|line| subject.line_range(line)).filter(|line| line.len() > LONG_LINE);
    // A long string is a blob; a long line is one whose code is long.
    let mut code = long.filter(|line| {
        let names = subject.names().get(line.clone()).unwrap_or_default();
        names.bytes().filter(|byte| !byte.is_ascii_whitespace()).count() > LONG_LINE / 2
    });
    let Some(first) = code.find(|line| !subject.is_old(line)) else { return };
    let risk = if is_named_minified(subject.path) { Risk::Info } else { Risk::Low };
    sink.at(first.start..first.start + 100, said(risk, "the code is minified or made by a program"));
}

/// Long runs of base64 or hexadecimal digits in strings.
fn blobs(subject: &Subject<'_>, sink: &mut Sink<'_, '_>) {
    let bytes = subject.text.as_bytes();
    let is_digit = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'/' | b'=' | b'_' | b'-');
    let mut at = 0;
    while at < bytes.len() {
        let length = bytes.get(at..).unwrap_or_default().iter().take_while(|byte| is_digit(**byte)).count();
        if length >= BLOB {
            blob(subject, at..at + length, sink);
        }
        at += length + 1;
    }
    escapes(subject, sink);
}

fn blob(subject: &Subject<'_>, range: Range<usize>, sink: &mut Sink<'_, '_>) {
    let text = subject.text.get(range.clone()).unwrap_or_default();
    let before = subject
        .text
        .get(subject.text.ceil_char_boundary(range.start.saturating_sub(64))..range.start)
        .unwrap_or_default();
    let is_picture =
        ["data:image/", "data:font/", "data:application/font", "data:application/x-font", "data:audio/", "data:video/"]
            .iter()
            .any(|kind| before.contains(kind));
    if is_picture || entropy(text) < 3.0 {
        return;
    }
    let runs = subject.spots().iter().any(|spot| matches!(spot.kind, Kind::DecodedCode | Kind::DynamicCode));
    let (risk, title) = match (runs, is_named_minified(subject.path)) {
        (true, false) => (Risk::Medium, "a long encoded text stands in a file that runs text as code"),
        (_, true) => (Risk::Info, "a long encoded text stands in code"),
        (false, false) => (Risk::Low, "a long encoded text stands in code"),
    };
    sink.at(range.start..range.start + 100, said(risk, &format!("{title} ({} KB)", text.len() / 1024)));
}

/// Long runs of `\x41` escapes.
fn escapes(subject: &Subject<'_>, sink: &mut Sink<'_, '_>) {
    static ESCAPES: LazyLock<Option<Regex>> = LazyLock::new(|| Regex::new(r"(?:\\x[0-9A-Fa-f]{2}){200}").ok());
    if subject.place == Place::Product
        && let Some(found) = ESCAPES.as_ref().and_then(|escapes| escapes.find(&subject.text))
    {
        sink.at(found.start()..found.start() + 100, said(Risk::Low, "a long text is written in escapes"));
    }
}

/// Bits of information in a character, if they came at random. Base64 of anything packed has nearly 6, hexadecimal 4.
fn entropy(text: &str) -> f64 {
    let mut counts = [0_u32; 256];
    let sample = text.as_bytes().get(..text.len().min(8_192)).unwrap_or_default();
    for byte in sample {
        if let Some(count) = counts.get_mut(usize::from(*byte)) {
            *count += 1;
        }
    }
    #[expect(clippy::cast_precision_loss, reason = "at most 8192")]
    let all = sample.len() as f64;
    counts
        .iter()
        .filter(|count| **count > 0)
        .map(|count| f64::from(*count) / all)
        .map(|share| -share * share.log2())
        .sum()
}

fn said(risk: Risk, what: &str) -> Said {
    Said {
        title: format!("Unreadable code: {what}"),
        risk,
        category: Category::Obfuscation,
        confidence: if risk >= Risk::High { Confidence::High } else { Confidence::Medium },
        impact: "What it does cannot be read, and so nobody reviewed it.".to_owned(),
        recommendation:
            "Ask for the source and for how it is made of it; decode what can be decoded without running it.".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use crate::review::scan::testing::{shown_diff, shown_full};

    fn base64(length: usize) -> String {
        let digits: Vec<char> = ('A'..='Z').chain('a'..='z').chain('0'..='9').collect();
        let mut state: u32 = 1;
        std::iter::repeat_with(|| {
            state = state.wrapping_mul(1_103_515_245).wrapping_add(12_345);
            digits[(state >> 16) as usize % digits.len()]
        })
        .take(length)
        .collect()
    }

    #[test]
    fn what_cannot_be_read_is_said() {
        let mangled: String = (0..30).map(|n| format!("var _0x{:06x} = 1;\n", 0x3fa000 + n)).collect();
        insta::assert_snapshot!(shown_full(&[("a.js", &mangled), ("b.js", &"[+!()]".repeat(60))]), @r"
        high a.js:25: Unreadable code: the code went through an obfuscator (`_0x…` names)
            | var _0x3fa018 = 1;
        high b.js:1: Unreadable code: the code is written in brackets and signs only (JSFuck)
            | [+!()][+!()][+!()][+!()][+!()][+!()][+!()][+!()][+!()][+!()][+!()][+!()][+!()][+!()][+!()][+!()][+!()][+!()][+!()][+!()][+!()][+!()][+!()][+!()][+!()][+!()][+!()][+!()][+!()][+!()][+!()][+!()][+!()][+
        ");
        insta::assert_snapshot!(shown_full(&[("c.js", &format!("a();{}require('x').run(1)\n", " ".repeat(200)))]), @r"
        high c.js:1: Unreadable code: code stands far to the right of its line, where editors do not show it
            | require('x').run(1)
        ");
        insta::assert_snapshot!(shown_full(&[("d.js", &"var a=b(c);".repeat(800)), ("e.min.js", &"var a=b(c);".repeat(800))]), @r"
        low d.js:1: Unreadable code: the code is minified or made by a program
            | var a=b(c);var a=b(c);var a=b(c);var a=b(c);var a=b(c);var a=b(c);var a=b(c);var a=b(c);var a=b(c);v
        info e.min.js:1: Unreadable code: the code is minified or made by a program
            | var a=b(c);var a=b(c);var a=b(c);var a=b(c);var a=b(c);var a=b(c);var a=b(c);var a=b(c);var a=b(c);v
        ");
        insta::assert_snapshot!(shown_full(&[("f.py", &format!("x = '{}'\n", base64(3_000))), ("g.py", &format!("exec(d('{}'))\n", base64(3_000)))]), @r"
        medium g.py:1: Unreadable code: a long encoded text stands in a file that runs text as code (2 KB)
            | exec(d('kYHBVRoLA4V5gCvdLL72cyjTVurhqm0ReeVDsdVCU8fzXiRryirWcj6kcxp3hlbUINkHFm4o02y2kJTWv4ri6dZ3oparJSpLCjQR
        low f.py:1: Unreadable code: a long encoded text stands in code (2 KB)
            | x = 'kYHBVRoLA4V5gCvdLL72cyjTVurhqm0ReeVDsdVCU8fzXiRryirWcj6kcxp3hlbUINkHFm4o02y2kJTWv4ri6dZ3oparJSpLCjQR
        info g.py:1: This code runs text as code, or makes objects of data that says what they are: 1 place in 1 file
            | exec(d('kYHBVRoLA4V5gCvdLL72cyjTVurhqm0ReeVDsdVCU8fzXiRryirWcj6kcxp3hlbUINkHFm4o02y2kJTWv4ri6dZ3opar
        ");
    }

    #[test]
    fn pictures_short_ones_and_old_ones_are_fine() {
        let picture = format!("const a = 'data:image/png;base64,{}';\n", base64(3_000));
        assert_eq!(
            shown_full(&[
                ("a.js", &picture),
                ("b.py", &format!("k = '{}'\n", base64(500))),
                ("c.py", &format!("# {}", "=".repeat(9_000)))
            ]),
            ""
        );
        assert_eq!(shown_full(&[("a.c", &format!("a{}|\n{}indented();\n", " ".repeat(200), " ".repeat(200)))]), "");
        let old = format!("x = '{}'\n", base64(3_000));
        assert_eq!(shown_diff(&[("a.py", &old)], &[("a.py", &format!("{old}y = 1\n"))]), "");
    }
}
