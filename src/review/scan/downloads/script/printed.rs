//! What commands print, and what later commands of a pipe get from them.

use super::super::files::Piped;
use super::words::Seen;
use super::{Scope, Walk};
use crate::shell::{Operator, Word, names, unescaped};

/// What `echo`, and functions that people name so, print.
fn echo(arguments: &[Word]) -> String {
    let is_option = |word: &&Word| {
        word.text.strip_prefix('-').is_some_and(|letters| {
            !letters.is_empty() && letters.bytes().all(|letter| matches!(letter, b'n' | b'e' | b'E'))
        })
    };
    let escapes = arguments.iter().take_while(is_option).any(|word| word.text.contains('e'));
    let words: Vec<&str> = arguments.iter().skip_while(is_option).map(|word| word.text.as_str()).collect();
    let text = words.join(" ");
    if escapes { unescaped(&text) } else { text }
}

/// What `printf` prints, as far as its format says it. It ends after more than `most` bytes: a format is printed once more while
/// arguments are left.
pub(super) fn printf(arguments: &[Word], most: usize) -> String {
    let mut arguments = arguments.iter().map(|word| word.text.as_str()).skip_while(|word| *word == "--");
    let format = unescaped(arguments.next().unwrap_or_default());
    let (mut text, mut rest, mut takes) = (String::new(), format.as_str(), false);
    let mut arguments = arguments.peekable();
    while text.len() <= most {
        let Some(at) = rest.find('%') else {
            text.push_str(rest);
            // What is left is printed in the same way.
            if !takes || arguments.peek().is_none() {
                break;
            }
            (rest, takes) = (&format, false);
            continue;
        };
        text.push_str(rest.get(..at).unwrap_or_default());
        rest = rest.get(at + 1..).unwrap_or_default();
        let letter = rest.find(|c: char| c.is_ascii_alphabetic() || c == '%').unwrap_or(rest.len());
        match rest.as_bytes().get(letter) {
            Some(b'%') => text.push('%'),
            letter => {
                let argument = arguments.next().unwrap_or_default();
                let is_escaped = letter == Some(&b'b');
                text.push_str(&if is_escaped { unescaped(argument) } else { argument.to_owned() });
                // Without an argument that it takes, a format is printed once.
                takes = true;
            }
        }
        rest = rest.get(letter + 1..).unwrap_or_default();
    }
    for word in arguments {
        text.push(' ');
        text.push_str(word);
    }
    text
}

impl Walk<'_> {
    /// What later commands of a pipe get from this one, and files from it. `called` is what the function prints that it calls.
    pub(super) fn pass_on(
        &mut self,
        seen: &Seen,
        fetches: bool,
        called: Option<&Piped>,
        scope: &Scope,
        piped: &mut Piped,
    ) {
        let start = seen.range.start;
        let place = scope.place.of(&seen.range);
        let all = || seen.outputs.iter().chain(seen.given.iter().map(|given| &given.output));
        let fetches = fetches || all().any(|output| output.downloads) || called.is_some_and(|called| called.fetches);
        let downloads = fetches
            || called.is_some_and(|called| called.downloads)
            || seen.words.iter().any(|word| self.files.has_word(word));
        if downloads {
            piped.downloads = true;
            piped.start.get_or_insert(start);
        }
        piped.fetches |= fetches;
        let names_keys = || seen.arguments().iter().any(|word| names::names_keys(&word.text));
        let name = seen.name.as_str();
        let secret = match name {
            "env" | "printenv" => seen.arguments().is_empty(),
            "export" => seen.arguments().iter().any(|word| word.text == "-p"),
            "tar" | "zip" | "cat" | "base64" | "gzip" | "find" => names_keys(),
            _ => false,
        };
        // `env` alone is no wrapper.
        let is_env = seen.program.is_empty() && seen.words.last().is_some_and(|word| word.text == "env");
        let secret = secret || called.is_some_and(|called| called.secret.is_some());
        if secret || is_env || all().any(|output| output.secrets) {
            piped.secret.get_or_insert(start);
        }
        self.print(seen, called, &place, piped);
        let outputs = seen.given.iter().filter(|given| given.is_output()).map(|given| &given.word);
        let tees = seen.arguments().iter().filter(|word| name == "tee" && !word.text.starts_with('-'));
        for file in outputs.chain(tees) {
            if piped.downloads {
                self.files.add_word(file);
            }
            if self.spend(piped.printed.len(), &place) {
                self.files.write(&file.text, &piped.printed);
            }
        }
    }

    fn print(&mut self, seen: &Seen, called: Option<&Piped>, place: &std::ops::Range<usize>, piped: &mut Piped) {
        let name = seen.name.as_str();
        if let Some(called) = called {
            piped.is_altered |= called.is_altered;
            return self.pass(piped, called, place);
        }
        piped.is_altered |= !matches!(name, "" | "cat" | "tee" | "echo" | "printf");
        if names::is_shell(name) {
            return;
        }
        let mut texts = Vec::new();
        for given in &seen.given {
            match given.operator {
                Operator::Document => texts.push(given.expanded.to_string()),
                Operator::String => texts.push(given.word.text.clone()),
                Operator::Input if name == "cat" => {
                    texts.push(self.content(&given.word, &given.output).to_string());
                }
                _ => {}
            }
        }
        match name {
            "cat" => {
                for (at, word) in seen.arguments().iter().enumerate() {
                    texts.push(self.content(word, &seen.output(at)).to_string());
                }
            }
            "printf" => texts.push(printf(seen.arguments(), self.nested)),
            _ if names::is_teller(name) => texts.push(echo(seen.arguments())),
            _ => {}
        }
        for text in texts.iter().filter(|text| !text.is_empty()) {
            if !self.spend(text.len() + piped.cost(), place) {
                break;
            }
            piped.print(text, ' ');
        }
    }
}
