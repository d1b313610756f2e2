//! Ways to look at a text for those who need no more than words.

use super::command::{Command, Then};
use super::reader::Reader;
use std::ops::Range;

/// The words of one command, each with its place.
pub(crate) type Flat = Vec<(String, Range<usize>)>;

/// The most commands of a text, and how deep texts within words are read.
const MOST: usize = 10_000;
const DEPTH: usize = 3;

/// The commands of a text, with those in substitutions and in words that are texts themselves (`sh -c "…"`). What is in a word has
/// the word's place.
pub(crate) fn flat(text: &str) -> Vec<Flat> {
    let mut found = Vec::new();
    for command in Reader::new(text) {
        add(&command, None, DEPTH, &mut found);
    }
    found
}

fn add(command: &Command, place: Option<&Range<usize>>, depth: usize, found: &mut Vec<Flat>) {
    if found.len() >= MOST {
        return;
    }
    let placed = |range: &Range<usize>| place.cloned().unwrap_or_else(|| range.clone());
    let words = || command.words.iter().flat_map(|word| std::iter::once(word).chain(&word.items));
    let shown = words().filter(|word| !(word.is("(") || word.is(")")));
    let shown: Flat = shown.map(|word| (word.text.clone(), placed(&word.range))).collect();
    if !shown.is_empty() || !command.redirects.is_empty() {
        found.push(shown);
    }
    let Some(depth) = depth.checked_sub(1) else { return };
    for word in words().chain(command.redirects.iter().map(|redirect| &redirect.word)) {
        for command in word.inner.iter().flat_map(|inner| inner.commands.iter()) {
            add(command, place, depth, found);
        }
        if word.text.contains(char::is_whitespace) {
            let place = placed(&word.range);
            for command in Reader::new(&word.text) {
                add(&command, Some(&place), depth, found);
            }
        }
    }
}

/// The parts of a text between `&&`.
pub(crate) fn chained(text: &str) -> Vec<&str> {
    let (mut found, mut start, mut end) = (Vec::new(), None, 0);
    for command in Reader::new(text) {
        let from = *start.get_or_insert(command.range.start);
        end = command.range.end;
        if command.then == Then::And {
            found.push(text.get(from..end).unwrap_or_default());
            start = None;
        }
    }
    found.extend(start.and_then(|start| text.get(start..)).map(str::trim_end));
    if start.is_none() && end < text.trim_end().len() {
        // What stands after the last of them is no command.
        found.push(text.get(end..).unwrap_or_default());
    }
    found
}
