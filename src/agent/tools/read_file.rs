//! `read_file`: numbered lines of one file.

use super::{Answer, Page, Tool, not_listed, object};
use crate::agent::input::{Input, Side};
use crate::agent::show::{MAX_COLUMNS, is_binary, lines, write_visible};
use serde::Deserialize;
use serde_json::json;

/// Lines that are shown when nobody says how many.
const USUAL_LINES: usize = 400;
/// Line numbers of cut lines that are named; there may be more.
const MAX_NAMED: usize = 20;

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Arguments {
    path: String,
    at: Option<Side>,
    start_line: Option<usize>,
    end_line: Option<usize>,
    start_column: Option<usize>,
}

pub(super) fn tool() -> Tool {
    Tool {
        name: "read_file",
        description: "Shows lines of one file: the number, a tab, the text. The number and the tab are not part of the file. \
                      Characters that cannot be seen are shown as codes such as <U+200B>, bytes that are not UTF-8 as <0xFF>. \
                      Long lines are cut; the notes say which.",
        schema: object(
            json!({
                "path": {"type": "string", "description": "A path from list_files."},
                "at": {"type": ["string", "null"], "enum": ["head", "base", null], "description": "The commit under review (head, the default) or the one reviewed before (base; modified and deleted files only)."},
                "start_line": {"type": ["integer", "null"], "minimum": 1, "description": "The first line; 1 by default."},
                "end_line": {"type": ["integer", "null"], "minimum": 1, "description": "The last line; 400 lines by default."},
                "start_column": {"type": ["integer", "null"], "minimum": 1, "description": "The first character of each line to show; for lines that were cut."},
            }),
            &["path"],
        ),
    }
}

pub(super) fn run(input: &Input, arguments: &Arguments) -> Answer {
    let Some(file) = input.find(&arguments.path) else { return not_listed() };
    let side = arguments.at.unwrap_or_else(|| Input::usual_side(file));
    if !Input::exists(file, side) {
        return Answer::error("The file is not there on that side; list_files says how it differs from base.");
    }
    let bytes = match input.read(file, side) {
        Ok(bytes) => bytes,
        Err(error) => return Answer::error_about("The file cannot be read:", &error.to_string()),
    };
    if is_binary(&bytes) {
        return Answer::default().note(format!("A binary file of {} bytes; it is not shown.", bytes.len()));
    }
    let all = lines(&bytes);
    let first = arguments.start_line.unwrap_or(1);
    let last = arguments.end_line.unwrap_or_else(|| first.saturating_add(USUAL_LINES - 1));
    let column = arguments.start_column.unwrap_or(1);
    if first == 0 || last < first || column == 0 {
        return Answer::error("Lines and columns are counted from 1, and end_line is not before start_line.");
    }
    if all.is_empty() {
        return Answer::default().note("The file is empty.");
    }
    let mut page = Page::default();
    let mut cut = Vec::new();
    let mut shown = first - 1;
    for (index, line) in all.iter().enumerate().take(last.min(all.len())).skip(first - 1) {
        let mut text = format!("{}\t", index + 1);
        if write_visible(&mut text, line, column - 1, MAX_COLUMNS) {
            cut.push(index + 1);
        }
        text.push('\n');
        if !page.push(&text) {
            cut.retain(|line| *line <= index);
            break;
        }
        shown = index + 1;
    }
    if shown < first {
        return Answer::error(format!("The file ends at line {}.", all.len()));
    }
    let mut answer = Answer::data(page.0).note(format!("Lines {first} to {shown} of {}.", all.len()));
    if side == Side::Base {
        answer = answer.note("This is base, not the code under review.");
    }
    if !cut.is_empty() {
        let named: Vec<String> = cut.iter().take(MAX_NAMED).map(ToString::to_string).collect();
        answer = answer.note(format!(
            "Lines that are longer than shown: {} (line {}). Ask for one with start_column {} to see more of it.",
            cut.len(),
            named.join(", "),
            column.saturating_add(MAX_COLUMNS),
        ));
    }
    if shown < all.len() { answer.note(format!("Ask again with start_line {} for more.", shown + 1)) } else { answer }
}
