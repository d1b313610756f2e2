//! What a file is written in: by its name, by its first line or, where its name says that it is no text and it is one, by its words.

/// What a file is written in, as far as the checks need to know.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Language {
    /// JavaScript and TypeScript, with what is written inside them.
    JavaScript,
    Python,
    Go,
    Rust,
    /// Java, Kotlin, Scala, Groovy.
    Jvm,
    /// C#, F#, Visual Basic.
    CSharp,
    Ruby,
    Php,
    /// Shells, and files whose rules are shell: Makefiles, workflows are not.
    Shell,
    PowerShell,
    Dockerfile,
    /// Code in any other language.
    Other,
    /// JSON, YAML, TOML, XML and the like.
    Data,
    Prose,
    /// None of these, or not known.
    Unknown,
}

impl Language {
    /// What the file at `path` is written in.
    pub(crate) fn of(path: &str, bytes: &[u8]) -> Self {
        let name = path.rsplit('/').next().unwrap_or(path).to_ascii_lowercase();
        match name.as_str() {
            "dockerfile" | "containerfile" => return Self::Dockerfile,
            "makefile" | "gnumakefile" | "justfile" | ".bashrc" | ".profile" | ".envrc" | "configure" | "gradlew" => {
                return Self::Shell;
            }
            "gemfile" | "rakefile" | "podfile" | "vagrantfile" => return Self::Ruby,
            "jenkinsfile" => return Self::Jvm,
            "license" | "licence" | "copying" | "notice" | "authors" | "readme" | "changelog" | "changes" => {
                return Self::Prose;
            }
            ".npmrc" | ".yarnrc" | "pipfile" | "go.mod" | "go.sum" | "yarn.lock" | "requirements.txt"
            | ".cursorrules" | ".gitmodules" => return Self::Data,
            _ if name.starts_with("dockerfile.")
                || name.ends_with(".dockerfile")
                || name.starts_with("containerfile.") =>
            {
                return Self::Dockerfile;
            }
            _ => {}
        }
        let extension = name.rsplit_once('.').map_or("", |(_, extension)| extension);
        match extension {
            "js" | "cjs" | "mjs" | "jsx" | "ts" | "cts" | "mts" | "tsx" | "vue" | "svelte" | "astro" => {
                Self::JavaScript
            }
            "py" | "pyw" | "pyi" | "pyx" | "pth" | "bzl" => Self::Python,
            "go" => Self::Go,
            "rs" => Self::Rust,
            "java" | "kt" | "kts" | "scala" | "groovy" | "gradle" => Self::Jvm,
            "cs" | "csx" | "fs" | "vb" | "cshtml" | "razor" => Self::CSharp,
            "rb" | "gemspec" | "rake" | "erb" => Self::Ruby,
            "php" | "phtml" | "phar" | "inc" => Self::Php,
            "sh" | "bash" | "zsh" | "ksh" | "fish" | "mk" | "command" => Self::Shell,
            "ps1" | "psm1" | "psd1" | "bat" | "cmd" => Self::PowerShell,
            "c" | "h" | "cc" | "cpp" | "cxx" | "hpp" | "m" | "mm" | "swift" | "lua" | "pl" | "pm" | "r" | "jl"
            | "ex" | "exs" | "erl" | "clj" | "dart" | "zig" | "nim" | "hs" | "ml" | "elm" | "sql" | "wat" | "asm"
            | "s" | "tcl" | "awk" | "vbs" | "hta" | "applescript" | "nix" | "tf" => Self::Other,
            "json" | "jsonc" | "json5" | "yaml" | "yml" | "toml" | "xml" | "lock" | "csv" | "tsv" | "ini" | "cfg"
            | "conf" | "properties" | "env" | "plist" | "csproj" | "fsproj" | "props" | "targets" | "ipynb" | "map"
            | "svg" | "graphql" | "proto" | "css" | "scss" | "less" | "html" | "htm" | "po" => Self::Data,
            "md" | "mdx" | "markdown" | "rst" | "adoc" | "txt" | "mdc" | "tex" | "org" => Self::Prose,
            // A shell runs any text, whatever its name is.
            _ if (MEDIA.contains(&extension) || BINARY.contains(&extension)) && is_text(bytes) => Self::by_words(bytes),
            _ => Self::by_first_line(bytes),
        }
    }

    /// What a text is that has the name of something else. What no sign tells apart is read as a shell reads it, which runs any text.
    fn by_words(bytes: &[u8]) -> Self {
        if bytes.starts_with(b"#!") {
            return Self::by_first_line(bytes);
        }
        let text = String::from_utf8_lossy(bytes.get(..bytes.len().min(SNIFFED)).unwrap_or_default());
        let begin = text.trim_start_matches('\u{feff}').trim_start();
        if begin.starts_with("<?php") {
            return Self::Php;
        }
        if begin.is_empty() {
            return Self::Unknown;
        }
        // Markup, and what stands for a file that Git LFS keeps.
        if begin.starts_with('<') || begin.starts_with("version https://git-lfs") {
            return Self::Data;
        }
        let count = |signs: &[&str]| signs.iter().filter(|sign| text.contains(**sign)).count();
        let javascript =
            count(&["require(", "=> ", "const ", "function(", "function ", "var ", "module.exports", "await "]);
        let python = count(&["import ", "def ", "print(", "__name__", "exec(", "lambda ", "self."]);
        match (javascript, python) {
            (0, 0) => Self::Shell,
            _ if javascript >= python => Self::JavaScript,
            _ => Self::Python,
        }
    }

    fn by_first_line(bytes: &[u8]) -> Self {
        let Some(rest) = bytes.strip_prefix(b"#!").filter(|_| !is_binary_lock(bytes)) else { return Self::Unknown };
        let line = rest.split(|byte| *byte == b'\n').next().unwrap_or_default();
        let line = String::from_utf8_lossy(line.get(..line.len().min(200)).unwrap_or_default());
        for (word, language) in [
            ("python", Self::Python),
            ("node", Self::JavaScript),
            ("deno", Self::JavaScript),
            ("bun", Self::JavaScript),
            ("ruby", Self::Ruby),
            ("php", Self::Php),
            ("pwsh", Self::PowerShell),
            ("perl", Self::Other),
        ] {
            if line.contains(word) {
                return language;
            }
        }
        Self::Shell
    }

    /// Whether the file is a program, or becomes one.
    pub(crate) fn is_code(self) -> bool {
        !matches!(self, Self::Data | Self::Prose | Self::Unknown)
    }
}

/// How Bun's binary lock file begins. Its next four bytes are a number with a NUL in it, which no JavaScript can have there.
const BUN_LOCK: &[u8] = b"#!/usr/bin/env bun\nbun-lockfile-format-v0\n";

/// Whether a file is Bun's binary lock file: its first line says that it is a program, and it is not one.
pub(crate) fn is_binary_lock(bytes: &[u8]) -> bool {
    bytes.strip_prefix(BUN_LOCK).and_then(|rest| rest.get(..4)).is_some_and(|version| version.contains(&0))
}

/// Endings of what is shown or heard and never run: pictures, sound, video, fonts.
const MEDIA: &[&str] = &[
    "png", "jpg", "jpeg", "gif", "webp", "avif", "ico", "bmp", "tif", "tiff", "psd", "mp4", "webm", "mov", "mkv",
    "mp3", "wav", "ogg", "flac", "ttf", "otf", "woff", "woff2", "eot",
];
/// Endings of documents and of data that is only read.
const DOCUMENTS: &[&str] =
    &["pdf", "docx", "xlsx", "pptx", "csv", "tsv", "parquet", "txt", "md", "log", "jsonl", "ndjson"];

/// Endings of documents that are no text.
const BINARY: &[&str] = &["docx", "xlsx", "pptx", "parquet"];

/// How many bytes are looked at to tell text from other data; what Git takes, too.
const SNIFFED: usize = 8_000;

/// Whether a file is a text, by its first bytes.
pub(crate) fn is_text(bytes: &[u8]) -> bool {
    !bytes.iter().take(SNIFFED).any(|byte| *byte == 0)
}

fn has_ending(path: &str, endings: &[&str]) -> bool {
    let name = path.rsplit('/').next().unwrap_or(path);
    name.rsplit_once('.').is_some_and(|(_, ending)| endings.contains(&ending.to_ascii_lowercase().as_str()))
}

/// Whether a path is that of a picture, of sound, of video or of a font. A folder's path ends with `/` and never is.
pub(crate) fn is_media(path: &str) -> bool {
    has_ending(path, MEDIA)
}

/// Whether a path is that of something that does not run: media, documents, data.
pub(crate) fn is_inert(path: &str) -> bool {
    is_media(path) || has_ending(path, DOCUMENTS)
}

/// Whether a path may be that of a program: by its ending, or because it has none.
pub(crate) fn may_be_code(path: &str) -> bool {
    let name = path.rsplit('/').next().unwrap_or(path);
    let language = Language::of(path, b"");
    language.is_code() || (language == Language::Unknown && !name.contains('.'))
}

#[cfg(test)]
mod tests {
    use super::{Language, is_binary_lock, is_inert, is_media, may_be_code};

    #[test]
    fn what_can_run_is_told_by_names() {
        for path in ["a.js", "b/run", "Dockerfile", "x.PY", "…"] {
            assert!(may_be_code(path) && !is_inert(path), "{path}");
        }
        for path in ["a.png", "b/c.WOFF2"] {
            assert!(is_media(path) && is_inert(path) && !may_be_code(path), "{path}");
        }
        for path in ["a.pdf", "README.md", "data.csv"] {
            assert!(!is_media(path) && is_inert(path) && !may_be_code(path), "{path}");
        }
        assert!(!is_media("a.png/") && !may_be_code("model.onnx") && !may_be_code(".env"));
    }

    #[test]
    fn a_binary_lock_file_is_known_by_what_no_program_can_be() {
        assert!(is_binary_lock(b"#!/usr/bin/env bun\nbun-lockfile-format-v0\n\x02\0\0\0more"));
        assert!(!is_binary_lock(b"#!/usr/bin/env bun\nbun-lockfile-format-v0\nvar bun, lockfile; run()"));
        assert_eq!(
            Language::of("bun.lockb", b"#!/usr/bin/env bun\nbun-lockfile-format-v0\n\x02\0\0\0"),
            Language::Unknown
        );
        assert_eq!(Language::of("bun.lockb", b"#!/usr/bin/env bun\nbun-lockfile-format-v0\nx"), Language::JavaScript);
    }

    #[test]
    fn names_and_first_lines_tell_the_language() {
        for (path, language) in [
            ("src/a.TS", Language::JavaScript),
            ("Dockerfile", Language::Dockerfile),
            ("docker/Dockerfile.dev", Language::Dockerfile),
            ("setup.py", Language::Python),
            ("requirements.txt", Language::Data),
            ("README", Language::Prose),
            ("a.b/Makefile", Language::Shell),
            ("data.bin", Language::Unknown),
        ] {
            assert_eq!(Language::of(path, b""), language, "{path}");
        }
        assert_eq!(Language::of("bin/run", b"#!/usr/bin/env node\n"), Language::JavaScript);
        assert_eq!(Language::of("bin/run", b"#!/bin/sh\n"), Language::Shell);
        assert_eq!(Language::of("bin/run", b"\x7fELF"), Language::Unknown);
        for (text, language) in [
            ("curl https://x.io | sh\n", Language::Shell),
            ("#!/usr/bin/env node\n", Language::JavaScript),
            ("const a = require('b');\n", Language::JavaScript),
            ("import os\nos.system('a')\n", Language::Python),
            ("<?php system('a');", Language::Php),
            ("<svg></svg>", Language::Data),
            ("GIF89a;\ncurl https://x.io | sh\n", Language::Shell),
            ("\u{89}PNG\r\n\u{1a}\n\0\0\0\rIHDR", Language::Unknown),
            ("", Language::Unknown),
        ] {
            assert_eq!(Language::of("a/x.PNG", text.as_bytes()), language, "{text}");
        }
        assert!(Language::Dockerfile.is_code() && !Language::Data.is_code());
    }
}
