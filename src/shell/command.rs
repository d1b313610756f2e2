//! What shell text consists of.

use std::ops::Range;

/// What stands between a command and the next.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Then {
    /// `&&`
    And,
    /// `||`
    Or,
    /// `|` and `|&`
    Pipe,
    /// `;`, `&`, a line's end, an opening parenthesis.
    Next,
    /// A closing parenthesis, and nothing yet after it.
    Close,
    /// The text ends.
    End,
}

/// One simple command. Keywords (`if`, `{`, `done`) are words of the command that they stand before.
#[derive(Debug, Clone)]
pub struct Command {
    /// The program and what it is given, after the variables that are set for it.
    pub words: Vec<Word>,
    /// In their order, wherever they stand among the words.
    pub redirects: Vec<Redirect>,
    /// From its first word or redirection to its last.
    pub range: Range<usize>,
    /// What follows it.
    pub then: Then,
    /// Whether it is the name of a function whose body follows.
    pub defines: bool,
}

/// One word.
#[derive(Debug, Clone, Default)]
pub struct Word {
    /// Without quotes. A variable is `$name`, however it is written; what a command prints is `$()`.
    pub text: String,
    /// Its bytes in the text, quotes included.
    pub range: Range<usize>,
    /// Whether any of it was in quotes.
    pub quoted: bool,
    /// Where in `text` a `$` stands for a value.
    pub(super) live: Vec<usize>,
    /// The commands in it, whose output becomes part of it.
    pub inner: Vec<Inner>,
    /// The text before variables were replaced, if any was.
    pub written: Option<String>,
}

impl Word {
    /// Whether the word is one that a shell gives a meaning: not in quotes.
    pub fn is(&self, keyword: &str) -> bool {
        !self.quoted && self.text == keyword
    }

    /// Whether its value is known: no variable and no command is left in it.
    pub(crate) fn is_literal(&self) -> bool {
        self.live.is_empty()
    }
}

/// Commands within a word.
#[derive(Debug, Clone)]
pub struct Inner {
    /// In the order in which they end.
    pub commands: Vec<Command>,
    /// Whether the word is a file to read from or write to: `<(…)`, `>(…)`.
    pub is_file: bool,
}

/// What a redirection does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Operator {
    /// `<`
    Input,
    /// `>`, `>>`, `>|`, `&>`
    Output,
    /// `<<<`
    String,
    /// `<<`, `<<-`
    Document,
    /// `>&`, `<&`
    Duplicate,
}

/// A redirection.
#[derive(Debug, Clone)]
pub struct Redirect {
    /// What it does.
    pub operator: Operator,
    /// What it names; for a here-document, the line that ends it.
    pub word: Word,
    /// The bytes of the here-document.
    pub body: Option<Range<usize>>,
    /// Which here-document it is.
    pub(super) document: usize,
}
