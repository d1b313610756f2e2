//! Shell text as a shell reads it: commands, words with their places, here-documents, substitutions, variables, functions.
//!
//! One reader for every check that looks at shell text, so that they cannot disagree about where a command or a comment begins.
//! It is tolerant: any text can be read, and what no shell would accept is read as commands rather than hidden in a string. It
//! takes time in proportion to the text's length, and what is nested deeper than [`reader::DEPTH`] stays text. It runs nothing and
//! expands only what the text itself says: variables that are set to plain text, and the arguments of its own functions.

mod command;
mod environment;
mod flat;
mod list;
pub(crate) mod names;
mod reader;

pub use command::{Command, Word};
pub(crate) use command::{Inner, Operator, Redirect, Then};
pub(crate) use environment::{Environment, begins_telling, is_assignment};
pub(crate) use flat::{Flat, chained, flat};
pub(crate) use list::{Head, List, Lister};
pub(crate) use reader::unescaped;
pub use reader::{Marks, Reader};

#[cfg(test)]
mod tests;
