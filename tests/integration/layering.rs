//! Holds the layout of the design: who may know whom, and who may touch the outside.
//!
//! `cli -> use cases -> domain + adapters`. Read from the source text, without tests and comments: every path that begins
//! with `crate::`, with enough `super::` to get there, or with the name of a crate. A module that is in no layer fails the
//! test, so that a new one has to be placed.

mod circles;
mod places;
mod source;

use circles::circles;
use places::{misplaced, out_of_date};
use source::{Source, sources};
use std::collections::BTreeSet;

/// What each module at the top may use of ours. The names of a layer stand for all modules in it.
const LAYERS: &[(&str, &[&str], &[&str])] = &[
    // The domain is plain data and pure functions over it. `route` is the macro of `document`.
    (
        "domain",
        &[
            "build_record",
            "changes",
            "dockerfile",
            "document",
            "entry",
            "finding",
            "ids",
            "net",
            "policy",
            "route",
            "shell",
            "snapshot",
            "text",
            "verdict",
        ],
        &["domain"],
    ),
    // An adapter speaks to one outside system. They know identifiers and the pure rooms that anything may use, and
    // `fetch`, which is how the others reach the network: one client, one set of limits.
    (
        "adapters",
        &["engine", "fetch", "git", "github", "mcp", "oci", "provider", "rekor"],
        &["ids", "net", "text", "fetch"],
    ),
    ("support", &["error", "files"], &["support"]),
    // What makes hostile text safe to show, wherever it is shown: by outputs, and in pull requests and issues. Pure.
    ("escaping", &["escape"], &["domain"]),
    (
        "use cases",
        &[
            "agent", "attest", "build", "catalog", "checks", "doctor", "history", "init", "jobs", "layout", "pins",
            "proxy", "review", "rules", "sbom", "scan", "sign", "sync", "tool", "validate", "verify",
        ],
        &["use cases", "domain", "adapters", "support", "escaping"],
    ),
    // The environment and the clock: read once, told to everybody else.
    ("context", &["context"], &[]),
    ("output", &["output"], &["output", "domain", "escaping"]),
    ("ui", &["ui"], &["context", "output", "support"]),
    ("cli", &["cli"], &["cli", "context", "domain", "output", "support", "ui", "use cases"]),
    ("main", &["lib", "main"], &["cli", "context"]),
];

/// Outside names, and the only files that may have them: a file, or a folder and everything under it.
const CONFINED: &[(&str, &[&str])] = &[
    ("git2", &["git.rs", "git/"]),
    // One sender: limits, retries and the mask of the token are in one place.
    ("octocrab", &["github/sender.rs"]),
    ("bollard", &["engine.rs", "engine/"]),
    ("rmcp", &["mcp/"]),
    ("std::env", &["context.rs", "main.rs"]),
    ("SystemTime::now", &["context.rs"]),
    ("Utc::now", &["context.rs"]),
    ("Local::now", &["context.rs"]),
];

/// What the domain, and the rules, have no use for.
const IMPURE: &[&str] = &["tokio", "reqwest", "git2", "octocrab", "bollard", "std::env", "std::fs"];
/// The same, of the standard library's things that come by other names. Of `std::net`, what opens sockets or looks names up:
/// to parse and compare an address is pure.
const IMPURE_NAMES: &[&str] = &[
    "SystemTime",
    "Instant",
    "Utc::now",
    "Local::now",
    "std::process",
    "std::thread",
    "TcpStream",
    "TcpListener",
    "UdpSocket",
    "ToSocketAddrs",
    "std::os",
];
/// The one place of the domain that reads: it makes entries out of files.
const READS_FILES: &str = "entry/load.rs";

/// The most lines that a file may have.
const MAX_LINES: usize = 600;

fn layer_of(module: &str) -> Option<usize> {
    LAYERS.iter().position(|(_, modules, _)| modules.contains(&module))
}

fn may_use(from: usize, to: usize, module: &str) -> bool {
    let (_, _, allowed) = LAYERS[from];
    allowed.contains(&LAYERS[to].0) || allowed.contains(&module)
}

fn under(path: &str, places: &[&str]) -> bool {
    places.iter().any(|place| path == *place || (place.ends_with('/') && path.starts_with(place)))
}

/// Everything in this file that the layout forbids, one sentence each.
fn violations(source: &Source) -> Vec<String> {
    let path = &source.path;
    let mut found = BTreeSet::new();
    let module = source.top();
    let Some(layer) = layer_of(module) else {
        return vec![format!("src/{path}: the module `{module}` is in no layer; add it to LAYERS in {}", file!())];
    };
    let (name, ..) = LAYERS[layer];
    for used in source.own_modules().into_iter().filter(|used| used != module) {
        match layer_of(&used) {
            Some(other) if may_use(layer, other, &used) => {}
            Some(other) => {
                let what = LAYERS[other].0;
                found.insert(format!("src/{path}: `{module}` ({name}) must not use `{used}` ({what})"));
            }
            None => drop(found.insert(format!("src/{path}: `{used}` is in no layer; add it to LAYERS in {}", file!()))),
        }
    }
    for (outside, places) in CONFINED {
        if source.names(outside) && !under(path, places) {
            found.insert(format!("src/{path}: `{outside}` belongs in {} and nowhere else", places.join(" or ")));
        }
    }
    let pure = matches!(name, "domain" | "escaping");
    let rules = under(path, &["validate/rules.rs", "validate/rules/", "validate/facts.rs", "validate/schema.rs"]);
    if pure || rules {
        let what = if rules { "rules are".to_owned() } else { format!("the {name} is") };
        for outside in IMPURE.iter().chain(IMPURE_NAMES) {
            if source.names(outside) && !(path == READS_FILES && *outside == "std::fs") {
                found.insert(format!("src/{path}: {what} pure: no `{outside}`"));
            }
        }
    }
    // `review` writes a report and `checks` publishes it: the one has no token, the other runs no code under review.
    for (who, whom) in [("review", "github"), ("review", "checks"), ("checks", "review"), ("checks", "engine")] {
        if module == who && source.own_modules().contains(whom) {
            found.insert(format!("src/{path}: `{who}` and `{whom}` meet in a file, not in a process"));
        }
    }
    if source.lines > MAX_LINES {
        found.insert(format!("src/{path}: {} lines; split it, {MAX_LINES} are the most", source.lines));
    }
    if path.ends_with("mod.rs") {
        found.insert(format!("src/{path}: write `foo.rs` beside `foo/` in place of `foo/mod.rs`"));
    }
    found.into_iter().collect()
}

#[test]
fn every_module_keeps_to_its_layer() {
    let found: Vec<String> = sources().iter().flat_map(violations).collect();
    assert!(found.is_empty(), "the layout is broken (CONTRIBUTING.md says how it is meant):\n{}", found.join("\n"));
}

#[test]
fn what_has_one_place_is_nowhere_else() {
    let sources = sources();
    let found: Vec<String> = sources.iter().flat_map(misplaced).collect();
    assert!(found.is_empty(), "{}", found.join("\n"));
    assert_eq!(out_of_date(&sources), Vec::<String>::new());
}

#[test]
fn a_second_place_is_found() {
    for (path, text, words) in [
        (
            "pins.rs",
            "let a: String = text.chars()\n    .take(MAX)\n    .collect();",
            "one cutter of text, in src/text/cut.rs",
        ),
        ("pins.rs", "let a = text.chars().take(limit(3)).flat_map(f).collect::<String>();", "one cutter of text"),
        ("pins.rs", "if let Some((at, _)) = text.char_indices().rev().nth(3) {}", "one cutter of text"),
        ("pins.rs", "shown.push('…');", "one cutter of text"),
        (
            "review/scan/hosts.rs",
            "fn f(ip: Ipv4Addr) -> bool { ip.is_private() }",
            "one table of special-purpose addresses",
        ),
        ("github/reader.rs", "use octocrab::{Octocrab, models};", "one sender of requests to GitHub"),
        ("pins.rs", "line.truncate(line.floor_char_boundary(MAX));", "one cutter of text"),
        ("pins.rs", "let shown = format!(\"{start}…\");", "one cutter of text"),
        ("sign.rs", "use oci_client::{Client, Reference};", "one parser of image references, in src/ids/image.rs"),
        ("sign.rs", "let tag = image.rsplit_once(':');", "one parser of image references"),
        ("sign.rs", "if base_image.contains(\"@sha256:\") {}", "one parser of image references"),
        ("git.rs", "use http::header::{ACCEPT, RETRY_AFTER};", "one reader of rate limits in answers"),
        ("oci.rs", "headers.get(\"Retry-After\")", "one reader of rate limits in answers"),
        ("pins.rs", "matches!(word, \"sh\" | \"bash\")", "one list of shells"),
        ("pins.rs", "Regex::new(r\"(?:curl|wget)\")", "one list of programs that download"),
    ] {
        let said = misplaced(&Source::new(path, text)).join("\n");
        assert!(said.contains(words), "{path}: {text}\nsaid: {said}");
    }
    for (path, text) in [
        ("text/cut.rs", "text.char_indices().nth(most)"),
        ("pins.rs", "items.take(3).collect(); text.chars().take(5).filter(f).count();\n// push('…')\n"),
        ("pins.rs", "#[cfg(test)]\nmod tests {\n    fn f() { text.chars().take(3).collect::<String>() }\n}\n"),
    ] {
        assert_eq!(misplaced(&Source::new(path, text)), Vec::<String>::new(), "{path}: {text}");
    }
}

#[test]
fn no_files_use_each_other_in_a_circle() {
    let found: Vec<String> = circles(&sources())
        .iter()
        .map(|circle| format!("{}\n  {}", circle.rooms.join(", "), circle.uses.join("\n  ")))
        .collect();
    assert!(found.is_empty(), "what these share belongs in a file above them:\n{}", found.join("\n"));
}

#[test]
fn a_circle_is_found_however_it_is_written() {
    let of = |files: &[(&str, &str)]| -> Vec<String> {
        let sources: Vec<Source> = files.iter().map(|(path, text)| Source::new(path, text)).collect();
        circles(&sources).iter().map(|circle| circle.rooms.join(" ")).collect()
    };
    let circle = ["a::x a::y"];
    assert_eq!(of(&[("a/x.rs", "use super::y::Y;"), ("a/y.rs", "fn f() { crate::a::x::g() }")]), circle);
    assert_eq!(of(&[("a/x.rs", "use crate::a::y as z; fn f(_: z::Y) {}"), ("a/y.rs", "use super::x::X;")]), circle);
    // Through the room above them, which passes the name on, also by another name or that of its module.
    let parent = ("a.rs", "mod x; mod y; pub use y::Y as Z; pub(crate) use y::y;");
    assert_eq!(of(&[parent, ("a/x.rs", "use super::Z;"), ("a/y.rs", "use crate::a::x::X;")]), circle);
    assert_eq!(of(&[parent, ("a/x.rs", "use super::y;"), ("a/y.rs", "use crate::a::x::X;")]), circle);
    // Through files inside of them.
    let files = [("a/x/in.rs", "use crate::a::y::Y;"), ("a/y.rs", "fn f() {}"), ("a/y/in.rs", "use crate::a::x::X;")];
    assert_eq!(of(&[files[0], files[1], files[2], ("a/x.rs", "")]), circle);
    let three = [("x.rs", "use crate::y::Y;"), ("y.rs", "use crate::{z::Z};"), ("z.rs", "use crate::x::{self, X};")];
    assert_eq!(of(&three), ["x y z"]);
}

#[test]
fn a_room_and_what_is_in_it_are_no_circle() {
    let of = |files: &[(&str, &str)]| {
        circles(&files.iter().map(|(path, text)| Source::new(path, text)).collect::<Vec<_>>()).len()
    };
    assert_eq!(of(&[("a.rs", "mod x; use x::f;"), ("a/x.rs", "use super::A;")]), 0);
    // What is only passed on, or belongs to another crate, is not used.
    assert_eq!(of(&[("a.rs", "mod x; pub use x::X;"), ("a/x.rs", "use crate::b::B;"), ("b.rs", "use crate::a;")]), 0);
    assert_eq!(of(&[("a.rs", "use url::Url; use crate::b::B;"), ("b.rs", "use super::a::Url;")]), 0);
    assert_eq!(of(&[("a.rs", "use crate::b::B;"), ("b.rs", "#[cfg(test)]\nmod tests { use crate::a::A; }")]), 0);
}

fn said(path: &str, text: &str) -> String {
    violations(&Source::new(path, text)).join("\n")
}

#[test]
fn what_is_allowed_passes() {
    for (path, text) in [
        ("document/edit.rs", "use crate::document::Span;\nuse super::Node;"),
        ("entry/load.rs", "use std::fs::File;"),
        ("net.rs", "use std::net::IpAddr;"),
        ("git/diff.rs", "use crate::ids::CommitSha;\nuse git2::Oid;\nuse super::{GitError, Repository};"),
        ("github/sender.rs", "use crate::fetch::Client;\nuse octocrab::Octocrab;"),
        ("history.rs", "use crate::{changes::Range, git::Repository, error::CommandError};"),
        ("policy.rs", "/// Unlike `crate::cli`, and `std::env`.\n// use tokio;\nconst A: &str = \"use std::env;\";"),
        ("policy.rs", "#[cfg(test)]\nmod tests {\n    use crate::cli::X;\n    use std::fs;\n}\n"),
        ("validate/rules/a.rs", "use super::{Check, Rule};\nuse crate::entry::Entry;"),
        ("validate/rules/a.rs", "let instantly = my_tokio::git2x();"),
    ] {
        assert_eq!(said(path, text), "", "{path}: {text}");
    }
}

#[test]
fn what_is_forbidden_is_found() {
    for (path, text, words) in [
        ("document.rs", "use crate::git::Repository;", "`document` (domain) must not use `git` (adapters)"),
        ("document/edit.rs", "use super::super::cli::Args;", "`document` (domain) must not use `cli` (cli)"),
        (
            "document.rs",
            "use super::{\n    ids::CommitSha,\n    validate::{self, Request},\n};",
            "must not use `validate`",
        ),
        ("entry.rs", "fn f() { crate::output::render(); }", "`entry` (domain) must not use `output` (output)"),
        ("git.rs", "use crate::entry::Entry;", "`git` (adapters) must not use `entry` (domain)"),
        ("oci.rs", "use crate::github::Client;", "`oci` (adapters) must not use `github` (adapters)"),
        (
            "validate.rs",
            "use crate::{\n    // a word\n    entry::Entry,\n    context::Context,\n};",
            "must not use `context`",
        ),
        ("validate.rs", "use crate::output;", "`validate` (use cases) must not use `output` (output)"),
        ("cli/validate.rs", "use crate::github::Client;", "`cli` (cli) must not use `github` (adapters)"),
        ("review.rs", "use crate::github::Client;", "`review` and `github` meet in a file"),
        ("history.rs", "fn f(x: git2::Oid) {}", "`git2` belongs in git.rs or git/ and nowhere else"),
        ("pins.rs", "use octocrab::{Octocrab, models};", "`octocrab` belongs in github/sender.rs"),
        ("fetch.rs", "use std::{env, fs};", "`std::env` belongs in context.rs"),
        ("fetch.rs", "let now = chrono::Utc::now();", "`Utc::now` belongs in context.rs"),
        (
            "files.rs",
            "use std::time::SystemTime; fn f() { SystemTime::now(); }",
            "`SystemTime::now` belongs in context.rs",
        ),
        (
            "policy.rs",
            "use std::{\n    collections::BTreeMap,\n    fs::{self, File},\n};",
            "the domain is pure: no `std::fs`",
        ),
        ("entry/load.rs", "use std::net::{IpAddr, TcpStream};", "the domain is pure: no `TcpStream`"),
        ("ids.rs", "async fn f() { tokio::task::yield_now().await }", "the domain is pure: no `tokio`"),
        ("validate/rules/a.rs", "fn f() { std::fs::read(\"x\"); }", "rules are pure: no `std::fs`"),
        ("validate/rules/a.rs", "use std::time::{Duration, Instant};", "rules are pure: no `Instant`"),
        ("weather.rs", "", "the module `weather` is in no layer"),
        ("cli/mod.rs", "", "write `foo.rs` beside `foo/`"),
        ("ids.rs", &"\n".repeat(601), "601 lines; split it, 600 are the most"),
        // What only looks like a comment, a string or a test.
        ("ids.rs", "const A: &str = \"//\"; use tokio::net;", "no `tokio`"),
        ("ids.rs", "const A: char = '\"'; use tokio::net; const B: char = '\"';", "no `tokio`"),
        ("ids.rs", "const A: &str = r#\"\"//\"#; use tokio::net;", "no `tokio`"),
        ("ids.rs", "#[cfg(test)]\nmod tests;\nuse tokio::net;", "no `tokio`"),
        ("ids.rs", "#[cfg(test)]\nmod tests {\n}\nuse tokio::net;", "no `tokio`"),
        ("ids.rs", "fn f<'a>(x: &'a str) { /* /* */ */ tokio::spawn(x) }", "no `tokio`"),
    ] {
        let said = said(path, text);
        assert!(said.contains(words), "{path}: {text}\nsaid: {said}");
    }
}
