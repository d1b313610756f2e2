//! The words and redirections of a command, with what the commands in them do.

use super::super::files::{Files, Piped};
use super::{Output, Place, Scope, Walk};
use crate::shell::{Operator, Reader, Redirect, Word};
use std::ops::Range;
use std::rc::Rc;

/// A redirection whose values were looked up.
#[derive(Debug)]
pub(super) struct Given {
    pub(super) operator: Operator,
    pub(super) number: Option<u8>,
    pub(super) word: Word,
    pub(super) output: Output,
    /// The text of a here-document as it is written, and where it stands.
    pub(super) text: Option<(Rc<str>, Place)>,
    /// What a shell makes of it.
    pub(super) expanded: Rc<str>,
}

impl Given {
    /// Whether it is about what a command prints, and not about its errors.
    pub(super) fn is_output(&self) -> bool {
        matches!(self.number, None | Some(1))
            && match self.operator {
                Operator::Output => true,
                Operator::Duplicate => !self.word.text.bytes().all(|byte| byte.is_ascii_digit() || byte == b'-'),
                _ => false,
            }
    }

    /// Whether what a command prints goes elsewhere.
    pub(super) fn is_elsewhere(&self) -> bool {
        const STANDARD: [&str; 3] = ["/dev/stdout", "/dev/fd/1", "/proc/self/fd/1"];
        let to_error =
            self.operator == Operator::Duplicate && matches!(self.number, None | Some(1)) && self.word.text == "2";
        to_error || (self.is_output() && !STANDARD.contains(&self.word.text.as_str()))
    }
}

/// A command, with what was found out about it.
pub(super) struct Seen {
    pub(super) words: Vec<Word>,
    pub(super) outputs: Vec<Output>,
    pub(super) given: Vec<Given>,
    pub(super) range: Range<usize>,
    /// Which word is the program.
    pub(super) at: usize,
    pub(super) program: String,
    pub(super) name: String,
}

impl Seen {
    pub(super) fn arguments(&self) -> &[Word] {
        self.words.get(self.at + 1..).unwrap_or_default()
    }

    /// What the commands in an argument do.
    pub(super) fn output(&self, argument: usize) -> Output {
        self.outputs.get(self.at + 1 + argument).cloned().unwrap_or_default()
    }

    pub(super) fn any_downloads(&self) -> bool {
        self.outputs.iter().any(|output| output.downloads)
    }

    pub(super) fn place(&self, scope: &Scope) -> Place {
        Place::Is(scope.place.of(&self.range))
    }
}

impl Walk<'_> {
    /// Words with their values, and what the commands in them do. Those that read what this one prints are put into `late`.
    pub(super) fn words(&mut self, words: Vec<Word>, scope: &Scope, late: &mut Vec<Word>) -> (Vec<Word>, Vec<Output>) {
        let (mut found, mut outputs) = (Vec::with_capacity(words.len()), Vec::with_capacity(words.len()));
        for mut word in words {
            let items = std::mem::take(&mut word.items);
            let (items, inner) = if items.is_empty() { Default::default() } else { self.words(items, scope, late) };
            for (mut word, mut output) in self.word(word, scope, late) {
                word.items.clone_from(&items);
                output.downloads |= inner.iter().any(|output| output.downloads);
                output.secrets |= inner.iter().any(|output| output.secrets);
                found.push(word);
                outputs.push(output);
            }
        }
        (found, outputs)
    }

    fn word(&mut self, word: Word, scope: &Scope, late: &mut Vec<Word>) -> Vec<(Word, Output)> {
        if word.is_plain() {
            return vec![(word, Output::default())];
        }
        let mut found = Vec::new();
        for mut word in self.files.environment.expand(word) {
            if word.inner.is_empty() {
                found.push((word, Output::default()));
                continue;
            }
            if word.text.contains(">()") {
                late.push(word.clone());
                found.push((word, Output::default()));
                continue;
            }
            let inner = std::mem::take(&mut word.inner);
            let outputs: Vec<Output> = inner.iter().map(|inner| self.output(inner, scope, &Piped::default())).collect();
            let printed: Vec<Option<Rc<String>>> = outputs.iter().map(|output| output.printed.clone()).collect();
            let all = Output {
                downloads: outputs.iter().any(|output| output.downloads),
                secrets: outputs.iter().any(|output| output.secrets),
                printed: printed.first().cloned().flatten(),
            };
            let words = if printed.iter().any(Option::is_some) {
                self.files.environment.fill(word, &printed)
            } else {
                vec![word]
            };
            found.extend(words.into_iter().map(|word| (word, all.clone())));
        }
        found
    }

    pub(super) fn redirect(&mut self, redirect: Redirect, scope: &Scope, late: &mut Vec<Word>) -> Given {
        let Redirect { operator, number, word, body, text, .. } = redirect;
        if operator == Operator::Document {
            let text = text.unwrap_or_else(|| Rc::from(""));
            let (mut output, mut expanded) = (Output::default(), text.clone());
            let place = scope.place.within(&body.unwrap_or(word.range.clone()));
            if !word.quoted && text.contains(['$', '`']) && self.spend(text.len(), &place.of(&(0..text.len()))) {
                let inside = Scope { list: Default::default(), place: place.clone(), depth: scope.depth };
                let found = self.word(Reader::document_of(&text), &inside, late);
                if let Some((word, found)) = found.into_iter().next() {
                    (expanded, output) = (Rc::from(word.text), found);
                }
            }
            return Given { operator, number, word, output, text: Some((text, place)), expanded };
        }
        let first = self.word(word, scope, late).into_iter().next();
        let (word, output) = first.unwrap_or_default();
        Given { operator, number, word, output, text: None, expanded: Rc::from("") }
    }

    /// What a command reads whose input is redirected.
    pub(super) fn fed(&mut self, given: &[Given], mut input: Piped) -> Piped {
        for given in given {
            let (downloads, printed) = match given.operator {
                Operator::Input if matches!(given.number, None | Some(0)) => {
                    let downloads = given.output.downloads || self.files.has_word(&given.word);
                    (downloads, self.content(&given.word, &given.output))
                }
                Operator::String => {
                    (given.output.downloads || self.files.has_word(&given.word), given.word.text.clone().into())
                }
                Operator::Document => (given.output.downloads, given.expanded.to_string().into()),
                _ => continue,
            };
            input = Piped { downloads, printed, is_inherited: true, ..Piped::default() };
        }
        input
    }

    /// The text of a file, as far as it is known.
    pub(super) fn content(&mut self, word: &Word, output: &Output) -> Rc<String> {
        if let Some(printed) = &output.printed {
            return printed.clone();
        }
        let length = self.files.written(&word.text).map_or(0, str::len);
        if length > self.nested {
            return Rc::default();
        }
        self.nested -= length;
        self.files.written(&word.text).unwrap_or_default().to_owned().into()
    }
}

/// Remembers what variables hold that commands in a word downloaded.
pub(super) fn downloaded(words: &[Word], outputs: &[Output], files: &mut Files) {
    for (word, _) in words.iter().zip(outputs).filter(|(_, output)| output.downloads) {
        if let Some((name, _)) = word.text.split_once('=').filter(|_| crate::shell::is_assignment(&word.text)) {
            files.add(&format!("${}", name.trim_end_matches('+')));
        }
    }
}
