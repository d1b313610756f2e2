//! Languages whose strings are not known well enough: only lines that are a comment if they are anything, and say nothing that
//! could be code in a string of several lines.

use super::Marks;
use crate::snapshot::language::Language;
use std::ops::Range;

/// The lines that are comments without a doubt.
pub(super) fn run(text: &str, language: Language, extension: &str) -> Marks {
    let begins = begins(language, extension);
    let is_recipe = language == Language::Dockerfile;
    let (mut marks, mut at, mut continued, mut documents) = (Marks::default(), 0, false, false);
    for line in text.split_inclusive('\n') {
        let start = at + (line.len() - line.trim_start().len());
        let shown = line.trim();
        let is_comment = !begins.is_empty() && shown.starts_with(begins);
        // The builder takes every such line out, but not from here-documents.
        let is_sure = is_recipe && !documents && !shown.contains('\r');
        if is_comment && (is_sure || (!continued && shown.bytes().all(is_prose))) {
            marks.comments.push(start..start + shown.len());
        }
        documents |= line.contains("<<");
        continued = shown.ends_with(['\\', '`', '^']);
        at += line.len();
    }
    marks
}

fn begins(language: Language, extension: &str) -> &'static str {
    match (language, extension) {
        (Language::Dockerfile | Language::Shell | Language::Ruby, _)
        | (Language::PowerShell, "ps1" | "psm1" | "psd1")
        | (Language::Other, "pl" | "pm" | "r" | "jl" | "ex" | "exs" | "nim" | "tcl" | "awk" | "nix" | "tf")
        | (
            Language::Data,
            "yaml" | "yml" | "toml" | "ini" | "cfg" | "conf" | "properties" | "env" | "txt" | "lock" | "",
        ) => "#",
        (Language::Jvm, _) | (Language::CSharp, "fs") | (Language::Other, "swift" | "zig" | "dart") => "//",
        (Language::Other, "lua" | "sql" | "hs" | "elm" | "applescript") => "--",
        (Language::Other, "erl") => "%",
        (Language::Other, "clj" | "asm" | "wat") => ";",
        _ => "",
    }
}

/// What prose is written in, and neither ends a string nor calls anything.
fn is_prose(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || !byte.is_ascii() || b" \t#/-.,:_@?!+=%;'".contains(&byte)
}

/// The insides of what look like strings from a byte on, line by line.
pub(super) fn strings(text: &str, from: usize) -> Vec<Range<usize>> {
    let bytes = text.as_bytes();
    let (mut found, mut open, mut at) = (Vec::new(), None, from);
    while let Some(byte) = bytes.get(at).copied() {
        match (byte, open) {
            (b'\\', _) => at += 1,
            (b'\n', _) => open = None,
            (b'"' | b'\'' | b'`', None) => open = Some((byte, at + 1)),
            (_, Some((quote, start))) if quote == byte => {
                found.push(start..at);
                open = None;
            }
            _ => {}
        }
        at += 1;
    }
    found
}
