//! What a change makes the program depend on, and where dependencies come from.
//!
//! Why: a dependency is code that nobody reviews here. New ones are listed (`low`); one that comes from a repository, an address
//! or another registry than the rest is `medium` when it is new; a name one letter away from a well-known one is `low`, because
//! many honest ones are. Lock files are compared by the hosts that they name: no host is right by itself, the one that most lines
//! have is the usual one. Source: the formats' documentation.

mod lock;
mod manifest;

use super::sink::{Said, Sink};
use super::subject::{Base, Subject};
use crate::verdict::{Category, Confidence, Risk};
use manifest::{Dependency, From};
use regex::Regex;
use std::collections::HashSet;
use std::ops::Range;
use std::sync::LazyLock;

/// Well-known packages of each registry that names are compared with: among the most used, and what MCP servers need.
const WELL_KNOWN: &[&str] = &[
    "lodash",
    "express",
    "react",
    "axios",
    "chalk",
    "commander",
    "dotenv",
    "typescript",
    "webpack",
    "eslint",
    "prettier",
    "mongoose",
    "puppeteer",
    "playwright",
    "socket.io",
    "moment",
    "bluebird",
    "discord.js",
    "electron",
    "ethers",
    "cross-env",
    "node-fetch",
    "fast-glob",
    "jsonwebtoken",
    "bcrypt",
    "crypto-js",
    "openai",
    "requests",
    "urllib3",
    "numpy",
    "pandas",
    "pydantic",
    "httpx",
    "aiohttp",
    "fastapi",
    "uvicorn",
    "django",
    "flask",
    "boto3",
    "botocore",
    "setuptools",
    "colorama",
    "python-dotenv",
    "beautifulsoup4",
    "cryptography",
    "sqlalchemy",
    "anthropic",
    "fastmcp",
    "langchain",
    "matplotlib",
    "selenium",
    "tensorflow",
    "pyyaml",
    "serde",
    "serde_json",
    "tokio",
    "reqwest",
    "clap",
    "anyhow",
    "thiserror",
    "tracing",
    "rand",
    "regex",
    "hyper",
    "rustls",
    "@modelcontextprotocol/sdk",
    "zod-to-json-schema",
];

/// Which files may have a setting, by name, and how it reads.
type Registry = (fn(&str) -> bool, &'static str);

/// Settings that make a package manager ask another registry.
const REGISTRIES: &[Registry] = &[
    (
        |path| is_requirements(path) || path.ends_with("pip.conf") || path.ends_with("pip.ini"),
        r"(?m)^\s*(?:--)?(?:extra-)?index-url[ \t=]+\S+|^\s*(?:--find-links|-f)[ \t=]+https?://\S+",
    ),
    (|name| name == ".npmrc", r"(?m)^\s*(?:@[\w.-]+:)?registry\s*=\s*\S+"),
    (
        |name| name == "pyproject.toml" || name == "uv.toml",
        r"(?m)^\s*\[\[(?:tool\.(?:uv\.index|poetry\.source|pdm\.source)|index)\]\]|^\s*extra-index-url\s*=",
    ),
    (|name| name == "config.toml", r"(?m)^\s*replace-with\s*="),
    (
        |name| name == "NuGet.Config" || name == "nuget.config",
        r#"<add\s+key="[^"\n]{1,80}"\s+value="https?://[^"\n]{1,200}""#,
    ),
];

static REGISTRY: LazyLock<Vec<Option<Regex>>> =
    LazyLock::new(|| REGISTRIES.iter().map(|(_, pattern)| Regex::new(pattern).ok()).collect());

/// Whether pip is given the file at `path`: `requirements.txt`, `dev-requirements.in`, `requirements/base.txt`.
fn is_requirements(path: &str) -> bool {
    let (folder, name) = path.rsplit_once('/').unwrap_or(("", path));
    let stem = name.strip_suffix(".txt").or_else(|| name.strip_suffix(".in"));
    let is_folder = folder.rsplit('/').next() == Some("requirements");
    stem.is_some_and(|stem| {
        stem.starts_with("requirements") || stem.ends_with("requirements") || stem == "constraints" || is_folder
    })
}

/// The most dependencies of a file that are said one by one, or listed.
const LISTED: usize = 40;

/// Says what a manifest or a lock file adds.
pub(super) fn check(subject: &Subject<'_>, sink: &mut Sink<'_, '_>) {
    if !subject.is_text || subject.is_same() {
        return;
    }
    let name = subject.path.rsplit('/').next().unwrap_or(subject.path);
    if lock::is_lock(subject.path) {
        lock::check(subject, sink);
        return;
    }
    for ((is, _), pattern) in REGISTRIES.iter().zip(REGISTRY.iter()) {
        if (is(name) || is(subject.path))
            && let Some(found) = pattern.as_ref().and_then(|pattern| {
                pattern.find_iter(subject.code()).take(100).find(|found| !subject.is_old(&found.range()))
            })
        {
            let start = found.start() + (found.as_str().len() - found.as_str().trim_start().len());
            let risk = if subject.is_differential() { Risk::Medium } else { Risk::Low };
            sink.at(
                start..found.end(),
                said(risk, "packages are taken from a registry that this file names".to_owned(), ODD),
            );
        }
    }
    let Some(all) = manifest::dependencies(subject.path, &subject.text) else { return };
    let known: Vec<Dependency> = match &subject.base {
        Base::Changed { bytes, .. } => {
            manifest::dependencies(subject.path, &String::from_utf8_lossy(bytes)).unwrap_or_default()
        }
        _ => Vec::new(),
    };
    let names: HashSet<&str> = known.iter().map(|dependency| dependency.name.as_str()).collect();
    let sources: HashSet<(&str, &From)> =
        known.iter().map(|dependency| (dependency.name.as_str(), &dependency.from)).collect();
    let new: Vec<&Dependency> = all.iter().filter(|dependency| !names.contains(dependency.name.as_str())).collect();
    let moved = all.iter().filter(|dependency| !sources.contains(&(dependency.name.as_str(), &dependency.from)));
    for dependency in moved
        .take(20_000)
        .filter_map(|dependency| Some((dependency, source(dependency, subject.is_differential())?)))
        .take(LISTED)
    {
        let (dependency, (risk, how)) = dependency;
        let which = match &dependency.from {
            From::Other { name } => format!(" (`{name}`)"),
            _ => String::new(),
        };
        sink.always(place(subject, dependency), said(risk, format!("`{}` {how}{which}", dependency.name), ODD));
    }
    for (dependency, like) in new.iter().take(5_000).filter_map(|new| Some((new, resembles(&new.name)?))).take(LISTED) {
        let title = format!("`{}` has nearly the name of the well-known `{like}`", dependency.name);
        sink.always(place(subject, dependency), said(Risk::Low, title, SQUAT));
    }
    if subject.is_differential() {
        list(subject, &new, sink);
    }
}

const ODD: &str = "What is there can be another thing tomorrow, and no registry keeps or checks it.";
const SQUAT: &str = "Malicious packages wait for people who mistype a name.";
const NEW: &str = "Its code runs with all that the program has, and was not part of this review";

fn list(subject: &Subject<'_>, new: &[&Dependency], sink: &mut Sink<'_, '_>) {
    let Some(first) = new.first() else { return };
    let names: Vec<&str> = new.iter().take(LISTED).map(|dependency| dependency.name.as_str()).collect();
    let more = new.len().saturating_sub(LISTED);
    let rest = if more > 0 { format!(" and {more} others") } else { String::new() };
    let title = match new {
        [one] => format!("A new dependency: `{}`", one.name),
        _ => format!("{} new dependencies, `{}` first", new.len(), first.name),
    };
    sink.always(place(subject, first), said(Risk::Low, title, &format!("{NEW}: {}{rest}.", names.join(", "))));
}

/// What is odd about where a dependency comes from.
fn source(dependency: &Dependency, is_new: bool) -> Option<(Risk, &'static str)> {
    let risk = if is_new { Risk::Medium } else { Risk::Low };
    match &dependency.from {
        From::Registry | From::Path => None,
        From::Other { .. } => Some((Risk::Low, "is taken by this name and is another package")),
        From::Git { pinned: true } => Some((Risk::Low, "comes from a Git repository, at a fixed commit")),
        From::Git { pinned: false } => Some((risk, "comes from whatever a Git repository holds")),
        From::Url { plain: true } => Some((Risk::Medium, "comes from an unprotected address")),
        From::Url { plain: false } => Some((risk, "comes from an address and not from a registry")),
    }
}

/// A well-known name that is one letter away.
fn resembles(name: &str) -> Option<&'static str> {
    let name = name.to_ascii_lowercase();
    if name.len() < 5 || name.len() > 60 || WELL_KNOWN.contains(&name.as_str()) || REAL.contains(&name.as_str()) {
        return None;
    }
    WELL_KNOWN
        .iter()
        .copied()
        .filter(|known| known.len() >= 5 && known.len().abs_diff(name.len()) <= 1)
        .find(|known| strsim::osa_distance(known, &name) == 1)
}

/// Packages of their own that are a letter away from another.
const REAL: &[&str] = &[
    "request",
    "preact",
    "eslintd",
    "momentjs",
    "django2",
    "serde1",
    "eslint_d",
    "expresso",
    "requests2",
    "tokio2",
    "hyperx",
    "pydantic2",
];

/// Where a dependency is written: the first line that has its name in the place of a name.
fn place(subject: &Subject<'_>, dependency: &Dependency) -> Range<usize> {
    let text = &subject.text;
    let needle = dependency.written.as_str();
    let begins = |at: usize| {
        at.checked_sub(1)
            .and_then(|before| text.as_bytes().get(before))
            .is_none_or(|byte| !byte.is_ascii_alphanumeric() && !matches!(byte, b'-' | b'_' | b'/' | b'.' | b'@'))
    };
    let ends = |at: usize| {
        text.as_bytes().get(at).is_none_or(|byte| !byte.is_ascii_alphanumeric() && !matches!(byte, b'-' | b'_' | b'/'))
    };
    let found =
        text.match_indices(needle).take(1_000).map(|(at, _)| at).find(|at| begins(*at) && ends(*at + needle.len()));
    found.or_else(|| text.find(needle)).map_or(0..0, |at| at..at + needle.len())
}

fn said(risk: Risk, title: String, impact: &str) -> Said {
    Said {
        title: format!("Dependency: {title}"),
        risk,
        category: Category::Dependency,
        confidence: if impact == SQUAT { Confidence::Low } else { Confidence::High },
        impact: impact.to_owned(),
        recommendation: "Check that it is needed, who publishes it, and that the name is the right one.".to_owned(),
    }
}

#[cfg(test)]
mod tests;
