//! What variables of a Dockerfile may hold.

use super::{Dockerfile, Instruction};
use std::collections::BTreeMap;

/// Every value that `ARG` and `ENV` give to each variable, anywhere in a file, and those given to the build.
#[derive(Debug, Clone, Default)]
pub(crate) struct Assignments {
    values: BTreeMap<String, Vec<String>>,
}

impl Assignments {
    /// Reads the assignments of a file, beside those that are given to the build.
    pub(crate) fn of<'a>(dockerfile: &Dockerfile, given: impl IntoIterator<Item = (&'a str, &'a str)>) -> Self {
        let mut assignments = Self::default();
        for (name, value) in given {
            assignments.add(name, value);
        }
        let is_assignment = |instruction: &&Instruction| matches!(instruction.name.as_str(), "ARG" | "ENV");
        for instruction in dockerfile.instructions.iter().filter(is_assignment) {
            let words = instruction.words();
            match words.as_slice() {
                // `ENV NAME value with spaces`
                [name, rest @ ..] if instruction.name == "ENV" && !name.contains('=') => {
                    assignments.add(name, &rest.join(" "));
                }
                words => {
                    for (name, value) in words.iter().filter_map(|word| word.split_once('=')) {
                        assignments.add(name, value);
                    }
                }
            }
        }
        assignments
    }

    fn add(&mut self, name: &str, value: &str) {
        self.values.entry(name.to_owned()).or_default().push(value.to_owned());
    }

    /// Whether a word, with its variables replaced, may have this character in it. A variable that the file does not set
    /// comes from a base image, and may hold anything.
    #[must_use]
    pub(crate) fn may_contain(&self, word: &str, wanted: char) -> bool {
        if !word.contains('$') {
            return word.contains(wanted);
        }
        let mut rest = word;
        while let Some((before, after)) = rest.split_once('$') {
            if before.contains(wanted) {
                return true;
            }
            let in_braces = after.strip_prefix('{');
            let text = in_braces.unwrap_or(after);
            let end = text.find(|next: char| !next.is_ascii_alphanumeric() && next != '_').unwrap_or(text.len());
            let (name, after) = text.split_at(end);
            rest = match in_braces {
                None => after,
                // `${NAME:-value}` and other ways to make something of a value are not worked out.
                Some(_) => match after.strip_prefix('}') {
                    Some(after) => after,
                    None => return true,
                },
            };
            let Some(values) = self.values.get(name) else { return true };
            // Values of values are not worked out either.
            if values.iter().any(|value| value.contains(wanted) || value.contains('$')) {
                return true;
            }
        }
        rest.contains(wanted)
    }
}
