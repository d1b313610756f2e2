//! Files that are not text: programs, bytecode, archives, and what says it is a picture and is none.
//!
//! Why: nobody reviews machine code, and it runs all the same. A program that is new in a change is `high`, one that was always there
//! `medium`; pictures, fonts and documents are not said. Source: the magic numbers of the formats' specifications.

use super::sink::{Said, Sink};
use super::subject::Subject;
use crate::snapshot::language::{is_binary_lock, is_inert};
use crate::verdict::{Category, Confidence, Risk};

/// What a file is by its first bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Format {
    Program(&'static str),
    Archive(&'static str),
    Media,
}

/// First bytes, and what they are of.
const MAGIC: &[(&[u8], Format)] = &[
    (b"\x7fELF", Format::Program("a Linux program or library (ELF)")),
    (b"\xfe\xed\xfa\xce", Format::Program("a macOS program or library (Mach-O)")),
    (b"\xfe\xed\xfa\xcf", Format::Program("a macOS program or library (Mach-O)")),
    (b"\xce\xfa\xed\xfe", Format::Program("a macOS program or library (Mach-O)")),
    (b"\xcf\xfa\xed\xfe", Format::Program("a macOS program or library (Mach-O)")),
    // Shared by universal Mach-O files and Java classes; both run.
    (b"\xca\xfe\xba\xbe", Format::Program("a Java class or a macOS program")),
    (b"\0asm", Format::Program("a WebAssembly module")),
    (b"dex\n", Format::Program("an Android program (DEX)")),
    (b"BC\xc0\xde", Format::Program("LLVM bitcode")),
    (b"!<arch>\n", Format::Program("a static library")),
    (b"PK\x03\x04", Format::Archive("a ZIP archive, or a package made like one")),
    (b"\x1f\x8b", Format::Archive("compressed data (gzip)")),
    (b"BZh", Format::Archive("compressed data (bzip2)")),
    (b"\xfd7zXZ\0", Format::Archive("compressed data (xz)")),
    (b"\x28\xb5\x2f\xfd", Format::Archive("compressed data (zstd)")),
    (b"7z\xbc\xaf\x27\x1c", Format::Archive("a 7z archive")),
    (b"Rar!\x1a\x07", Format::Archive("a RAR archive")),
    (b"\x89PNG\r\n\x1a\n", Format::Media),
    (b"\xff\xd8\xff", Format::Media),
    (b"GIF8", Format::Media),
    (b"RIFF", Format::Media),
    (b"\0\0\x01\0", Format::Media),
    (b"wOFF", Format::Media),
    (b"wOF2", Format::Media),
    (b"OTTO", Format::Media),
    (b"\0\x01\0\0", Format::Media),
    (b"%PDF-", Format::Media),
    (b"OggS", Format::Media),
    (b"ID3", Format::Media),
    (b"fLaC", Format::Media),
    (b"\x1aE\xdf\xa3", Format::Media),
    (b"II*\0", Format::Media),
    (b"MM\0*", Format::Media),
    (b"8BPS", Format::Media),
];

fn format(path: &str, bytes: &[u8]) -> Option<Format> {
    let lower = path.to_ascii_lowercase();
    let ends = |endings: &[&str]| endings.iter().any(|ending| lower.ends_with(ending));
    if bytes.starts_with(b"MZ") && bytes.iter().take(1_024).any(|byte| *byte == 0) {
        return Some(Format::Program("a Windows program or library"));
    }
    if ends(&[".pyc", ".pyo"]) {
        return Some(Format::Program("Python bytecode"));
    }
    if ends(&[".jar", ".war", ".apk", ".whl", ".egg", ".nupkg", ".vsix", ".dxt", ".mcpb", ".crx", ".xpi"])
        && bytes.starts_with(b"PK")
    {
        return Some(Format::Program("a package of code"));
    }
    // ISO media files have their type behind their length; tar archives theirs behind the first header.
    if bytes.get(4..8) == Some(b"ftyp") {
        return Some(Format::Media);
    }
    if bytes.get(257..262) == Some(b"ustar") {
        return Some(Format::Archive("a tar archive"));
    }
    MAGIC.iter().find(|(magic, _)| bytes.starts_with(magic)).map(|(_, format)| *format)
}

/// Says files that are not text, and may matter.
pub(super) fn check(subject: &Subject<'_>, sink: &mut Sink<'_, '_>) {
    let program = if subject.is_differential() { Risk::High } else { Risk::Medium };
    let media = is_inert(subject.path);
    let (title, risk) = match format(subject.path, subject.bytes) {
        Some(Format::Program(what)) if media => (format!("{what} has the name of something harmless"), Risk::High),
        Some(Format::Program(_)) if subject.path.ends_with("gradle/wrapper/gradle-wrapper.jar") => {
            ("Gradle's wrapper is a program in the repository".to_owned(), Risk::Low)
        }
        Some(Format::Program(what)) => (format!("{what} is in the repository"), program),
        Some(Format::Archive(what)) if !is_document(subject.path) => {
            (format!("{what} is in the repository"), Risk::Low)
        }
        Some(_) => return,
        None if subject.is_text => {
            if media && subject.bytes.starts_with(b"#!") {
                ("a script has the name of something harmless".to_owned(), Risk::High)
            } else {
                return;
            }
        }
        None if is_binary_lock(subject.bytes) => {
            ("a binary lock file, which says unseen what is installed, is in the repository".to_owned(), Risk::Low)
        }
        None if is_utf16(subject.bytes) && !media => {
            ("a text in UTF-16, which no other check reads, is in the repository".to_owned(), Risk::Low)
        }
        None if media || subject.bytes.is_empty() || subject.is_link => return,
        None => (
            "data of no known format is in the repository".to_owned(),
            if subject.executable { Risk::Medium } else { Risk::Info },
        ),
    };
    sink.file(Said {
        title: format!("Not text: {title}"),
        risk,
        category: Category::Unreviewed,
        confidence: Confidence::High,
        impact: format!(
            "{} bytes that nobody can review as they are; what runs of them does so unseen.",
            subject.bytes.len()
        ),
        recommendation: "Ask for it to be built from source, or fetched with a checksum from whoever makes it."
            .to_owned(),
    });
}

fn is_utf16(bytes: &[u8]) -> bool {
    bytes.starts_with(b"\xff\xfe") || bytes.starts_with(b"\xfe\xff")
}

/// Documents that are archives inside.
fn is_document(path: &str) -> bool {
    let lower = path.to_ascii_lowercase();
    [".docx", ".xlsx", ".pptx", ".odt", ".ods", ".odp", ".epub", ".svgz", ".npz"]
        .iter()
        .any(|ending| lower.ends_with(ending))
}

#[cfg(test)]
mod tests {
    use crate::review::scan::testing::{diff_snapshots, full_bytes, shown, snapshot};

    const ELF: &[u8] = b"\x7fELF\x02\x01\x01\0\0\0";

    #[test]
    fn programs_and_archives_are_said() {
        let findings = full_bytes(&[
            ("bin/tool", ELF),
            ("logo.png", ELF),
            ("tests/a.exe", b"MZ\x90\0\x03"),
            ("a.pyc", b"\xcb\r\r\n\0\0"),
            ("x.wasm", b"\0asm\x01\0\0\0"),
            ("gradle/wrapper/gradle-wrapper.jar", b"PK\x03\x04\0"),
            ("vendor/x.tgz", b"\x1f\x8b\x08\0"),
            ("font.ttf", b"#!/bin/sh\n"),
            ("data.bin", b"a\0b"),
            ("bun.lockb", b"#!/usr/bin/env bun\nbun-lockfile-format-v0\n\x02\0\0\0\0\0curl x | sh\0eval(x)\0\n\0\n"),
            ("notes", b"\xff\xfea\0"),
        ]);
        insta::assert_snapshot!(shown(&findings), @r"
        high font.ttf: Not text: a script has the name of something harmless
        high logo.png: Not text: a Linux program or library (ELF) has the name of something harmless
        medium a.pyc: Not text: Python bytecode is in the repository
        medium bin/tool: Not text: a Linux program or library (ELF) is in the repository
        medium x.wasm: Not text: a WebAssembly module is in the repository
        low bun.lockb: Not text: a binary lock file, which says unseen what is installed, is in the repository
        low gradle/wrapper/gradle-wrapper.jar: Not text: Gradle's wrapper is a program in the repository
        low notes: Not text: a text in UTF-16, which no other check reads, is in the repository
        low tests/a.exe: Not text: a Windows program or library is in the repository
        low vendor/x.tgz: Not text: compressed data (gzip) is in the repository
        info data.bin: Not text: data of no known format is in the repository
        ");
    }

    #[test]
    fn pictures_documents_and_text_are_fine() {
        let findings = full_bytes(&[
            ("a.png", b"\x89PNG\r\n\x1a\n\0"),
            ("b.docx", b"PK\x03\x04\0"),
            ("c.txt", b"MZ is the magic"),
            ("d.mp4", b"\0\0\0\x18ftypmp42"),
            ("e.dat", b""),
        ]);
        assert_eq!(shown(&findings), "");
    }

    #[test]
    fn new_ones_are_graver_and_old_ones_are_not_said() {
        let (base, head) = (snapshot(&[("a", ELF)]), snapshot(&[("a", ELF), ("b", ELF)]));
        insta::assert_snapshot!(shown(&diff_snapshots(&base, &head)), @"high b: Not text: a Linux program or library (ELF) is in the repository");
    }
}
