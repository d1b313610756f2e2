//! `grep`: lines that match a pattern, in all files or some.

use super::{Answer, Page, Tool, object};
use crate::agent::glob::Glob;
use crate::agent::input::{Input, Side};
use crate::agent::show::{is_binary, lines, visible, write_visible};
use crate::verdict::document::MAX_PATH;
use regex::bytes::{Regex, RegexBuilder};
use serde::Deserialize;
use serde_json::json;
use std::fmt::Write;

/// The most characters of a pattern.
const MAX_PATTERN: usize = 1_000;
/// The most bytes of a compiled pattern, and of what it remembers while it runs.
const MAX_COMPILED: usize = 4 << 20;
/// The most lines around a match.
const MAX_CONTEXT: usize = 5;
/// The most matching lines in one answer.
const MAX_MATCHES: usize = 100;
/// Characters of a matching line that are shown, and how many of them stand before the match.
const MAX_COLUMNS: usize = 300;
const BEFORE: usize = 80;
/// The most bytes that one call searches: more than an export has.
const MAX_SEARCHED: usize = 512 << 20;

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Arguments {
    pattern: String,
    glob: Option<String>,
    at: Option<Side>,
    ignore_case: Option<bool>,
    context: Option<usize>,
    offset: Option<usize>,
}

pub(super) fn tool() -> Tool {
    Tool {
        name: "grep",
        description: "Finds lines that match a regular expression (Rust syntax: no look-around, no back-references). \
                      Shows at most 100 lines at a time as `path:line: text`, context lines as `path-line- text`.",
        schema: object(
            json!({
                "pattern": {"type": "string", "description": "The regular expression; it is held against one line at a time."},
                "glob": {"type": ["string", "null"], "description": "Only files that match, such as `*.ts` or `src/**/*.py`."},
                "at": {"type": ["string", "null"], "enum": ["head", "base", null], "description": "Which commit to search; head by default. At base only modified and deleted files are there."},
                "ignore_case": {"type": ["boolean", "null"], "description": "Whether upper and lower case are the same."},
                "context": {"type": ["integer", "null"], "minimum": 0, "maximum": MAX_CONTEXT, "description": "Lines to show before and after each match."},
                "offset": {"type": ["integer", "null"], "minimum": 0, "description": "How many matching lines to skip: for the next page."},
            }),
            &["pattern"],
        ),
    }
}

/// What has been found so far.
#[derive(Debug, Default)]
struct Found {
    page: Page,
    /// Matching lines, those skipped and those shown.
    matches: usize,
    shown: usize,
    full: bool,
    binary: usize,
    unreadable: usize,
    searched: usize,
}

pub(super) fn run(input: &Input, arguments: &Arguments) -> Answer {
    if arguments.pattern.is_empty() || arguments.pattern.chars().count() > MAX_PATTERN {
        return Answer::error(format!("A pattern has 1 to {MAX_PATTERN} characters."));
    }
    let context = arguments.context.unwrap_or(0);
    if context > MAX_CONTEXT {
        return Answer::error(format!("At most {MAX_CONTEXT} lines of context are shown."));
    }
    let built = RegexBuilder::new(&arguments.pattern)
        .case_insensitive(arguments.ignore_case.unwrap_or(false))
        .size_limit(MAX_COMPILED)
        .dfa_size_limit(MAX_COMPILED)
        .build();
    let regex = match built {
        Ok(regex) => regex,
        Err(error) => return Answer::error_about("The pattern cannot be used:", &error.to_string()),
    };
    let glob = match arguments.glob.as_deref().map(Glob::new).transpose() {
        Ok(glob) => glob,
        Err(problem) => return Answer::error(problem),
    };
    let side = arguments.at.unwrap_or(Side::Head);
    let offset = arguments.offset.unwrap_or(0);
    let mut found = Found::default();
    let mut files = 0_usize;
    for file in input.task.files.iter().filter(|file| Input::exists(file, side)) {
        if glob.as_ref().is_some_and(|glob| !glob.matches(&file.path)) {
            continue;
        }
        files += 1;
        let Ok(bytes) = input.read(file, side) else {
            found.unreadable += 1;
            continue;
        };
        found.searched += bytes.len();
        if is_binary(&bytes) {
            found.binary += 1;
        } else {
            search(&mut found, &regex, &visible(&file.path, MAX_PATH), &bytes, context, offset);
        }
        if found.full || found.searched > MAX_SEARCHED {
            break;
        }
    }
    answer(found, files, offset)
}

fn search(found: &mut Found, regex: &Regex, path: &str, bytes: &[u8], context: usize, offset: usize) {
    let lines = lines(bytes);
    // The first line that has not been shown yet: context of neighbours overlaps.
    let mut next = 0_usize;
    for (index, line) in lines.iter().enumerate() {
        // `$` is before the line's end, whichever line end the file has.
        let Some(hit) = regex.find(line.strip_suffix(b"\r").unwrap_or(line)) else { continue };
        found.matches += 1;
        if found.matches <= offset {
            continue;
        }
        if found.shown == MAX_MATCHES {
            found.full = true;
            return;
        }
        let mut text = String::new();
        let from = index.saturating_sub(context).max(next);
        let to = (index + context + 1).min(lines.len());
        for (at, line) in lines.iter().enumerate().take(to).skip(from) {
            let mark = if at == index { ':' } else { '-' };
            let before = if at == index { line.get(..hit.start()).unwrap_or_default() } else { &[] };
            let column = String::from_utf8_lossy(before).chars().count().saturating_sub(BEFORE);
            let _ = write!(text, "{path}{mark}{}{mark} {}", at + 1, if column > 0 { "…" } else { "" });
            if write_visible(&mut text, line, column, MAX_COLUMNS) {
                text.push('…');
            }
            text.push('\n');
        }
        next = to;
        if !found.page.push(&text) {
            found.full = true;
            return;
        }
        found.shown += 1;
    }
}

fn answer(found: Found, files: usize, offset: usize) -> Answer {
    let mut answer = if found.shown == 0 { Answer::default() } else { Answer::data(found.page.0) };
    answer = match found.shown {
        0 if found.matches > 0 => {
            answer.note(format!("Matching lines: {}; none of them at this offset.", found.matches))
        }
        0 => answer.note(format!("No line matches; files searched: {files}.")),
        shown => answer.note(format!("Matching lines {} to {}.", offset + 1, offset + shown)),
    };
    if found.full {
        answer = answer.note(format!("There are more: ask again with offset {}.", offset + found.shown));
    } else if found.searched > MAX_SEARCHED {
        answer = answer.note("Not all files were searched: give a glob.");
    }
    for (count, what) in
        [(found.binary, "Binary files, which are not searched"), (found.unreadable, "Files that cannot be read")]
    {
        if count > 0 {
            answer = answer.note(format!("{what}: {count}."));
        }
    }
    answer
}
