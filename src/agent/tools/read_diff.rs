//! `read_diff`: what changed, as unified diff.

use super::{Answer, Page, Tool, not_listed, object};
use crate::agent::input::Input;
use crate::agent::show::{MAX_COLUMNS, lines, write_visible};
use crate::verdict::task::FileStatus;
use serde::Deserialize;
use serde_json::json;

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Arguments {
    path: Option<String>,
    piece: Option<String>,
    start_line: Option<usize>,
}

pub(super) fn tool() -> Tool {
    Tool {
        name: "read_diff",
        description: "Shows what changed from base to head as a unified diff: of one file, or one piece of the whole diff by \
                      its name. Long diffs come in pages.",
        schema: object(
            json!({
                "path": {"type": ["string", "null"], "description": "A path from list_files whose file is added, modified or deleted."},
                "piece": {"type": ["string", "null"], "description": "In place of a path: a piece, `0001.diff` and so on."},
                "start_line": {"type": ["integer", "null"], "minimum": 1, "description": "The first line of the diff to show: for the next page."},
            }),
            &[],
        ),
    }
}

pub(super) fn run(input: &Input, arguments: &Arguments) -> Answer {
    let pieces: Vec<&str> = match (&arguments.path, &arguments.piece) {
        (Some(path), None) => {
            let Some(file) = input.find(path) else { return not_listed() };
            if file.diff.is_empty() {
                let why = if file.status == FileStatus::Unchanged {
                    "The file did not change, or there is no base: use read_file."
                } else {
                    "The change is not one of text, so there is no diff: use read_file."
                };
                return Answer::default().note(why);
            }
            file.diff.iter().map(String::as_str).collect()
        }
        (None, Some(piece)) if input.has_piece(piece) => vec![piece],
        (None, Some(_)) => return Answer::error("There is no such piece of the diff."),
        _ => return Answer::error("Give either `path` or `piece`."),
    };
    let first = arguments.start_line.unwrap_or(1);
    if first == 0 {
        return Answer::error("Lines are counted from 1.");
    }
    let mut page = Page::default();
    let (mut total, mut shown, mut cut, mut full) = (0_usize, first - 1, 0_usize, false);
    for piece in pieces {
        let bytes = match input.read_piece(piece) {
            Ok(bytes) => bytes,
            Err(error) => return Answer::error_about("The diff cannot be read:", &error.to_string()),
        };
        for line in lines(&bytes) {
            total += 1;
            if total < first || full {
                continue;
            }
            let mut text = String::new();
            let longer = write_visible(&mut text, line, 0, MAX_COLUMNS);
            text.push('\n');
            if page.push(&text) {
                shown = total;
                cut += usize::from(longer);
            } else {
                full = true;
            }
        }
    }
    if shown < first {
        return Answer::error(format!("The diff ends at line {total}."));
    }
    let mut answer = Answer::data(page.0).note(format!("Lines {first} to {shown} of {total} of the diff."));
    if cut > 0 {
        answer = answer.note(format!(
            "Lines that are longer than the {MAX_COLUMNS} characters shown: {cut}. read_file shows the rest of them."
        ));
    }
    if shown < total { answer.note(format!("Ask again with start_line {} for more.", shown + 1)) } else { answer }
}
