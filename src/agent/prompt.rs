//! What the model is told at the beginning.

use super::fence::Fence;
use super::input::Input;
use super::show::visible;
use crate::verdict::report::Scope;
use crate::verdict::task::{FileStatus, Task};
use minijinja::{Environment, UndefinedBehavior, context};
use std::fmt::Write;

/// The version of everything that the model is told: prompts and tools. It is part of the key under which verdicts are kept,
/// so that a review by an older prompt is not taken for one by this.
pub(crate) const PROMPT_VERSION: &str = "1";

const SYSTEM: &str = include_str!("../../reviewer/prompts/system.md.jinja");
const TASK: &str = include_str!("../../reviewer/prompts/task.md.jinja");
/// What to look for and how to rate it: a part of every prompt.
pub(super) const JUDGING: &str = include_str!("../../reviewer/prompts/judging.md.jinja");

/// Lines of a list that are shown; there may be more.
const MAX_LISTED: usize = 100;
/// Characters of one thing in a list.
const MAX_SHOWN: usize = 300;

/// The categories and what they mean: as [`crate::verdict::Category`] has it.
const CATEGORIES: &[(&str, &str)] = &[
    ("malicious-code", "code that is made to do harm."),
    ("credential-theft", "credentials are read or sent where they do not belong."),
    ("data-exfiltration", "data leaves for a place that its user does not expect."),
    ("injection", "input becomes a command, a query or code."),
    ("prompt-injection", "text that steers a model or a reviewer."),
    ("tool-poisoning", "a tool's description or result misleads the model that uses it."),
    ("traversal", "files outside the intended folder, or addresses outside the intended network, can be reached."),
    ("access-control", "who may do what is not checked, or checked wrongly."),
    ("install-hook", "code that runs when something is installed or built."),
    ("dependency", "a dependency that is new, unpinned, misspelt or from an unusual source."),
    ("obfuscation", "code that hides what it does: encoded, minified, invisible characters."),
    ("behaviour", "contacts a host, reads a secret or starts a program, and the users should know."),
    ("unreviewed", "content that no reviewer could look at."),
    ("other", "anything else."),
];

/// The risks and what they mean: as [`crate::verdict::Risk`] has it.
const RISKS: &[(&str, &str)] = &[
    ("critical", "harm is done, or anybody can do it: malicious code, stolen credentials."),
    ("high", "harm is likely when somebody tries."),
    ("medium", "harm is possible under conditions that an attacker does not control alone."),
    ("low", "harm needs unlikely conditions or is small."),
    ("info", "worth knowing; no harm can come of it."),
];

/// A template cannot be rendered: a mistake in this program, which tests would have found.
#[derive(Debug, thiserror::Error)]
#[error("a prompt cannot be made: {0}")]
pub(super) struct PromptError(#[from] minijinja::Error);

pub(super) fn render(template: &str, values: minijinja::Value) -> Result<String, PromptError> {
    let mut environment = Environment::new();
    environment.set_undefined_behavior(UndefinedBehavior::Strict);
    environment.add_template("judging.md.jinja", JUDGING)?;
    Ok(environment.render_str(template, values)?)
}

fn is_differential(task: &Task) -> bool {
    task.scope == Scope::Differential
}

/// The categories for a template.
pub(super) fn categories() -> Vec<minijinja::Value> {
    listing(CATEGORIES)
}

/// The risks for a template.
pub(super) fn risks() -> Vec<minijinja::Value> {
    listing(RISKS)
}

fn listing(items: &[(&'static str, &'static str)]) -> Vec<minijinja::Value> {
    items.iter().map(|(name, meaning)| context! { name => *name, meaning => *meaning }).collect()
}

/// The system prompt.
///
/// # Errors
/// When the template is broken.
pub(super) fn system(task: &Task, fence: &Fence, max_turns: u32) -> Result<String, PromptError> {
    render(
        SYSTEM,
        context! {
            differential => is_differential(task),
            open => fence.open(),
            close => fence.close(),
            categories => categories(),
            risks => risks(),
            max_turns => max_turns,
        },
    )
}

/// The first message: what is to be reviewed. Everything in it that comes from the repository is fenced.
///
/// # Errors
/// When the template is broken.
pub(super) fn task(input: &Input, fence: &Fence) -> Result<String, PromptError> {
    let task = &input.task;
    let unreviewed = task.unreviewed.iter().map(|item| format!("{} ({}) {}", item.path, item.reason, item.detail));
    let renamed = task.renamed.iter().map(|item| format!("{} (in the sandbox: {})", item.path, item.exported_as));
    render(
        TASK,
        context! {
            differential => is_differential(task),
            files => task.files.len(),
            changed => task.files.iter().filter(|file| file.status != FileStatus::Unchanged).count(),
            about => fence.around(&about(task)),
            unreviewed => listed(unreviewed, fence),
            unreviewed_count => task.unreviewed.len(),
            unreviewed_shown => MAX_LISTED,
            renamed => listed(renamed, fence),
            renamed_count => task.renamed.len(),
            renamed_shown => MAX_LISTED,
        },
    )
}

pub(super) fn about(task: &Task) -> String {
    let mut text = String::new();
    let base = task.base.as_ref().map(ToString::to_string);
    let directory = if task.directory.is_empty() { "(the top of the repository)" } else { &task.directory };
    for (name, value) in [
        ("repository", Some(task.repository.as_str())),
        ("base", base.as_deref()),
        ("head", Some(&task.head.to_string())),
        ("directory", Some(directory)),
        ("dockerfile", task.dockerfile.as_deref()),
    ] {
        if let Some(value) = value {
            let _ = writeln!(text, "{name}: {}", visible(value, MAX_SHOWN));
        }
    }
    text
}

/// Fenced lines; empty when there are none.
fn listed(items: impl Iterator<Item = String>, fence: &Fence) -> String {
    let lines: Vec<String> = items.take(MAX_LISTED).map(|item| visible(item.trim_end(), MAX_SHOWN)).collect();
    if lines.is_empty() { String::new() } else { fence.around(&lines.join("\n")) }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::{CATEGORIES, JUDGING, PROMPT_VERSION, RISKS, SYSTEM, TASK};
    use crate::agent::tools;
    use crate::ids::hex;
    use sha2::{Digest, Sha256};

    /// The SHA-256, in hexadecimal digits, of everything that [`PROMPT_VERSION`] is the version of.
    fn prompt_hash() -> String {
        let mut hash = Sha256::new();
        let mut add = |text: &str| {
            // With the length, so that moving text from one part to the next changes the hash.
            hash.update((text.len() as u64).to_be_bytes());
            hash.update(text);
        };
        add(SYSTEM);
        add(JUDGING);
        add(TASK);
        for (name, meaning) in CATEGORIES.iter().chain(RISKS) {
            add(name);
            add(meaning);
        }
        for tool in tools::all() {
            add(tool.name);
            add(tool.description);
            add(&tool.schema.to_string());
        }
        hex(&hash.finalize())
    }
    use crate::verdict::{Category, Risk};
    use serde_json::json;

    #[test]
    fn another_prompt_is_another_version() {
        assert_eq!(
            (PROMPT_VERSION, prompt_hash().as_str()),
            ("1", "4e3eb7a2a4f5758b7e00f9b017096ada8b3cffdb4b6edeb36c5f9688010d40d5"),
            "the prompts or tools changed: raise PROMPT_VERSION, and put both here"
        );
    }

    #[test]
    fn every_category_and_risk_is_explained() {
        for (name, _) in CATEGORIES {
            let category: Category = serde_json::from_value(json!(name)).unwrap();
            assert_eq!(serde_json::to_value(category).unwrap(), json!(name));
        }
        // The schema of `finish` lists the same, in the same order.
        let schema = crate::agent::tools::all().pop().unwrap().schema;
        let listed = &schema["properties"]["findings"]["items"]["properties"]["category"]["enum"];
        assert_eq!(*listed, json!(CATEGORIES.iter().map(|(name, _)| *name).collect::<Vec<_>>()));
        let risks: Vec<&str> = RISKS.iter().rev().map(|(name, _)| *name).collect();
        assert_eq!(risks, Risk::ALL.map(Risk::as_str));
    }
}
