//! The tools that the model has: it lists, reads, searches, and finishes. Nothing runs, nothing is written.
//!
//! What a tool answers has two parts: notes in our own words, made of fixed text and numbers, and data, which is everything
//! that comes from the code under review or from the model itself. Only data is fenced, so it must hold all of that.

pub(super) mod finish;
mod grep;
mod list_files;
mod read_diff;
mod read_file;

use super::fence::Fence;
use super::input::Input;
use super::show::visible;
use crate::provider::json;
use finish::{Finish, Rejected};
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};

/// The most bytes of data in one answer: some 8,000 tokens.
pub(super) const MAX_ANSWER_BYTES: usize = 32 * 1024;
/// The most bytes of arguments of one call, but for `finish`.
const MAX_ARGUMENT_BYTES: usize = 16 * 1024;
/// The most bytes of arguments of `finish`: more would not fit into the findings document.
const MAX_FINISH_BYTES: usize = 512 * 1024;
/// The tool that ends the review.
pub(super) const FINISH: &str = "finish";

/// The tools that show what is in one file.
pub(super) const SHOWING: &[&str] = &["read_file", "read_diff"];

/// What the model is told about a tool.
#[derive(Debug, Clone)]
pub(super) struct Tool {
    pub(super) name: &'static str,
    pub(super) description: &'static str,
    /// The JSON Schema of its arguments.
    pub(super) schema: Value,
}

/// All of them, in the order in which they are shown.
pub(super) fn all() -> Vec<Tool> {
    vec![list_files::tool(), read_file::tool(), grep::tool(), read_diff::tool(), finish::tool()]
}

/// What a call gives back to the model.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Answer {
    pub(super) error: bool,
    /// Our own words and numbers. Never a name or text from outside.
    pub(super) notes: Vec<String>,
    pub(super) data: Option<String>,
}

impl Answer {
    /// A failure, in our words.
    pub(super) fn error(note: impl Into<String>) -> Self {
        Self { error: true, notes: vec![note.into()], data: None }
    }

    /// A failure whose explanation repeats something that the model or a file said.
    fn error_about(note: impl Into<String>, detail: &str) -> Self {
        let lines: Vec<String> = detail.lines().take(10).map(|line| visible(line, 300)).collect();
        Self { error: true, notes: vec![note.into()], data: Some(lines.join("\n")) }
    }

    fn data(data: String) -> Self {
        Self { error: false, notes: Vec::new(), data: Some(data) }
    }

    fn note(mut self, note: impl Into<String>) -> Self {
        self.notes.push(note.into());
        self
    }

    /// The text that is sent.
    pub(super) fn text(&self, fence: &Fence) -> String {
        let mut parts = self.notes.clone();
        if self.error {
            parts.insert(0, "The call failed.".to_owned());
        }
        parts.extend(self.data.as_deref().map(|data| fence.around(data)));
        if parts.is_empty() { "Nothing.".to_owned() } else { parts.join("\n") }
    }
}

/// What came of a call.
#[derive(Debug)]
pub(super) enum Done {
    /// The model goes on with this.
    Answer(Answer),
    Finished(Finish),
    /// It wanted to end, and what it said is not acceptable yet.
    Rejected(Rejected),
}

/// The most bytes of arguments of this tool.
pub(super) fn limit(name: &str) -> usize {
    if name == FINISH { MAX_FINISH_BYTES } else { MAX_ARGUMENT_BYTES }
}

/// Calls a tool. `arguments` are what the model sent, as text.
pub(super) fn call(input: &Input, name: &str, arguments: &str) -> Done {
    let limit = limit(name);
    if arguments.len() > limit {
        let answer = Answer::error(format!("The arguments have more than {limit} bytes."));
        return if name == FINISH { rejected(answer) } else { Done::Answer(answer) };
    }
    let answer = match name {
        "list_files" => parsed(arguments).map(|arguments| list_files::run(input, &arguments)),
        "read_file" => parsed(arguments).map(|arguments| read_file::run(input, &arguments)),
        "grep" => parsed(arguments).map(|arguments| grep::run(input, &arguments)),
        "read_diff" => parsed(arguments).map(|arguments| read_diff::run(input, &arguments)),
        FINISH => {
            return match parsed(arguments) {
                Ok(arguments) => match finish::run(input, arguments) {
                    Ok(finish) => Done::Finished(finish),
                    Err(rejected) => Done::Rejected(rejected),
                },
                Err(answer) => rejected(answer),
            };
        }
        _ => Err(Answer::error(
            "There is no tool of that name: list_files, read_file, grep, read_diff and finish are all.",
        )),
    };
    Done::Answer(answer.unwrap_or_else(|answer| answer))
}

/// An end of which nothing can be taken.
fn rejected(answer: Answer) -> Done {
    Done::Rejected(Rejected { answer, acceptable: Finish::default(), only_quotes: false })
}

/// Arguments as what they must be, unknown and repeated fields refused.
fn parsed<T: DeserializeOwned>(arguments: &str) -> Result<T, Answer> {
    // A call without arguments has an empty text with some providers.
    let text = if arguments.trim().is_empty() { "{}" } else { arguments };
    let wrong = |error: &dyn std::fmt::Display| {
        Answer::error_about("The arguments are not what the tool takes:", &error.to_string())
    };
    let value = json::parse(text.as_bytes()).map_err(|error| wrong(&error))?;
    // Serde would take a list of its fields for a struct.
    if !value.is_object() {
        return Err(Answer::error("The arguments are not a JSON object."));
    }
    serde_json::from_value(value).map_err(|error| wrong(&error))
}

/// The schema of an object with these fields and no others.
fn object(fields: Value, required: &[&str]) -> Value {
    let fields = match fields {
        Value::Object(fields) => fields,
        _ => Map::new(),
    };
    serde_json::json!({ "type": "object", "properties": fields, "required": required, "additionalProperties": false })
}

/// What a model hears when it asks for a file that it was not given.
fn not_listed() -> Answer {
    Answer::error(
        "No such file is in this review. Paths are those of list_files: from the top of the repository, with `/`, \
         without a leading `/`, `./` or `..`.",
    )
}

/// Text that grows up to [`MAX_ANSWER_BYTES`].
#[derive(Debug, Default)]
struct Page(String);

impl Page {
    /// Adds a piece as a whole, or does not and says so.
    fn push(&mut self, piece: &str) -> bool {
        // The first piece is always taken: an answer with nothing in it would be asked for again for ever.
        let fits = self.0.is_empty() || self.0.len() + piece.len() <= MAX_ANSWER_BYTES;
        if fits {
            self.0.push_str(piece);
        }
        fits
    }
}

#[cfg(test)]
mod tests;
