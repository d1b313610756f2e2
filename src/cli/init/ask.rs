//! Questions on a terminal. An empty answer takes what is in brackets.

use crate::context::Context;
use crate::error::CommandError;
use crate::output::escape;
use std::io::{self, BufRead as _, IsTerminal as _, Read as _, Write as _};

/// The longest answer, in bytes.
const MAX_ANSWER: u64 = 4096;
/// So often is a question asked again.
const TRIES: usize = 3;

/// Whether somebody is there to answer.
pub(super) fn can(context: &Context) -> bool {
    context.stderr_is_terminal && io::stdin().is_terminal()
}

/// One answer, as `parse` takes it.
///
/// # Errors
/// When there is none that fits.
pub(super) fn one(
    question: &str,
    default: &str,
    parse: impl Fn(&str) -> Result<String, String>,
) -> Result<String, CommandError> {
    for _ in 0..TRIES {
        let answer = line(question, default)?;
        let answer = if answer.is_empty() { default } else { &answer };
        match parse(answer) {
            Ok(answer) => return Ok(answer),
            Err(problem) => show(&format!("  {problem}\n")),
        }
    }
    Err(super::refuse("no answer that fits").hint("`mcp-registry init --help` lists the options that answer it"))
}

/// Any number of answers, separated by spaces.
///
/// # Errors
/// When there are none that fit.
pub(super) fn many(
    question: &str,
    default: &[String],
    parse: impl Fn(&str) -> Result<String, String>,
) -> Result<Vec<String>, CommandError> {
    let words = |text: &str| text.split_whitespace().map(&parse).collect::<Result<Vec<_>, _>>();
    let all = one(question, &default.join(" "), |text| words(text).map(|all| all.join(" ")))?;
    Ok(all.split_whitespace().map(str::to_owned).collect())
}

fn line(question: &str, default: &str) -> Result<String, CommandError> {
    let default = if default.is_empty() { "none".to_owned() } else { escape::terminal(default) };
    show(&format!("{question} [{default}] "));
    let cannot = |error: io::Error| CommandError::unfinished("cannot read the answer").because(&error);
    let mut answer = String::new();
    let read = io::stdin().lock().take(MAX_ANSWER).read_line(&mut answer).map_err(cannot)?;
    if read == 0 {
        return Err(
            super::refuse("nobody answered").hint("`mcp-registry init --help` lists the options that answer it")
        );
    }
    Ok(answer.trim().to_owned())
}

fn show(text: &str) {
    let _ = io::stderr().lock().write_all(text.as_bytes());
}
