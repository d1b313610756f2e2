//! The values of variables, as far as the text says them.

use super::command::{Command, Word};
use super::names;
use std::collections::HashMap;

/// The most variables that are remembered, and the longest value.
const MOST: usize = 1_000;
const LONGEST: usize = 2_000;
/// How many bytes words may grow in all, so that a short word that stands for a long one costs no more than a text of that length.
const GROWTH: usize = 1_000_000;

/// Variables that are set to plain text, and the arguments of the function that is looked at.
#[derive(Debug, Clone)]
pub(crate) struct Environment {
    values: HashMap<String, String>,
    arguments: Vec<String>,
    growth: usize,
}

impl Default for Environment {
    fn default() -> Self {
        Self { values: HashMap::new(), arguments: Vec::new(), growth: GROWTH }
    }
}

impl Environment {
    /// Begins or ends with a function, which has arguments of its own; what it was before.
    pub(crate) fn replace_arguments(&mut self, arguments: Vec<String>) -> Vec<String> {
        std::mem::replace(&mut self.arguments, arguments)
    }

    /// Remembers what a command sets, after its own variables were replaced.
    pub(crate) fn assign(&mut self, command: &Command) {
        const BEFORE: [&str; 11] =
            ["export", "local", "readonly", "declare", "typeset", "then", "do", "else", "if", "{", "!"];
        let words = command.words.iter();
        let words = words.skip_while(|word| BEFORE.contains(&word.text.as_str()) || word.text.starts_with('-'));
        for word in words.take_while(|word| is_assignment(&word.text)) {
            let Some((name, value)) = word.text.split_once('=') else { continue };
            if !word.is_literal() || value.is_empty() || value.len() > LONGEST {
                continue;
            }
            // A variable that held a program that matters still does: which of two branches runs is not known.
            let first = |text: &str| text.split_whitespace().next().is_some_and(is_telling);
            let keeps = self.values.get(name).is_some_and(|old| first(old) && !first(value));
            if !keeps && (self.values.len() < MOST || self.values.contains_key(name)) {
                self.values.insert(name.to_owned(), value.to_owned());
            }
        }
    }

    /// Replaces the variables of a command by their values.
    pub(crate) fn expand(&mut self, command: &mut Command) {
        if command.words.iter().any(|word| !word.live.is_empty()) {
            command.words = std::mem::take(&mut command.words).into_iter().flat_map(|word| self.word(word)).collect();
        }
        for redirect in &mut command.redirects {
            if !redirect.word.live.is_empty() {
                let word = self.word(std::mem::take(&mut redirect.word));
                redirect.word = word.into_iter().next().unwrap_or_default();
            }
        }
    }

    fn word(&mut self, mut word: Word) -> Vec<Word> {
        let (mut text, mut live, mut copied, mut is_new) = (String::new(), Vec::new(), 0, false);
        for at in &word.live {
            let name = variable(word.text.get(at + 1..).unwrap_or_default());
            let value = match name {
                "@" | "*" if !self.arguments.is_empty() => Some(self.arguments.join(" ")),
                _ => match name.parse::<usize>() {
                    Ok(number) => number.checked_sub(1).and_then(|number| self.arguments.get(number)).cloned(),
                    Err(_) => self.values.get(name).cloned(),
                },
            };
            text.push_str(word.text.get(copied..*at).unwrap_or_default());
            copied = *at;
            match value.filter(|value| value.len() <= self.growth && text.len() + value.len() <= LONGEST) {
                Some(value) => {
                    self.growth -= value.len();
                    text.push_str(&value);
                    copied += 1 + name.len();
                    is_new = true;
                }
                None => live.push(text.len()),
            }
        }
        if !is_new {
            return vec![word];
        }
        text.push_str(word.text.get(copied..).unwrap_or_default());
        let is_list = !word.quoted || word.text == "$@";
        let written = std::mem::replace(&mut word.text, text);
        (word.live, word.written) = (live, Some(written));
        if !is_list || !word.text.contains(char::is_whitespace) || !word.live.is_empty() {
            return vec![word];
        }
        let parts =
            word.text.split_whitespace().map(|part| Word { text: part.to_owned(), inner: Vec::new(), ..word.clone() });
        parts.collect()
    }
}

/// Whether a program is one that checks look for.
fn is_telling(program: &str) -> bool {
    names::is_downloader(program) || names::is_shell(program) || names::is_interpreter(program)
}

/// The name at the begin of what follows a `$`.
pub(super) fn variable(rest: &str) -> &str {
    let length = match rest.bytes().next() {
        Some(byte) if byte.is_ascii_alphabetic() || byte == b'_' => {
            rest.bytes().take_while(|byte| byte.is_ascii_alphanumeric() || *byte == b'_').count()
        }
        Some(b'0'..=b'9' | b'@' | b'*' | b'#' | b'?' | b'-' | b'$' | b'!') => 1,
        _ => 0,
    };
    rest.get(..length).unwrap_or_default()
}

/// Whether a word sets a variable.
pub(crate) fn is_assignment(word: &str) -> bool {
    word.split_once('=').is_some_and(|(name, _)| {
        !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'+'))
    })
}
