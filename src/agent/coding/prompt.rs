//! The prompt of a coding agent: one, because only its vendor can change its own instructions.

use crate::agent::fence::Fence;
use crate::agent::input::Input;
use crate::agent::prompt::{self, PromptError};
use crate::agent::show::visible;
use crate::verdict::report::Scope;
use crate::verdict::task::FileStatus;
use minijinja::context;
use std::path::Path;

/// The version of what coding agents are told: part of the key under which verdicts are kept.
pub(crate) const PROMPT_VERSION: &str = "coding-1";

const PROMPT: &str = include_str!("../../../reviewer/prompts/coding.md.jinja");

/// Characters of a path that are shown.
const MAX_SHOWN: usize = 300;
/// Changed files that are listed; there may be more.
const MAX_LISTED: usize = 200;

/// The prompt about a task whose files are below `root`.
///
/// # Errors
/// When the template is broken, or the system has no randomness.
pub(super) fn prompt(input: &Input, root: &Path) -> Result<String, PromptError> {
    let fence = Fence::random()
        .map_err(|error| minijinja::Error::new(minijinja::ErrorKind::InvalidOperation, error.to_string()))?;
    let task = &input.task;
    let changed = task.files.iter().filter(|file| file.status != FileStatus::Unchanged);
    let list: Vec<String> = changed
        .clone()
        .take(MAX_LISTED)
        .map(|file| {
            let status = format!("{:?}", file.status).to_lowercase();
            let diff: Vec<String> = file.diff.iter().map(|piece| format!("diff/{piece}")).collect();
            let side = if file.status == FileStatus::Deleted { "base" } else { "head" };
            let place = visible(&format!("{side}/{}", file.exported_as), MAX_SHOWN);
            format!("{status} {place} {}", diff.join(" ")).trim_end().to_owned()
        })
        .collect();
    prompt::render(
        PROMPT,
        context! {
            root => root.display().to_string(),
            differential => task.scope == Scope::Differential,
            files => task.files.len(),
            changed => changed.count(),
            changed_list => if list.is_empty() { String::new() } else { fence.around(&list.join("\n")) },
            listed => MAX_LISTED,
            about => fence.around(&prompt::about(task)),
            categories => prompt::categories(),
            risks => prompt::risks(),
            open => fence.open(),
            close => fence.close(),
            unreviewed => task.unreviewed.len(),
        },
    )
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::{PROMPT, PROMPT_VERSION};
    use crate::agent::prompt::JUDGING;
    use crate::ids::hex;
    use sha2::{Digest, Sha256};

    #[test]
    fn another_prompt_is_another_version() {
        let hash = hex(&Sha256::digest([PROMPT, JUDGING].join("\0")));
        assert_eq!(
            (PROMPT_VERSION, hash.as_str()),
            ("coding-1", "c9ea529cc3e8fcaa3e4910fba69a90f08147c208676444ad9e833dcc8ee8c869"),
            "the prompt changed: raise PROMPT_VERSION, and put both here"
        );
    }
}
