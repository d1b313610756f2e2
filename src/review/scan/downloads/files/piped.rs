//! What commands in a pipe get from those before them.

use super::{Good, plain};
use std::rc::Rc;

/// The most words of a pipe that are looked at for what it checks.
const MOST_WORDS: usize = 1_000;

/// What the commands before one in a pipe did, or those before the group that it is in.
#[derive(Debug, Default, Clone)]
pub(in super::super) struct Piped {
    /// Their words, one by one.
    pub(in super::super) words: Vec<String>,
    /// Whether one of them downloads something.
    pub(in super::super) fetches: bool,
    /// Whether one of them downloads something, or reads what was downloaded.
    pub(in super::super) downloads: bool,
    /// Where the first of those begins.
    pub(in super::super) start: Option<usize>,
    /// Where the first begins that prints the environment, or what is in a file of credentials.
    pub(in super::super) secret: Option<usize>,
    pub(in super::super) printed: Rc<String>,
    /// Whether a program may have made something else of what was printed.
    pub(in super::super) is_altered: bool,
    /// Whether it comes from outside of the group, where not every command reads it.
    pub(in super::super) is_inherited: bool,
    /// Whether the last of them writes to a file.
    pub(in super::super) is_elsewhere: bool,
    /// A check whose outcome only the next command tells.
    pub(in super::super) check: Option<Good>,
}

impl Piped {
    /// Whether no command came before it in its own pipe.
    pub(in super::super) fn is_first(&self) -> bool {
        self.words.is_empty()
    }

    /// What the first command of a group reads.
    pub(in super::super) fn inherit(&self) -> Self {
        Self {
            downloads: self.downloads,
            start: self.start,
            secret: self.secret,
            printed: self.printed.clone(),
            is_altered: self.is_altered,
            is_inherited: true,
            ..Self::default()
        }
    }

    pub(in super::super) fn remember(&mut self, words: &[String]) {
        let room = MOST_WORDS.saturating_sub(self.words.len());
        self.words.extend(words.iter().flat_map(|word| word.split_whitespace()).take(room).map(plain));
    }

    /// How much work it is to print more.
    pub(in super::super) fn cost(&self) -> usize {
        if Rc::strong_count(&self.printed) > 1 { self.printed.len() } else { 0 }
    }

    pub(in super::super) fn print(&mut self, text: &str, between: char) {
        let printed = Rc::make_mut(&mut self.printed);
        if !printed.is_empty() {
            printed.push(between);
        }
        printed.push_str(text);
    }

    /// Adds what a group, or a command of it, prints.
    pub(in super::super) fn absorb(&mut self, other: &Self) {
        self.fetches |= other.fetches;
        self.downloads |= other.downloads;
        self.start = self.start.or(other.start);
        self.secret = self.secret.or(other.secret);
        self.is_altered |= other.is_altered;
    }
}
