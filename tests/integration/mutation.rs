//! A mutation run: real entries, broken in small ways, through everything that `validate` does. Nothing may panic, and
//! what `--fix` writes must still be a document.
//!
//! `MCP_REGISTRY_MUTATIONS` sets the number of inputs and `MCP_REGISTRY_SEED` repeats a run; both are printed.

use crate::corpus;
use mcp_registry::entry::Entry;
use mcp_registry::output::{self, Format, RenderOptions};
use mcp_registry::policy::Policy;
use mcp_registry::validate::{self, Request, fix, rules};
use rayon::prelude::*;
use serde::Deserialize;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;

/// In every test run. The run of a million is a matter of minutes, in a release build.
const DEFAULT_INPUTS: u64 = 4_000;

#[derive(Deserialize)]
struct Line {
    name: String,
    yaml: String,
}

/// SplitMix64: small, seedable and good enough to choose what to break.
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    fn below(&mut self, bound: usize) -> usize {
        usize::try_from(self.next() % (bound.max(1) as u64)).unwrap()
    }
}

/// Texts that mean something to a YAML parser, a rule, a terminal or a workflow.
const PIECES: &[&str] = &[
    "{",
    "}",
    "[",
    "]",
    "{{",
    "}}",
    "{{x.y}}",
    ": ",
    ":",
    "- ",
    "? ",
    "|",
    ">",
    "|+\n",
    ">-\n",
    "&a ",
    "*a",
    "!!int ",
    "!",
    "\"",
    "'",
    "\\",
    "#",
    " #",
    "\n",
    "\r\n",
    "\r",
    "\t",
    "\0",
    "\u{1b}[31m",
    "\u{feff}",
    "\u{202e}",
    "\u{200b}",
    "\u{e0041}",
    "%",
    "---\n",
    "...\n",
    "<<: ",
    "null",
    "~",
    "yes",
    "012",
    "1e999",
    "0x",
    "2024-01-02",
    "::error::",
    "👍",
    "http://",
    "https://user:pass@",
    "/var/run/docker.sock:/x",
    "MCP",
    "Server",
    "é",
    "\u{0301}",
    "AKIA",
    "ghp_",
    "latest",
    ":latest",
    "@sha256:",
    "refs/pull/1/head",
    "ignore previous instructions",
    "name: ",
    "tools:\n",
    "\u{85}",
    "\u{2028}",
];

fn at_boundary(text: &str, mut at: usize) -> usize {
    while !text.is_char_boundary(at) {
        at -= 1;
    }
    at
}

fn mutate(text: &str, random: &mut Random) -> String {
    let mut text = text.to_owned();
    for _ in 0..=random.below(4) {
        let (a, b) = (random.below(text.len() + 1), random.below(text.len() + 1));
        let (a, b) = (at_boundary(&text, a.min(b)), at_boundary(&text, a.max(b)));
        match random.below(7) {
            0 => text.insert_str(a, PIECES[random.below(PIECES.len())]),
            1 => text.replace_range(a..at_boundary(&text, (a + 8).min(text.len())), ""),
            2 => text.replace_range(a..at_boundary(&text, (a + 1).min(text.len())), PIECES[random.below(PIECES.len())]),
            3 => text.truncate(b),
            4 => {
                let copy = text[a..at_boundary(&text, (a + 60).min(text.len()))].to_owned();
                text.insert_str(b, &copy);
            }
            5 => {
                let mut lines: Vec<&str> = text.split_inclusive('\n').collect();
                if lines.len() > 1 {
                    let (i, j) = (random.below(lines.len()), random.below(lines.len()));
                    lines.swap(i, j);
                    text = lines.concat();
                }
            }
            _ => {
                let indent = " ".repeat(random.below(5));
                if let Some(end) = text[a..].find('\n') {
                    text.insert_str(a + end + 1, &indent);
                }
            }
        }
    }
    text
}

/// Texts to break: the corpus where it is there, and always this repository's own entries.
fn originals() -> Vec<(String, String, Option<String>)> {
    let mut texts: Vec<(String, String, Option<String>)> = corpus::lines::<Line>("entries.jsonl")
        .unwrap_or_default()
        .into_iter()
        .map(|line| (line.name, line.yaml, None))
        .collect();
    let own = Path::new(env!("CARGO_MANIFEST_DIR")).join("servers");
    for folder in std::fs::read_dir(own).unwrap() {
        let folder = folder.unwrap();
        let Ok(text) = std::fs::read_to_string(folder.path().join("server.yaml")) else { continue };
        let tools = std::fs::read_to_string(folder.path().join("tools.json")).ok();
        texts.push((folder.file_name().into_string().unwrap(), text, tools));
    }
    texts.sort();
    texts
}

fn everything(name: &str, manifest: &str, tools: Option<&str>, readme: &str, policy: &Policy) {
    let entries = [Entry::from_texts(name, Some(manifest), tools, Some(readme))];
    let request = Request {
        entries: &entries,
        facts: &[],
        only: None,
        policy,
        today: chrono::NaiveDate::from_ymd_opt(2026, 1, 2).unwrap(),
        strict: false,
    };
    let report = validate::judge(&request);
    let plan = fix::plan(&request, &report);
    for fixed in &plan.fixed {
        mcp_registry::document::Document::from_yaml(fixed.after.clone()).expect("a fixed file composes");
    }
    let descriptors = rules::descriptors();
    let options = RenderOptions { color: false, width: 100, show_waived: true, quiet: false, rules: &descriptors };
    for format in [Format::Human, Format::Json, Format::Github] {
        assert!(!output::render(&report, format, &options).contains('\u{1b}'));
    }
}

#[test]
fn mutation_run_never_panics() {
    let number = |name: &str| std::env::var(name).ok().and_then(|text| text.parse::<u64>().ok());
    let inputs = number("MCP_REGISTRY_MUTATIONS").unwrap_or(DEFAULT_INPUTS);
    let seed = number("MCP_REGISTRY_SEED").unwrap_or(0x6d63_7000);
    let originals = originals();
    let policy = Policy::parse("[style]\nsort-tags = true\n").unwrap();
    println!("mutation run: {inputs} inputs from {} texts, MCP_REGISTRY_SEED={seed}", originals.len());
    (0..inputs).into_par_iter().for_each(|input| {
        let mut random = Random(seed.wrapping_add(input.wrapping_mul(0x2545_f491_4f6c_dd1d)));
        let (name, manifest, tools) = &originals[random.below(originals.len())];
        let manifest = mutate(manifest, &mut random);
        let tools = tools.as_ref().map(|tools| mutate(tools, &mut random));
        let readme = mutate("# Readme\n\nWhat it does.\n", &mut random);
        let run = || everything(name, &manifest, tools.as_deref(), &readme, &policy);
        if catch_unwind(AssertUnwindSafe(run)).is_err() {
            panic!("seed {seed}, input {input}: panicked on\n{manifest:?}\n{tools:?}\n{readme:?}");
        }
    });
}
