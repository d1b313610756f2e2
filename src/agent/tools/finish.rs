//! `finish`: what was found, in a form that can be checked.

use super::{Answer, Tool, object};
use crate::agent::input::{Input, Side};
use crate::agent::show::{as_in_file, lines, visible};
use crate::text::shorten;
use crate::verdict::document::{MAX_FINDINGS, MAX_SUMMARY, MAX_TEXT, MAX_TITLE};
use crate::verdict::{Category, Confidence, ReviewFinding, Risk};
use serde::Deserialize;
use serde_json::{Value, json};
use std::fmt::Write;

/// The most problems that are said at once.
const MAX_PROBLEMS: usize = 20;

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Arguments {
    summary: String,
    findings: Vec<Value>,
}

/// An end of the review that can be taken as it is.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(in crate::agent) struct Finish {
    /// What was looked at, for people.
    pub(in crate::agent) summary: String,
    pub(in crate::agent) findings: Vec<ReviewFinding>,
}

#[derive(Debug)]
pub(in crate::agent) struct Rejected {
    /// What is wrong, for the model.
    pub(in crate::agent) answer: Answer,
    /// What of it can be taken.
    pub(in crate::agent) acceptable: Finish,
    /// Nothing is wrong but quotes that are not in their files, which whoever reads the findings checks again.
    pub(in crate::agent) only_quotes: bool,
}

pub(super) fn tool() -> Tool {
    let text = |what: &str| json!({"type": "string", "description": what});
    let optional = |kind: &str, what: &str| json!({"type": [kind, "null"], "description": what});
    let finding = object(
        json!({
            "title": text("What is wrong, in one line of at most 200 characters."),
            "risk": {"type": "string", "enum": Risk::ALL.map(Risk::as_str)},
            "category": {"type": "string", "enum": Category::ALL.map(Category::as_str)},
            "path": optional("string", "The file, as list_files names it; null when it is about the repository as a whole."),
            "start_line": optional("integer", "The first line, from 1, at head (at base for a deleted file)."),
            "end_line": optional("integer", "The last line."),
            "quote": optional("string", "The very text, copied from the file without the line numbers; a few lines at most."),
            "impact": text("What can come of it."),
            "recommendation": text("What to do about it."),
            "confidence": {"type": "string", "enum": Confidence::ALL.map(Confidence::as_str)},
        }),
        ReviewFinding::KEYS,
    );
    Tool {
        name: super::FINISH,
        description: "Ends the review with everything that was found. Call it once, when you have looked at all that matters; \
                      an empty list of findings is a good answer when nothing was found. What is wrong with the call is said, \
                      and it can then be made again.",
        schema: object(
            json!({
                "summary": text("For the maintainers: what the server does, what was looked at, and what was concluded. At most 8,000 characters."),
                "findings": {"type": "array", "items": finding, "maxItems": MAX_FINDINGS},
            }),
            &["summary", "findings"],
        ),
    }
}

/// What is wrong with one finding.
enum Problem {
    Plain(String),
    /// In words that repeat some of the model's.
    About(String),
    /// The quote is not in the file.
    Quote,
}

pub(super) fn run(input: &Input, arguments: Arguments) -> Result<Finish, Rejected> {
    let mut summary = arguments.summary.trim().to_owned();
    let mut said = Vec::new();
    let mut details = String::new();
    let mut only_quotes = true;
    let mut problems = 0_usize;
    let mut findings = Vec::new();
    if summary.is_empty() || summary.chars().count() > MAX_SUMMARY {
        said.push(format!("summary: 1 to {MAX_SUMMARY} characters."));
        only_quotes = false;
        problems += 1;
    }
    if arguments.findings.len() > MAX_FINDINGS {
        said.push(format!("findings: at most {MAX_FINDINGS}; keep the gravest."));
        only_quotes = false;
        problems += 1;
    }
    for (index, value) in arguments.findings.into_iter().take(MAX_FINDINGS).enumerate() {
        let (finding, found) = check(input, value);
        problems += found.len();
        let mut sound = true;
        for problem in found {
            sound &= matches!(problem, Problem::Quote);
            if said.len() == MAX_PROBLEMS {
                continue;
            }
            match problem {
                Problem::Plain(text) => said.push(format!("findings[{index}]{text}")),
                Problem::Quote => said.push(format!(
                    "findings[{index}].quote: this text is not in the file. Copy it as the file has it, without line \
                     numbers, or leave it null."
                )),
                Problem::About(text) => {
                    said.push(format!("findings[{index}]: not what a finding is; see below."));
                    let _ = writeln!(details, "findings[{index}]: {}", visible(&text, 300));
                }
            }
        }
        only_quotes &= sound;
        findings.extend(finding.filter(|_| sound));
    }
    shorten(&mut summary, MAX_SUMMARY);
    let acceptable = Finish { summary, findings };
    if problems == 0 {
        return Ok(acceptable);
    }
    said.insert(
        0,
        format!("The review has not ended: {problems} things are wrong. Correct them and call finish again."),
    );
    let data = (!details.is_empty()).then_some(details);
    Err(Rejected { answer: Answer { error: true, notes: said, data }, acceptable, only_quotes })
}

/// A finding that is well formed, with everything that is wrong with it.
fn check(input: &Input, value: Value) -> (Option<ReviewFinding>, Vec<Problem>) {
    // Serde would take a list of its fields for a struct.
    if !value.is_object() {
        return (None, vec![Problem::Plain(": it is not an object.".to_owned())]);
    }
    let mut finding: ReviewFinding = match serde_json::from_value(value) {
        Ok(finding) => finding,
        Err(error) => return (None, vec![Problem::About(error.to_string())]),
    };
    let mut problems = Vec::new();
    let mut plain = |text: &str| problems.push(Problem::Plain(text.to_owned()));
    finding.title = finding.title.split_whitespace().collect::<Vec<_>>().join(" ");
    if finding.title.is_empty() || finding.title.chars().count() > MAX_TITLE {
        plain(&format!(".title: 1 to {MAX_TITLE} characters."));
    }
    for (name, text) in [("impact", &finding.impact), ("recommendation", &finding.recommendation)] {
        if text.trim().is_empty() || text.chars().count() > MAX_TEXT {
            plain(&format!(".{name}: 1 to {MAX_TEXT} characters."));
        }
    }
    // An empty text and nothing are the same to a model.
    finding.quote = finding.quote.filter(|quote| !quote.trim().is_empty());
    finding.path = finding.path.filter(|path| !path.is_empty());
    if finding.quote.as_ref().is_some_and(|quote| quote.chars().count() > MAX_TEXT) {
        plain(&format!(".quote: at most {MAX_TEXT} characters; a few lines are enough."));
    }
    let (start, end) = (finding.start_line, finding.end_line);
    let Some(path) = &finding.path else {
        if start.is_some() || end.is_some() {
            plain(".path: lines without a file say nothing.");
        }
        return (Some(finding), problems);
    };
    let Some(file) = input.find(path) else {
        plain(".path: no such file is in this review; use a path from list_files.");
        return (None, problems);
    };
    // What is said afterwards is said about the name in the repository, whatever the file is called here.
    finding.path = Some(file.path.clone());
    let bytes = input.read(file, Input::usual_side(file)).unwrap_or_default();
    let count = lines(&bytes).len();
    let in_file = |line: u32| line >= 1 && usize::try_from(line).is_ok_and(|line| line <= count.max(1));
    match (start, end) {
        (None, None) => {}
        (Some(start), end) if in_file(start) && end.is_none_or(|end| end >= start && in_file(end)) => {
            finding.end_line = end.or(Some(start));
        }
        (None, Some(_)) => plain(".start_line: there is an end_line without it."),
        _ => {
            plain(&format!(".start_line, end_line: the file has {count} lines, and end_line is not before start_line."))
        }
    }
    if let Some(quote) = finding.quote.take() {
        let mut places = vec![bytes];
        // What was removed can only be quoted from base.
        if Input::exists(file, Side::Base) && Input::exists(file, Side::Head) {
            places.extend(input.read(file, Side::Base).ok());
        }
        let found = places.iter().find_map(|bytes| verbatim(bytes, &quote));
        if found.is_none() {
            problems.push(Problem::Quote);
        }
        finding.quote = Some(found.unwrap_or(quote));
    }
    (Some(finding), problems)
}

/// The quote as the file has it: models copy what they were shown, with codes for what cannot be seen and LF for CRLF.
fn verbatim(bytes: &[u8], quote: &str) -> Option<String> {
    let text = String::from_utf8_lossy(bytes);
    let unshown = as_in_file(quote);
    let trimmed = unshown.trim_end_matches(['\n', '\r']);
    [quote.to_owned(), unshown.clone(), trimmed.to_owned(), trimmed.replace("\r\n", "\n").replace('\n', "\r\n")]
        .into_iter()
        .find(|candidate| !candidate.is_empty() && text.contains(candidate.as_str()))
}
