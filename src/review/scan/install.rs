//! Code that runs when a package is installed or built, before anybody calls it.
//!
//! Why: it runs with the rights of whoever builds, with the network, and unseen: the first thing that malicious packages use.
//! Sources: npm's life-cycle scripts, setuptools and PEP 517, the site module (`.pth`, `sitecustomize`), Cargo's build scripts and
//! configuration, RubyGems' extensions, Composer's script events, node-gyp, MSBuild, pnpm.

mod manifests;
mod npm;
mod scripts;

use super::sink::{Said, Sink};
use super::subject::Subject;
use crate::shell::names;
use crate::snapshot::Snapshot;
use crate::snapshot::language::Language;
use crate::verdict::{Category, Confidence, Risk};
use regex::Regex;
use std::collections::HashSet;
use std::ops::Range;
use std::sync::LazyLock;

/// The files of a tree that run by themselves at installation: those that tools look for by name, and the scripts that npm's
/// life-cycle hooks start.
pub(super) fn files(head: &Snapshot) -> HashSet<String> {
    let mut found = HashSet::new();
    for (path, file) in &head.files {
        match name(path) {
            "setup.py" | "build.rs" | "extconf.rb" | "sitecustomize.py" | "usercustomize.py" | ".pnpmfile.cjs"
            | "hatch_build.py" | "pdm_build.py" => {
                found.insert(path.to_string());
            }
            "Cargo.toml" | "pyproject.toml" => found.extend(
                manifests::started(path, &file.content)
                    .into_iter()
                    .filter(|started| head.files.contains_key(started.as_str())),
            ),
            "package.json" => found
                .extend(npm::started(path, &file.content).filter(|started| head.files.contains_key(started.as_str()))),
            _ if has_ending(path, ".pth") => {
                found.insert(path.to_string());
            }
            _ => {}
        }
    }
    found
}

fn name(path: &str) -> &str {
    path.rsplit('/').next().unwrap_or(path)
}

fn has_ending(path: &str, ending: &str) -> bool {
    name(path).len() > ending.len()
        && path.get(path.len() - ending.len()..).is_some_and(|end| end.eq_ignore_ascii_case(ending))
}

/// What a line of a file means for its installation.
struct Sign {
    /// Whether a file of this path may have it.
    file: fn(&str) -> bool,
    /// With `{shells}`, `{interpreters}` and `{downloaders}` for their names.
    pattern: &'static str,
    risk: Risk,
    title: &'static str,
}

/// Lines that mean something at installation. Matched against code, without comments; the first of a file for each is said.
const SIGNS: &[Sign] = &[
    Sign {
        file: |path| name(path) == "setup.py",
        pattern: r"(?m)^\s*class [A-Za-z0-9_]+\((?:[a-z_]+\.)*(?:install|develop|egg_info|build_py|sdist|bdist_egg)\)",
        risk: Risk::Medium,
        title: "setup.py runs code of its own when the package is installed",
    },
    Sign {
        file: |path| name(path) == "setup.py",
        pattern: r"\b(?:urllib\.request|from urllib import|urlopen\(|requests\.(?:get|post)\(|http\.client|socket\.(?:socket|create_connection)\(|httpx\.)",
        risk: Risk::Medium,
        title: "setup.py contacts the network when the package is installed",
    },
    Sign {
        file: |path| name(path) == "setup.py",
        pattern: r"\b(?:subprocess\.(?:run|call|Popen|check_output|check_call)|os\.(?:system|popen))\(|\bimport subprocess as |\bfrom subprocess import |\bfrom os import [^\n]{0,120}\b(?:system|popen)\b|__import__\(",
        risk: Risk::Low,
        title: "setup.py starts programs when the package is installed",
    },
    Sign {
        file: |path| name(path) == "pyproject.toml",
        pattern: r"(?m)^\s*backend-path\s*=",
        risk: Risk::Low,
        title: "the package is built by code of its own (backend-path)",
    },
    Sign {
        file: |path| name(path) == "build.rs",
        pattern: r"\b(?:reqwest|ureq|curl::|minreq|TcpStream::connect|attohttpc)\b",
        risk: Risk::Medium,
        title: "build.rs contacts the network when the crate is built",
    },
    Sign {
        file: |path| name(path) == "build.rs",
        pattern: r#"Command::new\(\s*"(?:{shells}|{interpreters}|{downloaders})""#,
        risk: Risk::Medium,
        title: "build.rs starts a shell or downloads something when the crate is built",
    },
    Sign {
        file: |path| path.contains(".cargo/config"),
        pattern: r"(?m)^\s*(?:rustc-wrapper|rustc-workspace-wrapper|rustc|linker|runner|rustdoc)\s*=",
        risk: Risk::Low,
        title: "Cargo's configuration replaces a program of the build",
    },
    Sign {
        file: |path| has_ending(path, ".pth"),
        pattern: r"(?m)^import[ \t]",
        risk: Risk::High,
        title: "a .pth file runs code whenever Python starts",
    },
    Sign {
        file: |path| matches!(name(path), "sitecustomize.py" | "usercustomize.py"),
        pattern: r"\S",
        risk: Risk::Medium,
        title: "Python runs this file whenever it starts, wherever it is on its path",
    },
    Sign {
        file: |path| has_ending(path, ".gemspec"),
        pattern: r"\.extensions\s*(?:=|<<)",
        risk: Risk::Info,
        title: "the gem builds an extension when it is installed",
    },
    Sign {
        file: |path| name(path) == "binding.gyp",
        pattern: r#"<!@?\([^)\n]{0,200}(?:{downloaders}|base64|https?://|eval)"#,
        risk: Risk::High,
        title: "node-gyp's configuration downloads or decodes something when the package is installed",
    },
    Sign {
        file: |path| name(path) == "binding.gyp",
        pattern: r#"<!@?\(\s*(?:(?:{shells}|{interpreters})[\d.]*\s+[^-\s)"']|\.{0,2}/)[^)\n]{0,200}\)"#,
        risk: Risk::Medium,
        title: "node-gyp's configuration runs a program when the package is installed",
    },
    Sign {
        file: |path| name(path) == "binding.gyp",
        pattern: r#"["']action["']\s*:\s*\[[^\]\n]{0,200}"#,
        risk: Risk::Low,
        title: "node-gyp's configuration runs an action when the package is installed",
    },
    Sign {
        file: |path| name(path) == ".npmrc",
        pattern: r#"(?m)^\s*(?:node-options\s*=[^\n]*(?:--require|--import|--loader|--experimental-loader|-r\s)|(?:script-shell|onload-script)\s*=\s*["']?(?:\.{1,2}/|[\w-]+/))[^\n]*"#,
        risk: Risk::Medium,
        title: "npm runs code of this repository in place of or before every script",
    },
    Sign {
        file: |path| name(path) == "bunfig.toml",
        // On top, before any section: under `[test]` it is usual.
        pattern: r"\A(?:[ \t]*(?:[^\[\s][^\n]*)?\n)*?[ \t]*(preload\s*=[^\n]*)",
        risk: Risk::Medium,
        title: "Bun runs this file before every program",
    },
    Sign {
        file: |path| name(path) == "composer.json",
        pattern: r#""(?:pre|post)-(?:install|update|autoload-dump|package-install|create-project)(?:-cmd)?"\s*:"#,
        risk: Risk::Low,
        title: "Composer runs a script when the package is installed",
    },
    Sign {
        file: |path| has_ending(path, ".csproj") || has_ending(path, ".targets") || has_ending(path, ".props"),
        pattern: r"<Exec\s[^>]{0,200}Command\s*=",
        risk: Risk::Low,
        title: "MSBuild starts a program when the project is built",
    },
    Sign {
        file: |path| name(path) == ".pnpmfile.cjs",
        pattern: r"\S",
        risk: Risk::Medium,
        title: "pnpm runs this file when dependencies are installed",
    },
    Sign {
        file: |path| name(path) == ".yarnrc.yml" || name(path) == ".yarnrc",
        pattern: r#"(?m)^\s*(?:yarnPath|yarn-path|plugins)\b"#,
        risk: Risk::Low,
        title: "Yarn runs code of this repository in place of its own",
    },
];

static PATTERNS: LazyLock<Vec<Option<Regex>>> =
    LazyLock::new(|| SIGNS.iter().map(|sign| Regex::new(&with_names(sign.pattern)).ok()).collect());

fn with_names(pattern: &str) -> String {
    let lists =
        [("{shells}", names::SHELLS), ("{interpreters}", names::INTERPRETERS), ("{downloaders}", names::DOWNLOADERS)];
    lists.iter().fold(pattern.to_owned(), |pattern, (key, names)| pattern.replace(key, &names.join("|")))
}

/// Says what runs at installation.
pub(super) fn check(subject: &Subject<'_>, sink: &mut Sink<'_, '_>) {
    if name(subject.path) == "package.json" {
        npm::check(subject, sink);
    }
    // What a manifest names as a step of the build is judged as the file that is one by its name.
    let usual = match subject.language {
        Language::Rust if subject.runs_at_installation() => "build.rs",
        Language::Python if subject.runs_at_installation() => "setup.py",
        _ => subject.path,
    };
    let fits = |sign: &Sign| (sign.file)(subject.path) || (sign.file)(usual);
    for (sign, pattern) in SIGNS.iter().zip(PATTERNS.iter()).filter(|(sign, _)| fits(sign)) {
        let places = pattern.iter().flat_map(|pattern| pattern.captures_iter(subject.code()));
        let places = places.filter_map(|found| found.get(1).or_else(|| found.get(0)));
        // The first that is new: one is enough to make somebody read the file.
        if let Some(place) = places.take(200).find(|place| !subject.is_old(&place.range())) {
            let start = place.start() + (place.as_str().len() - place.as_str().trim_start().len());
            let title = if (sign.file)(subject.path) {
                sign.title.to_owned()
            } else {
                sign.title.replacen(usual, name(subject.path), 1)
            };
            sink.at(start..place.end(), said(title, sign.risk));
        }
    }
}

fn said(title: String, risk: Risk) -> Said {
    Said {
        title,
        risk,
        category: Category::InstallHook,
        confidence: Confidence::High,
        impact: "It runs when the package is built or installed, with the network and the rights of whoever does that, before anybody calls the program.".to_owned(),
        recommendation: "Read what it does. It should only build from the files of the repository; better, it is not needed.".to_owned(),
    }
}

/// The bytes of a key of a JSON object and its value, by text: the first `"key"` after `"section"`.
fn key_in(text: &str, section: &str, key: &str) -> Range<usize> {
    let from = text.find(&format!("\"{section}\"")).unwrap_or(0);
    let quoted = format!("\"{key}\"");
    match text.get(from..).and_then(|rest| rest.find(&quoted)) {
        Some(at) => from + at..from + at + quoted.len(),
        // Written with escapes; the section is near.
        None => from..from,
    }
}

#[cfg(test)]
mod tests;
