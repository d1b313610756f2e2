//! `list_files`: what there is to read.

use super::{Answer, Page, Tool, object};
use crate::agent::glob::Glob;
use crate::agent::input::Input;
use crate::agent::show::visible;
use crate::verdict::document::MAX_PATH;
use crate::verdict::task::{FileStatus, TaskFile};
use serde::Deserialize;
use serde_json::json;

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Arguments {
    glob: Option<String>,
    prefix: Option<String>,
    changed_only: Option<bool>,
    offset: Option<usize>,
}

pub(super) fn tool() -> Tool {
    Tool {
        name: "list_files",
        description: "Lists the files of this review, sorted by path, one a line: path, size in bytes, and how it \
                      differs from base (unchanged, added, modified, deleted). Long lists come in pages.",
        schema: object(
            json!({
                "glob": {"type": ["string", "null"], "description": "Only paths that match, such as `*.ts` (any folder), `src/**/*.py` or `*.{js,ts}`."},
                "prefix": {"type": ["string", "null"], "description": "Only paths that begin with this, such as `src/`."},
                "changed_only": {"type": ["boolean", "null"], "description": "Only files that are added, modified or deleted."},
                "offset": {"type": ["integer", "null"], "minimum": 0, "description": "How many to skip: for the next page."},
            }),
            &[],
        ),
    }
}

fn status(file: &TaskFile) -> &'static str {
    match file.status {
        FileStatus::Unchanged => "unchanged",
        FileStatus::Added => "added",
        FileStatus::Modified => "modified",
        FileStatus::Deleted => "deleted",
    }
}

pub(super) fn run(input: &Input, arguments: &Arguments) -> Answer {
    let glob = match arguments.glob.as_deref().map(Glob::new).transpose() {
        Ok(glob) => glob,
        Err(problem) => return Answer::error(problem),
    };
    let prefix = arguments.prefix.as_deref().unwrap_or_default();
    let changed_only = arguments.changed_only.unwrap_or(false);
    let found: Vec<&TaskFile> = input
        .task
        .files
        .iter()
        .filter(|file| file.path.starts_with(prefix))
        .filter(|file| !changed_only || file.status != FileStatus::Unchanged)
        .filter(|file| glob.as_ref().is_none_or(|glob| glob.matches(&file.path)))
        .collect();
    let offset = arguments.offset.unwrap_or(0);
    let mut page = Page::default();
    let mut shown = 0_usize;
    for file in found.iter().skip(offset) {
        let line = format!("{}  {} bytes  {}\n", visible(&file.path, MAX_PATH), file.bytes, status(file));
        if !page.push(&line) {
            break;
        }
        shown += 1;
    }
    if shown == 0 {
        return Answer::default().note(format!("Matching files: {}; none of them at this offset.", found.len()));
    }
    let end = offset + shown;
    let answer = Answer::data(page.0).note(format!("Files {} to {end} of {}.", offset + 1, found.len()));
    if end < found.len() { answer.note(format!("Ask again with offset {end} for more.")) } else { answer }
}
